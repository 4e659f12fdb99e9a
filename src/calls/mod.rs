//! Every call that the program makes to AWS, as data: the one place that read permissions are named; and the same reads
//! as lines of the AWS CLI.
//!
//! Rank: above `capture`; names only `names`, `source` and `capture`.

mod lines;
mod missing;
mod powershell;
mod script;
mod sh;
mod step;
mod wanted;

pub use crate::command::Shell;
pub use missing::EventGap;
pub(crate) use missing::{Missing, events, missing};
pub use script::{FIRST_LINE, Script, script};
pub(crate) use wanted::{EVENTS, ScriptFor, wanted};

/// One read: the permission, how far it reaches, what it fills and what for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// The IAM action, as `kms:GetKeyPolicy`.
    pub action: &'static str,
    /// What a statement may name as `Resource`.
    pub scope: Scope,
    /// The part of the capture that it fills.
    pub record: &'static str,
    /// What the part is good for.
    pub why: &'static str,
}

/// What a permission's `Resource` may be narrowed to.
///
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// No permission is asked for: STS answers everybody.
    Free,
    /// `*` only.
    Star,
    /// KMS keys; their key policies must consent too.
    Keys,
    /// IAM roles.
    Roles,
    /// IAM users.
    Users,
    /// Groups of IAM users.
    Groups,
    /// Managed policies.
    Policies,
}

/// A named constant for each read, and all of them as a list.
macro_rules! reads {
    ($(#[$doc:meta])* $list:ident: $($name:ident: $action:literal, $scope:ident, $record:literal, $why:literal;)*) => {
        $(
            #[doc = concat!("`", $action, "`: ", $why, ".")]
            pub const $name: Read =
                Read { action: $action, scope: Scope::$scope, record: $record, why: $why };
        )*
        $(#[$doc])*
        pub const $list: &[Read] = &[$($name),*];
    };
}

reads! {
    /// Every read that `check` and `capture` make by themselves.
    READS:
    GET_CALLER_IDENTITY: "sts:GetCallerIdentity", Free, "read.by", "who reads, and in which account";
    DESCRIBE_INSTANCES: "ec2:DescribeInstances", Star, "instances", "the instance, its state and its volumes";
    DESCRIBE_VOLUMES: "ec2:DescribeVolumes", Star, "volumes", "which volume is encrypted under which key";
    DESCRIBE_KEY: "kms:DescribeKey", Keys, "keys.metadata", "whether the key exists and can be used";
    GET_KEY_POLICY: "kms:GetKeyPolicy", Keys, "keys.policy, keys.ramPolicy", "whom the key's own policies admit";
    LIST_GRANTS: "kms:ListGrants", Keys, "keys.grants", "grants that allow what no policy does";
    LIST_RESOURCE_TAGS: "kms:ListResourceTags", Keys, "keys.tags", "conditions on the key's tags";
    LIST_ALIASES: "kms:ListAliases", Star, "keys.aliases", "the key's names, and conditions on them";
    DESCRIBE_CUSTOM_KEY_STORES: "kms:DescribeCustomKeyStores", Star, "keys.metadata.customKeyStore",
        "whether KMS reaches the key store that the key is in";
    GET_ROLE: "iam:GetRole", Roles, "identities", "the role, its tags, trust policy and permissions boundary";
    LIST_ROLE_POLICIES: "iam:ListRolePolicies", Roles, "identities.inline", "the names of a role's inline policies";
    GET_ROLE_POLICY: "iam:GetRolePolicy", Roles, "identities.inline.document", "a role's inline policies";
    LIST_ATTACHED_ROLE_POLICIES: "iam:ListAttachedRolePolicies", Roles, "identities.attached",
        "which managed policies are attached to a role";
    GET_USER: "iam:GetUser", Users, "identities", "the user, its tags and permissions boundary";
    LIST_USER_POLICIES: "iam:ListUserPolicies", Users, "identities.inline", "the names of a user's inline policies";
    GET_USER_POLICY: "iam:GetUserPolicy", Users, "identities.inline.document", "a user's inline policies";
    LIST_ATTACHED_USER_POLICIES: "iam:ListAttachedUserPolicies", Users, "identities.attached",
        "which managed policies are attached to a user";
    LIST_GROUPS_FOR_USER: "iam:ListGroupsForUser", Users, "identities.groups", "the groups that a user is in";
    LIST_GROUP_POLICIES: "iam:ListGroupPolicies", Groups, "identities.groups.inline",
        "the names of a group's inline policies";
    GET_GROUP_POLICY: "iam:GetGroupPolicy", Groups, "identities.groups.inline.document", "a group's inline policies";
    LIST_ATTACHED_GROUP_POLICIES: "iam:ListAttachedGroupPolicies", Groups, "identities.groups.attached",
        "which managed policies are attached to a group";
    GET_POLICY: "iam:GetPolicy", Policies, "identities.attached, identities.boundary",
        "which version of a managed policy is the default";
    GET_POLICY_VERSION: "iam:GetPolicyVersion", Policies,
        "identities.attached.document, identities.boundary.document",
        "the managed policies and the permissions boundary";
    DESCRIBE_ORGANIZATION: "organizations:DescribeOrganization", Star, "organizations",
        "whether the account is in an organization, and which account manages it";
    LIST_ROOTS: "organizations:ListRoots", Star, "organizations.scps, organizations.rcps",
        "which policy types are enabled";
    LIST_PARENTS: "organizations:ListParents", Star, "organizations.path", "the OUs above the account";
    LIST_POLICIES_FOR_TARGET: "organizations:ListPoliciesForTarget", Star, "organizations.scps, organizations.rcps",
        "the SCPs and RCPs of each level";
    DESCRIBE_POLICY: "organizations:DescribePolicy", Star, "organizations.scps.document, organizations.rcps.document",
        "the SCPs and RCPs themselves";
}

reads! {
    /// The reads that are made only where somebody asks for them, with `check --events cloudtrail` and
    /// `triage --decode`; the program makes no others.
    ON_REQUEST:
    LOOKUP_EVENTS: "cloudtrail:LookupEvents", Star, "no record", "events of earlier starts, shown beside the judgement";
    DECODE_AUTHORIZATION_MESSAGE: "sts:DecodeAuthorizationMessage", Star, "no record",
        "which statement refused, from an error text";
}

/// The statements of [`reader_policy`]: the Sid, the service, the scope and how it is written.
const STATEMENTS: &[(&str, &str, Scope, &str)] = &[
    ("ReadInstancesAndVolumes", "ec2:", Scope::Star, "*"),
    ("ReadKeys", "kms:", Scope::Keys, "arn:*:kms:*:*:key/*"),
    ("ReadAliasesAndKeyStores", "kms:", Scope::Star, "*"),
    ("ReadRoles", "iam:", Scope::Roles, "arn:*:iam::*:role/*"),
    ("ReadUsers", "iam:", Scope::Users, "arn:*:iam::*:user/*"),
    ("ReadGroups", "iam:", Scope::Groups, "arn:*:iam::*:group/*"),
    ("ReadManagedPolicies", "iam:", Scope::Policies, "arn:*:iam::*:policy/*"),
    ("ReadOrganizationPolicies", "organizations:", Scope::Star, "*"),
    ("ReadOwnIdentity", "sts:", Scope::Free, "*"),
];

/// The least-privilege identity policy for whoever runs the program: reads only.
///
/// Organization policies can be read from the management account or a delegated administrator only; elsewhere
/// that statement does no harm and all but `organizations:DescribeOrganization` of it no good.
pub fn reader_policy() -> String {
    let statements: Vec<String> = STATEMENTS
        .iter()
        .map(|(sid, service, scope, resource)| {
            let actions: Vec<String> = READS
                .iter()
                .filter(|read| read.scope == *scope && read.action.starts_with(service))
                .map(|read| format!("        \"{}\"", read.action))
                .collect();
            format!(
                "    {{\n      \"Sid\": \"{sid}\",\n      \"Effect\": \"Allow\",\n      \"Action\": [\n{}\n      ],\n      \
                 \"Resource\": \"{resource}\"\n    }}",
                actions.join(",\n")
            )
        })
        .collect();
    format!("{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n{}\n  ]\n}}\n", statements.join(",\n"))
}

#[cfg(test)]
mod tests;
