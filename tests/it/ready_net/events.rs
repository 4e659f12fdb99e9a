//! A refusal after the reads of each request on which a start hangs, by each policy type that AWS names.

use ebs_preflight::capture::Capture;
use ebs_preflight::event::{incidents, read};
use ebs_preflight::operations::Question;
use ebs_preflight::outcome::{Earlier, Verdict};
use ebs_preflight::preflight::preflight;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Ready, ready};
use crate::problems::assert_none;

/// What AWS says of a refusal.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>
const CAUSES: [&str; 9] = [
    "because no identity-based policy allows the ACTION action",
    "because no resource-based policy allows the ACTION action",
    "because no permissions boundary allows the ACTION action",
    "because no session policy allows the ACTION action",
    "because no service control policy allows the ACTION action",
    "with an explicit deny in an identity-based policy",
    "with an explicit deny in a resource control policy",
    "because no VPC endpoint policy allows the ACTION action",
    "",
];

#[test]
fn a_refusal_since_the_reads_is_never_ready() {
    let mut problems = Vec::new();
    for ready in ready() {
        for (action, resource) in requests(&ready) {
            for cause in CAUSES {
                let later = judged_with(&ready, &action, &resource, cause, SignedDuration::from_mins(8));
                if later == Verdict::Ready {
                    problems.push(format!("{}: READY, though {action} was refused {cause:?} since", ready.name));
                }
                // What was refused before the reads may be cured since.
                let earlier = judged_with(&ready, &action, &resource, cause, SignedDuration::from_hours(-30 * 24));
                if earlier != Verdict::Ready {
                    problems.push(format!("{}: {earlier:?} for {action} refused long before", ready.name));
                }
            }
        }
    }
    assert_none(&problems);
}

fn target(ready: &Ready) -> (&str, &str) {
    let target = &ready.capture["targets"][0];
    (target["instanceId"].as_str().unwrap(), target["roleArn"].as_str().unwrap())
}

/// StartInstances on the instance, and CreateGrant on each key of its volumes.
fn requests(ready: &Ready) -> Vec<(String, String)> {
    let (instance, _) = target(ready);
    let known = &ready.capture["instances"][instance]["known"];
    let region = ready.capture["read"]["region"].as_str().unwrap();
    let partition = target(ready).1.split(':').nth(1).unwrap();
    let arn = format!("arn:{partition}:ec2:{region}:{}:instance/{instance}", known["account"].as_str().unwrap());
    let attachments = known["attachments"].as_array().unwrap().iter();
    let volumes = attachments.map(|one| &ready.capture["volumes"][one["volumeId"].as_str().unwrap()]);
    let keys = volumes.filter_map(|volume| volume["known"]["key"]["known"].as_str());
    let grants = keys.map(|key| ("kms:CreateGrant".to_owned(), key.to_owned()));
    std::iter::once(("ec2:StartInstances".to_owned(), arn)).chain(grants).collect()
}

fn judged_with(ready: &Ready, action: &str, resource: &str, cause: &str, after: SignedDuration) -> Verdict {
    let until: Timestamp = ready.capture["read"]["until"].as_str().unwrap().parse().unwrap();
    let record = record(ready, action, resource, cause, until + after);
    let found = read(&json!({"Records": [record]}).to_string()).unwrap();
    let capture = Capture::parse(&ready.capture.to_string()).unwrap();
    let report = preflight(&capture, &Question::default());
    report.with_events(Earlier { incidents: incidents(found.materials), ..Earlier::default() }).verdict()
}

fn record(ready: &Ready, action: &str, resource: &str, cause: &str, time: Timestamp) -> Value {
    let (instance, principal) = target(ready);
    let parts: Vec<&str> = principal.splitn(6, ':').collect();
    let name = principal.rsplit('/').next().unwrap();
    let session = format!("arn:{}:sts::{}:assumed-role/{name}/nightly", parts[1], parts[4]);
    let is_user = parts[5].starts_with("user/");
    let arn = if is_user { principal } else { &session };
    let issuer = if is_user { Value::Null } else { json!({"sessionIssuer": {"type": "Role", "arn": principal}}) };
    let (service, name) = action.split_once(':').unwrap();
    let by_ec2 = service == "kms";
    json!({
        "eventTime": time.to_string(), "eventSource": format!("{service}.amazonaws.com"), "eventName": name,
        "awsRegion": ready.capture["read"]["region"], "requestID": "r-1", "eventID": "e-1",
        "sourceIPAddress": if by_ec2 { "ec2-frontend-api.amazonaws.com" } else { "203.0.113.10" },
        "userIdentity": {"type": if is_user { "IAMUser" } else { "AssumedRole" }, "arn": arn, "sessionContext": issuer},
        "requestParameters": {"instancesSet": {"items": [{"instanceId": instance}]}},
        "errorCode": if by_ec2 { "AccessDenied" } else { "Client.UnauthorizedOperation" },
        "errorMessage": format!(
            "User: {arn} is not authorized to perform: {action} on resource: {resource} {}",
            cause.replace("ACTION", action)
        ),
    })
}
