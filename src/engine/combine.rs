use std::sync::Arc;

use crate::policy::{Effect, PolicyType, Truth};

use super::decision::Decision;
use super::grant::{GrantAllow, Issuer};
use super::principal::{PrincipalKind, PrincipalMatch};
use super::recorder::{Recorder, Silent};
use super::request::Request;
use super::set::{NamedPolicy, PolicyRef, PolicySet};
use super::statement::applies;

/// What the Allow statements of a key policy give, by the way in which they name the principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPolicyAllow {
    /// By `*`: neither a permissions boundary nor a session policy limits it.
    pub anyone: Truth,
    /// By the account: left to the account's IAM policies (delegation).
    pub account: Truth,
    /// By the role: a permissions boundary and session policies limit it.
    pub role: Truth,
    /// By the session: neither limits it.
    pub session: Truth,
    /// By the user: session policies limit it.
    pub user: Truth,
}

/// What every policy type says of one request, and how that comes together.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyTypeOutcomes {
    /// Whether an identity-based policy denies.
    pub identity_denies: Truth,
    /// Whether the permissions boundary denies explicitly.
    pub boundary_denies: Truth,
    /// Whether a session policy denies explicitly.
    pub session_denies: Truth,
    /// Whether an SCP denies explicitly.
    pub scp_denies: Truth,
    /// Whether an RCP denies explicitly.
    pub rcp_denies: Truth,
    /// Whether the key policy denies.
    pub key_policy_denies: Truth,
    /// Whether an identity-based policy allows.
    pub identity: Truth,
    /// Whether the permissions boundary allows; true without one.
    pub boundary: Truth,
    /// Whether a session policy allows; true without any.
    pub session: Truth,
    /// Whether every level of SCPs allows; true where they do not bind.
    pub scps: Truth,
    /// Whether every level of RCPs allows; true where they do not bind.
    pub rcps: Truth,
    /// What the key policy allows.
    pub key_policy: KeyPolicyAllow,
    /// What grants allow that suffice by themselves.
    pub grants: GrantAllow,
    /// What grants allow that the key owner's account issued to another account's principal: an identity-based
    /// policy must allow besides.
    pub owner_grants: GrantAllow,
    /// Whether the request is allowed if nothing denies.
    pub allowed: Truth,
}

impl PolicyTypeOutcomes {
    /// Whether some policy denies explicitly.
    pub fn denied(&self) -> Truth {
        self.identity_denies
            .or(self.boundary_denies)
            .or(self.session_denies)
            .or(self.scp_denies)
            .or(self.rcp_denies)
            .or(self.key_policy_denies)
    }

    /// What it comes to.
    pub fn decision(&self) -> Decision {
        Decision::of(self.denied(), self.allowed)
    }
}

/// Judges one request against everything that bears on it.
///
/// An explicit deny of any policy type wins; otherwise every policy type that binds the request must allow.
pub fn judge(request: &Request, policies: &PolicySet) -> Decision {
    walk(request, policies, &mut Silent).decision()
}

/// What one policy or list of policies says.
#[derive(Clone, Copy)]
struct Said {
    allows: PrincipalMatch,
    denies: Truth,
}

impl Said {
    const NOTHING: Self = Self { allows: PrincipalMatch::NOBODY, denies: Truth::False };

    fn or(self, other: Self) -> Self {
        Self { allows: self.allows.or(other.allows), denies: self.denies.or(other.denies) }
    }
}

/// One way through all policies, telling the recorder.
struct Walk<'a, R> {
    request: &'a Request,
    has_boundary: bool,
    recorder: &'a mut R,
}

impl<R: Recorder> Walk<'_, R> {
    /// What the policies of one list say together: one Allow suffices, and one Deny.
    fn list(&mut self, policies: &[Arc<NamedPolicy>], kind: PolicyType, level: usize) -> Said {
        let mut said = Said::NOTHING;
        for (index, policy) in policies.iter().enumerate() {
            said = said.or(self.policy(policy, PolicyRef { kind, level, index }));
        }
        said
    }

    /// What levels say together: every one must allow.
    fn levels<'p>(&mut self, levels: impl Iterator<Item = (PolicyRef, &'p [Arc<NamedPolicy>])>) -> (Truth, Truth) {
        let (mut allows, mut denies) = (Truth::True, Truth::False);
        for (at, policies) in levels {
            let mut said = Said::NOTHING;
            for (offset, policy) in policies.iter().enumerate() {
                said = said.or(self.policy(policy, PolicyRef { index: at.index + offset, ..at }));
            }
            allows = allows.and(said.allows.at_all());
            denies = denies.or(said.denies);
        }
        (allows, denies)
    }

    fn policy(&mut self, policy: &NamedPolicy, at: PolicyRef) -> Said {
        let Some(policy) = policy.policy.as_ref().filter(|policy| policy.kind == at.kind) else {
            // It was not read, or stands in the place of another type: it may say anything.
            let anything = PrincipalMatch {
                anyone: Truth::Unknown,
                account: Truth::Unknown,
                role: Truth::Unknown,
                session: Truth::Unknown,
                user: Truth::Unknown,
            };
            return Said { allows: anything, denies: Truth::Unknown };
        };
        let mut said = Said::NOTHING;
        for (number, statement) in policy.statements.iter().enumerate() {
            self.recorder.begin(at, number, statement.effect);
            let applies = applies(statement, self.request, at.kind, self.has_boundary, self.recorder);
            self.recorder.end(applies);
            if applies == PrincipalMatch::NOBODY {
                continue;
            }
            match statement.effect {
                Effect::Allow => said.allows = said.allows.or(applies),
                Effect::Deny => said.denies = said.denies.or(applies.at_all()),
            }
        }
        said
    }

    /// What grants allow: those that suffice alone, and those that need an identity-based policy besides.
    ///
    /// Across accounts that depends on the account that issued them. Two grants do not add up.
    /// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/grants.html>
    fn grants(&mut self, policies: &PolicySet) -> (GrantAllow, GrantAllow) {
        let (mut alone, mut with_identity) = (GrantAllow::NONE, GrantAllow::NONE);
        for grant in policies.grants.all() {
            self.recorder.grant(grant, self.request);
            let allows = grant.allows(self.request);
            match grant.issuer(self.request) {
                Issuer::Own => alone = alone.or(allows),
                Issuer::Owner => with_identity = with_identity.or(allows),
                Issuer::Third => alone = alone.or(allows.and(Truth::Unknown)),
                Issuer::Untold => {
                    alone = alone.or(allows.and(Truth::Unknown));
                    with_identity = with_identity.or(allows);
                }
            }
        }
        if policies.grants.unread.is_some() {
            let maybe = match self.request.principal.kind {
                PrincipalKind::Role(_) => {
                    GrantAllow { role: Truth::Unknown, session: Truth::Unknown, ..GrantAllow::NONE }
                }
                PrincipalKind::User => GrantAllow { user: Truth::Unknown, ..GrantAllow::NONE },
                PrincipalKind::Root => GrantAllow { account: Truth::Unknown, ..GrantAllow::NONE },
            };
            alone = alone.or(maybe);
        }
        (alone, with_identity)
    }
}

pub(super) fn walk<R: Recorder>(request: &Request, policies: &PolicySet, recorder: &mut R) -> PolicyTypeOutcomes {
    let mut walk = Walk { request, has_boundary: policies.boundary.is_some(), recorder };
    let identity = walk.list(&policies.identity, PolicyType::Identity, 0);
    let boundary = walk.levels(policies.boundary.iter().map(|boundary| {
        let at = PolicyRef { kind: PolicyType::Boundary, level: 0, index: 0 };
        (at, std::slice::from_ref(boundary))
    }));
    // Session policies add up: one that allows is enough, and each explicit deny binds. So did AWS answer in 2026.
    let session = if policies.session.is_empty() {
        (Truth::True, Truth::False)
    } else {
        let said = walk.list(&policies.session, PolicyType::Session, 0);
        (said.allows.at_all(), said.denies)
    };
    // Neither SCPs nor RCPs bind service-linked roles; RCPs leave kms:RetireGrant alone.
    let bound = !request.principal.is_service_linked();
    let bound_by_rcps = bound && request.action.lower() != "kms:retiregrant";
    let levels = |kind| move |(level, policies)| (PolicyRef { kind, level, index: 0 }, Vec::as_slice(policies));
    let scps = walk.levels(policies.scps.iter().filter(|_| bound).enumerate().map(levels(PolicyType::Scp)));
    let rcps = walk.levels(policies.rcps.iter().filter(|_| bound_by_rcps).enumerate().map(levels(PolicyType::Rcp)));
    let key = walk.list(&policies.key_policies, PolicyType::KeyPolicy, 0);
    let (grants, owner_grants) = walk.grants(policies);
    let mut gates = PolicyTypeOutcomes {
        identity_denies: identity.denies,
        boundary_denies: boundary.1,
        session_denies: session.1,
        scp_denies: scps.1,
        rcp_denies: rcps.1,
        key_policy_denies: key.denies,
        identity: identity.allows.at_all(),
        boundary: boundary.0,
        session: session.0,
        scps: scps.0,
        rcps: rcps.0,
        key_policy: KeyPolicyAllow {
            anyone: key.allows.anyone,
            account: key.allows.account,
            role: key.allows.role,
            session: key.allows.session,
            user: key.allows.user,
        },
        grants,
        owner_grants,
        allowed: Truth::False,
    };
    gates.allowed = gates.scps.and(gates.rcps).and(allowed(request, &gates));
    gates
}

/// Whether identity-based and resource-based policies and grants allow, within boundary and session policies.
pub(super) fn allowed(request: &Request, gates: &PolicyTypeOutcomes) -> Truth {
    let limits = gates.boundary.and(gates.session);
    let identity = gates.identity.and(limits);
    let is_root = request.principal.kind == PrincipalKind::Root;
    if !request.is_for_key() {
        // Nothing here but a KMS key has a policy of its own that could admit another account.
        let own = Truth::from(!request.is_cross_account());
        return if is_root { own } else { own.and(identity) };
    }
    let named = &gates.key_policy;
    let grants = limited_grants(gates.grants, gates, is_root);
    if request.is_cross_account() {
        if !works_across_accounts(request.action.lower()) {
            return Truth::False;
        }
        let admitted = named.anyone.or(named.account).or(named.role).or(named.session).or(named.user);
        let ours = if is_root { Truth::True } else { identity };
        return admitted.and(ours).or(grants).or(limited_grants(gates.owner_grants, gates, is_root).and(ours));
    }
    // The root user has no identity-based policies: what the key policy gives the account is given to it.
    let by_account = if is_root { named.account } else { named.account.and(identity) };
    named
        .anyone
        .or(named.session)
        .or(named.role.and(limits))
        .or(named.user.and(gates.session))
        .or(by_account)
        .or(grants)
}

/// Recorded behavior of 2026: an implicit deny of the boundary or a session policy limits a grant to a role, not
/// one to a session. Whether it limits one to a user or an account is not known, nor what an account's root user gets
/// from the latter.
fn limited_grants(grants: GrantAllow, gates: &PolicyTypeOutcomes, is_root: bool) -> Truth {
    let limits = gates.boundary.and(gates.session);
    let perhaps = limits.or(Truth::Unknown);
    let of_account = if is_root { Truth::Unknown } else { gates.identity.and(perhaps) };
    grants.session.or(grants.role.and(limits)).or(grants.user.and(perhaps)).or(grants.account.and(of_account))
}

/// The operations on a key of another account; any other permission is void there.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html>
fn works_across_accounts(action: &str) -> bool {
    matches!(
        action,
        "kms:creategrant"
            | "kms:decrypt"
            | "kms:derivesharedsecret"
            | "kms:describekey"
            | "kms:encrypt"
            | "kms:generatedatakey"
            | "kms:generatedatakeypair"
            | "kms:generatedatakeypairwithoutplaintext"
            | "kms:generatedatakeywithoutplaintext"
            | "kms:generatemac"
            | "kms:getkeyrotationstatus"
            | "kms:getpublickey"
            | "kms:listgrants"
            | "kms:reencryptfrom"
            | "kms:reencryptto"
            | "kms:retiregrant"
            | "kms:revokegrant"
            | "kms:sign"
            | "kms:verify"
            | "kms:verifymac"
    )
}
