//! One request of a start with all that bears on it, and its judgement.

use std::sync::Arc;

use crate::engine::{Decision, Explanation, PolicySet, Request, explain};
use crate::names::{Arn, KeyArn, VolumeId};

use super::decision::decision;
use super::model::Row;

/// One request and everything that bears on it.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) row: &'static Row,
    pub(crate) request: Arc<Request>,
    pub(crate) policies: Arc<PolicySet>,
    pub(crate) volume: Option<VolumeId>,
    pub(crate) key: Option<KeyArn>,
    /// Whether the principal's session may have tags that nobody told.
    pub(crate) open_session_tags: bool,
    /// The license configuration that StartInstances is asked for besides the instance.
    pub(crate) license: Option<Arn>,
    /// Whether it makes a grant on a key that may have as many as it can have.
    pub(crate) is_at_grant_quota: bool,
}

/// A case with its judgement.
#[derive(Debug, Clone)]
pub struct RequestOutcome {
    pub(crate) case: Case,
    pub(crate) explanation: Explanation,
    pub(crate) decision: Decision,
}

/// Judges every request of the plan.
pub(crate) fn judge(cases: Vec<Case>) -> Vec<RequestOutcome> {
    cases.into_iter().map(judge_one).collect()
}

/// Judges one request.
pub(super) fn judge_one(case: Case) -> RequestOutcome {
    let explanation = explain(&case.request, &case.policies);
    let decision = decision(&case, &explanation);
    RequestOutcome { case, explanation, decision }
}
