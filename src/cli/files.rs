//! Files and standard streams.

use std::io::{Read as _, Write as _};
use std::path::Path;

use super::failure::Failure;
use crate::report::escape;

/// Reads a text file; `-` is standard input.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    text(path, read_bytes(path)?)
}

/// Reads a file as it is; `-` is standard input.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: &std::io::Error| {
        let message = format!("`{}` cannot be read: {error}", path.display());
        Failure::bad_input("file-unreadable", message, "check the path, or give `-` to read from standard input")
    };
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    } else {
        let mut file = std::fs::File::open(path).map_err(|error| unreadable(&error))?;
        file.read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    }
    Ok(bytes)
}

/// The text that was read from `path`.
pub(super) fn text(path: &Path, bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let message = format!("`{}` is not UTF-8 text: byte {at} fits no character", path.display());
        Failure::bad_input("file-not-text", message, "save the file as UTF-8")
    })
}

/// The text of every file of a folder, in the order of their names.
pub(super) fn read_folder(path: &Path) -> Result<String, Failure> {
    let unreadable = |error: std::io::Error| {
        let message = format!("`{}` cannot be read: {error}", path.display());
        Failure::bad_input("file-unreadable", message, "check the path")
    };
    let entries = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unreadable)?;
    let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    paths.sort();
    let texts: Vec<String> = paths.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    Ok(texts.join("\n"))
}

/// Writes a file whole or not at all, readable by its owner only; `-` is standard output.
pub(super) fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    if path == Path::new("-") {
        print(text);
        return Ok(());
    }
    let failed = |error: &dyn std::fmt::Display| {
        let message = format!("`{}` cannot be written: {error}", path.display());
        Failure::bad_input("file-unwritable", message, "give another path with --output")
    };
    let exists = || {
        let message = format!("`{}` exists", path.display());
        Failure::bad_input("file-exists", message, "give --force to replace it, or another path with --output")
    };
    if !force && path.exists() {
        return Err(exists());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A temporary file is made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(|error| failed(&error))?;
    if force {
        file.persist(path).map_err(|error| failed(&error.error))?;
    } else {
        file.persist_noclobber(path).map_err(|error| {
            if error.error.kind() == std::io::ErrorKind::AlreadyExists { exists() } else { failed(&error.error) }
        })?;
    }
    Ok(())
}

/// Writes files, by name, into a folder that is made if it is not there; none if one exists, unless `force`.
pub(super) fn write_all(folder: &Path, files: &[(String, String)], force: bool) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| {
        let message = format!("`{}` cannot be made: {error}", folder.display());
        Failure::bad_input("file-unwritable", message, "give another directory")
    })?;
    if let Some((name, _)) = files.iter().find(|(name, _)| !force && folder.join(name).exists()) {
        return write(&folder.join(name), "", false);
    }
    files.iter().try_for_each(|(name, text)| write(&folder.join(name), text, force))
}

/// Prints on standard output. A reader that went away is no error of ours.
pub(super) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints on standard error, where text from files and from AWS moves no cursor.
pub(super) fn print_error(text: &str) {
    let _ = std::io::stderr().lock().write_all(escape(text).as_bytes());
}
