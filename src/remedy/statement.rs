//! The statements that are suggested: exact principal, exact resources, only the actions needed.

use serde::Serialize;

use crate::names::KeyArn;

/// What a statement is to allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// `ec2:StartInstances`.
    Start,
    /// `kms:CreateGrant`, for grants that EC2 makes for its own use.
    Grant,
    /// Use of the key through EC2.
    Use,
}

/// What a suggested statement is made of.
pub(super) struct Wanted<'a> {
    pub(super) purpose: Purpose,
    pub(super) actions: Vec<&'a str>,
    /// The role's ARN, in a key policy.
    pub(super) principal: Option<&'a str>,
    /// Key or instance ARNs; in a key policy `*`.
    pub(super) resources: Vec<String>,
    pub(super) region: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement<'a> {
    sid: &'static str,
    effect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<Principal<'a>>,
    action: Values<'a>,
    resource: Values<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Condition>,
}

#[derive(Serialize)]
struct Principal<'a> {
    #[serde(rename = "AWS")]
    aws: &'a str,
}

/// A single value stands without a list.
struct Values<'a>(Vec<&'a str>);

impl Serialize for Values<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Condition {
    string_equals: ViaService,
    #[serde(skip_serializing_if = "Option::is_none")]
    bool: Option<ForAwsResource>,
}

#[derive(Serialize)]
struct ViaService {
    #[serde(rename = "kms:ViaService")]
    via_service: String,
}

#[derive(Serialize)]
struct ForAwsResource {
    #[serde(rename = "kms:GrantIsForAWSResource")]
    flag: &'static str,
}

impl Purpose {
    pub(super) fn of(action: &str) -> Self {
        match action {
            "ec2:StartInstances" => Self::Start,
            "kms:CreateGrant" => Self::Grant,
            _ => Self::Use,
        }
    }

    fn sid(self) -> &'static str {
        match self {
            Self::Start => "StartThisInstance",
            Self::Grant => "GrantKeyToEC2ForStart",
            Self::Use => "UseKeyThroughEC2",
        }
    }
}

/// The statement as JSON, indented by two.
///
/// `kms:GrantIsForAWSResource` stands with CreateGrant only: no other request of a start carries it.
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html>
pub(super) fn statement(wanted: &Wanted<'_>) -> String {
    let condition = (wanted.purpose != Purpose::Start).then(|| Condition {
        string_equals: ViaService { via_service: format!("ec2.{}.amazonaws.com", wanted.region) },
        bool: (wanted.purpose == Purpose::Grant).then_some(ForAwsResource { flag: "true" }),
    });
    let statement = Statement {
        sid: wanted.purpose.sid(),
        effect: "Allow",
        principal: wanted.principal.map(|aws| Principal { aws }),
        action: Values(wanted.actions.clone()),
        resource: Values(wanted.resources.iter().map(String::as_str).collect()),
        condition,
    };
    // Texts and lists of them always serialize.
    serde_json::to_string_pretty(&statement).unwrap_or_default()
}

/// The command that gives a service-linked role its grant on a key of another account, from its own account.
///
/// Source: <https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html>
pub(super) fn create_grant(key: &KeyArn, role: &str) -> String {
    format!(
        "aws kms create-grant --region {} --key-id {key} --grantee-principal {role} --operations Encrypt Decrypt \
         ReEncryptFrom ReEncryptTo GenerateDataKey GenerateDataKeyWithoutPlaintext DescribeKey CreateGrant",
        key.region()
    )
}
