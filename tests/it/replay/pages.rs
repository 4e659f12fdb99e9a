//! Answers that come in pages.

use super::answer::Fault;
use super::faults::exit_without;
use super::operation::Operation;
use super::server::Replay;
use super::world::{PAGE_TOKEN, World};
use super::{check, failed_read, judged};
use crate::parallel;
use crate::problems::assert_none;

/// The reads that come in pages, each with an empty page that is not the last.
const PAGED: [(Operation, &str); 9] = [
    (Operation::DescribeVolumes, "ec2.DescribeVolumes.page-empty"),
    (Operation::ListAttachedRolePolicies, "iam.ListAttachedRolePolicies.page-empty"),
    (Operation::ListRolePolicies, "iam.ListRolePolicies.page-empty"),
    (Operation::ListGrants, "kms.ListGrants.page-empty"),
    (Operation::ListAliases, "kms.ListAliases.page-empty"),
    (Operation::ListResourceTags, "kms.ListResourceTags.page-empty"),
    (Operation::ListRoots, "organizations.ListRoots.page-empty"),
    (Operation::ListParents, "organizations.ListParents.page-empty"),
    (Operation::ListPoliciesForTarget, "organizations.ListPoliciesForTarget.page-empty"),
];

#[test]
fn an_empty_page_is_not_the_end() {
    let problems = parallel::problems(PAGED, |(read, empty)| {
        judged(&format!("{read:?}"), World::healthy().empty_page_first(read, empty), 0)
    });
    assert_none(&problems);
}

#[test]
fn the_next_page_decides() {
    let worlds = [
        (
            "volume under another key",
            1,
            World::healthy().answer(Operation::DescribeVolumes, &[], "ec2.DescribeVolumes.page-one").answer(
                Operation::DescribeVolumes,
                &[PAGE_TOKEN],
                "ec2.DescribeVolumes.page-two",
            ),
        ),
        (
            "inline policy that denies",
            1,
            World::healthy().answer(Operation::ListRolePolicies, &[], "iam.ListRolePolicies.page-one").answer(
                Operation::ListRolePolicies,
                &[PAGE_TOKEN],
                "iam.ListRolePolicies.page-two",
            ),
        ),
        (
            "managed policy that denies",
            1,
            World::healthy()
                .answer(Operation::ListAttachedRolePolicies, &[], "iam.ListAttachedRolePolicies.page-one")
                .answer(Operation::ListAttachedRolePolicies, &[PAGE_TOKEN], "iam.ListAttachedRolePolicies.page-two"),
        ),
        (
            "SCP that denies",
            1,
            World::healthy().unit_scps("organizations.ListPoliciesForTarget.page-one").answer(
                Operation::ListPoliciesForTarget,
                &[PAGE_TOKEN],
                "organizations.ListPoliciesForTarget.page-two",
            ),
        ),
        (
            "root with SCPs enabled",
            1,
            frozen_unit().empty_page_first(Operation::ListRoots, "organizations.ListRoots.page-empty"),
        ),
        (
            "OU with an SCP that denies",
            1,
            frozen_unit().empty_page_first(Operation::ListParents, "organizations.ListParents.page-empty"),
        ),
        ("grant that allows", 0, allowed_by_grant()),
        ("alias that a policy asks for", 0, allowed_by_alias()),
        ("tag that a policy asks for", 0, allowed_by_tag()),
    ];
    assert_none(&parallel::problems(worlds, |(name, exit, world)| judged(name, world, exit)));
}

#[test]
fn a_page_that_leads_to_itself_is_a_failed_read() {
    let problems = parallel::problems(PAGED, |(read, empty)| {
        let world = World::healthy().answer(read, &[], empty);
        failed_read(&format!("{read:?}"), world, read, exit_without(read))
    });
    assert_none(&problems);
}

/// Each page has another token, so that only their number tells.
#[test]
fn a_list_without_end_is_a_failed_read() {
    let lists = PAGED.into_iter().filter(|(read, _)| {
        // One of each protocol.
        matches!(read, Operation::ListRolePolicies | Operation::ListAliases)
    });
    let problems = parallel::problems(lists, |(read, empty)| {
        let replay = Replay::start(World::healthy().fault(read, Fault::EndlessPages(empty)));
        let outcome = check(&replay, &["--format", "json"]);
        let ended = (outcome.exit, replay.asked(read), outcome.seen().contains("more than 1000 pages"));
        // Nothing asks for an alias, so that what is not read of them changes no decision, nor is it told why.
        let is_told = read == Operation::ListRolePolicies;
        let is_right = ended.0 == Some(exit_without(read)) && ended.1 == 1_000 && (ended.2 || !is_told);
        if is_right { Vec::new() } else { vec![format!("{read:?}: {ended:?}: {}", outcome.seen())] }
    });
    assert_none(&problems);
}

/// How many grants a key has decides, too: one that has as many as it can have takes no further one.
#[test]
fn all_grants_are_read_page_by_page() {
    let replay = Replay::start(allowed_by_grant());
    let outcome = check(&replay, &["--format", "json"]);
    assert_eq!((outcome.exit, replay.asked(Operation::ListGrants)), (Some(0), 2), "{}", outcome.seen());
}

/// Only a grant on the second page lets the role use the key.
pub(super) fn allowed_by_grant() -> World {
    World::healthy()
        .answer(Operation::GetPolicyVersion, &["policy/volume-keys"], "iam.GetPolicyVersion.volume-keys-look-only")
        .answer(Operation::ListGrants, &[], "kms.ListGrants.page-one")
        .answer(Operation::ListGrants, &[PAGE_TOKEN], "kms.ListGrants.page-two")
}

/// The role may use keys of one alias, which stands on the second page.
pub(super) fn allowed_by_alias() -> World {
    World::healthy()
        .answer(Operation::GetPolicyVersion, &["policy/volume-keys"], "iam.GetPolicyVersion.volume-keys-by-alias")
        .answer(Operation::ListAliases, &[], "kms.ListAliases.page-one")
        .answer(Operation::ListAliases, &[PAGE_TOKEN], "kms.ListAliases.page-two")
}

/// The role may use keys with one tag, which stands on the second page.
pub(super) fn allowed_by_tag() -> World {
    World::healthy()
        .answer(Operation::GetPolicyVersion, &["policy/volume-keys"], "iam.GetPolicyVersion.volume-keys-by-tag")
        .answer(Operation::ListResourceTags, &[], "kms.ListResourceTags.page-one")
        .answer(Operation::ListResourceTags, &[PAGE_TOKEN], "kms.ListResourceTags.page-two")
}

/// An SCP of the OU denies `kms:CreateGrant`.
fn frozen_unit() -> World {
    World::healthy().unit_scps("organizations.ListPoliciesForTarget.scp-freeze")
}
