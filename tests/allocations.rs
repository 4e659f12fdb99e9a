//! Judging allocates nothing. An integration test of its own: it counts in the global allocator.

#[path = "../benches/scenario/mod.rs"]
mod scenario;

use ebs_preflight::engine::{Decision, judge};

#[test]
fn judging_allocates_nothing() {
    let (request, policies) = (scenario::request(), scenario::policies());
    let mut decision = None;
    let counted = allocation_counter::measure(|| decision = Some(judge(&request, &policies)));
    assert_eq!(decision, Some(Decision::Allowed));
    assert_eq!(counted.count_total, 0, "{counted:?}");
}
