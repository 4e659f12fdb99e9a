//! The statements that are suggested: exact principal, exact resources, only the actions needed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::names::{Arn, RoleArn};
use crate::operations::RemedyStyle;

/// What a statement is to allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// `ec2:StartInstances`.
    Start,
    /// `kms:CreateGrant`, for grants that EC2 makes for its own use.
    Grant,
    /// Use of the key through EC2.
    Use,
    /// Decryption of volumes by EC2's own identity.
    Volumes,
}

/// What a suggested statement is made of.
pub(super) struct StatementSpec<'a> {
    pub(super) purpose: Purpose,
    pub(super) actions: Vec<&'a str>,
    /// In a key policy.
    pub(super) principal: Option<&'a Admitted>,
    /// Who makes the requests.
    pub(super) by: Option<&'a str>,
    /// Key or instance ARNs; in a key policy `*`.
    pub(super) resources: Vec<String>,
    pub(super) region: &'a str,
    pub(super) style: RemedyStyle,
}

/// How a key policy names a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Admitted {
    /// By its ARN.
    Role(String),
    /// By a pattern of its ARN, with the account as principal: the ARN changes with every assignment of the
    /// permission set that the role belongs to, and a principal may hold no wildcard.
    ///
    /// Source: <https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html>
    PermissionSet { account_root: String, pattern: String },
}

impl Admitted {
    /// How to name the role of this ARN.
    pub(super) fn of(role: &str) -> Self {
        match (permission_set(role), Arn::parse(role)) {
            (Some((beginning, name)), Ok(arn)) => Self::PermissionSet {
                account_root: format!("arn:{}:iam::{}:root", arn.partition(), arn.account()),
                pattern: format!("{beginning}AWSReservedSSO_{name}_*"),
            },
            (Some(_) | None, _) => Self::Role(role.to_owned()),
        }
    }

    /// The ARN or pattern that `aws:PrincipalArn` is compared with.
    pub(super) fn pattern(&self) -> &str {
        match self {
            Self::Role(arn) => arn,
            Self::PermissionSet { pattern, .. } => pattern,
        }
    }
}

/// What stands before the name of a role of IAM Identity Center, and the name of its permission set.
pub(super) fn permission_set(role: &str) -> Option<(&str, &str)> {
    let arn = RoleArn::parse(role).ok()?;
    let name = arn.path_and_name().starts_with("aws-reserved/sso.amazonaws.com/").then_some(arn.name())?;
    let (set, _suffix) = name.strip_prefix("AWSReservedSSO_")?.rsplit_once('_')?;
    let beginning = role.find("AWSReservedSSO_").and_then(|at| role.get(..at))?;
    let at = role.find(set)?;
    Some((beginning, role.get(at..at + set.len())?))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement<'a> {
    sid: &'static str,
    effect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<BTreeMap<&'static str, &'a str>>,
    action: Value,
    resource: Value,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "block")]
    condition: Vec<Test<'a>>,
}

/// An operator, a key and its only value.
type Test<'a> = (&'static str, &'static str, Cow<'a, str>);

/// A single value stands without a list.
fn values(texts: &[impl AsRef<str>]) -> Value {
    match texts {
        [one] => one.as_ref().into(),
        several => several.iter().map(AsRef::as_ref).collect(),
    }
}

fn block<S: Serializer>(tests: &[Test<'_>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(tests.iter().map(|(operator, key, value)| (operator, BTreeMap::from([(key, value)]))))
}

/// What AWS's guides let a principal do that uses encrypted volumes.
///
/// Source: <https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html>
const CUSTOMARY_USE: [&str; 5] =
    ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"];

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
            Self::Volumes => "EC2DecryptsVolumes",
        }
    }
}

/// The statement as JSON, indented by two.
///
/// `kms:GrantIsForAWSResource` stands with CreateGrant only: no other request of a start carries it.
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html>
pub(super) fn statement(wanted: &StatementSpec<'_>) -> String {
    let customary = wanted.style == RemedyStyle::AwsDocumented;
    let via_ec2 = match wanted.purpose {
        Purpose::Start | Purpose::Volumes => false,
        // AWS's guides narrow the grant by its use alone.
        Purpose::Grant => !customary,
        Purpose::Use => true,
    };
    let (principal, pattern) = match wanted.principal {
        Some(Admitted::Role(arn)) => (Some(arn), None),
        Some(Admitted::PermissionSet { account_root, pattern }) => (Some(account_root), Some(pattern)),
        None => (None, None),
    };
    let via =
        via_ec2.then(|| ("StringEquals", "kms:ViaService", format!("ec2.{}.amazonaws.com", wanted.region).into()));
    let for_ec2 = (wanted.purpose == Purpose::Grant).then_some(("Bool", "kms:GrantIsForAWSResource", "true".into()));
    let alone = (wanted.purpose == Purpose::Volumes)
        .then_some(wanted.by)
        .flatten()
        .map(|by| ("ArnEquals", "aws:PrincipalArn", by.into()));
    let by = pattern.map(|pattern| ("ArnLike", "aws:PrincipalArn", pattern.into()));
    let statement = Statement {
        sid: wanted.purpose.sid(),
        effect: "Allow",
        principal: principal.map(|arn| BTreeMap::from([("AWS", arn.as_str())])),
        action: match wanted.purpose {
            Purpose::Use if customary => values(&CUSTOMARY_USE),
            Purpose::Start | Purpose::Grant | Purpose::Use | Purpose::Volumes => values(&wanted.actions),
        },
        resource: values(&wanted.resources),
        condition: [via, for_ec2, by, alone].into_iter().flatten().collect(),
    };
    // Texts and lists of them always serialize.
    serde_json::to_string_pretty(&statement).unwrap_or_default()
}
