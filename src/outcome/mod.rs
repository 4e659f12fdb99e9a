//! What is said of a capture: the verdict, every request, every finding, every remedy with its proof.

mod read;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::calls::{EventGap, Missing};
use crate::capture::{Handed, Provenance};
use crate::event::{Incident, Starter};
use crate::fact::Fact;
use crate::findings::{Code, Finding, Severity};
use crate::names::{AliasName, InstanceId, KeyArn, PrincipalArn, VolumeId, kind_and_name};
use crate::operations::{Assumption, RequestOutcome};
use crate::remedy::{MeantDeny, Remedy};

/// Whether a start will succeed, as far as permissions and keys decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nothing that was read stops it, and nothing that was not read could.
    Ready,
    /// Something that was not read or is not known could stop it.
    Undecided,
    /// Something certainly stops it.
    Blocked,
}

impl Verdict {
    /// `READY`, `BLOCKED`, `UNDECIDED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "READY",
            Self::Undecided => "UNDECIDED",
            Self::Blocked => "BLOCKED",
        }
    }

    /// Returns the exit code of `ebs-preflight check`: 0 for READY, 1 for BLOCKED, 3 for UNDECIDED.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ready => 0,
            Self::Blocked => 1,
            Self::Undecided => 3,
        }
    }
}

/// The answer for all targets of a capture.
#[derive(Debug)]
pub struct Report {
    pub(crate) verdict: Verdict,
    pub(crate) judged_at: Timestamp,
    /// When the asker asked, if that was told.
    pub(crate) asked_at: Option<Timestamp>,
    pub(crate) read: Provenance,
    pub(crate) handed: Vec<Handed>,
    pub(crate) was_read: Vec<String>,
    pub(crate) unread: Vec<Missing>,
    pub(crate) targets: Vec<TargetReport>,
    /// How the starts fare with all remedies, where several change one thing.
    pub(crate) together: Option<Together>,
    /// The names that roles or users of several accounts have among those that start instances.
    pub(crate) shared_names: BTreeSet<String>,
    pub(crate) assumes_organization: bool,
    /// What earlier starts tell beside the judgement, if events were given.
    pub(crate) earlier: Option<Earlier>,
}

/// How starts fare with the changes of all remedies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Together {
    /// Of how many no required request is denied any more.
    pub(crate) cured: usize,
    pub(crate) of: usize,
}

/// From this age on evidence says how old it is.
const AGED: SignedDuration = SignedDuration::from_hours(24);

/// Past this age evidence is warned of: policies and keys may have changed since.
const OLD: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What events tell of earlier starts.
#[derive(Debug, Clone, Default)]
pub struct Earlier {
    /// Their requests.
    pub incidents: Vec<Incident>,
    /// What of them was not looked up.
    pub gaps: Vec<EventGap>,
    /// Who last started the instance, where nobody said whom to judge.
    pub starter: Option<Starter>,
}

/// The time from which on a record of AWS says more than the evidence: each part is as old as its own read.
#[derive(Debug)]
pub(crate) struct Since {
    pub(crate) read: Timestamp,
    /// What does not tell when it was read, and so may be older than any record.
    pub(crate) undated: Vec<Handed>,
}

/// The answer for one target.
#[derive(Debug)]
pub struct TargetReport {
    pub(crate) instance_id: InstanceId,
    pub(crate) role_arn: String,
    pub(crate) outcome: Result<Start, TargetError>,
}

/// A start that could be judged.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) verdict: Verdict,
    /// The instance's `Name` tag.
    pub(crate) name: Option<String>,
    /// The ARN of the role or user as IAM gives it, else as it was asked for.
    pub(crate) principal: String,
    pub(crate) volumes: Vec<VolumeRow>,
    pub(crate) judged: Vec<RequestOutcome>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) remedy: Option<Remedy>,
    /// What stands in the way on purpose.
    pub(crate) meant: Vec<MeantDeny>,
    /// For a role that does not exist: the one that has its name under another path.
    pub(crate) namesake: Option<PrincipalArn>,
    pub(crate) assumptions: Vec<Assumption>,
    /// Those without which it is not READY.
    pub(crate) rests_on: Vec<Assumption>,
}

/// One volume of the instance.
#[derive(Debug, Clone)]
pub(crate) struct VolumeRow {
    pub(crate) volume: VolumeId,
    pub(crate) device: String,
    pub(crate) key: Fact<KeyArn>,
    pub(crate) aliases: Vec<AliasName>,
    pub(crate) key_state: Option<String>,
}

/// Why a target could not be judged.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct TargetError {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) help: String,
    /// Whether the asker is wrong; else a read failed.
    #[serde(skip)]
    pub(crate) is_bad_input: bool,
}

impl Start {
    /// What starts the instance: `role` or `user`.
    pub(crate) fn noun(&self) -> &'static str {
        kind_and_name(&self.principal).0
    }
}

impl Report {
    /// The verdict: the worst of all targets.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// For every target that could not be judged whether that is bad input; else its read failed.
    pub fn errors(&self) -> impl Iterator<Item = bool> {
        self.targets.iter().filter_map(|target| target.outcome.as_ref().err()).map(|error| error.is_bad_input)
    }

    /// When the oldest part of the evidence was read: each is as old as its own read.
    pub(crate) fn first_read(&self) -> Timestamp {
        self.handed.iter().filter_map(|handed| handed.read).fold(self.read.from, std::cmp::min)
    }

    /// From when on a record of AWS says more than the evidence.
    pub(crate) fn outdated_from(&self) -> Since {
        let undated = self.handed.iter().filter(|handed| handed.read.is_none()).cloned();
        Since { read: self.first_read(), undated: undated.collect() }
    }

    /// How old evidence of this time was when the asker asked, if that was told and it was aged.
    pub(crate) fn age(&self, read: Timestamp) -> Option<SignedDuration> {
        self.asked_at.map(|asked| asked.duration_since(read)).filter(|age| *age > AGED)
    }

    /// Whether a part of the evidence is so old that it is warned of.
    pub(crate) fn is_old(&self) -> bool {
        self.age(self.first_read()).is_some_and(|age| age > OLD)
    }

    /// Whether any target has a warning, or the evidence is old.
    pub fn has_warnings(&self) -> bool {
        self.is_old()
            || self.starts().flat_map(|start| &start.findings).any(|finding| finding.severity == Severity::Warning)
    }

    /// Whether the verdict rests on the assumption that organization policies allow.
    pub fn assumes_organization(&self) -> bool {
        self.assumes_organization
    }

    /// The codes of all findings, in the order of the report.
    pub fn codes(&self) -> Vec<Code> {
        self.starts().flat_map(|start| &start.findings).map(|finding| finding.code).collect()
    }

    pub(crate) fn starts(&self) -> impl Iterator<Item = &Start> {
        self.targets.iter().filter_map(|target| target.outcome.as_ref().ok())
    }
}
