//! From one undecided request to what its decision hangs on.

use crate::engine::{
    Decider, Decision, FailedElement, Grant, GrantOutcome, Grantee, Issuer, deciders, unknown_keys, unknown_principals,
};
use crate::names::ConditionKey;
use crate::operations::{GRANT_QUOTA, RequestOutcome, Requester, Resolution, is_spared_by_other_spelling, settles};
use crate::policy::{Effect, Pattern, Polarity, PolicyType, PrincipalEntry, Statement, Truth};

use super::{OpenQuestion, PlacedStatement, place};

/// What an undecided request hangs on: never nothing.
pub(crate) fn open(judged: &RequestOutcome) -> Vec<OpenQuestion> {
    if judged.decision != Decision::Unknown {
        return Vec::new();
    }
    let open = deciders(&judged.case.request, &judged.explanation);
    let mut found = open_in(judged, |kind| open.contains(&Decider::Type(kind)));
    if open.contains(&Decider::Grants) {
        found.extend(grants(judged));
    }
    // Only inferred: whether an SCP without an Allow reaches EC2's own identity.
    if judged.case.row.by == Requester::Infrastructure && judged.explanation.decision == Decision::ImplicitDeny {
        let what = "whether the organization's SCPs, which do not allow it, bind EC2's own identity".to_owned();
        found.push(OpenQuestion::Untold { what, of: Some(PolicyType::Scp) });
    }
    if judged.case.is_at_grant_quota && judged.explanation.decision == Decision::Allowed {
        let what = format!(
            "whether the key takes another grant: it has {}, and the quota is {GRANT_QUOTA} unless it was raised",
            judged.case.policies.grants.grants.len()
        );
        found.push(OpenQuestion::Untold { what, of: None });
    }
    if judged.explanation.decision == Decision::ExplicitDeny && is_spared_by_other_spelling(&judged.case) {
        let role = &judged.case.request.principal.arn;
        let denies =
            judged.explanation.statements.iter().find(|one| one.effect == Effect::Deny && one.applies.is_true());
        let of = denies.map(|one| one.at.kind);
        let what = format!(
            "whether AWS takes EC2's own role for {role}, as most of its pages spell it, or for that with /INSTANCE-ID, \
             as the policy does"
        );
        found.push(OpenQuestion::Untold { what, of });
    }
    if found.is_empty() {
        found.push(OpenQuestion::Untold { what: "how AWS decides this request".to_owned(), of: None });
    }
    found.sort();
    found.dedup();
    found
}

/// What is open in the statements and policies of these types.
pub(super) fn open_in(judged: &RequestOutcome, is_open: impl Fn(PolicyType) -> bool) -> Vec<OpenQuestion> {
    let policies = &judged.case.policies;
    let mut found = Vec::new();
    for outcome in &judged.explanation.statements {
        if !outcome.applies.is_possible() || !is_open(outcome.at.kind) {
            continue;
        }
        let Some(statement) = policies.statement(outcome.at, outcome.statement) else { continue };
        let by = || place(policies, outcome.at, outcome.statement);
        found.extend(principal(judged, statement, by));
        for (failure, _) in &outcome.failures {
            let keys = unknown_keys(&judged.case.request, statement, *failure, outcome.at.kind);
            if keys.is_empty() && *failure == FailedElement::Resource {
                found.push(OpenQuestion::IncompleteArn { holds: holds(statement, *failure), by: by() });
            }
            for key in keys {
                let holds = holds(statement, *failure);
                let settles = settles(&judged.case, key, outcome.at.kind);
                found.push(OpenQuestion::Condition { holds, by: by(), settles });
            }
        }
    }
    for (at, policy) in policies.all().filter(|(at, policy)| policy.policy.is_none() && is_open(at.kind)) {
        found.push(match policy.needs.as_str() {
            "" => OpenQuestion::Untold {
                what: format!(
                    "{}: AWS took this policy, and this program cannot read it; please report that",
                    policy.name
                ),
                of: Some(at.kind),
            },
            needs => OpenQuestion::Unread { what: policy.name.clone(), needs: needs.to_owned() },
        });
    }
    found
}

/// What must hold of an element for the statement to let the request pass.
fn holds(statement: &Statement, failure: FailedElement) -> String {
    if let FailedElement::Condition(number) = failure {
        return statement
            .conditions
            .get(number)
            .map(|condition| condition.sentence(statement.effect))
            .unwrap_or_default();
    }
    let Some(element) = &statement.resource else { return String::new() };
    let is = if (element.sense == Polarity::Positive) == (statement.effect == Effect::Allow) { "is" } else { "is not" };
    let patterns: Vec<&str> = element.patterns.iter().map(Pattern::as_str).collect();
    format!("the resource {is} {}", patterns.join(" or "))
}

/// What is not known of whom a statement names.
fn principal(judged: &RequestOutcome, statement: &Statement, by: impl Fn() -> PlacedStatement) -> Vec<OpenQuestion> {
    let element = statement.principal.as_ref();
    if statement.effect == Effect::Allow && element.is_some_and(|element| element.sense == Polarity::Negated) {
        return vec![OpenQuestion::NotPrincipal { by: by() }];
    }
    let open = |entry: &PrincipalEntry| {
        let PrincipalEntry::UniqueId(id) = entry else { return OpenQuestion::Session { by: by() } };
        OpenQuestion::Condition {
            holds: format!("the principal's unique ID is {id}"),
            by: by(),
            settles: settles(&judged.case, &ConditionKey::new("aws:userid"), PolicyType::KeyPolicy),
        }
    };
    unknown_principals(&judged.case.request, statement).map(open).collect()
}

/// What is open of the grants on the key.
fn grants(judged: &RequestOutcome) -> Vec<OpenQuestion> {
    let set = &judged.case.policies.grants;
    let outcomes = set.all().zip(&judged.explanation.grants);
    let mut found: Vec<OpenQuestion> =
        outcomes.filter_map(|(grant, outcome)| open_grant(judged, grant, *outcome)).collect();
    if let Some(needs) = &set.unread {
        found.push(OpenQuestion::Unread { what: "the grants on the key".to_owned(), needs: needs.clone() });
    }
    found
}

fn open_grant(judged: &RequestOutcome, grant: &Grant, outcome: GrantOutcome) -> Option<OpenQuestion> {
    let open =
        |holds: &str, settles| Some(OpenQuestion::Grant { holds: holds.to_owned(), id: grant.id.to_string(), settles });
    let (request, gates) = (&judged.case.request, &judged.explanation.gates);
    match (outcome.serves(), &grant.grantee) {
        (Truth::True, _) if grant.issuer(request) == Issuer::Third => {
            let issuer = grant.issuing_account.as_deref().unwrap_or_default();
            let holds = format!(
                "one that account {issuer} issued suffices, which AWS does not say; one that account {} issued does",
                request.principal.account
            );
            open(&holds, Resolution::Nobody)
        }
        (Truth::True, Grantee::User(_) | Grantee::Account(_) | Grantee::Root(_))
            if !gates.boundary.and(gates.session).is_true() =>
        {
            open(
                "neither a boundary nor a session policy limits what is granted to a user or an account, which AWS does \
                 not say",
                Resolution::Nobody,
            )
        }
        (Truth::True, _) if grant.issuing_account.is_none() && judged.case.request.is_cross_account() => {
            let what = "which account issued it".to_owned();
            open("this account issued it", Resolution::Read { what, needs: "kms:ListGrants", or: None })
        }
        (Truth::False | Truth::True, _) => None,
        (Truth::Unknown, Grantee::UniqueId(_)) if outcome.grantee == Truth::Unknown => {
            let settles = settles(&judged.case, &ConditionKey::new("aws:userid"), PolicyType::KeyPolicy);
            open("the principal's unique ID is that of its grantee principal", settles)
        }
        (Truth::Unknown, _) if outcome.grantee == Truth::Unknown => {
            open("the session is its grantee principal", Resolution::SessionName)
        }
        (Truth::Unknown, _) => open(
            "the encryption context of a volume restored from an EBS snapshot is the one that it asks for, \
             which AWS does not say",
            Resolution::Nobody,
        ),
    }
}
