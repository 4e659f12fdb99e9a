//! All policy types together.

use super::case::{Case, Request};
use super::document::Policy;
use super::grant::{GrantsSay, grants_say};
use super::principal::Kind;
use super::statement::{KeySays, Says, key_policy_says, policy_says};
use super::truth::Truth;

/// What the case comes to.
#[derive(Debug)]
pub(crate) struct Judgement {
    /// `allowed`, `explicitDeny`, `implicitDeny` or `unknown`.
    pub(crate) decision: &'static str,
    /// The policy types without which the decision would be another: without a limit nothing is limited,
    /// without a policy that gives nothing is given.
    pub(crate) deciding: Vec<&'static str>,
}

const NEITHER: Says = Says { allow: Truth::False, deny: Truth::False };
const NO_LIMIT: Says = Says { allow: Truth::True, deny: Truth::False };
const NO_KEY_POLICY: KeySays =
    KeySays { itself: Truth::False, role: Truth::False, account: Truth::False, deny: Truth::False };
const NO_GRANTS: GrantsSay = GrantsSay::NONE;

/// Everything that was said of the request.
#[derive(Debug, Clone, Copy)]
struct Said {
    identity: Says,
    boundary: Says,
    session: Says,
    scps: Says,
    rcps: Says,
    /// `None` where the action is not on a key.
    key: Option<KeySays>,
    grants: GrantsSay,
}

/// Judges a case.
pub(crate) fn judge(case: &Case) -> Judgement {
    let request = &case.request;
    let said = everything(case);
    let decision = decide(&said, request);
    let mut deciding = Vec::new();
    let mut tell = |policy_type: &'static str, there: bool, without: Said| {
        if there && decide(&without, request) != decision {
            deciding.push(policy_type);
        }
    };
    tell("identityPolicies", !case.identity.is_empty(), Said { identity: NEITHER, ..said });
    // A boundary also keeps `NotPrincipal` from sparing the principal.
    let unbound = case.key.as_ref().map(|policy| key_policy_says(policy, request, false));
    let without_boundary = Said { boundary: NO_LIMIT, key: unbound, ..said };
    tell("permissionsBoundary", case.boundary.is_some(), without_boundary);
    tell("sessionPolicies", case.session.is_some(), Said { session: NO_LIMIT, ..said });
    tell("scps", case.scps.is_some(), Said { scps: NO_LIMIT, ..said });
    tell("rcps", case.rcps.is_some(), Said { rcps: NO_LIMIT, ..said });
    tell("keyPolicy", case.key.is_some(), Said { key: Some(NO_KEY_POLICY), ..said });
    tell("grants", case.grants.is_some(), Said { grants: NO_GRANTS, ..said });
    Judgement { decision, deciding }
}

/// Asks every policy type. One that is not there does not limit.
///
/// The root user has all permissions in its own account. Neither SCPs nor RCPs touch service-linked roles,
/// and RCPs leave `kms:RetireGrant` alone.
/// Source: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html>
/// Source: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html>
fn everything(case: &Case) -> Said {
    let request = &case.request;
    let says = |policy: &Policy| policy_says(policy, request);
    let linked = request.requester.is_service_linked();
    let retires = request.action.eq_ignore_ascii_case("kms:RetireGrant");
    let identity = any_of(&case.identity, request);
    let root = request.requester.kind == Kind::Root;
    Said {
        identity: if root { Says { allow: Truth::True, ..identity } } else { identity },
        boundary: case.boundary.as_ref().map_or(NO_LIMIT, says),
        // Several session policies add up (capture of AWS).
        session: case.session.as_ref().map_or(NO_LIMIT, |policies| any_of(policies, request)),
        scps: if linked { NO_LIMIT } else { levels(case.scps.as_ref(), request) },
        rcps: if linked || retires { NO_LIMIT } else { levels(case.rcps.as_ref(), request) },
        key: case.key.as_ref().map(|policy| key_policy_says(policy, request, case.boundary.is_some())),
        grants: case.grants.as_ref().map_or(NO_GRANTS, |grants| grants_say(grants, request)),
    }
}

/// Policies of one kind add up: any may allow, any may deny.
fn any_of(policies: &[Policy], request: &Request) -> Says {
    policies
        .iter()
        .map(|policy| policy_says(policy, request))
        .fold(NEITHER, |all, one| Says { allow: all.allow.or(one.allow), deny: all.deny.or(one.deny) })
}

/// Limits that stand one behind another: all must allow, any may deny.
fn all_of(limits: impl Iterator<Item = Says>) -> Says {
    limits.fold(NO_LIMIT, |all, one| Says { allow: all.allow.and(one.allow), deny: all.deny.or(one.deny) })
}

/// From the root of the organization to the account, every level must allow.
///
/// Source: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html>
fn levels(levels: Option<&Vec<Vec<Policy>>>, request: &Request) -> Says {
    all_of(levels.into_iter().flatten().map(|level| any_of(level, request)))
}

/// An explicit deny wins; then it takes an allow; what is neither sure nor impossible is unknown.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html>
fn decide(said: &Said, request: &Request) -> &'static str {
    let key_deny = said.key.map_or(Truth::False, |key| key.deny);
    let deny = Truth::any([
        said.identity.deny,
        said.boundary.deny,
        said.session.deny,
        said.scps.deny,
        said.rcps.deny,
        key_deny,
    ]);
    let allow = Truth::all([given(said, request), said.scps.allow, said.rcps.allow]);
    match (deny, allow) {
        (Truth::True, _) => "explicitDeny",
        (Truth::False | Truth::Unknown, Truth::False) => "implicitDeny",
        (Truth::False, Truth::True) => "allowed",
        (Truth::Unknown, Truth::True) | (Truth::False | Truth::Unknown, Truth::Unknown) => "unknown",
    }
}

/// Whether the key policy, the principal's own policies or a grant give what is asked for.
///
/// Within an account, an identity-based policy counts only for what the key policy gave the account. What is
/// given to the role itself is limited by the permissions boundary and the session policies; what is given
/// to the session, to a user or to everybody is not. Across accounts both sides must allow.
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html>
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html>
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html>
fn given(said: &Said, request: &Request) -> Truth {
    let limits = said.boundary.allow.and(said.session.allow);
    let own = said.identity.allow.and(limits);
    let same_account = request.requester.account == request.resource_account;
    let by_policy = match said.key {
        None => own.and(same_account.into()),
        Some(key) if same_account => Truth::any([key.itself, key.role.and(limits), key.account.and(own)]),
        Some(key) => {
            Truth::any([key.itself, key.role, key.account]).and(own).and(works_across_accounts(request).into())
        }
    };
    // Whether a boundary or a session policy that does not allow limits what is granted to a user or an account is told
    // nowhere.
    let perhaps = limits.or(Truth::Unknown);
    let grants = said.grants;
    let to_account = grants.account.and(said.identity.allow);
    let alone = Truth::any([grants.session, grants.role.and(limits), grants.user.or(to_account).and(perhaps)]);
    Truth::any([by_policy, alone, grants.foreign.and(own)])
}

/// Whether the operation can be allowed to another account at all.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html>
fn works_across_accounts(request: &Request) -> bool {
    const OPERATIONS: [&str; 20] = [
        "CreateGrant",
        "Decrypt",
        "DeriveSharedSecret",
        "DescribeKey",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateMac",
        "GetKeyRotationStatus",
        "GetPublicKey",
        "ListGrants",
        "ReEncryptFrom",
        "ReEncryptTo",
        "RetireGrant",
        "RevokeGrant",
        "Sign",
        "Verify",
        "VerifyMac",
    ];
    OPERATIONS.iter().any(|operation| operation.eq_ignore_ascii_case(request.service_and_operation().1))
}
