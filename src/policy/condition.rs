use std::fmt;

use crate::document::Span;
use crate::names::ConditionKey;

use super::literal::{ArnPattern, Moment, Network};
use super::pattern::Pattern;
use super::piece::Variable;

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

/// What a comparison takes its values for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Text without wildcards.
    Exact,
    /// Text with wildcards.
    Like,
    Number,
    Date,
    Flag,
    Binary,
    Address,
    Arn,
}

macro_rules! comparisons {
    ($($name:ident $form:ident $negated:literal $holds:literal $fails:literal,)*) => {
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

            /// What it compares.
            pub(crate) fn form(self) -> Form {
                match self { $(Self::$name => Form::$form,)* }
            }

            /// The verb that says that it holds, or that it does not.
            pub(super) fn verb(self, holds: bool) -> &'static str {
                match self { $(Self::$name => if holds { $holds } else { $fails },)* }
            }
        }
    };
}

// Its name, what it compares, whether it is negated, and how it reads where it holds and where it does not.
comparisons! {
    StringEquals Exact false "is" "is not",
    StringNotEquals Exact true "is not" "is",
    StringEqualsIgnoreCase Exact false "is (in any case)" "is not (in any case)",
    StringNotEqualsIgnoreCase Exact true "is not (in any case)" "is (in any case)",
    StringLike Like false "is like" "is not like",
    StringNotLike Like true "is not like" "is like",
    NumericEquals Number false "is" "is not",
    NumericNotEquals Number true "is not" "is",
    NumericLessThan Number false "is less than" "is not less than",
    NumericLessThanEquals Number false "is at most" "is more than",
    NumericGreaterThan Number false "is more than" "is at most",
    NumericGreaterThanEquals Number false "is at least" "is less than",
    DateEquals Date false "is" "is not",
    DateNotEquals Date true "is not" "is",
    DateLessThan Date false "is before" "is not before",
    DateLessThanEquals Date false "is not after" "is after",
    DateGreaterThan Date false "is after" "is not after",
    DateGreaterThanEquals Date false "is not before" "is before",
    Bool Flag false "is" "is not",
    BinaryEquals Binary false "is" "is not",
    IpAddress Address false "is in" "is not in",
    NotIpAddress Address true "is not in" "is in",
    ArnEquals Arn false "is like" "is not like",
    ArnNotEquals Arn true "is not like" "is like",
    ArnLike Arn false "is like" "is not like",
    ArnNotLike Arn true "is not like" "is like",
    Null Flag false "is" "is not",
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

impl Condition {
    /// The policy variables in its values.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        let (texts, arns): (&[Pattern], &[ArnPattern]) = match &self.values {
            Values::Text(patterns) => (patterns, &[]),
            Values::Arn(patterns) => (&[], patterns),
            Values::Number(_) | Values::Date(_) | Values::Flag(_) | Values::Binary(_) | Values::Address(_) => {
                (&[], &[])
            }
        };
        let open = arns.iter().filter_map(|arn| if let ArnPattern::Open(pattern) = arn { Some(pattern) } else { None });
        texts.iter().chain(open).flat_map(Pattern::variables)
    }
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
