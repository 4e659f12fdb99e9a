use std::process::{Command, Stdio};
use std::{io::Write as _, thread};

use super::python;
use super::server::Server;
use crate::program::Credentials;

/// What a shell prints that runs `script` with the AWS CLI and these credentials.
pub(super) fn run(script: &str, server: &Server, region: &str, who: &Credentials) -> String {
    let programs = python::with_emulator().parent().unwrap().display().to_string();
    let mut command = Command::new("bash");
    command.env_clear().env("PATH", format!("{programs}:/usr/local/bin:/usr/bin:/bin"));
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command.env("AWS_ENDPOINT_URL", server.endpoint()).env("AWS_DEFAULT_REGION", region);
    command.env("AWS_ACCESS_KEY_ID", &who.id).env("AWS_SECRET_ACCESS_KEY", &who.secret);
    command.env("AWS_SESSION_TOKEN", &who.token);
    let mut shell = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = shell.stdin.take().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || input.write_all(script.as_bytes()).unwrap());
        let output = shell.wait_with_output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    })
}
