use std::sync::Arc;

use super::condition_keys::{Column, Origin, Row, TABLE, counts_in};
use super::{PolicyCache, Question, Step, judge, judge_again, plan};
use crate::capture::{Capture, Target};
use crate::names::{ConditionKey, InstanceId};

/// The incident of the demo with a second instance under the same key.
fn two_instances() -> Capture {
    let mut capture = Capture::parse(include_str!("../cli/demo.json")).unwrap();
    let instance_id = InstanceId::parse("i-00000000000000002").unwrap();
    let first = capture.targets[0].clone();
    capture.instances.insert(instance_id.clone(), capture.instances[&first.instance_id].clone());
    capture.targets.push(Target { instance_id, ..first });
    capture
}

#[test]
fn a_policy_is_compiled_once_for_all_starts() {
    let (capture, question) = (two_instances(), Question::default());
    let shelf = PolicyCache::of(&capture);
    let plans: Vec<_> =
        capture.targets.iter().map(|target| plan(&capture, target, &question, &shelf).unwrap().cases).collect();
    let first = &plans[0][1].policies;
    for case in plans.iter().flatten().skip(1).filter(|case| case.row.step == Step::CreateGrant) {
        assert!(Arc::ptr_eq(&case.policies.identity[0], &first.identity[0]));
        assert!(Arc::ptr_eq(&case.policies.key_policies[0], &first.key_policies[0]));
        assert!(Arc::ptr_eq(&case.policies.grants.grants, &first.grants.grants));
    }
}

#[test]
fn judged_again_without_a_change_a_request_comes_to_the_same() {
    let (capture, question) = (two_instances(), Question::default());
    let (shelf, target) = (PolicyCache::of(&capture), &capture.targets[0]);
    let judged = judge(plan(&capture, target, &question, &shelf).unwrap().cases);
    let again = judge_again(&judged, &capture, target, &question, &shelf).unwrap();
    assert_eq!(judged.len(), again.len());
    for (first, again) in judged.iter().zip(&again) {
        assert_eq!(first.case.policies, again.case.policies);
        assert_eq!(first.explanation, again.explanation);
    }
}

/// The table of condition keys as `docs/evaluation.md` shows it, neighbors that are alike in one line.
fn condition_keys() -> String {
    let origin = |origin| match origin {
        Origin::Absent => "absent".to_owned(),
        Origin::Unknown => "unknown".to_owned(),
        Origin::Is(value) => format!("`{value}`"),
        Origin::IsOrAbsent(value) => format!("`{value}` or absent"),
        Origin::Aws => "a place of AWS".to_owned(),
        Origin::Derived => "as read".to_owned(),
        Origin::OfRequest => "of the request".to_owned(),
    };
    let cells = |row: &Row| {
        let key = ConditionKey::new(row.key);
        let stated = match (counts_in(&key, Column::Direct), counts_in(&key, Column::Forwarded)) {
            (true, true) => "both",
            (true, false) => "StartInstances",
            (false, _) => "no",
        };
        let several = if row.is_multivalued { "several" } else { "one" };
        let columns = [row.direct, row.forwarded, row.infrastructure].map(origin);
        format!("{several} | {} | {stated}", columns.join(" | "))
    };
    let mut lines: Vec<(String, Vec<String>)> = Vec::new();
    for row in TABLE {
        let name = format!("`{}{}`", row.key, if row.is_family() { "*" } else { "" });
        match lines.last_mut().filter(|(alike, _)| *alike == cells(row)) {
            Some((_, names)) => names.push(name),
            None => lines.push((cells(row), vec![name])),
        }
    }
    let lines = lines.iter().map(|(cells, names)| format!("| {} | {cells} |\n", names.join(", ")));
    format!(
        "| condition keys | values | StartInstances | forwarded by EC2 | EC2's infrastructure | may be stated |\n\
         |---|---|---|---|---|---|\n{}",
        lines.collect::<String>()
    )
}

#[test]
fn the_page_shows_all_condition_keys() {
    let page = include_str!("../../docs/evaluation.md");
    assert!(page.contains(&condition_keys()), "docs/evaluation.md lacks:\n{}", condition_keys());
}
