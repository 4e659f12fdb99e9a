//! The SDK's HTTP client between bounds: no request in clear to another machine, no answer without end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt as _, Limited};
use thiserror::Error;

use crate::limits::{ANSWER_BYTES, ANSWERS_BYTES};

/// A request that would go to another machine unencrypted.
#[derive(Debug, Error)]
#[error(
    "the endpoint `{0}` is another machine and not encrypted: what is asked, and the session token, could be read on the way"
)]
pub(super) struct InClear(String);

/// All answers of the run are more than is taken.
#[derive(Debug, Error)]
#[error("all answers together are more than {ANSWERS_BYTES}")]
pub(super) struct TooMuch;

/// The client that all requests of a run go through, those for credentials included.
#[derive(Debug, Clone)]
pub(super) struct GuardedClient {
    allow_http: bool,
    /// Bytes that came in answers.
    came: Arc<AtomicU64>,
    // The settings of all clients of a run are the same, and one connector keeps their connections.
    connector: Arc<OnceLock<SharedHttpConnector>>,
}

impl GuardedClient {
    /// Returns a client that sends to plain `http` of other machines only if `allow_http`.
    pub(super) fn new(allow_http: bool) -> Self {
        Self { allow_http, came: Arc::default(), connector: Arc::default() }
    }
}

impl HttpClient for GuardedClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let connector = self.connector.get_or_init(|| {
            let mut builder = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
            builder.set_connector_settings(Some(settings.clone()));
            builder.set_sleep_impl(components.sleep_impl());
            builder.set_proxy_config(Some(ProxyConfig::from_env()));
            SharedHttpConnector::new(builder.build())
        });
        let guard = Guard { inner: connector.clone(), allow_http: self.allow_http, came: Arc::clone(&self.came) };
        SharedHttpConnector::new(guard)
    }
}

#[derive(Debug)]
struct Guard {
    inner: SharedHttpConnector,
    allow_http: bool,
    came: Arc<AtomicU64>,
}

impl HttpConnector for Guard {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if !self.allow_http && is_in_clear(request.uri()) {
            let endpoint = format!("http://{}", address(request.uri().strip_prefix("http://").unwrap_or_default()));
            return HttpConnectorFuture::ready(Err(ConnectorError::user(InClear(endpoint).into())));
        }
        if self.came.load(Ordering::Relaxed) > ANSWERS_BYTES.most() as u64 {
            return HttpConnectorFuture::ready(Err(ConnectorError::user(TooMuch.into())));
        }
        let (call, came) = (self.inner.call(request), Arc::clone(&self.came));
        HttpConnectorFuture::new(async move {
            let bounded = |body: SdkBody| {
                let came = Arc::clone(&came);
                let counted = body.map_frame(move |frame| {
                    if let Some(data) = frame.data_ref() {
                        came.fetch_add(data.len() as u64, Ordering::Relaxed);
                    }
                    frame
                });
                SdkBody::from_body_1_x(Limited::new(counted, ANSWER_BYTES.most()))
            };
            call.await.map(|response| response.map(bounded))
        })
    }
}

/// Returns `true` for plain `http` to another machine. What answers on a loopback or link-local address, as the metadata
/// services do, is this one.
///
/// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>
fn is_in_clear(uri: &str) -> bool {
    let Some(rest) = uri.strip_prefix("http://") else { return false };
    let address = address(rest);
    let host = match address.strip_prefix('[').and_then(|address| address.split_once(']')) {
        Some((host, _)) => host,
        None => address.split(':').next().unwrap_or_default(),
    };
    let is_own = match host.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        // `fd00:ec2::/32` is the metadata services' own.
        Ok(std::net::IpAddr::V6(address)) => {
            address.is_loopback() || address.is_unicast_link_local() || address.segments().starts_with(&[0xfd00, 0xec2])
        }
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    };
    !is_own
}

/// Host and port of what follows `http://`, without a password.
fn address(rest: &str) -> &str {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::is_in_clear;

    #[test]
    fn only_plain_http_to_other_machines_is_in_clear() {
        for own in [
            "https://kms.eu-west-1.amazonaws.com/",
            "http://127.0.0.1:4566/",
            "http://localhost:4566",
            "http://kms.localhost:4566/?x",
            "http://[::1]:4566/",
            "http://169.254.170.2/v2/credentials",
            "http://[fd00:ec2::254]/latest/meta-data",
        ] {
            assert!(!is_in_clear(own), "{own}");
        }
        for other in [
            "http://10.0.0.5:4566/",
            "http://localstack:4566",
            "http://kms.example.com",
            "http://127.0.0.1.example.com/",
            "http://localhost@evil.example.com/",
            "http://[2001:db8::1]:4566/",
        ] {
            assert!(is_in_clear(other), "{other}");
        }
    }
}
