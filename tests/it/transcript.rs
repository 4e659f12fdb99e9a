//! What the lines of `capture --script` print is a capture; what is cut off or broken on its way is never read as
//! something else.
//!
//! `tests/transcripts/` has those of one start that an SCP blocks: by a reader of the role's account, who may not read
//! the organization, and by one of the management account.

use std::collections::BTreeSet;

use ebs_preflight::capture::Target;
use ebs_preflight::collect::reads::READS;
use ebs_preflight::collect::script::{Script, script};
use ebs_preflight::handed::{add, transcript};
use ebs_preflight::names::{AccountId, KeyArn, PrincipalArn};
use ebs_preflight::report::{Verdict, preflight};
use ebs_preflight::source::Reading;
use ebs_preflight::start::Question;

const START: &str = include_str!("../transcripts/start.txt");
const ORGANIZATION: &str = include_str!("../transcripts/organization.txt");

fn verdict(text: &str) -> Option<Verdict> {
    transcript(text).ok().map(|capture| preflight(&capture, &Question::default()).verdict())
}

fn whole() -> String {
    format!("{START}\nand from the administrator:\n\n{ORGANIZATION}")
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

/// The actions whose answers a script puts into the transcript.
fn actions(text: &str) -> BTreeSet<&str> {
    text.lines().filter_map(|line| line.strip_prefix("r \"")?.split([' ', '"']).next()).collect()
}

#[test]
fn the_script_of_a_start_makes_all_reads_and_no_other() {
    let mut targets = transcript(START).unwrap().targets;
    let user = "arn:aws:iam::444455556666:user/ops/cron".to_owned();
    targets.push(Target { role_arn: user, ..targets[0].clone() });
    let text = script(&Script::Starts(targets, None));
    let all: BTreeSet<&str> = READS.iter().map(|read| read.action).collect();
    assert_eq!(actions(&text), all);
    // What it asks AWS besides, to find its way, are the same reads.
    let asked: BTreeSet<&str> =
        text.match_indices("$(q ").filter_map(|(at, _)| text[at + 4..].split(" --").next()).collect();
    assert_eq!(asked.len(), 14, "{asked:?}");
    assert!(asked.iter().all(|command| text.contains(&format!("\" {command} "))), "{asked:?}");
}

#[test]
fn the_scripts_for_the_other_side_read_only_theirs() {
    let key = KeyArn::parse("arn:aws:kms:eu-west-1:333355557777:key/1f2e3d4c-5b6a-4798-8071-625344352617").unwrap();
    let of_key = script(&Script::Key(key));
    assert!(actions(&of_key).iter().all(|action| action.starts_with("kms:") || action.starts_with("sts:")));
    let user = PrincipalArn::parse("arn:aws:iam::333355557777:user/ops/cron").unwrap();
    let of_user = script(&Script::Identities(vec![user]));
    assert!(actions(&of_user).iter().all(|action| action.starts_with("iam:") || action.starts_with("sts:")));
    assert!(actions(&of_user).contains("iam:ListGroupsForUser") && !actions(&of_user).contains("iam:GetRole"));
    let of_tree = script(&Script::Organization(vec![AccountId::parse("444455556666").unwrap()]));
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

/// A key or role that was looked for and is not there does not come back by an older transcript.
#[test]
fn what_was_read_is_not_changed_by_what_is_added() {
    let mut capture = transcript(START).unwrap();
    capture.keys.values_mut().for_each(|key| key.metadata = Reading::Absent);
    capture.identities.values_mut().for_each(|identity| *identity = Reading::Absent);
    capture.instances.values_mut().for_each(|instance| *instance = Reading::Absent);
    let (after, read) = add(capture.clone(), START).unwrap();
    assert_eq!((after, read.is_some()), (capture, true));
    assert!(add(transcript(START).unwrap(), "no transcript").is_err());
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
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
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

    #[test]
    fn a_file_that_is_no_evidence_is_refused() {
        let output = check(&["--capture", "start.txt", "--org-file", "../it/main.rs"]);
        assert_eq!(output.status.code(), Some(2));
    }
}
