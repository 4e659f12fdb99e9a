use aws_sdk_iam::types::AttachedPolicy as Entry;
use futures_util::future::join_all;

use super::clients::Clients;
use super::failure::{ReadError, reading};
use super::pace::{Page, pages};
use super::reader::IamReads;
use super::xml::policy_text;
use crate::calls::{
    GET_GROUP_POLICY, GET_POLICY, GET_POLICY_VERSION, GET_ROLE_POLICY, GET_USER_POLICY, LIST_ATTACHED_GROUP_POLICIES,
    LIST_ATTACHED_ROLE_POLICIES, LIST_ATTACHED_USER_POLICIES, LIST_GROUP_POLICIES, LIST_ROLE_POLICIES,
    LIST_USER_POLICIES, Read,
};
use crate::capture::{AttachedPolicy, InlinePolicy};
use crate::document::Document;
use crate::fact::Fact;

/// The kinds of IAM identities that hold policies; each has calls of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Role,
    User,
    Group,
}

/// The names that the calls of one kind list, and the text of each inline policy; `$own`: who has it, as the answer
/// names the member.
macro_rules! inline {
    ($clients:ident, $list:ident: $names:expr, $get:ident: $text:expr, $own:ident: $of:ident) => {{
        let names = pages(&$list, async |marker| {
            let answer = $clients.read(&$list, $names.set_marker(marker).send()).await?;
            Page::new(&$list, Some(answer.policy_names), answer.is_truncated, answer.marker)
        });
        let policies = names.await?.into_iter().map(async |name| {
            let document = match $clients.read(&$get, $text.policy_name(&name).send()).await {
                Ok(answer) if answer.$own != $of || answer.policy_name != name => {
                    Fact::Unread(ReadError::unexpected(&$get, "the answer is of another policy").unread)
                }
                Ok(answer) => document(&$get, Some(&answer.policy_document)),
                Err(failure) => Fact::Unread(failure.unread),
            };
            InlinePolicy { name, document }
        });
        Ok(join_all(policies).await)
    }};
}

/// The inline policies of a role, user or group.
pub(super) async fn inline(clients: &Clients, kind: Kind, name: &str) -> Fact<Vec<InlinePolicy>> {
    let read = async {
        match kind {
            Kind::Role => inline!(
                clients,
                LIST_ROLE_POLICIES: clients.iam.list_role_policies().role_name(name),
                GET_ROLE_POLICY: clients.iam.get_role_policy().role_name(name),
                role_name: name
            ),
            Kind::User => inline!(
                clients,
                LIST_USER_POLICIES: clients.iam.list_user_policies().user_name(name),
                GET_USER_POLICY: clients.iam.get_user_policy().user_name(name),
                user_name: name
            ),
            Kind::Group => inline!(
                clients,
                LIST_GROUP_POLICIES: clients.iam.list_group_policies().group_name(name),
                GET_GROUP_POLICY: clients.iam.get_group_policy().group_name(name),
                group_name: name
            ),
        }
    };
    reading(read.await)
}

/// The entries that the call of one kind lists.
macro_rules! attached {
    ($clients:ident, $list:ident: $entries:expr) => {{
        let entries = pages(&$list, async |marker| {
            let answer = $clients.read(&$list, $entries.set_marker(marker).send()).await?;
            Page::new(&$list, answer.attached_policies, answer.is_truncated, answer.marker)
        });
        arns(&$list, entries.await?)
    }};
}

/// The managed policies that are attached to a role, user or group.
pub(super) async fn attached(clients: &Clients, reads: &IamReads, kind: Kind, name: &str) -> Fact<Vec<AttachedPolicy>> {
    let arns = async {
        match kind {
            Kind::Role => attached!(
                clients,
                LIST_ATTACHED_ROLE_POLICIES: clients.iam.list_attached_role_policies().role_name(name)
            ),
            Kind::User => attached!(
                clients,
                LIST_ATTACHED_USER_POLICIES: clients.iam.list_attached_user_policies().user_name(name)
            ),
            Kind::Group => attached!(
                clients,
                LIST_ATTACHED_GROUP_POLICIES: clients.iam.list_attached_group_policies().group_name(name)
            ),
        }
    };
    match arns.await {
        Ok(arns) => Fact::Known(join_all(arns.into_iter().map(|arn| managed(clients, reads, arn))).await),
        Err(failure) => Fact::Unread(failure.unread),
    }
}

fn arns(read: &Read, entries: Vec<Entry>) -> Result<Vec<String>, ReadError> {
    let arns: Option<Vec<String>> = entries.into_iter().map(|entry| entry.policy_arn).collect();
    arns.ok_or_else(|| ReadError::unexpected(read, "the answer holds a policy without ARN"))
}

/// A managed policy in its default version, which need not be the newest; read once.
pub(super) async fn managed(clients: &Clients, reads: &IamReads, arn: String) -> AttachedPolicy {
    reads.managed.get(arn.clone(), || default_version(clients, arn)).await
}

async fn default_version(clients: &Clients, arn: String) -> AttachedPolicy {
    let version = async {
        let answer = clients.read(&GET_POLICY, clients.iam.get_policy().policy_arn(&arn).send()).await?;
        let policy = answer.policy.filter(|policy| policy.arn.as_ref().is_none_or(|own| *own == arn));
        let version = policy.and_then(|policy| policy.default_version_id);
        version.ok_or_else(|| ReadError::unexpected(&GET_POLICY, "the answer lacks the default version"))
    };
    let version = match version.await {
        Ok(version) => version,
        Err(failure) => return AttachedPolicy { arn, version: None, document: Fact::Unread(failure.unread) },
    };
    let call = clients.iam.get_policy_version().policy_arn(&arn).version_id(&version).send();
    let document = match clients.read(&GET_POLICY_VERSION, call).await {
        Ok(answer) => {
            // Meanwhile another version may have become the default.
            let found = answer.policy_version.filter(|found| {
                found.is_default_version && found.version_id.as_ref().is_none_or(|own| *own == version)
            });
            if let Some(found) = found {
                document(&GET_POLICY_VERSION, found.document.as_deref())
            } else {
                let message = format!("the answer is not of the default version {version}");
                Fact::Unread(ReadError::unexpected(&GET_POLICY_VERSION, message).unread)
            }
        }
        Err(failure) => Fact::Unread(failure.unread),
    };
    AttachedPolicy { arn, version: Some(version), document }
}

pub(super) fn document(read: &Read, sent: Option<&str>) -> Fact<Document> {
    let text = sent.filter(|text| !text.trim().is_empty()).and_then(policy_text);
    reading(text.map(Document::new).ok_or_else(|| ReadError::unexpected(read, "the answer lacks the document")))
}
