use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::answer::Message;
use super::operation::Operation;
use super::world::{Request, World};

/// A loopback server that answers as AWS does in one [`World`], until it is dropped.
pub(super) struct Replay {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    world: World,
    ended: AtomicBool,
    asked: Mutex<Vec<Operation>>,
    /// What was asked and has no answer: another operation, or another thing than the world has.
    unanswered: Mutex<Vec<String>>,
}

impl Replay {
    pub(super) fn start(world: World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared =
            Shared { world, ended: AtomicBool::new(false), asked: Mutex::default(), unanswered: Mutex::default() };
        let shared = Arc::new(shared);
        let serving = Arc::clone(&shared);
        thread::spawn(move || serving.accept(&listener));
        Self { address, shared }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often `operation` was asked.
    pub(super) fn asked(&self, operation: Operation) -> usize {
        self.shared.asked.lock().unwrap().iter().filter(|asked| **asked == operation).count()
    }

    /// The requests that the world has no answer for.
    pub(super) fn unanswered(&self) -> Vec<String> {
        self.shared.unanswered.lock().unwrap().clone()
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn accept(self: Arc<Self>, listener: &TcpListener) {
        for connection in listener.incoming() {
            if self.ended.load(Ordering::Relaxed) {
                return;
            }
            let shared = Arc::clone(&self);
            // An error here is the program hanging up; what that means shows in its report.
            thread::spawn(move || shared.serve(connection?));
        }
    }

    /// Answers one request after another.
    fn serve(&self, mut connection: TcpStream) -> std::io::Result<()> {
        connection.set_nodelay(true)?;
        while let Some((bytes, text)) = peek_request(&connection)? {
            match self.message(&text) {
                Message::Bytes(answer) => {
                    connection.read_exact(&mut vec![0; bytes])?;
                    connection.write_all(&answer)?;
                }
                Message::Endless(head, chunk) => {
                    connection.read_exact(&mut vec![0; bytes])?;
                    connection.write_all(&head)?;
                    // Ends when the program hangs up.
                    loop {
                        connection.write_all(&chunk)?;
                    }
                }
                Message::Drip(answer) => {
                    connection.read_exact(&mut vec![0; bytes])?;
                    for byte in answer {
                        connection.write_all(&[byte])?;
                        thread::sleep(Duration::from_millis(100));
                    }
                }
                // To close a connection with bytes unread resets it.
                Message::Reset => return Ok(()),
                Message::Hang => {
                    connection.read_exact(&mut vec![0; bytes])?;
                    connection.read_exact(&mut [0])?;
                }
            }
        }
        Ok(())
    }

    fn message(&self, text: &str) -> Message {
        let Some(request) = parse(text) else {
            return self.no_answer(text);
        };
        self.asked.lock().unwrap().push(request.operation);
        match self.world.find(&request) {
            Some((answer, healthy)) => answer.message(request.operation, healthy, text),
            None => self.no_answer(text),
        }
    }

    fn no_answer(&self, text: &str) -> Message {
        self.unanswered.lock().unwrap().push(text.to_owned());
        Message::Bytes(b"HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n".to_vec())
    }
}

/// The next request as text and its length in bytes, left unread; `None`: the client has hung up.
fn peek_request(connection: &TcpStream) -> std::io::Result<Option<(usize, String)>> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let seen = connection.peek(&mut buffer)?;
        if seen == 0 {
            return Ok(None);
        }
        if seen == buffer.len() {
            return Err(ErrorKind::InvalidData.into());
        }
        let text = String::from_utf8_lossy(&buffer[..seen]).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let body = header(head, "content-length").map_or(0, |length| length.parse().unwrap());
            let whole = head.len() + 4 + body;
            if seen >= whole {
                return Ok(Some((whole, text)));
            }
        }
        // `peek` returns at once while the rest of the request is on its way.
        thread::sleep(Duration::from_millis(1));
    }
}

/// Which operation a request asks for, as the protocols of AWS tell it: KMS and Organizations in the header
/// `X-Amz-Target`, the others in the form field `Action`.
fn parse(text: &str) -> Option<Request> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    // Credential=ID/DATE/REGION/SERVICE/aws4_request
    let (_, scope) = header(head, "authorization")?.split_once("Credential=")?;
    let scope: Vec<&str> = scope.split(['/', ',']).collect();
    let (name, body) = match header(head, "x-amz-target") {
        Some(target) => (target.rsplit_once('.')?.1, body.to_owned()),
        None => (body.split('&').find_map(|field| field.strip_prefix("Action="))?, percent_decoded(body)),
    };
    Some(Request { operation: Operation::find(scope.get(3)?, name)?, access_key: (*scope.first()?).to_owned(), body })
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

fn percent_decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap();
        decoded.push(char::from(u8::from_str_radix(digits, 16).unwrap()));
        decoded.push_str(rest);
    }
    decoded
}
