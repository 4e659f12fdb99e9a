//! That EC2's own grant, and nothing else, lets the instance decrypt.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Verdict, preflight};
use crate::capture::{Capture, Target};
use crate::engine::GrantSet;
use crate::findings::{Severity, findings};
use crate::start::{By, Question, judge, plan};

#[test]
fn without_the_grant_of_the_start_no_encrypted_start_is_ready() {
    let question = Question::default();
    let mut judged = 0;
    for path in captures(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures"))) {
        #[expect(clippy::disallowed_methods, reason = "the test reads the captures")]
        let text = std::fs::read_to_string(&path).unwrap();
        let Ok(capture) = Capture::parse(&text) else { continue };
        let is_encrypted = !capture.keys.is_empty();
        if is_encrypted && preflight(&capture, &question).verdict() == Verdict::Ready {
            let ready = capture.targets.iter().all(|target| ready_without_grants_for_ec2(&capture, target, &question));
            assert!(!ready, "{}", path.display());
            judged += 1;
        }
    }
    assert!(judged > 5, "{judged} captures are READY and have encrypted volumes");
}

/// Whether nothing stops the start when EC2's infrastructure identity has no grants, the start's own included.
fn ready_without_grants_for_ec2(capture: &Capture, target: &Target, question: &Question) -> bool {
    let mut plan = plan(capture, target, question).unwrap();
    for case in plan.cases.iter_mut().filter(|case| case.row.by == By::Infrastructure) {
        Arc::make_mut(&mut case.policies).grants = GrantSet::default();
    }
    let judged = judge(std::mem::take(&mut plan.cases));
    let found = findings(capture, target, question, &plan, &judged);
    !found.iter().any(|finding| matches!(finding.severity, Severity::Blocker | Severity::Undecided))
}

fn captures(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| if path.is_dir() { captures(&path) } else { vec![path] });
    found.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect()
}
