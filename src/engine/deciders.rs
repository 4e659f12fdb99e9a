use crate::policy::{Effect, PolicyType, Truth};

use super::combine::{PolicyTypeOutcomes, allowed};
use super::decision::Decision;
use super::explain::Explanation;
use super::grant::GrantAllow;
use super::principal::PrincipalKind;
use super::request::Request;
use super::set::PolicyRef;

/// What a decision rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decider {
    /// This statement allows or denies.
    Statement(PolicyRef, usize),
    /// This grant allows, by its position.
    Grant(usize),
    /// This policy type does not allow, or is open.
    Type(PolicyType),
    /// No grant allows, or the grants are open.
    Grants,
}

/// The statements and grants that decide; for an implicit deny the policy types that do not allow, for an unknown
/// decision those that are open.
pub fn deciders(request: &Request, explanation: &Explanation) -> Vec<Decider> {
    match explanation.decision {
        Decision::ExplicitDeny => statements(explanation, |_, effect, _| effect == Effect::Deny),
        Decision::Allowed => allowing(request, explanation),
        Decision::ImplicitDeny => lacking(request, &explanation.gates),
        Decision::Unknown => open(request, &explanation.gates),
    }
}

/// What stands in the way of a request that is denied, in rounds: each would still deny it if those before were
/// lifted.
pub fn obstacles(request: &Request, explanation: &Explanation) -> Vec<Vec<Decider>> {
    let mut gates = explanation.gates;
    let mut rounds = Vec::new();
    if explanation.decision == Decision::ExplicitDeny {
        rounds.push(deciders(request, explanation));
    }
    // Each round lifts a policy type at least.
    while gates.scps.and(gates.rcps).and(allowed(request, &gates)).is_false() {
        let lacking = lacking(request, &gates);
        let before = gates;
        for decider in &lacking {
            lift(&mut gates, *decider);
        }
        let is_stuck = gates == before;
        if !is_stuck || rounds.is_empty() {
            rounds.push(lacking);
        }
        if is_stuck {
            break;
        }
    }
    rounds
}

fn lift(gates: &mut PolicyTypeOutcomes, decider: Decider) {
    match decider {
        Decider::Type(PolicyType::Identity) => gates.identity = Truth::True,
        Decider::Type(PolicyType::Boundary) => gates.boundary = Truth::True,
        Decider::Type(PolicyType::Session) => gates.session = Truth::True,
        Decider::Type(PolicyType::Scp) => gates.scps = Truth::True,
        Decider::Type(PolicyType::Rcp) => gates.rcps = Truth::True,
        Decider::Type(PolicyType::KeyPolicy) => gates.key_policy.account = Truth::True,
        Decider::Statement(..) | Decider::Grant(_) | Decider::Grants => {}
    }
}

fn statements(explanation: &Explanation, keep: impl Fn(PolicyType, Effect, bool) -> bool) -> Vec<Decider> {
    explanation
        .statements
        .iter()
        .filter(|outcome| outcome.applies.is_true() && keep(outcome.at.kind, outcome.effect, outcome.only_account))
        .map(|outcome| Decider::Statement(outcome.at, outcome.statement))
        .collect()
}

fn allowing(request: &Request, explanation: &Explanation) -> Vec<Decider> {
    let gates = &explanation.gates;
    let by_statements = PolicyTypeOutcomes { grants: GrantAllow::NONE, owner_grants: GrantAllow::NONE, ..*gates };
    if !allowed(request, &by_statements).is_true() {
        let served = explanation.grants.iter().enumerate().filter(|(_, grant)| grant.serves().is_true());
        let grants = served.map(|(position, _)| Decider::Grant(position));
        // A grant that the key owner's account issued to another account's principal is one half only.
        let alone = PolicyTypeOutcomes { identity: Truth::False, ..*gates };
        let identity = if allowed(request, &alone).is_true() {
            Vec::new()
        } else {
            statements(explanation, |kind, effect, _| effect == Effect::Allow && kind == PolicyType::Identity)
        };
        return identity.into_iter().chain(grants).collect();
    }
    let named = gates.key_policy;
    let directly = named.anyone.or(named.role).or(named.session).or(named.user).is_true();
    let has_identity = request.principal.kind != PrincipalKind::Root;
    let needs_identity = has_identity && (!request.is_for_key() || request.is_cross_account() || !directly);
    statements(explanation, |kind, effect, only_account| {
        effect == Effect::Allow
            && match kind {
                PolicyType::KeyPolicy => !(directly && only_account && !request.is_cross_account()),
                PolicyType::Identity => needs_identity,
                PolicyType::Boundary | PolicyType::Session | PolicyType::Scp | PolicyType::Rcp => false,
            }
    })
}

/// The policy types without which, or but for which, the request would be allowed.
fn lacking(request: &Request, gates: &PolicyTypeOutcomes) -> Vec<Decider> {
    let mut lacking = Vec::new();
    let mut note = |kind, holds: bool| {
        if !holds {
            lacking.push(Decider::Type(kind));
        }
    };
    note(PolicyType::Scp, !gates.scps.is_false());
    note(PolicyType::Rcp, !gates.rcps.is_false());
    let within = allowed(request, gates);
    if !within.is_false() {
        return lacking;
    }
    // A limit is at fault where lifting it would help, alone or together with the allow that is lacking too.
    let unlimited = PolicyTypeOutcomes { boundary: Truth::True, session: Truth::True, ..*gates };
    let helped = !allowed(request, &unlimited).is_false();
    note(PolicyType::Boundary, !(helped && gates.boundary.is_false()));
    note(PolicyType::Session, !(helped && gates.session.is_false()));
    if helped {
        return lacking;
    }
    let named = gates.key_policy;
    let direct = named.anyone.or(named.role).or(named.session).or(named.user);
    // A grant that the key owner's account issued admits another account as its key policy does.
    let admitted = direct.or(named.account).or(gates.owner_grants.at_all());
    if request.is_for_key() {
        note(PolicyType::KeyPolicy, admitted.is_possible());
    }
    if request.principal.kind != PrincipalKind::Root {
        note(PolicyType::Identity, gates.identity.is_possible());
    }
    lacking
}

/// What is open and would decide alone; where nothing would, all that is open.
fn open(request: &Request, gates: &PolicyTypeOutcomes) -> Vec<Decider> {
    let (mut open, mut all) = (Vec::new(), Vec::new());
    let matters = |with_true: PolicyTypeOutcomes, with_false: PolicyTypeOutcomes| {
        let allowed = |gates: &PolicyTypeOutcomes| gates.scps.and(gates.rcps).and(allowed(request, gates));
        allowed(&with_true) != Truth::Unknown || allowed(&with_false) != Truth::Unknown
    };
    let mut note = |kind, denies: Truth, allows: Truth, set: &dyn Fn(&mut PolicyTypeOutcomes, Truth)| {
        let (mut with_true, mut with_false) = (*gates, *gates);
        set(&mut with_true, Truth::True);
        set(&mut with_false, Truth::False);
        let allow_is_open = allows == Truth::Unknown && gates.allowed == Truth::Unknown;
        if denies == Truth::Unknown || allow_is_open {
            all.push(kind);
        }
        if denies == Truth::Unknown || (allow_is_open && matters(with_true, with_false)) {
            open.push(kind);
        }
    };
    let named = gates.key_policy;
    let key = [named.anyone, named.account, named.role, named.session, named.user];
    let key_is_open = if key.contains(&Truth::Unknown) { Truth::Unknown } else { Truth::False };
    note(Decider::Type(PolicyType::Identity), gates.identity_denies, gates.identity, &|g, t| g.identity = t);
    note(Decider::Type(PolicyType::Boundary), gates.boundary_denies, gates.boundary, &|g, t| g.boundary = t);
    note(Decider::Type(PolicyType::Session), gates.session_denies, gates.session, &|g, t| g.session = t);
    note(Decider::Type(PolicyType::Scp), gates.scp_denies, gates.scps, &|g, t| g.scps = t);
    note(Decider::Type(PolicyType::Rcp), gates.rcp_denies, gates.rcps, &|g, t| g.rcps = t);
    note(Decider::Type(PolicyType::KeyPolicy), gates.key_policy_denies, key_is_open, &|g, t| {
        let settle = |truth: &mut Truth| {
            if *truth == Truth::Unknown {
                *truth = t;
            }
        };
        settle(&mut g.key_policy.anyone);
        settle(&mut g.key_policy.account);
        settle(&mut g.key_policy.role);
        settle(&mut g.key_policy.session);
        settle(&mut g.key_policy.user);
    });
    let is_open = gates.grants.is_open() || gates.owner_grants.is_open();
    let grants = if is_open { Truth::Unknown } else { Truth::False };
    note(Decider::Grants, Truth::False, grants, &|g, t| {
        g.grants = g.grants.settled(t);
        g.owner_grants = g.owner_grants.settled(t);
    });
    if open.is_empty() && all.is_empty() {
        // A grant that serves, and that something unsaid may limit.
        return vec![Decider::Grants];
    }
    if open.is_empty() { all } else { open }
}
