//! Every read with every fault.

use super::answer::Fault;
use super::operation::Operation;
use super::pages::{allowed_by_alias, allowed_by_grant, allowed_by_tag};
use super::server::Replay;
use super::world::World;
use super::{check, failed_read};
use crate::parallel;
use crate::problems::assert_none;

/// The exit status when a read of the healthy world fails, and why it is not 3: "might change a decision".
const NOT_UNDECIDED: [(Operation, i32, &str); 5] = [
    (Operation::DescribeInstances, 4, "without the instance nothing can be judged"),
    (Operation::GetCallerIdentity, 0, "the ARNs in the other answers say whose account it is"),
    (Operation::ListGrants, 0, "a grant only allows, and policies allow everything already"),
    (Operation::ListAliases, 0, "no policy asks for `kms:ResourceAliases`"),
    (Operation::ListResourceTags, 0, "no policy asks for `aws:ResourceTag`"),
];

#[test]
fn no_fault_of_any_read_is_taken_for_an_allow() {
    // A key store is only asked about where a key is in one.
    let reads = Operation::ALL.into_iter().filter(|read| *read != Operation::DescribeCustomKeyStores);
    let faults = reads.flat_map(|read| Fault::ANY.map(|fault| (read, fault)));
    let problems = parallel::problems(faults, |(read, fault)| {
        let world = World::healthy().fault(read, fault);
        let label = format!("{read:?} {fault:?}");
        let mut problems = failed_read(&label, world.clone(), read, exit_without(read));
        if fault == Fault::Denied {
            let seen = check(&Replay::start(world), &[]).seen();
            if !seen.contains(&read.permission()) {
                problems.push(format!("{label}: the text does not name {}: {seen}", read.permission()));
            }
        }
        problems
    });
    assert_none(&problems);
}

#[test]
fn the_second_key_policy_counts_as_a_policy() {
    let problems = parallel::problems(Fault::ANY, |fault| {
        let world = World::healthy().fault_where(Operation::GetKeyPolicy, &["AWS_RAM"], fault);
        failed_read(&format!("AWS_RAM {fault:?}"), world, Operation::GetKeyPolicy, 3)
    });
    assert_none(&problems);
}

#[test]
fn a_read_that_decides_is_missed() {
    let worlds = [
        (Operation::ListGrants, allowed_by_grant()),
        (Operation::ListAliases, allowed_by_alias()),
        (Operation::ListResourceTags, allowed_by_tag()),
    ];
    let faults = worlds.into_iter().flat_map(|(read, world)| Fault::ANY.map(|fault| (read, world.clone(), fault)));
    let problems = parallel::problems(faults, |(read, world, fault)| {
        failed_read(&format!("decisive {read:?} {fault:?}"), world.fault(read, fault), read, 3)
    });
    assert_none(&problems);
}

/// The exit status when `read` fails in the healthy world.
pub(super) fn exit_without(read: Operation) -> i32 {
    NOT_UNDECIDED.iter().find(|(other, ..)| *other == read).map_or(3, |(_, exit, _)| *exit)
}
