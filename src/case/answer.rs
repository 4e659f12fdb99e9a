//! From a judged case to its line of output.

use jsonc_parser::common::Ranged;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::engine::{
    Decider, Decision, Explanation, Failure, Grant, GrantOutcome, PolicySet, Request, StatementOutcome, deciders,
    explain, unknown_keys, unknown_principals,
};
use crate::policy::{Effect, PrincipalEntry, Sense, Statement, Truth, parse_json};

use super::{path, read, reasons};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    id: &'a RawValue,
    decision: &'static str,
    decided_by: Vec<String>,
    reasons: Vec<String>,
    missing: Vec<Missing>,
}

/// What an unknown decision hangs on.
#[derive(Serialize, Default, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub(super) struct Missing {
    #[serde(skip_serializing_if = "Option::is_none")]
    context_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<String>,
}

impl Missing {
    /// As a sentence.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self { policy: Some(policy), needs: Some(needs), .. } => {
                format!("{policy} was not read: it needs {needs}.")
            }
            Self { policy: Some(policy), .. } => format!("{policy} was not read."),
            Self { condition: Some(condition), .. } => format!("Allowed only if {condition}."),
            Self { .. } => String::new(),
        }
    }
}

/// A case that could not be judged.
#[derive(Serialize)]
struct Refused<'a> {
    id: &'a RawValue,
    error: String,
}

/// Judges the case on line `number` of its file and gives the line to print.
///
/// # Errors
/// When the case cannot be judged: the line to print then tells why.
pub fn answer(line: &str, number: usize) -> Result<String, String> {
    let null = RawValue::NULL;
    let refuse = |id: &RawValue, error: String| print(&Refused { id, error: format!("line {number}: {error}") });
    let value = parse_json(line).map_err(|error| refuse(null, read::placed(line, &error)))?;
    let whole = value.as_object().ok_or_else(|| refuse(null, "a case must be a JSON object".to_owned()))?;
    let id = whole.get("id").and_then(|id| line.get(id.value.start()..id.value.end()));
    let id = id.ok_or_else(|| refuse(null, "the case has no `id`".to_owned()))?;
    let id: &RawValue = serde_json::from_str(id).unwrap_or(null);
    let case = read::case(line, whole).map_err(|error| refuse(id, error))?;
    let explanation = explain(&case.request, &case.policies);
    let deciders = deciders(&case.request, &explanation);
    let missing = if explanation.decision == Decision::Unknown {
        missing(&case.request, &case.policies, &explanation, &deciders)
    } else {
        Vec::new()
    };
    let reasons = reasons::reasons(&case, &explanation, &deciders, &missing);
    let decided_by = deciders.into_iter().map(path::decider).collect();
    Ok(print(&Answer { id, decision: explanation.decision.as_str(), decided_by, reasons, missing }))
}

/// The line to print for line `number`, which is no text.
pub fn not_text(number: usize) -> String {
    print(&Refused { id: RawValue::NULL, error: format!("line {number}: this is not UTF-8 text") })
}

/// Strings and lists of them always serialize.
fn print<T: Serialize>(line: &T) -> String {
    serde_json::to_string(line).unwrap_or_default()
}

/// What an unknown decision hangs on: what open statements ask for, policies not read, constraints of grants.
fn missing(request: &Request, policies: &PolicySet, explanation: &Explanation, open: &[Decider]) -> Vec<Missing> {
    let is_open = |kind| open.contains(&Decider::Type(kind));
    let mut missing: Vec<Missing> = Vec::new();
    let unsettled = explanation.statements.iter().filter(|outcome| outcome.applies.is_possible());
    for outcome in unsettled.filter(|outcome| is_open(outcome.at.kind)) {
        let Some(statement) = policies.statement(outcome.at, outcome.statement) else { continue };
        missing.extend(whom(request, statement));
        missing.extend(outcome.failures.iter().flat_map(|(failure, _)| asks(request, outcome, statement, *failure)));
    }
    for (at, policy) in policies.all().filter(|(at, policy)| policy.policy.is_none() && is_open(at.kind)) {
        let needs = Some(policy.needs.clone()).filter(|needs| !needs.is_empty());
        missing.push(Missing { policy: Some(path::policy(at)), needs, ..Missing::default() });
    }
    let grants = policies.grants.grants.iter().zip(&explanation.grants).enumerate();
    for (position, (grant, outcome)) in grants.filter(|_| open.contains(&Decider::Grants)) {
        if outcome.serves() == Truth::Unknown {
            let condition = format!("the request keeps within grants/{position}");
            missing.extend(of_grant(grant, *outcome).map(|key| asked(&key, condition.clone())));
        }
    }
    missing.sort();
    missing.dedup();
    missing
}

fn asked(key: &str, condition: String) -> Missing {
    Missing { context_key: Some(key.to_owned()), condition: Some(condition), ..Missing::default() }
}

/// What must be for an open element of a statement to hold; of a Deny, for it not to hold.
fn asks<'s>(
    request: &Request,
    outcome: &StatementOutcome,
    statement: &'s Statement,
    failure: Failure,
) -> impl Iterator<Item = Missing> + use<'s> {
    let condition = match failure {
        Failure::Condition(number) => statement.conditions.get(number).map(|one| one.sentence(statement.effect)),
        Failure::Action | Failure::Principal | Failure::Resource => None,
    };
    let place = path::statement(outcome.at, outcome.statement);
    let condition = condition.unwrap_or_else(|| format!("with it {place} names the right resources"));
    let keys = unknown_keys(request, statement, failure, outcome.at.kind);
    keys.into_iter().map(move |key| asked(key.as_str(), condition.clone()))
}

/// What is not known of whom a statement names; `aws:userid` tells unique ID and session.
fn whom(request: &Request, statement: &Statement) -> Vec<Missing> {
    let Some(element) = &statement.principal else { return Vec::new() };
    if statement.effect == Effect::Allow && element.sense == Sense::AllBut {
        let literally = "AWS takes literally what it does not support, NotPrincipal with Allow";
        return vec![asked("aws:PrincipalArn", literally.to_owned())];
    }
    let is = if (statement.effect == Effect::Allow) == (element.sense == Sense::Listed) { "is" } else { "is not" };
    let name = |entry: &PrincipalEntry| {
        let what = if matches!(entry, PrincipalEntry::UniqueId(_)) { "principal's unique ID" } else { "session" };
        asked("aws:userid", format!("the {what} {is} {}", entry.as_str()))
    };
    unknown_principals(request, statement).map(name).collect()
}

/// The context keys that a grant asks for and that are not known.
fn of_grant(grant: &Grant, outcome: GrantOutcome) -> impl Iterator<Item = String> {
    let open = |truth, key: &str| (truth == Truth::Unknown).then(|| key.to_owned());
    let pairs = grant.subset.iter().chain(&grant.equals).flatten();
    let pairs = pairs.filter(move |_| outcome.constraints == Truth::Unknown);
    let pairs = pairs.map(|(key, _)| format!("kms:EncryptionContext:{key}"));
    let own = [open(outcome.grantee, "aws:userid"), open(outcome.operation, "kms:GrantOperations")];
    own.into_iter().flatten().chain(pairs)
}
