//! From a judged case to its line of output.

use jsonc_parser::common::Ranged;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::engine::{Decider, Decision, Explanation, Failure, PolicySet, Request, StatementOutcome, deciders, explain};
use crate::policy::{Effect, Pattern, PrincipalEntry, Resolved, Sense, Statement, Truth, Variables, parse_json};

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

/// Judges the case on one line and gives the line to print.
///
/// # Errors
/// When the case cannot be judged: the line to print then tells why.
pub fn answer(line: &str) -> Result<String, String> {
    let null = RawValue::NULL;
    let refuse = |id: &RawValue, error: String| print(&Refused { id, error });
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

/// Strings and lists of them always serialize.
fn print<T: Serialize>(line: &T) -> String {
    serde_json::to_string(line).unwrap_or_default()
}

/// What an unknown decision hangs on: what open statements ask for, policies not read, constraints of grants.
fn missing(request: &Request, policies: &PolicySet, explanation: &Explanation, open: &[Decider]) -> Vec<Missing> {
    let is_open = |kind| open.contains(&Decider::Type(kind));
    let mut missing: Vec<Missing> = Vec::new();
    let unsettled = explanation.statements.iter().filter(|outcome| outcome.applies == Truth::Unknown);
    for outcome in unsettled.filter(|outcome| is_open(outcome.at.kind)) {
        let Some(statement) = policies.statement(outcome.at, outcome.statement) else { continue };
        missing.extend(outcome.failures.iter().flat_map(|(failure, _)| asks(request, outcome, statement, *failure)));
    }
    for (at, policy) in policies.all().filter(|(at, policy)| policy.policy.is_none() && is_open(at.kind)) {
        let needs = Some(policy.needs.clone()).filter(|needs| !needs.is_empty());
        missing.push(Missing { policy: Some(path::policy(at)), needs, ..Missing::default() });
    }
    for (position, grant) in explanation.grants.iter().enumerate() {
        if open.contains(&Decider::Grants) && grant.serves() == Truth::Unknown {
            let condition = Some(format!("the request keeps within grants/{position}"));
            missing.push(Missing { condition, ..Missing::default() });
        }
    }
    missing.sort();
    missing.dedup();
    missing
}

/// What must be for an open element of a statement to hold; of a Deny, for it not to hold.
fn asks(request: &Request, outcome: &StatementOutcome, statement: &Statement, failure: Failure) -> Vec<Missing> {
    let asked = |key: Option<&str>, condition: String| Missing {
        context_key: key.map(str::to_owned),
        condition: Some(condition),
        ..Missing::default()
    };
    match failure {
        Failure::Action => Vec::new(),
        Failure::Condition(number) => {
            let condition = statement.conditions.get(number).into_iter();
            condition.map(|one| asked(Some(one.key.as_str()), one.sentence(statement.effect))).collect()
        }
        Failure::Resource => {
            let patterns = statement.resource.iter().flat_map(|element| &element.patterns);
            let variables = patterns.flat_map(Pattern::variables);
            let unknown = variables.filter(|variable| request.resolve(variable) == Resolved::NotKnown);
            let place = path::statement(outcome.at, outcome.statement);
            let condition = format!("with it {place} names the right resources");
            unknown.map(|variable| asked(Some(variable.key.as_str()), condition.clone())).collect()
        }
        Failure::Principal => {
            let Some(element) = &statement.principal else { return Vec::new() };
            if statement.effect == Effect::Allow && element.sense == Sense::AllBut {
                let literally = "AWS takes literally what it does not support, NotPrincipal with Allow";
                return vec![asked(None, literally.to_owned())];
            }
            let is =
                if (statement.effect == Effect::Allow) == (element.sense == Sense::Listed) { "is" } else { "is not" };
            let name = |entry: &PrincipalEntry| match entry {
                PrincipalEntry::Session(arn) => Some(format!("the session {is} {arn}")),
                PrincipalEntry::UniqueId(id) => Some(format!("the principal's unique ID {is} {id}")),
                PrincipalEntry::Anyone
                | PrincipalEntry::Account(_)
                | PrincipalEntry::Role(_)
                | PrincipalEntry::User(_)
                | PrincipalEntry::Service(_)
                | PrincipalEntry::Federated(_)
                | PrincipalEntry::CanonicalUser(_)
                | PrincipalEntry::Other(_) => None,
            };
            let names = element.entries.iter().filter_map(|(entry, _)| name(entry));
            names.map(|name| asked(None, name)).collect()
        }
    }
}
