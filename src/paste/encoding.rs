use encoding_rs::{Encoding, GBK, SHIFT_JIS, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Returns the text of `bytes` and the encoding that it is in, where that is not UTF-8; the bytes if they are no text.
///
/// A byte order mark decides. Without one, text of ASCII that is written in two bytes a character shows by its zeros;
/// other bytes are those of the first encoding that knows them all: Japanese and Chinese consoles still write code
/// pages of their own, and what they do not write a Western one did.
pub(crate) fn decoded(bytes: Vec<u8>) -> Result<(String, Option<&'static str>), Vec<u8>> {
    match String::from_utf8(bytes) {
        Ok(text) if text.contains('\0') => two_bytes(text.as_bytes()).ok_or_else(|| text.into_bytes()),
        Ok(text) => Ok((text, None)),
        Err(error) => other(error.as_bytes()).ok_or_else(|| error.into_bytes()),
    }
}

/// The text of bytes that are no UTF-8.
fn other(bytes: &[u8]) -> Option<(String, Option<&'static str>)> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return strict(encoding, bytes.get(mark..)?);
    }
    two_bytes(bytes).or_else(|| {
        if bytes.contains(&0) {
            return None;
        }
        [SHIFT_JIS, GBK, WINDOWS_1252].into_iter().find_map(|encoding| strict(encoding, bytes))
    })
}

fn strict(encoding: &'static Encoding, bytes: &[u8]) -> Option<(String, Option<&'static str>)> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?.into_owned();
    let is_text = !text.chars().any(|found| found.is_control() && !found.is_ascii_whitespace() && found != '\u{1b}');
    is_text.then(|| (text, Some(encoding.name())))
}

/// Text in UTF-16 without its mark, if at least half of the bytes say so.
fn two_bytes(bytes: &[u8]) -> Option<(String, Option<&'static str>)> {
    let zeros = |from: usize| bytes.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    if bytes.len() < 4 || !bytes.len().is_multiple_of(2) || 4 * even.max(odd) < bytes.len() {
        return None;
    }
    strict(if odd > even { UTF_16LE } else { UTF_16BE }, bytes)
}
