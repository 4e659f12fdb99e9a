//! Answers in a transcript that are not whole, or not of what was asked: no start is READY by them.

use ebs_preflight::answers::{Transcript, TranscriptError, assembled};
use ebs_preflight::capture::Capture;
use ebs_preflight::fact::Fact;
use ebs_preflight::operations::Question;
use ebs_preflight::outcome::Verdict;
use ebs_preflight::preflight::preflight;
use serde_json::{Value, json};

const START: &str = include_str!("../transcripts/start.txt");
const ORGANIZATION: &str = include_str!("../transcripts/organization.txt");

fn capture(text: &str) -> Result<Capture, TranscriptError> {
    assembled(&[Transcript::parse(text)?])
}

/// The verdict where the organization, which this reader may not read, is taken to allow.
fn verdict(text: &str) -> Option<Verdict> {
    let question = Question { assume_org_allows: true, ..Question::default() };
    capture(text).ok().map(|capture| preflight(&capture, &question).verdict())
}

/// The transcript with the answer to each read in turn changed, where `change` finds something to change in it.
fn with_each_answer(text: &str, change: impl Fn(&str, &mut Value) -> bool) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut all = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let Some(asked) = line.strip_prefix("### read ") else { continue };
        let Some(mut answer) = lines.get(number + 1).and_then(|line| line.parse::<Value>().ok()) else { continue };
        if change(asked, &mut answer) {
            let answer = answer.to_string();
            let mut changed = lines.clone();
            changed[number + 1] = &answer;
            all.push((asked.to_owned(), changed.join("\n")));
        }
    }
    all
}

#[test]
fn a_list_that_is_cut_off_is_never_the_whole() {
    assert_eq!(verdict(START), Some(Verdict::Ready));
    let marks = [
        ("NextToken", json!("t")),
        ("Marker", json!("m")),
        ("NextMarker", json!("m")),
        ("Truncated", json!(true)),
        ("IsTruncated", json!(true)),
    ];
    // Nothing asks for these, and the block device mapping tells which volumes there are.
    let harmless =
        ["kms:ListGrants", "kms:ListAliases", "kms:ListResourceTags", "ec2:DescribeVolumes", "ec2:DescribeInstances"];
    let mut cut = 0;
    for (name, value) in &marks {
        let is_list = |asked: &str, answer: &mut Value| {
            answer[*name] = value.clone();
            asked.contains(":List") || asked.starts_with("ec2:")
        };
        for (asked, text) in with_each_answer(START, is_list) {
            cut += 1;
            let expected =
                if harmless.iter().any(|read| asked.starts_with(read)) { Verdict::Ready } else { Verdict::Undecided };
            assert_eq!(verdict(&text), Some(expected), "{asked} with {name}");
        }
    }
    assert!(cut >= 35, "{cut}");
    // An empty token, or a mark that says no, is none.
    for (name, value) in [("NextToken", json!("")), ("Marker", json!(null)), ("IsTruncated", json!(false))] {
        for (asked, text) in with_each_answer(START, |_, answer| {
            answer[name] = value.clone();
            true
        }) {
            assert_eq!(verdict(&text), Some(Verdict::Ready), "{asked} with {name}");
        }
    }
}

/// What was read of a list that is cut off counts: a Deny denies, and an Allow allows.
#[test]
fn what_stands_in_a_part_counts() {
    let denied = with_each_answer(START, |asked, answer| {
        if asked.starts_with("iam:ListRolePolicies") {
            answer["Marker"] = json!("m");
        }
        asked.starts_with("iam:ListRolePolicies")
    });
    let (_, cut) = &denied[0];
    let denies = with_each_answer(cut, |asked, answer| {
        if let Some(statements) = answer.pointer_mut("/PolicyDocument/Statement") {
            statements.as_array_mut().unwrap().push(json!({"Effect": "Deny", "Action": "kms:*", "Resource": "*"}));
        }
        asked.starts_with("iam:GetRolePolicy")
    });
    assert_eq!(verdict(&denies[0].1), Some(Verdict::Blocked));
    let list = with_each_answer(ORGANIZATION, |asked, answer| {
        answer["NextToken"] = json!("t");
        asked.starts_with("organizations:ListPoliciesForTarget")
    });
    assert!(list.len() > 3);
    for (asked, text) in list {
        let capture = capture(&format!("{START}\n{text}")).unwrap();
        let organization = capture.organizations.values().next().unwrap().known().unwrap();
        let lists = [&organization.scps, &organization.rcps];
        assert!(lists.iter().any(|list| matches!(list, Fact::Part { .. })), "{asked}");
        // The SCP that denies was read, unless its own list is the one that ends before it.
        assert_eq!(preflight(&capture, &Question::default()).verdict(), Verdict::Blocked, "{asked}");
    }
}

#[test]
fn an_answer_for_something_else_is_none() {
    let other_key = "arn:aws:kms:us-west-2:444455556666:key/00000000-58c2-4d96-8e4b-7a1c9d2f6e03";
    let changes: [(&str, &str, Value); 13] = [
        ("iam:GetRole ", "/Role/RoleName", json!("day-start")),
        ("iam:GetRole ", "/Role/Arn", json!("arn:aws:iam::444455556666:role/day-start")),
        ("iam:GetRole ", "/Role/Arn", json!("arn:aws:iam::333355557777:role/night-start")),
        ("iam:GetRolePolicy ", "/RoleName", json!("day-start")),
        ("iam:GetRolePolicy ", "/PolicyName", json!("stop")),
        ("iam:GetPolicy ", "/Policy/Arn", json!("arn:aws:iam::444455556666:policy/other")),
        ("iam:GetPolicyVersion ", "/PolicyVersion/VersionId", json!("v2")),
        ("iam:GetPolicyVersion ", "/PolicyVersion/IsDefaultVersion", json!(false)),
        ("kms:DescribeKey ", "/KeyMetadata/Arn", json!(other_key)),
        ("kms:DescribeKey ", "/KeyMetadata/Enabled", json!(false)),
        ("kms:DescribeKey ", "/KeyMetadata/KeyManager", json!("SOMEBODY")),
        ("ec2:DescribeVolumes ", "/Volumes/0/Attachments/0/InstanceId", json!("i-00000000000000001")),
        ("ec2:DescribeInstances ", "/Reservations/0/Instances/0/InstanceId", json!("i-00000000000000001")),
    ];
    for (read, pointer, value) in changes {
        let changed = with_each_answer(START, |asked, answer| {
            let there = answer.pointer_mut(pointer).map(|there| *there = value.clone());
            asked.starts_with(read) && there.is_some()
        });
        assert!(!changed.is_empty(), "{read}: {pointer}");
        for (asked, text) in changed {
            assert_ne!(verdict(&text), Some(Verdict::Ready), "{asked}: {pointer}");
            assert_ne!(verdict(&text), Some(Verdict::Blocked), "{asked}: {pointer}");
        }
    }
    let named = with_each_answer(START, |asked, answer| {
        answer["PolicyName"] = json!("AWS_RAM");
        asked.starts_with("kms:GetKeyPolicy ") && asked.ends_with(" default")
    });
    assert_eq!(verdict(&named[0].1), Some(Verdict::Undecided));
}

#[test]
fn what_conditions_may_ask_of_the_instance_is_in_its_answer() {
    let told = [
        ("ec2:AvailabilityZoneId", "usw2-az2", json!({"Placement": {"AvailabilityZoneId": "usw2-az2"}})),
        ("ec2:CpuOptionsAmdSevSnp", "enabled", json!({"CpuOptions": {"CoreCount": 1, "AmdSevSnp": "enabled"}})),
        (
            "ec2:InstanceBandwidthWeighting",
            "ebs-1",
            json!({"NetworkPerformanceOptions": {"BandwidthWeighting": "ebs-1"}}),
        ),
    ];
    for (key, value, fields) in told {
        let with = with_each_answer(START, |asked, answer| {
            if let Some(instance) = answer.pointer_mut("/Reservations/0/Instances/0") {
                instance.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            }
            asked.starts_with("ec2:DescribeInstances")
        });
        for (text, found) in [(with[0].1.as_str(), Some(value)), (START, None)] {
            let capture = capture(text).unwrap();
            let instance = capture.instances.values().next().unwrap().known().unwrap();
            assert_eq!(instance.condition_keys.get(key).map(String::as_str), found, "{key}");
        }
    }
}

#[test]
fn one_read_with_two_answers_is_refused_with_both_places() {
    let lists = |asked: &str, _: &mut Value| asked.starts_with("iam:ListRolePolicies");
    let (asked, _) = with_each_answer(START, lists).remove(0);
    let again =
        |answer: &str| START.replacen("### end", &format!("### read {asked}\n{answer}\n### exit 0\n### end"), 1);
    let first = START.lines().position(|line| line.ends_with(&asked)).unwrap() + 1;
    let last = START.lines().position(|line| line == "### end").unwrap() + 1;
    let error = capture(&again("{\"PolicyNames\": []}")).unwrap_err().to_string();
    let said = format!("{last}:1: {asked} has another answer than at {first}:1");
    assert!(error.starts_with(&said), "{error}");
    let same = START.lines().nth(first).unwrap();
    assert_eq!(verdict(&again(same)), Some(Verdict::Ready));
}

/// The lines of older versions asked for the volumes by the instance; each is asked for by its ID now.
#[test]
fn a_volume_is_read_by_its_own_id() {
    let (instance, volume) = ("ec2:DescribeVolumes i-0c4d5e6f708192a3b", "ec2:DescribeVolumes vol-0d1e2f3a4b5c6d7e8");
    let by_id = START.replace(instance, volume);
    assert_ne!(by_id, START);
    assert_eq!(verdict(&by_id), Some(Verdict::Ready));
    let (_, elsewhere) = with_each_answer(&by_id, |asked, answer| {
        if let Some(attached) = answer.pointer_mut("/Volumes/0/Attachments/0/InstanceId") {
            *attached = json!("i-00000000000000001");
        }
        asked == volume
    })
    .remove(0);
    let other = START.replace(instance, "ec2:DescribeVolumes vol-00000000000000001");
    let refused = "An error occurred (InvalidVolume.NotFound) when calling the DescribeVolumes operation: no";
    let lines: Vec<&str> = by_id.lines().collect();
    let at = lines.iter().position(|line| line.ends_with(volume)).unwrap();
    let mut gone = lines.clone();
    (gone[at + 1], gone[at + 2]) = (refused, "### exit 254");
    for text in [elsewhere, other, gone.join("\n")] {
        assert_eq!(verdict(&text), Some(Verdict::Undecided), "{text}");
    }
}
