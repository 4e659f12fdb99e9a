//! The table of findings. What a code is called stands on its page, once: `# EBP0101 no-identity-allow: title`.

use std::fmt;

use crate::policy::PolicyType;

/// What kind of thing a code names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// Why a request is denied.
    Cause,
    /// A request that only AWS's documents ask for.
    Documented,
    /// A statement that was written for the request and misses it.
    Mistake,
    /// The KMS key.
    Key,
    /// The instance, its volumes, and who starts it.
    Start,
    /// What is not known.
    Open,
}

macro_rules! codes {
    ($($group:ident { $($variant:ident $id:literal $(: $kind:ident)?)* })*) => {
        /// A way for an instance not to start, or something worth knowing about its start.
        ///
        /// By hundreds: 01 causes, 02 what only AWS's documents ask for, 03 near misses, 04 keys, 05 instance, volumes
        /// and role, 06 what is not known.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = concat!("`", $id, "`.")] $variant,)*)*
        }

        impl Code {
            /// All codes, in order.
            pub const ALL: &'static [Self] = &[$($(Self::$variant,)*)*];

            /// As `EBP0101`.
            pub fn id(self) -> &'static str {
                match self { $($(Self::$variant => $id,)*)* }
            }

            /// Its page, as `docs/findings/` holds it.
            pub fn page(self) -> &'static str {
                match self { $($(Self::$variant => include_str!(concat!("../../docs/findings/", $id, ".md")),)*)* }
            }

            /// Returns what kind of thing it names.
            pub(crate) fn group(self) -> Group {
                match self { $($(Self::$variant)|* => Group::$group,)* }
            }

            /// Returns the policy type that denies, where the code tells it.
            pub(crate) fn policy_type(self) -> Option<PolicyType> {
                match self { $($(Self::$variant => codes!(@kind $($kind)?),)*)* }
            }
        }
    };
    (@kind $kind:ident) => { Some(PolicyType::$kind) };
    (@kind) => { None };
}

codes! {
    Cause {
        NoIdentityAllow "EBP0101": Identity
        KeyPolicyNoDelegation "EBP0102": KeyPolicy
        ExplicitDenyIdentity "EBP0103": Identity
        ExplicitDenyKeyPolicy "EBP0104": KeyPolicy
        BoundaryLacksAllow "EBP0105": Boundary
        ExplicitDenyBoundary "EBP0106": Boundary
        SessionPolicyLacksAllow "EBP0107": Session
        ExplicitDenySessionPolicy "EBP0108": Session
        ScpLacksAllow "EBP0109": Scp
        ExplicitDenyScp "EBP0110": Scp
        ExplicitDenyRcp "EBP0112": Rcp
        CrossAccountIdentity "EBP0113"
        CrossAccountKeyPolicy "EBP0114"
        CrossAccountBoth "EBP0115"
        InfrastructureDenied "EBP0116"
        ServiceLinkedRoleForeignKey "EBP0117"
        ForeignInstance "EBP0118"
        ForeignManagedKey "EBP0119"
        PerimeterForgetsEc2 "EBP0120"
        GrantOtherGrantee "EBP0121"
        GrantLacksOperation "EBP0122"
        GrantOtherContext "EBP0123"
        GrantStaleGrantee "EBP0124"
    }
    Documented {
        DecryptNotAllowed "EBP0201"
        LifeCycleNotAllowed "EBP0202"
    }
    Mistake {
        ViaServiceOtherRegion "EBP0301"
        ViaServiceOtherService "EBP0302"
        ViaServiceChinaSuffix "EBP0303"
        GrantFlagOnOtherRequest "EBP0304"
        ConditionKeyUnknown "EBP0305"
        ConditionKeyNotCarried "EBP0306"
        WildcardInStringEquals "EBP0307"
        NetworkConditionOnForwarded "EBP0308"
        NetworkDenyWithoutEscape "EBP0309"
        MfaCondition "EBP0310"
        EncryptionContextOther "EBP0311"
        ResourceAliasesInKeyPolicy "EBP0312"
        TagInOtherCase "EBP0313"
        TagMissing "EBP0314"
        TagOfOtherValue "EBP0315"
        RoleWithoutPath "EBP0316"
        RoleOfOtherAccount "EBP0317"
        ArnOfOtherPartition "EBP0318"
        RoleInOtherCase "EBP0319"
        SessionAsPrincipal "EBP0320"
        StalePrincipal "EBP0321"
        ServicePrincipal "EBP0322"
        PolicyAsPrincipal "EBP0323"
        ServiceLinkedRoleSuffix "EBP0324"
        ServiceLinkedRoleOther "EBP0325"
        AliasAsResource "EBP0326"
        KeyIdAsResource "EBP0327"
        KeyOfOtherRegion "EBP0328"
        OtherKeyAsResource "EBP0329"
        StatementWithoutResource "EBP0330"
        NotPrincipalForgetsSession "EBP0331"
        NotPrincipalAndBoundary "EBP0332"
        DelegationRestricted "EBP0333"
        RootStatementRemoved "EBP0334"
        UseWithoutCreateGrant "EBP0335"
        RevokeWithoutCreateGrant "EBP0336"
        ReEncryptWithoutStar "EBP0337"
        ActionMisspelled "EBP0338"
    }
    Key {
        KeyDisabled "EBP0401"
        KeyPendingDeletion "EBP0402"
        KeyPendingImport "EBP0403"
        KeyUnavailable "EBP0404"
        KeyCreating "EBP0405"
        KeyUpdating "EBP0406"
        KeyGone "EBP0407"
        KeyUnusable "EBP0408"
        KeyStateUnknown "EBP0409"
        MaterialExpiring "EBP0410"
        CustomKeyStore "EBP0411"
        MultiRegionReplica "EBP0412"
    }
    Start {
        InstanceTerminated "EBP0501"
        InstanceStoreRoot "EBP0502"
        InstanceRunning "EBP0503"
        InstanceManaged "EBP0504"
        LastStartFailed "EBP0505"
        VolumeInError "EBP0506"
        RoleMissing "EBP0507"
        LicenseConfiguration "EBP0508"
        VolumeNotAttached "EBP0509"
        NothingEncrypted "EBP0510"
        CallerNotAdmitted "EBP0511"
        CallerAdmitted "EBP0512"
        RootVolumeMissing "EBP0513"
    }
    Open {
        NotDecided "EBP0601"
        VolumeUnread "EBP0602"
        OrganizationUnread "EBP0603"
        KeyUnread "EBP0604"
        ContextKeyUnknown "EBP0605"
        SessionNameUnknown "EBP0606"
        RoleUnread "EBP0607"
        ChangesSoon "EBP0608"
        IncompleteArn "EBP0609"
        RefusedSince "EBP0610"
    }
}

impl Code {
    /// The state that it names, as `no-identity-allow`.
    pub fn name(self) -> &'static str {
        self.heading().0.rsplit(' ').next().unwrap_or_default()
    }

    /// The title of its page. Titles and names tell the bad state.
    pub fn title(self) -> &'static str {
        self.heading().1
    }

    /// The first line of its page, up to the title and behind.
    fn heading(self) -> (&'static str, &'static str) {
        self.page().lines().next().and_then(|line| line.split_once(": ")).unwrap_or_default()
    }

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
