use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{is_account, name};
use super::kinds::{is_iam_name, is_path_and_name};
use super::{Arn, NameError, arn::is_partition};

/// The role behind the sessions in which EC2 decrypts the data keys of an instance's volumes.
///
/// Source: <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html>
pub const INFRASTRUCTURE_ROLE: &str = "aws:ec2-infrastructure";

fn is_iam_arn(text: &str, kind: &str) -> bool {
    Arn::split(text).is_some_and(|[_, partition, service, region, account, resource]| {
        is_partition(partition)
            && service == "iam"
            && region.is_empty()
            && is_account(account)
            // A pattern is no name, although paths may hold its signs.
            && resource.strip_prefix(kind).is_some_and(|name| is_path_and_name(name) && !name.contains(['*', '?']))
    })
}

fn is_session_arn(text: &str) -> bool {
    Arn::split(text).is_some_and(|[_, partition, service, region, account, resource]| {
        let parts = resource.strip_prefix("assumed-role/").and_then(|parts| parts.split_once('/'));
        is_partition(partition)
            && service == "sts"
            && region.is_empty()
            && is_account(account)
            && parts.is_some_and(|(role, session)| {
                is_iam_name(role.strip_prefix("aws:").unwrap_or(role)) && session.split('/').all(is_iam_name)
            })
    })
}

name!(
    /// The ARN of an IAM role, path included.
    RoleArn, "role ARN", "`arn:aws:iam::account:role/name`", |text| is_iam_arn(text, "role/")
);
name!(
    /// The ARN of an IAM user, path included.
    UserArn, "user ARN", "`arn:aws:iam::account:user/name`", |text| is_iam_arn(text, "user/")
);
name!(
    /// The ARN of an assumed-role session; it does not tell the role's path.
    SessionArn, "session ARN", "`arn:aws:sts::account:assumed-role/role/session`", is_session_arn
);

impl RoleArn {
    fn part(&self, position: usize) -> &str {
        self.as_str().splitn(6, ':').nth(position).unwrap_or_default()
    }

    /// The partition, as `aws`.
    pub fn partition(&self) -> &str {
        self.part(1)
    }

    /// The role's account.
    pub fn account(&self) -> &str {
        self.part(4)
    }

    /// Path and name without the leading slash, as people say it: `scheduler/StartJob`.
    pub fn path_and_name(&self) -> &str {
        self.part(5).strip_prefix("role/").unwrap_or_default()
    }

    /// The bare name: what IAM's API asks for.
    pub fn name(&self) -> &str {
        self.as_str().rsplit('/').next().unwrap_or_default()
    }

    /// Whether an AWS service owns the role (path `/aws-service-role/`).
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>
    pub fn is_service_linked(&self) -> bool {
        self.path_and_name().starts_with("aws-service-role/")
    }

    /// The ARN of the session `session` of this role.
    pub fn session_arn(&self, session: &str) -> String {
        format!("arn:{}:sts::{}:assumed-role/{}/{session}", self.partition(), self.account(), self.name())
    }
}

impl UserArn {
    /// The user's account.
    pub fn account(&self) -> &str {
        self.as_str().split(':').nth(4).unwrap_or_default()
    }

    /// The bare name: what IAM's API asks for.
    pub fn name(&self) -> &str {
        self.as_str().rsplit('/').next().unwrap_or_default()
    }
}

impl SessionArn {
    fn part(&self, position: usize) -> &str {
        self.as_str().splitn(6, ':').nth(position).unwrap_or_default()
    }

    /// The partition, as `aws`.
    pub fn partition(&self) -> &str {
        self.part(1)
    }

    /// The account.
    pub fn account(&self) -> &str {
        self.part(4)
    }

    /// The role's name, without its path.
    pub fn role_name(&self) -> &str {
        self.part(5).split('/').nth(1).unwrap_or_default()
    }

    /// The session's name.
    pub fn session_name(&self) -> &str {
        self.part(5).splitn(3, '/').nth(2).unwrap_or_default()
    }
}

/// Returns the account in an ARN.
pub fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

/// What kind of IAM identity an ARN names, `role`, `user` or `group`, and its bare name; a session's ARN names its
/// role.
pub fn kind_and_name(arn: &str) -> (&'static str, &str) {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let (kind, rest) = resource.split_once('/').unwrap_or(("", resource));
    let last = rest.rsplit('/').next().unwrap_or_default();
    match kind {
        "assumed-role" => ("role", rest.split('/').next().unwrap_or_default()),
        "user" => ("user", last),
        "group" => ("group", last),
        _ => ("role", last),
    }
}

/// Returns the names of roles, users and groups that more than one account has among these ARNs.
pub(crate) fn shared_names<'a>(arns: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let mut accounts: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    let named = arns.map(|arn| (kind_and_name(arn).1, arn.split(':').nth(4)));
    named
        .filter(|(name, account)| *accounts.entry(name).or_insert(*account) != *account)
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// The principals that can make a request, by the form of their ARN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PrincipalArn {
    /// An IAM role: some session of it, its name not told.
    Role(RoleArn),
    /// One assumed-role session.
    Session(SessionArn),
    /// An IAM user.
    User(UserArn),
    /// An account's root user.
    Root(Arn),
}

impl PrincipalArn {
    /// Reads the ARN of a role, session, user or account root user.
    ///
    /// # Errors
    /// When the text is none of them.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if let Ok(role) = RoleArn::parse(text) {
            return Ok(Self::Role(role));
        }
        if let Ok(session) = SessionArn::parse(text) {
            return Ok(Self::Session(session));
        }
        if let Ok(user) = UserArn::parse(text) {
            return Ok(Self::User(user));
        }
        match Arn::parse(text) {
            Ok(arn)
                if (arn.service(), arn.region(), arn.resource()) == ("iam", "", "root")
                    && is_account(arn.account()) =>
            {
                Ok(Self::Root(arn))
            }
            _ => Err(NameError::new("principal ARN", text, "the ARN of a role, session, user or account root")),
        }
    }

    /// The ARN as text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Role(arn) => arn.as_str(),
            Self::Session(arn) => arn.as_str(),
            Self::User(arn) => arn.as_str(),
            Self::Root(arn) => arn.as_str(),
        }
    }

    /// The principal's account.
    pub fn account(&self) -> &str {
        match self {
            Self::Role(arn) => arn.account(),
            Self::Session(arn) => arn.account(),
            Self::User(arn) => arn.account(),
            Self::Root(arn) => arn.account(),
        }
    }

    /// The partition, as `aws`.
    pub fn partition(&self) -> &str {
        self.as_str().split(':').nth(1).unwrap_or_default()
    }

    /// Returns `true` if both name one role or user. A session's ARN names its role by account and name: it does not tell
    /// the path, and an account has one role of a name.
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>
    pub fn is_same_as(&self, other: &Self) -> bool {
        let is_role = |arn: &Self| matches!(arn, Self::Role(_) | Self::Session(_));
        let is_session = matches!(self, Self::Session(_)) || matches!(other, Self::Session(_));
        self == other
            || (is_session && is_role(self) && is_role(other))
                && (self.partition(), self.account(), self.name()) == (other.partition(), other.account(), other.name())
    }

    /// The name that IAM's API asks for: of a session that of its role.
    pub fn name(&self) -> &str {
        kind_and_name(self.as_str()).1
    }
}

impl std::str::FromStr for PrincipalArn {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl AsRef<str> for PrincipalArn {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

/// As its text: names are listed in one order, whatever they are of.
impl Ord for PrincipalArn {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for PrincipalArn {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl std::hash::Hash for PrincipalArn {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl std::borrow::Borrow<str> for PrincipalArn {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for PrincipalArn {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl super::Name for PrincipalArn {}

impl fmt::Display for PrincipalArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for PrincipalArn {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl From<PrincipalArn> for String {
    fn from(arn: PrincipalArn) -> Self {
        arn.as_str().to_owned()
    }
}
