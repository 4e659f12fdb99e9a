use std::fmt;

use crate::policy::Truth;

/// What evaluation comes to, in AWS's wire words and one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Allowed, and no deny is possible.
    Allowed,
    /// A Deny statement applies.
    ExplicitDeny,
    /// Nothing allows it, or a policy type that must allow does not.
    ImplicitDeny,
    /// It hangs on something that is not known.
    Unknown,
}

impl Decision {
    /// From what is known of the denies and of the allows.
    ///
    /// A deny that may apply on top of a definite lack of allows does not make that unknown.
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>
    pub(super) fn of(denied: Truth, allowed: Truth) -> Self {
        match (denied, allowed) {
            (Truth::True, _) => Self::ExplicitDeny,
            (_, Truth::False) => Self::ImplicitDeny,
            (Truth::False, Truth::True) => Self::Allowed,
            (Truth::Unknown, _) | (_, Truth::Unknown) => Self::Unknown,
        }
    }

    /// As it stands in reports: `allowed`, `explicitDeny`, `implicitDeny`, `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::ExplicitDeny => "explicitDeny",
            Self::ImplicitDeny => "implicitDeny",
            Self::Unknown => "unknown",
        }
    }

    /// Returns `true` if the request is allowed.
    pub fn is_allowed(self) -> bool {
        self == Self::Allowed
    }

    /// Whether it is a definite deny of either kind.
    pub fn is_denied(self) -> bool {
        matches!(self, Self::ExplicitDeny | Self::ImplicitDeny)
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
