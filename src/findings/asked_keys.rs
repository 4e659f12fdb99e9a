//! Condition keys for which policies ask and that no request of a start has, or that this program does not know.

use crate::engine::{FailedElement, StatementOutcome};
use crate::operations::{RequestOutcome, condition_keys, is_condition_key, is_in_table};
use crate::policy::Truth;

use super::mistakes::is_slip_of;
use super::placed::place;
use super::{Code, Evidence, Finding, PlacedStatement, Severity, StatementRole};

/// A finding for each such key in a statement that is on a request of the start.
pub(super) fn asked_keys(judged: &[RequestOutcome]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for (position, one) in judged.iter().enumerate() {
        for outcome in one.explanation.statements.iter().filter(|outcome| concerns(outcome)) {
            let Some(statement) = one.case.policies.statement(outcome.at, outcome.statement) else { continue };
            for condition in &statement.conditions {
                let (name, lower) = (condition.key.as_str(), condition.key.lower());
                if is_in_table(lower) {
                    continue;
                }
                let key = Evidence::state("condition key", name);
                if !findings.iter().any(|finding| finding.evidence.contains(&key)) {
                    let at = place(&one.case.policies, outcome.at, outcome.statement);
                    findings.push(found(key.clone(), lower, at));
                }
                let Some(finding) = findings.iter_mut().find(|finding| finding.evidence.contains(&key)) else {
                    continue;
                };
                // Requests come in their order.
                if finding.requests.last() != Some(&position) {
                    finding.requests.push(position);
                }
                if !finding.actions.contains(&one.case.row.action) {
                    finding.actions.push(one.case.row.action);
                }
            }
        }
    }
    findings
}

fn found(key: Evidence, lower: &str, at: PlacedStatement) -> Finding {
    let asks = Evidence::Statement { at, role: StatementRole::Asks, conditions: Vec::new() };
    let so = if lower.starts_with("aws:") {
        "misspelled, or newer than this program: whether a request includes it is not known"
    } else {
        "no request of a start includes it, as far as this program knows"
    };
    let meant = meant(lower).map(|key| Evidence::state("AWS's key", key));
    let evidence = [key, Evidence::state("means", so), asks].into_iter().chain(meant).collect();
    Finding::new(Code::ConditionKeyUnknown, Severity::Note, evidence)
}

/// The condition key that is meant by a misspelt one, in lower case.
pub(super) fn meant(lower: &str) -> Option<&'static str> {
    condition_keys().find(|known| !is_condition_key(lower) && is_slip_of(lower, &known.to_ascii_lowercase()))
}

/// Whether all of a statement but its conditions may be for the request.
fn concerns(outcome: &StatementOutcome) -> bool {
    outcome
        .failures
        .iter()
        .all(|(failure, truth)| matches!(failure, FailedElement::Condition(_)) || *truth != Truth::False)
}
