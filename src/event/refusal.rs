use super::{EvidenceItem, texts};
use crate::paste::after;

/// An access-denied text of AWS, taken apart.
///
/// Both forms are read: with the denying policy's ARN at the end and without it.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The ARN of the principal that was refused; empty if the text does not tell.
    pub principal: String,
    /// As `kms:CreateGrant`; empty if the text does not tell.
    pub action: String,
    /// The call that was refused, where the text names it besides the action, as `ec2:RunInstances`.
    pub call: String,
    /// The resource's ARN; empty if the text hides it, as for a key of another account.
    pub resource: String,
    /// How it was denied.
    pub denial: Denial,
    /// The policy type that AWS names.
    pub policy: Option<PolicyKind>,
    /// The ARN of the denying policy, which AWS adds for managed policies, SCPs and RCPs.
    pub policy_arn: Option<String>,
    /// The encoded authorization failure message.
    pub encoded: Option<Encoded>,
    /// The Sids of the statements that a decoded message names.
    pub statements: Vec<String>,
}

/// How a request was denied, as far as the text tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Denial {
    /// A Deny statement applied.
    Explicit,
    /// No Allow statement applied.
    Implicit,
    /// AWS hides the cause, as it does across accounts.
    Hidden,
    /// It was not denied, by the decoded message.
    None,
    /// The text does not tell.
    #[default]
    Untold,
}

/// The policy types that AWS names in its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// `identity-based policy`
    Identity,
    /// `resource-based policy`: on a KMS key, the key policy.
    Resource,
    /// `permissions boundary`
    Boundary,
    /// `session policy`
    Session,
    /// `service control policy`
    Scp,
    /// `resource control policy`
    Rcp,
    /// `VPC endpoint policy`
    VpcEndpoint,
}

impl PolicyKind {
    const ALL: [(&'static str, Self); 7] = [
        ("identity-based policy", Self::Identity),
        ("resource-based policy", Self::Resource),
        ("permissions boundary", Self::Boundary),
        ("session policy", Self::Session),
        ("service control policy", Self::Scp),
        ("resource control policy", Self::Rcp),
        ("VPC endpoint policy", Self::VpcEndpoint),
    ];

    /// AWS's words for it.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(words, _)| words)
    }

    /// Returns AWS's words for all of them.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().map(|(words, _)| *words)
    }

    /// Returns the policy type that a flow begins with, and the rest of the flow.
    pub(super) fn at_start_of(text: &str) -> Option<(Self, &str)> {
        Self::ALL.iter().find_map(|(words, kind)| Some((*kind, after(text, words)?)))
    }
}

/// An encoded authorization failure message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encoded {
    /// `sts:DecodeAuthorizationMessage` decodes it.
    Whole(String),
    /// CloudTrail cuts it after 1 KB; the rest stands only in the caller's own output.
    Cut,
    /// Somebody masked it or left it out.
    Masked,
    /// A line end may have broken it, and where it ends is not clear.
    Broken,
}

impl Refusal {
    /// Reads a text in which AWS refuses a request; `None` for any other text, or for one that is cut.
    pub fn parse(text: &str) -> Option<Self> {
        let (materials, _) = texts::read(text);
        materials
            .into_iter()
            .find_map(|one| if let EvidenceItem::Refusal(refusal, _) = one { Some(refusal) } else { None })
    }

    /// Returns `true` if all that `self` tells stands in `other` as well, alike.
    pub(super) fn is_part_of(&self, other: &Self) -> bool {
        let same = |own: &str, other: &str| own.is_empty() || own == other;
        same(&self.principal, &other.principal)
            && (same(&self.action, &other.action) || (self.principal.is_empty() && self.action == other.call))
            && same(&self.resource, &other.resource)
            && (self.denial == Denial::Untold || self.denial == other.denial)
            && (self.policy.is_none() || self.policy == other.policy)
            && (self.policy_arn.is_none() || self.policy_arn == other.policy_arn)
            && (self.encoded.is_none() || self.encoded == other.encoded)
            && self.statements.iter().all(|sid| other.statements.contains(sid))
    }

    /// Returns `true` if the same request was refused in the same way, in whichever session.
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        (&self.action, &self.resource, self.denial, self.policy, &self.policy_arn)
            == (&other.action, &other.resource, other.denial, other.policy, &other.policy_arn)
    }

    /// The refusal with what its encoded message says.
    ///
    /// # Errors
    /// When the decoded message is of another action, principal or resource.
    pub fn with_decoded(&self, decoded: &Self) -> Result<Self, String> {
        let of_both = |what: &str, own: &str, other: &str| {
            if !own.is_empty() && !other.is_empty() && own != other {
                return Err(format!("its {what} is {other}, that of the error text {own}"));
            }
            Ok(if own.is_empty() { other } else { own }.to_owned())
        };
        Ok(Self {
            action: of_both("action", &self.action, &decoded.action)?,
            principal: of_both("principal", &self.principal, &decoded.principal)?,
            resource: of_both("resource", &self.resource, &decoded.resource)?,
            denial: decoded.denial,
            statements: decoded.statements.clone(),
            encoded: None,
            ..self.clone()
        })
    }
}
