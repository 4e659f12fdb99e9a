//! One error as it is read, with what stands around it.

use std::cell::OnceCell;

use super::facts::{Facts, is_between};
use super::operations::named_in;
use super::signs::{Sign, SignKind};
use super::{Encoded, EventError, EvidenceItem, InstanceState, Refusal};
use crate::answers::aws_error::AwsError;
use crate::paste::{Flow, PARAGRAPH, is_gap};

/// One error, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) begin: usize,
    pub(super) end: usize,
    pub(super) code: String,
    /// The action of the call that is named.
    pub(super) call: String,
    pub(super) message: String,
    pub(super) refusal: Option<Refusal>,
    pub(super) encoded: Option<Encoded>,
    pub(super) is_refused: bool,
    /// The key whose state it tells.
    pub(super) key: String,
    pub(super) sign: Option<SignKind>,
}

impl Draft {
    pub(super) fn at(at: usize) -> Self {
        Self { begin: at, end: at, ..Self::default() }
    }

    pub(super) fn says_refused(&self) -> bool {
        self.is_refused || self.refusal.is_some() || self.encoded.is_some()
    }

    /// Whether it may be the beginning of a refusal whose next part stands at `at`.
    pub(super) fn may_be_refused(&self, flow: &str, at: usize) -> bool {
        let gap = flow.get(self.end..at).unwrap_or_default();
        (self.code.is_empty() || is_denied(&self.code))
            && self.sign.is_none()
            && self.key.is_empty()
            && gap.len() < FAR
            && !gap.contains(PARAGRAPH)
    }
}

/// Parts of one error stand nearer than this: tools put a host ID, a request ID and a URL between them.
pub(super) const FAR: usize = 700;

pub(super) fn is_denied(code: &str) -> bool {
    AwsError::of(code) == Some(AwsError::Denied)
}

impl Draft {
    /// Returns `true` if a refusal has its code or its first words, and the text ends within what follows them.
    pub(super) fn is_cut(&self, flow: &str) -> bool {
        let rest = flow.get(self.end..).unwrap_or_default();
        let rest = rest.trim_start_matches(|found| is_gap(found) || ":.".contains(found)).trim_end_matches(is_gap);
        let is_begun = rest.len() > 3 && "You are not authorized to perform this operation".starts_with(rest);
        self.refusal.is_none() && is_denied(&self.code) && (is_begun || rest.starts_with("User: "))
    }

    /// What was found, with what stands around it.
    pub(super) fn material(self, around: &Around<'_>) -> Option<EvidenceItem> {
        let line = around.line.as_ref()?;
        let facts = line.facts.clone();
        // What stands around an error tells its call where nothing else does; it makes no other request a part of it.
        let call = self.call.clone();
        let named = || line.call.as_ref().or_else(|| around.call()).cloned().unwrap_or_default();
        if self.says_refused() || is_denied(&self.code) {
            let refusal = self.refusal.unwrap_or_default();
            let told = [&refusal.action, &call].into_iter().find(|action| !action.is_empty()).cloned();
            let action = told.unwrap_or_else(named);
            return Some(EvidenceItem::Refusal(Refusal { action, call, encoded: self.encoded, ..refusal }, facts));
        }
        if let Some(kind) = self.sign {
            let is_told = matches!(kind, SignKind::StateReason | SignKind::Waiter) && !around.states.is_empty();
            return (!is_told).then(|| EvidenceItem::Sign(Sign::of(kind, line.text.trim(), around.text), facts));
        }
        if self.code.is_empty() && self.message.is_empty() {
            return None;
        }
        let error = EventError { code: self.code, message: self.message };
        Some(EvidenceItem::Error { action: self.call, error, facts })
    }
}

/// What stands around errors: their lines, read once for all errors that one line holds.
pub(super) struct Around<'t> {
    pub(super) text: &'t str,
    pub(super) flow: &'t Flow,
    pub(super) states: &'t [InstanceState],
    pub(super) line: Option<LineAround<'t>>,
    /// The call that the whole text names.
    pub(super) call: OnceCell<Option<String>>,
}

pub(super) struct LineAround<'t> {
    pub(super) text: &'t str,
    pub(super) facts: Facts,
    pub(super) call: Option<String>,
}

impl Around<'_> {
    /// Goes to the lines of an error, and returns `true` if these are others than before.
    pub(super) fn go_to(&mut self, begin: usize, end: usize) -> bool {
        let text = lines_of(self.text, self.flow.place(begin), self.flow.place(end));
        if self.line.as_ref().is_some_and(|line| std::ptr::eq(line.text, text)) {
            return false;
        }
        let mut facts = Facts::of(text);
        // Which of many is meant nobody knows.
        if facts.instances.len().max(facts.volumes.len()).max(facts.keys.len()) > MANY {
            facts = Facts { instances: Vec::new(), volumes: Vec::new(), keys: Vec::new(), ..facts };
        }
        self.line = Some(LineAround { text, facts, call: named_in(text) });
        true
    }

    pub(super) fn call(&self) -> Option<&String> {
        self.call.get_or_init(|| named_in(self.text)).as_ref()
    }
}

/// So many instances, volumes or keys in the line of an error are not all of it.
pub(super) const MANY: usize = 20;

/// A file without line ends is looked at in pieces of this length: many times that of an error with its stack trace.
pub(super) const PIECE: usize = 16 << 10;

/// The lines of a text from `begin` to `end`; of a line that is too long, the pieces that hold them.
pub(super) fn lines_of(text: &str, begin: usize, end: usize) -> &str {
    let (first, last) = (begin - begin % PIECE, end + (PIECE - end % PIECE));
    // What stands at the edge of a piece has its surroundings in the next one.
    let (mut first, mut last) = (first.saturating_sub(PIECE), (last + PIECE).min(text.len()));
    while !text.is_char_boundary(first) {
        first += 1;
    }
    while !text.is_char_boundary(last) {
        last -= 1;
    }
    let (before, behind) = (text.get(first..begin).unwrap_or_default(), text.get(end..last).unwrap_or_default());
    // A part of an ID would be another one.
    let from = before.rfind('\n').or_else(|| before.find(is_between).filter(|_| first > 0));
    let to = behind.find('\n').or_else(|| behind.rfind(is_between).filter(|_| last < text.len()));
    let from = match from {
        Some(at) => first + at + before.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8),
        None if first > 0 => begin,
        None => first,
    };
    let to = match to {
        Some(at) => end + at,
        None if last < text.len() => end,
        None => last,
    };
    text.get(from..to).unwrap_or(text)
}
