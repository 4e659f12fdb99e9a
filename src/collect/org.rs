use aws_sdk_organizations::types::{self, PolicyType, PolicyTypeStatus};
use futures_util::future::{FutureExt, LocalBoxFuture, join_all};

use super::clients::{Clients, Membership};
use super::failure::{ReadError, reading};
use super::pace::{Page, pages};
use super::reader::AwsReader;
use crate::calls::{DESCRIBE_ORGANIZATION, DESCRIBE_POLICY, LIST_PARENTS, LIST_POLICIES_FOR_TARGET, LIST_ROOTS};
use crate::capture::{Level, OrgPolicy, Organization};
use crate::document::Document;
use crate::fact::Fact;
use crate::names::AccountId;

/// What the organization imposes on one account; read once.
pub(super) async fn organization(reader: &AwsReader, account: &AccountId) -> Fact<Organization> {
    reader.org_reads.organizations.get(account.clone(), || read(reader, account)).await
}

async fn read(reader: &AwsReader, account: &AccountId) -> Fact<Organization> {
    let tree = reader.tree_clients();
    let member = async {
        match reader.clients_in(account.as_str()).await {
            Some(clients) => (true, membership(clients).await),
            None => (false, membership(tree).await),
        }
    };
    let ((own, member), of_tree, climbed, enabled) =
        tokio::join!(member, membership(tree), climb(reader, account.as_str().to_owned()), enabled(reader));
    let strange = || {
        let message = format!("these credentials do not tell which organization account {account} is in");
        Fact::Unread(ReadError::not_asked(&DESCRIBE_ORGANIZATION, message).unread)
    };
    let member = match member {
        Err(failure) => return Fact::Unread(failure.unread),
        Ok(None) if own => return Fact::Absent,
        Ok(None) => return strange(),
        // Only the tree itself can say that an account of nobody's credentials is in it.
        Ok(Some(_)) if !own && climbed.is_err() => return strange(),
        Ok(Some(member)) => member,
    };
    // Other credentials may read another organization's tree, which says nothing of this account.
    let same_tree = climbed.is_ok() || matches!(&of_tree, Ok(Some(tree)) if tree.id == member.id);
    let (climbed, enabled) = if same_tree {
        (climbed, enabled)
    } else {
        let other = "the credentials for organization reads are of another organization";
        let failure = of_tree.err().unwrap_or_else(|| ReadError::not_asked(&LIST_ROOTS, other));
        (Err(failure.clone()), Err(failure))
    };
    Fact::Known(Organization {
        path: reading(climbed.clone().map(|steps| steps.into_iter().map(|step| step.target).collect())),
        scps: levels(&enabled, &climbed, &PolicyType::ServiceControlPolicy, |step| &step.scps),
        rcps: levels(&enabled, &climbed, &PolicyType::ResourceControlPolicy, |step| &step.rcps),
        ..Organization::bare(member.id, member.management_account)
    })
}

/// The organization of the clients' account, `None` if it is in none; asked once.
async fn membership(clients: &Clients) -> Result<Option<Membership>, ReadError> {
    let ask = || async {
        let call = clients.organizations.describe_organization().send();
        let answer = match clients.read(&DESCRIBE_ORGANIZATION, call).await {
            Err(failure) if failure.is("AWSOrganizationsNotInUseException") => return Ok(None),
            other => other?,
        };
        let found = answer.organization.and_then(|found| {
            let management_account = AccountId::parse(&found.master_account_id?).ok()?;
            Some(Membership { id: found.id?, management_account })
        });
        found.map(Some).ok_or_else(|| {
            ReadError::unexpected(
                &DESCRIBE_ORGANIZATION,
                "the answer lacks the organization's ID or management account",
            )
        })
    };
    clients.membership.get_or_init(ask).await.clone()
}

/// The policy types that are enabled on the root; a type that is not has no effect anywhere.
async fn enabled(reader: &AwsReader) -> Result<Vec<PolicyType>, ReadError> {
    let clients = reader.tree_clients();
    let ask = || async {
        let roots = pages(&LIST_ROOTS, async |token| {
            let answer =
                clients.read(&LIST_ROOTS, clients.organizations.list_roots().set_next_token(token).send()).await?;
            Page::new(&LIST_ROOTS, answer.roots, false, answer.next_token)
        })
        .await?;
        let types = match roots.as_slice() {
            [root] => root.policy_types.as_deref(),
            _ => None,
        };
        let types = types.ok_or_else(|| ReadError::unexpected(&LIST_ROOTS, "the answer lacks the policy types"))?;
        types.iter().map(in_force).filter_map(Result::transpose).collect()
    };
    reader.org_reads.enabled.get_or_init(ask).await.clone()
}

/// The type if it is in force; one that is being switched on or off counts as in force.
fn in_force(summary: &types::PolicyTypeSummary) -> Result<Option<PolicyType>, ReadError> {
    match (summary.r#type.as_ref(), summary.status.as_ref()) {
        (
            Some(kind),
            Some(PolicyTypeStatus::Enabled | PolicyTypeStatus::PendingDisable | PolicyTypeStatus::PendingEnable),
        ) => Ok(Some(kind.clone())),
        _ => Err(ReadError::unexpected(&LIST_ROOTS, "the answer holds a policy type of unknown status")),
    }
}

/// One step on the way from the root down to the account.
#[derive(Debug, Clone)]
struct Step {
    target: String,
    scps: Result<Level, ReadError>,
    rcps: Result<Level, ReadError>,
}

/// The steps from the root down to `target`; each level's policies are read while the next parent is looked up.
fn climb(reader: &AwsReader, target: String) -> LocalBoxFuture<'_, Result<Vec<Step>, ReadError>> {
    async move {
        let above = async {
            if target.starts_with("r-") {
                return Ok(Vec::new());
            }
            climb(reader, parent(reader, &target).await?).await
        };
        let (above, scps, rcps) = tokio::join!(
            above,
            level(reader, &target, PolicyType::ServiceControlPolicy),
            level(reader, &target, PolicyType::ResourceControlPolicy),
        );
        let mut steps = above?;
        steps.push(Step { target, scps, rcps });
        Ok(steps)
    }
    .boxed_local()
}

async fn parent(reader: &AwsReader, child: &str) -> Result<String, ReadError> {
    let clients = reader.tree_clients();
    let read = || async {
        let parents = pages(&LIST_PARENTS, async |token| {
            let call = clients.organizations.list_parents().child_id(child).set_next_token(token).send();
            let answer = clients.read(&LIST_PARENTS, call).await?;
            Page::new(&LIST_PARENTS, answer.parents, false, answer.next_token)
        })
        .await?;
        let mut ids = parents.into_iter().filter_map(|parent| parent.id);
        match (ids.next(), ids.next()) {
            (Some(id), None) => Ok(id),
            _ => Err(ReadError::unexpected(&LIST_PARENTS, "the answer does not name one parent")),
        }
    };
    reader.org_reads.parents.get(child.to_owned(), read).await
}

async fn level(reader: &AwsReader, target: &str, kind: PolicyType) -> Result<Level, ReadError> {
    let clients = reader.tree_clients();
    let key = (target.to_owned(), kind == PolicyType::ServiceControlPolicy);
    let read = || async {
        let policies = pages(&LIST_POLICIES_FOR_TARGET, async |token| {
            let call = clients.organizations.list_policies_for_target().target_id(target);
            let call = call.filter(kind.clone()).set_next_token(token).send();
            let answer = clients.read(&LIST_POLICIES_FOR_TARGET, call).await?;
            Page::new(&LIST_POLICIES_FOR_TARGET, answer.policies, false, answer.next_token)
        })
        .await?;
        let named: Option<Vec<(String, String)>> =
            (policies.into_iter()).map(|policy| Some((policy.id?, policy.name.unwrap_or_default()))).collect();
        let named = named
            .ok_or_else(|| ReadError::unexpected(&LIST_POLICIES_FOR_TARGET, "the answer holds a policy without ID"))?;
        let policies = named.into_iter().map(async |(id, name)| {
            let document = document(reader, &id).await;
            OrgPolicy { id, name, document }
        });
        Ok(Level { target: target.to_owned(), policies: join_all(policies).await })
    };
    reader.org_reads.levels.get(key, read).await
}

async fn document(reader: &AwsReader, id: &str) -> Fact<Document> {
    let clients = reader.tree_clients();
    let read = || async {
        let call = clients.organizations.describe_policy().policy_id(id).send();
        let answer = match clients.read(&DESCRIBE_POLICY, call).await {
            Ok(answer) => answer,
            Err(failure) => return Fact::Unread(failure.unread),
        };
        let policy = answer.policy.filter(|policy| {
            let told = policy.policy_summary.as_ref().and_then(|summary| summary.id.as_deref());
            told.is_none_or(|told| told == id)
        });
        let text = policy.and_then(|policy| policy.content).filter(|text| !text.trim().is_empty());
        let lacks = || ReadError::unexpected(&DESCRIBE_POLICY, "the answer lacks the document of this policy");
        reading(text.map(Document::new).ok_or_else(lacks))
    };
    reader.org_reads.documents.get(id.to_owned(), read).await
}

/// The policies of one type on every level; a type that is not enabled is absent.
fn levels(
    enabled: &Result<Vec<PolicyType>, ReadError>,
    climbed: &Result<Vec<Step>, ReadError>,
    kind: &PolicyType,
    of: impl Fn(&Step) -> &Result<Level, ReadError>,
) -> Fact<Vec<Level>> {
    match enabled {
        Ok(enabled) if !enabled.contains(kind) => Fact::Absent,
        Ok(_) => match climbed {
            Ok(steps) => part(steps.iter().map(of)),
            Err(failure) => Fact::Unread(failure.unread.clone()),
        },
        Err(failure) => Fact::Unread(failure.unread.clone()),
    }
}

/// The levels; where some were not read, the others are a part, the policies of which bind all the same.
fn part<'s>(levels: impl Iterator<Item = &'s Result<Level, ReadError>>) -> Fact<Vec<Level>> {
    let (mut known, mut unread) = (Vec::new(), None);
    for level in levels {
        match level {
            Ok(level) => known.push(level.clone()),
            Err(failure) => unread = unread.or_else(|| Some(failure.unread.clone())),
        }
    }
    match unread {
        None => Fact::Known(known),
        Some(unread) if known.is_empty() => Fact::Unread(unread),
        Some(unread) => Fact::Part { known, unread },
    }
}
