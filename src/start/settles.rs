//! Who can tell a value of the request context that is not known.

use crate::engine::{ContextValue, PrincipalKind};
use crate::names::ConditionKey;
use crate::policy::PolicyType;

use super::context::{OF_INSTANCES, may_be_stated};
use super::plan::Case;
use super::table::By;

/// What settles a question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Settles {
    /// The asker's word on this context key.
    Stated(String),
    /// The session's name.
    SessionName,
    /// A read of this, which needs this permission; or the asker's word by this flag.
    Read { what: String, needs: &'static str, or: Option<&'static str> },
    /// Nobody: AWS does not say.
    Nobody,
}

/// What settles the value of a context key in a request, as policies of this type see it.
pub(crate) fn settles(case: &Case, key: &ConditionKey, kind: PolicyType) -> Settles {
    let (context, principal) = (&case.request.context, &case.request.principal);
    let (noun, get) = match principal.kind {
        PrincipalKind::User => ("user", "iam:GetUser"),
        PrincipalKind::Role(_) | PrincipalKind::Root => ("role", "iam:GetRole"),
    };
    let read = |what: String, needs| Settles::Read { what, needs, or: None };
    let name = key.lower();
    let is_known = *context.get(key) != ContextValue::NotKnown;
    if kind == PolicyType::KeyPolicy && is_known && context.is_doubtful_in_key_policy(key) {
        // Whether a key policy sees the value.
        return Settles::Nobody;
    }
    let organization = |account: &str| {
        let needs =
            if name.ends_with("paths") { "organizations:ListParents" } else { "organizations:DescribeOrganization" };
        read(format!("the organization of account {account}"), needs)
    };
    match name {
        "aws:userid" if principal.unique_id.is_none() => read(format!("the {noun}'s unique ID"), get),
        "aws:userid" => Settles::SessionName,
        "aws:principalarn" => read(format!("the {noun}'s path"), get),
        "kms:resourcealiases" => read("the aliases of the key".to_owned(), "kms:ListAliases"),
        _ if OF_INSTANCES.iter().any(|key| key.eq_ignore_ascii_case(name)) => {
            read("what the instance is".to_owned(), "ec2:DescribeInstances")
        }
        _ if name.starts_with("aws:principaltag/") => {
            // Users have no session.
            let or = (noun == "role").then_some("--session-tag KEY=VALUE");
            Settles::Read { what: format!("the tags of the {noun}"), needs: get, or }
        }
        _ if case.license.is_some() && name.contains(":resourcetag/") => Settles::Nobody,
        _ if name.starts_with("ec2:resourcetag/") || (name.starts_with("aws:resourcetag/") && case.key.is_none()) => {
            read("the tags of the instance".to_owned(), "ec2:DescribeInstances")
        }
        _ if name.starts_with("aws:resourcetag/") => read("the tags of the key".to_owned(), "kms:ListResourceTags"),
        _ if name.starts_with("aws:principalorg") => organization(&principal.account),
        _ if name.starts_with("aws:resourceorg") => organization(&case.request.resource_account),
        _ if is_of_metadata(name) => read("the properties of the key".to_owned(), "kms:DescribeKey"),
        _ if case.row.by != By::Infrastructure && may_be_stated(key.as_str()) => Settles::Stated(key.to_string()),
        _ => Settles::Nobody,
    }
}

fn is_of_metadata(name: &str) -> bool {
    let keys = ["keyspec", "customermasterkeyspec", "keyusage", "customermasterkeyusage", "keyorigin"];
    name.strip_prefix("kms:").is_some_and(|name| keys.contains(&name) || name.starts_with("multiregion"))
}
