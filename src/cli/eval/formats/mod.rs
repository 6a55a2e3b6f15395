//! Files of labelled sentences, in the layouts that public sets come in.
//!
//! - here: what a row is, which reader a file gets, and what can be wrong with it.
//! - `table`: CSV. `json`: CLINC150's layout, and plain lists.
//! - `lines`: Rasa's training files and xSID's CoNLL.

mod json;
mod lines;
mod table;

use std::path::{Path, PathBuf};

/// One sentence, and the answer it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// As it was written.
    pub text: String,
    /// The answer's name, or one of [`NONE_LABELS`].
    pub label: String,
}

/// Labels that say that none of the answers fits: HINT3's and CLINC150's.
pub const NONE_LABELS: [&str; 2] = ["NO_NODES_DETECTED", "oos"];

impl Labelled {
    /// Whether none of the answers fits.
    #[must_use]
    pub fn is_out_of_scope(&self) -> bool {
        NONE_LABELS.contains(&self.label.as_str())
    }
}

/// How a file is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum FileFormat {
    /// A header, then rows; columns `sentence` and `label` anywhere among others.
    Csv,
    /// `{"train": [[text, label], …], "test": …}`, or one such list.
    Json,
    /// Rasa's training data, Markdown or YAML.
    Rasa,
    /// Blocks with `# text = …` and `# intent = …`, as in xSID.
    Conll,
}

/// What a file is read for, where one file holds both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// To train on.
    Train,
    /// To ask.
    Test,
}

/// A file of labelled sentences that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct ReadError {
    /// Which file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a file of labelled sentences. Lines count from 1.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The file cannot be opened.
    #[error("it cannot be read ({0})")]
    Unreadable(std::io::Error),
    /// Nothing says how it is laid out.
    #[error("its name does not tell its format; name it with --input csv, json, rasa or conll")]
    UnknownFormat,
    /// Bytes that are no text.
    #[error("line {line} is not UTF-8; save the file as UTF-8")]
    NotUtf8 {
        /// The first such line.
        line: usize,
    },
    /// A table without a column that is needed.
    #[error("the header has no column {wanted}, only {found}; rename the column in the first line")]
    NoColumn {
        /// Which names would do.
        wanted: String,
        /// What there is.
        found: String,
    },
    /// A row that does not fit the header.
    #[error(
        "line {line} has {found} fields and the header has {wanted}; a sentence with a comma \
         stands in double quotes, and quotes in it are doubled"
    )]
    Fields {
        /// Where the row begins.
        line: u64,
        /// How many it has.
        found: u64,
        /// How many it should have.
        wanted: u64,
    },
    /// A label over several lines: a quote was opened and not closed.
    #[error("line {line} has a label of several lines; most likely a double quote is not closed")]
    OpenQuote {
        /// Where the row begins.
        line: u64,
    },
    /// Any other fault of a table.
    #[error("it is no CSV ({0})")]
    Csv(csv::Error),
    /// A row or block without a label.
    #[error(
        "line {line} has a sentence without a label; write NO_NODES_DETECTED where none of the \
         answers fits"
    )]
    NoLabel {
        /// Where the sentence is.
        line: u64,
    },
    /// Not JSON.
    #[error("it is no JSON ({0})")]
    Json(serde_json::Error),
    /// JSON of another shape.
    #[error(
        "{place} is not [text, label] and no object with text and label; every sentence needs both"
    )]
    NotARow {
        /// Where in the file.
        place: String,
    },
    /// JSON that is neither a list nor an object with the lists that are wanted.
    #[error("it has no list {wanted}; found {found}")]
    NoPart {
        /// Which lists would do.
        wanted: &'static str,
        /// What there is.
        found: String,
    },
    /// Nothing in it.
    #[error("it has no labelled sentence; is {0} its format?")]
    Empty(&'static str),
}

/// Reads the labelled sentences of `path`, in the file's order; its name tells the format if
/// `format` does not.
///
/// # Errors
/// [`ReadError`] when it cannot be read, or not to its end.
pub fn read(
    path: &Path,
    format: Option<FileFormat>,
    part: Part,
) -> Result<Vec<Labelled>, ReadError> {
    let of = |problem| ReadError { path: path.to_owned(), problem };
    // A name that is mistyped tells no format, either.
    let bytes = std::fs::read(path).map_err(|error| of(Problem::Unreadable(error)))?;
    let format = format.or_else(|| format_of(path)).ok_or_else(|| of(Problem::UnknownFormat))?;
    parse(&bytes, format, part).map_err(of)
}

/// The labelled sentences in `bytes`.
///
/// # Errors
/// [`Problem`] for the first thing that is wrong.
pub fn parse(bytes: &[u8], format: FileFormat, part: Part) -> Result<Vec<Labelled>, Problem> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            let good = bytes.iter().take(error.valid_up_to());
            let line = 1 + good.filter(|byte| **byte == b'\n').count();
            return Err(Problem::NotUtf8 { line });
        }
    };
    let (rows, name) = match format {
        FileFormat::Csv => (table::rows(text)?, "csv"),
        FileFormat::Json => (json::rows(text, part)?, "json"),
        FileFormat::Rasa => (lines::rasa(text), "rasa"),
        FileFormat::Conll => (lines::conll(text)?, "conll"),
    };
    if rows.is_empty() { Err(Problem::Empty(name)) } else { Ok(rows) }
}

fn format_of(path: &Path) -> Option<FileFormat> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "csv" => Some(FileFormat::Csv),
        "json" => Some(FileFormat::Json),
        "md" | "yml" | "yaml" => Some(FileFormat::Rasa),
        "conll" | "conllu" => Some(FileFormat::Conll),
        _ => None,
    }
}

/// Names under which sets keep the sentence, the most telling first.
const SENTENCE: [&str; 5] = ["sentence", "text", "utterance", "question", "query"];
/// Names under which sets keep the label.
const LABEL: [&str; 3] = ["label", "intent", "category"];
