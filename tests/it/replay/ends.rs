//! Runs that end without a report, and whom they tell what to do.

use std::net::TcpListener;
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::answer::Fault;
use super::operation::Operation;
use super::server::Replay;
use super::world::{self, World};
use super::{check, in_world};
use crate::parallel;
use crate::problems::assert_none;
use crate::program::{Credentials, Outcome, Run};

/// A profile that signs in with IAM Identity Center, and never did.
const SSO_PROFILE: &str = "[profile ops]
sso_session = example
sso_account_id = 222233334444
sso_role_name = preflight-reader
[sso-session example]
sso_region = eu-central-1
sso_start_url = https://example.awsapps.com/start
";

#[test]
fn expired_credentials_end_the_run() {
    let reads = [
        Operation::DescribeInstances,
        Operation::GetCallerIdentity,
        Operation::GetRole,
        Operation::DescribeKey,
        Operation::DescribeOrganization,
    ];
    let problems = parallel::problems(reads, |read| {
        let outcome = check(&Replay::start(World::healthy().fault(read, Fault::Expired)), &[]);
        unlike(&format!("{read:?}"), &outcome, 4, &["expired", "renew"])
    });
    assert_none(&problems);
}

#[test]
fn credentials_that_aws_refuses_are_not_shown() {
    let reads = [Operation::DescribeInstances, Operation::GetRole, Operation::DescribeKey];
    let problems = parallel::problems(reads, |read| {
        // AWS's message repeats the headers of the request; `Run` fails where a secret is seen.
        let outcome = check(&Replay::start(World::healthy().fault(read, Fault::WrongSignature)), &[]);
        unlike(&format!("{read:?}"), &outcome, 4, &["Signature", "AWS_SECRET_ACCESS_KEY"])
    });
    assert_none(&problems);
}

#[test]
fn who_has_to_sign_in_is_told_how() {
    let home = Run::new(&["check", "--instance-id", world::INSTANCE, "--role-arn", world::ROLE, "--profile", "ops"]);
    let config = home.file("config", SSO_PROFILE);
    let folder = config.strip_suffix("/config").unwrap().to_owned();
    let run = home.variable("AWS_CONFIG_FILE", &config).variable("HOME", &folder).variable("AWS_REGION", world::REGION);
    assert_none(&unlike("IAM Identity Center", &run.finish(), 4, &["aws sso login --profile ops"]));
}

#[test]
fn without_credentials_or_region_nothing_is_read() {
    let run = || Run::new(&["check", "--instance-id", world::INSTANCE, "--role-arn", world::ROLE]);
    let mut problems =
        unlike("no credentials", &run().variable("AWS_REGION", world::REGION).finish(), 4, &["--profile"]);
    problems.extend(unlike("no Region", &run().finish(), 2, &["--region", "AWS_REGION"]));
    let nobody = run().arguments(&["--profile", "nobody"]).variable("AWS_REGION", world::REGION).finish();
    problems.extend(unlike("no such profile", &nobody, 2, &["`nobody`", "aws configure list-profiles"]));
    assert_none(&problems);
}

#[test]
fn a_region_that_is_not_enabled_is_thought_of() {
    let replay = Replay::start(World::healthy().fault(Operation::DescribeInstances, Fault::RegionNotEnabled));
    assert_none(&unlike("AuthFailure", &check(&replay, &[]), 4, &["AuthFailure", "has enabled eu-central-1"]));
}

#[test]
fn an_endpoint_that_is_not_there_is_no_verdict() {
    // Bound, read and freed: nobody listens there now.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let run = Run::new(&["check", "--instance-id", world::INSTANCE, "--role-arn", world::ROLE]);
    let run = run.aws(&format!("http://{address}"), world::REGION, &world::member()).variable("AWS_MAX_ATTEMPTS", "1");
    assert_none(&unlike("closed port", &run.finish(), 4, &[world::INSTANCE, world::REGION, "endpoint"]));
}

#[test]
fn an_instance_that_the_region_does_not_know_is_bad_input() {
    let replay = Replay::start(World::healthy().fault(Operation::DescribeInstances, Fault::NotFound));
    let from_environment = check(&replay, &[]);
    let mut problems =
        unlike("from AWS_REGION", &from_environment, 2, &[world::INSTANCE, "eu-central-1 (from AWS_REGION)"]);
    let from_option = check(&replay, &["--region", "eu-west-1"]);
    problems.extend(unlike("from --region", &from_option, 2, &[world::INSTANCE, "eu-west-1 (from --region)"]));
    assert_none(&problems);
}

#[test]
fn a_role_of_another_partition_or_account_is_told_apart() {
    let replay = Replay::start(World::healthy());
    let with_role = |role: &str| {
        let run = Run::new(&["check", "--instance-id", world::INSTANCE, "--role-arn", role]);
        in_world(run, &replay).finish()
    };
    let partition = with_role("arn:aws-cn:iam::222233334444:role/operations/night-start");
    let mut problems = unlike("partition", &partition, 2, &["`aws-cn`", "eu-central-1"]);
    // The role that IAM knows by this name is the reader's own account's, and no evidence about the one that was named.
    let account = with_role("arn:aws:iam::888899990000:role/operations/night-start");
    problems.extend(unlike("account", &account, 1, &["BLOCKED", "222233334444", "another account"]));
    assert_none(&problems);
}

#[test]
fn an_interrupted_run_says_so() {
    let replay = Replay::start(World::healthy().fault(Operation::DescribeInstances, Fault::Hang));
    let run = Run::new(&["check", "--instance-id", world::INSTANCE, "--role-arn", world::ROLE]);
    let outcome = in_world(run, &replay).variable("EBS_PREFLIGHT_ATTEMPT_TIMEOUT_MS", "30000").finish_after(|child| {
        while replay.asked(Operation::DescribeInstances) == 0 {
            thread::sleep(Duration::from_millis(5));
        }
        let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(interrupted.success());
    });
    assert_none(&unlike("SIGINT", &outcome, 130, &["interrupted"]));
}

#[test]
fn the_number_of_attempts_is_what_the_environment_says() {
    let replay = Replay::start(World::healthy().fault(Operation::ListGrants, Fault::Unavailable));
    let run = Run::new(&["check", "--instance-id", world::INSTANCE, "--role-arn", world::ROLE]);
    let outcome = in_world(run, &replay).variable("AWS_MAX_ATTEMPTS", "2").finish();
    assert_eq!(replay.asked(Operation::ListGrants), 2, "{}", outcome.seen());
    let wrong = Run::new(&["check", "--instance-id", world::INSTANCE, "--role-arn", world::ROLE]);
    let wrong = in_world(wrong, &replay).variable("AWS_MAX_ATTEMPTS", "many").finish();
    assert_none(&unlike("no number", &wrong, 2, &["AWS_MAX_ATTEMPTS"]));
}

/// Another machine may be asked unencrypted only where somebody says so; this one always.
#[test]
fn plain_http_to_another_machine_is_refused() {
    let run = || {
        let run = Run::new(&["check", "--instance-id", world::INSTANCE, "--role-arn", world::ROLE]);
        // Reserved for documentation: nobody answers there.
        run.aws("http://192.0.2.1:4566", world::REGION, &world::member())
            .variable("AWS_MAX_ATTEMPTS", "1")
            .variable("EBS_PREFLIGHT_ATTEMPT_TIMEOUT_MS", "1000")
    };
    let mut problems = unlike("refused", &run().finish(), 2, &["http://192.0.2.1:4566", "--allow-http"]);
    problems.extend(unlike("allowed", &run().arguments(&["--allow-http"]).finish(), 4, &[world::INSTANCE]));
    let role = ["--reader-role", "arn:aws:iam::222233334444:role/reader"];
    problems.extend(unlike("to assume a role", &run().arguments(&role).finish(), 2, &["--allow-http"]));
    assert_none(&problems);
}

/// A run whose credentials this command prints.
fn with_process(command: &str, replay: &Replay) -> Outcome {
    let run = Run::new(&["check", "--instance-id", world::INSTANCE, "--role-arn", world::ROLE, "--profile", "process"]);
    let config = run.file("config", &format!("[profile process]\ncredential_process = {command}\n"));
    let run = run.variable("AWS_CONFIG_FILE", &config).variable("AWS_REGION", world::REGION);
    run.variable("AWS_ENDPOINT_URL", &replay.endpoint()).variable("AWS_MAX_ATTEMPTS", "1").finish()
}

#[test]
fn what_a_credential_process_prints_is_not_shown_and_ends() {
    let replay = Replay::start(World::healthy());
    let Credentials { id, secret, token } = world::member();
    let printed = format!(
        r#"printf '{{"Version":1,"AccessKeyId":"{id}","SecretAccessKey":"{secret}","SessionToken":"{token}"}}'"#
    );
    let works = with_process(&format!("echo noise-of-the-process >&2; {printed}"), &replay);
    let mut problems = unlike("works", &works, 3, &["UNDECIDED", "organizations:"]);
    let fails = with_process("echo noise-of-the-process >&2; echo more-noise; exit 7", &replay);
    problems.extend(unlike("fails", &fails, 4, &["profile `process`"]));
    let endless = with_process("while :; do echo noise-of-the-process noise-of-the-process; done", &replay);
    problems.extend(unlike("endless", &endless, 4, &["profile `process`"]));
    for outcome in [works, fails, endless] {
        let seen = outcome.seen();
        if seen.contains("noise") || seen.contains(&secret) || outcome.took > super::BOUND {
            problems.push(seen);
        }
    }
    assert_none(&problems);
}

fn unlike(label: &str, outcome: &Outcome, exit: i32, words: &[&str]) -> Vec<String> {
    let seen = outcome.seen();
    let mut problems = Vec::new();
    if outcome.exit != Some(exit) {
        problems.push(format!("{label}: {}, not {exit}: {seen}", outcome.ended()));
    }
    let missing = words.iter().filter(|word| !seen.contains(**word));
    problems.extend(missing.map(|word| format!("{label}: does not say {word}: {seen}")));
    problems
}
