//! The engine against the second evaluator, on worlds that are drawn and on worlds that are counted through.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::BoxedStrategy;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::bodies::world::{disagreement, engine};
use crate::generate::{cases, invalid_cases, small_worlds};
use crate::spec::{judge, judge_text};

/// A number from the environment: how many cases to draw, which seed to draw them with.
pub(crate) fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// Draws values from `strategy`; the same seed draws the same ones.
pub(crate) fn drawn<T: std::fmt::Debug>(strategy: BoxedStrategy<T>, count: usize) -> impl Iterator<Item = T> {
    let seed = number("EBS_PREFLIGHT_SEED", 0);
    println!("{count} with EBS_PREFLIGHT_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..count).map(move |_| strategy.new_tree(&mut runner).unwrap().current())
}

/// Lists how often each of these was seen; none may be rarer than one in fifty.
fn assert_spread(what: &str, seen: &BTreeMap<&str, usize>, classes: usize, of: usize) {
    let mut lines = format!("{what}:");
    for (name, times) in seen {
        write!(lines, " {name} {:.1} %,", 100.0 * (*times as f64) / (of as f64)).unwrap();
    }
    println!("{lines}");
    assert_eq!(seen.len(), classes, "{seen:?}");
    assert!(seen.values().all(|times| times * 50 >= of), "{seen:?}");
}

#[test]
fn engine_and_second_evaluator_agree_on_drawn_worlds() {
    let count = number("EBS_PREFLIGHT_CASES", 20_000);
    let (mut decisions, mut deciding) = (BTreeMap::new(), BTreeMap::new());
    let mut disagreements = Vec::new();
    for case in drawn(cases(), count) {
        let spec = judge(&case).unwrap_or_else(|error| panic!("{error}: {case}"));
        disagreements.extend(disagreement(&case, &spec));
        *decisions.entry(spec.decision).or_insert(0) += 1;
        for policy_type in spec.deciding {
            *deciding.entry(policy_type).or_insert(0) += 1;
        }
    }
    assert_spread("decisions", &decisions, 4, count);
    assert_spread("deciding policy types", &deciding, 7, count);
    assert!(disagreements.is_empty(), "{} of {count}: {}", disagreements.len(), disagreements[0]);
}

#[test]
fn both_refuse_what_aws_does_not_save() {
    let mut faults = BTreeMap::new();
    let mut accepted = BTreeMap::new();
    for case in drawn(invalid_cases(), 2_000) {
        let (fault, text) = (case["id"].to_string(), case.to_string());
        *faults.entry(fault.clone()).or_insert(0) += 1;
        if judge_text(&text).is_ok() || engine(&text).is_ok() {
            accepted.insert(fault, text);
        }
    }
    println!("{} faults: {faults:?}", faults.len());
    assert!(faults.len() >= 30);
    assert_eq!(accepted, BTreeMap::new());
}

/// All 1,549,296 of them with `EBS_PREFLIGHT_SMALL_WORLDS=1` (254 s of processor time in a debug build), else every
/// 101st.
#[test]
fn engine_and_second_evaluator_agree_on_small_worlds() {
    let worlds = small_worlds();
    let step = number("EBS_PREFLIGHT_SMALL_WORLDS", 101);
    let mut decisions = BTreeMap::new();
    for case in worlds.every(step) {
        let spec = judge(&case).unwrap();
        *decisions.entry(spec.decision).or_insert(0) += 1;
        if let Some(disagreement) = disagreement(&case, &spec) {
            panic!("{disagreement}");
        }
    }
    println!("every {step}. of {}: {decisions:?}", worlds.count());
    assert_eq!(decisions.len(), 4);
}
