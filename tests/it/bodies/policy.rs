//! The policy parser on any text.

use ebs_preflight::policy::{Policy, PolicyType};
use ebs_preflight::source::Span;

const TYPES: [PolicyType; 6] = [
    PolicyType::Identity,
    PolicyType::Boundary,
    PolicyType::Session,
    PolicyType::Scp,
    PolicyType::Rcp,
    PolicyType::KeyPolicy,
];

/// Whatever the text: the parser ends, its places lie in the text, and what it reads it reads again from its own print.
///
/// Returns as how many policy types it was read.
pub(crate) fn check(text: &str) -> usize {
    TYPES.into_iter().filter(|kind| check_as(text, *kind)).count()
}

fn check_as(text: &str, kind: PolicyType) -> bool {
    let policy = match Policy::parse(text, kind) {
        Ok(policy) => policy,
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without a reason: {text}");
            for error in errors {
                assert!(slice(text, error.span).is_some(), "{error:?} lies outside of {text:?}");
                assert!(!error.to_string().is_empty());
            }
            return false;
        }
    };
    for statement in &policy.statements {
        let own = slice(text, statement.span).unwrap();
        assert!(own.starts_with('{') && own.ends_with('}'), "`{own}` is no statement of {text:?}");
        let resources = statement.resource.iter().flat_map(|resource| &resource.patterns);
        let places = resources.map(|pattern| (pattern.as_str(), pattern.span));
        let actions = statement.action.patterns.iter().map(|pattern| (pattern.as_str(), pattern.span()));
        for (written, span) in places.chain(actions) {
            let own = slice(text, span).unwrap();
            // Numbers and booleans count as their text.
            let literal = serde_json::from_str(own).unwrap_or_else(|_| own.to_owned());
            assert_eq!(literal, written, "of {text:?}");
        }
    }
    let printed = serde_json::to_string(&policy).unwrap();
    let again = Policy::parse(&printed, kind).unwrap_or_else(|errors| panic!("{errors:?}: {printed} of {text:?}"));
    assert_eq!(without_places(&again), without_places(&policy), "of {text:?}");
    // Printed once more there is nothing left to differ, not even the places.
    assert_eq!(serde_json::to_string(&again).unwrap(), printed);
    true
}

fn slice(text: &str, span: Span) -> Option<&str> {
    text.get(span.start..span.end)
}

fn without_places(policy: &Policy) -> String {
    let whole = format!("{policy:?}");
    let mut parts = whole.split("Span { ");
    let first = parts.next().unwrap().to_owned();
    parts.map(|part| part.split_once('}').unwrap().1).fold(first, |text, rest| text + rest)
}
