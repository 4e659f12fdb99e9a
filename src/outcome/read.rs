//! What a user of the library reads of an answer: values, no sentences.

use std::fmt;

use crate::document::Document;
use crate::engine::{Decider, Decision, NearMiss, deciders, nearest};
use crate::findings::{Code, Evidence, Finding, Severity};
use crate::names::{InstanceId, KeyArn, VolumeId};
use crate::operations::{Level, RequestOutcome};
use crate::policy::PolicyType;
use crate::remedy::{Owner, Part, Proof, Remedy};

use super::{Report, Start, TargetReport, Verdict};

impl Report {
    /// Returns the answers for the starts that were asked for, in the order of the capture.
    pub fn targets(&self) -> impl Iterator<Item = &TargetReport> {
        self.targets.iter()
    }
}

impl TargetReport {
    /// Returns the instance that is to be started.
    pub fn instance_id(&self) -> &InstanceId {
        &self.instance_id
    }

    /// Returns the ARN of the role (or of a session of it) or of the user that starts it, as it was asked for.
    pub fn principal(&self) -> &str {
        &self.role_arn
    }

    /// Returns the verdict, or `None` if the start could not be judged.
    pub fn verdict(&self) -> Option<Verdict> {
        self.start().map(|start| start.verdict)
    }

    /// Returns why the start could not be judged, or `None` if it was.
    pub fn error(&self) -> Option<&str> {
        self.outcome.as_ref().err().map(|error| error.message.as_str())
    }

    /// Returns the requests behind the start, each judged.
    pub fn requests(&self) -> impl Iterator<Item = &RequestOutcome> {
        self.start().into_iter().flat_map(|start| &start.judged)
    }

    /// Returns the findings, blockers first.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.start().into_iter().flat_map(|start| &start.findings)
    }

    /// Returns the requests that a finding concerns.
    pub fn requests_of<'r>(&'r self, finding: &'r Finding) -> impl Iterator<Item = &'r RequestOutcome> {
        let judged = self.start().map_or(&[][..], |start| &start.judged);
        finding.requests.iter().filter_map(|position| judged.get(*position))
    }

    /// Returns the change that makes the start succeed, or `None` if none is needed or none was found.
    pub fn remedy(&self) -> Option<&Remedy> {
        self.start().and_then(|start| start.remedy.as_ref())
    }

    fn start(&self) -> Option<&Start> {
        self.outcome.as_ref().ok()
    }
}

impl RequestOutcome {
    /// Returns the action, as `kms:CreateGrant`.
    pub fn action(&self) -> &'static str {
        self.case.row.action
    }

    /// Returns the ARN of the resource.
    pub fn resource(&self) -> &str {
        self.case.request.resource()
    }

    /// Returns the ARN of the role or user that makes the request, or EC2's own identity.
    pub fn principal(&self) -> &str {
        &self.case.request.principal.arn
    }

    /// Returns the volume for which the request is made, if it is made for one.
    pub fn volume(&self) -> Option<&VolumeId> {
        self.case.volume.as_ref()
    }

    /// Returns the KMS key that the request is for, if it is for one.
    pub fn key(&self) -> Option<&KeyArn> {
        self.case.key.as_ref()
    }

    /// Returns whether a start fails without the request, or AWS only documents it.
    pub fn level(&self) -> Level {
        self.case.row.level
    }

    /// Returns the decision.
    pub fn decision(&self) -> Decision {
        self.decision
    }

    /// Returns what the decision rests on. [`policy_name`](Self::policy_name) tells the policy of a statement.
    pub fn deciders(&self) -> Vec<Decider> {
        deciders(&self.case.request, &self.explanation)
    }

    /// Returns the name of the policy that a decider stands in, and the `Sid` of its statement if it has one; `None` for
    /// what is not a statement.
    pub fn policy_name(&self, decider: Decider) -> Option<(&str, Option<&str>)> {
        let Decider::Statement(at, index) = decider else { return None };
        let policies = &self.case.policies;
        let sid = policies.statement(at, index).and_then(|statement| statement.sid.as_deref());
        Some((&policies.get(at)?.name, sid))
    }

    /// Returns the Allow statement that fails in the fewest elements, of policies of these types, or `None` if no
    /// statement concerns the request.
    pub fn nearest_miss(&self, of: &[PolicyType]) -> Option<NearMiss> {
        nearest(&self.case.request, &self.case.policies, &self.explanation, of)
    }
}

impl Finding {
    /// Returns the code; its page says what it means and how to confirm it.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Returns how much it weighs.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Returns the actions of the requests that it concerns, each once.
    pub fn actions(&self) -> &[&'static str] {
        &self.actions
    }

    /// Returns the KMS keys that it concerns.
    pub fn keys(&self) -> &[KeyArn] {
        &self.keys
    }

    /// Returns the volumes that it concerns.
    pub fn volumes(&self) -> &[VolumeId] {
        &self.volumes
    }

    /// Returns what it rests on.
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }
}

impl Part {
    /// Returns who may make the change.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Returns the whole policy with the change, or `None` for what is not a change of a policy.
    pub fn document(&self) -> Option<&Document> {
        self.after.as_ref()
    }

    /// Returns the statements to add or to put in the place of others, as JSON texts; empty for a grant.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().map(|statement| statement.text.as_str())
    }

    /// Returns `true` if the start needs the change, `false` if it only removes warnings.
    pub fn is_required(&self) -> bool {
        self.is_required
    }
}

impl Proof {
    /// Returns how many of the start's required requests were allowed before, how many are allowed with the changes,
    /// and how many there are.
    pub fn allowed(&self) -> (usize, usize, usize) {
        (self.before, self.after, self.required)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
