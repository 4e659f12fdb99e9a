//! What is to be changed, before it is put in words of the policy language.

use std::collections::BTreeMap;

use crate::change::PolicyPlace;
use crate::names::KeyArn;
use crate::operations::{RequestOutcome, Row};

use super::exempt::Exemption;
use super::statement::Purpose;

/// A request for which something is added, by its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) position: usize,
    pub(super) row: &'static Row,
    pub(super) resource: String,
    /// The ARN of the role or user that makes it.
    pub(super) principal: String,
}

impl Need {
    /// The request at this position.
    pub(super) fn of(position: usize, judged: &RequestOutcome) -> Self {
        Self {
            position,
            row: judged.case.row,
            resource: judged.case.request.resource().to_owned(),
            principal: judged.case.request.principal.arn.to_string(),
        }
    }

    /// Whether another start needs the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.row.step == other.row.step && self.resource == other.resource && self.principal == other.principal
    }
}

/// A statement with a slip, and with the slip put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Correction {
    pub(super) place: PolicyPlace,
    /// The statement's text.
    pub(super) statement: String,
    pub(super) corrected: String,
    /// Whether it was certainly meant to serve the start.
    pub(super) is_certain: bool,
    pub(super) needs: Vec<Need>,
}

/// Statements, exemptions and grants, each with the requests that it is for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Draft {
    pub(super) corrections: Vec<Correction>,
    pub(super) additions: BTreeMap<PolicyPlace, BTreeMap<Purpose, Vec<Need>>>,
    pub(super) exemptions: Vec<(Exemption, Vec<Need>)>,
    pub(super) grants: BTreeMap<KeyArn, Vec<Need>>,
}
