//! Grants.

use serde_json::Value;

use super::case::{Fact, Request, array, object, only, string};
use super::principal::{Kind, Naming, names_one};
use super::truth::Truth;

/// A grant on the key.
#[derive(Debug)]
pub(crate) struct Grant {
    grantee: String,
    issuing_account: String,
    operations: Vec<String>,
    /// `None` where a constraint is none that these requests can satisfy.
    constraints: Option<Vec<Constraint>>,
}

#[derive(Debug)]
struct Constraint {
    exact: bool,
    pairs: Vec<(String, String)>,
}

/// What the grants allow; each way has other consequences.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GrantsSay {
    /// To the session itself.
    pub(crate) session: Truth,
    /// To the role, which the permissions boundary and session policies limit.
    pub(crate) role: Truth,
    /// To the user itself.
    pub(crate) user: Truth,
    /// To the account, whose own policies decide further.
    pub(crate) account: Truth,
    /// From the key's account to another one, whose own policies decide further.
    pub(crate) foreign: Truth,
}

impl GrantsSay {
    pub(crate) const NONE: Self = Self {
        session: Truth::False,
        role: Truth::False,
        user: Truth::False,
        account: Truth::False,
        foreign: Truth::False,
    };
}

/// Reads the grants; one issued by nobody in particular is issued by the requester's account.
pub(crate) fn read(grants: &Value, request: &Request) -> Result<Vec<Grant>, String> {
    array(grants, "grants")?.iter().map(|grant| read_one(grant, request)).collect()
}

fn read_one(grant: &Value, request: &Request) -> Result<Grant, String> {
    let grant = object(grant, "a grant")?;
    only(grant, &["granteePrincipal", "issuingAccount", "operations", "constraints"])?;
    let grantee = string(grant.get("granteePrincipal").ok_or("a grant without grantee")?, "granteePrincipal")?;
    let operations = array(grant.get("operations").ok_or("a grant without operations")?, "operations")?;
    let issuing_account = match grant.get("issuingAccount") {
        Some(account) => string(account, "issuingAccount")?,
        None => &request.requester.account,
    };
    let mut constraints = Some(Vec::new());
    if let Some(written) = grant.get("constraints") {
        for (name, pairs) in object(written, "constraints")? {
            let exact = match name.as_str() {
                "encryptionContextSubset" => false,
                "encryptionContextEquals" => true,
                _ => {
                    constraints = None;
                    break;
                }
            };
            let mut read = Vec::new();
            for (key, value) in object(pairs, name)? {
                read.push((key.to_lowercase(), string(value, name)?.to_owned()));
            }
            constraints = constraints.map(|mut all| {
                all.push(Constraint { exact, pairs: read });
                all
            });
        }
    }
    Ok(Grant {
        grantee: grantee.to_owned(),
        issuing_account: issuing_account.to_owned(),
        operations: operations
            .iter()
            .map(|operation| string(operation, "operations").map(str::to_owned))
            .collect::<Result<_, _>>()?,
        constraints,
    })
}

/// What all the grants together allow. Two grants do not add up: each is asked alone.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/grants.html>
pub(crate) fn grants_say(grants: &[Grant], request: &Request) -> GrantsSay {
    let mut say = GrantsSay::NONE;
    for grant in grants {
        let Naming { itself, role, account } = names_one(&grant.grantee, &request.requester);
        let covers = covers(grant, request);
        // What an account's root user gets of a grant to the account is told nowhere.
        let is_root = request.requester.kind == Kind::Root;
        let account = if is_root { account.and(Truth::Unknown) } else { account };
        let is_own = grant.issuing_account == request.requester.account;
        if !is_own && grant.issuing_account == request.resource_account {
            say.foreign = say.foreign.or(covers.and(Truth::any([itself, role, account])));
            continue;
        }
        // Whether a grant of a third account suffices is told nowhere.
        let gives = if is_own { covers } else { covers.and(Truth::Unknown) };
        let is_user = request.requester.kind == Kind::User;
        let (session, user) = if is_user { (Truth::False, itself) } else { (itself, Truth::False) };
        say.session = say.session.or(gives.and(session));
        say.user = say.user.or(gives.and(user));
        say.role = say.role.or(gives.and(role));
        say.account = say.account.or(gives.and(account));
    }
    say
}

/// Whether the grant covers the operation of the request.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html>
fn covers(grant: &Grant, request: &Request) -> Truth {
    let (service, operation) = request.service_and_operation();
    let holds = |name: &str| grant.operations.iter().any(|held| held == name);
    let Some(constraints) = &grant.constraints else { return Truth::False };
    if service != "kms" || !grant.operations.iter().any(|held| held.eq_ignore_ascii_case(operation)) {
        return Truth::False;
    }
    let constrained = match operation.to_lowercase().as_str() {
        "describekey" | "retiregrant" => Truth::True,
        _ => Truth::all(constraints.iter().map(|constraint| is_satisfied(constraint, request))),
    };
    if !operation.eq_ignore_ascii_case("CreateGrant") {
        return constrained;
    }
    let passed_on = match request.fact("kms:GrantOperations") {
        Fact::Absent => Truth::True,
        Fact::Unknown | Fact::Begins(_) => Truth::Unknown,
        Fact::One(operation) => Truth::from(holds(&operation)),
        Fact::Many(operations) => Truth::from(operations.iter().all(|operation| holds(operation))),
    };
    Truth::all([constrained, passed_on, Truth::all(constraints.iter().map(|parent| is_as_strict(parent, request)))])
}

/// Whether the encryption context of the request satisfies the constraint: names without regard to case,
/// values with it.
fn is_satisfied(constraint: &Constraint, request: &Request) -> Truth {
    let context = request.facts_below("kms:EncryptionContext:");
    let has = |(key, wanted): &(String, String)| match request.fact(&format!("kms:EncryptionContext:{key}")) {
        Fact::Unknown | Fact::Begins(_) => Truth::Unknown,
        Fact::One(value) => Truth::from(value == *wanted),
        Fact::Absent | Fact::Many(_) => Truth::False,
    };
    let no_other = |(key, fact): &(String, Fact)| match fact {
        _ if constraint.pairs.iter().any(|(name, _)| name == key) => Truth::True,
        Fact::Unknown => Truth::Unknown,
        Fact::Absent | Fact::Begins(_) | Fact::One(_) | Fact::Many(_) => Truth::False,
    };
    let subset = Truth::all(constraint.pairs.iter().map(has));
    if constraint.exact { subset.and(Truth::all(context.iter().map(no_other))) } else { subset }
}

/// Whether the grant to be created has a constraint as strict as its parent's.
///
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/create-grant-overview.html>
fn is_as_strict(parent: &Constraint, request: &Request) -> Truth {
    let enough: &[&str] = if parent.exact {
        &["EncryptionContextEquals"]
    } else {
        &["EncryptionContextEquals", "EncryptionContextSubset"]
    };
    match request.fact("kms:GrantConstraintType") {
        Fact::Unknown | Fact::Begins(_) => Truth::Unknown,
        Fact::One(kind) => Truth::from(enough.contains(&kind.as_str())),
        Fact::Absent | Fact::Many(_) => Truth::False,
    }
}
