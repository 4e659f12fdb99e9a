use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The pinned packages of the virtual environment.
const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/moto/requirements.txt");

/// The Python of a virtual environment that has the emulator, made the first time that a test asks for it.
pub(super) fn with_emulator() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("moto");
    let environment = home.join("environment");
    let wanted = fs::read_to_string(REQUIREMENTS).unwrap();
    fs::create_dir_all(&home).unwrap();
    // Other test processes may be here at the same time; the lock goes when the file is closed.
    let lock = File::create(home.join("lock")).unwrap();
    lock.lock().unwrap();
    // Written last, so that an environment left half-made is made again, as is one of other versions.
    let made_of = home.join("made-of.txt");
    if fs::read_to_string(&made_of).ok().as_ref() != Some(&wanted) {
        let python = environment.join("bin/python");
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
        run(Command::new(python).args(["-m", "pip", "install", "--quiet", "--requirement", REQUIREMENTS]));
        fs::write(made_of, wanted).unwrap();
    }
    environment.join("bin/python")
}

fn run(command: &mut Command) {
    let why = match command.output() {
        Ok(output) if output.status.success() => return,
        Ok(output) => {
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
        }
        Err(error) => error.to_string(),
    };
    panic!(
        "the tests against the AWS emulator need Python 3 with venv and pip (on Debian and Ubuntu: \
         apt install python3-venv), and the Python Package Index or a mirror that pip is configured for.\n\
         {command:?} failed:\n{why}"
    );
}
