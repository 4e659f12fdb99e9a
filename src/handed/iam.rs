use serde::Deserialize;
use serde_json::Value;

use super::ec2::tags;
use super::mangled::unwrapped;
use super::transcript::Part;
use crate::capture::{AttachedPolicy, InlinePolicy, Role};
use crate::names::{PrincipalArn, RoleArn};
use crate::source::{Document, Reading, Unread};

/// The role that a target names, and the one that has its name but another path.
pub(super) fn role(part: &Part, asked: &str) -> (Reading<Role>, Option<RoleArn>) {
    let (name, wanted) = match PrincipalArn::parse(asked) {
        Ok(PrincipalArn::Role(arn)) => (arn.name().to_owned(), Some(arn)),
        Ok(PrincipalArn::Session(arn)) => (arn.role_name().to_owned(), None),
        Ok(PrincipalArn::User(_) | PrincipalArn::Root(_)) | Err(_) => return (Reading::default(), None),
    };
    let get_role = format!("iam:GetRole {name}");
    if part.failed_with(&get_role, "NoSuchEntity") {
        return (Reading::Absent, None);
    }
    let found = part.reading(&get_role, |text| read(part, text, &name));
    match (found, wanted) {
        (Reading::Known(role), Some(wanted)) if role.arn != wanted => (Reading::Absent, Some(role.arn)),
        (Reading::Unread(unread), Some(arn)) => (Reading::Known(without_get_role(part, arn, &name, &unread)), None),
        (found, _) => (found, None),
    }
}

/// A role of which only the policies could be read.
fn without_get_role(part: &Part, arn: RoleArn, name: &str, unread: &Unread) -> Role {
    Role {
        arn,
        unique_id: Reading::Unread(unread.clone()),
        tags: Reading::Unread(unread.clone()),
        trust_policy: Reading::Unread(unread.clone()),
        boundary: Reading::Unread(unread.clone()),
        inline: inline(part, name),
        attached: attached(part, name),
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
    assume_role_policy_document: Document,
}

fn read(part: &Part, output: &str, name: &str) -> Option<Role> {
    let value: Value = serde_json::from_str(output).ok()?;
    let found = value.get("Role")?;
    let text = |pointer: &str| found.pointer(pointer).and_then(Value::as_str);
    let trust = serde_json::from_str::<GetRole>(output).ok()?.role.assume_role_policy_document;
    Some(Role {
        arn: RoleArn::parse(text("/Arn")?).ok()?,
        unique_id: Reading::Known(text("/RoleId")?.to_owned()),
        tags: Reading::Known(tags(found, "Key", "Value")),
        trust_policy: Reading::Known(trust),
        boundary: match text("/PermissionsBoundary/PermissionsBoundaryArn") {
            Some(arn) => Reading::Known(managed(part, arn)),
            None => Reading::Absent,
        },
        inline: inline(part, name),
        attached: attached(part, name),
    })
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

fn strings(output: &str, list: &str, member: &str) -> Option<Vec<String>> {
    let value: Value = serde_json::from_str(output).ok()?;
    let items = value.get(list)?.as_array()?.iter();
    items.map(|item| item.as_str().or_else(|| item.get(member)?.as_str()).map(str::to_owned)).collect()
}

fn inline(part: &Part, role: &str) -> Reading<Vec<InlinePolicy>> {
    let names = part.reading(&format!("iam:ListRolePolicies {role}"), |text| strings(text, "PolicyNames", ""));
    let one = |name: String| {
        let document = part.reading(&format!("iam:GetRolePolicy {role} {name}"), |text| {
            let (plain, _) = unwrapped(text).ok()?;
            Some(serde_json::from_str::<InlineOutput>(&plain).ok()?.policy_document)
        });
        InlinePolicy { name, document }
    };
    names.map(|names| names.into_iter().map(one).collect())
}

fn attached(part: &Part, role: &str) -> Reading<Vec<AttachedPolicy>> {
    let asked = format!("iam:ListAttachedRolePolicies {role}");
    let arns = part.reading(&asked, |text| strings(text, "AttachedPolicies", "PolicyArn"));
    arns.map(|arns| arns.iter().map(|arn| managed(part, arn)).collect())
}

/// A managed policy in its default version, which need not be the newest.
fn managed(part: &Part, arn: &str) -> AttachedPolicy {
    let version = part.reading(&format!("iam:GetPolicy {arn}"), |text| {
        let value: Value = serde_json::from_str(text).ok()?;
        Some(value.pointer("/Policy/DefaultVersionId")?.as_str()?.to_owned())
    });
    let document = match version {
        Reading::Known(version) => part.reading(&format!("iam:GetPolicyVersion {arn} {version}"), |text| {
            let (plain, _) = unwrapped(text).ok()?;
            Some(serde_json::from_str::<VersionOutput>(&plain).ok()?.policy_version.document)
        }),
        Reading::Absent => Reading::Absent,
        Reading::Unread(unread) => Reading::Unread(unread),
    };
    AttachedPolicy { arn: arn.to_owned(), document }
}
