//! Policy documents, and what AWS refuses to save.

use serde_json::{Map, Value};

use super::case::{object, one_or_many, only, string, text};
use super::condition::{Kind, Operator};
use super::duplicate::duplicate_name;
use super::literal::{date, is_base64, network, number};

/// Where a policy stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PolicyType {
    Identity,
    Boundary,
    Session,
    Scp,
    Rcp,
    Key,
}

/// A policy of the case.
#[derive(Debug)]
pub(crate) enum Policy {
    Read(Document),
    /// It exists and could not be read: it may allow, and it may deny.
    Unread,
}

/// A policy document.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) kind: PolicyType,
    /// Whether `${…}` is a policy variable, which it is since version 2012-10-17.
    pub(crate) variables: bool,
    pub(crate) statements: Vec<Statement>,
}

/// A statement.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) denies: bool,
    pub(crate) principals: Option<Principals>,
    pub(crate) actions: Entries,
    pub(crate) resources: Option<Entries>,
    pub(crate) conditions: Vec<Condition>,
}

/// `Action`, `Resource`, or with `negated` their opposites.
#[derive(Debug)]
pub(crate) struct Entries {
    pub(crate) negated: bool,
    pub(crate) entries: Vec<String>,
}

/// `Principal` or `NotPrincipal`: the `AWS` entries, for no other kind of principal makes our requests.
#[derive(Debug)]
pub(crate) struct Principals {
    pub(crate) negated: bool,
    pub(crate) aws: Vec<String>,
}

/// One operator with one key.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) operator: Operator,
    pub(crate) key: String,
    pub(crate) values: Vec<String>,
}

impl Policy {
    /// Reads a policy in any of its forms: a document, its text, `{"policy": …}` with one of these or null.
    pub(crate) fn read(policy: &Value, kind: PolicyType) -> Result<Self, String> {
        let wrapped = policy.as_object().filter(|object| object.contains_key("policy"));
        let Some(wrapper) = wrapped else { return Ok(Self::Read(Document::read(policy, kind)?)) };
        only(wrapper, &["name", "policy", "refused"])?;
        match wrapper.get("policy") {
            None | Some(Value::Null) if wrapper.contains_key("refused") => Ok(Self::Unread),
            None | Some(Value::Null) => Err("a policy that is null and was not refused".to_owned()),
            Some(document) => Ok(Self::Read(Document::read(document, kind)?)),
        }
    }
}

impl Document {
    /// Reads a document. `Version` defaults to 2008-10-17.
    ///
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>
    fn read(document: &Value, kind: PolicyType) -> Result<Self, String> {
        if let Value::String(source) = document {
            let parsed: Value = serde_json::from_str(source).map_err(|error| error.to_string())?;
            return match duplicate_name(source) {
                Some(name) => Err(format!("`{name}` stands twice")),
                None if parsed.is_string() => Err("a policy that is a string".to_owned()),
                None => Self::read(&parsed, kind),
            };
        }
        let document = object(document, "a policy")?;
        only(document, &["Version", "Id", "Statement"])?;
        let variables = match document.get("Version").map(|version| string(version, "Version")).transpose()? {
            Some("2012-10-17") => true,
            Some("2008-10-17") | None => false,
            Some(other) => return Err(format!("there is no version `{other}`")),
        };
        if let Some(id) = document.get("Id") {
            string(id, "Id")?;
        }
        let written = one_or_many(document.get("Statement").ok_or("a policy without statements")?);
        let statements: Vec<_> =
            written.iter().map(|one| Statement::read(one, kind, variables)).collect::<Result<_, _>>()?;
        check_sids(&written, kind)?;
        Ok(Self { kind, variables, statements })
    }
}

/// In IAM and Organizations policies a `Sid` is unique, in IAM policies alphanumeric; KMS is not so strict.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html>
fn check_sids(statements: &[&Value], kind: PolicyType) -> Result<(), String> {
    let mut seen = Vec::new();
    for sid in statements.iter().filter_map(|statement| statement.get("Sid")) {
        let sid = string(sid, "Sid")?;
        if kind == PolicyType::Key || sid.is_empty() {
            continue;
        }
        let iam = matches!(kind, PolicyType::Identity | PolicyType::Boundary | PolicyType::Session);
        if seen.contains(&sid) || (iam && !sid.chars().all(|c| c.is_ascii_alphanumeric())) {
            return Err(format!("the Sid `{sid}` is not unique or not alphanumeric"));
        }
        seen.push(sid);
    }
    Ok(())
}

impl Statement {
    fn read(statement: &Value, kind: PolicyType, variables: bool) -> Result<Self, String> {
        const ELEMENTS: [&str; 9] = [
            "Sid",
            "Effect",
            "Principal",
            "NotPrincipal",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Condition",
        ];
        let statement = object(statement, "a statement")?;
        only(statement, &ELEMENTS)?;
        let denies = match string(statement.get("Effect").ok_or("a statement without Effect")?, "Effect")? {
            "Allow" => false,
            "Deny" => true,
            other => return Err(format!("there is no effect `{other}`")),
        };
        let actions = match entries(statement, "Action", "NotAction", kind)? {
            Some(actions) => actions,
            // KMS saves it, and it has no effect.
            None if kind == PolicyType::Key => Entries { negated: false, entries: Vec::new() },
            None => return Err("a statement without Action".to_owned()),
        };
        actions.entries.iter().try_for_each(|action| check_action(action))?;
        let resources = entries(statement, "Resource", "NotResource", kind)?;
        if resources.is_none() && kind != PolicyType::Key {
            return Err("a statement without Resource".to_owned());
        }
        let mut conditions = Vec::new();
        if let Some(block) = statement.get("Condition") {
            for (operator, keys) in object(block, "Condition")? {
                for (key, values) in object(keys, operator)? {
                    conditions.push(read_condition(operator, key, values, kind, variables)?);
                }
            }
        }
        Ok(Self { denies, principals: read_principals(statement, kind)?, actions, resources, conditions })
    }
}

/// The element or its opposite, not both; an empty list is refused but in session policies, which are not checked.
fn entries(
    statement: &Map<String, Value>,
    name: &str,
    opposite: &str,
    kind: PolicyType,
) -> Result<Option<Entries>, String> {
    let (negated, value) = match (statement.get(name), statement.get(opposite)) {
        (Some(_), Some(_)) => return Err(format!("`{name}` together with `{opposite}`")),
        (Some(value), None) => (false, value),
        (None, Some(value)) => (true, value),
        (None, None) => return Ok(None),
    };
    let entries: Vec<String> =
        one_or_many(value).into_iter().map(|entry| string(entry, name).map(str::to_owned)).collect::<Result<_, _>>()?;
    let unchecked = kind == PolicyType::Session;
    if entries.is_empty() && !unchecked {
        Err(format!("an empty `{name}`"))
    } else {
        Ok(Some(Entries { negated, entries }))
    }
}

/// `*` or `service:Name`.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html>
fn check_action(action: &str) -> Result<(), String> {
    let whole = match action.split(':').collect::<Vec<_>>().as_slice() {
        ["*"] => true,
        [service, name] => !service.is_empty() && !name.is_empty(),
        _ => false,
    };
    whole.then_some(()).ok_or(format!("`{action}` is no action"))
}

/// Resource-based policies say to whom they apply, an RCP always to everybody, other policies never.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>
fn read_principals(statement: &Map<String, Value>, kind: PolicyType) -> Result<Option<Principals>, String> {
    let (negated, value) = match (kind, statement.get("Principal"), statement.get("NotPrincipal")) {
        (PolicyType::Key, Some(value), None) => (false, value),
        (PolicyType::Key, None, Some(value)) => (true, value),
        (PolicyType::Rcp, Some(Value::String(everybody)), None) if everybody == "*" => return Ok(None),
        (PolicyType::Key | PolicyType::Rcp, _, _) => {
            return Err("no Principal that may stand there".to_owned());
        }
        (_, None, None) => return Ok(None),
        (_, _, _) => return Err("a Principal where none may stand".to_owned()),
    };
    if value.as_str() == Some("*") {
        return Ok(Some(Principals { negated, aws: vec!["*".to_owned()] }));
    }
    let kinds = object(value, "Principal")?;
    only(kinds, &["AWS", "Service", "Federated", "CanonicalUser"])?;
    let mut aws = Vec::new();
    for (name, entries) in kinds {
        for entry in one_or_many(entries) {
            let entry = string(entry, name)?;
            if name == "AWS" {
                check_principal(entry)?;
                aws.push(entry.to_owned());
            }
        }
    }
    Ok(Some(Principals { negated, aws }))
}

/// `*`, an account, the ARN of an account's root, a role, a session or a user, or a unique ID; no wildcard within.
fn check_principal(entry: &str) -> Result<(), String> {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let known = match entry.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        ["*"] => true,
        [id] => {
            is_account(id) || (id.starts_with('A') && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()))
        }
        ["arn", _, "iam" | "sts", "", account, rest] => {
            is_account(account) && !rest.is_empty() && !rest.contains(['*', '?'])
        }
        _ => false,
    };
    known.then_some(()).ok_or(format!("`{entry}` is no principal"))
}

/// Reads one operator with one key and checks the values, which IAM does not do for session policies.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html>
fn read_condition(
    operator: &str,
    key: &str,
    values: &Value,
    kind: PolicyType,
    variables: bool,
) -> Result<Condition, String> {
    let parsed = Operator::parse(operator).ok_or(format!("there is no operator `{operator}`"))?;
    let values: Vec<String> = one_or_many(values).into_iter().map(text).collect::<Result<_, _>>()?;
    let lowered = key.to_lowercase();
    let single_valued = lowered.starts_with("kms:encryptioncontext:") || lowered.starts_with("aws:requesttag");
    if kind == PolicyType::Key && parsed.is_for_all() && single_valued {
        return Err(format!("KMS refuses `{operator}` on `{key}`"));
    }
    for value in &values {
        let sound = match parsed.kind {
            Kind::Numeric(_) => number(value).is_some(),
            Kind::Date(_) => date(value).is_some(),
            Kind::IpAddress => {
                let of_iam = matches!(kind, PolicyType::Identity | PolicyType::Boundary);
                network(value).is_some_and(|network| !of_iam || !network.is_refused())
            }
            Kind::Binary => is_base64(value),
            Kind::Arn => (variables && value.contains("${")) || is_arn(value),
            Kind::StringEquals | Kind::StringEqualsIgnoreCase | Kind::StringLike | Kind::Bool | Kind::Null => true,
        };
        // STS refuses bad base64 in a session policy, and nothing else of these (captures of AWS).
        if !sound && (kind != PolicyType::Session || parsed.kind == Kind::Binary) {
            return Err(format!("`{operator}` cannot compare with `{value}`"));
        }
    }
    Ok(Condition { operator: parsed, key: key.to_owned(), values })
}

fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.split(':').count() >= 6
}
