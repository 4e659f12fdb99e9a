use serde_json::Value;

/// The type of a policy, as its place in a capture tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Identity,
    Boundary,
    Key,
    Scp,
    Rcp,
}

/// A policy document in a capture.
pub(super) struct Place {
    /// Its JSON pointer.
    pub(super) pointer: String,
    pub(super) kind: Kind,
}

/// All policies that bear on a start; the trust policy does not.
pub(super) fn policies(capture: &Value) -> Vec<Place> {
    let places = pointers(capture).into_iter().filter_map(|pointer| {
        let kind = kind(&segments(&pointer))?;
        Some(Place { pointer, kind })
    });
    places.collect()
}

/// Where the same policy stands: an SCP or RCP may be attached to several targets, and a target above several accounts.
pub(super) fn attachments(capture: &Value, place: &Place) -> Vec<String> {
    let id = |pointer: &str| {
        let policy = pointer.strip_suffix("/document/known")?;
        capture.pointer(policy)?["id"].as_str().map(str::to_owned)
    };
    let is_same = |other: &Place| {
        other.pointer == place.pointer || id(&other.pointer).is_some_and(|own| id(&place.pointer) == Some(own))
    };
    policies(capture).iter().filter(|other| is_same(other)).map(|other| other.pointer.clone()).collect()
}

fn kind(segments: &[&str]) -> Option<Kind> {
    match segments {
        ["keys", _, "policy" | "ramPolicy", "known"] => Some(Kind::Key),
        ["identities", _, "known", "inline" | "attached", "known", _, "document", "known"]
        | ["identities", _, "known", "groups", "known", _, "inline" | "attached", "known", _, "document", "known"] => {
            Some(Kind::Identity)
        }
        ["identities", _, "known", "boundary", "known", "document", "known"] => Some(Kind::Boundary),
        ["organizations", _, "known", "scps", "known", _, "policies", _, "document", "known"] => Some(Kind::Scp),
        ["organizations", _, "known", "rcps", "known", _, "policies", _, "document", "known"] => Some(Kind::Rcp),
        _ => None,
    }
}

/// The parts of a JSON pointer, still escaped.
pub(super) fn segments(pointer: &str) -> Vec<&str> {
    pointer.split('/').skip(1).collect()
}

/// The ARN or ID that is one part of a JSON pointer.
pub(super) fn unescaped(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The JSON pointers of everything in `value`.
pub(super) fn pointers(value: &Value) -> Vec<String> {
    let mut all = Vec::new();
    walk(value, "", &mut all);
    all
}

fn walk(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| walk(value, &format!("{at}/{}", escaped(key)), all));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| walk(value, &format!("{at}/{index}"), all));
        }
        _ => {}
    }
}

/// Policy documents as JSON values with a list of statements, in whatever form the capture has them.
pub(super) fn spell_out_documents(capture: &mut Value) {
    for place in policies(capture) {
        let document = capture.pointer_mut(&place.pointer).unwrap();
        if let Some(text) = document.as_str() {
            *document = serde_json::from_str(text).unwrap();
        }
        let statements = &mut document["Statement"];
        if statements.is_object() {
            *statements = Value::Array(vec![statements.take()]);
        }
    }
}
