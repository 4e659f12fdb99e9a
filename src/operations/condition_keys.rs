//! The condition keys that bear on a start: for each whether it has one value or several, where they come from in each
//! kind of request, and whether the asker may state them.
//!
//! This is the one table of them. What it does not hold is in no request of a start, but for keys of `aws:`: such a
//! one may be misspelt or newer than this program, so that nothing is known of it.
//!
//! Sources: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html>,
//! <https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html>,
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>,
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html>,
//! <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html>

use crate::names::ConditionKey;

/// Where the value of a condition key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The request does not carry the key.
    Absent,
    /// It may carry any value or none.
    Unknown,
    /// Always this value.
    Is(&'static str),
    /// This value or none: AWS's page says both.
    IsOrAbsent(&'static str),
    /// There or not: a place in AWS's own network.
    Aws,
    /// Worked out from the capture, and unknown where that does not tell it.
    Derived,
    /// Follows from who asks for what: the request fills it in.
    OfRequest,
}

/// The kinds of requests: the columns of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// The principal's own call, StartInstances.
    Direct,
    /// A KMS request that EC2 forwards for the principal.
    Forwarded,
    /// A KMS request of EC2's infrastructure identity.
    Infrastructure,
}

/// In which requests the asker's word on a key counts; never in those of EC2's infrastructure identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stating {
    /// In none.
    Nowhere,
    /// In the principal's own call.
    Direct,
    /// There and in what EC2 forwards.
    Both,
}

/// One condition key, or all that begin with its name where that ends in `/` or `:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) key: &'static str,
    pub(super) is_multivalued: bool,
    pub(super) direct: Origin,
    pub(super) forwarded: Origin,
    pub(super) infrastructure: Origin,
    stating: Stating,
    /// Whether only sessions of roles carry it, and never a user.
    pub(super) is_of_role_sessions: bool,
}

const fn row(key: &'static str, direct: Origin, forwarded: Origin, infrastructure: Origin) -> Row {
    let (stating, is_multivalued, is_of_role_sessions) = (Stating::Nowhere, false, false);
    Row { key, is_multivalued, direct, forwarded, infrastructure, stating, is_of_role_sessions }
}

/// A key that no request of a start carries.
const fn never(key: &'static str) -> Row {
    row(key, Origin::Absent, Origin::Absent, Origin::Absent)
}

/// A key that all requests carry, as the capture tells it.
const fn always(key: &'static str) -> Row {
    row(key, Origin::Derived, Origin::Derived, Origin::Derived)
}

/// A key that follows from who asks for what.
const fn of_request(key: &'static str) -> Row {
    row(key, Origin::OfRequest, Origin::OfRequest, Origin::OfRequest)
}

/// A key of the KMS key, or of what is asked of it.
const fn of_key(key: &'static str) -> Row {
    row(key, Origin::Absent, Origin::Derived, Origin::Derived)
}

/// A key that CreateGrant carries.
const fn of_grant(key: &'static str) -> Row {
    row(key, Origin::Absent, Origin::Derived, Origin::Absent)
}

/// A key of the instance.
const fn of_instance(key: &'static str) -> Row {
    row(key, Origin::Derived, Origin::Absent, Origin::Absent)
}

/// A key that a role's session keeps from the way in which it came to be.
const fn of_session(key: &'static str) -> Row {
    let is_of_role_sessions = true;
    Row { is_of_role_sessions, ..row(key, Origin::Unknown, Origin::Unknown, Origin::Absent).stated() }
}

/// A key of the network that a request comes from.
const fn of_network(key: &'static str, forwarded: Origin) -> Row {
    row(key, Origin::Unknown, forwarded, Origin::Aws).stated_of_the_call()
}

impl Row {
    /// With several values.
    const fn many(self) -> Self {
        Self { is_multivalued: true, ..self }
    }

    /// With a value that the asker may state.
    const fn stated(self) -> Self {
        Self { stating: Stating::Both, ..self }
    }

    /// With a value in the principal's own call that the asker may state.
    const fn stated_of_the_call(self) -> Self {
        Self { stating: Stating::Direct, ..self }
    }

    pub(super) fn origin(&self, column: Column) -> Origin {
        match column {
            Column::Direct => self.direct,
            Column::Forwarded => self.forwarded,
            Column::Infrastructure => self.infrastructure,
        }
    }

    /// Whether it stands for all keys that begin so.
    pub(super) fn is_family(&self) -> bool {
        self.key.ends_with(['/', ':'])
    }
}

use Origin::{Absent, Aws, Derived, Is, IsOrAbsent, OfRequest, Unknown};

/// The table.
pub(super) const TABLE: &[Row] = &[
    row("kms:ViaService", Absent, Derived, Unknown),
    row("kms:CallerAccount", Absent, OfRequest, OfRequest),
    of_grant("kms:GrantIsForAWSResource"),
    // So CloudTrail records it of 2024 to 2026.
    of_grant("kms:GrantOperations").many(),
    of_grant("kms:GranteePrincipal"),
    of_grant("kms:GrantConstraintType"),
    of_grant("kms:RetiringPrincipal"),
    // EC2 grants to a principal, and names the key by its ARN.
    never("kms:GranteeServicePrincipal"),
    never("kms:RetiringServicePrincipal"),
    never("kms:GrantConstraintSourceArn"),
    never("kms:RequestAlias"),
    never("kms:RecipientAttestation:"),
    never("kms:EncryptionContext:"),
    of_key("kms:EncryptionContext:aws:ebs:id"),
    of_key("kms:EncryptionContextKeys").many(),
    row("kms:EncryptionAlgorithm", Absent, Derived, Is("SYMMETRIC_DEFAULT")),
    row("kms:ReEncryptOnSameKey", Absent, Derived, Absent),
    of_key("kms:KeySpec"),
    of_key("kms:CustomerMasterKeySpec"),
    of_key("kms:KeyUsage"),
    of_key("kms:CustomerMasterKeyUsage"),
    of_key("kms:KeyOrigin"),
    of_key("kms:MultiRegion"),
    of_key("kms:MultiRegionKeyType"),
    of_key("kms:ResourceAliases").many(),
    // Of other requests on keys.
    never("kms:BypassPolicyLockoutSafetyCheck"),
    never("kms:DataKeyPairSpec"),
    never("kms:ExpirationModel"),
    never("kms:KeyAgreementAlgorithm"),
    never("kms:MacAlgorithm"),
    never("kms:MessageType"),
    never("kms:PrimaryRegion"),
    never("kms:ReplicaRegion"),
    never("kms:RotationPeriodInDays"),
    never("kms:ScheduleKeyDeletionPendingWindowInDays"),
    never("kms:SigningAlgorithm"),
    never("kms:ValidTo"),
    never("kms:WrappingAlgorithm"),
    never("kms:WrappingKeySpec"),
    // The resource.
    always("aws:ResourceTag/"),
    of_request("aws:ResourceAccount"),
    always("aws:ResourceOrgID"),
    always("aws:ResourceOrgPaths").many(),
    of_instance("ec2:ResourceTag/"),
    of_instance("ec2:Region"),
    of_instance("ec2:InstanceID"),
    of_instance("ec2:InstanceType"),
    of_instance("ec2:AvailabilityZone"),
    of_instance("ec2:AvailabilityZoneId"),
    of_instance("ec2:Tenancy"),
    of_instance("ec2:InstanceProfile"),
    of_instance("ec2:RootDeviceType"),
    of_instance("ec2:EbsOptimized"),
    of_instance("ec2:PlacementGroup"),
    of_instance("ec2:InstanceMarketType"),
    of_instance("ec2:MetadataHttpEndpoint"),
    of_instance("ec2:MetadataHttpTokens"),
    of_instance("ec2:MetadataHttpPutResponseHopLimit"),
    of_instance("ec2:CpuOptionsAmdSevSnp"),
    of_instance("ec2:InstanceBandwidthWeighting"),
    of_instance("ec2:ManagedResourceOperator"),
    // The principal.
    of_request("aws:PrincipalAccount"),
    of_request("aws:PrincipalArn"),
    of_request("aws:PrincipalType"),
    of_request("aws:userid"),
    row("aws:username", Derived, Derived, Absent),
    row("aws:PrincipalTag/", Derived, Derived, Absent),
    always("aws:PrincipalOrgID"),
    always("aws:PrincipalOrgPaths").many(),
    // Told by AWS's own policy AWSSSOServiceRolePolicy and its policy simulator.
    always("aws:PrincipalOrgMasterAccountId"),
    row("aws:PrincipalIsAWSService", Is("false"), Is("false"), Is("false")),
    never("aws:PrincipalServiceName"),
    never("aws:PrincipalServiceNamesList").many(),
    never("aws:AssumedRoot"),
    // The session.
    of_session("aws:FederatedProvider"),
    of_session("aws:SourceIdentity"),
    of_session("aws:SignInSessionArn"),
    of_session("aws:ChatbotSourceArn"),
    of_session("aws:Ec2InstanceSourceVpc"),
    of_session("aws:Ec2InstanceSourcePrivateIPv4"),
    of_session("aws:OriginIdentity/"),
    of_session("ec2:RoleDelivery"),
    of_session("ec2:SourceInstanceARN"),
    of_session("lambda:SourceFunctionArn"),
    of_session("ssm:SourceInstanceARN"),
    of_session("codebuild:BuildArn"),
    of_session("codebuild:ProjectArn"),
    of_session("glue:RoleAssumedBy"),
    of_session("glue:CredentialIssuingService"),
    of_session("identitystore:UserId"),
    of_session("saml:sub"),
    of_session("saml:sub_type"),
    of_session("saml:namequalifier"),
    of_session("saml:aud"),
    // Other claims are told to AssumeRoleWithSAML only.
    never("saml:"),
    row("aws:TokenIssueTime", Derived, Derived, Unknown).stated(),
    row("aws:MultiFactorAuthPresent", Unknown, Unknown, Is("false")).stated(),
    row("aws:MultiFactorAuthAge", Unknown, Unknown, Absent).stated(),
    // How the request comes.
    row("aws:ViaAWSService", Is("false"), Is("true"), Is("false")),
    row("aws:CalledVia", Absent, Unknown, Absent).many().stated(),
    row("aws:CalledViaFirst", Absent, Unknown, Absent).stated(),
    row("aws:CalledViaLast", Absent, Unknown, Absent).stated(),
    row("aws:ViaAWSMCPService", IsOrAbsent("false"), IsOrAbsent("false"), IsOrAbsent("false")).stated(),
    row("aws:CalledViaAWSMCP", Absent, Absent, Absent).stated(),
    never("aws:IsMcpServiceAction"),
    never("aws:SourceArn"),
    never("aws:SourceAccount"),
    never("aws:SourceOrgID"),
    never("aws:SourceOrgPaths").many(),
    of_network("aws:SourceIp", Unknown),
    of_network("aws:SourceVpc", Absent),
    of_network("aws:SourceVpcArn", Absent),
    of_network("aws:SourceVpce", Absent),
    of_network("aws:VpcSourceIp", Absent),
    of_network("aws:VpceAccount", Absent),
    of_network("aws:VpceOrgID", Absent),
    of_network("aws:VpceOrgPaths", Absent).many(),
    always("aws:RequestedRegion"),
    row("aws:SecureTransport", Is("true"), Is("true"), Is("true")),
    always("aws:CurrentTime"),
    always("aws:EpochTime"),
    // What EC2 makes of them in what it forwards, nobody can say.
    row("aws:UserAgent", Unknown, Unknown, Unknown).stated_of_the_call(),
    row("aws:Referer", Absent, Absent, Absent).stated_of_the_call(),
    never("aws:RequestTag/"),
    never("aws:TagKeys").many(),
    // Of AssumeRole.
    never("sts:"),
    // Misspelt, or newer than this program.
    row("aws:", Unknown, Unknown, Unknown).stated(),
];

/// The row of a condition key: its own, or that of the family with the longest name.
pub(super) fn find(lower: &str) -> Option<&'static Row> {
    let own = TABLE.iter().find(|row| row.key.eq_ignore_ascii_case(lower));
    let begins = |row: &&Row| {
        lower.get(..row.key.len()).is_some_and(|beginning| row.is_family() && beginning.eq_ignore_ascii_case(row.key))
    };
    own.or_else(|| TABLE.iter().filter(begins).max_by_key(|row| row.key.len()))
}

/// Whether this is, in lower case, a key of a web identity that the session of a role keeps: `HOST:sub`, ….
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html>
pub(super) fn is_of_web_identity(lower: &str) -> bool {
    let kept = ["sub", "aud", "oaud", "amr", "id", "app_id", "user_id"];
    lower.rsplit_once(':').is_some_and(|(host, claim)| host.contains('.') && kept.contains(&claim))
}

/// Whether a condition key has several values.
pub(super) fn is_multivalued(lower: &str) -> bool {
    find(lower).map_or_else(|| is_of_web_identity(lower) && lower.ends_with(":amr"), |row| row.is_multivalued)
}

/// Whether the asker's word on a key counts in requests of this kind.
pub(super) fn counts_in(key: &ConditionKey, column: Column) -> bool {
    let stating = find(key.lower()).map_or(Stating::Both, |row| row.stating);
    match column {
        Column::Direct => stating != Stating::Nowhere,
        Column::Forwarded => stating == Stating::Both,
        Column::Infrastructure => false,
    }
}

/// Whether this program, or AWS of this name, in lower case, has such a key; keys of other services are taken to exist.
pub(crate) fn is_condition_key(lower: &str) -> bool {
    let ours = ["aws:", "kms:", "ec2:"].iter().any(|prefix| lower.starts_with(prefix));
    !ours || find(lower).is_some_and(|row| row.key != "aws:")
}

/// Whether the table holds a key of this name, in lower case.
pub(crate) fn is_in_table(lower: &str) -> bool {
    find(lower).is_some_and(|row| row.key != "aws:") || is_of_web_identity(lower)
}

/// Whether the condition key of this name, in lower case, tells from which network a request comes.
pub(crate) fn is_network_key(lower: &str) -> bool {
    find(lower).is_some_and(|row| row.infrastructure == Aws)
}

/// The condition keys that requests of a start carry, or may carry, as AWS writes them.
pub(crate) fn condition_keys() -> impl Iterator<Item = &'static str> {
    TABLE.iter().filter(|row| !row.is_family()).map(|row| row.key)
}

/// What the asker may say of a condition key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MayState {
    /// Nothing: its value follows from what is read.
    Nothing,
    /// One value.
    One,
    /// Any number of values.
    Many,
}

/// What the asker may say of this condition key.
pub fn may_state(key: &str) -> MayState {
    let key = ConditionKey::new(key);
    let is_of_ours = ["kms:", "ec2:"].iter().any(|prefix| key.lower().starts_with(prefix));
    if !counts_in(&key, Column::Direct) || (is_of_ours && find(key.lower()).is_none()) {
        return MayState::Nothing;
    }
    if is_multivalued(key.lower()) { MayState::Many } else { MayState::One }
}
