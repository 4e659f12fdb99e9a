//! A part of a remedy in the form in which it is pasted.

use std::fmt::Write as _;

use serde_json::Value;
use similar::TextDiff;

use crate::change::{Change, PolicyPlace};
use crate::names::{kind_and_name, shell_word};

use super::Part;

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
        if let Some(command) = create_grant(&part.change) {
            return match self {
                Self::Terraform => grant_in_terraform(&part.change).unwrap_or_default(),
                Self::Statement | Self::Document | Self::Diff | Self::Cli => format!("{command}\n"),
            };
        }
        let document = part.after.as_ref().map(crate::source::Document::text).unwrap_or_default();
        match self {
            Self::Statement => part.statements.iter().fold(String::new(), |all, one| all + &one.text + "\n"),
            Self::Document => with_line_end(document),
            Self::Diff => diff(part),
            Self::Cli => {
                let (file, command) = (file_name(&part.change), command(&part.change));
                format!("cat > {file}.json <<'POLICY'\n{}POLICY\n{command}\n", with_line_end(document))
            }
            Self::Terraform => terraform(part),
        }
    }
}

fn with_line_end(text: &str) -> String {
    if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

/// The policy as it was read against the policy with the change, as `patch` takes it.
fn diff(part: &Part) -> String {
    let before = part.before.as_ref().map(|document| with_line_end(document.text())).unwrap_or_default();
    let after = part.after.as_ref().map(|document| with_line_end(document.text())).unwrap_or_default();
    let name = format!("{}.json", file_name(&part.change));
    let from = if part.before.is_some() { format!("a/{name}") } else { "/dev/null".to_owned() };
    TextDiff::from_lines(&before, &after).unified_diff().header(&from, &format!("b/{name}")).to_string()
}

/// A file name for what is changed, without its extension.
pub(crate) fn file_name(change: &Change) -> String {
    let name = match change {
        Change::Policy { place, .. } => match place {
            PolicyPlace::Inline { identity, name } => {
                let (kind, of) = kind_and_name(identity);
                format!("{kind}-{of}-{name}")
            }
            PolicyPlace::Managed { arn } => format!("policy-{}", last(arn)),
            PolicyPlace::Boundary { identity } => format!("boundary-{}", kind_and_name(identity).1),
            PolicyPlace::KeyPolicy(key) => format!("key-{}", key.key_id()),
            PolicyPlace::Scp { id } => format!("scp-{id}"),
            PolicyPlace::Rcp { id } => format!("rcp-{id}"),
            PolicyPlace::Session { number } => format!("session-{}", number + 1),
        },
        Change::AddGrant { key, .. } | Change::KeyState { key, .. } => format!("grant-{}", key.key_id()),
        Change::RevokeGrant { .. }
        | Change::NewKey { .. }
        | Change::EncryptVolumes { .. }
        | Change::AttachPolicy { .. }
        | Change::DetachPolicy { .. }
        | Change::DeleteRole { .. }
        | Change::RecreateRole { .. } => "change".to_owned(),
    };
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect()
}

fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or_default()
}

/// The AWS CLI command that puts the policy, from its file, in its place.
fn command(change: &Change) -> String {
    let file = format!("file://{}.json", file_name(change));
    let Change::Policy { place, .. } = change else { return String::new() };
    match place {
        PolicyPlace::Inline { identity, .. } if super::statement::permission_set(identity).is_some() => {
            format!(
                "aws sso-admin put-inline-policy-to-permission-set --instance-arn INSTANCE-ARN \
                 --permission-set-arn PERMISSION-SET-ARN --inline-policy {file}"
            )
        }
        PolicyPlace::Inline { identity, name } => {
            let (kind, of) = kind_and_name(identity);
            let (of, name) = (shell_word(of), shell_word(name));
            format!("aws iam put-{kind}-policy --{kind}-name {of} --policy-name {name} --policy-document {file}")
        }
        PolicyPlace::Managed { arn } => {
            let arn = shell_word(arn);
            format!("aws iam create-policy-version --policy-arn {arn} --policy-document {file} --set-as-default")
        }
        PolicyPlace::Boundary { identity } => {
            let (kind, of) = kind_and_name(identity);
            let of = shell_word(of);
            let itself = if kind == "user" { "User" } else { "Role" };
            format!(
                "boundary=$(aws iam get-{kind} --{kind}-name {of} --query {itself}.PermissionsBoundary.PermissionsBoundaryArn --output text)\n\
                 aws iam create-policy-version --policy-arn \"$boundary\" --policy-document {file} --set-as-default"
            )
        }
        PolicyPlace::KeyPolicy(key) => {
            format!(
                "aws kms put-key-policy --region {} --key-id {key} --policy-name default --policy {file}",
                key.region()
            )
        }
        PolicyPlace::Scp { id } | PolicyPlace::Rcp { id } => {
            format!("aws organizations update-policy --policy-id {} --content {file}", shell_word(id))
        }
        PolicyPlace::Session { .. } => format!("# where the session is created: aws sts assume-role … --policy {file}"),
    }
}

/// The AWS CLI command that makes the grant; `None` for other changes.
pub(crate) fn create_grant(change: &Change) -> Option<String> {
    let Change::AddGrant { key, grant } = change else { return None };
    Some(format!(
        "aws kms create-grant --region {} --key-id {key} --grantee-principal {} --operations {}",
        key.region(),
        shell_word(&grant.grantee_principal),
        grant.operations.join(" ")
    ))
}

fn grant_in_terraform(change: &Change) -> Option<String> {
    let Change::AddGrant { key, grant } = change else { return None };
    let operations: Vec<String> = grant.operations.iter().map(|operation| quoted(operation)).collect();
    Some(format!(
        "resource \"aws_kms_grant\" \"start\" {{\n  key_id            = {}\n  grantee_principal = {}\n  operations        = [{}]\n}}\n",
        quoted(key.as_str()),
        quoted(&grant.grantee_principal),
        operations.join(", ")
    ))
}

/// The statements as blocks of a data source.
///
/// Source: <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document>
fn terraform(part: &Part) -> String {
    let name: String = file_name(&part.change).chars().map(|c| if c == '.' { '-' } else { c }).collect();
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
