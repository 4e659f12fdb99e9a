use crate::policy::{Policy, PolicyType};

fn printed(policy: &str, kind: PolicyType) -> String {
    serde_json::to_string(&Policy::parse(policy, kind).unwrap()).unwrap()
}

/// STS takes a session policy with an empty list, KMS a key policy without the element.
#[test]
fn an_empty_list_of_actions_is_not_a_missing_one() {
    let empty = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[],"Resource":["*"]}]}"#;
    assert_eq!(printed(empty, PolicyType::Session), empty);
    let missing = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Resource":["*"]}]}"#;
    assert_eq!(printed(missing, PolicyType::KeyPolicy), missing);
}
