//! From the text of a value to pieces: wildcards, policy variables and their escapes.

use crate::document::Span;
use crate::names::ConditionKey;

use super::pattern::Pattern;
use super::piece::{Piece, Variable, join};
use super::{PolicyType, Version};

/// What `*` and `?` mean in a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wildcards {
    /// Themselves: operators that compare for equality.
    Plain,
    /// Any characters, one character.
    Free,
    /// As in `Resource`: inside one of the first five parts of an ARN they do not cross a colon, unless a `*`
    /// ends the part.
    Arn,
}

/// Compiles `text`; variables count only in version `2012-10-17`.
pub(super) fn compile(text: &str, wildcards: Wildcards, version: Version, span: Span) -> Pattern {
    if !text.contains(['*', '?', '$']) {
        return Pattern::literal(text, span);
    }
    Pattern::new(text, pieces(text, wildcards, version), span)
}

/// Compiles an entry of `Resource` or `NotResource`; an incomplete ARN is completed with `*`.
///
/// Where a `*` ends one of its parts, which may then run on past the colons behind it, the ARN may be whole as it
/// stands: AWS's pages give both readings.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
pub(super) fn compile_resource(text: &str, kind: PolicyType, version: Version, span: Span) -> Pattern {
    let colons = text.bytes().filter(|byte| *byte == b':').count();
    let incomplete = text.starts_with("arn:") && colons < 5;
    let as_written = pieces(text, Wildcards::Arn, version);
    if !incomplete || kind == PolicyType::Session || kind == PolicyType::KeyPolicy {
        return Pattern::new(text, join(as_written), span);
    }
    let mut completed = as_written.clone();
    for _ in colons..5 {
        completed.push(Piece::Text(":".into()));
        completed.push(Piece::Star);
    }
    let pattern = Pattern::new(text, join(completed), span);
    if text.contains("*:") { pattern.or_read_as(join(as_written)) } else { pattern }
}

pub(super) fn pieces(text: &str, wildcards: Wildcards, version: Version) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut colons = 0_u8;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let behind = rest.get(character.len_utf8()..).unwrap_or_default();
        let inner = wildcards == Wildcards::Arn && colons < 5;
        let piece = match character {
            '*' | '?' if wildcards == Wildcards::Plain => None,
            '*' if inner && !behind.is_empty() && !behind.starts_with(':') => Some(Piece::InnerStar),
            '*' => Some(Piece::Star),
            '?' if inner => Some(Piece::InnerQuestion),
            '?' => Some(Piece::Question),
            '$' if version == Version::V2012 && !inner => {
                if let Some((piece, after)) = variable(rest) {
                    if let Piece::Text(escaped) = piece {
                        plain.push_str(&escaped);
                    } else {
                        flush(&mut plain, &mut pieces);
                        pieces.push(piece);
                    }
                    rest = after;
                    continue;
                }
                None
            }
            _ => None,
        };
        match piece {
            Some(piece) => {
                flush(&mut plain, &mut pieces);
                pieces.push(piece);
            }
            None => plain.push(character),
        }
        if character == ':' {
            colons = colons.saturating_add(1);
        }
        rest = behind;
    }
    flush(&mut plain, &mut pieces);
    pieces
}

fn flush(plain: &mut String, pieces: &mut Vec<Piece>) {
    if !plain.is_empty() {
        pieces.push(Piece::Text(std::mem::take(plain).into()));
    }
}

/// `${…}` at the start of `text`, and what follows it; text that is no variable is taken literally.
fn variable(text: &str) -> Option<(Piece, &str)> {
    let (inside, behind) = text.strip_prefix("${")?.split_once('}')?;
    if matches!(inside, "*" | "?" | "$") {
        return Some((Piece::Text(inside.into()), behind));
    }
    let (key, default) = match inside.split_once(',') {
        Some((key, default)) => {
            let default = default.trim().strip_prefix('\'')?.strip_suffix('\'')?;
            (key.trim(), Some(Box::from(default)))
        }
        None => (inside.trim(), None),
    };
    let named = !key.is_empty() && !key.contains(['$', '{', '\'', ' ']);
    named.then(|| (Piece::Variable(Variable { key: ConditionKey::new(key), default }), behind))
}
