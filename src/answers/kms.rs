use std::collections::BTreeMap;

use serde_json::Value;

use crate::capture::{Grant, GrantConstraints};
use crate::names::{GrantId, GrantOperation, Grantee, KeyArn};

/// The grants on this key, as `aws kms list-grants` prints them: each with the key that it is on. Whether these are all
/// is for [`rest`](super::whole::rest) to say.
pub(super) fn grants(output: &Value, key: &KeyArn) -> Result<Vec<Grant>, String> {
    let list = output.get("Grants").or(Some(output)).and_then(Value::as_array);
    let list = list.ok_or("this is not the output of `aws kms list-grants`: it has no list `Grants`")?;
    let on = list.iter().filter_map(|entry| entry.get("KeyId")?.as_str());
    if let Some(other) = on.into_iter().find(|on| *on != key.as_str() && *on != key.key_id()) {
        return Err(format!("these are grants on another key: `{other}`, not `{key}`"));
    }
    let mut grants = BTreeMap::new();
    for entry in list {
        let grant = grant(entry).ok_or("the list holds a grant without ID, grantee principal or operations")?;
        if let Some(other) = grants.insert(grant.id.clone(), grant.clone())
            && other != grant
        {
            return Err(format!("the list holds two grants of the ID `{}`", grant.id));
        }
    }
    Ok(grants.into_values().collect())
}

fn grant(entry: &Value) -> Option<Grant> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
    let pairs = |name: &str| -> Option<BTreeMap<String, String>> {
        let pairs = entry.get("Constraints")?.get(name)?.as_object()?;
        Some(pairs.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect())
    };
    let known = ["EncryptionContextSubset", "EncryptionContextEquals"];
    let constraints = entry.get("Constraints").and_then(Value::as_object);
    let other = constraints.and_then(|all| all.keys().find(|name| !known.contains(&name.as_str())));
    let grantee =
        [text("GranteePrincipal"), text("GranteeServicePrincipal")].into_iter().find(|who| !who.is_empty())?;
    let operations = entry.get("Operations")?.as_array()?;
    Some(Grant {
        id: GrantId::parse(text("GrantId")).ok()?.into(),
        name: Some(text("Name")).filter(|name| !name.is_empty()).map(str::to_owned),
        grantee_principal: Grantee::parse(grantee).ok()?.into(),
        issuing_account: text("IssuingAccount").to_owned(),
        operations: operations
            .iter()
            .map(|one| GrantOperation::parse(one.as_str()?).ok().map(Into::into))
            .collect::<Option<_>>()?,
        constraints: GrantConstraints {
            encryption_context_subset: pairs("EncryptionContextSubset"),
            encryption_context_equals: pairs("EncryptionContextEquals"),
            other: other.cloned(),
        },
    })
}
