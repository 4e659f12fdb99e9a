//! Changes that AWS would refuse: they never take effect, so nothing may be told of a start after them.

use std::fmt;

use crate::capture::{Capture, Identity};
use crate::document::Document;
use crate::fact::Fact;
use crate::names::{AliasName, KeyArn, OrgPolicyId, PolicyArn, PrincipalArn, RoleArn};
use crate::policy::{Place, Policy, PolicyError, PolicyType, Problem, Size, refused};

use super::policy::{identities, inline, is_named};
use super::savers::{Savers, savers};
use super::{Change, Edit, PolicyPlace, apply, edited};

/// Why AWS would refuse a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It would not save the document.
    Document { place: PolicyPlace, document: Document, faults: Vec<PolicyError> },
    /// It lets nobody do such a thing.
    Rule(Rule),
}

/// What AWS lets nobody do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rule {
    /// AWS owns the managed policy.
    AwsManagedPolicy(PolicyArn),
    /// A service or IAM Identity Center owns the role.
    ProtectedRole(String),
    /// AWS owns the organization policy that allows everything.
    FullAccess(OrgPolicyId),
    /// AWS owns the key.
    AwsManagedKey(KeyArn),
    /// EBS encrypts with keys of the volume's own Region.
    KeyOfAnotherRegion { key: KeyArn, region: String },
    /// So many managed policies, and no more.
    Attachments { identity: PrincipalArn, limit: usize },
}

impl Rule {
    /// What AWS answers, where that is known.
    pub(crate) fn answer(&self) -> Option<String> {
        Some(match self {
            Self::ProtectedRole(arn) => format!(
                "UnmodifiableEntity: Cannot perform the operation on the protected role '{}' - this role is only modifiable \
                 by AWS",
                last(arn)
            ),
            Self::FullAccess(_) => "InvalidInputException (IMMUTABLE_POLICY)".to_owned(),
            Self::Attachments { limit, .. } => {
                format!("LimitExceeded: Cannot exceed quota for PoliciesPerRole: {limit}")
            }
            Self::AwsManagedPolicy(_) | Self::AwsManagedKey(_) | Self::KeyOfAnotherRegion { .. } => return None,
        })
    }

    /// What can be done in its place.
    pub(crate) fn instead(&self) -> &'static str {
        match self {
            Self::AwsManagedPolicy(_) => {
                "attach a changed copy in its place: --attach-policy ROLE=ARN-OF-THE-COPY --set-managed-policy \
                 ARN-OF-THE-COPY=FILE --detach-policy ROLE=ARN"
            }
            Self::ProtectedRole(_) => {
                "a service-linked role gets its rights from the key policy or a grant; a role of IAM Identity Center from its \
                 permission set, whose one inline policy is AwsSSOInlinePolicy"
            }
            Self::FullAccess(_) => "attach a policy of your own beside it or, of SCPs, in its place",
            Self::AwsManagedKey(_) => "only a customer managed key can be changed",
            Self::KeyOfAnotherRegion { .. } => "give a key of the volumes' Region",
            Self::Attachments { .. } => "detach one first, or have the quota raised",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AwsManagedPolicy(arn) => write!(f, "AWS owns the managed policy {arn}, and nobody else changes it"),
            Self::ProtectedRole(arn) => write!(f, "AWS alone changes the policies of the role {arn}"),
            Self::FullAccess(id) => write!(f, "AWS owns the policy {id}, and nobody else changes it"),
            Self::AwsManagedKey(key) => write!(f, "{key} is an AWS managed key: nobody changes it"),
            Self::KeyOfAnotherRegion { key, region } => {
                write!(f, "{key} is a key of {}, and a volume in {region} takes keys of {region} only", key.region())
            }
            Self::Attachments { identity, limit } => {
                write!(f, "{identity} would have more than {limit} managed policies")
            }
        }
    }
}

/// Why AWS would refuse the changes, made one after the other.
pub(crate) fn refusals(capture: &Capture, changes: &[Change]) -> Vec<Refusal> {
    let mut capture = capture.clone();
    let mut found = Vec::new();
    for change in changes {
        found.extend(rule(&capture, change).map(Refusal::Rule));
        found.extend(document(&capture, change));
        capture = apply(&capture, change);
    }
    found
}

fn document(capture: &Capture, change: &Change) -> Option<Refusal> {
    let (place, document) = match change {
        Change::Policy { place, edits } => (place.clone(), edited(place.document(capture), edits)?),
        Change::NewKey { key, policy } => (PolicyPlace::KeyPolicy(key.clone()), policy.clone()),
        Change::AddGrant { .. }
        | Change::RevokeGrant { .. }
        | Change::KeyState { .. }
        | Change::EncryptVolumes { .. }
        | Change::AttachPolicy { .. }
        | Change::DetachPolicy { .. }
        | Change::DeleteRole { .. }
        | Change::RecreateRole { .. } => return None,
    };
    let faults = faults(capture, &place, &document);
    (!faults.is_empty()).then_some(Refusal::Document { place, document, faults })
}

/// Everything for which AWS would refuse to save the document in this place.
pub(crate) fn faults(capture: &Capture, place: &PolicyPlace, document: &Document) -> Vec<PolicyError> {
    let partition = match place {
        PolicyPlace::Inline { identity, .. } => identity.partition(),
        PolicyPlace::Boundary { identity } => identity.partition(),
        PolicyPlace::Managed { arn } => arn.partition(),
        PolicyPlace::KeyPolicy(key) => key.partition(),
        PolicyPlace::Scp { .. } | PolicyPlace::Rcp { .. } | PolicyPlace::Session { .. } => {
            capture.targets.first().map_or("aws", |target| target.role_arn.partition())
        }
    };
    let is_gone = |principal: &str| is_gone(capture, principal);
    let (kind, text) = (place.kind(), document.text());
    let mut faults = refused(text, Place { kind, partition, is_gone: &is_gone });
    // AWS saved it before, and may know more by now than this program.
    let before =
        place.document(capture).map(|before| refused(before.text(), Place { kind, partition, is_gone: &is_gone }));
    let before = before.unwrap_or_default();
    faults.retain(|fault| {
        !(fault.problem.is_of_a_growing_list() && before.iter().any(|old| old.problem == fault.problem))
    });
    if !faults.is_empty() {
        return faults;
    }
    let problem = match place {
        PolicyPlace::KeyPolicy(key) => (savers(key, document) == Some(Savers::Nobody)).then_some(Problem::LockOut),
        PolicyPlace::Inline { identity, name } => {
            let others = inline(capture, identity).filter(|policy| policy.name != *name);
            let others = others.filter_map(|policy| policy.document.known()).map(Document::text);
            let size = Size::of_inline(identity.as_str(), others.chain([text]));
            (!size.fits()).then_some(Problem::TooLarge(size))
        }
        PolicyPlace::Managed { .. } => {
            let size = Size::of(kind, text);
            (!size.fits()).then_some(Problem::TooLarge(size))
        }
        PolicyPlace::Boundary { .. }
        | PolicyPlace::Scp { .. }
        | PolicyPlace::Rcp { .. }
        | PolicyPlace::Session { .. } => None,
    };
    let span = Policy::parse(text, kind).ok().and_then(|policy| policy.statements.first().map(|first| first.span));
    problem.map(|problem| PolicyError { problem, span: span.unwrap_or_default() }).into_iter().collect()
}

/// Whether a principal is known not to exist. An ID that is none of the roles and users that were read is that of a
/// deleted one: KMS shows others by their ARN.
fn is_gone(capture: &Capture, principal: &str) -> bool {
    if !principal.starts_with("arn:") {
        let is_it = |identity: &Identity| identity.unique_id.known().is_some_and(|id| *id == principal);
        return !identities(capture).any(|(_, identity)| is_it(identity));
    }
    capture.identities.get(principal) == Some(&Fact::Absent)
}

/// How many managed policies a role or user may have; the quota can be raised.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const ATTACHMENTS: usize = 10;

fn rule(capture: &Capture, change: &Change) -> Option<Rule> {
    match change {
        Change::Policy { place, edits } => match place {
            PolicyPlace::Inline { identity, name } => protected(capture, identity.as_str(), Some(name.as_str())),
            PolicyPlace::Boundary { identity } => protected(capture, identity.as_str(), None).or_else(|| {
                // A whole document is another boundary; an edit is one of the policy itself.
                let boundary = capture.identities.get(identity)?.known()?.boundary.known()?;
                (boundary.arn.is_of_aws() && !matches!(edits.as_slice(), [Edit::Whole(_)]))
                    .then(|| Rule::AwsManagedPolicy(boundary.arn.clone()))
            }),
            PolicyPlace::Managed { arn } => arn.is_of_aws().then(|| Rule::AwsManagedPolicy(arn.clone())),
            PolicyPlace::KeyPolicy(key) => aws_managed(capture, key),
            // Source: <https://docs.aws.amazon.com/organizations/latest/APIReference/API_UpdatePolicy.html>
            PolicyPlace::Scp { id } => (*id == "p-FullAWSAccess").then(|| Rule::FullAccess(id.clone())),
            PolicyPlace::Rcp { id } => (*id == "p-RCPFullAWSAccess").then(|| Rule::FullAccess(id.clone())),
            PolicyPlace::Session { .. } => None,
        },
        Change::KeyState { key, .. } => aws_managed(capture, key),
        Change::EncryptVolumes { key } => {
            let region = capture.read.region.as_str();
            (key.region() != region).then(|| Rule::KeyOfAnotherRegion { key: key.clone(), region: region.to_owned() })
        }
        Change::AttachPolicy { identity, .. } => protected(capture, identity.as_str(), None).or_else(|| {
            let mut named = identities(capture).filter(|(asked, known)| is_named(asked, known, identity.as_str()));
            let attached = named.find_map(|(_, known)| known.attached.known().map(Vec::len))?;
            let limit = ATTACHMENTS;
            (attached >= limit).then(|| Rule::Attachments { identity: identity.clone(), limit })
        }),
        Change::DetachPolicy { identity, .. } => protected(capture, identity.as_str(), None),
        // Only deleting a role of a service or of IAM Identity Center is open to others, by ways of their own.
        Change::DeleteRole { .. }
        | Change::RecreateRole { .. }
        | Change::AddGrant { .. }
        | Change::RevokeGrant { .. }
        | Change::NewKey { .. } => None,
    }
}

/// The inline policy that IAM Identity Center makes of a permission set's.
///
/// Source: <https://docs.aws.amazon.com/singlesignon/latest/userguide/permissionsetcustom.html>
pub(crate) const PERMISSION_SET_POLICY: &str = "AwsSSOInlinePolicy";

/// Roles whose policies AWS alone changes; of a permission set's role, its one inline policy by way of the set.
fn protected(capture: &Capture, identity: &str, policy: Option<&str>) -> Option<Rule> {
    let held = PrincipalArn::parse(identity).ok();
    let known = held.as_ref().and_then(|held| capture.identity(held)?.1.known());
    let arn = known.map_or(identity, |known| known.arn.as_str());
    let role = RoleArn::parse(arn).ok()?;
    let is_of_a_set = role.path_and_name().starts_with("aws-reserved/sso.amazonaws.com/");
    let is_open = is_of_a_set && policy.is_none_or(|policy| policy == PERMISSION_SET_POLICY);
    (role.is_service_linked() || (is_of_a_set && !is_open)).then(|| Rule::ProtectedRole(arn.to_owned()))
}

/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-key>
fn aws_managed(capture: &Capture, key: &KeyArn) -> Option<Rule> {
    let known = capture.keys.get(key)?;
    let is_managed = known.metadata.known().is_some_and(|metadata| metadata.manager == "AWS");
    let is_aliased = known.aliases.known().is_some_and(|all| all.iter().any(AliasName::is_of_aws));
    (is_managed || is_aliased).then(|| Rule::AwsManagedKey(key.clone()))
}

fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or_default()
}

/// What AWS answers to a document with these faults, each answer once.
#[cfg(feature = "cli")]
pub(crate) fn answers(kind: PolicyType, faults: &[PolicyError]) -> Vec<String> {
    let mut answers = Vec::new();
    for fault in faults {
        let answer = fault.problem.answer(kind);
        if !answers.contains(&answer) {
            answers.push(answer);
        }
    }
    answers
}
