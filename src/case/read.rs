//! From the text of one case to a request and the policies that bear on it.

use std::sync::Arc;

use jsonc_parser::ast::{Object, Value};

use crate::document::Position;
use crate::engine::{
    Context, ContextValue, Grant, GrantSet, Grantee, NamedPolicy, Pairs, PolicySet, Principal, Request,
};
use crate::names::{Action, PrincipalArn, RoleArn};
use crate::policy::{Policy, PolicyError, PolicyType, parse_json};

/// Why a case cannot be judged, in words.
pub(super) type Refusal = String;

/// A case: what is asked, and all that bears on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The request.
    pub request: Request,
    /// The policies and grants.
    pub policies: PolicySet,
}

impl Case {
    /// Reads a case from its line.
    ///
    /// # Errors
    /// Why it cannot be judged, in words.
    pub fn parse(line: &str) -> Result<Self, String> {
        let value = parse_json(line).map_err(|error| placed(line, &error))?;
        case(line, value.as_object().ok_or("a case must be a JSON object")?)
    }
}

const FIELDS: &[&str] = &[
    "id",
    "request",
    "identityPolicies",
    "permissionsBoundary",
    "sessionPolicies",
    "scps",
    "rcps",
    "keyPolicy",
    "grants",
];
const REQUEST_FIELDS: &[&str] =
    &["action", "resource", "resourceAccount", "principal", "roleArn", "principalId", "context", "unknownContext"];

pub(super) fn case(line: &str, whole: &Object<'_>) -> Result<Case, Refusal> {
    known(whole, FIELDS, "case")?;
    let request = whole.get_object("request").ok_or("the case has no `request`")?;
    known(request, REQUEST_FIELDS, "request")?;
    let request = self::request(request)?;
    let one = |name, kind| present(whole, name).map(|value| policy(line, name, value, kind)).transpose();
    let list = |name, kind| {
        let value = present(whole, name);
        value.map(|value| policies(line, name, value, kind)).transpose().map(Option::unwrap_or_default)
    };
    let levels = |name, kind| match present(whole, name) {
        None => Ok(Vec::new()),
        Some(Value::Array(levels)) => {
            let numbered = levels.elements.iter().enumerate();
            numbered.map(|(number, level)| policies(line, &format!("{name}/{number}"), level, kind)).collect()
        }
        Some(_) => Err(format!("`{name}` must be a list of levels")),
    };
    let policies = PolicySet {
        identity: list("identityPolicies", PolicyType::Identity)?,
        boundary: one("permissionsBoundary", PolicyType::Boundary)?,
        session: list("sessionPolicies", PolicyType::Session)?,
        scps: levels("scps", PolicyType::Scp)?,
        rcps: levels("rcps", PolicyType::Rcp)?,
        key_policies: one("keyPolicy", PolicyType::KeyPolicy)?.into_iter().collect(),
        grants: match whole.get("grants").map(|property| &property.value) {
            None => GrantSet::default(),
            Some(Value::Array(grants)) => {
                let grants = grants.elements.iter().map(|value| grant(value, &request.principal.account));
                GrantSet { grants: Arc::new(grants.collect::<Result<_, _>>()?), ..GrantSet::default() }
            }
            Some(_) => return Err("`grants` must be a list".to_owned()),
        },
    };
    Ok(Case { request, policies })
}

/// A misspelt field must not vanish silently, nor one of two of a name.
fn known(object: &Object<'_>, fields: &[&str], what: &str) -> Result<(), Refusal> {
    for (number, property) in object.properties.iter().enumerate() {
        let name = property.name.as_str();
        if !fields.contains(&name) {
            return Err(format!("unknown field `{name}` in the {what}"));
        }
        if object.properties.iter().take(number).any(|earlier| earlier.name.as_str() == name) {
            return Err(format!("field `{name}` appears twice in the {what}"));
        }
    }
    Ok(())
}

/// The value of a field; `null` says as much as leaving it out.
fn present<'o, 'a>(object: &'o Object<'a>, name: &str) -> Option<&'o Value<'a>> {
    object.get(name).map(|property| &property.value).filter(|value| value.as_null_keyword().is_none())
}

fn text<'o>(object: &'o Object<'_>, name: &str) -> Result<Option<&'o str>, Refusal> {
    match present(object, name) {
        None => Ok(None),
        Some(Value::StringLit(text)) => Ok(Some(&text.value)),
        Some(_) => Err(format!("`{name}` must be a text")),
    }
}

fn request(object: &Object<'_>) -> Result<Request, Refusal> {
    let needed = |name: &str| text(object, name)?.ok_or(format!("the request has no `{name}`"));
    let action = Action::parse(needed("action")?).map_err(|error| error.to_string())?;
    let resource = needed("resource")?;
    let principal = PrincipalArn::parse(needed("principal")?).map_err(|error| error.to_string())?;
    let role = text(object, "roleArn")?.map(RoleArn::parse).transpose().map_err(|error| error.to_string())?;
    if let Some(role) = &role
        && (role.account() != principal.account() || role.name() != principal.name())
    {
        return Err(format!("`roleArn` {role} is not the role of `principal` {principal}"));
    }
    let principal = Principal::new(&principal, role.as_ref(), text(object, "principalId")?);
    let mut context = Context::new();
    match present(object, "context") {
        None => {}
        Some(Value::Object(entries)) => {
            for entry in &entries.properties {
                let name = entry.name.as_str();
                if context.states(name) {
                    return Err(format!("context key `{name}` appears twice"));
                }
                context.set(name, context_value(name, &entry.value)?);
            }
        }
        Some(_) => return Err("`context` must be an object".to_owned()),
    }
    match present(object, "unknownContext") {
        None => {}
        Some(Value::Array(keys)) => {
            for key in &keys.elements {
                let key = key.as_string_lit().ok_or("`unknownContext` must be a list of texts")?;
                if context.states(&key.value) {
                    return Err(format!("context key `{}` appears twice", key.value));
                }
                context.set(&key.value, ContextValue::NotKnown);
            }
        }
        Some(_) => return Err("`unknownContext` must be a list of texts".to_owned()),
    }
    let owner = text(object, "resourceAccount")?;
    Request::new(action, resource, owner, principal, context).map_err(|error| error.to_string())
}

fn scalar(value: &Value<'_>) -> Option<Box<str>> {
    match value {
        Value::StringLit(text) => Some(text.value.as_ref().into()),
        Value::NumberLit(number) => Some(number.value.into()),
        Value::BooleanLit(flag) => Some(if flag.value { "true" } else { "false" }.into()),
        Value::Object(_) | Value::Array(_) | Value::NullKeyword(_) => None,
    }
}

fn context_value(key: &str, value: &Value<'_>) -> Result<ContextValue, Refusal> {
    let wrong = || format!("the value of context key `{key}` must be a text or a list of texts");
    let Some(values) = value.as_array() else {
        return scalar(value).map(ContextValue::Single).ok_or_else(wrong);
    };
    let values: Option<Vec<Box<str>>> = values.elements.iter().map(scalar).collect();
    values.map(ContextValue::Multi).ok_or_else(wrong)
}

fn policies(line: &str, name: &str, value: &Value<'_>, kind: PolicyType) -> Result<Vec<Arc<NamedPolicy>>, Refusal> {
    match value {
        Value::NullKeyword(_) => Ok(Vec::new()),
        Value::Array(policies) => {
            let numbered = policies.elements.iter().enumerate();
            numbered.map(|(number, value)| policy(line, &format!("{name}/{number}"), value, kind)).collect()
        }
        Value::Object(_) | Value::StringLit(_) | Value::NumberLit(_) | Value::BooleanLit(_) => {
            Err(format!("`{name}` must be a list of policies"))
        }
    }
}

/// A policy in any of its forms: the document, its text, either under `policy` with a name, or one not read.
fn policy(line: &str, place: &str, value: &Value<'_>, kind: PolicyType) -> Result<Arc<NamedPolicy>, Refusal> {
    let Some(wrapper) = value.as_object().filter(|object| object.get("policy").is_some()) else {
        return document(line, place, place, value, kind).map(Arc::new);
    };
    known(wrapper, &["name", "policy", "refused"], place)?;
    let name = text(wrapper, "name")?.unwrap_or(place);
    Ok(Arc::new(match present(wrapper, "policy") {
        None => NamedPolicy::unread(name, text(wrapper, "refused")?.unwrap_or_default()),
        Some(value) => document(line, place, name, value, kind)?,
    }))
}

fn document(line: &str, place: &str, name: &str, value: &Value<'_>, kind: PolicyType) -> Result<NamedPolicy, Refusal> {
    if let Some(text) = value.as_string_lit() {
        return NamedPolicy::parse(name, &text.value, kind).map_err(|errors| {
            let at = |error: &PolicyError| Position::of(&text.value, error.span.start);
            let each: Vec<String> =
                errors.iter().map(|one| format!("{} at {} of its text", one.problem, at(one))).collect();
            format!("{place}: {}", each.join("; "))
        });
    }
    let policy = Policy::from_json(value, kind).map_err(|errors| {
        let each: Vec<String> = errors.iter().map(|error| placed(line, error)).collect();
        format!("{place}: {}", each.join("; "))
    })?;
    Ok(NamedPolicy { policy: Some(policy), ..NamedPolicy::unread(name, "") })
}

/// A fault with its column in the case's line.
pub(super) fn placed(line: &str, error: &PolicyError) -> String {
    format!("{} at column {}", error.problem, Position::of(line, error.span.start).column)
}

fn grant(value: &Value<'_>, requester: &str) -> Result<Grant, Refusal> {
    let object = value.as_object().ok_or("a grant must be an object")?;
    known(
        object,
        &["granteePrincipal", "operations", "constraints", "issuingAccount", "retiringPrincipal", "name", "id"],
        "grant",
    )?;
    let grantee = text(object, "granteePrincipal")?.ok_or("a grant has no `granteePrincipal`")?;
    let operations = object.get_array("operations").ok_or("a grant has no list `operations`")?;
    let operations: Option<Vec<Box<str>>> = operations.elements.iter().map(scalar).collect();
    let issuer = text(object, "issuingAccount")?.unwrap_or(requester);
    let mut grant = Grant {
        id: text(object, "id")?.unwrap_or_default().into(),
        grantee: Grantee::parse(grantee),
        operations: operations.ok_or("`operations` must be a list of texts")?,
        subset: None,
        equals: None,
        has_other_constraint: false,
        issuing_account: Some(account_of(issuer).into()),
    };
    if let Some(constraints) = present(object, "constraints") {
        let constraints = constraints.as_object().ok_or("`constraints` must be an object")?;
        for constraint in &constraints.properties {
            match constraint.name.as_str() {
                "encryptionContextSubset" => grant.subset = Some(pairs(&constraint.value)?),
                "encryptionContextEquals" => grant.equals = Some(pairs(&constraint.value)?),
                _ => grant.has_other_constraint = true,
            }
        }
    }
    Ok(grant)
}

/// The account of an account ID or an account's root ARN.
pub(crate) fn account_of(issuer: &str) -> &str {
    if issuer.starts_with("arn:") { issuer.split(':').nth(4).unwrap_or_default() } else { issuer }
}

fn pairs(value: &Value<'_>) -> Result<Pairs, Refusal> {
    let object = value.as_object().ok_or("a grant constraint must be an object of texts")?;
    let pairs = object
        .properties
        .iter()
        .map(|property| scalar(&property.value).map(|value| (property.name.as_str().into(), value)));
    pairs.collect::<Option<_>>().ok_or_else(|| "a grant constraint must be an object of texts".to_owned())
}
