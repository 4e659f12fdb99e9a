//! From what was typed to what is used: the one place of validation.

use std::path::Path;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use jiff::Timestamp;

use crate::answers::Origin;
use crate::capture::Target;
use crate::change::answers;
use crate::command::Command;
use crate::engine::NamedPolicy;
use crate::names::{Arn, IamName, InstanceId, PrincipalArn, SessionName, UserArn};
use crate::operations::{GivenPolicy, MayState, Question, Stated, may_state};
use crate::policy::{PolicyError, PolicyType};

use super::args::{Knowledge, Starts};
use super::failure::CliError;
use super::files;

pub(super) fn instance(text: &str) -> Result<InstanceId, CliError> {
    InstanceId::parse(text).map_err(|error| {
        CliError::bad_input("malformed-instance-id", error.to_string(), "`aws ec2 describe-instances` lists the IDs")
    })
}

/// The ARN of a role, of a session of one, or of a user.
pub(super) fn principal(text: &str) -> Result<PrincipalArn, CliError> {
    UserArn::parse(text).map_or_else(|_| role(text), |user| Ok(PrincipalArn::User(user)))
}

/// A role's ARN or a session's; for everything else the command that finds the role.
pub(super) fn role(text: &str) -> Result<PrincipalArn, CliError> {
    if let Ok(role @ (PrincipalArn::Role(_) | PrincipalArn::Session(_))) = PrincipalArn::parse(text) {
        return Ok(role);
    }
    let bad = |message: String, help: String| Err(CliError::bad_input("not-a-role", message, help));
    let list = || Command::aws("iam list-roles").option("--query", "Roles[].Arn").to_string();
    if let Ok(user) = UserArn::parse(text) {
        return bad(
            format!("`{text}` is a user, not a role"),
            format!("if the user itself starts the instance: {}", Command::options().option("--principal-arn", &user)),
        );
    }
    let Ok(arn) = Arn::parse(text) else {
        if let Ok(name) = IamName::parse(text.rsplit('/').next().unwrap_or(text)) {
            let find = Command::aws("iam get-role").option("--role-name", &name);
            return bad(
                format!("`{text}` is a role's name, not its ARN"),
                find.words("--query Role.Arn --output text").to_string(),
            );
        }
        return bad(format!("`{text}` is not a role ARN: expected `arn:aws:iam::account:role/name`"), list());
    };
    let profile = arn.resource().strip_prefix("instance-profile/").map(|name| name.rsplit('/').next().unwrap_or(name));
    if let Some(name) = profile.and_then(|name| IamName::parse(name).ok()) {
        let find = Command::aws("iam get-instance-profile")
            .option("--instance-profile-name", &name)
            .option("--query", "InstanceProfile.Roles[].Arn")
            .words("--output text");
        return bad(
            format!("`{text}` is an instance profile, not a role"),
            format!(
                "{find}\n\
                 But the instance's own role does not start it: give the role of whoever calls StartInstances"
            ),
        );
    }
    bad(format!("`{text}` is not a role ARN: expected `arn:aws:iam::account:role/name`"), list())
}

/// What is asked, and what is stated besides.
pub(super) fn question(starts: &Starts) -> Result<Question, CliError> {
    let (typed, remedy) = (&starts.knowledge, &starts.remedy);
    let caller = typed.caller_arn.as_deref().map(PrincipalArn::parse).transpose().map_err(|error| {
        let help = "give the role, session or user that calls sts:AssumeRole; a service goes by no ARN";
        CliError::bad_input("malformed-caller", error.to_string(), help)
    })?;
    let session_policies =
        typed.session_policy.iter().map(|path| session_policy(path)).collect::<Result<Vec<_>, _>>()?;
    let mut context = typed.context.iter().map(|text| stated(text)).collect::<Result<Vec<_>, _>>()?;
    each_once(&context)?;
    let is_address = |one: &Stated| one.key.eq_ignore_ascii_case("aws:SourceIp");
    let of_context = context.iter().find(|one| is_address(one)).map(|one| one.value.clone());
    context.retain(|one| !is_address(one));
    if let (Some(address), Some(other)) = (&of_context, &typed.source_ip)
        && address != other
    {
        return Err(twice("aws:SourceIp"));
    }
    let source_ip = typed.source_ip.clone().or(of_context);
    let session_tags = typed
        .session_tag
        .iter()
        .map(|text| pair(text, "--session-tag").map(|(key, value)| (key.to_owned(), value.to_owned())))
        .collect::<Result<Vec<(String, String)>, _>>()?;
    for (number, (key, _)) in session_tags.iter().enumerate() {
        if session_tags.iter().take(number).any(|(earlier, _)| earlier.eq_ignore_ascii_case(key)) {
            // STS tells no case apart in the keys of session tags.
            let message = format!("the session tag `{key}` is given twice");
            return Err(CliError::bad_input(
                "session-tag-twice",
                message,
                "STS refuses it: give each tag once, in one case",
            ));
        }
    }
    if let Some(address) = &source_ip
        && !address.is_empty()
        && address.parse::<std::net::IpAddr>().is_err()
    {
        let message = format!("`{address}` is not an IP address");
        return Err(CliError::bad_input("malformed-address", message, "give one address, as --source-ip 203.0.113.10"));
    }
    if let Some(name) = &typed.session_name
        && SessionName::parse(name).is_err()
    {
        let message = format!("`{name}` is not a session name: letters, digits and +=,.@_- only");
        return Err(CliError::bad_input(
            "malformed-session-name",
            message,
            "it is what follows the last `/` of a session ARN",
        ));
    }
    let at: Option<Timestamp> = match &typed.at {
        Some(text) => Some(text.parse().map_err(|error| {
            let message = format!("`{text}` is not a time: {error}");
            CliError::bad_input("malformed-time", message, "give it as 2026-11-24T09:00:00Z")
        })?),
        None => None,
    };
    Ok(Question {
        not_captured: Vec::new(),
        caller,
        external_id: starts.reader.external_id.clone(),
        require: starts.require,
        session_name: typed.session_name.clone(),
        session_policies,
        session_tags,
        no_session_tags: typed.no_session_tags,
        context,
        source_ip,
        at,
        // Who asks of another time asks how old the evidence is then.
        now: Some(at.unwrap_or_else(clock)),
        assume_org_allows: typed.assume_org_allows,
        fix_warnings: remedy.fix_warnings,
        remedy_place: remedy.place,
        remedy_style: remedy.style,
    })
}

fn clock() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the heart has no clock, and is given this one")]
    Timestamp::now()
}

/// A user has no session, so nothing of one may be stated.
pub(super) fn no_session_of_users(typed: &Knowledge, targets: &[Target]) -> Result<(), CliError> {
    let given = [
        ("--caller-arn", typed.caller_arn.is_some()),
        ("--session-name", typed.session_name.is_some()),
        ("--session-policy", !typed.session_policy.is_empty()),
        ("--session-tag", !typed.session_tag.is_empty()),
        ("--no-session-tags", typed.no_session_tags),
    ];
    let user = targets.iter().find(|target| matches!(target.role_arn, PrincipalArn::User(_)));
    match (user, given.iter().find(|(_, is_given)| *is_given)) {
        (Some(user), Some((flag, _))) => Err(CliError::bad_input(
            "no-session",
            format!("`{}` is a user, who has no session", user.role_arn),
            format!("leave {flag} out, or give the role that starts the instance"),
        )),
        (_, _) => Ok(()),
    }
}

pub(super) fn pair<'t>(text: &'t str, flag: &str) -> Result<(&'t str, &'t str), CliError> {
    text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(|| {
        CliError::bad_input("malformed-pair", format!("`{text}` is not KEY=VALUE"), format!("give {flag} KEY=VALUE"))
    })
}

/// A context key with one value is stated once; the several values of others add up.
fn each_once(stated: &[Stated]) -> Result<(), CliError> {
    for (number, one) in stated.iter().enumerate() {
        let mut earlier = stated.iter().take(number).filter(|other| other.key.eq_ignore_ascii_case(&one.key));
        let may_have_several = may_state(&one.key) == MayState::Many && !one.value.is_empty();
        if earlier.any(|other| !may_have_several || other.value.is_empty()) {
            return Err(twice(&one.key));
        }
    }
    Ok(())
}

fn twice(key: &str) -> CliError {
    let message = format!("the context key `{key}` is stated twice");
    CliError::bad_input("context-key-twice", message, "a request carries one value of it: state one")
}

fn stated(text: &str) -> Result<Stated, CliError> {
    let (key, value) = pair(text, "--context")?;
    if may_state(key) == MayState::Nothing {
        return Err(CliError::bad_input(
            "derived-context-key",
            format!("`{key}` cannot be stated: its value follows from what is read"),
            "only context keys that nobody can read may be stated, as aws:MultiFactorAuthPresent",
        ));
    }
    Ok(Stated { key: key.to_owned(), value: value.to_owned() })
}

fn session_policy(path: &Path) -> Result<GivenPolicy, CliError> {
    Ok(GivenPolicy(Arc::new(policy(path, PolicyType::Session)?)))
}

/// A policy from a file.
pub(super) fn policy(path: &Path, kind: PolicyType) -> Result<NamedPolicy, CliError> {
    let text = files::read(path)?;
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    accepted(&name, &Source { path, text: &text, origin: &Origin::default() }, &text, kind)
}

/// The file that a policy stands in.
pub(super) struct Source<'f> {
    pub(super) path: &'f Path,
    pub(super) text: &'f str,
    /// Where in it the policy stands.
    pub(super) origin: &'f Origin,
}

/// A policy that was handed in, if AWS would accept it.
pub(super) fn accepted(name: &str, source: &Source<'_>, text: &str, kind: PolicyType) -> Result<NamedPolicy, CliError> {
    NamedPolicy::parse(name, text, kind).map_err(|errors| {
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        let (title, help) = if is_json {
            ("AWS would reject this policy", "AWS would reject this policy; correct it and try again")
        } else {
            (
                "this is no whole JSON document",
                "a policy is one JSON document, and nothing stands around it in the file",
            )
        };
        CliError::bad_input("policy-refused", excerpt(source, title, &errors), help)
    })
}

/// A draft that AWS would not save, with what it answers.
pub(super) fn refused(source: &Source<'_>, kind: PolicyType, faults: &[PolicyError]) -> CliError {
    let help = format!("AWS answers {}", answers(kind, faults).join("\nAWS answers "));
    CliError::bad_input("policy-refused", excerpt(source, "AWS would reject this policy", faults), help)
}

/// Every fault of a policy with the lines around it, as they stand in the file.
fn excerpt(source: &Source<'_>, title: &str, errors: &[PolicyError]) -> String {
    let path = source.path.display().to_string();
    let reports: Vec<_> = errors
        .iter()
        .map(|error| {
            let (start, end) = (source.origin.offset(error.span.start), source.origin.offset(error.span.end));
            let end = end.clamp(start, source.text.len());
            let problem = error.problem.to_string();
            let snippet = Snippet::source(source.text)
                .path(&path)
                .annotation(AnnotationKind::Primary.span(start.min(end)..end).label(problem));
            Level::ERROR.primary_title(title).element(snippet)
        })
        .collect();
    let drawn = Renderer::plain().render(&reports);
    drawn.strip_prefix("error: ").unwrap_or(&drawn).to_owned()
}
