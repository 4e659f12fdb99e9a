use super::refusal::{self, Cut};
use super::wraps::OneLine;
use super::{Denial, EventError, InstanceState, Material, Refusal};

/// The beginning of an error of the AWS CLI and of the SDK for Python.
const ERROR: &str = "An error occurred (";
const NOT_AUTHORIZED: &str = "is not authorized to perform";
const ENCODED: &str = "Encoded authorization failure message: ";

/// Words that only a refusal has: where they stand and nothing is understood, something was missed.
const SIGNS: [&str; 5] =
    [ERROR, "not authorized", "explicit deny", "authorization failure message", "(UnauthorizedOperation)"];

/// A name that only records have; between JSON values it is of one that is no JSON, or no longer.
const OF_RECORD: &str = "eventsource";

/// So many lines before and after its mark belong to a sentence at most.
const LINES: usize = 5;

/// Error texts and state reasons between other words; and what looks like an error and is not understood, with its
/// offset.
pub(super) fn read(text: &str) -> (Vec<Material>, Vec<(usize, String)>) {
    let line = OneLine::of(text, &[ERROR, NOT_AUTHORIZED, ENCODED.trim_end()]);
    let (mut materials, mut unread) = (Vec::new(), Vec::new());
    for (at, one) in errors(&line.text) {
        match error(one, &|offset| line.is_tight(at + offset)) {
            Ok(Some(material)) => materials.push(material),
            Ok(None) => {
                if let Some((offset, sign)) = SIGNS.iter().find_map(|sign| Some((one.find(sign)?, *sign))) {
                    unread.push((
                        line.place(at + offset),
                        format!("`{sign}` stands here, in a text that is not understood"),
                    ));
                }
            }
            Err(Cut { offset, what }) => unread.push((line.place(at + offset), what)),
        }
    }
    if let Some(at) = text.to_ascii_lowercase().find(OF_RECORD) {
        let what = "this looks like a CloudTrail record that is no JSON: its time, request and role are lost";
        unread.push((at, what.to_owned()));
    }
    materials.extend(InstanceState::in_text(text).into_iter().map(Material::State));
    (materials, unread)
}

/// The text, split where another error begins, each part with its offset.
fn errors(text: &str) -> Vec<(usize, &str)> {
    // Every error has each of these at most once, in this order.
    let ranked = [ERROR, NOT_AUTHORIZED, ENCODED].into_iter().enumerate();
    let mut marks: Vec<(usize, usize, &str)> =
        ranked.flat_map(|(rank, mark)| text.match_indices(mark).map(move |(at, mark)| (at, rank, mark))).collect();
    // Outside the form of the AWS CLI a code begins an error as well.
    let codes = refusal::key_codes(text);
    marks.extend(codes.filter(|(at, _)| !is_in_form(text, *at)).map(|(at, code)| (at, 0, code)));
    marks.sort_unstable();
    let (mut starts, mut begin, mut last) = (vec![0], 0, None);
    for (at, rank, mark) in marks {
        if last.is_some_and(|last| last >= rank) {
            // A sentence begins before its mark, with the principal.
            let user = text.get(begin..at).and_then(|before| before.rfind("User: ")).map(|user| begin + user);
            starts.push(user.filter(|_| rank == 1).unwrap_or(at));
        }
        last = Some(rank);
        begin = at + mark.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).map(|(start, end)| (*start, text.get(*start..end).unwrap_or_default())).collect()
}

fn is_in_form(text: &str, at: usize) -> bool {
    text.get(..at).is_some_and(|before| before.ends_with(ERROR))
}

/// What one error says; `None` if it is none.
fn error(text: &str, is_tight: &dyn Fn(usize) -> bool) -> Result<Option<Material>, Cut> {
    let named = named(text);
    if let Some(refusal) = refusal_of(text, is_tight)? {
        let action = if refusal.action.is_empty() { named.map(|(_, action, _)| action) } else { None };
        let action = action.unwrap_or(refusal.action);
        return Ok(Some(Material::Refusal(Refusal { action, ..refusal })));
    }
    if let Some((code, action, message)) = named {
        let error = EventError { code: code.to_owned(), message: message.to_owned() };
        return Ok(Some(Material::Error { action, error }));
    }
    // Other programs print the code and the sentence alone.
    let code = refusal::key_codes(text).next();
    Ok(code.map(|(at, code)| {
        let message = text.get(at + code.len()..).unwrap_or_default().trim_start_matches([':', ')', ' ']).trim_end();
        let error = EventError { code: code.to_owned(), message: message.to_owned() };
        Material::Error { action: String::new(), error }
    }))
}

/// The refusal in a text with line ends that may have broken words: the one way to join them that makes AWS's whole
/// sentence, if there is one way only.
fn refusal_of(text: &str, is_tight: &dyn Fn(usize) -> bool) -> Result<Option<Refusal>, Cut> {
    let breaks: Vec<usize> = text.match_indices(' ').map(|(at, _)| at).filter(|at| is_tight(*at)).collect();
    // Line ends may break the mark as well.
    let mark = NOT_AUTHORIZED.replace(' ', "");
    let (origins, tight): (Vec<usize>, String) = text.char_indices().filter(|(_, found)| *found != ' ').unzip();
    let sentences = tight.matches(&mark).count();
    if breaks.is_empty() || sentences == 0 {
        return Refusal::parse_within(text, is_tight);
    }
    let starts = std::iter::once(0).chain(breaks.iter().map(|at| at + 1));
    let ends = breaks.iter().copied().chain([text.len()]);
    let lines: Vec<(usize, &str)> =
        starts.zip(ends).map(|(start, end)| (start, text.get(start..end).unwrap_or_default())).collect();
    // In a log each line stands for itself.
    let whole = |(_, line): &(usize, &str)| {
        let refusal = Refusal::parse_within(line, &|_| false).ok()??;
        (refusal.denial != Denial::Untold && refusal.is_complete(line)).then_some(refusal)
    };
    if sentences == 1
        && let Some(refusal) = lines.iter().find_map(whole)
    {
        let encoded = refusal::encoded(text, is_tight)?;
        return Ok(Some(Refusal { encoded, ..refusal }));
    }
    let marked = tight.find(&mark).map(|at| tight.get(..at).unwrap_or_default().chars().count());
    let marked = marked.and_then(|number| origins.get(number)).copied().unwrap_or_default();
    let here = lines.iter().rposition(|(start, _)| *start <= marked).unwrap_or_default();
    let unclear = || {
        let what = "line ends break this error text, and it is not clear how to join them: put it on one line";
        Cut { offset: lines.get(here).map_or(0, |(start, _)| *start), what: what.to_owned() }
    };
    if sentences > 1 {
        return Err(unclear());
    }
    let mut around = lines.iter().skip(here.saturating_sub(LINES)).take(2 * LINES);
    let (first, last) = (around.clone().next(), around.next_back());
    let start = first.map_or(0, |(start, _)| *start);
    let end = last.map_or(text.len(), |(start, line)| start + line.len());
    let text = text.get(start..end).unwrap_or_default();
    let breaks: Vec<usize> = breaks.iter().filter(|at| (start..end).contains(at)).map(|at| at - start).collect();
    let (mut told, mut untold) = (Vec::new(), Vec::new());
    for (count, end) in breaks.iter().copied().chain([text.len()]).enumerate() {
        // The sentence may end with any of the lines.
        for joined in 0_u32..1 << count {
            let one = joined_at(text.get(..end).unwrap_or_default(), &breaks, joined);
            if let Ok(Some(refusal)) = Refusal::parse_within(&one, &|_| false)
                && refusal.is_complete(&one)
            {
                let list = if refusal.denial == Denial::Untold { &mut untold } else { &mut told };
                if !list.contains(&refusal) {
                    list.push(refusal);
                }
            }
        }
    }
    let mut ways = if told.is_empty() { untold } else { told };
    // What follows the sentence tells more, and contradicts nothing.
    if ways.len() > 1 && ways.iter().any(|way| way.encoded.is_some()) {
        ways.retain(|way| way.encoded.is_some());
    }
    match (ways.pop(), ways.is_empty()) {
        (Some(way), true) => Ok(Some(way)),
        (_, _) => Err(unclear()),
    }
}

/// The text without those of the breaks that `joined` has a bit for.
fn joined_at(text: &str, breaks: &[usize], joined: u32) -> String {
    let mut whole = String::new();
    let mut from = 0;
    for (_, at) in breaks.iter().enumerate().filter(|(number, _)| joined >> number & 1 == 1) {
        whole.push_str(text.get(from..*at).unwrap_or_default());
        from = at + 1;
    }
    whole.push_str(text.get(from..).unwrap_or_default());
    whole
}

/// The code, the action and the sentence of an error of the AWS CLI.
fn named(text: &str) -> Option<(&str, String, &str)> {
    let (_, rest) = text.split_once(ERROR)?;
    let (code, rest) = rest.split_once(") when calling the ")?;
    let (operation, message) = rest.split_once(" operation")?;
    // `… operation (reached max retries: 4): …`
    let sign = if message.starts_with(" (") { "): " } else { ": " };
    let message = message.split_once(sign).map_or("", |(_, message)| message).trim();
    let is_word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    (is_word(code) && is_word(operation)).then(|| (code, super::bearing::action_of(operation), message))
}
