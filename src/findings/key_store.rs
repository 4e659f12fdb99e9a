//! What a custom key store tells, and how it is connected again.

use crate::capture::{CustomKeyStore, KeyMetadata};
use crate::command::Command;
use crate::names::KeyArn;

use super::{Code, Evidence, Finding, Severity};

/// Of a key in a custom key store: the key state tells nothing of the store, so its connection decides besides.
///
/// `CONNECTED` does not mean that the connection works.
/// Source: <https://docs.aws.amazon.com/kms/latest/developerguide/xks-connect-disconnect.html>
pub(super) fn finding(arn: &KeyArn, metadata: &KeyMetadata) -> Option<Finding> {
    let Some(store) = &metadata.custom_key_store else {
        let is_in_one = matches!(metadata.origin.as_str(), "AWS_CLOUDHSM" | "EXTERNAL_KEY_STORE");
        let evidence =
            vec![Evidence::state("origin", &metadata.origin), Evidence::unread("its key store", "kms:DescribeKey")];
        return is_in_one.then(|| Finding::new(Code::CustomKeyStore, Severity::Undecided, evidence));
    };
    // The finding on that state holds all this.
    if metadata.state == "Unavailable" {
        return None;
    }
    let mut evidence = facts(metadata, store);
    let severity = match store.connection_state.known().map(String::as_str) {
        Some("CONNECTED") => Severity::Warning,
        Some("DISCONNECTED" | "FAILED") => {
            evidence.extend(cure(arn, metadata, store));
            Severity::Blocker
        }
        // On its way to one or the other, or a state of tomorrow.
        Some(_) => {
            evidence.push(settles(call("kms describe-custom-key-stores", arn, store)));
            Severity::Undecided
        }
        None => {
            evidence.push(Evidence::unread("the connection of the key store", "kms:DescribeCustomKeyStores"));
            Severity::Undecided
        }
    };
    Some(Finding::new(Code::CustomKeyStore, severity, evidence))
}

fn settles(command: Command) -> Evidence {
    Evidence::Command { what: "settled by", command }
}

fn cures(command: Command) -> Evidence {
    Evidence::Command { what: "fix", command }
}

/// What the key store tells of itself, and what stands behind it.
pub(super) fn facts(metadata: &KeyMetadata, store: &CustomKeyStore) -> Vec<Evidence> {
    let connection = store.connection_state.known().map_or("not known", String::as_str);
    let mut facts = vec![Evidence::state("connection", connection), Evidence::state("key store", store.id.as_str())];
    facts.extend(store.error_code.as_ref().map(|code| Evidence::state("error code", code)));
    facts.extend(behind(metadata).map(|behind| Evidence::state("backing store", behind)));
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

/// What mends a connection that failed, between disconnecting and connecting again: in words, and the options of
/// `update-custom-key-store`, if KMS must be told something.
type Mend = (&'static str, Option<&'static str>);

const PASSWORD: Option<&str> = Some("--key-store-password PASSWORD");
const CREDENTIAL: Option<&str> = Some("--xks-proxy-authentication-credential file://credential.json");
const CLUSTER: Option<&str> = Some("--cloud-hsm-cluster-id CLUSTER");
const ENDPOINT: Option<&str> = Some("--xks-proxy-uri-endpoint URL --xks-proxy-uri-path PATH");
const SERVICE: Option<&str> = Some("--xks-proxy-vpc-endpoint-service-name NAME");

/// Connection error codes, and what each asks for. Only of `INVALID_CREDENTIALS` it depends on the kind of key store.
///
/// Sources: <https://docs.aws.amazon.com/kms/latest/APIReference/API_CustomKeyStoresListEntry.html>,
/// <https://docs.aws.amazon.com/kms/latest/developerguide/fix-keystore.html>,
/// <https://docs.aws.amazon.com/kms/latest/developerguide/xks-troubleshooting.html>
const MENDS: &[(&str, Mend)] = &[
    ("NETWORK_ERRORS", ("wait until the network is back, and try again", None)),
    ("INTERNAL_ERROR", ("wait, and try again", None)),
    ("USER_LOCKED_OUT", ("change the password of kmsuser in the cluster, and tell KMS the new one", PASSWORD)),
    ("USER_LOGGED_IN", ("log kmsuser out of the cluster; if you changed its password, tell KMS the new one", PASSWORD)),
    ("USER_NOT_FOUND", ("create kmsuser in the cluster as a crypto user, and tell KMS its password", PASSWORD)),
    ("CLUSTER_NOT_FOUND", ("check the cluster's ID; if it is gone, restore it from a backup and name it", CLUSTER)),
    ("SUBNET_NOT_FOUND", ("a subnet of the cluster is gone: restore the cluster from a backup and name it", CLUSTER)),
    ("INSUFFICIENT_CLOUDHSM_HSMS", ("add an HSM to the cluster, and wait until it is active", None)),
    ("INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET", ("free an address in each private subnet of the cluster", None)),
    ("XKS_PROXY_ACCESS_DENIED", ("look at the proxy's own rules: it refuses AWS KMS", None)),
    ("XKS_PROXY_NOT_REACHABLE", ("have the proxy and the key manager running; correct the endpoint", ENDPOINT)),
    ("XKS_PROXY_INVALID_CONFIGURATION", ("have the proxy and the key manager agree; correct the path", ENDPOINT)),
    ("XKS_PROXY_TIMED_OUT", ("try again; if it lasts, ask the vendor of the proxy", None)),
    ("XKS_PROXY_INVALID_RESPONSE", ("try again; if it lasts, ask the vendor of the proxy", None)),
    (
        "XKS_PROXY_INVALID_TLS_CONFIGURATION",
        ("have the proxy speak TLS 1.2 or 1.3; look at its certificate's date, name and authority", None),
    ),
    ("XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND", ("correct the name of the VPC endpoint service", SERVICE)),
    (
        "XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION",
        (
            "have the VPC endpoint service allow cks.kms.REGION.amazonaws.com, ask for no acceptance, span two zones and \
             verify its private DNS name",
            None,
        ),
    ),
];

/// What the error code of a failed connection asks for.
fn mend(store: &CustomKeyStore, origin: &str) -> Option<Mend> {
    let code = store.error_code.as_deref()?;
    if code == "INVALID_CREDENTIALS" {
        return Some(match origin {
            "EXTERNAL_KEY_STORE" => ("tell KMS the credential that the proxy takes", CREDENTIAL),
            _ => ("tell KMS the present password of kmsuser", PASSWORD),
        });
    }
    MENDS.iter().find(|(known, _)| *known == code).map(|(_, mend)| *mend)
}

fn call(words: &'static str, arn: &KeyArn, store: &CustomKeyStore) -> Command {
    Command::aws(words).option("--custom-key-store-id", &store.id).option("--region", &arn.in_region())
}

/// What connects it again. One whose connection failed is disconnected first, and what its error code tells is mended
/// before it is connected.
pub(super) fn cure(arn: &KeyArn, metadata: &KeyMetadata, store: &CustomKeyStore) -> Vec<Evidence> {
    let connect = || call("kms connect-custom-key-store", arn, store);
    let then = Evidence::state("then", "it takes some minutes: look at the connection again");
    if store.connection_state.known().is_none_or(|state| state != "FAILED") {
        return vec![cures(connect()), then];
    }
    let mend = mend(store, &metadata.origin);
    let update = mend
        .and_then(|(_, options)| options)
        .map(|options| call("kms update-custom-key-store", arn, store).words(options));
    let calls = [Some(call("kms disconnect-custom-key-store", arn, store)), update, Some(connect())];
    let words = mend.map(|(words, _)| Evidence::state("before that", words));
    words.into_iter().chain(calls.into_iter().flatten().map(cures)).chain([then]).collect()
}
