//! What AWS refuses at saving although the grammar is right. A policy that was read was accepted once; a draft was not.
//!
//! [`Problem::answer`] is the other half of the table: what AWS says to whoever saves such a policy.

use super::element::{Effect, Policy, PolicyType, PrincipalElement, PrincipalEntry, Statement};
use super::error::{PolicyError, Problem};
use super::json::parse_json;
use super::limits::{Size, compact};
use super::literal::Network;
use super::{Polarity, Values};
use crate::document::Span;

/// Where a policy is to be saved, and what is known of the principals there.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) kind: PolicyType,
    /// The partition of its account.
    pub(crate) partition: &'a str,
    /// Whether a principal is known not to exist: an ARN, or the unique ID that a deleted one leaves.
    pub(crate) is_gone: &'a dyn Fn(&str) -> bool,
}

/// Every reason for which AWS would refuse to save the text; none if it takes it.
pub(crate) fn refused(text: &str, place: Place<'_>) -> Vec<PolicyError> {
    let policy = match Policy::parse(text, place.kind) {
        Ok(policy) => policy,
        Err(faults) => return faults,
    };
    let mut found = Found { text, place, faults: Vec::new() };
    found.document();
    policy.statements.iter().for_each(|statement| found.statement(statement));
    found.faults
}

struct Found<'a> {
    text: &'a str,
    place: Place<'a>,
    faults: Vec<PolicyError>,
}

impl Found<'_> {
    fn push(&mut self, problem: Problem, span: Span) {
        self.faults.push(PolicyError { problem, span });
    }

    fn document(&mut self) {
        // Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html> (pattern of the document)
        let beyond = self.text.char_indices().find(|(_, sign)| u32::from(*sign) > 0xff);
        if let Some((start, sign)) = beyond {
            self.push(Problem::Character(sign), Span { start, end: start + sign.len_utf8() });
        }
        if is_of_iam(self.place.kind)
            && let Ok(value) = parse_json(self.text)
            && let Some(id) = value.as_object().and_then(|object| object.get("Id"))
        {
            let span = Span { start: id.range.start, end: id.range.end };
            self.push(Problem::Misplaced { element: "Id", policy: "a policy of IAM" }, span);
        }
        // All inline policies of a role count together: see `Size::of_inline`.
        let size = Size::of(self.place.kind, &compact(self.text));
        if !size.fits() && self.place.kind != PolicyType::Identity {
            self.push(Problem::TooLarge(size), Span::default());
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match self.place.kind {
            PolicyType::Identity | PolicyType::Boundary | PolicyType::Session => self.of_iam(statement),
            PolicyType::KeyPolicy => self.of_key(statement),
            PolicyType::Rcp => self.of_rcp(statement),
            PolicyType::Scp => {}
        }
    }

    fn of_iam(&mut self, statement: &Statement) {
        for pattern in statement.resource.iter().flat_map(|element| &element.patterns) {
            let written = pattern.as_str();
            let mut fields = written.splitn(6, ':');
            let (is_arn, partition) = (fields.next() == Some("arn"), fields.next().unwrap_or_default());
            let is_short = self.place.kind == PolicyType::Session && written.split(':').count() < 6;
            if written != "*" && (!is_arn || is_short) {
                self.push(Problem::NoArn(written.to_owned()), pattern.span);
            } else if is_arn && !partition.contains(['*', '?', '$']) && partition != self.place.partition {
                let problem = Problem::Partition { partition: partition.to_owned(), arn: written.to_owned() };
                self.push(problem, pattern.span);
            }
        }
        if self.place.kind == PolicyType::Session {
            return;
        }
        for condition in &statement.conditions {
            if let Values::Address(networks) = &condition.values
                && let Some(number) = networks.iter().position(|network| *network == Some(Network::Empty))
            {
                let value = condition.written.get(number).map(ToString::to_string).unwrap_or_default();
                self.push(Problem::BadValue { what: "address or network", value }, condition.span);
            }
        }
    }

    fn of_key(&mut self, statement: &Statement) {
        if let Some(element) = &statement.principal {
            self.principals(element);
        }
        for condition in &statement.conditions {
            let key = condition.key.lower();
            let is_permitted = !key.starts_with("aws:resourcetag/")
                && !key.starts_with("kms:resourcetag/")
                && key != "kms:resourcealiases";
            if !is_permitted {
                self.push(Problem::KeyInKeyPolicy(condition.key.as_str().to_owned()), condition.span);
            }
        }
    }

    /// Principals must exist and be seen by KMS, also where they are left out.
    ///
    /// Sources: <https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html>,
    /// <https://repost.aws/knowledge-center/kms-policy-error-invalid-principals>
    fn principals(&mut self, element: &PrincipalElement) {
        for (entry, span) in &element.entries {
            let quoted = self.text.get(span.start..span.end).unwrap_or_default();
            let written = quoted.trim_matches('"');
            let partition = written.strip_prefix("arn:").and_then(|rest| rest.split(':').next());
            let why = match entry {
                _ if partition.is_some_and(|own| own != self.place.partition) => "it is of another partition",
                PrincipalEntry::UniqueId(id) if (self.place.is_gone)(id) => {
                    "no principal of this ID exists; it is what a deleted one leaves behind"
                }
                PrincipalEntry::Role(arn) | PrincipalEntry::User(arn) if (self.place.is_gone)(arn) => {
                    "it does not exist"
                }
                PrincipalEntry::CanonicalUser(_) => "KMS knows no canonical users",
                PrincipalEntry::Service(name) if !is_service(name) => {
                    self.push(Problem::Service(name.to_string()), *span);
                    continue;
                }
                PrincipalEntry::Other(arn) if !arn.contains(":federated-user/") => {
                    "a group, an instance profile or a policy makes no requests"
                }
                PrincipalEntry::Anyone
                | PrincipalEntry::Account(_)
                | PrincipalEntry::Root(_)
                | PrincipalEntry::Session(_)
                | PrincipalEntry::Role(_)
                | PrincipalEntry::User(_)
                | PrincipalEntry::UniqueId(_)
                | PrincipalEntry::Service(_)
                | PrincipalEntry::Federated(_)
                | PrincipalEntry::Other(_) => continue,
            };
            self.push(Problem::Principal { principal: written.to_owned(), why }, *span);
        }
    }

    /// Source: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html>
    fn of_rcp(&mut self, statement: &Statement) {
        if statement.effect == Effect::Allow {
            self.push(Problem::Rcp("holds Deny alone; only RCPFullAWSAccess allows".to_owned()), statement.span);
        }
        if statement.action.sense == Polarity::Negated {
            self.push(Problem::Rcp("has no NotAction".to_owned()), statement.action.span);
        }
        for pattern in &statement.action.patterns {
            let service = pattern.as_str().split(':').next().unwrap_or_default().to_ascii_lowercase();
            if service == "*" {
                let problem = Problem::Rcp("names the service of each action: no `*` alone".to_owned());
                self.push(problem, pattern.span());
            } else if !SERVICES_OF_RCPS.contains(&service.as_str()) {
                self.push(Problem::RcpService(service), pattern.span());
            }
        }
    }
}

fn is_of_iam(kind: PolicyType) -> bool {
    matches!(kind, PolicyType::Identity | PolicyType::Boundary | PolicyType::Session)
}

/// Services whose resources RCPs bind. AWS adds to them.
///
/// Source: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html>
const SERVICES_OF_RCPS: [&str; 11] =
    ["aoss", "cognito-identity", "cognito-idp", "dynamodb", "ecr", "kms", "logs", "s3", "secretsmanager", "sqs", "sts"];

/// The names under which AWS's services sign and go, one of which is the last label of a service principal before a
/// Region: `delivery.logs.amazonaws.com`. From the service models of the AWS SDKs and AWS's guides.
const SERVICES: &str = include_str!("services.txt");

/// Whether AWS has a service of this principal, as far as is known here.
fn is_service(principal: &str) -> bool {
    let name = principal.strip_suffix(".cn").unwrap_or(principal);
    let Some(name) = name.strip_suffix(".amazonaws.com") else { return principal.ends_with(".amazon.com") };
    let is_region = |label: &str| label.split('-').count() >= 3 && label.ends_with(|end: char| end.is_ascii_digit());
    let label = name.split('.').rfind(|label| !is_region(label));
    label.is_some_and(|label| SERVICES.split_ascii_whitespace().any(|known| known == label))
}

impl Problem {
    /// Whether AWS may have begun to take it since this program was made.
    pub(crate) fn is_of_a_growing_list(&self) -> bool {
        matches!(self, Self::Service(_) | Self::RcpService(_))
    }

    /// What AWS answers to whoever saves a policy of this type that has the problem.
    pub(crate) fn answer(&self, kind: PolicyType) -> String {
        let malformed = match kind {
            PolicyType::Identity | PolicyType::Boundary | PolicyType::Session => "MalformedPolicyDocument",
            PolicyType::KeyPolicy | PolicyType::Scp | PolicyType::Rcp => "MalformedPolicyDocumentException",
        };
        let text = match self {
            Self::NoArn(resource) => format!("Resource {resource} must be in ARN format or \"*\"."),
            Self::Partition { partition, arn } => {
                format!("Partition \"{partition}\" is not valid for resource \"{arn}\".")
            }
            Self::Principal { .. } | Self::Service(_) => {
                "Policy contains a statement with one or more invalid principals.".to_owned()
            }
            Self::BadValue { what: "principal", .. } if kind == PolicyType::KeyPolicy => {
                "Policy contains a statement with one or more invalid principals.".to_owned()
            }
            Self::KeyInKeyPolicy(key) => {
                format!("These condition keys are not permitted in a key policy: {key}")
            }
            Self::LockOut => "The new key policy will not allow you to update the key policy in the future.".to_owned(),
            Self::TooLarge(size) => return too_large(kind, *size),
            Self::NotJson(_)
            | Self::Unbounded(_)
            | Self::Duplicate(_)
            | Self::UnknownElement(_)
            | Self::Missing(_)
            | Self::Both(..)
            | Self::WrongType { .. }
            | Self::BadValue { .. }
            | Self::Misplaced { .. }
            | Self::Empty(_)
            | Self::ForAllValuesOnSingle(_)
            | Self::DuplicateSid(_)
            | Self::Character(_)
            | Self::Rcp(_)
            | Self::RcpService(_) => return malformed.to_owned(),
        };
        format!("{malformed}: {text}")
    }
}

fn too_large(kind: PolicyType, size: Size) -> String {
    match kind {
        PolicyType::Identity | PolicyType::Boundary if size.limit == Size::MANAGED => {
            format!("LimitExceeded: Cannot exceed quota for PolicySize: {}", size.limit)
        }
        PolicyType::Identity | PolicyType::Boundary => {
            format!("LimitExceeded: Maximum policy size of {} bytes exceeded", size.limit)
        }
        PolicyType::KeyPolicy => "LimitExceededException".to_owned(),
        PolicyType::Session => "PackedPolicyTooLarge".to_owned(),
        PolicyType::Scp | PolicyType::Rcp => "ConstraintViolationException (POLICY_CONTENT_LIMIT_EXCEEDED)".to_owned(),
    }
}
