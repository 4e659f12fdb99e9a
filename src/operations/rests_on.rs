//! What a start is READY by that nobody has read.

use super::assumption::Assumption;
use super::question::Question;

/// What is assumed or stated, and decides: without it the start is not READY.
///
/// `is_ready` tells whether the start is READY under another question.
pub(crate) fn rests_on(
    question: &Question,
    assumptions: &[Assumption],
    is_ready: impl Fn(&Question) -> bool,
) -> Vec<Assumption> {
    let taken = |one: &&Assumption| matches!(one, Assumption::OrganizationAllows | Assumption::KnownManagedKeyPolicy);
    let mut found: Vec<Assumption> = assumptions.iter().filter(taken).cloned().collect();
    let without = question.each_without();
    let number = found.len();
    found.extend(without.iter().filter(|(_, without)| !is_ready(without)).map(|(stated, _)| stated.clone()));
    // Where one statement does for another, the start rests on all of them together.
    if found.len() == number && without.len() > 1 && !is_ready(&question.without_statements()) {
        found.extend(without.into_iter().map(|(stated, _)| stated));
    }
    // Managed session policies add up. Of an inline one beside them AWS does not say it: if either alone allows, it is all
    // the same.
    let alone = question
        .session_policies
        .iter()
        .map(|policy| Question { session_policies: vec![policy.clone()], ..question.clone() });
    if question.session_policies.len() > 1 && alone.into_iter().any(|alone| !is_ready(&alone)) {
        found.push(Assumption::SessionPoliciesAddUp);
    }
    found
}
