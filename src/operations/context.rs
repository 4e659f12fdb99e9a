//! The request context of each kind of request, as far as the table alone tells it.

use std::sync::LazyLock;

use crate::engine::{Context, ContextValue, PolicySet};
use crate::names::ConditionKey;

use super::condition_keys::{Column, Origin, Row, TABLE, counts_in, is_multivalued, is_of_web_identity};

/// A context key that the asker states, with a value of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The key.
    pub key: String,
    /// Its value, one of several if it is given several times; empty: the request does not carry the key.
    pub value: String,
}

/// What the table says of requests of this kind; what is derived is unknown as yet.
pub(super) fn fixed(column: Column) -> Context {
    static DIRECT: LazyLock<Context> = LazyLock::new(|| of_table(Column::Direct));
    static FORWARDED: LazyLock<Context> = LazyLock::new(|| of_table(Column::Forwarded));
    static INFRASTRUCTURE: LazyLock<Context> = LazyLock::new(|| of_table(Column::Infrastructure));
    match column {
        Column::Direct => DIRECT.clone(),
        Column::Forwarded => FORWARDED.clone(),
        Column::Infrastructure => INFRASTRUCTURE.clone(),
    }
}

fn of_table(column: Column) -> Context {
    let mut context = Context::new();
    for row in TABLE {
        let value = match row.origin(column) {
            Origin::Absent => ContextValue::Absent,
            Origin::Unknown | Origin::Derived => ContextValue::NotKnown,
            Origin::Is(text) => text.into(),
            Origin::IsOrAbsent(text) => ContextValue::OneOf(vec![text.into(), ContextValue::Absent]),
            Origin::Aws => ContextValue::Ec2Internal,
            Origin::OfRequest => continue,
        };
        set(&mut context, row, value);
    }
    context.into_pattern()
}

fn set(context: &mut Context, row: &Row, value: ContextValue) {
    if row.is_family() {
        context.set_family(row.key, value);
    } else {
        context.set(row.key, value);
    }
}

/// Users have no session: none of what a role's session keeps is in their requests.
pub(super) fn without_session(context: &mut Context) {
    for row in TABLE.iter().filter(|row| row.is_of_role_sessions) {
        set(context, row, ContextValue::Absent);
    }
}

/// A license configuration is no instance: it has a Region and tags.
pub(super) fn without_instance(context: &mut Context) {
    let is_of_instance = |row: &&Row| row.direct == Origin::Derived && row.key.starts_with("ec2:");
    for row in TABLE.iter().filter(is_of_instance).filter(|row| !row.is_family() && row.key != "ec2:Region") {
        set(context, row, ContextValue::Absent);
    }
}

/// Sessions that only services create keep nothing of a federated identity.
pub(super) fn without_federation(context: &mut Context) {
    for row in TABLE.iter().filter(|row| row.key.starts_with("saml:")) {
        set(context, row, ContextValue::Absent);
    }
}

/// Makes what these policies ask of a web identity unknown: its keys begin with the name of any host.
pub(super) fn web_identity(context: &mut Context, policies: &PolicySet) {
    for key in policies.asked_keys().filter(|key| is_of_web_identity(key.lower())) {
        context.set(key.as_str(), ContextValue::NotKnown);
    }
}

/// Sets what the asker states, where the table leaves the key open.
pub(super) fn state(context: &mut Context, stated: &[Stated], column: Column) {
    for Stated { key, value } in stated {
        let name = ConditionKey::new(key);
        if !counts_in(&name, column) {
            continue;
        }
        let said = stated.iter().filter(|one| ConditionKey::new(&one.key) == name && !one.value.is_empty());
        if value.is_empty() {
            context.set(key, ContextValue::Absent);
        } else if is_multivalued(name.lower()) {
            context.set(key, ContextValue::Multi(said.map(|one| one.value.as_str().into()).collect()));
        } else {
            context.set(key, value.as_str());
        }
    }
}
