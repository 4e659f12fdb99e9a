use std::collections::BTreeMap;

use aws_sdk_iam::types;
use futures_util::future::join_all;

use super::clients::Clients;
use super::failure::{Failure, reading};
use super::holder::{Kind, attached, document, inline, managed};
use super::pace::{Page, pages};
use super::reader::IamReads;
use crate::capture::{AttachedPolicy, Group, Identity};
use crate::names::{GroupArn, PolicyArn, PrincipalArn, UniqueId};
use crate::reads::{GET_ROLE, GET_USER, LIST_GROUPS_FOR_USER, Read};
use crate::source::{Document, Reading};

/// What IAM says of a role or user itself.
struct Record {
    arn: PrincipalArn,
    unique_id: Reading<UniqueId>,
    tags: BTreeMap<String, String>,
    trust_policy: Reading<Document>,
    boundary: Reading<AttachedPolicy>,
}

/// A role or user with its policies, and the one that has its name but another path.
///
/// IAM takes a bare name and answers from the reader's own account, so the ARN in its answer must equal the one
/// that was asked for.
pub(super) async fn identity(
    clients: &Clients,
    reads: &IamReads,
    asked: &PrincipalArn,
) -> (Reading<Identity>, Option<PrincipalArn>) {
    let (kind, read) =
        if matches!(asked, PrincipalArn::User(_)) { (Kind::User, &GET_USER) } else { (Kind::Role, &GET_ROLE) };
    let name = asked.name();
    let (got, groups, inline, attached, reader) = tokio::join!(
        record(clients, reads, kind, name),
        groups(clients, reads, kind, name),
        inline(clients, kind, name),
        attached(clients, reads, kind, name),
        clients.account(),
    );
    let unread = |failure: Failure| (Reading::Unread(failure.unread), None);
    // A session's ARN does not tell its role's path.
    let is_session = matches!(asked, PrincipalArn::Session(_));
    match got {
        Ok(found) if found.arn.account() != asked.account() => unread(of_another_account(read)),
        Ok(found) if !is_session && found.arn != *asked => (Reading::Absent, Some(found.arn)),
        Ok(Record { arn, unique_id, tags, trust_policy, boundary }) => {
            let tags = Reading::Known(tags);
            (Reading::Known(Identity { arn, unique_id, tags, trust_policy, groups, boundary, inline, attached }), None)
        }
        Err(_) if reader.as_ref().is_some_and(|account| account.as_str() != asked.account()) => {
            unread(of_another_account(read))
        }
        Err(failure) if failure.is("NoSuchEntity") && reader.is_some() => (Reading::Absent, None),
        Err(failure) if is_session => unread(failure),
        Err(Failure { unread, .. }) => {
            let identity = Identity {
                arn: asked.clone(),
                unique_id: Reading::Unread(unread.clone()),
                tags: Reading::Unread(unread.clone()),
                trust_policy: if kind == Kind::Role { Reading::Unread(unread.clone()) } else { Reading::default() },
                groups,
                boundary: Reading::Unread(unread),
                inline,
                attached,
            };
            (Reading::Known(identity), None)
        }
    }
}

fn of_another_account(read: &Read) -> Failure {
    Failure::not_asked(read, "roles and users of another account cannot be read with these credentials")
}

async fn record(clients: &Clients, reads: &IamReads, kind: Kind, name: &str) -> Result<Record, Failure> {
    let (read, arn, id, tags, boundary, trust_policy) = if kind == Kind::User {
        let answer = clients.read(&GET_USER, clients.iam.get_user().user_name(name).send()).await?;
        let user = answer.user.ok_or_else(|| Failure::unexpected(&GET_USER, "the answer lacks the user"))?;
        (&GET_USER, user.arn, user.user_id, user.tags, user.permissions_boundary, Reading::default())
    } else {
        let role = get_role(clients, reads, name).await?;
        let trust_policy = document(&GET_ROLE, role.assume_role_policy_document.as_deref());
        (&GET_ROLE, role.arn, role.role_id, role.tags, role.permissions_boundary, trust_policy)
    };
    Ok(Record {
        arn: PrincipalArn::parse(&arn).map_err(|_| Failure::unexpected(read, "the answer lacks the ARN"))?,
        unique_id: reading(
            UniqueId::parse(&id).map_err(|_| Failure::unexpected(read, "the answer lacks the unique ID")),
        ),
        // IAM leaves the element out where there are no tags.
        tags: tags.into_iter().flatten().map(|tag| (tag.key, tag.value)).collect(),
        trust_policy,
        boundary: match boundary.map(|boundary| PolicyArn::parse(&boundary.permissions_boundary_arn?).ok()) {
            None => Reading::Absent,
            Some(Some(arn)) => Reading::Known(managed(clients, reads, arn).await),
            Some(None) => {
                Reading::Unread(Failure::unexpected(read, "the answer lacks the permissions boundary's ARN").unread)
            }
        },
    })
}

/// The role of this name in the reader's account; read once.
pub(super) async fn get_role(clients: &Clients, reads: &IamReads, name: &str) -> Result<types::Role, Failure> {
    let read = || async {
        let answer = clients.read(&GET_ROLE, clients.iam.get_role().role_name(name).send()).await?;
        answer.role.ok_or_else(|| Failure::unexpected(&GET_ROLE, "the answer lacks the role"))
    };
    reads.roles.get(name.to_owned(), read).await
}

/// The groups that a user is in, each with its policies.
async fn groups(clients: &Clients, reads: &IamReads, kind: Kind, user: &str) -> Reading<Vec<Group>> {
    if kind != Kind::User {
        return Reading::default();
    }
    let found = pages(&LIST_GROUPS_FOR_USER, async |marker| {
        let call = clients.iam.list_groups_for_user().user_name(user).set_marker(marker).send();
        let answer = clients.read(&LIST_GROUPS_FOR_USER, call).await?;
        Page::new(&LIST_GROUPS_FOR_USER, Some(answer.groups), answer.is_truncated, answer.marker)
    });
    let arns = found.await.and_then(|found| {
        let arns: Option<Vec<GroupArn>> = found.iter().map(|group| GroupArn::parse(&group.arn).ok()).collect();
        arns.ok_or_else(|| Failure::unexpected(&LIST_GROUPS_FOR_USER, "the answer holds a group without ARN"))
    });
    match arns {
        Ok(arns) => Reading::Known(join_all(arns.into_iter().map(|arn| group(clients, reads, arn))).await),
        Err(failure) => Reading::Unread(failure.unread),
    }
}

/// A group with its policies; read once.
async fn group(clients: &Clients, reads: &IamReads, arn: GroupArn) -> Group {
    let read = || async {
        let name = arn.name();
        let (inline, attached) =
            tokio::join!(inline(clients, Kind::Group, name), attached(clients, reads, Kind::Group, name));
        Group { arn: arn.clone(), inline, attached }
    };
    reads.groups.get(arn.clone(), read).await
}
