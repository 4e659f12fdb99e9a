//! Files and standard streams.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::exit::Exit;
use super::failure::CliError;
use crate::document::Position;
use crate::escape::escape;
use crate::limits::{self, INPUT_BYTES, INPUTS_BYTES, Limit};
use crate::paste::decoded;

/// Reads a text file; `-` is standard input.
pub(super) fn read(path: &Path) -> Result<String, CliError> {
    text(path, read_bytes(path)?)
}

/// Reads a text file in whatever encoding, which is told where it is not UTF-8; `-` is standard input.
///
/// Only for texts of which AWS's own words are read, which every encoding writes alike.
pub(super) fn read_any(path: &Path) -> Result<String, CliError> {
    let bytes = unpacked(path, read_bytes(path)?)?;
    let text = match decoded(bytes) {
        Ok((text, None)) => text,
        Ok((text, Some(encoding))) => {
            print_error(&format!("note: `{}`: read as {encoding} text\n", path.display()));
            text
        }
        Err(bytes) => plain(path, bytes)?,
    };
    within_limits(path, text)
}

/// Reads a file as it is; `-` is standard input.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, CliError> {
    let unreadable = |error: &std::io::Error| {
        let message = format!("`{}` cannot be read: {error}", path.display());
        CliError::bad_input("file-unreadable", message, "check the path, or give `-` to read from standard input")
    };
    let read = if path == Path::new("-") {
        at_most(INPUT_BYTES, std::io::stdin())
    } else {
        std::fs::File::open(path).and_then(|file| at_most(INPUT_BYTES, file))
    };
    let bytes = read.map_err(|error| unreadable(&error))?.ok_or_else(|| too_large(path, "is larger", INPUT_BYTES))?;
    taken_in(path, bytes.len())?;
    Ok(bytes)
}

/// Reads to the end; `None` where that is behind the bound.
fn at_most(limit: Limit, input: impl std::io::Read) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    // One byte more tells that there is more.
    input.take(limit.most() as u64 + 1).read_to_end(&mut bytes)?;
    Ok((!limit.is_past(bytes.len())).then_some(bytes))
}

/// Counts what is read in one run: each file may be small, and a folder of them is not.
fn taken_in(path: &Path, bytes: usize) -> Result<(), CliError> {
    static READ: AtomicUsize = AtomicUsize::new(0);
    let before = READ.fetch_add(bytes, Ordering::Relaxed);
    if INPUTS_BYTES.is_past(before.saturating_add(bytes)) {
        return Err(too_large(path, "and the files before it are larger", INPUTS_BYTES));
    }
    Ok(())
}

const TOO_LARGE: &str = "file-too-large";

fn too_large(path: &Path, what: &str, limit: Limit) -> CliError {
    let message = format!("`{}` {what} than {limit}", path.display());
    CliError::bad_input(TOO_LARGE, message, "give the part that matters; docs/limits.md tells how much is read")
}

/// The bytes of a file, out of gzip.
fn unpacked(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, CliError> {
    let unreadable = |message: String, help: &str| {
        CliError::bad_input("file-unreadable", format!("`{}` {message}", path.display()), help)
    };
    Ok(match bytes.as_slice() {
        [0x1f, 0x8b, ..] => {
            let unpacker = flate2::read::MultiGzDecoder::new(bytes.as_slice());
            let unpacked = at_most(INPUT_BYTES, unpacker).map_err(|error| {
                unreadable(format!("is gzipped and cannot be unpacked: {error}"), "copy the file again")
            })?;
            let unpacked = unpacked.ok_or_else(|| too_large(path, "is gzipped and unpacks to more", INPUT_BYTES))?;
            taken_in(path, unpacked.len())?;
            unpacked
        }
        [b'P', b'K', 3, 4, ..] => {
            return Err(unreadable(
                "is a ZIP archive".to_owned(),
                "unpack it (unzip FILE), and give the file or the folder",
            ));
        }
        _ => bytes,
    })
}

/// The text that was read from `path`: gzipped or in UTF-16, too, as PowerShell writes it.
pub(super) fn text(path: &Path, bytes: Vec<u8>) -> Result<String, CliError> {
    within_limits(path, plain(path, unpacked(path, bytes)?)?)
}

fn within_limits(path: &Path, text: String) -> Result<String, CliError> {
    match limits::passed(&text) {
        None => Ok(text),
        Some(limit) => Err(too_large(path, "holds JSON of more", limit)),
    }
}

fn plain(path: &Path, bytes: Vec<u8>) -> Result<String, CliError> {
    let units = |of: fn([u8; 2]) -> u16| bytes.chunks_exact(2).skip(1).map(|pair| of(two(pair))).collect::<Vec<_>>();
    let units = match bytes.as_slice() {
        [0xff, 0xfe, ..] => units(u16::from_le_bytes),
        [0xfe, 0xff, ..] => units(u16::from_be_bytes),
        _ => {
            let bytes = match bytes.contains(&0).then(|| decoded(bytes.clone())) {
                // UTF-16 without its mark.
                Some(Ok((text, Some(_)))) => {
                    print_error(&format!("note: `{}`: read as UTF-16 text\n", path.display()));
                    return Ok(text);
                }
                Some(_) | None => bytes,
            };
            return String::from_utf8(bytes).map_err(|error| {
                let before = error.as_bytes().utf8_chunks().next().map(|chunk| chunk.valid()).unwrap_or_default();
                let position = Position::of(before, before.len());
                let message =
                    format!("`{}`:{position}: this is not UTF-8 text: a byte fits no character", path.display());
                CliError::bad_input("file-not-text", message, "save the file as UTF-8")
            });
        }
    };
    let text = String::from_utf16(&units).ok().filter(|_| bytes.len().is_multiple_of(2)).ok_or_else(|| {
        let message = format!("`{}` begins as UTF-16 text and is none", path.display());
        CliError::bad_input("file-not-text", message, "save the file as UTF-8")
    })?;
    print_error(&format!("note: `{}`: read as UTF-16 text\n", path.display()));
    Ok(text)
}

fn two(pair: &[u8]) -> [u8; 2] {
    pair.try_into().unwrap_or_default()
}

/// The files of a folder in the order of their names, with their text if they are text. Hidden ones are nobody's
/// evidence; a folder within counts as a file that is no text.
pub(super) fn read_folder(path: &Path) -> Result<Vec<(PathBuf, Option<String>)>, CliError> {
    folder_entries(path)?.map(|(path, text)| Ok((path, text?.ok()))).collect()
}

/// What becomes of reading a file of a folder: a bound that is passed ends it.
type Entry = (PathBuf, Result<Result<String, CliError>, CliError>);

fn folder_entries(path: &Path) -> Result<impl Iterator<Item = Entry> + use<>, CliError> {
    let unreadable = |error: std::io::Error| {
        let message = format!("`{}` cannot be read: {error}", path.display());
        CliError::bad_input("file-unreadable", message, "check the path")
    };
    let entries = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unreadable)?;
    let is_hidden = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with('.');
    let mut paths: Vec<_> = entries.into_iter().filter(|entry| !is_hidden(entry)).map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths.into_iter().map(|path| {
        if !path.is_file() {
            let message = format!("`{}` is not a file", path.display());
            return (path, Ok(Err(CliError::bad_input("file-unreadable", message, "check the path"))));
        }
        let text = match read_bytes(&path).and_then(|bytes| text(&path, bytes)) {
            Err(failure) if failure.code == TOO_LARGE => Err(failure),
            read => Ok(read),
        };
        (path, text)
    }))
}

/// A file of a folder, with its text or why it has none.
pub(super) type File = (PathBuf, Result<String, CliError>);

/// How deep folders of evidence are read.
const DEPTH: usize = 8;

/// The files of a folder and of the folders in it in the order of their paths, each with its text or why it has none.
/// Hidden ones are nobody's evidence.
pub(super) fn read_tree(path: &Path) -> Result<Vec<File>, CliError> {
    let (mut found, mut folders) = (Vec::new(), vec![(path.to_owned(), 0)]);
    while let Some((folder, depth)) = folders.pop() {
        for (path, text) in folder_entries(&folder)? {
            if path.is_dir() && depth < DEPTH {
                folders.push((path, depth + 1));
            } else {
                found.push((path, text?));
            }
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(found)
}

/// Writes a file whole or not at all, readable by its owner only; `-` is standard output.
pub(super) fn write(path: &Path, text: &str, force: bool) -> Result<(), CliError> {
    if path == Path::new("-") {
        return print(text);
    }
    may_be_written(path, force)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = temporary(folder, text).map_err(|error| unwritable(path, &error))?;
    let written = if force { file.persist(path) } else { file.persist_noclobber(path) };
    written.map(drop).map_err(|error| {
        if error.error.kind() == std::io::ErrorKind::AlreadyExists {
            exists(path)
        } else {
            unwritable(path, &error.error)
        }
    })
}

/// Writes files, by name, into a folder that is made if it is not there: all of them or none.
pub(super) fn write_all(folder: &Path, files: &[(String, String)], force: bool) -> Result<(), CliError> {
    if folder.is_symlink() {
        let message = format!("`{}` is a symbolic link", folder.display());
        return Err(CliError::bad_input("file-unwritable", message, "give the directory itself"));
    }
    let is_new = !folder.exists();
    std::fs::create_dir_all(folder).map_err(|error| {
        let message = format!("`{}` cannot be made: {error}", folder.display());
        CliError::bad_input("file-unwritable", message, "give another directory")
    })?;
    let mut made: Vec<PathBuf> = Vec::new();
    let written = files
        .iter()
        .try_for_each(|(name, _)| {
            let path = folder.join(name);
            let parent = path.parent().filter(|parent| *parent != folder);
            parent.map_or(Ok(()), |parent| make_folder(parent, &mut made))?;
            may_be_written(&path, force)
        })
        .and_then(|()| put(folder, files, force));
    if written.is_err() {
        made.extend(is_new.then(|| folder.to_owned()));
        for folder in made {
            // It stays where somebody else has put something into it.
            let _ = std::fs::remove_dir(folder);
        }
    }
    written
}

/// Makes a folder within that of the files, if it is not there; none that leads elsewhere is taken for it.
fn make_folder(folder: &Path, made: &mut Vec<PathBuf>) -> Result<(), CliError> {
    match std::fs::create_dir(folder) {
        Ok(()) => made.push(folder.to_owned()),
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(unwritable(folder, &error)),
        Err(_) if std::fs::symlink_metadata(folder).is_ok_and(|there| there.is_dir()) => {}
        Err(_) => {
            let message = format!("`{}` is not a directory", folder.display());
            return Err(CliError::bad_input("file-exists", message, "remove it, or give another directory"));
        }
    }
    Ok(())
}

/// Writes the files into a folder beside, and then moves each to its place; should one fail, all go back.
pub(super) fn put(folder: &Path, files: &[(String, String)], force: bool) -> Result<(), CliError> {
    let beside = tempfile::Builder::new().prefix(".ebs-preflight-").tempdir_in(folder);
    let beside = beside.map_err(|error| unwritable(folder, &error))?;
    let write = |(name, text): &(String, String)| {
        let path = folder.join(name);
        let file = temporary(beside.path(), text).map_err(|error| unwritable(&path, &error))?;
        Ok((path, file))
    };
    let new = files.iter().map(write).collect::<Result<Vec<_>, CliError>>()?;
    let mut moved: Vec<(PathBuf, Option<PathBuf>)> = Vec::new();
    for (number, (path, file)) in new.into_iter().enumerate() {
        let old = beside.path().join(format!("old-{number}"));
        // Somebody may have put something else there meanwhile.
        let is_file = || std::fs::symlink_metadata(&path).is_ok_and(|there| there.is_file());
        let has_old = force && is_file() && std::fs::rename(&path, &old).is_ok();
        let old = has_old.then_some(old);
        let failed = file.persist_noclobber(&path).err();
        if failed.is_none() {
            moved.push((path.clone(), old));
        } else if let Some(old) = old {
            let _ = std::fs::rename(old, &path);
        }
        if let Some(error) = failed {
            for (path, old) in moved.into_iter().rev() {
                let _ = std::fs::remove_file(&path);
                let _ = old.map(|old| std::fs::rename(old, &path));
            }
            let is_there = error.error.kind() == std::io::ErrorKind::AlreadyExists;
            return Err(if is_there { exists(&path) } else { unwritable(&path, &error.error) });
        }
    }
    Ok(())
}

/// A file with this text, readable by its owner only, in this folder.
fn temporary(folder: &Path, text: &str) -> std::io::Result<tempfile::NamedTempFile> {
    // A temporary file is made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(escape(text).as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// What is there already is replaced only if it is a file of its own, and somebody says so.
fn may_be_written(path: &Path, force: bool) -> Result<(), CliError> {
    match std::fs::symlink_metadata(path) {
        Err(_) => Ok(()),
        Ok(_) if !force => Err(exists(path)),
        Ok(there) if there.is_file() => Ok(()),
        Ok(there) => {
            let what = if there.is_symlink() { "a symbolic link" } else { "no regular file" };
            let message = format!("`{}` is {what}, and is not replaced", path.display());
            Err(CliError::bad_input("file-exists", message, "remove it, or give another path"))
        }
    }
}

fn exists(path: &Path) -> CliError {
    let message = format!("`{}` exists", path.display());
    CliError::bad_input("file-exists", message, "give --force to replace it, or another path")
}

fn unwritable(path: &Path, error: &std::io::Error) -> CliError {
    let message = format!("`{}` cannot be written: {error}", path.display());
    CliError::bad_input("file-unwritable", message, "give another path with --output")
}

/// Prints on standard output. A reader that went away is no error of ours.
pub(super) fn print(text: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    out.write_all(escape(text).as_bytes()).and_then(|()| out.flush()).or_else(|error| lost(&error))
}

/// What becomes of an error of standard output.
pub(super) fn lost(error: &std::io::Error) -> Result<(), CliError> {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        return Ok(());
    }
    Err(CliError {
        exit: Exit::NoVerdict,
        code: "output-unwritable",
        message: format!("standard output cannot be written: {error}"),
        help: "see where it goes, and that there is space".to_owned(),
    })
}

/// Prints a note or an error on standard error.
pub(super) fn print_error(text: &str) {
    let _ = std::io::stderr().lock().write_all(below_its_first_line(text).as_bytes());
}

/// A note or an error with every line but the first indented: names of others may hold line ends, and none of them begins
/// a line that looks like one of ours.
pub(super) fn below_its_first_line(text: &str) -> String {
    let mut shown = String::new();
    for (number, line) in escape(text).lines().enumerate() {
        let indent = if number == 0 || line.is_empty() { "" } else { "  " };
        shown.extend([indent, line, "\n"]);
    }
    shown
}
