use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::operation::{Operation, Service};
use super::world::PAGE_TOKEN;

/// What the server does about one request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer {
    /// Sends a recorded answer: the name of a file of `tests/wire`.
    Recorded(&'static str),
    /// Goes wrong.
    Fault(Fault),
}

/// A way in which a read goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The reader lacks the permission.
    Denied,
    /// Another account's key: AWS does not say what is missing.
    DeniedForeign,
    /// The session token has expired.
    Expired,
    /// The secret access key does not fit; AWS's message repeats what was signed.
    WrongSignature,
    /// There is no such instance.
    NotFound,
    /// Of the volumes that are asked for there is one not.
    VolumeNotFound,
    /// The account has not enabled the Region: EC2 does not know its credentials there.
    RegionNotEnabled,
    /// Too many requests, however often it is tried.
    Throttled,
    /// HTTP status 503.
    Unavailable,
    /// The connection is reset before an answer comes.
    Reset,
    /// No answer ever comes.
    Hang,
    /// Half of the healthy answer, with a `Content-Length` to match: what a broken proxy sends.
    CutInHalf,
    /// The healthy answer without its last closing tag or brace, else as [`Fault::CutInHalf`].
    CutAtTheEnd,
    /// HTTP status 200 with the page of a guest network's portal.
    Garbage,
    /// A body that never ends, as fast as it can be sent.
    Endless,
    /// The healthy answer, so slowly that nobody waits for its end.
    Drip,
    /// An error of a code that AWS does not have; code and message repeat the request, session token and all.
    Echo,
    /// The healthy answer, with the request in it.
    EchoInFacts,
    /// A page that is not the last, time and again, each with another token: the name of its file.
    EndlessPages(&'static str),
}

impl Fault {
    /// Those that any read can meet.
    pub(super) const ANY: [Self; 12] = [
        Self::Denied,
        Self::Throttled,
        Self::Unavailable,
        Self::Reset,
        Self::Hang,
        Self::CutInHalf,
        Self::CutAtTheEnd,
        Self::Garbage,
        Self::Endless,
        Self::Drip,
        Self::Echo,
        Self::EchoInFacts,
    ];
}

/// A message as the server is to send it.
pub(super) enum Message {
    /// All bytes of an answer.
    Bytes(Vec<u8>),
    /// The same bytes again and again, behind a head.
    Endless(Vec<u8>, Vec<u8>),
    /// A byte now and then.
    Drip(Vec<u8>),
    Reset,
    Hang,
}

impl Answer {
    /// The answer to `operation`; `healthy`: the file that would be sent if nothing went wrong; `request`: as it came.
    pub(super) fn message(self, operation: Operation, healthy: Option<&str>, request: &str) -> Message {
        let fault = match self {
            Self::Recorded(file) => return whole(&read(file)),
            Self::Fault(fault) => fault,
        };
        let shaped = |fault: &str| {
            let text = read(&format!("faults/{}.{fault}", operation.service().name()));
            let text = text.replace("{operation}", &format!("{operation:?}"));
            whole(&text.replace("{resource}", operation.refused_resource()))
        };
        match fault {
            Fault::Denied => shaped("denied"),
            Fault::DeniedForeign => shaped("denied-foreign"),
            Fault::Expired => shaped("expired"),
            Fault::WrongSignature => shaped("wrong-signature"),
            Fault::NotFound => shaped("not-found"),
            Fault::VolumeNotFound => shaped("volume-not-found"),
            Fault::RegionNotEnabled => shaped("region-not-enabled"),
            Fault::Throttled => shaped("throttled"),
            Fault::Unavailable => shaped("unavailable"),
            Fault::Garbage => whole(&read("faults/any.garbage")),
            Fault::Reset => Message::Reset,
            Fault::Hang => Message::Hang,
            Fault::CutInHalf => cut(healthy.unwrap(), |body| body.len() / 2),
            Fault::Endless => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {}\r\n", operation.service().content_type());
                let chunk = format!("10000\r\n{}\r\n", " ".repeat(1 << 16));
                Message::Endless(format!("{head}Transfer-Encoding: chunked\r\n\r\n").into(), chunk.into())
            }
            Fault::Drip => match whole(&read(healthy.unwrap())) {
                Message::Bytes(bytes) => Message::Drip(bytes),
                other => other,
            },
            Fault::Echo => echo(operation, request),
            Fault::EchoInFacts => echo_in_facts(operation, healthy.unwrap(), request),
            Fault::EndlessPages(file) => {
                static PAGES: AtomicUsize = AtomicUsize::new(0);
                let token = format!("{PAGE_TOKEN}-{}", PAGES.fetch_add(1, Ordering::Relaxed));
                whole(&read(file).replace(PAGE_TOKEN, &token))
            }
            Fault::CutAtTheEnd => cut(healthy.unwrap(), |body| body.rfind("</").unwrap_or(body.len() - 1)),
        }
    }
}

fn read(name: &str) -> String {
    let file = format!("{}/tests/wire/{name}.http", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// A recorded answer as HTTP/1.1 wants it.
fn whole(text: &str) -> Message {
    let (head, body) = text.split_once("\n\n").unwrap();
    http(head, body)
}

fn cut(file: &str, at: impl Fn(&str) -> usize) -> Message {
    let text = read(file);
    let (head, body) = text.split_once("\n\n").unwrap();
    http(head, body.get(..at(body)).unwrap())
}

/// What stands in the headers of a request, its session token among it.
fn headers(request: &str) -> String {
    request.split("\r\n\r\n").next().unwrap().lines().skip(1).collect::<Vec<_>>().join(" ")
}

fn echo(operation: Operation, request: &str) -> Message {
    let token = request.lines().find_map(|line| line.strip_prefix("x-amz-security-token: ")).unwrap_or_default();
    let (code, message) = (format!("Invented-{token}"), headers(request));
    let error = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    let body = match operation.service() {
        Service::Ec2 => format!("<Response><Errors>{error}</Errors><RequestID>{token}</RequestID></Response>"),
        Service::Iam | Service::Sts => format!("<ErrorResponse>{error}<RequestId>{token}</RequestId></ErrorResponse>"),
        Service::Kms | Service::Organizations | Service::CloudTrail => {
            serde_json::json!({"__type": code, "message": message}).to_string()
        }
    };
    let content_type = operation.service().content_type();
    http(&format!("HTTP/1.1 400 Bad Request\nx-amzn-requestid: {token}\nContent-Type: {content_type}"), &body)
}

fn echo_in_facts(operation: Operation, file: &str, request: &str) -> Message {
    let text = read(file);
    let (_, body) = text.split_once("\n\n").unwrap();
    let body = match body.rfind("</") {
        Some(end) => format!("{}<echo>{}</echo>{}", &body[..end], headers(request), &body[end..]),
        None => body.replacen('{', &format!("{{\"Echo\":{},", serde_json::json!(headers(request))), 1),
    };
    http(&format!("HTTP/1.1 200 OK\nContent-Type: {}", operation.service().content_type()), &body)
}

fn http(head: &str, body: &str) -> Message {
    let head = head.replace('\n', "\r\n");
    Message::Bytes(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
}
