//! From a judged case to its line of output.

use serde::Serialize;

use crate::engine::{Decider, Decision, Explanation, Failure, PolicyRef, PolicySet, Request, deciders, explain};
use crate::policy::{PolicyType, Truth, parse_json};

use super::read;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    id: &'a serde_json::value::RawValue,
    decision: &'static str,
    decided_by: Vec<String>,
    reasons: Vec<String>,
    missing: Vec<Missing>,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
struct Missing {
    #[serde(skip_serializing_if = "Option::is_none")]
    context_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<String>,
}

/// A case that could not be judged.
#[derive(Serialize)]
struct Refused<'a> {
    id: &'a serde_json::value::RawValue,
    error: String,
}

/// Judges the case on one line and gives the line to print.
///
/// # Errors
/// When the case cannot be judged: the line to print then tells why.
pub fn answer(line: &str) -> Result<String, String> {
    let null = serde_json::value::RawValue::NULL;
    let refuse = |id: &serde_json::value::RawValue, error: String| print(&Refused { id, error });
    let value = match parse_json(line) {
        Ok(value) => value,
        Err(error) => {
            let place = crate::source::Position::of(line, error.span.start);
            return Err(refuse(null, format!("{} at {place}", error.problem)));
        }
    };
    let Some(whole) = value.as_object() else {
        return Err(refuse(null, "a case must be a JSON object".to_owned()));
    };
    let raw = whole.get("id").map(|id| read::span(&id.value)).and_then(|span| line.get(span.start..span.end));
    let id: &serde_json::value::RawValue = raw.and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or(null);
    if raw.is_none() {
        return Err(refuse(null, "the case has no `id`".to_owned()));
    }
    let case = read::case(line, whole).map_err(|error| refuse(id, error))?;
    let explanation = explain(&case.request, &case.policies);
    let decided_by: Vec<String> = deciders(&case.request, &explanation).iter().map(|decider| path(*decider)).collect();
    let missing = if explanation.decision == Decision::Unknown {
        missing(&case.request, &case.policies, &explanation)
    } else {
        Vec::new()
    };
    let reasons = vec![sentence(explanation.decision, &decided_by)];
    Ok(print(&Answer { id, decision: explanation.decision.as_str(), decided_by, reasons, missing }))
}

/// Strings and lists of them always serialize.
fn print<T: Serialize>(line: &T) -> String {
    serde_json::to_string(line).unwrap_or_default()
}

fn sentence(decision: Decision, decided_by: &[String]) -> String {
    let what = if decided_by.is_empty() { "nothing".to_owned() } else { decided_by.join(" and ") };
    match decision {
        Decision::Allowed => format!("allowed by {what}"),
        Decision::ExplicitDeny => format!("denied by {what}"),
        Decision::ImplicitDeny => format!("not allowed by {what}"),
        Decision::Unknown => format!("open in {what}"),
    }
}

/// The path of a policy in the case.
fn policy_path(at: PolicyRef) -> String {
    match at.kind {
        PolicyType::Identity => format!("identityPolicies/{}", at.index),
        PolicyType::Boundary => "permissionsBoundary".to_owned(),
        PolicyType::Session => format!("sessionPolicies/{}", at.index),
        PolicyType::Scp => format!("scps/{}/{}", at.level, at.index),
        PolicyType::Rcp => format!("rcps/{}/{}", at.level, at.index),
        PolicyType::KeyPolicy => "keyPolicy".to_owned(),
    }
}

fn path(decider: Decider) -> String {
    match decider {
        Decider::Statement(at, statement) => format!("{}/Statement/{statement}", policy_path(at)),
        Decider::Grant(position) => format!("grants/{position}"),
        Decider::Grants => "grants".to_owned(),
        Decider::Type(kind) => match kind {
            PolicyType::Identity => "identityPolicies",
            PolicyType::Boundary => "permissionsBoundary",
            PolicyType::Session => "sessionPolicies",
            PolicyType::Scp => "scps",
            PolicyType::Rcp => "rcps",
            PolicyType::KeyPolicy => "keyPolicy",
        }
        .to_owned(),
    }
}

/// What an unknown decision hangs on: context keys that open statements ask for, and policies not read.
fn missing(request: &Request, policies: &PolicySet, explanation: &Explanation) -> Vec<Missing> {
    let open = deciders(request, explanation);
    let is_open = |kind| open.contains(&Decider::Type(kind));
    let mut missing: Vec<Missing> = Vec::new();
    for outcome in
        explanation.statements.iter().filter(|outcome| outcome.applies == Truth::Unknown && is_open(outcome.at.kind))
    {
        let statement =
            policies.get(outcome.at).and_then(|policy| policy.policy.as_ref()?.statements.get(outcome.statement));
        let Some(statement) = statement else { continue };
        for (failure, _) in &outcome.failures {
            let Failure::Condition(number) = failure else { continue };
            let Some(condition) = statement.conditions.get(*number) else { continue };
            missing.push(Missing {
                context_key: Some(condition.key.as_str().to_owned()),
                condition: Some(condition.sentence(statement.effect)),
                policy: None,
                needs: None,
            });
        }
    }
    for (at, policy) in policies.all().filter(|(at, policy)| policy.policy.is_none() && is_open(at.kind)) {
        missing.push(Missing {
            context_key: None,
            condition: None,
            policy: Some(policy_path(at)),
            needs: Some(policy.needs.clone()).filter(|needs| !needs.is_empty()),
        });
    }
    missing.sort();
    missing.dedup();
    missing
}
