//! One request with everything that a large organization puts around it: the scenario that is measured.
#![expect(clippy::expect_used, reason = "the scenario is fixed: what fails here fails at once")]

use std::sync::Arc;

use ebs_preflight::engine::{Context, ContextValue, NamedPolicy, PolicySet, Principal, Request};
use ebs_preflight::names::{Action, PrincipalArn, RoleArn};
use ebs_preflight::policy::PolicyType;
use serde_json::{Value, json};

/// The key that encrypts the volume.
pub(crate) const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/6f1c2d3e-4b5a-4c6d-8e7f-90a1b2c3d4e5";
pub(crate) const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/NightShift/start-0400";
pub(crate) const ROLE: &str = "arn:aws:iam::111122223333:role/operations/NightShift";

/// The request context that comes with the request: eight keys.
pub(crate) fn context() -> Value {
    json!({
        "kms:ViaService": "ec2.eu-central-1.amazonaws.com",
        "kms:GrantIsForAWSResource": "true",
        "kms:GrantOperations": ["Decrypt"],
        "kms:EncryptionContext:aws:ebs:id": "vol-0a1b2c3d4e5f60718",
        "aws:PrincipalTag/team": "night",
        "aws:PrincipalOrgID": "o-4f7k2m9x1c",
        "aws:ResourceTag/team": "night",
        "aws:CurrentTime": "2026-11-24T04:00:00Z"
    })
}

/// Three identity-based policies, eight statements in all.
pub(crate) fn identity() -> [Value; 3] {
    [
        json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "Start", "Effect": "Allow",
             "Action": ["ec2:StartInstances", "ec2:StopInstances"],
             "Resource": "arn:aws:ec2:*:111122223333:instance/*",
             "Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}},
            {"Sid": "Look", "Effect": "Allow",
             "Action": ["ec2:Describe*", "kms:DescribeKey", "kms:List*"], "Resource": "*",
             "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8:77::/48"]}}},
            {"Sid": "Hours", "Effect": "Deny", "Action": "*", "Resource": "*",
             "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}}
        ]}),
        json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "Volumes", "Effect": "Allow",
             "Action": ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"],
             "Resource": "arn:aws:kms:*:111122223333:key/*",
             "Condition": {"StringEquals": {"kms:ViaService": "ec2.eu-central-1.amazonaws.com"},
                           "StringLike": {"kms:EncryptionContext:aws:ebs:id": "vol-*"}}},
            {"Sid": "Grants", "Effect": "Allow", "Action": "kms:CreateGrant",
             "Resource": "arn:aws:kms:eu-*:111122223333:key/*",
             "Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"},
                           "Bool": {"kms:GrantIsForAWSResource": "true"},
                           "StringLike": {"kms:ViaService": "ec2.*.amazonaws.com"},
                           "ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt", "DescribeKey"]}}},
            {"Sid": "OtherTeams", "Effect": "Deny", "Action": "kms:*", "Resource": "*",
             "Condition": {"StringNotLike": {"aws:PrincipalTag/team": ["night", "day-${aws:PrincipalAccount}"]}}}
        ]}),
        json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "OwnPrefix", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"],
             "Resource": "arn:aws:s3:::shift-logs/${aws:PrincipalTag/team}/${aws:userid}/*",
             "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
            {"Sid": "HomeOnly", "Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "Resource": "*",
             "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-4f7k2m9x1c"},
                           "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/break-glass/*"}}}
        ]}),
    ]
}

pub(crate) fn key_policy() -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
         "Action": "kms:*", "Resource": "*"},
        {"Sid": "Administrators", "Effect": "Allow",
         "Principal": {"AWS": ["arn:aws:iam::111122223333:role/KeyAdmin", "arn:aws:iam::111122223333:user/ines"]},
         "Action": ["kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*", "kms:ScheduleKeyDeletion"],
         "Resource": "*"},
        {"Sid": "Volumes", "Effect": "Allow", "Principal": {"AWS": ROLE},
         "Action": ["kms:CreateGrant", "kms:Decrypt"], "Resource": "*",
         "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"},
                       "StringEquals": {"kms:ViaService": "ec2.eu-central-1.amazonaws.com"}}},
        {"Sid": "ThroughServices", "Effect": "Deny", "Principal": "*",
         "Action": ["kms:CreateGrant", "kms:Decrypt"], "Resource": "*",
         "Condition": {"StringNotLike": {"kms:ViaService": ["ec2.*.amazonaws.com", "rds.*.amazonaws.com"]}}}
    ]})
}

pub(crate) fn scps() -> [Value; 2] {
    let all = json!({"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"});
    [
        json!({"Version": "2012-10-17", "Statement": [
            all,
            {"Sid": "Regions", "Effect": "Deny", "NotAction": ["iam:*", "organizations:*", "support:*"],
             "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]},
                                            "Null": {"aws:RequestedRegion": "false"}}}]}),
        json!({"Version": "2012-10-17", "Statement": [
            all,
            {"Sid": "KeepKeys", "Effect": "Deny", "Action": ["kms:ScheduleKeyDeletion", "kms:DisableKey"],
             "Resource": "*"}]}),
    ]
}

pub(crate) fn rcp() -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "All", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
        {"Sid": "Perimeter", "Effect": "Deny", "Principal": "*", "Action": ["kms:*", "s3:*"], "Resource": "*",
         "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-4f7k2m9x1c"},
                       "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}}]})
}

pub(crate) fn boundary() -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "Compute", "Effect": "Allow", "Action": ["ec2:*", "kms:*", "s3:*"], "Resource": "*",
         "Condition": {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}}]})
}

/// The request.
pub(crate) fn request() -> Request {
    let mut known = Context::new();
    for (key, value) in context().as_object().expect("an object") {
        let text = |value: &Value| value.as_str().expect("a text").into();
        let value = match value.as_array() {
            Some(values) => ContextValue::Multi(values.iter().map(text).collect()),
            None => ContextValue::Single(text(value)),
        };
        known.set(key, value);
    }
    let session = PrincipalArn::parse(SESSION).expect("a session");
    let role = RoleArn::parse(ROLE).expect("a role");
    let principal = Principal::new(&session, Some(&role), Some("AROAZ7QK3M5N9P2R4T6V8"));
    Request::new(Action::parse("kms:CreateGrant").expect("an action"), KEY, None, principal, known)
        .expect("a key's ARN")
}

/// The policies, compiled.
pub(crate) fn policies() -> PolicySet {
    let compiled = |policy: &Value, kind| {
        Arc::new(NamedPolicy::parse("policy", &policy.to_string(), kind).expect("a policy that AWS accepts"))
    };
    PolicySet {
        identity: identity().iter().map(|policy| compiled(policy, PolicyType::Identity)).collect(),
        boundary: Some(compiled(&boundary(), PolicyType::Boundary)),
        scps: scps().iter().map(|policy| vec![compiled(policy, PolicyType::Scp)]).collect(),
        rcps: vec![vec![compiled(&rcp(), PolicyType::Rcp)]],
        key_policies: vec![compiled(&key_policy(), PolicyType::KeyPolicy)],
        ..PolicySet::none()
    }
}
