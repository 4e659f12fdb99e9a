use super::answer::{Answer, Fault};
use super::operation::Operation;
use crate::program::Credentials;

pub(super) const REGION: &str = "eu-central-1";
pub(super) const INSTANCE: &str = "i-0c4f81d2ab6e37905";
/// The second volume of the instance.
pub(super) const DATA_VOLUME: &str = "vol-05d1c98e4b7a2f630";
pub(super) const ROLE: &str = "arn:aws:iam::222233334444:role/operations/night-start";
pub(super) const KEY: &str = "5f0d9b72-83ce-4a16-b2d7-60c1e8f4a935";
pub(super) const FORGOTTEN_KEY: &str = "c81e4a60-2b97-4d35-9f08-7ad6135e2bc4";
pub(super) const FOREIGN_ACCOUNT: &str = "888899990000";
/// What a page that is not the last says about the next one.
pub(super) const PAGE_TOKEN: &str = "bmlnaHQtcGFnZS10d28";

const MEMBER_KEY: &str = "ASIANIGHTMEMBER00001";
const MANAGEMENT_KEY: &str = "ASIANIGHTMANAGEMENT1";
pub(super) const FOREIGN_ACCESS_KEY: &str = "ASIACENTRALKEYS00001";
const ACCOUNT: &str = "222233334444";
const UNIT: &str = "ou-7qk2-4hw9c0dz";
const ROOT: &str = "r-7qk2";
const SCP: &str = "SERVICE_CONTROL_POLICY";
const RCP: &str = "RESOURCE_CONTROL_POLICY";

/// What AWS answers to each request.
#[derive(Clone)]
pub(super) struct World(Vec<Rule>);

/// An answer to those requests of one operation that say all of `saying`.
#[derive(Clone)]
struct Rule {
    operation: Operation,
    saying: Vec<&'static str>,
    answer: Answer,
}

/// One request, as far as answers depend on it.
pub(super) struct Request {
    pub(super) operation: Operation,
    /// The ID of the access key that signed it.
    pub(super) access_key: String,
    /// Its form, percent-decoded, or its JSON.
    pub(super) body: String,
}

/// Credentials of the instance's account.
pub(super) fn member() -> Credentials {
    credentials(MEMBER_KEY)
}

/// Credentials of the organization's management account, the only one that may read its policies.
pub(super) fn management() -> Credentials {
    credentials(MANAGEMENT_KEY)
}

/// Credentials of the account [`FOREIGN_ACCOUNT`].
pub(super) fn foreign() -> Credentials {
    credentials(FOREIGN_ACCESS_KEY)
}

fn credentials(id: &str) -> Credentials {
    let text = |what: &str| format!("{what}-of-{id}");
    Credentials { id: id.to_owned(), secret: text("secret-access-key"), token: text("session-token") }
}

impl World {
    /// An instance with two volumes under one customer managed key; a role with an inline policy that starts and a
    /// managed one that uses the key, to whose account the key policy delegates; an organization with an SCP at the
    /// OU and an RCP at the root that concern none of it.
    pub(super) fn healthy() -> Self {
        use Operation as Op;
        Self(Vec::new())
            .answer(Op::DescribeInstances, &[], "ec2.DescribeInstances.ok")
            // By ID: answers to a filter leave out what EC2 hides.
            .answer(Op::DescribeVolumes, &["&VolumeId.1="], "ec2.DescribeVolumes.ok")
            .answer(Op::GetCallerIdentity, &[], "sts.GetCallerIdentity.ok")
            .answer(Op::GetCallerIdentity, &[MANAGEMENT_KEY], "sts.GetCallerIdentity.management")
            .answer(Op::GetRole, &[], "iam.GetRole.ok")
            .answer(Op::ListRolePolicies, &[], "iam.ListRolePolicies.ok")
            .answer(Op::GetRolePolicy, &["PolicyName=start"], "iam.GetRolePolicy.start")
            .answer(Op::GetRolePolicy, &["PolicyName=freeze"], "iam.GetRolePolicy.freeze")
            .answer(Op::ListAttachedRolePolicies, &[], "iam.ListAttachedRolePolicies.ok")
            .answer(Op::GetPolicy, &["policy/volume-keys"], "iam.GetPolicy.volume-keys")
            .answer(Op::GetPolicy, &["policy/freeze"], "iam.GetPolicy.freeze")
            .answer(Op::GetPolicyVersion, &["policy/volume-keys", "VersionId=v4"], "iam.GetPolicyVersion.volume-keys")
            .answer(Op::GetPolicyVersion, &["policy/freeze", "VersionId=v1"], "iam.GetPolicyVersion.freeze")
            .answer(Op::DescribeKey, &[KEY], "kms.DescribeKey.ok")
            .answer(Op::DescribeKey, &[FORGOTTEN_KEY], "kms.DescribeKey.forgotten")
            .answer(Op::GetKeyPolicy, &[KEY], "kms.GetKeyPolicy.ok")
            .answer(Op::GetKeyPolicy, &[FORGOTTEN_KEY], "kms.GetKeyPolicy.forgotten")
            .answer(Op::GetKeyPolicy, &["AWS_RAM"], "kms.GetKeyPolicy.no-ram-policy")
            .answer(Op::ListGrants, &[], "kms.ListGrants.ok")
            .answer(Op::ListAliases, &[], "kms.ListAliases.ok")
            .answer(Op::ListResourceTags, &[], "kms.ListResourceTags.ok")
            .organization()
    }

    fn organization(self) -> Self {
        use Operation as Op;
        let mut world = self.answer(Op::DescribeOrganization, &[], "organizations.DescribeOrganization.ok");
        for operation in [Op::ListRoots, Op::ListParents, Op::ListPoliciesForTarget, Op::DescribePolicy] {
            world = world.answer(operation, &[MEMBER_KEY], "organizations.member");
        }
        world
            .answer(Op::ListRoots, &[MANAGEMENT_KEY], "organizations.ListRoots.ok")
            .answer(Op::ListParents, &[MANAGEMENT_KEY, ACCOUNT], "organizations.ListParents.account")
            .answer(Op::ListParents, &[MANAGEMENT_KEY, UNIT], "organizations.ListParents.unit")
            .answer(Op::ListPoliciesForTarget, &[MANAGEMENT_KEY, SCP], "organizations.ListPoliciesForTarget.scp")
            .answer(Op::ListPoliciesForTarget, &[MANAGEMENT_KEY, RCP], "organizations.ListPoliciesForTarget.rcp")
            .unit_scps("organizations.ListPoliciesForTarget.scp-unit")
            .answer(
                Op::ListPoliciesForTarget,
                &[MANAGEMENT_KEY, RCP, ROOT],
                "organizations.ListPoliciesForTarget.rcp-root",
            )
            .organization_policy("p-FullAWSAccess", "organizations.DescribePolicy.full")
            .organization_policy("p-RCPFullAWSAccess", "organizations.DescribePolicy.rcp-full")
            .organization_policy("p-3n8v2k7q", "organizations.DescribePolicy.stay-home")
            .organization_policy("p-9d4s6t1w", "organizations.DescribePolicy.organization-only")
            .organization_policy("p-6b1y5r0j", "organizations.DescribePolicy.freeze")
    }

    fn organization_policy(self, id: &'static str, file: &'static str) -> Self {
        self.answer(Operation::DescribePolicy, &[MANAGEMENT_KEY, id], file)
    }

    /// The answer for the SCPs attached to the OU.
    pub(super) fn unit_scps(self, file: &'static str) -> Self {
        self.answer(Operation::ListPoliciesForTarget, &[MANAGEMENT_KEY, SCP, UNIT], file)
    }

    /// From now on `operation` is answered so where the request says all of `saying`; earlier rules count for the
    /// other requests.
    pub(super) fn answer(mut self, operation: Operation, saying: &[&'static str], file: &'static str) -> Self {
        self.0.push(Rule { operation, saying: saying.to_vec(), answer: Answer::Recorded(file) });
        self
    }

    /// `operation` goes wrong, whoever asks and whatever for.
    pub(super) fn fault(self, operation: Operation, fault: Fault) -> Self {
        self.fault_where(operation, &[], fault)
    }

    /// `operation` goes wrong where the request says all of `saying`.
    pub(super) fn fault_where(mut self, operation: Operation, saying: &[&'static str], fault: Fault) -> Self {
        self.0.push(Rule { operation, saying: saying.to_vec(), answer: Answer::Fault(fault) });
        self
    }

    /// Where `operation` is answered with items, an empty page with a token comes first, and they come on the next.
    pub(super) fn empty_page_first(self, operation: Operation, empty: &'static str) -> Self {
        let rules = self.0.into_iter().flat_map(|rule| {
            if rule.operation != operation || matches!(rule.answer, Answer::Recorded("organizations.member")) {
                return vec![rule];
            }
            let mut next = rule.clone();
            next.saying.push(PAGE_TOKEN);
            vec![Rule { answer: Answer::Recorded(empty), ..rule }, next]
        });
        // A request with a token must find its page before the empty one of a rule that says more.
        let (next, first): (Vec<Rule>, Vec<Rule>) = rules.partition(|rule| rule.saying.last() == Some(&PAGE_TOKEN));
        Self(first.into_iter().chain(next).collect())
    }

    /// The last rule that fits `request`, and the recorded answer of the last one that has one.
    pub(super) fn find(&self, request: &Request) -> Option<(Answer, Option<&'static str>)> {
        let mut fitting = self.0.iter().rev().filter(|rule| rule.fits(request)).map(|rule| rule.answer).peekable();
        let answer = *fitting.peek()?;
        let healthy = fitting.find_map(|answer| match answer {
            Answer::Recorded(file) => Some(file),
            Answer::Fault(_) => None,
        });
        Some((answer, healthy))
    }
}

impl Rule {
    fn fits(&self, request: &Request) -> bool {
        let says = |text: &&str| request.access_key == **text || request.body.contains(*text);
        self.operation == request.operation && self.saying.iter().all(says)
    }
}
