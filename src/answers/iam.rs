use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;

use super::ec2::{list, tags};
use super::join::{complete as complete_reading, first};
use super::transcript::Part;
use super::whole::UNREAD;
use crate::capture::{AttachedPolicy, Group, Identity, InlinePolicy};
use crate::document::Document;
use crate::fact::{Fact, Unread};
use crate::names::{GroupArn, HolderKind, PolicyArn, PolicyName, PrincipalArn};

/// The word for a role, user or group in the names of IAM's operations.
pub(super) fn called(kind: HolderKind) -> &'static str {
    match kind {
        HolderKind::Role => "Role",
        HolderKind::User => "User",
        HolderKind::Group => "Group",
    }
}

/// The read that tells of a role or user itself.
pub(super) fn itself(asked: &str) -> &'static str {
    if matches!(PrincipalArn::parse(asked), Ok(PrincipalArn::User(_))) { "iam:GetUser" } else { "iam:GetRole" }
}

/// The role or user that a target names, and the one that has its name but another path.
pub(super) fn identity(part: &Part, asked: &str) -> (Fact<Identity>, Option<PrincipalArn>) {
    let Ok(named) = PrincipalArn::parse(asked) else { return (Fact::default(), None) };
    let name = named.name();
    let kind = match named {
        PrincipalArn::Role(_) | PrincipalArn::Session(_) => "Role",
        PrincipalArn::User(_) => "User",
        PrincipalArn::Root(_) => return (Fact::default(), None),
    };
    let get = format!("iam:Get{kind} {name}");
    if part.failed_with(&get, "NoSuchEntity") {
        return (Fact::Absent, None);
    }
    let is_session = matches!(named, PrincipalArn::Session(_));
    let of = [(&*format!("/{kind}/{kind}Name"), name)];
    let is_meant = |found: &Identity| {
        let arn = &found.arn;
        arn.name() == name && arn.account() == named.account() && arn.partition() == named.partition()
    };
    match part.reading_of(&get, &of, |text| read(part, text, kind, name).filter(is_meant)) {
        Fact::Known(found) if !is_session && found.arn != named => (Fact::Absent, Some(found.arn)),
        Fact::Unread(unread) if !is_session => (Fact::Known(policies_only(part, named, kind, &unread)), None),
        found @ (Fact::Known(_) | Fact::Absent | Fact::Unread(_) | Fact::Part { .. }) => (found, None),
    }
}

/// An identity of which only the policies could be read.
fn policies_only(part: &Part, arn: PrincipalArn, kind: &str, unread: &Unread) -> Identity {
    let name = arn.name();
    Identity {
        unique_id: Fact::Unread(unread.clone()),
        tags: Fact::Unread(unread.clone()),
        trust_policy: if kind == "Role" { Fact::Unread(unread.clone()) } else { Fact::default() },
        boundary: Fact::Unread(unread.clone()),
        groups: groups(part, kind, name),
        inline: inline(part, kind, name),
        attached: attached(part, kind, name),
        arn,
    }
}

/// The policies of a record that it lacks, each by its own answer; `is_newer`: the part is newer than the record.
pub(super) fn complete(identity: &mut Identity, part: &Part, is_newer: bool) {
    let name = identity.arn.name().to_owned();
    let kind = if identity.is_user() { "User" } else { "Role" };
    complete_holder(part, is_newer, (kind, &name), &mut identity.inline, &mut identity.attached);
    complete_reading(&mut identity.groups, || groups(part, kind, &name));
    for group in identity.groups.found_mut().into_iter().flatten() {
        let name = group.arn.rsplit('/').next().unwrap_or_default();
        complete_holder(part, is_newer, ("Group", name), &mut group.inline, &mut group.attached);
    }
    if let Fact::Known(boundary) = &mut identity.boundary {
        complete_managed(boundary, part, is_newer);
    }
}

fn complete_holder(
    part: &Part,
    is_newer: bool,
    (kind, name): (&str, &str),
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

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetRole {
    role: RoleOutput,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RoleOutput {
    #[serde(default)]
    assume_role_policy_document: Option<Document>,
}

fn read(part: &Part, output: &str, kind: &str, name: &str) -> Option<Identity> {
    let value: Value = serde_json::from_str(output).ok()?;
    let found = value.get(kind)?;
    let text = |pointer: &str| found.pointer(pointer).and_then(Value::as_str);
    let get = format!("iam:Get{kind}");
    let lacks = |what: &str| Unread::unparsable(&get, format!("what was handed in does not tell {what}"));
    let is_untold = |name: &str| list(found, UNREAD).any(|one| one.as_str() == Some(name));
    let trust_policy = if kind == "Role" {
        let document = serde_json::from_str::<GetRole>(output).ok()?.role.assume_role_policy_document;
        document.map_or_else(|| Fact::Unread(lacks("the trust policy")), Fact::Known)
    } else {
        Fact::default()
    };
    let unique_id = text(&format!("/{kind}Id")).map(str::to_owned);
    Some(Identity {
        arn: PrincipalArn::parse(text("/Arn")?).ok()?,
        unique_id: unique_id.map_or_else(|| Fact::Unread(lacks("the unique ID")), Fact::Known),
        tags: part
            .tags_unread(&format!("{get} {name}"))
            .or_else(|| is_untold("Tags").then(|| lacks("the tags")))
            .or_else(|| tags(found).is_none().then(|| Unread::unparsable("", "a tag stands twice in the answer")))
            .map_or_else(|| Fact::Known(tags(found).unwrap_or_default()), Fact::Unread),
        trust_policy,
        groups: groups(part, kind, name),
        boundary: match text("/PermissionsBoundary/PermissionsBoundaryArn") {
            Some(arn) => Fact::Known(managed(part, PolicyArn::parse(arn).ok()?.as_str(), None)),
            None if is_untold("PermissionsBoundary") => Fact::Unread(lacks("the permissions boundary")),
            None => Fact::Absent,
        },
        inline: inline(part, kind, name),
        attached: attached(part, kind, name),
    })
}

/// The groups that a user is in, each with its policies.
fn groups(part: &Part, kind: &str, name: &str) -> Fact<Vec<Group>> {
    if kind != "User" {
        return Fact::default();
    }
    let asked = format!("iam:ListGroupsForUser {name}");
    let arns = part.list(&asked, "Groups", |group| name_of::<GroupArn>(group.get("Arn")?));
    let group = |arn: String| {
        let name = arn.rsplit('/').next().unwrap_or_default();
        Group { inline: inline(part, "Group", name), attached: attached(part, "Group", name), arn }
    };
    arns.map(|arns| arns.into_iter().map(group).collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InlineOutput {
    policy_document: Document,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VersionOutput {
    policy_version: PolicyVersion,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyVersion {
    document: Document,
}

/// The name that stands there; what is no such name is not understood, and the list with it.
fn name_of<N: FromStr + Into<String>>(value: &Value) -> Option<String> {
    value.as_str()?.parse::<N>().ok().map(Into::into)
}

fn inline(part: &Part, kind: &str, of: &str) -> Fact<Vec<InlinePolicy>> {
    let asked = format!("iam:List{kind}Policies {of}");
    let names = part.list(&asked, "PolicyNames", name_of::<PolicyName>);
    let one = |name: String| InlinePolicy { document: document(part, kind, of, &name), name };
    names.map(|names| names.into_iter().map(one).collect())
}

fn document(part: &Part, kind: &str, of: &str, name: &str) -> Fact<Document> {
    let is_of = [(&*format!("/{kind}Name"), of), ("/PolicyName", name)];
    part.reading_of(&format!("iam:Get{kind}Policy {of} {name}"), &is_of, |text| {
        Some(serde_json::from_str::<InlineOutput>(text).ok()?.policy_document)
    })
}

fn attached(part: &Part, kind: &str, of: &str) -> Fact<Vec<AttachedPolicy>> {
    let asked = format!("iam:ListAttached{kind}Policies {of}");
    let arns = part.list(&asked, "AttachedPolicies", |policy| name_of::<PolicyArn>(policy.get("PolicyArn")?));
    arns.map(|arns| arns.iter().map(|arn| managed(part, arn, None)).collect())
}

/// A managed policy in its default version, which need not be the newest; `version`: which one that is known to be.
fn managed(part: &Part, arn: &str, version: Option<&str>) -> AttachedPolicy {
    let told = part.reading_of(&format!("iam:GetPolicy {arn}"), &[("/Policy/Arn", arn)], |text| {
        let value: Value = serde_json::from_str(text).ok()?;
        Some(value.pointer("/Policy/DefaultVersionId")?.as_str()?.to_owned())
    });
    let version = version.map_or(told, |version| Fact::Known(version.to_owned()));
    let document = match &version {
        Fact::Known(version) => {
            let of = [("/PolicyVersion/VersionId", version.as_str()), ("/PolicyVersion/IsDefaultVersion", "true")];
            part.reading_of(&format!("iam:GetPolicyVersion {arn} {version}"), &of, |text| {
                Some(serde_json::from_str::<VersionOutput>(text).ok()?.policy_version.document)
            })
        }
        Fact::Absent => Fact::Absent,
        Fact::Unread(unread) | Fact::Part { unread, .. } => Fact::Unread(unread.clone()),
    };
    AttachedPolicy { arn: arn.to_owned(), version: version.known().cloned(), document }
}

/// What a policy lacks. An older part does not know which version is the default now.
fn complete_managed(policy: &mut AttachedPolicy, part: &Part, is_newer: bool) {
    if policy.document.unread().is_some() {
        let version = policy.version.as_deref().filter(|_| !is_newer);
        let found = managed(part, &policy.arn, version);
        policy.document = first(std::mem::take(&mut policy.document), found.document);
        policy.version = found.version.or(policy.version.take());
    }
}
