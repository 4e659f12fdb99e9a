//! A case as it is written: the request with its context, the policies, the grants.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::document::{Policy, PolicyType};
use super::grant::{self, Grant};
use super::principal::Requester;

/// What is known of a context key.
#[derive(Debug, Clone)]
pub(crate) enum Fact {
    /// The request does not carry it.
    Absent,
    /// Any value or none.
    Unknown,
    /// A single-valued key that is there: its value begins so, the rest is not told.
    Begins(String),
    /// A single-valued key.
    One(String),
    /// A multivalued key.
    Many(Vec<String>),
}

/// The request and its context.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) resource_account: String,
    pub(crate) requester: Requester,
    context: BTreeMap<String, Fact>,
}

impl Request {
    /// The context key of that name; names are case-insensitive.
    pub(crate) fn fact(&self, key: &str) -> Fact {
        self.context.get(&key.to_lowercase()).cloned().unwrap_or(Fact::Absent)
    }

    /// The keys whose names begin so, without that beginning.
    pub(crate) fn facts_below(&self, start: &str) -> Vec<(String, Fact)> {
        let start = start.to_lowercase();
        self.context
            .iter()
            .filter_map(|(key, fact)| Some((key.strip_prefix(&start)?.to_owned(), fact.clone())))
            .collect()
    }

    /// Whether it is a KMS request on a key.
    pub(crate) fn is_for_key(&self) -> bool {
        let parts: Vec<&str> = self.resource.splitn(6, ':').collect();
        let names_key = |resource: &str| resource.len() > 4 && resource.starts_with("key/");
        self.service_and_operation().0 == "kms"
            && matches!(parts.as_slice(), ["arn", _, "kms", _, _, resource] if names_key(resource))
    }

    /// The service of the action, as `kms`, and the operation, as `CreateGrant`.
    pub(crate) fn service_and_operation(&self) -> (String, &str) {
        let (service, operation) = self.action.split_once(':').unwrap_or(("", &self.action));
        (service.to_lowercase(), operation)
    }
}

/// A case. A policy type that is `None` does not exist.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) request: Request,
    pub(crate) identity: Vec<Policy>,
    pub(crate) boundary: Option<Policy>,
    pub(crate) session: Option<Vec<Policy>>,
    pub(crate) scps: Option<Vec<Vec<Policy>>>,
    pub(crate) rcps: Option<Vec<Vec<Policy>>>,
    pub(crate) key: Option<Policy>,
    pub(crate) grants: Option<Vec<Grant>>,
}

impl Case {
    /// Reads a case; a field that the format does not know is an error, lest a misspelt one vanish.
    pub(crate) fn read(case: &Value) -> Result<Self, String> {
        const FIELDS: [&str; 9] = [
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
        let case = object(case, "a case")?;
        only(case, &FIELDS)?;
        let request = read_request(case.get("request").ok_or("a case without a request")?)?;
        let one = |name: &str, kind| case.get(name).map(|policy| Policy::read(policy, kind)).transpose();
        let some = |name: &str, kind| case.get(name).map(|list| policies(list, kind)).transpose();
        let levels = |name: &str, kind| {
            case.get(name)
                .map(|levels| array(levels, name)?.iter().map(|level| policies(level, kind)).collect())
                .transpose()
                .map(|levels: Option<Vec<_>>| levels.filter(|levels| !levels.is_empty()))
        };
        Ok(Self {
            identity: some("identityPolicies", PolicyType::Identity)?.unwrap_or_default(),
            boundary: one("permissionsBoundary", PolicyType::Boundary)?,
            session: some("sessionPolicies", PolicyType::Session)?.filter(|policies| !policies.is_empty()),
            scps: levels("scps", PolicyType::Scp)?,
            rcps: levels("rcps", PolicyType::Rcp)?,
            key: one("keyPolicy", PolicyType::Key)?,
            grants: case.get("grants").map(|grants| grant::read(grants, &request)).transpose()?,
            request,
        })
    }
}

fn policies(list: &Value, kind: PolicyType) -> Result<Vec<Policy>, String> {
    array(list, "policies")?.iter().map(|policy| Policy::read(policy, kind)).collect()
}

fn read_request(request: &Value) -> Result<Request, String> {
    const FIELDS: [&str; 8] =
        ["action", "resource", "resourceAccount", "principal", "roleArn", "principalId", "context", "unknownContext"];
    let request = object(request, "a request")?;
    only(request, &FIELDS)?;
    let optional = |name: &str| request.get(name).map(|value| string(value, name)).transpose();
    let needed = |name: &str| optional(name)?.ok_or(format!("a request without `{name}`"));
    let requester = Requester::read(needed("principal")?, optional("roleArn")?, optional("principalId")?)?;
    let resource = needed("resource")?;
    let owner = resource.split(':').nth(4).filter(|account| !account.is_empty());
    let mut read = Request {
        action: needed("action")?.to_owned(),
        resource: resource.to_owned(),
        resource_account: optional("resourceAccount")?.or(owner).unwrap_or(&requester.account).to_owned(),
        requester,
        context: BTreeMap::new(),
    };
    let (service, operation) = read.service_and_operation();
    if service == "kms" && !read.is_for_key() && !is_for_no_key(operation) {
        return Err(format!("`{resource}` is not the ARN of a key"));
    }
    let mut context: BTreeMap<String, Fact> = derived(&read);
    if let Some(stated) = request.get("context") {
        for (key, value) in object(stated, "context")? {
            let fact = match value {
                Value::Array(values) => Fact::Many(values.iter().map(text).collect::<Result<_, _>>()?),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                    Fact::One(text(value)?)
                }
            };
            context.insert(key.to_lowercase(), fact);
        }
    }
    if let Some(unknown) = request.get("unknownContext") {
        for key in array(unknown, "unknownContext")? {
            context.insert(string(key, "unknownContext")?.to_lowercase(), Fact::Unknown);
        }
    }
    read.context = context;
    Ok(read)
}

/// Whether a KMS operation is for no key.
///
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html>
fn is_for_no_key(operation: &str) -> bool {
    let lowered = operation.to_lowercase();
    let others = ["createkey", "generaterandom", "listaliases", "listkeys", "listretirablegrants"];
    others.contains(&lowered.as_str()) || lowered.contains("customkeystore")
}

/// The context keys that follow from who asks for what. Every request has them.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
fn derived(request: &Request) -> BTreeMap<String, Fact> {
    let requester = &request.requester;
    let mut facts = BTreeMap::from([
        ("aws:principalarn".to_owned(), Fact::One(requester.iam_arn.clone())),
        ("aws:principalaccount".to_owned(), Fact::One(requester.account.clone())),
        ("aws:principaltype".to_owned(), Fact::One(requester.principal_type().to_owned())),
        ("aws:userid".to_owned(), requester.user_id()),
        ("aws:resourceaccount".to_owned(), Fact::One(request.resource_account.clone())),
        ("aws:principalisawsservice".to_owned(), Fact::One("false".to_owned())),
    ]);
    if request.service_and_operation().0 == "kms" {
        facts.insert("kms:calleraccount".to_owned(), Fact::One(requester.account.clone()));
    }
    facts
}

/// A JSON object.
pub(crate) fn object<'a>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>, String> {
    value.as_object().ok_or(format!("{what}: not an object"))
}

/// A JSON array.
pub(crate) fn array<'a>(value: &'a Value, what: &str) -> Result<&'a Vec<Value>, String> {
    value.as_array().ok_or(format!("{what}: not a list"))
}

/// A JSON string.
pub(crate) fn string<'a>(value: &'a Value, what: &str) -> Result<&'a str, String> {
    value.as_str().ok_or(format!("{what}: not a string"))
}

/// A value of a context key or of a condition: booleans and numbers count as their text.
pub(crate) fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(format!("`{value}` is no value")),
    }
}

/// One value or a list of them.
pub(crate) fn one_or_many(value: &Value) -> Vec<&Value> {
    value.as_array().map_or(vec![value], |values| values.iter().collect())
}

/// Nothing but these names.
pub(crate) fn only(object: &Map<String, Value>, names: &[&str]) -> Result<(), String> {
    let known: BTreeSet<&str> = names.iter().copied().collect();
    match object.keys().find(|name| !known.contains(name.as_str())) {
        Some(name) => Err(format!("`{name}` does not belong there")),
        None => Ok(()),
    }
}
