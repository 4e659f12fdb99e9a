//! The request context of each request of a start, as far as it follows from the capture.

use crate::capture::{Key, Organization, Volume};
use crate::engine::{Context, ContextValue};
use crate::names::{AccountId, INFRASTRUCTURE_ROLE, KeyArn, PrincipalArn, VolumeId};
use crate::source::Reading;

use super::context::{Column, OF_ROLE_SESSIONS, fixed, state};
use super::plan::Planner;
use super::table::Row;

impl Planner<'_, '_> {
    /// What all requests for a key have in common that EC2 forwards.
    pub(super) fn forwarded(&self, key: &KeyArn, of_key: &Key) -> Context {
        let mut context = fixed(Column::Forwarded);
        self.shared_keys(&mut context, key.account());
        self.own_keys(&mut context);
        key_facts(&mut context, of_key);
        context.set("kms:ViaService", self.via_service().as_str());
        state(&mut context, &self.question.context, Column::Forwarded);
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

    /// Keys that the principal's own requests carry.
    pub(super) fn own_keys(&self, context: &mut Context) {
        self.organization_keys(context, "aws:PrincipalOrg", &self.principal.account);
        if let PrincipalArn::User(user) = &self.named {
            context.set("aws:username", user.name());
            // Whether the user calls with access keys or with temporary credentials, nobody can read.
            context.set("aws:TokenIssueTime", ContextValue::NotKnown);
            for key in OF_ROLE_SESSIONS {
                context.set(key, ContextValue::Absent);
            }
        } else {
            context.set("aws:TokenIssueTime", self.at.to_string().as_str());
        }
        match self.identity.map(|identity| &identity.tags) {
            Some(Reading::Known(tags)) => {
                for (tag, value) in tags {
                    context.set(&format!("aws:PrincipalTag/{tag}"), value.as_str());
                }
            }
            Some(Reading::Absent) => {}
            Some(Reading::Unread(_)) | None => context.set_unknown_prefix("aws:PrincipalTag/"),
        }
        for (tag, value) in self.session_tags() {
            context.set(&format!("aws:PrincipalTag/{tag}"), value.as_str());
        }
    }

    pub(super) fn organization_keys(&self, context: &mut Context, prefix: &str, account: &str) {
        let (id, paths) = (format!("{prefix}ID"), format!("{prefix}Paths"));
        let known = AccountId::parse(account).ok().and_then(|account| self.capture.organizations.get(&account));
        match known {
            Some(Reading::Known(organization)) => {
                context.set(&id, organization.id.as_str());
                context.set(&paths, organization_path(organization));
            }
            Some(Reading::Absent) => {}
            Some(Reading::Unread(_)) | None => {
                context.set(&id, ContextValue::NotKnown);
                context.set(&paths, ContextValue::NotKnown);
            }
        }
    }
}

/// `o-…/r-…/ou-…/` as AWS writes it: the levels without the account, with a slash at the end.
fn organization_path(organization: &Organization) -> ContextValue {
    let Some(levels) = organization.path.known() else { return ContextValue::NotKnown };
    let mut path = format!("{}/", organization.id);
    for level in levels.iter().filter(|level| level.starts_with("r-") || level.starts_with("ou-")) {
        path.push_str(level);
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
        Some("NONE") => set("kms:MultiRegion", Some("false")),
        Some(kind @ ("PRIMARY" | "REPLICA")) => {
            set("kms:MultiRegion", Some("true"));
            set("kms:MultiRegionKeyType", Some(kind));
        }
        Some(_) | None => {
            set("kms:MultiRegion", None);
            set("kms:MultiRegionKeyType", None);
        }
    }
    match &key.aliases {
        Reading::Known(aliases) => {
            let aliases = aliases.iter().map(|alias| alias.as_str().into()).collect();
            context.set("kms:ResourceAliases", ContextValue::Multi(aliases));
        }
        Reading::Absent => {}
        Reading::Unread(_) => context.set("kms:ResourceAliases", ContextValue::NotKnown),
    }
    // KMS documents these two for identity-based policies only.
    context.set_doubtful_in_key_policy("kms:ResourceAliases");
    context.set_doubtful_in_key_policy("aws:ResourceTag/");
    match &key.tags {
        Reading::Known(tags) => {
            for (tag, value) in tags {
                context.set(&format!("aws:ResourceTag/{tag}"), value.as_str());
            }
        }
        Reading::Absent => {}
        Reading::Unread(_) => context.set_unknown_prefix("aws:ResourceTag/"),
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
