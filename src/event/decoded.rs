use serde_json::Value;

use super::{Denial, Refusal};

/// Reads what `sts:DecodeAuthorizationMessage` gives; `None` for any other object.
///
/// Source: <https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html>
pub(super) fn decoded(value: &Value) -> Option<Refusal> {
    if let Some(text) = value.get("DecodedMessage").and_then(Value::as_str) {
        return decoded(&serde_json::from_str(text).ok()?);
    }
    let allowed = value.get("allowed")?.as_bool()?;
    let text = |pointer| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let explicit = value.get("explicitDeny").and_then(Value::as_bool);
    let statements = value.pointer("/matchedStatements/items").and_then(Value::as_array);
    let sids = statements.into_iter().flatten().filter_map(|statement| statement.get("statementId")?.as_str());
    Some(Refusal {
        principal: text("/context/principal/arn"),
        action: text("/context/action"),
        resource: text("/context/resource"),
        denial: match (allowed, explicit) {
            (false, Some(true)) => Denial::Explicit,
            (false, Some(false)) => Denial::Implicit,
            (false, None) => Denial::Untold,
            (true, _) => Denial::None,
        },
        statements: sids.filter(|sid| !sid.is_empty()).map(str::to_owned).collect(),
        ..Refusal::default()
    })
}
