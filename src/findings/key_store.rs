//! What a custom key store tells, and how it is connected again.

use crate::capture::{CustomKeyStore, KeyMetadata};
use crate::command::Command;
use crate::names::{KeyArn, KeyStoreId};

use super::{Code, Fact, Finding, Severity};

/// Of a key that is `Enabled`: the key state tells nothing of the key store, so its connection decides.
pub(super) fn finding(arn: &KeyArn, metadata: &KeyMetadata, store: &CustomKeyStore) -> Finding {
    let severity = match store.connection_state.known().map(String::as_str) {
        Some("CONNECTED") => Severity::Note,
        Some("DISCONNECTED" | "FAILED") => Severity::Blocker,
        _ => Severity::Warning,
    };
    let mut evidence = facts(metadata, store);
    if severity == Severity::Blocker {
        evidence.extend(cure(arn, store));
    }
    Finding::new(Code::CustomKeyStore, severity, evidence)
}

/// What the key store tells of itself, and what stands behind it.
pub(super) fn facts(metadata: &KeyMetadata, store: &CustomKeyStore) -> Vec<Fact> {
    let connection = store.connection_state.known().map_or("not known", String::as_str);
    let mut facts = vec![Fact::state("connection", connection), Fact::state("key store", &store.id)];
    facts.extend(store.error_code.as_ref().map(|code| Fact::state("error code", code)));
    facts.extend(behind(metadata).map(|behind| Fact::state("behind it", behind)));
    facts
}

/// What KMS must reach.
///
/// Sources: <https://docs.aws.amazon.com/kms/latest/developerguide/connect-keystore.html>,
/// <https://docs.aws.amazon.com/kms/latest/developerguide/about-xks-connecting.html>
fn behind(metadata: &KeyMetadata) -> Option<&'static str> {
    match metadata.origin.as_str() {
        "AWS_CLOUDHSM" => Some("an AWS CloudHSM cluster: it must be active, with at least one active HSM"),
        "EXTERNAL_KEY_STORE" => {
            Some("an external key store proxy: AWS KMS must reach it, and it must reach the external key manager")
        }
        _ => None,
    }
}

/// The commands that connect it again; one whose connection failed must be disconnected first.
pub(super) fn cure(arn: &KeyArn, store: &CustomKeyStore) -> Vec<Fact> {
    let failed = store.connection_state.known().is_some_and(|state| state == "FAILED");
    let (connect, disconnect) = ("kms connect-custom-key-store", "kms disconnect-custom-key-store");
    let calls = if failed { &[disconnect, connect][..] } else { &[connect] };
    let Ok(store) = KeyStoreId::parse(&store.id) else { return Vec::new() };
    let command =
        |words| Command::aws(words).option("--custom-key-store-id", &store).option("--region", &arn.in_region());
    calls.iter().map(|words| Fact::Command { what: "cure", command: command(words) }).collect()
}
