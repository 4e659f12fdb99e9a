//! A statement with a slip is put right where it stands, and told by the lines that change.

use ebs_preflight::report::text;

use crate::golden::{Golden, library};

const KEY: &str = "arn:aws:kms:ap-northeast-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// The line with the slip, and what it becomes; of captures of the library, by name.
fn certain() -> Vec<(&'static str, String, String)> {
    let role = |resource: &str| format!("\"Principal\": {{\"AWS\": \"arn:aws:iam::111122223333:role/{resource}\"}},");
    let via = |value: &str| format!("\"Condition\": {{\"StringEquals\": {{\"kms:ViaService\": {value}}}}}");
    let resource = |value: &str| format!("\"Resource\": \"{value}\"");
    let of_account = |resource: &str| format!("arn:aws:kms:ap-northeast-1:111122223333:{resource}");
    let by = |arn: &str| format!("\"Condition\": {{\"ArnEquals\": {{\"aws:PrincipalArn\": \"{arn}\"}}}}");
    let flag = |key: &str| format!("\"Condition\": {{\"Bool\": {{\"{key}\": \"true\"}}}}");
    let here = "\"ec2.ap-northeast-1.amazonaws.com\"";
    vec![
        ("alias-arn-as-resource", resource(&of_account("alias/ebs-prod")), resource(KEY)),
        ("alias-name-as-resource", resource("alias/ebs-prod"), resource(KEY)),
        ("bare-key-id-as-resource", resource(&KEY.replace("key/", "")), resource(KEY)),
        (
            "key-of-another-region",
            resource("arn:aws:kms:eu-west-1:111122223333:key/*"),
            format!("\"Resource\": [\"arn:aws:kms:eu-west-1:111122223333:key/*\", \"{KEY}\"]"),
        ),
        ("key-of-partition-aws-in-china", resource("arn:aws:kms:*:*:key/*"), resource("arn:aws-cn:kms:*:*:key/*")),
        (
            "create-grants",
            "\"Action\": [\"kms:CreateGrants\", \"kms:Decrypt\"],".to_owned(),
            "\"Action\": [\"kms:CreateGrant\", \"kms:Decrypt\"],".to_owned(),
        ),
        (
            "list-and-revoke-grants-only",
            "\"Action\": [\"kms:ListGrants\", \"kms:RevokeGrant\"],".to_owned(),
            "\"Action\": [\"kms:ListGrants\", \"kms:RevokeGrant\", \"kms:CreateGrant\"],".to_owned(),
        ),
        ("grant-flag-misspelt", flag("kms:GrantIsForAwsResources"), flag("kms:GrantIsForAWSResource")),
        (
            "principal-arn-condition-without-the-path",
            by("arn:aws:iam::111122223333:role/StartJob"),
            by("arn:aws:iam::111122223333:role/scheduler/StartJob"),
        ),
        ("role-without-its-path", role("StartJob"), role("scheduler/StartJob")),
        ("role-in-lower-case", role("startjob"), role("StartJob")),
        ("role-of-partition-aws-in-china", role("StartJob"), role("StartJob").replace("arn:aws:", "arn:aws-cn:")),
        (
            "session-named-as-principal",
            "\"Principal\": {\"AWS\": \"arn:aws:sts::111122223333:assumed-role/StartJob/console-test\"},".to_owned(),
            role("StartJob"),
        ),
        (
            "via-service-of-last-years-region",
            via("\"ec2.eu-west-1.amazonaws.com\""),
            via(&format!("[\"ec2.eu-west-1.amazonaws.com\", {here}]")),
        ),
        (
            "via-service-of-s3",
            via("\"s3.ap-northeast-1.amazonaws.com\""),
            via(&format!("[\"s3.ap-northeast-1.amazonaws.com\", {here}]")),
        ),
        (
            "via-service-with-the-china-suffix",
            via("\"ec2.cn-northwest-1.amazonaws.com.cn\""),
            via("\"ec2.cn-northwest-1.amazonaws.com\""),
        ),
        (
            "wildcard-in-string-equals",
            via("\"ec2.*.amazonaws.com\""),
            via("\"ec2.*.amazonaws.com\"").replace("StringEquals", "StringLike"),
        ),
        (
            "team-tags-differ-in-case",
            "\"Condition\": {\"StringEquals\": {\"aws:ResourceTag/team\": \"${aws:PrincipalTag/team}\"}}".to_owned(),
            "\"Condition\": {\"StringEqualsIgnoreCase\": {\"aws:ResourceTag/team\": \"${aws:PrincipalTag/team}\"}}"
                .to_owned(),
        ),
    ]
}

/// The same of statements that may have been meant for somebody or something else, or that deny.
fn doubtful() -> Vec<(&'static str, String, String)> {
    let principal = |value: &str| format!("\"Principal\": {{\"AWS\": {value}}},");
    let role = "\"arn:aws:iam::111122223333:role/StartJob\"";
    vec![
        ("recreated-role", principal("\"AROAOLDSTARTJOB000001\""), principal(role)),
        (
            "instance-profile-as-principal",
            principal("\"arn:aws:iam::111122223333:instance-profile/StartJob\""),
            principal(role),
        ),
        ("managed-policy-as-principal", principal("\"arn:aws:iam::111122223333:policy/start-jobs\""), principal(role)),
        (
            "role-of-the-test-account",
            principal("\"arn:aws:iam::444455556666:role/StartJob\""),
            principal(&format!("[\"arn:aws:iam::444455556666:role/StartJob\", {role}]")),
        ),
        (
            "second-key-forgotten",
            format!("\"Resource\": \"{KEY}\""),
            format!(
                "\"Resource\": [\"{KEY}\", \"{}\"]",
                "arn:aws:kms:ap-northeast-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321"
            ),
        ),
        (
            "not-principal-lists-the-role-alone",
            format!("\"NotPrincipal\": {{\"AWS\": {role}}},"),
            "\"Principal\": \"*\",".to_owned(),
        ),
    ]
}

fn captured<'l>(library: &'l [Golden], name: &str) -> &'l Golden {
    library.iter().find(|golden| golden.name == name).unwrap()
}

#[test]
fn a_line_with_a_slip_is_shown_before_and_after() {
    let library = library();
    let all = certain().into_iter().map(|slip| (slip, true)).chain(doubtful().into_iter().map(|slip| (slip, false)));
    for ((name, before, after), is_certain) in all {
        let text = text::render(&captured(&library, name).report());
        let edit = text.find(&format!("   - {before}\n")).unwrap_or_else(|| panic!("{name}: no {before}\n{text}"));
        assert!(text.contains(&format!("   + {after}\n")), "{name}: no {after}\n{text}");
        let other = text.find("\n   Or").unwrap_or_else(|| panic!("{name}: nothing else is shown\n{text}"));
        assert_eq!(edit < other, is_certain, "{name}: the edit stands first where it was certainly meant\n{text}");
    }
}

/// An edit stands first only if it gives nobody else anything.
#[test]
fn an_edit_that_frees_others_is_no_first_advice() {
    for golden in library() {
        let text = text::render(&golden.report());
        let first = text.split("\n   Or").next().unwrap();
        let is_edit = first.contains("\n   - \"");
        assert!(!is_edit || !first.contains("It also allows: another role"), "{}:\n{text}", golden.name);
    }
}
