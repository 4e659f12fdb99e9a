//! Captures that grow in one respect, made here: nothing is read.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-central-1";

/// How much of what a capture holds. One role starts one instance with one volume under one key, unless it says more.
#[derive(Clone, Copy)]
pub(crate) struct World {
    pub(crate) instances: usize,
    /// Each of them starts each instance.
    pub(crate) roles: usize,
    /// Of each instance.
    pub(crate) volumes: usize,
    /// Volumes take turns with them.
    pub(crate) keys: usize,
    /// On each key, for instances that run.
    pub(crate) grants: usize,
    /// Of each role, none of which concerns the start.
    pub(crate) statements: usize,
    /// Condition keys in one statement that concerns it.
    pub(crate) condition_keys: usize,
    /// Actions in one statement that concerns it.
    pub(crate) actions: usize,
    /// Whether the roles may use the keys.
    pub(crate) is_ready: bool,
}

impl World {
    pub(crate) const BLOCKED: Self = Self {
        instances: 1,
        roles: 1,
        volumes: 1,
        keys: 1,
        grants: 0,
        statements: 0,
        condition_keys: 0,
        actions: 0,
        is_ready: false,
    };
    pub(crate) const READY: Self = Self { is_ready: true, ..Self::BLOCKED };

    /// The capture as text.
    pub(crate) fn capture(self) -> String {
        let starts = (0..self.instances).flat_map(|instance| (0..self.roles).map(move |role| (instance, role)));
        let target = |(at, by)| json!({"instanceId": instance(at), "roleArn": role(by)});
        let volumes = (0..self.instances * self.volumes).map(|at| {
            let record = json!({"key": {"known": key(at % self.keys)}, "state": "in-use"});
            (volume(at), json!({"known": record}))
        });
        let capture = json!({
            "formatVersion": 1,
            "tool": {"name": "ebs-preflight", "version": "0.1.0"},
            "read": {"by": {"known": "arn:aws:sts::111122223333:assumed-role/Reader/ines"},
                     "from": "2026-11-24T04:00:00Z", "until": "2026-11-24T04:00:09Z", "region": REGION},
            "targets": starts.map(target).collect::<Vec<_>>(),
            "instances": (0..self.instances).map(|at| (instance(at), self.instance(at))).collect::<Map<_, _>>(),
            "volumes": volumes.collect::<Map<_, _>>(),
            "keys": (0..self.keys).map(|at| (key(at), self.key(at))).collect::<Map<_, _>>(),
            "identities": (0..self.roles).map(|at| (role(at), self.role(at))).collect::<Map<_, _>>(),
            "organizations": {ACCOUNT: "absent"},
        });
        capture.to_string()
    }

    fn instance(self, at: usize) -> Value {
        let attachments = (at * self.volumes..(at + 1) * self.volumes).map(
            |number| json!({"device": format!("/dev/sd{number}"), "volumeId": volume(number), "status": "attached"}),
        );
        json!({"known": {"account": ACCOUNT, "state": "stopped", "rootDeviceType": "ebs",
                         "tags": {"Name": format!("batch-{at}"), "team": "night"},
                         "attachments": attachments.collect::<Vec<_>>()}})
    }

    fn key(self, at: usize) -> Value {
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
             "Action": "kms:*", "Resource": "*"}]});
        let grants = (0..self.grants).map(|number| {
            // Of instances that run: other numbers than those of the starts.
            let (other, id) = (instance(number + 1_000_000), volume(number + 1_000_000));
            json!({"id": format!("{at:032x}{number:032x}"), "operations": ["Decrypt"], "issuingAccount": ACCOUNT,
                   "granteePrincipal": format!("arn:aws:sts::{ACCOUNT}:assumed-role/aws:ec2-infrastructure/{other}"),
                   "constraints": {"encryptionContextSubset": {"aws:ebs:id": id}}})
        });
        json!({"metadata": {"known": {"state": "Enabled", "manager": "CUSTOMER", "spec": "SYMMETRIC_DEFAULT",
                                      "usage": "ENCRYPT_DECRYPT", "origin": "AWS_KMS", "multiRegion": "NONE"}},
               "policy": {"known": policy}, "ramPolicy": "absent",
               "grants": {"known": grants.collect::<Vec<_>>()},
               "aliases": {"known": [format!("alias/ebs-{at}")]}, "tags": {"known": {"team": "night"}}})
    }

    fn role(self, at: usize) -> Value {
        let mut statements = vec![json!({"Sid": "Start", "Effect": "Allow",
            "Action": ["ec2:StartInstances", "ec2:StopInstances"], "Resource": "*"})];
        if self.is_ready {
            statements.push(json!({"Sid": "Keys", "Effect": "Allow", "Resource": "*", "Action":
                ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*", "kms:ReEncrypt*"]}));
        }
        statements.extend((0..self.statements).map(|number| {
            json!({"Sid": format!("Bucket{number}"), "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"], "Resource": format!("arn:aws:s3:::bucket-{number}/*")})
        }));
        if self.condition_keys > 0 {
            let keys = (0..self.condition_keys).map(|number| (format!("aws:RequestTag/t{number}"), json!("night")));
            statements.push(json!({"Sid": "Tagged", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
                "Condition": {"StringEquals": keys.collect::<Map<_, _>>()}}));
        }
        if self.actions > 0 {
            let actions: Vec<String> = (0..self.actions).map(|number| format!("kms:Other{number}*")).collect();
            statements.push(json!({"Sid": "Others", "Effect": "Allow", "Action": actions, "Resource": "*"}));
        }
        let policy = json!({"Version": "2012-10-17", "Statement": statements});
        json!({"known": {"arn": role(at), "uniqueId": {"known": format!("AROAGROWTHGROWTH{at:05}")},
                         "tags": {"known": {"team": "night"}}, "trustPolicy": "absent", "boundary": "absent",
                         "inline": {"known": [{"name": "starts", "document": {"known": policy}}]},
                         "attached": {"known": []}}})
    }
}

fn instance(at: usize) -> String {
    format!("i-{at:017x}")
}

fn volume(at: usize) -> String {
    format!("vol-{at:017x}")
}

fn key(at: usize) -> String {
    format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/6f1c2d3e-4b5a-4c6d-8e7f-{at:012x}")
}

fn role(at: usize) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/operations/Shift{at}")
}

/// What the lines of `capture --script` printed for so many keys: five answers for each.
pub(crate) fn transcript(keys: usize) -> String {
    let mut text = format!("### ebs-preflight transcript 1\n### region {REGION}\n### time 2026-11-24T04:00:00Z\n");
    let mut answer = |asked: String, json: &Value| {
        let json = serde_json::to_string_pretty(json).unwrap_or_default();
        let _ = write!(text, "### read {asked}\n{json}\n### exit 0\n");
    };
    for at in 0..keys {
        let arn = key(at);
        answer(format!("kms:ListGrants {arn}"), &json!({"Grants": []}));
        answer(format!("kms:ListAliases {arn}"), &json!({"Aliases": []}));
        answer(format!("kms:ListResourceTags {arn}"), &json!({"Tags": []}));
        let policy = World::BLOCKED.key(at);
        answer(
            format!("kms:GetKeyPolicy {arn} default"),
            &json!({"Policy": policy.pointer("/policy/known").map(ToString::to_string), "PolicyName": "default"}),
        );
        answer(
            format!("kms:DescribeKey {arn}"),
            &json!({"KeyMetadata": {"AWSAccountId": ACCOUNT,
            "KeyId": arn.rsplit('/').next(), "Arn": arn, "KeyState": "Enabled", "KeyManager": "CUSTOMER",
            "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS", "MultiRegion": false}}),
        );
    }
    text.push_str("### time 2026-11-24T04:00:09Z\n### end\n");
    text
}

/// So many records of a start that KMS refused, as CloudTrail writes them.
pub(crate) fn events(records: usize) -> String {
    let record = |number: usize| {
        let principal = format!("arn:aws:sts::{ACCOUNT}:assumed-role/Shift{}/s{number}", number % 50);
        let sentence = format!(
            "User: {principal} is not authorized to perform: kms:CreateGrant on resource: {} because \
            no identity-based policy allows the kms:CreateGrant action",
            key(number % 20)
        );
        json!({"eventVersion": "1.11", "eventTime": "2026-11-24T04:00:03Z", "eventSource": "kms.amazonaws.com",
            "eventName": "CreateGrant", "awsRegion": REGION, "sourceIPAddress": "ec2.amazonaws.com",
            "userAgent": "ec2.amazonaws.com", "errorCode": "AccessDenied", "errorMessage": sentence,
            "requestParameters": null, "responseElements": null, "requestID": format!("{number:032x}"),
            "eventID": format!("00000000-0000-4000-8000-{number:012x}"), "readOnly": false, "eventType": "AwsApiCall",
            "managementEvent": true, "recipientAccountId": ACCOUNT, "eventCategory": "Management",
            "userIdentity": {"type": "AssumedRole", "principalId": format!("AROAGROWTHGROWTH00001:s{number}"),
                "arn": principal, "accountId": ACCOUNT, "invokedBy": "ec2.amazonaws.com",
                "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": "AROAGROWTHGROWTH00001",
                    "arn": role(number % 50), "accountId": ACCOUNT, "userName": format!("Shift{}", number % 50)}}}})
    };
    json!({"Records": (0..records).map(record).collect::<Vec<_>>()}).to_string()
}

/// So many lines of a log, some of which hold a refusal.
pub(crate) fn log(lines: usize) -> String {
    let line = |number: usize| {
        if number % 50 == 7 {
            format!(
                "2026-11-24T04:00:03Z ERROR An error occurred (AccessDeniedException) when calling the CreateGrant \
                operation: User: arn:aws:sts::{ACCOUNT}:assumed-role/Shift1/s{number} is not authorized to perform: \
                kms:CreateGrant on resource: {} because no identity-based policy allows the kms:CreateGrant action\n",
                key(number % 20)
            )
        } else {
            format!(
                "2026-11-24T04:00:03Z INFO worker {number} waits for its instance to come up, [try {}]\n",
                number % 9
            )
        }
    };
    (0..lines).map(line).collect()
}

/// So many errors in one line, as a log forwarder joins them.
pub(crate) fn line(errors: usize) -> String {
    let error = |number: usize| {
        format!(
            "An error occurred (UnauthorizedOperation) when calling the StartInstances operation: You are not \
            authorized to perform this operation. {} of worker {number}; ",
            instance(number)
        )
    };
    (0..errors).map(error).collect()
}
