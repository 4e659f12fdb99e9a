use crate::policy::{add_statement, add_value, replace_principal, replace_statement, statements};

const DOCUMENT: &str = "{\n  \"Statement\": [\n    {\"Sid\": \"A\", \"Principal\": {\"AWS\": [\"AROAOLD\", \"x\"]}},\n    {\"Sid\": \"B\", \"Principal\": {\"AWS\": \"AROAOLD\"}}\n  ]\n}";

#[test]
fn a_statement_is_added_once_and_under_a_free_name() {
    let added = add_statement(DOCUMENT, "{\n  \"Sid\": \"A\",\n  \"Effect\": \"Allow\"\n}").unwrap();
    assert!(
        added.ends_with("},\n    {\n      \"Sid\": \"A2\",\n      \"Effect\": \"Allow\"\n    }\n  ]\n}"),
        "{added}"
    );
    assert_eq!(add_statement(&added, "{\"Effect\": \"Allow\", \"Sid\": \"Z\"}").unwrap(), added);
    let single = add_statement("{\"Statement\": {\"Sid\": \"A\"}}", "{\"Sid\": \"B\", \"Effect\": \"Deny\"}").unwrap();
    assert_eq!(single, "{\"Statement\": [{\"Sid\": \"A\"}, {\"Sid\": \"B\", \"Effect\": \"Deny\"}]}");
    assert_eq!(add_statement("{\"Statement\": []}", "{}").unwrap(), "{\"Statement\": [{}]}");
}

#[test]
fn a_principal_leaves_and_a_statement_without_one_leaves_too() {
    let dropped = replace_principal(DOCUMENT, "AROAOLD", None).unwrap();
    assert_eq!(dropped, "{\n  \"Statement\": [\n    {\"Sid\": \"A\", \"Principal\": {\"AWS\": [\"x\"]}}\n  ]\n}");
    let renamed = replace_principal(DOCUMENT, "AROAOLD", Some("new")).unwrap();
    assert_eq!(renamed, DOCUMENT.replace("AROAOLD", "new"));
    assert_eq!(replace_principal(DOCUMENT, "other", None).unwrap(), DOCUMENT);
}

#[test]
fn a_value_joins_its_list_or_makes_it() {
    let path = ["Condition", "ArnNotEquals", "aws:PrincipalArn"];
    let cases = [
        ("{\"A\": 1}", "{\"A\": 1, \"Condition\": {\"ArnNotEquals\": {\"aws:PrincipalArn\": \"v\"}}}"),
        (
            "{\n  \"A\": 1\n}",
            "{\n  \"A\": 1,\n  \"Condition\": {\n    \"ArnNotEquals\": {\n      \"aws:PrincipalArn\": \"v\"\n    }\n  }\n}",
        ),
        (
            "{\"Condition\": {\"ArnNotEquals\": {\"aws:principalarn\": \"u\"}}}",
            "{\"Condition\": {\"ArnNotEquals\": {\"aws:principalarn\": [\"u\", \"v\"]}}}",
        ),
        (
            "{\"Condition\": {\"ArnNotEquals\": {\"aws:PrincipalArn\": [\n  \"u\"\n]}}}",
            "{\"Condition\": {\"ArnNotEquals\": {\"aws:PrincipalArn\": [\n  \"u\",\n  \"v\"\n]}}}",
        ),
        ("{}", "{\"Condition\": {\n  \"ArnNotEquals\": {\n    \"aws:PrincipalArn\": \"v\"\n  }\n}}"),
    ];
    for (before, after) in cases {
        assert_eq!(add_value(before, &path, "v").unwrap(), after);
    }
}

#[test]
fn a_statement_is_found_by_its_text() {
    let all = statements(DOCUMENT).unwrap();
    let changed = replace_statement(DOCUMENT, all[1], Some("{}")).unwrap();
    assert_eq!(statements(&changed).unwrap(), [all[0], "{}"]);
    let removed = replace_statement(DOCUMENT, all[0], None).unwrap();
    assert_eq!(statements(&removed).unwrap(), [all[1]]);
    assert_eq!(replace_statement(DOCUMENT, "{}", None).unwrap(), DOCUMENT);
}
