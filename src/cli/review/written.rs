//! Which files are still as they were written: what an owner filled in is not written over.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Where the sums of what was written are kept, beside the files.
const SUMS: &str = ".written-by-shopbell";

/// What was written into a folder before.
pub(super) struct Written {
    folder: PathBuf,
    /// SHA-256 in hexadecimal, by the file's name.
    sums: BTreeMap<String, String>,
}

impl Written {
    /// What is noted in the folder; nothing where there is no note.
    pub(super) fn read(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join(SUMS)).unwrap_or_default();
        let line = |line: &str| {
            let (sum, name) = line.split_once("  ")?;
            Some((name.to_owned(), sum.to_owned()))
        };
        Self { folder: folder.to_owned(), sums: text.lines().filter_map(line).collect() }
    }

    /// Whether somebody else's text stands in the place of this one.
    pub(super) fn is_others(&self, name: &str, text: &str) -> bool {
        match std::fs::read(self.folder.join(name)) {
            Ok(there) => there != text.as_bytes() && self.sums.get(name) != Some(&sum(&there)),
            Err(why) => why.kind() != std::io::ErrorKind::NotFound,
        }
    }

    /// This was written.
    pub(super) fn note(&mut self, name: &str, text: &str) {
        self.sums.insert(name.to_owned(), sum(text.as_bytes()));
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(SUMS)
    }

    /// Keeps the note.
    pub(super) fn keep(&self) -> std::io::Result<()> {
        let line = |(name, sum): (&String, &String)| format!("{sum}  {name}\n");
        std::fs::write(self.path(), self.sums.iter().map(line).collect::<String>())
    }
}

fn sum(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
