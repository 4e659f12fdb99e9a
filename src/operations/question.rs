use std::sync::Arc;

use jiff::Timestamp;

use crate::capture::Target;
use crate::change::{Change, PolicyPlace, edited};
use crate::engine::NamedPolicy;
use crate::names::PrincipalArn;
use crate::policy::PolicyType;

use super::assumption::Assumption;
use super::context::Stated;

/// What is asked of a capture, and what the asker states besides.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Which requests must be allowed.
    pub require: Require,
    /// Starts that are asked for and that the capture does not hold: each is told as an error.
    pub not_captured: Vec<Target>,
    /// Who assumes the role, where it is to be told whether the trust policy admits the caller.
    pub caller: Option<PrincipalArn>,
    /// The external ID with which the caller assumes the role.
    pub external_id: Option<String>,
    /// The session's name, where it is known.
    pub session_name: Option<String>,
    /// Policies passed when the session is created: it may do what one of them allows, as of managed ones is recorded.
    pub session_policies: Vec<GivenPolicy>,
    /// Session tags: they override tags of the role.
    pub session_tags: Vec<(String, String)>,
    /// States that the session has no tags of its own.
    pub no_session_tags: bool,
    /// Context keys that the asker states.
    pub context: Vec<Stated>,
    /// The address from which StartInstances is called.
    pub source_ip: Option<String>,
    /// The time of evaluation; `None`: the time at which the capture was read.
    pub at: Option<Timestamp>,
    /// The time at which it is asked, which tells the age of what was read; `None`: its age is not told.
    pub now: Option<Timestamp>,
    /// States that SCPs and RCPs that were not read allow.
    pub assume_org_allows: bool,
    /// Whether a remedy is to cure warnings too.
    pub fix_warnings: bool,
    /// Where a remedy is to stand, where several places can serve; `None`: the narrowest.
    pub remedy_place: Option<RemedyPlace>,
    /// Which statements a remedy adds.
    pub remedy_style: RemedyStyle,
}

/// A policy handed in by the asker: checked and compiled.
#[derive(Debug, Clone)]
pub struct GivenPolicy(pub Arc<NamedPolicy>);

/// Where a remedy can stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum RemedyPlace {
    /// A policy of the role.
    Identity,
    /// The key policy.
    KeyPolicy,
    /// The permissions boundary.
    Boundary,
    /// A session policy.
    Session,
    /// A grant on the key.
    Grant,
}

/// Which statements a remedy adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum RemedyStyle {
    /// Just what the start asks for.
    #[default]
    Least,
    /// The customary pair of AWS's guides: use of the key, and grants for AWS resources.
    AwsDocumented,
}

/// Which requests must be allowed for a start to count as ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Require {
    /// Those without which a start fails.
    #[default]
    Start,
    /// All that AWS documents for EBS encryption.
    Documented,
}

impl Question {
    /// The question without each thing that the asker states of the session, the request or the time, with what that is.
    pub(crate) fn each_without(&self) -> Vec<(Assumption, Self)> {
        let stated = |flag, value: String| Assumption::Stated { flag, value };
        let mut found = Vec::new();
        if let Some(name) = &self.session_name {
            found.push((stated("session-name", name.clone()), Self { session_name: None, ..self.clone() }));
        }
        for (key, value) in &self.session_tags {
            let mut without = self.clone();
            without.session_tags.retain(|(other, _)| other != key);
            found.push((stated("session-tag", format!("{key}={value}")), without));
        }
        if self.no_session_tags {
            found.push((stated("no-session-tags", String::new()), Self { no_session_tags: false, ..self.clone() }));
        }
        for given in &self.context {
            let mut without = self.clone();
            without.context.retain(|other| other.key != given.key);
            found.push((stated("context", format!("{}={}", given.key, given.value)), without));
        }
        if let Some(address) = &self.source_ip {
            found.push((stated("source-ip", address.clone()), Self { source_ip: None, ..self.clone() }));
        }
        if let Some(at) = self.at {
            found.push((Assumption::EvaluatedAt(at), Self { at: None, ..self.clone() }));
        }
        found
    }

    /// The question without all of that.
    #[must_use]
    pub(crate) fn without_statements(&self) -> Self {
        Self {
            session_name: None,
            session_tags: Vec::new(),
            no_session_tags: false,
            context: Vec::new(),
            source_ip: None,
            at: None,
            ..self.clone()
        }
    }

    /// The question as it would be with the changes made: session policies are part of it, all else of the capture.
    #[must_use]
    pub(crate) fn changed(&self, changes: &[Change]) -> Self {
        let mut question = self.clone();
        for change in changes {
            if let Change::Policy { place: PolicyPlace::Session { number }, edits } = change
                && let Some(given) = question.session_policies.get_mut(*number)
                && let Some(document) = edited(given.0.document.as_ref(), edits)
                && let Ok(policy) = NamedPolicy::parse(&given.0.name, document.text(), PolicyType::Session)
            {
                *given = GivenPolicy(Arc::new(policy));
            }
        }
        question
    }
}
