//! The context keys that generated policies ask for.

/// What kind of value a key has, which says what operators fit it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Date,
    Bool,
    Binary,
    Address,
    Arn,
}

/// A context key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) multivalued: bool,
    /// Whether the scene decides its value; otherwise one of `values` is drawn, or none, or it is unknown.
    pub(crate) from_scene: bool,
    pub(crate) values: &'static [&'static str],
}

const fn drawn(name: &'static str, kind: Kind, values: &'static [&'static str]) -> Key {
    Key { name, kind, multivalued: false, from_scene: false, values }
}

const fn list(name: &'static str, values: &'static [&'static str]) -> Key {
    Key { name, kind: Kind::Text, multivalued: true, from_scene: false, values }
}

const fn scene(name: &'static str, kind: Kind, values: &'static [&'static str]) -> Key {
    Key { name, kind, multivalued: false, from_scene: true, values }
}

const fn scene_list(name: &'static str, values: &'static [&'static str]) -> Key {
    Key { name, kind: Kind::Text, multivalued: true, from_scene: true, values }
}

/// All of them. `values` of those that the scene decides stand in where a request does not carry the key.
pub(crate) const KEYS: &[Key] = &[
    drawn("aws:PrincipalTag/team", Kind::Text, &["ops", "Ops", "finance", "", "o*s"]),
    drawn("aws:ResourceTag/team", Kind::Text, &["ops", "finance", "straße"]),
    drawn("aws:PrincipalOrgID", Kind::Text, &["o-abcde12345", "o-other98765"]),
    drawn("aws:ResourceOrgID", Kind::Text, &["o-abcde12345", "o-other98765"]),
    drawn("aws:SourceVpce", Kind::Text, &["vpce-0a1b2c3d4e5f60718", "vpce-0fedcba9876543210"]),
    drawn("aws:RequestedRegion", Kind::Text, &["ap-northeast-1", "us-east-1"]),
    drawn("kms:KeyOrigin", Kind::Text, &["AWS_KMS", "EXTERNAL"]),
    drawn("aws:PrincipalTag/level", Kind::Number, &["1", "5", "5.0", "10", "-6", "0", "none", "+05"]),
    drawn("aws:MultiFactorAuthAge", Kind::Number, &["0", "300", "3600", "86400"]),
    drawn(
        "aws:TokenIssueTime",
        Kind::Date,
        &["2026-11-24T12:00:00Z", "1795521600", "2026-11-24T21:00:00+09:00", "2026-11-24T11:59:59.9994Z"],
    ),
    drawn("aws:CurrentTime", Kind::Date, &["2026-11-24T12:00:00Z", "2026-11-24", "soon"]),
    drawn("aws:EpochTime", Kind::Date, &["1795521600", "1795521599", "1795435200"]),
    drawn("aws:MultiFactorAuthPresent", Kind::Bool, &["true", "false", "True"]),
    drawn("aws:SecureTransport", Kind::Bool, &["true", "false"]),
    drawn("aws:PrincipalTag/fingerprint", Kind::Binary, &["QWxwaGE=", "ZGVsdGE=", "alpha"]),
    drawn(
        "aws:SourceIp",
        Kind::Address,
        &[
            "192.0.2.10",
            "198.51.100.9",
            "10.20.30.40",
            "2001:db8::5",
            "192.0.2.010",
            "unknown",
            "::ffff:192.0.2.10",
            "::FFFF:c000:20a",
            "2001:db8:::5",
            "2001:db8::192.0.2.10",
        ],
    ),
    drawn("aws:VpcSourceIp", Kind::Address, &["10.0.0.7", "10.20.0.1"]),
    drawn(
        "aws:SourceArn",
        Kind::Arn,
        &["arn:aws:events:us-east-1:111122223333:rule/nightly", "arn:aws:s3:::reports", "nightly"],
    ),
    drawn(
        "lambda:SourceFunctionArn",
        Kind::Arn,
        &[
            "arn:aws:lambda:us-east-1:111122223333:function:start-nightly",
            "arn:aws:lambda:eu-central-1:111122223333:function:start-nightly",
        ],
    ),
    list("aws:TagKeys", &["env", "team", "Env"]),
    list("aws:CalledVia", &["ec2.amazonaws.com", "cloudformation.amazonaws.com"]),
    list("kms:ResourceAliases", &["alias/volumes", "alias/backup"]),
    scene("aws:PrincipalArn", Kind::Arn, &[]),
    scene("aws:PrincipalAccount", Kind::Text, &[]),
    scene("aws:PrincipalType", Kind::Text, &[]),
    scene("aws:ResourceAccount", Kind::Text, &[]),
    scene("aws:userid", Kind::Text, &["AROAEXAMPLESTRANGER00:job"]),
    scene("aws:username", Kind::Text, &["alice"]),
    scene("aws:PrincipalIsAWSService", Kind::Bool, &[]),
    scene("aws:ViaAWSService", Kind::Bool, &["true"]),
    scene("kms:CallerAccount", Kind::Text, &["111122223333"]),
    scene("kms:ViaService", Kind::Text, &["ec2.us-east-1.amazonaws.com"]),
    scene("kms:GrantIsForAWSResource", Kind::Bool, &["true"]),
    scene("kms:GrantConstraintType", Kind::Text, &["EncryptionContextSubset"]),
    scene(
        "kms:GranteePrincipal",
        Kind::Arn,
        &["arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/i-0123456789abcdef0"],
    ),
    scene("kms:EncryptionContext:aws:ebs:id", Kind::Text, &["vol-0123456789abcdef0"]),
    scene_list("kms:GrantOperations", &["Decrypt", "CreateGrant"]),
    scene_list("kms:EncryptionContextKeys", &["aws:ebs:id", "Department"]),
];
