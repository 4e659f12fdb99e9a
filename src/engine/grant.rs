use crate::names::{INFRASTRUCTURE_ROLE, PrincipalArn};
use crate::policy::Truth;

use super::context::ContextValue;
use super::principal::{Principal, PrincipalKind, Session};
use super::request::Request;

/// Pairs of an encryption context.
pub type Pairs = Vec<(Box<str>, Box<str>)>;

/// A KMS grant, ready to be judged.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/grants.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The grant's ID, if known.
    pub id: Box<str>,
    /// Who may use it.
    pub grantee: Grantee,
    /// As `Decrypt`, `CreateGrant`.
    pub operations: Vec<Box<str>>,
    /// Pairs that the encryption context must hold.
    pub subset: Option<Pairs>,
    /// Pairs that must be the whole encryption context.
    pub equals: Option<Pairs>,
    /// Whether it has a constraint of another kind; such a grant serves no request here.
    pub has_other_constraint: bool,
    /// The account that issued it; `None`: not known.
    pub issuing_account: Option<Box<str>>,
}

/// A grantee principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grantee {
    /// A role, by ARN: all its sessions.
    Role(Box<str>),
    /// One session.
    Session(Box<str>),
    /// A user, by ARN.
    User(Box<str>),
    /// An account, by its ID.
    Account(Box<str>),
    /// An account, by the ARN of its root.
    Root(Box<str>),
    /// The unique ID that is left of a deleted principal.
    UniqueId(Box<str>),
    /// A service principal, or anything that makes no request of a start.
    Other(Box<str>),
}

impl Grantee {
    /// Reads a grantee principal as `kms:ListGrants` shows it; the old spelling
    /// `ACCOUNT:aws:ec2-infrastructure:INSTANCE` means the session of that name.
    pub fn parse(text: &str) -> Self {
        if let Some((account, instance)) = text.split_once(":aws:ec2-infrastructure:")
            && account.len() == 12
        {
            return Self::Session(
                format!("arn:aws:sts::{account}:assumed-role/{INFRASTRUCTURE_ROLE}/{instance}").into(),
            );
        }
        match PrincipalArn::parse(text) {
            Ok(PrincipalArn::Role(arn)) => Self::Role(arn.as_str().into()),
            Ok(PrincipalArn::Session(arn)) => Self::Session(arn.as_str().into()),
            Ok(PrincipalArn::User(arn)) => Self::User(arn.as_str().into()),
            Ok(PrincipalArn::Root(arn)) => Self::Root(arn.as_str().into()),
            Err(_) if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) => Self::Account(text.into()),
            Err(_) if text.starts_with("AROA") || text.starts_with("AIDA") => Self::UniqueId(text.into()),
            Err(_) => Self::Other(text.into()),
        }
    }

    /// As it reads.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Role(text)
            | Self::Session(text)
            | Self::User(text)
            | Self::Account(text)
            | Self::Root(text)
            | Self::UniqueId(text)
            | Self::Other(text) => text,
        }
    }
}

/// What grants allow, by the kind of grantee: boundaries and session policies limit them differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantAllow {
    /// A grant to the role.
    pub role: Truth,
    /// A grant to the session.
    pub session: Truth,
    /// A grant to the user.
    pub user: Truth,
    /// A grant to the whole account.
    pub account: Truth,
}

impl GrantAllow {
    pub(super) const NONE: Self =
        Self { role: Truth::False, session: Truth::False, user: Truth::False, account: Truth::False };

    pub(super) fn or(self, other: Self) -> Self {
        Self {
            role: self.role.or(other.role),
            session: self.session.or(other.session),
            user: self.user.or(other.user),
            account: self.account.or(other.account),
        }
    }

    pub(super) fn and(self, holds: Truth) -> Self {
        Self {
            role: self.role.and(holds),
            session: self.session.and(holds),
            user: self.user.and(holds),
            account: self.account.and(holds),
        }
    }

    /// The same with every unknown taken as `truth`.
    pub(super) fn settled(self, truth: Truth) -> Self {
        let settle = |old| if old == Truth::Unknown { truth } else { old };
        Self {
            role: settle(self.role),
            session: settle(self.session),
            user: settle(self.user),
            account: settle(self.account),
        }
    }

    /// Whether it is not known of a kind of grantee.
    pub(super) fn is_open(self) -> bool {
        [self.role, self.session, self.user, self.account].contains(&Truth::Unknown)
    }

    /// Whether any grant allows.
    pub fn at_all(self) -> Truth {
        self.role.or(self.session).or(self.user).or(self.account)
    }
}

/// Whose account issued a grant: across accounts its effect depends on that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issuer {
    /// The principal's own.
    Own,
    /// The key owner's, which is another.
    Owner,
    /// Neither: AWS does not say whether such a grant suffices.
    Third,
    /// It is not told.
    Untold,
}

impl Grant {
    /// Whose account issued it.
    pub fn issuer(&self, request: &Request) -> Issuer {
        match self.issuing_account.as_deref() {
            Some(issuer) if *issuer == *request.principal.account => Issuer::Own,
            Some(issuer) if *issuer == *request.resource_account => Issuer::Owner,
            Some(_) => Issuer::Third,
            None if request.is_cross_account() => Issuer::Untold,
            None => Issuer::Own,
        }
    }

    /// Whether, and as which kind of grantee, the principal of `request` may make it by this grant alone.
    pub(super) fn allows(&self, request: &Request) -> GrantAllow {
        let serves = self.has_operation(request).and(self.constraints_hold(request));
        let mut allow = GrantAllow::NONE;
        if serves.is_false() {
            return allow;
        }
        let grantee = self.is_grantee(&request.principal).and(serves);
        match (&self.grantee, &request.principal.kind) {
            (Grantee::Session(_), _) => allow.session = grantee,
            (Grantee::Account(_) | Grantee::Root(_), _) => allow.account = grantee,
            (Grantee::User(_), _) | (_, PrincipalKind::User) => allow.user = grantee,
            (Grantee::Role(_) | Grantee::UniqueId(_) | Grantee::Other(_), _) => allow.role = grantee,
        }
        allow
    }

    /// Whether the grant was made for this principal.
    pub fn is_grantee(&self, principal: &Principal) -> Truth {
        match (&self.grantee, &principal.kind) {
            (Grantee::Role(arn), PrincipalKind::Role(_)) | (Grantee::User(arn), PrincipalKind::User) => {
                Truth::from(*arn == principal.arn)
            }
            (Grantee::Session(arn), PrincipalKind::Role(Session::Known(own))) => Truth::from(arn == own),
            (Grantee::Session(arn), PrincipalKind::Role(Session::Open(beginning))) => {
                if arn.starts_with(&**beginning) {
                    Truth::Unknown
                } else {
                    Truth::False
                }
            }
            (Grantee::Account(account), _) => Truth::from(*account == principal.account),
            (Grantee::Root(root), _) => Truth::from(principal.is_of_account(root)),
            (Grantee::UniqueId(id), PrincipalKind::Role(_) | PrincipalKind::User) => {
                principal.unique_id.as_ref().map_or(Truth::Unknown, |own| Truth::from(own == id))
            }
            (
                Grantee::Role(_) | Grantee::User(_) | Grantee::Session(_) | Grantee::UniqueId(_) | Grantee::Other(_),
                _,
            ) => Truth::False,
        }
    }

    /// Whether the grant holds the request's operation; a grant to create grants may pass on only what it holds.
    pub fn has_operation(&self, request: &Request) -> Truth {
        let name = request.action.lower().split_once(':').map_or("", |(_, name)| name);
        let holds = |wanted: &str| self.operations.iter().any(|operation| operation.eq_ignore_ascii_case(wanted));
        if !holds(name) {
            return Truth::False;
        }
        if name != "creategrant" {
            return Truth::True;
        }
        match request.context.of_kms("grantoperations", "") {
            ContextValue::Single(operation) => Truth::from(holds(operation)),
            ContextValue::Multi(operations) => Truth::from(operations.iter().all(|operation| holds(operation))),
            ContextValue::Absent => Truth::False,
            ContextValue::KnownPrefix(_)
            | ContextValue::OneOf(_)
            | ContextValue::Ec2Internal
            | ContextValue::NotKnown => Truth::Unknown,
        }
    }

    /// Whether the request keeps within the grant's constraints.
    ///
    /// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html>
    pub fn constraints_hold(&self, request: &Request) -> Truth {
        if self.has_other_constraint {
            return Truth::False;
        }
        let name = request.action.lower();
        // These carry no encryption context; KMS ignores the constraint for them.
        if name == "kms:describekey" || name == "kms:retiregrant" {
            return Truth::True;
        }
        let pairs = self.subset.iter().flatten().chain(self.equals.iter().flatten());
        let mut holds = Truth::all(pairs.map(|(key, value)| pair_holds(request, key, value)));
        if let Some(equals) = &self.equals {
            holds = holds.and(no_other_pairs(request, equals));
        }
        if name == "kms:creategrant" {
            holds = holds.and(self.is_passed_on_as_strict(request));
        }
        holds
    }

    /// Whether a grant that is made through this one would lack but the strictness of its constraint.
    pub(super) fn is_only_passed_on_too_loosely(&self, request: &Request) -> bool {
        let mut pairs = self.subset.iter().flatten().chain(self.equals.iter().flatten());
        request.action.lower() == "kms:creategrant"
            && self.is_passed_on_as_strict(request).is_false()
            && pairs.all(|(key, value)| pair_holds(request, key, value).is_true())
    }

    /// A grant made through this one must have a constraint at least as strict.
    fn is_passed_on_as_strict(&self, request: &Request) -> Truth {
        let strict_enough: &[&str] = match (&self.equals, &self.subset) {
            (Some(_), _) => &["EncryptionContextEquals"],
            (None, Some(_)) => &["EncryptionContextSubset", "EncryptionContextEquals"],
            (None, None) => return Truth::True,
        };
        match request.context.of_kms("grantconstrainttype", "") {
            ContextValue::Single(kind) => Truth::from(strict_enough.contains(&&**kind)),
            ContextValue::Multi(kinds) => Truth::from(kinds.iter().any(|kind| strict_enough.contains(&&**kind))),
            ContextValue::Absent => Truth::False,
            ContextValue::KnownPrefix(_)
            | ContextValue::OneOf(_)
            | ContextValue::Ec2Internal
            | ContextValue::NotKnown => Truth::Unknown,
        }
    }
}

pub(super) const ENCRYPTION_CONTEXT: &str = "kms:encryptioncontext:";

/// Whether the encryption context holds the pair; its key compares without case, its value with.
fn pair_holds(request: &Request, key: &str, value: &str) -> Truth {
    match request.context.of_kms("encryptioncontext:", key) {
        ContextValue::Single(actual) => Truth::from(**actual == *value),
        ContextValue::Multi(actual) => Truth::from(actual.len() == 1 && actual.iter().any(|one| **one == *value)),
        ContextValue::KnownPrefix(prefix) if !value.starts_with(&**prefix) => Truth::False,
        ContextValue::Absent | ContextValue::Ec2Internal => Truth::False,
        ContextValue::KnownPrefix(_) | ContextValue::OneOf(_) | ContextValue::NotKnown => Truth::Unknown,
    }
}

fn no_other_pairs(request: &Request, wanted: &[(Box<str>, Box<str>)]) -> Truth {
    Truth::all(request.context.entries().filter_map(|(key, value)| {
        let pair = key.lower().strip_prefix(ENCRYPTION_CONTEXT)?;
        let expected = wanted.iter().any(|(name, _)| name.eq_ignore_ascii_case(pair));
        if expected {
            return None;
        }
        Some(match value {
            ContextValue::Absent => Truth::True,
            ContextValue::NotKnown | ContextValue::OneOf(_) => Truth::Unknown,
            ContextValue::Single(_)
            | ContextValue::Multi(_)
            | ContextValue::KnownPrefix(_)
            | ContextValue::Ec2Internal => Truth::False,
        })
    }))
}
