//! What no output, no capture and no error may show.

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use aws_config::profile::ProfileSet;
use aws_sdk_sts::config::Credentials;

use super::credentials::variable;

/// How many characters in a row tell a secret: few enough to find a part of one, too many to occur by chance.
const PART: usize = 12;

/// Credentials as AWS gives them have 20 characters and more; what is shorter is a placeholder of an emulator, as `test`,
/// which may well be a word of its answers.
const SHORTEST: usize = 20;

type Window = [u8; PART];

/// A password that somebody has chosen may be this short; what is shorter says nothing that could be kept secret.
const SHORTEST_PASSWORD: usize = 4;

/// Variables that may hold the URL of a proxy or of an endpoint, and a password in it.
///
/// Sources: <https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-proxy.html>,
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>
const URLS: [&str; 13] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_CLOUDTRAIL",
    "AWS_ENDPOINT_URL_EC2",
    "AWS_ENDPOINT_URL_IAM",
    "AWS_ENDPOINT_URL_KMS",
    "AWS_ENDPOINT_URL_ORGANIZATIONS",
    "AWS_ENDPOINT_URL_STS",
];

/// Access keys and session tokens of the environment, the profiles and whatever was loaded with them, and the passwords of
/// proxies and endpoints.
#[derive(Clone, Default)]
pub(super) struct Secrets {
    parts: HashSet<Window>,
    /// Passwords too short to be told by a part.
    passwords: BTreeSet<Vec<u8>>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

impl Secrets {
    /// Returns what the environment and the profiles hold.
    pub(super) fn of(profiles: Option<&ProfileSet>) -> Self {
        let mut secrets = Self::default();
        for name in [
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_SECURITY_TOKEN",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        ] {
            if let Some(text) = variable(name) {
                secrets.add(&text);
            }
        }
        for name in URLS {
            if let Some(url) = variable(name) {
                secrets.add_url(&url);
            }
        }
        let profiles = profiles.into_iter().flat_map(|all| all.profiles().filter_map(|name| all.get_profile(name)));
        for profile in profiles {
            for name in ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"] {
                if let Some(text) = profile.get(name) {
                    secrets.add(text);
                }
            }
            if let Some(url) = profile.get("endpoint_url") {
                secrets.add_url(url);
            }
        }
        secrets
    }

    /// Adds credentials that were loaded.
    pub(super) fn with(mut self, credentials: &Credentials) -> Self {
        self.add(credentials.access_key_id());
        self.add(credentials.secret_access_key());
        if let Some(token) = credentials.session_token() {
            self.add(token);
        }
        self
    }

    fn add(&mut self, text: &str) {
        if text.len() >= SHORTEST {
            self.parts.extend(text.as_bytes().windows(PART).filter_map(|window| Window::try_from(window).ok()));
        }
    }

    /// Adds the password in a URL, or what stands alone in its place.
    pub(super) fn add_url(&mut self, url: &str) {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        // A password that is not encoded may hold any sign: what stands before the last `@` of the authority is taken.
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let Some((login, _)) = authority.rsplit_once('@') else { return };
        let password = login.split_once(':').map_or(login, |(_, password)| password);
        let bytes: Vec<u8> = signs(password.as_bytes()).iter().map(|sign| sign.byte).collect();
        if let Some(text) = str::from_utf8(&bytes).ok().filter(|text| text.len() >= SHORTEST) {
            self.add(text);
        } else if bytes.len() >= SHORTEST_PASSWORD {
            self.passwords.insert(bytes);
        }
    }

    /// Returns `true` if a part of a secret stands in `text`.
    pub(super) fn are_in(&self, text: &[u8]) -> bool {
        self.found(&signs(text)).next().is_some()
    }

    /// Returns `text` without any part of a secret.
    pub(super) fn hidden_in(&self, text: &str) -> String {
        let signs = signs(text.as_bytes());
        let mut shown = String::new();
        let mut from = 0;
        let whole = self.passwords.iter().flat_map(|password| places(password, &signs));
        let mut found: Vec<(usize, usize)> = self.found(&signs).chain(whole).collect();
        found.sort_unstable();
        for (start, end) in found {
            if start > from || from == 0 {
                shown.push_str(text.get(from..start).unwrap_or_default());
                shown.push_str("[secret]");
            }
            from = from.max(end);
        }
        shown.push_str(text.get(from..).unwrap_or_default());
        shown
    }

    /// Where parts of secrets begin and end, in order; they may overlap.
    fn found(&self, signs: &[Sign]) -> impl Iterator<Item = (usize, usize)> {
        signs.windows(PART).filter_map(|window| {
            let mut bytes = [0; PART];
            bytes.iter_mut().zip(window).for_each(|(byte, sign)| *byte = sign.byte);
            let (first, last) = (window.first()?, window.last()?);
            self.parts.contains(&bytes).then_some((first.start, last.end))
        })
    }
}

/// Where a password begins and ends.
fn places(password: &[u8], signs: &[Sign]) -> impl Iterator<Item = (usize, usize)> {
    let is_it = |window: &&[Sign]| window.iter().map(|sign| sign.byte).eq(password.iter().copied());
    signs.windows(password.len()).filter(is_it).filter_map(|window| Some((window.first()?.start, window.last()?.end)))
}

/// A byte of a text as it was before URLs, JSON or XML escaped it, and where it stands.
struct Sign {
    byte: u8,
    start: usize,
    end: usize,
}

fn signs(text: &[u8]) -> Vec<Sign> {
    let mut signs = Vec::with_capacity(text.len());
    let mut start = 0;
    while let Some(rest) = text.get(start..).filter(|rest| !rest.is_empty()) {
        let (byte, length) = unescaped(rest);
        signs.push(Sign { byte, start, end: start + length });
        start += length;
    }
    signs
}

/// The first byte of a text and how many it takes.
fn unescaped(text: &[u8]) -> (u8, usize) {
    let number = |digits: Option<&[u8]>, radix| {
        let digits = digits.and_then(|digits| str::from_utf8(digits).ok())?;
        u8::from_str_radix(digits, radix).ok().filter(u8::is_ascii)
    };
    match text {
        [b'%', ..] => number(text.get(1..3), 16).map(|byte| (byte, 3)),
        [b'\\', b'u', b'0', b'0', ..] => number(text.get(4..6), 16).map(|byte| (byte, 6)),
        [b'\\', other @ (b'/' | b'\\' | b'"'), ..] => Some((*other, 2)),
        [b'&', b'#', b'x' | b'X', ..] => {
            number(text.get(3..5), 16).filter(|_| text.get(5) == Some(&b';')).map(|byte| (byte, 6))
        }
        [b'&', b'#', ..] => number(text.get(2..4), 10).filter(|_| text.get(4) == Some(&b';')).map(|byte| (byte, 5)),
        _ => None,
    }
    .unwrap_or((text.first().copied().unwrap_or_default(), 1))
}

#[cfg(test)]
mod tests;
