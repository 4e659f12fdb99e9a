//! The built program holds the SDK's code of the reads in the table, of getting credentials, and of no other operation.

use std::collections::BTreeSet;

use ebs_preflight::calls::{ON_REQUEST, READS};

/// The services of which operations are linked, as their crates are named.
const SERVICES: [&str; 6] = ["ec2", "iam", "kms", "sts", "organizations", "cloudtrail"];

/// How the SDK gets credentials where a profile says so: no change of anything, and not for the reads of a start.
///
/// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>
const CREDENTIALS: [(&str, &str); 6] = [
    ("sts", "assume_role"),
    ("sts", "assume_role_with_web_identity"),
    ("sso", "get_role_credentials"),
    ("ssooidc", "create_token"),
    ("signin", "create_o_auth2_token"),
    ("sts", "get_caller_identity"),
];

/// The operations of a service whose modules the symbols of `program` name: `aws_sdk_kms::operation::list_grants` stands
/// there as `11aws_sdk_kms9operation11list_grants`.
fn linked<'p>(program: &'p [u8], service: &str) -> BTreeSet<&'p str> {
    let mark = format!("aws_sdk_{service}9operation");
    let starts = program.windows(mark.len()).enumerate().filter(|(_, window)| *window == mark.as_bytes());
    let names = starts.filter_map(|(at, _)| {
        let rest = &program[at + mark.len()..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let length: usize = str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
        str::from_utf8(rest.get(digits..digits + length)?).ok()
    });
    names.filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')).collect()
}

/// `kms:DescribeKey` as the SDK names its module: `describe_key`.
fn module(action: &str) -> String {
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
fn no_operation_is_linked_that_is_not_in_the_table_of_reads() {
    let program = std::fs::read(env!("CARGO_BIN_EXE_ebs-preflight")).unwrap();
    for service in SERVICES {
        let linked = linked(&program, service);
        let table = READS.iter().chain(ON_REQUEST).map(|read| read.action);
        let table: BTreeSet<String> =
            table.filter(|action| action.split(':').next() == Some(service)).map(module).collect();
        let credentials = CREDENTIALS.iter().filter(|(own, _)| *own == service).map(|(_, name)| *name);
        let missing: Vec<&String> = table.iter().filter(|name| !linked.contains(name.as_str())).collect();
        assert!(missing.is_empty(), "{service}: the program lacks {missing:?}");
        let known: BTreeSet<&str> = table.iter().map(String::as_str).chain(credentials).collect();
        let others: Vec<&&str> = linked.iter().filter(|name| !known.contains(**name)).collect();
        assert!(others.is_empty(), "{service}: the program also holds {others:?}");
    }
    // Every SDK that is linked is one of these, or one that gets credentials.
    let services: BTreeSet<&str> =
        SERVICES.into_iter().chain(CREDENTIALS.iter().map(|(service, _)| *service)).collect();
    let mark = b"aws_sdk_";
    let names = program.windows(mark.len()).enumerate().filter(|(_, window)| window == mark).filter_map(|(at, _)| {
        let rest = &program[at + mark.len()..];
        let name = rest.iter().take_while(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()).count();
        // In a symbol a length follows: `9operation`.
        str::from_utf8(&rest[..name]).ok()?.split_once("9operation").map(|(service, _)| service)
    });
    let others: BTreeSet<&str> = names.filter(|name| !services.contains(name)).collect();
    assert!(others.is_empty(), "the program also holds {others:?}");
}
