//! That EC2's own grant, and nothing else, lets the instance decrypt; that text of others moves no cursor.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::capture::{Capture, Target};
use crate::engine::GrantSet;
use crate::findings::{Severity, findings};
use crate::operations::{PolicyCache, Question, Requester, judge, plan};
use crate::outcome::Verdict;
use crate::preflight::preflight;
use crate::triage;

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

#[test]
fn a_forged_event_reaches_neither_the_terminal_nor_the_shell() {
    let record = serde_json::json!({
        "eventSource": "kms.amazonaws.com", "eventName": "CreateGrant", "errorCode": "AccessDenied",
        "awsRegion": "eu-west-1;reboot", "eventTime": "2026-11-24T09:00:00Z", "eventID": "1",
        "userIdentity": {
            "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/R/s\u{1b}[2J",
            "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::111122223333:role/$(reboot)/R"}},
        },
    });
    let found = crate::event::read(&record.to_string()).unwrap();
    let text = triage::text(&crate::event::incidents(found.materials), &jiff::tz::TimeZone::UTC);
    assert!(text.contains(r"session s\u001b[2J"), "{text}");
    // No Region has such a name.
    assert!(text.contains("--role-arn 'arn:aws:iam::111122223333:role/$(reboot)/R'\n"), "{text}");
    assert!(!text.contains("--region"), "{text}");
}

/// Whether nothing stops the start when EC2's infrastructure identity has no grants, the start's own included.
fn ready_without_grants_for_ec2(capture: &Capture, target: &Target, question: &Question) -> bool {
    let mut plan = plan(capture, target, question, &PolicyCache::new()).unwrap();
    for case in plan.cases.iter_mut().filter(|case| case.row.by == Requester::Infrastructure) {
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
