use super::api::iam::{
    self as api, GetIdentity, GetInlinePolicy, GetPolicy, GetPolicyVersion, ListAttachedPolicies, ListGroupsForUser,
    ListPolicies, Policies, called,
};
use super::join::{complete as complete_reading, first};
use super::transcript::Part;
use crate::capture::{AttachedPolicy, Group, Identity, InlinePolicy};
use crate::document::Document;
use crate::fact::{Fact, Unread};
use crate::names::{GroupArn, HolderKind, PolicyArn, PolicyName, PolicyVersionId, PrincipalArn};

/// The read that tells of a role or user itself.
pub(super) fn itself(asked: &PrincipalArn) -> &'static str {
    api::itself(asked)
}

/// The role or user that a target names, and the one that has its name but another path.
pub(super) fn identity(part: &Part, named: &PrincipalArn) -> (Fact<Identity>, Option<PrincipalArn>) {
    let kind = match named {
        PrincipalArn::Role(_) | PrincipalArn::Session(_) => HolderKind::Role,
        PrincipalArn::User(_) => HolderKind::User,
        PrincipalArn::Root(_) => return (Fact::default(), None),
    };
    let name = named.name();
    let get = format!("iam:Get{} {name}", called(kind));
    if part.is_gone(&get) {
        return (Fact::Absent, None);
    }
    let mut told = part.read(&get, |answer: GetIdentity| answer.identity(named));
    if let Some(told) = told.known_mut() {
        if let Some(unread) = part.tags_unread(&get) {
            told.tags = Fact::Unread(unread);
        }
        let untold = |member: &str| {
            part.is_untold(&get, member)
                .then(|| Unread::unparsable(itself(named), "what was handed in does not tell it"))
        };
        if let Some(unread) = untold("Tags") {
            told.tags = Fact::Unread(unread);
        }
        if let Some(unread) = untold("PermissionsBoundary") {
            told.boundary = Fact::Unread(unread);
        }
        if let Fact::Known(boundary) = &mut told.boundary {
            *boundary = managed(part, &boundary.arn, None);
        }
    }
    let policies = Policies {
        groups: groups(part, kind, name),
        inline: inline(part, kind, name),
        attached: attached(part, kind, name),
    };
    api::identity(named, told, policies)
}

/// The policies of a record that it lacks, each by its own answer; `is_newer`: the part is newer than the record.
pub(super) fn complete(identity: &mut Identity, part: &Part, is_newer: bool) {
    let name = identity.arn.name().to_owned();
    let kind = if identity.is_user() { HolderKind::User } else { HolderKind::Role };
    complete_holder(part, is_newer, (kind, &name), &mut identity.inline, &mut identity.attached);
    complete_reading(&mut identity.groups, || groups(part, kind, &name));
    for group in identity.groups.found_mut().into_iter().flatten() {
        let name = group.arn.name();
        complete_holder(part, is_newer, (HolderKind::Group, name), &mut group.inline, &mut group.attached);
    }
    if let Fact::Known(boundary) = &mut identity.boundary {
        complete_managed(boundary, part, is_newer);
    }
}

fn complete_holder(
    part: &Part,
    is_newer: bool,
    (kind, name): (HolderKind, &str),
    of_inline: &mut Fact<Vec<InlinePolicy>>,
    of_attached: &mut Fact<Vec<AttachedPolicy>>,
) {
    complete_reading(of_inline, || inline(part, kind, name));
    for policy in of_inline.found_mut().into_iter().flatten() {
        complete_reading(&mut policy.document, || document(part, kind, name, &policy.name));
    }
    complete_reading(of_attached, || attached(part, kind, name));
    for policy in of_attached.found_mut().into_iter().flatten() {
        complete_managed(policy, part, is_newer);
    }
}

/// The groups that a user is in, each with its policies.
fn groups(part: &Part, kind: HolderKind, name: &str) -> Fact<Vec<Group>> {
    if kind != HolderKind::User {
        return Fact::default();
    }
    let group = |arn: GroupArn| {
        let name = arn.name();
        Group { inline: inline(part, HolderKind::Group, name), attached: attached(part, HolderKind::Group, name), arn }
    };
    let arns = part.list(&format!("iam:ListGroupsForUser {name}"), ListGroupsForUser::arns);
    arns.map(|arns| arns.into_iter().map(group).collect())
}

fn inline(part: &Part, kind: HolderKind, of: &str) -> Fact<Vec<InlinePolicy>> {
    let names = part.list(&format!("iam:List{}Policies {of}", called(kind)), ListPolicies::names);
    let one = |name: PolicyName| InlinePolicy { document: document(part, kind, of, &name), name };
    names.map(|names| names.into_iter().map(one).collect())
}

fn document(part: &Part, kind: HolderKind, of: &str, name: &PolicyName) -> Fact<Document> {
    let asked = format!("iam:Get{}Policy {of} {name}", called(kind));
    part.read(&asked, |answer: GetInlinePolicy| answer.document(of, name))
}

fn attached(part: &Part, kind: HolderKind, of: &str) -> Fact<Vec<AttachedPolicy>> {
    let asked = format!("iam:ListAttached{}Policies {of}", called(kind));
    let arns = part.list(&asked, ListAttachedPolicies::arns);
    arns.map(|arns| arns.iter().map(|arn| managed(part, arn, None)).collect())
}

/// A managed policy in its default version; `version`: which one that is known to be.
fn managed(part: &Part, arn: &PolicyArn, version: Option<&PolicyVersionId>) -> AttachedPolicy {
    let told = || part.read(&format!("iam:GetPolicy {arn}"), |answer: GetPolicy| answer.default_version(arn));
    let version = version.map_or_else(told, |version| Fact::Known(version.clone()));
    let document = match &version {
        Fact::Known(version) => {
            let asked = format!("iam:GetPolicyVersion {arn} {version}");
            part.read(&asked, |answer: GetPolicyVersion| answer.document(version))
        }
        Fact::Absent => Fact::Absent,
        Fact::Unread(unread) | Fact::Part { unread, .. } => Fact::Unread(unread.clone()),
    };
    AttachedPolicy { arn: arn.clone(), version: version.known().cloned(), document }
}

/// What a policy lacks. An older part does not know which version is the default now.
fn complete_managed(policy: &mut AttachedPolicy, part: &Part, is_newer: bool) {
    if policy.document.unread().is_some() {
        let version = policy.version.as_ref().filter(|_| !is_newer);
        let found = managed(part, &policy.arn, version);
        policy.document = first(std::mem::take(&mut policy.document), found.document);
        policy.version = found.version.or(policy.version.take());
    }
}
