use std::fs;

use super::operation::Operation;

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
}

impl Fault {
    /// Those that any read can meet.
    pub(super) const ANY: [Self; 8] = [
        Self::Denied,
        Self::Throttled,
        Self::Unavailable,
        Self::Reset,
        Self::Hang,
        Self::CutInHalf,
        Self::CutAtTheEnd,
        Self::Garbage,
    ];
}

/// A message as the server is to send it.
pub(super) enum Message {
    /// All bytes of an answer.
    Bytes(Vec<u8>),
    Reset,
    Hang,
}

impl Answer {
    /// The answer to `operation`; `healthy`: the file that would be sent if nothing went wrong.
    pub(super) fn message(self, operation: Operation, healthy: Option<&str>) -> Message {
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
            Fault::RegionNotEnabled => shaped("region-not-enabled"),
            Fault::Throttled => shaped("throttled"),
            Fault::Unavailable => shaped("unavailable"),
            Fault::Garbage => whole(&read("faults/any.garbage")),
            Fault::Reset => Message::Reset,
            Fault::Hang => Message::Hang,
            Fault::CutInHalf => cut(healthy.unwrap(), |body| body.len() / 2),
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

fn http(head: &str, body: &str) -> Message {
    let head = head.replace('\n', "\r\n");
    Message::Bytes(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
}
