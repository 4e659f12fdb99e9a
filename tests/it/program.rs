use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A run that takes longer hangs.
const BOUND: Duration = Duration::from_mins(1);

/// An access key, as AWS STS hands it out.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: String,
}

/// One run of the program, in an empty folder and with an environment that holds nothing but what is said here.
///
/// No run may ever show the credentials that it is given: [`Run::finish`] fails where one does.
pub(crate) struct Run {
    command: Command,
    folder: TempDir,
    /// The texts that must never be seen.
    secrets: Vec<String>,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The exit status; `None`: still running after [`BOUND`], or ended by a signal.
    pub(crate) exit: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Run {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ebs-preflight"));
        let folder = TempDir::new().unwrap();
        command.args(arguments).current_dir(&folder).env_clear().env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
        Self { command, folder, secrets: Vec::new() }
    }

    pub(crate) fn arguments(mut self, more: &[&str]) -> Self {
        self.command.args(more);
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// All AWS services are found at `endpoint`.
    pub(crate) fn aws(self, endpoint: &str, region: &str, who: &Credentials) -> Self {
        self.keeping_secret(who)
            .variable("AWS_ENDPOINT_URL", endpoint)
            .variable("AWS_REGION", region)
            .variable("AWS_ACCESS_KEY_ID", &who.id)
            .variable("AWS_SECRET_ACCESS_KEY", &who.secret)
            .variable("AWS_SESSION_TOKEN", &who.token)
    }

    /// With the profile `name` in a shared credentials file.
    pub(crate) fn profile(self, name: &str, who: &Credentials) -> Self {
        let Credentials { id, secret, token } = who;
        let text =
            format!("[{name}]\naws_access_key_id={id}\naws_secret_access_key={secret}\naws_session_token={token}\n");
        let before = fs::read_to_string(self.folder.path().join("credentials")).unwrap_or_default();
        let file = self.file("credentials", &format!("{before}{text}"));
        self.keeping_secret(who).variable("AWS_SHARED_CREDENTIALS_FILE", &file)
    }

    /// Writes a file into the folder of the run; its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let file = self.folder.path().join(name);
        fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    }

    fn keeping_secret(mut self, who: &Credentials) -> Self {
        self.secrets.extend([who.id.clone(), who.secret.clone(), who.token.clone()]);
        self
    }

    /// Runs to the end, or to [`BOUND`].
    pub(crate) fn finish(self) -> Outcome {
        self.finish_after(|_| ())
    }

    /// As [`Run::finish`]; does something with the process when it has begun.
    pub(crate) fn finish_after(mut self, meanwhile: impl FnOnce(&Child)) -> Outcome {
        let began = Instant::now();
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        let stdout = read_aside(child.stdout.take().unwrap());
        let stderr = read_aside(child.stderr.take().unwrap());
        meanwhile(&child);
        let exit = wait(&mut child, began + BOUND);
        let outcome =
            Outcome { exit, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap(), took: began.elapsed() };
        let seen = outcome.seen();
        assert!(!self.secrets.iter().any(|secret| seen.contains(secret)), "credentials are shown: {seen}");
        outcome
    }
}

impl Outcome {
    /// Standard output as JSON; `Null` if it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_default()
    }

    /// Everything that a user at a terminal would see.
    pub(crate) fn seen(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// The exit status in words for a failed test.
    pub(crate) fn ended(&self) -> String {
        match self.exit {
            Some(status) => format!("exit {status}"),
            None => format!("no exit status after {:?}", self.took),
        }
    }
}

/// Reads a pipe while the program runs, so that it cannot fill up.
fn read_aside(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn wait(child: &mut Child, until: Instant) -> Option<i32> {
    while Instant::now() < until {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}
