//! The request context of each request of a start: three columns of one table.

use crate::engine::{Context, ContextValue};
use crate::names::ConditionKey;

use super::table::Confidence;

/// A context key that the asker states, with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The key.
    pub key: String,
    /// Its value; empty: the request does not carry the key.
    pub value: String,
}

/// Where the value of a context key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The request does not carry the key.
    Absent,
    /// It may carry any value or none.
    Unknown,
    /// Always this value.
    Is(&'static str),
    /// There or not, but equal to nothing that a policy names.
    Foreign,
    /// Worked out from the capture.
    Derived,
}

/// One condition key and its origin in each kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContextRow {
    pub(crate) key: &'static str,
    /// In the principal's own call, StartInstances.
    pub(crate) direct: Origin,
    /// In a KMS request that EC2 forwards for the principal.
    pub(crate) forwarded: Origin,
    /// In a KMS request of EC2's infrastructure identity.
    pub(crate) infrastructure: Origin,
    pub(crate) confidence: Confidence,
}

const fn row(
    key: &'static str,
    direct: Origin,
    forwarded: Origin,
    infrastructure: Origin,
    confidence: Confidence,
) -> ContextRow {
    ContextRow { key, direct, forwarded, infrastructure, confidence }
}

use Confidence::{Documented as D, Field as F, Inferred as I};
use Origin::{Absent, Derived, Foreign, Is, Unknown};

/// The table. Keys of services that are not here are absent; keys of IAM that are not here do not exist.
///
/// Sources: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>,
/// <https://docs.aws.amazon.com/kms/latest/developerguide/policy-conditions.html>,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html>,
/// <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html>
const TABLE: &[ContextRow] = &[
    row("kms:ViaService", Absent, Derived, Unknown, D),
    row("kms:GrantIsForAWSResource", Absent, Derived, Absent, D),
    row("kms:GrantOperations", Absent, Derived, Absent, F),
    row("kms:GranteePrincipal", Absent, Derived, Absent, F),
    row("kms:GrantConstraintType", Absent, Derived, Absent, D),
    row("kms:RetiringPrincipal", Absent, Derived, Absent, F),
    row("kms:EncryptionContext:aws:ebs:id", Absent, Derived, Derived, D),
    row("kms:EncryptionContextKeys", Absent, Derived, Derived, D),
    row("kms:EncryptionAlgorithm", Absent, Derived, Is("SYMMETRIC_DEFAULT"), D),
    row("kms:KeySpec", Absent, Derived, Derived, D),
    row("kms:CustomerMasterKeySpec", Absent, Derived, Derived, D),
    row("kms:KeyUsage", Absent, Derived, Derived, D),
    row("kms:CustomerMasterKeyUsage", Absent, Derived, Derived, D),
    row("kms:KeyOrigin", Absent, Derived, Derived, D),
    row("kms:MultiRegion", Absent, Derived, Derived, D),
    row("kms:MultiRegionKeyType", Absent, Derived, Derived, D),
    row("kms:ResourceAliases", Absent, Derived, Derived, D),
    row("aws:ResourceOrgID", Derived, Derived, Derived, D),
    row("aws:ResourceOrgPaths", Derived, Derived, Derived, D),
    row("aws:PrincipalOrgID", Derived, Derived, Derived, D),
    row("aws:PrincipalOrgPaths", Derived, Derived, Derived, D),
    row("aws:ViaAWSService", Is("false"), Is("true"), Is("false"), D),
    row("aws:CalledVia", Absent, Unknown, Absent, F),
    row("aws:CalledViaFirst", Absent, Unknown, Absent, F),
    row("aws:CalledViaLast", Absent, Unknown, Absent, F),
    row("aws:ViaAWSMCPService", Is("false"), Is("false"), Is("false"), I),
    row("aws:CalledViaAWSMCP", Absent, Absent, Absent, I),
    row("aws:PrincipalServiceName", Absent, Absent, Absent, D),
    row("aws:PrincipalServiceNamesList", Absent, Absent, Absent, D),
    row("aws:SourceArn", Absent, Absent, Absent, D),
    row("aws:SourceAccount", Absent, Absent, Absent, D),
    row("aws:SourceOrgID", Absent, Absent, Absent, D),
    row("aws:SourceOrgPaths", Absent, Absent, Absent, D),
    row("aws:SourceVpc", Unknown, Absent, Foreign, D),
    row("aws:SourceVpcArn", Unknown, Absent, Foreign, D),
    row("aws:SourceVpce", Unknown, Absent, Foreign, D),
    row("aws:VpcSourceIp", Unknown, Absent, Foreign, D),
    row("aws:VpceAccount", Unknown, Absent, Foreign, I),
    row("aws:VpceOrgID", Unknown, Absent, Foreign, I),
    row("aws:VpceOrgPaths", Unknown, Absent, Foreign, I),
    row("aws:SourceIp", Unknown, Unknown, Foreign, D),
    row("aws:RequestedRegion", Derived, Derived, Derived, D),
    row("aws:SecureTransport", Is("true"), Is("true"), Is("true"), I),
    row("aws:TokenIssueTime", Derived, Derived, Unknown, I),
    row("aws:CurrentTime", Derived, Derived, Derived, D),
    row("aws:EpochTime", Derived, Derived, Derived, D),
    row("aws:MultiFactorAuthPresent", Unknown, Unknown, Is("false"), F),
    row("aws:MultiFactorAuthAge", Unknown, Unknown, Absent, F),
    row("sts:ExternalId", Unknown, Unknown, Absent, D),
    row("aws:SourceIdentity", Unknown, Unknown, Absent, D),
    row("aws:FederatedProvider", Unknown, Unknown, Absent, D),
    row("aws:ChatbotSourceArn", Unknown, Unknown, Absent, D),
    row("aws:AssumedRoot", Absent, Absent, Absent, D),
    row("aws:SignInSessionArn", Unknown, Unknown, Absent, I),
    row("ec2:SourceInstanceARN", Unknown, Unknown, Absent, D),
    row("aws:Ec2InstanceSourceVpc", Unknown, Unknown, Absent, D),
    row("aws:Ec2InstanceSourcePrivateIPv4", Unknown, Unknown, Absent, D),
    row("lambda:SourceFunctionArn", Unknown, Unknown, Absent, D),
    row("ssm:SourceInstanceARN", Unknown, Unknown, Absent, D),
    row("aws:UserAgent", Unknown, Unknown, Unknown, D),
    row("aws:Referer", Unknown, Unknown, Absent, D),
    row("aws:username", Absent, Absent, Absent, D),
    row("aws:TagKeys", Absent, Absent, Absent, D),
];

/// Keys that only sessions of roles carry: absent from the requests of users.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
pub(super) const OF_ROLE_SESSIONS: [&str; 9] = [
    "sts:ExternalId",
    "aws:SourceIdentity",
    "aws:FederatedProvider",
    "aws:ChatbotSourceArn",
    "ec2:SourceInstanceARN",
    "aws:Ec2InstanceSourceVpc",
    "aws:Ec2InstanceSourcePrivateIPv4",
    "lambda:SourceFunctionArn",
    "ssm:SourceInstanceARN",
];

/// What every instance has; a capture that tells none of it was written by hand.
pub(super) const OF_INSTANCES: [&str; 6] = [
    "ec2:InstanceType",
    "ec2:AvailabilityZone",
    "ec2:Tenancy",
    "ec2:RootDeviceType",
    "ec2:EbsOptimized",
    "ec2:InstanceMarketType",
];

/// The kinds of requests: the columns of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Direct,
    Forwarded,
    Infrastructure,
}

impl ContextRow {
    fn origin(&self, column: Column) -> Origin {
        match column {
            Column::Direct => self.direct,
            Column::Forwarded => self.forwarded,
            Column::Infrastructure => self.infrastructure,
        }
    }
}

/// Fills the columns' fixed values in; what is derived is set by the caller.
pub(super) fn fixed(column: Column) -> Context {
    let mut context = Context::new();
    for row in TABLE {
        match row.origin(column) {
            Origin::Absent | Origin::Derived => {}
            Origin::Unknown => context.set(row.key, ContextValue::NotKnown),
            Origin::Is(text) => context.set(row.key, text),
            Origin::Foreign => context.set(row.key, ContextValue::Foreign),
        }
    }
    context
}

/// Families of condition keys, and keys of other requests than those of a start.
///
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html>
const OTHER_KEYS: &[&str] = &[
    "aws:principaltag/",
    "aws:requesttag/",
    "aws:resourcetag/",
    "ec2:resourcetag/",
    "kms:encryptioncontext:",
    "kms:recipientattestation:",
    "aws:calledvia",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principaltype",
    "aws:resourceaccount",
    "aws:userid",
    "ec2:availabilityzone",
    "ec2:ebsoptimized",
    "ec2:instanceid",
    "ec2:instancemarkettype",
    "ec2:instanceprofile",
    "ec2:instancetype",
    "ec2:managedresourceoperator",
    "ec2:metadatahttpendpoint",
    "ec2:metadatahttpputresponsehoplimit",
    "ec2:metadatahttptokens",
    "ec2:placementgroup",
    "ec2:region",
    "ec2:rootdevicetype",
    "ec2:tenancy",
    "kms:bypasspolicylockoutsafetycheck",
    "kms:calleraccount",
    "kms:datakeypairspec",
    "kms:expirationmodel",
    "kms:grantconstraintsourcearn",
    "kms:granteeserviceprincipal",
    "kms:keyagreementalgorithm",
    "kms:macalgorithm",
    "kms:messagetype",
    "kms:primaryregion",
    "kms:reencryptonsamekey",
    "kms:replicaregion",
    "kms:requestalias",
    "kms:retiringserviceprincipal",
    "kms:rotationperiodindays",
    "kms:schedulekeydeletionpendingwindowindays",
    "kms:signingalgorithm",
    "kms:validto",
    "kms:wrappingalgorithm",
    "kms:wrappingkeyspec",
];

/// Whether AWS documents a condition key of this name, in lower case, for KMS, for StartInstances or for all
/// services. Keys of other services are taken to exist.
pub(crate) fn is_condition_key(lower: &str) -> bool {
    let ours = ["aws:", "kms:", "ec2:"].iter().any(|prefix| lower.starts_with(prefix));
    let listed = |key: &str| lower == key || (key.ends_with(['/', ':']) && lower.starts_with(key));
    !ours || OTHER_KEYS.iter().any(|key| listed(key)) || TABLE.iter().any(|row| row.key.eq_ignore_ascii_case(lower))
}

/// Whether the condition key of this name, in lower case, tells from which network a request comes: what EC2 forwards
/// carries none of them.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html>
pub(crate) fn is_network_key(lower: &str) -> bool {
    let keys = ["sourceip", "sourcevpc", "sourcevpcarn", "sourcevpce", "vpcsourceip"];
    let of_endpoints = ["vpceaccount", "vpceorgid", "vpceorgpaths"];
    lower.strip_prefix("aws:").is_some_and(|name| keys.contains(&name) || of_endpoints.contains(&name))
}

/// The condition keys that requests of a start carry, or may carry, as AWS writes them.
pub(crate) fn condition_keys() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|row| row.key)
}

/// Whether the asker's word is needed for this key: it is unknown in some request of the role, or no key of AWS's
/// that this program derives.
pub fn may_be_stated(key: &str) -> bool {
    let key = ConditionKey::new(key);
    if let Some(row) = TABLE.iter().find(|row| ConditionKey::new(row.key) == key) {
        return row.direct == Origin::Unknown || row.forwarded == Origin::Unknown || row.key == "aws:TokenIssueTime";
    }
    !["aws:", "kms:", "ec2:"].iter().any(|prefix| key.lower().starts_with(prefix))
}

/// Sets what the asker states, where the table leaves the key open.
pub(super) fn state(context: &mut Context, stated: &[Stated], column: Column) {
    for Stated { key, value } in stated {
        let name = ConditionKey::new(key);
        let row = TABLE.iter().find(|row| ConditionKey::new(row.key) == name);
        let open = row.is_none_or(|row| row.origin(column) == Origin::Unknown || row.key == "aws:TokenIssueTime");
        if open && column != Column::Infrastructure {
            let absent = value.is_empty().then_some(ContextValue::Absent);
            context.set(key, absent.unwrap_or_else(|| value.as_str().into()));
        }
    }
}
