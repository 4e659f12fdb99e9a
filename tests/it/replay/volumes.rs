//! What EC2 tells of an instance and its volumes.

use serde_json::{Value, json};

use super::answer::Fault;
use super::operation::Operation;
use super::server::Replay;
use super::world::{self, DATA_VOLUME, World};
use super::{check, in_world};
use crate::problems::assert_none;
use crate::program::Run;

/// The capture that is made in `world`.
fn captured(world: World) -> (Value, Replay) {
    let replay = Replay::start(world);
    let run = Run::new(&["capture", "--instance-id", world::INSTANCE, "--role-arn", world::ROLE, "--output", "-"]);
    let outcome = in_world(run.arguments(&["--org-profile", "management"]), &replay).finish();
    assert_eq!((outcome.exit, replay.unanswered()), (Some(0), vec![]), "{}", outcome.seen());
    (serde_json::from_str(&outcome.stdout).unwrap(), replay)
}

/// A volume that is gone, or that the reader does not see, costs only itself.
#[test]
fn a_volume_that_ec2_does_not_know_is_unread_alone() {
    let world = World::healthy().fault_where(Operation::DescribeVolumes, &[DATA_VOLUME], Fault::VolumeNotFound);
    let (capture, replay) = captured(world.clone());
    assert_eq!(replay.asked(Operation::DescribeVolumes), 3, "both, then each alone");
    assert_eq!(capture["volumes"][DATA_VOLUME]["unread"]["needs"], "ec2:DescribeVolumes", "{capture}");
    let root = &capture["volumes"]["vol-0e7b35ac1d924f806"]["known"];
    assert!(root["key"]["known"].as_str().unwrap().ends_with(world::KEY), "{capture}");
    assert_eq!(capture["keys"].as_object().unwrap().len(), 1);
    let outcome = check(&Replay::start(world), &[]);
    assert!(outcome.exit == Some(3) && outcome.stdout.contains(DATA_VOLUME), "{}", outcome.seen());
}

/// The instance has it, and it says that another one has: nobody knows which of the two is so.
#[test]
fn a_volume_that_is_attached_elsewhere_is_unread() {
    let world = World::healthy().answer(Operation::DescribeVolumes, &[], "ec2.DescribeVolumes.elsewhere");
    let (capture, _) = captured(world.clone());
    let unread = &capture["volumes"][DATA_VOLUME]["unread"];
    assert!(unread["message"].as_str().unwrap().contains("as attached to this instance"), "{capture}");
    let outcome = check(&Replay::start(world), &[]);
    assert!(outcome.exit == Some(3) && outcome.stdout.contains(DATA_VOLUME), "{}", outcome.seen());
}

#[test]
fn what_conditions_may_ask_of_the_instance_is_captured() {
    let (capture, _) =
        captured(World::healthy().answer(Operation::DescribeInstances, &[], "ec2.DescribeInstances.weighted"));
    let keys = &capture["instances"][world::INSTANCE]["known"]["conditionKeys"];
    let told = [
        ("ec2:AvailabilityZone", "eu-central-1b"),
        ("ec2:AvailabilityZoneId", "euc1-az3"),
        ("ec2:CpuOptionsAmdSevSnp", "enabled"),
        ("ec2:InstanceBandwidthWeighting", "vpc-1"),
    ];
    let lacking = told.into_iter().filter(|(key, value)| keys[*key] != json!(value));
    assert_none(&lacking.map(|(key, value)| format!("{key} is not {value}: {keys}")).collect::<Vec<_>>());
    // What EC2 does not tell is not made up.
    let (capture, _) = captured(World::healthy());
    let keys = &capture["instances"][world::INSTANCE]["known"]["conditionKeys"];
    assert!(keys.get("ec2:CpuOptionsAmdSevSnp").is_none() && keys.get("ec2:AvailabilityZoneId").is_some(), "{keys}");
}
