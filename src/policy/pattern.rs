use std::borrow::Cow;

use crate::names::ConditionKey;
use crate::source::Span;

use super::Truth;

/// A value of a policy as written, compiled: text, wildcards and policy variables.
///
/// Matching takes at most value length × pattern length steps, whatever the pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    written: Box<str>,
    shape: Shape,
    /// Where it stands.
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Anything,
    Literal(Box<str>),
    /// Segments between wildcards `*`: the first is bound to the start of the value, the last to its end.
    Stars(Vec<Vec<Part>>),
    /// Everything else: wildcards that take one character, or that stay inside one part of an ARN.
    General(Vec<Piece>),
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
        Self { written: written.into(), shape: Shape::of(pieces), span }
    }

    /// As it stands in the policy.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether it matches every value.
    pub fn is_anything(&self) -> bool {
        self.shape == Shape::Anything
    }

    /// Whether it holds a wildcard.
    pub fn has_wildcard(&self) -> bool {
        match &self.shape {
            Shape::Anything => true,
            Shape::Literal(_) => false,
            Shape::Stars(segments) => segments.len() > 1,
            Shape::General(pieces) => pieces.iter().any(|piece| !matches!(piece, Piece::Text(_) | Piece::Variable(_))),
        }
    }

    /// The text that it stands for, where it holds no wildcard.
    pub fn text<'a, V: Variables>(&'a self, variables: &'a V) -> Resolved<Cow<'a, str>> {
        match &self.shape {
            Shape::Literal(text) => Resolved::Text(Cow::Borrowed(text)),
            Shape::Anything | Shape::General(_) => Resolved::Nothing,
            Shape::Stars(segments) => {
                let mut whole = String::new();
                for part in segments.iter().flatten() {
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
            Shape::Stars(segments) => segments
                .iter()
                .flatten()
                .filter_map(|part| match part {
                    Part::Variable(variable) => Some(variable),
                    Part::Text(_) => None,
                })
                .collect(),
            Shape::General(pieces) => pieces
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
            Shape::Stars(segments) => general(segments),
            Shape::General(pieces) => pieces.clone(),
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
            Shape::Literal(text) => vec![Piece::Text(text.clone())],
            Shape::General(pieces) => pieces.clone(),
            Shape::Stars(segments) => general(segments),
        };
        let Some((units, certain)) = units(&pieces, variables) else { return Truth::False };
        let ways = ways(&units, prefix);
        if pieces.last() == Some(&Piece::Star) && ways.last() == Some(&true) {
            return certain;
        }
        if ways.contains(&true) { Truth::Unknown } else { Truth::False }
    }

    /// Whether it matches `value`; unknown where that hangs on a variable whose value is not known.
    pub fn matches<V: Variables>(&self, value: &str, variables: &V) -> Truth {
        match &self.shape {
            Shape::Anything => Truth::True,
            Shape::Literal(text) => Truth::from(**text == *value),
            Shape::Stars(segments) => match_stars(segments, value, variables),
            Shape::General(pieces) => match_general(pieces, value, variables),
        }
    }
}

impl Shape {
    fn of(pieces: Vec<Piece>) -> Self {
        match pieces.as_slice() {
            [] => return Self::Literal("".into()),
            [Piece::Star] => return Self::Anything,
            [Piece::Text(text)] => return Self::Literal(text.clone()),
            _ => {}
        }
        let mut segments = vec![Vec::new()];
        for piece in &pieces {
            let part = match piece {
                Piece::Star => {
                    segments.push(Vec::new());
                    continue;
                }
                Piece::Text(text) => Part::Text(text.clone()),
                Piece::Variable(variable) => Part::Variable(variable.clone()),
                Piece::Question | Piece::InnerStar | Piece::InnerQuestion => return Self::General(pieces),
            };
            if let Some(segment) = segments.last_mut() {
                segment.push(part);
            }
        }
        Self::Stars(segments)
    }
}

/// What one part stands for.
fn resolve<'a, V: Variables>(part: &'a Part, variables: &'a V) -> Resolved<&'a str> {
    match part {
        Part::Text(text) => Resolved::Text(text),
        Part::Variable(variable) => variables.resolve(variable),
    }
}

fn match_stars<V: Variables>(segments: &[Vec<Part>], value: &str, variables: &V) -> Truth {
    let mut open = false;
    for part in segments.iter().flatten() {
        if let Part::Variable(variable) = part {
            match variables.resolve(variable) {
                Resolved::Text(_) => {}
                Resolved::Nothing => return Truth::False,
                Resolved::NotKnown => open = true,
            }
        }
    }
    if open {
        return match_general(&general(segments), value, variables);
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
fn general(segments: &[Vec<Part>]) -> Vec<Piece> {
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
    let mut from = value;
    loop {
        let (_, behind) = from.split_once(first)?;
        if let Some(left) = strip_front(rest, behind, variables) {
            return Some(left);
        }
        let mut next = from.get(from.len() - behind.len() - first.len()..)?.chars();
        next.next()?;
        from = next.as_str();
    }
}

fn ends_with<V: Variables>(segment: &[Part], value: &str, variables: &V) -> bool {
    segment.iter().rev().try_fold(value, |left, part| left.strip_suffix(text(part, variables))).is_some()
}

/// One unit of a pattern in which every variable has become text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Exactly(u16),
    Star,
    Question,
    InnerStar,
    InnerQuestion,
}

fn match_general<V: Variables>(pieces: &[Piece], value: &str, variables: &V) -> Truth {
    match units(pieces, variables) {
        Some((units, certain)) => Truth::from(ways(&units, value).last() == Some(&true)).and(certain),
        None => Truth::False,
    }
}

/// The units of `pieces`, and whether they are certain; `None` where a variable stands for nothing.
fn units<V: Variables>(pieces: &[Piece], variables: &V) -> Option<(Vec<Unit>, Truth)> {
    let mut units = Vec::with_capacity(pieces.len() * 8);
    let mut certain = Truth::True;
    for piece in pieces {
        match piece {
            Piece::Text(text) => units.extend(text.encode_utf16().map(Unit::Exactly)),
            Piece::Star => units.push(Unit::Star),
            Piece::Question => units.push(Unit::Question),
            Piece::InnerStar => units.push(Unit::InnerStar),
            Piece::InnerQuestion => units.push(Unit::InnerQuestion),
            Piece::Variable(variable) => match variables.resolve(variable) {
                Resolved::Text(text) => units.extend(text.encode_utf16().map(Unit::Exactly)),
                Resolved::Nothing => return None,
                Resolved::NotKnown => {
                    certain = Truth::Unknown;
                    units.push(Unit::Star);
                }
            },
        }
    }
    Some((units, certain))
}

/// Runs all ways of matching side by side: position `n` says whether the first `n` units can match all of `value`.
fn ways(units: &[Unit], value: &str) -> Vec<bool> {
    let colon = u16::from(b':');
    let skip_stars = |reached: &mut Vec<bool>| {
        let mut before = false;
        for (here, unit) in reached.iter_mut().zip(std::iter::once(None).chain(units.iter().map(Some))) {
            if before && matches!(unit, Some(Unit::Star | Unit::InnerStar)) {
                *here = true;
            }
            before = *here;
        }
    };
    let mut reached = vec![false; units.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    skip_stars(&mut reached);
    for character in value.encode_utf16() {
        let mut next = vec![false];
        next.extend(reached.windows(2).zip(units).map(|(pair, unit)| {
            let (before, here) = (pair.first() == Some(&true), pair.last() == Some(&true));
            match unit {
                Unit::Exactly(wanted) => before && *wanted == character,
                Unit::Question => before,
                Unit::InnerQuestion => before && character != colon,
                Unit::Star => here,
                Unit::InnerStar => here && character != colon,
            }
        }));
        reached = next;
        skip_stars(&mut reached);
    }
    reached
}
