//! All that the program prints, frozen in `tests/frozen/`: what is said changes only where a diff shows it.
//!
//! `FROZEN=bless` writes the files anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use ebs_preflight::Change;
use ebs_preflight::event::{incidents, read};
use ebs_preflight::report::{Form, Screen, Style, compare, json, remedy_files, text};
use ebs_preflight::triage;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::golden::library;
use crate::shapes;

fn folder(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen").join(of)
}

/// Compares the texts with the files of a folder, which holds no others.
fn hold(of: &str, texts: &BTreeMap<String, String>) {
    let folder = folder(of);
    if std::env::var_os("FROZEN").is_some_and(|value| value == "bless") {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in texts {
            fs::write(folder.join(name), text).unwrap();
        }
        return;
    }
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: BTreeSet<String> = files.collect();
    names.extend(texts.keys().cloned());
    let mut differs = String::new();
    for name in names {
        let path = folder.join(&name);
        let frozen = fs::read_to_string(&path).unwrap_or_default();
        let text = texts.get(&name).map_or("", String::as_str);
        if frozen != text {
            let diff = similar::TextDiff::from_lines(frozen.as_str(), text);
            write!(differs, "{}", diff.unified_diff().context_radius(1).header(&name, "now")).unwrap();
        }
    }
    assert!(differs.is_empty(), "tests/frozen/{of} differs (`FROZEN=bless` accepts it):\n{differs}");
}

#[test]
fn checks_say_what_they_said() {
    let text = |golden: crate::golden::Golden| (format!("{}.txt", golden.name), text::render(&golden.report()));
    hold("check", &library().into_iter().map(text).collect());
}

/// The narrowest screen that is laid out.
const NARROW: Screen = Screen { width: 60, color: false };

#[test]
fn checks_say_the_same_on_a_narrow_screen() {
    let style = Style { screen: NARROW, ..Style::default() };
    let text = |golden: crate::golden::Golden| {
        (format!("{}.txt", golden.name), text::render_with(&golden.report(), style.clone()))
    };
    hold("check-60", &library().into_iter().map(text).collect());
}

#[test]
fn checks_in_json_say_what_they_said() {
    let text = |golden: crate::golden::Golden| (format!("{}.json", golden.name), json::render(&golden.report()));
    hold("json", &library().into_iter().map(text).collect());
}

/// The lines of each form of the remedy that the usual text does not have, and the files that are written.
#[test]
fn remedies_are_what_they_were() {
    let mut texts = BTreeMap::new();
    for golden in library() {
        let report = golden.report();
        let usual = text::render(&report);
        let usual: BTreeSet<&str> = usual.lines().collect();
        let mut all = String::new();
        for form in [Form::Document, Form::Diff, Form::Cli, Form::Terraform] {
            writeln!(all, "=== {form:?}").unwrap();
            let text = text::render_with(&report, form);
            for line in text.lines().filter(|line| !usual.contains(line)) {
                writeln!(all, "{line}").unwrap();
            }
        }
        let files = remedy_files(&report);
        if files.is_empty() {
            continue;
        }
        for (name, text) in files {
            write!(all, "=== {name}\n{text}").unwrap();
        }
        texts.insert(format!("{}.txt", golden.name), all);
    }
    hold("remedy", &texts);
}

#[test]
fn triage_says_what_it_said() {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for (file, name, input) in shapes::texts() {
        let said = match read(&input) {
            Ok(found) => {
                let notes = found.unread.iter().map(|part| format!("not read: {part}\n"));
                notes.chain([triage::text(&incidents(found.materials), &TimeZone::UTC)]).collect()
            }
            Err(error) => format!("{error}\n"),
        };
        write!(texts.entry(format!("{file}.txt")).or_default(), "=== {name}\n{said}").unwrap();
    }
    hold("triage", &texts);
}

/// Stands for `->`, so that every `>` closes a list of types.
const ARROW: &str = "\u{2192}";

/// What is `pub`, file by file: the compiler forbids what nobody outside can reach.
#[test]
fn the_public_api_is_what_it_was() {
    let mut texts = BTreeMap::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (path, source) in crate::tidy::sources("") {
        let name = path.strip_prefix(&root).unwrap().with_extension("").to_string_lossy().replace(['/', '\\'], ".");
        // The program, and what reads AWS for it, are no part of the library.
        if ["cli", "collect", "main"].iter().any(|other| name.split('.').next() == Some(other)) {
            continue;
        }
        let code: Vec<&str> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let code = code.join("\n").replace("->", ARROW);
        let starts = code.match_indices("pub ").filter(|(at, _)| code[..*at].ends_with([' ', '\n']));
        let items = starts.fold(String::new(), |all, (at, _)| all + &item(&code[at..]) + "\n");
        if !items.is_empty() {
            texts.insert(format!("{name}.txt"), items);
        }
    }
    hold("api", &texts);
}

/// A public item without its body; of an enum all variants.
fn item(code: &str) -> String {
    let end = if code.starts_with("pub enum") {
        code.find("\n}").map(|end| end + 2)
    } else if code.starts_with("pub use") {
        code.find(';')
    } else {
        let mut depth = 0_i32;
        code.find(|character| {
            depth += match character {
                '(' | '[' | '<' => 1,
                ')' | ']' | '>' => -1,
                _ => 0,
            };
            matches!(character, '{' | ';') || (matches!(character, ',' | '=') && depth <= 0)
        })
    };
    let text = &code[..end.unwrap_or(code.len())];
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace(ARROW, "->")
}

/// The comparison with the remedy of each start, as text and as JSON.
#[test]
fn diffs_say_what_they_said() {
    let mut texts = BTreeMap::new();
    for golden in library() {
        let (capture, question) = (golden.capture(), golden.question());
        let files = remedy_files(&golden.report());
        let Some((_, remedy)) = files.iter().find(|(name, _)| name == "remedy.json") else { continue };
        let remedy: Value = serde_json::from_str(remedy).unwrap();
        let changes: Vec<Change> = serde_json::from_value(remedy["changes"].clone()).unwrap();
        let diff = compare(&capture, &question, &changes);
        texts.insert(format!("{}.txt", golden.name), diff.text(Form::Statement) + &diff.json());
    }
    hold("diff", &texts);
}

#[cfg(feature = "cli")]
mod printed {
    use super::hold;
    use crate::program::Run;

    #[test]
    fn help_says_what_it_said() {
        let commands = ["", "check", "capture", "diff", "triage", "judge", "explain", "permissions", "demo", "man"];
        let help = commands.map(|command| {
            let arguments: Vec<&str> = [command, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
            let name = if command.is_empty() { "ebs-preflight" } else { command };
            (format!("{name}.txt"), Run::new(&arguments).finish().stdout)
        });
        hold("help", &help.into_iter().collect());
    }
}
