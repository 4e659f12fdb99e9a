//! The table of findings: code, name, title, page.

use std::fmt;

macro_rules! codes {
    ($($variant:ident $id:literal $name:literal $title:literal $source:literal)*) => {
        /// A way for an instance not to start, or something worth knowing about its start.
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
    NoIdentityAllow "EBP0101" "no-identity-allow"
        "no policy of the role allows it"
        "https://docs.aws.amazon.com/kms/latest/developerguide/iam-policies.html"
    KeyPolicyNoDelegation "EBP0102" "key-policy-no-delegation"
        "the key policy neither names the role nor leaves the key to the account's IAM policies"
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"
    ExplicitDenyIdentity "EBP0103" "explicit-deny-identity"
        "a policy of the role denies it"
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"
    ExplicitDenyKeyPolicy "EBP0104" "explicit-deny-key-policy"
        "the key policy denies it"
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"
    BoundaryLacksAllow "EBP0105" "boundary-lacks-allow"
        "the role's permissions boundary does not allow it"
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"
    ExplicitDenyBoundary "EBP0106" "explicit-deny-boundary"
        "the role's permissions boundary denies it"
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"
    SessionPolicyLacksAllow "EBP0107" "session-policy-lacks-allow"
        "a session policy does not allow it"
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html"
    ExplicitDenySessionPolicy "EBP0108" "explicit-deny-session-policy"
        "a session policy denies it"
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html"
    ScpLacksAllow "EBP0109" "scp-lacks-allow"
        "the SCPs of a level do not allow it"
        "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html"
    ExplicitDenyScp "EBP0110" "explicit-deny-scp"
        "an SCP denies it"
        "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html"
    RcpLacksAllow "EBP0111" "rcp-lacks-allow"
        "the RCPs of a level do not allow it"
        "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html"
    ExplicitDenyRcp "EBP0112" "explicit-deny-rcp"
        "an RCP denies it"
        "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html"
    CrossAccountIdentity "EBP0113" "cross-account-identity-half"
        "the role's own policies do not allow it, which a key of another account needs besides"
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html"
    CrossAccountKeyPolicy "EBP0114" "cross-account-key-policy-half"
        "the other account's key policy admits neither the role nor its account"
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html"
    CrossAccountBoth "EBP0115" "cross-account-both-halves"
        "neither the other account's key policy nor the role's own policies allow it"
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html"
    InfrastructureDenied "EBP0116" "infrastructure-denied"
        "EC2's own identity, which decrypts the volume, is denied"
        "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html"
    ServiceLinkedRoleForeignKey "EBP0117" "service-linked-role-foreign-key"
        "a service-linked role needs a grant on a key of another account"
        "https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html"
    ForeignInstance "EBP0118" "foreign-instance"
        "the instance belongs to another account than the role"
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html"
    ForeignManagedKey "EBP0119" "foreign-aws-managed-key"
        "the volume is encrypted with an AWS managed key of another account"
        "https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html"
    DecryptNotAllowed "EBP0201" "decrypt-not-allowed"
        "the role may not use kms:Decrypt through EC2"
        "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html"
    LifeCycleNotAllowed "EBP0202" "volume-life-cycle-not-allowed"
        "the role may not do all that AWS lists for encrypted volumes"
        "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html"
    KeyDisabled "EBP0401" "key-disabled"
        "the KMS key is disabled"
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"
    KeyPendingDeletion "EBP0402" "key-pending-deletion"
        "the KMS key is scheduled for deletion"
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"
    KeyPendingImport "EBP0403" "key-pending-import"
        "the KMS key has no key material"
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"
    KeyUnavailable "EBP0404" "key-unavailable"
        "the key store of the KMS key is disconnected"
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"
    KeyCreating "EBP0405" "key-creating"
        "the KMS key is still being created"
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"
    KeyUpdating "EBP0406" "key-updating"
        "the KMS key is being updated"
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"
    KeyGone "EBP0407" "key-gone"
        "the KMS key does not exist"
        "https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html"
    KeyUnusable "EBP0408" "key-not-symmetric"
        "the KMS key is none that EBS can use"
        "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html"
    KeyStateUnknown "EBP0409" "key-state-unknown"
        "the state of the KMS key is not known"
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"
    MaterialExpiring "EBP0410" "key-material-expiring"
        "the imported key material expires"
        "https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys.html"
    CustomKeyStore "EBP0411" "custom-key-store"
        "the KMS key is in a custom key store"
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-store-overview.html"
    InstanceTerminated "EBP0501" "instance-terminated"
        "the instance is terminated"
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html"
    InstanceStoreRoot "EBP0502" "instance-store-root"
        "the instance's root device is not on EBS, so it cannot be stopped and started"
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html"
    InstanceRunning "EBP0503" "instance-not-stopped"
        "the instance is not stopped"
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html"
    InstanceManaged "EBP0504" "instance-managed"
        "the instance is managed by an operator"
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/amazon-ec2-managed-instances.html"
    LastStartFailed "EBP0505" "last-start-failed"
        "the last start failed"
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html"
    VolumeInError "EBP0506" "volume-in-error"
        "a volume is in an error state"
        "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-describing-volumes.html"
    RoleMissing "EBP0507" "role-missing"
        "the role does not exist"
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html"
    NotDecided "EBP0601" "not-decided"
        "it hangs on something that is not known"
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"
    VolumeUnread "EBP0602" "volume-unread"
        "it is not known whether and with which key a volume is encrypted"
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVolumes.html"
}

impl Code {
    /// The code with this ID, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.id().eq_ignore_ascii_case(text) || code.name() == text)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
