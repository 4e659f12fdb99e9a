use jiff::Timestamp;

use crate::capture::Target;
use crate::names::{InstanceId, Region};
use crate::source::{Reading, Unread, Why};

/// What the lines of `capture --script` printed, run once with one reader's credentials.
///
/// Lines that begin with `###` mark it up; what stands between a `### read` and its `### exit` is the AWS CLI's
/// output. Marks of a quoted reply are taken off; a line end that mail put within an answer makes it unreadable,
/// never another answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    pub(super) region: Option<Region>,
    pub(super) targets: Vec<Target>,
    pub(super) times: Vec<Timestamp>,
    pub(super) answers: Vec<Answer>,
    /// Whether the last line is there.
    pub(super) is_whole: bool,
}

/// One answer of the AWS CLI.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// The action and what it was asked for, as `kms:GetKeyPolicy arn:… default`.
    pub(super) asked: String,
    /// What it printed, and its exit code; `None`: the transcript ends before.
    pub(super) text: String,
    pub(super) exit: Option<i32>,
}

/// The line that begins a transcript.
pub const FIRST_LINE: &str = "### ebs-preflight transcript 1";

/// The parts of a text, in which transcripts may follow one another with anything between.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut open: Option<Answer> = None;
    for line in text.lines() {
        let line = line.trim_start_matches(['\u{feff}', '>', ' ']).trim_end();
        let Some(mark) = line.strip_prefix("### ") else {
            if let Some(answer) = &mut open {
                answer.text.push_str(line);
                answer.text.push('\n');
            }
            continue;
        };
        if line == FIRST_LINE {
            parts.push(Part::default());
        }
        let Some(part) = parts.last_mut() else { continue };
        part.answers.extend(open.take());
        let (word, rest) = mark.split_once(' ').unwrap_or((mark, ""));
        match word {
            "read" => open = Some(Answer { asked: rest.to_owned(), text: String::new(), exit: None }),
            "exit" => {
                if let Some(answer) = part.answers.last_mut() {
                    answer.exit = rest.parse().ok();
                }
            }
            "region" => part.region = Region::parse(rest).ok(),
            "time" => part.times.extend(rest.parse::<Timestamp>()),
            "target" => part.targets.extend(target(rest)),
            "end" => part.is_whole = true,
            _ => {}
        }
    }
    if let Some(part) = parts.last_mut() {
        part.answers.extend(open);
    }
    parts
}

fn target(text: &str) -> Option<Target> {
    let (instance, role) = text.split_once(' ')?;
    Some(Target { instance_id: InstanceId::parse(instance).ok()?, role_arn: role.to_owned() })
}

impl Part {
    /// The fact that `read` finds in the answer to what was asked.
    pub(super) fn reading<T>(&self, asked: &str, read: impl FnOnce(&str) -> Option<T>) -> Reading<T> {
        let needs = asked.split(' ').next().unwrap_or_default();
        let unread = |why, message: &str| {
            Reading::Unread(Unread { why, needs: needs.to_owned(), message: message.trim().to_owned() })
        };
        let Some(answer) = self.answers.iter().find(|answer| answer.asked == asked) else {
            return Reading::Unread(Unread::not_asked(needs));
        };
        match answer.exit {
            Some(0) => read(json(&answer.text)).map_or_else(
                || unread(Why::Unparsable, "the answer is not whole, or was changed on its way"),
                Reading::Known,
            ),
            Some(_) => unread(why(error_code(&answer.text)), &answer.text),
            None => unread(Why::Unparsable, "the transcript ends within the answer"),
        }
    }

    /// Whether AWS answered with this error code.
    pub(super) fn failed_with(&self, asked: &str, code: &str) -> bool {
        let answer = self.answers.iter().find(|answer| answer.asked == asked);
        answer.is_some_and(|answer| answer.exit.is_some_and(|exit| exit != 0) && error_code(&answer.text) == code)
    }
}

/// The error codes by which AWS says that there is none.
const GONE: [&str; 4] =
    ["InvalidInstanceID.NotFound", "NotFoundException", "NoSuchEntity", "AWSOrganizationsNotInUseException"];

impl Answer {
    /// Whether there is no answer: refused, throttled, failed.
    pub(super) fn is_refused(&self) -> bool {
        self.exit.is_some_and(|exit| exit != 0) && !GONE.contains(&error_code(&self.text))
    }
}

/// The output without what the AWS CLI printed before it on standard error.
fn json(text: &str) -> &str {
    text.find('{').and_then(|start| text.get(start..)).unwrap_or(text)
}

/// `CODE` of `An error occurred (CODE) when calling the … operation: …`.
fn error_code(text: &str) -> &str {
    let code = text.split_once("An error occurred (").and_then(|(_, rest)| rest.split_once(')'));
    code.map_or("", |(code, _)| code)
}

fn why(code: &str) -> Why {
    match code {
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => Why::Denied,
        "Throttling" | "ThrottlingException" | "RequestLimitExceeded" | "TooManyRequestsException" => Why::Throttled,
        _ => Why::Transport,
    }
}
