//! What is asked of AWS only on request: events of earlier starts, and what an encoded message says.

use super::answer::Fault;
use super::operation::Operation;
use super::server::Replay;
use super::world::{self, World};
use super::{check, in_world};
use crate::program::{Outcome, Run};

const LOOK_UP: Operation = Operation::LookupEvents;
const ROLE_NAME: &str = "night-start";

/// Who last started the instance, the grant that EC2 made then, and an earlier change of the role.
fn with_history() -> World {
    World::healthy()
        .answer(LOOK_UP, &[], "cloudtrail.LookupEvents.none")
        .answer(LOOK_UP, &[world::INSTANCE], "cloudtrail.LookupEvents.starts")
        .answer(LOOK_UP, &["CreateGrant"], "cloudtrail.LookupEvents.grants")
        .answer(LOOK_UP, &[ROLE_NAME], "cloudtrail.LookupEvents.role")
}

fn words(outcome: &Outcome) -> String {
    outcome.seen().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn cloudtrail_tells_of_earlier_starts_and_who_made_them() {
    let replay = Replay::start(with_history());
    // Nobody says who starts the instance: the last starter is judged.
    let run = Run::new(&["check", "--instance-id", world::INSTANCE, "--org-profile", "management"]);
    let outcome = in_world(run.arguments(&["--events", "cloudtrail", "--details"]), &replay).finish();
    assert_eq!((outcome.exit, replay.unanswered()), (Some(0), vec![]), "{}", outcome.seen());
    let said = words(&outcome);
    for part in [
        "role operations/night-start",
        "2026-11-20 05:00 UTC",
        "as judged",
        "only the latest 200 events of CreateGrant",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn events_that_may_not_be_looked_up_change_nothing_and_are_named() {
    let replay = Replay::start(with_history().fault(LOOK_UP, Fault::Denied));
    let outcome = check(&replay, &["--events", "cloudtrail"]);
    assert_eq!((outcome.exit, replay.unanswered()), (Some(0), vec![]), "{}", outcome.seen());
    let said = words(&outcome);
    assert!(said.contains("Not read, without effect on the answer: cloudtrail:LookupEvents"), "{said}");
    assert!(said.contains("Events: they could not be looked up"), "{said}");
    assert!(said.contains("A look-up failed: "), "{said}");
    assert_eq!(replay.asked(LOOK_UP), 1);
}

#[test]
fn a_starter_that_cannot_be_looked_up_is_told_as_such() {
    let replay = Replay::start(with_history().fault(LOOK_UP, Fault::Denied));
    let run = Run::new(&["check", "--instance-id", world::INSTANCE, "--org-profile", "management"]);
    let outcome = in_world(run.arguments(&["--events", "cloudtrail"]), &replay).finish();
    assert_eq!(outcome.exit, Some(4), "{}", outcome.seen());
    assert!(words(&outcome).contains("CloudTrail could not be asked"), "{}", outcome.seen());
}

#[test]
fn without_the_flag_nothing_of_cloudtrail_is_asked() {
    let replay = Replay::start(with_history());
    assert_eq!(check(&replay, &[]).exit, Some(0));
    assert_eq!(replay.asked(LOOK_UP), 0);
}

const ENCODED: &str = "An error occurred (UnauthorizedOperation) when calling the StartInstances operation: You are not \
    authorized to perform this operation. Encoded authorization failure message: kC3vb9Zr1xQ7wLm0TfJ2-8sYhNeA5uDgR6cVbK4pXzE_oi1Gt9Wq";

fn decode(answer: &'static str) -> Outcome {
    let replay =
        Replay::start(World::healthy().answer(Operation::DecodeAuthorizationMessage, &["kC3vb9Zr1xQ7"], answer));
    let run = Run::new(&["triage", "--decode"]);
    let file = run.file("error.txt", ENCODED);
    in_world(run.arguments(&[&file]), &replay).finish()
}

#[test]
fn sts_tells_which_statement_refused() {
    let outcome = decode("sts.DecodeAuthorizationMessage.ok");
    assert_eq!(outcome.exit, Some(1), "{}", outcome.seen());
    for part in ["NoStartsAtNight", "ec2:StartInstances", world::INSTANCE] {
        assert!(outcome.stdout.contains(part), "{part}: {}", outcome.seen());
    }
}

#[test]
fn a_message_that_sts_does_not_know_is_an_error() {
    let outcome = decode("sts.DecodeAuthorizationMessage.invalid");
    assert_eq!(outcome.exit, Some(2), "{}", outcome.seen());
    assert!(outcome.seen().contains("copy the whole message"), "{}", outcome.seen());
}
