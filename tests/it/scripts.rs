//! The scripts of `--write-remedy`, run with an `aws` that keeps policies in a folder and notes its calls.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

const INCIDENT: &str = include_str!("../../src/cli/demo.json");

/// Answers as the AWS CLI does where the policy is in the file `policy`, and fails where it is not.
const AWS: &str = r#"#!/bin/sh
printf '%s %s\n' "$1" "$2" >> "$WORLD/calls"
for word; do case $word in file://*) from=${word#file://} ;; esac; done
case "$2" in
  get-caller-identity) echo "$ACCOUNT" ;;
  get-role-policy | get-key-policy | get-policy-version)
    cat "$WORLD/policy" 2>/dev/null || { echo "An error occurred (NoSuchEntity)" >&2; exit 254; } ;;
  get-role) echo arn:aws:iam::111122223333:policy/limits ;;
  get-policy) echo v3 ;;
  list-policy-versions) cat "$WORLD/versions" ;;
  put-role-policy | put-key-policy | create-policy-version) cp "$from" "$WORLD/policy" ;;
  delete-role-policy) rm "$WORLD/policy" ;;
  set-default-policy-version) echo "$*" >> "$WORLD/default" ;;
  create-grant) echo 0f1e2d3c ;;
  revoke-grant) echo "$*" >> "$WORLD/revoked" ;;
  enable-key) ;;
  *) echo "unknown: $*" >&2; exit 2 ;;
esac
"#;

struct World(TempDir);

impl World {
    /// A remedy for a capture, as the program writes it.
    fn of(capture: &str, arguments: &[&str]) -> Self {
        let world = Self(TempDir::new().unwrap());
        world.put("capture.json", capture);
        world.put("bin", "");
        fs::remove_file(world.path("bin")).unwrap();
        fs::create_dir(world.path("bin")).unwrap();
        world.put("bin/aws", AWS);
        fs::set_permissions(world.path("bin/aws"), fs::Permissions::from_mode(0o755)).unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_ebs-preflight"));
        program.args(["check", "--capture", "capture.json", "--write-remedy", "cure"]).args(arguments);
        let output = program.current_dir(&world.0).env_clear().output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Runs a script with credentials of an account; whether it ended well, its calls, and what it said.
    fn run(&self, script: &str, account: &str) -> (bool, Vec<String>, String) {
        self.put("calls", "");
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        let mut shell = Command::new("sh");
        shell.arg(self.path("cure").join(script)).env_clear().env("PATH", path).env("WORLD", self.0.path());
        let output = shell.env("ACCOUNT", account).output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.success(), self.read("calls").lines().map(str::to_owned).collect(), said)
    }
}

const OWN: &str = "111122223333";
const APPLY: &str = "account-111122223333/apply.sh";
const UNDO: &str = "account-111122223333/undo.sh";

#[test]
fn a_policy_that_is_new_is_made_and_goes_again() {
    let world = World::of(INCIDENT, &[]);
    let (is_done, calls, said) = world.run(APPLY, OWN);
    assert!(is_done && said.contains("undo.sh"), "{said}");
    assert_eq!(calls, ["sts get-caller-identity", "iam get-role-policy", "iam put-role-policy"]);
    let name = "cure/account-111122223333/role-111122223333-StartJob-StartEncryptedInstances.json";
    assert_eq!(world.read("policy"), world.read(name));
    let (is_done, calls, said) = world.run(APPLY, OWN);
    assert_eq!((is_done, calls.len()), (false, 2), "it is there by now: {said}");
    let (is_done, calls, said) = world.run(UNDO, OWN);
    assert_eq!(
        (is_done, calls),
        (true, vec!["sts get-caller-identity".to_owned(), "iam delete-role-policy".to_owned()]),
        "{said}"
    );
    assert!(!world.path("policy").exists());
}

#[test]
fn a_policy_is_replaced_only_as_it_was_judged_and_comes_back() {
    let world = World::of(INCIDENT, &["--remedy-place", "key-policy"]);
    // Another layout is the same policy.
    let name = "key-111122223333-ap-northeast-1-1234abcd-12ab-34cd-56ef-1234567890ab.judged.json";
    let judged = world.read(&format!("cure/account-111122223333/{name}")).replace('\n', "\n\n ");
    world.put("policy", &judged);
    let (is_done, calls, said) = world.run(APPLY, OWN);
    assert_eq!(
        (is_done, calls),
        (true, ["sts get-caller-identity", "kms get-key-policy", "kms put-key-policy"].map(str::to_owned).to_vec()),
        "{said}"
    );
    assert!(world.read("policy").contains("GrantKeyToEC2ForStart"));
    assert!(world.run(UNDO, OWN).0);
    assert_eq!(world.read("policy"), judged);
    // Somebody has changed it since.
    let changed = judged.replacen("kms:", "kms:Get", 1);
    world.put("policy", &changed);
    let (is_done, calls, said) = world.run(APPLY, OWN);
    assert!(!is_done && said.contains("nothing was changed"), "{said}");
    assert_eq!(
        (calls, world.read("policy")),
        (["sts get-caller-identity", "kms get-key-policy"].map(str::to_owned).to_vec(), changed)
    );
}

#[test]
fn credentials_of_another_account_change_nothing() {
    let world = World::of(INCIDENT, &[]);
    let (is_done, calls, said) = world.run(APPLY, "444455556666");
    assert_eq!((is_done, calls), (false, vec!["sts get-caller-identity".to_owned()]), "{said}");
    assert!(said.contains("444455556666"), "{said}");
}

#[test]
fn a_grant_is_made_with_its_id_kept_and_revoked() {
    let world = World::of(INCIDENT, &["--remedy-place", "grant"]);
    assert!(world.run(APPLY, OWN).0);
    let (is_done, _, said) = world.run(UNDO, OWN);
    assert!(is_done && world.read("revoked").contains("--grant-id 0f1e2d3c"), "{said}");
}

#[test]
fn a_managed_policy_gets_a_version_while_there_is_room() {
    let world = World::of(include_str!("../captures/boundary-knows-ec2-only.json"), &[]);
    world.put("policy", &world.read("cure/account-111122223333/boundary-of-role-111122223333-StartJob.judged.json"));
    world.put("versions", "5\n");
    let (is_done, calls, said) = world.run(APPLY, OWN);
    assert!(!is_done && said.contains("five versions"), "{said}");
    assert!(!calls.iter().any(|call| call == "iam create-policy-version"), "{calls:?}");
    world.put("versions", "4\n");
    let (is_done, calls, said) = world.run(APPLY, OWN);
    assert!(is_done && calls.last().unwrap() == "iam create-policy-version", "{calls:?}: {said}");
    let (is_done, _, said) = world.run(UNDO, OWN);
    assert!(is_done && world.read("default").contains("--version-id v3"), "{said}");
}

#[test]
fn a_key_that_is_disabled_is_enabled_by_its_account() {
    let world = World::of(include_str!("../captures/key-disabled.json"), &[]);
    let (is_done, calls, said) = world.run(APPLY, OWN);
    assert_eq!((is_done, calls.last().map(String::as_str)), (true, Some("kms enable-key")), "{said}");
}

#[test]
fn an_empty_remedy_is_told() {
    let world = TempDir::new().unwrap();
    let capture = include_str!("../captures/key-gone.json");
    fs::write(world.path().join("capture.json"), capture).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_ebs-preflight"));
    program.args(["check", "--capture", "capture.json", "--write-remedy", "cure"]).current_dir(&world).env_clear();
    let output = program.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("nothing was written to `cure`"), "{said}");
    assert!(!world.path().join("cure").exists());
}

/// Values of one block stand in one column, as `terraform fmt` has them.
fn is_laid_out(text: &str) -> bool {
    let mut column = None;
    text.lines().all(|line| {
        let at = line.find(" = ").filter(|_| !line.trim_start().starts_with('"'));
        let is_like_the_last = at.is_none() || column.is_none() || at == column;
        column = at;
        is_like_the_last
    })
}

#[test]
fn terraform_and_cloudformation_take_what_is_written() {
    for place in ["identity", "key-policy", "grant"] {
        let world = World::of(INCIDENT, &["--remedy-place", place]);
        let folder = fs::read_dir(world.path("cure/account-111122223333")).unwrap();
        let mut seen = 0;
        for entry in folder {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if name.ends_with(".tf") {
                seen += 1;
                assert!(hcl::parse(&text).is_ok(), "{name}:\n{text}");
                assert!(is_laid_out(&text), "{name}:\n{text}");
            } else if name.ends_with(".template.json") {
                seen += 1;
                let template: Value = serde_json::from_str(&text).unwrap();
                let (_, resource) = template["Resources"].as_object().unwrap().iter().next().unwrap();
                let held = if place == "identity" { "PolicyDocument" } else { "KeyPolicy" };
                let policy: Value = serde_json::from_str(
                    &fs::read_to_string(path.with_file_name(name.replace(".template.json", ".json"))).unwrap(),
                )
                .unwrap();
                assert_eq!(resource["Properties"][held], policy, "{name}");
            }
        }
        assert_eq!(seen, if place == "grant" { 1 } else { 2 }, "{place}");
    }
}
