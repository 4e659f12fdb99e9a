//! What is typed, as it is typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::calls::Shell;
use crate::operations::{RemedyPlace, RemedyStyle, Require};
use crate::remedy::Form;

use super::help;

/// Tells whether an IAM role can start an EC2 instance whose EBS volumes are encrypted with AWS KMS keys, and what
/// to change if it cannot. Reads only; changes nothing.
#[derive(Debug, Parser)]
#[command(name = "ebs-preflight", version, max_term_width = 100, arg_required_else_help = true, after_help = help::PROGRAM)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
    /// Whether to color text; by itself as the terminal and the environment tell
    #[arg(long, value_enum, value_name = "WHEN", default_value_t, global = true, help_heading = "Output")]
    pub(super) color: Color,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Judge whether a role can start an instance, live or from a capture
    #[command(after_help = help::CHECK)]
    Check(Box<Check>),
    /// Read once and write what was read to a file, to be judged later or elsewhere
    #[command(after_help = help::CAPTURE)]
    Capture(Box<CaptureArguments>),
    /// Judge the same starts before and after a change that nobody has made yet
    #[command(after_help = help::DIFF)]
    Diff(Box<Diff>),
    /// Show a real incident: blocked, the suggestion, ready. No account, no network
    Demo,
    /// Tell what events, error texts and instance states prove, after the fact. No account, no network but for --decode
    #[command(after_help = help::TRIAGE)]
    Triage(Triage),
    /// Judge bare requests: JSON Lines of cases in, JSON Lines of decisions out
    Judge(Judge),
    /// Print the read-only policy that `check` and `capture` need
    Permissions,
    /// Print the page of a finding code, as EBP0102, or list the codes
    Explain(Explain),
    /// Print the version
    Version,
    /// Print the manual page, or that of one command
    Man {
        /// The command
        command: Option<String>,
    },
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Which starts.
#[derive(Debug, Args)]
#[command(next_help_heading = "Target")]
pub(super) struct Targets {
    /// The instance, by its ID or the URL of its page in the console, and who starts it, by ARN; each may be a list with
    /// commas. `-`: read them from standard input, a line `INSTANCE [PRINCIPAL]` for each, or NDJSON
    #[arg(value_name = "INSTANCE [ROLE]")]
    pub(super) start: Vec<String>,
    /// The instance, by its ID or the URL of its page in the console; may be given several times
    #[arg(long, value_name = "ID|URL", value_delimiter = ',')]
    pub(super) instance_id: Vec<String>,
    /// The instance, by its tag `Name`; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(super) instance_name: Vec<String>,
    /// The role that starts it, by ARN, or by name with --account; a session ARN works too; may be given several times
    #[arg(long, value_name = "ARN", value_delimiter = ',')]
    pub(super) role_arn: Vec<String>,
    /// Who starts it: a role, a session of one or an IAM user; may be given several times
    #[arg(long, value_name = "ARN", value_delimiter = ',')]
    pub(super) principal_arn: Vec<String>,
    /// The service that starts it with its service-linked role: auto-scaling, auto-scaling:SUFFIX, spot, spot-fleet
    #[arg(long, value_name = "SERVICE", requires = "account")]
    pub(super) starter: Vec<String>,
    /// The account of a role that is given by name, or of --starter
    #[arg(long, value_name = "ACCOUNT")]
    pub(super) account: Option<String>,
}

/// Where and with which credentials to read, as in the AWS CLI.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Credentials")]
pub(super) struct CredentialArgs {
    /// The Region; else from the environment or the profile
    #[arg(long, value_name = "REGION")]
    pub(super) region: Option<String>,
    /// The profile whose credentials read
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// Another endpoint for all services
    #[arg(long, value_name = "URL")]
    pub(super) endpoint_url: Option<String>,
    /// Ask an endpoint on another machine over http://, unencrypted
    #[arg(long)]
    pub(super) allow_http: bool,
    /// The profile that reads keys of another account
    #[arg(long, value_name = "NAME")]
    pub(super) key_profile: Option<String>,
    /// The profile that reads the organization's policies
    #[arg(long, value_name = "NAME")]
    pub(super) org_profile: Option<String>,
    /// A role that the profile assumes to read
    #[arg(long = "reader-role", value_name = "ARN")]
    pub(super) role: Option<String>,
    /// A role to assume that reads keys of another account
    #[arg(long = "key-reader-role", value_name = "ARN")]
    pub(super) key_role: Option<String>,
    /// The external ID with which these roles, and that of --caller-arn, are assumed
    #[arg(long, value_name = "ID")]
    pub(super) external_id: Option<String>,
}

/// What was handed in: output of the AWS CLI, or plain documents.
#[derive(Debug, Args)]
#[command(next_help_heading = "Evidence")]
pub(super) struct HandedIn {
    /// The key policy of a key that could not be read; KEY is its ARN, its ID or an alias, and may be left out where one key
    /// alone lacks its policy; may be given several times
    #[arg(long = "key-policy-file", value_name = "[KEY=]FILE")]
    pub(super) key_policies: Vec<String>,
    /// The grants on a key, as `aws kms list-grants` prints them; may be given several times
    #[arg(long = "grants-file", value_name = "[KEY=]FILE")]
    pub(super) grants: Vec<String>,
    /// What could not be read: what the lines of `capture --script` (with --key, --org or --identity) printed, what single
    /// calls of the AWS CLI printed, or any other file that --from takes; may be given several times
    #[arg(long, value_name = "[OF=]FILE")]
    pub(super) add: Vec<String>,
    /// Organization policies read before: a capture, or what the lines of `capture --script --org` printed; or the
    /// output of describe-organization, of describe-policy, or the text of an SCP or RCP that binds the account; may be
    /// given several times
    #[arg(long = "org-file", value_name = "[ACCOUNT=]FILE")]
    pub(super) organizations: Vec<String>,
}

/// What the asker knows of the session that will start the instance.
#[derive(Debug, Args)]
#[command(next_help_heading = "Assumptions")]
pub(super) struct Knowledge {
    /// Who assumes the role: tells whether its trust policy admits the caller (with --external-id, if one is given)
    #[arg(long, value_name = "ARN")]
    pub(super) caller_arn: Option<String>,
    /// The name of the role's session
    #[arg(long, value_name = "NAME")]
    pub(super) session_name: Option<String>,
    /// A session policy, from a file; may be given several times: they add up, as managed ones do
    #[arg(long, value_name = "FILE")]
    pub(super) session_policy: Vec<PathBuf>,
    /// A session tag, of which all must be given; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) session_tag: Vec<String>,
    /// State that the session has no tags of its own
    #[arg(long, conflicts_with = "session_tag")]
    pub(super) no_session_tags: bool,
    /// The value of a context key that cannot be read, `KEY=` where the request does not carry it; may be given several
    /// times, also for the several values of one key
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) context: Vec<String>,
    /// The address from which StartInstances will be called
    #[arg(long, value_name = "ADDRESS")]
    pub(super) source_ip: Option<String>,
    /// The time of evaluation, as 2026-11-24T09:00:00Z; else the time at which it was read
    #[arg(long, value_name = "TIME")]
    pub(super) at: Option<String>,
    /// State that organization policies which could not be read allow the start
    #[arg(long)]
    pub(super) assume_org_allows: bool,
}

/// What is judged, what is known besides, and how it is told: the same for every command that judges starts.
#[derive(Debug, Args)]
pub(super) struct Starts {
    #[command(flatten)]
    pub(super) targets: Targets,
    /// Judge a capture instead of reading AWS: a file that `capture` wrote, what the lines of `capture --script` printed,
    /// or a folder of such files; `-` is standard input
    #[arg(long, value_name = "FILE|DIR", help_heading = "Evidence")]
    pub(super) capture: Option<PathBuf>,
    /// Judge from pieces instead of reading AWS: any mix of what the AWS CLI printed as JSON, policies, items of AWS Config,
    /// captures and transcripts; `-` is standard input. OF (an ARN, a key's ID or alias, a role's name) says what a file is
    /// of that does not say it itself; may be given several times
    #[arg(long, value_name = "[OF=]FILE|DIR", num_args = 1..)]
    pub(super) from: Vec<String>,
    #[command(flatten)]
    pub(super) reader: CredentialArgs,
    #[command(flatten)]
    pub(super) handed: HandedIn,
    #[command(flatten)]
    pub(super) knowledge: Knowledge,
    /// Which requests must be allowed
    #[arg(long, value_enum, default_value_t, ignore_case = true, help_heading = "Assumptions")]
    pub(super) require: Require,
    #[command(flatten)]
    pub(super) remedy: Remedy,
    #[command(flatten)]
    pub(super) output: Output,
    /// From which outcome on the exit code tells of a failure
    #[arg(long, value_enum, default_value_t = FailOn::Undecided, ignore_case = true, help_heading = "Output")]
    pub(super) fail_on: FailOn,
}

/// How to print.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Output {
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text, ignore_case = true)]
    pub(super) format: Format,
    /// Print the answer, why, and what to do next
    #[arg(long, conflicts_with = "details")]
    pub(super) quiet: bool,
    /// Print everything, of every start
    #[arg(long)]
    pub(super) details: bool,
    /// Of several starts, print only those with this verdict; may be given several times
    #[arg(long, value_enum, value_delimiter = ',', ignore_case = true)]
    pub(super) verdict: Vec<ByVerdict>,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) starts: Starts,
    /// CloudTrail records of earlier starts, in any form that `triage` takes, or `cloudtrail` to look them up there:
    /// shown beside the judgement; without --role-arn they tell who starts the instance; may be given several times
    #[arg(long, value_name = "FILE|cloudtrail", help_heading = "Evidence")]
    pub(super) events: Vec<PathBuf>,
    /// Write the remedy in every form into this directory
    #[arg(long, value_name = "DIR", help_heading = "Remedy")]
    pub(super) write_remedy: Option<PathBuf>,
    /// Replace files that exist
    #[arg(long, requires = "write_remedy", help_heading = "Remedy")]
    pub(super) force: bool,
}

/// Which remedy to suggest, and how to show it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Remedy")]
pub(super) struct Remedy {
    /// Where a remedy is to stand, where several places can serve
    #[arg(long = "remedy-place", value_enum, value_name = "PLACE", ignore_case = true)]
    pub(super) place: Option<RemedyPlace>,
    /// How to show a remedy
    #[arg(long = "remedy-form", value_enum, value_name = "FORM", default_value_t, ignore_case = true)]
    pub(super) form: Form,
    /// Which statements a remedy adds
    #[arg(long, value_enum, default_value_t, ignore_case = true)]
    pub(super) style: RemedyStyle,
    /// Suggest what fixes warnings too, which the start does not need
    #[arg(long)]
    pub(super) fix_warnings: bool,
}

#[derive(Debug, Args)]
pub(super) struct Diff {
    #[command(flatten)]
    pub(super) starts: Starts,
    #[command(flatten, next_help_heading = "Changes")]
    pub(super) changes: Changes,
}

/// What would change; made in the order in which the options stand here.
///
/// KEY is a key's ARN, ID or alias, or the name of a `--new-key`; ROLE the ARN or
/// name of a role or user (for a policy also the ARN of a group). FILE holds the
/// policy, or what the AWS CLI prints of it.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct Changes {
    /// A key that does not exist yet, with its policy; of another account if one is named
    #[arg(long, value_name = "[ACCOUNT/]NAME=FILE")]
    pub(super) new_key: Vec<String>,
    /// Another key policy
    #[arg(long, value_name = "KEY=FILE")]
    pub(super) set_key_policy: Vec<String>,
    /// Another inline policy of a role, or a further one
    #[arg(long, value_name = "ROLE/NAME=FILE")]
    pub(super) set_role_policy: Vec<String>,
    /// A managed policy is detached from a role or user
    #[arg(long, value_name = "ROLE=ARN|NAME")]
    pub(super) detach_policy: Vec<String>,
    /// A managed policy is attached to a role or user
    #[arg(long, value_name = "ROLE=ARN")]
    pub(super) attach_policy: Vec<String>,
    /// Another text of a managed policy, for all that have it
    #[arg(long, value_name = "ARN|NAME=FILE")]
    pub(super) set_managed_policy: Vec<String>,
    /// Another permissions boundary
    #[arg(long, value_name = "ROLE=FILE")]
    pub(super) set_boundary: Vec<String>,
    /// Another text of an SCP
    #[arg(long, value_name = "ID=FILE")]
    pub(super) set_scp: Vec<String>,
    /// Another text of an RCP
    #[arg(long, value_name = "ID=FILE")]
    pub(super) set_rcp: Vec<String>,
    /// All volumes of the instances are encrypted with this key, which makes new volumes of them
    #[arg(long, value_name = "KEY")]
    pub(super) encrypt_volumes_with: Option<String>,
    /// The key is disabled
    #[arg(long, value_name = "KEY")]
    pub(super) disable_key: Vec<String>,
    /// The role is deleted
    #[arg(long, value_name = "ROLE")]
    pub(super) delete_role: Vec<String>,
    /// The role is deleted and made anew under the same name, with the same policies
    #[arg(long, value_name = "ROLE")]
    pub(super) recreate_role: Vec<String>,
    /// The grant is revoked
    #[arg(long, value_name = "ID")]
    pub(super) revoke_grant: Vec<String>,
    /// A remedy is applied: `remedy.json`, as `check --write-remedy` writes it
    #[arg(long, value_name = "FILE")]
    pub(super) apply_remedy: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct CaptureArguments {
    #[command(flatten)]
    pub(super) targets: Targets,
    #[command(flatten)]
    pub(super) reader: CredentialArgs,
    /// Read nothing; print lines of the AWS CLI that read the same where this program may not run, to be pasted into
    /// CloudShell; what they print is a capture
    #[arg(long)]
    pub(super) script: bool,
    /// With --script: the shell that the lines are for
    #[arg(long, value_name = "SHELL", requires = "script", value_enum, default_value_t)]
    pub(super) shell: Shell,
    /// With --script: only what the administrator of this key's account can read
    #[arg(long, value_name = "ARN", requires = "script", conflicts_with_all = ["start", "instance_id", "role_arn", "org"])]
    pub(super) key: Option<String>,
    /// With --script: only a role or user with its policies; may be given several times
    #[arg(long, value_name = "ARN", requires = "script", conflicts_with_all = ["start", "instance_id", "role_arn", "principal_arn", "key", "org"])]
    pub(super) identity: Vec<String>,
    /// With --script: only what the organization's administrator can read of this account; may be given several times
    #[arg(long, value_name = "ACCOUNT", requires = "script", conflicts_with_all = ["start", "instance_id", "role_arn"])]
    pub(super) org: Vec<String>,
    /// The file to write; `-` is standard output. Default: capture.json; with --script standard output
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
pub(super) struct Triage {
    /// CloudTrail records in any form (gzipped, too), an error text, or `describe-instances` output; `-` is standard
    /// input
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    /// What `aws sts decode-authorization-message` gave for the encoded message of the error text
    #[arg(long, value_name = "FILE", conflicts_with = "decode")]
    pub(super) decoded: Option<PathBuf>,
    /// Have STS decode the encoded message of the error text, which takes credentials and
    /// `sts:DecodeAuthorizationMessage`
    #[arg(long)]
    pub(super) decode: bool,
    /// With --decode: the Region; else from the environment or the profile
    #[arg(long, value_name = "REGION", requires = "decode")]
    pub(super) region: Option<String>,
    /// With --decode: the profile of the account in which the error arose
    #[arg(long, value_name = "NAME", requires = "decode")]
    pub(super) profile: Option<String>,
    /// With --decode: another endpoint
    #[arg(long, value_name = "URL", requires = "decode")]
    pub(super) endpoint_url: Option<String>,
    /// With --decode: ask an endpoint on another machine over http://, unencrypted
    #[arg(long, requires = "decode")]
    pub(super) allow_http: bool,
    /// The time zone to tell times in besides UTC, as Asia/Tokyo; `local` is this machine's
    #[arg(long, value_name = "ZONE", default_value = "local")]
    pub(super) time_zone: String,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text, ignore_case = true)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct Judge {
    /// The file with the cases, one a line; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(super) cases: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The code, as EBP0102; without one all codes are listed
    pub(super) code: Option<String>,
    /// List the codes whose page has this word
    #[arg(long, value_name = "WORD", conflicts_with = "code")]
    pub(super) search: Option<String>,
}

/// From which outcome on the exit code tells of a failure; each level includes those after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum FailOn {
    /// A warning exits with 1
    Warning,
    /// An assumption about organization policies exits with 3
    Assumed,
    /// UNDECIDED exits with 3
    Undecided,
    /// BLOCKED exits with 1
    Blocked,
    /// Only errors do
    Never,
}

/// A verdict, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ByVerdict {
    /// Nothing stops the start
    Ready,
    /// Something certainly stops it
    Blocked,
    /// Something that was not read or is not known could stop it
    Undecided,
}

/// When to color.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal
    #[default]
    Auto,
    /// Also in files and pipes
    Always,
    /// Not at all
    Never,
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For programs, format version 1
    Json,
}
