//! A Deny that somebody meant: what it is, and whom to ask before anything is changed.

use crate::capture::{Capture, Target};
use crate::change::{PolicyPlace, Savers, savers};
use crate::engine::{Decider, deciders};
use crate::findings::{is_required, push_new};
use crate::operations::{Question, RequestOutcome};
use crate::policy::{Comparison, Pattern, Polarity, PolicyType, PrincipalEntry, Statement};

use super::exempt::place_of;

/// What a Deny is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meant {
    /// AWS put it on credentials that leaked.
    Quarantine,
    /// It withdraws all access.
    NoAccess,
    /// It revokes older sessions.
    RevokedSessions,
    /// AWS Control Tower owns it.
    ControlTower,
    /// AWS owns the policy.
    OwnedByAws,
    /// The key policy lets nobody change it.
    Unmanageable,
    /// It names this very role or user.
    Names,
    /// It holds at certain times.
    Freeze,
    /// It asks for MFA.
    Mfa,
}

/// Whether no way round it is offered.
pub(super) fn is_never_exempted(meant: Meant) -> bool {
    match meant {
        Meant::Quarantine
        | Meant::NoAccess
        | Meant::RevokedSessions
        | Meant::ControlTower
        | Meant::OwnedByAws
        | Meant::Unmanageable => true,
        Meant::Names | Meant::Freeze | Meant::Mfa => false,
    }
}

/// What the Deny is there for, as far as it shows.
pub(super) fn meant(policy: &str, place: &PolicyPlace, deny: &Statement, judged: &RequestOutcome) -> Option<Meant> {
    let asks = |keys: &[&str]| deny.conditions.iter().any(|condition| keys.contains(&condition.key.lower()));
    let aws_managed = match place {
        PolicyPlace::Managed { arn } => arn.is_of_aws(),
        PolicyPlace::Inline { .. }
        | PolicyPlace::Boundary { .. }
        | PolicyPlace::KeyPolicy(_)
        | PolicyPlace::Scp { .. }
        | PolicyPlace::Rcp { .. }
        | PolicyPlace::Session { .. } => false,
    };
    if aws_managed && policy.starts_with("AWSCompromisedKeyQuarantine") {
        return Some(Meant::Quarantine);
    }
    if is_of_everything(deny) {
        return Some(Meant::NoAccess);
    }
    if asks(&["aws:tokenissuetime", "aws:signinsessionarn"]) {
        return Some(Meant::RevokedSessions);
    }
    if matches!(place.kind(), PolicyType::Scp | PolicyType::Rcp) && policy.starts_with("aws-guardrails-") {
        return Some(Meant::ControlTower);
    }
    if aws_managed {
        return Some(Meant::OwnedByAws);
    }
    if names(deny, &judged.case.request.principal.arn) {
        return Some(Meant::Names);
    }
    if asks(&["aws:currenttime", "aws:epochtime"]) {
        return Some(Meant::Freeze);
    }
    asks(&["aws:multifactorauthpresent", "aws:multifactorauthage"]).then_some(Meant::Mfa)
}

/// Every action on everything, under no condition and for no one in particular.
fn is_of_everything(deny: &Statement) -> bool {
    let is_all = |action: &str| action == "*" || action == "*:*";
    let everything = deny.resource.as_ref().is_some_and(|resource| {
        resource.sense == Polarity::Positive && resource.patterns.iter().any(Pattern::is_anything)
    });
    deny.conditions.is_empty()
        && everything
        && deny.action.sense == Polarity::Positive
        && deny.action.patterns.iter().any(|pattern| is_all(pattern.as_str()))
}

/// Whether it speaks of this role or user by name.
fn names(deny: &Statement, arn: &str) -> bool {
    let name = arn.rsplit('/').next().unwrap_or_default();
    let listed = deny.principal.as_ref().filter(|element| element.sense == Polarity::Positive);
    let mut entries = listed.into_iter().flat_map(|element| &element.entries);
    let is_it = |written: &str| written == arn || written.rsplit('/').next() == Some(name);
    entries.any(|(entry, _)| {
        matches!(entry, PrincipalEntry::Role(_) | PrincipalEntry::User(_) | PrincipalEntry::Session(_))
            && entry.as_str() == arn
    }) || deny.conditions.iter().any(|condition| {
        let comparison = condition.operator.comparison;
        let is_positive = matches!(
            comparison,
            Comparison::ArnEquals | Comparison::ArnLike | Comparison::StringEquals | Comparison::StringLike
        );
        condition.key.lower() == "aws:principalarn" && is_positive && condition.written.iter().any(|text| is_it(text))
    })
}

/// A Deny with its policy's name, or a policy that cannot be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MeantDeny {
    pub(crate) policy: String,
    pub(crate) place: PolicyPlace,
    pub(crate) meant: Meant,
}

/// The Denies in the way of a start that somebody meant, in the order of the requests.
pub(crate) fn meant_denies(
    judged: &[RequestOutcome],
    question: &Question,
    capture: &Capture,
    target: &Target,
) -> Vec<MeantDeny> {
    let mut found = Vec::new();
    for judged in judged.iter().filter(|judged| is_required(judged, question) && judged.decision.is_denied()) {
        for decider in deciders(&judged.case.request, &judged.explanation) {
            found.extend(unmanageable(decider, judged, capture).filter(|deny| !found.contains(deny)));
            let Decider::Statement(at, index) = decider else { continue };
            let policy = judged.case.policies.get(at);
            let statement = judged.case.policies.statement(at, index);
            if let (Some(policy), Some(statement), Some(place)) =
                (policy, statement, place_of(judged, at, capture, target))
                && let Some(meant) = meant(&policy.name, &place, statement, judged)
            {
                push_new(&mut found, MeantDeny { policy: policy.name.clone(), place, meant });
            }
        }
    }
    found
}

/// The key policy that decides, where nobody may change it.
fn unmanageable(decider: Decider, judged: &RequestOutcome, capture: &Capture) -> Option<MeantDeny> {
    let is_key_policy = match decider {
        Decider::Statement(at, _) => at.kind == PolicyType::KeyPolicy,
        Decider::Type(kind) => kind == PolicyType::KeyPolicy,
        Decider::Grant(_) | Decider::Grants => false,
    };
    let key = judged.case.key.as_ref().filter(|_| is_key_policy)?;
    let place = PolicyPlace::KeyPolicy(key.clone());
    let nobody = savers(key, place.document(capture)?) == Some(Savers::Nobody);
    nobody.then(|| MeantDeny { policy: "key policy".to_owned(), place, meant: Meant::Unmanageable })
}

impl MeantDeny {
    /// Whether no way round it is offered.
    pub(crate) fn bars(&self) -> bool {
        is_never_exempted(self.meant)
    }
}
