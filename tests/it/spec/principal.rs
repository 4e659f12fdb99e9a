//! Who asks, and whether a policy names them.

use super::case::Fact;
use super::document::Principals;
use super::truth::Truth;

/// What kind of principal asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A role, that is: one of its sessions, and which one is not told.
    Role,
    /// A session of a role, by its own ARN.
    Session { arn: String },
    /// An IAM user.
    User,
    /// The root user of an account.
    Root,
}

/// The principal of the request.
#[derive(Debug)]
pub(crate) struct Requester {
    pub(crate) account: String,
    pub(crate) kind: Kind,
    /// The ARN that IAM knows: the role's, the user's or the account root's.
    pub(crate) iam_arn: String,
    partition: String,
    /// The role's name without its path.
    name: String,
    session_name: Option<String>,
    unique_id: Option<String>,
}

impl Requester {
    /// Reads the principal of a request; without `role_arn` the role of a session has the path `/`.
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>
    pub(crate) fn read(arn: &str, role_arn: Option<&str>, id: Option<&str>) -> Result<Self, String> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", partition, service, "", account, resource] = parts.as_slice() else {
            return Err(format!("`{arn}` is no principal"));
        };
        let mut session_name = None;
        let mut iam_arn = arn.to_owned();
        let kind = match (*service, resource.split_once('/')) {
            ("iam", None) if *resource == "root" => Kind::Root,
            ("iam", Some(("role", _))) => Kind::Role,
            ("iam", Some(("user", _))) => Kind::User,
            ("sts", Some(("assumed-role", names))) => {
                let (role, session) = names.split_once('/').ok_or(format!("`{arn}` names no session"))?;
                session_name = Some(session.to_owned());
                iam_arn = role_arn.map_or_else(|| format!("arn:{partition}:iam::{account}:role/{role}"), str::to_owned);
                Kind::Session { arn: arn.to_owned() }
            }
            _ => return Err(format!("`{arn}` is no principal")),
        };
        let (unique_id, told_session) = match id.map(|id| id.split_once(':').unwrap_or((id, ""))) {
            Some((id, session)) => (Some(id.to_owned()), Some(session.to_owned()).filter(|s| !s.is_empty())),
            None => (None, None),
        };
        Ok(Self {
            account: (*account).to_owned(),
            name: iam_arn.rsplit('/').next().unwrap_or_default().to_owned(),
            partition: (*partition).to_owned(),
            session_name: session_name.or(told_session),
            kind,
            iam_arn,
            unique_id,
        })
    }

    /// The value of `aws:PrincipalType`.
    pub(crate) fn principal_type(&self) -> &'static str {
        match self.kind {
            Kind::Role | Kind::Session { .. } => "AssumedRole",
            Kind::User => "User",
            Kind::Root => "Account",
        }
    }

    /// The value of `aws:userid`: `AROA…:session`, `AIDA…` or the account, as far as it is told.
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable>
    pub(crate) fn user_id(&self) -> Fact {
        match (&self.kind, &self.unique_id, &self.session_name) {
            (Kind::Root, _, _) => Fact::One(self.account.clone()),
            (_, None, _) => Fact::Begins(String::new()),
            (Kind::User, Some(id), _) => Fact::One(id.clone()),
            (Kind::Role | Kind::Session { .. }, Some(id), Some(session)) => Fact::One(format!("{id}:{session}")),
            (Kind::Role | Kind::Session { .. }, Some(id), None) => Fact::Begins(format!("{id}:")),
        }
    }

    /// Whether this is a service-linked role: SCPs and RCPs leave it alone.
    ///
    /// Source: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html>
    pub(crate) fn is_service_linked(&self) -> bool {
        let role = self.iam_arn.split_once(":role/").map_or("", |(_, role)| role);
        role.starts_with("aws-service-role/")
    }

    fn is_role(&self) -> bool {
        matches!(self.kind, Kind::Role | Kind::Session { .. })
    }
}

/// In which way an element names the principal; each way has other consequences.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Naming {
    /// Everybody, the user, or the session by its own ARN: implicit denies of the permissions boundary and
    /// of session policies do not limit what is given so.
    pub(crate) itself: Truth,
    /// The role: they do.
    pub(crate) role: Truth,
    /// The account: what is given so is the account's to pass on.
    pub(crate) account: Truth,
}

impl Naming {
    const NOBODY: Self = Self { itself: Truth::False, role: Truth::False, account: Truth::False };

    /// In any way.
    pub(crate) fn any(self) -> Truth {
        Truth::any([self.itself, self.role, self.account])
    }

    fn or(self, other: Self) -> Self {
        Self {
            itself: self.itself.or(other.itself),
            role: self.role.or(other.role),
            account: self.account.or(other.account),
        }
    }
}

/// How one `AWS` entry, or the grantee principal of a grant, names the principal.
///
/// A role ARN stands for all its sessions, a session ARN for that session only; which session a role acts
/// through is not known. A unique ID is the principal with that very ID, and it may be that the ID is not
/// told. Names compare case-sensitively.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>
pub(crate) fn names_one(entry: &str, requester: &Requester) -> Naming {
    let account_root = format!("arn:{}:iam::{}:root", requester.partition, requester.account);
    let sessions = format!("arn:{}:sts::{}:assumed-role/{}/", requester.partition, requester.account, requester.name);
    let nobody = Naming::NOBODY;
    if entry == "*" {
        return Naming { itself: Truth::True, ..nobody };
    }
    if entry == requester.account || entry == account_root {
        return Naming { account: Truth::True, ..nobody };
    }
    if entry.starts_with("AROA") || entry.starts_with("AIDA") {
        let right_kind = requester.is_role() == entry.starts_with("AROA") && requester.kind != Kind::Root;
        let same = requester.unique_id.as_ref().map_or(Truth::Unknown, |id| Truth::from(id == entry));
        let named = Truth::from(right_kind).and(same);
        return if requester.is_role() { Naming { role: named, ..nobody } } else { Naming { itself: named, ..nobody } };
    }
    match &requester.kind {
        Kind::Role | Kind::Session { .. } if entry == requester.iam_arn => Naming { role: Truth::True, ..nobody },
        Kind::Session { arn } => Naming { itself: Truth::from(entry == arn), ..nobody },
        Kind::Role if entry.starts_with(&sessions) => {
            let session = requester.session_name.as_ref().map(|session| format!("{sessions}{session}"));
            let same = session.map_or(Truth::Unknown, |session| Truth::from(session == entry));
            Naming { itself: same, ..nobody }
        }
        Kind::User => Naming { itself: Truth::from(entry == requester.iam_arn), ..nobody },
        Kind::Role | Kind::Root => nobody,
    }
}

/// How the `Principal` or `NotPrincipal` element of a statement names the principal.
///
/// `NotPrincipal` spares a principal only where every ARN that stands for it is listed (the account, the
/// role or user, the session), and it never spares one that has a permissions boundary. With `Allow` AWS
/// does not support it, so it may mean anything.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html>
pub(crate) fn names(principals: &Principals, requester: &Requester, denies: bool, boundary: bool) -> Naming {
    let listed = principals.aws.iter().map(|entry| names_one(entry, requester)).fold(Naming::NOBODY, Naming::or);
    if !principals.negated {
        return listed;
    }
    if !denies {
        return Naming { itself: Truth::Unknown, ..Naming::NOBODY };
    }
    let spared = match requester.kind {
        Kind::Role | Kind::Session { .. } => Truth::all([listed.account, listed.role, listed.itself]),
        Kind::User => listed.account.and(listed.itself),
        Kind::Root => listed.account,
    };
    let spared = if boundary { Truth::False } else { spared };
    Naming { itself: spared.not(), ..Naming::NOBODY }
}
