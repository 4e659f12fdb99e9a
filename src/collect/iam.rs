use aws_sdk_iam::types;
use futures_util::future::join_all;

use super::clients::Clients;
use super::failure::{ReadError, reading, understood};
use super::holder::{attached, inline, managed};
use super::pace::{Page, pages};
use super::reader::IamReads;
use super::xml::document;
use crate::answers::api::Tag;
use crate::answers::api::iam::{
    self as api, AttachedPermissionsBoundary, GetIdentity, GroupEntry, ListGroupsForUser, Policies,
};
use crate::calls::{GET_ROLE, GET_USER, LIST_GROUPS_FOR_USER};
use crate::capture::{Group, Identity};
use crate::fact::Fact;
use crate::names::{GroupArn, HolderKind, PrincipalArn};

/// A role or user with its policies, and the one that has its name but another path.
pub(super) async fn identity(
    clients: &Clients,
    reads: &IamReads,
    asked: &PrincipalArn,
) -> (Fact<Identity>, Option<PrincipalArn>) {
    let (kind, read) = match asked {
        PrincipalArn::User(_) => (HolderKind::User, &GET_USER),
        PrincipalArn::Role(_) | PrincipalArn::Session(_) | PrincipalArn::Root(_) => (HolderKind::Role, &GET_ROLE),
    };
    let name = asked.name();
    let (told, groups, inline, attached, reader) = tokio::join!(
        itself(clients, reads, asked),
        groups(clients, reads, kind, name),
        inline(clients, kind, name),
        attached(clients, reads, kind, name),
        clients.account(),
    );
    // IAM takes a bare name and answers from the reader's own account.
    if reader.as_ref().is_some_and(|account| account.as_str() != asked.account()) {
        let message = "roles and users of another account cannot be read with these credentials";
        return (Fact::Unread(ReadError::not_asked(read, message).unread), None);
    }
    let told = match told {
        Err(failure) if failure.is_gone() && reader.is_some() => Fact::Absent,
        told => reading(told),
    };
    api::identity(asked, told, Policies { groups, inline, attached })
}

/// What IAM says of a role or user itself, and its permissions boundary.
async fn itself(clients: &Clients, reads: &IamReads, asked: &PrincipalArn) -> Result<Identity, ReadError> {
    let name = asked.name();
    let (read, identity) = if matches!(asked, PrincipalArn::User(_)) {
        let answer = clients.read(&GET_USER, clients.iam.get_user().user_name(name).send()).await?;
        (&GET_USER, answer.user.map(user))
    } else {
        let answer = clients.read(&GET_ROLE, clients.iam.get_role().role_name(name).send()).await?;
        (&GET_ROLE, answer.role.map(role))
    };
    let mut told = understood(read, GetIdentity { identity }.identity(asked))?;
    if let Fact::Known(boundary) = &mut told.boundary {
        *boundary = managed(clients, reads, boundary.arn.clone()).await;
    }
    Ok(told)
}

pub(super) fn role(role: types::Role) -> api::Identity {
    api::Identity {
        name: Some(role.role_name),
        id: Some(role.role_id),
        arn: Some(role.arn),
        assume_role_policy_document: role.assume_role_policy_document.as_deref().and_then(document),
        permissions_boundary: role.permissions_boundary.map(boundary),
        tags: role.tags.map(tags),
    }
}

pub(super) fn user(user: types::User) -> api::Identity {
    api::Identity {
        name: Some(user.user_name),
        id: Some(user.user_id),
        arn: Some(user.arn),
        assume_role_policy_document: None,
        permissions_boundary: user.permissions_boundary.map(boundary),
        tags: user.tags.map(tags),
    }
}

fn boundary(boundary: types::AttachedPermissionsBoundary) -> AttachedPermissionsBoundary {
    AttachedPermissionsBoundary { permissions_boundary_arn: boundary.permissions_boundary_arn }
}

fn tags(tags: Vec<types::Tag>) -> Vec<Tag> {
    tags.into_iter().map(|tag| Tag { key: Some(tag.key), value: Some(tag.value) }).collect()
}

/// The groups that a user is in, each with its policies.
async fn groups(clients: &Clients, reads: &IamReads, kind: HolderKind, user: &str) -> Fact<Vec<Group>> {
    if kind != HolderKind::User {
        return Fact::default();
    }
    let arns = async {
        let groups = pages(&LIST_GROUPS_FOR_USER, async |marker| {
            let call = clients.iam.list_groups_for_user().user_name(user).set_marker(marker).send();
            let answer = clients.read(&LIST_GROUPS_FOR_USER, call).await?;
            Page::new(&LIST_GROUPS_FOR_USER, Some(answer.groups), answer.is_truncated, answer.marker)
        });
        let groups = groups.await?.into_iter().map(|group| GroupEntry { arn: Some(group.arn) }).collect();
        understood(&LIST_GROUPS_FOR_USER, ListGroupsForUser { groups: Some(groups) }.arns())
    };
    match arns.await {
        Ok(arns) => Fact::Known(join_all(arns.into_iter().map(|arn| group(clients, reads, arn))).await),
        Err(failure) => Fact::Unread(failure.unread),
    }
}

/// A group with its policies; read once.
async fn group(clients: &Clients, reads: &IamReads, arn: GroupArn) -> Group {
    let name = arn.name();
    let read = || async {
        let (inline, attached) =
            tokio::join!(inline(clients, HolderKind::Group, name), attached(clients, reads, HolderKind::Group, name));
        Group { arn: arn.clone(), inline, attached }
    };
    reads.groups.get(arn.clone(), read).await
}
