//! Work grows with input: twice the input takes about twice the allocations, in every dimension.
//!
//! An integration test of its own: it counts in the global allocator.

#![expect(clippy::expect_used, reason = "its inputs are its own")]

#[path = "../benches/worlds/mod.rs"]
mod worlds;

use ebs_preflight::answers::{Transcript, assembled};
use ebs_preflight::capture::Capture;
use ebs_preflight::operations::Question;
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::{json, text};
use ebs_preflight::{event, triage};
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

/// What it takes to read and tell a text after the fact, and the most memory that is held meanwhile.
fn telling(text: &str) -> (u64, u64) {
    let counted = allocation_counter::measure(|| {
        let found = event::read(text).expect("something of a start");
        assert!(!triage::text(&event::incidents(found.materials), &jiff::tz::TimeZone::UTC).is_empty());
    });
    (counted.count_total, counted.bytes_max)
}

fn grows_with(name: &str, size: usize, world: impl Fn(usize) -> World) {
    is_linear(name, size, |size| allocations(world(size)));
}

fn is_linear(name: &str, size: usize, cost: impl Fn(usize) -> u64) {
    let (single, double) = (cost(size), cost(2 * size));
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

#[test]
fn targets_that_are_ready() {
    grows_with("targets, READY", 100, |instances| World { instances, ..World::READY });
}

#[test]
fn targets_that_are_blocked() {
    grows_with("targets, BLOCKED", 100, |instances| World { instances, ..World::BLOCKED });
}

#[test]
fn roles_that_are_blocked() {
    grows_with("roles", 10, |roles| World { instances: 4, roles, keys: 4, ..World::BLOCKED });
}

#[test]
fn causes_that_one_policy_cures() {
    // Each adds a statement to the policy, for which the policy is read: the square of their number, and no more.
    let cost = |keys| allocations(World { instances: keys, roles: 2, keys, ..World::BLOCKED });
    let (single, double) = (cost(12), cost(24));
    assert!(double < single * 5, "{single} allocations for 12, {double} for twice as many");
}

#[test]
fn answers_of_a_transcript() {
    is_linear("answers", 100, |keys| {
        let text = worlds::transcript(keys);
        let counted = allocation_counter::measure(|| {
            let transcript = Transcript::parse(&text).expect("a transcript");
            assembled(&[transcript]).expect("a capture");
        });
        counted.count_total
    });
}

#[test]
fn records() {
    is_linear("records", 1000, |records| telling(&worlds::events(records)).0);
}

#[test]
fn lines_of_a_log() {
    is_linear("lines", 10_000, |lines| telling(&worlds::log(lines)).0);
}

#[test]
fn errors_in_one_line() {
    is_linear("errors", 1000, |errors| telling(&worlds::line(errors)).0);
}

#[test]
fn triage_holds_no_more_than_four_times_its_text() {
    for text in [worlds::events(2000), worlds::log(20_000), worlds::line(4000)] {
        let most = telling(&text).1;
        assert!(most < 4 * text.len() as u64, "{most} bytes for {}", text.len());
    }
}
