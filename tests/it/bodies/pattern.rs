//! Wildcards against the matching that tries everything.

use ebs_preflight::policy::{NoVariables, Pattern, Policy, PolicyType, Truth, Values};
use serde_json::json;

use crate::spec::glob::{Token, matches, units, wildcards};
use crate::spec::resource_tokens;

/// Trying everything takes too long for more.
const STARS: usize = 5;
const CHARACTERS: usize = 24;

/// A pattern matches exactly what the slow matching says; it takes any number of copies of what it matches.
///
/// Returns whether `value` was matched.
pub(crate) fn check(pattern: &str, value: &str) -> bool {
    let short = |text: &str| text.chars().take(CHARACTERS).collect::<String>();
    let (pattern, value) = (short(pattern), short(value));
    if pattern.matches('*').count() > STARS {
        return false;
    }
    let free = |pattern: &str| compile(pattern, "arn:");
    let expected = matches(&wildcards(&pattern), &units(&value));
    let (text, _) = free(&pattern);
    assert_eq!(is_match(&text, &value), expected, "{pattern:?} on {value:?}");
    check_beginnings(&text, &value, expected);
    // Backtracking would not come to the end of these.
    let (many, _) = free(&pattern.repeat(40));
    assert!(!expected || is_match(&many, &value.repeat(40)), "{pattern:?} on {value:?}, 40 times");
    let beyond = free(&format!("{}\u{1}", pattern.repeat(40))).0;
    assert!(value.contains('\u{1}') || !is_match(&beyond, &value.repeat(40)), "{pattern:?} on {value:?}, and more");

    let (entry, arn) = (format!("arn:{pattern}"), format!("arn:{value}"));
    let (_, resource) = compile("", &entry);
    let tokens = resource_tokens(&entry);
    if tokens.iter().filter(|token| matches!(token, Token::Run { .. })).count() <= STARS {
        let expected = matches(&tokens, &units(&arn));
        assert_eq!(is_match(&resource, &arn), expected, "resource {entry:?} on {arn:?}");
        check_beginnings(&resource, &arn, expected);
    }
    expected
}

/// What is said of a value's beginning holds of the value.
fn check_beginnings(pattern: &Pattern, value: &str, expected: bool) {
    for (at, _) in value.char_indices() {
        let (beginning, rest) = value.split_at(at);
        let said = pattern.matches_prefix(beginning, &NoVariables);
        // What is open in a request is never one of these.
        let possible = !rest.contains(['*', '?']);
        let wrong = if expected { said == Truth::False && possible } else { said == Truth::True };
        assert!(!wrong, "{said} of {beginning:?}, {expected} of {value:?}: {pattern:?}");
    }
}

fn is_match(pattern: &Pattern, value: &str) -> bool {
    pattern.matches(value, &NoVariables) == Truth::True
}

/// `text` as a value of `StringLike`, and `entry` as one of `Resource`; without a version there are no variables.
fn compile(text: &str, entry: &str) -> (Pattern, Pattern) {
    let policy = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": entry,
        "Condition": {"StringLike": {"aws:ResourceTag/name": text}}}});
    let policy = Policy::parse(&policy.to_string(), PolicyType::Identity).unwrap();
    let statement = policy.statements.into_iter().next().unwrap();
    let Some(Values::Text(mut texts)) = statement.conditions.into_iter().next().map(|condition| condition.values)
    else {
        panic!("`StringLike` compares text");
    };
    (texts.remove(0), statement.resource.unwrap().patterns.remove(0))
}
