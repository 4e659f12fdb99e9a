use std::borrow::Cow;

use crate::names::ConditionKey;
use crate::source::Span;

use super::Truth;
use super::glob::{Unit, reach, units};

/// A value of a policy as written, compiled: text, wildcards and policy variables.
///
/// Matching takes at most value length × pattern length steps, whatever the pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// As it stands in the policy; `None` where that is the literal text of `shape`.
    written: Option<Box<str>>,
    shape: Shape,
    /// Where it stands.
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Anything,
    Literal(Box<str>),
    /// Text, variables and wildcards `*`.
    Stars(Stars),
    /// Everything else: wildcards that take one character, or that stay inside one part of an ARN.
    General(General),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Stars {
    /// What stands between wildcards: the first is bound to the start of the value, the last to its end.
    segments: Vec<Vec<Part>>,
    /// The first byte of every value that it matches, where no variable is in the way of knowing it: most patterns
    /// differ from most values already there.
    lead: Option<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct General {
    pieces: Vec<Piece>,
    /// The units that the pieces come to in every request; `None` where there are variables among them.
    units: Option<Vec<Unit>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(Box<str>),
    Variable(Variable),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(Box<str>),
    Variable(Variable),
    /// `*`: any characters.
    Star,
    /// `?`: one character (a UTF-16 unit, as AWS counts).
    Question,
    /// `*` inside one of the first five parts of an ARN: no colons.
    InnerStar,
    /// `?` inside one of the first five parts of an ARN: no colon.
    InnerQuestion,
}

/// A policy variable, `${aws:username}` or `${aws:username, 'default'}`.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// The context key whose value it stands for.
    pub key: ConditionKey,
    /// Its default, used where the request does not carry the key.
    pub default: Option<Box<str>>,
}

/// What a policy variable stands for in one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolved<T> {
    /// This text, taken literally.
    Text(T),
    /// Nothing: what holds the variable matches nothing.
    Nothing,
    /// Some text that is not known.
    NotKnown,
}

/// How to find what a variable stands for.
pub trait Variables {
    /// What `variable` stands for.
    fn resolve<'a>(&'a self, variable: &'a Variable) -> Resolved<&'a str>;
}

/// For places where AWS resolves no variables.
#[derive(Debug, Clone, Copy)]
pub struct NoVariables;

impl Variables for NoVariables {
    fn resolve<'a>(&'a self, _: &'a Variable) -> Resolved<&'a str> {
        Resolved::Nothing
    }
}

impl Pattern {
    pub(super) fn new(written: &str, pieces: Vec<Piece>, span: Span) -> Self {
        Self { written: Some(written.into()), shape: Shape::of(pieces), span }
    }

    /// The pattern that `text` is if it holds neither wildcards nor variables.
    pub(super) fn literal(text: &str, span: Span) -> Self {
        Self { written: None, shape: Shape::Literal(text.into()), span }
    }

    /// As it stands in the policy.
    pub fn as_str(&self) -> &str {
        match (&self.written, &self.shape) {
            (Some(written), _) | (None, Shape::Literal(written)) => written,
            (None, Shape::Anything | Shape::Stars(_) | Shape::General(_)) => "",
        }
    }

    /// Whether it matches every value.
    pub fn is_anything(&self) -> bool {
        matches!(self.shape, Shape::Anything)
    }

    /// Whether it holds a wildcard.
    pub fn has_wildcard(&self) -> bool {
        match &self.shape {
            Shape::Anything | Shape::General(_) => true,
            Shape::Literal(_) => false,
            Shape::Stars(stars) => stars.segments.len() > 1,
        }
    }

    /// The text that it stands for, where it holds no wildcard.
    pub fn text<'a, V: Variables>(&'a self, variables: &'a V) -> Resolved<Cow<'a, str>> {
        match &self.shape {
            Shape::Literal(text) => Resolved::Text(Cow::Borrowed(text)),
            Shape::Anything | Shape::General(_) => Resolved::Nothing,
            Shape::Stars(stars) => {
                let mut whole = String::new();
                for part in stars.segments.iter().flatten() {
                    match resolve(part, variables) {
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
        let mut found = None;
        for variable in self.variables() {
            match variables.resolve(variable) {
                Resolved::Text(_) => {}
                Resolved::Nothing => return Some(Resolved::Nothing),
                Resolved::NotKnown => found = Some(Resolved::NotKnown),
            }
        }
        found
    }

    /// The policy variables in it.
    pub fn variables(&self) -> Vec<&Variable> {
        match &self.shape {
            Shape::Anything | Shape::Literal(_) => Vec::new(),
            Shape::Stars(stars) => stars
                .segments
                .iter()
                .flatten()
                .filter_map(|part| match part {
                    Part::Variable(variable) => Some(variable),
                    Part::Text(_) => None,
                })
                .collect(),
            Shape::General(general) => general
                .pieces
                .iter()
                .filter_map(|piece| match piece {
                    Piece::Variable(variable) => Some(variable),
                    Piece::Text(_) | Piece::Star | Piece::Question | Piece::InnerStar | Piece::InnerQuestion => None,
                })
                .collect(),
        }
    }

    /// The six parts of the ARN pattern that it is once every variable has its text; `None` where one has not, or
    /// the whole is no ARN.
    pub fn split_arn<V: Variables>(&self, variables: &V) -> Option<[Self; 6]> {
        let pieces = match &self.shape {
            Shape::Anything => vec![Piece::Star],
            Shape::Literal(text) => vec![Piece::Text(text.clone())],
            Shape::Stars(stars) => pieces_of(&stars.segments),
            Shape::General(general) => general.pieces.clone(),
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
        let parts = parts.map(|pieces| Self::new("", super::variable::join(pieces), self.span));
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
            Shape::General(general) => general.pieces.clone(),
            Shape::Stars(stars) => pieces_of(&stars.segments),
        };
        let units = match units(&pieces, variables) {
            Ok(units) => units,
            Err(open) => return open,
        };
        let reach = reach(&units, prefix);
        if pieces.last() == Some(&Piece::Star) && reach.whole {
            return Truth::True;
        }
        if reach.part { Truth::Unknown } else { Truth::False }
    }

    /// Whether it matches `value`; unknown where that hangs on a variable whose value is not known.
    #[inline]
    pub fn matches<V: Variables>(&self, value: &str, variables: &V) -> Truth {
        match &self.shape {
            Shape::Anything => Truth::True,
            Shape::Literal(text) => Truth::from(**text == *value),
            Shape::Stars(stars) if stars.lead.is_some() && stars.lead != value.bytes().next() => Truth::False,
            Shape::Stars(stars) => match_stars(&stars.segments, value, variables),
            Shape::General(general) => match_general(general, value, variables),
        }
    }
}

impl Shape {
    fn of(pieces: Vec<Piece>) -> Self {
        if pieces.iter().any(|piece| matches!(piece, Piece::Question | Piece::InnerStar | Piece::InnerQuestion)) {
            let units = units(&pieces, &NoVariables).ok();
            return Self::General(General { pieces, units });
        }
        match pieces.as_slice() {
            [] => return Self::Literal("".into()),
            [Piece::Star] => return Self::Anything,
            [Piece::Text(text)] => return Self::Literal(text.clone()),
            _ => {}
        }
        let has_variables = pieces.iter().any(|piece| matches!(piece, Piece::Variable(_)));
        let lead = match pieces.first() {
            Some(Piece::Text(text)) if !has_variables => text.bytes().next(),
            _ => None,
        };
        let mut segments = vec![Vec::new()];
        for piece in pieces {
            let part = match piece {
                Piece::Text(text) => Part::Text(text),
                Piece::Variable(variable) => Part::Variable(variable),
                Piece::Star | Piece::Question | Piece::InnerStar | Piece::InnerQuestion => {
                    segments.push(Vec::new());
                    continue;
                }
            };
            if let Some(segment) = segments.last_mut() {
                segment.push(part);
            }
        }
        Self::Stars(Stars { segments, lead })
    }
}

/// What one part stands for.
fn resolve<'a, V: Variables>(part: &'a Part, variables: &'a V) -> Resolved<&'a str> {
    match part {
        Part::Text(text) => Resolved::Text(text),
        Part::Variable(variable) => variables.resolve(variable),
    }
}

// Kept out of `matches`, whose other cases are a few instructions each.
#[inline(never)]
fn match_stars<V: Variables>(segments: &[Vec<Part>], value: &str, variables: &V) -> Truth {
    let mut open = Truth::True;
    for part in segments.iter().flatten() {
        if let Part::Variable(variable) = part {
            match variables.resolve(variable) {
                Resolved::Text(_) => {}
                Resolved::Nothing => return Truth::False,
                Resolved::NotKnown => open = Truth::Unknown,
            }
        }
    }
    if open == Truth::Unknown {
        return open;
    }
    let [first, rest @ ..] = segments else { return Truth::False };
    let Some(mut left) = strip_front(first, value, variables) else { return Truth::False };
    let Some((last, middle)) = rest.split_last() else { return Truth::from(left.is_empty()) };
    for segment in middle {
        let Some(behind) = find(segment, left, variables) else { return Truth::False };
        left = behind;
    }
    Truth::from(ends_with(last, left, variables))
}

/// The segments as the pieces that they were made of.
fn pieces_of(segments: &[Vec<Part>]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (number, segment) in segments.iter().enumerate() {
        if number > 0 {
            pieces.push(Piece::Star);
        }
        pieces.extend(segment.iter().map(|part| match part {
            Part::Text(text) => Piece::Text(text.clone()),
            Part::Variable(variable) => Piece::Variable(variable.clone()),
        }));
    }
    pieces
}

fn text<'a, V: Variables>(part: &'a Part, variables: &'a V) -> &'a str {
    match resolve(part, variables) {
        Resolved::Text(text) => text,
        Resolved::Nothing | Resolved::NotKnown => "",
    }
}

fn strip_front<'v, V: Variables>(segment: &[Part], value: &'v str, variables: &V) -> Option<&'v str> {
    segment.iter().try_fold(value, |left, part| left.strip_prefix(text(part, variables)))
}

fn find<'v, V: Variables>(segment: &[Part], value: &'v str, variables: &V) -> Option<&'v str> {
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

fn ends_with<V: Variables>(segment: &[Part], value: &str, variables: &V) -> bool {
    segment.iter().rev().try_fold(value, |left, part| left.strip_suffix(text(part, variables))).is_some()
}

#[inline(never)]
fn match_general<V: Variables>(general: &General, value: &str, variables: &V) -> Truth {
    if let Some(units) = &general.units {
        return Truth::from(reach(units, value).whole);
    }
    match units(&general.pieces, variables) {
        Ok(units) => Truth::from(reach(&units, value).whole),
        Err(open) => open,
    }
}
