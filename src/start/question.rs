use std::sync::Arc;

use jiff::Timestamp;

use crate::engine::NamedPolicy;

use super::context::Stated;

/// What is asked of a capture, and what the asker states besides.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Which requests must be allowed.
    pub require: Require,
    /// The session's name, where it is known.
    pub session_name: Option<String>,
    /// Policies passed when the session is created; all of them limit it.
    pub session_policies: Vec<GivenPolicy>,
    /// Session tags: they override tags of the role.
    pub session_tags: Vec<(String, String)>,
    /// Context keys that the asker states.
    pub context: Vec<Stated>,
    /// The address from which StartInstances is called.
    pub source_ip: Option<String>,
    /// The time of evaluation; `None`: the time at which the capture was read.
    pub at: Option<Timestamp>,
    /// States that SCPs and RCPs that were not read allow.
    pub assume_org_allows: bool,
}

/// A policy handed in by the asker: checked and compiled.
#[derive(Debug, Clone)]
pub struct GivenPolicy(pub Arc<NamedPolicy>);

/// Which requests must be allowed for a start to count as ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Require {
    /// Those without which a start fails.
    #[default]
    Start,
    /// All that AWS documents for EBS encryption.
    Documented,
}
