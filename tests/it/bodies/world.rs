//! The engine against the second evaluator, on the world that a seed draws.

use ebs_preflight::case::answer;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use crate::generate::cases;
use crate::spec::{Judgement, judge};

/// The bytes that draw a world.
pub(crate) type Seed = [u8; 32];

/// Engine and second evaluator decide alike.
///
/// Returns the decision.
pub(crate) fn check(seed: Seed) -> &'static str {
    // Bytes that stand for the choices themselves would not do: behind the last of them come zeros, of which no number
    // can be drawn evenly.
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let case = cases().new_tree(&mut TestRunner::new_with_rng(Config::default(), rng)).unwrap().current();
    let spec = judge(&case).unwrap_or_else(|error| panic!("{error}: {case}"));
    if let Some(disagreement) = disagreement(&case, &spec) {
        panic!("{disagreement}");
    }
    spec.decision
}

/// The engine's answer to one case.
pub(crate) fn engine(case: &str) -> Result<Value, Value> {
    let read = |line: String| serde_json::from_str(&line).unwrap();
    answer(case, 1).map(read).map_err(read)
}

/// What disagrees with the second evaluator, if anything.
pub(crate) fn disagreement(case: &Value, spec: &Judgement) -> Option<String> {
    let answer = engine(&case.to_string());
    let agrees = answer.as_ref().is_ok_and(|answer| answer["decision"] == spec.decision);
    (!agrees).then(|| format!("{answer:?}\nbut the second evaluator says {} of\n{case}", spec.decision))
}
