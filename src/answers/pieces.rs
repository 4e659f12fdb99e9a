//! Evidence in pieces: any mix of what single calls of AWS answered, policies, configuration items, captures and
//! transcripts, put together into one capture.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

use super::assemble::{Transcript, agree, fill};
use super::document::HandedError;
use super::facts::{contradiction, facts};
use super::identify::{Idle, Item, Of, Shape, identified};
use super::mangled::Mangled;
use super::pieces_error::{PiecesError, Question};
use super::sources::{Source, Sources};
use super::split::split;
use super::subject::{By, Found, Said};
use super::transcript::Part;
use super::wants::{self, Wants};
use super::wrapping::Wrapping;
use super::{is_transcript, join};
use crate::capture::{Capture, Handed, Provenance, Target};
use crate::fact::Fact;
use crate::names::{AccountId, InstanceId, Region};

/// A file of evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvidenceFile {
    /// Its path, as it was given.
    pub path: String,
    /// Its name, and those of the folders in which it was found.
    pub name: String,
    /// See [`EvidenceFile::name`].
    pub folders: String,
    /// What it is of, if that was typed.
    pub of: Option<String>,
    /// What it holds.
    pub text: String,
}

/// An instance that the evidence shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownInstance {
    /// Its ID.
    pub id: InstanceId,
    /// Its tag `Name`.
    pub name: String,
    /// As `stopped`.
    pub state: String,
    /// The Region that it is in, if its Availability Zone was told.
    pub region: Option<Region>,
}

/// Why a file tells nothing of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdleReason {
    /// It is for `triage`.
    Event,
    /// In words.
    Said(String),
}

impl fmt::Display for IdleReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Event => {
                "this is an event or the error text of a start, which says what happened, not what is allowed"
            }
            Self::Said(reason) => reason,
        })
    }
}

/// A capture that was put together, and what was not needed for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The capture.
    pub capture: Capture,
    /// The files that told nothing of the starts, each with the reason.
    pub idle: Vec<(String, IdleReason)>,
}

/// Files of evidence, taken apart.
#[derive(Debug, Clone, Default)]
pub struct Pieces {
    files: Vec<EvidenceFile>,
    captures: Vec<(usize, Capture)>,
    transcripts: Vec<(usize, Transcript)>,
    sources: Sources,
    idle: BTreeMap<usize, IdleReason>,
    /// What was around the texts.
    taken_off: Vec<(usize, Vec<Wrapping>)>,
}

impl Pieces {
    /// Takes files of evidence apart.
    ///
    /// # Errors
    /// When one was changed on its way or is nothing that can be read, or none is evidence of a start.
    pub fn of(files: Vec<EvidenceFile>) -> Result<Self, PiecesError> {
        let mut pieces = Self { files, ..Self::default() };
        for number in 0..pieces.files.len() {
            pieces.take(number)?;
        }
        if pieces.sources.is_empty() && pieces.captures.is_empty() && pieces.transcripts.is_empty() {
            let path = |number: &usize| pieces.files.get(*number).map(|file| file.path.clone()).unwrap_or_default();
            return Err(PiecesError::Nothing(
                pieces.idle.iter().map(|(number, why)| (path(number), why.clone())).collect(),
            ));
        }
        Ok(pieces)
    }

    fn take(&mut self, number: usize) -> Result<(), PiecesError> {
        let Some(file) = self.files.get(number) else { return Ok(()) };
        let path = || file.path.clone();
        if is_transcript(&file.text) {
            let transcript = Transcript::parse(&file.text)
                .map_err(|error| PiecesError::Transcript { file: path(), error: Box::new(error) })?;
            self.transcripts.push((number, transcript));
            return Ok(());
        }
        if is_capture(&file.text) {
            let capture = Capture::parse(&file.text)
                .map_err(|error| PiecesError::Capture { file: path(), error: Box::new(error) })?;
            self.captures.push((number, capture));
            return Ok(());
        }
        let (answers, taken_off) = match split(&file.text) {
            Ok(found) => found,
            // Words alone: somebody's note beside the evidence.
            Err(HandedError::Mangled(Mangled { seems: None, .. })) if !file.text.contains('{') => {
                let reason = "it holds no JSON, and no error of AWS".to_owned();
                self.idle.insert(number, IdleReason::Said(reason));
                return Ok(());
            }
            Err(error) => return Err(PiecesError::NotTaken { file: path(), error: Box::new(error) }),
        };
        self.taken_off.push((number, taken_off));
        for answered in answers {
            match identified(&answered) {
                Ok(items) => {
                    let said = Said {
                        typed: file.of.clone(),
                        command: answered.command.clone(),
                        name: file.name.clone(),
                        folders: file.folders.clone(),
                    };
                    self.sources.extend(items.into_iter().map(|item| Source::new(number, said.clone(), item)));
                }
                Err(Idle::Event) => {
                    self.idle.entry(number).or_insert(IdleReason::Event);
                }
                Err(Idle::Useless(message)) => {
                    self.idle.entry(number).or_insert(IdleReason::Said(message));
                }
            }
        }
        Ok(())
    }

    /// The wrapping that was taken off each file that had any.
    pub fn taken_off(&self) -> impl Iterator<Item = (&str, &[Wrapping])> {
        let all = self.taken_off.iter().filter(|(_, taken_off)| !taken_off.is_empty());
        all.filter_map(|(number, taken_off)| Some((self.files.get(*number)?.path.as_str(), taken_off.as_slice())))
    }

    /// The files of transcripts that end before their last line.
    pub fn cut(&self) -> impl Iterator<Item = &str> {
        let cut = self.transcripts.iter().filter(|(_, transcript)| transcript.is_cut());
        cut.filter_map(|(number, _)| Some(self.files.get(*number)?.path.as_str()))
    }

    /// The instances that the evidence shows.
    pub fn instances(&self) -> Vec<ShownInstance> {
        self.sources.instances()
    }

    /// The instances that the volumes among the evidence are attached to.
    pub fn attached_to(&self) -> Vec<InstanceId> {
        self.sources.attached_to()
    }

    /// The starts that captures and transcripts among the evidence were made for.
    pub fn targets(&self) -> Vec<Target> {
        let held = self.captures.iter().flat_map(|(_, capture)| capture.targets.iter().cloned());
        let transcripts = self.transcripts.iter().flat_map(|(_, transcript)| transcript.targets());
        held.chain(transcripts).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The roles and users that the evidence shows, by their ARNs.
    pub fn principals(&self) -> Vec<String> {
        self.sources.principals()
    }

    /// The Region of these instances, as far as the evidence tells it, and by what.
    pub fn region(&self, instances: &[InstanceId]) -> Option<(Region, &'static str)> {
        let captures = self.captures.iter().map(|(_, capture)| capture.read.region.clone());
        let shown = self.instances().into_iter().filter(|one| instances.contains(&one.id)).find_map(|one| one.region);
        let transcript = self.transcripts.iter().find_map(|(_, transcript)| transcript.region());
        shown
            .map(|region| (region, "the instance's Availability Zone"))
            .or_else(|| captures.into_iter().next().map(|region| (region, "the capture")))
            .or_else(|| transcript.map(|region| (region, "the transcript")))
            .or_else(|| self.sources.region().map(|region| (region, "the keys of the volumes")))
    }

    /// The capture of some starts that the pieces amount to. What they lack is unread.
    ///
    /// # Errors
    /// When a piece does not say what it is of, two contradict each other, or none tells anything of the starts.
    pub fn capture(
        &self,
        targets: Vec<Target>,
        (region, region_source): (Region, &str),
        now: Timestamp,
    ) -> Result<Joined, PiecesError> {
        let times = self.captures.iter().flat_map(|(_, held)| [held.read.from, held.read.until]);
        let times: BTreeSet<_> = times.chain(self.transcripts.iter().flat_map(|(_, one)| one.times())).collect();
        let is_dated = self.sources.is_empty();
        let by = self.sources.caller().map_or(Fact::Absent, |arn| Fact::Known(arn.to_owned()));
        let held = self.captures.iter().map(|(_, held)| held.read.by.clone());
        let held = held.chain(self.transcripts.iter().map(|(_, one)| one.caller()));
        let read = Provenance {
            by: held.chain([by]).find(|by| by.unread().is_none()).unwrap_or(Fact::Absent),
            from: times.first().copied().unwrap_or(now),
            until: times.last().copied().filter(|_| is_dated).unwrap_or(now),
            region,
            region_source: region_source.to_owned(),
        };
        self.joined(&Capture::empty(read, targets))
    }

    /// The capture with what the pieces tell of that which was not read; what was read counts.
    ///
    /// # Errors
    /// As [`Pieces::capture`].
    pub fn complete(&self, capture: &Capture) -> Result<Joined, PiecesError> {
        self.joined(capture)
    }

    fn joined(&self, base: &Capture) -> Result<Joined, PiecesError> {
        let mut sources = self.sources.clone();
        let mut capture = self.built(base, &sources);
        // Each round lets the next answer be known: of the instance the volumes, of a volume the key, and so on. What is
        // left over is taken for what is missing once nothing else says what it is.
        loop {
            let is_named = sources.resolve(&capture, By::Names);
            let next = self.built(base, &sources);
            let is_settled = !is_named && next == capture;
            capture = next;
            if is_settled && !sources.resolve(&capture, By::Elimination) {
                break;
            }
        }
        self.ask(&sources, &capture)?;
        let wants = Wants::of(&capture);
        self.sound(&sources, &wants)?;
        self.contradict(base, &sources, &wants)?;
        let mut idle: Vec<(usize, IdleReason)> = Vec::new();
        for (number, file) in self.files.iter().enumerate() {
            if self.captures.iter().any(|(own, _)| *own == number)
                || self.transcripts.iter().any(|(own, _)| *own == number)
            {
                continue;
            }
            match sources.used(number, &capture, &wants) {
                Ok(what) => capture.handed.push(Handed { what, file: file.path.clone(), read: None }),
                Err(reason) => {
                    let reason = reason.map(IdleReason::Said).or_else(|| self.idle.get(&number).cloned());
                    idle.push((number, reason.unwrap_or(IdleReason::Said(String::new()))));
                }
            }
        }
        let path = |number: usize| self.files.get(number).map(|file| file.path.clone()).unwrap_or_default();
        let idle: Vec<_> = idle.into_iter().map(|(number, reason)| (path(number), reason)).collect();
        if !idle.is_empty() && idle.len() == self.files.len() {
            return Err(PiecesError::Nothing(idle));
        }
        let capture = capture.checked().map_err(|error| PiecesError::Contradiction(Box::new(error)))?;
        Ok(Joined { capture, idle })
    }

    /// Asks for what cannot be known.
    fn ask(&self, sources: &Sources, capture: &Capture) -> Result<(), PiecesError> {
        let questions = sources.open(capture).filter_map(|(file, item, found)| {
            let Found::OneOf(candidates) = found else { return None };
            let typed = candidates.into_iter().map(|one| one.typed).collect::<BTreeSet<_>>();
            Some(Question {
                file: self.files.get(file)?.path.clone(),
                what: asks(item),
                one_of: typed.into_iter().collect(),
            })
        });
        let questions: Vec<Question> = questions.collect();
        if questions.is_empty() { Ok(()) } else { Err(PiecesError::Unknown(questions)) }
    }

    /// Nothing that counts was changed on its way.
    fn sound(&self, sources: &Sources, wants: &Wants) -> Result<(), PiecesError> {
        sources.damaged(wants).map_or(Ok(()), |(file, sign)| {
            let Some(file) = self.files.get(file) else { return Ok(()) };
            Err(PiecesError::changed(file, sign))
        })
    }

    /// Whatever two answers without a date say differently is for nobody to decide.
    fn contradict(&self, base: &Capture, sources: &Sources, wants: &Wants) -> Result<(), PiecesError> {
        let path = |number: usize| self.files.get(number).map(|file| file.path.clone()).unwrap_or_default();
        for rivals in sources.rivals(wants) {
            let states = |only: usize| facts(&self.built(base, &sources.with_only(&rivals, only)));
            let Some((first, others)) = rivals.split_first() else { continue };
            let told = states(*first);
            for other in others {
                if contradiction(&told, &states(*other)).is_some() {
                    let of = sources.asked(*first);
                    return Err(PiecesError::Differ {
                        of,
                        one: path(sources.file(*first)),
                        other: path(sources.file(*other)),
                    });
                }
            }
        }
        if sources.is_empty() || (self.captures.is_empty() && self.transcripts.is_empty()) {
            return Ok(());
        }
        let of_pieces = Self { captures: Vec::new(), transcripts: Vec::new(), ..self.clone() };
        let told = facts(&of_pieces.built(base, sources));
        let dated = facts(&self.built(base, &Sources::default()));
        let Some(of) = contradiction(&told, &dated) else { return Ok(()) };
        let gone = |number: &usize| {
            let rest = sources.without_file(*number);
            !facts(&of_pieces.built(base, &rest)).contains_key(of)
        };
        let one = (0..self.files.len()).find(gone);
        let other = self.captures.first().map(|(own, _)| *own).or(self.transcripts.first().map(|(own, _)| *own));
        let name = |number: Option<usize>| number.map(path).unwrap_or_default();
        Err(PiecesError::Differ { of: of.to_owned(), one: name(one), other: name(other) })
    }

    /// What everything amounts to, as far as it is known what it is of.
    fn built(&self, base: &Capture, sources: &Sources) -> Capture {
        let mut captures: Vec<&Capture> = self.captures.iter().map(|(_, held)| held).collect();
        captures.sort_by_key(|held| std::cmp::Reverse(held.read.until));
        let mut capture = base.clone();
        fill(&mut capture, &[], &[]);
        let mut wants = Wants::of(&capture);
        // What is known of a start tells which answers bear on it, and these tell more.
        loop {
            let transcripts = self.transcripts.iter().flat_map(|(_, one)| one.all()).cloned();
            let mut parts: Vec<Part> = transcripts.chain(sources.parts(&wants, &capture)).collect();
            parts.sort_by_cached_key(|part| (part.newest().is_some(), std::cmp::Reverse(part.newest())));
            agree(&mut parts);
            capture = base.clone();
            fill(&mut capture, &[], &[]);
            for held in &captures {
                let is_newer = |part: &&Part| part.newest().is_some_and(|time| time > held.read.until);
                let newer: Vec<Part> = parts.iter().filter(is_newer).cloned().collect();
                fill(&mut capture, &newer, &parts);
                merge(&mut capture, held);
            }
            fill(&mut capture, &parts, &parts);
            let concerned = capture.accounts();
            capture
                .organizations
                .retain(|account, _| concerned.contains(account) || base.organizations.contains_key(account));
            // Nobody who sends a key policy thinks of the second one, which only a key shared through AWS RAM has.
            for key in sources.keys_with_policy(&wants) {
                if let Some(key) = capture.keys.get_mut(&key).filter(|key| key.ram_policy.is_unasked()) {
                    key.ram_policy = Fact::Absent;
                }
            }
            let next = Wants::of(&capture);
            if next == wants {
                return capture;
            }
            wants = next;
        }
    }
}

/// What is asked of an answer.
fn asks(item: &Item) -> &'static str {
    match &item.of {
        Of::Key(_) => "of which key it is",
        Of::Holder(_) => "of which role, user or group it is",
        Of::Version(_) => "of which managed policy it is",
        Of::Child(_) => "below what this is the parent",
        Of::Target(_) => "on which account, OU or root these policies are",
        Of::Organization => "of which account it is",
        Of::Policy(Shape::OfResource) => "of which key this policy is",
        Of::Policy(Shape::OfIdentity) => "which policy of whom this is",
        Of::Read(_) => "of which account's role or user it is",
        Of::Documents(..) | Of::Versions(_) | Of::Volume(_) | Of::Instances(_) | Of::Caller(_) => "of what it is",
    }
}

/// Whether a text is the file that `capture` writes.
fn is_capture(text: &str) -> bool {
    let value: Option<Value> = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok();
    value.is_some_and(|value| {
        value.get("formatVersion").is_some()
            && value.get("targets").is_some()
            && value.get("read").is_some_and(|read| read.get("by").is_some() || read.get("region").is_some())
            && value.get("verdict").is_none()
    })
}

/// Completes a capture by what another holds of the same starts.
fn merge(capture: &mut Capture, held: &Capture) {
    for target in &capture.targets {
        let id = &target.instance_id;
        let Some(instance) = held.instances.get(id) else { continue };
        let record = capture.instances.entry(id.clone()).or_default();
        *record = join::first(std::mem::take(record), instance.clone());
        for attachment in instance.known().into_iter().flat_map(|one| &one.attachments) {
            if let Some(volume) = held.volumes.get(&attachment.volume_id) {
                let record = capture.volumes.entry(attachment.volume_id.clone()).or_default();
                *record = join::volume(std::mem::take(record), volume.clone());
            }
        }
    }
    let used: BTreeSet<_> = wants::keys(capture).into_iter().cloned().collect();
    for (arn, key) in held.keys.iter().filter(|(arn, _)| used.is_empty() || used.contains(*arn)) {
        let record = capture.keys.entry(arn.clone()).or_default();
        *record = join::key(std::mem::take(record), key.clone());
    }
    for (asked, record) in &mut capture.identities {
        if let Some((own, identity)) = held.identity(asked) {
            *record = join::identity(std::mem::take(record), identity.clone());
            capture.namesakes.extend(held.namesakes.get(own).map(|arn| (asked.clone(), arn.clone())));
        }
    }
    let concerned: BTreeSet<AccountId> = capture.accounts();
    for account in concerned {
        if let Some(organization) = held.organizations.get(&account) {
            let record = capture.organizations.entry(account.clone()).or_default();
            *record = join::organization(std::mem::take(record), organization.clone());
        }
        if let Some(told) = held.told.get(&account) {
            capture.told.entry(account).or_insert_with(|| told.clone());
        }
    }
}
