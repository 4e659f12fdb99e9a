//! What AWS refuses, each fault with its line and column.

use crate::document::Position;
use crate::policy::{Policy, PolicyType};

/// The faults of a policy, as `line:column problem`.
fn faults(text: &str, kind: PolicyType) -> Vec<String> {
    let errors = Policy::parse(text, kind).expect_err(text);
    errors.iter().map(|error| format!("{} {}", Position::of(text, error.span.start), error.problem)).collect()
}

#[test]
fn every_fault_is_told_at_once_with_its_place() {
    let text = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "allow", "Action": "CreateGrant", "Resource": "*"},
    {"Effect": "Allow", "Action": "kms:*", "Resource": "*",
     "Condition": {"StringIs": {"aws:username": "anna"}}}
  ]
}"#;
    assert_eq!(
        faults(text, PolicyType::Identity),
        [
            "4:16 `allow` is no effect (`Allow` or `Deny`)",
            "4:35 `CreateGrant` is no action (`service:Name` or `*`)",
            "6:20 `StringIs` is no condition operator",
        ]
    );
}

#[test]
fn each_policy_type_has_faults_of_its_own() {
    let statement =
        |elements: &str| format!(r#"{{"Statement": {{"Effect": "Allow", "Action": "kms:*", {elements}}}}}"#);
    let named = statement(r#""Principal": {"AWS": "111122223333"}, "Resource": "*""#);
    let bare = statement(r#""Resource": "*""#);
    let everywhere = statement(r#""Principal": {"AWS": "111122223333"}"#);
    for (text, accepted) in [
        (named, vec![PolicyType::KeyPolicy]),
        (bare, vec![PolicyType::Identity, PolicyType::Boundary, PolicyType::Session, PolicyType::Scp]),
        (everywhere, vec![PolicyType::KeyPolicy]),
    ] {
        for kind in PolicyType::ALL {
            assert_eq!(Policy::parse(&text, kind).is_ok(), accepted.contains(&kind), "{kind:?}: {text}");
        }
    }
}
