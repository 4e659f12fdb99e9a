//! Policies that change their mind soon, by a condition on the time.

use jiff::{SignedDuration, Timestamp};

use crate::capture::{Capture, Target};
use crate::engine::Decision;
use crate::operations::{PolicyCache, Question, RequestOutcome, dates, judge, plan};
use crate::policy::Moment;

use super::group::is_required;
use super::{Code, Evidence, Finding, Severity};

/// For how long after the time of evaluation the answer is looked at again.
const SOON: SignedDuration = SignedDuration::from_hours(24);

/// At most so many dates are tried.
const MOST: usize = 16;

/// The first date within a day on which the requests of the start are decided in another way.
pub(super) fn changes_soon(
    capture: &Capture,
    target: &Target,
    question: &Question,
    judged: &[RequestOutcome],
) -> Option<Finding> {
    let at = question.at.unwrap_or(capture.read.until);
    let mut times: Vec<Timestamp> = judged
        .iter()
        .flat_map(|one| dates(&one.case.policies, &one.case.request.action))
        .filter_map(|date| Timestamp::from_millisecond(Moment::parse(date)?.milliseconds()).ok())
        .filter(|date| *date >= at && date.duration_since(at) <= SOON)
        .collect();
    times.sort();
    times.dedup();
    let now = decisions(judged, question);
    // A condition may end with its date, or only after it.
    let moments = times
        .into_iter()
        .take(MOST)
        .flat_map(|date| [Some(date), date.checked_add(SignedDuration::from_millis(1)).ok()]);
    for date in moments.flatten().filter(|date| *date > at) {
        let later = Question { at: Some(date), ..question.clone() };
        let Ok(plan) = plan(capture, target, &later, &PolicyCache::new()) else { continue };
        let then = judge(plan.cases);
        if decisions(&then, question) == now {
            continue;
        }
        let is_lost = then.iter().zip(judged).any(|(then, now)| {
            is_required(now, question) && now.decision == Decision::Allowed && then.decision != Decision::Allowed
        });
        let severity = if is_lost { Severity::Warning } else { Severity::Note };
        let differing = then.iter().zip(judged).find(|(then, now)| then.decision != now.decision);
        let (action, decision) = differing.map(|(then, _)| (then.case.row.action, then.decision))?;
        let so = match decision {
            Decision::Allowed => format!("{action} is allowed from then on"),
            Decision::ExplicitDeny | Decision::ImplicitDeny => format!("{action} is no longer allowed from then on"),
            Decision::Unknown => format!("{action} is not decided from then on"),
        };
        let evidence = vec![Evidence::state("time", date.to_string()), Evidence::state("means", so)];
        return Some(Finding { actions: vec![action], ..Finding::new(Code::ChangesSoon, severity, evidence) });
    }
    None
}

fn decisions(judged: &[RequestOutcome], question: &Question) -> Vec<Decision> {
    judged.iter().filter(|one| is_required(one, question)).map(|one| one.decision).collect()
}
