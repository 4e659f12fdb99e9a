//! What is said on standard error, and what becomes of files.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::files::{below_its_first_line, put};

#[test]
fn no_name_in_an_error_begins_a_line() {
    let name = "a\nREADY  i-0f00000000000000a: forged\r\nerror: forged\u{1b}[2J\u{2028}b";
    let shown = below_its_first_line(&format!("error: `{name}` cannot be read\ncheck the path\n"));
    assert_eq!(
        shown,
        "error: `a\n  READY  i-0f00000000000000a: forged\n  error: forged\\u001b[2J\\u2028b` cannot be read\n  check the path\n"
    );
}

/// The names in a folder, hidden ones too, in order.
fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// What happens where the third of four files cannot be moved to its place, for something came there after it was looked
/// at: the two before it go back, and the fourth is never made.
#[test]
fn a_move_that_fails_half_way_leaves_everything_as_it_was() {
    let files: Vec<(String, String)> =
        ["a", "b", "c", "d"].map(|name| (name.to_owned(), format!("new {name}"))).to_vec();
    for force in [false, true] {
        for kind in ["directory", "link", "file"] {
            let folder = TempDir::new().unwrap();
            let at = |name: &str| folder.path().join(name);
            // With --force one of the first two is replaced, and the other is new.
            if force {
                fs::write(at("a"), "old a").unwrap();
            }
            match kind {
                "directory" => {
                    fs::create_dir(at("c")).unwrap();
                    fs::write(at("c").join("kept"), "kept").unwrap();
                }
                #[cfg(unix)]
                "link" => std::os::unix::fs::symlink("/nowhere/at/all", at("c")).unwrap(),
                // A file is replaced where somebody says so.
                _ if force => continue,
                _ => fs::write(at("c"), "old c").unwrap(),
            }
            let before = names(folder.path());
            assert!(put(folder.path(), &files, force).is_err(), "{kind}, {force}");
            assert_eq!(names(folder.path()), before, "{kind}, {force}");
            if force {
                assert_eq!(fs::read_to_string(at("a")).unwrap(), "old a");
            }
            match kind {
                "directory" => assert_eq!(fs::read_to_string(at("c").join("kept")).unwrap(), "kept"),
                "link" => assert!(at("c").is_symlink()),
                _ => assert_eq!(fs::read_to_string(at("c")).unwrap(), "old c"),
            }
        }
    }
}

#[test]
fn files_are_replaced_together() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a"), "old a").unwrap();
    let files = [("a".to_owned(), "new a".to_owned()), ("b".to_owned(), "new b".to_owned())];
    put(folder.path(), &files, true).unwrap();
    assert_eq!(names(folder.path()), ["a", "b"]);
    assert_eq!(fs::read_to_string(folder.path().join("a")).unwrap(), "new a");
}
