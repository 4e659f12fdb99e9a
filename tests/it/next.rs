//! Every "Next" of every UNDECIDED in the library is followed: what it asks for is stated or supplied, once so that the
//! start should succeed and once so that it should not, and what comes out is that, or says what it assumes.

use std::collections::BTreeSet;
use std::sync::Arc;

use ebs_preflight::capture::Capture;
use ebs_preflight::engine::NamedPolicy;
use ebs_preflight::operations::{GivenPolicy, Question, Stated};
use ebs_preflight::outcome::{Report, Verdict};
use ebs_preflight::policy::PolicyType;
use ebs_preflight::report::json::render;
use ebs_preflight::report::text;
use serde_json::{Value, json};

use crate::golden::{Golden, library};
use crate::problems::assert_none;

/// An undecided finding that no line to be typed follows, with why.
const NOTHING_TO_TYPE: &[(&str, &str)] = &[
    ("grant-for-a-restored-volume", "AWS does not say what the encryption context of a restored volume is"),
    ("instance-of-eks-auto-mode", "the operator's own page tells it"),
    ("key-material-expires-before-the-start", "the key material is to be imported again"),
];

/// Starts that nothing that is supplied brings to READY, with why.
const NEVER_READY: &[(&str, &str)] = &[
    ("central-key-unread-and-no-rights", "the role itself has no rights to the key"),
    ("key-tag-unread", "AWS does not say whether a key policy sees the key's tags"),
    ("refused-since-the-read", "AWS refused it, and a session policy that allows does not explain that"),
];

/// Starts whose finding may stand once an advice was followed, with why.
const NOT_SETTLED: &[(&str, &str, &str)] = &[
    ("role-tags-unread", "--session-tag", "the permissions boundary was not read either"),
    ("refused-since-the-read", "--session-policy", "a session policy that allows does not explain why AWS refused it"),
];

/// One line of a "Next", as data.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Advice {
    /// `the same command with FLAG …`: the options, each with the blank that is to be filled.
    Flags(Vec<(String, String)>),
    /// `the same command, with diff in place of check and FLAG …`.
    Diff(String),
    /// `ebs-preflight capture …`.
    Again,
    /// A read that the program never makes.
    Elsewhere,
}

impl Advice {
    fn name(&self) -> &str {
        match self {
            Self::Flags(flags) => &flags[0].0,
            Self::Diff(flag) => flag,
            Self::Again => "capture",
            Self::Elsewhere => "aws",
        }
    }
}

/// The lines to be typed below each "Next" of a report, each after the code of its finding.
fn advice(report: &str) -> Vec<(String, Advice)> {
    let (mut found, mut code, mut is_next) = (Vec::new(), String::new(), false);
    for line in report.lines() {
        let mut words = line.split_whitespace();
        if line.starts_with(|first: char| first.is_ascii_digit()) {
            words.nth(1).unwrap_or_default().clone_into(&mut code);
        }
        is_next = line.starts_with("   Next") || (is_next && line.starts_with("     "));
        let Some(typed) = line.strip_prefix("       ").filter(|_| is_next) else { continue };
        // What it prints is for somebody else; the line below it takes what comes back.
        if typed.starts_with("ebs-preflight capture --script ") {
            continue;
        }
        found.push((code.clone(), read(typed)));
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
    Advice::Elsewhere
}

/// What an advice is followed with.
struct Followed {
    how: String,
    /// The capture with just what is asked for.
    alone: Value,
    /// The capture with all else that was not read as well, so that it allows.
    whole: Value,
    question: Question,
    /// Whether what is handed in stops the start.
    denies: bool,
    /// What the report has to say of it.
    says: Vec<String>,
}

fn judged(golden: &Golden, how: &str, capture: &Value, question: &Question) -> Report {
    let capture =
        Capture::parse(&capture.to_string()).unwrap_or_else(|error| panic!("{}, {how}: {error}", golden.name));
    golden.judged(&capture, question)
}

/// Values that somebody may state for a blank: what the capture names, and what it does not.
fn values(golden: &Golden) -> BTreeSet<String> {
    let named = golden.text.split('"').filter(|text| text.contains([':', '/']));
    let named = named.filter_map(|text| text.rsplit(['/', ':']).next()).map(str::to_owned);
    let is_name =
        |text: &String| text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    named.filter(is_name).chain(["true", "blue", "x", "nobody-asks-for-this"].map(str::to_owned)).collect()
}

fn follow(golden: &Golden, advice: &Advice) -> Vec<Followed> {
    let capture: Value = serde_json::from_str(&golden.text).unwrap();
    let supplied = |scope: Option<&str>| {
        [true, false].map(|allows| {
            let mut alone = capture.clone();
            supply(&mut alone, "", scope, allows);
            let mut whole = alone.clone();
            supply(&mut whole, "", None, true);
            let (how, question) = (format!("{}, {allows}", advice.name()), golden.question());
            Followed { how, alone, whole, question, denies: !allows, says: Vec::new() }
        })
    };
    let stated = |question: Question, denies: bool, says: Vec<String>| {
        let mut whole = capture.clone();
        supply(&mut whole, "", None, true);
        Followed { how: says.join(" "), alone: capture.clone(), whole, question, denies, says }
    };
    match advice {
        Advice::Elsewhere => Vec::new(),
        Advice::Again => supplied(None).into(),
        Advice::Diff(flag) => [true, false]
            .map(|allows| {
                let mut alone = capture.clone();
                replace(&mut alone, flag, allows);
                let mut whole = alone.clone();
                supply(&mut whole, "", None, true);
                let (how, question) = (format!("{flag}, {allows}"), golden.question());
                Followed { how, alone, whole, question, denies: !allows, says: Vec::new() }
            })
            .into(),
        Advice::Flags(flags) => match flags[0].0.as_str() {
            "--org-profile" => supplied(Some("organizations")).into(),
            "--key-profile" | "--key-policy-file" | "--grants-file" => supplied(Some("keys")).into(),
            "--add" => supplied(Some(match flags[0].1.as_str() {
                "organization.txt" => "organizations",
                "key.txt" => "keys",
                "lines.txt" => "identities volumes",
                other => panic!("{}: {other}", golden.name),
            }))
            .into(),
            "--assume-org-allows" => {
                let question = Question { assume_org_allows: true, ..golden.question() };
                // Nobody knows what the unread policies say: that they allow is what is assumed.
                let mut followed = stated(question, false, vec!["SCPs and RCPs allow".to_owned()]);
                followed.whole = capture.clone();
                supply(&mut followed.whole, "", Some("keys identities volumes"), true);
                vec![followed]
            }
            "--no-session-tags" => {
                vec![stated(Question { no_session_tags: true, ..golden.question() }, false, Vec::new())]
            }
            "--session-policy" => [true, false]
                .map(|allows| {
                    let policy = policy(allows, false).to_string();
                    let policy = NamedPolicy::parse("given.json", &policy, PolicyType::Session).unwrap();
                    let session_policies = vec![GivenPolicy(Arc::new(policy))];
                    let question = Question { session_policies, ..golden.question() };
                    stated(question, !allows, vec!["--session-policy given.json".to_owned()])
                })
                .into(),
            _ => values(golden)
                .iter()
                .map(|value| state(golden, flags, value))
                .map(|(q, s)| stated(q, false, s))
                .collect(),
        },
    }
}

/// The question in which the blanks of these flags are filled with a value, and what the report has to say of it.
fn state(golden: &Golden, flags: &[(String, String)], value: &str) -> (Question, Vec<String>) {
    let (mut question, mut says) = (golden.question(), Vec::new());
    for (flag, blank) in flags {
        // `KEY=VALUE` leaves the tag's name to the asker.
        let key = blank.strip_suffix("=VALUE").map_or("", |key| if key == "KEY" { "team" } else { key }).to_owned();
        says.push(if key.is_empty() { format!("{flag} {value}") } else { format!("{flag} {key}={value}") });
        let value = value.to_owned();
        match flag.as_str() {
            "--context" => question.context.push(Stated { key, value }),
            "--session-tag" => question.session_tags.push((key, value)),
            "--session-name" => question.session_name = Some(value),
            other => panic!("{}: nobody knows how to follow {other}", golden.name),
        }
    }
    (question, says)
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
    let one = |id, document| json!({"id": id, "name": id, "document": {"known": document}});
    let levels = |full: &Value, own: &[Value]| json!({"known": [{"target": "r-7qk2", "policies": [full]}, {"target": account, "policies": own}]});
    let (scp, rcp) = (one("p-FullAWSAccess", policy(true, false)), one("p-RCPFullAWSAccess", policy(true, true)));
    let own = |full: &Value, has_principal| {
        let id = if has_principal { "p-ourowndata" } else { "p-ourownusers" };
        let denying = (!allows).then(|| one(id, policy(false, has_principal)));
        [Some(full.clone()), denying].into_iter().flatten().collect::<Vec<_>>()
    };
    json!({"known": {
        "id": "o-q3x8v1k7zt", "managementAccount": "999988887777", "path": {"known": ["r-7qk2", account]},
        "scps": levels(&scp, &own(&scp, false)), "rcps": levels(&rcp, &own(&rcp, true)),
    }})
}

/// Whether a part of an organization's record is not known whole.
fn is_partial(organization: &Value) -> bool {
    let path = organization["known"]["path"]["known"].as_array().map_or(0, Vec::len);
    let lacks = |levels: &Value| {
        let known = levels["known"].as_array();
        known.is_none_or(|levels| {
            levels.len() < path || levels.iter().any(|level| level["policies"].as_array().is_none_or(Vec::is_empty))
        })
    };
    // Without the policy that AWS attaches everywhere, a list of RCPs is not whole.
    let mut rcps = organization["known"]["rcps"]["known"].as_array().into_iter().flatten();
    let is_cut = rcps.any(|level| !level.to_string().contains("\"p-RCPFullAWSAccess\""));
    let [scps, rcps] = ["scps", "rcps"].map(|kind| &organization["known"][kind]);
    organization != "absent" && (path == 0 || lacks(scps) || lacks(rcps) || is_cut)
}

/// Supplies what is unread in the parts of the capture that `scope` names, or in all.
fn supply(value: &mut Value, at: &str, scope: Option<&str>, allows: bool) {
    let segments: Vec<&str> = at.split('\u{1f}').skip(1).collect();
    if segments.len() == 1 && scope.is_some_and(|scope| !scope.contains(segments[0])) {
        return;
    }
    let is_unread =
        value.as_object().is_some_and(|fields| fields.contains_key("unread") || fields.contains_key("part"));
    let found = match segments.as_slice() {
        ["organizations", account] if is_unread || is_partial(value) => organization(account, allows),
        ["keys", _, "metadata", "known", "customKeyStore", "connectionState"] => {
            json!({"known": if allows { "CONNECTED" } else { "DISCONNECTED" }})
        }
        ["identities", .., "document"] if is_unread || *value == "absent" => json!({"known": policy(allows, false)}),
        ["keys", _, "policy"] if is_unread => json!({"known": policy(allows, true)}),
        ["keys", _, "ramPolicy"] | ["identities", _, "known", "trustPolicy"] if is_unread => json!("absent"),
        ["identities", _, "known", "boundary"] if is_unread && allows => json!("absent"),
        ["identities", _, "known", "boundary"] if is_unread => {
            json!({"known": {"arn": "arn:aws:iam::111122223333:policy/limits", "document": {"known": policy(false, false)}}})
        }
        ["identities", _, "known", "groups"] if is_unread => {
            let document = json!({"known": policy(allows, false)});
            json!({"known": [{"arn": "arn:aws:iam::111122223333:group/all", "attached": {"known": []},
                "inline": {"known": [{"name": "all", "document": document}]}}]})
        }
        ["keys", _, "grants" | "aliases"] if is_unread => json!({"known": []}),
        ["keys", _, "metadata"] if is_unread => {
            let state = if allows { "Enabled" } else { "Disabled" };
            json!({"known": {"state": state, "manager": "CUSTOMER", "spec": "SYMMETRIC_DEFAULT",
                "usage": "ENCRYPT_DECRYPT", "origin": "AWS_KMS", "multiRegion": "NONE"}})
        }
        ["identities", _, "known", "uniqueId"] if is_unread => json!({"known": "AROASTARTJOBEXAMPLE01"}),
        [.., "tags"] if is_unread => json!({"known": {"team": if allows { "blue" } else { "green" }}}),
        ["volumes", _] if is_unread => {
            json!({"known": {"key": "absent", "state": if allows { "in-use" } else { "error" }}})
        }
        other => {
            assert!(!is_unread, "nobody knows what {other:?} may hold");
            if let (["instances", _, "known"], true) = (other, value.get("rootDeviceName").is_none()) {
                let attached = value["attachments"][0]["device"].clone();
                value["rootDeviceName"] = if allows { attached } else { json!("/dev/nothing") };
            }
            if let (["keys", _, "metadata", "known"], "AWS_CLOUDHSM", true) =
                (other, value["origin"].as_str().unwrap_or_default(), value.get("customKeyStore").is_none())
            {
                value["customKeyStore"] = json!({"id": "cks-1234567890abcdef0", "connectionState": "absent"});
            }
            match value {
                Value::Object(fields) => {
                    fields
                        .iter_mut()
                        .for_each(|(key, value)| supply(value, &format!("{at}\u{1f}{key}"), scope, allows));
                }
                Value::Array(items) => {
                    let each = items.iter_mut().enumerate();
                    each.for_each(|(index, value)| supply(value, &format!("{at}\u{1f}{index}"), scope, allows));
                }
                _ => {}
            }
            return;
        }
    };
    *value = found;
}

/// Replaces the policies that a flag of `diff` replaces.
fn replace(capture: &mut Value, flag: &str, allows: bool) {
    let records = if flag == "--set-key-policy" { "keys" } else { "identities" };
    for record in capture[records].as_object_mut().unwrap().values_mut() {
        match flag {
            "--set-key-policy" => record["policy"] = json!({"known": policy(allows, true)}),
            "--set-role-policy" => {
                for one in record["known"]["inline"]["known"].as_array_mut().unwrap() {
                    one["document"] = json!({"known": policy(allows, false)});
                }
            }
            other => panic!("no policy for {other}"),
        }
    }
}

fn as_json(report: &Report) -> Value {
    serde_json::from_str(&render(report)).unwrap()
}

/// Whether a finding of this code leaves the start undecided.
fn is_undecided(report: &Report, code: &str) -> bool {
    let report = as_json(report);
    let findings = report["targets"][0]["findings"].as_array().unwrap();
    findings.iter().any(|finding| finding["code"] == code && finding["severity"] == "undecided")
}

/// What is wrong with what comes of an advice for the finding of this code.
fn problems(golden: &Golden, code: &str, advice: &Advice) -> Vec<String> {
    let is_excused = NOT_SETTLED.iter().any(|(name, own, _)| *name == golden.name && *own == advice.name());
    let is_never_ready = NEVER_READY.iter().any(|(name, _)| *name == golden.name);
    let (mut problems, mut verdicts) = (Vec::new(), Vec::new());
    let before = as_json(&golden.report())["targets"].clone();
    let mut changes = *advice == Advice::Elsewhere;
    for followed in follow(golden, advice) {
        let mut wrong = |what: String| problems.push(format!("{}: {code}: {}: {what}", golden.name, followed.how));
        let alone = judged(golden, &followed.how, &followed.alone, &followed.question);
        changes |= as_json(&alone)["targets"] != before;
        if is_undecided(&alone, code) && !is_excused {
            wrong("the finding stands".to_owned());
        }
        let whole = judged(golden, &followed.how, &followed.whole, &followed.question);
        verdicts.push(whole.verdict());
        // What settles the question by word alone is what the start is READY by: it stands in the first line.
        let first = text::headline_of(&alone)
            .split("no permission")
            .next()
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let by_word = advice.name() != "--session-policy" && alone.verdict() == Verdict::Ready;
        for says in followed.says.iter().filter(|says| by_word && !first.contains(says.as_str())) {
            wrong(format!("does not say `{says}` first: {first}"));
        }
        for report in [&alone, &whole] {
            let text = text::render(report);
            if followed.denies && report.verdict() == Verdict::Ready {
                wrong("READY, and what is handed in denies".to_owned());
            }
            for says in followed.says.iter().filter(|_| report.verdict() == Verdict::Ready) {
                if !text.contains(says.as_str()) {
                    wrong(format!("does not say `{says}`:\n{text}"));
                }
            }
        }
    }
    if is_never_ready && verdicts.contains(&Verdict::Ready) {
        problems.push(format!("{}: {code}: {}: READY after all", golden.name, advice.name()));
    }
    if !changes {
        problems.push(format!("{}: {code}: {}: changes nothing", golden.name, advice.name()));
    }
    let is_elsewhere = *advice == Advice::Elsewhere;
    if !is_elsewhere && !verdicts.contains(&Verdict::Ready) && !is_never_ready {
        problems.push(format!("{}: {code}: {}: never READY, but {verdicts:?}", golden.name, advice.name()));
    }
    if !is_elsewhere && advice.name() != "--assume-org-allows" && !verdicts.contains(&Verdict::Blocked) {
        problems.push(format!("{}: {code}: {}: never BLOCKED, but {verdicts:?}", golden.name, advice.name()));
    }
    problems
}

#[test]
fn what_a_report_says_to_do_next_settles_it() {
    let mut found = Vec::new();
    for golden in library().iter().filter(|golden| golden.all("verdict") == ["UNDECIDED"]) {
        let advice = advice(&text::render(&golden.report()));
        let is_silent = NOTHING_TO_TYPE.iter().any(|(name, _)| *name == golden.name);
        if advice.is_empty() != is_silent {
            found.push(format!("{}: {} lines to be typed", golden.name, advice.len()));
        }
        found.extend(advice.iter().flat_map(|(code, advice)| problems(golden, code, advice)));
    }
    assert_none(&found);
}

#[test]
fn no_address_that_is_stated_decides_what_ec2_forwards() {
    let goldens = library();
    let asks = goldens.iter().filter(|golden| golden.text.to_ascii_lowercase().contains("aws:sourceip"));
    let (mut asked, mut found) = (0, Vec::new());
    for golden in asks {
        let decisions = |source_ip: Option<&str>| {
            let question = Question { source_ip: source_ip.map(str::to_owned), ..golden.question() };
            let report = as_json(&golden.judged(&golden.capture(), &question));
            let requests = report["targets"][0]["requests"].as_array().unwrap().clone();
            let of_kms = requests.into_iter().filter(|one| one["action"].as_str().unwrap().starts_with("kms:"));
            of_kms.map(|one| (one["action"].clone(), one["decision"].clone())).collect::<Vec<_>>()
        };
        let unstated = decisions(None);
        asked += unstated.len();
        for address in ["203.0.113.10", "198.51.100.7", "10.0.0.1", "2001:db8::1"] {
            if decisions(Some(address)) != unstated {
                found.push(format!("{}: {address}", golden.name));
            }
        }
    }
    assert!(asked > 0, "no capture asks for an address");
    assert_none(&found);
}
