use std::fmt;

use crate::names::ConditionKey;
use crate::source::Span;

use super::literal::{ArnPattern, Moment, Network};
use super::pattern::Pattern;

/// One test of a `Condition` element: an operator, a key, values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// How to compare.
    pub operator: Operator,
    /// What to compare: the value that the request context has for this key.
    pub key: ConditionKey,
    /// With what, as written.
    pub written: Vec<Box<str>>,
    /// With what, compiled.
    pub values: Values,
    /// Where the key and its values stand.
    pub span: Span,
}

/// A condition operator with its set operator and `…IfExists`.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    /// The comparison.
    pub comparison: Comparison,
    /// `ForAllValues:` or `ForAnyValue:`.
    pub quantifier: Option<Quantifier>,
    /// Whether `IfExists` ends its name.
    pub if_exists: bool,
}

/// How a multivalued key is taken.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// `ForAllValues:`.
    ForAllValues,
    /// `ForAnyValue:`.
    ForAnyValue,
}

macro_rules! comparisons {
    ($($name:ident $negated:literal,)*) => {
        /// The comparisons, by AWS's names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Comparison {
            $(#[doc = concat!("`", stringify!($name), "`.")] $name,)*
        }

        impl Comparison {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As AWS writes it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// Whether it asks that no value match.
            pub fn is_negated(self) -> bool {
                match self { $(Self::$name => $negated,)* }
            }
        }
    };
}

comparisons! {
    StringEquals false,
    StringNotEquals true,
    StringEqualsIgnoreCase false,
    StringNotEqualsIgnoreCase true,
    StringLike false,
    StringNotLike true,
    NumericEquals false,
    NumericNotEquals true,
    NumericLessThan false,
    NumericLessThanEquals false,
    NumericGreaterThan false,
    NumericGreaterThanEquals false,
    DateEquals false,
    DateNotEquals true,
    DateLessThan false,
    DateLessThanEquals false,
    DateGreaterThan false,
    DateGreaterThanEquals false,
    Bool false,
    BinaryEquals false,
    IpAddress false,
    NotIpAddress true,
    ArnEquals false,
    ArnNotEquals true,
    ArnLike false,
    ArnNotLike true,
    Null false,
}

/// The values of a condition in the form in which they are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// Text; for `…IgnoreCase` in lower case.
    Text(Vec<Pattern>),
    /// Numbers: kept as text, which is compared exactly. `None`: no number.
    Number(Vec<Option<Box<str>>>),
    /// Points in time.
    Date(Vec<Option<Moment>>),
    /// `true`, or anything else.
    Flag(Vec<bool>),
    /// Base64 text.
    Binary(Vec<Box<str>>),
    /// Address ranges.
    Address(Vec<Option<Network>>),
    /// ARN patterns.
    Arn(Vec<ArnPattern>),
}

impl Operator {
    /// Reads an operator's name; `None` where AWS knows none of this name.
    pub fn parse(text: &str) -> Option<Self> {
        let (quantifier, name) = match text.split_once(':') {
            Some(("ForAllValues", name)) => (Some(Quantifier::ForAllValues), name),
            Some(("ForAnyValue", name)) => (Some(Quantifier::ForAnyValue), name),
            Some(_) => return None,
            None => (None, text),
        };
        let (name, if_exists) = match name.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let comparison = *Comparison::ALL.iter().find(|comparison| comparison.as_str() == name)?;
        (comparison != Comparison::Null || !if_exists).then_some(Self { comparison, quantifier, if_exists })
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.quantifier {
            Some(Quantifier::ForAllValues) => "ForAllValues:",
            Some(Quantifier::ForAnyValue) => "ForAnyValue:",
            None => "",
        })?;
        f.write_str(self.comparison.as_str())?;
        f.write_str(if self.if_exists { "IfExists" } else { "" })
    }
}
