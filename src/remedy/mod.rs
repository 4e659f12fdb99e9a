//! The smallest change that makes a start succeed, proven by judging again.

mod alike;
mod cloudformation;
mod control;
mod draft;
mod exempt;
mod extend;
mod file_name;
mod forms;
mod meant;
mod merge;
mod parts;
mod proof;
mod propose;
mod reach;
mod script;
mod statement;
mod terraform;

use crate::capture::{Capture, Identity, Target};
use crate::change::{Change, apply_all};
use crate::document::Document;
use crate::names::{KeyArn, PolicyArn};
use crate::operations::{PolicyCache, Question, RemedyPlace, RequestOutcome, judge_again};
use crate::policy::Size;

pub(crate) use alike::Remedies;
pub(crate) use control::{CONTROL_ROLE, Control};
pub(crate) use file_name::FileName;
pub use forms::Form;
pub(crate) use forms::file_name;
pub(crate) use meant::{Meant, MeantDeny, meant_denies};
pub(crate) use merge::join;
pub use proof::Proof;
pub(crate) use propose::propose;
pub(crate) use reach::{ACTIONS, Reach, Way};
pub(crate) use script::{create_grant, scripts};

/// Changes that make a start succeed, with what judging again with them says.
///
/// Its fields are private to this module: only a proposal makes one, and only with a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    parts: Vec<Part>,
    proof: Proof,
    other: Option<Proven>,
    alternatives: Vec<RemedyPlace>,
    is_elsewhere: bool,
}

impl Remedy {
    /// What to change, in the order in which to read it: what stands in the way first.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// What judging again with all parts says.
    pub fn proof(&self) -> &Proof {
        &self.proof
    }

    /// What would serve in place of all parts: a statement added beside the one that a slip keeps from serving, or that
    /// one put right.
    pub(crate) fn other(&self) -> Option<&Proven> {
        self.other.as_ref()
    }

    /// Other places that would serve as well, the better first.
    pub(crate) fn alternatives(&self) -> &[RemedyPlace] {
        &self.alternatives
    }

    /// Whether a place was asked for in which nothing would help.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.is_elsewhere
    }
}

/// Changes with what judging again with them says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proven {
    pub(crate) parts: Vec<Part>,
    pub(crate) proof: Proof,
    /// Whether statements with a slip are put right by it.
    pub(crate) corrects: bool,
}

fn changes(parts: &[Part]) -> Vec<Change> {
    parts.iter().map(|part| part.change.clone()).collect()
}

/// One thing to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub(crate) change: Change,
    pub(crate) owner: Owner,
    /// The statements to add or to change; none for a grant.
    pub(crate) statements: Vec<Suggested>,
    /// Positions of the requests that it is for.
    pub(crate) requests: Vec<usize>,
    /// Whether the start needs it; else it only cures warnings.
    pub(crate) is_required: bool,
    /// What else whoever changes it must know.
    pub(crate) notes: Vec<Note>,
    /// The policy's text as it was read, and with the change.
    pub(crate) before: Option<Document>,
    pub(crate) after: Option<Document>,
    pub(crate) size: Option<Size>,
}

/// A statement to add, or to put in the place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Suggested {
    pub(crate) text: String,
    /// The statement that it replaces; without a text of its own it goes.
    pub(crate) replaces: Option<String>,
    /// The Deny that is to leave requests out, and the requests; also on what is added beside it.
    exempting: Option<Exempting>,
    /// Positions of the requests that it is for.
    pub(crate) requests: Vec<usize>,
    /// Whether the start needs it; else it only cures warnings.
    pub(crate) is_required: bool,
}

impl Suggested {
    /// Whether it is of a Deny that is to leave requests out.
    pub(crate) fn is_exempting(&self) -> bool {
        self.exempting.is_some()
    }
}

/// A Deny that is to leave out requests.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Exempting {
    exemption: Exemption,
    needs: Vec<Need>,
    region: String,
    /// Unique IDs of deleted principals, which go out of the statement as well.
    stale: Vec<String>,
}

/// Who may make the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// An administrator of this account.
    Account(String),
    /// These roles and users: the key policy lets nobody else change it.
    These(Vec<String>),
    /// Whoever administers the organization.
    Organization,
    /// Whoever creates the session.
    SessionCreator,
}

/// What whoever makes the change must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Note {
    /// IAM Identity Center owns the role: its permission set is edited instead.
    PermissionSet { name: String },
    /// A stack of `CloudFormation` made it: its template is edited instead.
    Stack { name: String },
    /// AWS owns the managed policy; a copy takes its place.
    AwsManaged { arn: PolicyArn },
    /// The key policy does not let the account make a grant: it must before.
    KeyNotAdmitting { key: KeyArn },
    /// These roles and users have the policy, too, as far as was read.
    Binds(Vec<String>),
    /// Unique IDs of deleted principals, with which KMS would refuse the policy, go in the same change.
    StaleIds(Vec<String>),
}

/// A start as it was judged: what remedies are worked out from and compared with.
#[derive(Clone, Copy)]
pub(crate) struct Judgement<'a> {
    pub(crate) capture: &'a Capture,
    pub(crate) target: &'a Target,
    pub(crate) question: &'a Question,
    pub(crate) judged: &'a [RequestOutcome],
    /// For how many requests of the start each stands; none: each for itself.
    pub(crate) counts: &'a [usize],
    /// The capture that the start's own is a part of.
    pub(crate) whole: &'a Capture,
    pub(crate) shelf: &'a PolicyCache<'a>,
    pub(crate) remedies: &'a Remedies,
}

impl<'a> Judgement<'a> {
    /// The role or user as it was read.
    fn identity(&self) -> Option<&'a Identity> {
        self.capture.identity(&self.target.role_arn)?.1.known()
    }

    /// The same requests with the changes made; `None` where the start can no longer be judged.
    fn again(&self, changes: &[Change]) -> Option<Vec<RequestOutcome>> {
        self.some_again(self.judged, self.capture, changes)
    }

    /// Some of them, by as much of the capture as bears on them.
    fn some_again<'j>(
        &self,
        judged: impl IntoIterator<Item = &'j RequestOutcome>,
        capture: &Capture,
        changes: &[Change],
    ) -> Option<Vec<RequestOutcome>> {
        let capture = apply_all(capture, changes);
        let question = self.question.changed(changes);
        judge_again(judged, &capture, self.target, &question, self.shelf).ok()
    }
}

use draft::Need;
use exempt::Exemption;

#[cfg(test)]
mod tests;
