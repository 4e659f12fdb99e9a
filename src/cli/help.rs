//! What stands below the options: examples and exit codes; and the sections of the manual pages.

use clap_mangen::Man;

pub(super) const PROGRAM: &str = "Examples:
  ebs-preflight demo
  ebs-preflight check i-0f3c2a9d8b7e61254 arn:aws:iam::111122223333:role/StartJob
  ebs-preflight explain EBP0101

Exit codes: 0 ready or done, 1 blocked, 2 usage or bad input, 3 undecided, 4 AWS could not be read, 130 interrupted";

pub(super) const CHECK: &str = "Examples:
  ebs-preflight check i-0f3c2a9d8b7e61254 arn:aws:iam::111122223333:role/StartJob
  ebs-preflight check i-0f3c2a9d8b7e61254 StartJob --account 111122223333 --region eu-central-1
  ebs-preflight check - --role-arn arn:aws:iam::111122223333:role/StartJob < instances.txt
  ebs-preflight check --capture capture.json --format json

Exit codes: 0 ready, 1 blocked, 2 usage or bad input, 3 undecided, 4 AWS could not be read, 130 interrupted;
of several starts the worst counts";

pub(super) const CAPTURE: &str = "Examples:
  ebs-preflight capture i-0f3c2a9d8b7e61254 arn:aws:iam::111122223333:role/StartJob
  ebs-preflight capture --script --org 111122223333

Exit codes: 0 written, 2 usage or bad input, 4 AWS could not be read, 130 interrupted";

pub(super) const DIFF: &str = "Examples:
  ebs-preflight diff --capture capture.json --set-key-policy alias/ebs-prod=policy.json
  ebs-preflight diff --capture capture.json --encrypt-volumes-with alias/ebs-prod
  ebs-preflight diff --capture capture.json --apply-remedy remedy/remedy.json

Exit codes: 0 no start gets worse, 1 a start would be blocked, 2 usage or bad input, 3 a start would be undecided,
4 AWS could not be read, 130 interrupted";

pub(super) const TRIAGE: &str = "Examples:
  ebs-preflight triage events.json
  pbpaste | ebs-preflight triage -

Exit codes: 0 nothing was refused, 1 something was refused, 2 usage or bad input, 3 the evidence does not tell why";

/// What the program reads of its environment; pairs of a name and what it is for.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("AWS_PROFILE, AWS_REGION, AWS_ACCESS_KEY_ID, …", "as the AWS CLI takes them"),
    ("COLUMNS", "the width of the text, if it is not the terminal's"),
    ("NO_COLOR", "no colors"),
    ("CLICOLOR_FORCE", "colors also in files and pipes"),
    ("LC_ALL, LC_CTYPE, LANG", "ASCII alone is printed where the locale is not of UTF-8"),
];

const FILES: &[(&str, &str)] = &[
    ("~/.aws/config, ~/.aws/credentials", "profiles, as the AWS CLI takes them"),
    ("capture.json", "what `capture` writes, and `check --capture` judges"),
    ("remedy.json", "what `check --write-remedy` writes, and `diff --apply-remedy` applies"),
];

/// Returns the manual page of a command in the language of `man`.
pub(super) fn man(command: clap::Command) -> String {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (examples, status) = help.split_once("Exit codes: ").unwrap_or((help.as_str(), ""));
    let page = Man::new(command);
    let mut text = Vec::new();
    // A buffer in memory takes all that is written.
    let _ = page.render_title(&mut text);
    let _ = page.render_name_section(&mut text);
    let _ = page.render_synopsis_section(&mut text);
    let _ = page.render_description_section(&mut text);
    let _ = page.render_options_section(&mut text);
    let _ = page.render_subcommands_section(&mut text);
    let mut text = String::from_utf8_lossy(&text).into_owned();
    let mut section = |name: &str, body: &str| {
        if !body.is_empty() {
            text.push_str(&format!(".SH {name}\n.nf\n{}\n.fi\n", body.replace('\\', "\\\\").replace('-', "\\-")));
        }
    };
    let listed = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, what)| format!("{name}\n    {what}")).collect::<Vec<_>>().join("\n")
    };
    section("EXAMPLES", examples.trim_start_matches("Examples:").trim_matches('\n'));
    section("EXIT STATUS", status);
    section("ENVIRONMENT", &listed(ENVIRONMENT));
    section("FILES", &listed(FILES));
    text
}
