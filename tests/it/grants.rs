//! What no line of `judge` can say: grants that were not read, and grants of which it is not told who issued them.

use std::sync::Arc;

use ebs_preflight::capture::Capture;
use ebs_preflight::case::Case;
use ebs_preflight::engine::{ContextValue, Decision, Grantee, judge};
use ebs_preflight::fact::Fact;
use ebs_preflight::operations::Question;
use ebs_preflight::outcome::Verdict;
use ebs_preflight::preflight::preflight;
use ebs_preflight::report::text;
use serde_json::{Value, json};

use crate::golden::file;

const ROLE: &str = "arn:aws:iam::111122223333:role/Batch";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/Batch/nightly";
const USER: &str = "arn:aws:iam::111122223333:user/mika";
const THIRD: &str = "777766665555";

/// `kms:Decrypt` by `principal` on a key of `owner` whose key policy names somebody else only.
fn case(principal: &str, owner: &str, grants: &Value, more: &Value) -> Case {
    let mut request = json!({
        "action": "kms:Decrypt", "resource": format!("arn:aws:kms:eu-west-1:{owner}:key/0f1e2d3c-4b5a-4697-8877-665544332211"),
        "principal": principal, "context": {}
    });
    if principal == SESSION {
        request["roleArn"] = json!(ROLE);
    }
    let mut case = json!({
        "id": "grants", "request": request, "grants": grants,
        "keyPolicy": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*",
            "Principal": {"AWS": format!("arn:aws:iam::{owner}:role/Keeper")}}]}
    });
    case.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Case::parse(&case.to_string()).unwrap()
}

fn allow(action: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
}

#[test]
fn grants_that_were_not_read_leave_open_what_a_grant_could_allow() {
    let bounded = json!({"permissionsBoundary": allow("ec2:*")});
    for (principal, more, without) in [
        (SESSION, json!({}), Decision::ImplicitDeny),
        (USER, json!({}), Decision::ImplicitDeny),
        // A grant to the session is not limited by the role's permissions boundary.
        (SESSION, bounded, Decision::ImplicitDeny),
    ] {
        let mut case = case(principal, "111122223333", &json!([]), &more);
        assert_eq!(judge(&case.request, &case.policies), without, "{principal} {more}");
        case.policies.grants.unread = Some("kms:ListGrants".to_owned());
        assert_eq!(judge(&case.request, &case.policies), Decision::Unknown, "{principal} {more}");
    }
}

#[test]
fn what_a_grant_allows_hangs_on_who_issued_it() {
    let grants = json!([{"granteePrincipal": ROLE, "operations": ["Decrypt"]}]);
    let identity = json!({"identityPolicies": [allow("kms:Decrypt")]});
    let nothing = json!({});
    let (own, other) = ("111122223333", "444455556666");
    for (owner, issuer, more, decision) in [
        (own, Some(own), &nothing, Decision::Allowed),
        (own, None, &nothing, Decision::Allowed),
        // Whether it suffices is told nowhere.
        (own, Some(THIRD), &nothing, Decision::Unknown),
        (other, Some(own), &nothing, Decision::Allowed),
        (other, Some(other), &nothing, Decision::ImplicitDeny),
        (other, Some(other), &identity, Decision::Allowed),
        // It may have been issued by the principal's account, which then suffices alone.
        (other, None, &nothing, Decision::Unknown),
        (other, None, &identity, Decision::Allowed),
        (other, Some(THIRD), &identity, Decision::Unknown),
    ] {
        let mut case = case(SESSION, owner, &grants, more);
        for grant in Arc::make_mut(&mut case.policies.grants.grants) {
            grant.issuing_account = issuer.map(Into::into);
        }
        assert_eq!(judge(&case.request, &case.policies), decision, "{owner} {issuer:?} {more}");
    }
}

#[test]
fn a_grantee_is_read_by_its_form() {
    let text = |text: &str| Grantee::parse(text);
    assert!(matches!(text(ROLE), Grantee::Role(_)));
    assert!(matches!(text(SESSION), Grantee::Session(_)));
    assert!(matches!(text(USER), Grantee::User(_)));
    let old = "111122223333:aws:ec2-infrastructure:i-0f3c2a9d8b7e61254";
    let session = "arn:aws:sts::111122223333:assumed-role/aws:ec2-infrastructure/i-0f3c2a9d8b7e61254";
    assert!(matches!(text(old), Grantee::Session(arn) if &*arn == session));
    assert!(matches!(text(&old[1..]), Grantee::Other(_)));
    assert!(matches!(text("111122223333"), Grantee::Account(id) if &*id == "111122223333"));
    let root = "arn:aws-cn:iam::111122223333:root";
    assert!(matches!(text(root), Grantee::Root(arn) if &*arn == root));
    // What a grant shows for a principal that was deleted since.
    for id in ["AROAZ7QK3M5N9P2R4T6V8", "AIDAZ7QK3M5N9P2R4T6V8"] {
        assert!(matches!(text(id), Grantee::UniqueId(_)), "{id}");
    }
    for other in ["ec2.amazonaws.com", "11112222333", "11112222333x", "1111222233334"] {
        assert!(matches!(text(other), Grantee::Other(_)), "{other}");
    }
}

#[test]
fn a_grant_serves_its_grantee_only() {
    let identity = json!({"identityPolicies": [allow("kms:Decrypt")]});
    for (grantee, id, decision) in [
        ("111122223333", None, Decision::Allowed),
        (THIRD, None, Decision::ImplicitDeny),
        ("arn:aws:iam::111122223333:root", None, Decision::Allowed),
        // Its partition is another.
        ("arn:aws-cn:iam::111122223333:root", None, Decision::ImplicitDeny),
        ("AROAZ7QK3M5N9P2R4T6V8", Some("AROAZ7QK3M5N9P2R4T6V8"), Decision::Allowed),
        ("AROAZ7QK3M5N9P2R4T6V8", Some("AROAANOTHERROLE000001"), Decision::ImplicitDeny),
        ("AROAZ7QK3M5N9P2R4T6V8", None, Decision::Unknown),
    ] {
        let grants = json!([{"granteePrincipal": grantee, "operations": ["Decrypt"]}]);
        let mut case = case(SESSION, "111122223333", &grants, &identity);
        case.request.principal.unique_id = id.map(Into::into);
        assert_eq!(judge(&case.request, &case.policies), decision, "{grantee} {id:?}");
    }
}

#[test]
fn an_encryption_context_that_is_partly_known_is_compared_as_far_as_it_goes() {
    let grants = json!([{"granteePrincipal": ROLE, "operations": ["Decrypt"],
        "constraints": {"encryptionContextSubset": {"aws:ebs:id": "vol-0a1b2c3d4e5f60718"}}}]);
    let texts = |texts: &[&str]| texts.iter().map(|text| Box::from(*text)).collect::<Vec<Box<str>>>();
    for (actual, decision) in [
        (ContextValue::Single("vol-0a1b2c3d4e5f60718".into()), Decision::Allowed),
        (ContextValue::Single("vol-0b2c3d4e5f6071829".into()), Decision::ImplicitDeny),
        (ContextValue::Multi(texts(&["vol-0a1b2c3d4e5f60718"])), Decision::Allowed),
        (ContextValue::Multi(texts(&["vol-0b2c3d4e5f6071829"])), Decision::ImplicitDeny),
        (ContextValue::Multi(texts(&["vol-0a1b2c3d4e5f60718", "vol-0b2c3d4e5f6071829"])), Decision::ImplicitDeny),
        (ContextValue::KnownPrefix("vol-0a1b".into()), Decision::Unknown),
        (ContextValue::KnownPrefix("vol-0b2c".into()), Decision::ImplicitDeny),
        (ContextValue::NotKnown, Decision::Unknown),
        (ContextValue::Absent, Decision::ImplicitDeny),
    ] {
        let mut case = case(SESSION, "111122223333", &grants, &json!({}));
        case.request.context.set("kms:EncryptionContext:aws:ebs:id", actual.clone());
        assert_eq!(judge(&case.request, &case.policies), decision, "{actual:?}");
    }
}

/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html>
#[test]
fn a_key_with_as_many_grants_as_it_may_have_gets_perhaps_no_more() {
    let golden = Capture::parse(&file("ready-grant-to-the-role.json")).unwrap();
    for (count, manager, wanted) in [
        (49_999, "CUSTOMER", Verdict::Ready),
        (50_000, "CUSTOMER", Verdict::Undecided),
        (50_000, "AWS", Verdict::Ready),
    ] {
        let mut capture = golden.clone();
        for key in capture.keys.values_mut() {
            let Fact::Known(grants) = &mut key.grants else { panic!("the grants are read") };
            let mut grown = grants.to_vec();
            let spare = grown[0].clone();
            grown.resize(count, spare);
            *grants = Arc::new(grown);
            let Fact::Known(metadata) = &mut key.metadata else { panic!("the key is read") };
            metadata.manager = manager.to_owned();
        }
        let report = preflight(&capture, &Question::default());
        let text = text::render(&report);
        assert_eq!(report.verdict(), wanted, "{count} {manager}\n{text}");
        assert_eq!(text.contains("takes another grant"), wanted == Verdict::Undecided, "{text}");
    }
}
