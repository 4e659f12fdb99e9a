//! The code makes the reads of the table, and no other call.

mod answers;
mod typed;

use std::collections::BTreeSet;

use crate::calls::{ON_REQUEST, READS};

/// The source of this module, its tests left out, without white space. No other module knows the SDK, which a test of
/// the house holds.
fn sources() -> String {
    let files = files(concat!(env!("CARGO_MANIFEST_DIR"), "/src/collect").as_ref());
    #[expect(clippy::disallowed_methods, reason = "the test reads the sources")]
    let texts = files.iter().map(|path| std::fs::read_to_string(path).unwrap());
    texts.collect::<String>().split_whitespace().collect()
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    files
        .filter(|path| !path.components().any(|part| part.as_os_str().to_string_lossy().starts_with("tests")))
        .collect()
}

/// The operations that the sources start with one of the SDK's clients, as `describe_key`.
fn operations(sources: &str) -> BTreeSet<String> {
    let clients = ["ec2", "iam", "kms", "sts", "organizations", "cloudtrail"];
    let after = clients.iter().flat_map(|client| {
        let mark = format!(".{client}.");
        sources.split(mark.as_str()).skip(1).map(str::to_owned).collect::<Vec<_>>()
    });
    after.filter_map(|code| called(&code).map(str::to_owned)).collect()
}

/// The name of the method without arguments that `code` begins with, as every call of the SDK does.
fn called(code: &str) -> Option<&str> {
    let (name, _) = code.split_once("()")?;
    name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_').then_some(name)
}

/// `kms:DescribeKey` as the SDK spells it: `describe_key`.
fn method(action: &str) -> String {
    let mut name = String::new();
    for letter in action.split(':').nth(1).unwrap().chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[test]
fn the_code_makes_exactly_the_reads_of_the_table() {
    let table: BTreeSet<String> = READS.iter().chain(ON_REQUEST).map(|read| method(read.action)).collect();
    assert_eq!(operations(&sources()), table);
    assert_eq!(table.len(), READS.len() + ON_REQUEST.len());
}

#[test]
fn no_call_changes_anything() {
    // A client handed around under another name would escape the scan above, so no call of the sources may
    // begin with a verb that changes something.
    let changing = [
        "create",
        "put",
        "delete",
        "start",
        "stop",
        "enable",
        "disable",
        "update",
        "attach",
        "detach",
        "tag",
        "untag",
        "revoke",
        "retire",
        "assume",
        "schedule",
        "cancel",
        "run",
        "terminate",
        "modify",
        "encrypt",
        "decrypt",
        "generate",
        "import",
        "reboot",
        "associate",
        "disassociate",
        "set_default",
        "upload",
    ];
    let sources = sources();
    for verb in changing {
        let call = format!(".{verb}_");
        let found = sources.split(call.as_str()).skip(1).find_map(called);
        assert_eq!(found, None, "{verb}");
    }
}

#[test]
fn the_scan_finds_what_must_not_be_there() {
    let found = operations("clients.kms.create_grant().send()self.ec2.start_instances()");
    assert_eq!(found, BTreeSet::from(["create_grant".to_owned(), "start_instances".to_owned()]));
}
