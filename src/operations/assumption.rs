use jiff::Timestamp;

use crate::engine::PolicySet;
use crate::names::{Action, ConditionKey};
use crate::policy::Polarity;

use super::question::Question;

/// Something taken for granted: because the asker said so, or because nobody said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Assumption {
    /// No session policy narrows the session.
    NoSessionPolicy,
    /// Several session policies add up, as is recorded of managed ones; of an inline one beside them AWS does not say it.
    SessionPoliciesAddUp,
    /// The session has no tags of its own.
    NoSessionTags,
    /// SCPs and RCPs that were not read allow: stated by the asker.
    OrganizationAllows,
    /// The time of evaluation.
    EvaluatedAt(Timestamp),
    /// That time decides: policies compare it with these dates, as they have them.
    Dated {
        /// The time of evaluation.
        at: Timestamp,
        /// The dates.
        dates: Vec<String>,
    },
    /// A context key that a policy asks for has this value, as is usual.
    Usual {
        /// The key.
        key: &'static str,
        /// Its value, in words.
        value: &'static str,
    },
    /// What the asker said: a flag without its dashes, and its value.
    Stated {
        /// As `session-name`.
        flag: &'static str,
        /// As it was given.
        value: String,
    },
    /// The key policy of an AWS managed key was not read; AWS's known one is taken.
    KnownManagedKeyPolicy,
}

/// Keys whose usual value is taken.
const USUAL: [(&str, &str); 2] =
    [("aws:SecureTransport", "true"), ("aws:TokenIssueTime", "the time of evaluation, as of a new session")];

/// Which usual values these policies ask for.
pub(super) fn usual(policies: &PolicySet) -> impl Iterator<Item = Assumption> {
    let asked: Vec<&str> = policies.asked_keys().map(ConditionKey::lower).collect();
    let taken = USUAL.iter().filter(move |(key, _)| asked.iter().any(|asked| asked.eq_ignore_ascii_case(key)));
    taken.map(|(key, value)| Assumption::Usual { key, value })
}

/// The dates with which statements on this action compare the time of evaluation, as written.
pub(crate) fn dates<'p>(policies: &'p PolicySet, action: &Action) -> impl Iterator<Item = &'p str> {
    let lower = action.lower().to_owned();
    let statements =
        policies.all().filter_map(|(_, policy)| policy.policy.as_ref()).flat_map(|policy| &policy.statements);
    let concerned = statements.filter(move |statement| {
        let is_listed = statement.action.patterns.iter().any(|pattern| pattern.covers(&lower));
        is_listed == (statement.action.sense == Polarity::Positive)
    });
    let conditions = concerned.flat_map(|statement| &statement.conditions);
    let of_time = conditions.filter(|one| matches!(one.key.lower(), "aws:currenttime" | "aws:epochtime"));
    of_time.flat_map(|condition| &condition.written).map(AsRef::as_ref)
}

/// What the asker states of the session.
pub(super) fn stated(question: &Question) -> Vec<Assumption> {
    let one = |flag, value: String| Assumption::Stated { flag, value };
    let mut stated: Vec<Assumption> = Vec::new();
    stated.extend(question.session_name.iter().map(|name| one("session-name", name.clone())));
    stated.extend(question.session_policies.iter().map(|given| one("session-policy", given.0.name.clone())));
    stated.extend(question.session_tags.iter().map(|(key, value)| one("session-tag", format!("{key}={value}"))));
    stated.extend(question.no_session_tags.then(|| one("no-session-tags", String::new())));
    stated.extend(question.context.iter().map(|given| one("context", format!("{}={}", given.key, given.value))));
    stated.extend(question.source_ip.iter().map(|address| one("source-ip", address.clone())));
    stated
}
