//! Judging again: with the changes, with controls that must stay denied, and with less than the changes.

use serde_json::Value;

use crate::change::{Change, Edit};
use crate::engine::Decision;
use crate::findings::{is_required, push_new};
use crate::start::{Judged, Question};

use super::control::{Control, Outcome};
use super::reach::{Reach, reach};
use super::{Judgement, Part, Suggested, changes};

/// What judging again said. Only judging makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proof {
    /// How many of the start's required requests were allowed before.
    pub(crate) before: usize,
    /// How many are allowed with the changes.
    pub(crate) after: usize,
    /// How many hang on what is not known, with the changes.
    pub(crate) open: usize,
    /// How many required requests there are.
    pub(crate) required: usize,
    /// The controls that are still denied.
    pub(crate) still_denied: Vec<Control>,
    /// Controls that the changes allow although they were denied.
    pub(crate) opened: Vec<Control>,
    pub(crate) minimality: Minimality,
    pub(crate) reach: Reach,
}

/// Whether the remedy could be smaller.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Minimality {
    /// How many actions, resources and changed statements were left out in turn, and a request was denied again.
    pub(crate) needed: usize,
    /// Those without which nothing is denied again.
    pub(crate) idle: Vec<String>,
    /// How many conditions were left out in turn, and a control was allowed.
    pub(crate) binding: usize,
    /// Those without which no control is allowed.
    pub(crate) loose: Vec<String>,
}

impl Proof {
    /// Judges the start with the parts in place; `None` where there are no parts, or it can no longer be judged.
    pub(super) fn new(of: Judgement<'_>, parts: &[Part]) -> Option<Self> {
        let changes = changes(parts);
        let after = of.again(&changes).filter(|_| !parts.is_empty())?;
        let mut still_denied = Vec::new();
        let mut opened = Vec::new();
        for (before, after) in cured(of.judged, &after) {
            for control in Control::ALL {
                let list = match control.outcome(before, after) {
                    Some(Outcome::Denied) => &mut still_denied,
                    Some(Outcome::Opened) => &mut opened,
                    None => continue,
                };
                push_new(list, control);
            }
        }
        still_denied.retain(|control| !opened.contains(control));
        Some(Self {
            before: count(of.judged, of.question, |decision| decision == Decision::Allowed),
            after: count(&after, of.question, |decision| decision == Decision::Allowed),
            open: count(&after, of.question, |decision| decision == Decision::Unknown),
            required: count(&after, of.question, |_| true),
            still_denied,
            opened,
            minimality: minimality(of, parts, &changes, &after),
            reach: reach(of, &changes),
        })
    }

    /// Whether no required request is denied any more.
    pub(crate) fn cures(&self) -> bool {
        self.after + self.open == self.required
    }

    /// Whether another way leaves as few required requests denied.
    pub(super) fn is_matched_by(&self, after: &[Judged], question: &Question) -> bool {
        count(after, question, |decision| !decision.is_denied()) >= self.after + self.open
    }
}

fn count(judged: &[Judged], question: &Question, is_counted: impl Fn(Decision) -> bool) -> usize {
    judged.iter().filter(|judged| is_required(judged, question) && is_counted(judged.decision)).count()
}

/// Requests for a key that were denied and are so no longer, with what they were; what was not read may leave open
/// whether they are allowed.
fn cured<'a>(before: &'a [Judged], after: &'a [Judged]) -> impl Iterator<Item = (&'a Judged, &'a Judged)> {
    before.iter().zip(after).filter(|(before, after)| {
        before.decision.is_denied() && !after.decision.is_denied() && after.case.key.is_some()
    })
}

/// Leaves out each action, resource, condition and changed statement in turn.
fn minimality(of: Judgement<'_>, parts: &[Part], changes: &[Change], after: &[Judged]) -> Minimality {
    let mut found = Minimality::default();
    let suggestions: Vec<&Suggested> = parts.iter().flat_map(|part| &part.statements).collect();
    for suggestion in &suggestions {
        for (words, text) in less(suggestion) {
            let fewer: Vec<Change> =
                changes.iter().map(|change| with_text(change, suggestion, text.as_deref())).collect();
            let is_denied = |now: &[Judged], position: usize| {
                let passes = |judged: Option<&Judged>| judged.is_some_and(|one| !one.decision.is_denied());
                passes(after.get(position)) && !passes(now.get(position))
            };
            let denies = |now: Vec<Judged>| suggestion.requests.iter().any(|position| is_denied(&now, *position));
            if of.again(&fewer).is_some_and(denies) {
                found.needed += 1;
            } else {
                found.idle.push(words);
            }
        }
    }
    let mut conditions: Vec<(String, String)> = suggestions.iter().flat_map(|one| conditions(one)).collect();
    conditions.sort();
    conditions.dedup();
    for (action, key) in conditions {
        // Across accounts two statements ask for the same; only without both more is allowed.
        let mut looser = changes.to_vec();
        for suggestion in &suggestions {
            if let Some(text) = without_condition(suggestion, &action, &key) {
                looser = looser.iter().map(|change| with_text(change, suggestion, Some(&text))).collect();
            }
        }
        let opens = |now: Vec<Judged>| {
            let opened = |control: Control, before: &Judged, now: &Judged| {
                matches!(control.outcome(before, now), Some(Outcome::Opened))
            };
            cured(of.judged, &now).any(|(before, now)| Control::ALL.into_iter().any(|one| opened(one, before, now)))
        };
        if of.again(&looser).is_some_and(opens) {
            found.binding += 1;
        } else {
            found.loose.push(key);
        }
    }
    found
}

/// The change with another text for the suggestion, or without it.
fn with_text(change: &Change, suggestion: &Suggested, text: Option<&str>) -> Change {
    let Change::Policy { place, edits } = change else { return change.clone() };
    let edits = edits.iter().filter_map(|edit| match edit {
        Edit::Add(own) if *own == suggestion.text => text.map(|text| Edit::Add(text.to_owned())),
        Edit::Replace { old, .. } if suggestion.replaces.as_ref() == Some(old) => {
            text.map(|new| Edit::Replace { old: old.clone(), new: Some(new.to_owned()) })
        }
        Edit::Add(_) | Edit::Replace { .. } | Edit::Whole(_) => Some(edit.clone()),
    });
    Change::Policy { place: place.clone(), edits: edits.collect() }
}

/// The statement without one action or resource; a changed statement as it was.
fn less(suggestion: &Suggested) -> Vec<(String, Option<String>)> {
    let Some(statement) = added(suggestion) else {
        // What is denied beside a Deny takes nothing from the start.
        let changed = suggestion.replaces.is_some();
        return if changed { vec![("the changed statement".to_owned(), None)] } else { Vec::new() };
    };
    let mut variants = Vec::new();
    for element in ["Action", "Resource"] {
        let values: Vec<Value> = match statement.get(element) {
            Some(Value::Array(values)) => values.clone(),
            Some(one) => vec![one.clone()],
            None => continue,
        };
        // The only resource goes with the only action.
        if element == "Resource" && values.len() == 1 {
            continue;
        }
        for value in &values {
            let rest: Vec<Value> = values.iter().filter(|other| *other != value).cloned().collect();
            let words = value.as_str().unwrap_or_default().to_owned();
            let mut smaller = statement.clone();
            let text = smaller.get_mut(element).filter(|_| !rest.is_empty()).map(|list| *list = Value::Array(rest));
            variants.push((words, text.map(|()| smaller.to_string())));
        }
    }
    variants
}

/// An added statement that allows, as JSON.
fn added(suggestion: &Suggested) -> Option<Value> {
    let statement: Value = serde_json::from_str(&suggestion.text).ok()?;
    let allows = statement.get("Effect").and_then(Value::as_str) == Some("Allow");
    (allows && suggestion.replaces.is_none()).then_some(statement)
}

/// The statement's actions with each of its KMS condition keys.
fn conditions(suggestion: &Suggested) -> Vec<(String, String)> {
    let Some(statement) = added(suggestion) else { return Vec::new() };
    let actions = statement.get("Action").map(ToString::to_string).unwrap_or_default();
    let operators = statement.get("Condition").and_then(Value::as_object).into_iter().flatten();
    let keys = operators.filter_map(|(_, keys)| keys.as_object()).flat_map(|keys| keys.keys());
    keys.filter(|key| key.starts_with("kms:")).map(|key| (actions.clone(), key.clone())).collect()
}

/// The statement for these actions without the condition on this key.
fn without_condition(suggestion: &Suggested, actions: &str, key: &str) -> Option<String> {
    let mut statement = added(suggestion)?;
    if statement.get("Action").map(ToString::to_string).as_deref() != Some(actions) {
        return None;
    }
    let operators = statement.get_mut("Condition")?.as_object_mut()?;
    for keys in operators.values_mut().filter_map(Value::as_object_mut) {
        keys.remove(key);
    }
    operators.retain(|_, keys| keys.as_object().is_none_or(|keys| !keys.is_empty()));
    Some(statement.to_string())
}
