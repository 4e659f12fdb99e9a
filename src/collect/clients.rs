use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_sts::config::{AppName, SharedCredentialsProvider};
use aws_sdk_sts::error::SdkError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use super::credentials::{self, Login};
use super::error::{CollectError, ErrorCode};
use super::failure::ReadError;
use super::guard::GuardedClient;
use super::pace::Pace;
use super::secrets::Secrets;
use super::xml::{Body, WholeAnswer};
use crate::calls::{DECODE_AUTHORIZATION_MESSAGE, GET_CALLER_IDENTITY, Read};
use crate::capture::Organization;
use crate::names::{AccountId, Region};

/// How AWS is reached: what the user said; what is left out comes from the environment and the profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The Region of the instances (`--region`).
    pub region: Option<String>,
    /// The profile whose credentials read; it outranks credentials in the environment.
    pub profile: Option<String>,
    /// One endpoint for all services, in place of those of the environment and the profile.
    pub endpoint_url: Option<String>,
    /// A profile in the account that owns the KMS keys, where that is another one.
    pub key_profile: Option<String>,
    /// A profile that may read the organization's policies.
    pub org_profile: Option<String>,
    /// The ARN of a role that the profile assumes to read, where it does not read itself.
    pub reader_role: Option<String>,
    /// The ARN of a role in the account that owns the KMS keys; the key profile assumes it, or else the profile.
    pub key_reader_role: Option<String>,
    /// The external ID that the trust policies of these roles ask for.
    pub external_id: Option<String>,
    /// Whether endpoints of other machines may be asked over plain `http`.
    pub allow_http: bool,
    /// How long one attempt at a request may take; 10 seconds if not given.
    pub attempt_timeout: Option<Duration>,
}

/// Whose credentials read: those of a profile or of the environment, or of a role that they assume.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity<'a> {
    profile: Option<&'a str>,
    role: Option<&'a str>,
}

impl Access {
    /// Who reads all that no other identity reads.
    pub(super) fn main(&self) -> Identity<'_> {
        Identity { profile: self.profile.as_deref(), role: self.reader_role.as_deref() }
    }

    /// Who reads keys of another account.
    pub(super) fn key(&self) -> Option<Identity<'_>> {
        let (profile, role) = (self.key_profile.as_deref(), self.key_reader_role.as_deref());
        (profile.is_some() || role.is_some()).then(|| Identity { profile: profile.or(self.profile.as_deref()), role })
    }

    /// Who reads the organization's policies.
    pub(super) fn org(&self) -> Option<Identity<'_>> {
        self.org_profile.as_deref().map(|profile| Identity { profile: Some(profile), role: None })
    }
}

/// Who the credentials belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) account: AccountId,
    pub(super) arn: String,
}

/// The clients of one set of credentials.
#[derive(Debug)]
pub(super) struct Clients {
    pub(super) ec2: aws_sdk_ec2::Client,
    pub(super) iam: aws_sdk_iam::Client,
    pub(super) kms: aws_sdk_kms::Client,
    pub(super) organizations: aws_sdk_organizations::Client,
    sts: aws_sdk_sts::Client,
    caller: OnceCell<Result<Caller, ReadError>>,
    /// The organization that these credentials' account is in.
    pub(super) membership: OnceCell<Result<Option<Organization>, ReadError>>,
    /// For clients that few commands need.
    config: SdkConfig,
    json: WholeAnswer,
    secrets: Arc<Secrets>,
    login: Login,
    region: Region,
    pace: Arc<Pace>,
}

impl Clients {
    /// Loads the credentials and makes the clients.
    pub(super) async fn load(
        access: &Access,
        Identity { profile, role }: Identity<'_>,
        region: &Region,
        pace: &Arc<Pace>,
    ) -> Result<Self, CollectError> {
        let http = GuardedClient::new(access.allow_http);
        let (credentials, login, mut secrets) = credentials::load(profile, region, &http).await?;
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .region(aws_config::Region::new(region.as_str().to_owned()))
            .http_client(http)
            .credentials_provider(credentials)
            .retry_config(retries()?)
            .timeout_config(timeouts(access.attempt_timeout));
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = &access.endpoint_url {
            secrets.add_url(url);
            loader = loader.endpoint_url(url);
        }
        if let Ok(name) = AppName::new("ebs-preflight") {
            loader = loader.app_name(name);
        }
        let mut config = loader.load().await;
        if let Some(role) = role {
            let credentials = credentials::assume(role, access.external_id.as_deref(), &config, &secrets).await?;
            secrets = secrets.with(&credentials);
            let provider = SharedCredentialsProvider::new(credentials);
            config = config.into_builder().credentials_provider(provider).build();
        }
        let secrets = Arc::new(secrets);
        let xml = WholeAnswer { secrets: Arc::clone(&secrets), is_xml: true };
        let json = WholeAnswer { is_xml: false, ..xml.clone() };
        let ec2 = aws_sdk_ec2::config::Builder::from(&config).interceptor(xml.clone()).build();
        let iam = aws_sdk_iam::config::Builder::from(&config).interceptor(xml.clone()).build();
        let sts = aws_sdk_sts::config::Builder::from(&config).interceptor(xml).build();
        let kms = aws_sdk_kms::config::Builder::from(&config).interceptor(json.clone()).build();
        let organizations = aws_sdk_organizations::config::Builder::from(&config).interceptor(json.clone()).build();
        Ok(Self {
            ec2: aws_sdk_ec2::Client::from_conf(ec2),
            iam: aws_sdk_iam::Client::from_conf(iam),
            sts: aws_sdk_sts::Client::from_conf(sts),
            kms: aws_sdk_kms::Client::from_conf(kms),
            organizations: aws_sdk_organizations::Client::from_conf(organizations),
            caller: OnceCell::new(),
            membership: OnceCell::new(),
            config,
            json,
            secrets,
            login,
            region: region.clone(),
            pace: Arc::clone(pace),
        })
    }

    /// Makes one read when its turn comes. A failure that every other read would share ends the run.
    pub(super) fn read<T, E>(
        &self,
        read: &Read,
        send: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> impl Future<Output = Result<T, ReadError>>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        // The SDK's futures are large; on the heap they do not add up in those that await them.
        let send = Box::pin(send);
        async move {
            let Some(_turn) = self.pace.turn().await else {
                return Err(ReadError::not_asked(read, "an earlier read ended the run"));
            };
            send.await.map_err(|error| {
                let failure = ReadError::from_sdk(read, &error).without(&self.secrets);
                if let Some(code) = failure.ends {
                    self.pace.end(self.refused_everywhere(code, &failure));
                }
                failure
            })
        }
    }

    /// Makes one read of a service that answers in JSON: what the SDK took of the answer, and all of it in AWS's own
    /// names. `send` has the SDK keep the body.
    pub(super) async fn read_json<T, E, A, S>(
        &self,
        read: &Read,
        send: impl FnOnce(Body) -> S,
    ) -> Result<(T, A), ReadError>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        A: DeserializeOwned,
        S: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let body = Body::default();
        let taken = self.read(read, send(body.clone())).await?;
        let answer = body.parsed().map_err(|error| ReadError::unexpected(read, error.to_string()))?;
        Ok((taken, answer))
    }

    fn refused_everywhere(&self, code: ErrorCode, failure: &ReadError) -> CollectError {
        let said = &failure.unread.message;
        if code == ErrorCode::BadInput {
            return CollectError::bad_input(said.clone(), credentials::IN_CLEAR);
        }
        let (what, help) = if code == ErrorCode::ExpiredCredentials {
            ("the credentials have expired", self.login.renew())
        } else if code == ErrorCode::RegionNotEnabled {
            ("the Region is not enabled", format!("enable {} for the account", self.region))
        } else {
            let renew = self.login.renew();
            let also = format!("see also that the account has enabled {} and that the clock is right", self.region);
            ("AWS does not accept the credentials", format!("{renew}; {also}"))
        };
        CollectError::new(code, format!("{what}: {said}"), help)
    }

    /// CloudTrail in a Region.
    pub(super) fn cloudtrail(&self, region: &str) -> aws_sdk_cloudtrail::Client {
        let region = aws_sdk_cloudtrail::config::Region::new(region.to_owned());
        aws_sdk_cloudtrail::Client::from_conf(
            aws_sdk_cloudtrail::config::Builder::from(&self.config)
                .region(region)
                .interceptor(self.json.clone())
                .build(),
        )
    }

    /// What an encoded authorization failure message says.
    pub(super) async fn decode(&self, message: &str) -> Result<String, ReadError> {
        let call = self.sts.decode_authorization_message().encoded_message(message).send();
        let answer = self.read(&DECODE_AUTHORIZATION_MESSAGE, call).await?;
        let missing = || ReadError::unexpected(&DECODE_AUTHORIZATION_MESSAGE, "the answer holds no message");
        answer.decoded_message.ok_or_else(missing)
    }

    /// Who the credentials belong to; asked once.
    pub(super) async fn caller(&self) -> Result<Caller, ReadError> {
        let ask = || async {
            let answer = self.read(&GET_CALLER_IDENTITY, self.sts.get_caller_identity().send()).await?;
            match (answer.account.as_deref().map(AccountId::parse), answer.arn) {
                (Some(Ok(account)), Some(arn)) => Ok(Caller { account, arn }),
                _ => Err(ReadError::unexpected(&GET_CALLER_IDENTITY, "the answer names no account")),
            }
        };
        self.caller.get_or_init(ask).await.clone()
    }

    /// The account of the credentials, if STS told it.
    pub(super) async fn account(&self) -> Option<AccountId> {
        self.caller().await.ok().map(|caller| caller.account)
    }
}

fn timeouts(attempt: Option<Duration>) -> TimeoutConfig {
    let attempt = attempt.unwrap_or(Duration::from_secs(10));
    TimeoutConfig::builder()
        .operation_attempt_timeout(attempt)
        .operation_timeout(attempt.max(Duration::from_mins(1)))
        .build()
}

/// Standard retries; their number may be set as everywhere with the AWS SDKs.
fn retries() -> Result<RetryConfig, CollectError> {
    let attempts = match credentials::variable("AWS_MAX_ATTEMPTS") {
        None => 5,
        Some(text) => text.parse().ok().filter(|attempts| *attempts > 0).ok_or_else(|| {
            CollectError::bad_input(
                format!("`AWS_MAX_ATTEMPTS` is `{text}`"),
                "set it to a whole number from 1, or unset it",
            )
        })?,
    };
    Ok(RetryConfig::standard().with_max_attempts(attempts))
}
