//! What people paste: whatever strangers put into the evidence, every command that is printed is run by a shell as it
//! is meant, and nothing else is run.
//!
//! The shell finds an `aws` and an `ebs-preflight` that do nothing but note what they are called with.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use ebs_preflight::calls::{Script, Shell, script};
use ebs_preflight::capture::{Capture, Target};
use ebs_preflight::event::{incidents, read};
use ebs_preflight::names::{AccountId, InstanceId, KeyArn, PrincipalArn, Region};
use ebs_preflight::outcome::Report;
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::text::render_with;
use ebs_preflight::report::{Form, json, remedy_files};
use ebs_preflight::triage;
use jiff::tz::TimeZone;
use serde_json::Value;
use tempfile::TempDir;

use crate::golden::{Golden, library};

/// What the programs are called with between two lines.
const MARK: &str = "between";

/// What a file is called that only an attack makes.
const PWNED: &str = "pwned";

/// Names that end a word, begin another, or are more than a word to a shell or to the AWS CLI.
const HOSTILE: [&str; 16] = [
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned; '",
    "\"; touch pwned; \"",
    "\ntouch pwned\n",
    "\r\ntouch pwned\r\n",
    ";touch${IFS}pwned;",
    "a$p",
    "&& touch pwned #",
    "--endpoint-url=http://pwned",
    "-x",
    "file:///etc/passwd",
    "fileb://secret",
    "\u{202e}$(touch pwned)é",
    "*",
    "\\",
];

/// The same in all places of a name at once, so that what is read still belongs together.
const COHERENT: [(&str, &str); 12] = [
    (":role/", ":role/$(touch${IFS}pwned)/"),
    (":role/", ":role/a'b;touch${IFS}pwned;'/"),
    (":role/", ":role/`touch${IFS}pwned`/"),
    (":role/", ":role/\\\";touch${IFS}pwned;\\\"/"),
    (":user/", ":user/$(touch${IFS}pwned)/"),
    (":group/", ":group/a';touch${IFS}pwned;'/"),
    (":policy/", ":policy/$(touch${IFS}pwned)/"),
    ("arn:aws:", "arn:aws;touch${IFS}pwned;:"),
    ("StartJob", "--endpoint-url=pwned"),
    ("StartJob", "a$p"),
    ("StartJob", "file://pwned"),
    ("p-", "p-$(touch${IFS}pwned)"),
];

/// So many texts of a document are changed at once as there are of these to change: each document is judged so often.
const BATCHES: usize = 4;

/// A shell with programs that note their words, and nothing to read.
struct Pasteboard {
    folder: TempDir,
}

impl Pasteboard {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let shell = Self { folder };
        fs::create_dir(shell.path("bin")).unwrap();
        fs::create_dir(shell.path("work")).unwrap();
        let fake = "#!/bin/sh\n\
                    { printf '%s\\0' \"$#\" \"${0##*/}\" \"$@\"; } >> \"$RECORD\"\n\
                    case \"$*\" in\n\
                    *list-parents*text*) echo r-abcd;;\n\
                    *get-caller-identity*) sed -n 's/^\\[ \"$account\" = \\([0-9]*\\) .*/\\1/p' \"$LINES\";;\n\
                    *'length(Versions)'*) echo 1;;\n\
                    *'--output text'*) cat \"$ANSWERS\";;\n\
                    esac\n";
        for name in ["aws", "ebs-preflight"] {
            fs::write(shell.path("bin").join(name), fake).unwrap();
            fs::set_permissions(shell.path("bin").join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        // What AWS would answer where a script asks for names; none is a pattern of this file.
        fs::write(shell.path("answers"), "$(touch${IFS}pwned)\n--endpoint-url=pwned\n*\n").unwrap();
        fs::write(shell.path("work/seen"), "").unwrap();
        shell
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// What the programs were called with, in the order of the calls.
    fn run(&self, text: &str) -> Vec<Vec<String>> {
        let (record, lines) = (self.path("record"), self.path("lines.sh"));
        fs::write(&record, "").unwrap();
        fs::write(&lines, text).unwrap();
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        let mut sh = Command::new("sh");
        sh.arg(&lines).current_dir(self.path("work")).env_clear().env("PATH", path).env("AWS_REGION", "eu-west-1");
        let output =
            sh.env("RECORD", &record).env("LINES", &lines).env("ANSWERS", self.path("answers")).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        for folder in ["work", "bin", "."] {
            for entry in fs::read_dir(self.path(folder)).unwrap() {
                let name = entry.unwrap().file_name();
                assert!(name != PWNED, "an attack was run by:\n{text}");
            }
        }
        assert!(!errors.contains("not found"), "something else was run: {errors}\n{text}");
        let noted = fs::read_to_string(&record).unwrap();
        let mut words = noted.split_terminator('\0').map(str::to_owned);
        let mut calls = Vec::new();
        while let Some(count) = words.next() {
            calls.push(words.by_ref().take(1 + count.parse::<usize>().unwrap()).collect());
        }
        calls
    }
}

/// Everything that was printed to be pasted.
#[derive(Default)]
struct Pasted {
    /// Commands with the words that they are to be.
    commands: BTreeMap<String, Option<Vec<String>>>,
    scripts: BTreeSet<String>,
}

impl Pasted {
    fn with(mut self, other: Self) -> Self {
        self.commands.extend(other.commands);
        self.scripts.extend(other.scripts);
        self
    }

    fn command(&mut self, line: &str, argv: &Value) {
        assert!(!line.contains(char::is_control), "a command is not one line: {line:?}");
        let words = |words: &Vec<Value>| words.iter().map(|word| word.as_str().unwrap().to_owned()).collect();
        self.commands.insert(line.to_owned(), argv.as_array().map(words));
    }

    /// The commands of a report as JSON.
    fn of_json(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(line) = members.get("command").and_then(Value::as_str) {
                    self.command(line, members.get("argv").unwrap_or(&Value::Null));
                }
                if let Some(lines) = members.get("next").and_then(Value::as_array) {
                    for (line, argv) in lines.iter().zip(members["argv"].as_array().unwrap()) {
                        self.command(line.as_str().unwrap(), argv);
                    }
                }
                if let Some(lines) = members.get("lines").and_then(Value::as_str) {
                    self.scripts.insert(lines.to_owned());
                }
                members.values().for_each(|member| self.of_json(member));
            }
            Value::Array(items) => items.iter().for_each(|item| self.of_json(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// What stands in a text as a command.
    fn of_text(&mut self, text: &str) {
        let is_command = |line: &&str| line.starts_with("aws ") || line.starts_with("ebs-preflight ");
        for line in text.lines().map(str::trim_start).filter(is_command).filter(|line| !line.contains("call model")) {
            self.commands.entry(line.to_owned()).or_default();
        }
    }

    fn of_report(&mut self, report: &Report) {
        self.of_json(&serde_json::from_str(&json::render(report)).unwrap());
        // The forms differ in the remedies alone.
        self.of_text(&render_with(report, Form::Cli));
        if !report.codes().is_empty() {
            for form in [Form::Statement, Form::Document, Form::Diff, Form::Terraform] {
                self.of_text(&render_with(report, form));
            }
        }
        let files = remedy_files(report);
        let scripts = files.into_iter().filter(|(name, _)| name.ends_with(".sh")).map(|(_, text)| text);
        // What must not be there yet is there: nothing else of the script would be run.
        self.scripts.extend(scripts.map(|text| text.replace("\nabsent aws ", "\naws ")));
    }

    /// Runs all of it, and tells how many commands and scripts that were.
    fn run(self) -> (usize, usize) {
        let shell = Pasteboard::new();
        let (told, untold): (Vec<_>, Vec<_>) = self.commands.iter().partition(|(_, argv)| argv.is_some());
        for some in told.chunks(200) {
            let lines: String = some.iter().flat_map(|(line, _)| [line.as_str(), "\n"]).collect();
            let expected: Vec<&Vec<String>> = some.iter().filter_map(|(_, argv)| argv.as_ref()).collect();
            assert_eq!(shell.run(&lines).iter().collect::<Vec<_>>(), expected);
        }
        for some in untold.chunks(200) {
            let lines: String = some.iter().map(|(line, _)| format!("{line}\naws {MARK}\n")).collect();
            let calls = shell.run(&lines);
            let is_mark = |call: &Vec<String>| call.get(1).is_some_and(|word| word == MARK);
            let calls: Vec<&[Vec<String>]> = calls.split(is_mark).collect();
            assert_eq!(calls.len(), some.len() + 1);
            for ((line, _), calls) in some.iter().zip(calls) {
                // One within another is run before it.
                let is_remark = line.starts_with('#');
                assert_eq!(
                    calls.last().map(|call| call[0].as_str()),
                    line.split(' ').next().filter(|_| !is_remark),
                    "{line}"
                );
            }
        }
        for text in &self.scripts {
            let calls = shell.run(text);
            // Where AWS would refuse a policy, a session is created elsewhere, or a change has no command, there is
            // nothing to run.
            let is_empty = text.trim_end().ends_with("cd \"$(dirname \"$0\")\"");
            assert!(!calls.is_empty() || is_empty || text.contains("\n# "), "nothing was run of\n{text}");
            for call in calls {
                assert_eq!(call[0], "aws", "{call:?}");
                let is_option =
                    |word: &String| word.starts_with("--endpoint") || word == "-x" || word.ends_with("seen");
                assert!(!call.iter().any(is_option), "{call:?}");
            }
        }
        (self.commands.len(), self.scripts.len())
    }
}

/// Where texts stand, but for those of policies, and where names of members do.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) if members.contains_key("Statement") => {}
        Value::Object(members) => {
            for (name, member) in members {
                places(member, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(number, item)| places(item, &format!("{at}/{number}"), found));
        }
        Value::String(_) => found.push(at.to_owned()),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The text with every one of its texts put as one of `HOSTILE`, alone or behind what stood there, where `takes` takes
/// it so, some of them at once; and with the same name changed everywhere. `turn` chooses which is put where.
fn changed(text: &str, turn: usize, takes: impl Fn(&str) -> bool) -> Vec<String> {
    let mut all = Vec::new();
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        let mut found = Vec::new();
        places(&value, "", &mut found);
        let put = |mut value: Value, place: &str, number: usize, alone: bool| {
            let member = value.pointer_mut(place).unwrap();
            let old = if alone { "" } else { member.as_str().unwrap_or_default() };
            *member = Value::String(format!("{old}{}", HOSTILE[(number + turn) % HOSTILE.len()]));
            value
        };
        let takes =
            |(number, place): &(usize, &String), alone| takes(&put(value.clone(), place, *number, alone).to_string());
        for alone in [false, true] {
            let taken: Vec<(usize, &String)> = found.iter().enumerate().filter(|at| takes(at, alone)).collect();
            for batch in 0..BATCHES.min(taken.len()) {
                let some = taken.iter().skip(batch).step_by(BATCHES);
                let value = some.fold(value.clone(), |value, (number, place)| put(value, place, *number, alone));
                all.push(value.to_string());
            }
        }
    }
    let coherent = COHERENT.iter().filter(|(from, _)| text.contains(from));
    all.extend(coherent.map(|(from, to)| text.replace(from, to)));
    all
}

#[test]
fn what_a_report_prints_is_run_as_it_is_meant() {
    let goldens = library();
    let numbered: Vec<_> = goldens.iter().enumerate().collect();
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let of_share = |share: &[(usize, &Golden)]| {
        let (mut pasted, mut judged) = (Pasted::default(), 0);
        for (turn, golden) in share {
            // A name that AWS would not give is bad input.
            let is_capture = |text: &str| Capture::parse(text).is_ok();
            for text in changed(&golden.text, *turn, is_capture).into_iter().chain([golden.text.clone()]) {
                if let Ok(capture) = Capture::parse(&text) {
                    pasted.of_report(&preflight(&capture, &golden.question()));
                    judged += 1;
                }
            }
        }
        (pasted, judged)
    };
    let shares: Vec<(Pasted, usize)> = std::thread::scope(|scope| {
        let shares =
            numbered.chunks(numbered.len().div_ceil(threads)).map(|share| scope.spawn(move || of_share(share)));
        let shares: Vec<_> = shares.collect();
        shares.into_iter().map(|share| share.join().unwrap()).collect()
    });
    let judged: usize = shares.iter().map(|(_, judged)| judged).sum();
    let pasted = shares.into_iter().map(|(pasted, _)| pasted).fold(Pasted::default(), Pasted::with);
    let (commands, scripts) = pasted.run();
    println!("{judged} captures judged; {commands} commands and {scripts} scripts run");
    assert!(judged > 500 && commands > 50 && scripts > 100);
}

/// `diff` with a key disabled, which of most starts is a regression with commands that cure it, of every third golden:
/// each is a process of its own.
#[test]
fn what_diff_prints_is_run_as_it_is_meant() {
    let folder = TempDir::new().unwrap();
    let (mut pasted, mut compared) = (Pasted::default(), 0);
    for (turn, golden) in library().iter().enumerate().filter(|(turn, _)| turn.is_multiple_of(3)) {
        let (from, to) = COHERENT[(turn / 3) % 7];
        let text = golden.text.replace(from, to);
        let Ok(capture) = Capture::parse(&text) else { continue };
        let Some(key) = capture.keys.keys().next() else { continue };
        fs::write(folder.path().join("capture.json"), &text).unwrap();
        for format in ["text", "json"] {
            let mut program = Command::new(env!("CARGO_BIN_EXE_ebs-preflight"));
            program.args(["diff", "--capture", "capture.json", "--disable-key", key.as_str(), "--remedy-form", "cli"]);
            let output = program.args(["--format", format]).current_dir(&folder).env_clear().output().unwrap();
            let shown = String::from_utf8(output.stdout).unwrap();
            match serde_json::from_str::<Value>(&shown) {
                Ok(report) => pasted.of_json(&report),
                Err(_) => pasted.of_text(&shown),
            }
            compared += usize::from(!shown.is_empty());
            pasted.of_text(&String::from_utf8_lossy(&output.stderr));
        }
    }
    let (commands, _) = pasted.run();
    println!("{compared} comparisons, {commands} commands run");
    assert!(compared > 20 && commands > 0, "{compared} {commands}");
}

#[test]
fn what_triage_prints_is_run_as_it_is_meant() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/events");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end != "expected")).collect();
    paths.sort();
    let mut pasted = Pasted::default();
    for (turn, path) in paths.iter().enumerate() {
        let text = fs::read_to_string(path).unwrap();
        for text in changed(&text, turn, |_| true).into_iter().chain([text.clone()]) {
            let Ok(found) = read(&text) else { continue };
            let incidents = incidents(found.materials);
            pasted.of_json(&serde_json::from_str(&triage::json(&incidents, &[], &TimeZone::UTC)).unwrap());
            pasted.of_text(&triage::text(&incidents, &TimeZone::UTC));
        }
    }
    // An account in the ARN of somebody whom AWS masks, and a resource that ends its word.
    for text in [
        "An error occurred (AccessDeniedException) when calling the CreateGrant operation: User: \
         arn:aws:sts::$(touch${IFS}pwned):assumed-role/aws:ec2-infrastructure/i-0f3c2a9d8b7e61254 is not authorized to \
         perform: kms:CreateGrant on resource: \
         arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab because no identity-based policy \
         allows the kms:CreateGrant action",
        "An error occurred (AccessDenied) when calling the AssumeRole operation: User: \
         arn:aws:iam::111122223333:user/$(touch${IFS}pwned) is not authorized to perform: sts:AssumeRole on resource: \
         arn:aws;touch${IFS}pwned;:iam::111122223333:role/`touch${IFS}pwned`",
    ] {
        let found = read(text).unwrap();
        pasted.of_text(&triage::text(&incidents(found.materials), &TimeZone::UTC));
    }
    let (commands, _) = pasted.run();
    println!("{commands} commands run");
    assert!(commands > 40);
}

#[test]
fn scripts_run_nothing_of_the_names_that_they_hold_and_read() {
    let mut pasted = Pasted::default();
    let instance = InstanceId::parse("i-0f3c2a9d8b7e61254").unwrap();
    let region = Region::parse("eu-west-1").unwrap();
    for path in ["$(touch${IFS}pwned)", "a'b;touch${IFS}pwned;'", "`touch${IFS}pwned`", "\\\"", "file:", "-x", "#", "~"]
    {
        for kind in ["role", "user"] {
            let arn = format!("arn:aws:iam::111122223333:{kind}/{path}/StartJob");
            let target = Target { instance_id: instance.clone(), role_arn: arn.parse().unwrap() };
            pasted.scripts.insert(script(&Script::Starts(vec![target], Some(region.clone())), Shell::Posix));
            pasted.scripts.insert(script(&Script::Identities(vec![PrincipalArn::parse(&arn).unwrap()]), Shell::Posix));
        }
    }
    for name in ["-x", "--endpoint-url=pwned", "a=b,c", "@file"] {
        let arn = PrincipalArn::parse(&format!("arn:aws:iam::111122223333:role/{name}")).unwrap();
        pasted.scripts.insert(script(&Script::Identities(vec![arn]), Shell::Posix));
    }
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    pasted.scripts.insert(script(&Script::Key(KeyArn::parse(key).unwrap()), Shell::Posix));
    pasted.scripts.insert(script(&Script::Organization(vec![AccountId::parse("111122223333").unwrap()]), Shell::Posix));
    // A partition may have such a part.
    for hostile in HOSTILE.iter().filter(|hostile| **hostile != "-x") {
        assert!(KeyArn::parse(&key.replace("arn:aws:", &format!("arn:aws{hostile}:"))).is_err());
    }
    assert_eq!(pasted.run(), (0, 24));
}

#[test]
fn errors_print_commands_that_are_run_as_they_are_meant() {
    let folder = TempDir::new().unwrap();
    let mut pasted = Pasted::default();
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    // A partition may have a part `-x`.
    for hostile in HOSTILE.iter().filter(|hostile| **hostile != "-x") {
        let profile = format!("--role-arn=arn:aws:iam::111122223333:instance-profile/{hostile}");
        let user = format!("--role-arn=arn:aws:iam::111122223333:user/{}/x", hostile.replace(' ', "${IFS}"));
        let role = format!("--role-arn={hostile}");
        let key = format!("--key={}", key.replace(":aws:", &format!(":aws{hostile}:")));
        let account = format!("--org={hostile}");
        let id = "--instance-id=i-0f3c2a9d8b7e61254";
        for arguments in [
            ["check", id, profile.as_str()],
            ["check", id, &user],
            ["check", id, &role],
            ["capture", "--script", &key],
            ["capture", "--script", &account],
        ] {
            let mut program = Command::new(env!("CARGO_BIN_EXE_ebs-preflight"));
            let output = program.args(arguments).current_dir(&folder).env_clear().output().unwrap();
            assert_ne!(output.status.code(), Some(0), "{arguments:?}");
            assert!(output.stdout.is_empty(), "{arguments:?}");
            pasted.of_text(&String::from_utf8_lossy(&output.stderr));
        }
    }
    assert!(pasted.run().0 > 3);
}
