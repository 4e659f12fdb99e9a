//! Matching of patterns in which wildcards take one character or stay inside one part of an ARN.
//!
//! All ways of matching run side by side, so that it takes at most value length × pattern length steps.

use super::Truth;
use super::piece::{Piece, Resolved, Variables};

/// One unit of a pattern in which every variable has become text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Exactly(u16),
    Star,
    Question,
    InnerStar,
    InnerQuestion,
}

/// How far a value leads through a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    /// The pattern matches the value.
    pub(super) whole: bool,
    /// The pattern matches the value, or some value that begins with it.
    pub(super) part: bool,
}

/// The units of `pieces`; else what the pattern comes to where a variable has no text.
pub(super) fn units<V: Variables>(pieces: &[Piece], variables: &V) -> Result<Vec<Unit>, Truth> {
    let mut units = Vec::with_capacity(pieces.len() * 8);
    let mut open = false;
    for piece in pieces {
        match piece {
            Piece::Text(text) => units.extend(text.encode_utf16().map(Unit::Exactly)),
            Piece::Star => units.push(Unit::Star),
            Piece::Question => units.push(Unit::Question),
            Piece::InnerStar => units.push(Unit::InnerStar),
            Piece::InnerQuestion => units.push(Unit::InnerQuestion),
            Piece::Variable(variable) => match variables.resolve(variable) {
                Resolved::Text(text) => units.extend(text.encode_utf16().map(Unit::Exactly)),
                Resolved::Nothing => return Err(Truth::False),
                Resolved::NotKnown => open = true,
            },
        }
    }
    if open { Err(Truth::Unknown) } else { Ok(units) }
}

/// Leads `value` through the pattern.
pub(super) fn reach(units: &[Unit], value: &str) -> Reach {
    // Two words hold the positions of nearly every pattern that people write: those allocate nothing.
    if units.len() < 128 {
        run(units, value, Positions(&mut [0; 2]), Positions(&mut [0; 2]))
    } else {
        let words = units.len() / 64 + 1;
        run(units, value, Positions(&mut vec![0; words]), Positions(&mut vec![0; words]))
    }
}

/// A set of positions in a pattern: `n` is in it if the first `n` units can match what was read of the value.
struct Positions<'w>(&'w mut [u64]);

impl Positions<'_> {
    /// Adds `position` and, through stars that take nothing, those behind it.
    fn enter(&mut self, mut position: usize, units: &[Unit]) {
        loop {
            if let Some(word) = self.0.get_mut(position / 64) {
                *word |= 1 << (position % 64);
            }
            if !matches!(units.get(position), Some(Unit::Star | Unit::InnerStar)) {
                return;
            }
            position += 1;
        }
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(number, word)| {
            let some = |rest: u64| Some(rest).filter(|rest| *rest != 0);
            let rests = std::iter::successors(some(*word), move |rest| some(rest & (rest - 1)));
            rests.map(move |rest| number * 64 + rest.trailing_zeros() as usize)
        })
    }
}

fn run<'w>(units: &[Unit], value: &str, mut reached: Positions<'w>, mut next: Positions<'w>) -> Reach {
    let colon = u16::from(b':');
    reached.enter(0, units);
    for character in value.encode_utf16() {
        next.0.fill(0);
        for position in reached.iter() {
            match units.get(position) {
                Some(Unit::Exactly(wanted)) if *wanted == character => next.enter(position + 1, units),
                Some(Unit::Question) => next.enter(position + 1, units),
                Some(Unit::InnerQuestion) if character != colon => next.enter(position + 1, units),
                Some(Unit::Star) => next.enter(position, units),
                Some(Unit::InnerStar) if character != colon => next.enter(position, units),
                Some(Unit::Exactly(_) | Unit::InnerQuestion | Unit::InnerStar) | None => {}
            }
        }
        std::mem::swap(&mut reached, &mut next);
    }
    Reach { whole: reached.iter().any(|position| position == units.len()), part: reached.iter().next().is_some() }
}
