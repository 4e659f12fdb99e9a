use crate::policy::{Effect, Truth};

use super::combine::{PolicyTypeOutcomes, walk};
use super::decision::Decision;
use super::grant::Grant;
use super::principal::PrincipalMatch;
use super::recorder::Recorder;
use super::request::Request;
use super::set::{PolicyRef, PolicySet};

/// A decision with every reason for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The decision, as [`judge`](super::judge) gives it.
    pub decision: Decision,
    /// What each policy type says.
    pub gates: PolicyTypeOutcomes,
    /// Every statement, in the order of evaluation.
    pub statements: Vec<StatementOutcome>,
    /// Every grant, in the order of the [`GrantSet`](super::GrantSet).
    pub grants: Vec<GrantOutcome>,
}

/// What became of one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementOutcome {
    /// Its policy.
    pub at: PolicyRef,
    /// Its position there.
    pub statement: usize,
    /// Its effect.
    pub effect: Effect,
    /// Whether it applies.
    pub applies: Truth,
    /// Whether it names the principal only by its account, so that IAM policies must allow besides.
    pub only_account: bool,
    /// The elements that do not certainly hold.
    pub failures: Vec<(FailedElement, Truth)>,
}

/// An element of a statement that does not certainly hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailedElement {
    /// `Action` or `NotAction`.
    Action,
    /// `Principal` or `NotPrincipal`.
    Principal,
    /// `Resource` or `NotResource`.
    Resource,
    /// The condition at this position.
    Condition(usize),
}

/// What became of one grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantOutcome {
    /// Whether it was made for the principal.
    pub grantee: Truth,
    /// Whether it holds the operation.
    pub operation: Truth,
    /// Whether the request keeps within its constraints.
    pub constraints: Truth,
}

impl GrantOutcome {
    /// Whether the grant serves the request.
    pub fn serves(self) -> Truth {
        self.grantee.and(self.operation).and(self.constraints)
    }
}

/// Keeps everything.
#[derive(Default)]
struct Everything {
    statements: Vec<StatementOutcome>,
    grants: Vec<GrantOutcome>,
    conditions: usize,
}

impl Everything {
    fn note(&mut self, failure: FailedElement, truth: Truth) {
        if let Some(statement) = self.statements.last_mut().filter(|_| !truth.is_true()) {
            statement.failures.push((failure, truth));
        }
    }
}

impl Recorder for Everything {
    const KEEPS: bool = true;

    fn begin(&mut self, at: PolicyRef, statement: usize, effect: Effect) {
        self.conditions = 0;
        self.statements.push(StatementOutcome {
            at,
            statement,
            effect,
            applies: Truth::False,
            only_account: false,
            failures: Vec::new(),
        });
    }

    fn action(&mut self, truth: Truth) {
        self.note(FailedElement::Action, truth);
    }

    fn principal(&mut self, truth: Truth) {
        self.note(FailedElement::Principal, truth);
    }

    fn resource(&mut self, truth: Truth) {
        self.note(FailedElement::Resource, truth);
    }

    fn condition(&mut self, truth: Truth) {
        self.note(FailedElement::Condition(self.conditions), truth);
        self.conditions += 1;
    }

    fn end(&mut self, applies: PrincipalMatch) {
        if let Some(statement) = self.statements.last_mut() {
            statement.applies = applies.at_all();
            statement.only_account = PrincipalMatch { account: Truth::False, ..applies } == PrincipalMatch::NOBODY;
        }
    }

    fn grant(&mut self, grant: &Grant, request: &Request) {
        self.grants.push(GrantOutcome {
            grantee: grant.is_grantee(&request.principal),
            operation: grant.has_operation(request),
            constraints: grant.constraints_hold(request),
        });
    }
}

/// Judges `request`, keeping every reason. Law: its decision is that of [`judge`](super::judge).
pub fn explain(request: &Request, policies: &PolicySet) -> Explanation {
    let mut recorder = Everything::default();
    let gates = walk(request, policies, &mut recorder);
    Explanation { decision: gates.decision(), gates, statements: recorder.statements, grants: recorder.grants }
}
