use std::borrow::Cow;

use crate::document::Span;

use super::Truth;
use super::glob::{Unit, reach, units};
use super::piece::{NoVariables, Piece, Resolved, Variable, Variables, join};

/// A value of a policy as written, compiled: text, wildcards and policy variables.
///
/// Matching takes at most value length × pattern length steps, whatever the pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// As it stands in the policy; `None` where that is the literal text of `shape`.
    written: Option<Box<str>>,
    shape: Shape,
    /// The other way to read an incomplete ARN, where AWS's pages give two.
    other: Option<Box<Pattern>>,
    /// Where it stands.
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Anything,
    Literal(Box<str>),
    /// Text, variables and wildcards `*`.
    Stars {
        pieces: Vec<Piece>,
        /// The first byte of every value that it matches, where no variable is in the way of knowing it: most
        /// patterns differ from most values already there.
        lead: Option<u8>,
    },
    /// Everything else: wildcards that take one character, or that stay inside one part of an ARN.
    General {
        pieces: Vec<Piece>,
        /// The units that the pieces come to in every request; `None` where there are variables among them.
        units: Option<Vec<Unit>>,
    },
}

impl Pattern {
    pub(super) fn new(written: &str, pieces: Vec<Piece>, span: Span) -> Self {
        Self { written: Some(written.into()), shape: Shape::of(pieces), other: None, span }
    }

    /// The pattern with another way to read it: what only one of the two matches is unknown.
    pub(super) fn or_read_as(self, pieces: Vec<Piece>) -> Self {
        let other = Self::new(self.as_str(), pieces, self.span);
        Self { other: Some(Box::new(other)), ..self }
    }

    /// The pattern that `text` is if it holds neither wildcards nor variables.
    pub(super) fn literal(text: &str, span: Span) -> Self {
        Self { written: None, shape: Shape::Literal(text.into()), other: None, span }
    }

    /// As it stands in the policy.
    pub fn as_str(&self) -> &str {
        match (&self.written, &self.shape) {
            (Some(written), _) | (None, Shape::Literal(written)) => written,
            (None, Shape::Anything | Shape::Stars { .. } | Shape::General { .. }) => "",
        }
    }

    /// Whether it matches every value.
    pub fn is_anything(&self) -> bool {
        matches!(self.shape, Shape::Anything)
    }

    /// The text that it stands for, where it holds no wildcard.
    pub fn text<'a, V: Variables>(&'a self, variables: &'a V) -> Resolved<Cow<'a, str>> {
        match &self.shape {
            Shape::Literal(text) => Resolved::Text(Cow::Borrowed(text)),
            Shape::Anything | Shape::General { .. } => Resolved::Nothing,
            Shape::Stars { pieces, .. } => {
                let mut whole = String::new();
                for piece in pieces {
                    match resolve(piece, variables) {
                        Resolved::Text(text) => whole.push_str(text),
                        Resolved::Nothing => return Resolved::Nothing,
                        Resolved::NotKnown => return Resolved::NotKnown,
                    }
                }
                Resolved::Text(Cow::Owned(whole))
            }
        }
    }

    /// What is in the way of giving every variable its text: one without a value before one whose value is unknown.
    pub fn unresolved<V: Variables>(&self, variables: &V) -> Option<Resolved<()>> {
        unresolved(self.pieces(), variables)
    }

    /// The policy variables in it.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        variables_of(self.pieces())
    }

    /// What it was compiled from, where that is more than a text or a single wildcard.
    fn pieces(&self) -> &[Piece] {
        match &self.shape {
            Shape::Anything | Shape::Literal(_) => &[],
            Shape::Stars { pieces, .. } | Shape::General { pieces, .. } => pieces,
        }
    }

    /// The six parts of the ARN pattern that it is once every variable has its text; `None` where one has not, or
    /// the whole is no ARN.
    pub fn split_arn<V: Variables>(&self, variables: &V) -> Option<[Self; 6]> {
        let pieces = match &self.shape {
            Shape::Anything => vec![Piece::Star],
            Shape::Literal(text) => vec![Piece::Text(text.clone())],
            Shape::Stars { pieces, .. } | Shape::General { pieces, .. } => pieces.clone(),
        };
        let mut parts: [Vec<Piece>; 6] = std::array::from_fn(|_| Vec::new());
        let mut current = 0;
        for piece in pieces {
            let text = match &piece {
                Piece::Text(text) => &**text,
                Piece::Variable(variable) => match variables.resolve(variable) {
                    Resolved::Text(text) => text,
                    Resolved::Nothing | Resolved::NotKnown => return None,
                },
                Piece::Star | Piece::Question | Piece::InnerStar | Piece::InnerQuestion => {
                    parts.get_mut(current)?.push(piece);
                    continue;
                }
            };
            let mut rest = text;
            while current < 5 {
                let Some((before, after)) = rest.split_once(':') else { break };
                parts.get_mut(current)?.push(Piece::Text(before.into()));
                current += 1;
                rest = after;
            }
            parts.get_mut(current)?.push(Piece::Text(rest.into()));
        }
        let parts = parts.map(|pieces| Self::new("", join(pieces), self.span));
        let is_arn = current == 5 && parts.first().is_some_and(|first| first.matches("arn", &NoVariables).is_true());
        is_arn.then_some(parts)
    }

    /// Whether it matches a value of which only the beginning is known.
    pub fn matches_prefix<V: Variables>(&self, prefix: &str, variables: &V) -> Truth {
        let pieces = match &self.shape {
            Shape::Anything => return Truth::True,
            // What is open is the name of a session or the ID of a volume: neither holds a `*` or `?`.
            Shape::Literal(text) => {
                let possible = text.strip_prefix(prefix).is_some_and(|rest| !rest.contains(['*', '?']));
                return if possible { Truth::Unknown } else { Truth::False };
            }
            Shape::Stars { pieces, .. } | Shape::General { pieces, .. } => pieces,
        };
        let units = match units(pieces, variables) {
            Ok(units) => units,
            Err(open) => return open,
        };
        let reach = reach(&units, prefix);
        if pieces.last() == Some(&Piece::Star) && reach.whole {
            return Truth::True;
        }
        if reach.part { Truth::Unknown } else { Truth::False }
    }

    /// Whether it matches `value`; unknown where that hangs on a variable whose value is not known, or on which of two
    /// ways AWS reads an incomplete ARN.
    #[inline]
    pub fn matches<V: Variables>(&self, value: &str, variables: &V) -> Truth {
        let matches = self.matches_as_completed(value, variables);
        match &self.other {
            Some(other) if other.matches_as_completed(value, variables) != matches => Truth::Unknown,
            Some(_) | None => matches,
        }
    }

    #[inline]
    fn matches_as_completed<V: Variables>(&self, value: &str, variables: &V) -> Truth {
        match &self.shape {
            Shape::Anything => Truth::True,
            Shape::Literal(text) => Truth::from(**text == *value),
            Shape::Stars { lead, .. } if lead.is_some() && *lead != value.bytes().next() => Truth::False,
            Shape::Stars { pieces, .. } => match_stars(pieces, value, variables),
            Shape::General { units: Some(units), .. } => Truth::from(reach(units, value).whole),
            Shape::General { pieces, units: None } => match units(pieces, variables) {
                Ok(units) => Truth::from(reach(&units, value).whole),
                Err(open) => open,
            },
        }
    }
}

impl Shape {
    fn of(pieces: Vec<Piece>) -> Self {
        if pieces.iter().any(|piece| matches!(piece, Piece::Question | Piece::InnerStar | Piece::InnerQuestion)) {
            let units = units(&pieces, &NoVariables).ok();
            return Self::General { pieces, units };
        }
        match pieces.as_slice() {
            [] => return Self::Literal("".into()),
            [Piece::Star] => return Self::Anything,
            [Piece::Text(text)] => return Self::Literal(text.clone()),
            _ => {}
        }
        let lead = match pieces.first() {
            Some(Piece::Text(text)) if variables_of(&pieces).next().is_none() => text.bytes().next(),
            _ => None,
        };
        Self::Stars { pieces, lead }
    }
}

fn variables_of(pieces: &[Piece]) -> impl Iterator<Item = &Variable> {
    pieces.iter().filter_map(|piece| if let Piece::Variable(variable) = piece { Some(variable) } else { None })
}

fn unresolved<V: Variables>(pieces: &[Piece], variables: &V) -> Option<Resolved<()>> {
    let mut found = None;
    for variable in variables_of(pieces) {
        match variables.resolve(variable) {
            Resolved::Text(_) => {}
            Resolved::Nothing => return Some(Resolved::Nothing),
            Resolved::NotKnown => found = Some(Resolved::NotKnown),
        }
    }
    found
}

/// What one piece stands for; a wildcard by itself for no text.
fn resolve<'a, V: Variables>(piece: &'a Piece, variables: &'a V) -> Resolved<&'a str> {
    match piece {
        Piece::Text(text) => Resolved::Text(text),
        Piece::Variable(variable) => variables.resolve(variable),
        Piece::Star | Piece::Question | Piece::InnerStar | Piece::InnerQuestion => Resolved::Text(""),
    }
}

// Kept out of `matches`, whose other cases are a few instructions each.
#[inline(never)]
fn match_stars<V: Variables>(pieces: &[Piece], value: &str, variables: &V) -> Truth {
    match unresolved(pieces, variables) {
        Some(Resolved::NotKnown) => return Truth::Unknown,
        Some(Resolved::Nothing) => return Truth::False,
        Some(Resolved::Text(())) | None => {}
    }
    // The first segment is bound to the start of the value, the last to its end.
    let mut segments = pieces.split(|piece| matches!(piece, Piece::Star));
    let first = segments.next().unwrap_or_default();
    let Some(mut left) = strip_front(first, value, variables) else { return Truth::False };
    let Some(last) = segments.next_back() else { return Truth::from(left.is_empty()) };
    for segment in segments {
        let Some(behind) = find(segment, left, variables) else { return Truth::False };
        left = behind;
    }
    Truth::from(ends_with(last, left, variables))
}

fn text<'a, V: Variables>(piece: &'a Piece, variables: &'a V) -> &'a str {
    match resolve(piece, variables) {
        Resolved::Text(text) => text,
        Resolved::Nothing | Resolved::NotKnown => "",
    }
}

fn strip_front<'v, V: Variables>(segment: &[Piece], value: &'v str, variables: &V) -> Option<&'v str> {
    segment.iter().try_fold(value, |left, piece| left.strip_prefix(text(piece, variables)))
}

fn find<'v, V: Variables>(segment: &[Piece], value: &'v str, variables: &V) -> Option<&'v str> {
    let (first, rest) = match segment {
        [] => return Some(value),
        [first, rest @ ..] => (text(first, variables), rest),
    };
    let Some(lead) = first.chars().next() else { return find(rest, value, variables) };
    // Looking for one character, then comparing: a search prepared for long texts costs more than it saves on names.
    let starts = value.char_indices().filter(|(_, character)| *character == lead);
    let mut behinds = starts.filter_map(|(at, _)| value.get(at..)?.strip_prefix(first));
    behinds.find_map(|behind| strip_front(rest, behind, variables))
}

fn ends_with<V: Variables>(segment: &[Piece], value: &str, variables: &V) -> bool {
    segment.iter().rev().try_fold(value, |left, piece| left.strip_suffix(text(piece, variables))).is_some()
}
