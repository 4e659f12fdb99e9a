use super::{ON_REQUEST, READS, Scope, reader_policy};

#[test]
fn every_operation_only_reads() {
    for read in READS.iter().chain(ON_REQUEST) {
        let name = read.action.split(':').nth(1).unwrap();
        assert!(
            ["Get", "List", "Describe", "Lookup", "Decode"].iter().any(|verb| name.starts_with(verb)),
            "{}",
            read.action
        );
    }
}

#[test]
fn the_reader_policy_allows_every_read_once_and_nothing_else() {
    let policy: serde_json::Value = serde_json::from_str(&reader_policy()).unwrap();
    let mut allowed = Vec::new();
    for statement in policy["Statement"].as_array().unwrap() {
        assert_eq!(statement["Effect"], "Allow");
        assert!(statement["Sid"].as_str().unwrap().bytes().all(|b| b.is_ascii_alphanumeric()));
        for action in statement["Action"].as_array().unwrap() {
            let action = action.as_str().unwrap().to_owned();
            let read = READS.iter().find(|read| read.action == action).unwrap();
            let star = matches!(read.scope, Scope::Star | Scope::Free);
            assert_eq!(statement["Resource"] == "*", star, "{action}");
            allowed.push(action);
        }
    }
    allowed.sort();
    let mut table: Vec<&str> = READS.iter().map(|read| read.action).collect();
    table.sort_unstable();
    assert_eq!(allowed, table);
    assert!(reader_policy().len() < 6_144);
}
