use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use thiserror::Error;

use super::key::{self, better, first};
use super::transcript::{FIRST_LINE, Part, parts};
use super::{ec2, iam, org};
use crate::capture::{Capture, FORMAT_VERSION, Organization, Provenance, Tool};
use crate::names::{AccountId, PrincipalArn};
use crate::source::Reading;

/// Why a text is no transcript that can be judged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TranscriptError {
    /// Its marks are missing.
    #[error("this is no output of the lines that `capture --script` prints")]
    NoTranscript,
    /// A line of its head is missing.
    #[error("the transcript lacks its line `### {0} …`")]
    Lacks(&'static str),
}

/// Whether a text holds a transcript, rather than a capture.
pub fn is_transcript(text: &str) -> bool {
    text.contains(FIRST_LINE)
}

/// Whether a transcript ends before its last line.
pub fn is_cut(text: &str) -> bool {
    parts(text).iter().any(|part| !part.is_whole)
}

/// The capture that transcripts amount to: that of the start, and those of other accounts' administrators.
///
/// What a transcript does not hold was not read; one that is cut, or whose lines were broken on the way, leaves
/// facts unread and never changes one.
///
/// # Errors
/// When there is no transcript, or one without Region and time.
pub fn transcript(text: &str) -> Result<Capture, TranscriptError> {
    let parts = parts(text);
    if parts.is_empty() {
        return Err(TranscriptError::NoTranscript);
    }
    let of_starts = parts.iter().filter(|part| !part.targets.is_empty());
    let region =
        of_starts.chain(&parts).find_map(|part| part.region.clone()).ok_or(TranscriptError::Lacks("region"))?;
    let times: BTreeSet<_> = parts.iter().flat_map(|part| &part.times).copied().collect();
    let (Some(from), Some(until)) = (times.first(), times.last()) else {
        return Err(TranscriptError::Lacks("time"));
    };
    let (from, until) = (*from, *until);
    let mut targets: Vec<_> = parts.iter().flat_map(|part| part.targets.iter().cloned()).collect();
    targets.sort();
    targets.dedup();
    let mut capture = Capture {
        format_version: FORMAT_VERSION,
        tool: Tool { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        read: Provenance {
            by: parts.first().map_or_else(Reading::default, caller),
            from,
            until,
            region,
            region_source: "the transcript".to_owned(),
        },
        targets,
        instances: BTreeMap::new(),
        volumes: BTreeMap::new(),
        keys: BTreeMap::new(),
        identities: BTreeMap::new(),
        namesakes: BTreeMap::new(),
        organizations: BTreeMap::new(),
        handed: Vec::new(),
    };
    fill(&mut capture, &parts);
    Ok(capture)
}

/// The capture with what transcripts hold of that which was not read; what was read stays.
///
/// # Errors
/// When there is no transcript.
pub fn add(mut capture: Capture, text: &str) -> Result<(Capture, Option<Timestamp>), TranscriptError> {
    let parts = parts(text);
    if parts.is_empty() {
        return Err(TranscriptError::NoTranscript);
    }
    let read = parts.iter().flat_map(|part| &part.times).max().copied();
    let gone = capture.instances.clone().into_iter().filter(|(_, instance)| *instance == Reading::Absent);
    let gone: Vec<_> = gone.collect();
    fill(&mut capture, &parts);
    capture.instances.extend(gone);
    Ok((capture, read))
}

fn caller(part: &Part) -> Reading<String> {
    part.reading("sts:GetCallerIdentity", |text| {
        let value: serde_json::Value = serde_json::from_str(text).ok()?;
        Some(value.get("Arn")?.as_str()?.to_owned())
    })
}

fn fill(capture: &mut Capture, parts: &[Part]) {
    let is_of = |part: &Part, account: &str| {
        caller(part).known().and_then(|arn| arn.split(':').nth(4)).is_some_and(|own| own == account)
    };
    let mut accounts: BTreeSet<AccountId> = BTreeSet::new();
    for target in &capture.targets {
        let account = PrincipalArn::parse(&target.role_arn).map(|arn| arn.account().to_owned()).unwrap_or_default();
        accounts.extend(AccountId::parse(&account));
        for part in parts {
            let (instance, volumes) = ec2::instance(part, &target.instance_id, &capture.read.region);
            accounts.extend(instance.known().map(|instance| instance.account.clone()));
            let record = capture.instances.entry(target.instance_id.clone()).or_default();
            *record = better(std::mem::take(record), instance);
            for (id, volume) in volumes {
                let record = capture.volumes.entry(id).or_default();
                *record = first(std::mem::take(record), volume);
            }
            // A name says nothing of the account: only its own reader's answer is about this role or user.
            if is_of(part, &account) {
                let (identity, namesake) = iam::identity(part, &target.role_arn);
                let record = capture.identities.entry(target.role_arn.clone()).or_default();
                *record = iam::joined(std::mem::take(record), identity);
                capture.namesakes.extend(namesake.map(|arn| (target.role_arn.clone(), arn)));
            }
        }
    }
    for part in parts {
        for arn in key::asked(part) {
            accounts.extend(AccountId::parse(arn.account()));
            let found = key::key(part, &arn, is_of(part, arn.account()));
            let record = capture.keys.entry(arn).or_default();
            *record = key::joined(std::mem::take(record), found);
        }
        accounts.extend(capture.organizations.keys().cloned());
        let climbed = part.answers.iter().filter_map(|answer| answer.asked.strip_prefix("organizations:ListParents "));
        accounts.extend(climbed.filter_map(|child| AccountId::parse(child).ok()));
    }
    for account in accounts {
        let mut best: Reading<Organization> = capture.organizations.remove(&account).unwrap_or_default();
        for part in parts {
            let found = org::organization(part, &account, is_of(part, account.as_str()));
            // A member account knows its organization, and only its management account the policies.
            let more = match (&best, &found) {
                (Reading::Known(old), Reading::Known(new)) => {
                    old.scps.unread().is_some() && new.scps.unread().is_none()
                }
                (Reading::Known(_) | Reading::Absent | Reading::Unread(_), _) => false,
            };
            best = if more { found } else { first(best, found) };
        }
        capture.organizations.insert(account, best);
    }
}
