use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::server::World;
use crate::program::Outcome;

/// One file of `tests/moto/situations`; its form is told in `tests/moto/seed.py`.
pub(super) struct Situation {
    pub(super) name: String,
    /// The whole file, for the emulator.
    pub(super) whole: Value,
    pub(super) play: Play,
}

/// The part of a situation that bears on the run.
#[derive(Deserialize)]
pub(super) struct Play {
    #[serde(default)]
    ask: Ask,
    #[serde(default)]
    flags: Vec<String>,
    expect: Expectation,
}

/// Where the program is asked about something else than the instance and the role that exist.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Ask {
    instance: Option<String>,
    role: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Expectation {
    exit: i32,
    /// `READY`, `BLOCKED` or `UNDECIDED`; absent where the program ends with an error.
    verdict: Option<String>,
    /// The actions that rows 1 to 3 show as denied, for any volume; absent: not compared.
    denied: Option<BTreeSet<String>>,
    /// The resources of those rows; absent: not compared.
    denied_on: Option<BTreeSet<String>>,
    /// The decision of every request of row 4; absent: not compared.
    row4: Option<String>,
    /// What a person must read.
    words: Vec<String>,
}

impl Situation {
    /// All of them, by name.
    pub(super) fn all() -> Vec<Self> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/moto/situations");
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files.iter().map(|file| Self::read(file)).collect()
    }

    pub(super) fn named(name: &str) -> Self {
        Self::all().into_iter().find(|situation| situation.name == name).unwrap()
    }

    fn read(file: &Path) -> Self {
        let whole: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let play =
            Play::deserialize(&whole).unwrap_or_else(|error| panic!("{} is no situation: {error}", file.display()));
        Self { name: file.file_stem().unwrap().to_str().unwrap().to_owned(), whole, play }
    }
}

impl Play {
    /// The options that say what to judge, and the flags.
    pub(super) fn arguments(&self, world: &World) -> Vec<String> {
        let asked = |other: &Option<String>, real: &str| {
            other.as_deref().map_or_else(|| real.to_owned(), |other| world.fill(other))
        };
        let mut arguments = vec!["--instance-id".to_owned(), asked(&self.ask.instance, &world.instance)];
        arguments.extend(["--role-arn".to_owned(), asked(&self.ask.role, &world.role)]);
        arguments.extend(self.flags.iter().map(|flag| world.fill(flag)));
        arguments
    }

    /// What differs between the expectation and the two reports, as JSON and as text.
    pub(super) fn problems(&self, world: &World, json: &Outcome, text: &Outcome) -> Vec<String> {
        let expect = &self.expect;
        let mut problems = Vec::new();
        for (form, outcome) in [("JSON", json), ("text", text)] {
            if outcome.exit != Some(expect.exit) {
                let ended = outcome.ended();
                problems.push(format!("as {form}: {ended}, not {}: {}", expect.exit, outcome.seen()));
            }
        }
        if !problems.is_empty() {
            return problems;
        }
        let report = json.json();
        if report["verdict"].as_str() != expect.verdict.as_deref() {
            problems.push(format!("the report says {}, not {:?}", report["verdict"], expect.verdict));
        }
        let same = |what: &str, found: BTreeSet<String>, wanted: Option<BTreeSet<String>>| {
            let wanted = wanted.filter(|wanted| *wanted != found)?;
            Some(format!("{what}: {found:?}, not {wanted:?}"))
        };
        let filled = |texts: &BTreeSet<String>| texts.iter().map(|text| world.fill(text)).collect();
        problems.extend(same("denied", denied(&report, "action"), expect.denied.clone()));
        problems.extend(same("denied on", denied(&report, "resource"), expect.denied_on.as_ref().map(filled)));
        let row4 = expect.row4.clone().map(|decision| BTreeSet::from([decision]));
        problems.extend(same("row 4", field(&report, "decision", |request| request["row"] == 4), row4));
        let read = if expect.verdict.is_some() { text.stdout.clone() } else { text.seen() };
        for word in expect.words.iter().map(|word| world.fill(word)) {
            if !read.contains(&word) {
                problems.push(format!("does not say `{word}`: {read}"));
            }
        }
        problems
    }
}

/// `field` of the requests that the role itself makes for a start and that are denied.
fn denied(report: &Value, name: &str) -> BTreeSet<String> {
    field(report, name, |request| {
        let denied = matches!(request["decision"].as_str(), Some("implicitDeny" | "explicitDeny"));
        denied && request["row"].as_u64().is_some_and(|row| row <= 3)
    })
}

/// `name` of the requests of all targets that `which` picks.
fn field(report: &Value, name: &str, which: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    let targets = report["targets"].as_array().into_iter().flatten();
    let requests = targets.flat_map(|target| target["requests"].as_array().into_iter().flatten());
    requests.filter(|request| which(request)).filter_map(|request| request[name].as_str()).map(str::to_owned).collect()
}
