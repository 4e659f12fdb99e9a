//! A change as lines for a shell: they stop unless the policy is still the one that was judged, keep it, put the new one
//! in its place, and tell how to undo that.

use crate::change::{Change, PolicyPlace};
use crate::command::{Command, Word};
use crate::names::{AccountId, HolderKind, KeyArn, PolicyArn, PolicyName, PrincipalArn, holder};

use super::file_name::FileName;
use super::statement::permission_set;
use super::{Note, Owner, Part};

/// The lines of one change, of its files in the present folder.
#[derive(Debug, Default)]
struct Steps {
    /// What stops unless all is as it was judged, and keeps what there is.
    check: Vec<String>,
    make: Vec<String>,
    undo: Vec<String>,
}

/// What every script begins with. White space is no part of a policy's meaning: the AWS CLI lays documents out anew.
const FUNCTIONS: &str = r#"set -eu
stop() { printf '%s\n' "$1; nothing was changed" >&2; exit 1; }
same() {
  [ "$(tr -d ' \t\r\n' < "$1")" = "$(tr -d ' \t\r\n' < "$2")" ] || stop "$1 is not what was judged: judge it again"
}
absent() {
  if said=$("$@" 2>&1); then stop "it is there by now: $*"; fi
  case $said in *NoSuchEntity*) ;; *) stop "$said" ;; esac
}
"#;

/// Returns the script that makes an owner's changes, and the one that undoes them; `None` where nothing can be run.
pub(crate) fn scripts(owner: &Owner, parts: &[(&Part, &FileName)], of_keys: &[Command]) -> Option<(String, String)> {
    let steps: Vec<Steps> = parts.iter().map(|(part, file)| steps(part, file)).collect();
    let all = |lines: fn(&Steps) -> &Vec<String>| -> String {
        steps.iter().flat_map(&lines).fold(String::new(), |all, line| all + line + "\n")
    };
    let of_keys = of_keys.iter().fold(String::new(), |all, command| all + &command.to_string() + "\n");
    let (check, make, undo) = (all(|one| &one.check), all(|one| &one.make) + &of_keys, all(|one| &one.undo));
    if make.is_empty() {
        return None;
    }
    let beginning = format!("#!/bin/sh\n{FUNCTIONS}cd \"$(dirname \"$0\")\"\n{}", credentials(owner));
    let how = if undo.is_empty() { "" } else { "printf '%s\\n' \"done; to undo: sh $PWD/undo.sh\"\n" };
    Some((format!("{beginning}{check}{make}{how}"), format!("{beginning}{undo}")))
}

/// The same for one change, with its files in the lines.
pub(super) fn with_files(part: &Part, file: &FileName) -> String {
    let steps = steps(part, file);
    if steps.make.is_empty() {
        return String::new();
    }
    let document = |end: &str, document: Option<&crate::document::Document>| {
        document.map_or_else(String::new, |document| here(&format!("{file}{end}"), document.text()))
    };
    let is_checked = steps.check.iter().any(|line| line.contains(".judged.json"));
    let before = if is_checked { document(".judged.json", part.before.as_ref()) } else { String::new() };
    let files = before + &document(".json", part.after.as_ref());
    let lines = steps.check.iter().chain(&steps.make).fold(String::new(), |all, line| all + line + "\n");
    let kept = if is_checked { "what there was is kept in" } else { "there was nothing before" };
    let undo = if is_checked { format!("# to undo: {kept} {file}.backup.json\n") } else { String::new() };
    format!("(\n{FUNCTIONS}{}{files}{lines}{undo})\n", credentials(&part.owner))
}

/// Lines that write a file.
fn here(name: &str, text: &str) -> String {
    let end = end_mark(text);
    let text = if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    format!("cat > {name} <<'{end}'\n{text}{end}\n")
}

/// What ends the lines of a document in a script: no line of its own.
fn end_mark(document: &str) -> String {
    let mut mark = "POLICY".to_owned();
    while document.lines().any(|line| line == mark) {
        mark.push('_');
    }
    mark
}

/// Lines that stop with credentials of another account.
fn credentials(owner: &Owner) -> String {
    let account = match owner {
        Owner::Account(account) => AccountId::parse(account).ok(),
        Owner::These(arns) => arns
            .first()
            .and_then(|arn| PrincipalArn::parse(arn).ok())
            .and_then(|arn| AccountId::parse(arn.account()).ok()),
        Owner::Organization | Owner::SessionCreator => None,
    };
    let Some(account) = account else { return String::new() };
    let asked = Command::aws("sts get-caller-identity --query Account --output text");
    format!(
        "account=$({asked})\n[ \"$account\" = {account} ] || stop \"these are credentials of account $account, not of {account}\"\n"
    )
}

fn steps(part: &Part, file: &FileName) -> Steps {
    if let Some(size) = part.size.filter(|size| !size.fits()) {
        let refused = format!("# AWS would refuse {file}.json: {} of {} characters", size.holds, size.limit);
        return Steps { make: vec![refused], ..Steps::default() };
    }
    let found = if let Change::AddGrant { key, .. } = &part.change {
        grant(&part.change, key, file)
    } else if let Change::Policy { place, .. } = &part.change {
        of_policy(part, place, file)
    } else {
        None
    };
    found.unwrap_or_default()
}

/// The file of this name with this end, as a word.
fn named(file: &FileName, end: &'static str) -> Word {
    Word::from(file).then(end)
}

fn text_of(file: &FileName, end: &'static str) -> Word {
    Word::from("file://").then(file).then(end)
}

fn content_of(file: &FileName, end: &'static str) -> Word {
    Word::output_of(Command::options().words("cat").argument(named(file, end)))
}

/// The AWS CLI command that makes the grant; `None` for other changes.
pub(crate) fn create_grant(change: &Change) -> Option<Command> {
    let Change::AddGrant { key, grant } = change else { return None };
    let command = Command::aws("kms create-grant")
        .option("--region", &key.in_region())
        .option("--key-id", key)
        .words("--name ebs-preflight")
        .option("--grantee-principal", &grant.grantee_principal)
        .words("--operations");
    Some(grant.operations.iter().fold(command, Command::argument))
}

fn grant(change: &Change, key: &KeyArn, file: &FileName) -> Option<Steps> {
    let id = named(file, ".grant-id");
    let revoke = Command::aws("kms revoke-grant")
        .option("--region", &key.in_region())
        .option("--key-id", key)
        .option("--grant-id", content_of(file, ".grant-id"));
    let make = create_grant(change)?.words("--query GrantId --output text");
    Some(Steps { check: Vec::new(), make: vec![format!("{make} > {id}")], undo: vec![revoke.to_string()] })
}

/// Of a policy that is put whole: what prints the present one, what puts one in its place, and what deletes one that was
/// not there before.
struct Whole {
    get: Command,
    put: Box<dyn Fn(Word) -> Command>,
    delete: Option<Command>,
    /// What makes each of these take effect.
    after: Option<Command>,
}

impl Whole {
    fn steps(&self, part: &Part, file: &FileName) -> Steps {
        let backup = named(file, ".backup.json");
        let is_new = part.before.is_none();
        let check = match (is_new, &self.after) {
            (false, _) => {
                vec![format!("{} > {backup}", self.get), format!("same {backup} {}", named(file, ".judged.json"))]
            }
            // A permission set without an inline policy has an empty one.
            (true, Some(_)) => vec![
                format!("{} > {backup}", self.get),
                format!(
                    "grep -q '[^[:space:]]' {backup} && ! grep -qx None {backup} && stop \"it has a policy by now\""
                ),
            ],
            (true, None) => vec![format!("absent {}", self.get)],
        };
        let with = |command: String| std::iter::once(command).chain(self.after.as_ref().map(ToString::to_string));
        let undo = match (is_new, &self.delete) {
            (true, Some(delete)) => delete.to_string(),
            (_, _) => (self.put)(text_of(file, ".backup.json")).to_string(),
        };
        Steps {
            check,
            make: with((self.put)(text_of(file, ".json")).to_string()).collect(),
            undo: with(undo).collect(),
        }
    }
}

fn of_policy(part: &Part, place: &PolicyPlace, file: &FileName) -> Option<Steps> {
    let managed = part.notes.iter().find_map(|note| if let Note::AwsManaged { arn } = note { Some(arn) } else { None });
    let whole = match place {
        PolicyPlace::Inline { identity, .. } if permission_set(identity.as_str()).is_some() => {
            of_permission_set(identity.as_str())
        }
        PolicyPlace::Inline { identity, name } => inline(identity.as_str(), name)?,
        PolicyPlace::Managed { arn } => {
            return Some(new_version(&Word::from(arn), file));
        }
        PolicyPlace::Boundary { identity } => {
            let boundary = Boundary::of(identity.as_str())?;
            return match managed {
                Some(managed) => boundary.copied(identity, managed, file),
                None => Some(new_version(&Word::output_of(boundary.get), file)),
            };
        }
        PolicyPlace::KeyPolicy(key) => {
            let of_key = |words| Command::aws(words).option("--region", &key.in_region()).option("--key-id", key);
            let put = of_key("kms put-key-policy").words("--policy-name default");
            Whole {
                get: of_key("kms get-key-policy").words("--policy-name default --query Policy --output text"),
                put: Box::new(move |file| put.clone().option("--policy", file)),
                delete: None,
                after: None,
            }
        }
        PolicyPlace::Scp { id } | PolicyPlace::Rcp { id } => {
            let put = Command::aws("organizations update-policy").option("--policy-id", id);
            Whole {
                get: Command::aws("organizations describe-policy")
                    .option("--policy-id", id)
                    .words("--query Policy.Content --output text"),
                put: Box::new(move |file| put.clone().option("--content", file)),
                delete: None,
                after: None,
            }
        }
        PolicyPlace::Session { .. } => {
            let assume = Command::aws("sts assume-role").argument(Word::blank("…"));
            let assume = assume.option("--policy", text_of(file, ".json"));
            let make = vec![format!("# where the session is created: {assume}")];
            return Some(Steps { make, ..Steps::default() });
        }
    };
    Some(whole.steps(part, file))
}

fn inline(identity: &str, name: &PolicyName) -> Option<Whole> {
    let (kind, of) = holder(identity)?;
    let [get, put, delete] = match kind {
        HolderKind::Role => ["iam get-role-policy", "iam put-role-policy", "iam delete-role-policy"],
        HolderKind::User => ["iam get-user-policy", "iam put-user-policy", "iam delete-user-policy"],
        HolderKind::Group => ["iam get-group-policy", "iam put-group-policy", "iam delete-group-policy"],
    };
    let option = match kind {
        HolderKind::Role => "--role-name",
        HolderKind::User => "--user-name",
        HolderKind::Group => "--group-name",
    };
    let of = |words| Command::aws(words).option(option, &of).option("--policy-name", name);
    let put = of(put);
    Some(Whole {
        get: of(get).words("--query PolicyDocument --output json"),
        put: Box::new(move |file| put.clone().option("--policy-document", file)),
        delete: Some(of(delete)),
        after: None,
    })
}

/// A permission set has one inline policy, which takes effect once the set is provisioned.
///
/// Sources: <https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_PutInlinePolicyToPermissionSet.html>,
/// <https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_ProvisionPermissionSet.html>
fn of_permission_set(identity: &str) -> Whole {
    let of_set = |words| {
        Command::aws(words)
            .option("--instance-arn", Word::blank("INSTANCE-ARN"))
            .option("--permission-set-arn", Word::blank("PERMISSION-SET-ARN"))
    };
    let put = of_set("sso-admin put-inline-policy-to-permission-set");
    let provision = of_set("sso-admin provision-permission-set").words("--target-type AWS_ACCOUNT");
    let account = PrincipalArn::parse(identity).ok().and_then(|arn| AccountId::parse(arn.account()).ok());
    let target = account.map_or_else(|| Word::blank("ACCOUNT"), |account| Word::from(&account));
    Whole {
        get: of_set("sso-admin get-inline-policy-for-permission-set").words("--query InlinePolicy --output text"),
        put: Box::new(move |file| put.clone().option("--inline-policy", file)),
        delete: Some(of_set("sso-admin delete-inline-policy-from-permission-set")),
        after: Some(provision.option("--target-id", target)),
    }
}

/// A version more of a managed policy, of which there are five at most.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
fn new_version(arn: &Word, file: &FileName) -> Steps {
    let of_policy = |words| Command::aws(words).option("--policy-arn", arn.clone());
    let [backup, judged, version] =
        [".backup.json", ".judged.json", ".version"].map(|end| named(file, end).to_string());
    let default = of_policy("iam get-policy").words("--query Policy.DefaultVersionId --output text");
    let get = of_policy("iam get-policy-version")
        .option("--version-id", content_of(file, ".version"))
        .words("--query PolicyVersion.Document --output json");
    let count = of_policy("iam list-policy-versions").words("--query length(Versions) --output text");
    let make = of_policy("iam create-policy-version")
        .option("--policy-document", text_of(file, ".json"))
        .words("--set-as-default");
    let undo = of_policy("iam set-default-policy-version").option("--version-id", content_of(file, ".version"));
    Steps {
        check: vec![
            format!("{default} > {version}"),
            format!("{get} > {backup}"),
            format!("same {backup} {judged}"),
            format!(
                "[ \"$({count})\" -lt 5 ] || stop \"it has five versions: first delete one that is not the default\""
            ),
        ],
        make: vec![make.to_string()],
        undo: vec![undo.to_string()],
    }
}

/// The permissions boundary of a role or user.
struct Boundary {
    /// What prints its ARN.
    get: Command,
    put: Command,
}

impl Boundary {
    fn of(identity: &str) -> Option<Self> {
        let (kind, of) = holder(identity)?;
        let (get, put) = match kind {
            HolderKind::User => (
                Command::aws("iam get-user")
                    .option("--user-name", &of)
                    .words("--query User.PermissionsBoundary.PermissionsBoundaryArn"),
                Command::aws("iam put-user-permissions-boundary").option("--user-name", &of),
            ),
            HolderKind::Role | HolderKind::Group => (
                Command::aws("iam get-role")
                    .option("--role-name", &of)
                    .words("--query Role.PermissionsBoundary.PermissionsBoundaryArn"),
                Command::aws("iam put-role-permissions-boundary").option("--role-name", &of),
            ),
        };
        Some(Self { get: get.words("--output text"), put })
    }

    /// A copy of one's own of a policy that AWS manages, as the boundary in its place.
    fn copied(&self, identity: &PrincipalArn, managed: &PolicyArn, file: &FileName) -> Option<Steps> {
        let name = PolicyName::parse(&format!("{}-ebs", managed.name())).ok()?;
        let copy = format!("arn:{}:iam::{}:policy/{name}", identity.partition(), identity.account());
        let copy = PolicyArn::parse(&copy).ok()?;
        let bounded = |arn: &PolicyArn| self.put.clone().option("--permissions-boundary", arn).to_string();
        let create = Command::aws("iam create-policy")
            .option("--policy-name", &name)
            .option("--policy-document", text_of(file, ".json"));
        let delete = Command::aws("iam delete-policy").option("--policy-arn", &copy);
        Some(Steps {
            check: vec![
                format!("[ \"$({})\" = {} ] || stop \"it has another boundary by now\"", self.get, Word::from(managed)),
                format!("absent {}", Command::aws("iam get-policy").option("--policy-arn", &copy)),
            ],
            make: vec![create.to_string(), bounded(&copy)],
            undo: vec![bounded(managed), delete.to_string()],
        })
    }
}
