//! Work grows with input: twice the input takes about twice the allocations, in every dimension.
//!
//! An integration test of its own: it counts in the global allocator.

#![expect(clippy::expect_used, reason = "its inputs are its own")]

#[path = "../benches/worlds/mod.rs"]
#[expect(dead_code, reason = "the bench makes more of them")]
mod worlds;

use ebs_preflight::capture::Capture;
use ebs_preflight::operations::Question;
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::{json, text};
use worlds::World;

/// What it takes to parse, judge and tell one start, as text and as JSON.
fn allocations(world: World) -> u64 {
    let input = world.capture();
    let counted = allocation_counter::measure(|| {
        let capture = Capture::parse(&input).expect("a capture");
        let report = preflight(&capture, &Question::default());
        let told = text::render(&report).len() + json::render(&report).len();
        assert!(told > 0);
    });
    counted.count_total
}

fn grows_with(name: &str, size: usize, world: impl Fn(usize) -> World) {
    let (single, double) = (allocations(world(size)), allocations(world(2 * size)));
    assert!(double * 10 < single * 23, "{name}: {single} allocations for {size}, {double} for twice as many");
}

#[test]
fn volumes() {
    grows_with("volumes", 50, |volumes| World { volumes, ..World::BLOCKED });
}

#[test]
fn grants() {
    grows_with("grants", 500, |grants| World { grants, ..World::BLOCKED });
}

#[test]
fn statements() {
    grows_with("statements", 100, |statements| World { statements, ..World::BLOCKED });
}

#[test]
fn condition_keys() {
    grows_with("condition keys", 100, |condition_keys| World { condition_keys, ..World::BLOCKED });
}

#[test]
fn actions() {
    grows_with("actions", 100, |actions| World { actions, ..World::BLOCKED });
}

#[test]
fn keys() {
    grows_with("keys", 30, |keys| World { volumes: keys, keys, ..World::BLOCKED });
}
