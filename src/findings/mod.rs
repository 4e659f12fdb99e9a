//! From judgements and facts to findings: each cause once, root cause first.

mod asked_keys;
mod caller;
mod cause;
mod codes;
mod facts;
mod group;
mod instance;
mod key_store;
mod mistakes;
mod open;
mod placed;
mod time;

use jiff::Timestamp;

use crate::capture::Handed;
use crate::command::Command;
use crate::engine::{Miss, PolicyRef};
use crate::event::Refusal;
use crate::names::{KeyArn, VolumeId};
use crate::operations::{RequestOutcome, Resolution};
use crate::policy::{Effect, PolicyType};

pub(crate) use cause::{reasons, slips};
pub use codes::Code;
pub(crate) use codes::Group;
pub(crate) use group::{findings, is_required};
pub(crate) use open::open;
pub use placed::PlacedStatement;
pub(crate) use placed::place;

/// One thing that stops a start, may stop it, or is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub(crate) code: Code,
    pub(crate) severity: Severity,
    /// Positions of the requests that it concerns.
    pub(crate) requests: Vec<usize>,
    /// The actions of those requests, each once.
    pub(crate) actions: Vec<&'static str>,
    pub(crate) keys: Vec<KeyArn>,
    pub(crate) volumes: Vec<VolumeId>,
    pub(crate) evidence: Vec<Evidence>,
}

impl Finding {
    pub(crate) fn new(code: Code, severity: Severity, evidence: Vec<Evidence>) -> Self {
        let (requests, actions, keys, volumes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { code, severity, requests, actions, keys, volumes, evidence }
    }

    /// The policy types that deny by it, as far as that is told.
    pub(crate) fn policy_types(&self) -> Vec<PolicyType> {
        let of_facts = self.evidence.iter().filter_map(|fact| match fact {
            Evidence::So(code) => code.policy_type(),
            Evidence::Statement { at, role: StatementRole::Denies, .. } => Some(at.at.kind),
            Evidence::Statement { .. }
            | Evidence::Nearest { .. }
            | Evidence::NoStatement { .. }
            | Evidence::Grant { .. }
            | Evidence::After { .. }
            | Evidence::Level { .. }
            | Evidence::OpenQuestion(_)
            | Evidence::State { .. }
            | Evidence::Refused { .. }
            | Evidence::Changed { .. }
            | Evidence::Undated(_)
            | Evidence::Command { .. } => None,
        });
        self.code.policy_type().into_iter().chain(of_facts).collect()
    }

    fn of_volume(self, volume: &VolumeId) -> Self {
        Self { volumes: vec![volume.clone()], ..self }
    }
}

/// Adds what is not there yet.
pub(crate) fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// Whether a statement of these policies may allow the request.
pub(crate) fn may_allow(judged: &RequestOutcome, is_meant: impl Fn(PolicyRef) -> bool) -> bool {
    let mut allows = judged.explanation.statements.iter().filter(|outcome| outcome.effect == Effect::Allow);
    allows.any(|outcome| is_meant(outcome.at) && outcome.applies.is_possible())
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The start fails.
    Blocker,
    /// The start may fail: something that decides is not known.
    Undecided,
    /// The start is not known to fail by it.
    Warning,
    /// Worth knowing.
    Note,
}

/// What a finding rests on. Words are chosen in `report`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Evidence {
    /// This statement decides: a Deny with its conditions, or an Allow that leaves it to others.
    Statement {
        /// Where it stands.
        at: PlacedStatement,
        /// What it does to the request.
        role: StatementRole,
        /// Its conditions, with what the request has.
        conditions: Vec<Miss>,
    },
    /// This Allow statement comes nearest.
    Nearest {
        /// Where it stands.
        at: PlacedStatement,
        /// The elements that do not hold.
        misses: Vec<Miss>,
    },
    /// So many policies were read, and no statement of theirs concerns the key.
    NoStatement {
        /// How many policies were read.
        policies: usize,
    },
    /// A grant on the key is for the principal or the volume, and does not serve.
    Grant {
        /// Its ID.
        id: String,
        /// Its grantee principal.
        grantee: String,
        /// Its operations.
        operations: Vec<String>,
        /// What of it does not hold.
        misses: Vec<Miss>,
    },
    /// What follows for AWS's evaluation.
    So(Code),
    /// It cannot matter before that other thing is cured, of another action if one is named.
    After {
        /// The code of the other thing.
        code: Code,
        /// The action of the other thing.
        action: Option<&'static str>,
    },
    /// These policies, of a level if the organization's, do not allow.
    Level {
        /// The level of the organization, 0 for the root.
        level: Option<usize>,
        /// The names of the policies.
        names: Vec<String>,
    },
    /// What is not known, and how to settle it.
    OpenQuestion(OpenQuestion),
    /// Free fact of the thing itself: a name and a value of AWS's.
    State {
        /// AWS's name of the fact.
        name: &'static str,
        /// AWS's value.
        value: String,
    },
    /// A record or an error text shows a request of this start refused, after the reads for all that is known.
    Refused {
        /// When it was refused, if that is told.
        time: Option<Timestamp>,
        /// The ID of the record.
        event: String,
        /// What AWS said.
        refusal: Box<Refusal>,
    },
    /// A policy or a key was changed after the reads.
    Changed {
        /// When it was changed.
        time: Timestamp,
        /// The action that changed it.
        action: String,
    },
    /// A part of the evidence, which was handed in, does not tell when it was read.
    Undated(Handed),
    /// An AWS CLI command that cures, or that settles a question.
    Command {
        /// What it is for.
        what: &'static str,
        /// The command.
        command: Command,
    },
}

impl Evidence {
    fn state(name: &'static str, value: impl Into<String>) -> Self {
        Self::State { name, value: value.into() }
    }

    fn unread(what: impl Into<String>, needs: impl Into<String>) -> Self {
        Self::OpenQuestion(OpenQuestion::Unread { what: what.into(), needs: needs.into() })
    }

    /// The statement that it speaks of.
    pub(crate) fn statement(&self) -> Option<&PlacedStatement> {
        if let Self::Statement { at, .. }
        | Self::Nearest { at, .. }
        | Self::OpenQuestion(
            OpenQuestion::Condition { by: at, .. }
            | OpenQuestion::Session { by: at }
            | OpenQuestion::IncompleteArn { by: at, .. }
            | OpenQuestion::NotPrincipal { by: at },
        ) = self
        {
            Some(at)
        } else {
            None
        }
    }
}

/// What a statement does to the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatementRole {
    /// It denies.
    Denies,
    /// It leaves the decision to the account's IAM policies.
    Delegates,
    /// It admits whoever assumes the role.
    Admits,
    /// It asks for something.
    Asks,
}

/// Something that an unknown decision hangs on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum OpenQuestion {
    /// The statement lets the request pass if this holds.
    Condition {
        /// What must hold.
        holds: String,
        /// The statement.
        by: PlacedStatement,
        /// What settles it.
        settles: Resolution,
    },
    /// The statement names one session.
    Session {
        /// The statement.
        by: PlacedStatement,
    },
    /// The statement lets the request pass if this holds of an incomplete ARN, which AWS's pages read in two ways.
    IncompleteArn {
        /// What must hold.
        holds: String,
        /// The statement.
        by: PlacedStatement,
    },
    /// `NotPrincipal` with Allow, which AWS does not support.
    NotPrincipal {
        /// The statement.
        by: PlacedStatement,
    },
    /// A grant on the key serves if this holds.
    Grant {
        /// What must hold.
        holds: String,
        /// The ID of the grant.
        id: String,
        /// What settles it.
        settles: Resolution,
    },
    /// A policy, list or fact that was not read.
    Unread {
        /// What was not read.
        what: String,
        /// The permission that the read needs.
        needs: String,
    },
    /// AWS does not say, of a policy of this type if it is one.
    Untold {
        /// What AWS does not say.
        what: String,
        /// The policy type.
        of: Option<PolicyType>,
    },
}

impl OpenQuestion {
    /// The code of what is open.
    pub(super) fn code(&self) -> Code {
        match self {
            Self::Condition { settles, .. } | Self::Grant { settles, .. } => match settles {
                Resolution::Stated(_) | Resolution::SessionTags(_) => Code::ContextKeyUnknown,
                Resolution::SessionName => Code::SessionNameUnknown,
                Resolution::Read { needs, .. } => unread(needs),
                Resolution::Nobody => Code::NotDecided,
            },
            Self::Session { .. } => Code::SessionNameUnknown,
            Self::IncompleteArn { .. } => Code::IncompleteArn,
            Self::NotPrincipal { .. } | Self::Untold { .. } => Code::NotDecided,
            Self::Unread { needs, .. } => unread(needs),
        }
    }

    /// The read permission that would settle it.
    pub(crate) fn needs(&self) -> Option<&str> {
        if let Self::Condition { settles: Resolution::Read { needs, .. }, .. }
        | Self::Grant { settles: Resolution::Read { needs, .. }, .. } = self
        {
            return Some(needs);
        }
        if let Self::Unread { needs, .. } = self { Some(needs) } else { None }
    }
}

/// The code of what this permission would have read.
fn unread(needs: &str) -> Code {
    match needs.split_once(':').map(|(service, _)| service) {
        Some("organizations") => Code::OrganizationUnread,
        Some("kms") => Code::KeyUnread,
        Some("iam") => Code::RoleUnread,
        Some(_) | None => Code::NotDecided,
    }
}

#[cfg(test)]
mod tests;
