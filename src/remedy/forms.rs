//! A part of a remedy in the form in which it is pasted.

use std::fmt::Write as _;

use serde_json::Value;
use similar::TextDiff;

use crate::change::{Change, PolicyPlace};
use crate::command::{Command, Word};
use crate::names::{
    AccountId, GrantOperation, HolderKind, KeyArn, OrgPolicyId, PolicyArn, PolicyName, PrincipalArn, holder,
    kind_and_name,
};

use super::file_name::FileName;
use super::{Note, Part};

/// How a remedy is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Form {
    /// The statements alone.
    #[default]
    Statement,
    /// The whole policy.
    Document,
    /// The whole policy as a unified diff.
    Diff,
    /// AWS CLI commands.
    Cli,
    /// Terraform's `aws_iam_policy_document`.
    Terraform,
}

impl Form {
    /// The part in this form; what has no policy is a command in every form.
    pub(crate) fn of(self, part: &Part) -> String {
        self.in_file(part, &file_name(&part.change))
    }

    /// The part in this form, with the policy in a file of this name.
    pub(crate) fn in_file(self, part: &Part, file: &FileName) -> String {
        if let Some(command) = create_grant(&part.change) {
            return match self {
                Self::Terraform => grant_in_terraform(&part.change, file).unwrap_or_default(),
                Self::Statement | Self::Document | Self::Diff | Self::Cli => format!("{command}\n"),
            };
        }
        let document = part.after.as_ref().map(crate::document::Document::text).unwrap_or_default();
        match self {
            Self::Statement => part.statements.iter().fold(String::new(), |all, one| all + &one.text + "\n"),
            Self::Document => with_line_end(document),
            Self::Diff => diff(part, file),
            Self::Cli => {
                let comment = matches!(&part.change, Change::Policy { place: PolicyPlace::Session { .. }, .. });
                let comment = if comment { "# where the session is created: " } else { "" };
                let commands = commands(part, file);
                let lines = commands.iter().map(|command| format!("{comment}{command}"));
                let commands = lines.fold(String::new(), |all, line| all + &line + "\n");
                let end = end_mark(document);
                let document = with_line_end(document);
                format!("cat > {file}.json <<'{end}'\n{document}{end}\n{commands}")
            }
            Self::Terraform => terraform(part, file),
        }
    }
}

fn with_line_end(text: &str) -> String {
    if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

/// What ends the lines of a document in a script: no line of its own.
fn end_mark(document: &str) -> String {
    let mut mark = "POLICY".to_owned();
    while document.lines().any(|line| line == mark) {
        mark.push('_');
    }
    mark
}

/// The policy as it was read against the policy with the change, as `patch` takes it.
fn diff(part: &Part, file: &FileName) -> String {
    let before = part.before.as_ref().map(|document| with_line_end(document.text())).unwrap_or_default();
    let after = part.after.as_ref().map(|document| with_line_end(document.text())).unwrap_or_default();
    let name = format!("{file}.json");
    let from = if part.before.is_some() { format!("a/{name}") } else { "/dev/null".to_owned() };
    TextDiff::from_lines(&before, &after).unified_diff().header(&from, &format!("b/{name}")).to_string()
}

/// A file name for what is changed, without its extension: with what it is and of which account.
pub(crate) fn file_name(change: &Change) -> FileName {
    let of_identity = |arn: &str| {
        let (kind, name) = kind_and_name(arn);
        format!("{kind}-{}-{name}", account(arn))
    };
    let of_key = |key: &KeyArn| format!("{}-{}-{}", key.account(), key.region(), key.key_id());
    FileName::of(&match change {
        Change::Policy { place, .. } => match place {
            PolicyPlace::Inline { identity, name } => format!("{}-{name}", of_identity(identity)),
            PolicyPlace::Managed { arn } => format!("policy-{}-{}", account(arn), last(arn)),
            PolicyPlace::Boundary { identity } => format!("boundary-of-{}", of_identity(identity)),
            PolicyPlace::KeyPolicy(key) => format!("key-{}", of_key(key)),
            PolicyPlace::Scp { id } => format!("scp-{id}"),
            PolicyPlace::Rcp { id } => format!("rcp-{id}"),
            PolicyPlace::Session { number } => format!("session-{}", number + 1),
        },
        Change::AddGrant { key, .. } | Change::KeyState { key, .. } => format!("grant-{}", of_key(key)),
        Change::RevokeGrant { .. }
        | Change::NewKey { .. }
        | Change::EncryptVolumes { .. }
        | Change::AttachPolicy { .. }
        | Change::DetachPolicy { .. }
        | Change::DeleteRole { .. }
        | Change::RecreateRole { .. } => "change".to_owned(),
    })
}

fn account(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or_default()
}

/// The AWS CLI commands that put the policy, from its file, in its place; none for what is no such name of AWS.
fn commands(part: &Part, file: &FileName) -> Vec<Command> {
    let managed = part.notes.iter().find_map(|note| if let Note::AwsManaged { arn } = note { Some(arn) } else { None });
    match (&part.change, managed) {
        (Change::Policy { place: PolicyPlace::Boundary { identity }, .. }, Some(arn)) => {
            copy(identity, arn, file).unwrap_or_default()
        }
        (Change::Policy { place: PolicyPlace::Inline { identity, .. }, .. }, _) => {
            command(&part.change, file).into_iter().chain(provision(identity)).collect()
        }
        (_, _) => command(&part.change, file).into_iter().collect(),
    }
}

/// A copy of one's own of a policy that AWS manages, as the boundary in its place.
fn copy(identity: &str, managed: &str, file: &FileName) -> Option<Vec<Command>> {
    let name = PolicyName::parse(&format!("{}-ebs", last(managed))).ok()?;
    let partition = managed.split(':').nth(1).unwrap_or("aws");
    let arn = PolicyArn::parse(&format!("arn:{partition}:iam::{}:policy/{name}", account(identity))).ok()?;
    let (kind, of) = holder(identity)?;
    let (words, option) = match kind {
        HolderKind::User => ("iam put-user-permissions-boundary", "--user-name"),
        HolderKind::Role | HolderKind::Group => ("iam put-role-permissions-boundary", "--role-name"),
    };
    let document = Word::from("file://").then(file).then(".json");
    Some(vec![
        Command::aws("iam create-policy").option("--policy-name", &name).option("--policy-document", document),
        Command::aws(words).option(option, &of).option("--permissions-boundary", &arn),
    ])
}

/// What makes a change of a permission set take effect in the role's account.
///
/// Source: <https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_ProvisionPermissionSet.html>
fn provision(identity: &str) -> Option<Command> {
    super::statement::permission_set(identity)?;
    let account = AccountId::parse(account(identity)).ok()?;
    Some(
        Command::aws("sso-admin provision-permission-set")
            .option("--instance-arn", Word::blank("INSTANCE-ARN"))
            .option("--permission-set-arn", Word::blank("PERMISSION-SET-ARN"))
            .words("--target-type AWS_ACCOUNT")
            .option("--target-id", &account),
    )
}

/// The AWS CLI command that puts the policy, from its file, in its place; `None` for what is no such name of AWS.
fn command(change: &Change, file: &FileName) -> Option<Command> {
    let Change::Policy { place, .. } = change else { return None };
    let file = || Word::from("file://").then(file).then(".json");
    Some(match place {
        PolicyPlace::Inline { identity, .. } if super::statement::permission_set(identity).is_some() => {
            Command::aws("sso-admin put-inline-policy-to-permission-set")
                .option("--instance-arn", Word::blank("INSTANCE-ARN"))
                .option("--permission-set-arn", Word::blank("PERMISSION-SET-ARN"))
                .option("--inline-policy", file())
        }
        PolicyPlace::Inline { identity, name } => {
            let (kind, of) = holder(identity)?;
            let (words, option) = match kind {
                HolderKind::Role => ("iam put-role-policy", "--role-name"),
                HolderKind::User => ("iam put-user-policy", "--user-name"),
                HolderKind::Group => ("iam put-group-policy", "--group-name"),
            };
            let name = PolicyName::parse(name).ok()?;
            Command::aws(words).option(option, &of).option("--policy-name", &name).option("--policy-document", file())
        }
        PolicyPlace::Managed { arn } => new_version(&PolicyArn::parse(arn).ok()?, file()),
        PolicyPlace::Boundary { identity } => {
            let (kind, of) = holder(identity)?;
            let get = match kind {
                HolderKind::User => Command::aws("iam get-user")
                    .option("--user-name", &of)
                    .option("--query", "User.PermissionsBoundary.PermissionsBoundaryArn"),
                HolderKind::Role | HolderKind::Group => Command::aws("iam get-role")
                    .option("--role-name", &of)
                    .option("--query", "Role.PermissionsBoundary.PermissionsBoundaryArn"),
            };
            new_version(Word::output_of(get.words("--output text")), file())
        }
        PolicyPlace::KeyPolicy(key) => Command::aws("kms put-key-policy")
            .option("--region", &key.in_region())
            .option("--key-id", key)
            .words("--policy-name default")
            .option("--policy", file()),
        PolicyPlace::Scp { id } | PolicyPlace::Rcp { id } => Command::aws("organizations update-policy")
            .option("--policy-id", &OrgPolicyId::parse(id).ok()?)
            .option("--content", file()),
        PolicyPlace::Session { .. } => {
            Command::aws("sts assume-role").argument(Word::blank("…")).option("--policy", file())
        }
    })
}

fn new_version(arn: impl Into<Word>, file: Word) -> Command {
    Command::aws("iam create-policy-version")
        .option("--policy-arn", arn)
        .option("--policy-document", file)
        .words("--set-as-default")
}

/// The AWS CLI command that makes the grant; `None` for other changes.
pub(crate) fn create_grant(change: &Change) -> Option<Command> {
    let Change::AddGrant { key, grant } = change else { return None };
    let grantee = PrincipalArn::parse(&grant.grantee_principal).ok()?;
    let operations: Result<Vec<_>, _> = grant.operations.iter().map(|one| GrantOperation::parse(one)).collect();
    let command = Command::aws("kms create-grant")
        .option("--region", &key.in_region())
        .option("--key-id", key)
        .option("--grantee-principal", &grantee)
        .words("--operations");
    Some(operations.ok()?.iter().fold(command, Command::argument))
}

fn grant_in_terraform(change: &Change, file: &FileName) -> Option<String> {
    let Change::AddGrant { key, grant } = change else { return None };
    let operations: Vec<String> = grant.operations.iter().map(|operation| quoted(operation)).collect();
    Some(format!(
        "resource \"aws_kms_grant\" \"{}\" {{\n  key_id            = {}\n  grantee_principal = {}\n  operations        = [{}]\n}}\n",
        label(file),
        quoted(key.as_str()),
        quoted(&grant.grantee_principal),
        operations.join(", ")
    ))
}

/// A file's name as the label of a block.
fn label(file: &FileName) -> String {
    file.as_ref().chars().map(|c| if c == '.' { '-' } else { c }).collect()
}

/// The statements as blocks of a data source.
///
/// Source: <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document>
fn terraform(part: &Part, file: &FileName) -> String {
    let name = label(file);
    let mut text = String::new();
    let parsed = part.statements.iter().filter_map(|one| Some((one, serde_json::from_str::<Value>(&one.text).ok()?)));
    let mut blocks = String::new();
    for (suggestion, statement) in parsed {
        if suggestion.replaces.is_some() {
            blocks.push_str("  # In place of the statement of this sid.\n");
        }
        blocks.push_str(&block(&statement));
    }
    let _ = write!(text, "data \"aws_iam_policy_document\" \"{name}\" {{\n{blocks}}}\n");
    if let Change::Policy { place: PolicyPlace::Inline { identity, name: policy }, .. } = &part.change
        && part.before.is_none()
    {
        let (kind, of) = kind_and_name(identity);
        let (of, policy) = (quoted(of), quoted(policy));
        let _ = write!(
            text,
            "\nresource \"aws_iam_{kind}_policy\" \"{name}\" {{\n  {kind:<6} = {of}\n  name   = {policy}\n  policy = data.aws_iam_policy_document.{name}.json\n}}\n"
        );
    }
    text
}

fn block(statement: &Value) -> String {
    let mut text = String::from("  statement {\n");
    let mut plain = |name: &str, element: &str| {
        if let Some(Value::String(value)) = statement.get(element) {
            let _ = writeln!(text, "    {name} = {}", quoted(value));
        }
    };
    plain("sid", "Sid");
    plain("effect", "Effect");
    for (name, element) in [
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ] {
        if let Some(values) = statement.get(element) {
            let _ = writeln!(text, "    {name} = {}", list(values));
        }
    }
    for (name, element) in [("principals", "Principal"), ("not_principals", "NotPrincipal")] {
        match statement.get(element) {
            Some(Value::Object(kinds)) => {
                for (kind, values) in kinds {
                    principals(&mut text, name, kind, values);
                }
            }
            Some(everyone) => principals(&mut text, name, "*", everyone),
            None => {}
        }
    }
    for (operator, keys) in statement.get("Condition").and_then(Value::as_object).into_iter().flatten() {
        for (key, values) in keys.as_object().into_iter().flatten() {
            let (test, key, values) = (quoted(operator), quoted(key), list(values));
            let _ = writeln!(
                text,
                "    condition {{\n      test     = {test}\n      variable = {key}\n      values   = {values}\n    }}"
            );
        }
    }
    text.push_str("  }\n");
    text
}

fn principals(text: &mut String, name: &str, kind: &str, values: &Value) {
    let (kind, values) = (quoted(kind), list(values));
    let _ = writeln!(text, "    {name} {{\n      type        = {kind}\n      identifiers = {values}\n    }}");
}

fn list(values: &Value) -> String {
    let texts: Vec<String> = match values.as_array() {
        Some(values) => values.iter().map(value).collect(),
        None => vec![value(values)],
    };
    format!("[{}]", texts.join(", "))
}

fn value(value: &Value) -> String {
    value.as_str().map_or_else(|| quoted(&value.to_string()), quoted)
}

/// A string of HCL: `${` would begin a template, and Terraform writes policy variables as `&{…}`.
fn quoted(text: &str) -> String {
    Value::from(text.replace("${", "&{").replace("%{", "%%{")).to_string()
}
