//! What AWS's answers and errors become.

use std::sync::Mutex;

use aws_sdk_kms::operation::get_key_policy::GetKeyPolicyError;
use aws_sdk_sts::config::Credentials;
use aws_sdk_sts::error::{ErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;

use crate::calls::{GET_KEY_POLICY, LIST_GRANTS};
use crate::collect::error::{CollectError, ErrorCode, Exit};
use crate::collect::failure::ReadError;
use crate::collect::pace::{Once, Pace, Page, pages};
use crate::collect::secrets::Secrets;
use crate::collect::xml::{CutShort, document, is_closed};
use crate::fact::UnreadReason;
use crate::names::Region;

fn response(status: u16) -> HttpResponse {
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from("{}"))
}

fn refused(status: u16, code: &str, message: &str) -> ReadError {
    let metadata = ErrorMetadata::builder().code(code).message(message).build();
    let error = SdkError::service_error(GetKeyPolicyError::generic(metadata), response(status));
    ReadError::from_sdk(&GET_KEY_POLICY, &error)
}

#[test]
fn an_error_of_aws_is_sorted_by_its_code_and_else_by_its_status() {
    let cases = [
        (403, "UnauthorizedOperation", UnreadReason::Denied, None),
        (403, "AccessDenied", UnreadReason::Denied, None),
        (400, "AccessDeniedException", UnreadReason::Denied, None),
        (503, "RequestLimitExceeded", UnreadReason::Throttled, None),
        (400, "Throttling", UnreadReason::Throttled, None),
        (400, "ThrottlingException", UnreadReason::Throttled, None),
        (400, "TooManyRequestsException", UnreadReason::Throttled, None),
        (500, "InternalError", UnreadReason::Transport, None),
        (503, "DependencyTimeoutException", UnreadReason::Transport, None),
        (502, "", UnreadReason::Transport, None),
        (403, "", UnreadReason::Denied, None),
        (429, "", UnreadReason::Throttled, None),
        (400, "InvalidArnException", UnreadReason::Unparsable, None),
        (400, "RequestExpired", UnreadReason::Transport, Some(ErrorCode::ExpiredCredentials)),
        (403, "ExpiredToken", UnreadReason::Transport, Some(ErrorCode::ExpiredCredentials)),
        (400, "ExpiredTokenException", UnreadReason::Transport, Some(ErrorCode::ExpiredCredentials)),
        (401, "AuthFailure", UnreadReason::Transport, Some(ErrorCode::InvalidCredentials)),
        (403, "InvalidClientTokenId", UnreadReason::Transport, Some(ErrorCode::InvalidCredentials)),
        (400, "UnrecognizedClientException", UnreadReason::Transport, Some(ErrorCode::InvalidCredentials)),
        (401, "OptInRequired", UnreadReason::Transport, Some(ErrorCode::RegionNotEnabled)),
        (403, "RegionDisabledException", UnreadReason::Transport, Some(ErrorCode::RegionNotEnabled)),
    ];
    for (status, code, why, ends) in cases {
        let failure = refused(status, code, "said");
        assert_eq!((failure.unread.why, failure.ends), (why, ends), "{code} {status}");
        assert_eq!(failure.unread.needs, "kms:GetKeyPolicy");
    }
}

#[test]
fn a_refusal_keeps_the_words_of_aws() {
    let said = "User: arn:aws:sts::111122223333:assumed-role/reader/me is not authorized to perform: \
                kms:GetKeyPolicy with an explicit deny in a service control policy";
    let failure = refused(400, "AccessDeniedException", said);
    assert_eq!(failure.unread.message, format!("AccessDeniedException: {said}"));
    assert!(failure.is("AccessDeniedException"));
}

#[test]
fn no_message_repeats_credentials_that_aws_quotes() {
    let (key, secret, token) =
        ("ASIAQUOTEDBYAWS00001", "wJalrXUtnFEMIK7MDENGbPxRfiCY", "IQoJb3JpZ2luX2VjEJ3+/FwoDYXdz");
    let secrets = Secrets::default().with(&Credentials::new(key, secret, Some(token.to_owned()), None, "test"));
    // AWS quotes the headers that it was asked with, whichever code it answers.
    for code in ["SignatureDoesNotMatch", "IncompleteSignature", "NobodyKnowsThisCode"] {
        for quoted in [token, "IQoJb3JpZ2luX2VjEJ3%2B%2FFwoDYXdz", secret, key] {
            let said = format!("the signature does not match 'POST\nx-amz-security-token:{quoted}\nhost'");
            let message = refused(403, code, &said).without(&secrets).unread.message;
            assert!(message.contains("the signature does not match") && message.contains("[secret]"), "{message}");
            assert!(!message.contains(quoted.get(4..20).unwrap_or_default()), "{message}");
        }
    }
    let skew = "Signature expired: 20261125T010000Z is now earlier than 20261125T013500Z";
    let message = refused(403, "SignatureDoesNotMatch", skew).without(&secrets).unread.message;
    assert_eq!(message, format!("SignatureDoesNotMatch: {skew}"));
}

#[test]
fn what_is_no_answer_is_transport_and_what_cannot_be_read_is_unparsable() {
    type Failed = SdkError<GetKeyPolicyError, HttpResponse>;
    let cases: [(Failed, UnreadReason); 7] = [
        (SdkError::timeout_error("no answer within 10 s"), UnreadReason::Transport),
        (SdkError::dispatch_failure(ConnectorError::io("connection reset".into())), UnreadReason::Transport),
        (SdkError::response_error(CutShort, response(200)), UnreadReason::Transport),
        (SdkError::response_error(std::io::Error::other("end of stream"), response(200)), UnreadReason::Transport),
        (SdkError::response_error("error reading a body from connection", response(200)), UnreadReason::Transport),
        (SdkError::response_error("malformed error body", response(403)), UnreadReason::Denied),
        (SdkError::response_error("expected `{`", response(200)), UnreadReason::Unparsable),
    ];
    for (error, why) in cases {
        let failure = ReadError::from_sdk(&GET_KEY_POLICY, &error);
        assert_eq!((failure.unread.why, failure.ends), (why, None), "{error:?}");
    }
}

#[test]
fn an_xml_body_is_whole_only_if_its_root_element_is_closed() {
    let whole = "<?xml version=\"1.0\"?>\n<DescribeVolumesResponse xmlns=\"x\"><volumeSet/><requestId>r</requestId>\
                 </DescribeVolumesResponse>\n";
    assert!(is_closed(whole.as_bytes()));
    assert!(is_closed(b"<a></a >") && is_closed(b"<a/>") && is_closed(b"<a b=\"c\"/>"));
    for end in 0..whole.trim_end().len() {
        assert!(!is_closed(&whole.as_bytes()[..end]), "cut at byte {end}");
    }
    for part in ["", "garbage", "<a>", "<a><b/>", "<a><b></b>", "</a>", "<a><ba></ba>", "{\"a\":1}"] {
        assert!(!is_closed(part.as_bytes()), "{part}");
    }
}

#[test]
fn a_policy_document_is_decoded_only_if_it_is_encoded_and_plus_is_no_blank() {
    assert_eq!(document("%7B%22Sid%22%3A%20%22a+b%C3%A9%22%7D").unwrap().text(), "{\"Sid\": \"a+bé\"}");
    assert_eq!(document("{\"Sid\": \"100%25\"}").unwrap().text(), "{\"Sid\": \"100%25\"}");
    assert_eq!(document("%7B%FF%7D"), None);
}

#[tokio::test]
async fn a_list_is_read_to_its_last_page_or_not_at_all() {
    let page = |items: &[u8], next: Option<&str>| {
        Page::new(&LIST_GRANTS, Some(items.to_vec()), next.is_some(), next.map(str::to_owned))
    };
    let all = pages(&LIST_GRANTS, async |token| match token.as_deref() {
        None => page(&[1], Some("a")),
        Some("a") => page(&[], Some("b")),
        Some(_) => page(&[2], None),
    });
    assert_eq!(all.await.unwrap(), [1, 2]);
    let circle = pages(&LIST_GRANTS, async |_| page(&[1], Some("a"))).await.unwrap_err();
    assert_eq!(circle.unread.message, "the list does not end: a page leads back to an earlier one");
    let lost = pages(&LIST_GRANTS, async |_| Page::<u8>::new(&LIST_GRANTS, Some(vec![1]), true, None)).await;
    assert_eq!(lost.unwrap_err().unread.why, UnreadReason::Unparsable);
    let none = pages(&LIST_GRANTS, async |_| Page::<u8>::new(&LIST_GRANTS, None, false, None)).await;
    assert_eq!(none.unwrap_err().unread.message, "the answer holds no list");
}

#[tokio::test]
async fn a_shared_fact_is_read_once() {
    let reads = Mutex::new(Vec::new());
    let once: Once<&str, usize> = Once::default();
    let ask = async |key: &'static str| {
        let read = || async {
            reads.lock().unwrap().push(key);
            tokio::task::yield_now().await;
            key.len()
        };
        once.get(key, read).await
    };
    assert_eq!(tokio::join!(ask("key"), ask("key"), ask("other")), (3, 3, 5));
    assert_eq!(*reads.lock().unwrap(), ["key", "other"]);
}

#[tokio::test]
async fn once_the_run_has_ended_nothing_more_is_asked_and_the_first_reason_counts() {
    let pace = Pace::new();
    assert!(pace.turn().await.is_some());
    let first = CollectError::new(ErrorCode::ExpiredCredentials, "expired", "sign in");
    pace.end(first.clone());
    pace.end(CollectError::bad_input("later", ""));
    pace.ended().await;
    assert_eq!(pace.reason(), Some(first));
    assert!(pace.turn().await.is_none());
}

#[test]
fn the_partition_follows_from_the_region() {
    let of = |region| Region::parse(region).unwrap().partition();
    assert_eq!(of("ap-northeast-1"), "aws");
    assert_eq!(of("cn-north-1"), "aws-cn");
    assert_eq!(of("us-gov-west-1"), "aws-us-gov");
    assert_eq!(of("us-isob-east-1"), "aws-iso-b");
    assert_eq!(of("eusc-de-east-1"), "aws-eusc");
}

#[test]
fn bad_input_and_failures_of_aws_leave_by_different_exits() {
    let exit = |code| CollectError::new(code, "", "").exit();
    assert_eq!(exit(ErrorCode::InstanceUnknown), Exit::BadInput);
    assert_eq!(exit(ErrorCode::InstanceDenied), Exit::NoVerdict);
}

#[test]
fn pages_that_lead_in_a_circle_are_a_failed_read() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let list = pages(&LIST_GRANTS, async |token: Option<String>| {
        let next = if token.as_deref() == Some("second") { "third" } else { "second" };
        Page::new(&LIST_GRANTS, Some(vec![0]), true, Some(next.to_owned()))
    });
    let failure = runtime.block_on(list).unwrap_err();
    assert_eq!(failure.unread.needs, "kms:ListGrants");
}
