//! Whether the role's trust policy admits who is said to assume the role.

use crate::engine::nearest;
use crate::policy::{Effect, PolicyType, Truth};
use crate::start::Judged;

use super::open::open_in;
use super::placed::place;
use super::{Code, Fact, Finding, Severity, StatementRole};

/// The finding on the call sts:AssumeRole.
///
/// In the role's account a trust policy that names the caller suffices; one that names the account, or a caller of
/// another account, needs the caller's own policies besides.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html>
pub(super) fn caller(assumed: &Judged) -> Finding {
    let (request, policies, explanation) = (&assumed.case.request, &assumed.case.policies, &assumed.explanation);
    let gates = &explanation.gates;
    let named = &gates.key_policy;
    let by_name = named.anyone.or(named.role).or(named.session).or(named.user);
    let admitted = by_name.or(named.account).and(!gates.key_policy_denies);
    let says = |effect| {
        let applying = explanation.statements.iter().filter(move |one| one.effect == effect && one.applies.is_true());
        let role = if effect == Effect::Deny { StatementRole::Denies } else { StatementRole::Admits };
        applying.map(move |one| Fact::Statement {
            at: place(policies, one.at, one.statement),
            role,
            conditions: Vec::new(),
        })
    };
    let caller = Fact::state("caller", &*request.principal.arn);
    let (code, severity, evidence): (_, _, Vec<Fact>) = match admitted {
        Truth::False => {
            let denies: Vec<Fact> = says(Effect::Deny).collect();
            let near = nearest(request, policies, explanation, &[PolicyType::KeyPolicy]).filter(|_| denies.is_empty());
            let near =
                near.map(|near| Fact::Nearest { at: place(policies, near.at, near.statement), misses: near.misses });
            (Code::CallerNotAdmitted, Severity::Blocker, denies.into_iter().chain(near).collect())
        }
        Truth::Unknown => {
            let open = open_in(assumed, |_| true);
            let code = open.first().map_or(Code::NotDecided, super::Open::code);
            (code, Severity::Undecided, open.into_iter().map(Fact::Open).collect())
        }
        Truth::True => {
            let alone = by_name.is_true() && !request.is_cross_account();
            let value = if alone {
                "the trust policy suffices in the role's own account"
            } else {
                "the caller's own policies must allow sts:AssumeRole besides; they were not read"
            };
            let then = Fact::state("then", value);
            (Code::CallerAdmitted, Severity::Note, says(Effect::Allow).chain([then]).collect())
        }
    };
    let evidence = std::iter::once(caller).chain(evidence).collect();
    Finding { actions: vec![assumed.case.row.action], ..Finding::new(code, severity, evidence) }
}
