//! What `triage` reads from texts as tools, logs and people pass them on.
//!
//! `tests/events/shapes/` holds the shapes by where they come from: a heading, the text, and behind `=>` its reading, a
//! line for each incident. AWS's own fixed texts stand in them as `{START}` and the like; every identifier is invented.
//! `BLESS=1` writes the readings anew.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ebs_preflight::event::{incidents, read};
use ebs_preflight::triage::json;
use jiff::tz::TimeZone;
use serde_json::Value;

const MESSAGE: &str = "q3Vt8-LmZ_0pXy7B4kQe1RsJdWc9uFh2nGa5oTbKi6xEyLzMvPqSrUtDwCjNHgXfAbB3C4D5E6F7G8H9I0";
const SESSION: &str = "User: arn:aws:sts::222244446666:assumed-role/NightStarter/job-17 is not authorized to perform: ";
const KEY: &str = "arn:aws:kms:eu-central-1:222244446666:key/7f3c9a52-6d1e-4b80-9c47-2e5f8a0b1d63";
const EC2: &str = "arn:aws:ec2:eu-central-1:222244446666:";

/// AWS's fixed texts, by the name that stands for them.
fn fixed() -> Vec<(&'static str, String)> {
    let encoded = format!("Encoded authorization failure message: {MESSAGE}");
    let operation = "You are not authorized to perform this operation.";
    let on_key = |action: &str, cause: &str| format!("{SESSION}{action} on resource: {KEY} {cause}");
    let grant = |cause: &str| on_key("kms:CreateGrant", cause);
    let none = |kind: &str, action: &str| format!("because no {kind} allows the {action} action");
    let ec2 = |action: &str, resource: &str| {
        let cause = none("identity-based policy", action);
        format!("{operation} {SESSION}{action} on resource: {EC2}{resource} {cause}. {encoded}")
    };
    let slr = "User: arn:aws:sts::222244446666:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling";
    vec![
        ("START", ec2("ec2:StartInstances", "instance/i-0a9b8c7d6e5f40312")),
        ("RUN", ec2("ec2:RunInstances", "subnet/subnet-0a1b2c3d4e5f60718")),
        ("FLEET", ec2("ec2:CreateFleet", "fleet/*")),
        ("BARE", format!("{operation} {encoded}")),
        ("ENCODED", encoded.clone()),
        ("MESSAGE", MESSAGE.to_owned()),
        ("KEY", KEY.to_owned()),
        ("GRANT", grant(&none("identity-based policy", "kms:CreateGrant"))),
        ("GRANT-KEY", grant(&none("resource-based policy", "kms:CreateGrant"))),
        ("GRANT-BOUNDARY", grant(&none("permissions boundary", "kms:CreateGrant"))),
        ("GRANT-SESSION", grant("with an explicit deny in a session policy")),
        ("GRANT-VPCE", grant("with an explicit deny in a VPC endpoint policy")),
        (
            "GRANT-SCP",
            grant(
                "with an explicit deny in a service control policy: \
                 arn:aws:organizations::999988887777:policy/o-a1b2c3d4e5/service_control_policy/p-0f1e2d3c",
            ),
        ),
        (
            "GRANT-RCP",
            grant(
                "with an explicit deny in a resource control policy: \
                 arn:aws:organizations::999988887777:policy/o-a1b2c3d4e5/resource_control_policy/p-0f1e2d3c",
            ),
        ),
        (
            "GRANT-FOREIGN",
            format!(
                "{SESSION}kms:CreateGrant on this resource because the resource does not exist in this Region, no \
                 resource-based policies allow access, or a resource-based policy explicitly denies access"
            ),
        ),
        (
            "GRANT-SLR",
            format!(
                "{slr} is not authorized to perform: kms:CreateGrant on resource: {KEY} {}",
                none("resource-based policy", "kms:CreateGrant")
            ),
        ),
        (
            "DATAKEY",
            on_key(
                "kms:GenerateDataKeyWithoutPlaintext",
                &none("identity-based policy", "kms:GenerateDataKeyWithoutPlaintext"),
            ),
        ),
        (
            "ASG",
            format!(
                "{SESSION}autoscaling:SetDesiredCapacity on resource: \
                 arn:aws:autoscaling:eu-central-1:222244446666:autoScalingGroup:1111:autoScalingGroupName/web {}",
                none("identity-based policy", "autoscaling:SetDesiredCapacity")
            ),
        ),
        ("REASON", "Client.InternalError: Client error on launch".to_owned()),
        ("KMSREASON", "Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state".to_owned()),
    ]
}

struct Shape {
    name: String,
    raw: String,
    text: String,
    reading: String,
}

fn files() -> Vec<(PathBuf, Vec<Shape>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/events/shapes");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let fixed = fixed();
    let shapes = |path: &PathBuf| {
        let file = std::fs::read_to_string(path).unwrap();
        let shape = |part: &str| {
            let (name, rest) = part.split_once('\n').unwrap();
            let (lines, reading): (Vec<&str>, Vec<&str>) = rest.lines().partition(|line| !line.starts_with("=> "));
            let raw = lines.join("\n").trim_end().to_owned();
            let text =
                fixed.iter().fold(raw.clone(), |text, (name, words)| text.replace(&format!("{{{name}}}"), words));
            Shape { name: name.to_owned(), raw, text, reading: reading.join("\n") }
        };
        format!("\n{file}").split("\n## ").skip(1).map(shape).collect()
    };
    paths.into_iter().map(|path| (path.clone(), shapes(&path))).collect()
}

/// Every shape: the name of its file, its own, and its text.
pub(crate) fn texts() -> impl Iterator<Item = (String, String, String)> {
    files().into_iter().flat_map(|(path, shapes)| {
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        shapes.into_iter().map(move |shape| (file.clone(), shape.name, shape.text))
    })
}

/// What a text says, a line for each incident; `None` if it is not understood.
fn told(text: &str) -> Option<(Vec<Value>, bool)> {
    let found = read(text).ok()?;
    let is_cut = !found.unread.is_empty();
    let report: Value = serde_json::from_str(&json(&incidents(found.materials), &[], &TimeZone::UTC)).unwrap();
    Some((report["incidents"].as_array().unwrap().clone(), is_cut))
}

fn reading(text: &str) -> String {
    let Some((incidents, is_cut)) = told(text) else { return "=> not understood".to_owned() };
    let mut lines: Vec<String> = incidents.iter().map(|incident| format!("=> {}", line(incident))).collect();
    if is_cut {
        lines.push("=> and a part that is not read".to_owned());
    }
    lines.join("\n")
}

fn line(incident: &Value) -> String {
    let mut line = core(incident);
    let text = |name: &str| incident[name].as_str().unwrap_or_default().to_owned();
    let last = |name: &str| {
        let names = incident[name].as_array().unwrap().iter().map(|one| one.as_str().unwrap());
        names.map(|name| name.rsplit('/').next().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    let facts = [last("volumeIds"), last("instanceIds"), text("region"), text("starter")];
    for fact in facts.iter().filter(|fact| !fact.is_empty()) {
        write!(line, ", {fact}").unwrap();
    }
    if incident["next"].as_array().unwrap().iter().any(|step| step.as_str().unwrap().contains(MESSAGE)) {
        line.push_str(", encoded message");
    }
    if incident["count"] != 1 {
        write!(line, ", {} times", incident["count"]).unwrap();
    }
    line
}

/// What must be the same, whatever stands around the text.
fn core(incident: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let refusal = &incident["refusal"];
    let keys: Vec<String> = incident["keyArns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| text(key).chars().skip(42).take(8).collect())
        .collect();
    let said = if refusal.is_null() { without_message(&text(&incident["what"])) } else { text(&refusal["action"]) };
    let parts = [
        said,
        text(&refusal["decision"]),
        text(&refusal["policyType"]),
        text(&incident["principal"]).rsplit(':').next().unwrap().to_owned(),
        keys.join(" "),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{} {}", text(&incident["verdict"]), parts.join(", "))
}

/// What happened, and the code or a word of it: how a message ends depends on what stands around it.
fn without_message(what: &str) -> String {
    let mut parts = what.split(": ");
    let first = parts.next().unwrap().to_owned();
    if !first.ends_with("failed") && !first.ends_with("because of the key") {
        return first;
    }
    match parts.next().map(|part| part.trim_end_matches([' ', ')', ']', '*'])) {
        Some(code) if !code.contains(' ') => format!("{first}: {code}"),
        _ => first,
    }
}

#[test]
fn every_shape_is_read_as_expected() {
    let files = files();
    assert!(files.iter().map(|(_, shapes)| shapes.len()).sum::<usize>() >= 200, "tests/events/shapes/ is not whole");
    let mut wrong = String::new();
    for (path, shapes) in &files {
        let mut blessed = String::new();
        for shape in shapes {
            let found = reading(&shape.text);
            write!(blessed, "## {}\n{}\n{found}\n\n", shape.name, shape.raw).unwrap();
            if found != shape.reading {
                write!(wrong, "{}: {}\n{found}\n", path.display(), shape.name).unwrap();
            }
        }
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(path, blessed.trim_end().to_owned() + "\n").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The cores of the incidents in any order: what stands before another text may change their order.
fn cores(text: &str) -> Option<(Vec<String>, bool)> {
    let (incidents, is_cut) = told(text)?;
    let mut cores: Vec<String> = incidents.iter().map(core).collect();
    cores.sort();
    Some((cores, is_cut))
}

/// Nothing around a message hides it or changes what it says.
#[test]
fn noise_around_a_shape_changes_nothing() {
    let noises: [(&str, &str); 11] = [
        ("", "\n"),
        ("Hello,\n\nthis is what we see:\n\n", "\n\nBest regards,\nKim Example\n-- \nNight Operations, floor 3\n"),
        ("$ ./start.sh\n", "\n$ "),
        ("2026-10-02T22:30:59Z INFO begin\n", "\n2026-10-02T22:31:02Z INFO done\n"),
        ("[1/3] ", " ]"),
        ("error: ", ""),
        ("*** ", " ***"),
        ("```\n", "\n```\n"),
        ("(", ")"),
        ("", "\nTraceback (most recent call last):\n  File \"x.py\", line 1, in <module>\n"),
        ("", "\nEND RequestId: 5c0f6a1e-3b7d-4c2f-9a8e-1d2c3b4a5f60\nreal\t0m1.204s\n"),
    ];
    let mut wrong = String::new();
    for shape in files().iter().flat_map(|(_, shapes)| shapes) {
        let alone = cores(&shape.text);
        for (before, behind) in noises {
            let found = cores(&format!("{before}{}{behind}", shape.text));
            if found.as_ref().map(|(cores, _)| cores) != alone.as_ref().map(|(cores, _)| cores) {
                write!(wrong, "{} in {before:?} {behind:?}:\n  {alone:?}\n  {found:?}\n", shape.name).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Quoted in a mail, escaped in JSON or HTML, with other line ends, a text says the same.
#[test]
fn wrapping_of_a_shape_changes_nothing() {
    let quoted = |text: &str| format!("> {}\n", text.replace('\n', "\n> "));
    let in_json = |text: &str| serde_json::json!({ "log": text, "stream": "stderr" }).to_string();
    let in_html = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    let mut wrong = String::new();
    for shape in files().iter().flat_map(|(_, shapes)| shapes) {
        let text = shape.text.as_str();
        let alone = cores(text).map(|(cores, _)| cores);
        let is_plain = !text.contains('{') && !text.contains('[');
        let mut forms = vec![
            ("quoted", quoted(text)),
            ("CRLF", text.replace('\n', "\r\n")),
            ("JSON", in_json(text)),
            ("JSON in JSON", in_json(&in_json(text))),
            ("a mark before it", format!("\u{feff}{text}")),
        ];
        // JSON whose quotes are entities is JSON no longer.
        if is_plain {
            forms.push(("HTML", in_html(text)));
        }
        for (form, wrapped) in forms {
            let found = cores(&wrapped).map(|(cores, _)| cores);
            if found != alone {
                write!(wrong, "{} as {form}:\n  {alone:?}\n  {found:?}\n", shape.name).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Where lines are broken by a terminal or by mail, or the text is cut, what is read is what the whole text says, or it
/// is said that something is cut.
#[test]
fn a_broken_shape_says_the_same_or_that_it_is_cut() {
    let mut wrong = String::new();
    for shape in files().iter().flat_map(|(_, shapes)| shapes) {
        let text = shape.text.as_str();
        // A break within a value of JSON leaves no JSON; records have tests of their own.
        if text.contains("{\"") || text.contains("{\n") || text.contains("[\n") {
            continue;
        }
        let Some((alone, _)) = cores(text) else { continue };
        let letters: Vec<char> = text.chars().collect();
        let broken = (60..140).step_by(9).map(|width| {
            let lines: Vec<String> = text.lines().map(|line| at_width(line, width)).collect();
            lines.join("\n")
        });
        let cut = (1..8).map(|eighth| letters.iter().take(letters.len() * eighth / 8).collect::<String>());
        for (is_cut_short, text) in broken.map(|text| (false, text)).chain(cut.map(|text| (true, text))) {
            let Some((found, is_told)) = cores(&text) else { continue };
            let is_refused = |core: &&String| core.starts_with("BLOCKED");
            let is_new = found.iter().filter(is_refused).any(|core| !alone.contains(core));
            // A cut text may say less of a refusal; it must not name another key or policy.
            let says_less = |core: &&String| !alone.iter().any(|whole| is_part(core, whole));
            let is_other =
                if is_cut_short { found.iter().filter(is_refused).any(|core| says_less(&core)) } else { is_new };
            if is_other && !is_told {
                write!(wrong, "{}:\n{text}\n  {alone:?}\n  {found:?}\n", shape.name).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn is_part(core: &str, whole: &str) -> bool {
    let whole: Vec<&str> = whole.split(", ").collect();
    core.split(", ").all(|part| part == "denied" || whole.iter().any(|own| own.starts_with(part)))
}

/// A line as a terminal of this width breaks it.
fn at_width(line: &str, width: usize) -> String {
    let letters: Vec<char> = line.chars().collect();
    letters.chunks(width).map(|piece| piece.iter().collect::<String>()).collect::<Vec<_>>().join("\n")
}
