use super::{
    AccountId, Action, AliasName, Arn, ConditionKey, ContextKey, EncodedMessage, EventAttribute, GrantId,
    GrantOperation, Grantee, GroupArn, IamName, InstanceId, KeyArn, KeyStoreId, NameError, OrgPolicyId, OrgTarget,
    OrganizationId, PolicyArn, PolicyName, PrincipalArn, ProfileName, Region, RoleArn, SessionArn, SessionName,
    UserArn, VolumeId,
};

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

/// A name of each kind, with how the kind reads.
type Kind = (&'static str, fn(&str) -> Result<String, NameError>);

#[test]
fn no_name_of_any_kind_is_more_than_a_word() {
    fn read<N: std::str::FromStr<Err = NameError> + ToString>(text: &str) -> Result<String, NameError> {
        text.parse::<N>().map(|name| name.to_string())
    }
    let kinds: [Kind; 27] = [
        ("111122223333", read::<AccountId>),
        ("alias/ebs:prod", read::<AliasName>),
        ("aws:RequestTag/Größe 1", read::<ContextKey>),
        ("AQIC+/_-=", read::<EncodedMessage>),
        ("ResourceName", read::<EventAttribute>),
        ("0c237476b39f8bc44e45212e08498fbe3151305030726c0590dd8d3e9f3d6a60", read::<GrantId>),
        ("CreateGrant", read::<GrantOperation>),
        ("AROAOLDSTARTJOB000001", read::<Grantee>),
        ("arn:aws:iam::111122223333:group/teams/operators", read::<GroupArn>),
        ("-_+=,.@", read::<IamName>),
        ("i-0f3c2a9d8b7e61254", read::<InstanceId>),
        ("arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-1234abcd", read::<KeyArn>),
        ("cks-1234567890abcdef0", read::<KeyStoreId>),
        ("p-FullAWSAccess", read::<OrgPolicyId>),
        ("ou-ab12-11111111", read::<OrgTarget>),
        ("o-abc1234567", read::<OrganizationId>),
        ("arn:aws:iam::aws:policy/service-role/AWSLambda", read::<PolicyArn>),
        ("start+stop@night", read::<PolicyName>),
        ("arn:aws:iam::111122223333:root", read::<PrincipalArn>),
        ("my profile", read::<ProfileName>),
        ("eusc-de-east-1", read::<Region>),
        ("arn:aws:iam::111122223333:role/a$b'`;/StartJob", read::<RoleArn>),
        ("arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/i-0f3c2a9d8b7e61254", read::<SessionArn>),
        ("mika@example.com", read::<SessionName>),
        ("arn:aws:iam::111122223333:user/ops/carol", read::<UserArn>),
        ("vol-0f3c2a9d8b7e61254", read::<VolumeId>),
        ("arn:aws:iam::111122223333:role/StartJob", read::<Grantee>),
    ];
    for (name, kind) in kinds {
        assert_eq!(kind(name).unwrap(), name);
        // What the AWS CLI would read a file or a page for, and what ends a line.
        for text in ["", "file:///etc/passwd", "fileb://x", "http://x", "https://x", "a\nb", "a\rb", "a\0b", "\u{85}"] {
            assert!(kind(text).is_err(), "{text:?} as what `{name}` is");
            if !text.is_empty() {
                assert!(kind(&format!("{name}\n{text}")).is_err(), "{text:?} behind `{name}`");
            }
        }
    }
    for partition in ["aws;x", "AWS", "aws-", "xaws", "aws.cn", "aws$(x)", "aws_cn", ""] {
        assert!(Arn::parse(&format!("arn:{partition}:iam::111122223333:role/r")).is_err(), "{partition}");
    }
}
