//! The table of findings: code, name, page, title. Titles and names tell the bad state.

use std::fmt;

const KMS_IAM: &str = "https://docs.aws.amazon.com/kms/latest/developerguide/iam-policies.html";
const KEY_POLICY_DEFAULT: &str = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html";
const KEY_POLICY: &str = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html";
const EVALUATION: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html";
const BOUNDARIES: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html";
const SESSION_POLICIES: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html";
const SCPS: &str =
    "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html";
const RCPS: &str = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html";
const CROSS_ACCOUNT: &str =
    "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html";
const EBS: &str = "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html";
const AUTO_SCALING: &str =
    "https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html";
const CROSS_ACCOUNT_LOGIC: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html";
const KMS_CONCEPTS: &str = "https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html";
const GRANTS: &str = "https://docs.aws.amazon.com/kms/latest/developerguide/grants.html";
const GRANT_CONSTRAINTS: &str = "https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html";
const KMS_CONDITIONS: &str = "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html";
const CONDITION_KEYS: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html";
const OPERATORS: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html";
const FORWARD_ACCESS: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html";
const MFA: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html";
const KMS_ABAC: &str = "https://docs.aws.amazon.com/kms/latest/developerguide/abac.html";
const TAGS: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html";
const PRINCIPAL: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html";
const NOT_PRINCIPAL: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html";
const ARNS: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html";
const SERVICE_LINKED: &str =
    "https://docs.aws.amazon.com/autoscaling/ec2/userguide/autoscaling-service-linked-role.html";
const ACTION: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html";
const KEY_STATE: &str = "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html";
const DELETING: &str = "https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html";
const IMPORTING: &str = "https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys.html";
const KEY_STORES: &str = "https://docs.aws.amazon.com/kms/latest/developerguide/key-store-overview.html";
const MULTI_REGION: &str = "https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html";
const LIFECYCLE: &str = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html";
const STOP_START: &str = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html";
const MANAGED: &str = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/amazon-ec2-managed-instances.html";
const LAUNCH: &str = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html";
const VOLUMES: &str = "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-describing-volumes.html";
const TRUST: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html";
const GET_ROLE: &str = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html";
const LICENSES: &str = "https://docs.aws.amazon.com/license-manager/latest/userguide/license-configurations.html";
const DESCRIBE_VOLUMES: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVolumes.html";

macro_rules! codes {
    ($($variant:ident $id:literal $name:literal $source:ident $title:literal;)*) => {
        /// A way for an instance not to start, or something worth knowing about its start.
        ///
        /// By hundreds: 01 causes, 02 what only AWS's documents ask for, 03 near misses, 04 keys, 05 instance, volumes
        /// and role, 06 what is not known.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $title] $variant,)*
        }

        impl Code {
            /// All codes, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As `EBP0101`.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// The state that it names, as `no-identity-allow`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The title of its page.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// Its page, as `docs/findings/` holds it.
            pub fn page(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("../../docs/findings/", $id, ".md")),)* }
            }

            /// The AWS page that it rests on.
            pub fn source(self) -> &'static str {
                match self { $(Self::$variant => $source,)* }
            }
        }
    };
}

codes! {
    NoIdentityAllow "EBP0101" "no-identity-allow" KMS_IAM
        "no policy of the role allows it";
    KeyPolicyNoDelegation "EBP0102" "key-policy-no-delegation" KEY_POLICY_DEFAULT
        "the key policy neither names the role nor leaves the key to the account's IAM policies";
    ExplicitDenyIdentity "EBP0103" "explicit-deny-identity" EVALUATION
        "a policy of the role denies it";
    ExplicitDenyKeyPolicy "EBP0104" "explicit-deny-key-policy" EVALUATION
        "the key policy denies it";
    BoundaryLacksAllow "EBP0105" "boundary-lacks-allow" BOUNDARIES
        "the role's permissions boundary does not allow it";
    ExplicitDenyBoundary "EBP0106" "explicit-deny-boundary" BOUNDARIES
        "the role's permissions boundary denies it";
    SessionPolicyLacksAllow "EBP0107" "session-policy-lacks-allow" SESSION_POLICIES
        "a session policy does not allow it";
    ExplicitDenySessionPolicy "EBP0108" "explicit-deny-session-policy" SESSION_POLICIES
        "a session policy denies it";
    ScpLacksAllow "EBP0109" "scp-lacks-allow" SCPS
        "the SCPs of a level do not allow it";
    ExplicitDenyScp "EBP0110" "explicit-deny-scp" SCPS
        "an SCP denies it";
    RcpLacksAllow "EBP0111" "rcp-lacks-allow" RCPS
        "the RCPs of a level do not allow it";
    ExplicitDenyRcp "EBP0112" "explicit-deny-rcp" RCPS
        "an RCP denies it";
    CrossAccountIdentity "EBP0113" "cross-account-identity-half" CROSS_ACCOUNT
        "the role's own policies do not allow it, which a key of another account needs besides";
    CrossAccountKeyPolicy "EBP0114" "cross-account-key-policy-half" CROSS_ACCOUNT
        "the other account's key policy admits neither the role nor its account";
    CrossAccountBoth "EBP0115" "cross-account-both-halves" CROSS_ACCOUNT
        "neither the other account's key policy nor the role's own policies allow it";
    InfrastructureDenied "EBP0116" "infrastructure-denied" EBS
        "EC2's own identity, which decrypts the volume, is denied";
    ServiceLinkedRoleForeignKey "EBP0117" "service-linked-role-foreign-key" AUTO_SCALING
        "a service-linked role needs a grant on a key of another account";
    ForeignInstance "EBP0118" "foreign-instance" CROSS_ACCOUNT_LOGIC
        "the instance belongs to another account than the role";
    ForeignManagedKey "EBP0119" "foreign-aws-managed-key" KMS_CONCEPTS
        "the volume is encrypted with an AWS managed key of another account";
    PerimeterForgetsEc2 "EBP0120" "perimeter-forgets-ec2" EBS
        "a network perimeter denies EC2's own identity, which decrypts the volume";
    GrantOtherGrantee "EBP0121" "grant-to-another-principal" GRANTS
        "the grant on the key is for another principal";
    GrantLacksOperation "EBP0122" "grant-lacks-operation" GRANTS
        "the grant on the key lacks the operation";
    GrantOtherContext "EBP0123" "grant-for-another-encryption-context" GRANT_CONSTRAINTS
        "the grant on the key is for another encryption context";
    GrantStaleGrantee "EBP0124" "grant-to-a-deleted-principal" GRANTS
        "the grant on the key was made for a principal that was deleted since";
    DecryptNotAllowed "EBP0201" "decrypt-not-allowed" EBS
        "documented for EBS encryption, not seen in a start";
    LifeCycleNotAllowed "EBP0202" "volume-life-cycle-not-allowed" EBS
        "documented for creating and copying volumes, not seen in a start";
    ViaServiceOtherRegion "EBP0301" "via-service-other-region" KMS_CONDITIONS
        "kms:ViaService names EC2 of another Region";
    ViaServiceOtherService "EBP0302" "via-service-other-service" KMS_CONDITIONS
        "kms:ViaService names another service than EC2";
    ViaServiceChinaSuffix "EBP0303" "via-service-china-suffix" KMS_CONDITIONS
        "kms:ViaService ends in amazonaws.com.cn, which no request carries";
    GrantFlagOnOtherRequest "EBP0304" "grant-flag-on-other-request" KMS_CONDITIONS
        "kms:GrantIsForAWSResource is asked of a request that does not carry it";
    ConditionKeyUnknown "EBP0305" "condition-key-unknown" CONDITION_KEYS
        "a condition key is misspelt, or AWS knows none of this name";
    ConditionKeyNotCarried "EBP0306" "condition-key-not-carried" KMS_CONDITIONS
        "a condition asks for a key that this request does not carry";
    WildcardInStringEquals "EBP0307" "wildcard-in-string-equals" OPERATORS
        "a condition compares with a wildcard, which its operator takes literally";
    NetworkConditionOnForwarded "EBP0308" "network-condition-on-forwarded-request" FORWARD_ACCESS
        "a condition asks for a network that a forwarded request does not carry";
    NetworkDenyWithoutEscape "EBP0309" "network-deny-without-escape" FORWARD_ACCESS
        "a network perimeter denies what EC2 forwards for the role";
    MfaCondition "EBP0310" "mfa-condition" MFA
        "a condition asks for MFA, which the session does not have";
    EncryptionContextOther "EBP0311" "encryption-context-of-another-volume" KMS_CONDITIONS
        "a condition names the encryption context of another volume";
    ResourceAliasesInKeyPolicy "EBP0312" "resource-aliases-in-key-policy" KMS_CONDITIONS
        "a key policy asks for kms:ResourceAliases, which counts in IAM policies only";
    TagInOtherCase "EBP0313" "tag-in-other-case" KMS_ABAC
        "a tag differs from what the condition asks for in case only";
    TagMissing "EBP0314" "tag-missing" TAGS
        "a condition asks for a tag that is not there";
    TagOfOtherValue "EBP0315" "tag-of-other-value" TAGS
        "a tag has another value than the condition asks for";
    RoleWithoutPath "EBP0316" "role-without-path" PRINCIPAL
        "a policy names the role without its path or under another one";
    RoleOfOtherAccount "EBP0317" "role-of-other-account" PRINCIPAL
        "a policy names the role of this name in another account";
    ArnOfOtherPartition "EBP0318" "arn-of-other-partition" ARNS
        "an ARN names another partition";
    RoleInOtherCase "EBP0319" "role-in-other-case" PRINCIPAL
        "a policy names the role in other upper and lower case";
    SessionAsPrincipal "EBP0320" "session-as-principal" PRINCIPAL
        "a policy names another session of the role";
    StalePrincipal "EBP0321" "stale-principal" PRINCIPAL
        "the key policy names the unique ID of a deleted principal";
    ServicePrincipal "EBP0322" "service-principal" EBS
        "the key policy names a service, and no request of a start is made by it";
    PolicyAsPrincipal "EBP0323" "policy-as-principal" PRINCIPAL
        "a policy names something as principal that is none";
    ServiceLinkedRoleSuffix "EBP0324" "service-linked-role-suffix" SERVICE_LINKED
        "the key policy names the service-linked role with another suffix";
    ServiceLinkedRoleOther "EBP0325" "service-linked-role-of-another-service" SERVICE_LINKED
        "the key policy names the service-linked role of another service";
    AliasAsResource "EBP0326" "alias-as-resource" KMS_IAM
        "a policy names the key by an alias, which never gives use of the key";
    KeyIdAsResource "EBP0327" "key-id-as-resource" KMS_IAM
        "a policy names the key by its bare ID, which matches nothing";
    KeyOfOtherRegion "EBP0328" "key-of-other-region" KMS_IAM
        "a policy names a key of another Region";
    OtherKeyAsResource "EBP0329" "other-key-as-resource" KMS_IAM
        "a policy names other keys, not this one";
    StatementWithoutResource "EBP0330" "statement-without-resource" KEY_POLICY
        "a key policy statement without Resource has no effect";
    NotPrincipalForgetsSession "EBP0331" "not-principal-forgets-session" NOT_PRINCIPAL
        "NotPrincipal with Deny leaves out the role, not its session";
    NotPrincipalAndBoundary "EBP0332" "not-principal-and-boundary" NOT_PRINCIPAL
        "NotPrincipal with Deny denies a role that has a permissions boundary";
    DelegationRestricted "EBP0333" "delegation-restricted" KEY_POLICY_DEFAULT
        "the key policy leaves the key to the account's IAM policies for less than this";
    RootStatementRemoved "EBP0334" "root-statement-removed" KEY_POLICY_DEFAULT
        "the key policy does not name the account, so no IAM policy counts";
    UseWithoutCreateGrant "EBP0335" "use-without-create-grant" EBS
        "a policy allows the use of the key, but not kms:CreateGrant";
    RevokeWithoutCreateGrant "EBP0336" "revoke-without-create-grant" EBS
        "a policy allows kms:ListGrants and kms:RevokeGrant, but not kms:CreateGrant";
    ReEncryptWithoutStar "EBP0337" "re-encrypt-without-star" ACTION
        "kms:ReEncrypt without its star is no action";
    ActionMisspelt "EBP0338" "action-misspelt" ACTION
        "an action is misspelt";
    KeyDisabled "EBP0401" "key-disabled" KEY_STATE
        "the KMS key is disabled";
    KeyPendingDeletion "EBP0402" "key-pending-deletion" KEY_STATE
        "the KMS key is scheduled for deletion";
    KeyPendingImport "EBP0403" "key-pending-import" KEY_STATE
        "the KMS key has no key material";
    KeyUnavailable "EBP0404" "key-unavailable" KEY_STATE
        "the key store of the KMS key is disconnected";
    KeyCreating "EBP0405" "key-creating" KEY_STATE
        "the KMS key is still being created";
    KeyUpdating "EBP0406" "key-updating" KEY_STATE
        "the KMS key is being updated";
    KeyGone "EBP0407" "key-gone" DELETING
        "the KMS key does not exist";
    KeyUnusable "EBP0408" "key-not-symmetric" EBS
        "the KMS key is none that EBS can use";
    KeyStateUnknown "EBP0409" "key-state-unknown" KEY_STATE
        "the state of the KMS key is not known";
    MaterialExpiring "EBP0410" "key-material-expiring" IMPORTING
        "the imported key material expires";
    CustomKeyStore "EBP0411" "custom-key-store" KEY_STORES
        "the KMS key is in a custom key store";
    MultiRegionReplica "EBP0412" "multi-region-replica" MULTI_REGION
        "the KMS key is a replica with a policy and grants of its own";
    InstanceTerminated "EBP0501" "instance-terminated" LIFECYCLE
        "the instance is terminated";
    InstanceStoreRoot "EBP0502" "instance-store-root" STOP_START
        "the instance's root device is not on EBS, so it cannot be stopped and started";
    InstanceRunning "EBP0503" "instance-not-stopped" STOP_START
        "the instance is not stopped";
    InstanceManaged "EBP0504" "instance-managed" MANAGED
        "the instance is managed by an operator";
    LastStartFailed "EBP0505" "last-start-failed" LAUNCH
        "the last start failed";
    VolumeInError "EBP0506" "volume-in-error" VOLUMES
        "a volume is in an error state";
    RoleMissing "EBP0507" "role-missing" GET_ROLE
        "the role does not exist";
    LicenseConfiguration "EBP0508" "license-configuration" LICENSES
        "a license configuration is attached to the instance";
    VolumeNotAttached "EBP0509" "volume-not-attached" VOLUMES
        "a volume is not attached";
    NothingEncrypted "EBP0510" "nothing-encrypted" EBS
        "no volume is encrypted, so the start causes no KMS request";
    CallerNotAdmitted "EBP0511" "caller-not-admitted" TRUST
        "the role's trust policy does not admit the caller";
    CallerAdmitted "EBP0512" "caller-admitted" TRUST
        "the role's trust policy admits the caller";
    NotDecided "EBP0601" "not-decided" EVALUATION
        "it hangs on something that is not known";
    VolumeUnread "EBP0602" "volume-unread" DESCRIBE_VOLUMES
        "it is not known whether and with which key a volume is encrypted";
    OrganizationUnread "EBP0603" "organization-unread" SCPS
        "the organization's policies were not read and could stop it";
    KeyUnread "EBP0604" "key-unread" CROSS_ACCOUNT
        "the key's policy or grants were not read and could decide it";
    ContextKeyUnknown "EBP0605" "context-key-unknown" CONDITION_KEYS
        "a condition asks for something of the session that nobody can read";
    SessionNameUnknown "EBP0606" "session-name-unknown" PRINCIPAL
        "a policy names a session of the role, and the session's name is not known";
    RoleUnread "EBP0607" "role-unread" GET_ROLE
        "the role or a policy of it was not read and could decide it";
}

impl Code {
    /// The code with this ID, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.id().eq_ignore_ascii_case(text) || code.name() == text)
    }

    /// The hundred that it belongs to, as `03`.
    pub(crate) fn group(self) -> &'static str {
        self.id().get(3..5).unwrap_or_default()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
