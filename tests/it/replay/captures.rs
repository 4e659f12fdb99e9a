//! The file that `capture` writes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

use super::answer::Fault;
use super::operation::Operation;
use super::server::Replay;
use super::world::{self, World};
use crate::program::{Outcome, Run};

#[test]
fn a_capture_is_for_its_owner_only_and_replaces_nothing_unasked() {
    let replay = Replay::start(World::healthy());
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("capture.json");
    let path = file.to_str().unwrap();

    let written = capture(&replay, &["--output", path]);
    assert_eq!(written.exit, Some(0), "{}", written.seen());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let first = fs::read_to_string(&file).unwrap();

    let again = capture(&replay, &["--output", path]);
    assert_eq!(again.exit, Some(2), "{}", again.seen());
    assert!(again.seen().contains("--force"), "{}", again.seen());
    assert_eq!(fs::read_to_string(&file).unwrap(), first);
    assert_eq!(replay.asked(Operation::DescribeInstances), 1, "a file that may not be written is no reason to read");

    fs::write(&file, "something else").unwrap();
    let forced = capture(&replay, &["--output", path, "--force"]);
    assert_eq!(forced.exit, Some(0), "{}", forced.seen());
    assert_eq!(judged(path), Some(0));
    assert_eq!(names_in(folder.path()), ["capture.json"], "nothing is left beside it");
}

#[test]
fn a_capture_may_go_to_standard_output() {
    let replay = Replay::start(World::healthy());
    let printed = capture(&replay, &["--output", "-"]);
    assert_eq!((printed.exit, printed.stderr.as_str()), (Some(0), ""), "{}", printed.seen());
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("printed.json");
    fs::write(&file, printed.stdout).unwrap();
    assert_eq!(judged(file.to_str().unwrap()), Some(0));
}

#[test]
fn where_the_instance_cannot_be_read_no_file_is_written() {
    for (fault, exit) in [(Fault::Denied, 4), (Fault::Expired, 4), (Fault::CutInHalf, 4)] {
        let replay = Replay::start(World::healthy().fault(Operation::DescribeInstances, fault));
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("capture.json");
        let failed = capture(&replay, &["--output", file.to_str().unwrap()]);
        assert_eq!(failed.exit, Some(exit), "{fault:?}: {}", failed.seen());
        assert_eq!(names_in(folder.path()), [""; 0], "{fault:?}");
    }
}

/// What was asked for is never dropped without a word: the others are captured, and the run does not end with 0.
#[test]
fn an_instance_that_is_not_read_is_told_beside_the_others() {
    const OTHER: &str = "i-0e5d2b8c94a71f603";
    for (fault, exit, says) in [(Fault::NotFound, 2, "does not know the instance"), (Fault::Denied, 4, "was not read")]
    {
        let replay = Replay::start(World::healthy().fault_where(Operation::DescribeInstances, &[OTHER], fault));
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("capture.json");
        let path = file.to_str().unwrap();
        let written = capture(&replay, &["--instance-id", OTHER, "--output", path]);
        assert_eq!(written.exit, Some(exit), "{fault:?}: {}", written.seen());
        assert!(written.stderr.contains(says) && written.stderr.contains(OTHER), "{fault:?}: {}", written.seen());
        // Nothing can be judged of it, and the other start is READY as before.
        let judged = Run::new(&["check", "--capture", path, "--format", "json"]).finish();
        let report = judged.json();
        assert_eq!((judged.exit, report["verdict"].as_str()), (Some(exit), Some("UNDECIDED")), "{}", judged.seen());
        let verdicts: Vec<_> =
            report["targets"].as_array().unwrap().iter().map(|one| one["verdict"].as_str()).collect();
        assert_eq!(verdicts.iter().filter(|verdict| **verdict == Some("READY")).count(), 1, "{report}");

        // Alone it is no capture at all.
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("capture.json");
        let run = ["capture", "--instance-id", OTHER, "--role-arn", world::ROLE, "--output", file.to_str().unwrap()];
        let alone = super::in_world(Run::new(&run), &replay).finish();
        assert_eq!((alone.exit, names_in(folder.path())), (Some(exit), vec![]), "{fault:?}: {}", alone.seen());
        assert!(alone.stderr.contains(OTHER), "{}", alone.seen());
    }
}

#[test]
fn what_could_not_be_read_is_captured_as_such() {
    let replay = Replay::start(World::healthy().fault(Operation::GetKeyPolicy, Fault::Denied));
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("capture.json");
    let path = file.to_str().unwrap();
    assert_eq!(capture(&replay, &["--output", path]).exit, Some(0));
    assert!(fs::read_to_string(&file).unwrap().contains("kms:GetKeyPolicy"));
    assert_eq!(judged(path), Some(3));
}

fn capture(replay: &Replay, flags: &[&str]) -> Outcome {
    let run = Run::new(&["capture", "--instance-id", world::INSTANCE, "--role-arn", world::ROLE]);
    super::in_world(run.arguments(&["--org-profile", "management"]).arguments(flags), replay).finish()
}

/// The exit status of judging a capture, without endpoint and credentials.
fn judged(path: &str) -> Option<i32> {
    Run::new(&["check", "--capture", path]).finish().exit
}

fn names_in(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
