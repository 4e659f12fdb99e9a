//! A part of a remedy in the form in which it is pasted.

use similar::TextDiff;

use crate::change::{Change, PolicyPlace};
use crate::document::Document;
use crate::names::{KeyArn, kind_and_name};

use super::Part;
use super::cloudformation::cloudformation;
use super::file_name::FileName;
use super::script::{create_grant, with_files};
use super::terraform::{grant_in_terraform, terraform};

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
    /// A resource of a `CloudFormation` template, as JSON.
    Cloudformation,
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
                Self::Cli => with_files(part, file),
                // CloudFormation makes no grants.
                Self::Statement | Self::Document | Self::Diff | Self::Cloudformation => format!("{command}\n"),
            };
        }
        match self {
            Self::Statement => part.statements.iter().fold(String::new(), |all, one| all + &one.text + "\n"),
            Self::Document => with_line_end(part.after.as_ref().map(Document::text).unwrap_or_default()),
            Self::Diff => diff(part, file),
            Self::Cli => with_files(part, file),
            Self::Terraform => terraform(part, file),
            Self::Cloudformation => cloudformation(part, file),
        }
    }
}

fn with_line_end(text: &str) -> String {
    if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
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
            PolicyPlace::Inline { identity, name } => format!("{}-{name}", of_identity(identity.as_str())),
            PolicyPlace::Managed { arn } => format!("policy-{}-{}", arn.account(), arn.name()),
            PolicyPlace::Boundary { identity } => format!("boundary-of-{}", of_identity(identity.as_str())),
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
