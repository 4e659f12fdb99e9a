//! What AWS Config records of a resource: the form in which auditors have it.
//!
//! Sources: <https://docs.aws.amazon.com/config/latest/developerguide/config-item-table.html>,
//! <https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationItem.html>,
//! <https://github.com/awslabs/aws-config-resource-schema>

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::api::Time;
use super::details::{Detail, LeftOut, Managed, groups};
use super::identify::{Idle, Item, Of, volume};
use super::whole::PARTIAL;
use crate::names::{AccountId, Arn, KeyArn};

/// The configuration items in what AWS Config answers, or stores in S3; `None` if it is none of this.
pub(super) fn items_in(value: &Value) -> Option<Vec<Value>> {
    for list in ["configurationItems", "baseConfigurationItems"] {
        if let Some(items) = value.get(list).and_then(Value::as_array) {
            return Some(items.clone());
        }
    }
    // A query answers each item as JSON in a string.
    if let Some(results) = value.get("Results").and_then(Value::as_array)
        && results.iter().all(Value::is_string)
    {
        return Some(results.iter().map(opened).collect());
    }
    // What Config publishes when a resource changes.
    if let Some(item) = value.get("configurationItem").filter(|item| item.is_object()) {
        return Some(vec![item.clone()]);
    }
    let is_item = value.get("resourceType").is_some() && value.get("configuration").is_some();
    is_item.then(|| vec![value.clone()])
}

/// The answers that configuration items stand for, each with the time at which Config recorded it.
pub(super) fn items(found: &[Value]) -> Result<Vec<Item>, Idle> {
    let mut items = Vec::new();
    let mut useless = None;
    let details: Vec<(usize, Detail)> = found
        .iter()
        .enumerate()
        .filter(|(_, item)| {
            kind(item).is_some_and(|kind| ["AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"].contains(&&*kind))
        })
        .filter_map(|(number, item)| Some((number, serde_json::from_value(with_tags(item)).ok()?)))
        .collect();
    let groups = groups(details.iter().map(|(_, detail)| detail));
    for (number, item) in found.iter().enumerate() {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        let time = item.get("configurationItemCaptureTime").and_then(captured);
        if text("configurationItemStatus").contains("Deleted") {
            let when = text("configurationItemCaptureTime");
            let message = format!("AWS Config recorded {when} that {} was deleted", text("arn"));
            let of = itself(item).map(Of::Read);
            let gone =
                of.map(|of| Item { is_error: true, time, account: account(item), ..Item::told(of, message.clone()) });
            items.extend(gone);
            useless = Some(message);
            continue;
        }
        let detail = details.iter().find(|(own, _)| *own == number);
        let told = match (kind(item).as_deref(), detail) {
            (_, Some((_, detail))) => detail.items(&groups, LeftOut::Untold),
            (Some("AWS::IAM::Policy"), _) => {
                serde_json::from_value::<Managed>(configuration(item)).ok().map(|one| one.items()).unwrap_or_default()
            }
            (Some("AWS::EC2::Instance"), _) => instance(item),
            (Some("AWS::EC2::Volume"), _) => volume(&configuration(item)).into_iter().collect(),
            (Some("AWS::KMS::Key"), _) => of_key(item),
            (Some("AWS::KMS::Alias"), _) => alias(item).into_iter().collect(),
            (Some(other), _) => {
                useless = useless.or(Some(format!("AWS Config's {other} does not bear on a start")));
                continue;
            }
            (None, _) => Vec::new(),
        };
        if told.is_empty() {
            let message = "AWS Config's item does not tell which resource it is of, or has no `configuration`: select \
                           resourceType, arn, accountId, awsRegion, configuration and supplementaryConfiguration";
            useless = useless.or(Some(message.to_owned()));
        }
        items.extend(told.into_iter().map(|one| Item {
            time,
            account: one.account.clone().or_else(|| account(item)),
            ..one
        }));
    }
    match useless {
        Some(message) if items.is_empty() => Err(Idle::Useless(message)),
        None if items.is_empty() => Err(Idle::Useless("AWS Config answered no item".to_owned())),
        Some(_) | None => Ok(items),
    }
}

fn captured(time: &Value) -> Option<Timestamp> {
    serde_json::from_value::<Time>(time.clone()).ok()?.timestamp().ok()
}

/// The read that tells of the resource itself.
fn itself(item: &Value) -> Option<String> {
    let arn = arn(item)?;
    let name = arn.rsplit('/').next()?;
    Some(match kind(item)?.as_str() {
        "AWS::IAM::Role" => format!("iam:GetRole {name}"),
        "AWS::IAM::User" => format!("iam:GetUser {name}"),
        "AWS::IAM::Group" => format!("iam:ListGroupPolicies {name}"),
        "AWS::IAM::Policy" => format!("iam:GetPolicy {arn}"),
        "AWS::KMS::Key" => format!("kms:DescribeKey {arn}"),
        "AWS::EC2::Instance" => format!("ec2:DescribeInstances {name}"),
        _ => return None,
    })
}

/// The type of the resource; a query need not have asked for it, and its ARN tells it as well.
fn kind(item: &Value) -> Option<String> {
    if let Some(kind) = item.get("resourceType").and_then(Value::as_str) {
        return Some(kind.to_owned());
    }
    let arn = Arn::parse(&arn(item)?).ok()?;
    let of = |beginning: &str| arn.resource().starts_with(beginning);
    let kind = match arn.service() {
        "iam" if of("role/") => "AWS::IAM::Role",
        "iam" if of("user/") => "AWS::IAM::User",
        "iam" if of("group/") => "AWS::IAM::Group",
        "iam" if of("policy/") => "AWS::IAM::Policy",
        "kms" if of("key/") => "AWS::KMS::Key",
        "kms" if of("alias/") => "AWS::KMS::Alias",
        "ec2" if of("instance/") => "AWS::EC2::Instance",
        "ec2" if of("volume/") => "AWS::EC2::Volume",
        _ => return None,
    };
    Some(kind.to_owned())
}

fn arn(item: &Value) -> Option<String> {
    let arn = item.get("arn").or_else(|| item.get("ARN")).and_then(Value::as_str).map(str::to_owned);
    arn.or_else(|| Some(configuration(item).get("Arn")?.as_str()?.to_owned()))
}

fn account(item: &Value) -> Option<AccountId> {
    let told = ["awsAccountId", "accountId"].iter().find_map(|name| item.get(name)?.as_str());
    told.and_then(|account| AccountId::parse(account).ok())
}

/// A value out of the strings that it stands in.
fn opened(value: &Value) -> Value {
    let inner = value.as_str().filter(|text| text.trim_start().starts_with(['{', '[', '"']));
    inner
        .and_then(|text| serde_json::from_str::<Value>(text).ok())
        .map_or_else(|| value.clone(), |inner| opened(&inner))
}

/// The configuration with names as the AWS CLI prints them.
fn configuration(item: &Value) -> Value {
    item.get("configuration").map_or(Value::Null, |value| pascal(&opened(value)))
}

/// The configuration of a role, user or group, with the tags that stand beside it.
fn with_tags(item: &Value) -> Value {
    let mut configuration = configuration(item);
    if let (Some(own), Some(tags)) = (configuration.as_object_mut(), tags(item)) {
        own.entry("Tags").or_insert(tags);
    }
    configuration
}

/// The tags of an item; that there is none it does not say.
fn tags(item: &Value) -> Option<Value> {
    let tags = item.get("tags")?.as_object().filter(|tags| !tags.is_empty())?;
    Some(tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect())
}

fn pascal(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            if let (1, Some(value)) = (members.len(), members.get("value")) {
                // As some versions of Config have enumerations.
                return pascal(value);
            }
            members.iter().map(|(name, value)| (capital(name), pascal(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(pascal).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn instance(item: &Value) -> Vec<Item> {
    let instance = with_tags(item);
    let Some(id) = instance.get("InstanceId").and_then(Value::as_str) else { return Vec::new() };
    let read = Of::Read(format!("ec2:DescribeInstances {id}"));
    let owner = account(item).map(|account| account.to_string());
    vec![Item::told(read, json!({ "Reservations": [{ "OwnerId": owner, "Instances": [instance] }] }).to_string())]
}

fn of_key(item: &Value) -> Vec<Item> {
    let mut metadata = configuration(item);
    let Some(arn) = arn(item).filter(|arn| KeyArn::parse(arn).is_ok()) else { return Vec::new() };
    let mut items = Vec::new();
    let mut tell = |asked: String, answer: Value| items.push(Item::told(Of::Read(asked), answer.to_string()));
    if let Some(own) = metadata.as_object_mut().filter(|own| own.contains_key("KeyState")) {
        own.insert("Arn".to_owned(), json!(arn));
        if let Some(spec) = own.get("CustomerMasterKeySpec").cloned() {
            own.entry("KeySpec").or_insert(spec);
        }
        for date in ["DeletionDate", "ValidTo"] {
            // Config writes times as milliseconds, the AWS CLI as seconds.
            if let Some(milliseconds) = own.get(date).and_then(Value::as_f64) {
                own.insert(date.to_owned(), json!(milliseconds / 1000.0));
            }
        }
        tell(format!("kms:DescribeKey {arn}"), json!({ "KeyMetadata": metadata }));
    }
    let more = item.get("supplementaryConfiguration").map(opened).unwrap_or_default();
    if let Some(policy) = more.get("Policy").and_then(policy_text) {
        tell(format!("kms:GetKeyPolicy {arn} default"), json!({ "Policy": policy, "PolicyName": "default" }));
    }
    let of_item = tags(item).map(|tags| {
        let list = tags.as_array().into_iter().flatten();
        list.map(|tag| json!({ "TagKey": tag.get("Key"), "TagValue": tag.get("Value") })).collect()
    });
    if let Some(tags) = more.get("Tags").map(|tags| pascal(&opened(tags))).filter(Value::is_array).or(of_item) {
        tell(format!("kms:ListResourceTags {arn}"), json!({ "Tags": tags }));
    }
    items
}

/// The text of a policy, which stands as it is, as a string, or as the string of a string.
fn policy_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.trim_start().starts_with('"') => policy_text(&serde_json::from_str(text).ok()?),
        Value::String(text) => Some(text.clone()).filter(|text| text.trim_start().starts_with('{')),
        Value::Object(_) => Some(value.to_string()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

/// One alias; whether its key has others no item tells.
fn alias(item: &Value) -> Option<Item> {
    let own = configuration(item);
    let text = |name: &str| own.get(name).and_then(Value::as_str);
    let arn = arn(item)?;
    let [scheme, partition, _, region, account, resource] = Arn::split(&arn)?;
    let target = text("TargetKeyId")?;
    let key = if target.starts_with("arn:") {
        target.to_owned()
    } else {
        format!("{scheme}:{partition}:kms:{region}:{account}:key/{target}")
    };
    let name = text("AliasName").unwrap_or(resource);
    let answer = json!({
        "Aliases": [{ "AliasName": name, "TargetKeyId": key.rsplit('/').next() }],
        PARTIAL: "AWS Config records each alias for itself",
    });
    Some(Item { part: name.to_owned(), ..Item::told(Of::Read(format!("kms:ListAliases {key}")), answer.to_string()) })
}
