//! The table of what AWS refuses at saving, a row for each rule, with what it answers.

use crate::policy::{Place, PolicyType, refused};

/// What AWS answers to a policy of these statements, or an empty text.
fn answer(kind: PolicyType, statement: &str) -> String {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#);
    answer_to(kind, &text)
}

fn answer_to(kind: PolicyType, text: &str) -> String {
    let is_gone = |principal: &str| principal == "AROAOLDOPERATOR000001" || principal.ends_with("/leaver");
    let faults = refused(text, Place { kind, partition: "aws", is_gone: &is_gone });
    faults.first().map(|fault| fault.problem.answer(kind)).unwrap_or_default()
}

#[test]
fn iam_asks_for_arns_of_its_own_partition() {
    let of = |resource: &str| format!(r#"{{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "{resource}"}}"#);
    for kind in [PolicyType::Identity, PolicyType::Boundary] {
        for good in [
            "*",
            "arn:aws:kms:*:*:key/*",
            "arn:aws:s3:::bucket",
            "arn:*:iam::*:role/x",
            "arn:${aws:PrincipalTag/p}:s3:::b",
        ] {
            assert_eq!(answer(kind, &of(good)), "", "{good}");
        }
        assert_eq!(
            answer(kind, &of("alias/ebs")),
            "MalformedPolicyDocument: Resource alias/ebs must be in ARN format or \"*\"."
        );
        assert!(
            answer(kind, &of("arn:aws-cn:kms:*:*:key/*")).contains("Partition \"aws-cn\" is not valid"),
            "{kind:?}"
        );
    }
    assert_eq!(answer(PolicyType::Session, &of("arn:aws:kms:*:*:key/*")), "");
    assert!(answer(PolicyType::Session, &of("arn:aws:kms")).starts_with("MalformedPolicyDocument: Resource"));
    let id = r#"{"Version": "2012-10-17", "Id": "mine", "Statement": []}"#;
    assert_eq!(answer_to(PolicyType::Identity, id), "MalformedPolicyDocument");
    assert_eq!(answer_to(PolicyType::KeyPolicy, id), "");
    let host_bits = r#"{"Effect": "Deny", "Action": "kms:*", "Resource": "*",
        "Condition": {"NotIpAddress": {"aws:SourceIp": "2001:db8::1/32"}}}"#;
    assert_eq!(answer(PolicyType::Identity, host_bits), "MalformedPolicyDocument");
    assert_eq!(answer(PolicyType::Identity, &host_bits.replace("::1/", "::/")), "");
}

#[test]
fn principals_of_a_key_policy_exist() {
    let of = |principal: &str| {
        format!(r#"{{"Effect": "Allow", "Principal": {{{principal}}}, "Action": "kms:Decrypt", "Resource": "*"}}"#)
    };
    let kind = PolicyType::KeyPolicy;
    for good in [
        r#""AWS": "*""#,
        r#""AWS": "444455556666""#,
        r#""AWS": "arn:aws:iam::111122223333:role/ops/Starter""#,
        r#""AWS": "arn:aws:sts::111122223333:assumed-role/Starter/night""#,
        r#""AWS": "arn:aws:sts::111122223333:federated-user/mara""#,
        r#""AWS": "AROACURRENT0000000001""#,
        r#""Service": ["ec2.amazonaws.com", "logs.eu-central-1.amazonaws.com", "delivery.logs.amazonaws.com"]"#,
    ] {
        assert_eq!(answer(kind, &of(good)), "", "{good}");
    }
    for bad in [
        r#""AWS": "arn:aws-cn:iam::111122223333:root""#,
        r#""AWS": "arn:aws:iam::111122223333:group/operators""#,
        r#""AWS": "arn:aws:iam::111122223333:instance-profile/Web""#,
        r#""AWS": "arn:aws:iam::111122223333:role/leaver""#,
        r#""AWS": ["444455556666", "AROAOLDOPERATOR000001"]"#,
        r#""AWS": "arn:aws:iam::111122223333:role/Start*""#,
        r#""Service": "ec3.amazonaws.com""#,
        r#""CanonicalUser": "79a59df900b949e55d96a1e698fbaced""#,
    ] {
        assert_eq!(
            answer(kind, &of(bad)),
            "MalformedPolicyDocumentException: Policy contains a statement with one or more invalid principals.",
            "{bad}"
        );
    }
    let deny =
        of(r#""AWS": "AROAOLDOPERATOR000001""#).replace("\"Principal", "\"NotPrincipal").replace("Allow", "Deny");
    assert!(answer(kind, &deny).ends_with("invalid principals."), "who is left out must exist, too");
}

#[test]
fn kms_takes_no_tags_and_aliases_as_conditions() {
    for key in ["aws:ResourceTag/Team", "kms:ResourceAliases", "kms:ResourceTag/Team"] {
        let statement = format!(
            r#"{{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*",
                "Condition": {{"StringEquals": {{"{key}": "x"}}}}}}"#
        );
        let answer = answer(PolicyType::KeyPolicy, &statement);
        assert!(answer.contains("These condition keys are not permitted in a key policy"), "{key}: {answer}");
    }
}

#[test]
fn rcps_deny_by_service() {
    let of = |effect: &str, action: &str| {
        format!(r#"{{"Effect": "{effect}", "Principal": "*", {action}, "Resource": "*"}}"#)
    };
    assert_eq!(answer(PolicyType::Rcp, &of("Deny", r#""Action": ["kms:*", "s3:GetObject"]"#)), "");
    for (effect, action) in [
        ("Allow", r#""Action": "kms:*""#),
        ("Deny", r#""Action": "*""#),
        ("Deny", r#""NotAction": "kms:*""#),
        ("Deny", r#""Action": "ec2:*""#),
    ] {
        assert_eq!(
            answer(PolicyType::Rcp, &of(effect, action)),
            "MalformedPolicyDocumentException",
            "{effect} {action}"
        );
    }
}

#[test]
fn sizes_are_those_of_the_compact_form() {
    let statements = |number: usize| {
        let one = r#"{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}"#;
        vec![one; number].join(",\n                                        ")
    };
    // 56 characters each without blanks, 100 with them.
    assert_eq!(answer(PolicyType::Scp, &statements(150)), "");
    assert!(answer(PolicyType::Scp, &statements(200)).contains("POLICY_CONTENT_LIMIT_EXCEEDED"));
    assert_eq!(
        answer(PolicyType::Identity, r#"{"Sid": "Säule", "Effect": "Deny", "Action": "*", "Resource": "*"}"#),
        "MalformedPolicyDocument"
    );
    assert_eq!(
        answer(PolicyType::Scp, r#"{"Sid": "柱", "Effect": "Deny", "Action": "*", "Resource": "*"}"#),
        "MalformedPolicyDocumentException"
    );
}
