//! Wildcards, matched by trying everything.

/// A UTF-16 unit of a text, or [`HIDDEN`].
pub(crate) type Unit = u32;

/// A character that is there but not known: it equals nothing that a policy can write.
pub(crate) const HIDDEN: Unit = Unit::MAX;

const COLON: Unit = ':' as Unit;

/// One step of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// This very unit.
    Unit(Unit),
    /// `?`: one unit.
    One { crosses_colon: bool },
    /// `*`: any number of units.
    Run { crosses_colon: bool },
}

/// The units of a text; `?` takes one UTF-16 unit, so these are compared.
pub(crate) fn units(text: &str) -> Vec<Unit> {
    text.encode_utf16().map(Unit::from).collect()
}

/// `text` taken literally.
pub(crate) fn literal(text: &str) -> Vec<Token> {
    units(text).into_iter().map(Token::Unit).collect()
}

/// `text` with `*` and `?` as wildcards that match every character.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>
pub(crate) fn wildcards(text: &str) -> Vec<Token> {
    literal(text)
        .into_iter()
        .map(|token| match token {
            Token::Unit(unit) if unit == Unit::from('*') => Token::Run { crosses_colon: true },
            Token::Unit(unit) if unit == Unit::from('?') => Token::One { crosses_colon: true },
            other @ (Token::Unit(_) | Token::One { .. } | Token::Run { .. }) => other,
        })
        .collect()
}

/// Whether the whole pattern takes the whole text.
pub(crate) fn matches(pattern: &[Token], text: &[Unit]) -> bool {
    match (pattern, text) {
        ([], rest) => rest.is_empty(),
        ([Token::Unit(wanted), pattern @ ..], [unit, text @ ..]) => wanted == unit && matches(pattern, text),
        ([Token::One { crosses_colon }, pattern @ ..], [unit, text @ ..]) => {
            (*crosses_colon || *unit != COLON) && matches(pattern, text)
        }
        ([Token::Unit(_) | Token::One { .. }, ..], []) => false,
        ([Token::Run { crosses_colon }, rest @ ..], text) => {
            matches(rest, text)
                || text
                    .split_first()
                    .is_some_and(|(unit, text)| (*crosses_colon || *unit != COLON) && matches(pattern, text))
        }
    }
}

/// Whether the pattern takes `start` with *every* continuation of two characters or more.
pub(crate) fn takes_all_from(pattern: &[Token], start: &[Unit]) -> bool {
    let open_end = pattern
        .iter()
        .rev()
        .take_while(|token| !matches!(token, Token::Unit(_)))
        .any(|token| matches!(token, Token::Run { .. }));
    let mut text = start.to_vec();
    text.extend([HIDDEN, HIDDEN]);
    open_end && matches(pattern, &text)
}

/// Whether the pattern takes `start` with *some* continuation of two characters or more.
///
/// What continues is a unique ID or the name of a session, in which there is neither `*` nor `?`.
/// Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
pub(crate) fn takes_some_from(pattern: &[Token], start: &[Unit]) -> bool {
    match (pattern, start) {
        (rest, []) => {
            let wild = [Token::Unit(Unit::from('*')), Token::Unit(Unit::from('?'))];
            let long = rest.len() >= 2 || rest.iter().any(|token| matches!(token, Token::Run { .. }));
            long && !rest.iter().any(|token| wild.contains(token))
        }
        ([], [..]) => false,
        ([Token::Unit(wanted), pattern @ ..], [unit, start @ ..]) => wanted == unit && takes_some_from(pattern, start),
        ([Token::One { .. }, pattern @ ..], [_, start @ ..]) => takes_some_from(pattern, start),
        ([Token::Run { .. }, rest @ ..], [_, next @ ..]) => {
            takes_some_from(rest, start) || takes_some_from(pattern, next)
        }
    }
}
