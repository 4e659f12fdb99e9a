//! The policy parser on any text.

use ebs_preflight::document::Span;
use ebs_preflight::policy::{
    ActionPattern, Condition, Pattern, Polarity, Policy, PolicyType, PrincipalElement, PrincipalEntry, Statement,
    Version,
};

/// Whatever the text: the parser ends, its places lie in the text, and what it reads it reads again from its own print.
///
/// Returns as how many policy types it was read.
pub(crate) fn check(text: &str) -> usize {
    PolicyType::ALL.into_iter().filter(|kind| check_as(text, *kind)).count()
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
    let printed = print(&policy);
    let again = Policy::parse(&printed, kind).unwrap_or_else(|errors| panic!("{errors:?}: {printed} of {text:?}"));
    assert_eq!(without_places(&again), without_places(&policy), "of {text:?}");
    // Printed once more there is nothing left to differ, not even the places.
    assert_eq!(print(&again), printed);
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

/// A policy as JSON again: all that it says, nothing of how its author laid it out.
pub(crate) fn print(policy: &Policy) -> String {
    let version = match policy.version {
        Version::V2008 => "2008-10-17",
        Version::V2012 => "2012-10-17",
    };
    let statements: Vec<String> = policy.statements.iter().map(statement).collect();
    format!(r#"{{"Version":"{version}","Statement":[{}]}}"#, statements.join(","))
}

fn statement(statement: &Statement) -> String {
    let name = |sense, name: &str| if sense == Polarity::Positive { name.to_owned() } else { format!("Not{name}") };
    let mut elements = Vec::new();
    if let Some(sid) = &statement.sid {
        elements.push(("Sid".to_owned(), quoted(sid)));
    }
    elements.push(("Effect".to_owned(), quoted(&statement.effect.to_string())));
    if let Some(element) = &statement.principal {
        elements.push((name(element.sense, "Principal"), principal(element)));
    }
    // A key policy statement may lack it, which no list would say; a session policy may have an empty list.
    if statement.action.span != statement.span {
        let patterns = statement.action.patterns.iter().map(ActionPattern::as_str);
        elements.push((name(statement.action.sense, "Action"), list(patterns)));
    }
    if let Some(element) = &statement.resource {
        elements.push((name(element.sense, "Resource"), list(element.patterns.iter().map(Pattern::as_str))));
    }
    if !statement.conditions.is_empty() {
        elements.push(("Condition".to_owned(), conditions(&statement.conditions)));
    }
    object(elements.iter().map(|(name, value)| (name.as_str(), value.clone())))
}

fn principal(element: &PrincipalElement) -> String {
    if let [(PrincipalEntry::Anyone, _)] = element.entries.as_slice() {
        return quoted("*");
    }
    let kinds = element.entries.chunk_by(|(one, _), (next, _)| label(one) == label(next));
    object(kinds.map(|entries| (label(&entries[0].0), list(entries.iter().map(|(entry, _)| entry.as_str())))))
}

fn label(entry: &PrincipalEntry) -> &'static str {
    match entry {
        PrincipalEntry::Service(_) => "Service",
        PrincipalEntry::Federated(_) => "Federated",
        PrincipalEntry::CanonicalUser(_) => "CanonicalUser",
        _ => "AWS",
    }
}

fn conditions(conditions: &[Condition]) -> String {
    let operators = conditions.chunk_by(|one, next| one.operator == next.operator).map(|tests| {
        let keys = tests.iter().map(|test| (test.key.as_str(), list(test.written.iter().map(|value| &**value))));
        (tests[0].operator.to_string(), object(keys))
    });
    let operators: Vec<(String, String)> = operators.collect();
    object(operators.iter().map(|(name, value)| (name.as_str(), value.clone())))
}

fn object<'n>(members: impl Iterator<Item = (&'n str, String)>) -> String {
    let members: Vec<String> = members.map(|(name, value)| format!("{}:{value}", quoted(name))).collect();
    format!("{{{}}}", members.join(","))
}

fn list<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    serde_json::to_string(&texts.collect::<Vec<_>>()).unwrap()
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}
