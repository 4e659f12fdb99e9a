//! Changes of real documents: most leave something that is nearly right.

use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
use serde_json::{Value, json};

/// One change; a place is counted among those that there are.
#[derive(Debug, Clone)]
enum Change {
    /// Takes a value out.
    Drop(Index),
    /// Puts a copy of one value in the place of another.
    Copy(Index, Index),
    /// Puts an odd value in a place.
    Put(Index, Value),
    /// Gives a value another name.
    Rename(Index, &'static str),
    /// Takes characters out of the text.
    Cut(Index, usize),
    /// Says characters of the text twice: names, braces, quotes.
    Repeat(Index, usize),
    /// Puts characters into the text.
    Insert(Index, &'static str),
}

/// One of `documents`, changed in up to four ways.
pub(crate) fn changed(documents: Vec<String>) -> BoxedStrategy<String> {
    (select(documents), vec(changes(), 0..4))
        .prop_map(|(document, changes)| changes.iter().fold(document, |text, change| change.apply(&text)))
        .boxed()
}

/// Any text of few and telling characters: patterns, and values for them.
pub(crate) fn texts(characters: &'static [char], length: usize) -> BoxedStrategy<String> {
    vec(select(characters), 0..length).prop_map(|characters| characters.into_iter().collect()).boxed()
}

fn changes() -> BoxedStrategy<Change> {
    let place = any::<Index>;
    let names = ["Statement", "NotAction", "NotPrincipal", "stringequals", "aws:username", "known", "absent", "\u{0}"];
    let inserts = ["\"", "\\", "{", "]", ",", "\u{feff}", "\u{a0}", "é", "\u{1f600}", "\\ud800", "-", "e9", "${", "//"];
    prop_oneof![
        6 => place().prop_map(Change::Drop),
        6 => (place(), place()).prop_map(|(to, from)| Change::Copy(to, from)),
        6 => (place(), select(odd_values())).prop_map(|(at, value)| Change::Put(at, value)),
        2 => (place(), select(names.to_vec())).prop_map(|(at, name)| Change::Rename(at, name)),
        1 => (place(), 1..9_usize).prop_map(|(at, length)| Change::Cut(at, length)),
        1 => (place(), 1..40_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
        1 => (place(), select(inserts.to_vec())).prop_map(|(at, text)| Change::Insert(at, text)),
    ]
    .boxed()
}

fn odd_values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("*"),
        json!("?*?"),
        json!("${aws:PrincipalTag/team, 'ops'}"),
        json!("${*}"),
        json!("arn:aws:iam::111122223333:role/StartJob"),
        json!("arn:aws:kms:*"),
        json!("2012-10-17"),
        json!("-9223372036854775808"),
        json!("999999999999999999999999999999"),
        json!("::/0"),
        json!("\u{1f600}\u{0}\u{301}"),
        json!([]),
        json!({}),
        json!([[{}]]),
        json!(["a", "a"]),
    ]
}

impl Change {
    fn apply(&self, text: &str) -> String {
        match self {
            Self::Cut(at, length) => {
                let (before, _, behind) = around(text, *at, *length);
                format!("{before}{behind}")
            }
            Self::Repeat(at, length) => {
                let (before, twice, behind) = around(text, *at, *length);
                format!("{before}{twice}{twice}{behind}")
            }
            Self::Insert(at, inserted) => {
                let (before, _, behind) = around(text, *at, 0);
                format!("{before}{inserted}{behind}")
            }
            Self::Drop(..) | Self::Copy(..) | Self::Put(..) | Self::Rename(..) => {
                // What an earlier change made no JSON stays as it is.
                let Ok(mut value) = serde_json::from_str(text) else { return text.to_owned() };
                self.apply_to(&mut value);
                value.to_string()
            }
        }
    }

    fn apply_to(&self, document: &mut Value) {
        let mut places = Vec::new();
        list_places(document, "", &mut places);
        let place = |index: &Index| (!places.is_empty()).then(|| index.get(&places).clone());
        match self {
            Self::Drop(at) => {
                let _ = place(at).and_then(|at| take(document, &at));
            }
            Self::Copy(to, from) => {
                let copy = place(from).and_then(|from| document.pointer(&from).cloned());
                set(document, place(to), copy);
            }
            Self::Put(at, value) => set(document, place(at), Some(value.clone())),
            Self::Rename(at, name) => {
                let Some(at) = place(at) else { return };
                let value = take(document, &at).unwrap_or_default();
                let (parent, _) = at.rsplit_once('/').unwrap_or_default();
                if let Some(Value::Object(parent)) = document.pointer_mut(parent) {
                    parent.insert((*name).to_owned(), value);
                }
            }
            Self::Cut(..) | Self::Repeat(..) | Self::Insert(..) => {}
        }
    }
}

/// What stands before a place of the text, what stands there, and what stands behind it.
fn around(text: &str, at: Index, length: usize) -> (&str, &str, &str) {
    let mut ends: Vec<usize> = text.char_indices().map(|(position, _)| position).collect();
    ends.push(text.len());
    let start = at.index(ends.len());
    let end = (start + length).min(ends.len() - 1);
    (&text[..ends[start]], &text[ends[start]..ends[end]], &text[ends[end]..])
}

/// The JSON pointers of all values inside of `value`.
fn list_places(value: &Value, at: &str, places: &mut Vec<String>) {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), member))
            .collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(number, item)| (format!("{at}/{number}"), item)).collect()
        }
        _ => Vec::new(),
    };
    for (place, value) in inside {
        list_places(value, &place, places);
        places.push(place);
    }
}

fn set(document: &mut Value, at: Option<String>, value: Option<Value>) {
    if let (Some(at), Some(value)) = (at, value)
        && let Some(place) = document.pointer_mut(&at)
    {
        *place = value;
    }
}

fn take(document: &mut Value, at: &str) -> Option<Value> {
    let (parent, name) = at.rsplit_once('/')?;
    match document.pointer_mut(parent)? {
        Value::Object(members) => members.remove(&name.replace("~1", "/").replace("~0", "~")),
        Value::Array(items) => Some(items.remove(name.parse().ok()?)),
        _ => None,
    }
}
