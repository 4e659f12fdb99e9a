//! Judging again: with the changes, with controls that must stay denied, and with less than the changes.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::change::{Change, Edit};
use crate::engine::Decision;
use crate::findings::{is_required, push_new};
use crate::names::KeyArn;
use crate::operations::{RequestOutcome, Step};

use super::control::{Control, Outcome};
use super::reach::{Reach, reach};
use super::{Judgement, Part, Suggested, changes};

/// What judging again said. Only judging makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
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
    /// Whether a request that the start does not need, and that is warned of, stays denied.
    pub(crate) leaves_warnings: bool,
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
            before: count(of.judged, of, |decision| decision == Decision::Allowed),
            after: count(&after, of, |decision| decision == Decision::Allowed),
            open: count(&after, of, |decision| decision == Decision::Unknown),
            required: count(&after, of, |_| true),
            still_denied,
            opened,
            leaves_warnings: after.iter().any(|judged| {
                judged.case.row.step == Step::ForwardedDecrypt
                    && !is_required(judged, of.question)
                    && judged.decision.is_denied()
            }),
            minimality: minimality(of, parts, &after),
            reach: reach(of, &changes),
        })
    }

    /// Whether no required request is denied any more.
    pub fn cures(&self) -> bool {
        self.after + self.open == self.required
    }

    /// Whether as many required requests are allowed, and as few denied.
    pub(super) fn is_as_good_as(&self, other: &Self) -> bool {
        self.after >= other.after && self.after + self.open >= other.after + other.open
    }

    /// Whether another way leaves as few required requests denied.
    pub(super) fn is_matched_by(&self, after: &[RequestOutcome], of: Judgement<'_>) -> bool {
        count(after, of, |decision| !decision.is_denied()) >= self.after + self.open
    }
}

fn count(judged: &[RequestOutcome], of: Judgement<'_>, is_counted: impl Fn(Decision) -> bool) -> usize {
    let counts = of.counts.iter().copied().chain(std::iter::repeat(1));
    let counted = judged.iter().zip(counts);
    counted.filter(|(one, _)| is_required(one, of.question) && is_counted(one.decision)).map(|(_, count)| count).sum()
}

/// Requests for a key that were denied and are so no longer, with what they were; what was not read may leave open
/// whether they are allowed.
fn cured<'a>(
    before: &'a [RequestOutcome],
    after: &'a [RequestOutcome],
) -> impl Iterator<Item = (&'a RequestOutcome, &'a RequestOutcome)> {
    before.iter().zip(after).filter(|(before, after)| {
        before.decision.is_denied() && !after.decision.is_denied() && after.case.key.is_some()
    })
}

/// Leaves out each action, resource, condition and changed statement in turn.
fn minimality(of: Judgement<'_>, parts: &[Part], after: &[RequestOutcome]) -> Minimality {
    let mut found = Minimality::default();
    for (number, part) in parts.iter().enumerate() {
        for suggestion in &part.statements {
            leave_out(of, parts, (number, suggestion), after, &mut found);
        }
    }
    let suggestions = parts.iter().flat_map(|part| &part.statements);
    let mut conditions: Vec<(String, String)> = suggestions.flat_map(conditions).collect();
    conditions.sort();
    conditions.dedup();
    for (action, key) in conditions {
        // Across accounts two statements ask for the same; only without both more is allowed.
        let loosened = |part: &Part| {
            part.statements.iter().fold(part.change.clone(), |change, suggestion| {
                let text = without_condition(suggestion, &action, &key);
                text.map_or_else(|| change.clone(), |text| with_text(&change, suggestion, Some(&text)))
            })
        };
        let looser: Vec<Change> = parts.iter().map(loosened).collect();
        let opens = |now: Vec<RequestOutcome>| {
            let opened = |control: Control, before: &RequestOutcome, now: &RequestOutcome| {
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

/// Leaves out what can be left out of a statement of the part of this number, and judges the requests that it is for.
fn leave_out(
    of: Judgement<'_>,
    parts: &[Part],
    (number, suggestion): (usize, &Suggested),
    after: &[RequestOutcome],
    found: &mut Minimality,
) {
    let concerned =
        suggestion.requests.iter().filter_map(|position| of.judged.get(*position).zip(after.get(*position)));
    let concerned: Vec<(&RequestOutcome, &RequestOutcome)> = concerned.collect();
    let keys: BTreeSet<&KeyArn> = concerned.iter().filter_map(|(judged, _)| judged.case.key.as_ref()).collect();
    let capture = of.capture.of_start(of.target, keys.iter().copied());
    let bears = |change: &Change| change.only_key().is_none_or(|key| keys.contains(key));
    let bearing: Vec<(usize, &Change)> =
        parts.iter().map(|part| &part.change).enumerate().filter(|(_, change)| bears(change)).collect();
    let mut idle = Vec::new();
    for Less { text, left_out } in less(suggestion) {
        let fewer: Vec<Change> = bearing
            .iter()
            .map(
                |(at, change)| {
                    if *at == number { with_text(change, suggestion, text.as_deref()) } else { (*change).clone() }
                },
            )
            .collect();
        let now = of.some_again(concerned.iter().map(|(judged, _)| *judged), &capture, &fewer).unwrap_or_default();
        let denied = concerned
            .iter()
            .zip(&now)
            .filter(|((_, after), now)| !after.decision.is_denied() && now.decision.is_denied());
        let denied: BTreeSet<&str> = denied.map(|((judged, _), _)| judged.case.request.resource()).collect();
        for (number, words, resource) in left_out {
            if resource.map_or(!denied.is_empty(), |resource| denied.contains(&*resource)) {
                found.needed += 1;
            } else {
                idle.push((number, words));
            }
        }
    }
    idle.sort();
    found.idle.extend(idle.into_iter().map(|(_, words)| words));
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

/// A statement with less in it.
struct Less {
    /// Its text; `None`: it goes.
    text: Option<String>,
    /// What is left out of it, each with its place among all that can be, and with the only resource whose requests can
    /// tell, if there is one.
    left_out: Vec<(usize, String, Option<String>)>,
}

/// The statement without one action or resource; a changed statement as it was.
fn less(suggestion: &Suggested) -> Vec<Less> {
    let Some(statement) = added(suggestion) else {
        // What is denied beside a Deny takes nothing from the start.
        let changed = suggestion.replaces.is_some();
        let less = Less { text: None, left_out: vec![(0, "the changed statement".to_owned(), None)] };
        return if changed { vec![less] } else { Vec::new() };
    };
    let mut variants = Vec::new();
    let mut before = 0;
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
        let words = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let without = |is_left_out: &dyn Fn(usize) -> bool| {
            let rest = values.iter().enumerate().filter(|(number, _)| !is_left_out(*number));
            let rest: Vec<Value> = rest.map(|(_, value)| value.clone()).collect();
            let mut smaller = statement.clone();
            let text = smaller.get_mut(element).filter(|_| !rest.is_empty()).map(|list| *list = Value::Array(rest));
            text.map(|()| smaller.to_string())
        };
        // A resource without wildcard is the resource of its own requests only, so that half of them can be left out
        // at once.
        let is_plain = |value: &Value| value.as_str().is_some_and(|text| !text.contains(['*', '?', '$']));
        if element == "Resource" && values.iter().all(is_plain) {
            for half in 0..2 {
                let is_left_out = |number: usize| number % 2 == half;
                let own = values.iter().enumerate().filter(|(number, _)| is_left_out(*number));
                let left_out = own.map(|(number, value)| (before + number, words(value), Some(words(value)))).collect();
                variants.push(Less { text: without(&is_left_out), left_out });
            }
            continue;
        }
        for (number, value) in values.iter().enumerate() {
            let text = without(&|other| other == number);
            variants.push(Less { text, left_out: vec![(before + number, words(value), None)] });
        }
        before += values.len();
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
