use futures_util::future::join_all;

use super::clients::Clients;
use super::failure::{ReadError, reading, understood};
use super::pace::{Page, pages};
use super::reader::IamReads;
use super::xml::document;
use crate::answers::api::iam::{
    AttachedPolicyEntry, GetInlinePolicy, GetPolicy, GetPolicyVersion, ListAttachedPolicies, ListPolicies, Policy,
    PolicyVersion,
};
use crate::calls::{
    GET_GROUP_POLICY, GET_POLICY, GET_POLICY_VERSION, GET_ROLE_POLICY, GET_USER_POLICY, LIST_ATTACHED_GROUP_POLICIES,
    LIST_ATTACHED_ROLE_POLICIES, LIST_ATTACHED_USER_POLICIES, LIST_GROUP_POLICIES, LIST_ROLE_POLICIES,
    LIST_USER_POLICIES,
};
use crate::capture::{AttachedPolicy, InlinePolicy};
use crate::document::Document;
use crate::fact::Fact;
use crate::names::{HolderKind, PolicyArn, PolicyVersionId};

/// The names that the calls of one kind list, and the text of each inline policy; `$own`: who has it, as the answer
/// names the member.
macro_rules! inline {
    ($clients:ident, $list:ident: $names:expr, $get:ident: $text:expr, $own:ident: $of:ident) => {{
        let names = pages(&$list, async |marker| {
            let answer = $clients.read(&$list, $names.set_marker(marker).send()).await?;
            Page::new(&$list, Some(answer.policy_names), answer.is_truncated, answer.marker)
        });
        let names = understood(&$list, ListPolicies { policy_names: Some(names.await?) }.names())?;
        let policies = names.into_iter().map(async |name| {
            let document = async {
                let answer = $clients.read(&$get, $text.policy_name(name.as_str()).send()).await?;
                let answer = GetInlinePolicy {
                    of: Some(answer.$own),
                    policy_name: Some(answer.policy_name),
                    policy_document: document(&answer.policy_document),
                };
                understood(&$get, answer.document($of, &name))
            };
            InlinePolicy { document: reading(document.await), name }
        });
        Ok::<_, ReadError>(join_all(policies).await)
    }};
}

/// The inline policies of a role, user or group.
pub(super) async fn inline(clients: &Clients, kind: HolderKind, name: &str) -> Fact<Vec<InlinePolicy>> {
    let read = async {
        match kind {
            HolderKind::Role => inline!(
                clients,
                LIST_ROLE_POLICIES: clients.iam.list_role_policies().role_name(name),
                GET_ROLE_POLICY: clients.iam.get_role_policy().role_name(name),
                role_name: name
            ),
            HolderKind::User => inline!(
                clients,
                LIST_USER_POLICIES: clients.iam.list_user_policies().user_name(name),
                GET_USER_POLICY: clients.iam.get_user_policy().user_name(name),
                user_name: name
            ),
            HolderKind::Group => inline!(
                clients,
                LIST_GROUP_POLICIES: clients.iam.list_group_policies().group_name(name),
                GET_GROUP_POLICY: clients.iam.get_group_policy().group_name(name),
                group_name: name
            ),
        }
    };
    reading(read.await)
}

/// The ARNs that the call of one kind lists.
macro_rules! attached {
    ($clients:ident, $list:ident: $entries:expr) => {{
        let entries = pages(&$list, async |marker| {
            let answer = $clients.read(&$list, $entries.set_marker(marker).send()).await?;
            Page::new(&$list, answer.attached_policies, answer.is_truncated, answer.marker)
        });
        let entries = entries.await?.into_iter().map(|entry| AttachedPolicyEntry { policy_arn: entry.policy_arn });
        understood(&$list, ListAttachedPolicies { attached_policies: Some(entries.collect()) }.arns())
    }};
}

/// The managed policies that are attached to a role, user or group.
pub(super) async fn attached(
    clients: &Clients,
    reads: &IamReads,
    kind: HolderKind,
    name: &str,
) -> Fact<Vec<AttachedPolicy>> {
    let arns = async {
        match kind {
            HolderKind::Role => attached!(
                clients,
                LIST_ATTACHED_ROLE_POLICIES: clients.iam.list_attached_role_policies().role_name(name)
            ),
            HolderKind::User => attached!(
                clients,
                LIST_ATTACHED_USER_POLICIES: clients.iam.list_attached_user_policies().user_name(name)
            ),
            HolderKind::Group => attached!(
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

/// A managed policy in its default version; read once.
pub(super) async fn managed(clients: &Clients, reads: &IamReads, arn: PolicyArn) -> AttachedPolicy {
    reads.managed.get(arn.clone(), || default_version(clients, arn)).await
}

async fn default_version(clients: &Clients, arn: PolicyArn) -> AttachedPolicy {
    let version = async {
        let answer = clients.read(&GET_POLICY, clients.iam.get_policy().policy_arn(arn.as_str()).send()).await?;
        let policy = answer.policy.map(|own| Policy { arn: own.arn, default_version_id: own.default_version_id });
        understood(&GET_POLICY, GetPolicy { policy }.default_version(&arn))
    };
    match version.await {
        Ok(version) => {
            let document = reading(version_text(clients, &arn, &version).await);
            AttachedPolicy { arn, version: Some(version), document }
        }
        Err(failure) => AttachedPolicy { arn, version: None, document: Fact::Unread(failure.unread) },
    }
}

async fn version_text(clients: &Clients, arn: &PolicyArn, version: &PolicyVersionId) -> Result<Document, ReadError> {
    let call = clients.iam.get_policy_version().policy_arn(arn.as_str()).version_id(version.as_str()).send();
    let answer = clients.read(&GET_POLICY_VERSION, call).await?;
    let policy_version = answer.policy_version.map(|own| PolicyVersion {
        version_id: own.version_id,
        is_default_version: Some(own.is_default_version),
        document: own.document.as_deref().and_then(document),
    });
    understood(&GET_POLICY_VERSION, GetPolicyVersion { policy_version }.document(version))
}
