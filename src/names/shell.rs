use std::borrow::Cow;

/// Whether a shell reads a name as it is: AWS's names hold none of a shell's signs.
pub(crate) fn is_plain_word(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=,.@_-/:".contains(&b))
}

/// A name as one word of a command that people paste into a shell: in quotes where a shell would read more into it.
///
/// AWS's own names hold no sign of a shell but in IAM paths; those of a file that was handed in may hold any.
pub(crate) fn shell_word(name: &str) -> Cow<'_, str> {
    // No word holds a NUL.
    shlex::try_quote(name).unwrap_or(Cow::Borrowed("''"))
}
