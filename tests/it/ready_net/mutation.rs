//! The table of mutations: ways to break a capture, by name. Whoever adds a kind of evidence adds its mutations here, and
//! every law of the net holds of them.

use ebs_preflight::capture::Capture;
use ebs_preflight::operations::Question;
use ebs_preflight::outcome::Verdict;
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::json;
use serde_json::Value;

use super::{Ready, evidence, facts, names, ready_with_flags};
use crate::golden::library;
use crate::problems::assert_none;

/// A way to break a capture.
pub(super) struct Mutation {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Every capture that it makes of one.
    pub(super) broken: fn(&Value, &Question) -> Vec<Broken>,
}

/// What a mutation does to the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It hides something: what was allowed is allowed or unknown, what was denied is denied or unknown.
    Hides,
    /// It makes another capture of it, which may have another answer, or none.
    Changes,
}

/// A capture that was broken in one place.
pub(super) struct Broken {
    pub(super) at: String,
    pub(super) capture: Value,
    /// Why it may be READY all the same; `None`: it may not.
    pub(super) proof: Option<&'static str>,
}

/// All mutations; a table for each kind of evidence.
const MUTATIONS: &[&[Mutation]] = &[evidence::MUTATIONS, facts::MUTATIONS, names::MUTATIONS];

fn mutations() -> impl Iterator<Item = &'static Mutation> {
    MUTATIONS.iter().copied().flatten()
}

#[test]
fn no_mutation_leaves_a_start_ready_but_with_a_proof() {
    let mut problems = Vec::new();
    let mut broken_by_name = std::collections::BTreeMap::new();
    for Ready { name, capture, question } in ready_with_flags() {
        for mutation in mutations() {
            for Broken { at, capture, proof } in (mutation.broken)(&capture, &question) {
                *broken_by_name.entry(mutation.name).or_insert(0) += 1;
                // What is refused as contradicting itself gets no verdict.
                let verdict =
                    Capture::parse(&capture.to_string()).map(|capture| preflight(&capture, &question).verdict());
                let is_ready = verdict.as_ref() == Ok(&Verdict::Ready);
                let is_assumed = question.assume_org_allows && at.starts_with("/organizations");
                if is_ready != (proof.is_some() || is_assumed) {
                    let why = proof.unwrap_or("nothing proves it READY");
                    problems.push(format!("{name}, {} at {at}: {verdict:?}; {why}", mutation.name));
                }
            }
        }
    }
    assert_none(&problems);
    let idle = mutations().filter(|mutation| !broken_by_name.contains_key(mutation.name)).map(|one| one.name);
    assert_eq!(idle.collect::<Vec<_>>(), Vec::<&str>::new(), "no capture can be broken so");
}

/// The counterpart, for false alarms: over every capture of the library, BLOCKED ones above all.
#[test]
fn what_is_hidden_never_turns_a_decision_around() {
    let mut problems = Vec::new();
    for golden in library() {
        let question = golden.question();
        let before = decisions(&golden.capture(), &question);
        let capture = super::spelled_out(&golden.capture());
        for mutation in mutations().filter(|mutation| mutation.kind == Kind::Hides) {
            for Broken { at, capture, .. } in (mutation.broken)(&capture, &question) {
                let parsed = Capture::parse(&capture.to_string()).unwrap_or_else(|error| panic!("{at}: {error}"));
                let after = decisions(&parsed, &question);
                let turned = after.iter().filter(|(request, decision)| {
                    before
                        .get(*request)
                        .is_some_and(|before| is_allowed(before) != is_allowed(decision) && !is_open(before, decision))
                });
                for (request, decision) in turned {
                    let (name, how, before) = (&golden.name, mutation.name, &before[request]);
                    problems.push(format!("{name}, {how} at {at}: {request}: {before}, then {decision}"));
                }
            }
        }
    }
    assert_none(&problems);
}

fn is_allowed(decision: &str) -> bool {
    decision == "allowed"
}

fn is_open(before: &str, after: &str) -> bool {
    before == "unknown" || after == "unknown"
}

/// The decision of every request, by what is asked.
fn decisions(capture: &Capture, question: &Question) -> std::collections::BTreeMap<String, String> {
    let report: Value = serde_json::from_str(&json::render(&preflight(capture, question))).unwrap();
    let mut decisions = std::collections::BTreeMap::new();
    for target in report["targets"].as_array().unwrap() {
        for request in target["requests"].as_array().into_iter().flatten() {
            let of = |name: &str| request[name].to_string();
            let asked = ["row", "action", "resource", "principal", "volumeId"].map(of).join(" ");
            decisions
                .insert(format!("{} {asked}", target["roleArn"]), request["decision"].as_str().unwrap().to_owned());
        }
    }
    decisions
}
