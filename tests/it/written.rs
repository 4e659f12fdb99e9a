//! The files of `--write-remedy`: all or none, never over what is no file of its own, and never through a link.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// The folder of the only owner.
const ACCOUNT: &str = "account-111122223333";

/// A folder with the incident's capture.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(TempDir::new().unwrap());
        fs::write(desk.path("incident.json"), include_str!("../../src/cli/demo.json")).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes the remedy into `cure`; the exit status, and what the program said of an error.
    fn cure(&self, more: &[&str]) -> (Option<i32>, String) {
        let mut program = Command::new(env!("CARGO_BIN_EXE_ebs-preflight"));
        program.args(["check", "--capture", "incident.json", "--write-remedy", "cure"]).args(more);
        let output = program.current_dir(&self.0).env_clear().output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    /// What the folder `cure` and the folder of the account in it hold, hidden files as well.
    fn names(&self) -> Vec<String> {
        let names = |folder: &str| -> Vec<String> {
            let entries = fs::read_dir(self.path(folder)).into_iter().flatten();
            entries.map(|one| one.unwrap().file_name().into_string().unwrap()).collect()
        };
        let all = names("cure").into_iter().filter(|name| name != ACCOUNT);
        let mut all: Vec<String> = all.collect();
        all.extend(names(&format!("cure/{ACCOUNT}")).into_iter().map(|name| format!("{ACCOUNT}/{name}")));
        all.sort();
        all
    }
}

#[test]
fn files_are_named_with_account_and_kind_and_are_their_owners() {
    let desk = Desk::new();
    assert_eq!(desk.cure(&[]).0, Some(1));
    let name = format!("{ACCOUNT}/role-111122223333-StartJob-StartEncryptedInstances");
    let ends = ["diff", "json", "template.json", "tf"].map(|end| format!("{name}.{end}")).into_iter();
    let scripts = ["apply.sh", "undo.sh"].map(|script| format!("{ACCOUNT}/{script}"));
    let mut expected: Vec<String> = ends.chain(scripts).chain(["remedy.json".to_owned()]).collect();
    expected.sort();
    assert_eq!(desk.names(), expected);
    for name in desk.names() {
        let mode = fs::metadata(desk.path("cure").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn what_exists_is_replaced_only_if_somebody_says_so() {
    let desk = Desk::new();
    fs::create_dir(desk.path("cure")).unwrap();
    fs::write(desk.path("cure/remedy.json"), "mine").unwrap();
    let (exit, said) = desk.cure(&[]);
    assert_eq!((exit, said.contains("`cure/remedy.json` exists")), (Some(2), true), "{said}");
    assert_eq!(desk.names(), ["remedy.json"]);
    assert_eq!(fs::read_to_string(desk.path("cure/remedy.json")).unwrap(), "mine");
    assert_eq!(desk.cure(&["--force"]).0, Some(1));
    assert_eq!(desk.names().len(), 7);
    assert_ne!(fs::read_to_string(desk.path("cure/remedy.json")).unwrap(), "mine");
}

#[test]
fn a_link_is_neither_followed_nor_replaced() {
    let desk = Desk::new();
    fs::create_dir(desk.path("cure")).unwrap();
    fs::write(desk.path("outside"), "mine").unwrap();
    symlink(desk.path("outside"), desk.path("cure/remedy.json")).unwrap();
    for more in [&[][..], &["--force"]] {
        let (exit, said) = desk.cure(more);
        assert_eq!(exit, Some(2), "{said}");
        assert_eq!(desk.names(), ["remedy.json"], "all or none");
    }
    assert_eq!(fs::read_to_string(desk.path("outside")).unwrap(), "mine");
    assert!(desk.path("cure/remedy.json").is_symlink());
    // One that leads nowhere is one, too.
    fs::remove_file(desk.path("outside")).unwrap();
    assert_eq!(desk.cure(&["--force"]).0, Some(2));
    assert!(!desk.path("outside").exists());
}

#[test]
fn a_folder_that_is_a_link_is_refused() {
    let desk = Desk::new();
    fs::create_dir(desk.path("elsewhere")).unwrap();
    symlink(desk.path("elsewhere"), desk.path("cure")).unwrap();
    let (exit, said) = desk.cure(&["--force"]);
    assert_eq!((exit, said.contains("symbolic link")), (Some(2), true), "{said}");
    assert_eq!(fs::read_dir(desk.path("elsewhere")).unwrap().count(), 0);
}

#[test]
fn all_are_written_or_none() {
    let desk = Desk::new();
    fs::create_dir_all(desk.path("cure/remedy.json")).unwrap();
    fs::write(desk.path("cure/mine"), "mine").unwrap();
    let (exit, said) = desk.cure(&["--force"]);
    assert_eq!((exit, said.contains("no regular file")), (Some(2), true), "{said}");
    assert_eq!(desk.names(), ["mine", "remedy.json"]);
    assert_eq!(fs::read_to_string(desk.path("cure/mine")).unwrap(), "mine");
}

#[test]
fn a_folder_within_that_leads_elsewhere_is_refused() {
    let desk = Desk::new();
    fs::create_dir(desk.path("cure")).unwrap();
    fs::create_dir(desk.path("elsewhere")).unwrap();
    symlink(desk.path("elsewhere"), desk.path("cure").join(ACCOUNT)).unwrap();
    let (exit, said) = desk.cure(&["--force"]);
    assert_eq!((exit, said.contains("is not a directory")), (Some(2), true), "{said}");
    assert_eq!(fs::read_dir(desk.path("elsewhere")).unwrap().count(), 0);
}

#[test]
fn a_folder_that_was_made_for_nothing_goes_again() {
    let desk = Desk::new();
    fs::write(desk.path("file"), "").unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_ebs-preflight"));
    program.args(["check", "--capture", "incident.json", "--write-remedy", "file"]).current_dir(&desk.0).env_clear();
    assert_eq!(program.output().unwrap().status.code(), Some(2));
    assert_eq!(fs::read_to_string(desk.path("file")).unwrap(), "");
}

#[test]
fn a_capture_is_written_over_files_only() {
    let desk = Desk::new();
    fs::create_dir(desk.path("folder")).unwrap();
    symlink(desk.path("incident.json"), desk.path("link")).unwrap();
    for output in ["folder", "link"] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_ebs-preflight"));
        program.args(["capture", "--script", "--org", "111122223333", "--force", "--output", output]);
        assert_eq!(program.current_dir(&desk.0).env_clear().output().unwrap().status.code(), Some(2), "{output}");
    }
    assert!(fs::read_to_string(desk.path("incident.json")).unwrap().contains("formatVersion"));
}
