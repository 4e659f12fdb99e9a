//! Texts that are read before they are judged.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "the texts are fixed: what fails here fails at once")]

use serde_json::{Value, json};

use super::scenario;

/// A key policy as large as KMS takes them: 32 KB.
pub(crate) fn large_key_policy() -> String {
    let statement = |number: usize| {
        json!({"Sid": format!("Team{number:03}"), "Effect": "Allow",
               "Principal": {"AWS": format!("arn:aws:iam::111122223333:role/teams/Shift{number:03}")},
               "Action": ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:ReEncrypt*"], "Resource": "*",
               "Condition": {"StringEquals": {"kms:ViaService": "ec2.eu-central-1.amazonaws.com"},
                             "Bool": {"kms:GrantIsForAWSResource": "true"}}})
    };
    let statements: Vec<Value> = (0..101).map(statement).collect();
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// Cases in JSON Lines: each has a request, an identity-based policy and a key policy; every other policy type
/// comes in some of them.
pub(crate) fn cases() -> Vec<String> {
    (0..64).map(case).collect()
}

fn case(number: usize) -> String {
    let mut context = scenario::context();
    let mut case = json!({
        "id": format!("case-{number}"),
        "request": {"action": (["kms:CreateGrant", "kms:Decrypt"][number % 2]), "resource": scenario::KEY,
                    "principal": scenario::SESSION, "roleArn": scenario::ROLE, "principalId": "AROAZ7QK3M5N9P2R4T6V8"},
        "identityPolicies": [{"name": "volumes", "policy": scenario::identity()[1]}],
        "keyPolicy": scenario::key_policy()
    });
    if number.is_multiple_of(4) {
        context.as_object_mut().expect("an object").remove("aws:PrincipalTag/team");
        case["request"]["unknownContext"] = json!(["aws:PrincipalTag/team"]);
        case["identityPolicies"] = json!([scenario::identity()[2], scenario::identity()[0]]);
    }
    if number % 4 == 1 {
        case["scps"] = json!([[scenario::scps()[0]], [scenario::scps()[1]]]);
    }
    if number % 8 == 2 {
        case["permissionsBoundary"] = scenario::boundary();
        case["rcps"] = json!([[scenario::rcp()]]);
    }
    if number % 8 == 3 {
        case["grants"] = json!([{"granteePrincipal": scenario::ROLE, "operations": ["CreateGrant", "Decrypt"],
            "constraints": {"encryptionContextSubset": {"aws:ebs:id": "vol-0a1b2c3d4e5f60718"}}}]);
    }
    case["request"]["context"] = context;
    case.to_string()
}
