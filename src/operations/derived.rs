//! The request context of each request of a start, as far as it follows from the capture.

use std::collections::BTreeMap;

use crate::capture::{Key, Organization, Volume};
use crate::engine::{Context, ContextValue, PolicySet};
use crate::fact::Fact;
use crate::names::{AccountId, INFRASTRUCTURE_ROLE, KeyArn, PrincipalArn, VolumeId};
use crate::policy::{Effect, Polarity, PrincipalEntry, Statement};

use super::condition_keys::Column;
use super::context::{fixed, web_identity, without_federation, without_session};
use super::model::Row;
use super::plan::Planner;

/// Keys that some of the forwarded requests carry for their action, and the others lack.
const OF_SOME_ACTIONS: [&str; 9] = [
    "kms:EncryptionContext:aws:ebs:id",
    "kms:EncryptionContextKeys",
    "kms:EncryptionAlgorithm",
    "kms:ReEncryptOnSameKey",
    "kms:GrantIsForAWSResource",
    "kms:GrantOperations",
    "kms:GranteePrincipal",
    "kms:GrantConstraintType",
    "kms:RetiringPrincipal",
];

impl Planner<'_, '_> {
    /// What all requests for a key have in common that EC2 forwards.
    pub(super) fn forwarded(&self, key: &KeyArn, of_key: &Key) -> Context {
        let mut context = fixed(Column::Forwarded);
        self.shared_keys(&mut context, key.account());
        self.own_keys(&mut context);
        key_facts(&mut context, of_key);
        context.set("kms:ViaService", self.via_service().as_str());
        for key in OF_SOME_ACTIONS {
            context.set(key, ContextValue::Absent);
        }
        context
    }

    fn via_service(&self) -> String {
        format!("ec2.{}.amazonaws.com", self.capture.read.region)
    }

    /// Keys that a request carries for its volume or for what it asks.
    pub(super) fn keys_of_volume(&self, context: &mut Context, row: &Row, volume: &VolumeId, record: &Volume) {
        if row.action == "kms:DescribeKey" {
            return;
        }
        encryption_context(context, volume, record);
        if row.action == "kms:CreateGrant" {
            context.set("kms:GrantIsForAWSResource", "true");
            context.set("kms:GrantOperations", ContextValue::Multi(vec!["Decrypt".into()]));
            context.set("kms:GranteePrincipal", self.infrastructure_session().as_str());
            context.set("kms:GrantConstraintType", "EncryptionContextSubset");
            context.set("kms:RetiringPrincipal", self.via_service().as_str());
        } else {
            context.set("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT");
        }
        if row.action.starts_with("kms:ReEncrypt") {
            context.set("kms:ReEncryptOnSameKey", ContextValue::NotKnown);
        }
    }

    /// What all of EC2's own requests for a key have in common.
    pub(super) fn infrastructure(&self, key: &KeyArn, of_key: &Key) -> Context {
        let mut context = fixed(Column::Infrastructure);
        self.shared_keys(&mut context, key.account());
        key_facts(&mut context, of_key);
        let account = self.instance.account.as_str();
        self.organization_keys(&mut context, "aws:PrincipalOrg", account);
        let user_id = format!("{account}:{INFRASTRUCTURE_ROLE}:{}", self.target.instance_id);
        context.set("aws:userid", user_id.as_str());
        context
    }

    /// Keys that every request carries.
    pub(super) fn shared_keys(&self, context: &mut Context, resource_account: &str) {
        context.set("aws:RequestedRegion", self.capture.read.region.as_str());
        context.set("aws:CurrentTime", self.at.to_string().as_str());
        context.set("aws:EpochTime", self.at.as_second().to_string().as_str());
        self.organization_keys(context, "aws:ResourceOrg", resource_account);
    }

    /// Whether sessions of the role may have tags that nobody told: its trust policy, as that of IAM Identity Center's
    /// roles, admits sts:TagSession.
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html>
    pub(super) fn has_open_session_tags(&self) -> bool {
        let is_told = !self.session_tags().is_empty() || self.question.no_session_tags;
        !self.is_user() && !is_told && self.admits_tags() == Some(true)
    }

    /// Whether the role's trust policy lets anybody give session tags; `None` where it was not read.
    pub(super) fn admits_tags(&self) -> Option<bool> {
        let admits = |statement: &Statement| {
            let action = &statement.action;
            let is_listed = action.patterns.iter().any(|pattern| pattern.covers("sts:tagsession"));
            statement.effect == Effect::Allow && is_listed == (action.sense == Polarity::Positive)
        };
        self.trust_statements().map(|statements| statements.iter().any(admits))
    }

    /// Whether only services assume the role, so that its sessions keep nothing of a federated identity.
    fn is_for_services(&self) -> bool {
        let is_service = |statement: &Statement| {
            let listed = statement.principal.as_ref().filter(|element| element.sense == Polarity::Positive);
            listed.is_some_and(|element| {
                element.entries.iter().all(|(entry, _)| matches!(entry, PrincipalEntry::Service(_)))
            })
        };
        self.trust_statements().is_some_and(|statements| {
            statements.iter().filter(|statement| statement.effect == Effect::Allow).all(is_service)
        })
    }

    /// The statements of the role's trust policy; `None` where it was not read.
    fn trust_statements(&self) -> Option<&[Statement]> {
        self.trust.as_ref()?.policy.as_ref().map(|policy| policy.statements.as_slice())
    }

    /// Keys of a federated identity that the principal's session may keep, as far as these policies ask for them.
    pub(super) fn federation_keys(&self, context: &mut Context, policies: &PolicySet) {
        if self.is_for_services() {
            without_federation(context);
        } else if !self.is_user() {
            web_identity(context, policies);
        }
    }

    /// Keys that the principal's own requests carry.
    pub(super) fn own_keys(&self, context: &mut Context) {
        self.organization_keys(context, "aws:PrincipalOrg", &self.principal.account);
        if let PrincipalArn::User(user) = &self.named {
            // Whether the user calls with access keys or with temporary credentials, nobody can read: the time at which
            // a token was issued stays unknown.
            context.set("aws:username", user.name());
            without_session(context);
        } else {
            context.set("aws:username", ContextValue::Absent);
            context.set("aws:TokenIssueTime", self.at.to_string().as_str());
        }
        // A session tag stands in the place of the role's tag of its name.
        if !self.open_session_tags {
            let no_tags = BTreeMap::new();
            set_tags(
                context,
                &["aws:PrincipalTag/"],
                match self.identity.map(|identity| &identity.tags) {
                    Some(Fact::Known(tags)) => Some(tags),
                    Some(Fact::Absent) => Some(&no_tags),
                    Some(Fact::Unread(_) | Fact::Part { .. }) | None => None,
                },
            );
        }
        for (tag, value) in self.session_tags() {
            context.set(&format!("aws:PrincipalTag/{tag}"), value.as_str());
        }
    }

    pub(super) fn organization_keys(&self, context: &mut Context, prefix: &str, account: &str) {
        let (id, paths) = (format!("{prefix}ID"), format!("{prefix}Paths"));
        // There is no such key of the resource.
        let master = (prefix == "aws:PrincipalOrg").then_some("aws:PrincipalOrgMasterAccountId");
        let mut all = |id_value: ContextValue, paths_value: ContextValue, master_value: ContextValue| {
            context.set(&id, id_value);
            context.set(&paths, paths_value);
            if let Some(key) = master {
                context.set(key, master_value);
            }
        };
        let known = AccountId::parse(account).ok().and_then(|account| self.capture.organizations.get(&account));
        match known {
            Some(Fact::Known(organization)) => {
                let master = organization.management_account.as_str().into();
                all(organization.id.as_str().into(), organization_path(organization), master);
            }
            Some(Fact::Absent) => all(ContextValue::Absent, ContextValue::Absent, ContextValue::Absent),
            Some(Fact::Unread(_) | Fact::Part { .. }) | None => {
                all(ContextValue::NotKnown, ContextValue::NotKnown, ContextValue::NotKnown);
            }
        }
    }
}

/// `o-…/r-…/ou-…/` as AWS writes it: the levels without the account, with a slash at the end.
fn organization_path(organization: &Organization) -> ContextValue {
    let Some(levels) = organization.path.known() else { return ContextValue::NotKnown };
    let mut path = format!("{}/", organization.id);
    for level in levels.iter().filter(|level| !level.is_account()) {
        path.push_str(level.as_str());
        path.push('/');
    }
    ContextValue::Multi(vec![path.into()])
}

/// Condition keys that follow from the key itself.
fn key_facts(context: &mut Context, key: &Key) {
    let metadata = key.metadata.known();
    let mut set = |name: &str, value: Option<&str>| match value {
        Some(value) if !value.is_empty() => context.set(name, value),
        Some(_) | None => context.set(name, ContextValue::NotKnown),
    };
    for name in ["kms:KeySpec", "kms:CustomerMasterKeySpec"] {
        set(name, metadata.map(|metadata| metadata.spec.as_str()));
    }
    for name in ["kms:KeyUsage", "kms:CustomerMasterKeyUsage"] {
        set(name, metadata.map(|metadata| metadata.usage.as_str()));
    }
    set("kms:KeyOrigin", metadata.map(|metadata| metadata.origin.as_str()));
    match metadata.map(|metadata| metadata.multi_region.as_str()) {
        Some("NONE") => {
            set("kms:MultiRegion", Some("false"));
            context.set("kms:MultiRegionKeyType", ContextValue::Absent);
        }
        Some(kind @ ("PRIMARY" | "REPLICA")) => {
            set("kms:MultiRegion", Some("true"));
            set("kms:MultiRegionKeyType", Some(kind));
        }
        Some(_) | None => {
            set("kms:MultiRegion", None);
            set("kms:MultiRegionKeyType", None);
        }
    }
    context.set(
        "kms:ResourceAliases",
        match &key.aliases {
            // Beyond the quota KMS makes no use of them, and the quota can be raised.
            Fact::Known(aliases) if aliases.len() <= MOST_ALIASES => {
                ContextValue::Multi(aliases.iter().map(|alias| alias.as_str().into()).collect())
            }
            Fact::Absent => ContextValue::Absent,
            Fact::Known(_) | Fact::Unread(_) | Fact::Part { .. } => ContextValue::NotKnown,
        },
    );
    let no_tags = BTreeMap::new();
    set_tags(
        context,
        &["aws:ResourceTag/"],
        match &key.tags {
            Fact::Known(tags) => Some(tags),
            Fact::Absent => Some(&no_tags),
            Fact::Unread(_) | Fact::Part { .. } => None,
        },
    );
}

/// The quota of aliases for one key.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html>
const MOST_ALIASES: usize = 50;

/// Sets the condition keys of tags, under each of these names; `None`: they were not read.
///
/// KMS and EC2 tell the case of tag keys apart, condition keys do not: where two differ only in case it is one of their
/// values, by no rule.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourcetag>
pub(super) fn set_tags(context: &mut Context, families: &[&str], tags: Option<&BTreeMap<String, String>>) {
    for family in families {
        context.set_family(family, if tags.is_some() { ContextValue::Absent } else { ContextValue::NotKnown });
        for tag in tags.into_iter().flat_map(BTreeMap::keys) {
            let alike = tags.into_iter().flatten().filter(|(other, _)| other.eq_ignore_ascii_case(tag));
            let mut values: Vec<ContextValue> = alike.map(|(_, value)| value.as_str().into()).collect();
            let one = if values.len() > 1 { None } else { values.pop() };
            context.set(&format!("{family}{tag}"), one.unwrap_or(ContextValue::OneOf(values)));
        }
    }
}

/// For a volume restored from an EBS snapshot it is not proven that the encryption context names this volume.
fn encryption_context(context: &mut Context, volume: &VolumeId, record: &Volume) {
    let id = if record.snapshot.is_some() {
        ContextValue::KnownPrefix("vol-".into())
    } else {
        ContextValue::Single(volume.as_str().into())
    };
    context.set("kms:EncryptionContext:aws:ebs:id", id);
    context.set("kms:EncryptionContextKeys", ContextValue::Multi(vec!["aws:ebs:id".into()]));
}
