//! Roles, users, groups and managed policies with all that is theirs, as `aws iam get-account-authorization-details`
//! prints them and, but for the case of names and the encoding of documents, AWS Config records them.
//!
//! Sources: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html>,
//! <https://github.com/awslabs/aws-config-resource-schema>

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::api::iam::called;
use super::identify::{Item, Of};
use super::whole::{PARTIAL, UNREAD};
use crate::document::Document;
use crate::names::{AccountId, Arn, HolderKind, holder};

/// What `get-account-authorization-details` prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Account {
    #[serde(default)]
    role_detail_list: Vec<Detail>,
    #[serde(default)]
    user_detail_list: Vec<Detail>,
    #[serde(default)]
    group_detail_list: Vec<Detail>,
    #[serde(default)]
    policies: Vec<Managed>,
}

/// A role, user or group.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Detail {
    #[serde(default, alias = "RoleId", alias = "UserId", alias = "GroupId")]
    id: Option<String>,
    #[serde(default)]
    arn: Option<String>,
    #[serde(default)]
    assume_role_policy_document: Option<Document>,
    #[serde(default, alias = "RolePolicyList", alias = "UserPolicyList", alias = "GroupPolicyList")]
    inline: Option<Vec<Inline>>,
    #[serde(default)]
    attached_managed_policies: Option<Vec<Value>>,
    #[serde(default)]
    group_list: Option<Vec<String>>,
    #[serde(default, deserialize_with = "stated")]
    permissions_boundary: Stated,
    #[serde(default)]
    tags: Option<Value>,
}

#[derive(Deserialize)]
struct Inline {
    #[serde(rename = "PolicyName")]
    name: String,
    #[serde(default, rename = "PolicyDocument")]
    document: Option<Document>,
}

/// A managed policy.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Managed {
    arn: String,
    #[serde(default)]
    default_version_id: Option<String>,
    #[serde(default)]
    policy_version_list: Vec<Version>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    #[serde(rename = "VersionId")]
    id: String,
    #[serde(default, rename = "IsDefaultVersion")]
    is_default: bool,
    #[serde(default)]
    document: Option<Document>,
}

/// What is stated, be it that there is nothing; `None` of a member that is not there.
type Stated = Option<Value>;

fn stated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Stated, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Whether members that are not there are empty, or were not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeftOut {
    /// IAM leaves out what a role or user does not have.
    Empty,
    /// A query of AWS Config leaves out what it did not ask for.
    Untold,
}

/// The answers of which the whole of an account is made up.
pub(super) fn account(text: &str) -> Option<Vec<Item>> {
    let account: Account = serde_json::from_str(text).ok()?;
    let groups = groups(&account.group_detail_list);
    let details = account.role_detail_list.iter().chain(&account.user_detail_list).chain(&account.group_detail_list);
    let details = details.flat_map(|detail| detail.items(&groups, LeftOut::Empty));
    Some(details.chain(account.policies.iter().flat_map(Managed::items)).collect())
}

/// The ARNs of groups by their account and name: whoever is in a group names it without its path.
pub(super) fn groups<'d>(details: impl IntoIterator<Item = &'d Detail>) -> BTreeMap<(String, String), String> {
    let arns = details.into_iter().filter_map(|detail| detail.arn.clone());
    arns.filter_map(|arn| {
        let (kind, name) = holder(&arn)?;
        let account = Arn::parse(&arn).ok()?.account().to_owned();
        (kind == HolderKind::Group).then(|| ((account, name.to_string()), arn))
    })
    .collect()
}

/// A document as it is; AWS Config has it as IAM's API gives it, encoded as in a URL.
fn plain(document: &Document) -> Document {
    if document.text().trim_start().starts_with("%7B") {
        Document::new(percent_decode_str(document.text()).decode_utf8_lossy())
    } else {
        document.clone()
    }
}

impl Detail {
    /// The answers that tell of it, as far as it does.
    pub(super) fn items(&self, groups: &BTreeMap<(String, String), String>, left_out: LeftOut) -> Vec<Item> {
        let Some((kind, name)) = self.arn.as_deref().and_then(holder) else { return Vec::new() };
        let arn = self.arn.as_deref().unwrap_or_default();
        let account = Arn::parse(arn).ok().and_then(|arn| AccountId::parse(arn.account()).ok());
        let mut items = Vec::new();
        let mut tell = |asked: String, answer: Value| {
            items.push(Item { account: account.clone(), ..Item::told(Of::Read(asked), answer.to_string()) });
        };
        let called = called(kind);
        if kind != HolderKind::Group {
            tell(format!("iam:Get{called} {name}"), json!({ called: self.itself(called, name.as_str(), left_out) }));
        }
        if let Some(inline) = &self.inline {
            let names: Vec<&str> = inline.iter().map(|policy| policy.name.as_str()).collect();
            tell(format!("iam:List{called}Policies {name}"), json!({ "PolicyNames": names }));
            for policy in inline {
                let Some(document) = &policy.document else { continue };
                let answer = json!({ "PolicyName": policy.name, "PolicyDocument": plain(document) });
                tell(format!("iam:Get{called}Policy {name} {}", policy.name), answer);
            }
        }
        if let Some(attached) = &self.attached_managed_policies {
            tell(format!("iam:ListAttached{called}Policies {name}"), json!({ "AttachedPolicies": attached }));
        }
        if let (HolderKind::User, Some(list)) = (kind, &self.group_list) {
            let account = account.as_ref().map(ToString::to_string).unwrap_or_default();
            let arn_of = |group: &String| groups.get(&(account.clone(), group.clone()));
            let known: Vec<Value> = list.iter().filter_map(arn_of).map(|arn| json!({ "Arn": arn })).collect();
            let mut answer = json!({ "Groups": known });
            if let (Some(group), Some(answer)) =
                (list.iter().find(|group| arn_of(group).is_none()), answer.as_object_mut())
            {
                answer.insert(PARTIAL.to_owned(), json!(format!("nothing tells of the group {group}")));
            }
            tell(format!("iam:ListGroupsForUser {name}"), answer);
        }
        items
    }

    /// As `get-role` and `get-user` have it.
    fn itself(&self, called: &str, name: &str, left_out: LeftOut) -> Value {
        let mut unread = Vec::new();
        if left_out == LeftOut::Untold && self.permissions_boundary.is_none() {
            unread.push("PermissionsBoundary");
        }
        if left_out == LeftOut::Untold && self.tags.is_none() {
            unread.push("Tags");
        }
        let mut itself = json!({
            format!("{called}Name"): name,
            format!("{called}Id"): self.id,
            "Arn": self.arn,
            "PermissionsBoundary": self.permissions_boundary,
            "Tags": self.tags,
            UNREAD: unread,
        });
        if let (Some(document), Some(itself)) = (&self.assume_role_policy_document, itself.as_object_mut()) {
            itself.insert("AssumeRolePolicyDocument".to_owned(), json!(plain(document)));
        }
        itself
    }
}

impl Managed {
    /// The answers that tell of it.
    pub(super) fn items(&self) -> Vec<Item> {
        let of_account = Arn::parse(&self.arn).ok().and_then(|arn| AccountId::parse(arn.account()).ok());
        let mut items = Vec::new();
        let mut tell = |asked: String, answer: Value| {
            items.push(Item { account: of_account.clone(), ..Item::told(Of::Read(asked), answer.to_string()) });
        };
        let default = self.policy_version_list.iter().find(|version| version.is_default);
        let default = self.default_version_id.as_ref().or(default.map(|version| &version.id));
        if let Some(default) = default {
            tell(
                format!("iam:GetPolicy {}", self.arn),
                json!({ "Policy": { "Arn": self.arn, "DefaultVersionId": default } }),
            );
        }
        for version in &self.policy_version_list {
            let Some(document) = &version.document else { continue };
            let answer = json!({ "PolicyVersion": {
                "Document": plain(document),
                "VersionId": version.id,
                "IsDefaultVersion": version.is_default,
            } });
            tell(format!("iam:GetPolicyVersion {} {}", self.arn, version.id), answer);
        }
        items
    }
}
