//! What the AWS CLI prints of a capture, call by call. File names say what an answer does not.

use ebs_preflight::answers::EvidenceFile;
use serde_json::{Map, Value, json};

/// One fact of a capture.
enum Fact<'v> {
    Known(&'v Value),
    Absent,
    /// The error code with which the call failed; `None`: nobody called.
    Unread(Option<&'static str>),
}

fn fact(value: &Value) -> Fact<'_> {
    if value == "absent" {
        return Fact::Absent;
    }
    if let Some(known) = value.get("known") {
        return Fact::Known(known);
    }
    if let Some(part) = value.pointer("/part/known") {
        return Fact::Known(part);
    }
    Fact::Unread(match value.pointer("/unread/why").and_then(Value::as_str) {
        Some("denied") => Some("AccessDeniedException"),
        Some("throttled") => Some("ThrottlingException"),
        Some("transport" | "unparsable") => Some("InternalFailure"),
        _ => None,
    })
}

/// Every file.
pub(super) fn files(capture: &Value) -> Vec<EvidenceFile> {
    let mut files = Files(Vec::new());
    if let Fact::Known(by) = fact(&capture["read"]["by"]) {
        let account = by.as_str().unwrap().split(':').nth(4).unwrap();
        files.answer(
            "sts get-caller-identity",
            "",
            json!({ "UserId": "AROAREADER:mika", "Account": account, "Arn": by }),
        );
    }
    for (id, instance) in each(&capture["instances"]) {
        files.instance(id, instance, capture);
    }
    for (arn, key) in each(&capture["keys"]) {
        files.key(arn, key);
    }
    for (asked, identity) in each(&capture["identities"]) {
        files.identity(asked, identity, &capture["namesakes"][asked]);
    }
    for (account, organization) in each(&capture["organizations"]) {
        files.organization(account, organization);
    }
    files.0
}

fn each(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A document as IAM's operations print it.
fn document(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |text| serde_json::from_str(text).unwrap_or_else(|_| json!(text)))
}

/// A document as KMS and Organizations print it.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| serde_json::to_string_pretty(value).unwrap(), str::to_owned)
}

fn tags(value: &Value, key: &str, of: &str) -> Value {
    each(value).map(|(name, value)| json!({ key: name, of: value })).collect()
}

struct Files(Vec<EvidenceFile>);

impl Files {
    fn file(&mut self, call: &str, of: &str, text: String) {
        let name = format!("{call} {of}").trim().replace([':', '/'], "_");
        let path = format!("{name}.json");
        self.0.push(EvidenceFile { name: path.clone(), path, text, ..EvidenceFile::default() });
    }

    fn answer(&mut self, call: &str, of: &str, answer: Value) {
        // As the AWS CLI prints it.
        let mut text = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        let mut out = serde_json::Serializer::with_formatter(&mut text, formatter);
        serde::Serialize::serialize(&answer, &mut out).unwrap();
        self.file(call, of, String::from_utf8(text).unwrap() + "\n");
    }

    /// The answer, the error that there is none, or the error that was read.
    fn fact(&mut self, call: &str, of: &str, value: &Value, gone: &str, answer: impl FnOnce(&Value) -> Value) {
        match fact(value) {
            Fact::Known(known) => {
                let mut answer = answer(known);
                if value.get("part").is_some() {
                    answer["NextToken"] = json!("more");
                }
                self.answer(call, of, answer);
            }
            Fact::Absent if gone.is_empty() => {}
            Fact::Absent => self.error(call, of, gone),
            Fact::Unread(Some(code)) => self.error(call, of, code),
            Fact::Unread(None) => {}
        }
    }

    fn error(&mut self, call: &str, of: &str, code: &str) {
        let operation = call.split(' ').nth(1).unwrap();
        let operation: String = operation.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        self.file(
            call,
            of,
            format!("\nAn error occurred ({code}) when calling the {operation} operation: it failed\n"),
        );
    }

    fn instance(&mut self, id: &str, record: &Value, capture: &Value) {
        self.fact("ec2 describe-instances", id, record, "InvalidInstanceID.NotFound", |instance| {
            json!({ "Reservations": [{ "ReservationId": "r-1", "OwnerId": instance["account"], "Instances": [described(id, instance)] }] })
        });
        for attachment in list(&record["known"]["attachments"]) {
            let volume = attachment["volumeId"].as_str().unwrap();
            self.fact("ec2 describe-volumes", volume, &capture["volumes"][volume], "", |known| {
                let key = fact(&known["key"]);
                let mut answer = json!({
                    "VolumeId": volume,
                    "State": known["state"],
                    "SnapshotId": known["snapshot"].as_str().unwrap_or_default(),
                    "Attachments": [{ "InstanceId": id, "VolumeId": volume, "Device": attachment["device"], "State": attachment["status"].as_str().unwrap_or_default() }],
                });
                match key {
                    Fact::Known(key) => {
                        answer["Encrypted"] = json!(true);
                        answer["KmsKeyId"] = key.clone();
                    }
                    Fact::Absent => answer["Encrypted"] = json!(false),
                    Fact::Unread(_) => {}
                }
                json!({ "Volumes": [answer] })
            });
        }
    }

    fn key(&mut self, arn: &str, key: &Value) {
        let id = arn.rsplit('/').next().unwrap();
        self.fact("kms describe-key", id, &key["metadata"], "NotFoundException", |known| {
            let mut metadata = json!({
                "AWSAccountId": arn.split(':').nth(4), "KeyId": id, "Arn": arn, "Enabled": known["state"] == "Enabled",
                "KeyState": known["state"], "KeyManager": known["manager"], "KeySpec": known["spec"], "KeyUsage": known["usage"],
                "Origin": known["origin"], "DeletionDate": known["deletionDate"], "ValidTo": known["validTo"],
                "CustomKeyStoreId": known["customKeyStore"]["id"],
            });
            match known["multiRegion"].as_str() {
                Some("NONE") => metadata["MultiRegion"] = json!(false),
                Some(kind @ ("PRIMARY" | "REPLICA")) => {
                    metadata["MultiRegion"] = json!(true);
                    metadata["MultiRegionConfiguration"] = json!({ "MultiRegionKeyType": kind });
                }
                _ => {}
            }
            json!({ "KeyMetadata": metadata })
        });
        let store = &key["metadata"]["known"]["customKeyStore"];
        if let Some(name) = store["id"].as_str() {
            self.fact("kms describe-custom-key-stores", name, &store["connectionState"], "", |state| {
                json!({ "CustomKeyStores": [{ "CustomKeyStoreId": name, "ConnectionState": state, "ConnectionErrorCode": store["errorCode"] }] })
            });
        }
        self.fact(
            "kms get-key-policy",
            id,
            &key["policy"],
            "",
            |policy| json!({ "Policy": text(policy), "PolicyName": "default" }),
        );
        let ram = format!("{id} AWS_RAM");
        self.fact(
            "kms get-key-policy",
            &ram,
            &key["ramPolicy"],
            "NotFoundException",
            |policy| json!({ "Policy": text(policy), "PolicyName": "AWS_RAM" }),
        );
        self.fact("kms list-grants", id, &key["grants"], "", |grants| {
            let grants = list(grants).map(|grant| {
                let constraints = &grant["constraints"];
                let mut all = Map::new();
                for (name, own) in [("EncryptionContextSubset", "encryptionContextSubset"), ("EncryptionContextEquals", "encryptionContextEquals")] {
                    if let Some(pairs) = constraints.get(own) {
                        all.insert(name.to_owned(), pairs.clone());
                    }
                }
                if let Some(other) = constraints["other"].as_str() {
                    all.insert(other.to_owned(), json!("x"));
                }
                json!({
                    "KeyId": arn, "GrantId": grant["id"], "Name": grant["name"], "GranteePrincipal": grant["granteePrincipal"],
                    "IssuingAccount": grant["issuingAccount"], "Operations": grant["operations"], "Constraints": all,
                })
            });
            json!({ "Grants": grants.collect::<Vec<_>>() })
        });
        self.fact("kms list-aliases", id, &key["aliases"], "", |aliases| {
            let alias_arn = |alias: &str| arn.replace(&format!("key/{id}"), alias);
            let alias = |alias: &Value| json!({ "AliasName": alias, "AliasArn": alias_arn(alias.as_str().unwrap()), "TargetKeyId": id });
            json!({ "Aliases": list(aliases).map(alias).collect::<Vec<_>>() })
        });
        self.fact(
            "kms list-resource-tags",
            id,
            &key["tags"],
            "",
            |known| json!({ "Tags": tags(known, "TagKey", "TagValue"), "Truncated": false }),
        );
    }

    fn identity(&mut self, asked: &str, record: &Value, namesake: &Value) {
        let is_user = asked.contains(":user/");
        let (kind, lower) = if is_user { ("User", "user") } else { ("Role", "role") };
        let account = asked.split(':').nth(4).unwrap();
        let name =
            if asked.contains(":assumed-role/") { asked.split('/').nth(1) } else { asked.rsplit('/').next() }.unwrap();
        let get = format!("iam get-{lower}");
        if let Some(other) = namesake.as_str() {
            self.answer(&get, name, json!({ kind: { format!("{kind}Name"): name, format!("{kind}Id"): "AROAOTHER", "Arn": other, "AssumeRolePolicyDocument": {} } }));
            return;
        }
        self.fact(&get, &format!("{name} {account}"), record, "NoSuchEntity", |known| {
            let mut itself = json!({
                format!("{kind}Name"): name, format!("{kind}Id"): known["uniqueId"]["known"], "Arn": known["arn"],
                "CreateDate": "2026-01-01T00:00:00+00:00",
            });
            if !is_user {
                let trust = known["trustPolicy"].get("known").map(document);
                itself["AssumeRolePolicyDocument"] = trust.unwrap_or_else(|| json!({
                    "Version": "2012-10-17",
                    "Statement": [{ "Effect": "Allow", "Principal": { "Service": "scheduler.amazonaws.com" }, "Action": "sts:AssumeRole" }],
                }));
            }
            if let Fact::Known(tagged) = fact(&known["tags"]) {
                itself["Tags"] = tags(tagged, "Key", "Value");
            }
            if let Some(boundary) = known["boundary"]["known"]["arn"].as_str() {
                itself["PermissionsBoundary"] = json!({ "PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary });
            }
            json!({ kind: itself })
        });
        let known = &record["known"];
        if let Fact::Known(boundary) = fact(&known["boundary"]) {
            self.managed(boundary);
        }
        self.holder(lower, kind, name, known);
        if is_user {
            self.fact("iam list-groups-for-user", name, &known["groups"], "", |groups| {
                let group = |group: &Value| json!({ "Arn": group["arn"], "GroupName": group["arn"].as_str().unwrap().rsplit('/').next() });
                json!({ "Groups": list(groups).map(group).collect::<Vec<_>>() })
            });
        }
        if let Fact::Known(groups) = fact(&known["groups"]) {
            for group in list(groups) {
                self.holder("group", "Group", group["arn"].as_str().unwrap().rsplit('/').next().unwrap(), group);
            }
        }
    }

    fn holder(&mut self, lower: &str, kind: &str, name: &str, known: &Value) {
        self.fact(
            &format!("iam list-{lower}-policies"),
            name,
            &known["inline"],
            "",
            |inline| json!({ "PolicyNames": list(inline).map(|policy| policy["name"].clone()).collect::<Vec<_>>() }),
        );
        if let Fact::Known(inline) = fact(&known["inline"]) {
            for policy in list(inline) {
                let of = format!("{name} {}", policy["name"].as_str().unwrap());
                self.fact(&format!("iam get-{lower}-policy"), &of, &policy["document"], "", |found| {
                    json!({ format!("{kind}Name"): name, "PolicyName": policy["name"], "PolicyDocument": document(found) })
                });
            }
        }
        self.fact(&format!("iam list-attached-{lower}-policies"), name, &known["attached"], "", |attached| {
            let policy = |policy: &Value| json!({ "PolicyName": policy["arn"].as_str().unwrap().rsplit('/').next(), "PolicyArn": policy["arn"] });
            json!({ "AttachedPolicies": list(attached).map(policy).collect::<Vec<_>>() })
        });
        if let Fact::Known(attached) = fact(&known["attached"]) {
            for policy in list(attached) {
                self.managed(policy);
            }
        }
    }

    fn managed(&mut self, policy: &Value) {
        let arn = policy["arn"].as_str().unwrap();
        let name = arn.rsplit('/').next().unwrap();
        let version = policy["version"].as_str().unwrap_or("v1");
        self.answer(
            "iam get-policy",
            name,
            json!({ "Policy": { "PolicyName": name, "Arn": arn, "DefaultVersionId": version } }),
        );
        self.fact("iam get-policy-version", name, &policy["document"], "", |found| {
            json!({ "PolicyVersion": { "Document": document(found), "VersionId": version, "IsDefaultVersion": true } })
        });
    }

    fn organization(&mut self, account: &str, record: &Value) {
        self.fact(
            "organizations describe-organization",
            account,
            record,
            "AWSOrganizationsNotInUseException",
            |known| json!({ "Organization": { "Id": known["id"], "MasterAccountId": known["managementAccount"] } }),
        );
        let Fact::Known(known) = fact(record) else { return };
        let kinds = [("scps", "SERVICE_CONTROL_POLICY"), ("rcps", "RESOURCE_CONTROL_POLICY")];
        let path: Vec<&str> = list(&known["path"]["known"]).filter_map(Value::as_str).collect();
        for pair in path.windows(2) {
            let kind = if pair[0].starts_with("r-") { "ROOT" } else { "ORGANIZATIONAL_UNIT" };
            self.answer("organizations list-parents", pair[1], json!({ "Parents": [{ "Id": pair[0], "Type": kind }] }));
        }
        let is_told = kinds.iter().any(|(name, _)| !matches!(fact(&known[name]), Fact::Unread(_)));
        if let (true, Some(root)) = (is_told, path.first()) {
            let on = kinds.iter().filter(|(name, _)| known[name] != "absent");
            let types: Vec<Value> = on.map(|(_, kind)| json!({ "Type": kind, "Status": "ENABLED" })).collect();
            self.answer("organizations list-roots", root, json!({ "Roots": [{ "Id": root, "PolicyTypes": types }] }));
        }
        for (name, kind) in kinds {
            let Fact::Known(levels) = fact(&known[name]) else { continue };
            for level in list(levels) {
                let target = level["target"].as_str().unwrap();
                let policies: Vec<Value> = list(&level["policies"])
                    .map(|one| json!({ "Id": one["id"], "Name": one["name"], "Type": kind }))
                    .collect();
                self.answer(
                    "organizations list-policies-for-target",
                    &format!("{target} {kind}"),
                    json!({ "Policies": policies }),
                );
                for policy in list(&level["policies"]) {
                    let id = policy["id"].as_str().unwrap();
                    let [manager, of] = [&known["managementAccount"], &known["id"]].map(|one| one.as_str().unwrap());
                    let arn = format!("arn:aws:organizations::{manager}:policy/{of}/{}/{id}", kind.to_lowercase());
                    self.fact("organizations describe-policy", id, &policy["document"], "", |found| {
                        let summary =
                            json!({ "Id": id, "Arn": arn, "Name": policy["name"], "Type": kind, "AwsManaged": false });
                        json!({ "Policy": { "PolicySummary": summary, "Content": text(found) } })
                    });
                }
            }
        }
    }
}

/// The instance as `describe-instances` has it, with the members that its condition keys come from.
fn described(id: &str, instance: &Value) -> Value {
    let mut described = json!({
        "InstanceId": id,
        "State": { "Name": instance["state"] },
        "StateTransitionReason": instance["stateTransitionReason"].as_str().unwrap_or_default(),
        "Tags": tags(&instance["tags"], "Key", "Value"),
        "RootDeviceType": instance["rootDeviceType"],
        "RootDeviceName": instance["rootDeviceName"],
        "Licenses": list(&instance["licenseConfigurations"]).map(|arn| json!({ "LicenseConfigurationArn": arn })).collect::<Vec<_>>(),
        "BlockDeviceMappings": list(&instance["attachments"]).map(|one| json!({
            "DeviceName": one["device"],
            "Ebs": { "VolumeId": one["volumeId"], "Status": one["status"].as_str().unwrap_or_default() },
        })).collect::<Vec<_>>(),
        "Placement": {},
        "MetadataOptions": {},
    });
    if let Some(reason) = instance.get("stateReason") {
        described["StateReason"] = json!({ "Code": reason["code"], "Message": reason["message"] });
    }
    if let Some(operator) = instance.get("operator") {
        described["Operator"] = json!({ "Managed": true, "Principal": operator });
    }
    for (key, value) in each(&instance["conditionKeys"]) {
        let plain = value.as_str().unwrap();
        match key.as_str() {
            "ec2:AvailabilityZone" | "ec2:Tenancy" => described["Placement"][&key[4..]] = value.clone(),
            "ec2:PlacementGroup" => described["Placement"]["GroupName"] = json!(plain.rsplit('/').next()),
            "ec2:InstanceProfile" => described["IamInstanceProfile"] = json!({ "Arn": value }),
            "ec2:EbsOptimized" => described["EbsOptimized"] = json!(plain == "true"),
            "ec2:MetadataHttpEndpoint" => described["MetadataOptions"]["HttpEndpoint"] = value.clone(),
            "ec2:MetadataHttpPutResponseHopLimit" => {
                described["MetadataOptions"]["HttpPutResponseHopLimit"] = json!(plain.parse::<u64>().unwrap());
            }
            "ec2:MetadataHttpTokens" => described["MetadataOptions"]["HttpTokens"] = value.clone(),
            "ec2:InstanceMarketType" if plain != "on-demand" => described["InstanceLifecycle"] = value.clone(),
            "ec2:InstanceType" => described["InstanceType"] = value.clone(),
            _ => {}
        }
    }
    described
}
