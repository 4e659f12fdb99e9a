//! From one undecided request to what its decision hangs on.

use crate::engine::{ContextValue, Decider, Decision, Failure, Grant, GrantOutcome, Grantee, deciders};
use crate::names::ConditionKey;
use crate::policy::{
    Effect, Pattern, PolicyType, PrincipalEntry, Resolved, Sense, Statement, Truth, Variable, Variables as _,
};
use crate::start::{By, Judged, Settles, settles};

use super::{Open, PlacedStatement, place, push_new};

/// What an undecided request hangs on: never nothing.
pub(crate) fn open(judged: &Judged) -> Vec<Open> {
    if judged.decision != Decision::Unknown {
        return Vec::new();
    }
    let open = deciders(&judged.case.request, &judged.explanation);
    let mut found = open_in(judged, |kind| open.contains(&Decider::Type(kind)));
    if open.contains(&Decider::Grants) {
        found.extend(grants(judged));
    }
    // Only inferred: whether an SCP without an Allow reaches EC2's own identity.
    if judged.case.row.by == By::Infrastructure && judged.explanation.decision == Decision::ImplicitDeny {
        let what = "whether the organization's SCPs, which do not allow it, bind EC2's own identity".to_owned();
        found.push(Open::Untold { what });
    }
    if found.is_empty() {
        // No policy type alone: what is open in all of them together.
        found = open_in(judged, |_| true);
        found.extend(grants(judged));
    }
    if found.is_empty() {
        found.push(Open::Untold { what: "how AWS decides this request".to_owned() });
    }
    found.sort();
    found.dedup();
    found
}

/// What is open in the statements and policies of these types.
pub(super) fn open_in(judged: &Judged, is_open: impl Fn(PolicyType) -> bool) -> Vec<Open> {
    let policies = &judged.case.policies;
    let mut found = Vec::new();
    for outcome in &judged.explanation.statements {
        if outcome.applies != Truth::Unknown || !is_open(outcome.at.kind) {
            continue;
        }
        let Some(statement) = policies.statement(outcome.at, outcome.statement) else { continue };
        let by = || place(policies, outcome.at, outcome.statement);
        for (failure, _) in &outcome.failures {
            match failure {
                Failure::Condition(number) => {
                    let Some(condition) = statement.conditions.get(*number) else { continue };
                    let holds = condition.sentence(statement.effect);
                    for key in keys(judged, Some(&condition.key), condition.variables(), outcome.at.kind) {
                        let settles = settles(&judged.case, key, outcome.at.kind);
                        found.push(Open::Condition { holds: holds.clone(), by: by(), settles });
                    }
                }
                Failure::Resource => {
                    for pattern in statement.resource.iter().flat_map(|element| &element.patterns) {
                        for key in keys(judged, None, pattern.variables(), outcome.at.kind) {
                            let settles = settles(&judged.case, key, outcome.at.kind);
                            found.push(Open::Condition { holds: names(statement, pattern), by: by(), settles });
                        }
                    }
                }
                Failure::Principal => found.push(principal(judged, statement, by)),
                Failure::Action => {}
            }
        }
    }
    for (_, policy) in policies.all().filter(|(at, policy)| policy.policy.is_none() && is_open(at.kind)) {
        found.push(match policy.needs.as_str() {
            "" => Open::Untold {
                what: format!(
                    "{}: AWS took this policy, and this program cannot read it; please report that",
                    policy.name
                ),
            },
            needs => Open::Unread { what: policy.name.clone(), needs: needs.to_owned() },
        });
    }
    found
}

/// What must hold of an entry of `Resource` or `NotResource` for the statement to let the request pass.
fn names(statement: &Statement, pattern: &Pattern) -> String {
    let listed = statement.resource.as_ref().is_some_and(|element| element.sense == Sense::Listed);
    let not = if listed == (statement.effect == Effect::Allow) { "is" } else { "is not" };
    format!("the resource {not} {}", pattern.as_str())
}

/// The context keys whose values are not known: those of variables, else the key that is tested.
fn keys<'a>(
    judged: &Judged,
    tested: Option<&'a ConditionKey>,
    variables: impl Iterator<Item = &'a Variable>,
    kind: PolicyType,
) -> Vec<&'a ConditionKey> {
    let request = &judged.case.request;
    let mut keys = Vec::new();
    for variable in variables.filter(|variable| matches!(request.resolve(variable), Resolved::NotKnown)) {
        push_new(&mut keys, &variable.key);
    }
    let is_known = |key: &ConditionKey| {
        let value = request.context.get(key);
        let is_doubtful = kind == PolicyType::KeyPolicy && request.context.is_doubtful_in_key_policy(key);
        matches!(value, ContextValue::Single(_) | ContextValue::Multi(_) | ContextValue::Absent) && !is_doubtful
    };
    if let Some(key) = tested.filter(|key| keys.is_empty() || !is_known(key)) {
        push_new(&mut keys, key);
    }
    keys
}

/// Why it is not known whether a statement names the principal.
fn principal(judged: &Judged, statement: &Statement, by: impl Fn() -> PlacedStatement) -> Open {
    let principal = &judged.case.request.principal;
    let element = statement.principal.as_ref();
    if statement.effect == Effect::Allow && element.is_some_and(|element| element.sense == Sense::AllBut) {
        return Open::NotPrincipal { by: by() };
    }
    let has_id = |(entry, _): &(PrincipalEntry, _)| matches!(entry, PrincipalEntry::UniqueId(_));
    if principal.unique_id.is_none() && element.is_some_and(|element| element.entries.iter().any(has_id)) {
        let settles = settles(&judged.case, &ConditionKey::new("aws:userid"), PolicyType::KeyPolicy);
        return Open::Condition {
            holds: "the principal's unique ID is the one that it names".to_owned(),
            by: by(),
            settles,
        };
    }
    Open::Session { by: by() }
}

/// What is open of the grants on the key.
fn grants(judged: &Judged) -> Vec<Open> {
    let set = &judged.case.policies.grants;
    let outcomes = set.grants.iter().zip(&judged.explanation.grants);
    let mut found: Vec<Open> = outcomes.filter_map(|(grant, outcome)| open_grant(judged, grant, *outcome)).collect();
    if let Some(needs) = &set.unread {
        found.push(Open::Unread { what: "the grants on the key".to_owned(), needs: needs.clone() });
    }
    found
}

fn open_grant(judged: &Judged, grant: &Grant, outcome: GrantOutcome) -> Option<Open> {
    let open = |holds: &str, settles| Some(Open::Grant { holds: holds.to_owned(), id: grant.id.to_string(), settles });
    match (outcome.serves(), &grant.grantee) {
        (Truth::True, _) if grant.issuing_account.is_none() && judged.case.request.is_cross_account() => {
            let what = "which account issued it".to_owned();
            open("this account issued it", Settles::Read { what, needs: "kms:ListGrants" })
        }
        (Truth::False | Truth::True, _) => None,
        (Truth::Unknown, Grantee::UniqueId(_)) if outcome.grantee == Truth::Unknown => {
            let settles = settles(&judged.case, &ConditionKey::new("aws:userid"), PolicyType::KeyPolicy);
            open("the principal's unique ID is that of its grantee principal", settles)
        }
        (Truth::Unknown, _) if outcome.grantee == Truth::Unknown => {
            open("the session is its grantee principal", Settles::SessionName)
        }
        (Truth::Unknown, _) => open(
            "the encryption context of a volume restored from an EBS snapshot is the one that it asks for, \
             which AWS does not say",
            Settles::Nobody,
        ),
    }
}
