//! AWS's sentence of a refusal, in a flow: whoever wrapped, quoted or masked it.

use super::operations::is_known;
use super::{Denial, Encoded, PolicyKind, Refusal};
use crate::names::{InstanceId, KeyArn, VolumeId};
use crate::paste::{LINE_END, PARAGRAPH, after, is_gap};

/// The words in the middle of the sentence.
pub(super) const MIDDLE: &str = "is not authorized to perform";

/// What may follow the action or the resource. Where one of these begins, the word before it is whole.
const FOLLOWERS: [&str; 6] = [
    "on resource",
    "on the resource",
    "because ",
    "with an explicit deny",
    "Encoded authorization failure",
    "(Service",
];

/// What IAM's errors name without an ARN.
const KINDS: [&str; 5] = ["role ", "user ", "group ", "policy ", "instance profile "];

/// So far before the middle the principal's label stands at most: path and name of a role take 576 characters, its
/// session 64, and line ends and masks some.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const LONGEST_PRINCIPAL: usize = 800;

/// A word of a sentence that is not whole, so that nobody knows what it names.
#[derive(Debug)]
pub(super) struct Cut {
    /// What it is.
    what: String,
}

impl Cut {
    pub(super) fn said(&self) -> &str {
        &self.what
    }

    fn of(kind: &str, part: &str) -> Self {
        Self { what: format!("the {kind} `{}` of this error text is cut", clean(&part.replace(is_gap, " "))) }
    }
}

/// A sentence, and the rest of the flow behind it.
pub(super) struct Sentence<'t> {
    pub(super) refusal: Refusal,
    /// Where the principal's label begins, in bytes before the middle.
    pub(super) before: usize,
    pub(super) rest: &'t str,
}

/// Reads the sentence whose middle stands between `before` and `behind`; `None` if the words are of another.
pub(super) fn sentence<'t>(before: &str, behind: &'t str) -> Option<Result<Sentence<'t>, Cut>> {
    let behind = behind.strip_prefix(':').unwrap_or(behind).trim_start_matches(is_gap).trim_start_matches(is_quote);
    let (action, rest) = match action(behind)? {
        Ok(read) => read,
        Err(cut) => return Some(Err(cut)),
    };
    Some(whole(before, action, rest))
}

fn whole<'t>(before: &str, action: String, rest: &'t str) -> Result<Sentence<'t>, Cut> {
    let (principal, length) = principal(before)?;
    let (resource, rest) = resource(rest)?;
    let mut refusal = Refusal { principal, action, resource, ..Refusal::default() };
    let rest = cause(&mut refusal, rest)?;
    Ok(Sentence { refusal, before: length, rest })
}

/// The principal before the middle, and how many bytes it takes with its label.
fn principal(before: &str) -> Result<(String, usize), Cut> {
    let mut begin = before.len().saturating_sub(LONGEST_PRINCIPAL);
    while !before.is_char_boundary(begin) {
        begin += 1;
    }
    let near = before.get(begin..).unwrap_or_default();
    let near = near.rsplit(PARAGRAPH).next().unwrap_or_default();
    let labels = near.rmatch_indices(['U', 'u']).filter_map(|(at, _)| {
        let here = near.get(at..)?;
        let named = after(here, "User").or_else(|| after(here, "user"))?.trim_start_matches([LINE_END, ' ']);
        let is_label = named.starts_with(':') || named.trim_start_matches(is_quote).starts_with("arn:");
        is_label.then(|| (at, named.trim_start_matches(':')))
    });
    let last = near.trim_end_matches(is_gap).rsplit([' ', '"', '(']).next().unwrap_or_default();
    let Some((at, named)) = labels.into_iter().next() else {
        // Some programs print the sentence without its first word.
        let arn = joined(last);
        return Ok(if arn.starts_with("arn:") { (clean(&arn).to_owned(), last.len() + 1) } else { (String::new(), 0) });
    };
    let length = near.len() - at;
    let named = named.trim_matches(|found| is_gap(found) || is_quote(found));
    let arn = joined(named);
    if has_blank(&arn) {
        let last = joined(last);
        return match (last.starts_with("arn:"), arn.contains("arn:")) {
            (true, _) => Ok((clean(&last).to_owned(), length)),
            (false, true) => Err(Cut::of("principal", named)),
            (false, false) => Ok((String::new(), length)),
        };
    }
    let arn = clean(&arn).to_owned();
    let parts = arn.split('/').filter(|part| !part.is_empty()).count();
    if arn.contains(":assumed-role/") && parts < 3 && !is_masked(&arn) {
        return Err(Cut::of("principal", named));
    }
    Ok((arn, length))
}

/// The action, and what follows; `None` if it is none.
fn action(text: &str) -> Option<Result<(String, &str), Cut>> {
    let is_of_action = |found: char| found.is_ascii_alphanumeric() || ":*-".contains(found);
    let (word, rest, is_sure) = word(text, is_of_action, is_known, |_| false);
    let is_plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "*-".contains(c));
    let is_action = word.split_once(':').is_some_and(|(service, name)| is_plain(service) && is_plain(name));
    if is_action && is_sure {
        return Some(Ok((word, rest)));
    }
    // `s3:` at the end of a text is the beginning of one.
    let is_begun = word.contains(':') || text.trim_matches(is_gap).is_empty() || (rest.is_empty() && !word.is_empty());
    (is_action || is_begun).then(|| Err(Cut::of("action", &word)))
}

/// The resource, and what follows; empty where none is named.
fn resource(text: &str) -> Result<(String, &str), Cut> {
    let text = text.trim_start_matches(is_quote);
    let here = text.trim_start_matches([' ', LINE_END]);
    let labels = ["on resource: ", "on resource:", "on the resource: ", "on resource "];
    let Some(named) = labels.iter().find_map(|label| after(here, label)) else {
        let is_begun = ["on resource:", "on the resource:"].iter().any(|label| begins_with_part(here, label, 3));
        return if is_begun { Err(Cut::of("sentence", here)) } else { Ok((String::new(), text)) };
    };
    let named = named.trim_start_matches(is_gap);
    if let Some(quote) = named.chars().next().filter(|found| is_quote(*found)) {
        let inner = named.get(quote.len_utf8()..).unwrap_or_default();
        let (resource, rest) = inner.split_once(quote).ok_or_else(|| Cut::of("resource", inner))?;
        return checked(&joined(resource), rest, true);
    }
    // IAM writes `role NAME` for some of its own.
    let kind = KINDS.iter().find_map(|kind| Some((*kind, after(named, kind)?)));
    let (kind, name) = kind.unwrap_or(("", named));
    let is_of_resource = |found: char| !is_gap(found) && !is_quote(found) && !"|\\".contains(found);
    let (word, rest, is_sure) = word(name, is_of_resource, is_certain, is_whole);
    checked(&format!("{kind}{word}"), rest, is_sure)
}

fn checked<'t>(word: &str, rest: &'t str, is_sure: bool) -> Result<(String, &'t str), Cut> {
    // XML goes on with its closing mark.
    let (word, closing) = word.split_once("</").map_or((word, ""), |(word, closing)| (word, closing));
    let resource = clean(word).to_owned();
    let goes_on =
        closing.is_empty() && FOLLOWERS.iter().any(|words| after(rest.trim_start_matches(is_gap), words).is_some());
    let is_short =
        resource.is_empty() || (resource.starts_with("arn:") && !is_whole(&resource) && !is_masked(&resource));
    // Where the sentence goes on, somebody left a part of the name out; where it ends, it is cut there.
    if !is_sure || (is_short && (!goes_on || resource.is_empty())) {
        return Err(Cut::of("resource", word));
    }
    Ok((resource, if closing.is_empty() { rest } else { "" }))
}

/// A word of a flow, what follows it, and whether it surely ends there: a line end may stand within it. `is_one`: it
/// would be whole for sure; `may_be`: as far as its form tells.
fn word(
    text: &str,
    is_of_word: impl Fn(char) -> bool,
    is_one: impl Fn(&str) -> bool,
    may_be: impl Fn(&str) -> bool,
) -> (String, &str, bool) {
    let mut whole = String::new();
    let mut rest = text;
    loop {
        let end = piece_end(rest, &is_of_word);
        let (piece, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        whole.push_str(piece);
        rest = behind;
        let Some(next) = rest.strip_prefix(LINE_END) else { return (whole, rest, true) };
        let follows = |text: &str| FOLLOWERS.iter().any(|words| after(text, words).is_some());
        if follows(next) || next.is_empty() || !next.starts_with(&is_of_word) {
            return (whole, rest, true);
        }
        let next_end = piece_end(next, &is_of_word);
        let (more, behind) = next.split_at_checked(next_end).unwrap_or((next, ""));
        let goes_on = behind.starts_with(' ') && follows(behind.trim_start_matches(' '))
            || behind.strip_prefix(LINE_END).is_some_and(|behind| follows(behind) || !is_one(&whole));
        if goes_on || whole.ends_with([':', '/', '-']) || more.starts_with([':', '/']) {
            rest = next;
        } else if is_one(&whole) || (behind.starts_with(' ') && may_be(&whole)) {
            // Nothing but the known words follows within a sentence: this line is of another one.
            return (whole, rest, true);
        } else if is_one(&format!("{whole}{}", more.trim_end_matches(['.', ',']))) {
            rest = next;
        } else {
            return (whole, rest, false);
        }
    }
}

/// Where a piece of a word ends. In brackets of a mask, as `<your account>`, blanks may stand.
fn piece_end(text: &str, is_of_word: impl Fn(char) -> bool) -> usize {
    let mut end = 0;
    while let Some(found) = text.get(end..).and_then(|rest| rest.chars().next()) {
        let mask = text.get(end..).and_then(mask_length).filter(|_| found == '<' && is_of_word(found));
        if !is_of_word(found) {
            break;
        }
        end += mask.unwrap_or(found.len_utf8());
    }
    end
}

/// The longest placeholder that anybody writes between angle brackets.
const LONGEST_MASK: usize = 32;

fn mask_length(text: &str) -> Option<usize> {
    let end = text.char_indices().take(LONGEST_MASK).find(|(_, found)| *found == '>')?.0;
    let inner = text.get(1..end)?;
    let is_name = !inner.is_empty() && inner.chars().all(|found| found.is_alphanumeric() || " _-".contains(found));
    is_name.then_some(end + 1)
}

/// Reads the cause, and gives the rest of the flow behind the sentence.
fn cause<'t>(refusal: &mut Refusal, text: &'t str) -> Result<&'t str, Cut> {
    let here = text.trim_start_matches(is_quote).trim_start_matches([' ', LINE_END]);
    if let Some(named) = after(here, "because no ") {
        refusal.denial = Denial::Implicit;
        let Some((kind, rest)) = PolicyKind::at_start_of(named) else { return unnamed(named) };
        refusal.policy = Some(kind);
        if let Some(allows) = after(rest, " allows the ") {
            let is_of_action = |found: char| found.is_ascii_alphanumeric() || ":*-".contains(found);
            let (action, rest, is_sure) = word(allows, is_of_action, |word| word == refusal.action, |_| false);
            // The action stands twice; where they differ, one of them is broken.
            let is_begun = !action.is_empty() && refusal.action.starts_with(&action);
            if action != refusal.action && !(is_begun && rest.trim_matches(is_gap).is_empty()) || !is_sure {
                return Err(Cut::of("action", &action));
            }
            return Ok(after(rest, " action").unwrap_or(rest));
        }
        return Ok(rest);
    }
    if let Some(rest) = after(here, "with an explicit deny") {
        refusal.denial = Denial::Explicit;
        let Some(named) = after(rest, " in an ").or_else(|| after(rest, " in a ")) else {
            let is_begun = rest.trim_start_matches(is_gap);
            return if ["in", "in a", "in an"].contains(&is_begun.trim_end_matches(is_gap)) {
                Err(Cut::of("sentence", here))
            } else {
                Ok(rest)
            };
        };
        let Some((kind, rest)) = PolicyKind::at_start_of(named) else { return unnamed(named) };
        refusal.policy = Some(kind);
        return policy_arn(refusal, rest);
    }
    if let Some(rest) = after(here, "because the resource does not exist in this Region") {
        refusal.denial = Denial::Hidden;
        let more = ", no resource-based policies allow access, or a resource-based policy explicitly denies access";
        return Ok(after(rest, more).unwrap_or(rest));
    }
    let is_begun = ["because no ", "with an explicit deny", "because the resource"];
    // A cause that is not known is told as untold; one that is cut is told as cut.
    if is_begun.iter().any(|words| begins_with_part(here, words, 4)) {
        return Err(Cut::of("sentence", here));
    }
    Ok(text)
}

/// A policy type that this program does not know, or the beginning of one.
fn unnamed(named: &str) -> Result<&str, Cut> {
    let is_begun = PolicyKind::names().any(|name| begins_with_part(named, name, 0));
    if is_begun { Err(Cut::of("sentence", named)) } else { Ok(named) }
}

fn policy_arn<'t>(refusal: &mut Refusal, rest: &'t str) -> Result<&'t str, Cut> {
    let Some(named) = after(rest, ": ").filter(|named| named.starts_with("arn:")) else { return Ok(rest) };
    let is_of_arn = |found: char| found.is_ascii_alphanumeric() || ":/+=,.@_*-<>".contains(found);
    let (arn, rest, is_sure) = word(named, is_of_arn, is_certain, is_whole);
    if !is_sure {
        return Err(Cut::of("policy", &arn));
    }
    refusal.policy_arn = Some(clean(arn.split("</").next().unwrap_or_default()).to_owned());
    Ok(rest)
}

/// Returns `true` if a text ends within `words`, of which it has more than `least` letters.
fn begins_with_part(text: &str, words: &str, least: usize) -> bool {
    let begun: String =
        text.trim_end_matches(|found| is_gap(found) || ".\u{2026}".contains(found)).replace(LINE_END, "");
    let begun = begun.as_str();
    begun.len() < words.len() && (begun.len() > least || (least == 0)) && words.starts_with(begun)
}

/// Reads the encoded message behind its label.
pub(super) fn encoded(behind: &str) -> (Encoded, &str) {
    let text = behind.trim_start_matches(|found| is_gap(found) || is_quote(found) || ":\u{ff1a}".contains(found));
    let mut message = String::new();
    let mut rest = text;
    let mut width = None;
    loop {
        let end = rest.find(|found| !is_of_encoded(found)).unwrap_or(rest.len());
        let (piece, next) = rest.split_at_checked(end).unwrap_or((rest, ""));
        message.push_str(piece);
        rest = next;
        if rest.starts_with("...") || rest.starts_with('\u{2026}') {
            return (if message.len() < SHORTEST { Encoded::Masked } else { Encoded::Cut }, rest);
        }
        if message.len() < SHORTEST && !rest.starts_with(LINE_END) {
            return (Encoded::Masked, rest);
        }
        let Some(next) = rest.strip_prefix(LINE_END) else { return (Encoded::Whole(message), rest) };
        let end = next.find(|found| !is_of_encoded(found)).unwrap_or(next.len());
        let (more, behind) = next.split_at_checked(end).unwrap_or((next, ""));
        let is_alone =
            behind.is_empty() || behind.starts_with(|found| is_gap(found) && found != ' ' || is_quote(found));
        let is_line_of_it = width.is_none_or(|width| more.len() <= width);
        match going_on(more, is_alone && is_line_of_it, width.is_some()) {
            GoesOn::No => return (Encoded::Whole(message), rest),
            GoesOn::Perhaps => return (Encoded::Broken, behind),
            GoesOn::Yes => {
                width = width.or(Some(more.len()));
                rest = next;
            }
        }
    }
}

/// Shorter encoded messages are none: they hold the whole context of a request.
const SHORTEST: usize = 24;

/// A word of this length that mixes letters and digits is the rest of an encoded message.
const LONG: usize = 20;

enum GoesOn {
    Yes,
    No,
    Perhaps,
}

/// Whether the next line goes on with the message. `is_alone`: it holds this one word; `has_lines`: the message was
/// broken before.
fn going_on(more: &str, is_alone: bool, has_lines: bool) -> GoesOn {
    let is_word = more.chars().all(|c| c.is_ascii_lowercase())
        || more.chars().all(|c| c.is_ascii_uppercase() || c == '_')
        || (more.starts_with(|c: char| c.is_ascii_uppercase()) && more.chars().skip(1).all(|c| c.is_ascii_lowercase()));
    let groups: Vec<usize> = more.split('-').map(str::len).collect();
    let is_id = groups == [8, 4, 4, 4, 12]
        || more.chars().all(|c| c.is_ascii_digit() || c == '-')
        || InstanceId::parse(more).is_ok()
        || VolumeId::parse(more).is_ok();
    if more.is_empty() || !is_alone || is_id {
        GoesOn::No
    } else if !is_word && (more.len() >= LONG || has_lines) {
        GoesOn::Yes
    } else if is_word && more.len() > 3 {
        GoesOn::No
    } else {
        GoesOn::Perhaps
    }
}

fn is_of_encoded(found: char) -> bool {
    found.is_ascii_alphanumeric() || "-_".contains(found)
}

fn is_quote(found: char) -> bool {
    matches!(found, '"' | '\'' | '`')
}

/// Without the line ends, none of which stands for a blank in an ARN.
fn joined(text: &str) -> String {
    text.replace(LINE_END, "")
}

/// Returns `true` if a blank stands outside of the brackets of a mask.
fn has_blank(arn: &str) -> bool {
    piece_end(arn, |found| !is_gap(found)) < arn.len()
}

/// Without the punctuation of the sentence or the quotes around it. A mask keeps its brackets.
fn clean(text: &str) -> &str {
    let text = text.trim_matches(|found| is_quote(found) || ".,;)".contains(found));
    if text.starts_with("arn:") { text } else { text.trim_matches(['<', '>']) }
}

/// Returns `true` for a name in which somebody wrote something else for a part: `xxxx`, `****`, `<account>`, `REDACTED`.
pub(crate) fn is_masked(arn: &str) -> bool {
    let mut parts = arn.splitn(6, ':').skip(4);
    let (account, resource) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let is_account = account.is_empty()
        || account == "aws"
        || (account.len() == 12 && account.chars().all(|found| found.is_ascii_digit()));
    let id = resource.strip_prefix("key/").unwrap_or_default();
    let is_hidden = |found: char| !(found.is_ascii_digit() || ('a'..='f').contains(&found) || found == '-');
    !is_account
        || (!id.starts_with("mrk-") && id.contains(is_hidden))
        || resource.contains("**")
        || resource.contains('<')
}

/// Returns `true` if an ARN of an error text is complete, as far as its form tells.
fn is_whole(arn: &str) -> bool {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let last = resource.rsplit('/').next().unwrap_or_default();
    match resource.split_once('/').map_or(resource, |(kind, _)| kind) {
        "key" => KeyArn::parse(arn).is_ok() && is_key_id(last),
        "instance" => last == "*" || InstanceId::parse(last).is_ok(),
        "volume" => last == "*" || VolumeId::parse(last).is_ok(),
        "assumed-role" => resource.split('/').filter(|part| !part.is_empty()).count() == 3,
        _ => !resource.is_empty() && !resource.ends_with(['-', '/', ':']),
    }
}

/// Returns `true` if an ARN is complete and cannot go on.
fn is_certain(arn: &str) -> bool {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let last = resource.rsplit('/').next().unwrap_or_default();
    // IDs of policies of an organization have eight characters behind their prefix.
    let is_policy = arn.contains(":organizations:") && last.strip_prefix("p-").is_some_and(|id| id.len() >= 8);
    let has_form = ["key/", "instance/", "volume/"].iter().any(|kind| resource.starts_with(kind));
    is_policy || last == "*" || (has_form && is_whole(arn) && (last.len() != 10 && last.len() != 12))
}

/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-id>
pub(super) fn is_key_id(id: &str) -> bool {
    let lengths: Vec<usize> = id.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] || (id.starts_with("mrk-") && lengths == [3, 32])
}
