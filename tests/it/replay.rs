//! The built program against recorded answers of AWS (`tests/wire`), one healthy world and everything that can go
//! wrong in it.
//!
//! `Replay::start(World::healthy().fault(Operation::GetRole, Fault::Hang))` is a server on a loopback port; what it
//! was asked can be looked up in it afterward. The emulator of [`crate::moto`] holds whole situations, but has neither
//! AWS's error shapes nor faults.

mod answer;
mod captures;
mod ends;
mod events;
mod faults;
mod keys;
mod operation;
mod pages;
mod server;
mod volumes;
mod world;

use std::time::Duration;

use crate::program::{Outcome, Run};
use operation::Operation;
use server::Replay;
use world::World;

/// No fault may hold up a run for longer: a hanging answer costs one attempt.
const BOUND: Duration = Duration::from_secs(20);
const ATTEMPT_TIMEOUT_MS: &str = "2000";

#[test]
fn the_healthy_world_is_ready_and_each_thing_is_read_once() {
    let replay = Replay::start(World::healthy());
    let outcome = check(&replay, &["--format", "json"]);
    assert_eq!((outcome.exit, replay.unanswered()), (Some(0), vec![]), "{}", outcome.seen());
    assert!(outcome.json()["unread"].as_array().unwrap().is_empty(), "{}", outcome.seen());
    // Two volumes under one key, one role, two policies.
    let once = [
        Operation::DescribeInstances,
        Operation::DescribeVolumes,
        Operation::DescribeKey,
        Operation::ListGrants,
        Operation::ListResourceTags,
        Operation::GetRole,
        Operation::GetRolePolicy,
        Operation::GetPolicyVersion,
    ];
    for operation in once {
        assert_eq!(replay.asked(operation), 1, "{operation:?}");
    }
}

#[test]
fn a_session_is_judged_as_its_role() {
    let replay = Replay::start(World::healthy());
    let session = "arn:aws:sts::222233334444:assumed-role/night-start/nightly";
    let run = Run::new(&["check", "--instance-id", world::INSTANCE, "--role-arn", session, "--format", "json"]);
    let outcome = in_world(run.arguments(&["--org-profile", "management"]), &replay).finish();
    assert_eq!((outcome.exit, replay.unanswered()), (Some(0), vec![]), "{}", outcome.seen());
    // The path, which a session's ARN does not tell, comes from IAM.
    assert_eq!(outcome.json()["targets"][0]["requests"][1]["principal"], world::ROLE);
}

/// What is wrong with a run in a world where `read` fails: it must end in time with `exit` and tell what a reader
/// needs.
fn failed_read(label: &str, world: World, read: Operation, exit: i32) -> Vec<String> {
    let replay = Replay::start(world);
    let outcome = check(&replay, &["--format", "json"]);
    let mut problems = Vec::new();
    if outcome.exit != Some(exit) {
        problems.push(format!("{}, not {exit}", outcome.ended()));
    }
    if outcome.took > BOUND {
        problems.push(format!("took {:?}", outcome.took));
    }
    let unread = outcome.json()["unread"].take();
    let named = unread.as_array().into_iter().flatten().any(|unread| unread["needs"] == read.permission());
    // An error has no list of what was not read.
    let named = named || (exit == 4 && outcome.seen().contains(&read.permission()));
    if !named {
        problems.push(format!("does not name {}", read.permission()));
    }
    problems.extend(replay.unanswered().into_iter().map(|request| format!("no answer to {request}")));
    problems.into_iter().map(|problem| format!("{label}: {problem}: {}", outcome.seen())).collect()
}

/// What is wrong with a run in `world`, which must end with `exit`.
fn judged(label: &str, world: World, exit: i32) -> Vec<String> {
    let replay = Replay::start(world);
    let outcome = check(&replay, &["--format", "json"]);
    let mut problems = Vec::new();
    if outcome.exit != Some(exit) {
        problems.push(format!("{label}: {}, not {exit}: {}", outcome.ended(), outcome.seen()));
    }
    problems.extend(replay.unanswered().into_iter().map(|request| format!("{label}: no answer to {request}")));
    problems
}

fn check(replay: &Replay, flags: &[&str]) -> Outcome {
    let run = Run::new(&["check", "--instance-id", world::INSTANCE, "--role-arn", world::ROLE]);
    in_world(run.arguments(&["--org-profile", "management"]).arguments(flags), replay).finish()
}

/// With AWS as `replay` plays it, one short attempt each, and credentials of the instance's account; those of the
/// management account are in the profile `management`.
fn in_world(run: Run, replay: &Replay) -> Run {
    run.aws(&replay.endpoint(), world::REGION, &world::member())
        .profile("management", &world::management())
        .variable("AWS_MAX_ATTEMPTS", "1")
        .variable("EBS_PREFLIGHT_ATTEMPT_TIMEOUT_MS", ATTEMPT_TIMEOUT_MS)
}
