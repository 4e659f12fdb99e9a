//! Every "Next" of every UNDECIDED in the library is followed: what it asks for is stated or supplied, once so that the
//! start should succeed and once so that it should not, and what comes out is that, or says what it assumes.

use std::collections::BTreeSet;

use ebs_preflight::capture::Capture;
use ebs_preflight::engine::NamedPolicy;
use ebs_preflight::policy::PolicyType;
use ebs_preflight::report::{Report, Verdict, preflight, text};
use ebs_preflight::start::{GivenPolicy, Question, Stated};
use serde_json::{Value, json};

use crate::golden::{Golden, library};
use crate::problems::assert_none;

/// One line of a "Next", as data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Advice {
    /// `the same command with FLAG …`: the options, each with the blank that is to be filled.
    Flags(Vec<(String, String)>),
    /// `the same command, with diff in place of check and FLAG …`.
    Diff(String),
    /// `ebs-preflight capture …`.
    Again,
    /// A read that the program never makes.
    Elsewhere(String),
}

/// The lines to be typed below each "Next" of a report.
fn advice(report: &str) -> Vec<Advice> {
    let mut found = Vec::new();
    let mut is_next = false;
    for line in report.lines() {
        is_next = line.starts_with("   Next") || (is_next && line.starts_with("     "));
        let Some(typed) = line.strip_prefix("       ").filter(|rest| is_next && !rest.starts_with(' ')) else {
            continue;
        };
        found.push(read(typed));
    }
    found
}

fn read(typed: &str) -> Advice {
    if let Some(options) = typed.strip_prefix("the same command with ") {
        let mut flags: Vec<(String, String)> = Vec::new();
        for word in options.split_whitespace() {
            match flags.last_mut() {
                Some((_, blank)) if !word.starts_with("--") => word.clone_into(blank),
                _ => flags.push((word.to_owned(), String::new())),
            }
        }
        return Advice::Flags(flags);
    }
    if let Some(option) = typed.strip_prefix("the same command, with diff in place of check and ") {
        return Advice::Diff(option.split_whitespace().next().unwrap().to_owned());
    }
    if typed.starts_with("ebs-preflight capture ") {
        return Advice::Again;
    }
    assert!(typed.starts_with("aws "), "`{typed}` is no line that anybody can type");
    Advice::Elsewhere(typed.to_owned())
}

/// What comes of an advice that was followed.
struct Outcome {
    how: String,
    verdict: Verdict,
    text: String,
}

fn judged(golden: &Golden, how: &str, capture: &Value, question: &Question) -> Outcome {
    let capture =
        Capture::parse(&capture.to_string()).unwrap_or_else(|error| panic!("{}, {how}: {error}", golden.name));
    let report: Report = preflight(&capture, question);
    Outcome { how: how.to_owned(), verdict: report.verdict(), text: text::render(&report) }
}

/// Values that somebody may state for a blank: what policies of this capture ask for, and what none does.
fn values(golden: &Golden, key: &str) -> Vec<String> {
    let mut values: BTreeSet<String> = ["true", "false", "", "nobody-asks-for-this"].map(str::to_owned).into();
    let quoted = golden.text.split('"');
    values.extend(quoted.filter(|text| !text.is_empty() && text.len() < 40).map(str::to_owned));
    if key == "--session-name" {
        // The session that a policy or a grant names, and the one at the end of `AROA…:NAME`.
        let named = golden.text.split('"').filter(|text| text.contains(":assumed-role/") || text.starts_with("AROA"));
        values.extend(named.filter_map(|text| text.rsplit(['/', ':']).next()).map(str::to_owned));
        values.retain(|name| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b))
        });
    }
    values.into_iter().collect()
}

fn follow(golden: &Golden, advice: &Advice) -> Vec<Outcome> {
    let capture: Value = serde_json::from_str(&golden.text).unwrap();
    match advice {
        Advice::Flags(flags) => follow_flags(golden, &capture, flags),
        Advice::Diff(flag) => {
            let kind = match flag.as_str() {
                "--set-key-policy" => "policy",
                "--set-scp" => "scps",
                other => panic!("{}: no policy for {other}", golden.name),
            };
            [true, false]
                .map(|allows| {
                    let mut changed = capture.clone();
                    replace_policies(&mut changed, kind, allows);
                    judged(golden, &format!("{flag}, {allows}"), &changed, &golden.question())
                })
                .into()
        }
        Advice::Again => supplied(golden, &capture, "read again"),
        Advice::Elsewhere(_) => Vec::new(),
    }
}

fn follow_flags(golden: &Golden, capture: &Value, flags: &[(String, String)]) -> Vec<Outcome> {
    let (flag, blank) = &flags[0];
    let mut question = golden.question();
    match flag.as_str() {
        "--assume-org-allows" => {
            question.assume_org_allows = true;
            vec![judged(golden, flag, capture, &question)]
        }
        "--no-session-tags" => {
            question.no_session_tags = true;
            vec![judged(golden, flag, capture, &question)]
        }
        "--session-policy" => [true, false]
            .map(|allows| {
                let policy = policy(allows, false).to_string();
                let policy = NamedPolicy::parse("session", &policy, PolicyType::Session).unwrap();
                let session_policies = vec![GivenPolicy(std::sync::Arc::new(policy))];
                let question = Question { session_policies, ..golden.question() };
                judged(golden, &format!("{flag}, {allows}"), capture, &question)
            })
            .into(),
        "--context" | "--session-tag" | "--session-name" => {
            let outcome = |value: &String| {
                let mut question = golden.question();
                for (flag, blank) in flags {
                    let key = blank.strip_suffix("=VALUE").unwrap_or(blank).to_owned();
                    match flag.as_str() {
                        "--context" => question.context.push(Stated { key, value: value.clone() }),
                        "--session-tag" => question.session_tags.push((key, value.clone())),
                        "--session-name" => question.session_name = Some(value.clone()),
                        other => panic!("{}: {other}", golden.name),
                    }
                }
                judged(golden, &format!("{flag} {blank} as `{value}`"), capture, &question)
            };
            values(golden, flag).iter().map(outcome).collect()
        }
        // Who may read it reads it, or sends it.
        "--org-profile" | "--key-profile" | "--add" | "--key-policy-file" | "--grants-file" => {
            supplied(golden, capture, flag)
        }
        other => panic!("{}: nobody knows how to follow {other}", golden.name),
    }
}

/// The capture with all that was not read supplied: so that it allows, and so that it stops the start.
fn supplied(golden: &Golden, capture: &Value, how: &str) -> Vec<Outcome> {
    let outcome = |allows: bool| {
        let mut whole = capture.clone();
        supply(&mut whole, "", allows);
        judged(golden, &format!("{how}, {allows}"), &whole, &golden.question())
    };
    vec![outcome(true), outcome(false)]
}

fn policy(allows: bool, has_principal: bool) -> Value {
    let effect = if allows { "Allow" } else { "Deny" };
    let mut statement = json!({"Effect": effect, "Action": "*", "Resource": "*"});
    if has_principal {
        statement["Principal"] = json!("*");
    }
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

fn organization(account: &str, allows: bool) -> Value {
    let all = |has_principal| json!({"id": "p-all", "name": "all", "document": {"known": policy(true, has_principal)}});
    let own = json!({"id": "p-own", "name": "own", "document": {"known": policy(allows, false)}});
    let levels = |policies: &Value, root: &Value| json!({"known": [{"target": "r-7qk2", "policies": [root]}, {"target": account, "policies": policies}]});
    json!({"known": {
        "id": "o-q3x8v1k7zt", "managementAccount": "999988887777", "path": {"known": ["r-7qk2", account]},
        "scps": levels(&json!([all(false), own]), &all(false)), "rcps": levels(&json!([all(true)]), &all(true)),
    }})
}

/// Replaces what is unread, by its place.
fn supply(value: &mut Value, at: &str, allows: bool) {
    let is_unread =
        value.as_object().is_some_and(|fields| fields.contains_key("unread") || fields.contains_key("part"));
    let name = at.rsplit('\u{1f}').next().unwrap_or_default().to_owned();
    let segments: Vec<&str> = at.split('\u{1f}').skip(1).collect();
    if is_unread || (name == "rootDeviceName" && value.is_null()) {
        let found = match segments.as_slice() {
            ["keys", _, "policy"] => json!({"known": policy(allows, true)}),
            ["keys", _, "ramPolicy"] | ["identities", _, "known", "boundary"] => json!("absent"),
            ["keys", _, "grants" | "aliases"] | ["identities", _, "known", "groups"] => json!({"known": []}),
            ["keys", _, "metadata"] => {
                let state = if allows { "Enabled" } else { "Disabled" };
                json!({"known": {"state": state, "manager": "CUSTOMER", "spec": "SYMMETRIC_DEFAULT",
                    "usage": "ENCRYPT_DECRYPT", "origin": "AWS_KMS", "multiRegion": "NONE"}})
            }
            ["keys", _, "metadata", "known", "customKeyStore", "connectionState"] => {
                json!({"known": if allows { "CONNECTED" } else { "DISCONNECTED" }})
            }
            [.., "tags"] => json!({"known": {}}),
            ["organizations", account] => organization(account, allows),
            [.., "document"] => json!({"known": policy(allows, false)}),
            ["volumes", _] => json!({"known": {"key": "absent", "state": if allows { "in-use" } else { "error" }}}),
            other => panic!("nobody knows what {other:?} may hold"),
        };
        *value = found;
        return;
    }
    match value {
        Value::Object(fields) => {
            fields.iter_mut().for_each(|(key, value)| supply(value, &format!("{at}\u{1f}{key}"), allows));
        }
        Value::Array(items) => {
            let each = items.iter_mut().enumerate();
            each.for_each(|(index, value)| supply(value, &format!("{at}\u{1f}{index}"), allows));
        }
        _ => {}
    }
}

fn replace_policies(capture: &mut Value, kind: &str, allows: bool) {
    let records = if kind == "policy" { "keys" } else { "organizations" };
    for record in capture[records].as_object_mut().unwrap().values_mut() {
        if kind == "policy" {
            record["policy"] = json!({"known": policy(allows, true)});
            continue;
        }
        for level in record["known"][kind]["known"].as_array_mut().into_iter().flatten() {
            for one in level["policies"].as_array_mut().unwrap() {
                one["document"] = json!({"known": policy(allows, false)});
            }
        }
    }
}

#[test]
fn dump() {
    for golden in library().iter().filter(|golden| golden.all("verdict") == ["UNDECIDED"]) {
        for advice in advice(&text::render(&golden.report())) {
            println!("@@ {} {advice:?}", golden.name);
            let outcome = std::panic::catch_unwind(|| follow(golden, &advice));
            let Ok(outcomes) = outcome else {
                println!("   PANIC");
                continue;
            };
            for o in outcomes {
                println!("   {}: {:?} {}", o.how, o.verdict, o.text.lines().next().unwrap());
            }
        }
    }
}
