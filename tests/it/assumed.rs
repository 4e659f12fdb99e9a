//! What a start is READY by that nobody has read stands in its first line, and nothing else does.

use ebs_preflight::capture::Capture;
use ebs_preflight::operations::{Question, Stated};
use ebs_preflight::outcome::Verdict;
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::text;
use serde_json::{Value, json};

use crate::golden::{file, library};
use crate::problems::assert_none;

/// What stands before the instance in the first line.
fn first(capture: &Capture, question: &Question) -> String {
    let head = text::headline_of(&preflight(capture, question));
    let words: Vec<&str> = head.split_whitespace().take_while(|word| !word.starts_with("i-")).collect();
    words.join(" ")
}

/// The question without each thing that is stated, with how it is typed.
fn each_without(question: &Question) -> Vec<(String, Question)> {
    let mut all = Vec::new();
    let mut push = |typed: String, change: &dyn Fn(&mut Question)| {
        let mut without = question.clone();
        change(&mut without);
        all.push((typed, without));
    };
    if question.assume_org_allows {
        push("SCPs and RCPs allow".to_owned(), &|question| question.assume_org_allows = false);
    }
    if let Some(address) = &question.source_ip {
        push(format!("--source-ip {address}"), &|question| question.source_ip = None);
    }
    if let Some(name) = &question.session_name {
        push(format!("--session-name {name}"), &|question| question.session_name = None);
    }
    for (number, (key, value)) in question.session_tags.iter().enumerate() {
        push(format!("--session-tag {key}={value}"), &|question| drop(question.session_tags.remove(number)));
    }
    for (number, one) in question.context.iter().enumerate() {
        push(format!("--context {}={}", one.key, one.value), &|question| drop(question.context.remove(number)));
    }
    if question.no_session_tags {
        push("--no-session-tags".to_owned(), &|question| question.no_session_tags = false);
    }
    if let Some(at) = question.at {
        push(format!("evaluated at {}", at.strftime("%Y-%m-%d %H:%M UTC")), &|question| question.at = None);
    }
    all
}

#[test]
fn what_a_start_is_ready_by_stands_in_the_first_line() {
    let (mut asked, mut problems) = (0, Vec::new());
    for golden in library() {
        let (capture, question) = (golden.capture(), golden.question());
        let verdict = |question: &Question| preflight(&capture, question).verdict();
        if verdict(&question) != Verdict::Ready {
            continue;
        }
        let first = first(&capture, &question);
        let without = each_without(&question);
        let decide = |(typed, without): &(String, Question)| (typed.clone(), verdict(without) != Verdict::Ready);
        for (typed, decides) in without.iter().map(decide) {
            asked += 1;
            if first.contains(&typed) != decides {
                problems.push(format!("{}: {typed} decides: {decides}; {first}", golden.name));
            }
        }
        let knows_key_policy = golden.text.contains("\"manager\": \"AWS\"");
        if first.contains("assumed") && without.is_empty() && !knows_key_policy {
            problems.push(format!("{}: {first}", golden.name));
        }
    }
    assert_none(&problems);
    assert!(asked >= 3, "{asked} statements in the library");
}

/// A capture whose role is denied unless each of these conditions fails.
fn denied(conditions: &[Value]) -> Capture {
    let mut capture: Value = serde_json::from_str(&file("ready-deny-outside-the-office-with-escape.json")).unwrap();
    let mut statements = vec![json!({"Effect": "Allow", "Action": "*", "Resource": "*"})];
    statements.extend(conditions.iter().map(
        |condition| json!({"Effect": "Deny", "Action": "ec2:StartInstances", "Resource": "*", "Condition": condition}),
    ));
    let inline = "/identities/arn:aws:iam::111122223333:role~1StartJob/known/inline/known";
    let policy = json!({"known": {"Version": "2012-10-17", "Statement": statements}});
    *capture.pointer_mut(inline).unwrap() = json!([{"name": "start", "document": policy}]);
    Capture::parse(&capture.to_string()).unwrap()
}

#[test]
fn of_what_is_stated_only_what_decides_is_named() {
    let office = json!({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}});
    let user = json!({"StringNotEquals": {"aws:SourceIdentity": "mika"}});
    let context = |key: &str, value: &str| Stated { key: key.to_owned(), value: value.to_owned() };
    let question = Question {
        source_ip: Some("203.0.113.5".to_owned()),
        context: vec![context("aws:SourceIdentity", "mika"), context("aws:MultiFactorAuthAge", "60")],
        ..Question::default()
    };
    for (conditions, head) in [
        (vec![], "READY"),
        (vec![office.clone()], "READY (assumed: --source-ip 203.0.113.5)"),
        (vec![user.clone()], "READY (assumed: --context aws:SourceIdentity=mika)"),
        (vec![office, user], "READY (assumed: --context aws:SourceIdentity=mika, --source-ip 203.0.113.5)"),
        // Either of the two spares it: the start rests on both together.
        (
            vec![json!({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"},
                "StringNotEquals": {"aws:SourceIdentity": "mika"}})],
            "READY (assumed: --context aws:SourceIdentity=mika, --context aws:MultiFactorAuthAge=60, --source-ip \
             203.0.113.5)",
        ),
    ] {
        assert_eq!(first(&denied(&conditions), &question), head);
    }
}
