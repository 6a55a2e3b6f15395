//! The folder that `shopbell export` writes and `shopbell import` reads: one NDJSON file for each
//! table, one for KV, and a manifest with the count and the SHA-256 of each.
//!
//! A line is an object: the Page, the shard, and the columns by name. What a column holds as JSON
//! stands there as JSON, byte by byte as it was.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::desk::layout::Before;
use crate::meta::ids::PageId;
use crate::store::map::Table;
use crate::store::{Row, Value};

/// The file that names the others. It is written last: a folder without it is no export.
const MANIFEST: &str = "manifest.json";
/// The file of KV's values.
pub(super) const KV: &str = "kv.ndjson";
/// The file of the Desks.
pub(super) const DESKS: &str = "desks.ndjson";

/// Why a folder cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArchiveError {
    #[error("cannot write {name}: {1}", name = .0.display())]
    Write(PathBuf, io::Error),
    #[error("cannot read {name}: {1}", name = .0.display())]
    Read(PathBuf, io::Error),
    #[error("{} is not empty: an export goes into a folder of its own", .0.display())]
    NotEmpty(PathBuf),
    #[error("{} holds no whole export: there is no manifest.json in it", .0.display())]
    NoManifest(PathBuf),
    #[error("{name}: {1}", name = .0.display())]
    BadManifest(PathBuf, String),
    #[error("{name} is not as it was written ({1}): copy the export again", name = .0.display())]
    Changed(PathBuf, String),
    #[error("{name} line {1}: {2}", name = .0.display())]
    Line(PathBuf, u64, String),
}

/// What an export is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// [`crate::store::leaving::FORMAT`].
    pub format: u32,
    /// The version of the command that wrote it.
    pub shopbell: String,
    /// The version of the tables.
    pub tables: i64,
    /// When, RFC 3339.
    pub exported_at: String,
    /// From where.
    pub worker: String,
    /// Which key people are forgotten by, without telling it.
    pub key: String,
    /// Whether notification tokens are in it.
    pub tokens: bool,
    /// The Pages, by id.
    pub pages: Vec<PageLine>,
    /// The data.
    pub files: Vec<FileLine>,
    /// What is beside it: shop.toml, pictures of posters.
    pub extras: Vec<FileLine>,
}

/// A Page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PageLine {
    pub page: PageId,
    /// Among how many Desks its people are divided.
    pub shards: u32,
    /// And before that.
    pub before: Option<Before>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Before>,
    /// How many Desks have something.
    pub desks: u32,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileLine {
    pub name: String,
    pub lines: u64,
    pub bytes: u64,
    pub sha256: String,
}

/// What stands in `desks.ndjson` of a Desk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct DeskLine {
    pub page: PageId,
    pub shard: u32,
    /// The numbers that were given out last.
    pub sequences: BTreeMap<String, i64>,
}

/// A folder that is being written. What is in it is for the owner alone.
pub(super) struct Writing {
    dir: PathBuf,
    pub files: Vec<FileLine>,
    pub extras: Vec<FileLine>,
}

impl Writing {
    /// In a folder that is empty, or not there yet.
    pub fn into(dir: &Path) -> Result<Self, ArchiveError> {
        let wrong = |error| ArchiveError::Write(dir.to_owned(), error);
        fs::create_dir_all(dir).map_err(wrong)?;
        if fs::read_dir(dir).map_err(wrong)?.next().is_some() {
            return Err(ArchiveError::NotEmpty(dir.to_owned()));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(wrong)?;
        }
        Ok(Self { dir: dir.to_owned(), files: Vec::new(), extras: Vec::new() })
    }

    fn open(&self, name: &str) -> Result<File, ArchiveError> {
        let path = self.dir.join(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        options.open(&path).map_err(|error| ArchiveError::Write(path, error))
    }

    /// Writes a file of lines; one without any is not written.
    pub fn lines<E: From<ArchiveError>>(
        &mut self,
        name: &str,
        each: impl FnOnce(&mut dyn FnMut(&str) -> Result<(), ArchiveError>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut file = None;
        let mut told =
            FileLine { name: name.to_owned(), lines: 0, bytes: 0, sha256: String::new() };
        let mut hash = Sha256::new();
        let failed = |error| ArchiveError::Write(self.dir.join(name), error);
        each(&mut |line| {
            let file = match &mut file {
                Some(file) => file,
                none => none.insert(BufWriter::new(self.open(name)?)),
            };
            for bytes in [line.as_bytes(), b"\n"] {
                file.write_all(bytes).map_err(failed)?;
                hash.update(bytes);
                told.bytes = told.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(0));
            }
            told.lines = told.lines.saturating_add(1);
            Ok(())
        })?;
        if let Some(mut file) = file {
            file.flush().map_err(failed)?;
            told.sha256 = hex::encode(hash.finalize());
            self.files.push(told);
        }
        Ok(())
    }

    /// Writes something that stands beside the data.
    pub fn extra(&mut self, name: &str, bytes: &[u8]) -> Result<(), ArchiveError> {
        let path = self.dir.join(name);
        let failed = |error| ArchiveError::Write(path.clone(), error);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        self.open(name)?.write_all(bytes).map_err(failed)?;
        self.extras.push(FileLine {
            name: name.to_owned(),
            lines: 0,
            bytes: u64::try_from(bytes.len()).unwrap_or(0),
            sha256: hex::encode(Sha256::digest(bytes)),
        });
        Ok(())
    }

    /// Writes the manifest: now it is an export.
    pub fn end(self, manifest: &Manifest) -> Result<(), ArchiveError> {
        let path = self.dir.join(MANIFEST);
        let text = serde_json::to_string_pretty(manifest).map_err(io::Error::from);
        let written = text.and_then(|text| {
            let mut file = self.open(MANIFEST).map_err(io::Error::other)?;
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")
        });
        written.map_err(|error| ArchiveError::Write(path, error))
    }
}

/// A folder that is read.
pub(super) struct Reading {
    dir: PathBuf,
    pub manifest: Manifest,
    /// A name for this very data.
    pub id: String,
}

impl Reading {
    /// Opens an export and looks whether it is whole: every file, every byte.
    pub fn of(dir: &Path) -> Result<Self, ArchiveError> {
        let path = dir.join(MANIFEST);
        let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ArchiveError::NoManifest(dir.to_owned()),
            _ => ArchiveError::Read(path.clone(), error),
        })?;
        let manifest: Manifest = serde_json::from_str(&text)
            .map_err(|error| ArchiveError::BadManifest(path, error.to_string()))?;
        let reading = Self {
            dir: dir.to_owned(),
            manifest,
            id: hex::encode(Sha256::digest(text.as_bytes())),
        };
        for file in reading.manifest.files.iter().chain(&reading.manifest.extras) {
            reading.verify(file)?;
        }
        Ok(reading)
    }

    fn verify(&self, file: &FileLine) -> Result<(), ArchiveError> {
        let path = self.path(&file.name)?;
        let mut from =
            BufReader::new(File::open(&path).map_err(|e| ArchiveError::Read(path.clone(), e))?);
        let (mut hash, mut bytes) = (Sha256::new(), 0_u64);
        loop {
            let some = from.fill_buf().map_err(|e| ArchiveError::Read(path.clone(), e))?;
            if some.is_empty() {
                break;
            }
            hash.update(some);
            let length = some.len();
            bytes = bytes.saturating_add(u64::try_from(length).unwrap_or(0));
            from.consume(length);
        }
        if bytes != file.bytes {
            let why = format!("{bytes} bytes instead of {}", file.bytes);
            return Err(ArchiveError::Changed(path, why));
        }
        if hex::encode(hash.finalize()) != file.sha256 {
            return Err(ArchiveError::Changed(path, "its SHA-256 is another".to_owned()));
        }
        Ok(())
    }

    /// A file of this folder, and of no other.
    fn path(&self, name: &str) -> Result<PathBuf, ArchiveError> {
        let good = name.split('/').all(|part| {
            !part.is_empty() && part != ".." && part != "." && !part.contains(['\\', ':'])
        });
        if good {
            Ok(self.dir.join(name))
        } else {
            let why = format!("`{name}` is no name of a file here");
            Err(ArchiveError::BadManifest(self.dir.join(MANIFEST), why))
        }
    }

    /// Whether there is such a file.
    pub fn has(&self, name: &str) -> bool {
        self.manifest.files.iter().any(|file| file.name == name)
    }

    /// Every line of a file, with its number from 1; nothing when there is no such file.
    pub fn lines<E: From<ArchiveError>>(
        &self,
        name: &str,
        mut each: impl FnMut(&str) -> Result<Result<(), String>, E>,
    ) -> Result<(), E> {
        if !self.has(name) {
            return Ok(());
        }
        let path = self.path(name)?;
        let file = File::open(&path).map_err(|error| ArchiveError::Read(path.clone(), error))?;
        for (n, line) in (1_u64..).zip(BufReader::new(file).lines()) {
            let line = line.map_err(|error| ArchiveError::Read(path.clone(), error))?;
            each(&line)?.map_err(|why| ArchiveError::Line(path.clone(), n, why))?;
        }
        Ok(())
    }
}

/// The name of a table's file.
pub(super) fn file_of(table: &Table) -> String {
    format!("{}.ndjson", table.name)
}

/// A value, as it stands in a line: what is JSON stands there as it is.
fn value(value: &Value) -> serde_json::Result<String> {
    match value {
        Value::Text(text) => as_json(text).map_or_else(|| serde_json::to_string(text), Ok),
        other => serde_json::to_string(other),
    }
}

/// A text that is an object or a list, exactly, on one line.
fn as_json(text: &str) -> Option<String> {
    let opens = text.starts_with(['{', '[']) && text.ends_with(['}', ']']);
    let whole = opens && !text.contains(['\n', '\r']);
    (whole && serde_json::from_str::<&RawValue>(text).is_ok()).then(|| text.to_owned())
}

/// What a value in a line stands for.
fn read(raw: &RawValue) -> Result<Value, String> {
    let text = raw.get();
    if text.starts_with(['{', '[']) {
        return Ok(Value::Text(text.to_owned()));
    }
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// A row as a line.
pub(super) fn line(
    table: &Table,
    page: &PageId,
    shard: u32,
    row: &Row,
) -> serde_json::Result<String> {
    let mut text = format!("{{\"page\":\"{page}\",\"shard\":{shard}");
    for ((name, _), column) in table.columns.iter().zip(row) {
        text.push_str(&format!(",\"{name}\":{}", value(column)?));
    }
    text.push('}');
    Ok(text)
}

/// A line as a row, and whose.
pub(super) fn row(table: &Table, line: &str) -> Result<((PageId, u32), Row), String> {
    let mut fields: BTreeMap<String, &RawValue> =
        serde_json::from_str(line).map_err(|error| error.to_string())?;
    let mut take = |name: &str| fields.remove(name).ok_or_else(|| format!("{name} is missing"));
    let page = take("page")?.get();
    let page: PageId = serde_json::from_str(page).map_err(|error| error.to_string())?;
    let shard = take("shard")?.get().parse::<u32>().map_err(|error| error.to_string())?;
    let columns = table.columns.iter().map(|(name, _)| read(take(name)?));
    let row = columns.collect::<Result<Row, String>>()?;
    match fields.keys().next() {
        Some(other) => Err(format!("{} has no column {other}", table.name)),
        None => Ok(((page, shard), row)),
    }
}

/// A key of KV with its value, as a line.
pub(super) fn kv_line(key: &str, of: &str) -> serde_json::Result<String> {
    Ok(format!("{{\"key\":{},\"value\":{}}}", serde_json::to_string(key)?, value(&of.into())?))
}

/// A line as a key of KV with its value.
pub(super) fn kv_pair(line: &str) -> Result<(String, String), String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Pair<'a> {
        key: String,
        #[serde(borrow)]
        value: &'a RawValue,
    }
    let pair: Pair<'_> = serde_json::from_str(line).map_err(|error| error.to_string())?;
    match read(pair.value)? {
        Value::Text(text) => Ok((pair.key, text)),
        _ => Err("a value of KV is a text".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::map::table;

    #[test]
    fn every_value_comes_back_byte_by_byte() {
        let table = table("kv_queue").unwrap();
        let page = PageId::new("1").unwrap();
        let texts = [
            "",
            " ",
            "plain",
            "žąsis \u{1f986}",
            "{}",
            "{\"b\":1,\"a\":[2, 3]}",
            "[1]",
            " {}",
            "{} ",
            "{\"a\":1,}",
            "{\"a\":1}{\"b\":2}",
            "[1}",
            "\"quoted\"",
            "null",
            "12",
            "a\nb",
            "{\n}",
            "{\"a\":\"\\u00e9\"}",
            "{\"a\":1.50}",
            "\\",
            "\u{2028}",
        ];
        for text in texts {
            for number in [Value::Null, Value::Int(-5), Value::Int(9_007_199_254_740_991)] {
                let text = Value::from(text);
                let rows =
                    vec![text.clone(), Value::Null, number, text.clone(), text.clone(), text];
                let line = line(table, &page, 7, &rows).unwrap();
                assert!(!line.contains('\n'), "{line}");
                assert_eq!(row(table, &line).unwrap(), ((page.clone(), 7), rows), "{line}");
            }
            let (key, value) = kv_pair(&kv_line("a:b", text).unwrap()).unwrap();
            assert_eq!((key.as_str(), value.as_str()), ("a:b", text));
        }
        for wrong in ["{}", "[]", "{\"page\":\"1\",\"shard\":0}", "{\"page\":\"x y\",\"shard\":0}"]
        {
            assert!(row(table, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_changed_a_missing_and_a_foreign_file_are_noticed() {
        let dir = std::env::temp_dir().join(format!("shopbell-archive-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        let manifest = |writing: &Writing| Manifest {
            format: 1,
            shopbell: "0".to_owned(),
            tables: 1,
            exported_at: String::new(),
            worker: String::new(),
            key: String::new(),
            tokens: true,
            pages: Vec::new(),
            files: writing.files.clone(),
            extras: writing.extras.clone(),
        };
        let mut writing = Writing::into(&dir).unwrap();
        writing.lines::<ArchiveError>("notes.ndjson", |add| add("{}")).unwrap();
        writing.lines::<ArchiveError>("empty.ndjson", |_| Ok(())).unwrap();
        writing.extra("posters/A.svg", b"<svg/>").unwrap();
        assert!(matches!(Reading::of(&dir), Err(ArchiveError::NoManifest(_))));
        let told = manifest(&writing);
        assert_eq!(told.files.len(), 1, "a file without lines is not written");
        writing.end(&told).unwrap();
        assert!(Reading::of(&dir).is_ok());
        assert!(matches!(Writing::into(&dir), Err(ArchiveError::NotEmpty(_))));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&dir), mode(&dir.join("notes.ndjson"))), (0o700, 0o600));
            assert_eq!(mode(&dir.join(MANIFEST)), 0o600);
        }
        fs::write(dir.join("notes.ndjson"), "[]\n").unwrap();
        assert!(matches!(Reading::of(&dir), Err(ArchiveError::Changed(_, _))));
        fs::remove_file(dir.join("notes.ndjson")).unwrap();
        assert!(matches!(Reading::of(&dir), Err(ArchiveError::Read(_, _))));
        let text = fs::read_to_string(dir.join(MANIFEST)).unwrap();
        fs::write(dir.join(MANIFEST), text.replace("notes.ndjson", "../notes")).unwrap();
        assert!(matches!(Reading::of(&dir), Err(ArchiveError::BadManifest(_, _))));
        let _ = fs::remove_dir_all(&dir);
    }
}
