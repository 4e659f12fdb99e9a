use std::collections::BTreeMap;

use aws_sdk_iam::types;
use futures_util::future::join_all;

use super::clients::Clients;
use super::failure::{Failure, reading};
use super::pace::{Once, Page, pages};
use super::reads::{
    GET_POLICY, GET_POLICY_VERSION, GET_ROLE, GET_ROLE_POLICY, LIST_ATTACHED_ROLE_POLICIES, LIST_ROLE_POLICIES, Read,
};
use super::xml::policy_text;
use crate::capture::{AttachedPolicy, InlinePolicy, Role};
use crate::names::{PrincipalArn, RoleArn};
use crate::source::{Document, Reading};

/// A role as a target names it.
#[derive(Debug, Clone)]
pub(super) struct AskedRole {
    /// The text of the target.
    pub(super) text: String,
    partition: String,
    /// The account of that text.
    pub(super) account: String,
    /// The bare name: all that IAM can be asked for.
    pub(super) name: String,
    /// The whole ARN; a session's ARN does not tell the role's path.
    arn: Option<RoleArn>,
}

impl AskedRole {
    /// Reads the ARN of a role or of a session of it; `None` for any other text.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let principal = PrincipalArn::parse(text).ok()?;
        let partition = text.split(':').nth(1)?.to_owned();
        let account = principal.account().to_owned();
        let (name, arn) = match principal {
            PrincipalArn::Role(arn) => (arn.name().to_owned(), Some(arn)),
            PrincipalArn::Session(arn) => (arn.role_name().to_owned(), None),
            PrincipalArn::User(_) | PrincipalArn::Root(_) => return None,
        };
        Some(Self { text: text.to_owned(), partition, account, name, arn })
    }

    /// The partition of that text.
    pub(super) fn partition(&self) -> &str {
        &self.partition
    }

    /// Whether the text tells the role's path.
    pub(super) fn is_whole(&self) -> bool {
        self.arn.is_some()
    }
}

/// What several roles share.
#[derive(Debug, Default)]
pub(super) struct IamReads {
    roles: Once<String, Result<types::Role, Failure>>,
    documents: Once<String, Reading<Document>>,
}

/// A role with its policies, and the role that has its name but another path.
///
/// IAM takes a bare name and answers from the reader's own account, so the ARN in its answer must equal the one
/// that was asked for.
pub(super) async fn role(clients: &Clients, reads: &IamReads, asked: &AskedRole) -> (Reading<Role>, Option<RoleArn>) {
    let got = async {
        let role = get_role(clients, reads, &asked.name).await?;
        let boundary = boundary(clients, reads, &role).await;
        Ok::<_, Failure>((role, boundary))
    };
    let (got, inline, attached, reader) =
        tokio::join!(got, inline(clients, &asked.name), attached(clients, reads, &asked.name), clients.account(),);
    let unread = |failure: Failure| (Reading::Unread(failure.unread), None);
    let (inline, attached) = (reading(inline), reading(attached));
    match got {
        Ok((role, boundary)) => {
            let Ok(arn) = RoleArn::parse(&role.arn) else {
                return unread(Failure::unexpected(&GET_ROLE, "the answer lacks the role's ARN"));
            };
            if arn.account() != asked.account {
                return unread(of_another_account());
            }
            if asked.arn.as_ref().is_some_and(|asked| *asked != arn) {
                return (Reading::Absent, Some(arn));
            }
            (Reading::Known(record(arn, &role, boundary, inline, attached)), None)
        }
        Err(_) if reader.as_ref().is_some_and(|account| account.as_str() != asked.account) => {
            unread(of_another_account())
        }
        Err(failure) if failure.is("NoSuchEntity") && reader.is_some() => (Reading::Absent, None),
        Err(failure) => {
            let Some(arn) = asked.arn.clone() else { return unread(failure) };
            let unread = failure.unread;
            let role = Role {
                arn,
                unique_id: Reading::Unread(unread.clone()),
                tags: Reading::Unread(unread.clone()),
                trust_policy: Reading::Unread(unread.clone()),
                boundary: Reading::Unread(unread),
                inline,
                attached,
            };
            (Reading::Known(role), None)
        }
    }
}

fn of_another_account() -> Failure {
    Failure::not_asked(&GET_ROLE, "roles of another account cannot be read with these credentials")
}

fn record(
    arn: RoleArn,
    role: &types::Role,
    boundary: Reading<AttachedPolicy>,
    inline: Reading<Vec<InlinePolicy>>,
    attached: Reading<Vec<AttachedPolicy>>,
) -> Role {
    let id = Some(role.role_id.clone()).filter(|id| !id.is_empty());
    // IAM leaves the element out where a role has no tags.
    let tags: BTreeMap<String, String> =
        role.tags.iter().flatten().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    Role {
        arn,
        unique_id: reading(id.ok_or_else(|| Failure::unexpected(&GET_ROLE, "the answer lacks the role's ID"))),
        tags: Reading::Known(tags),
        trust_policy: document(&GET_ROLE, role.assume_role_policy_document.as_deref()),
        boundary,
        inline,
        attached,
    }
}

/// The role of this name in the reader's account; read once.
pub(super) async fn get_role(clients: &Clients, reads: &IamReads, name: &str) -> Result<types::Role, Failure> {
    let read = || async {
        let answer = clients.read(&GET_ROLE, clients.iam.get_role().role_name(name).send()).await?;
        answer.role.ok_or_else(|| Failure::unexpected(&GET_ROLE, "the answer lacks the role"))
    };
    reads.roles.get(name.to_owned(), read).await
}

async fn boundary(clients: &Clients, reads: &IamReads, role: &types::Role) -> Reading<AttachedPolicy> {
    let Some(boundary) = role.permissions_boundary.as_ref() else { return Reading::Absent };
    let Some(arn) = boundary.permissions_boundary_arn.clone() else {
        let failure = Failure::unexpected(&GET_ROLE, "the answer lacks the permissions boundary's ARN");
        return Reading::Unread(failure.unread);
    };
    Reading::Known(managed(clients, reads, arn).await)
}

async fn inline(clients: &Clients, role: &str) -> Result<Vec<InlinePolicy>, Failure> {
    let names = pages(&LIST_ROLE_POLICIES, async |marker| {
        let call = clients.iam.list_role_policies().role_name(role).set_marker(marker).send();
        let answer = clients.read(&LIST_ROLE_POLICIES, call).await?;
        Page::new(&LIST_ROLE_POLICIES, Some(answer.policy_names), answer.is_truncated, answer.marker)
    })
    .await?;
    let policies = names.into_iter().map(async |name| {
        let call = clients.iam.get_role_policy().role_name(role).policy_name(&name).send();
        let document = match clients.read(&GET_ROLE_POLICY, call).await {
            Ok(answer) => document(&GET_ROLE_POLICY, Some(&answer.policy_document)),
            Err(failure) => Reading::Unread(failure.unread),
        };
        InlinePolicy { name, document }
    });
    Ok(join_all(policies).await)
}

async fn attached(clients: &Clients, reads: &IamReads, role: &str) -> Result<Vec<AttachedPolicy>, Failure> {
    let policies = pages(&LIST_ATTACHED_ROLE_POLICIES, async |marker| {
        let call = clients.iam.list_attached_role_policies().role_name(role).set_marker(marker).send();
        let answer = clients.read(&LIST_ATTACHED_ROLE_POLICIES, call).await?;
        Page::new(&LIST_ATTACHED_ROLE_POLICIES, answer.attached_policies, answer.is_truncated, answer.marker)
    })
    .await?;
    let arns: Option<Vec<String>> = policies.into_iter().map(|policy| policy.policy_arn).collect();
    let arns =
        arns.ok_or_else(|| Failure::unexpected(&LIST_ATTACHED_ROLE_POLICIES, "the answer holds a policy without ARN"))?;
    Ok(join_all(arns.into_iter().map(|arn| managed(clients, reads, arn))).await)
}

/// A managed policy in its default version, which need not be the newest; read once.
async fn managed(clients: &Clients, reads: &IamReads, arn: String) -> AttachedPolicy {
    let read = || async {
        match default_version(clients, &arn).await {
            Ok(text) => document(&GET_POLICY_VERSION, text.as_deref()),
            Err(failure) => Reading::Unread(failure.unread),
        }
    };
    let document = reads.documents.get(arn.clone(), read).await;
    AttachedPolicy { arn, document }
}

async fn default_version(clients: &Clients, arn: &str) -> Result<Option<String>, Failure> {
    let answer = clients.read(&GET_POLICY, clients.iam.get_policy().policy_arn(arn).send()).await?;
    let version = answer.policy.and_then(|policy| policy.default_version_id);
    let version = version.ok_or_else(|| Failure::unexpected(&GET_POLICY, "the answer lacks the default version"))?;
    let call = clients.iam.get_policy_version().policy_arn(arn).version_id(version).send();
    let answer = clients.read(&GET_POLICY_VERSION, call).await?;
    Ok(answer.policy_version.and_then(|version| version.document))
}

fn document(read: &Read, sent: Option<&str>) -> Reading<Document> {
    let text = sent.filter(|text| !text.trim().is_empty()).and_then(policy_text);
    reading(text.map(Document::new).ok_or_else(|| Failure::unexpected(read, "the answer lacks the document")))
}
