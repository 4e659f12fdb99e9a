//! Keys that are not a customer managed key of the instance's account, with key material of KMS's own.

use super::answer::Fault;
use super::operation::Operation;
use super::pages::allowed_by_grant;
use super::server::Replay;
use super::world::{self, FOREIGN_ACCESS_KEY, FOREIGN_ACCOUNT, KEY, World};
use super::{check, in_world, judged};
use crate::parallel;
use crate::problems::assert_none;
use crate::program::Run;

#[test]
fn a_key_of_another_account_is_not_asked_for_what_only_its_account_may_read() {
    let foreign = under_a_foreign_key()
        .fault(Operation::GetKeyPolicy, Fault::DeniedForeign)
        .fault(Operation::ListResourceTags, Fault::DeniedForeign);
    let role_without = foreign.clone().answer(
        Operation::GetPolicyVersion,
        &["policy/volume-keys"],
        "iam.GetPolicyVersion.volume-keys-look-only",
    );
    for (exit, world) in [(3, foreign), (1, role_without)] {
        let replay = Replay::start(world);
        let outcome = check(&replay, &[]);
        assert_eq!(outcome.exit, Some(exit), "{}", outcome.seen());
        assert!(outcome.stdout.contains(FOREIGN_ACCOUNT), "{}", outcome.seen());
        assert_eq!(replay.asked(Operation::GetKeyPolicy), 0);
        assert_eq!(replay.asked(Operation::ListResourceTags), 0);
    }
}

#[test]
fn a_key_of_another_account_is_read_with_a_profile_or_role_of_that_account() {
    let world = under_a_foreign_key()
        .fault(Operation::GetKeyPolicy, Fault::DeniedForeign)
        .answer(Operation::GetKeyPolicy, &[FOREIGN_ACCESS_KEY], "kms.GetKeyPolicy.foreign")
        .answer(Operation::GetKeyPolicy, &[FOREIGN_ACCESS_KEY, "AWS_RAM"], "kms.GetKeyPolicy.no-ram-policy")
        .answer(Operation::GetCallerIdentity, &[FOREIGN_ACCESS_KEY], "sts.GetCallerIdentity.foreign")
        .answer(Operation::AssumeRole, &[READER, "ExternalId=ticket-4711"], "sts.AssumeRole.key-reader")
        .answer(Operation::ListParents, &[FOREIGN_ACCOUNT], "organizations.ListParents.account");
    let ways: [&[&str]; 2] =
        [&["--key-profile", "central"], &["--key-reader-role", READER, "--external-id", "ticket-4711"]];
    for way in ways {
        let replay = Replay::start(world.clone());
        let outcome = Run::new(&["check", "--instance-id", world::INSTANCE, "--role-arn", world::ROLE])
            .arguments(&["--org-profile", "management"])
            .arguments(way)
            .profile("central", &world::foreign());
        let outcome = in_world(outcome, &replay).finish();
        assert_eq!((outcome.exit, replay.unanswered()), (Some(0), vec![]), "{}", outcome.seen());
    }
}

const READER: &str = "arn:aws:iam::888899990000:role/preflight-reader";

#[test]
fn a_role_that_cannot_be_assumed_ends_the_run() {
    for (role, exit, says) in
        [(READER, 4, "could not be assumed"), ("preflight-reader", 2, "expected `arn:aws:iam::account:role/name`")]
    {
        let replay = Replay::start(World::healthy().fault(Operation::AssumeRole, Fault::Denied));
        let outcome = Run::new(&["check", "--instance-id", world::INSTANCE, "--role-arn", world::ROLE])
            .arguments(&["--reader-role", role]);
        let outcome = in_world(outcome, &replay).finish();
        assert_eq!((outcome.exit, replay.unanswered()), (Some(exit), vec![]), "{}", outcome.seen());
        assert!(outcome.seen().contains(says), "{}", outcome.seen());
    }
}

/// The healthy world, but its volumes are encrypted with a key of [`FOREIGN_ACCOUNT`], which the role's policies allow.
fn under_a_foreign_key() -> World {
    World::healthy()
        .answer(
            Operation::GetPolicyVersion,
            &["policy/volume-keys"],
            "iam.GetPolicyVersion.volume-keys-of-all-accounts",
        )
        .answer(Operation::DescribeVolumes, &[], "ec2.DescribeVolumes.foreign-key")
        .answer(Operation::DescribeKey, &[], "kms.DescribeKey.foreign")
}

#[test]
fn the_aws_managed_key_needs_no_policy_of_the_role() {
    let managed = World::healthy()
        .answer(Operation::DescribeKey, &[], "kms.DescribeKey.aws-managed")
        .answer(Operation::GetKeyPolicy, &[KEY], "kms.GetKeyPolicy.aws-managed")
        .answer(Operation::GetKeyPolicy, &["AWS_RAM"], "kms.GetKeyPolicy.no-ram-policy")
        .answer(Operation::GetPolicyVersion, &["policy/volume-keys"], "iam.GetPolicyVersion.volume-keys-look-only");
    // Its key policy is the same everywhere, so it is known where it may not be read.
    let unread = managed.clone().fault(Operation::GetKeyPolicy, Fault::Denied);
    assert_none(&parallel::problems([managed, unread], |world| judged("aws/ebs", world, 0)));
}

#[test]
fn a_key_in_a_key_store_is_as_good_as_the_connection() {
    let connection = |file| {
        World::healthy().answer(Operation::DescribeKey, &[], "kms.DescribeKey.custom-key-store").answer(
            Operation::DescribeCustomKeyStores,
            &[],
            file,
        )
    };
    let connected = connection("kms.DescribeCustomKeyStores.connected");
    let worlds = [
        ("connected", 0, connected.clone()),
        ("disconnected", 1, connection("kms.DescribeCustomKeyStores.disconnected")),
        ("failed", 1, connection("kms.DescribeCustomKeyStores.failed")),
    ];
    let mut problems = parallel::problems(worlds, |(name, exit, world)| judged(name, world, exit));
    // The key's state is `Enabled` whatever becomes of the store: that alone is a doubt, said aloud.
    problems.extend(parallel::problems(Fault::ANY, |fault| {
        let read = Operation::DescribeCustomKeyStores;
        let outcome = check(&Replay::start(connected.clone().fault(read, fault)), &["--format", "json"]);
        let findings = outcome.json()["targets"][0]["findings"].take();
        let warned = findings.as_array().into_iter().flatten().any(|finding| finding["severity"] == "warning");
        let doubted = outcome.exit == Some(3) || (outcome.exit == Some(0) && warned);
        let right = doubted && outcome.seen().contains(&read.permission());
        if right { vec![] } else { vec![format!("{fault:?}: {}: {}", outcome.ended(), outcome.seen())] }
    }));
    assert_none(&problems);
}

/// Only a grant lets the role use the key, and it is narrowed in a way that the SDK does not know.
#[test]
fn a_grant_with_a_constraint_of_tomorrow_allows_nothing() {
    let world = allowed_by_grant().answer(Operation::ListGrants, &[], "kms.ListGrants.of-tomorrow");
    let replay = Replay::start(world);
    let outcome = check(&replay, &["--format", "json"]);
    assert_ne!(outcome.exit, Some(0), "{}", outcome.seen());
    let run = Run::new(&["capture", "--instance-id", world::INSTANCE, "--role-arn", world::ROLE, "--output", "-"]);
    let outcome = in_world(run.arguments(&["--org-profile", "management"]), &replay).finish();
    let capture: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let keys = capture["keys"].as_object().unwrap();
    let grants = &keys.values().next().unwrap()["grants"]["known"];
    assert_eq!(grants[0]["constraints"]["other"], "OfTomorrow", "{capture}");
}
