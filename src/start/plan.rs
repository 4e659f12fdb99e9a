//! From a capture to the requests of one start, each with the policies that bear on it.

use std::sync::Arc;

use jiff::Timestamp;

use crate::capture::{Capture, Grant, GrantConstraints, Instance, Key, Organization, Role, Target, Volume};
use crate::engine::{
    Context, ContextValue, Decision, Explanation, GrantSet, NamedPolicy, PolicySet, Principal, Request, explain,
};
use crate::names::{AccountId, Action, INFRASTRUCTURE_ROLE, KeyArn, PrincipalArn, RoleArn, VolumeId};
use crate::policy::{PolicyType, Truth};
use crate::source::Reading;

use super::assumption::Assumption;
use super::context::{Column, fixed, state};
use super::policies::{Shelf, grants, unread};
use super::question::Question;
use super::table::{By, Row, START};

/// One start, ready to be judged.
#[derive(Debug)]
pub(crate) struct StartPlan<'c> {
    /// The instance.
    pub(crate) instance: &'c Instance,
    /// The principal that starts the instance.
    pub(crate) principal: Principal,
    /// The requests.
    pub(crate) cases: Vec<Case>,
    /// Volumes whose encryption is not known.
    pub(crate) open_volumes: Vec<OpenVolume>,
    /// What was taken for granted.
    pub(crate) assumptions: Vec<Assumption>,
}

/// One request and everything that bears on it.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) row: &'static Row,
    pub(crate) request: Request,
    pub(crate) policies: Arc<PolicySet>,
    pub(crate) volume: Option<VolumeId>,
    pub(crate) key: Option<KeyArn>,
}

/// A volume of which it is not known whether, and with which key, it is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenVolume {
    pub(crate) volume: VolumeId,
    pub(crate) needs: String,
}

/// A case with its judgement.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) case: Case,
    pub(crate) explanation: Explanation,
    pub(crate) decision: Decision,
}

/// Why a target cannot be judged at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoPlan {
    /// The capture holds no such instance.
    NoInstance,
    /// The instance was not read.
    InstanceUnread { message: String },
    /// The target names no role.
    NotARole { text: String },
}

/// Judges every request of the plan.
pub(crate) fn judge(cases: Vec<Case>) -> Vec<Judged> {
    let judged = cases.into_iter().map(|case| {
        let explanation = explain(&case.request, &case.policies);
        let decision = decision(&case, &explanation);
        Judged { case, explanation, decision }
    });
    judged.collect()
}

/// The decision, but for one thing that is only inferred: whether an SCP that merely lacks an Allow reaches EC2's
/// infrastructure identity.
fn decision(case: &Case, explanation: &Explanation) -> Decision {
    let gates = &explanation.gates;
    let only_scps =
        explanation.decision == Decision::ImplicitDeny && gates.scps.is_false() && gates.scp_denies != Truth::True;
    if case.row.by == By::Infrastructure && only_scps { Decision::Unknown } else { explanation.decision }
}

/// Works out the requests of one start.
pub(crate) fn plan<'c>(capture: &'c Capture, target: &Target, question: &Question) -> Result<StartPlan<'c>, NoPlan> {
    let instance = match capture.instances.get(&target.instance_id) {
        Some(Reading::Known(instance)) => instance,
        Some(Reading::Unread(unread)) => {
            return Err(NoPlan::InstanceUnread { message: unread.message.clone() });
        }
        Some(Reading::Absent) | None => return Err(NoPlan::NoInstance),
    };
    let named =
        PrincipalArn::parse(&target.role_arn).map_err(|_| NoPlan::NotARole { text: target.role_arn.clone() })?;
    let reading = capture.roles.get(&target.role_arn);
    let role = reading.and_then(Reading::known);
    let mut planner = Planner {
        capture,
        question,
        target,
        instance,
        role,
        principal: principal(&named, role, question),
        at: question.at.unwrap_or(capture.read.until),
        shelf: Shelf::default(),
        assumptions: Vec::new(),
    };
    let (cases, open_volumes) = planner.cases(&named);
    let mut assumptions = planner.assumptions;
    assumptions.sort();
    assumptions.dedup();
    Ok(StartPlan { instance, principal: planner.principal, cases, open_volumes, assumptions })
}

fn principal(named: &PrincipalArn, role: Option<&Role>, question: &Question) -> Principal {
    let unique_id = role.and_then(|role| role.unique_id.known()).map(String::as_str);
    let own: Option<RoleArn> = match named {
        PrincipalArn::Role(arn) => Some(role.map_or_else(|| arn.clone(), |role| role.arn.clone())),
        PrincipalArn::Session(_) => role.map(|role| role.arn.clone()),
        PrincipalArn::User(_) | PrincipalArn::Root(_) => None,
    };
    let session = match (named, &question.session_name, &own) {
        (PrincipalArn::Role(_), Some(name), Some(role)) => PrincipalArn::parse(&role.session_arn(name)).ok(),
        _ => None,
    };
    let arn = match (&session, named, &own) {
        (Some(session), _, _) => session.clone(),
        (None, PrincipalArn::Role(_), Some(own)) => PrincipalArn::Role(own.clone()),
        (None, _, _) => named.clone(),
    };
    Principal::new(&arn, own.as_ref(), unique_id)
}

struct Planner<'c, 'q> {
    capture: &'c Capture,
    question: &'q Question,
    target: &'q Target,
    instance: &'c Instance,
    role: Option<&'c Role>,
    principal: Principal,
    at: Timestamp,
    shelf: Shelf,
    assumptions: Vec<Assumption>,
}

impl Planner<'_, '_> {
    fn cases(&mut self, named: &PrincipalArn) -> (Vec<Case>, Vec<OpenVolume>) {
        self.assumptions.push(Assumption::EvaluatedAt(self.at));
        if self.question.session_policies.is_empty() {
            self.assumptions.push(Assumption::NoSessionPolicy);
        }
        if self.question.session_tags.is_empty() {
            self.assumptions.push(Assumption::NoSessionTags);
        }
        let own = self.own_policies(named);
        let mut cases = Vec::new();
        let mut open = Vec::new();
        cases.extend(START.iter().filter(|row| row.by == By::Role).filter_map(|row| self.direct(row, &own)));
        for attachment in &self.instance.attachments {
            let volume = &attachment.volume_id;
            let record = match self.capture.volumes.get(volume) {
                Some(Reading::Known(record)) => record,
                Some(Reading::Absent | Reading::Unread(_)) | None => {
                    open.push(OpenVolume { volume: volume.clone(), needs: "ec2:DescribeVolumes".to_owned() });
                    continue;
                }
            };
            match &record.key {
                Reading::Known(key) => cases.extend(self.volume(volume, record, key, &own)),
                Reading::Absent => {}
                Reading::Unread(unread) => {
                    open.push(OpenVolume { volume: volume.clone(), needs: unread.needs.clone() });
                }
            }
        }
        (cases, open)
    }

    /// What bears on every request of the role.
    fn own_policies(&mut self, named: &PrincipalArn) -> PolicySet {
        let mut own = PolicySet {
            session: self.question.session_policies.iter().map(|given| Arc::clone(&given.0)).collect(),
            ..PolicySet::default()
        };
        if let Some(role) = self.role {
            own.identity = self.shelf.identity(role);
            own.boundary = self.shelf.boundary(&role.boundary);
        } else {
            own.identity = vec![unread("the role's policies", "iam:GetRole")];
            own.boundary = Some(unread("the permissions boundary", "iam:GetRole"));
            if matches!(named, PrincipalArn::Session(_)) {
                // The role's path is not known, so neither is what names it.
                own.key_policies = vec![unread("the role's path", "iam:GetRole")];
            }
        }
        own.scps = self.organization(&self.principal.account.clone(), PolicyType::Scp);
        own
    }

    fn organization(&mut self, account: &str, kind: PolicyType) -> Vec<Vec<Arc<NamedPolicy>>> {
        let levels = self.shelf.organization(self.capture, account, kind);
        let is_open = levels.iter().flatten().any(|policy| policy.policy.is_none());
        if !self.question.assume_org_allows || !is_open {
            return levels;
        }
        self.assumptions.push(Assumption::OrganizationAllows);
        // What was read counts; what was not is taken to allow.
        let allows = self.shelf.allows_everything(kind);
        let settle = |policy: Arc<NamedPolicy>| if policy.policy.is_some() { policy } else { Arc::clone(&allows) };
        levels.into_iter().map(|level| level.into_iter().map(settle).collect()).collect()
    }

    fn direct(&self, row: &'static Row, own: &PolicySet) -> Option<Case> {
        let account = self.instance.account.as_str();
        let arn = format!(
            "arn:{}:ec2:{}:{account}:instance/{}",
            self.principal.partition(),
            self.capture.read.region,
            self.target.instance_id
        );
        let mut context = fixed(Column::Direct);
        self.shared_keys(&mut context, account);
        self.role_keys(&mut context);
        for (key, value) in &self.instance.condition_keys {
            context.set(key, value.as_str());
        }
        context.set("ec2:Region", self.capture.read.region.as_str());
        context.set("ec2:InstanceID", self.target.instance_id.as_str());
        for (tag, value) in &self.instance.tags {
            context.set(&format!("aws:ResourceTag/{tag}"), value.as_str());
            context.set(&format!("ec2:ResourceTag/{tag}"), value.as_str());
        }
        if let Some(address) = &self.question.source_ip {
            context.set("aws:SourceIp", address.as_str());
        }
        state(&mut context, &self.question.context, Column::Direct);
        let action = Action::parse(row.action).ok()?;
        let request = Request::new(action, &arn, Some(account), self.principal.clone(), context);
        let policies = PolicySet { key_policies: Vec::new(), ..own.clone() };
        Some(Case { row, request, policies: Arc::new(policies), volume: None, key: None })
    }

    fn volume(&mut self, volume: &VolumeId, record: &Volume, key: &KeyArn, own: &PolicySet) -> Vec<Case> {
        let nothing = Key::default();
        let of_key = self.capture.keys.get(key).unwrap_or(&nothing);
        let managed = of_key.metadata.known().is_some_and(|metadata| metadata.manager == "AWS");
        let key_policies = if managed && of_key.policy.known().is_none() {
            self.assumptions.push(Assumption::KnownManagedKeyPolicy);
            vec![self.shelf.managed_key(key)]
        } else {
            self.shelf.key(of_key)
        };
        // RCPs bind neither AWS managed keys nor keys of the management account.
        let rcps = if managed { Vec::new() } else { self.organization(key.account(), PolicyType::Rcp) };
        let grants = grants(of_key);
        let mut for_role = PolicySet { rcps: rcps.clone(), grants: grants.clone(), ..own.clone() };
        for_role.key_policies.extend(key_policies.iter().cloned());
        let for_role = Arc::new(for_role);
        let infrastructure = Arc::new(PolicySet {
            scps: self.organization(self.instance.account.as_str(), PolicyType::Scp),
            rcps,
            key_policies,
            grants: self.with_start_grant(grants, volume, record),
            ..PolicySet::default()
        });
        let made = |row: &'static Row| {
            let (principal, context, policies) = match row.by {
                By::Role => return None,
                By::RoleThroughEc2 => {
                    let context = self.forwarded(row, volume, record, key, of_key);
                    (self.principal.clone(), context, Arc::clone(&for_role))
                }
                By::Infrastructure => {
                    let context = self.infrastructure(volume, record, key, of_key);
                    (self.infrastructure_principal()?, context, Arc::clone(&infrastructure))
                }
            };
            let action = Action::parse(row.action).ok()?;
            let request = Request::new(action, key.as_str(), Some(key.account()), principal, context);
            Some(Case { row, request, policies, volume: Some(volume.clone()), key: Some(key.clone()) })
        };
        START.iter().filter_map(made).collect()
    }

    /// The grants as they are once EC2 has made its own, as row 2 does.
    ///
    /// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/ct-ec2two.html>
    fn with_start_grant(&self, mut grants: GrantSet, volume: &VolumeId, record: &Volume) -> GrantSet {
        // EC2 constrains its grant by the very encryption context that it decrypts with; where that is not known in
        // full, the two are alike all the same.
        let pair = record.snapshot.is_none().then(|| [("aws:ebs:id".to_owned(), volume.as_str().to_owned())].into());
        let own = Grant {
            id: String::new(),
            name: None,
            grantee_principal: self.infrastructure_session(),
            issuing_account: self.instance.account.as_str().to_owned(),
            operations: vec!["Decrypt".to_owned()],
            constraints: GrantConstraints { encryption_context_subset: pair, ..GrantConstraints::default() },
        };
        let key = Key { grants: Reading::Known(vec![own]), ..Key::default() };
        grants.grants.extend(super::policies::grants(&key).grants);
        grants
    }

    fn infrastructure_session(&self) -> String {
        let (partition, account) = (self.principal.partition(), &self.instance.account);
        format!("arn:{partition}:sts::{account}:assumed-role/{INFRASTRUCTURE_ROLE}/{}", self.target.instance_id)
    }

    fn infrastructure_principal(&self) -> Option<Principal> {
        let arn = PrincipalArn::parse(&self.infrastructure_session()).ok()?;
        Some(Principal::new(&arn, None, Some(self.instance.account.as_str())))
    }

    fn forwarded(&self, row: &Row, volume: &VolumeId, record: &Volume, key: &KeyArn, of_key: &Key) -> Context {
        let mut context = fixed(Column::Forwarded);
        self.shared_keys(&mut context, key.account());
        self.role_keys(&mut context);
        key_facts(&mut context, of_key);
        let via = format!("ec2.{}.amazonaws.com", self.capture.read.region);
        context.set("kms:ViaService", via.as_str());
        let metadata_only = row.action == "kms:DescribeKey";
        if !metadata_only {
            encryption_context(&mut context, volume, record);
        }
        if row.action == "kms:CreateGrant" {
            context.set("kms:GrantIsForAWSResource", "true");
            context.set("kms:GrantOperations", ContextValue::Multi(vec!["Decrypt".into()]));
            context.set("kms:GranteePrincipal", self.infrastructure_session().as_str());
            context.set("kms:GrantConstraintType", "EncryptionContextSubset");
            context.set("kms:RetiringPrincipal", via.as_str());
        } else if !metadata_only {
            context.set("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT");
        }
        state(&mut context, &self.question.context, Column::Forwarded);
        context
    }

    fn infrastructure(&self, volume: &VolumeId, record: &Volume, key: &KeyArn, of_key: &Key) -> Context {
        let mut context = fixed(Column::Infrastructure);
        self.shared_keys(&mut context, key.account());
        key_facts(&mut context, of_key);
        encryption_context(&mut context, volume, record);
        let account = self.instance.account.as_str();
        self.organization_keys(&mut context, "aws:PrincipalOrg", account);
        let user_id = format!("{account}:{INFRASTRUCTURE_ROLE}:{}", self.target.instance_id);
        context.set("aws:userid", user_id.as_str());
        context
    }

    /// Keys that every request carries.
    fn shared_keys(&self, context: &mut Context, resource_account: &str) {
        context.set("aws:RequestedRegion", self.capture.read.region.as_str());
        context.set("aws:CurrentTime", self.at.to_string().as_str());
        context.set("aws:EpochTime", self.at.as_second().to_string().as_str());
        self.organization_keys(context, "aws:ResourceOrg", resource_account);
    }

    /// Keys that the role's own requests carry.
    fn role_keys(&self, context: &mut Context) {
        context.set("aws:TokenIssueTime", self.at.to_string().as_str());
        self.organization_keys(context, "aws:PrincipalOrg", &self.principal.account);
        match self.role.map(|role| &role.tags) {
            Some(Reading::Known(tags)) => {
                for (tag, value) in tags {
                    context.set(&format!("aws:PrincipalTag/{tag}"), value.as_str());
                }
            }
            Some(Reading::Absent) => {}
            Some(Reading::Unread(_)) | None => context.set_unknown_prefix("aws:PrincipalTag/"),
        }
        for (tag, value) in &self.question.session_tags {
            context.set(&format!("aws:PrincipalTag/{tag}"), value.as_str());
        }
    }

    fn organization_keys(&self, context: &mut Context, prefix: &str, account: &str) {
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
