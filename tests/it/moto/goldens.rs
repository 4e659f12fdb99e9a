use std::collections::BTreeMap;

use ebs_preflight::capture::Capture;
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::json;
use serde_json::Value;

use super::server::Server;
use super::shell;
use crate::golden::{self, Golden, library};
use crate::parallel;
use crate::problems::assert_none;
use crate::program::{Credentials, Run};

/// `NAME: REASON` for each capture that the emulator cannot play.
const UNPLAYED: &str = include_str!("../../moto/unplayed.txt");

/// The accounts in which the captures of the library play.
const ACCOUNTS: [&str; 3] = ["111122223333", "444455556666", "999988887777"];

/// The golden library, live: the world of each capture is made in the emulator, and the program must read it and say
/// what it says of the capture.
#[test]
fn the_emulator_plays_the_golden_library() {
    let unplayed: BTreeMap<&str, &str> = UNPLAYED.lines().map(|line| line.split_once(": ").unwrap()).collect();
    let library = library();
    let mut problems: Vec<String> = Vec::new();
    for name in unplayed.keys().filter(|name| !library.iter().any(|golden| golden.name == **name)) {
        problems.push(format!("unplayed.txt: no capture is called {name}"));
    }
    assert!(library.len() >= unplayed.len() + 120, "{} of {} are not played", unplayed.len(), library.len());

    let server = Server::start();
    let plays: Vec<Play<'_>> =
        library.iter().enumerate().map(|(number, golden)| Play::new(&server, number, golden)).collect();
    server.enforce();
    problems.extend(parallel::problems(&plays, |play| {
        let problems = play.problems(&server);
        let name = &play.golden.name;
        match (unplayed.get(name.as_str()), problems.is_empty()) {
            (None, _) => problems,
            (Some(_), false) => Vec::new(),
            (Some(reason), true) => vec![format!("{name} is played, though unplayed.txt says: {reason}")],
        }
    }));
    assert_none(&problems);
}

/// The lines of `capture --script` read a user with the groups as the program does.
#[test]
fn what_the_aws_cli_prints_of_a_user_is_judged_as_the_capture() {
    let library = library();
    let golden = library.iter().find(|golden| golden.name == "user-denied-by-a-group").unwrap();
    let server = Server::start();
    let play = Play::new(&server, 0, golden);
    let (target, region) = (&play.capture.targets[0], play.capture.read.region.as_str());
    let script = Run::new(&["capture", "--script", "--region", region, "--principal-arn", target.role_arn.as_str()])
        .arguments(&["--instance-id", target.instance_id.as_str()])
        .finish();
    let printed = shell::run(&script.stdout, &server, region, &play.credentials["reader"]);
    let run = Run::new(&["check", "--format", "json"]);
    let file = run.file("printed.txt", &printed);
    let outcome = run.arguments(&["--capture", &file]).finish();
    let judged = serde_json::from_str(&moved_back(&outcome.stdout, 0)).unwrap_or_default();
    assert_none(&golden.problems(&judged));
}

/// A capture in accounts of its own: those of the library with other last digits, so that they sort alike.
struct Play<'g> {
    golden: &'g Golden,
    number: usize,
    capture: Capture,
    credentials: BTreeMap<String, Credentials>,
}

impl<'g> Play<'g> {
    /// Makes the world of a capture in the emulator.
    fn new(server: &Server, number: usize, golden: &'g Golden) -> Self {
        let capture = Capture::parse(&moved(&golden.text, number)).unwrap();
        let credentials = server.seed_golden(&capture);
        Self { golden, number, capture, credentials }
    }

    /// What the program says otherwise than of the capture.
    fn problems(&self, server: &Server) -> Vec<String> {
        let outcome = self.check(server).finish();
        let live: Value = serde_json::from_str(&moved_back(&outcome.stdout, self.number)).unwrap_or_default();
        let mut problems = self.golden.problems(&live);
        let offline = json::render(&preflight(&self.golden.capture(), &self.golden.question()));
        let offline: Value = serde_json::from_str(&offline).unwrap();
        if live["targets"] != offline["targets"] {
            let (live, offline) = (format!("{:#}", live["targets"]), format!("{:#}", offline["targets"]));
            let diff = similar::TextDiff::from_lines(&offline, &live);
            problems.push(format!("{} differs:\n{}", self.golden.name, diff.unified_diff()));
        }
        if !problems.is_empty() {
            problems.push(format!("{}: {}", self.golden.name, outcome.stderr));
        }
        problems
    }

    fn check(&self, server: &Server) -> Run {
        let target = &self.capture.targets[0];
        let region = self.capture.read.region.as_str();
        let mut run = Run::new(&[
            "check",
            "--instance-id",
            target.instance_id.as_str(),
            "--principal-arn",
            target.role_arn.as_str(),
        ])
        .arguments(&["--region", region, "--format", "json"])
        .aws(server.endpoint(), region, &self.credentials["reader"]);
        for (profile, flag) in [("key-owner", "--key-profile"), ("management", "--org-profile")] {
            if let Some(who) = self.credentials.get(profile) {
                run = run.profile(profile, who).arguments(&[flag, profile]);
            }
        }
        let mut flags = self.golden.flags();
        if !flags.iter().any(|flag| flag == "--at") {
            flags.extend(["--at".to_owned(), self.capture.read.until.to_string()]);
        }
        for flag in flags {
            let is_file = flag.ends_with(".session-policy");
            let given = if is_file {
                run.file(&flag, &moved(&golden::file(&flag), self.number))
            } else {
                moved(&flag, self.number)
            };
            run = run.arguments(&[&given]);
        }
        run
    }
}

/// A text of the library, its accounts those of the play `number`.
fn moved(text: &str, number: usize) -> String {
    ACCOUNTS.iter().fold(text.to_owned(), |text, account| text.replace(account, &account_in(account, number)))
}

/// The reverse of [`moved`].
fn moved_back(text: &str, number: usize) -> String {
    ACCOUNTS.iter().fold(text.to_owned(), |text, account| text.replace(&account_in(account, number), account))
}

fn account_in(account: &str, number: usize) -> String {
    format!("{}{number:04}", &account[..8])
}
