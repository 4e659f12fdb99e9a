use super::{Action, Arn, ConditionKey, InstanceId, KeyArn, PrincipalArn, Region, RoleArn, SessionArn};

#[test]
fn forms_are_told_apart() {
    let forms = [
        ("arn:aws:iam::111122223333:role/scheduler/StartJob", "role"),
        ("arn:aws-cn:sts::111122223333:assumed-role/StartJob/nightly", "session"),
        ("arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/i-0f3c2a9d8b7e61254", "session"),
        ("arn:aws:iam::111122223333:user/ops/carol", "user"),
        ("arn:aws:iam::111122223333:root", "root"),
    ];
    for (text, kind) in forms {
        let found = match PrincipalArn::parse(text).unwrap() {
            PrincipalArn::Role(_) => "role",
            PrincipalArn::Session(_) => "session",
            PrincipalArn::User(_) => "user",
            PrincipalArn::Root(_) => "root",
        };
        assert_eq!(found, kind, "{text}");
    }
}

#[test]
fn malformed_names_are_refused() {
    assert!(InstanceId::parse("i-XYZ").is_err());
    assert!(InstanceId::parse("i-0f3c2a9d8b7e61254").is_ok());
    assert!(InstanceId::parse("i-0f3c2a9d8b7e6125").is_err());
    assert!(Region::parse("ap-northeast-1a").is_err());
    assert!(Region::parse("us-gov-west-1").is_ok());
    assert!(KeyArn::parse("arn:aws:kms:eu-west-1:111122223333:alias/ebs").is_err());
    assert!(RoleArn::parse("arn:aws:iam::111122223333:instance-profile/web").is_err());
    assert!(RoleArn::parse("arn:aws:iam::111122223333:role/*").is_err());
    assert!(Arn::parse("arn:aws:kms").is_err());
    assert_eq!(
        InstanceId::parse("web-1").unwrap_err().to_string(),
        "`web-1` is not an instance ID: expected `i-` and 8 or 17 hexadecimal digits"
    );
}

#[test]
fn parts_of_names() {
    let role = RoleArn::parse("arn:aws:iam::111122223333:role/scheduler/StartJob").unwrap();
    assert_eq!((role.name(), role.path_and_name()), ("StartJob", "scheduler/StartJob"));
    assert_eq!(role.session_arn("nightly"), "arn:aws:sts::111122223333:assumed-role/StartJob/nightly");
    let session = SessionArn::parse(&role.session_arn("a/b")).unwrap();
    assert_eq!((session.role_name(), session.session_name()), ("StartJob", "a/b"));
}

#[test]
fn case_of_actions_and_keys_does_not_count() {
    assert_eq!(Action::parse("KMS:creategrant").unwrap(), Action::parse("kms:CreateGrant").unwrap());
    assert_eq!(ConditionKey::new("KMS:viaservice"), ConditionKey::new("kms:ViaService"));
}
