use serde_json::Value;

/// The member of a list that was put together here which says what it may lack.
pub(super) const PARTIAL: &str = "ebs-preflight:partial";

/// The member of an answer that was put together here which names those that nothing told.
pub(super) const UNREAD: &str = "ebs-preflight:unread";

/// Why a list in this answer of AWS is not whole; `None` if it is. The AWS CLI puts pages together, but for
/// `--max-items`, `--no-paginate` and what other tools print.
///
/// Sources: <https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-pagination.html>,
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRolePolicies.html>,
/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_ListGrants.html>
pub(super) fn rest(answer: &Value) -> Option<String> {
    if let Some(lacks) = answer.get(PARTIAL).and_then(Value::as_str) {
        return Some(lacks.to_owned());
    }
    let is_there = |name: &&&str| match answer.get(**name) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(token)) => !token.is_empty(),
        Some(Value::Bool(true) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => true,
    };
    let marks = ["NextToken", "nextToken", "NextMarker", "Marker", "Truncated", "IsTruncated"];
    let mark = marks.iter().find(is_there)?;
    Some(format!("the list is cut off: the answer has `{mark}`"))
}
