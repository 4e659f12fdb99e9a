use crate::names::{InstanceId, KeyArn, VolumeId};

/// A text on one line, which still knows where everything stood.
pub(super) struct OneLine {
    pub(super) text: String,
    /// For each byte of the text its offset in the original.
    places: Vec<usize>,
    /// The blanks that stand for a line end with no blank around it.
    tight: Vec<usize>,
}

impl OneLine {
    /// Joins the lines of `text`, each at its offset in the whole. Terminals break lines at their width, within words;
    /// mail breaks them at blanks and after hyphens.
    pub(super) fn of(text: &str, markers: &[&str]) -> Self {
        let mut lines = Vec::new();
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            lines.push((at, line.trim_end_matches(['\n', '\r'])));
            at += line.len();
        }
        let mut joined = Self { text: String::new(), places: Vec::new(), tight: Vec::new() };
        for paragraph in lines.split(|(_, line)| line.trim().is_empty()) {
            let run = broken_words(paragraph, markers);
            for (number, (at, line)) in paragraph.iter().enumerate() {
                let is_tight = number > 0 && !joined.text.ends_with(' ') && !line.starts_with([' ', '\t']);
                if !(is_tight && (run.contains(&number) || joined.goes_on(line))) {
                    if is_tight {
                        joined.tight.push(joined.text.len());
                    }
                    joined.blank(*at);
                }
                joined.line(*at, line);
            }
            joined.blank(paragraph.last().map_or(0, |(at, line)| at + line.len()));
        }
        joined
    }

    fn line(&mut self, at: usize, line: &str) {
        for (offset, found) in line.char_indices() {
            if found.is_whitespace() {
                self.blank(at + offset);
            } else {
                self.text.push(found);
                self.places.resize(self.text.len(), at + offset);
            }
        }
    }

    /// One blank, however many there are.
    fn blank(&mut self, at: usize) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
            self.places.push(at);
        }
    }

    /// Where the byte stood in the original.
    pub(super) fn place(&self, offset: usize) -> usize {
        self.places.get(offset).or(self.places.last()).copied().unwrap_or_default()
    }

    /// Whether the blank at this offset is a line end that may have broken a word.
    pub(super) fn is_tight(&self, offset: usize) -> bool {
        self.tight.binary_search(&offset).is_ok()
    }

    /// Whether the last word certainly goes on in the next line.
    fn goes_on(&self, next: &str) -> bool {
        let last = self.text.rsplit(' ').next().unwrap_or_default();
        let first = next.split_whitespace().next().unwrap_or_default();
        let arn = last.find("arn:").and_then(|at| last.get(at..));
        let is_encoded = self.text.strip_suffix(last).is_some_and(|text| text.ends_with("failure message: "));
        (last.len() > 1 && last.ends_with('-'))
            || arn.is_some_and(|arn| first.starts_with([':', '/']) || !is_whole(arn))
            || (is_encoded && first.len() >= 20 && first.chars().all(is_of_encoded))
    }
}

/// Whether a character may stand in an encoded authorization failure message.
pub(super) fn is_of_encoded(found: char) -> bool {
    found.is_ascii_alphanumeric() || "-_".contains(found)
}

/// The lines of a paragraph that go on within a word: those after a run of the longest lines, all equally long, which are
/// many, or only joined so make a known phrase whole.
fn broken_words(lines: &[(usize, &str)], markers: &[&str]) -> std::ops::Range<usize> {
    let length = |line: &str| line.chars().count();
    let width = lines.iter().map(|(_, line)| length(line)).max().unwrap_or_default();
    let first = lines.iter().position(|(_, line)| length(line) == width).unwrap_or_default();
    let full = lines.iter().skip(first).take_while(|(_, line)| length(line) == width).count();
    let known = |glue: &str| {
        let run: Vec<&str> = lines.iter().skip(first).take(full + 1).map(|(_, line)| *line).collect();
        let text = run.join(glue);
        markers.iter().map(|marker| text.matches(marker).count()).sum::<usize>()
    };
    if width >= 40 && (full >= 3 || known("") > known(" ")) { first + 1..first + full + 1 } else { 0..0 }
}

/// Whether an ARN of an error text is complete, as far as its form tells.
pub(super) fn is_whole(arn: &str) -> bool {
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

/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-id>
fn is_key_id(id: &str) -> bool {
    let lengths: Vec<usize> = id.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] || (id.starts_with("mrk-") && lengths == [3, 32])
}
