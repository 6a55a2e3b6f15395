//! `shopbell verify`: whether a release is what it says it is, whether its sources make the same, and
//! whether a Worker runs it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::doctor::http::{Base, Http};

const SUMS: &str = "SHA256SUMS";
const RECORD: &str = "build.json";
/// What Cloudflare is given: where it lies in a release, and where a build puts it.
const BUNDLE: [(&str, &str); 2] =
    [("worker/index.js", "build/index.js"), ("worker/index_bg.wasm", "build/index_bg.wasm")];
/// Here a file that is in no list would be run or uploaded. Elsewhere it may be the owner's.
const CLOSED: [&str; 3] = ["bin", "scripts", "worker"];
const PATIENCE: Duration = Duration::from_secs(10);

/// Says whether a release is what it says it is, and what its sources make.
///
/// Reads the checksums of every file. With --source it builds the Worker from a checkout of the
/// commit in build.json, and compares it to the byte; with --url it asks a running Worker what it
/// was built from. Ends with 1 if anything differs.
#[derive(clap::Args)]
pub struct VerifyArgs {
    /// The folder of the release.
    #[arg(default_value = ".")]
    release: PathBuf,
    /// A checkout of the commit that the release was built from.
    #[arg(long, value_name = "DIR")]
    source: Option<PathBuf>,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

/// What keeps a release from being trusted.
#[derive(Debug, thiserror::Error)]
enum VerifyError {
    #[error("cannot read {}: {source}. A release has this file; is this the folder of one?", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{}, line {line}: `{text}` is no checksum and no path within the release", path.display())]
    BadSums { path: PathBuf, line: usize, text: String },
    #[error("{} is not a record of a build: {source}", path.display())]
    BadRecord { path: PathBuf, source: serde_json::Error },
    #[error("{}. Take the release anew from where it was published", list(.0))]
    Files(Vec<Difference>),
    #[error("{SUMS} does not name {0}: what is uploaded would not be checked")]
    Unnamed(&'static str),
    #[error("{} is no checkout: there is no scripts/build in it", .0.display())]
    NoSource(PathBuf),
    #[error("{} is at {there}, and the release was built from {wanted}: run `git checkout {wanted}` there", dir.display())]
    OtherCommit { dir: PathBuf, there: String, wanted: String },
    #[error("the release was built from {0}: nobody can build that again")]
    Uncommitted(String),
    #[error("{} has changes that are in no commit: run `git stash` there, or take a fresh clone", .0.display())]
    Changed(PathBuf),
    #[error("{} in {} {why}", program, dir.display())]
    Failed { program: &'static str, dir: PathBuf, why: String },
    #[error("a build of the same commit makes another {file}{because}")]
    Differs { file: &'static str, because: String },
    #[error("the Worker's address {0}; write it as https://shopbell.<you>.workers.dev")]
    Address(String),
    #[error("{url}/health {why}")]
    Worker { url: String, why: String },
    #[error(
        "{url} runs another build ({there}) than this one ({here}): deploy this release with `shopbell deploy`"
    )]
    Runs { url: String, there: String, here: String },
}

/// How a file is not what it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Difference {
    Missing(String),
    Changed(String),
    Extra(String),
}

impl std::fmt::Display for Difference {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(path) => write!(out, "{path} is missing"),
            Self::Changed(path) => write!(out, "{path} was changed"),
            Self::Extra(path) => write!(out, "{path} belongs to no release"),
        }
    }
}

fn list(differences: &[Difference]) -> String {
    differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What a release was built from.
#[derive(Deserialize)]
struct Record {
    commit: String,
    source: String,
    tools: BTreeMap<String, String>,
}

/// Says it.
#[must_use]
pub fn run(args: &VerifyArgs) -> ExitCode {
    super::printed(verify(args))
}

fn verify(args: &VerifyArgs) -> Result<String, VerifyError> {
    let mut said = format!("ok: {} files are what {SUMS} says\n", files(&args.release)?);
    let record = record(&args.release)?;
    if let Some(dir) = &args.source {
        same_build(&args.release, &record, dir)?;
        said += &format!("ok: {} makes the same Worker, to the byte\n", record.commit);
    }
    if let Some(url) = &args.url {
        let base = Base::new(url).map_err(|error| VerifyError::Address(error.to_string()))?;
        runs(&base, &record)?;
        said += &format!("ok: {} runs it\n", base.as_str());
    }
    Ok(said)
}

fn read(path: PathBuf) -> Result<Vec<u8>, VerifyError> {
    fs::read(&path).map_err(|source| VerifyError::Unreadable { path, source })
}

fn record(release: &Path) -> Result<Record, VerifyError> {
    let path = release.join(RECORD);
    serde_json::from_slice(&read(path.clone())?)
        .map_err(|source| VerifyError::BadRecord { path, source })
}

/// How many files were compared.
fn files(release: &Path) -> Result<usize, VerifyError> {
    let sums = sums(release)?;
    for needed in BUNDLE.map(|(file, _)| file).into_iter().chain([RECORD]) {
        if !sums.contains_key(needed) {
            return Err(VerifyError::Unnamed(needed));
        }
    }
    let mut differences = Vec::new();
    for (path, sum) in &sums {
        match fs::read(release.join(path)) {
            Ok(bytes) if hex::encode(Sha256::digest(&bytes)) == *sum => {}
            Ok(_) => differences.push(Difference::Changed(path.clone())),
            Err(_) => differences.push(Difference::Missing(path.clone())),
        }
    }
    for folder in CLOSED {
        let found = within(release, Path::new(folder));
        let extra = found.into_iter().filter(|path| !sums.contains_key(path));
        differences.extend(extra.map(Difference::Extra));
    }
    if differences.is_empty() { Ok(sums.len()) } else { Err(VerifyError::Files(differences)) }
}

/// What each file must be, by its path within the release.
fn sums(release: &Path) -> Result<BTreeMap<String, String>, VerifyError> {
    let path = release.join(SUMS);
    let text = String::from_utf8_lossy(&read(path.clone())?).into_owned();
    let mut sums = BTreeMap::new();
    for (n, line) in text.lines().enumerate() {
        let bad =
            || VerifyError::BadSums { path: path.clone(), line: n + 1, text: line.to_owned() };
        let (sum, file) = line.split_once("  ").ok_or_else(bad)?;
        let within = Path::new(file).components().all(|part| matches!(part, Component::Normal(_)));
        let is_sum = sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit());
        if !within || !is_sum || file.is_empty() {
            return Err(bad());
        }
        sums.insert(file.to_owned(), sum.to_ascii_lowercase());
    }
    Ok(sums)
}

/// Everything that lies in a folder of the release and is no folder.
fn within(release: &Path, folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(release.join(folder)) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let path = folder.join(entry.file_name());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(within(release, &path));
        } else {
            found.push(path.to_string_lossy().into_owned());
        }
    }
    found.sort();
    found
}

fn same_build(release: &Path, record: &Record, dir: &Path) -> Result<(), VerifyError> {
    if !dir.join("scripts/build").is_file() {
        return Err(VerifyError::NoSource(dir.to_owned()));
    }
    if record.commit.len() != 40 {
        return Err(VerifyError::Uncommitted(record.commit.clone()));
    }
    let there = output(dir, "git", &["rev-parse", "HEAD"])?;
    if there != record.commit {
        let wanted = record.commit.clone();
        return Err(VerifyError::OtherCommit { dir: dir.to_owned(), there, wanted });
    }
    if !output(dir, "git", &["status", "--porcelain", "--untracked-files=no"])?.is_empty() {
        return Err(VerifyError::Changed(dir.to_owned()));
    }
    build(dir)?;
    for (file, built) in BUNDLE {
        if read(release.join(file))? != read(dir.join(built))? {
            return Err(VerifyError::Differs { file, because: because(dir, record) });
        }
    }
    Ok(())
}

/// `scripts/build` says on stderr how far it is.
fn build(dir: &Path) -> Result<(), VerifyError> {
    let failed = |why| VerifyError::Failed { program: "scripts/build", dir: dir.to_owned(), why };
    let script = fs::canonicalize(dir.join("scripts/build")).map_err(|e| failed(e.to_string()))?;
    let ended =
        Command::new(script).current_dir(dir).status().map_err(|e| failed(e.to_string()))?;
    if ended.success() { Ok(()) } else { Err(failed("failed; see above".to_owned())) }
}

fn output(dir: &Path, program: &'static str, args: &[&str]) -> Result<String, VerifyError> {
    let failed = |why| VerifyError::Failed { program, dir: dir.to_owned(), why };
    let done = Command::new(program).args(args).current_dir(dir).output();
    let done = done.map_err(|error| failed(format!("cannot be run: {error}")))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
        return Err(failed(format!("failed: {said}")));
    }
    Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
}

/// The compiler is what a checkout does not pin.
fn because(dir: &Path, record: &Record) -> String {
    let wanted = record.tools.get("rustc").map(String::as_str).unwrap_or_default();
    match output(dir, "rustc", &["--version"]) {
        Ok(here) if here == wanted => {
            ", with the same compiler: do not deploy this release".to_owned()
        }
        Ok(here) => format!(
            ". It was built by {wanted}, and here is {here}: install that one with rustup, and \
             build again"
        ),
        Err(_) => format!(". It was built by {wanted}"),
    }
}

fn runs(base: &Base, record: &Record) -> Result<(), VerifyError> {
    let trouble = |why: String| VerifyError::Worker { url: base.as_str().to_owned(), why };
    let runtime = tokio::runtime::Runtime::new().map_err(|error| trouble(error.to_string()))?;
    let http = Http::new(PATIENCE).map_err(trouble)?;
    let answer = runtime.block_on(http.send(http.get(&base.join("/health"))));
    let answer = answer.map_err(|error| trouble(error.to_string()))?;
    let health = answer.json().filter(|health| health["version"].is_string());
    let health = health.ok_or_else(|| trouble(answer.described()))?;
    let there = health.get("build").and_then(Value::as_str).unwrap_or("it does not say which");
    if there == record.source {
        return Ok(());
    }
    Err(VerifyError::Runs {
        url: base.as_str().to_owned(),
        there: there.to_owned(),
        here: record.source.clone(),
    })
}
