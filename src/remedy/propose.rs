//! From what is denied to the statements that allow it, in the place where they work.

use std::collections::BTreeMap;

use crate::capture::{Capture, Target};
use crate::change::{Change, PolicyPlace, apply};
use crate::engine::{Decider, Decision, deciders};
use crate::findings::{Fact, Finding, Severity};
use crate::policy::PolicyType;
use crate::start::{By, Judged, Level, Question, Row, judge, plan};

use super::proof::Proof;
use super::statement::{Purpose, Wanted, create_grant, statement};
use super::{Cure, Owner, Remedies, Remedy};

/// What allows everything of the start that a further Allow can allow, and what must be changed otherwise.
pub(crate) fn propose(
    capture: &Capture,
    target: &Target,
    question: &Question,
    judged: &[Judged],
    findings: &[Finding],
) -> Remedies {
    let mut remedies = Remedies { remedies: narrowed(judged, findings), proof: None };
    let added = added(capture, target, question, judged);
    remedies.remedies.extend(added);
    remedies.remedies.extend(grants(judged));
    let changes = remedies.changes();
    if !changes.is_empty() {
        let changed = changes.iter().fold(capture.clone(), |capture, change| apply(&capture, change));
        if let Ok(plan) = plan(&changed, target, question) {
            remedies.proof = Some(Proof::new(judged, &judge(plan.cases)));
        }
    }
    remedies
}

/// Statements that no Allow overrides, and what they must except.
fn narrowed(judged: &[Judged], findings: &[Finding]) -> Vec<Remedy> {
    let mut remedies: Vec<Remedy> = Vec::new();
    let blockers = findings.iter().filter(|finding| finding.severity == Severity::Blocker);
    for finding in blockers {
        for fact in &finding.evidence {
            let Fact::Statement { at, role: crate::findings::StatementRole::Denies } = fact else { continue };
            let Some(first) = finding.requests.first().and_then(|position| judged.get(*position)) else {
                continue;
            };
            let request = &first.case.request;
            let owner = match at.at.kind {
                PolicyType::Scp | PolicyType::Rcp => Owner::Organization,
                PolicyType::Session => Owner::SessionCreator,
                PolicyType::KeyPolicy => Owner::Account(request.resource_account.to_string()),
                PolicyType::Identity | PolicyType::Boundary => Owner::Account(request.principal.account.to_string()),
            };
            let cure = Cure::Narrow { statement: at.clone(), exempt: request.principal.arn.to_string() };
            let remedy = Remedy { cure, owner };
            if !remedies.contains(&remedy) {
                remedies.push(remedy);
            }
        }
    }
    remedies
}

/// Whether a further Allow statement there would help, and where.
fn places(judged: &Judged, role: &str) -> Vec<PolicyPlace> {
    let request = &judged.case.request;
    if judged.decision != Decision::ImplicitDeny || judged.case.row.by == By::Infrastructure {
        return Vec::new();
    }
    let lacking = deciders(request, &judged.explanation);
    let lacks = |kind| lacking.contains(&Decider::Type(kind));
    let service_linked = request.principal.is_service_linked();
    let foreign = request.is_cross_account();
    if lacks(PolicyType::Scp) || lacks(PolicyType::Rcp) || (foreign && (service_linked || judged.case.key.is_none())) {
        return Vec::new();
    }
    let identity = PolicyPlace::Identity { role: role.to_owned() };
    if lacks(PolicyType::Boundary) {
        return vec![PolicyPlace::Boundary { role: role.to_owned() }];
    }
    if lacks(PolicyType::Session) {
        return Vec::new();
    }
    let Some(key) = &judged.case.key else { return vec![identity] };
    let key_policy = PolicyPlace::KeyPolicy(key.clone());
    match (foreign, lacks(PolicyType::KeyPolicy), lacks(PolicyType::Identity)) {
        (true, true, true) => vec![key_policy, identity],
        (_, true, _) => vec![key_policy],
        (false, false, true) if service_linked => vec![key_policy],
        (_, false, true) => vec![identity],
        (_, false, false) => Vec::new(),
    }
}

type Additions = BTreeMap<PolicyPlace, BTreeMap<Purpose, Vec<(&'static Row, String)>>>;

/// Adds what is lacking, judges again, adds what is then lacking, until nothing more can be added.
fn added(capture: &Capture, target: &Target, question: &Question, judged: &[Judged]) -> Vec<Remedy> {
    let mut additions = Additions::new();
    let mut current = None;
    // Each round may meet the next policy type that lacks an Allow; there are no more than four.
    for _ in 0..4 {
        let now: &[Judged] = current.as_deref().unwrap_or(judged);
        let before = additions.clone();
        for request in now.iter().filter(|request| is_wanted(request, question)) {
            for place in places(request, &target.role_arn) {
                let purpose = Purpose::of(request.case.row.action);
                let wanted = additions.entry(place).or_default().entry(purpose).or_default();
                let item = (request.case.row, request.case.request.resource.to_string());
                if !wanted.contains(&item) {
                    wanted.push(item);
                }
            }
        }
        if additions == before {
            break;
        }
        let remedies = remedies(capture, target, &additions);
        let changes = Remedies { remedies, proof: None }.changes();
        let changed = changes.iter().fold(capture.clone(), |capture, change: &Change| apply(&capture, change));
        current = plan(&changed, target, question).ok().map(|plan| judge(plan.cases));
    }
    remedies(capture, target, &additions)
}

/// Rows of the volumes' life cycle have a note of their own; they are suggested only where they are asked for.
fn is_wanted(judged: &Judged, question: &Question) -> bool {
    question.require == crate::start::Require::Documented || judged.case.row.number != 5
}

fn remedies(capture: &Capture, target: &Target, additions: &Additions) -> Vec<Remedy> {
    additions
        .iter()
        .map(|(place, purposes)| {
            let role = role_arn(capture, target);
            let in_key_policy = matches!(place, PolicyPlace::KeyPolicy(_));
            let statements = purposes.iter().map(|(purpose, items)| {
                let mut actions: Vec<&str> = items.iter().map(|(row, _)| row.action).collect();
                actions.sort_unstable();
                actions.dedup();
                let mut resources: Vec<String> = items.iter().map(|(_, resource)| resource.clone()).collect();
                resources.sort();
                resources.dedup();
                statement(&Wanted {
                    purpose: *purpose,
                    actions,
                    principal: in_key_policy.then_some(role.as_str()),
                    resources: if in_key_policy { vec!["*".to_owned()] } else { resources },
                    region: capture.read.region.as_str(),
                })
            });
            let required = purposes.values().flatten().any(|(row, _)| row.level == Level::Start);
            let owner = Owner::Account(match place {
                PolicyPlace::KeyPolicy(key) => key.account().to_owned(),
                PolicyPlace::Identity { .. } | PolicyPlace::Boundary { .. } => account_of(&role).to_owned(),
            });
            Remedy { cure: Cure::Add { to: place.clone(), statements: statements.collect(), required }, owner }
        })
        .collect()
}

fn role_arn(capture: &Capture, target: &Target) -> String {
    let role = capture.roles.get(&target.role_arn).and_then(crate::source::Reading::known);
    role.map_or_else(|| target.role_arn.clone(), |role| role.arn.to_string())
}

fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

/// Across accounts a service-linked role cannot be given rights; a grant made from its own account can.
fn grants(judged: &[Judged]) -> Vec<Remedy> {
    let mut remedies: Vec<Remedy> = Vec::new();
    for request in
        judged.iter().filter(|request| request.decision == Decision::ImplicitDeny && request.case.row.number == 2)
    {
        let principal = &request.case.request.principal;
        let Some(key) = request
            .case
            .key
            .as_ref()
            .filter(|_| principal.is_service_linked() && request.case.request.is_cross_account())
        else {
            continue;
        };
        let cure = Cure::Grant { line: create_grant(key, &principal.arn) };
        let remedy = Remedy { cure, owner: Owner::Account(principal.account.to_string()) };
        if !remedies.contains(&remedy) {
            remedies.push(remedy);
        }
    }
    remedies
}
