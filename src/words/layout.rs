//! Lines for a screen of any width; what must be copied stays whole.

use comfy_table::{ContentArrangement, Table};
use unicode_width::UnicodeWidthStr as _;

use crate::command::Command;
use crate::escape::{escape, one_line};

/// What a page is printed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Its columns; lines that are wrapped keep within them.
    pub width: usize,
    /// Whether it shows colors. They never are the only sign of anything.
    pub color: bool,
}

impl Default for Screen {
    fn default() -> Self {
        Self { width: WIDTH, color: false }
    }
}

/// The width of files and pipes, and the most of a terminal that lines of words take: longer ones read badly.
const WIDTH: usize = 100;

/// Narrower than this nothing is laid out: an ARN alone takes more.
const NARROWEST: usize = 60;

/// How words are told apart on a screen with colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Bad,
    Doubt,
    Strong,
}

impl Tone {
    /// Returns the parameters of the escape sequence that sets the color.
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Good => Some("1;32"),
            Self::Bad => Some("1;31"),
            Self::Doubt => Some("1;33"),
            Self::Strong => Some("1"),
        }
    }

    fn paint(self, text: &str, screen: Screen) -> String {
        let words = text.trim_end();
        match self.code().filter(|_| screen.color && !words.is_empty()) {
            Some(code) => format!("\u{1b}[{code}m{words}\u{1b}[0m{}", text.get(words.len()..).unwrap_or_default()),
            None => text.to_owned(),
        }
    }
}

/// A page before it is laid out.
///
/// Every line begins with words of ours or with a blank, and what others wrote ends none: so nobody's name forges a
/// line, a verdict least of all.
#[derive(Debug, Default)]
pub(crate) struct Page(Vec<Block>);

#[derive(Debug, Clone)]
enum Block {
    /// As it is.
    Line(String),
    /// Words behind `first`, in as many lines as they take; each but the first behind `indent` blanks.
    Words {
        tone: Tone,
        first: String,
        indent: usize,
        words: String,
    },
    /// Rows, of which the first is the header: in columns, or, where they do not fit, a block for each row.
    Table(Vec<Vec<String>>),
    Source(Source),
}

/// A place in a document that is shown with its line, a part of it marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) line: usize,
    pub(crate) before: String,
    pub(crate) marked: String,
    pub(crate) after: String,
    /// What is to be said of the mark.
    pub(crate) note: String,
}

impl Page {
    /// Adds an empty line; two are never together.
    pub(crate) fn blank(&mut self) {
        let is_blank = matches!(self.0.last(), Some(Block::Line(line)) if line.is_empty());
        if !is_blank {
            self.0.push(Block::Line(String::new()));
        }
    }

    /// Adds one line as it is: a command, a row of a table.
    pub(crate) fn line(&mut self, content: &str) {
        self.0.push(Block::Line(one_line(content).into_owned()));
    }

    /// Adds the lines of a document that is to be copied, each behind `indent`.
    pub(crate) fn document(&mut self, indent: &str, text: &str) {
        self.0.extend(text.lines().map(|line| Block::Line(format!("{indent}{}", escape(line)))));
    }

    /// Adds words in lines of at most the screen's width, each behind `indent` blanks, of which there is at least one,
    /// but the first, which stands behind `first`. No word is cut.
    pub(crate) fn wrap(&mut self, first: &str, indent: usize, words: &str) {
        self.wrap_in(Tone::Plain, first, indent, words);
    }

    /// Adds words as [`Page::wrap`] does, with `first` in this tone.
    pub(crate) fn wrap_in(&mut self, tone: Tone, first: &str, indent: usize, words: &str) {
        let (first, words) = (one_line(first).into_owned(), one_line(words).into_owned());
        self.0.push(Block::Words { tone, first, indent: indent.max(1), words });
    }

    /// Adds a label with words behind it.
    pub(crate) fn item(&mut self, label: &str, words: &str) {
        let first = format!("   {label:<13} ");
        self.wrap(&first, first.width(), words);
    }

    /// Adds another page below.
    pub(crate) fn append(&mut self, page: &Self) {
        self.0.extend(page.0.iter().cloned());
    }

    /// Adds a label with a command behind it, which stays in one line.
    pub(crate) fn command_item(&mut self, label: &str, command: &Command) {
        self.line(&format!("   {label:<13} {command}"));
    }

    /// Adds a table, of which the first row is the header.
    pub(crate) fn table(&mut self, rows: Vec<Vec<String>>) {
        let cells = |row: Vec<String>| row.into_iter().map(|cell| one_line(&cell).into_owned()).collect();
        self.0.push(Block::Table(rows.into_iter().map(cells).collect()));
    }

    /// Adds a line of a document with a part of it marked.
    pub(crate) fn source(&mut self, source: &Source) {
        let shown = |text: &str| one_line(text).into_owned();
        self.0.push(Block::Source(Source {
            line: source.line,
            before: shown(source.before.trim_start()),
            marked: shown(&source.marked),
            after: shown(source.after.trim_end()),
            note: shown(&source.note),
        }));
    }

    /// Returns the whole text as this screen shows it.
    pub(crate) fn print(&self, screen: Screen) -> String {
        let mut text = String::new();
        let mut above: Option<&Source> = None;
        for block in &self.0 {
            match block {
                Block::Line(line) => push(&mut text, line),
                Block::Words { tone, first, indent, words } => {
                    let mut lines = wrapped(first, *indent, words, width(screen)).into_iter();
                    if let Some(line) = lines.next() {
                        let words = line.strip_prefix(first.as_str()).unwrap_or_default();
                        push(&mut text, format!("{}{words}", tone.paint(first, screen)).trim_end());
                    }
                    lines.for_each(|line| push(&mut text, &line));
                }
                Block::Table(rows) => table(&mut text, rows, screen),
                Block::Source(source) => marked(&mut text, source, above, screen),
            }
            above = if let Block::Source(source) = block { Some(source) } else { None };
        }
        text
    }
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn width(screen: Screen) -> usize {
    screen.width.clamp(NARROWEST, WIDTH)
}

/// Words in lines, the first behind `first`.
fn wrapped(first: &str, indent: usize, words: &str, width: usize) -> Vec<String> {
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let blanks = " ".repeat(indent);
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(&blanks)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(&words, options).into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// The blanks before a table that is folded, and before its cells.
const GAP: &str = "  ";

fn table(text: &mut String, rows: &[Vec<String>], screen: Screen) {
    let Some((header, rows)) = rows.split_first() else { return };
    let mut grid = Table::new();
    grid.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    grid.set_header(header).add_rows(rows);
    let lines: Vec<String> = grid.lines().collect();
    if lines.iter().all(|line| line.width() <= screen.width.max(NARROWEST)) {
        for (number, line) in lines.iter().enumerate() {
            let tone = if number == 0 { Tone::Strong } else { Tone::Plain };
            push(text, tone.paint(format!(" {}", line.trim_end()).as_str(), screen).as_str());
        }
        return;
    }
    let label = header.iter().skip(1).map(|name| name.width()).max().unwrap_or(0);
    for row in rows {
        let mut named = header.iter().zip(row);
        if let Some((_, first)) = named.next() {
            push(text, &format!("{GAP}{first}"));
        }
        for (name, cell) in named.filter(|(_, cell)| !cell.is_empty()) {
            push(text, &format!("{GAP}{GAP}{name}{}  {cell}", " ".repeat(label.saturating_sub(name.width()))));
        }
    }
}

/// So much of a line that is too long is shown before what is marked in it.
const LEAD: usize = 24;

/// Shows the line, if it does not stand `above` already, and marks the place below.
fn marked(text: &mut String, source: &Source, above: Option<&Source>, screen: Screen) {
    let width = width(screen);
    let number = source.line.to_string();
    let blanks = " ".repeat(6_usize.saturating_sub(number.len()));
    let (front, under) = (format!("{blanks}{number} │ "), format!("{} │ ", " ".repeat(6.max(number.len()))));
    let room = width.saturating_sub(front.width());
    let is_long = [&source.before, &source.marked, &source.after].map(|part| part.width()).iter().sum::<usize>() > room;
    let before = if is_long { last(&source.before, LEAD) } else { source.before.clone() };
    let shown = first(&source.marked, room.saturating_sub(before.width() + 1));
    let after = first(&source.after, room.saturating_sub(before.width() + shown.width()));
    if is_long || above.is_none_or(|above| above.line != source.line) {
        push(text, format!("{front}{before}{shown}{after}").trim_end());
    }
    let column = under.width() + before.width();
    let carets = Tone::Bad.paint(&"^".repeat(shown.width().max(1)), screen);
    let line = format!("{under}{}{carets}", " ".repeat(before.width()));
    let ends = column + shown.width().max(1) + 1;
    if ends + source.note.width() <= width {
        push(text, format!("{line} {}", source.note).trim_end());
        return;
    }
    push(text, &line);
    for words in wrapped(&under, 0, &source.note, width) {
        let words = words.strip_prefix(under.as_str()).unwrap_or(&words);
        push(text, &format!("{under}{words}"));
    }
}

/// The first columns of a text, with a mark where more follows.
fn first(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut shown = String::new();
    for character in text.chars() {
        let next = format!("{shown}{character}");
        if next.width() + 1 > columns {
            break;
        }
        shown = next;
    }
    shown + "…"
}

/// The last columns of a text, with a mark where more is before.
fn last(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let reversed: String = text.chars().rev().collect();
    first(&reversed, columns).chars().rev().collect()
}

/// Indented JSON with every object and list that fits on one line there.
pub(crate) fn compact(json: &str) -> Vec<String> {
    // A statement cut out of a policy is indented as deep as it stood there, but for its first line.
    let depth = json.lines().last().map_or(0, |line| line.len() - line.trim_start().len());
    let mut compacted: Vec<String> = Vec::new();
    let lines: Vec<&str> = json.lines().map(|line| outdent(line, depth)).collect();
    let mut rest = lines.as_slice();
    while let Some((first, after)) = rest.split_first() {
        let indent = first.len() - first.trim_start().len();
        let closes = |line: &&str| line.len() - line.trim_start().len() == indent;
        let length = after.iter().position(closes).filter(|_| first.ends_with(['{', '[']));
        let inner = length.and_then(|length| after.get(..=length)).filter(|_| indent > 0);
        let joined = inner.map(|inner| {
            // Only after a comma there is room for a space.
            let before = std::iter::once(first).chain(inner);
            let words = before
                .zip(inner)
                .map(|(before, line)| format!("{}{}", if before.ends_with(',') { " " } else { "" }, line.trim_start()));
            format!("{first}{}", words.collect::<String>())
        });
        if let Some(joined) = joined.filter(|joined| joined.chars().count() + 3 <= WIDTH) {
            compacted.push(joined);
            rest = after.get(length.map_or(0, |length| length + 1)..).unwrap_or_default();
        } else {
            compacted.push((*first).to_owned());
            rest = after;
        }
    }
    compacted
}

fn outdent(line: &str, depth: usize) -> &str {
    match line.split_at_checked(depth) {
        Some((space, rest)) if space.trim().is_empty() => rest,
        Some(_) | None => line,
    }
}
