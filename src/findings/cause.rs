//! From one denied request to its cause.

use crate::command::{Command, Word};
use crate::engine::{
    Decider, Decision, Element, Grantee, Miss, NearMiss, StatementOutcome, conditions, grant_misses, nearest, obstacles,
};
use crate::names::{Arn, INFRASTRUCTURE_ROLE, InstanceId, KeyArn, Region, TagKey};
use crate::operations::{RequestOutcome, Requester};
use crate::policy::{Effect, PolicyType};

use super::asked_keys::meant as key_meant;
use super::mistakes::{
    Slip, almost, delegation, denied, exception, is_in_other_partition, names_more_than_the_account, slip,
};
use super::placed::place;
use super::{Code, Evidence, StatementRole, may_allow};

/// Why one request is not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cause {
    /// The slip, where one has a name; else what AWS's evaluation lacks.
    pub(super) code: Code,
    pub(super) evidence: Vec<Evidence>,
}

impl Cause {
    /// With the slip's name in front, where there is one: what the evaluation lacks becomes evidence.
    fn named(self, slip: Option<Code>, judged: &RequestOutcome) -> Self {
        let Some(code) = slip.filter(|slip| *slip != self.code) else { return self };
        let meant = if code == Code::ConditionKeyUnknown {
            meant(judged, &self.evidence)
        } else if matches!(code, Code::TagMissing | Code::TagOfOtherValue) {
            tag(judged, &self.evidence)
        } else {
            None
        };
        let evidence = std::iter::once(Evidence::So(self.code)).chain(self.evidence).chain(meant).collect();
        Self { code, evidence }
    }
}

/// The condition key that is meant where a statement of the evidence has a misspelt one.
fn meant(judged: &RequestOutcome, evidence: &[Evidence]) -> Option<Evidence> {
    let placed = evidence.iter().filter_map(Evidence::statement);
    let statements = placed.filter_map(|placed| judged.case.policies.statement(placed.at, placed.index));
    let mut misspelled =
        statements.flat_map(|statement| &statement.conditions).filter_map(|one| key_meant(one.key.lower()));
    misspelled.next().map(|key| Evidence::state("AWS's key", key))
}

/// The command that gives the key or the instance the tag that a condition asks for, where it asks for one value.
///
/// Sources: <https://docs.aws.amazon.com/kms/latest/APIReference/API_TagResource.html>,
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html>
fn tag(judged: &RequestOutcome, evidence: &[Evidence]) -> Option<Evidence> {
    let misses = evidence.iter().flat_map(|fact| {
        if let Evidence::Nearest { misses, .. } | Evidence::Statement { conditions: misses, .. } = fact {
            misses.as_slice()
        } else {
            &[]
        }
    });
    let plain = |text: &str| TagKey::parse(text).ok().filter(|_| !text.contains([',', ' ', '=', '*', '?', '$']));
    let mut tags = misses.filter_map(|miss| {
        let Element::Condition(_, key) = &miss.element else { return None };
        let (family, name) = key.as_str().split_once('/')?;
        let is_of_resource = ["aws:ResourceTag", "ec2:ResourceTag"].iter().any(|own| family.eq_ignore_ascii_case(own));
        let [value] = miss.expected.as_slice() else { return None };
        Some((plain(name)?, plain(value)?)).filter(|_| is_of_resource)
    });
    let (name, value) = tags.next()?;
    let resource = judged.case.request.resource();
    let command = if let Ok(key) = KeyArn::parse(resource) {
        let tag = Word::from("TagKey=").then(&name).then(",TagValue=").then(&value);
        Command::aws("kms tag-resource")
            .option("--region", &key.in_region())
            .option("--key-id", &key)
            .option("--tags", tag)
    } else {
        let id = InstanceId::parse(resource.rsplit('/').next()?).ok()?;
        let region = Region::parse(Arn::parse(resource).ok()?.region()).ok()?;
        let tag = Word::from("Key=").then(&name).then(",Value=").then(&value);
        Command::aws("ec2 create-tags").option("--region", &region).option("--resources", &id).option("--tags", tag)
    };
    Some(Evidence::Command { what: "or tag it", command })
}

/// The causes for which a request is denied, in the order in which to cure them; none for one that is allowed or
/// undecided.
pub(super) fn causes(judged: &RequestOutcome) -> Vec<Cause> {
    let rounds = obstacles(&judged.case.request, &judged.explanation);
    match judged.decision {
        Decision::Allowed | Decision::Unknown => Vec::new(),
        // What else would stop EC2's own identity is only inferred.
        Decision::ExplicitDeny if judged.case.row.by == Requester::Infrastructure => explicit(judged),
        Decision::ExplicitDeny => {
            let lacks = rounds.iter().skip(1).flat_map(|lacking| implicit(judged, lacking));
            explicit(judged).into_iter().chain(lacks).collect()
        }
        Decision::ImplicitDeny => rounds.iter().flat_map(|lacking| implicit(judged, lacking)).collect(),
    }
}

/// The statements that deny.
fn denying(judged: &RequestOutcome) -> impl Iterator<Item = &StatementOutcome> {
    judged.explanation.statements.iter().filter(|one| one.effect == Effect::Deny && one.applies.is_true())
}

/// One cause for each policy type that denies; EC2's own identity is kept out by one.
fn explicit(judged: &RequestOutcome) -> Vec<Cause> {
    let mut causes: Vec<(Cause, Option<Code>)> = Vec::new();
    for outcome in denying(judged) {
        let code = match (judged.case.row.by, outcome.at.kind) {
            (Requester::Infrastructure, _) => Code::InfrastructureDenied,
            (Requester::Role | Requester::RoleThroughEc2, PolicyType::KeyPolicy) => Code::ExplicitDenyKeyPolicy,
            (Requester::Role | Requester::RoleThroughEc2, PolicyType::Identity) => Code::ExplicitDenyIdentity,
            (Requester::Role | Requester::RoleThroughEc2, PolicyType::Boundary) => Code::ExplicitDenyBoundary,
            (Requester::Role | Requester::RoleThroughEc2, PolicyType::Session) => Code::ExplicitDenySessionPolicy,
            (Requester::Role | Requester::RoleThroughEc2, PolicyType::Scp) => Code::ExplicitDenyScp,
            (Requester::Role | Requester::RoleThroughEc2, PolicyType::Rcp) => Code::ExplicitDenyRcp,
        };
        let at = place(&judged.case.policies, outcome.at, outcome.statement);
        let conditions = conditions(&judged.case.request, &judged.case.policies, outcome);
        let asks_age =
            |miss: &Miss| matches!(&miss.element, Element::Condition(_, key) if key.lower() == "aws:tokenissuetime");
        let is_of_age = conditions.iter().any(asks_age);
        let cure = is_of_age.then(|| Evidence::state("fix", "a session taken later: this Deny falls on older ones"));
        let fact = Evidence::Statement { at, role: StatementRole::Denies, conditions };
        let slip = denied(judged, outcome);
        if let Some((cause, first)) = causes.iter_mut().find(|(cause, _)| cause.code == code) {
            cause.evidence.extend([fact].into_iter().chain(cure));
            *first = first.or(slip);
        } else {
            let is_ec2s_own = judged.case.row.by == Requester::Infrastructure;
            let whom = is_ec2s_own.then(|| Evidence::state("principal", &*judged.case.request.principal.arn));
            causes.push((Cause { code, evidence: whom.into_iter().chain([fact]).chain(cure).collect() }, slip));
        }
    }
    causes.into_iter().map(|(cause, slip)| cause.named(slip, judged)).collect()
}

/// One cause for each policy type that limits and does not allow; else one for what gives nothing.
fn implicit(judged: &RequestOutcome, lacking: &[Decider]) -> Vec<Cause> {
    let lacks = |kind| lacking.contains(&Decider::Type(kind));
    if judged.case.row.by == Requester::Infrastructure {
        let kinds = [PolicyType::Scp, PolicyType::Rcp];
        return vec![Cause { code: Code::InfrastructureDenied, evidence: near(judged, &kinds).into_iter().collect() }];
    }
    let limits = [
        (PolicyType::Scp, Code::ScpLacksAllow),
        (PolicyType::Boundary, Code::BoundaryLacksAllow),
        (PolicyType::Session, Code::SessionPolicyLacksAllow),
    ];
    let mut causes: Vec<Cause> = limits
        .into_iter()
        .filter(|(kind, _)| lacks(*kind))
        .map(|(kind, code)| {
            let named = slip(judged, &[kind]);
            let mut evidence = names(judged, kind);
            let slip = named.as_ref().map(|(code, _)| *code);
            evidence.extend(named.map(|(_, miss)| at(judged, miss)).or_else(|| near(judged, &[kind])));
            Cause { code, evidence }.named(slip, judged)
        })
        .collect();
    if judged.case.request.is_cross_account() && !judged.case.request.is_for_key() {
        causes.push(Cause { code: Code::ForeignInstance, evidence: Vec::new() });
    } else if causes.is_empty() {
        causes.push(ungiven(judged, lacks(PolicyType::KeyPolicy), lacks(PolicyType::Identity)));
    }
    causes
}

/// Why neither key policy, identity-based policies nor grants allow.
fn ungiven(judged: &RequestOutcome, no_key_policy: bool, no_identity: bool) -> Cause {
    let request = &judged.case.request;
    let code = match (request.is_cross_account(), no_key_policy, no_identity) {
        (true, _, _) if request.principal.is_service_linked() => Code::ServiceLinkedRoleForeignKey,
        (true, true, true) => Code::CrossAccountBoth,
        (true, true, false) => Code::CrossAccountKeyPolicy,
        (true, false, _) => Code::CrossAccountIdentity,
        (false, true, _) => Code::KeyPolicyNoDelegation,
        (false, false, _) => Code::NoIdentityAllow,
    };
    let named = slip(judged, giving(judged, no_key_policy, no_identity));
    let mut slip = named.as_ref().map(|(code, _)| *code);
    let mut evidence = delegates(judged);
    match named {
        Some((_, miss)) => evidence.push(at(judged, miss)),
        None if code == Code::KeyPolicyNoDelegation && judged.explanation.gates.identity.is_true() => {
            let (code, miss) = delegation(judged);
            slip = Some(code);
            evidence.extend(miss.map(|miss| at(judged, miss)));
        }
        None => {
            evidence.extend(in_key_policy(judged, no_key_policy));
            evidence.extend(near(judged, &[PolicyType::Identity]).filter(|_| no_identity));
        }
    }
    let grant = grant(judged);
    if let (None, Some((Some(code), _))) = (slip, &grant)
        && (no_key_policy || *code != Code::GrantOtherGrantee)
    {
        slip = Some(*code);
    }
    if no_identity && !evidence.iter().any(is_nearest) {
        evidence.push(Evidence::NoStatement { policies: judged.case.policies.identity.len() });
    }
    evidence.extend(grant.map(|(_, fact)| fact));
    Cause { code, evidence }.named(slip, judged)
}

/// The policy types of which one statement more would give what a request lacks.
fn giving(judged: &RequestOutcome, no_key_policy: bool, no_identity: bool) -> &'static [PolicyType] {
    let request = &judged.case.request;
    match (request.is_cross_account(), no_key_policy) {
        // A slip in one half does not cure the other, and an allow alone does not serve a service-linked role.
        (true, _) if (no_key_policy && no_identity) || request.principal.is_service_linked() => &[],
        // No identity policy counts without the key policy.
        (_, true) => &[PolicyType::KeyPolicy],
        (true, false) => &[PolicyType::Identity],
        (false, false) => &[PolicyType::Identity, PolicyType::KeyPolicy],
    }
}

/// The statements that would let a request pass but for a slip: those that deny it, else one that would allow it of each
/// policy type that stands in the way first.
pub(crate) fn slips(judged: &RequestOutcome) -> Vec<Slip> {
    if judged.case.row.by == Requester::Infrastructure {
        return Vec::new();
    }
    match judged.decision {
        Decision::Allowed | Decision::Unknown => Vec::new(),
        Decision::ExplicitDeny => denying(judged)
            .filter_map(|outcome| {
                let code = denied(judged, outcome)?;
                let misses =
                    exception(judged, outcome).into_iter().filter(|(own, _)| *own == code).map(|(_, miss)| miss);
                let misses = misses.collect();
                Some(Slip { at: outcome.at, statement: outcome.statement, effect: Effect::Deny, code, misses })
            })
            .collect(),
        Decision::ImplicitDeny => {
            let lacking = obstacles(&judged.case.request, &judged.explanation).into_iter().next().unwrap_or_default();
            let lacks = |kind| lacking.contains(&Decider::Type(kind));
            let limits = [[PolicyType::Scp], [PolicyType::Boundary], [PolicyType::Session]];
            let limits: Vec<&[PolicyType]> =
                limits.iter().filter(|[kind]| lacks(*kind)).map(|kind| &kind[..]).collect();
            let kinds = if limits.is_empty() {
                vec![giving(judged, lacks(PolicyType::KeyPolicy), lacks(PolicyType::Identity))]
            } else {
                limits
            };
            let named = kinds.into_iter().filter_map(|kinds| slip(judged, kinds));
            let slip = |(code, near): (Code, NearMiss)| Slip {
                at: near.at,
                statement: near.statement,
                effect: Effect::Allow,
                code,
                misses: near.misses,
            };
            named.map(slip).collect()
        }
    }
}

fn at(judged: &RequestOutcome, near: NearMiss) -> Evidence {
    Evidence::Nearest { at: place(&judged.case.policies, near.at, near.statement), misses: near.misses }
}

/// The Allow statement that comes nearest; one that names somebody else was not made for this.
fn near(judged: &RequestOutcome, kinds: &[PolicyType]) -> Option<Evidence> {
    let near = nearest(&judged.case.request, &judged.case.policies, &judged.explanation, kinds)?;
    let stranger = near.misses.iter().any(|miss| matches!(miss.element, Element::Principal(_)));
    (!stranger).then(|| at(judged, near))
}

/// The statement of the key policy that comes nearest. Where the policy leaves the key to the account's IAM policies, one that
/// is for this very principal would serve all the same; where it does not, one that was almost meant for it tells most.
fn in_key_policy(judged: &RequestOutcome, is_lacking: bool) -> Option<Evidence> {
    let request = &judged.case.request;
    if !request.is_for_key() || (request.is_cross_account() && !is_lacking) {
        return None;
    }
    let near = nearest(request, &judged.case.policies, &judged.explanation, &[PolicyType::KeyPolicy]);
    let is_of_principal =
        |near: &NearMiss| !near.misses.iter().any(|miss| matches!(miss.element, Element::Principal(_)));
    let near = near.filter(|near| is_of_principal(near) && (is_lacking || names_more_than_the_account(judged, near)));
    let has_action = |near: &NearMiss| !near.misses.iter().any(|miss| matches!(miss.element, Element::Action(_)));
    let almost = || almost(judged).filter(|near| is_lacking || (has_action(near) && !is_of_principal(near)));
    near.or_else(almost).map(|near| at(judged, near))
}

fn is_nearest(fact: &Evidence) -> bool {
    matches!(fact, Evidence::Nearest { .. })
}

/// The names of the policies that should allow.
fn names(judged: &RequestOutcome, kind: PolicyType) -> Vec<Evidence> {
    let policies = &judged.case.policies;
    let lacking = |level: Option<usize>| {
        let of_level = policies.all().filter(|(at, _)| at.kind == kind && level.is_none_or(|level| level == at.level));
        Evidence::Level { level, names: of_level.map(|(_, policy)| policy.name.clone()).collect() }
    };
    let levels = match kind {
        PolicyType::Boundary | PolicyType::Session => return vec![lacking(None)],
        PolicyType::Scp => policies.scps.len(),
        PolicyType::Rcp => policies.rcps.len(),
        PolicyType::Identity | PolicyType::KeyPolicy => 0,
    };
    let allows = |level| may_allow(judged, |at| at.kind == kind && at.level == level);
    (0..levels).filter(|level| !allows(*level)).map(|level| lacking(Some(level))).collect()
}

/// The statements by which the key policy leaves it to the account's IAM policies.
fn delegates(judged: &RequestOutcome) -> Vec<Evidence> {
    let delegating = judged.explanation.statements.iter().filter(|outcome| {
        outcome.at.kind == PolicyType::KeyPolicy
            && outcome.effect == Effect::Allow
            && outcome.only_account
            && outcome.applies.is_true()
    });
    let place = |outcome: &StatementOutcome| Evidence::Statement {
        at: place(&judged.case.policies, outcome.at, outcome.statement),
        role: StatementRole::Delegates,
        conditions: Vec::new(),
    };
    delegating.map(place).collect()
}

/// The grant that comes nearest to serving, and what is wrong with it; no name where a policy must allow besides,
/// because another account issued it.
fn grant(judged: &RequestOutcome) -> Option<(Option<Code>, Evidence)> {
    let request = &judged.case.request;
    let ec2s_own = format!(":assumed-role/{INFRASTRUCTURE_ROLE}/");
    let grants = judged.case.policies.grants.all().zip(&judged.explanation.grants);
    let candidates = grants.filter_map(|(grant, outcome)| {
        let code = match (outcome.grantee.is_false(), outcome.operation.is_false(), &grant.grantee) {
            (true, true, _) => return None,
            // Grants that EC2 made for running instances say nothing of this start.
            (_, _, Grantee::Session(arn)) if arn.contains(&ec2s_own) => return None,
            (true, _, Grantee::UniqueId(_)) => Some(Code::GrantStaleGrantee),
            (true, _, grantee) if is_in_other_partition(grantee.as_str(), &request.principal.arn) => {
                Some(Code::ArnOfOtherPartition)
            }
            (true, _, _) => Some(Code::GrantOtherGrantee),
            (false, true, _) => Some(Code::GrantLacksOperation),
            (false, false, _) => outcome.constraints.is_false().then_some(Code::GrantOtherContext),
        };
        let misses = grant_misses(request, grant, *outcome);
        let order = (outcome.grantee.is_false(), misses.len());
        let operations = grant.operations.iter().map(ToString::to_string).collect();
        let (id, grantee) = (grant.id.to_string(), grant.grantee.as_str().to_owned());
        (!misses.is_empty() || !outcome.serves().is_possible()).then_some((
            order,
            code,
            Evidence::Grant { id, grantee, operations, misses },
        ))
    });
    // A key may hold thousands of grants for other volumes; one tells the cause.
    candidates.min_by_key(|(order, _, _)| *order).map(|(_, code, fact)| (code, fact))
}

/// The facts for which a request is denied.
pub(crate) fn reasons(judged: &RequestOutcome) -> Vec<Evidence> {
    let all = causes(judged).into_iter().flat_map(|cause| cause.evidence);
    all.filter(|fact| !matches!(fact, Evidence::Command { .. })).collect()
}
