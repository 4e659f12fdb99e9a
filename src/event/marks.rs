//! Where error texts begin: words that stand in them and hardly anywhere else, found in one pass.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::sentence::MIDDLE;
use super::signs::{KEY_STATES, SIGNS, SignKind};
use crate::answers::aws_error::AwsError;
use crate::paste::LINE_END;

/// What a mark is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// The middle of AWS's sentence of a refusal.
    Sentence,
    /// EC2's sentence that names nobody.
    Refused,
    /// The sentence of KMS for a key that is hidden from the caller.
    Hidden,
    /// The label of an encoded message.
    Encoded,
    /// The beginning of an error of the AWS CLI and of the SDK for Python.
    Named,
    /// The same of the SDK for Go, and of the SDK for PHP.
    Operation,
    /// A code of a refusal.
    Denied,
    /// Another code, of the SDK for Go.
    Code,
    /// A code of a key's state.
    KeyCode,
    /// What KMS says of a key's state.
    KeyState,
    /// A name that only records have.
    Record,
    /// Another sentence that goes with a key.
    Sign(SignKind),
}

pub(super) const NAMED: &str = "An error occurred (";
pub(super) const GO: &str = "operation error ";
const PHP: &str = "Error executing \"";
const GO_CODE: &str = "api error ";

/// The words of the marks. The label of an encoded message is translated by consoles; what it holds is not.
const WORDS: [(&str, Mark); 28] = [
    (MIDDLE, Mark::Sentence),
    ("not authorized to perform this operation", Mark::Refused),
    ("not authorized to perform the requested operation", Mark::Refused),
    ("The ciphertext refers to a customer master key", Mark::Hidden),
    ("The ciphertext refers to a KMS key", Mark::Hidden),
    ("ncoded authorization failure message", Mark::Encoded),
    ("\u{5931}\u{6557}\u{30e1}\u{30c3}\u{30bb}\u{30fc}\u{30b8}", Mark::Encoded),
    ("\u{5931}\u{8d25}\u{6d88}\u{606f}", Mark::Encoded),
    ("\u{5931}\u{6557}\u{8a0a}\u{606f}", Mark::Encoded),
    ("\u{c2e4}\u{d328} \u{ba54}\u{c2dc}\u{c9c0}", Mark::Encoded),
    ("utorisierungsfehlermeldung", Mark::Encoded),
    ("utorisierungsfehlernachricht", Mark::Encoded),
    ("d'autorisation cod\u{e9}", Mark::Encoded),
    ("d'autorisation encod\u{e9}", Mark::Encoded),
    ("autorizaci\u{f3}n codificado", Mark::Encoded),
    ("autoriza\u{e7}\u{e3}o codificada", Mark::Encoded),
    ("autorizzazione codificato", Mark::Encoded),
    (NAMED, Mark::Named),
    (GO, Mark::Operation),
    (PHP, Mark::Operation),
    ("UnauthorizedOperation", Mark::Denied),
    ("AccessDenied", Mark::Denied),
    (GO_CODE, Mark::Code),
    ("InvalidKeyId.NotFound", Mark::KeyCode),
    ("KMSKeyNotAccessibleFault", Mark::KeyCode),
    ("eventSource", Mark::Record),
    ("eventsource", Mark::Record),
    ("EventSource", Mark::Record),
];

/// Between JSON values it is of a record that is no JSON, or no longer.
pub(super) const OF_RECORD: &str =
    "this looks like a CloudTrail record that is no JSON: its time, request and role are lost";

/// The longest words of a mark, twice: so much around a line end is looked at for a mark that it breaks.
const AROUND: usize = 64;

struct Marks {
    finder: Option<AhoCorasick>,
    kinds: Vec<(&'static str, Mark)>,
}

static MARKS: LazyLock<Marks> = LazyLock::new(|| {
    let states = KEY_STATES.into_iter().map(|words| (words, Mark::KeyState));
    let codes = AwsError::KeyState.codes().map(|words| (words, Mark::KeyCode));
    let signs = SIGNS.into_iter().map(|(words, kind)| (words, Mark::Sign(kind)));
    let kinds: Vec<(&str, Mark)> = WORDS.into_iter().chain(states).chain(codes).chain(signs).collect();
    Marks { finder: AhoCorasick::new(kinds.iter().map(|(words, _)| *words)).ok(), kinds }
});

/// Every mark in a flow with where it begins and the words that it has, in order.
pub(super) fn marks(text: &str) -> Vec<(usize, Mark, &'static str)> {
    let Some(finder) = &MARKS.finder else { return Vec::new() };
    let kind = |pattern: usize| MARKS.kinds.get(pattern);
    let whole = finder
        .find_iter(text)
        .filter_map(|found| kind(found.pattern().as_usize()).map(|(words, mark)| (found.start(), *mark, *words)));
    let mut all: Vec<_> = whole.collect();
    for (at, _) in text.match_indices(LINE_END) {
        let before = tail(text.get(..at).unwrap_or_default(), AROUND);
        let behind = head(text.get(at + 1..).unwrap_or_default());
        for glue in ["", " "] {
            let around = format!("{before}{glue}{behind}");
            let broken = finder
                .find_iter(&around)
                .filter(|found| found.start() < before.len() && found.end() > before.len() + glue.len());
            all.extend(broken.filter_map(|found| {
                let (words, mark) = kind(found.pattern().as_usize())?;
                Some((at - before.len() + found.start(), *mark, *words))
            }));
        }
    }
    all.sort_by_key(|(at, _, words)| (*at, std::cmp::Reverse(words.len())));
    all.dedup_by_key(|(at, _, _)| *at);
    all
}

pub(super) fn tail(text: &str, length: usize) -> &str {
    let mut begin = text.len().saturating_sub(length);
    while !text.is_char_boundary(begin) {
        begin += 1;
    }
    text.get(begin..).unwrap_or_default()
}

fn head(text: &str) -> &str {
    let mut end = text.len().min(AROUND);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
