//! Error texts between other words: each begins at a mark that stands in it and hardly anywhere else.

use std::cell::OnceCell;

use super::draft::{Around, Draft, FAR, is_denied};
use super::marks::{GO, Mark, NAMED, OF_RECORD, marks, tail};
use super::operations::action_of;
use super::page::MOST_NOT_READ;
use super::sentence::{encoded, is_key_id, sentence};
use super::signs::SignKind;
use super::{Denial, Encoded, EvidenceItem, InstanceState, Refusal};
use crate::names::KeyArn;
use crate::paste::{Flow, LINE_END, PARAGRAPH, after, is_gap};

/// Error texts and state reasons between other words; and what looks like an error and is not understood, with its
/// offset.
pub(super) fn read(text: &str) -> (Vec<EvidenceItem>, Vec<(usize, String)>) {
    let flow = Flow::of(text);
    let states = InstanceState::in_text(text);
    let around = Around { text, flow: &flow, states: &states, line: None, call: OnceCell::new() };
    let mut reader = Extractor {
        flow: &flow,
        around,
        open: None,
        done: Vec::new(),
        of_line: 0,
        unread: Vec::new(),
        colon: Ahead::new(':'),
        bracket: Ahead::new(')'),
    };
    let mut read_to = 0;
    for (at, mark, words) in marks(flow.text()) {
        if at >= read_to {
            read_to = reader.mark(at, mark, words).max(read_to);
        }
    }
    if let Some(end) = reader.open.as_ref().filter(|open| open.is_cut(flow.text())).map(|open| open.end) {
        reader.not_read(end, "the text ends within this error".to_owned());
    }
    reader.close();
    let Extractor { done: mut materials, unread, .. } = reader;
    materials.extend(states.into_iter().map(EvidenceItem::State));
    (materials, unread)
}

struct Extractor<'t> {
    flow: &'t Flow,
    around: Around<'t>,
    open: Option<Draft>,
    done: Vec<EvidenceItem>,
    /// From here on what was read stands in one line.
    of_line: usize,
    unread: Vec<(usize, String)>,
    colon: Ahead,
    bracket: Ahead,
}

/// A sign that is looked for behind one place after the other, in one pass.
struct Ahead {
    sign: char,
    /// From where on it was looked for, and where it stands; nothing behind `usize::MAX`.
    from: usize,
    at: usize,
}

impl Ahead {
    fn new(sign: char) -> Self {
        Self { sign, from: 0, at: 0 }
    }

    /// Returns what `behind`, the rest of a flow, has before and behind its first such sign.
    fn split<'t>(&mut self, flow: &str, behind: &'t str) -> Option<(&'t str, &'t str)> {
        let begin = flow.len() - behind.len();
        if !(self.from..=self.at).contains(&begin) {
            self.from = begin;
            self.at = behind.find(self.sign).map_or(usize::MAX, |at| begin + at);
        }
        let (before, rest) = behind.split_at_checked(self.at.checked_sub(begin)?)?;
        Some((before, rest.strip_prefix(self.sign)?))
    }
}

impl<'t> Extractor<'t> {
    /// Reads what begins at a mark, and returns where it ends.
    fn mark(&mut self, at: usize, mark: Mark, words: &'static str) -> usize {
        let flow = self.flow.text();
        let Some(behind) = flow.get(at..).and_then(|here| after(here, words)) else { return at };
        let end = flow.len() - behind.len();
        match mark {
            Mark::Sentence => self.sentence(at, behind),
            Mark::Refused => self.refused(at, end),
            Mark::Hidden => {
                self.refused(at, end);
                let refusal =
                    Refusal { action: "kms:Decrypt".to_owned(), denial: Denial::Hidden, ..Refusal::default() };
                self.part(at, |_| false).refusal = Some(refusal);
                end
            }
            Mark::Encoded => self.encoded(at, words, behind),
            Mark::Named => self.named(at, behind),
            Mark::Operation => self.operation(at, words, behind),
            Mark::Denied => self.denied(at, words, behind),
            Mark::Code => self.code(at, behind),
            Mark::KeyCode => self.key_code(at, words, behind),
            Mark::KeyState => self.key_state(at, words, end),
            Mark::Record => {
                if !self.unread.iter().any(|(_, what)| what == OF_RECORD) {
                    self.not_read(at, OF_RECORD.to_owned());
                }
                end
            }
            Mark::Sign(kind) => self.sign(at, end, kind),
        }
    }

    /// Begins another error.
    fn begin(&mut self, draft: Draft) -> &mut Draft {
        self.close();
        self.open.insert(draft)
    }

    /// Ends the open error. What a line says twice it says once.
    fn close(&mut self) {
        let Some(draft) = self.open.take() else { return };
        if self.around.go_to(draft.begin, draft.end) {
            self.of_line = self.done.len();
        }
        let material = draft.material(&self.around);
        let of_line = self.done.get(self.of_line..).unwrap_or_default();
        self.done.extend(material.filter(|material| !of_line.contains(material)));
    }

    /// Notes what cannot be read, unless enough of it is told.
    fn not_read(&mut self, at: usize, what: String) {
        if self.unread.len() <= MOST_NOT_READ {
            self.unread.push((self.flow.place(at), what));
        }
    }

    /// The error that a part of a refusal at `at` belongs to: the open one, unless it has such a part already or is of
    /// another kind.
    fn part(&mut self, at: usize, has: impl Fn(&Draft) -> bool) -> &mut Draft {
        let flow = self.flow.text();
        if !self.open.as_ref().is_some_and(|open| open.may_be_refused(flow, at) && !has(open)) {
            return self.begin(Draft::at(at));
        }
        self.open.get_or_insert_default()
    }

    fn refused(&mut self, at: usize, end: usize) -> usize {
        let draft = self.part(at, Draft::says_refused);
        draft.is_refused = true;
        draft.end = end;
        end
    }

    fn sentence(&mut self, at: usize, behind: &'t str) -> usize {
        let flow = self.flow.text();
        let before = flow.get(..at).unwrap_or_default();
        match sentence(before, behind) {
            // Some services say it of an operation that they do not name.
            None => self.refused(at, flow.len() - behind.len()),
            Some(Err(cut)) => {
                self.not_read(at, cut.said().to_owned());
                flow.len() - behind.len()
            }
            Some(Ok(read)) => {
                let end = flow.len() - read.rest.len();
                let draft = self.part(at - read.before, |draft| draft.refusal.is_some() || draft.encoded.is_some());
                draft.refusal = Some(read.refusal);
                draft.end = end;
                end
            }
        }
    }

    fn encoded(&mut self, at: usize, words: &str, behind: &str) -> usize {
        let (encoded, rest) = encoded(behind);
        let end = self.flow.text().len() - rest.len();
        if !words.is_ascii() && !matches!(encoded, Encoded::Whole(_)) {
            return at;
        }
        if encoded == Encoded::Broken {
            let what = "the encoded message is broken by a line end: put it on one line";
            self.not_read(at, what.to_owned());
        }
        let draft = self.part(at, |draft| draft.encoded.is_some());
        draft.encoded = Some(encoded);
        draft.end = end;
        end
    }

    /// `An error occurred (CODE) when calling the OPERATION operation (reached max retries: 4): MESSAGE`
    fn named(&mut self, at: usize, behind: &'t str) -> usize {
        let flow = self.flow.text();
        let bracket = &mut self.bracket;
        let parsed = bracket.split(flow, behind).and_then(|(code, rest)| {
            let code = code_of(code)?;
            let (operation, rest) = name(after(rest, " when calling the ")?);
            let rest = after(rest, " operation")?;
            let retries = after(rest, " (").and_then(|retries| bracket.split(flow, retries));
            let rest = retries.map_or(rest, |(_, rest)| rest);
            (!operation.is_empty()).then_some((code, operation, rest))
        });
        let Some((code, operation, rest)) = parsed else {
            self.not_read(at, format!("`{NAMED}` stands here, in a text that is not understood"));
            return flow.len() - behind.len();
        };
        let end = flow.len() - rest.len();
        let message = if is_denied(&code) { String::new() } else { self.message(rest) };
        let draft = Draft { end, code, call: action_of(&operation), message, ..Draft::at(at) };
        self.begin(draft);
        end
    }

    /// `operation error EC2: StartInstances, …` and `Error executing "StartInstances" on …`.
    fn operation(&mut self, at: usize, words: &str, behind: &'t str) -> usize {
        let service = if words == GO { self.colon.split(self.flow.text(), behind) } else { None };
        let (service, rest) = service.unwrap_or(("", behind));
        let (operation, rest) = name(rest.trim_start_matches(is_gap));
        let end = self.flow.text().len() - rest.len();
        let is_service = |found: char| found.is_ascii_alphanumeric() || is_gap(found);
        if operation.is_empty() || service.len() > LONGEST_SERVICE || !service.chars().all(is_service) {
            return at + words.len();
        }
        let known = action_of(&operation);
        let call = if known.contains(':') || service.is_empty() {
            known
        } else {
            format!("{}:{operation}", service.replace(is_gap, "").to_ascii_lowercase())
        };
        // PHP goes on with the address and the answer itself.
        let message = if words == GO { self.message(rest.trim_start_matches(',')) } else { String::new() };
        self.begin(Draft { end, call, message, ..Draft::at(at) });
        end
    }

    fn denied(&mut self, at: usize, words: &str, behind: &str) -> usize {
        let (more, rest) = name(behind);
        let flow = self.flow.text();
        let end = flow.len() - rest.len();
        let before = flow.get(..at).and_then(|before| before.chars().next_back());
        let is_code = ["", "Exception", "Fault", "Error"].contains(&more.as_str());
        if !is_code || before.is_some_and(|before| before.is_ascii_alphanumeric() || before == '_') {
            return end;
        }
        let code = format!("{words}{more}");
        match &mut self.open {
            Some(open)
                if open.may_be_refused(flow, at)
                    && (open.code.is_empty() || (is_denied(&open.code) && !open.says_refused())) =>
            {
                open.code = code;
                open.end = end;
            }
            // The word alone stands in policies, names and advice.
            Some(_) | None if is_only_of_ec2(&code) || rest.starts_with(": ") => {
                self.begin(Draft { end, code, ..Draft::at(at) });
            }
            Some(_) | None => {}
        }
        end
    }

    fn code(&mut self, at: usize, behind: &'t str) -> usize {
        let flow = self.flow.text();
        let found = self.colon.split(flow, behind).and_then(|(code, rest)| Some((code_of(code)?, rest)));
        let Some((code, rest)) = found else { return flow.len() - behind.len() };
        let end = flow.len() - rest.len();
        let message = if is_denied(&code) { String::new() } else { self.message(rest) };
        match &mut self.open {
            Some(open) if open.code.is_empty() && !open.says_refused() && !open.call.is_empty() => {
                (open.code, open.message, open.end) = (code, message, end);
            }
            Some(_) | None => {
                self.begin(Draft { end, code, message, ..Draft::at(at) });
            }
        }
        end
    }

    fn key_code(&mut self, at: usize, words: &str, behind: &'t str) -> usize {
        let flow = self.flow.text();
        let end = flow.len() - behind.len();
        let is_part = |found: Option<char>| found.is_some_and(|c| c.is_ascii_alphanumeric());
        let before = flow.get(..at).and_then(|before| before.chars().next_back());
        if is_part(before) || is_part(behind.chars().next()) {
            return end;
        }
        // Java and CloudFormation tell the code behind the sentence.
        let is_behind = behind.starts_with([';', ',']);
        let message = if is_behind { self.message_before(at) } else { self.message(behind.trim_start_matches(')')) };
        match &mut self.open {
            Some(open) if !open.says_refused() && open.sign.is_none() && open.code.is_empty() => {
                words.clone_into(&mut open.code);
                if open.key.is_empty() {
                    open.message = message;
                }
                open.end = end;
            }
            // Java tells the code before the sentence and behind it.
            Some(open) if open.code == words && flow.get(open.end..at).is_some_and(|gap| gap.len() < FAR) => {}
            Some(_) | None => {
                self.begin(Draft { code: words.to_owned(), message, end, ..Draft::at(at) });
            }
        }
        end
    }

    /// `arn:aws:kms:…:key/… is disabled.`
    fn key_state(&mut self, at: usize, words: &str, end: usize) -> usize {
        let near = tail(self.flow.text().get(..at).unwrap_or_default(), LONGEST_ARN);
        let near = near.trim_end_matches(['"', '\'', '`']);
        let key = near.rsplit([' ', PARAGRAPH, '"', '\'', '`', '(']).next().unwrap_or_default().replace(LINE_END, "");
        if !key.starts_with("arn:") || !key.contains(":key/") {
            return end;
        }
        let message = format!("{key}{words}.");
        let from = self.open.as_ref().map_or(at, |open| open.end);
        let between = self.flow.text().get(from..at).unwrap_or_default();
        match &mut self.open {
            Some(open) if open.message.replace(is_gap, "").contains(&key) => open.key = key,
            // A line end may stand between an error and what it says of the key.
            Some(open)
                if !open.code.is_empty()
                    && !is_denied(&open.code)
                    && open.key.is_empty()
                    && is_one_sentence(between) =>
            {
                (open.message, open.key, open.end) = (format!("{} {message}", open.message), key, end);
            }
            Some(open) if !open.says_refused() && open.code.is_empty() && !open.call.is_empty() => {
                (open.message, open.key, open.end) = (message, key, end);
            }
            Some(_) | None => {
                self.begin(Draft { end, message, key, ..Draft::at(at) });
            }
        }
        end
    }

    fn sign(&mut self, at: usize, end: usize, kind: SignKind) -> usize {
        // In the message of an error with a code it stands as its message.
        let flow = self.flow.text();
        let is_told = self.open.as_ref().is_some_and(|open| {
            !open.message.is_empty() && flow.get(open.end..at).is_some_and(|gap| gap.len() < open.message.len())
        });
        if !is_told {
            self.begin(Draft { sign: Some(kind), end, ..Draft::at(at) });
        }
        end
    }

    /// The message of an error, to the end of its line or of the string that holds it.
    fn message(&self, behind: &str) -> String {
        let flow = self.flow.text();
        let behind = behind.trim_start_matches(|found| is_gap(found) && found != PARAGRAPH || found == ':');
        let begin = flow.len() - behind.len();
        let ends = [" (Service: ", " status code: ", ", \"", "Traceback ("];
        let mut message = String::new();
        for (at, found) in behind.char_indices().take(LONGEST_MESSAGE) {
            let here = behind.get(at..).unwrap_or_default();
            let last = message.rsplit(' ').next().unwrap_or_default();
            match found {
                PARAGRAPH | '"' | '<' => break,
                _ if ends.iter().any(|end| here.starts_with(end)) => break,
                LINE_END if is_begun(last) => {}
                LINE_END => break,
                ' ' if self.is_line_end(begin + at) => break,
                _ => message.push(found),
            }
        }
        // What a message stood in ends behind it.
        message.trim_end_matches([' ', ')', ']', '}', '*', '|', '`']).to_owned()
    }

    /// The message before `(Service: …; Error Code: …`, whose code stands at `at`.
    fn message_before(&self, at: usize) -> String {
        let near = tail(self.flow.text().get(..at).unwrap_or_default(), LONGEST_MESSAGE);
        let before = near.rsplit_once(" (Service: ").map_or("", |(before, _)| before);
        let line = before.rsplit([PARAGRAPH, LINE_END, '"', '|']).next().unwrap_or_default();
        line.rsplit("Exception: ").next().unwrap_or_default().trim().to_owned()
    }

    /// Returns `true` if the blank of the flow at `at` stands for a line end and blanks around it.
    fn is_line_end(&self, at: usize) -> bool {
        let (from, to) = (self.flow.place(at.saturating_sub(1)), self.flow.place(at + 1));
        self.around.text.get(from..to).is_some_and(|gap| gap.contains('\n') || gap.contains("\\n"))
    }
}

/// The longest name of a service in a text of the SDK for Go.
const LONGEST_SERVICE: usize = 30;

/// The longest ARN of a KMS key, and the line ends in it.
const LONGEST_ARN: usize = 200;

/// AWS's messages are shorter, but for those that hold an encoded one.
const LONGEST_MESSAGE: usize = 500;

/// Returns `true` for the ARN of a key that is not whole.
fn is_begun(word: &str) -> bool {
    let arn = word.find("arn:").and_then(|at| word.get(at..));
    arn.is_some_and(|arn| !KeyArn::parse(arn).is_ok_and(|key| is_key_id(key.key_id())))
}

/// Returns `true` if no sentence ends in this part of a flow.
fn is_one_sentence(part: &str) -> bool {
    part.len() < LONGEST_MESSAGE && !part.contains(PARAGRAPH) && !part.contains(". ") && !part.contains(".\n")
}

/// The code of EC2 for a refusal; other services write `AccessDenied`.
fn is_only_of_ec2(code: &str) -> bool {
    code == "UnauthorizedOperation"
}

/// A code out of the gaps in it; `None` for what is none.
fn code_of(text: &str) -> Option<String> {
    let is_code = text.chars().all(|found| found.is_ascii_alphanumeric() || found == '.' || is_gap(found));
    is_code.then(|| text.replace(is_gap, "")).filter(|code| !code.is_empty())
}

/// A name of letters and digits, and the rest of the flow.
fn name(text: &str) -> (String, &str) {
    let end = text.find(|found: char| !found.is_ascii_alphanumeric() && found != LINE_END).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    // A line end behind the name is a blank.
    let name = name.trim_end_matches(LINE_END);
    let rest = if rest.len() + name.len() < text.len() { text.get(name.len()..).unwrap_or(rest) } else { rest };
    (name.replace(LINE_END, ""), rest)
}
