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

/// A month before the reads.
const LONG_BEFORE: SignedDuration = SignedDuration::from_hours(-30 * 24);

#[test]
fn a_refusal_since_the_reads_is_never_ready() {
    let mut problems = Vec::new();
    for ready in ready() {
        for request in requests(&ready) {
            let Asked { action, by, .. } = &request;
            for cause in CAUSES {
                let later = judged_with(&ready, &request, cause, SignedDuration::from_mins(8));
                if later == Verdict::Ready {
                    problems.push(format!("{}: READY, though {action} by {by:?} was refused {cause:?}", ready.name));
                }
                // What was refused before the reads may be cured since.
                let earlier = judged_with(&ready, &request, cause, LONG_BEFORE);
                if earlier != Verdict::Ready {
                    problems.push(format!("{}: {earlier:?} for {action} by {by:?} refused long before", ready.name));
                }
            }
        }
    }
    assert_none(&problems);
}

/// What was handed in without a date may be older than any record; with one it is as old as that.
#[test]
fn a_refusal_beside_evidence_without_a_date_is_never_ready() {
    let mut problems = Vec::new();
    for ready in ready() {
        let until: Timestamp = ready.capture["read"]["until"].as_str().unwrap().parse().unwrap();
        for request in requests(&ready) {
            for (read, is_ready) in [(json!(null), false), (json!((until + LONG_BEFORE * 2).to_string()), false)]
                .into_iter()
                .chain([(json!((until + LONG_BEFORE / 2).to_string()), true)])
            {
                let mut capture = ready.capture.clone();
                capture["handed"] = json!([{"what": "key policy", "file": "mail.json", "read": read}]);
                let handed = Ready { name: ready.name.clone(), capture, question: Question::default() };
                let found = judged_with(&handed, &request, "", LONG_BEFORE);
                if (found == Verdict::Ready) != is_ready {
                    problems.push(format!("{}: {found:?} for {}, read {read}", ready.name, request.action));
                }
            }
        }
    }
    assert_none(&problems);
}

/// An error text that tells no time may be later than any read.
#[test]
fn a_refusal_at_a_time_that_is_not_told_is_never_ready() {
    let mut problems = Vec::new();
    for ready in ready() {
        let until: Timestamp = ready.capture["read"]["until"].as_str().unwrap().parse().unwrap();
        for request in requests(&ready) {
            let text = record(&ready, &request, "", until)["errorMessage"].as_str().unwrap().to_owned();
            let operation = request.action.split(':').next_back().unwrap();
            let text = format!("An error occurred (AccessDenied) when calling the {operation} operation: {text}");
            let found = judged_beside(&ready, &text);
            if found == Verdict::Ready {
                problems.push(format!("{}: READY beside {text}", ready.name));
            }
        }
    }
    assert_none(&problems);
}

fn target(ready: &Ready) -> (&str, &str) {
    let target = &ready.capture["targets"][0];
    (target["instanceId"].as_str().unwrap(), target["roleArn"].as_str().unwrap())
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Starter,
    /// EC2 for the starter.
    ThroughEc2,
    /// EC2's infrastructure identity.
    Infrastructure,
}

/// A request on which the start hangs.
struct Asked {
    action: String,
    resource: String,
    by: By,
}

/// StartInstances on the instance, and for each key of its volumes CreateGrant and EC2's own Decrypt.
fn requests(ready: &Ready) -> Vec<Asked> {
    let (instance, _) = target(ready);
    let known = &ready.capture["instances"][instance]["known"];
    let region = ready.capture["read"]["region"].as_str().unwrap();
    let partition = target(ready).1.split(':').nth(1).unwrap();
    let arn = format!("arn:{partition}:ec2:{region}:{}:instance/{instance}", known["account"].as_str().unwrap());
    let attachments = known["attachments"].as_array().unwrap().iter();
    let volumes = attachments.map(|one| &ready.capture["volumes"][one["volumeId"].as_str().unwrap()]);
    let keys = volumes.filter_map(|volume| volume["known"]["key"]["known"].as_str());
    let asked =
        |action: &str, resource: &str, by| Asked { action: action.to_owned(), resource: resource.to_owned(), by };
    let of_key = |key| [asked("kms:CreateGrant", key, By::ThroughEc2), asked("kms:Decrypt", key, By::Infrastructure)];
    std::iter::once(asked("ec2:StartInstances", &arn, By::Starter)).chain(keys.flat_map(of_key)).collect()
}

fn judged_with(ready: &Ready, request: &Asked, cause: &str, after: SignedDuration) -> Verdict {
    let until: Timestamp = ready.capture["read"]["until"].as_str().unwrap().parse().unwrap();
    let record = record(ready, request, cause, until + after);
    judged_beside(ready, &json!({"Records": [record]}).to_string())
}

fn judged_beside(ready: &Ready, events: &str) -> Verdict {
    let found = read(events).unwrap();
    let capture = Capture::parse(&ready.capture.to_string()).unwrap();
    let report = preflight(&capture, &Question::default());
    report.with_events(Earlier { incidents: incidents(found.materials), ..Earlier::default() }).verdict()
}

fn record(ready: &Ready, Asked { action, resource, by }: &Asked, cause: &str, time: Timestamp) -> Value {
    let (instance, principal) = target(ready);
    let parts: Vec<&str> = principal.splitn(6, ':').collect();
    let (partition, account) = (parts[1], parts[4]);
    let name = principal.rsplit('/').next().unwrap();
    let is_user = parts[5].starts_with("user/") && *by != By::Infrastructure;
    let arn = match by {
        By::Infrastructure => {
            let owner = ready.capture["instances"][instance]["known"]["account"].as_str().unwrap();
            format!("arn:{partition}:sts::{owner}:assumed-role/aws:ec2-infrastructure/{instance}")
        }
        _ if is_user => principal.to_owned(),
        By::Starter | By::ThroughEc2 => format!("arn:{partition}:sts::{account}:assumed-role/{name}/nightly"),
    };
    let has_issuer = !is_user && *by != By::Infrastructure;
    let issuer = has_issuer.then(|| json!({"sessionIssuer": {"type": "Role", "arn": principal}}));
    let (service, name) = action.split_once(':').unwrap();
    let is_call = *by == By::Starter;
    json!({
        "eventTime": time.to_string(), "eventSource": format!("{service}.amazonaws.com"), "eventName": name,
        "awsRegion": ready.capture["read"]["region"], "requestID": "r-1", "eventID": "e-1",
        "sourceIPAddress": match by {
            By::Starter => "203.0.113.10",
            By::ThroughEc2 => "ec2-frontend-api.amazonaws.com",
            By::Infrastructure => "AWS Internal",
        },
        "userIdentity": {"type": if is_user { "IAMUser" } else { "AssumedRole" }, "arn": arn, "sessionContext": issuer},
        "requestParameters": {"instancesSet": {"items": [{"instanceId": instance}]}},
        "errorCode": if is_call { "Client.UnauthorizedOperation" } else { "AccessDenied" },
        "errorMessage": format!(
            "User: {arn} is not authorized to perform: {action} on resource: {resource} {}",
            cause.replace("ACTION", action)
        ),
    })
}
