use thiserror::Error;

use super::limits::Size;
use crate::document::Span;

/// One reason for which AWS refuses to save a policy, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem}")]
pub struct PolicyError {
    /// What is wrong.
    pub problem: Problem,
    /// Where, in the text that was parsed.
    pub span: Span,
}

/// What can be wrong with a policy document.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// The text is no JSON.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// More than AWS takes of any policy, and more than is read.
    #[error("the policy is larger than {0}")]
    Unbounded(String),
    /// AWS refuses this; most JSON readers silently keep the last one.
    #[error("element `{0}` appears twice")]
    Duplicate(String),
    /// A name that the policy language does not have here.
    #[error("unknown element `{0}`")]
    UnknownElement(String),
    /// An element that must be there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// Two elements that exclude each other.
    #[error("a statement holds `{0}` or `{1}`, not both")]
    Both(&'static str, &'static str),
    /// A value of the wrong type.
    #[error("`{element}` must be {expected}")]
    WrongType {
        /// The element.
        element: String,
        /// What AWS expects.
        expected: &'static str,
    },
    /// A value that AWS does not know.
    #[error("`{value}` is no {what}")]
    BadValue {
        /// What it was to be.
        what: &'static str,
        /// What it is.
        value: String,
    },
    /// An element that this policy type does not have.
    #[error("`{element}` has no place in {policy}")]
    Misplaced {
        /// The element.
        element: &'static str,
        /// The policy type, in words.
        policy: &'static str,
    },
    /// An element or list without values.
    #[error("`{0}` is empty")]
    Empty(String),
    /// KMS refuses this set operator on a single-valued key in a key policy.
    #[error("`ForAllValues` does not go with `{0}` in a key policy")]
    ForAllValuesOnSingle(String),
    /// Two statements of one name.
    #[error("the Sid `{0}` appears twice")]
    DuplicateSid(String),
    /// A character beyond Latin-1.
    #[error("AWS takes no character `{0}` in a policy, only those of Latin-1")]
    Character(char),
    /// A resource that is no ARN.
    #[error("`{0}` is neither an ARN nor `*`")]
    NoArn(String),
    /// A resource of another partition.
    #[error("`{arn}` is of partition `{partition}`, the policy is not")]
    Partition {
        /// The partition in it.
        partition: String,
        /// The resource.
        arn: String,
    },
    /// A principal that a key policy cannot name.
    #[error("`{principal}` is no principal of a key policy: {why}")]
    Principal {
        /// The principal.
        principal: String,
        /// Why not.
        why: &'static str,
    },
    /// A service principal that is not known.
    #[error("AWS has no service `{0}` that is known here")]
    Service(String),
    /// A condition key that KMS takes in no key policy.
    #[error("`{0}` is no condition key of a key policy")]
    KeyInKeyPolicy(String),
    /// A key policy after which nobody could change the key policy.
    #[error("it lets nobody of the key's account change the key policy (kms:PutKeyPolicy)")]
    LockOut,
    /// Something that an RCP does not have.
    #[error("an RCP {0}")]
    Rcp(String),
    /// A service that RCPs do not bind.
    #[error("RCPs do not bind resources of `{0}`, as far as is known here")]
    RcpService(String),
    /// A policy over AWS's limit.
    #[error("it holds {}, and AWS takes {}", .0.holds, .0.limit)]
    TooLarge(Size),
}
