//! Strict JSON with the place of every value, over `jsonc-parser` with all its leniency switched off.

use jsonc_parser::ast;
use jsonc_parser::common::Range;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions};

use crate::document::Span;

use super::error::{PolicyError, Problem};

/// A JSON value with its place; objects keep duplicate names.
pub type JsonValue<'a> = ast::Value<'a>;

/// Reads one JSON text.
///
/// # Errors
/// The first place at which it is no strict JSON.
pub fn parse_json(text: &str) -> Result<JsonValue<'_>, PolicyError> {
    let collect = CollectOptions { comments: CommentCollectionStrategy::Off, tokens: false };
    let strict = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let failed = |message: String, span| PolicyError { problem: Problem::NotJson(message), span };
    if let Some((at, character)) = misplaced_character(text) {
        let span = Span { start: at, end: at + character.len_utf8() };
        return Err(failed(format!("unexpected character `{}`", character.escape_default()), span));
    }
    let parsed = jsonc_parser::parse_to_ast(text, &collect, &strict)
        .map_err(|error| failed(lower_first(&error.kind().to_string()), span_of(error.range())))?;
    parsed.value.ok_or_else(|| failed("the text is empty".to_owned(), Span::default()))
}

/// What the parser lets pass and JSON forbids: control characters in strings, blanks outside that are none in JSON.
fn misplaced_character(text: &str) -> Option<(usize, char)> {
    if text.bytes().all(|byte| (0x20..0x80).contains(&byte)) {
        return None;
    }
    let mut in_string = false;
    let mut escaped = false;
    // Only bytes are looked at: what matters is ASCII, or the lead byte of a blank outside a string.
    for (at, byte) in text.bytes().enumerate() {
        let wrong = if in_string {
            match byte {
                _ if escaped => {
                    escaped = false;
                    byte < 0x20
                }
                b'\\' => {
                    escaped = true;
                    false
                }
                b'"' => {
                    in_string = false;
                    false
                }
                _ => byte < 0x20,
            }
        } else {
            in_string = byte == b'"';
            byte >= 0x80 || (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r'))
        };
        if wrong {
            return text.get(at..).and_then(|rest| rest.chars().next()).map(|character| (at, character));
        }
    }
    None
}

fn lower_first(message: &str) -> String {
    let mut characters = message.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

pub(super) fn span_of(range: Range) -> Span {
    Span { start: range.start, end: range.end }
}
