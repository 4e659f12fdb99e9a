/// In a flow: a line end with no blank around it, which stands for a blank or for nothing, since terminals break lines
/// within words.
pub(crate) const LINE_END: char = '\n';

/// In a flow: an empty line. No sentence goes on behind it.
pub(crate) const PARAGRAPH: char = '\u{1e}';

/// The longest entity that is undone, as `&quot;`.
const LONGEST_ENTITY: usize = 6;

/// The width of a line in quoted-printable, which ends with `=` where it goes on.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc2045#section-6.7>
const QUOTED_PRINTABLE: std::ops::RangeInclusive<usize> = 72..=76;

/// A text as one flow of words, which still knows where everything stood.
///
/// Blanks are one blank, whatever they are; escapes of JSON and of HTML, typographic quotes, colors of a terminal and
/// what nobody sees are undone.
#[derive(Debug)]
pub(crate) struct Flow {
    text: String,
    /// Where runs begin that stand in the original as they do here: the offsets in the flow and in the original.
    runs: Vec<(usize, usize)>,
}

/// What stands between two words.
#[derive(Default)]
struct Gap {
    line_ends: usize,
    has_blank: bool,
}

impl Flow {
    /// Makes the flow of a text in one pass.
    pub(crate) fn of(text: &str) -> Self {
        let mut flow = Self { text: String::with_capacity(text.len()), runs: Vec::new() };
        let mut gap = Gap::default();
        let mut rest = text;
        let mut line = 0;
        while let Some(found) = rest.chars().next() {
            let at = text.len() - rest.len();
            let (taken, piece) = piece(rest, line);
            rest = rest.get(taken..).unwrap_or_default();
            line = if found == '\n' { 0 } else { line + taken };
            match piece {
                Piece::Nothing => {}
                Piece::Blank => gap.has_blank = true,
                Piece::LineEnd => gap.line_ends += 1,
                Piece::Sign(sign) => {
                    flow.close(&mut gap, at);
                    flow.push(sign, at);
                }
            }
        }
        flow.close(&mut gap, text.len());
        flow
    }

    /// Returns the text of the flow.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns where the byte stood in the original.
    pub(crate) fn place(&self, offset: usize) -> usize {
        let run = self.runs.partition_point(|(begin, _)| *begin <= offset).checked_sub(1);
        run.and_then(|run| self.runs.get(run)).map_or(offset, |(begin, origin)| origin + offset - begin)
    }

    fn close(&mut self, gap: &mut Gap, at: usize) {
        let gap = std::mem::take(gap);
        let sign = match (gap.line_ends, gap.has_blank) {
            (0, false) => return,
            (0 | 1, true) => ' ',
            (1, false) => LINE_END,
            (_, _) => PARAGRAPH,
        };
        if !self.text.is_empty() {
            self.push(sign, at.saturating_sub(1));
        }
    }

    fn push(&mut self, sign: char, at: usize) {
        let here = self.text.len();
        if self.runs.last().is_none_or(|(begin, origin)| origin + here - begin != at) {
            self.runs.push((here, at));
        }
        self.text.push(sign);
    }
}

enum Piece {
    Sign(char),
    Blank,
    LineEnd,
    Nothing,
}

/// The first piece of a text, and how many bytes it takes; `line`: how many stand before it in its line.
fn piece(rest: &str, line: usize) -> (usize, Piece) {
    let Some(found) = rest.chars().next() else { return (1, Piece::Nothing) };
    let behind = rest.get(found.len_utf8()..).unwrap_or_default();
    let one = |piece| (found.len_utf8(), piece);
    match found {
        '\n' => one(Piece::LineEnd),
        '\\' => escape(rest),
        '&' => entity(rest).unwrap_or_else(|| one(Piece::Sign(found))),
        '=' if QUOTED_PRINTABLE.contains(&(line + 1)) && behind.trim_start_matches('\r').starts_with('\n') => {
            (rest.len() - behind.trim_start_matches('\r').len() + 1, Piece::Nothing)
        }
        '\u{1b}' => {
            let code = behind.strip_prefix('[').and_then(|code| code.find(|c: char| c.is_ascii_alphabetic()));
            (code.filter(|code| *code < 16).map_or(1, |code| code + 3), Piece::Nothing)
        }
        '\u{201c}'..='\u{201f}' | '\u{ab}' | '\u{bb}' => one(Piece::Sign('"')),
        '\u{2018}'..='\u{201b}' => one(Piece::Sign('\'')),
        '\r' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}' => {
            one(Piece::Nothing)
        }
        _ if found.is_whitespace() => one(Piece::Blank),
        _ if found.is_control() => one(Piece::Nothing),
        _ => one(Piece::Sign(found)),
    }
}

/// An escape, however often it was escaped: `\"`, `\\\"`, `\n`, `\u003c`.
fn escape(rest: &str) -> (usize, Piece) {
    let behind = rest.trim_start_matches('\\');
    let marks = rest.len() - behind.len();
    match behind.chars().next() {
        Some(sign @ ('"' | '\'' | '`' | '/')) => (marks + 1, Piece::Sign(sign)),
        Some('n' | 't' | 'r') => (marks + 1, Piece::Blank),
        Some('u') => {
            let sign = behind.get(1..5).and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
            match sign {
                Some(sign) if sign.is_whitespace() => (marks + 5, Piece::Blank),
                Some(sign) if !sign.is_control() => (marks + 5, Piece::Sign(sign)),
                Some(_) | None => (marks, Piece::Sign('\\')),
            }
        }
        Some(_) | None => (marks, Piece::Sign('\\')),
    }
}

fn entity(rest: &str) -> Option<(usize, Piece)> {
    let end = rest.char_indices().take(LONGEST_ENTITY).find(|(_, found)| *found == ';')?.0;
    let piece = match rest.get(..end)? {
        "&quot" | "&#34" | "&#x22" => Piece::Sign('"'),
        "&apos" | "&#39" | "&#x27" => Piece::Sign('\''),
        "&lt" | "&#60" => Piece::Sign('<'),
        "&gt" | "&#62" => Piece::Sign('>'),
        "&amp" => Piece::Sign('&'),
        "&nbsp" | "&#160" => Piece::Blank,
        _ => return None,
    };
    Some((end + 1, piece))
}

/// Returns `true` for what stands between two words of a flow.
pub(crate) fn is_gap(found: char) -> bool {
    matches!(found, ' ' | LINE_END | PARAGRAPH)
}

/// Returns the rest of a flow behind `words`, if it begins with them: a blank is any gap within a paragraph, and a line
/// end may stand within a word.
pub(crate) fn after<'t>(text: &'t str, words: &str) -> Option<&'t str> {
    let mut rest = text;
    for wanted in words.chars() {
        let mut found = rest.chars();
        match (wanted, found.next()?) {
            (' ', ' ' | LINE_END) => {}
            (' ', _) => return None,
            (wanted, first) if wanted == first => {}
            (wanted, LINE_END) if found.next()? == wanted => {}
            (_, _) => return None,
        }
        rest = found.as_str();
    }
    Some(rest)
}
