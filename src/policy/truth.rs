use std::fmt;
use std::ops::Not;

/// What is known of a yes-or-no question: Kleene's three values, from no to yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// Certainly not.
    False,
    /// It may be either.
    Unknown,
    /// Certainly.
    True,
}

impl Truth {
    /// True where both are; false as soon as one is.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// True as soon as one is; false where both are.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// Whether it is certainly so.
    pub fn is_true(self) -> bool {
        self == Self::True
    }

    /// Whether it is certainly not so.
    pub fn is_false(self) -> bool {
        self == Self::False
    }

    /// Whether it may be so.
    pub fn is_possible(self) -> bool {
        self != Self::False
    }

    /// Whether one of `items` holds; stops at the first that certainly does.
    pub fn any<I: IntoIterator<Item = Self>>(items: I) -> Self {
        let mut all = Self::False;
        for item in items {
            all = all.or(item);
            if all.is_true() {
                break;
            }
        }
        all
    }

    /// Whether all of `items` hold; stops at the first that certainly does not.
    pub fn all<I: IntoIterator<Item = Self>>(items: I) -> Self {
        let mut all = Self::True;
        for item in items {
            all = all.and(item);
            if all.is_false() {
                break;
            }
        }
        all
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

impl Not for Truth {
    type Output = Self;
    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::Unknown => Self::Unknown,
            Self::False => Self::True,
        }
    }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::True => "yes",
            Self::Unknown => "unknown",
            Self::False => "no",
        })
    }
}
