//! The golden library: whole starts in `tests/captures/`, each with what a good report says of it beside it.
//!
//! `NAME.expected` holds the story, the flags, the verdict, the finding codes in order, the denied actions, the places
//! and owners of the remedies, and words that a reader needs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ebs_preflight::capture::Capture;
use ebs_preflight::engine::NamedPolicy;
use ebs_preflight::event;
use ebs_preflight::names::PrincipalArn;
use ebs_preflight::operations::{GivenPolicy, Question, Require, Stated};
use ebs_preflight::outcome::{Earlier, Report};
use ebs_preflight::policy::PolicyType;
use ebs_preflight::preflight::preflight;
use serde_json::Value;

/// One capture of the library, with what is expected of it.
pub(crate) struct Golden {
    pub(crate) name: String,
    /// The capture as it stands in its file.
    pub(crate) text: String,
    expected: Vec<(String, String)>,
}

/// All of them, by name.
pub(crate) fn library() -> Vec<Golden> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.iter().map(|path| Golden::read(path)).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Golden {
    fn read(path: &Path) -> Self {
        let expected = read(&path.with_extension("expected"));
        let pairs = expected.lines().filter(|line| !line.starts_with('#')).map(|line| {
            let (key, value) = line.split_once(':').unwrap_or_else(|| panic!("{}: {line}", path.display()));
            (key.to_owned(), value.trim().to_owned())
        });
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        Self { name, text: read(path), expected: pairs.collect() }
    }

    pub(crate) fn capture(&self) -> Capture {
        Capture::parse(&self.text).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// All values of a key of the `.expected` file.
    pub(crate) fn all(&self, key: &str) -> Vec<String> {
        self.expected.iter().filter(|(own, _)| own == key).map(|(_, value)| value.clone()).collect()
    }

    /// The flags of the run; a file among them is given by its name in the library.
    pub(crate) fn flags(&self) -> Vec<String> {
        self.all("flags").iter().flat_map(|flags| flags.split_whitespace()).map(str::to_owned).collect()
    }

    /// The question that the flags ask.
    pub(crate) fn question(&self) -> Question {
        let mut question = Question::default();
        let flags = self.flags();
        let mut words = flags.iter().map(String::as_str);
        while let Some(flag) = words.next() {
            if flag == "--assume-org-allows" {
                question.assume_org_allows = true;
                continue;
            }
            if flag == "--no-session-tags" {
                question.no_session_tags = true;
                continue;
            }
            let value = words.next().unwrap();
            match flag {
                // What events tell is put beside the judgement.
                "--events" => {}
                "--require" => {
                    question.require = if value == "start" { Require::Start } else { Require::Documented };
                }
                "--caller-arn" => question.caller = Some(PrincipalArn::parse(value).unwrap()),
                "--external-id" => question.external_id = Some(value.to_owned()),
                "--session-tag" => {
                    let (key, value) = value.split_once('=').unwrap();
                    question.session_tags.push((key.to_owned(), value.to_owned()));
                }
                "--session-name" => question.session_name = Some(value.to_owned()),
                "--at" => question.at = Some(value.parse().unwrap()),
                "--source-ip" => question.source_ip = Some(value.to_owned()),
                "--context" => {
                    let (key, value) = value.split_once('=').unwrap();
                    question.context.push(Stated { key: key.to_owned(), value: value.to_owned() });
                }
                "--session-policy" => {
                    let policy = NamedPolicy::parse(value, &file(value), PolicyType::Session).unwrap();
                    question.session_policies.push(GivenPolicy(Arc::new(policy)));
                }
                other => panic!("`{other}` is no flag that captures use"),
            }
        }
        question
    }

    /// The report on it, with what the events among its flags say.
    pub(crate) fn report(&self) -> Report {
        self.judged(&self.capture(), &self.question())
    }

    /// The report on another capture and question in place of its own, with the same events.
    pub(crate) fn judged(&self, capture: &Capture, question: &Question) -> Report {
        let report = preflight(capture, question);
        let flags = self.flags();
        let Some(at) = flags.iter().position(|flag| flag == "--events") else { return report };
        let found = event::read(&file(&flags[at + 1])).unwrap();
        report.with_events(Earlier { incidents: event::incidents(found.materials), ..Earlier::default() })
    }

    /// What is wrong with a report of this start, as JSON.
    pub(crate) fn problems(&self, report: &Value) -> Vec<String> {
        let target = &report["targets"][0];
        let codes = list(target, "findings")
            .into_iter()
            .map(|finding| format!("{} {}", finding["code"].as_str().unwrap(), finding["severity"].as_str().unwrap()));
        let codes: Vec<String> = codes.collect();
        let (denied, remedies) = summary(target);
        let found = [
            ("verdict", vec![report["verdict"].as_str().unwrap_or_default().to_owned()]),
            ("codes", vec![codes.join(", ")]),
            ("denied", vec![denied.join(", ")]),
            ("remedy", remedies),
        ];
        let differs = found.into_iter().filter_map(|(key, found)| {
            let expected = self.all(key);
            (found != expected).then(|| format!("{}: {key}: {found:?}, not {expected:?}", self.name))
        });
        differs.collect()
    }
}

/// The text of a file of the library.
pub(crate) fn file(name: &str) -> String {
    read(&folder().join(name))
}

fn list<'v>(value: &'v Value, key: &str) -> Vec<&'v Value> {
    value[key].as_array().map(|items| items.iter().collect()).unwrap_or_default()
}

fn push_new(items: &mut Vec<String>, item: String) {
    if !items.contains(&item) {
        items.push(item);
    }
}

/// The denied actions of the rows that a start names, and the places and owners of the remedies, each once.
fn summary(target: &Value) -> (Vec<String>, Vec<String>) {
    let (mut denied, mut remedies) = (Vec::new(), Vec::new());
    for request in list(target, "requests") {
        let row = request["row"].as_u64().unwrap();
        let is_denied = matches!(request["decision"].as_str(), Some("implicitDeny" | "explicitDeny"));
        if is_denied && row < 5 {
            let by = if row == 4 { " by EC2" } else { "" };
            push_new(&mut denied, format!("{}{by}", request["action"].as_str().unwrap()));
        }
    }
    for remedy in list(target, "findings").into_iter().flat_map(|finding| list(finding, "remedies")) {
        let (place, owner) = (remedy["place"].as_str().unwrap(), remedy["owner"].as_str().unwrap());
        push_new(&mut remedies, format!("{place} | {owner}"));
    }
    (denied, remedies)
}
