//! What several starts need of one policy is one change of it.

use crate::change::{Change, Edit, edited};
use crate::document::Document;
use crate::findings::push_new;
use crate::policy::{add_value, with_free_sid, without_principal};

use super::extend::{Elements, elements};
use super::{Exempting, Note, Part, Remedy, Suggested};

/// The parts of several remedies, those of one policy folded into one.
pub(crate) fn join<'r>(remedies: impl IntoIterator<Item = &'r Remedy>) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::new();
    for part in remedies.into_iter().flat_map(Remedy::parts) {
        if !joined.iter_mut().any(|known| known.take_in(part)) {
            joined.push(part.clone());
        }
    }
    joined
}

/// The statements that a Deny becomes, with those beside it.
pub(super) fn exempted(exempting: &Exempting, is_required: bool) -> Vec<Suggested> {
    let found = exempting.exemption.without(&exempting.needs, &exempting.region);
    let requests: Vec<usize> = exempting.needs.iter().map(|need| need.position).collect();
    let clean = |text: String| {
        exempting.stale.iter().fold(text, |text, id| match without_principal(&text, id, None) {
            Ok(Some(text)) => text,
            Ok(None) | Err(_) => text,
        })
    };
    let suggested = |text: String, replaces: Option<String>| Suggested {
        text: clean(text),
        replaces,
        exempting: Some(exempting.clone()),
        requests: requests.clone(),
        is_required,
    };
    let instead = suggested(found.instead.unwrap_or_default(), Some(exempting.exemption.statement.clone()));
    std::iter::once(instead).chain(found.beside.into_iter().map(|text| suggested(text, None))).collect()
}

/// The edits that make the suggestions, after others; what is added gets a Sid that is free.
pub(super) fn edits_of(before: Option<&Document>, first: Vec<Edit>, suggestions: &mut [Suggested]) -> Vec<Edit> {
    let mut edits = first;
    for suggestion in suggestions.iter_mut().filter(|suggestion| suggestion.replaces.is_some()) {
        let new = (!suggestion.text.is_empty()).then(|| suggestion.text.clone());
        edits.extend(suggestion.replaces.clone().map(|old| Edit::Replace { old, new }));
    }
    for suggestion in suggestions.iter_mut().filter(|suggestion| suggestion.replaces.is_none()) {
        if let Some(document) = edited(before, &edits)
            && let Ok(text) = with_free_sid(document.text(), &suggestion.text)
        {
            suggestion.text = text;
        }
        edits.push(Edit::Add(suggestion.text.clone()));
    }
    edits
}

impl Part {
    /// Whether another part changes the same thing.
    pub(crate) fn is_of_same(&self, other: &Self) -> bool {
        match (&self.change, &other.change) {
            (Change::Policy { place, .. }, Change::Policy { place: there, .. }) => place == there,
            (one, other) => one == other,
        }
    }

    /// Takes in what another start needs of the same thing; false if it is another thing.
    fn take_in(&mut self, other: &Self) -> bool {
        let (Change::Policy { place, edits }, Change::Policy { place: there, .. }) = (&self.change, &other.change)
        else {
            return self.change == other.change;
        };
        if place != there {
            return false;
        }
        let place = place.clone();
        let is_own = |edit: &&Edit| {
            let Edit::Replace { old, .. } = edit else { return false };
            let mut all = self.statements.iter().chain(&other.statements);
            all.all(|suggestion| suggestion.replaces.as_ref() != Some(old))
        };
        // Unique IDs of deleted principals go out of statements that nothing else changes.
        let cleaned: Vec<Edit> = edits.iter().filter(is_own).cloned().collect();
        for suggestion in &other.statements {
            self.take(suggestion);
        }
        let mut edits = edits_of(self.before.as_ref(), cleaned, &mut self.statements);
        self.after = edited(self.before.as_ref(), &edits);
        if let (Some(Note::AwsManaged { .. }), Some(document)) =
            (self.notes.iter().find(|note| matches!(note, Note::AwsManaged { .. })), &self.after)
        {
            edits = vec![Edit::Whole(document.clone())];
        }
        self.change = Change::Policy { place, edits };
        for note in &other.notes {
            push_new(&mut self.notes, note.clone());
        }
        self.is_required |= other.is_required;
        true
    }

    fn take(&mut self, suggestion: &Suggested) {
        if let Some(exempting) = &suggestion.exempting {
            let is_it =
                |own: &Suggested| own.exempting.as_ref().is_some_and(|known| known.exemption == exempting.exemption);
            let Some(at) = self.statements.iter().position(is_it) else {
                self.statements.extend(exempted(exempting, suggestion.is_required));
                return;
            };
            let Some(mut known) = self.statements.get(at).and_then(|own| own.exempting.clone()) else { return };
            for need in &exempting.needs {
                if !known.needs.iter().any(|own| own.is_same(need)) {
                    known.needs.push(need.clone());
                }
            }
            let is_required = suggestion.is_required || self.statements.iter().any(|own| is_it(own) && own.is_required);
            self.statements.retain(|own| !is_it(own));
            self.statements.extend(exempted(&known, is_required));
            return;
        }
        if self.statements.iter().any(|own| is_same(own, suggestion)) {
            return;
        }
        let own = self
            .statements
            .iter_mut()
            .find(|own| own.exempting.is_none() && own.replaces.is_some() && own.replaces == suggestion.replaces);
        match (own, &suggestion.replaces) {
            (Some(own), Some(old)) => {
                own.text = with_more(old, &own.text, &suggestion.text);
                own.is_required |= suggestion.is_required;
            }
            (_, _) => self.statements.push(suggestion.clone()),
        }
    }
}

/// Whether both say the same, whatever their Sids.
fn is_same(own: &Suggested, other: &Suggested) -> bool {
    own.replaces == other.replaces && elements(&own.text).is_some() && elements(&own.text) == elements(&other.text)
}

/// One change of a statement with the values that another change of it adds.
fn with_more(old: &str, text: &str, other: &str) -> String {
    let Some((old, other)) = elements(old).zip(elements(other)) else { return text.to_owned() };
    let had = |elements: &Elements, path: &[String], value: &String| {
        elements.get(path).is_some_and(|values| values.contains(value))
    };
    let mut merged = text.to_owned();
    for (path, values) in &other {
        for value in values.iter().filter(|value| !had(&old, path, value)) {
            let path_of: Vec<&str> = path.iter().map(String::as_str).collect();
            let is_there = elements(&merged).is_some_and(|merged| had(&merged, path, value));
            if !is_there && let Ok(text) = add_value(&merged, &path_of, value) {
                merged = text;
            }
        }
    }
    merged
}
