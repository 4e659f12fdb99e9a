use crate::names::{Arn, PrincipalArn, RoleArn, SessionArn};
use crate::policy::{Polarity, PrincipalElement, PrincipalEntry, Truth};

/// The principal of a request, with the relations in which policies may name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// What it is.
    pub kind: PrincipalKind,
    /// The ARN of the role, user or account root: the value of `aws:PrincipalArn`.
    pub arn: Box<str>,
    /// Its account.
    pub account: Box<str>,
    /// `AROA…` or `AIDA…`, if known.
    pub unique_id: Option<Box<str>>,
}

/// The kinds of principals that make requests here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalKind {
    /// A session of a role.
    Role(Session),
    /// An IAM user.
    User,
    /// The root user of an account.
    Root,
}

/// Which session of a role makes the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Session {
    /// The session with this ARN.
    Known(Box<str>),
    /// Some session: its ARN begins like this and its name is not known.
    Open(Box<str>),
}

impl Principal {
    /// The principal of this ARN.
    ///
    /// `role` gives the role of a session with its path, which a session ARN does not tell; without it the path
    /// is `/`. `unique_id` may hold `:session` behind the ID.
    pub fn new(arn: &PrincipalArn, role: Option<&RoleArn>, unique_id: Option<&str>) -> Self {
        let bare_id = unique_id.map(|id| id.split_once(':').map_or(id, |(id, _)| id).into());
        let (kind, own): (PrincipalKind, Box<str>) = match arn {
            PrincipalArn::Role(role) => {
                (PrincipalKind::Role(Session::Open(role.session_arn("").into())), role.as_str().into())
            }
            PrincipalArn::Session(session) => {
                let own = role.map_or_else(|| role_without_path(session), |role| role.as_str().to_owned());
                (PrincipalKind::Role(Session::Known(session.as_str().into())), own.into())
            }
            PrincipalArn::User(user) => (PrincipalKind::User, user.as_str().into()),
            PrincipalArn::Root(root) => (PrincipalKind::Root, root.as_str().into()),
        };
        Self { kind, arn: own, account: arn.account().into(), unique_id: bare_id }
    }

    /// Whether it is a session of a service-linked role: neither SCPs nor RCPs bind it.
    ///
    /// Source: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html>
    pub fn is_service_linked(&self) -> bool {
        match self.kind {
            PrincipalKind::Role(_) => self.path_and_name().starts_with("aws-service-role/"),
            PrincipalKind::User | PrincipalKind::Root => false,
        }
    }

    /// The partition of its ARN.
    pub fn partition(&self) -> &str {
        self.arn.split(':').nth(1).unwrap_or_default()
    }

    /// Whether this root ARN is the one of its account: an ARN of another partition names nobody here.
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
    pub fn is_of_account(&self, root: &str) -> bool {
        Arn::split(root).is_some_and(|[_, partition, service, _, account, resource]| {
            partition == self.partition() && service == "iam" && account == &*self.account && resource == "root"
        })
    }

    /// What follows `role/`, `user/`: path and name.
    pub fn path_and_name(&self) -> &str {
        self.arn.split_once('/').map_or(&*self.arn, |(_, name)| name)
    }

    /// Whether it is the identity in which EC2 decrypts the data keys of an instance's volumes.
    pub fn is_infrastructure(&self) -> bool {
        Arn::parse(&self.arn)
            .is_ok_and(|arn| arn.resource().strip_prefix("role/") == Some(crate::names::INFRASTRUCTURE_ROLE))
    }
}

fn role_without_path(session: &SessionArn) -> String {
    format!("arn:{}:iam::{}:role/{}", session.partition(), session.account(), session.role_name())
}

/// In which ways a `Principal` element names a principal; AWS limits them differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PrincipalMatch {
    /// By `*`.
    pub(super) anyone: Truth,
    /// By its account: what is allowed so is left to the account's IAM policies.
    pub(super) account: Truth,
    /// By its role's ARN or unique ID.
    pub(super) role: Truth,
    /// By its session's ARN.
    pub(super) session: Truth,
    /// By its user's ARN or unique ID.
    pub(super) user: Truth,
}

impl PrincipalMatch {
    pub(super) const NOBODY: Self = Self {
        anyone: Truth::False,
        account: Truth::False,
        role: Truth::False,
        session: Truth::False,
        user: Truth::False,
    };

    /// Whether it is named in any way: a Deny for the account falls on all its principals.
    pub(super) fn at_all(self) -> Truth {
        self.anyone.or(self.account).or(self.role).or(self.session).or(self.user)
    }

    /// The same, as far as `holds` is true.
    pub(super) fn and(self, holds: Truth) -> Self {
        Self {
            anyone: self.anyone.and(holds),
            account: self.account.and(holds),
            role: self.role.and(holds),
            session: self.session.and(holds),
            user: self.user.and(holds),
        }
    }

    /// Named by the one or by the other.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            anyone: self.anyone.or(other.anyone),
            account: self.account.or(other.account),
            role: self.role.or(other.role),
            session: self.session.or(other.session),
            user: self.user.or(other.user),
        }
    }

    fn by(entry: &PrincipalEntry, principal: &Principal) -> Self {
        let mut named = Self::NOBODY;
        match entry {
            PrincipalEntry::Anyone => named.anyone = Truth::True,
            PrincipalEntry::Account(account) => named.account = Truth::from(*account == principal.account),
            PrincipalEntry::Root(root) => named.account = Truth::from(principal.is_of_account(root)),
            PrincipalEntry::Role(arn) => {
                named.role = Truth::from(is_role(principal) && *arn == principal.arn);
            }
            PrincipalEntry::Session(arn) => named.session = session(arn, principal),
            PrincipalEntry::User(arn) => {
                named.user = Truth::from(principal.kind == PrincipalKind::User && *arn == principal.arn);
            }
            PrincipalEntry::UniqueId(id) => match principal.kind {
                PrincipalKind::Role(_) if id.starts_with("AROA") => named.role = same_id(id, principal),
                PrincipalKind::User if id.starts_with("AIDA") => named.user = same_id(id, principal),
                PrincipalKind::Role(_) | PrincipalKind::User | PrincipalKind::Root => {}
            },
            PrincipalEntry::Service(_)
            | PrincipalEntry::Federated(_)
            | PrincipalEntry::CanonicalUser(_)
            | PrincipalEntry::Other(_) => {}
        }
        named
    }
}

/// Whether the principal is the one of this entry, in whichever way that names it.
pub(super) fn is_named_by(entry: &PrincipalEntry, principal: &Principal) -> Truth {
    PrincipalMatch::by(entry, principal).at_all()
}

fn is_role(principal: &Principal) -> bool {
    matches!(principal.kind, PrincipalKind::Role(_))
}

fn same_id(id: &str, principal: &Principal) -> Truth {
    principal.unique_id.as_deref().map_or(Truth::Unknown, |own| Truth::from(own == id))
}

fn session(arn: &str, principal: &Principal) -> Truth {
    match &principal.kind {
        PrincipalKind::Role(Session::Known(own)) => Truth::from(**own == *arn),
        PrincipalKind::Role(Session::Open(beginning)) => {
            if arn.starts_with(&**beginning) {
                Truth::Unknown
            } else {
                Truth::False
            }
        }
        PrincipalKind::User | PrincipalKind::Root => Truth::False,
    }
}

/// In which ways the element names the principal of the request.
pub(super) fn named(element: &PrincipalElement, principal: &Principal, has_boundary: bool) -> PrincipalMatch {
    let listed = element
        .entries
        .iter()
        .map(|(entry, _)| PrincipalMatch::by(entry, principal))
        .fold(PrincipalMatch::NOBODY, PrincipalMatch::or);
    match element.sense {
        Polarity::Positive => listed,
        Polarity::Negated => {
            PrincipalMatch { anyone: !excepted(listed, principal, has_boundary), ..PrincipalMatch::NOBODY }
        }
    }
}

/// Whether `NotPrincipal` leaves the principal out: it must list the session, the role *and* the account. A
/// principal with a permissions boundary is never left out, whatever is listed.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html>
fn excepted(listed: PrincipalMatch, principal: &Principal, has_boundary: bool) -> Truth {
    if has_boundary {
        return Truth::False;
    }
    let all_listed = match principal.kind {
        PrincipalKind::Role(_) => listed.session.and(listed.role).and(listed.account),
        PrincipalKind::User => listed.user.and(listed.account),
        PrincipalKind::Root => listed.account,
    };
    listed.anyone.or(all_listed)
}
