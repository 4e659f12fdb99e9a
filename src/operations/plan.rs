//! From a capture to the requests of one start, each with the policies that bear on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::capture::{Capture, Identity, Instance, Key, Target, Volume};
use crate::engine::{self, NamedPolicy, PolicySet, Principal, Request};
use crate::fact::{Fact, UnreadReason};
use crate::names::{Action, Arn, INFRASTRUCTURE_ROLE, KeyArn, PrincipalArn, UniqueId, VolumeId};
use crate::policy::PolicyType;

use super::assumption::{Assumption, dates, stated, usual};
use super::condition_keys::Column;
use super::context::state;
use super::decision::GRANT_QUOTA;
use super::judged::{Case, RequestOutcome, judge, judge_one};
use super::model::{Requester, Row, START};
use super::policies::{PolicyCache, unread};
use super::question::Question;

/// One start, ready to be judged.
#[derive(Debug)]
pub(crate) struct StartPlan<'c> {
    /// The instance.
    pub(crate) instance: &'c Instance,
    /// The principal that starts the instance.
    pub(crate) principal: Principal,
    /// The requests.
    pub(crate) cases: Vec<Case>,
    /// The call by which the role is assumed and what it needs besides, where its caller is stated.
    pub(crate) caller: Vec<RequestOutcome>,
    /// Whether session tags are stated that the role's trust policy lets nobody give.
    pub(crate) refuses_tags: bool,
    /// Volumes whose encryption is not known.
    pub(crate) open_volumes: Vec<OpenVolume>,
    /// What was taken for granted.
    pub(crate) assumptions: Vec<Assumption>,
}

/// A volume of which it is not known whether, and with which key, it is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenVolume {
    pub(crate) volume: VolumeId,
    pub(crate) needs: String,
}

/// Why a target cannot be judged at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoPlan {
    /// The capture holds no such instance.
    NoInstance,
    /// The instance was not read.
    InstanceUnread { was_denied: bool, message: String },
    /// The target names neither a role nor a user.
    NoStarter { text: String },
}

/// Judges requests of a start again, with the policies and grants of a changed capture: what else was read is as it was.
pub(crate) fn judge_again<'j>(
    judged: impl IntoIterator<Item = &'j RequestOutcome>,
    capture: &Capture,
    target: &Target,
    question: &Question,
    shelf: &PolicyCache<'_>,
) -> Result<Vec<RequestOutcome>, NoPlan> {
    let mut planner = Planner::new(capture, target, question, shelf)?;
    let again = |judged: &RequestOutcome| {
        let case = &judged.case;
        let policies = match &case.key {
            None => Arc::clone(&planner.own),
            Some(key) => {
                let on_key = planner.on_key(key);
                if case.row.by == Requester::Infrastructure {
                    on_key.with_start_grant(case.policies.grants.own.clone())
                } else {
                    Arc::clone(&on_key.starter)
                }
            }
        };
        judge_one(Case { policies, ..case.clone() })
    };
    Ok(judged.into_iter().map(again).collect())
}

/// Works out the requests of one start.
pub(crate) fn plan<'c>(
    capture: &'c Capture,
    target: &Target,
    question: &Question,
    shelf: &PolicyCache<'_>,
) -> Result<StartPlan<'c>, NoPlan> {
    let mut planner = Planner::new(capture, target, question, shelf)?;
    let instance = planner.instance;
    let (cases, open_volumes) = planner.cases();
    let caller = judge(planner.assume_role());
    let refuses_tags = !planner.session_tags().is_empty() && planner.admits_tags() == Some(false);
    let mut assumptions = std::mem::take(&mut planner.assumptions);
    assumptions.extend(stated(question));
    // The keys add to what bears on the principal's own requests.
    let bearing = planner.on_keys.values().flat_map(|on_key| [&*on_key.starter, &on_key.ec2]);
    let asked = bearing.chain([&*planner.own]).flat_map(usual);
    let is_stated = |key: &str| question.context.iter().any(|given| given.key.eq_ignore_ascii_case(key));
    assumptions.extend(asked.filter(|one| !matches!(one, Assumption::Usual { key, .. } if is_stated(key))));
    // Of cases with the same policies and action one tells the dates.
    let mut compared: Vec<String> = Vec::new();
    for row in START {
        let mut seen: BTreeSet<*const PolicySet> = BTreeSet::new();
        for case in cases.iter().filter(|case| std::ptr::eq(case.row, row)) {
            if seen.insert(Arc::as_ptr(&case.policies)) {
                compared.extend(dates(&case.policies, &case.request.action).map(str::to_owned));
            }
        }
    }
    compared.sort();
    compared.dedup();
    if !compared.is_empty() {
        assumptions.push(Assumption::Dated { at: planner.at, dates: compared });
    }
    assumptions.sort();
    assumptions.dedup();
    let principal = planner.principal;
    Ok(StartPlan { instance, principal, cases, caller, refuses_tags, open_volumes, assumptions })
}

fn principal(named: &PrincipalArn, identity: Option<&Identity>, question: &Question) -> Principal {
    let unique_id = identity.and_then(|identity| identity.unique_id.known()).map(UniqueId::as_str);
    let role = match (identity.map(|identity| &identity.arn), named) {
        (Some(PrincipalArn::Role(arn)), _) | (None, PrincipalArn::Role(arn)) => Some(arn),
        (_, _) => None,
    };
    let arn = match (named, role, &question.session_name) {
        (PrincipalArn::Role(_), Some(role), Some(name)) => PrincipalArn::parse(&role.session_arn(name)).ok(),
        (PrincipalArn::Role(_), Some(role), None) => Some(PrincipalArn::Role(role.clone())),
        (_, _, _) => None,
    };
    Principal::new(arn.as_ref().unwrap_or(named), role, unique_id)
}

pub(super) struct Planner<'c, 'q> {
    pub(super) capture: &'c Capture,
    pub(super) question: &'q Question,
    pub(super) target: &'q Target,
    pub(super) instance: &'c Instance,
    /// The role or user that starts the instance, as the target names it.
    pub(super) named: PrincipalArn,
    pub(super) identity: Option<&'c Identity>,
    pub(super) principal: Principal,
    pub(super) at: Timestamp,
    pub(super) shelf: &'q PolicyCache<'q>,
    assumptions: Vec<Assumption>,
    /// What bears on every request of the principal.
    pub(super) own: Arc<PolicySet>,
    /// What stands for the key policies' word on a role whose path is not known.
    unknown_path: Vec<Arc<NamedPolicy>>,
    on_keys: BTreeMap<KeyArn, Arc<OnKey>>,
    /// Whether the principal's session may have tags that nobody told.
    pub(super) open_session_tags: bool,
    /// The role's trust policy, where it was read.
    pub(super) trust: Option<Arc<NamedPolicy>>,
}

/// What bears on requests for one key.
struct OnKey {
    /// On those of the principal.
    starter: Arc<PolicySet>,
    /// On those of EC2's own identity, but for the grant that it makes for the volume.
    ec2: PolicySet,
    /// Whether it may have as many grants as a key can have.
    is_full: bool,
}

/// What the requests for one key have in common, by who makes them.
struct Patterns {
    on_key: Arc<OnKey>,
    forwarded: Option<Request>,
    ec2: Option<Request>,
}

impl OnKey {
    /// What bears on EC2's own requests once it has made its grant, as row 2 does.
    ///
    /// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/ct-ec2two.html>
    fn with_start_grant(&self, grant: Option<engine::Grant>) -> Arc<PolicySet> {
        let mut policies = self.ec2.clone();
        policies.grants.own = grant;
        Arc::new(policies)
    }
}

impl<'c, 'q> Planner<'c, 'q> {
    fn new(
        capture: &'c Capture,
        target: &'q Target,
        question: &'q Question,
        shelf: &'q PolicyCache<'q>,
    ) -> Result<Self, NoPlan> {
        let instance = match capture.instances.get(&target.instance_id) {
            Some(Fact::Known(instance)) => instance,
            Some(Fact::Unread(unread) | Fact::Part { unread, .. }) => {
                return Err(NoPlan::InstanceUnread {
                    was_denied: unread.why == UnreadReason::Denied,
                    message: unread.message.clone(),
                });
            }
            Some(Fact::Absent) | None => return Err(NoPlan::NoInstance),
        };
        let named = match &target.role_arn {
            named @ (PrincipalArn::Role(_) | PrincipalArn::Session(_) | PrincipalArn::User(_)) => named,
            PrincipalArn::Root(root) => return Err(NoPlan::NoStarter { text: root.to_string() }),
        };
        let identity = capture.identity(&target.role_arn).and_then(|(_, identity)| identity.known());
        let mut planner = Self {
            capture,
            question,
            target,
            instance,
            identity,
            principal: principal(named, identity, question),
            named: named.clone(),
            at: question.at.unwrap_or(capture.read.until),
            shelf,
            assumptions: Vec::new(),
            own: Arc::default(),
            unknown_path: Vec::new(),
            on_keys: BTreeMap::new(),
            open_session_tags: false,
            trust: identity.and_then(|identity| identity.trust_policy.known()).map(|document| {
                // A trust policy is the resource-based policy of a role.
                shelf.document("trust policy", document, PolicyType::KeyPolicy)
            }),
        };
        planner.open_session_tags = planner.has_open_session_tags();
        planner.own = Arc::new(planner.own_policies());
        Ok(planner)
    }

    fn cases(&mut self) -> (Vec<Case>, Vec<OpenVolume>) {
        self.assumptions.push(Assumption::EvaluatedAt(self.at));
        if !self.is_user() && self.question.session_policies.is_empty() {
            self.assumptions.push(Assumption::NoSessionPolicy);
        }
        if !self.is_user() && self.question.session_policies.len() > 1 {
            self.assumptions.push(Assumption::SessionPoliciesAddUp);
        }
        if !self.is_user() && self.question.session_tags.is_empty() && !self.question.no_session_tags {
            self.assumptions.push(Assumption::NoSessionTags);
        }
        let (mut cases, mut open) = (Vec::new(), Vec::new());
        let mut patterns: BTreeMap<&KeyArn, Patterns> = BTreeMap::new();
        for row in START.iter().filter(|row| row.by == Requester::Role) {
            cases.extend(self.instance(row));
            let licenses = self.instance.license_configurations.iter().filter_map(|license| Arn::parse(license).ok());
            cases.extend(licenses.filter_map(|license| self.license(row, &license)));
        }
        for attachment in &self.instance.attachments {
            let volume = &attachment.volume_id;
            let record = match self.capture.volumes.get(volume) {
                Some(Fact::Known(record)) => record,
                Some(Fact::Absent | Fact::Unread(_) | Fact::Part { .. }) | None => {
                    open.push(OpenVolume { volume: volume.clone(), needs: "ec2:DescribeVolumes".to_owned() });
                    continue;
                }
            };
            match &record.key {
                Fact::Known(key) => {
                    let patterns = patterns.entry(key).or_insert_with(|| self.patterns(key));
                    cases.extend(self.volume(volume, record, key, patterns));
                }
                Fact::Absent => {}
                Fact::Unread(unread) | Fact::Part { unread, .. } => {
                    open.push(OpenVolume { volume: volume.clone(), needs: unread.needs.clone() });
                }
            }
        }
        (cases, open)
    }

    /// Users have no session: neither its policies nor its tags are theirs.
    pub(super) fn is_user(&self) -> bool {
        matches!(self.named, PrincipalArn::User(_))
    }

    pub(super) fn session_tags(&self) -> &[(String, String)] {
        if self.is_user() { &[] } else { &self.question.session_tags }
    }

    fn own_policies(&mut self) -> PolicySet {
        let mut own = PolicySet::none();
        if !self.is_user() {
            own.session = self.question.session_policies.iter().map(|given| Arc::clone(&given.0)).collect();
        }
        if let Some(identity) = self.identity {
            own.identity = self.shelf.identity(identity);
            own.boundary = self.shelf.boundary(identity);
        } else {
            let (whose, needs) = if self.is_user() { ("user", "iam:GetUser") } else { ("role", "iam:GetRole") };
            own.identity = vec![unread(&format!("the {whose}'s policies"), needs)];
            own.boundary = Some(unread("the permissions boundary", needs));
            if matches!(self.named, PrincipalArn::Session(_)) {
                // The role's path is not known, so neither is what names it.
                self.unknown_path = vec![unread("the role's path", needs)];
            }
        }
        own.scps = self.organization(&self.principal.account.clone(), PolicyType::Scp);
        own
    }

    pub(super) fn organization(&mut self, account: &str, kind: PolicyType) -> Vec<Vec<Arc<NamedPolicy>>> {
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

    fn on_key(&mut self, key: &KeyArn) -> Arc<OnKey> {
        if let Some(known) = self.on_keys.get(key) {
            return Arc::clone(known);
        }
        let found = Arc::new(self.bearing_on(key));
        self.on_keys.insert(key.clone(), Arc::clone(&found));
        found
    }

    fn bearing_on(&mut self, key: &KeyArn) -> OnKey {
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
        let grants = self.shelf.grants(of_key);
        let is_full = !managed && grants.grants.len() >= GRANT_QUOTA;
        let mut starter = PolicySet { rcps: rcps.clone(), grants: grants.clone(), ..(*self.own).clone() };
        starter.key_policies = self.unknown_path.iter().chain(&key_policies).cloned().collect();
        let scps = self.organization(self.instance.account.as_str(), PolicyType::Scp);
        let ec2 = PolicySet { scps, rcps, key_policies, grants, ..PolicySet::none() };
        OnKey { starter: Arc::new(starter), ec2, is_full }
    }

    fn patterns(&mut self, key: &KeyArn) -> Patterns {
        let nothing = Key::default();
        let of_key = self.capture.keys.get(key).unwrap_or(&nothing);
        let request = |principal: Principal, context| {
            let action = Action::parse("kms:Decrypt").ok()?;
            let mut request = Request::new(action, key.as_str(), Some(key.account()), principal, context).ok()?;
            request.context = request.context.into_pattern();
            Some(request)
        };
        let on_key = self.on_key(key);
        let mut forwarded = self.forwarded(key, of_key);
        self.federation_keys(&mut forwarded, &on_key.starter);
        state(&mut forwarded, &self.question.context, Column::Forwarded);
        Patterns {
            on_key,
            forwarded: request(self.principal.clone(), forwarded),
            ec2: self.infrastructure_principal().and_then(|ec2| request(ec2, self.infrastructure(key, of_key))),
        }
    }

    fn volume(&self, volume: &VolumeId, record: &Volume, key: &KeyArn, patterns: &Patterns) -> Vec<Case> {
        let made = |row: &'static Row| {
            let (pattern, policies) = match row.by {
                Requester::Role => return None,
                Requester::RoleThroughEc2 => (&patterns.forwarded, Arc::clone(&patterns.on_key.starter)),
                Requester::Infrastructure => {
                    let grant = self.start_grant(volume, record);
                    (&patterns.ec2, patterns.on_key.with_start_grant(Some(grant)))
                }
            };
            let mut request = pattern.clone()?;
            request.action = Action::parse(row.action).ok()?;
            self.keys_of_volume(&mut request.context, row, volume, record);
            let (volume, key) = (Some(volume.clone()), Some(key.clone()));
            let open_session_tags = self.open_session_tags && row.by != Requester::Infrastructure;
            let is_at_grant_quota = patterns.on_key.is_full && row.action == "kms:CreateGrant";
            let request = Arc::new(request);
            Some(Case { row, request, policies, volume, key, license: None, open_session_tags, is_at_grant_quota })
        };
        START.iter().filter_map(made).collect()
    }

    /// The grant that EC2 makes, as row 2 asks for.
    fn start_grant(&self, volume: &VolumeId, record: &Volume) -> engine::Grant {
        // EC2 constrains its grant by the very encryption context that it decrypts with; where that is not known in
        // full, the two are alike all the same.
        let pair = record.snapshot.is_none().then(|| [("aws:ebs:id".into(), volume.as_str().into())].into());
        engine::Grant {
            id: "".into(),
            grantee: engine::Grantee::parse(&self.infrastructure_session()),
            operations: vec!["Decrypt".into()],
            subset: pair,
            equals: None,
            has_other_constraint: false,
            issuing_account: Some(self.instance.account.as_str().into()),
        }
    }

    pub(super) fn infrastructure_session(&self) -> String {
        let (partition, account) = (self.principal.partition(), &self.instance.account);
        format!("arn:{partition}:sts::{account}:assumed-role/{INFRASTRUCTURE_ROLE}/{}", self.target.instance_id)
    }

    fn infrastructure_principal(&self) -> Option<Principal> {
        let arn = PrincipalArn::parse(&self.infrastructure_session()).ok()?;
        Some(Principal::new(&arn, None, Some(self.instance.account.as_str())))
    }
}
