use jiff::Timestamp;

/// Something taken for granted because nobody said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Assumption {
    /// No session policy narrows the session.
    NoSessionPolicy,
    /// The session has no tags of its own.
    NoSessionTags,
    /// SCPs and RCPs that were not read allow: stated by the asker.
    OrganizationAllows,
    /// The time of evaluation.
    EvaluatedAt(Timestamp),
    /// The key policy of an AWS managed key was not read; AWS's known one is taken.
    KnownManagedKeyPolicy,
}
