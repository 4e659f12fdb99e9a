use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
#[expect(deprecated, reason = "the SDK exports the types of its files under these names only")]
use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileSet};
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_sdk_sts::config::{Credentials, ProvideCredentials};

use super::Access;
use super::error::{CollectError, ErrorCode};
use super::failure::{causes, chain};
use super::guard::{GuardedClient, InClear};
use super::secrets::Secrets;
use crate::command::{Command, Word};
use crate::limits::CREDENTIAL_PROCESS_BYTES;
use crate::names::{ProfileName, Region, RoleArn};

/// How long a credential process or a sign-in may take: people stand behind them.
const LOAD_SECONDS: u64 = 60;

/// What to do where requests would go over the network unencrypted.
pub(super) const IN_CLEAR: &str = "give an https:// endpoint, or --allow-http where nobody else is on the way to it";

/// A variable of the environment; empty counts as unset, as in the AWS CLI.
pub(super) fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this edge reads the AWS settings of the environment")]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// How the user signs in again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Login {
    /// With IAM Identity Center, under this profile.
    Sso(String),
    /// With the console's session, under this profile.
    Console(String),
    /// By whatever this profile holds.
    Profile(String),
    /// With keys in the environment.
    Environment,
}

impl Login {
    fn of(profiles: Option<&ProfileSet>, given: Option<&str>) -> Self {
        if given.is_none() && variable("AWS_ACCESS_KEY_ID").is_some() {
            return Self::Environment;
        }
        let name = profile_name(given);
        let has = |key| profiles.and_then(|all| all.get_profile(&name)?.get(key)).is_some();
        if has("sso_session") || has("sso_start_url") {
            Self::Sso(name)
        } else if has("login_session") {
            Self::Console(name)
        } else {
            Self::Profile(name)
        }
    }

    /// What to type to have fresh credentials.
    pub(super) fn renew(&self) -> String {
        match self {
            Self::Sso(profile) => format!("run `{}`", with_profile(Command::aws("sso login"), profile)),
            Self::Console(profile) => format!("run `{}`", with_profile(Command::aws("login"), profile)),
            Self::Profile(profile) => format!("renew the credentials of profile `{profile}`"),
            Self::Environment => {
                "renew `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, or unset them".to_owned()
            }
        }
    }
}

/// A command for a profile; a name that no line can hold is to be filled in.
fn with_profile(command: Command, name: &str) -> Command {
    match ProfileName::parse(name) {
        Ok(name) => command.option("--profile", &name),
        Err(_) => command.option("--profile", Word::blank("PROFILE")),
    }
}

fn profile_name(given: Option<&str>) -> String {
    given.map(str::to_owned).or_else(|| variable("AWS_PROFILE")).unwrap_or_else(|| "default".to_owned())
}

#[expect(clippy::default_trait_access, reason = "the SDK does not export the types of its files and environment")]
async fn profiles() -> Option<ProfileSet> {
    aws_config::profile::load(&Default::default(), &Default::default(), &Default::default(), None).await.ok()
}

/// The Region to read in and where it came from: the option, then the environment, then the profile.
pub(super) async fn region(access: &Access) -> Result<(Region, String), CollectError> {
    let profiles = profiles().await;
    let profile = profile_name(access.profile.as_deref());
    let of_profile = || Some(profiles.as_ref()?.get_profile(&profile)?.get("region")?.to_owned());
    let found = access
        .region
        .clone()
        .map(|region| (region, "--region".to_owned()))
        .or_else(|| Some((variable("AWS_REGION")?, "AWS_REGION".to_owned())))
        .or_else(|| Some((variable("AWS_DEFAULT_REGION")?, "AWS_DEFAULT_REGION".to_owned())))
        .or_else(|| Some((of_profile()?, format!("profile {profile}"))));
    let Some((text, source)) = found else {
        return Err(CollectError::bad_input(
            "no Region is given, neither by option nor by environment nor by profile",
            "add `--region`, or set `AWS_REGION`",
        ));
    };
    match Region::parse(&text) {
        Ok(region) => Ok((region, source)),
        Err(error) => Err(CollectError::bad_input(format!("{error} (from {source})"), "give the Region's name")),
    }
}

/// The credentials of a profile, or those of the SDK's default chain; loaded once for the run.
pub(super) async fn load(
    profile: Option<&str>,
    region: &Region,
    http: &GuardedClient,
) -> Result<(Credentials, Login, Secrets), CollectError> {
    let profiles = profiles().await;
    let secrets = Secrets::of(profiles.as_ref());
    let login = Login::of(profiles.as_ref(), profile);
    if login != Login::Environment {
        let name = profile_name(profile);
        let known = profiles.as_ref().is_some_and(|all| all.get_profile(&name).is_some());
        if !known && (profile.is_some() || variable("AWS_PROFILE").is_some()) {
            return Err(CollectError::bad_input(
                format!("there is no profile `{name}`"),
                "`aws configure list-profiles` lists them",
            ));
        }
        refuse_mfa(profiles.as_ref(), &name)?;
    }
    let sdk_region = aws_config::Region::new(region.as_str().to_owned());
    let name = profile_name(profile);
    let process = process_of(profiles.as_ref(), &name).filter(|_| login != Login::Environment);
    let configuration =
        ProviderConfig::without_region().with_region(Some(sdk_region.clone())).with_http_client(http.clone());
    let loading = async {
        // The default chain would prefer keys of the environment to the profile that the user named, and bounds no process.
        if profile.is_some() || process.is_some() {
            let mut provider = ProfileFileCredentialsProvider::builder().configure(&configuration).profile_name(&name);
            if let Some((profile, command)) = process {
                provider = provider.profile_files(with_bounded_process(profile, command));
            }
            return provider.build().provide_credentials().await;
        }
        // Off EC2 nobody answers there; a second is enough to find that out.
        let metadata = aws_config::imds::Client::builder()
            .connect_timeout(Duration::from_secs(1))
            .read_timeout(Duration::from_secs(1))
            .max_attempts(1)
            .build();
        let chain =
            DefaultCredentialsChain::builder().configure(configuration).region(sdk_region).imds_client(metadata);
        let chain = chain.build().await;
        chain.provide_credentials().await
    };
    let help = match (&login, profile) {
        (Login::Sso(_) | Login::Console(_), _) => login.renew(),
        (Login::Profile(_) | Login::Environment, Some(name)) => {
            let ask = with_profile(Command::aws("sts get-caller-identity"), name);
            format!("see what profile `{name}` holds: `{ask}`")
        }
        (Login::Profile(_) | Login::Environment, None) => {
            "give `--profile`, or sign in as for the AWS CLI (environment, profile, container, EC2 instance \
             metadata: all were tried)"
                .to_owned()
        }
    };
    match tokio::time::timeout(Duration::from_secs(LOAD_SECONDS), Box::pin(loading)).await {
        Ok(Ok(credentials)) => {
            let secrets = secrets.with(&credentials);
            Ok((credentials, login, secrets))
        }
        Ok(Err(error)) => {
            if let Some(in_clear) = causes(&error).find(|cause| cause.is::<InClear>()) {
                return Err(CollectError::bad_input(in_clear.to_string(), IN_CLEAR));
            }
            let said = secrets.hidden_in(&chain(&error));
            let message = if said.contains("no credentials found in chain") {
                "no AWS credentials were found".to_owned()
            } else {
                format!("no AWS credentials could be loaded: {said}")
            };
            Err(CollectError::new(ErrorCode::NoCredentials, message, help))
        }
        Err(_) => {
            let message = format!("no AWS credentials came within {LOAD_SECONDS} seconds");
            Err(CollectError::new(ErrorCode::NoCredentials, message, help))
        }
    }
}

/// The credentials of a session of `role`, assumed with those of `config`; loaded once for the run.
pub(super) async fn assume(
    role: &str,
    external_id: Option<&str>,
    config: &aws_config::SdkConfig,
    secrets: &Secrets,
) -> Result<Credentials, CollectError> {
    if let Err(error) = RoleArn::parse(role) {
        return Err(CollectError::bad_input(error.to_string(), "expected `arn:aws:iam::account:role/name`"));
    }
    let mut provider = AssumeRoleProvider::builder(role).session_name(env!("CARGO_PKG_NAME")).configure(config);
    if let Some(id) = external_id {
        provider = provider.external_id(id);
    }
    // Boxed, as the SDK's futures are large.
    let session = Box::pin(async { provider.build().await.provide_credentials().await }).await;
    session.map_err(|error| {
        if let Some(in_clear) = causes(&error).find(|cause| cause.is::<InClear>()) {
            return CollectError::bad_input(in_clear.to_string(), IN_CLEAR);
        }
        CollectError::new(
            ErrorCode::NoCredentials,
            format!("`{role}` could not be assumed: {}", secrets.hidden_in(&chain(&error))),
            "its trust policy and your own policies must both allow sts:AssumeRole; where the trust policy asks for an \
             external ID, give `--external-id`",
        )
    })
}

/// The profile, among those that the one of this `name` builds on, for which a process prints the credentials, and the
/// command that runs it.
fn process_of<'p>(profiles: Option<&'p ProfileSet>, name: &'p str) -> Option<(&'p str, &'p str)> {
    let mut seen = Vec::new();
    let mut next = Some(name);
    while let Some(name) = next.filter(|name| !seen.contains(name)) {
        seen.push(name);
        let profile = profiles?.get_profile(name)?;
        if let Some(command) = profile.get("credential_process") {
            return Some((name, command));
        }
        next = profile.get("source_profile");
    }
    None
}

/// The profile files, with a process that prints no more than is read and whose noise nobody sees: the SDK reads all that
/// it prints, and shows what it prints on standard error.
#[expect(deprecated, reason = "the SDK exports the types of its files under these names only")]
fn with_bounded_process(profile: &str, command: &str) -> ProfileFiles {
    let section = if profile == "default" { profile.to_owned() } else { format!("profile {profile}") };
    let command = if cfg!(unix) && !command.contains('\n') {
        format!("({command}) 2>/dev/null | head -c {}", CREDENTIAL_PROCESS_BYTES.most())
    } else {
        command.to_owned()
    };
    ProfileFiles::builder()
        .include_default_config_file(true)
        .include_default_credentials_file(true)
        .with_contents(ProfileFileKind::Config, format!("[{section}]\ncredential_process = {command}\n"))
        .build()
}

/// The SDK cannot ask for an MFA code, and without one AWS would only say `AccessDenied`.
///
/// Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html>
fn refuse_mfa(profiles: Option<&ProfileSet>, name: &str) -> Result<(), CollectError> {
    let Some(profiles) = profiles else { return Ok(()) };
    let mut seen = Vec::new();
    let mut next = Some(name);
    while let Some(name) = next.filter(|name| !seen.contains(name)) {
        seen.push(name);
        let profile = profiles.get_profile(name);
        if profile.is_some_and(|profile| profile.get("mfa_serial").is_some() && profile.get("role_arn").is_some()) {
            return Err(CollectError::new(
                ErrorCode::NoCredentials,
                format!("profile `{name}` asks for an MFA code (`mfa_serial`), which this program cannot ask for"),
                format!(
                    "let the AWS CLI ask: `eval {}`, then run this again without the profile",
                    Word::output_of(
                        with_profile(Command::aws("configure export-credentials"), name).words("--format env")
                    )
                ),
            ));
        }
        next = profile.and_then(|profile| profile.get("source_profile"));
    }
    Ok(())
}
