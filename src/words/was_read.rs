//! What was read, in short: the other side of what was not.

use std::collections::BTreeMap;

use crate::capture::{Capture, Identity, Key, Level, Organization};
use crate::fact::Fact;

/// As `1 instance`, `2 keys (state, policy)`; what was read of no key is left out.
pub(crate) fn was_read(capture: &Capture) -> Vec<String> {
    let identities: Vec<&Identity> = known(&capture.identities).collect();
    let (users, roles): (Vec<&Identity>, Vec<&Identity>) = identities.into_iter().partition(|one| one.is_user());
    let organizations: Vec<&Organization> = known(&capture.organizations).collect();
    let parts = [
        counted(known(&capture.instances).count(), "instance"),
        counted(known(&capture.volumes).count(), "volume"),
        keys(capture),
        of_identities(&roles, "role"),
        of_identities(&users, "user"),
        levels(&organizations, "SCPs", |one| &one.scps),
        levels(&organizations, "RCPs", |one| &one.rcps),
    ];
    parts.into_iter().flatten().collect()
}

fn known<K, T>(records: &BTreeMap<K, Fact<T>>) -> impl Iterator<Item = &T> {
    records.values().filter_map(Fact::known)
}

fn counted(count: usize, what: &str) -> Option<String> {
    (count > 0).then(|| format!("{count} {what}{}", if count == 1 { "" } else { "s" }))
}

/// A part of what is read of a key, and whether it was.
type Facet = (&'static str, fn(&Key) -> bool);

fn keys(capture: &Capture) -> Option<String> {
    let facets: [Facet; 5] = [
        ("state", |key| key.metadata.unread().is_none()),
        ("policy", |key| key.policy.unread().is_none()),
        ("grants", |key| key.grants.unread().is_none()),
        ("aliases", |key| key.aliases.unread().is_none()),
        ("tags", |key| key.tags.unread().is_none()),
    ];
    let read = facets.iter().filter(|(_, is_read)| capture.keys.values().any(is_read));
    let read: Vec<&str> = read.map(|(name, _)| *name).collect();
    let keys = capture.keys.values().filter(|key| facets.iter().any(|(_, is_read)| is_read(key))).count();
    counted(keys, "key").map(|keys| format!("{keys} ({})", read.join(", ")))
}

fn of_identities(identities: &[&Identity], what: &str) -> Option<String> {
    let inline = identities.iter().flat_map(|one| one.holders()).filter_map(|holder| holder.inline.known()).flatten();
    let inline = inline.filter(|policy| policy.document.known().is_some()).count();
    let managed = identities.iter().flat_map(|one| one.managed());
    let policies = inline + managed.filter(|policy| policy.document.known().is_some()).count();
    let policies = if policies == 1 { "1 policy".to_owned() } else { format!("{policies} policies") };
    counted(identities.len(), what).map(|identities| format!("{identities} ({policies})"))
}

fn levels(organizations: &[&Organization], kind: &str, of: fn(&Organization) -> &Fact<Vec<Level>>) -> Option<String> {
    let levels: usize = organizations.iter().filter_map(|one| of(one).known()).map(Vec::len).sum();
    counted(levels, "level").map(|levels| format!("{kind} of {levels}"))
}
