use std::collections::BTreeMap;

use aws_sdk_iam::types;
use futures_util::future::join_all;

use super::clients::Clients;
use super::failure::{ReadError, reading};
use super::holder::{Kind, attached, document, inline, managed};
use super::pace::{Page, pages};
use super::reader::IamReads;
use crate::calls::{GET_ROLE, GET_USER, LIST_GROUPS_FOR_USER, Read};
use crate::capture::{AttachedPolicy, Group, Identity};
use crate::document::Document;
use crate::fact::Fact;
use crate::names::PrincipalArn;

/// What IAM says of a role or user itself.
struct Record {
    arn: PrincipalArn,
    unique_id: Fact<String>,
    tags: BTreeMap<String, String>,
    trust_policy: Fact<Document>,
    boundary: Fact<AttachedPolicy>,
}

/// A role or user with its policies, and the one that has its name but another path.
///
/// IAM takes a bare name and answers from the reader's own account, so the ARN in its answer must equal the one
/// that was asked for.
pub(super) async fn identity(
    clients: &Clients,
    reads: &IamReads,
    asked: &PrincipalArn,
) -> (Fact<Identity>, Option<PrincipalArn>) {
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
    let unread = |failure: ReadError| (Fact::Unread(failure.unread), None);
    // A session's ARN does not tell its role's path.
    let is_session = matches!(asked, PrincipalArn::Session(_));
    match got {
        Ok(found) if found.arn.account() != asked.account() => unread(of_another_account(read)),
        Ok(found) if !is_session && found.arn != *asked => (Fact::Absent, Some(found.arn)),
        Ok(Record { arn, unique_id, tags, trust_policy, boundary }) => {
            let tags = Fact::Known(tags);
            (Fact::Known(Identity { arn, unique_id, tags, trust_policy, groups, boundary, inline, attached }), None)
        }
        Err(_) if reader.as_ref().is_some_and(|account| account.as_str() != asked.account()) => {
            unread(of_another_account(read))
        }
        Err(failure) if failure.is("NoSuchEntity") && reader.is_some() => (Fact::Absent, None),
        Err(failure) if is_session => unread(failure),
        Err(ReadError { unread, .. }) => {
            let identity = Identity {
                arn: asked.clone(),
                unique_id: Fact::Unread(unread.clone()),
                tags: Fact::Unread(unread.clone()),
                trust_policy: if kind == Kind::Role { Fact::Unread(unread.clone()) } else { Fact::default() },
                groups,
                boundary: Fact::Unread(unread),
                inline,
                attached,
            };
            (Fact::Known(identity), None)
        }
    }
}

fn of_another_account(read: &Read) -> ReadError {
    ReadError::not_asked(read, "roles and users of another account cannot be read with these credentials")
}

async fn record(clients: &Clients, reads: &IamReads, kind: Kind, name: &str) -> Result<Record, ReadError> {
    let (read, arn, id, tags, boundary, trust_policy) = if kind == Kind::User {
        let answer = clients.read(&GET_USER, clients.iam.get_user().user_name(name).send()).await?;
        let user = answer.user.ok_or_else(|| ReadError::unexpected(&GET_USER, "the answer lacks the user"))?;
        (&GET_USER, user.arn, user.user_id, user.tags, user.permissions_boundary, Fact::default())
    } else {
        let role = get_role(clients, reads, name).await?;
        let trust_policy = document(&GET_ROLE, role.assume_role_policy_document.as_deref());
        (&GET_ROLE, role.arn, role.role_id, role.tags, role.permissions_boundary, trust_policy)
    };
    let id = Some(id).filter(|id| !id.is_empty());
    Ok(Record {
        arn: PrincipalArn::parse(&arn).map_err(|_| ReadError::unexpected(read, "the answer lacks the ARN"))?,
        unique_id: reading(id.ok_or_else(|| ReadError::unexpected(read, "the answer lacks the unique ID"))),
        // IAM leaves the element out where there are no tags.
        tags: tags.into_iter().flatten().map(|tag| (tag.key, tag.value)).collect(),
        trust_policy,
        boundary: match boundary.map(|boundary| boundary.permissions_boundary_arn) {
            None => Fact::Absent,
            Some(Some(arn)) => Fact::Known(managed(clients, reads, arn).await),
            Some(None) => {
                Fact::Unread(ReadError::unexpected(read, "the answer lacks the permissions boundary's ARN").unread)
            }
        },
    })
}

/// The role of this name in the reader's account; read once.
async fn get_role(clients: &Clients, reads: &IamReads, name: &str) -> Result<types::Role, ReadError> {
    let read = || async {
        let answer = clients.read(&GET_ROLE, clients.iam.get_role().role_name(name).send()).await?;
        answer.role.ok_or_else(|| ReadError::unexpected(&GET_ROLE, "the answer lacks the role"))
    };
    reads.roles.get(name.to_owned(), read).await
}

/// The groups that a user is in, each with its policies.
async fn groups(clients: &Clients, reads: &IamReads, kind: Kind, user: &str) -> Fact<Vec<Group>> {
    if kind != Kind::User {
        return Fact::default();
    }
    let found = pages(&LIST_GROUPS_FOR_USER, async |marker| {
        let call = clients.iam.list_groups_for_user().user_name(user).set_marker(marker).send();
        let answer = clients.read(&LIST_GROUPS_FOR_USER, call).await?;
        Page::new(&LIST_GROUPS_FOR_USER, Some(answer.groups), answer.is_truncated, answer.marker)
    });
    match found.await {
        Ok(found) => {
            let groups = found.into_iter().map(|group| self::group(clients, reads, group.arn, group.group_name));
            Fact::Known(join_all(groups).await)
        }
        Err(failure) => Fact::Unread(failure.unread),
    }
}

/// A group with its policies; read once.
async fn group(clients: &Clients, reads: &IamReads, arn: String, name: String) -> Group {
    let read = || async {
        let (inline, attached) =
            tokio::join!(inline(clients, Kind::Group, &name), attached(clients, reads, Kind::Group, &name));
        Group { arn: arn.clone(), inline, attached }
    };
    reads.groups.get(arn.clone(), read).await
}
