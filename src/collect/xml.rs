use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::secrets::Secrets;
use crate::document::Document;

/// Refuses an answer that repeats the credentials, and an XML answer that is not closed to its root element.
///
/// The SDK's XML reader takes a body that ends early for a whole one: cut before the token of the next page it
/// reads as the last page, cut inside a volume as a volume without a key.
#[derive(Debug, Clone)]
pub(super) struct WholeAnswer {
    pub(super) secrets: Arc<Secrets>,
    pub(super) is_xml: bool,
}

/// What AWS never does: such facts would carry the credentials into the capture.
#[derive(Debug, Error)]
#[error("the answer repeats the credentials that asked for it, so nothing of it is taken")]
pub(super) struct Echo;

/// A body that ends before its root element does.
#[derive(Debug, Error)]
#[error("the answer was cut short: its XML is not closed")]
pub(super) struct CutShort;

impl Intercept for WholeAnswer {
    fn name(&self) -> &'static str {
        "WholeAnswer"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // An answer that the SDK refuses already keeps its own error, and with it its retries.
        if context.output_or_error().is_err() {
            return Ok(());
        }
        let body = context.response().body().bytes().unwrap_or_default();
        if self.is_xml && !is_closed(body) {
            return Err(CutShort.into());
        }
        if self.secrets.are_in(body) { Err(Echo.into()) } else { Ok(()) }
    }
}

/// The body of an answer in JSON, which says more than the SDK's types have members for.
#[derive(Debug, Clone, Default)]
pub(super) struct Body(Arc<Mutex<Vec<u8>>>);

impl Body {
    /// The answer in AWS's own names.
    pub(super) fn parsed<A: DeserializeOwned>(&self) -> serde_json::Result<A> {
        serde_json::from_slice(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intercept for Body {
    fn name(&self) -> &'static str {
        "Body"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().unwrap_or_default();
        body.clone_into(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(())
    }
}

/// Whether the text's last tag closes its first element.
pub(super) fn is_closed(body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body) else { return false };
    let mut text = text.trim_start_matches('\u{feff}').trim();
    while text.starts_with("<?") || text.starts_with("<!") {
        let Some((_, rest)) = text.split_once('>') else { return false };
        text = rest.trim_start();
    }
    let Some(inner) = text.strip_prefix('<') else { return false };
    let name: &str = inner.split([' ', '\t', '\r', '\n', '/', '>']).next().unwrap_or_default();
    let ends_itself = inner.split_once('>').is_some_and(|(tag, rest)| tag.ends_with('/') && rest.is_empty());
    let closing = text.strip_suffix('>').and_then(|head| head.trim_end().strip_suffix(name));
    !name.is_empty() && (ends_itself || closing.is_some_and(|head| head.ends_with("</")))
}

/// A policy document as IAM sends it: percent-encoded, or plain from some emulators.
///
/// `+` is left alone: IAM writes a blank as `%20`. `None` if the bytes are no UTF-8.
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html>
pub(super) fn document(sent: &str) -> Option<Document> {
    if sent.trim_start().starts_with('{') {
        return Some(Document::new(sent));
    }
    percent_decode_str(sent).decode_utf8().ok().map(Document::new)
}
