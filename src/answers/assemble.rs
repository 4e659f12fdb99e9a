use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::api::sts::GetCallerIdentity;
use super::join::{self, first};
use super::transcript::{Part, TranscriptError, parts};
use super::{ec2, iam, key, org};
use crate::capture::{Capture, Handed, Instance, Provenance, Target, Volume};
use crate::fact::{Fact, Unread};
use crate::names::{AccountId, InstanceId, KeyArn, Region, VolumeId};

type Volumes = BTreeMap<VolumeId, Fact<Volume>>;

/// What the lines of `capture --script` printed, as one file holds it: of one reader, or of several one after the other.
#[derive(Debug, Clone)]
pub struct Transcript(Vec<Part>);

impl Transcript {
    /// Reads a text in which transcripts may stand among other words.
    ///
    /// # Errors
    /// When there is none, or one was changed on its way.
    pub fn parse(text: &str) -> Result<Self, TranscriptError> {
        parts(text).map(Self)
    }

    /// Its parts, each as a transcript of its own.
    pub fn parts(self) -> impl Iterator<Item = Self> {
        self.0.into_iter().map(|part| Self(vec![part]))
    }

    /// Its parts as they are.
    pub(super) fn all(&self) -> impl Iterator<Item = &Part> {
        self.0.iter()
    }

    /// The starts that it is of.
    pub(super) fn targets(&self) -> impl Iterator<Item = Target> {
        self.0.iter().flat_map(|part| part.targets.iter().cloned())
    }

    /// The Region that it is of.
    pub(super) fn region(&self) -> Option<Region> {
        self.0.iter().find_map(|part| part.region.clone())
    }

    /// When it was read.
    pub(super) fn times(&self) -> impl Iterator<Item = Timestamp> {
        self.0.iter().flat_map(|part| part.times.iter().copied())
    }

    /// Who read first.
    pub(super) fn caller(&self) -> Fact<String> {
        self.0.first().map_or_else(Fact::default, caller)
    }

    /// Whether it ends before its last line.
    pub fn is_cut(&self) -> bool {
        self.0.iter().any(|part| !part.is_whole)
    }

    /// Whether it is of starts, not of what another administrator reads for them.
    pub fn is_of_starts(&self) -> bool {
        self.0.iter().any(|part| !part.targets.is_empty())
    }

    /// Its place among others: the newest first.
    pub fn order(&self) -> impl Ord + use<> {
        self.0.iter().map(order).min()
    }

    /// When it was read last.
    pub fn time(&self) -> Option<Timestamp> {
        self.0.iter().flat_map(|part| &part.times).max().copied()
    }

    /// The reads that AWS refused, or that failed.
    pub fn refused(&self) -> impl Iterator<Item = &str> {
        let answers = self.0.iter().flat_map(|part| part.answers.iter());
        answers.filter(|answer| answer.is_refused()).map(|answer| answer.asked.as_str())
    }
}

/// The capture that transcripts amount to: that of the start, and those of other accounts' administrators.
///
/// What a transcript does not hold was not read; one that is cut leaves facts unread.
///
/// # Errors
/// When Region and time are told nowhere, or what the transcripts hold contradicts itself.
pub fn assembled(files: &[Transcript]) -> Result<Capture, TranscriptError> {
    let parts = newest_first(files);
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
    let read = Provenance {
        by: parts.first().map_or_else(Fact::default, caller),
        from,
        until,
        region,
        region_source: "the transcript".to_owned(),
    };
    let mut capture = Capture { handed: overtaken(&parts), ..Capture::empty(read, targets) };
    fill(&mut capture, &parts, &parts);
    capture.checked().map_err(TranscriptError::Contradiction)
}

/// Completes the capture by what the newest `number` parts of transcripts hold of that which was not read; what was read
/// stays. That something is gone, and which version of a policy is the default, all of them tell together.
pub fn add(capture: &mut Capture, files: &[Transcript], number: usize) {
    let before: BTreeSet<AccountId> = capture.organizations.keys().cloned().collect();
    let parts = newest_first(files);
    fill(capture, parts.get(..number).unwrap_or(&parts), &parts);
    let concerned = capture.accounts();
    capture.organizations.retain(|account, _| before.contains(account) || concerned.contains(account));
}

/// By time, the newest first; of one second by what was answered, so that no order of files decides.
fn order(part: &Part) -> impl Ord + use<> {
    let answers = part.answers.iter().map(|answer| (answer.asked.clone(), answer.text.clone()));
    (std::cmp::Reverse(part.times.iter().max().copied()), answers.collect::<Vec<_>>())
}

/// Of two answers about one fact the newer counts, and so does the newest default version of a managed policy: an older
/// text of another version tells nothing.
fn newest_first(files: &[Transcript]) -> Vec<Part> {
    let mut parts: Vec<Part> = files.iter().flat_map(|file| &file.0).cloned().collect();
    parts.sort_by_cached_key(order);
    agree(&mut parts);
    parts
}

/// Has older parts name the default versions that the first part does which tells them.
pub(super) fn agree(parts: &mut [Part]) {
    let mut newest: BTreeMap<String, String> = BTreeMap::new();
    let answers = parts.iter_mut().flat_map(|part| part.answers.iter_mut());
    for answer in answers.filter(|answer| answer.exit == Some(0) && answer.asked.starts_with("iam:GetPolicy ")) {
        newest.entry(answer.asked.clone()).or_insert_with(|| answer.text.clone()).clone_into(&mut answer.text);
    }
}

/// What an older part answers although a newer one was refused it: that is told with its age.
fn overtaken(newest_first: &[Part]) -> Vec<Handed> {
    let mut refused: BTreeSet<&str> = BTreeSet::new();
    let mut told = Vec::new();
    for part in newest_first {
        let answered = part.answers.iter().filter(|answer| answer.exit == Some(0));
        let old: Vec<&str> = answered.map(|answer| answer.asked.as_str()).filter(|one| refused.remove(one)).collect();
        if !old.is_empty() {
            let read = part.times.iter().max().copied();
            told.push(Handed { what: old.join(", "), file: "an older transcript".to_owned(), read });
        }
        refused.extend(part.answers.iter().filter(|answer| answer.is_refused()).map(|answer| answer.asked.as_str()));
    }
    told
}

fn caller(part: &Part) -> Fact<String> {
    part.read("sts:GetCallerIdentity", GetCallerIdentity::arn)
}

/// Whether the part's reader is of this account.
fn is_of(part: &Part, account: &str) -> bool {
    if let Some(own) = &part.account {
        return own.as_str() == account;
    }
    caller(part).known().and_then(|arn| arn.split(':').nth(4)).is_some_and(|own| own == account)
}

/// The instance as the newest part that knows it saw it, with its volumes. That it is gone counts from its own account
/// only: elsewhere nobody sees it.
fn instance(parts: &[Part], all: &[Part], id: &InstanceId, region: &Region) -> (Fact<Instance>, Volumes) {
    let views: Vec<_> = parts.iter().map(|part| (part, ec2::instance(part, id, region))).collect();
    let account = all.iter().find_map(|part| Some(ec2::instance(part, id, region).0.known()?.account.to_string()));
    let counts = |part: &Part, instance: &Fact<Instance>| match instance {
        Fact::Known(_) => true,
        Fact::Absent => account.as_ref().is_none_or(|account| is_of(part, account)),
        Fact::Unread(_) | Fact::Part { .. } => false,
    };
    let newest = views.iter().position(|(part, (instance, _))| counts(part, instance));
    let Some((at, (mut instance, mut volumes))) =
        newest.and_then(|at| Some((at, views.get(at).map(|(_, view)| view.clone())?)))
    else {
        let unread = views.into_iter().map(|(_, (instance, _))| instance).filter(|one| one.unread().is_some());
        let unread = unread.reduce(first);
        return (unread.unwrap_or_default(), Volumes::new());
    };
    // What newer parts show as attached was attached since, or they were read apart.
    let newer = parts.iter().take(at).map(|part| ec2::by_instance(part, id));
    for (attachment, volume) in newer.filter_map(|shown| shown.found().cloned()).flatten() {
        if let (Fact::Known(instance), false) = (&mut instance, volumes.contains_key(&attachment.volume_id)) {
            volumes.insert(attachment.volume_id.clone(), volume);
            instance.attachments.push(attachment);
        }
    }
    for (id, volume) in &mut volumes {
        let seen = views.iter().filter_map(|(_, (_, volumes))| volumes.get(id).cloned());
        *volume = seen.fold(volume.clone(), first);
    }
    (instance, volumes)
}

/// Completes the capture by what the parts hold, of each fact the first that was read; `all` tell whose the instance is.
pub(super) fn fill(capture: &mut Capture, parts: &[Part], all: &[Part]) {
    let mut accounts: BTreeSet<AccountId> = BTreeSet::new();
    for target in &capture.targets {
        let account = target.role_arn.account().to_owned();
        accounts.extend(AccountId::parse(&account));
        let (instance, volumes) = instance(parts, all, &target.instance_id, &capture.read.region);
        accounts.extend(instance.known().map(|instance| instance.account.clone()));
        let record = capture.instances.entry(target.instance_id.clone()).or_default();
        *record = first(std::mem::take(record), instance);
        for (id, volume) in volumes {
            let record = capture.volumes.entry(id).or_default();
            *record = join::volume(std::mem::take(record), volume);
        }
        // Volumes of an instance that was read before.
        let attached = capture.instances.get(&target.instance_id).and_then(Fact::known);
        for attachment in attached.iter().flat_map(|instance| &instance.attachments) {
            let Some(record) = capture.volumes.get_mut(&attachment.volume_id) else { continue };
            for part in parts {
                let shown = ec2::volume(part, &target.instance_id, &attachment.volume_id);
                if shown.known().is_some() {
                    *record = join::volume(std::mem::take(record), shown);
                }
            }
        }
        let unread = || Fact::Unread(Unread::not_asked(iam::itself(&target.role_arn)));
        // A session's role may be held under its own ARN.
        let asked = capture.identity(&target.role_arn).map_or(&target.role_arn, |(asked, _)| asked).clone();
        capture.identities.entry(asked.clone()).or_insert_with(unread);
        // A name says nothing of the account: only its own reader's answer is about this role or user.
        for part in parts.iter().filter(|part| is_of(part, &account)) {
            let (identity, namesake) = iam::identity(part, &asked);
            let record = capture.identities.entry(asked.clone()).or_default();
            if record.unread().is_some() {
                capture.namesakes.extend(namesake.map(|arn| (asked.clone(), arn)));
            }
            *record = join::identity(std::mem::take(record), identity);
            if let Fact::Known(identity) = record {
                let is_newer = part.times.iter().max().is_some_and(|time| *time > capture.read.until);
                iam::complete(identity, part, is_newer);
            }
        }
    }
    // Once it is known which keys the volumes are encrypted with, no other concerns the start.
    let volumes: Vec<_> = capture.volumes.values().map(|volume| volume.known()?.key.known()).collect();
    let is_known = !volumes.is_empty() && volumes.iter().all(Option::is_some);
    let used: BTreeSet<KeyArn> = volumes.into_iter().flatten().chain(capture.keys.keys()).cloned().collect();
    for part in parts {
        for arn in key::asked(part).into_iter().filter(|arn| !is_known || used.contains(arn)) {
            accounts.extend(AccountId::parse(arn.account()));
            let found = key::key(part, &arn, is_of(part, arn.account()));
            let record = capture.keys.entry(arn).or_default();
            *record = join::key(std::mem::take(record), found);
        }
        capture.keys.values_mut().for_each(|key| key::complete(key, part));
        accounts.extend(capture.organizations.keys().cloned());
        let climbed = part.answers.iter().filter_map(|answer| answer.asked.strip_prefix("organizations:ListParents "));
        accounts.extend(climbed.filter_map(|child| AccountId::parse(child).ok()));
    }
    for account in accounts {
        let record = capture.organizations.entry(account.clone()).or_default();
        for part in parts {
            let found = org::organization(part, &account, is_of(part, account.as_str()));
            *record = join::organization(std::mem::take(record), found);
            if let Fact::Known(organization) = record {
                org::complete(organization, part);
            }
        }
    }
}
