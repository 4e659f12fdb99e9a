//! Who can tell a value of the request context that is not known.

use crate::engine::{Context, ContextValue, PrincipalKind};
use crate::names::ConditionKey;
use crate::policy::PolicyType;

use super::condition_keys::{Column, Origin, counts_in, find, is_of_web_identity};
use super::judged::Case;
use super::model::Requester;

/// What settles a question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resolution {
    /// The asker's word on this context key.
    Stated(String),
    /// The asker's word on the session's tags, of which this one is asked for.
    SessionTags(String),
    /// The session's name.
    SessionName,
    /// A read of this, which needs this permission; or the asker's word by this flag.
    Read {
        /// What to read.
        what: String,
        /// The permission that the read needs.
        needs: &'static str,
        /// The flag by which the asker states it instead.
        or: Option<&'static str>,
    },
    /// Nobody: AWS does not say.
    Nobody,
}

/// What settles the value of a context key in a request, as policies of this type see it.
pub(crate) fn settles(case: &Case, key: &ConditionKey, kind: PolicyType) -> Resolution {
    let (context, principal) = (&case.request.context, &case.request.principal);
    let (noun, get) = match principal.kind {
        PrincipalKind::User => ("user", "iam:GetUser"),
        PrincipalKind::Role(_) | PrincipalKind::Root => ("role", "iam:GetRole"),
    };
    let read = |what: String, needs| Resolution::Read { what, needs, or: None };
    let name = key.lower();
    let is_known = *context.get(key) != ContextValue::NotKnown;
    if kind == PolicyType::KeyPolicy && is_known && context.is_doubtful_in_key_policy(key) {
        // Whether a key policy sees the value.
        return Resolution::Nobody;
    }
    let organization = |account: &str| {
        let needs =
            if name.ends_with("paths") { "organizations:ListParents" } else { "organizations:DescribeOrganization" };
        read(format!("the organization of account {account}"), needs)
    };
    let column = match case.row.by {
        Requester::Role => Column::Direct,
        Requester::RoleThroughEc2 => Column::Forwarded,
        Requester::Infrastructure => Column::Infrastructure,
    };
    let of_instance = find(name).is_some_and(|row| row.direct == Origin::Derived && row.key.starts_with("ec2:"));
    match name {
        "aws:userid" if principal.unique_id.is_none() => read(format!("the {noun}'s unique ID"), get),
        "aws:userid" => Resolution::SessionName,
        "aws:principalarn" => read(format!("the {noun}'s path"), get),
        "kms:resourcealiases" => read("the aliases of the key".to_owned(), "kms:ListAliases"),
        _ if name.starts_with("aws:principaltag/") && case.open_session_tags => {
            let tag = key.as_str().split_once('/').map_or("", |(_, tag)| tag);
            Resolution::SessionTags(tag.to_owned())
        }
        _ if name.starts_with("aws:principaltag/") => {
            // Users have no session.
            let or = (noun == "role").then_some("--session-tag KEY=VALUE");
            Resolution::Read { what: format!("the tags of the {noun}"), needs: get, or }
        }
        _ if is_two_tags(context, key) => Resolution::Nobody,
        _ if case.license.is_some() && name.contains(":resourcetag/") => Resolution::Nobody,
        _ if name.starts_with("ec2:resourcetag/") || (name.starts_with("aws:resourcetag/") && case.key.is_none()) => {
            read("the tags of the instance".to_owned(), "ec2:DescribeInstances")
        }
        _ if of_instance => read("what the instance is".to_owned(), "ec2:DescribeInstances"),
        _ if name.starts_with("aws:resourcetag/") => read("the tags of the key".to_owned(), "kms:ListResourceTags"),
        _ if name.starts_with("aws:principalorg") => organization(&principal.account),
        _ if name.starts_with("aws:resourceorg") => organization(&case.request.resource_account),
        _ if is_of_metadata(name) => read("the properties of the key".to_owned(), "kms:DescribeKey"),
        _ if counts_in(key, column) || (column != Column::Infrastructure && is_of_web_identity(name)) => {
            Resolution::Stated(key.to_string())
        }
        _ => Resolution::Nobody,
    }
}

/// Whether two tags of the resource differ only in case, so that either may be compared.
fn is_two_tags(context: &Context, key: &ConditionKey) -> bool {
    key.lower().contains(":resourcetag/") && matches!(context.get(key), ContextValue::OneOf(_))
}

fn is_of_metadata(name: &str) -> bool {
    let keys = ["keyspec", "customermasterkeyspec", "keyusage", "customermasterkeyusage", "keyorigin"];
    name.strip_prefix("kms:").is_some_and(|name| keys.contains(&name) || name.starts_with("multiregion"))
}
