use std::fmt;

use crate::document::Span;

use super::Truth;
use super::condition::Condition;
use super::pattern::Pattern;
use super::piece::NoVariables;

/// The kinds of policies that AWS evaluates together.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyType {
    /// Identity-based policies of a role, user or group.
    Identity,
    /// The permissions boundary of a role or user.
    Boundary,
    /// Policies passed when a session is created.
    Session,
    /// Service control policies of an organization.
    Scp,
    /// Resource control policies of an organization.
    Rcp,
    /// The resource-based policy of a KMS key.
    KeyPolicy,
}

impl PolicyType {
    /// All types.
    pub const ALL: [Self; 6] = [Self::Identity, Self::Boundary, Self::Session, Self::Scp, Self::Rcp, Self::KeyPolicy];
}

/// The version of the policy language.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `2008-10-17`, also where none is written: no policy variables.
    V2008,
    /// `2012-10-17`.
    V2012,
}

/// `Allow` or `Deny`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// `Allow`.
    Allow,
    /// `Deny`.
    Deny,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        })
    }
}

/// Whether an element lists what it applies to (`Action`) or what it leaves out (`NotAction`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Polarity {
    /// `Action`, `Resource`, `Principal`.
    Positive,
    /// `NotAction`, `NotResource`, `NotPrincipal`.
    Negated,
}

impl Polarity {
    /// `listed` as it counts in this sense.
    pub fn apply(self, listed: Truth) -> Truth {
        match self {
            Self::Positive => listed,
            Self::Negated => !listed,
        }
    }
}

/// A policy, compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What it was read as: a policy of one type says nothing in the place of another.
    pub kind: PolicyType,
    /// The version of its language.
    pub version: Version,
    /// Its statements, in order.
    pub statements: Vec<Statement>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its name, if it has one.
    pub sid: Option<Box<str>>,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// Whom it concerns, in resource-based policies.
    pub principal: Option<PrincipalElement>,
    /// Which actions.
    pub action: ActionElement,
    /// Which resources. A key policy statement may lack it, and then has no effect.
    pub resource: Option<ResourceElement>,
    /// Under which conditions; all must hold.
    pub conditions: Vec<Condition>,
    /// Where it stands.
    pub span: Span,
}

/// `Action` or `NotAction`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionElement {
    /// Which of the two.
    pub sense: Polarity,
    /// The patterns.
    pub patterns: Vec<ActionPattern>,
    /// Where it stands.
    pub span: Span,
}

/// One action pattern, as `kms:ReEncrypt*`; case does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionPattern {
    pub(super) written: Box<str>,
    pub(super) lower: Pattern,
}

impl ActionPattern {
    /// As it stands in the policy.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether it covers `lower`, an action in lower case.
    pub fn covers(&self, lower: &str) -> bool {
        self.lower.matches(lower, &NoVariables).is_true()
    }

    /// Where it stands.
    pub fn span(&self) -> Span {
        self.lower.span
    }
}

/// `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceElement {
    /// Which of the two.
    pub sense: Polarity,
    /// The patterns.
    pub patterns: Vec<Pattern>,
    /// Where it stands.
    pub span: Span,
}

/// `Principal` or `NotPrincipal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalElement {
    /// Which of the two.
    pub sense: Polarity,
    /// The entries.
    pub entries: Vec<(PrincipalEntry, Span)>,
    /// Where it stands.
    pub span: Span,
}

/// One principal of a resource-based policy.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalEntry {
    /// `*`.
    Anyone,
    /// An account, by its ID.
    Account(Box<str>),
    /// An account, by the ARN of its root, which names its partition too.
    Root(Box<str>),
    /// The ARN of a role.
    Role(Box<str>),
    /// The ARN of an assumed-role session.
    Session(Box<str>),
    /// The ARN of a user.
    User(Box<str>),
    /// The unique ID that AWS leaves behind where a named principal was deleted.
    UniqueId(Box<str>),
    /// A service principal, as `ec2.amazonaws.com`.
    Service(Box<str>),
    /// A federated user's provider.
    Federated(Box<str>),
    /// A canonical user ID.
    CanonicalUser(Box<str>),
    /// The ARN of anything else. Makes no request of a start.
    Other(Box<str>),
}

impl PrincipalEntry {
    /// As it stands in the policy.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Anyone => "*",
            Self::Account(text)
            | Self::Root(text)
            | Self::Role(text)
            | Self::Session(text)
            | Self::User(text)
            | Self::UniqueId(text)
            | Self::Service(text)
            | Self::Federated(text)
            | Self::CanonicalUser(text)
            | Self::Other(text) => text,
        }
    }
}
