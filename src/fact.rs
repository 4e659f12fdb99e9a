//! What is known of a fact: its value, that there is none, or why it was not read.

use serde::{Deserialize, Serialize};

/// What is known of one fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fact<T> {
    /// It was read.
    Known(T),
    /// It was looked for, and AWS says that there is none.
    Absent,
    /// It was not read; it may be anything.
    Unread(Unread),
    /// Of a list a part was read: what stands in it counts, and more may follow.
    Part {
        /// What was read.
        known: T,
        /// Why the rest was not.
        unread: Unread,
    },
}

/// Why a fact was not read, and what would have been needed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unread {
    /// The kind of failure.
    pub why: UnreadReason,
    /// The read permission that the reader would have needed, as `kms:GetKeyPolicy`; empty if none would help.
    #[serde(default)]
    pub needs: String,
    /// What AWS or the network said.
    #[serde(default)]
    pub message: String,
}

/// The ways in which a read comes to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UnreadReason {
    /// AWS refused: the reader lacks the permission, or an organization's policy denies it.
    Denied,
    /// AWS throttled to the last attempt.
    Throttled,
    /// No whole answer arrived: connection, time-out, server fault, a body cut short.
    Transport,
    /// An answer came that could not be understood, or lacked the fact.
    Unparsable,
    /// Nobody asked: across accounts it cannot be read, or an earlier read failed.
    NotAsked,
}

impl Unread {
    /// A fact for which nobody asked.
    pub fn not_asked(needs: &str) -> Self {
        Self { why: UnreadReason::NotAsked, needs: needs.to_owned(), message: String::new() }
    }

    /// A fact that an answer does not tell, or not whole, and what is wrong with it.
    pub(crate) fn unparsable(needs: &str, message: impl Into<String>) -> Self {
        Self { why: UnreadReason::Unparsable, needs: needs.to_owned(), message: message.into() }
    }
}

impl<T> Default for Fact<T> {
    /// A field that a capture leaves out was not read.
    fn default() -> Self {
        Self::Unread(Unread::not_asked(""))
    }
}

impl<T> Fact<T> {
    /// What an answer tells of the fact, or else what it lacks, in words.
    pub(crate) fn told(needs: &str, told: Result<T, String>) -> Self {
        told.map_or_else(|lacks| Self::Unread(Unread::unparsable(needs, lacks)), Self::Known)
    }

    /// The fact, if it was read.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(fact) => Some(fact),
            Self::Absent | Self::Unread(_) | Self::Part { .. } => None,
        }
    }

    /// The fact, to be changed, if it was read.
    pub fn known_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Known(fact) => Some(fact),
            Self::Absent | Self::Unread(_) | Self::Part { .. } => None,
        }
    }

    /// Returns what was read of the fact, be it whole or a part.
    pub fn found(&self) -> Option<&T> {
        match self {
            Self::Known(fact) | Self::Part { known: fact, .. } => Some(fact),
            Self::Absent | Self::Unread(_) => None,
        }
    }

    /// Returns what was read of the fact, be it whole or a part, to be changed.
    pub(crate) fn found_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Known(fact) | Self::Part { known: fact, .. } => Some(fact),
            Self::Absent | Self::Unread(_) => None,
        }
    }

    /// Why it was not read, or not whole, if it was not.
    pub fn unread(&self) -> Option<&Unread> {
        match self {
            Self::Unread(unread) | Self::Part { unread, .. } => Some(unread),
            Self::Known(_) | Self::Absent => None,
        }
    }

    /// Returns the reading as a part of a whole, the rest of which was not read.
    #[must_use]
    pub(crate) fn cut(self, unread: Unread) -> Self {
        match self {
            Self::Known(known) => Self::Part { known, unread },
            Self::Absent | Self::Unread(_) | Self::Part { .. } => self,
        }
    }

    /// Returns the reading of a whole: of what a part does not hold nobody knows whether it is there.
    #[must_use]
    pub(crate) fn whole(self) -> Self {
        match self {
            Self::Part { unread, .. } => Self::Unread(unread),
            Self::Known(_) | Self::Absent | Self::Unread(_) => self,
        }
    }

    /// Whether nobody asked for it and nobody said more of it: a field that a capture leaves out.
    pub fn is_not_asked(&self) -> bool {
        self.unread().is_some_and(|unread| *unread == Unread::not_asked(""))
    }

    /// Returns `true` if nobody asked for the fact, be it said which permission that takes or not.
    pub(crate) fn is_unasked(&self) -> bool {
        matches!(self, Self::Unread(unread) if unread.why == UnreadReason::NotAsked)
    }

    /// The reading by reference.
    pub fn as_ref(&self) -> Fact<&T> {
        match self {
            Self::Known(fact) => Fact::Known(fact),
            Self::Absent => Fact::Absent,
            Self::Unread(unread) => Fact::Unread(unread.clone()),
            Self::Part { known, unread } => Fact::Part { known, unread: unread.clone() },
        }
    }

    /// The reading of what `f` makes of the fact.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(fact) => Fact::Known(f(fact)),
            Self::Absent => Fact::Absent,
            Self::Unread(unread) => Fact::Unread(unread),
            Self::Part { known, unread } => Fact::Part { known: f(known), unread },
        }
    }
}
