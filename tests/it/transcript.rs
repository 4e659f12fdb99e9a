//! What the lines of `capture --script` print is a capture; what is cut off or broken on its way is never read as
//! something else.
//!
//! `tests/transcripts/` has those of one start that an SCP blocks: by a reader of the role's account, who may not read
//! the organization, and by one of the management account.

use std::collections::BTreeSet;

use ebs_preflight::answers::{Transcript, TranscriptError, add, assembled};
use ebs_preflight::calls::READS;
use ebs_preflight::calls::{Script, Shell, script};
use ebs_preflight::capture::Capture;
use ebs_preflight::capture::Target;
use ebs_preflight::fact::Fact;
use ebs_preflight::names::{AccountId, KeyArn, PrincipalArn};
use ebs_preflight::operations::Question;
use ebs_preflight::outcome::Verdict;
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::{Detail, Style, text};
use proptest::prelude::*;
use serde_json::{Value, json};

const START: &str = include_str!("../transcripts/start.txt");
const ORGANIZATION: &str = include_str!("../transcripts/organization.txt");

fn transcript(text: &str) -> Result<Capture, TranscriptError> {
    assembled(&[Transcript::parse(text)?])
}

fn verdict(text: &str) -> Option<Verdict> {
    transcript(text).ok().map(|capture| preflight(&capture, &Question::default()).verdict())
}

fn whole() -> String {
    format!("{START}\nand from the administrator:\n\n{ORGANIZATION}")
}

/// The root device, who manages the instance and its license configurations are facts of the instance's own answer.
#[test]
fn what_describe_instances_tells_of_the_instance_decides() {
    for (old, new, expected) in [
        ("\"RootDeviceName\": \"/dev/xvda\"", "\"RootDeviceName\": \"/dev/sda1\"", Verdict::Blocked),
        // Of a volume at a usual device it is taken that it is the root.
        ("\"RootDeviceName\": \"/dev/xvda\", ", "", Verdict::Ready),
        ("\"SourceDestCheck\": true, \"Sriov", "\"Operator\": {\"Managed\": true}, \"Sriov", Verdict::Undecided),
        ("\"SourceDestCheck\": true, \"Sriov", "\"Licenses\": [{}], \"Sriov", Verdict::Undecided),
    ] {
        let changed = START.replacen(old, new, 1);
        assert_ne!(changed, START, "{old}");
        let capture = transcript(&changed).unwrap();
        let report = preflight(&capture, &Question { assume_org_allows: true, ..Question::default() });
        assert_eq!(report.verdict(), expected, "{new}: {}", text::render(&report));
    }
}

#[test]
fn transcripts_of_two_readers_are_one_capture() {
    assert_eq!(verdict(START), Some(Verdict::Undecided));
    assert_eq!(verdict(&whole()), Some(Verdict::Blocked));
    let capture = transcript(&whole()).unwrap();
    assert_eq!(capture.read.by.known().unwrap(), "arn:aws:sts::444455556666:assumed-role/SupportReader/mika");
    assert_eq!(capture.read.region.as_str(), "us-west-2");
    let instance = capture.instances.values().next().unwrap().known().unwrap();
    assert_eq!(instance.condition_keys["ec2:InstanceMarketType"], "on-demand");
    let organization = &capture.organizations[&AccountId::parse("444455556666").unwrap()];
    let levels = organization.known().unwrap().scps.known().unwrap();
    let targets: Vec<&str> = levels.iter().map(|level| level.target.as_str()).collect();
    assert_eq!(targets, ["r-k3vr", "ou-k3vr-9x2c7b4n", "444455556666"]);
}

/// Another account's IAM says nothing of the role; the report tells how it is read.
#[test]
fn a_role_of_another_account_is_unread() {
    let elsewhere = START.replace("sts::444455556666", "sts::333355557777");
    let report = text::render(&preflight(&transcript(&elsewhere).unwrap(), &Question::default()));
    assert!(report.contains("ebs-preflight capture --script --identity arn:aws:iam::"), "{report}");
}

#[test]
fn a_reply_that_quotes_it_changes_nothing() {
    let quoted: String = whole().lines().map(|line| ["> > ", line, "\r\n"].concat()).collect();
    assert_eq!(transcript(&quoted).unwrap(), transcript(&whole()).unwrap());
}

/// Cut at any line, within any line, or with any line gone: what is lost is unread.
#[test]
fn what_is_lost_on_the_way_is_never_ready() {
    let whole = whole();
    let lines: Vec<&str> = whole.lines().collect();
    for gone in 0..lines.len() {
        let without: Vec<&str> = [&lines[..gone], &lines[gone + 1..]].concat();
        assert_ne!(verdict(&without.join("\n")), Some(Verdict::Ready), "without line {}", gone + 1);
        assert_ne!(verdict(&lines[..gone].join("\n")), Some(Verdict::Ready), "to line {gone}");
        let half = lines[gone].len() / 2;
        if lines[gone].is_char_boundary(half) {
            let (left, right) = lines[gone].split_at(half);
            let broken: Vec<&str> = [&lines[..gone], &[left, right][..], &lines[gone + 1..]].concat();
            assert_ne!(verdict(&broken.join("\n")), Some(Verdict::Ready), "with line {} broken", gone + 1);
        }
    }
}

fn mangled(text: &str, kind: usize, which: usize) -> String {
    let replaced = |plain: &str, by: &str| {
        let places: Vec<usize> = text.match_indices(plain).map(|(at, _)| at).collect();
        let Some(at) = places.get(which % places.len().max(1)).copied() else { return text.to_owned() };
        format!("{}{by}{}", &text[..at], &text[at + plain.len()..])
    };
    match kind {
        0 => replaced("\"", "\u{201d}"),
        1 => replaced(" ", "\u{a0}"),
        2 => replaced(" ", "\n"),
        3 => text.replace('"', "\u{201d}"),
        4 => text.replace(' ', "\u{a0}"),
        5 => text.replace('"', "&quot;"),
        6 => {
            // A line end every so many characters, as a terminal or a mail program sets it.
            let width = 20 + which % 80;
            let wrap = |line: &str| {
                let signs: Vec<char> = line.chars().collect();
                signs.chunks(width).map(String::from_iter).collect::<Vec<_>>().join("\n")
            };
            text.lines().map(wrap).collect::<Vec<_>>().join("\n")
        }
        _ => replaced("-", "-\u{200b}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// No mangling makes a start ready: the transcript is read right, or refused.
    #[test]
    fn a_mangled_transcript_is_never_ready(manglings in prop::collection::vec((0..8_usize, any::<usize>()), 1..4)) {
        let text = manglings.iter().fold(whole(), |text, (kind, which)| mangled(&text, *kind, *which));
        prop_assert_ne!(verdict(&text), Some(Verdict::Ready));
    }
}

/// A transcript that was changed on its way is refused with what is wrong, and where.
#[test]
fn what_was_changed_is_named_with_its_place() {
    let key = "### read kms:ListGrants arn:aws:kms:";
    for (text, says) in [
        (START.replacen("\"Account\"", "\u{201c}Account\u{201d}", 1), "5:43: `\u{201c}` (U+201C)"),
        (START.replacen(" \"Account\"", "\u{a0}\"Account\"", 1), "5:42: an invisible character (U+00A0)"),
        (
            START.replacen("\"Account\"", "&quot;Account\"", 1),
            "5:43: in the answer to sts:GetCallerIdentity: `&` (U+0026)",
        ),
        (START.replacen("### region ", "###\u{a0}region ", 1), "2:4: an invisible character (U+00A0)"),
        (START.replacen("### exit 0\n", "", 1), "does not fit here"),
        (START.replacen(key, &key.replace("arn:", "arn:\n"), 1), "does not fit here"),
        (START.replace("### ebs", "\u{1b}[0m### ebs"), "1:1: `"),
        (START.replacen('/', "/\n", 1), "a line end within a string"),
        (
            START.replacen("\"Account\": ", "\"Account\": \"1\", \"Account\": ", 1),
            "`Account` stands twice in one object",
        ),
        (START.replacen("{\"Grants\"", "\u{200b}{\"Grants\"", 1), "an invisible character (U+200B)"),
        (START.replacen("role/night-start", "role/night\u{200b}start", 1), "7:68: an invisible character (U+200B)"),
        (script(&Script::Organization(Vec::new()), Shell::Posix), "not what they print"),
    ] {
        let error = transcript(&text).unwrap_err().to_string();
        assert!(error.contains(says), "{says}: {error}");
    }
    let quoted = format!("> {}", START.replacen("\"Account\"", "\u{201c}Account\u{201d}", 1).replace('\n', "\n> "));
    assert!(transcript(&quoted).unwrap_err().to_string().starts_with("5:45: "));
}

/// Signs in a tag may stand so in AWS: the transcript is taken, and the tags decide nothing. Elsewhere they are refused.
#[test]
fn tags_with_signs_of_typography_count_as_unread() {
    let pretty = |line: &str, change: &dyn Fn(&mut Value)| {
        let mut answer: Value = line.parse().unwrap();
        change(&mut answer);
        serde_json::to_string_pretty(&answer).unwrap()
    };
    let with = |tag: &str, state: &str| {
        let lines = START.lines().map(|line| {
            let tags = json!([{ "Key": "Name", "Value": tag }]);
            match line {
                _ if line.starts_with("{\"Reservations\"") => pretty(line, &|answer| {
                    answer["Reservations"][0]["Instances"][0]["Tags"] = tags.clone();
                    answer["Reservations"][0]["Instances"][0]["StateTransitionReason"] = json!(state);
                }),
                _ if line.starts_with("{\"Role\"") => pretty(line, &|answer| answer["Role"]["Tags"] = tags.clone()),
                _ if line.starts_with("{\"Tags\"") => {
                    pretty(line, &|answer| answer["Tags"] = json!([{ "TagKey": tag, "TagValue": "1" }]))
                }
                _ => line.to_owned(),
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    for (tag, is_read) in [("batch - 01", true), ("batch \u{2013} 01", false), ("batch\u{3000}01", false)] {
        let capture = transcript(&with(tag, "")).unwrap();
        let instance = capture.instances.values().next().unwrap().known().unwrap();
        let role = capture.identities.values().next().unwrap().known().unwrap();
        let key = capture.keys.values().next().unwrap();
        let unread = [instance.tags_unread.is_some(), role.tags.unread().is_some(), key.tags.unread().is_some()];
        assert_eq!(unread, [!is_read; 3], "{tag}");
        let report = text::render(&preflight(&capture, &Question::default()));
        let style = Style { detail: Detail::Full, ..Style::default() };
        let whole = text::render_with(&preflight(&capture, &Question::default()), style);
        assert_eq!(whole.contains("in a tag"), !is_read, "{whole}");
        assert!(
            report.starts_with("UNDECIDED") && !report.contains("the tags"),
            "no condition asks for them: {report}"
        );
    }
    assert!(transcript(&with("batch", "User\u{2013}initiated")).is_err());
}

/// What a script says of each answer that it puts into the transcript.
fn asked(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let line = line.strip_prefix("r ")?;
        line.strip_prefix('"').map_or_else(|| line.split(' ').next(), |quoted| quoted.split('"').next())
    })
}

/// The actions whose answers a script puts into the transcript.
fn actions(text: &str) -> BTreeSet<&str> {
    asked(text).filter_map(|asked| asked.split(' ').next()).collect()
}

#[test]
fn the_script_of_a_start_makes_all_reads_and_no_other() {
    let mut targets = transcript(START).unwrap().targets;
    let user = "arn:aws:iam::444455556666:user/ops/cron".to_owned();
    targets.push(Target { role_arn: user.parse().unwrap(), ..targets[0].clone() });
    let text = script(&Script::Starts(targets, None), Shell::Posix);
    let all: BTreeSet<&str> = READS.iter().map(|read| read.action).collect();
    assert_eq!(actions(&text), all);
    // What it asks AWS besides, to find its way, are the same reads.
    let is_word = |at: usize| text[..at].ends_with(['(', ' ']);
    let asked = text.match_indices("q ").filter(|(at, _)| is_word(*at));
    let asked: BTreeSet<&str> = asked.filter_map(|(at, _)| text[at + 2..].split(" --").next()).collect();
    assert_eq!(asked.len(), 15, "{asked:?}");
    assert!(asked.iter().all(|command| text.contains(&format!("\" {command} "))), "{asked:?}");
}

/// Every mark that a script prints is one that is read.
#[test]
fn the_marks_of_a_script_fit() {
    let mut targets = transcript(START).unwrap().targets;
    let user = "arn:aws:iam::444455556666:user/ops/cron".to_owned();
    targets.push(Target { role_arn: user.parse().unwrap(), ..targets[0].clone() });
    let text = script(&Script::Starts(targets, None), Shell::Posix);
    let values = [("$k", "arn:aws:kms:us-west-2:444455556666:key/1f2e3d4c-5b6a-4798-8071-625344352617"), ("$v", "v3")];
    let names = [
        ("$d", "vol-0d1e2f3a4b5c6d7e8"),
        ("$p", "name"),
        ("$s", "cks-1"),
        ("$t", "r-k3vr"),
        ("$g", "ops"),
        ("$n", "cron"),
    ];
    let values =
        values.into_iter().chain(names).chain([("$i", "i-0c4d5e6f708192a3b"), ("$f", "SERVICE_CONTROL_POLICY")]);
    let mut printed =
        String::from("### ebs-preflight transcript 1\n### region us-west-2\n### time 2026-11-25T03:54:03Z\n");
    for asked in asked(&text) {
        let asked = values.clone().fold(asked.to_owned(), |asked, (name, value)| asked.replace(name, value));
        printed.extend(["### read ", &asked, "\nUnable to locate credentials\n### exit 253\n"]);
    }
    let capture = transcript(&printed).unwrap();
    assert_eq!(capture.keys.len(), 1, "{printed}");
}

#[test]
fn the_scripts_for_the_other_side_read_only_theirs() {
    let key = KeyArn::parse("arn:aws:kms:eu-west-1:333355557777:key/1f2e3d4c-5b6a-4798-8071-625344352617").unwrap();
    let of_key = script(&Script::Key(key), Shell::Posix);
    assert!(actions(&of_key).iter().all(|action| action.starts_with("kms:") || action.starts_with("sts:")));
    let user = PrincipalArn::parse("arn:aws:iam::333355557777:user/ops/cron").unwrap();
    let of_user = script(&Script::Identities(vec![user]), Shell::Posix);
    assert!(actions(&of_user).iter().all(|action| action.starts_with("iam:") || action.starts_with("sts:")));
    assert!(actions(&of_user).contains("iam:ListGroupsForUser") && !actions(&of_user).contains("iam:GetRole"));
    let of_tree = script(&Script::Organization(vec![AccountId::parse("444455556666").unwrap()]), Shell::Posix);
    assert!(actions(&of_tree).iter().all(|action| action.starts_with("organizations:") || action.starts_with("sts:")));
}

/// Of two transcripts the newer counts, in whichever order they are handed in; a refusal overrules nothing, and the
/// age of what is older is told.
#[test]
fn the_newer_transcript_counts() {
    let grants = "### read kms:ListGrants ";
    let section = |text: &str| {
        let from = text.find(grants).unwrap();
        (from, from + text[from..].find("### exit").unwrap())
    };
    let (from, to) = section(START);
    let asked = START[from..to].lines().next().unwrap().to_owned();
    let with = |answer: &str, exit: &str, day: &str| {
        let rest = START[to..].split_once('\n').unwrap().1;
        let text = format!("{}{asked}\n{answer}\n### exit {exit}\n{rest}", &START[..from]);
        text.replace("### time 2026-11-2", &format!("### time {day}"))
    };
    let one = r#"{ "Grants": [ { "GrantId": "a1", "GranteePrincipal": "arn:aws:iam::444455556666:root", "Operations": ["Decrypt"] } ] }"#;
    let old = with(one, "0", "2025-11-2");
    let new = with(r#"{ "Grants": [] }"#, "0", "2026-11-2");
    let refused =
        with("An error occurred (AccessDeniedException) when calling the ListGrants operation: no", "254", "2026-11-2");
    let grants_of = |texts: [&str; 2]| {
        let capture = transcript(&texts.join("\n")).unwrap();
        let grants = capture.keys.values().next().unwrap().grants.known().unwrap().len();
        (grants, capture.handed.len())
    };
    for (a, b, expected) in [(&old, &new, (0, 0)), (&old, &refused, (1, 1))] {
        assert_eq!(grants_of([a, b]), expected);
        assert_eq!(grants_of([b, a]), expected);
    }
    let told = transcript(&[refused, old].join("\n")).unwrap().handed.remove(0);
    assert_eq!(
        (told.what.as_str(), told.read.unwrap().to_string().get(..4)),
        (&asked["### read ".len()..], Some("2025"))
    );
}

/// An older text of a version that is no longer the default says nothing, in one file or in several.
#[test]
fn only_the_newest_default_version_counts() {
    let text = "### read iam:GetPolicyVersion arn:aws:iam::444455556666:policy/volume-keys v1";
    let from = START.find(text).unwrap();
    let to = from + START[from..].find("### exit 0").unwrap();
    let refused = format!(
        "{}{}\nAn error occurred (AccessDenied) when calling the GetPolicyVersion operation: no\n### exit 254{}",
        &START[..from],
        text.replace(" v1", " v2"),
        &START[to + "### exit 0".len()..]
    );
    let new = refused.replace("\"DefaultVersionId\": \"v1\"", "\"DefaultVersionId\": \"v2\"");
    let old = START.replace("### time 2026-11-2", "### time 2025-11-2");
    let document = |capture: &Capture| {
        let role = capture.identities.values().next().unwrap().known().unwrap();
        role.attached.known().unwrap()[0].document.unread().map(|unread| unread.needs.clone())
    };
    let parsed = |text: &str| Transcript::parse(text).unwrap();
    let expected = Some("iam:GetPolicyVersion".to_owned());
    assert_eq!(document(&transcript(&old).unwrap()), None);
    assert_eq!(document(&transcript(&[new.as_str(), &old].join("\n")).unwrap()), expected);
    assert_eq!(document(&assembled(&[parsed(&old), parsed(&new)]).unwrap()), expected);
    let mut capture = transcript(&new).unwrap();
    add(&mut capture, &[parsed(&old), parsed(&new)], 2);
    assert_eq!(document(&capture), expected);
    // The capture remembers it.
    let mut capture = transcript(&new).unwrap();
    add(&mut capture, &[parsed(&old)], 1);
    assert_eq!(document(&capture), expected);
    let mut capture = transcript(&refused.replace("### time 2026-11-2", "### time 2024-11-2")).unwrap();
    add(&mut capture, &[parsed(&old)], 1);
    assert_eq!(document(&capture), None);
}

/// A key or role that was looked for and is not there does not come back by an older transcript.
#[test]
fn what_was_read_is_not_changed_by_what_is_added() {
    let mut capture = transcript(START).unwrap();
    capture.keys.values_mut().for_each(|key| key.metadata = Fact::Absent);
    capture.identities.values_mut().for_each(|identity| *identity = Fact::Absent);
    capture.instances.values_mut().for_each(|instance| *instance = Fact::Absent);
    let mut after = capture.clone();
    add(&mut after, &[Transcript::parse(START).unwrap()], 1);
    assert_eq!(after, capture);
    assert!(Transcript::parse("no transcript").is_err());
}

#[cfg(feature = "cli")]
mod program {
    use std::process::{Command, Output};

    fn check(arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ebs-preflight"));
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
        command.arg("check").args(arguments).current_dir(folder).env_clear().output().unwrap()
    }

    #[test]
    fn a_folder_of_transcripts_and_an_organization_file_say_the_same() {
        let folder = check(&["--capture", "."]);
        assert_eq!(folder.status.code(), Some(1));
        let file = check(&["--capture", "start.txt", "--org-file", "organization.txt"]);
        assert_eq!(file.status.code(), Some(1));
        let said = String::from_utf8_lossy(&file.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("no-grants"), "{said}");
        assert!(said.contains("from organization.txt, read 2026-11-12 03:54 UTC, 12 days before the rest"), "{said}");
    }

    /// The path of a file with this text.
    fn written(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The transcript's sections for which `keep` holds, by what was read; its other lines all.
    fn only(keep: impl Fn(&str) -> bool) -> String {
        let mut keeps = true;
        let kept = super::START.lines().filter(|line| {
            if let Some(read) = line.strip_prefix("### read ") {
                keeps = keep(read);
            }
            let own = keeps;
            keeps |= line.starts_with("### exit");
            own
        });
        kept.flat_map(|line| [line, "\n"]).collect()
    }

    #[test]
    fn what_the_missing_lines_print_is_added_to_what_was_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| written(&folder, name, text);
        let targets = |arguments: &[&str]| {
            let output = check(&[&["--format", "json"], arguments].concat());
            let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            (output.status.code(), report["targets"].clone())
        };
        let whole = targets(&["--capture", "start.txt"]);
        for part in ["iam:", "kms:", "ec2:DescribeVolumes"] {
            let is_part = |read: &str| read.starts_with(part) || read.starts_with("sts:");
            let rest = file("rest.txt", &only(|read| !read.starts_with(part)));
            let lines = file("part.txt", &only(|read| is_part(read) || (part != "iam:" && read.starts_with("ec2:"))));
            assert_ne!(targets(&["--capture", &rest]).1, whole.1, "{part}");
            assert_eq!(targets(&["--capture", &rest, "--add", &lines]), whole, "{part}");
        }
        let added = targets(&["--capture", "start.txt", "--add", "organization.txt"]);
        assert_eq!(added, targets(&["--capture", "start.txt", "--org-file", "organization.txt"]));
        assert_eq!(check(&["--capture", "start.txt", "--add", "start.txt"]).status.code(), Some(2));
        // Of several files the newest counts, in whichever order they are typed.
        let rest = file("rest.txt", &only(|read| !read.starts_with("kms:ListGrants")));
        let granted = |day: &str, operations: &str| {
            let grant = format!(
                r#"{{"Grants": [{{"GrantId": "a1", "GranteePrincipal": "arn:aws:iam::444455556666:role/night-start", "Operations": [{operations}]}}]}}"#
            );
            let lines = only(|read| read.starts_with("kms:ListGrants") || read.starts_with("sts:"));
            let answer = lines.lines().find(|line| line.contains("\"Grants\"")).unwrap().to_owned();
            lines.replace(&answer, &grant).replace("### time 2026-11-2", &format!("### time {day}"))
        };
        let old = file("old.txt", &granted("2026-10-2", "\"CreateGrant\", \"Decrypt\""));
        let new = file("new.txt", &granted("2026-11-2", "\"Encrypt\""));
        let with = |files: [&str; 2]| targets(&["--capture", &rest, "--add", files[0], "--add", files[1]]);
        // Of a file that holds an older and a newer part only the newer counts against another file.
        let oldest = granted("2026-09-2", "\"CreateGrant\", \"Decrypt\"");
        let newest = only(|read| read.starts_with("sts:"));
        let both = file("both.txt", &format!("{oldest}\n{newest}"));
        let between = file("between.txt", &granted("2026-10-2", "\"Encrypt\""));
        assert_eq!(with([&both, &between]), with([&between, &both]));
        assert_eq!(with([&both, &between]).1, targets(&["--capture", &rest, "--add", &between]).1);
        assert_eq!(with([&old, &new]), with([&new, &old]));
        assert_eq!(with([&old, &new]).1, targets(&["--capture", &rest, "--add", &new]).1);
    }

    /// Of some lines the output alone is enough: it says what it is of.
    #[test]
    fn output_that_says_what_it_is_of_is_added() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let targets = |arguments: &[&str]| {
            let output = check(&[&["--format", "json"], arguments].concat());
            let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            (output.status.code(), report["targets"].clone())
        };
        for read in ["iam:GetRole ", "kms:DescribeKey "] {
            let section = super::START.split_once(&format!("### read {read}")).unwrap().1;
            let answer = section.split_once('\n').unwrap().1.split_once("### exit").unwrap().0;
            std::fs::write(path("answer.json"), answer).unwrap();
            std::fs::write(path("rest.txt"), only(|one| !one.starts_with(read))).unwrap();
            let whole = targets(&["--capture", "start.txt"]);
            assert_ne!(targets(&["--capture", &path("rest.txt")]).1, whole.1, "{read}");
            assert_eq!(targets(&["--capture", &path("rest.txt"), "--add", &path("answer.json")]), whole, "{read}");
        }
        for (text, says) in [
            (r#"{ "PolicyNames": ["a"] }"#, "was read already"),
            (
                r#"{ "KeyMetadata": { "Arn": "arn:aws:kms:us-west-2:111122223333:key/1" } }"#,
                "which no start here concerns",
            ),
        ] {
            std::fs::write(path("answer.json"), text).unwrap();
            let output = check(&["--capture", "start.txt", "--add", &path("answer.json")]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.code() == Some(2) && said.contains(says), "{said}");
        }
    }

    #[test]
    fn a_transcript_that_is_cut_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cut.txt");
        std::fs::write(&file, &super::START[..super::START.len() / 2]).unwrap();
        let output = check(&["--capture", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(3));
        assert!(String::from_utf8_lossy(&output.stderr).contains("ends before the script did"));
    }

    /// That an instance is not there counts from its own account only, also in a file that is newer.
    #[test]
    fn that_an_instance_is_gone_only_its_own_account_tells() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| written(&folder, name, text);
        let rest = file("rest.txt", &only(|read| !read.starts_with("ec2:")));
        let seen = only(|read| read.starts_with("ec2:") || read.starts_with("sts:"));
        let from = seen.find("### read ec2:").unwrap();
        let gone = "\nAn error occurred (InvalidInstanceID.NotFound) when calling the DescribeInstances operation: The \
                    instance ID 'i-0c4d5e6f708192a3b' does not exist\n### exit 254\n### end\n";
        let gone = format!("{}### read ec2:DescribeInstances i-0c4d5e6f708192a3b{gone}", &seen[..from]);
        let elsewhere = file("elsewhere.txt", &gone.replace("sts::444455556666", "sts::333355557777"));
        let here = file("here.txt", &gone);
        let seen = file("seen.txt", &seen.replace("### time 2026-11-2", "### time 2026-10-2"));
        let status = |add: &str| check(&["--capture", &rest, "--add", add, "--add", &seen]).status.code();
        assert_eq!(check(&["--capture", &rest, "--add", &seen]).status.code(), Some(3));
        assert_eq!((status(&elsewhere), status(&here)), (Some(3), Some(2)));
    }

    /// Two outputs that do not tell their time, and contradict each other, are refused in either order.
    #[test]
    fn of_two_outputs_without_a_time_neither_counts() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| written(&folder, name, text);
        let rest = file("rest.txt", &only(|read| !read.starts_with("kms:DescribeKey")));
        let lines = only(|read| read.starts_with("kms:DescribeKey"));
        let answer = lines.lines().find(|line| line.contains("\"KeyMetadata\"")).unwrap();
        let enabled = file("enabled.json", answer);
        let disabled = file("disabled.json", &answer.replace("\"Enabled\"", "\"Disabled\""));
        let status = |files: &[&str]| {
            let add: Vec<&str> = files.iter().flat_map(|file| ["--add", file]).collect();
            check(&[&["--capture", rest.as_str()], add.as_slice()].concat()).status.code()
        };
        assert_eq!((status(&[&enabled, &disabled]), status(&[&disabled, &enabled])), (Some(2), Some(2)));
        assert_eq!((status(&[&enabled]), status(&[&disabled])), (Some(3), Some(1)));
    }

    /// Of two files about the organization the newer counts, in whichever order they are typed.
    #[test]
    fn the_newer_organization_file_counts() {
        let folder = tempfile::tempdir().unwrap();
        let organization = super::ORGANIZATION;
        let old = organization.replace("### time 2026-", "### time 2025-").replace("\\\"Deny\\\"", "\\\"Allow\\\"");
        assert_ne!(old, organization.replace("### time 2026-", "### time 2025-"));
        let path = folder.path().join("old.txt");
        std::fs::write(&path, old).unwrap();
        let old = path.to_str().unwrap();
        let status = |files: [&str; 2]| {
            check(&["--capture", "start.txt", "--org-file", files[0], "--org-file", files[1]]).status.code()
        };
        assert_eq!(status([old, "organization.txt"]), Some(1));
        assert_eq!(status(["organization.txt", old]), Some(1));
        assert_eq!(check(&["--capture", "start.txt", "--org-file", old]).status.code(), Some(0));
    }

    /// A folder holds transcripts and at most one capture; what else is in it is named, and what is hidden is not.
    #[test]
    fn a_folder_is_read_as_people_keep_it() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).unwrap();
        let judged = || {
            let output = check(&["--capture", folder.path().to_str().unwrap()]);
            (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
        };
        write(".DS_Store", &[0, 0xff]);
        let (status, said) = judged();
        assert!(status == Some(2) && said.contains("holds no evidence"), "{said}");
        write("start.txt", super::START.as_bytes());
        assert_eq!(judged(), (Some(3), String::new()));
        let utf16: Vec<u8> =
            format!("\u{feff}{}", super::ORGANIZATION).encode_utf16().flat_map(u16::to_le_bytes).collect();
        write("org.txt", &utf16);
        write("notes.md", b"call Mika");
        let (status, said) = judged();
        assert_eq!(status, Some(1));
        assert!(
            said.contains("read as UTF-16 text") && said.contains("notes.md") && !said.contains(".DS_Store"),
            "{said}"
        );
        let demo = include_bytes!("../../src/cli/demo.json");
        write("a.json", demo);
        let (status, said) = judged();
        assert!(status == Some(2) && said.contains("a capture and a transcript of a start"), "{said}");
        std::fs::remove_file(folder.path().join("start.txt")).unwrap();
        assert_eq!(judged().0, Some(1));
        write("b.json", demo);
        let (status, said) = judged();
        assert!(status == Some(2) && said.contains("several captures"), "{said}");
    }

    #[test]
    fn a_packed_file_is_unpacked_or_refused_with_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("start.txt.gz");
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packer, super::START.as_bytes()).unwrap();
        std::fs::write(&file, packer.finish().unwrap()).unwrap();
        assert_eq!(check(&["--capture", file.to_str().unwrap()]).status.code(), Some(3));
        std::fs::write(&file, b"PK\x03\x04...").unwrap();
        let output = check(&["--capture", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("unzip"));
    }

    #[test]
    fn a_file_that_is_no_evidence_is_refused() {
        let output = check(&["--capture", "start.txt", "--org-file", "../it/main.rs"]);
        assert_eq!(output.status.code(), Some(2));
    }
}
