use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use super::aws_error::AwsError;
use super::mangled::{Damage, document, first_damage, plain};
use super::whole::{UNREAD, rest};
use crate::calls::FIRST_LINE;
use crate::capture::{CaptureError, Target};
use crate::document::Position;
use crate::fact::{Fact, Unread, UnreadReason};
use crate::names::{AccountId, InstanceId, KeyArn, PrincipalArn, Region, VolumeId};

/// Why a text is no transcript that can be judged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TranscriptError {
    /// Its marks are missing.
    #[error("this is no output of the lines that `capture --script` prints")]
    NoTranscript,
    /// It is what was to be run.
    #[error("these are the lines that `capture --script` prints, not what they print when they are run")]
    Script,
    /// A line of its head is missing.
    #[error("the transcript lacks its line `### {0} …`")]
    Lacks(&'static str),
    /// A mark or an answer is not as it was printed.
    #[error("{position}: {what}: the transcript was changed on its way here")]
    Changed {
        /// Where.
        position: Position,
        /// What is wrong there.
        what: String,
    },
    /// One read has two answers.
    #[error("{again}: {asked} has another answer than at {first}: one of the two is not of this transcript")]
    Twice {
        /// What was asked.
        asked: String,
        /// Where the first stands.
        first: Position,
        /// Where the other stands.
        again: Position,
    },
    /// What the answers tell contradicts itself.
    #[error(transparent)]
    Contradiction(CaptureError),
}

/// What the lines of `capture --script` printed, run once with one reader's credentials.
///
/// Lines that begin with `###` mark it up; what stands between a `### read` and its `### exit` is the AWS CLI's
/// output. Marks of a quoted reply are taken off; whatever else was changed on the way is an error.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    pub(super) region: Option<Region>,
    pub(super) targets: Vec<Target>,
    pub(super) times: Vec<Timestamp>,
    pub(super) answers: Answers,
    /// The account that answered, where something else than the reader's identity tells it.
    pub(super) account: Option<AccountId>,
    /// Whether the last line is there.
    pub(super) is_whole: bool,
}

/// Answers in their order, and the first to each question.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    all: Vec<Answer>,
    first: BTreeMap<String, usize>,
}

impl Answers {
    pub(super) fn push(&mut self, answer: Answer) {
        self.first.entry(answer.asked.clone()).or_insert(self.all.len());
        self.all.push(answer);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Answer> {
        self.all.iter()
    }

    /// What was asked stays.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Answer> {
        self.all.iter_mut()
    }

    /// The first answer to what was asked.
    fn to(&self, asked: &str) -> Option<&Answer> {
        self.all.get(*self.first.get(asked)?)
    }
}

/// One answer of the AWS CLI.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// The action and what it was asked for, as `kms:GetKeyPolicy arn:… default`.
    pub(super) asked: String,
    /// What it printed, and its exit code; `None`: the transcript ends before.
    pub(super) text: String,
    pub(super) exit: Option<i32>,
    /// A sign in a tag that people may have put there, and mail as well.
    pub(super) in_tag: Option<(Position, Damage)>,
    /// Where its mark stands.
    pub(super) place: Position,
}

/// The parts of a text, in which transcripts may follow one another with anything between.
///
/// # Errors
/// When a mark or an answer was changed on its way.
pub(super) fn parts(text: &str) -> Result<Vec<Part>, TranscriptError> {
    let mut parts: Vec<Part> = Vec::new();
    let mut open: Option<Open<'_>> = None;
    // The mark before, if what it names may run on where a line was broken.
    let mut may_run_on: Option<Position> = None;
    for (number, raw) in text.lines().enumerate() {
        let line = raw.trim_start_matches(['\u{feff}', '>', ' ']);
        let column = raw.get(..raw.len() - line.len()).map_or(1, |before| before.chars().count() + 1);
        let line = Line { text: line.trim_end(), place: Position { line: number + 1, column } };
        let Some(part) = parts.last_mut().filter(|part| !part.is_whole && line.text != FIRST_LINE) else {
            if line.text == FIRST_LINE {
                cut(&mut parts, open.take());
                parts.push(Part::default());
            }
            continue;
        };
        if let Some(place) = may_run_on.take()
            && !line.text.is_empty()
            && !line.text.contains(['{', ' '])
        {
            return Err(broken(place, "the line is broken: it goes on in the next one"));
        }
        if !line.text.starts_with("###") {
            if let Some(answer) = &mut open {
                answer.lines.push(line);
            }
            continue;
        }
        unchanged(&line)?;
        let mark = line.text.strip_prefix("### ").unwrap_or_default();
        let (word, rest) = mark.split_once(' ').unwrap_or((mark, ""));
        let fits = match (word, open.take()) {
            ("exit", Some(answer)) => match rest.parse() {
                Ok(exit) => {
                    part.answers.push(answer.closed(exit)?);
                    true
                }
                Err(_) => false,
            },
            ("read", None) => {
                open = Some(Open { asked: rest, place: line.place, lines: Vec::new() });
                fits(rest)
            }
            ("region", None) => {
                part.region = Region::parse(rest).ok();
                part.region.is_some()
            }
            ("time", None) => {
                let time = rest.parse::<Timestamp>();
                part.times.extend(time.iter().copied());
                time.is_ok()
            }
            ("target", None) => {
                let target = target(rest);
                part.targets.extend(target.clone());
                target.is_some()
            }
            ("end", None) => {
                part.is_whole = true;
                rest.is_empty()
            }
            (_, _) => false,
        };
        if !fits {
            return Err(broken(line.place, &format!("`{}` does not fit here", line.text)));
        }
        may_run_on = matches!(word, "read" | "target").then_some(line.place);
    }
    cut(&mut parts, open);
    if parts.is_empty() {
        return Err(no_first_line(text));
    }
    parts.iter().try_for_each(answered_once)?;
    Ok(parts)
}

/// A script may make one read several times, and AWS answers it alike.
fn answered_once(part: &Part) -> Result<(), TranscriptError> {
    let mut seen: BTreeMap<&str, &Answer> = BTreeMap::new();
    let value = |answer: &Answer| serde_json::from_str::<Value>(&answer.text).ok();
    for answer in part.answers.iter().filter(|answer| answer.exit == Some(0)) {
        let first = *seen.entry(&answer.asked).or_insert(answer);
        if first.text != answer.text && value(first) != value(answer) {
            let asked = answer.asked.clone();
            return Err(TranscriptError::Twice { asked, first: first.place, again: answer.place });
        }
    }
    Ok(())
}

fn broken(position: Position, what: &str) -> TranscriptError {
    TranscriptError::Changed { position, what: what.to_owned() }
}

/// The answer within which a part ends.
fn cut(parts: &mut [Part], open: Option<Open<'_>>) {
    if let (Some(part), Some(open)) = (parts.last_mut(), open) {
        let (asked, text) = (open.asked.to_owned(), String::new());
        part.answers.push(Answer { asked, text, exit: None, in_tag: None, place: open.place });
    }
}

/// Whether a line is the first of a transcript, unless it was changed on its way.
fn is_like_first(line: &str) -> bool {
    let plain: String = line.chars().map(|sign| if sign.is_whitespace() { ' ' } else { sign }).collect();
    plain.contains(FIRST_LINE.trim_start_matches("### "))
}

/// Whether a text holds a transcript, be it one that was changed on its way.
pub fn is_transcript(text: &str) -> bool {
    text.lines().any(is_like_first)
}

fn no_first_line(text: &str) -> TranscriptError {
    match text.lines().enumerate().find(|(_, line)| is_like_first(line)) {
        Some((_, line)) if line.contains("echo '") => TranscriptError::Script,
        Some((number, line)) => {
            let position = Position { line: number + 1, column: 1 };
            broken(position, &format!("`{}` is not just `{FIRST_LINE}`", line.trim()))
        }
        None => TranscriptError::NoTranscript,
    }
}

/// Whether a read is one that a script makes, whole.
fn fits(asked: &str) -> bool {
    let (action, rest) = asked.split_once(' ').unwrap_or((asked, ""));
    let (service, operation) = action.split_once(':').unwrap_or_default();
    let words: Vec<&str> = rest.split_whitespace().collect();
    match (service, operation, words.as_slice()) {
        ("kms", "GetKeyPolicy", [key, "default" | "AWS_RAM"])
        | ("kms", "DescribeKey" | "ListGrants" | "ListAliases" | "ListResourceTags", [key]) => {
            KeyArn::parse(key).is_ok()
        }
        // Volumes are asked for one by one, and were by their instance.
        ("ec2", "DescribeVolumes", [id]) => VolumeId::parse(id).is_ok() || InstanceId::parse(id).is_ok(),
        ("ec2", _, [id]) => InstanceId::parse(id).is_ok(),
        ("organizations", "ListPoliciesForTarget", [_, kind]) => kind.ends_with("_CONTROL_POLICY"),
        // The version is left out where it was not read.
        ("iam", "GetPolicyVersion", [_] | [_, _])
        | ("iam", "GetRolePolicy" | "GetUserPolicy" | "GetGroupPolicy", [_, _])
        | ("iam", "GetRole" | "GetUser" | "GetPolicy" | "ListGroupsForUser", [_])
        | ("kms", "DescribeCustomKeyStores", [_])
        | ("organizations", "ListParents" | "DescribePolicy", [_])
        | ("organizations", "DescribeOrganization" | "ListRoots", [])
        | ("sts", "GetCallerIdentity", []) => true,
        ("iam", list, [_]) => list.starts_with("List") && list.ends_with("Policies"),
        (_, _, _) => false,
    }
}

/// An error, if a line holds a sign that mail puts in place of another, or that nobody sees.
fn unchanged(line: &Line<'_>) -> Result<(), TranscriptError> {
    changed_at(line).map_or(Ok(()), |(place, damage)| Err(broken(place, &damage.to_string())))
}

fn changed_at(line: &Line<'_>) -> Option<(Position, Damage)> {
    let (at, damage) = line.text.char_indices().find_map(|(at, sign)| Some((at, plain(sign)?.0)))?;
    Some((line.at(at), damage))
}

/// How lines of the AWS CLI begin that hold tags.
const TAGS: [&str; 4] = ["\"Key\"", "\"Value\"", "\"TagKey\"", "\"TagValue\""];

/// A line of an answer, and where it begins in the file.
struct Line<'t> {
    text: &'t str,
    place: Position,
}

/// An answer, the end of which has not come yet.
struct Open<'t> {
    asked: &'t str,
    place: Position,
    lines: Vec<Line<'t>>,
}

impl Open<'_> {
    /// The answer, if what AWS said is whole.
    fn closed(self, exit: i32) -> Result<Answer, TranscriptError> {
        let told: Vec<&str> = self.lines.iter().map(|line| line.text).collect();
        let (asked, text) = (self.asked.to_owned(), told.join("\n"));
        let mut answer = Answer { asked, text, exit: Some(exit), in_tag: None, place: self.place };
        if exit != 0 {
            return Ok(answer);
        }
        for line in self.lines.iter().filter(|line| !line.text.starts_with("\"Description\"")) {
            let Err(error) = unchanged(line) else { continue };
            if !TAGS.iter().any(|name| line.text.starts_with(name)) {
                return Err(error);
            }
            answer.in_tag = answer.in_tag.or_else(|| changed_at(line));
        }
        // What the AWS CLI prints on standard error may stand before the answer, and after it.
        let Some(start) = self.lines.iter().position(|line| line.text.starts_with('{')) else {
            return Ok(answer);
        };
        let lines = self.lines.get(start..).unwrap_or_default();
        let json: Vec<&str> = lines.iter().map(|line| line.text).collect();
        let json = json.join("\n");
        let Some((start, end)) = document(&json) else {
            let (damage, at) = first_damage(&json).unwrap_or((Damage::Cut, json.len()));
            let within = Position::of(&json, at);
            let line = lines.get(within.line - 1);
            let place = line.map(|line| Position { column: line.place.column + within.column - 1, ..line.place });
            let what = format!("in the answer to {}: {damage}", self.asked);
            return Err(broken(place.unwrap_or(within), &what));
        };
        json.get(start..end).unwrap_or_default().clone_into(&mut answer.text);
        Ok(answer)
    }
}

impl Line<'_> {
    fn at(&self, offset: usize) -> Position {
        let before = self.text.get(..offset).unwrap_or_default();
        Position { column: self.place.column + before.chars().count(), ..self.place }
    }
}

fn target(text: &str) -> Option<Target> {
    let (instance, role) = text.split_once(' ')?;
    Some(Target { instance_id: InstanceId::parse(instance).ok()?, role_arn: PrincipalArn::parse(role).ok()? })
}

impl Part {
    /// When it was read last, if that is told.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.times.iter().max().copied()
    }

    /// What `understood` makes of the answer to what was asked.
    pub(super) fn read<A: DeserializeOwned, T>(
        &self,
        asked: &str,
        understood: impl FnOnce(A) -> Result<T, String>,
    ) -> Fact<T> {
        let needs = needs(asked);
        let unread = |why, message: &str| {
            Fact::Unread(Unread { why, needs: needs.to_owned(), message: message.trim().to_owned() })
        };
        let Some(answer) = self.answers.to(asked) else {
            return Fact::Unread(Unread::not_asked(needs));
        };
        match answer.exit {
            Some(0) => {
                let changed = || "the answer is not whole, or was changed on its way".to_owned();
                let understood = serde_json::from_str(&answer.text).map_err(|_| changed()).and_then(understood);
                understood.map_or_else(|message| unread(UnreadReason::Unparsable, &message), Fact::Known)
            }
            Some(_) => unread(why(error_code(&answer.text)), &answer.text),
            None => unread(UnreadReason::Unparsable, "the transcript ends within the answer"),
        }
    }

    /// The same of a list; one that was cut off is a part.
    pub(super) fn list<A: DeserializeOwned, T>(
        &self,
        asked: &str,
        understood: impl FnOnce(A) -> Result<T, String>,
    ) -> Fact<T> {
        let list = self.read(asked, understood);
        let cut = self.answers.to(asked).and_then(|answer| rest(&serde_json::from_str(&answer.text).ok()?));
        match cut {
            Some(message) => list.cut(Unread::unparsable(needs(asked), message)),
            None => list,
        }
    }

    /// Why the tags of an answer count as not read: whether AWS has them so, or mail changed them, nobody can tell.
    pub(super) fn tags_unread(&self, asked: &str) -> Option<Unread> {
        let answer = self.answers.to(asked)?;
        let (place, damage) = answer.in_tag.as_ref()?;
        Some(Unread::unparsable(needs(asked), format!("{place}: {damage} in a tag")))
    }

    /// Whether an answer that was put together says that nothing told this member of it.
    pub(super) fn is_untold(&self, asked: &str, member: &str) -> bool {
        let answer = self.answers.to(asked).filter(|answer| answer.text.contains(UNREAD));
        let value = answer.and_then(|answer| serde_json::from_str::<Value>(&answer.text).ok());
        let inner = value.iter().filter_map(Value::as_object).flat_map(|members| members.values());
        let mut names = inner.filter_map(|inner| inner.get(UNREAD)?.as_array()).flatten();
        names.any(|name| name.as_str() == Some(member))
    }

    /// Whether AWS answered that there is none.
    pub(super) fn is_gone(&self, asked: &str) -> bool {
        self.answers.to(asked).is_some_and(Answer::is_gone)
    }
}

/// The permission that a read needs.
fn needs(asked: &str) -> &str {
    asked.split(' ').next().unwrap_or_default()
}

impl Answer {
    /// Whether there is no answer: refused, throttled, failed.
    pub(super) fn is_refused(&self) -> bool {
        self.exit.is_some_and(|exit| exit != 0) && !self.is_gone()
    }

    fn is_gone(&self) -> bool {
        self.exit.is_some_and(|exit| exit != 0) && AwsError::of(error_code(&self.text)) == Some(AwsError::NotFound)
    }
}

/// `CODE` of `An error occurred (CODE) when calling the … operation: …`.
fn error_code(text: &str) -> &str {
    let code = text.split_once("An error occurred (").and_then(|(_, rest)| rest.split_once(')'));
    code.map_or("", |(code, _)| code)
}

/// Without a code the AWS CLI did not get as far as an answer.
fn why(code: &str) -> UnreadReason {
    match AwsError::of(code) {
        Some(error) => error.why(),
        None if code.is_empty() => UnreadReason::Transport,
        None => UnreadReason::Unparsable,
    }
}
