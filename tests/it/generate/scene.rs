//! Who asks for what: the request that a case is about, before any policy.

use proptest::option::weighted;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

use super::key::{KEYS, Key, Kind};

/// What kind of principal asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// A role of which the session is not told.
    Role,
    Session,
    User,
    Root,
    /// A session of a service-linked role.
    Linked,
    /// EC2's own identity of an instance, which decrypts the volumes.
    Infrastructure,
}

/// What the request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// A KMS request that EC2 forwards with the principal's rights.
    Forwarded,
    /// A KMS request that the principal makes directly.
    Direct,
    /// A KMS request that is about no key.
    KeyLess,
    /// EC2 starting or stopping an instance.
    Instance,
    /// Another service.
    Other,
}

/// The request, and what the policies around it may allude to.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) who: Who,
    pub(crate) family: Family,
    pub(crate) action: &'static str,
    pub(crate) partition: &'static str,
    pub(crate) region: &'static str,
    /// The account of the principal.
    pub(crate) caller: &'static str,
    /// The account of the resource.
    pub(crate) owner: &'static str,
    pub(crate) resource: String,
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) session: &'static str,
    /// `AROA…` or `AIDA…`, if it is told.
    pub(crate) id: Option<&'static str>,
    pub(crate) volume: &'static str,
    pub(crate) instance: &'static str,
    /// The context as it is written.
    pub(crate) context: Map<String, Value>,
    pub(crate) unknown: Vec<&'static str>,
    /// Whether the account of the resource is left to its ARN.
    pub(crate) owner_implied: bool,
}

impl Scene {
    /// Whether key policies and grants bear on the request.
    pub(crate) fn is_on_key(&self) -> bool {
        matches!(self.family, Family::Forwarded | Family::Direct)
    }

    /// Whether principal and resource are of different accounts.
    pub(crate) fn is_across(&self) -> bool {
        self.caller != self.owner
    }

    /// The role, user or account root that asks.
    pub(crate) fn iam_arn(&self) -> String {
        let Self { partition, caller, path, name, .. } = self;
        match self.who {
            Who::Role | Who::Session | Who::Linked | Who::Infrastructure => {
                format!("arn:{partition}:iam::{caller}:role/{path}{name}")
            }
            Who::User => format!("arn:{partition}:iam::{caller}:user/{path}{name}"),
            Who::Root => self.account_root(self.caller),
        }
    }

    /// The session that asks, or one that the role might act through.
    pub(crate) fn session_arn(&self) -> String {
        let Self { partition, caller, name, session, .. } = self;
        format!("arn:{partition}:sts::{caller}:assumed-role/{name}/{session}")
    }

    /// The unique ID of the principal, told or not.
    pub(crate) fn own_id(&self) -> &'static str {
        if self.who == Who::User { "AIDAEXAMPLEOWN0000001" } else { "AROAEXAMPLEOWN0000001" }
    }

    /// The ARN of an account's root.
    pub(crate) fn account_root(&self, account: &str) -> String {
        format!("arn:{}:iam::{account}:root", self.partition)
    }

    /// The ARN of a role that has nothing to do with the request.
    pub(crate) fn stranger(&self) -> String {
        format!("arn:{}:iam::{}:role/KeyAdmin", self.partition, self.owner)
    }

    /// Whether the principal is a role or a session of one.
    pub(crate) fn is_role(&self) -> bool {
        matches!(self.who, Who::Role | Who::Session | Who::Linked | Who::Infrastructure)
    }

    /// The values that the request carries under a key, stated or derived; none where it is absent or unknown.
    pub(crate) fn values(&self, key: &str) -> Vec<String> {
        let texts = |value: &Value| match value {
            Value::Array(values) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Value::String(text) => vec![text.clone()],
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => vec![value.to_string()],
        };
        match (self.context.get(key), key) {
            (Some(value), _) => texts(value),
            (None, "aws:PrincipalArn") => vec![self.iam_arn()],
            (None, "aws:PrincipalAccount") => vec![self.caller.to_owned()],
            (None, "aws:ResourceAccount") => vec![self.owner.to_owned()],
            (None, "kms:CallerAccount") if self.action.starts_with("kms:") => vec![self.caller.to_owned()],
            (None, "aws:PrincipalIsAWSService") => vec!["false".to_owned()],
            (None, "aws:PrincipalType") if self.is_role() => vec!["AssumedRole".to_owned()],
            (None, "aws:PrincipalType") if self.who == Who::User => vec!["User".to_owned()],
            (None, "aws:PrincipalType") => vec!["Account".to_owned()],
            (None, _) => Vec::new(),
        }
    }

    /// The `request` of the case.
    pub(crate) fn request(&self) -> Value {
        let session = matches!(self.who, Who::Session | Who::Linked | Who::Infrastructure);
        let mut request = Map::new();
        request.insert("action".to_owned(), json!(self.action));
        request.insert("resource".to_owned(), json!(self.resource));
        let default = self.resource.split(':').nth(4).filter(|account| !account.is_empty());
        if !self.owner_implied || default.unwrap_or(self.caller) != self.owner {
            request.insert("resourceAccount".to_owned(), json!(self.owner));
        }
        request.insert("principal".to_owned(), json!(if session { self.session_arn() } else { self.iam_arn() }));
        if session && !self.path.is_empty() {
            request.insert("roleArn".to_owned(), json!(self.iam_arn()));
        }
        if let Some(id) = self.id {
            request.insert("principalId".to_owned(), json!(id));
        }
        request.insert("context".to_owned(), Value::Object(self.context.clone()));
        if !self.unknown.is_empty() {
            request.insert("unknownContext".to_owned(), json!(self.unknown));
        }
        Value::Object(request)
    }
}

const ACCOUNTS: [&str; 3] = ["111122223333", "444455556666", "999988887777"];

/// The actions of a family; the start of an instance asks for the first ones.
fn actions(family: Family) -> Vec<&'static str> {
    match family {
        Family::Forwarded => vec![
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
        ],
        Family::Direct => vec![
            "kms:Decrypt",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:EnableKey",
            "kms:GetKeyPolicy",
            "kms:ListGrants",
            "kms:RevokeGrant",
            "kms:RetireGrant",
        ],
        Family::KeyLess => vec!["kms:ListKeys", "kms:ListAliases"],
        Family::Instance => vec!["ec2:StartInstances", "ec2:StartInstances", "ec2:StopInstances"],
        Family::Other => {
            vec!["s3:GetObject", "iam:PassRole", "lambda:InvokeFunction", "lambda:InvokeFunction"]
        }
    }
}

/// Who asks for what, without the context.
pub(crate) fn scenes() -> impl Strategy<Value = Scene> {
    let who = prop_oneof![
        8 => Just(Who::Session),
        2 => Just(Who::Role),
        3 => Just(Who::User),
        1 => Just(Who::Root),
        1 => Just(Who::Linked),
        2 => Just(Who::Infrastructure),
    ];
    let family = prop_oneof![
        14 => Just(Family::Forwarded),
        3 => Just(Family::Direct),
        1 => Just(Family::KeyLess),
        3 => Just(Family::Instance),
        2 => Just(Family::Other),
    ];
    (who, family)
        .prop_flat_map(|(who, family)| {
            let family = if who == Who::Infrastructure { Family::Forwarded } else { family };
            let names = (
                select(vec!["Scheduler", "karpenter.node", "Start_Stop", "nightly@ops"]),
                select(vec!["", "", "ops/", "service/start/"]),
                select(vec!["job", "AutoStart-20261124", "i-0123456789abcdef0"]),
            );
            let places = (
                select(vec![("aws", "us-east-1"), ("aws", "ap-northeast-1"), ("aws-cn", "cn-north-1")]),
                (0..ACCOUNTS.len(), prop_oneof![5 => Just(0), 1 => 1..ACCOUNTS.len()]),
                select(vec!["1234abcd-12ab-34cd-56ef-1234567890ab", "mrk-0123456789abcdef0123456789abcdef"]),
            );
            (Just((who, family)), select(actions(family)), names, places, any::<bool>())
        })
        .prop_flat_map(|((who, family), action, names, (place, (caller, further), key), id_told)| {
            let accounts = ACCOUNTS.iter().cycle().skip(caller);
            let account = |further: usize| accounts.clone().nth(further).copied().unwrap_or_default();
            let across = if family == Family::KeyLess { 0 } else { further };
            let mut scene = Scene {
                who,
                family,
                action,
                partition: place.0,
                region: place.1,
                caller: account(0),
                owner: account(across),
                resource: String::new(),
                name: names.0,
                path: names.1,
                session: names.2,
                id: None,
                volume: "vol-0123456789abcdef0",
                instance: "i-00112233445566778",
                context: Map::new(),
                unknown: Vec::new(),
                owner_implied: false,
            };
            scene.id = id_told.then(|| scene.own_id());
            adapt(&mut scene);
            scene.resource = resource(&scene, key);
            with_context(scene)
        })
}

/// The names that particular principals have.
fn adapt(scene: &mut Scene) {
    match scene.who {
        Who::Infrastructure => {
            (scene.name, scene.path, scene.session) = ("aws:ec2-infrastructure", "", scene.instance);
            scene.action = "kms:Decrypt";
        }
        Who::Linked => {
            (scene.name, scene.session) = ("AWSServiceRoleForAutoScaling", "AutoScaling");
            scene.path = "aws-service-role/autoscaling.amazonaws.com/";
        }
        Who::User => (scene.name, scene.session) = ("alice", "none"),
        Who::Root => (scene.name, scene.session, scene.id) = ("root", "none", None),
        Who::Role | Who::Session => {}
    }
}

fn resource(scene: &Scene, key: &str) -> String {
    let Scene { partition, region, owner, instance, .. } = scene;
    match (scene.family, scene.action) {
        (Family::Forwarded | Family::Direct, _) => format!("arn:{partition}:kms:{region}:{owner}:key/{key}"),
        (Family::KeyLess, _) => "*".to_owned(),
        (Family::Instance, _) => format!("arn:{partition}:ec2:{region}:{owner}:instance/{instance}"),
        (Family::Other, "s3:GetObject") => format!("arn:{partition}:s3:::reports/2026/11:24/nightly"),
        (Family::Other, "iam:PassRole") => format!("arn:{partition}:iam::{owner}:role/ops/Passed"),
        (Family::Other, _) => format!("arn:{partition}:lambda:{region}:{owner}:function:start:live"),
    }
}

/// What is drawn for a key: nothing, that it is unknown, or values.
#[derive(Debug, Clone)]
enum Drawn {
    Absent,
    Unknown,
    Values(Vec<&'static str>),
}

fn draw(key: &'static Key) -> BoxedStrategy<Drawn> {
    let most = if key.multivalued { key.values.len() } else { 1 };
    prop_oneof![
        4 => Just(Drawn::Absent),
        1 => Just(Drawn::Unknown),
        4 => subsequence(key.values.to_vec(), 1..=most).prop_map(Drawn::Values),
    ]
    .boxed()
}

/// Adds the context: what a request of its kind always carries, and whatever is drawn.
fn with_context(scene: Scene) -> BoxedStrategy<Scene> {
    let drawn: Vec<&Key> = KEYS.iter().filter(|key| !key.from_scene).collect();
    let draws: Vec<_> = drawn.iter().map(|key| draw(key)).collect();
    let department = prop_oneof![5 => Just(false), 1 => Just(true)];
    let constraint = prop_oneof![6 => Just(Some("EncryptionContextSubset")), 2 => Just(Some("EncryptionContextEquals")), 1 => Just(None)];
    let of_scene =
        vec!["kms:EncryptionContext:aws:ebs:id", "kms:GrantConstraintType", "kms:GrantOperations", "kms:ViaService"];
    let unknown = weighted(0.08, select(of_scene));
    (draws, any::<[bool; 3]>(), department, constraint, unknown)
        .prop_map(move |(draws, [via_service, as_numbers, owner_implied], department, constraint, unknown)| {
            let mut scene = scene.clone();
            scene.owner_implied = owner_implied;
            scene_context(&mut scene, via_service, department, constraint);
            for (key, draw) in drawn.iter().zip(draws) {
                match (draw, key.multivalued) {
                    (Drawn::Absent, _) => {}
                    (Drawn::Unknown, _) => scene.unknown.push(key.name),
                    (Drawn::Values(values), true) => {
                        drop(scene.context.insert(key.name.to_owned(), json!(values)));
                    }
                    (Drawn::Values(values), false) => {
                        let text = values.first().copied().unwrap_or_default();
                        let number = text.parse::<u32>().ok().filter(|_| as_numbers && key.kind == Kind::Number);
                        let value = number.map_or(json!(text), |number| json!(number));
                        scene.context.insert(key.name.to_owned(), value);
                    }
                }
            }
            if let Some(unknown) = unknown
                && scene.context.remove(unknown).is_some()
            {
                scene.unknown.push(unknown);
            }
            scene
        })
        .boxed()
}

/// The keys that EC2 and KMS put into the requests of this kind.
fn scene_context(scene: &mut Scene, via_service: bool, department: bool, constraint: Option<&str>) {
    let mut context = Map::new();
    let mut set = |key: &str, value: Value| drop(context.insert(key.to_owned(), value));
    let forwarded = scene.family == Family::Forwarded && scene.who != Who::Infrastructure;
    if forwarded {
        set("kms:ViaService", json!(format!("ec2.{}.amazonaws.com", scene.region)));
    }
    if forwarded && via_service {
        set("aws:ViaAWSService", json!(true));
    }
    if scene.who == Who::User {
        set("aws:username", json!(scene.name));
    }
    if scene.family == Family::Forwarded && scene.action != "kms:DescribeKey" {
        set("kms:EncryptionContext:aws:ebs:id", json!(scene.volume));
        set("kms:EncryptionContextKeys", json!(["aws:ebs:id"]));
        if department {
            set("kms:EncryptionContext:Department", json!("IT"));
            set("kms:EncryptionContextKeys", json!(["aws:ebs:id", "Department"]));
        }
    }
    if scene.action == "kms:CreateGrant" {
        let Scene { partition, caller, instance, .. } = scene;
        let grantee = format!("arn:{partition}:sts::{caller}:assumed-role/aws:ec2-infrastructure/{instance}");
        set("kms:GranteePrincipal", json!(grantee));
        set("kms:GrantIsForAWSResource", json!("true"));
        set("kms:GrantOperations", json!(["Decrypt"]));
        if let Some(constraint) = constraint {
            set("kms:GrantConstraintType", json!(constraint));
        }
    }
    scene.context = context;
}
