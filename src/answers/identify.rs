//! Which read an answer of AWS is of, as far as it says so itself.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::refused::refused;
use super::split::Answered;
use super::{config_item, details, output};
use crate::names::{AccountId, Arn, KeyArn, PrincipalArn};

/// An answer, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) of: Of,
    /// The JSON as AWS prints it, or the error in its place.
    pub(super) text: String,
    pub(super) is_error: bool,
    /// The account that answered, if that is told.
    pub(super) account: Option<AccountId>,
    /// When it was read or recorded, if that is told.
    pub(super) time: Option<Timestamp>,
    /// Which part of the answer it is, where several items make one.
    pub(super) part: String,
}

impl Item {
    pub(super) fn told(of: Of, text: String) -> Self {
        Self { of, text, is_error: false, account: None, time: None, part: String::new() }
    }
}

/// What an answer is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Of {
    /// This read.
    Read(String),
    /// A read of a key that it does not name.
    Key(KeyRead),
    /// A list of what a role, user or group has.
    Holder(HolderRead),
    /// The inline policies of this role, user or group, one of which could not be read: the kind as IAM's operations have
    /// it, and the name.
    Documents(&'static str, String),
    /// A version of a managed policy that it does not name; empty if it does not tell which version, either.
    Version(String),
    /// A version of this managed policy.
    Versions(String),
    /// A volume that is attached to what it does not name.
    Volume(String),
    /// A read of each instance.
    Instances(&'static str),
    /// The parent of what it does not name.
    Child(String),
    /// The policies of this type on what it does not name.
    Target(&'static str),
    /// The organization of an account that it does not name.
    Organization,
    /// Who read.
    Caller(String),
    /// The text of a policy alone.
    Policy(Shape),
}

impl Of {
    /// Who read, if that is what it tells.
    pub(super) fn caller(&self) -> Option<&str> {
        if let Self::Caller(arn) = self { Some(arn) } else { None }
    }
}

/// A read of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyRead {
    Describe,
    Default,
    Ram,
    Grants,
    Aliases,
    Tags,
    /// Tags, or those of something else: an empty list looks the same.
    Perhaps,
}

/// A list that is read of a role, user or group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HolderRead {
    Inline,
    Attached,
    Groups,
}

/// What the elements of a policy tell of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Its statements name principals.
    OfResource,
    /// Its statements name none.
    OfIdentity,
}

/// Why an answer tells nothing of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Idle {
    /// It is of `triage`.
    Event,
    /// It bears on no start, with what does.
    Useless(String),
}

impl Idle {
    fn of(message: &str) -> Self {
        Self::Useless(message.to_owned())
    }
}

/// What an answer of AWS is of; several, if it holds several.
pub(super) fn identified(answered: &Answered) -> Result<Vec<Item>, Idle> {
    let Some(value) = &answered.value else { return refused(&answered.text) };
    if let Value::Array(list) = value {
        return of_list(list);
    }
    if let Some(items) = config_item::items_in(value) {
        return config_item::items(&items);
    }
    let has = |name: &str| value.get(name).is_some();
    if ["eventVersion", "eventSource", "CloudTrailEvent", "Records", "Events", "detail-type", "DecodedMessage"]
        .into_iter()
        .any(has)
    {
        return Err(Idle::Event);
    }
    if has("formatVersion") {
        return Err(Idle::of("this is a report of this program, not what it was made from"));
    }
    if ["RoleDetailList", "UserDetailList", "GroupDetailList"].into_iter().any(has) {
        let items = details::account(&answered.text);
        return items.ok_or_else(|| Idle::of("this is no whole output of get-account-authorization-details"));
    }
    of_object(value, &answered.text)
}

/// What `--query` leaves of an answer: the list in it.
fn of_list(list: &[Value]) -> Result<Vec<Item>, Idle> {
    if list.iter().any(|one| one.get("GrantId").is_some()) {
        return of_object(&json!({ "Grants": list }), "");
    }
    let mut items = Vec::new();
    let mut idle = Idle::of("the list is empty, and does not say what it is of: print the output without --query");
    for one in list {
        let inner = match one {
            Value::Array(inner) => of_list(inner),
            Value::Object(_) => of_object(one, &one.to_string()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                Err(Idle::of("this is a part of an output: print it without --query"))
            }
        };
        match inner {
            Ok(inner) => items.extend(inner),
            Err(reason) => idle = reason,
        }
    }
    if items.is_empty() { Err(idle) } else { Ok(items) }
}

fn of_object(value: &Value, text: &str) -> Result<Vec<Item>, Idle> {
    let has = |name: &str| value.get(name).is_some();
    let said = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    let list = |name: &str| value.get(name).and_then(Value::as_array);
    let text = || if text.is_empty() { value.to_string() } else { text.to_owned() };
    let one = |of: Of| Ok(vec![Item::told(of, text())]);
    if let Some(found) = of_ec2(value).or_else(|| of_iam(value, &text)) {
        return found;
    }
    if has("KeyMetadata") || (has("KeyState") && has("Arn")) {
        let (arn, text) = if has("KeyMetadata") {
            (said("/KeyMetadata/Arn"), text())
        } else {
            (said("/Arn"), json!({ "KeyMetadata": value }).to_string())
        };
        let arn = arn.and_then(|arn| KeyArn::parse(arn).ok());
        let of = arn.map_or(Of::Key(KeyRead::Describe), |arn| Of::Read(format!("kms:DescribeKey {arn}")));
        return Ok(vec![Item::told(of, text)]);
    }
    if said("/Policy").is_some() {
        return one(Of::Key(if said("/PolicyName") == Some("AWS_RAM") { KeyRead::Ram } else { KeyRead::Default }));
    }
    if let Some(grants) = list("Grants") {
        let mut keys: Vec<&str> = grants.iter().filter_map(|grant| grant.get("KeyId")?.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        return match keys.as_slice() {
            [key] if KeyArn::parse(key).is_ok() => one(Of::Read(format!("kms:ListGrants {key}"))),
            [] | [_] => one(Of::Key(KeyRead::Grants)),
            [..] => Err(Idle::of("these are grants on several keys: what list-grants prints of each key is needed")),
        };
    }
    if let Some(aliases) = list("Aliases") {
        return Ok(aliases_of(aliases, value));
    }
    if let Some(tags) = list("Tags") {
        return match tags.first() {
            None => one(Of::Key(KeyRead::Perhaps)),
            Some(tag) if tag.get("TagKey").is_some() => one(Of::Key(KeyRead::Tags)),
            Some(_) => Err(Idle::of(
                "these are tags, and of what is not told: get-role and describe-instances tell them with the rest",
            )),
        };
    }
    if let Some(stores) = list("CustomKeyStores") {
        let ids = stores.iter().filter_map(|store| Some((store.get("CustomKeyStoreId")?.as_str()?, store)));
        let item = |(id, store): (&str, &Value)| {
            let answer = json!({ "CustomKeyStores": [store] });
            Item::told(Of::Read(format!("kms:DescribeCustomKeyStores {id}")), answer.to_string())
        };
        return Ok(ids.map(item).collect());
    }
    if has("UserId") && has("Account") && has("Arn") {
        return one(Of::Caller(said("/Arn").unwrap_or_default().to_owned()));
    }
    if let Some(found) = of_organization(value, &text) {
        return found;
    }
    if let Some(statement) = value.get("Statement") {
        let statements = statement.as_array().map_or(std::slice::from_ref(statement), Vec::as_slice);
        let is_of_resource = statements.iter().any(|one| one.get("Principal").or(one.get("NotPrincipal")).is_some());
        let admits = |one: &Value| {
            let action = one.get("Action").map(Value::to_string).unwrap_or_default();
            action.to_ascii_lowercase().contains("sts:assumerole")
        };
        if is_of_resource && statements.iter().any(admits) {
            return Err(Idle::of("this is a trust policy: what get-role prints has it, with the rest of the role"));
        }
        return one(Of::Policy(if is_of_resource { Shape::OfResource } else { Shape::OfIdentity }));
    }
    Err(Idle::of("this is no output that tells of a start"))
}

fn of_ec2(value: &Value) -> Option<Result<Vec<Item>, Idle>> {
    let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned();
    let has = |name: &str| value.get(name).is_some();
    if has("Reservations") {
        return Some(instances(value));
    }
    if has("Instances") && (has("OwnerId") || has("ReservationId")) {
        return Some(instances(&json!({ "Reservations": [value] })));
    }
    if has("InstanceId") && has("BlockDeviceMappings") {
        return Some(instances(&json!({ "Reservations": [{ "Instances": [value] }] })));
    }
    if let Some(volumes) = list(value, "Volumes") {
        let items: Vec<Item> = volumes.iter().filter_map(volume).collect();
        return Some(if items.is_empty() { Err(Idle::of("it shows no volume")) } else { Ok(items) });
    }
    (has("VolumeId") && has("Encrypted"))
        .then(|| volume(value).map(|item| vec![item]).ok_or_else(|| Idle::of("it shows no volume")))
}

fn instances(value: &Value) -> Result<Vec<Item>, Idle> {
    let item = |(id, text): (&str, String)| {
        let mut answer: Value = serde_json::from_str(&text).ok()?;
        let reservation = answer.pointer_mut("/Reservations/0")?;
        if reservation.get("OwnerId").and_then(Value::as_str).is_none() {
            // Whoever owns the network interface or the instance profile owns the instance.
            let profile = reservation.pointer("/Instances/0/IamInstanceProfile/Arn").and_then(Value::as_str);
            let owner = profile.and_then(|arn| Some(Arn::parse(arn).ok()?.account().to_owned()));
            let interface = reservation.pointer("/Instances/0/NetworkInterfaces/0/OwnerId").cloned();
            let owner = owner.map(Value::from).or(interface)?;
            reservation.as_object_mut()?.insert("OwnerId".to_owned(), owner);
        }
        let account = answer.pointer("/Reservations/0/OwnerId").and_then(Value::as_str);
        let account = account.and_then(|account| AccountId::parse(account).ok());
        let of = Of::Read(format!("ec2:DescribeInstances {id}"));
        Some(Item { account, ..Item::told(of, answer.to_string()) })
    };
    let mut shown = output::instances(value).peekable();
    if shown.peek().is_none() {
        return Err(Idle::of("it shows no instance"));
    }
    let items: Vec<Item> = shown.filter_map(item).collect();
    if items.is_empty() {
        return Err(Idle::of("it does not tell the account of the instance: print describe-instances without --query"));
    }
    Ok(items)
}

/// A volume, as `describe-volumes` shows it.
pub(super) fn volume(volume: &Value) -> Option<Item> {
    let id = volume.get("VolumeId")?.as_str()?;
    let attachments = volume.get("Attachments").and_then(Value::as_array).into_iter().flatten();
    let instance = attachments.into_iter().find_map(|one| one.get("InstanceId")?.as_str());
    let of = instance.map_or(Of::Volume(id.to_owned()), |instance| Of::Read(format!("ec2:DescribeVolumes {instance}")));
    Some(Item { part: id.to_owned(), ..Item::told(of, json!({ "Volumes": [volume] }).to_string()) })
}

fn of_iam(value: &Value, text: &impl Fn() -> String) -> Option<Result<Vec<Item>, Idle>> {
    let has = |name: &str| value.get(name).is_some();
    let said = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    for kind in ["Role", "User"] {
        let whole = value.get(kind).filter(|one| one.is_object());
        let of =
            ["AssumeRolePolicyDocument", "UserId"].into_iter().any(has) && has(&format!("{kind}Name")) && has("Arn");
        if let Some(found) = whole.or(of.then_some(value)) {
            let arn = found.get("Arn").and_then(Value::as_str).and_then(|arn| PrincipalArn::parse(arn).ok());
            let Some(arn) = arn else { return Some(Err(Idle::of("it does not tell the ARN of the role or user"))) };
            let text = if whole.is_some() { text() } else { format!("{{\"{kind}\":{}}}", text()) };
            let of = Of::Read(format!("iam:Get{kind} {}", arn.name()));
            return Some(Ok(vec![Item { account: AccountId::parse(arn.account()).ok(), ..Item::told(of, text) }]));
        }
        if has(&format!("{kind}s")) {
            let message =
                "list-roles and list-users leave out tags and permissions boundary: print get-role or get-user";
            return Some(Err(Idle::of(message)));
        }
    }
    for kind in ["Role", "User", "Group"] {
        if let (Some(name), Some(policy), true) =
            (said(&format!("/{kind}Name")), said("/PolicyName"), has("PolicyDocument"))
        {
            return Some(Ok(vec![Item::told(Of::Read(format!("iam:Get{kind}Policy {name} {policy}")), text())]));
        }
    }
    if has("PolicyNames") {
        return Some(Ok(vec![Item::told(Of::Holder(HolderRead::Inline), text())]));
    }
    if has("AttachedPolicies") {
        return Some(Ok(vec![Item::told(Of::Holder(HolderRead::Attached), text())]));
    }
    if value
        .get("Groups")
        .and_then(Value::as_array)
        .is_some_and(|groups| groups.iter().all(|group| group.get("GroupName").is_some()))
    {
        return Some(Ok(vec![Item::told(Of::Holder(HolderRead::Groups), text())]));
    }
    let policies = value.get("Policies").and_then(Value::as_array).into_iter().flatten();
    let listed =
        policies.filter(|one| one.get("DefaultVersionId").is_some()).map(|one| json!({ "Policy": one }).to_string());
    let texts: Vec<String> = if said("/Policy/DefaultVersionId").is_some() { vec![text()] } else { listed.collect() };
    let item = |text: String| {
        let arn = serde_json::from_str::<Value>(&text).ok()?.pointer("/Policy/Arn")?.as_str()?.to_owned();
        let account = Arn::parse(&arn).ok().and_then(|arn| AccountId::parse(arn.account()).ok());
        Some(Item { account, ..Item::told(Of::Read(format!("iam:GetPolicy {arn}")), text) })
    };
    if !texts.is_empty() {
        return Some(Ok(texts.into_iter().filter_map(item).collect()));
    }
    if has("PolicyVersion") || (has("Document") && has("VersionId")) {
        let text = if has("PolicyVersion") { text() } else { format!("{{\"PolicyVersion\":{}}}", text()) };
        let version = said("/PolicyVersion/VersionId").or(said("/VersionId")).unwrap_or_default();
        return Some(Ok(vec![Item::told(Of::Version(version.to_owned()), text)]));
    }
    None
}

/// The aliases of keys: of one key or of a whole account, which the lists tell by themselves only where several keys are
/// among them.
fn aliases_of(aliases: &[Value], whole: &Value) -> Vec<Item> {
    let key = |alias: &Value| {
        let arn = alias.get("AliasArn")?.as_str()?;
        let [_, partition, _, region, account, _] = Arn::split(arn)?;
        let target = alias.get("TargetKeyId")?.as_str()?;
        Some(format!("arn:{partition}:kms:{region}:{account}:key/{target}"))
    };
    let mut keys: Vec<String> = aliases.iter().filter_map(key).collect();
    keys.sort();
    keys.dedup();
    if keys.is_empty() {
        return vec![Item::told(Of::Key(KeyRead::Aliases), whole.to_string())];
    }
    let item = |arn: &String| {
        let own: Vec<&Value> = aliases.iter().filter(|alias| key(alias).as_ref() == Some(arn)).collect();
        let mut answer = whole.clone();
        if let Some(answer) = answer.as_object_mut() {
            answer.insert("Aliases".to_owned(), json!(own));
        }
        Item::told(Of::Read(format!("kms:ListAliases {arn}")), answer.to_string())
    };
    keys.iter().map(item).collect()
}

fn of_organization(value: &Value, text: &impl Fn() -> String) -> Option<Result<Vec<Item>, Idle>> {
    let has = |name: &str| value.get(name).is_some();
    let said = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    let one = |of: Of, text: String| Some(Ok(vec![Item::told(of, text)]));
    if has("Organization") {
        return one(Of::Organization, text());
    }
    if has("MasterAccountId") {
        return one(Of::Organization, json!({ "Organization": value }).to_string());
    }
    if let Some(arn) = said("/Account/Arn") {
        // `arn:aws:organizations::MANAGEMENT:account/ORGANIZATION/ACCOUNT`
        let [_, _, _, _, management, resource] = Arn::split(arn)?;
        let (organization, account) = resource.strip_prefix("account/")?.split_once('/')?;
        let answer = json!({ "Organization": { "Id": organization, "MasterAccountId": management } });
        let account = AccountId::parse(account).ok();
        return Some(Ok(vec![Item { account, ..Item::told(Of::Organization, answer.to_string()) }]));
    }
    if has("Roots") {
        return one(Of::Read("organizations:ListRoots".to_owned()), text());
    }
    if let Some(parents) = value.get("Parents") {
        let parent = parents.pointer("/0/Id").and_then(Value::as_str).unwrap_or_default();
        return one(Of::Child(parent.to_owned()), text());
    }
    if has("Policies") {
        return Some(match said("/Policies/0/Type") {
            Some("SERVICE_CONTROL_POLICY") => Ok(vec![Item::told(Of::Target("SERVICE_CONTROL_POLICY"), text())]),
            Some("RESOURCE_CONTROL_POLICY") => Ok(vec![Item::told(Of::Target("RESOURCE_CONTROL_POLICY"), text())]),
            Some(other) => Err(Idle::Useless(format!("policies of the type {other} stop no start"))),
            None => Err(Idle::of("the list of policies is empty, and does not say of which type it is")),
        });
    }
    let (id, text) = match said("/Policy/PolicySummary/Id") {
        Some(id) => (id, text()),
        None => (said("/PolicySummary/Id").filter(|_| has("Content"))?, format!("{{\"Policy\":{}}}", text())),
    };
    one(Of::Read(format!("organizations:DescribePolicy {id}")), text)
}
