use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use ebs_preflight::capture::Capture;
use serde_json::{Value, json};

use super::python;
use crate::program::Credentials;

const SERVE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/moto/serve.py");

/// A running emulator. It ends when its standard input is closed: when this is dropped, or when the test process
/// ends in whatever way.
pub(super) struct Server {
    endpoint: String,
    process: Child,
    conversation: Mutex<Option<Conversation>>,
}

struct Conversation {
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What became of a situation in the emulator.
pub(super) struct World {
    pub(super) region: String,
    pub(super) instance: String,
    pub(super) role: String,
    /// What the placeholders of the situation stand for.
    pub(super) names: BTreeMap<String, String>,
    pub(super) credentials: BTreeMap<String, Credentials>,
}

impl Server {
    pub(super) fn start() -> Self {
        let mut process = Command::new(python::with_emulator())
            .arg(SERVE)
            // 1,300 images into every account would take most of the time.
            .env("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let requests = process.stdin.take().unwrap();
        let mut answers = BufReader::new(process.stdout.take().unwrap());
        let mut port = String::new();
        answers.read_line(&mut port).unwrap();
        assert!(port.trim().parse::<u16>().is_ok(), "{SERVE} did not start: see standard error");
        let conversation = Mutex::new(Some(Conversation { requests, answers }));
        Self { endpoint: format!("http://127.0.0.1:{}", port.trim()), process, conversation }
    }

    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Makes `situation` in an account of its own; `readers` are roles that may do only the actions listed.
    pub(super) fn seed(&self, number: usize, situation: &Value, readers: &BTreeMap<String, Vec<&str>>) -> World {
        let (account, management) = (format!("{}", 310_000_000_000 + number), format!("{}", 870_000_000_000 + number));
        let made = self.ask(&json!({
            "seed": situation, "account": account, "management": management, "readers": readers,
        }));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let texts = made["names"].as_object().unwrap().iter();
        World {
            region: text(&made["region"]),
            instance: text(&made["instance"]),
            role: text(&made["role"]),
            names: texts.map(|(name, value)| (name.clone(), text(value))).collect(),
            credentials: credentials(&made),
        }
    }

    /// Makes the world of a capture in the accounts that it names: the credentials of each profile that reads it.
    pub(super) fn seed_golden(&self, capture: &Capture) -> BTreeMap<String, Credentials> {
        credentials(&self.ask(&json!({ "golden": capture })))
    }

    /// From now on the policies of whoever asks are enforced, in every account.
    pub(super) fn enforce(&self) {
        self.ask(&json!({ "enforce": true }));
    }

    fn ask(&self, request: &Value) -> Value {
        let mut conversation = self.conversation.lock().unwrap();
        let Conversation { requests, answers } = conversation.as_mut().unwrap();
        writeln!(requests, "{request}").unwrap();
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert!(answer["error"].is_null(), "the emulator: {}", answer["error"].as_str().unwrap());
        answer
    }
}

/// The access keys of an answer.
fn credentials(made: &Value) -> BTreeMap<String, Credentials> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let named = made["credentials"].as_object().unwrap().iter();
    let key = |key: &Value| Credentials { id: text(&key[0]), secret: text(&key[1]), token: text(&key[2]) };
    named.map(|(name, value)| (name.clone(), key(value))).collect()
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.conversation.get_mut().map(Option::take));
        let _ = self.process.wait();
    }
}

impl World {
    /// `text` with the placeholders (`<role>`, `<key NAME>`, …) replaced.
    pub(super) fn fill(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("<{name}>"), value))
    }
}
