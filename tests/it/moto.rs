//! The built program against an AWS emulator (moto): whole situations, and the worlds of the golden library, are set up
//! in it, read over the network and judged.
//!
//! The emulator runs in a Python environment that the tests make for themselves under `target/`
//! (`tests/moto/requirements.txt`); where that cannot be had they fail. What the emulator gets wrong or has not (key
//! stores, AWS's error shapes) is the business of [`crate::replay`].

mod goldens;
mod python;
mod server;
mod shell;
mod situation;

use std::collections::BTreeMap;

use serde_json::Value;
use tempfile::TempDir;

use crate::parallel;
use crate::problems::assert_none;
use crate::program::{Outcome, Run};
use server::{Server, World};
use situation::Situation;

/// Every read that judging `spread-over-four-policies` takes, with the exit status when the reader lacks it.
///
/// 4: nothing can be judged. 3: it might change a decision. 0: it can change none, because everything is allowed
/// without grants, and no policy there asks for the tags or aliases of a key.
const READS: [(&str, i32); 14] = [
    ("ec2:DescribeInstances", 4),
    ("ec2:DescribeVolumes", 3),
    ("iam:GetPolicy", 3),
    ("iam:GetPolicyVersion", 3),
    ("iam:GetRole", 3),
    ("iam:GetRolePolicy", 3),
    ("iam:ListAttachedRolePolicies", 3),
    ("iam:ListRolePolicies", 3),
    ("kms:DescribeKey", 3),
    ("kms:GetKeyPolicy", 3),
    ("kms:ListAliases", 0),
    ("kms:ListGrants", 0),
    ("kms:ListResourceTags", 0),
    ("organizations:DescribeOrganization", 3),
];

#[test]
fn each_situation_gets_its_verdict() {
    let server = Server::start();
    let problems = parallel::problems(Situation::all().into_iter().enumerate(), |(number, situation)| {
        let world = server.seed(number, &situation.whole, &BTreeMap::new());
        let arguments = situation.play.arguments(&world);
        let form = |more: &[&str]| check(&server, &world, "reader", &arguments).arguments(more).finish();
        let problems = situation.play.problems(&world, &form(&["--format", "json"]), &form(&[]));
        problems.into_iter().map(|problem| format!("{}: {problem}", situation.name)).collect()
    });
    assert_none(&problems);
}

#[test]
fn a_read_that_is_refused_is_named_and_never_taken_for_an_allow() {
    let server = Server::start();
    let situation = Situation::named("spread-over-four-policies");
    let all = READS.map(|(read, _)| read);
    let mut readers = BTreeMap::from([("everything".to_owned(), all.to_vec())]);
    for lacking in all {
        readers.insert(reader_without(lacking), all.into_iter().filter(|read| *read != lacking).collect());
    }
    let world = server.seed(0, &situation.whole, &readers);
    server.enforce();

    let arguments = situation.play.arguments(&world);
    let judged_by = |reader: &str| check(&server, &world, reader, &arguments).arguments(&["--format", "json"]).finish();
    let ready = judged_by("everything");
    assert_eq!(ready.exit, Some(0), "with all reads: {}", ready.seen());

    let problems = parallel::problems(READS, |(read, exit)| {
        let outcome = judged_by(&reader_without(read));
        let mut problems = Vec::new();
        if outcome.exit != Some(exit) {
            problems.push(format!("without {read}: {}, not {exit}: {}", outcome.ended(), outcome.seen()));
        }
        if !outcome.seen().contains(read) {
            problems.push(format!("without {read}: does not name it: {}", outcome.seen()));
        }
        problems
    });
    assert_none(&problems);
}

#[test]
fn a_capture_is_judged_as_the_account_was() {
    let server = Server::start();
    let names = ["two-keys-on-three-volumes", "key-policy-forgets-the-instance", "scp-denies", "grant-allows"];
    let problems = parallel::problems(names.iter().enumerate(), |(number, name)| {
        let situation = Situation::named(name);
        let world = server.seed(number, &situation.whole, &BTreeMap::new());
        let arguments = situation.play.arguments(&world);
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("capture.json");
        let file = file.to_str().unwrap();

        let live = check(&server, &world, "reader", &arguments).arguments(&["--format", "json"]).finish();
        let capture = run("capture", &server, &world, "reader", &arguments).arguments(&["--output", file]).finish();
        // No endpoint and no credentials: a request to AWS would fail.
        let offline = || Run::new(&["check", "--capture", file, "--format", "json"]).finish();
        let (once, again) = (offline(), offline());

        let mut problems = Vec::new();
        if capture.exit != Some(0) {
            problems.push(format!("{name}: capture: {}: {}", capture.ended(), capture.seen()));
        }
        if once.stdout != again.stdout {
            problems.push(format!("{name}: two judgements of one capture differ"));
        }
        problems.extend(difference(&live, &once).map(|difference| format!("{name}: {difference}")));
        problems
    });
    assert_none(&problems);
}

/// The lines of `capture --script`, run by the AWS CLI, are as good as reading: the same verdict, findings and requests.
#[test]
fn what_the_aws_cli_prints_is_judged_as_the_account_was() {
    let server = Server::start();
    // A script makes some forty calls, and the AWS CLI takes half a second for each: two situations will do.
    let names = ["spread-over-four-policies", "create-grant-missing"];
    let problems = parallel::problems(names.iter().enumerate(), |(number, name)| {
        let world = server.seed(number, &Situation::named(name).whole, &BTreeMap::new());
        let targets = ["--instance-id", &world.instance, "--role-arn", &world.role];
        let script = Run::new(&["capture", "--script", "--region", &world.region]).arguments(&targets).finish();
        let printed = shell::run(&script.stdout, &server, &world.region, &world.credentials["reader"]);
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("printed.txt");
        std::fs::write(&file, printed).unwrap();
        let offline = Run::new(&["check", "--capture", file.to_str().unwrap(), "--format", "json"]).finish();
        let at = offline.json()["judgedAt"].as_str().unwrap_or_default().to_owned();
        let targets = targets.map(str::to_owned);
        let live = check(&server, &world, "reader", &targets).arguments(&["--format", "json", "--at", &at]).finish();
        let report = |outcome: &Outcome| {
            let mut report = outcome.json();
            let parts = ["verdict", "assumptions", "unread", "targets"].map(|part| report[part].take());
            (outcome.exit, parts.map(without_lines))
        };
        let (read, printed) = (report(&live), report(&offline));
        let same = read == printed && !read.1[3].is_null();
        if same { Vec::new() } else { vec![format!("{name}: {read:?}\n{printed:?}")] }
    });
    assert_none(&problems);
}

/// A report that lacks reads prints the lines that make just these: run by somebody who may, they tell the rest.
#[test]
fn the_lines_of_a_report_read_what_it_lacks() {
    let server = Server::start();
    let situation = Situation::named("spread-over-four-policies");
    let all = READS.map(|(read, _)| read);
    let lacking = [
        ("sees-no-volume", ["ec2:DescribeVolumes"].as_slice()),
        (
            "sees-no-key",
            &["kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants", "kms:ListAliases", "kms:ListResourceTags"],
        ),
        ("sees-no-policy", &["iam:GetPolicy", "iam:GetRolePolicy", "organizations:DescribeOrganization"]),
        ("sees-no-role", &["iam:GetRole", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"]),
    ];
    let may = |lacks: &[&str]| all.into_iter().filter(|read| !lacks.contains(read)).collect();
    let mut readers: BTreeMap<_, _> = lacking.iter().map(|(name, lacks)| ((*name).to_owned(), may(lacks))).collect();
    readers.insert("everything".to_owned(), all.to_vec());
    let world = server.seed(0, &situation.whole, &readers);
    server.enforce();

    let arguments = situation.play.arguments(&world);
    let problems = parallel::problems(lacking, |(name, lacks)| {
        let folder = TempDir::new().unwrap();
        let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let output = file("capture.json");
        run("capture", &server, &world, name, &arguments).arguments(&["--output", &output]).finish();
        let check = |add: &[String]| {
            let add: Vec<&str> = add.iter().flat_map(|file| ["--add", file]).collect();
            Run::new(&["check", "--capture", &output, "--format", "json"]).arguments(&add).finish()
        };
        let before = check(&[]).json();
        let scripts: Vec<&str> =
            before["toRead"].as_array().unwrap().iter().map(|one| one["lines"].as_str().unwrap()).collect();
        let printed = scripts.iter().enumerate().map(|(number, script)| {
            let path = file(&format!("printed-{number}.txt"));
            let text = shell::run(script, &server, &world.region, &world.credentials["everything"]);
            std::fs::write(&path, text).unwrap();
            path
        });
        let after = check(&printed.collect::<Vec<_>>());
        let mut problems = Vec::new();
        for read in lacks.iter().filter(|read| !before["unread"].to_string().contains(**read)) {
            problems.push(format!("{name}: {read} is not told as unread"));
        }
        let asks: Vec<&str> =
            all.into_iter().filter(|read| scripts.concat().contains(&format!("r \"{read} "))).collect();
        // What hangs on what is missing is asked for as well, and nothing else.
        if asks.contains(&"ec2:DescribeInstances") || (name != "sees-no-role" && asks.contains(&"iam:GetRole")) {
            problems.push(format!("{name}: asks for {asks:?}"));
        }
        if after.exit != Some(0) || after.json()["unread"] != Value::Array(Vec::new()) {
            problems.push(format!("{name}: {}: {}\n{}", after.ended(), after.seen(), scripts.concat()));
        }
        problems
    });
    assert_none(&problems);
}

/// What `--write-remedy` writes is run as it stands, with the AWS CLI; then the start is READY.
#[test]
fn a_remedy_as_written_makes_the_start_ready() {
    let server = Server::start();
    let remedies: [(&str, &[&str]); 12] = [
        ("boundary-too-tight", &[]),
        ("create-grant-missing", &[]),
        ("create-grant-missing", &["--remedy-place", "key-policy"]),
        ("create-grant-missing", &["--remedy-place", "grant"]),
        ("create-grant-missing", &["--style", "aws-documented"]),
        ("decrypt-missing-and-required", &[]),
        ("grant-for-another-volume", &[]),
        ("key-policy-denies-the-role", &[]),
        ("key-policy-forgets-the-instance", &[]),
        ("key-policy-leaves-out-the-path", &[]),
        ("newest-version-is-not-the-default", &[]),
        ("two-keys-on-three-volumes", &[]),
    ];
    let problems = parallel::problems(remedies.iter().enumerate(), |(number, (name, flags))| {
        let situation = Situation::named(name);
        let world = server.seed(number, &situation.whole, &BTreeMap::new());
        let arguments = situation.play.arguments(&world);
        let folder = TempDir::new().unwrap();
        let files = folder.path().join("remedy");
        let files = files.to_str().unwrap();
        let before = check(&server, &world, "reader", &arguments);
        let before = before.arguments(flags).arguments(&["--write-remedy", files]).finish();
        shell::run(
            &format!("for script in {files}/*/apply.sh; do sh \"$script\" || exit 1; done"),
            &server,
            &world.region,
            &world.credentials["reader"],
        );
        let after = check(&server, &world, "reader", &arguments).finish();
        let told = format!("{name} {flags:?}: {}, then {}", before.seen(), after.seen());
        if (before.exit, after.exit) == (Some(1), Some(0)) { Vec::new() } else { vec![told] }
    });
    assert_none(&problems);
}

/// `diff` reads the account as `check` does, and tells what would stop a start that is READY now.
#[test]
fn a_change_is_judged_before_it_is_made() {
    let server = Server::start();
    let situation = Situation::named("identity-policy-allows");
    let world = server.seed(0, &situation.whole, &BTreeMap::new());
    let arguments = situation.play.arguments(&world);
    let before = check(&server, &world, "reader", &arguments).finish();
    let key = before.stdout.split_whitespace().find(|word| word.starts_with("alias/")).unwrap_or_default().to_owned();
    let diff = run("diff", &server, &world, "reader", &arguments).arguments(&["--disable-key", &key]).finish();
    assert_eq!((before.exit, diff.exit), (Some(0), Some(1)), "{}\n{}", before.seen(), diff.seen());
    let after = check(&server, &world, "reader", &arguments).finish();
    assert_eq!(after.exit, Some(0), "nothing was changed: {}", after.seen());
}

/// The report without the lines of policies: the AWS CLI lays IAM's documents out anew.
fn without_lines(report: Value) -> Value {
    match report {
        Value::String(text) => {
            let mut parts = text.split(", line ");
            let first = parts.next().unwrap_or_default().to_owned();
            let rest = parts.map(|part| part.trim_start_matches(|sign: char| sign.is_ascii_digit()));
            Value::String(rest.fold(first, |text, part| text + part))
        }
        Value::Array(items) => items.into_iter().map(without_lines).collect(),
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(name, _)| name != "line" && name != "column");
            kept.map(|(name, value)| (name, without_lines(value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => report,
    }
}

/// How the reports of two runs differ, leaving out when and by whom was read and judged.
fn difference(left: &Outcome, right: &Outcome) -> Option<String> {
    let judged = |outcome: &Outcome| {
        let mut report = outcome.json();
        let parts = ["verdict", "assumptions", "unread", "targets"].map(|part| report[part].take());
        (outcome.exit, parts)
    };
    let (left_judged, right_judged) = (judged(left), judged(right));
    let same = left_judged == right_judged && left_judged.1.iter().all(|part| *part != Value::Null);
    (!same).then(|| format!("{} {}\n{} {}", left.ended(), left.seen(), right.ended(), right.seen()))
}

fn reader_without(read: &str) -> String {
    format!("all-but-{}", read.replace(':', "-"))
}

fn check(server: &Server, world: &World, reader: &str, arguments: &[String]) -> Run {
    run("check", server, world, reader, arguments)
}

/// A run by `reader`, with the profile `management` beside it where there is an organization.
fn run(command: &str, server: &Server, world: &World, reader: &str, arguments: &[String]) -> Run {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let run = Run::new(&[command]).arguments(&arguments);
    let run = run.aws(server.endpoint(), &world.region, &world.credentials[reader]);
    match world.credentials.get("management") {
        Some(management) => run.profile("management", management),
        None => run,
    }
}
