/// A read of the program, as an API operation of AWS. Whatever else is asked for is a fault of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    DescribeInstances,
    DescribeVolumes,
    GetCallerIdentity,
    GetRole,
    ListRolePolicies,
    GetRolePolicy,
    ListAttachedRolePolicies,
    GetPolicy,
    GetPolicyVersion,
    DescribeKey,
    GetKeyPolicy,
    ListGrants,
    ListAliases,
    ListResourceTags,
    DescribeCustomKeyStores,
    DescribeOrganization,
    ListRoots,
    ListParents,
    ListPoliciesForTarget,
    DescribePolicy,
    /// No read: only whoever names a role to read with asks for it.
    AssumeRole,
    /// Made with `check --events cloudtrail` only.
    LookupEvents,
    /// Made with `triage --decode` only.
    DecodeAuthorizationMessage,
}

/// How a service wants to be asked and answers: the first three take forms and answer in XML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Ec2,
    Iam,
    Sts,
    Kms,
    Organizations,
    CloudTrail,
}

impl Operation {
    /// The reads.
    pub(super) const ALL: [Self; 20] = [
        Self::DescribeInstances,
        Self::DescribeVolumes,
        Self::GetCallerIdentity,
        Self::GetRole,
        Self::ListRolePolicies,
        Self::GetRolePolicy,
        Self::ListAttachedRolePolicies,
        Self::GetPolicy,
        Self::GetPolicyVersion,
        Self::DescribeKey,
        Self::GetKeyPolicy,
        Self::ListGrants,
        Self::ListAliases,
        Self::ListResourceTags,
        Self::DescribeCustomKeyStores,
        Self::DescribeOrganization,
        Self::ListRoots,
        Self::ListParents,
        Self::ListPoliciesForTarget,
        Self::DescribePolicy,
    ];

    /// The operation that `service` (its name in the credential scope) calls `name`.
    pub(super) fn find(service: &str, name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .chain([Self::AssumeRole, Self::LookupEvents, Self::DecodeAuthorizationMessage])
            .find(|operation| operation.permission() == format!("{service}:{name}"))
    }

    /// The action that a reader needs.
    pub(super) fn permission(self) -> String {
        format!("{}:{self:?}", self.service().name())
    }

    pub(super) fn service(self) -> Service {
        match self {
            Self::DescribeInstances | Self::DescribeVolumes => Service::Ec2,
            Self::GetCallerIdentity | Self::AssumeRole | Self::DecodeAuthorizationMessage => Service::Sts,
            Self::LookupEvents => Service::CloudTrail,
            Self::GetRole
            | Self::ListRolePolicies
            | Self::GetRolePolicy
            | Self::ListAttachedRolePolicies
            | Self::GetPolicy
            | Self::GetPolicyVersion => Service::Iam,
            Self::DescribeKey
            | Self::GetKeyPolicy
            | Self::ListGrants
            | Self::ListAliases
            | Self::ListResourceTags
            | Self::DescribeCustomKeyStores => Service::Kms,
            Self::DescribeOrganization
            | Self::ListRoots
            | Self::ListParents
            | Self::ListPoliciesForTarget
            | Self::DescribePolicy => Service::Organizations,
        }
    }

    /// How AWS names the resource where it refuses the operation; empty where it names none.
    pub(super) fn refused_resource(self) -> &'static str {
        match self {
            Self::GetRole | Self::ListRolePolicies | Self::GetRolePolicy | Self::ListAttachedRolePolicies => {
                " on resource: role night-start"
            }
            Self::GetPolicy | Self::GetPolicyVersion => {
                " on resource: policy arn:aws:iam::222233334444:policy/volume-keys"
            }
            Self::DescribeKey | Self::GetKeyPolicy | Self::ListGrants | Self::ListResourceTags => {
                " on resource: arn:aws:kms:eu-central-1:222233334444:key/5f0d9b72-83ce-4a16-b2d7-60c1e8f4a935"
            }
            Self::ListAliases | Self::DescribeCustomKeyStores => " on resource: *",
            Self::ListParents | Self::ListPoliciesForTarget => {
                " on resource: arn:aws:organizations::555566667777:account/o-k3m9x1q7zt/222233334444"
            }
            Self::DescribePolicy => {
                " on resource: arn:aws:organizations::555566667777:policy/o-k3m9x1q7zt/service_control_policy/p-3n8v2k7q"
            }
            Self::DescribeInstances
            | Self::DescribeVolumes
            | Self::GetCallerIdentity
            | Self::DescribeOrganization
            | Self::ListRoots
            | Self::LookupEvents
            | Self::DecodeAuthorizationMessage => "",
            Self::AssumeRole => " on resource: arn:aws:iam::888899990000:role/preflight-reader",
        }
    }
}

impl Service {
    /// The content type of its answers.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Ec2 | Self::Iam | Self::Sts => "text/xml;charset=UTF-8",
            Self::Kms | Self::Organizations | Self::CloudTrail => "application/x-amz-json-1.1",
        }
    }

    /// Its prefix in actions, which for these services is its name in credential scopes too.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::Kms => "kms",
            Self::Organizations => "organizations",
            Self::CloudTrail => "cloudtrail",
        }
    }
}
