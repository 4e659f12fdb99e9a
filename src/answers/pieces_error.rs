use thiserror::Error;

use super::document::HandedError;
use super::mangled::{Mangled, plain};
use super::pieces::{EvidenceFile, IdleReason};
use super::transcript::TranscriptError;
use crate::capture::CaptureError;
use crate::document::Position;

/// Why evidence in pieces cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PiecesError {
    /// A file was changed on its way, or is nothing that can be read.
    #[error("`{file}`: {error}")]
    NotTaken {
        /// The file.
        file: String,
        /// What is wrong with it.
        error: Box<HandedError>,
    },
    /// A transcript cannot be read.
    #[error("`{file}`: {error}")]
    Transcript {
        /// The file.
        file: String,
        /// What is wrong with it.
        error: Box<TranscriptError>,
    },
    /// A capture cannot be read.
    #[error("`{file}`: {error}")]
    Capture {
        /// The file.
        file: String,
        /// What is wrong with it.
        error: Box<CaptureError>,
    },
    /// Files do not say what they are of.
    #[error("{}", lines(.0))]
    Unknown(Vec<Question>),
    /// Two files say something else of the same thing, and which is newer is not told.
    #[error("`{one}` and `{other}` contradict each other: {of}")]
    Differ {
        /// What they are of.
        of: String,
        /// One file.
        one: String,
        /// The other.
        other: String,
    },
    /// No file tells anything of the starts.
    #[error("nothing in these files tells of the start")]
    Nothing(Vec<(String, IdleReason)>),
    /// What the files tell together contradicts itself.
    #[error("{0}")]
    Contradiction(Box<CaptureError>),
}

/// A file that does not say what it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The file.
    pub file: String,
    /// What it does not say.
    pub what: &'static str,
    /// What it may be of, as it is typed before the file's name.
    pub one_of: Vec<String>,
}

fn lines(questions: &[Question]) -> String {
    let lines = questions.iter().map(|question| format!("`{}` does not say {}", question.file, question.what));
    lines.collect::<Vec<_>>().join("\n")
}

impl PiecesError {
    /// A sign that mail puts in place of another stands in the file.
    pub(super) fn changed(file: &EvidenceFile, sign: char) -> Self {
        let position = Position::of(&file.text, file.text.find(sign).unwrap_or_default());
        let error = match plain(sign) {
            Some((damage, _)) => HandedError::Mangled(Mangled { damage, position, seems: None, repair: None }),
            None => HandedError::Other("the text was changed on its way here".to_owned()),
        };
        Self::NotTaken { file: file.path.clone(), error: Box::new(error) }
    }
}
