//! Which starts, and which volumes of one start, no policy can tell apart: what cures one of them cures all, and is
//! worked out and proven once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use crate::document::Document;
use crate::engine::{ContextValue, NamedPolicy};
use crate::names::{ConditionKey, VolumeId};
use crate::operations::RequestOutcome;
use crate::policy::{PrincipalEntry, Statement, Truth};

use super::{Judgement, Part, Remedy};

/// The remedies of starts that policies cannot tell apart, for one capture and one question.
#[derive(Debug, Default)]
pub(crate) struct Remedies {
    asked: OnceLock<Asked>,
    known: RwLock<BTreeMap<String, Found>>,
}

/// The instance of the start that it was worked out for, and the remedy.
type Found = (String, Option<Arc<Remedy>>);

impl Remedies {
    /// The remedy of a start, as `work_out` finds it for the requests that stand for all of theirs.
    pub(super) fn of(
        &self,
        of: Judgement<'_>,
        work_out: impl FnOnce(Judgement<'_>) -> Option<Remedy>,
    ) -> Option<Remedy> {
        let alike = Alike::new(of, self.asked.get_or_init(|| Asked::new(of)));
        let own = of.target.instance_id.as_str();
        // Nothing is ever half put in.
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&alike.signature).cloned();
        let (from, remedy) = known.unwrap_or_else(|| {
            let judged: Vec<RequestOutcome> =
                alike.members.iter().filter_map(|members| of.judged.get(*members.first()?)).cloned().collect();
            let counts: Vec<usize> = alike.members.iter().map(Vec::len).collect();
            let remedy = work_out(Judgement { judged: &judged, counts: &counts, ..of }).map(Arc::new);
            let found: Found = (own.to_owned(), remedy);
            if found.1.as_ref().is_none_or(|remedy| remedy.is_of_any(own, &judged)) {
                self.known
                    .write()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(alike.signature.clone(), found.clone());
            }
            found
        });
        remedy.map(|remedy| remedy.of_start(&alike.members, &from, own))
    }
}

/// What policies ask of requests, and what of it can tell one instance or volume from another.
#[derive(Debug, Default)]
struct Asked {
    keys: BTreeSet<ConditionKey>,
    telling: BTreeSet<ConditionKey>,
    resources_tell: bool,
    principals_tell: bool,
}

impl Asked {
    fn new(of: Judgement<'_>) -> Self {
        let mut asked = Self::default();
        let policies = of.shelf.all(of.whole);
        let session = of.question.session_policies.iter().map(|given| &given.0);
        for statement in policies.iter().chain(session).flat_map(statements) {
            asked.hear(statement);
        }
        asked
    }

    fn hear(&mut self, statement: &Statement) {
        for condition in &statement.conditions {
            self.keys.insert(condition.key.clone());
            let has_variables = condition.variables().next().is_some();
            if has_variables || condition.written.iter().any(|value| tells_apart(value)) {
                self.telling.insert(condition.key.clone());
            }
            self.ask(condition.variables().map(|variable| &variable.key));
        }
        for pattern in statement.resource.iter().flat_map(|element| &element.patterns) {
            // A resource of another service is none of a start.
            let service = pattern.as_str().split(':').nth(2).unwrap_or_default();
            let is_other = !service.contains(['*', '?', '$']) && !matches!(service, "" | "ec2" | "kms");
            let has_variables = pattern.variables().next().is_some();
            self.resources_tell |= !is_other && (has_variables || tells_apart(pattern.as_str()));
            self.ask(pattern.variables().map(|variable| &variable.key));
        }
        let entries = statement.principal.iter().flat_map(|element| &element.entries);
        self.principals_tell |=
            entries.into_iter().any(|(entry, _)| matches!(entry, PrincipalEntry::Session(arn) if tells_apart(arn)));
    }

    /// A variable stands for the whole value, whatever it is.
    fn ask<'k>(&mut self, keys: impl Iterator<Item = &'k ConditionKey>) {
        for key in keys {
            self.keys.insert(key.clone());
            self.telling.insert(key.clone());
        }
    }

    /// The entries that policies ask for, without the IDs that none can tell apart.
    fn write<'e>(
        &self,
        entries: impl Iterator<Item = &'e (ConditionKey, ContextValue)>,
        ids: &[(&str, &str)],
        into: &mut String,
    ) {
        for (key, value) in entries.filter(|(key, _)| self.keys.contains(key)) {
            let written = format!("{}={value:?};", key.lower());
            into.push_str(&if self.telling.contains(key) { written } else { without(&written, ids) });
        }
    }
}

fn statements(policy: &Arc<NamedPolicy>) -> impl Iterator<Item = &Statement> {
    policy.policy.iter().flat_map(|policy| &policy.statements)
}

/// Whether a value of a policy may match one text that ends with the ID of an instance or a volume and not another:
/// one of its stretches without wildcard ends within the ID.
fn tells_apart(written: &str) -> bool {
    const BEGINNINGS: [&str; 2] = ["i-", "vol-"];
    if written.contains('?') {
        return true;
    }
    written.split('*').enumerate().any(|(number, stretch)| {
        let before = stretch.trim_end_matches(|sign: char| sign.is_ascii_hexdigit());
        let is_behind = BEGINNINGS.iter().any(|beginning| before.to_ascii_lowercase().ends_with(beginning));
        let is_within = BEGINNINGS.iter().any(|beginning| beginning.ends_with(&before.to_ascii_lowercase()));
        before.len() < stretch.len() && (is_behind || (number > 0 && is_within))
    })
}

fn without(text: &str, ids: &[(&str, &str)]) -> String {
    ids.iter().fold(text.to_owned(), |text, (id, sign)| text.replace(id, sign))
}

/// The requests of a start, those together that policies cannot tell apart.
struct Alike {
    /// By the request that stands for all of them: their positions.
    members: Vec<Vec<usize>>,
    /// What policies can tell of the start.
    signature: String,
}

impl Alike {
    fn new(of: Judgement<'_>, asked: &Asked) -> Self {
        let instance = of.target.instance_id.as_str();
        let mut signature = format!("{} {}", of.target.role_arn, instance.len());
        if asked.principals_tell {
            signature.push_str(instance);
        }
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        // Of each kind of volume: the number of its first request, and how many volumes are of it.
        let mut kinds: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        let (mut members, mut position): (Vec<Vec<usize>>, usize) = (Vec::new(), 0);
        for of_volume in of.judged.chunk_by(|one, next| one.case.volume == next.case.volume) {
            let volume = of_volume.first().and_then(|judged| judged.case.volume.as_ref());
            // No text of AWS's holds the signs.
            let mut ids = vec![(instance, "\u{1}")];
            ids.extend(volume.map(|volume| (volume.as_str(), "\u{2}")));
            let mut kind = String::new();
            for judged in of_volume {
                let context = &judged.case.request.context;
                let next = shared.len();
                let number = *shared.entry(context.pattern_address()).or_insert_with(|| {
                    let _ = write!(signature, "\n{:?} ", context.families());
                    asked.write(context.pattern(), &ids, &mut signature);
                    next
                });
                write_request(judged, number, asked, &ids, &mut kind);
            }
            let next = members.len();
            let (first, count) = kinds.entry(kind).or_insert((next, 0));
            if *count == 0 {
                members.extend(of_volume.iter().map(|_| Vec::new()));
            }
            *count += 1;
            for (offset, list) in members.iter_mut().skip(*first).take(of_volume.len()).enumerate() {
                list.push(position + offset);
            }
            position += of_volume.len();
        }
        let mut kinds: Vec<(usize, usize, String)> =
            kinds.into_iter().map(|(kind, (first, count))| (first, count, kind)).collect();
        kinds.sort();
        for (_, count, kind) in kinds {
            let _ = write!(signature, "\n{count}: {kind}");
        }
        Self { members, signature }
    }
}

fn write_request(judged: &RequestOutcome, pattern: usize, asked: &Asked, ids: &[(&str, &str)], into: &mut String) {
    let request = &judged.case.request;
    // A String takes every write.
    let _ = write!(into, "{} {} {} ", judged.case.row.action, request.principal.arn, request.resource_account);
    if asked.resources_tell {
        into.push_str(request.resource());
    } else {
        into.push_str(&without(request.resource(), ids));
    }
    let _ = write!(into, " {:?} #{pattern} ", judged.decision);
    asked.write(request.context.own(), ids, into);
    // A grant may be for this instance or this volume.
    let read = judged.case.policies.grants.grants.len();
    let grants = judged.explanation.grants.iter().take(read).enumerate();
    for (number, outcome) in grants.filter(|(_, outcome)| outcome.grantee != Truth::False) {
        let _ = write!(into, " {number}{outcome:?}");
    }
}

impl Remedy {
    /// Whether it names the instance only where the remedy of another start names its own, and no volume.
    fn is_of_any(&self, instance: &str, judged: &[RequestOutcome]) -> bool {
        let volumes: BTreeSet<&str> =
            judged.iter().filter_map(|judged| judged.case.volume.as_ref()).map(VolumeId::as_str).collect();
        let names_volume = |text: &str| text.contains("vol-") && volumes.iter().any(|volume| text.contains(volume));
        let other = self.other.iter().flat_map(|way| &way.parts);
        self.parts.iter().chain(other).all(|part| {
            let before = part.before.as_ref().is_none_or(|before| !before.text().contains(instance));
            before && !part.statements.iter().any(|suggestion| names_volume(&suggestion.text))
        })
    }

    /// The same for a start that differs but for its instance, with these positions instead of each.
    fn of_start(&self, members: &[Vec<usize>], from: &str, to: &str) -> Self {
        let all = |requests: &[usize]| {
            let mut all: Vec<usize> =
                requests.iter().filter_map(|number| members.get(*number)).flatten().copied().collect();
            all.sort_unstable();
            all
        };
        let rename = |text: &mut String| {
            if from != to && text.contains(from) {
                *text = text.replace(from, to);
            }
        };
        let mut remedy = self.clone();
        let other = remedy.other.iter_mut().flat_map(|way| &mut way.parts);
        for part in remedy.parts.iter_mut().chain(other) {
            part.requests = all(&part.requests);
            for suggestion in &mut part.statements {
                suggestion.requests = all(&suggestion.requests);
            }
            part.rename(&rename);
        }
        for proof in std::iter::once(&mut remedy.proof).chain(remedy.other.as_mut().map(|way| &mut way.proof)) {
            proof.minimality.idle.iter_mut().for_each(rename);
            proof.reach.opened.iter_mut().for_each(|reached| rename(&mut reached.principal));
        }
        remedy
    }
}

impl Part {
    fn rename(&mut self, rename: &impl Fn(&mut String)) {
        for suggestion in &mut self.statements {
            rename(&mut suggestion.text);
            for need in suggestion.exempting.iter_mut().flat_map(|exempting| &mut exempting.needs) {
                rename(&mut need.resource);
            }
        }
        self.change.texts_mut().for_each(rename);
        if let Some(after) = &mut self.after {
            let mut text = after.text().to_owned();
            rename(&mut text);
            if text != after.text() {
                *after = Document::new(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::tells_apart;

    #[test]
    fn a_value_tells_ids_apart_where_a_stretch_of_it_ends_within_one() {
        for value in
            ["*", "vol-*", "arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:*:*:instance/i-*", "*i-*", "111122223333"]
        {
            assert!(!tells_apart(value), "{value}");
        }
        for value in ["vol-0a1b", "*0a1b", "*-0a", "i-0?", "arn:aws:ec2:*:*:instance/i-0a*", "*:I-0A1B2C3D", "*a*"] {
            assert!(tells_apart(value), "{value}");
        }
    }
}
