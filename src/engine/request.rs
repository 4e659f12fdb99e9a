use thiserror::Error;

use crate::names::{Action, Arn};
use crate::policy::{Resolved, Variable, Variables};

use super::context::{Context, ContextValue};
use super::principal::{Principal, PrincipalKind, Session};

/// One request as AWS evaluates it: principal, action, resource and request context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The action.
    pub action: Action,
    resource: Resource,
    /// The account that owns the resource.
    pub resource_account: Box<str>,
    /// Who makes the request.
    pub principal: Principal,
    /// Everything else.
    pub context: Context,
}

/// The resource of a request; what it is, is worked out once.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Resource {
    arn: Box<str>,
    is_key: bool,
}

/// A KMS request on something else than the ARN of a key: what its key policy says cannot be known.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{action} is for a KMS key, and `{resource}` is not the ARN of one")]
pub struct NoKey {
    action: Action,
    resource: Box<str>,
}

/// The KMS actions that are for no key.
///
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html>
const FOR_NO_KEY: [&str; 11] = [
    "kms:connectcustomkeystore",
    "kms:createcustomkeystore",
    "kms:createkey",
    "kms:deletecustomkeystore",
    "kms:describecustomkeystores",
    "kms:disconnectcustomkeystore",
    "kms:generaterandom",
    "kms:listaliases",
    "kms:listkeys",
    "kms:listretirablegrants",
    "kms:updatecustomkeystore",
];

impl Resource {
    fn new(arn: &str, action: &Action) -> Result<Self, NoKey> {
        let is_key = Arn::split(arn).is_some_and(|[_, _, service, _, _, resource]| {
            service == "kms" && resource.strip_prefix("key/").is_some_and(|id| !id.is_empty())
        });
        if action.service() == "kms" && !is_key && !FOR_NO_KEY.contains(&action.lower()) {
            return Err(NoKey { action: action.clone(), resource: arn.into() });
        }
        Ok(Self { arn: arn.into(), is_key })
    }
}

impl Request {
    /// Puts a request together and fills in the condition keys that follow from it, where `context` does not
    /// state them: `aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:userid`,
    /// `aws:ResourceAccount`, `aws:PrincipalIsAWSService` and, for KMS, `kms:CallerAccount`.
    ///
    /// Without `resource_account` it is the one in the resource's ARN, else the principal's.
    /// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
    ///
    /// # Errors
    /// When the action is for a KMS key and the resource is not the ARN of one, but an alias or a bare ID, say.
    pub fn new(
        action: Action,
        resource: &str,
        resource_account: Option<&str>,
        principal: Principal,
        mut context: Context,
    ) -> Result<Self, NoKey> {
        let named = Resource::new(resource, &action)?;
        let in_arn = Arn::parse(resource).map(|arn| arn.account().to_owned()).unwrap_or_default();
        let owner = resource_account.unwrap_or(if in_arn.is_empty() { &principal.account } else { &in_arn });
        let resource_account = Box::from(owner);
        context.set_default("aws:PrincipalArn", &*principal.arn);
        context.set_default("aws:PrincipalAccount", &*principal.account);
        context.set_default("aws:PrincipalType", principal_type(&principal));
        context.set_default("aws:userid", user_id(&principal));
        context.set_default("aws:ResourceAccount", owner);
        context.set_default("aws:PrincipalIsAWSService", "false");
        if action.service() == "kms" {
            context.set_default("kms:CallerAccount", &*principal.account);
        }
        if named.is_key {
            // KMS documents these for identity policies only, and saves no key policy with them; what one means that was
            // saved before is not told.
            context.set_doubtful_in_key_policy("kms:ResourceAliases");
            context.set_doubtful_in_key_policy("aws:ResourceTag/");
        }
        Ok(Self { action, resource: named, resource_account, principal, context })
    }

    /// Whether the resource belongs to another account than the principal.
    pub fn is_cross_account(&self) -> bool {
        self.resource_account != self.principal.account
    }

    /// Whether the resource is a KMS key, so that a key policy and grants decide with.
    pub fn is_for_key(&self) -> bool {
        self.resource.is_key && self.action.lower().starts_with("kms:")
    }

    /// Whether the resource is the role that is assumed: its trust policy is the only policy without Resource.
    pub fn is_for_role(&self) -> bool {
        matches!(self.action.lower(), "sts:assumerole" | "sts:tagsession")
    }

    /// The ARN of the resource, or `*`.
    pub fn resource(&self) -> &str {
        &self.resource.arn
    }

    /// The same request for another resource of the same account.
    ///
    /// # Errors
    /// As [`Request::new`].
    pub fn with_resource(mut self, arn: &str) -> Result<Self, NoKey> {
        self.resource = Resource::new(arn, &self.action)?;
        Ok(self)
    }
}

fn principal_type(principal: &Principal) -> &'static str {
    match principal.kind {
        PrincipalKind::Role(_) => "AssumedRole",
        PrincipalKind::User => "User",
        PrincipalKind::Root => "Account",
    }
}

/// `AROA…:session`, `AIDA…` or the account of the root user; the part that is not known stays open.
fn user_id(principal: &Principal) -> ContextValue {
    let session = match &principal.kind {
        PrincipalKind::Root => return ContextValue::Single(principal.account.clone()),
        PrincipalKind::User => {
            return match &principal.unique_id {
                Some(id) => ContextValue::Single(id.clone()),
                None => ContextValue::KnownPrefix("".into()),
            };
        }
        PrincipalKind::Role(session) => session,
    };
    let Some(id) = &principal.unique_id else { return ContextValue::KnownPrefix("".into()) };
    match session {
        Session::Known(arn) => {
            let name = arn.splitn(3, '/').nth(2).unwrap_or_default();
            ContextValue::Single(format!("{id}:{name}").into())
        }
        Session::Open(_) => ContextValue::KnownPrefix(format!("{id}:").into()),
    }
}

impl Variables for Request {
    /// A multivalued key never resolves, nor does its default; a default stands in for an absent key only.
    fn resolve<'a>(&'a self, variable: &'a Variable) -> Resolved<&'a str> {
        match self.context.get(&variable.key) {
            ContextValue::Single(text) => Resolved::Text(text),
            ContextValue::Multi(_) => Resolved::Nothing,
            ContextValue::Absent => variable.default.as_deref().map_or(Resolved::Nothing, Resolved::Text),
            ContextValue::KnownPrefix(_)
            | ContextValue::OneOf(_)
            | ContextValue::Ec2Internal
            | ContextValue::NotKnown => Resolved::NotKnown,
        }
    }
}
