//! `shopbell check`: what is wrong in a shop, and what to write instead.
//!
//! First the file itself ([`compile`]); then, if it is a shop, its FAQ is trained and tried: `faq`
//! is the way in, `expectations`, `phrasings` and `left_out` are what is looked at. `endings`: which
//! rules of Meta's that the shop relies on end soon. `capacity`: whether Cloudflare's plan carries it.
//! [`made_up`](mod@made_up): Pages that nobody has.
//! [`codes`]: what each code means, at length.

mod capacity;
pub mod codes;
mod endings;
mod expectations;
mod faq;
mod left_out;
pub mod made_up;
mod phrasings;

use std::io::{ErrorKind, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::Timestamp;
use jiff::civil::Date;

use super::connect::again::quoted;
use super::qr::draw::Logo;
use super::said;
use crate::shop::model::Shop;
use crate::shop::source::diagnostic::{Diagnostic, Severity};
use crate::shop::source::render::{for_machines, for_people};
use crate::shop::source::{Compiled, compile};
use crate::time::UnixMs;

/// The file's name in a shop's folder.
pub const SHOP_FILE: &str = "shop.toml";

/// How diagnostics are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Why there is no shop.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is none.
    #[error("there is no shop in {}: name the folder with your shop.toml, or make one: shopbell new {}", dir.display(), quoted(&dir.display().to_string()))]
    None {
        /// Where it was looked for.
        dir: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no file with an end, such as a pipe.
    #[error("{} is no file; name the folder with your shop.toml", .0.display())]
    NoFile(PathBuf),
    /// Bytes that are no text.
    #[error("{}:{line}: this is not UTF-8{how}: save the file as UTF-8 (in Notepad: Save as > Encoding)", path.display())]
    NotUtf8 {
        /// Which.
        path: PathBuf,
        /// The first line with such bytes, from 1.
        line: usize,
        /// What it is instead, if that can be told.
        how: &'static str,
    },
    /// The shop's sign cannot be used.
    #[error("{} cannot be the shop's logo: {why}", path.display())]
    Logo {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// There are errors in it; they have been printed.
    #[error("{} has {}", path.display(), counted(*errors, "error"))]
    Broken {
        /// Which.
        path: PathBuf,
        /// How many.
        errors: usize,
    },
}

impl LoadError {
    /// As a diagnostic, for whoever reads those: one JSON line.
    fn for_machines(&self, dir: &Path) -> String {
        let line = if let Self::NotUtf8 { line, .. } = self { *line } else { 1 };
        // Its text is not known, but for how far it could be read.
        let source = "\n".repeat(line.saturating_sub(1));
        let at = source.len()..source.len();
        let told = Diagnostic::error("unreadable", at, self.to_string()).help(self.fix(dir));
        for_machines(&[told], &source, &path_of(dir))
    }

    /// The one thing to do, for the shop in `dir`.
    #[must_use]
    pub fn fix(&self, dir: &Path) -> String {
        let dir = quoted(&dir.display().to_string());
        match self {
            Self::None { .. } => {
                format!("name the folder with your shop.toml, or make one: shopbell new {dir}")
            }
            Self::NotUtf8 { .. } => format!("save the file as UTF-8, then: shopbell check {dir}"),
            _ => format!("shopbell check {dir}"),
        }
    }
}

/// Says what is wrong in a shop.toml, and what to write instead.
#[derive(clap::Args)]
pub struct CheckArgs {
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Lets an expectation fail, too, when its answer is only offered, or when something is
    /// offered where nothing fits.
    #[arg(long)]
    strict: bool,
    /// Shows the notes, too: what is not wrong and could be better. JSON always has them.
    #[arg(long)]
    notes: bool,
    /// Looks at Meta's rules as of this day, 2026-12-24, instead of today.
    #[arg(long, value_name = "DAY", value_parser = said::day)]
    at: Option<Date>,
    /// Explains a code, such as bad-url, with an example, and checks nothing.
    #[arg(long, value_name = "CODE", conflicts_with_all = ["format", "strict", "notes", "at"])]
    explain: Option<String>,
}

pub use capacity::capacity;
pub use endings::{NOTICE_DAYS, endings};

/// A shop whose file was checked and whose FAQ was tried.
#[must_use]
pub fn checked(source: &str, strict: bool) -> Compiled {
    let mut compiled = compile(source);
    let tried = faq::tried(&compiled, strict);
    compiled.diagnostics.extend(tried);
    compiled.diagnostics.sort_by_key(|d| (d.span.start, d.severity));
    compiled
}

/// Everything that there is to be said of a shop on a day.
#[must_use]
pub fn all(source: &str, strict: bool, day: Date) -> Compiled {
    let mut compiled = checked(source, strict);
    let ending = endings(&compiled, day);
    compiled.diagnostics.extend(ending);
    let too_small = capacity(&compiled, day);
    compiled.diagnostics.extend(too_small);
    let made_up = made_up::made_up(&compiled, source);
    compiled.diagnostics.extend(made_up);
    compiled.diagnostics.sort_by_key(|d| (d.span.start, d.severity));
    compiled
}

fn today() -> Date {
    UnixMs::from(Timestamp::now()).utc_date()
}

/// Checks the shop in `dir` (a folder with a `shop.toml`, or such a file) and prints what it
/// found: diagnostics for people on stderr and the closing line on stdout, JSON on stdout. Fails
/// if there is any error.
#[must_use]
pub fn run(args: &CheckArgs) -> ExitCode {
    if let Some(code) = &args.explain {
        return super::printed(codes::explain(code));
    }
    let (path, source) = match read(&args.dir) {
        Ok(read) => read,
        Err(error) => {
            eprintln!("error: {error}");
            if args.format == Format::Json {
                print!("{}", error.for_machines(&args.dir));
            }
            return ExitCode::FAILURE;
        }
    };
    let mut compiled = all(&source, args.strict, args.at.unwrap_or_else(today));
    let bad_sign = bad_sign(&compiled, &source, &path);
    compiled.diagnostics.extend(bad_sign);
    compiled.diagnostics.sort_by_key(|d| (d.span.start, d.severity));
    match args.format {
        Format::Json => print!("{}", for_machines(&compiled.diagnostics, &source, &path)),
        Format::Text => {
            let least = if args.notes { Severity::Note } else { Severity::Warning };
            let shown = from(&compiled, least);
            show(&shown, &source, &path);
            if let Some(first) = shown.first() {
                eprintln!("more about a code: shopbell check --explain {}\n", first.code);
            }
            if compiled.has_errors() {
                eprintln!("{}", closing_line(&compiled, &path));
            } else {
                println!("{}", closing_line(&compiled, &path));
            }
            if let Some(guesses) = made_up::guesses(&source) {
                println!("{guesses}");
            }
        }
    }
    if compiled.has_errors() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The shops in `dir`, one per Page and not sealed yet, for the other commands. Errors go to
/// stderr; of warnings only their number, because these commands are about something else.
///
/// # Errors
/// [`LoadError`] when there is no such file, or an error in it.
pub fn load(dir: &Path) -> Result<Vec<Shop>, LoadError> {
    let (path, source) = read(dir)?;
    let compiled = compile(&source);
    let errors = count(&compiled, Severity::Error);
    let warnings = count(&compiled, Severity::Warning);
    show(&from(&compiled, Severity::Error), &source, &path);
    if warnings > 0 {
        let them = if warnings == 1 { "it" } else { "them" };
        eprintln!("{}: shopbell check shows {them}", counted(warnings, "warning"));
    }
    if errors > 0 {
        return Err(LoadError::Broken { path, errors });
    }
    let mut shops = compiled.shops;
    for brand in shops.iter_mut().filter_map(|shop| shop.brand.as_mut()) {
        if let Some(name) = &brand.logo {
            brand.picture = Some(sign(&beside(dir, name))?);
        }
    }
    Ok(shops)
}

/// The most that a shop's sign may measure, in bytes: it travels with every page that shows it.
const MOST_LOGO: usize = 48 * 1024;

/// A file beside the shop.toml in `dir`.
pub(super) fn beside(dir: &Path, name: &str) -> PathBuf {
    if dir.is_dir() { dir.join(name) } else { dir.with_file_name(name) }
}

/// The shop's sign, as pages show it.
fn sign(path: &Path) -> Result<String, LoadError> {
    let wrong = |why: String| LoadError::Logo { path: path.to_owned(), why };
    let bytes =
        std::fs::read(path).map_err(|error| wrong(format!("it cannot be read: {error}")))?;
    if bytes.len() > MOST_LOGO {
        let size = bytes.len().div_ceil(1024);
        return Err(wrong(format!("it has {size} KiB; save it smaller, at most 48 KiB")));
    }
    let logo = Logo::of(&bytes)
        .ok_or_else(|| wrong("save it as an SVG, PNG or JPEG picture".to_owned()))?;
    Ok(logo.href().to_owned())
}

/// What is wrong with the file that `[brand]` names.
fn bad_sign(compiled: &Compiled, source: &str, path: &Path) -> Option<Diagnostic> {
    let name = compiled.shops.first()?.brand.as_ref()?.logo.as_ref()?;
    let why = sign(&path.with_file_name(name)).err()?;
    let written = format!("\"{name}\"");
    let at = source.find(&written).unwrap_or_default();
    let span = at..at.saturating_add(written.len()).min(source.len());
    let LoadError::Logo { why, .. } = why else { return None };
    Some(Diagnostic::error("logo-unusable", span, "this cannot be the shop's logo").help(why))
}

/// The text of the shop.toml in `dir`, and where it is.
pub(super) fn read(dir: &Path) -> Result<(PathBuf, String), LoadError> {
    let path = path_of(dir);
    // A pipe would be waited for.
    if std::fs::metadata(&path).is_ok_and(|about| !about.is_file()) {
        return Err(LoadError::NoFile(path));
    }
    let bytes = std::fs::read(&path).map_err(|source| match source.kind() {
        ErrorKind::NotFound => LoadError::None { dir: dir.to_owned() },
        _ => LoadError::Unreadable { path: path.clone(), source },
    })?;
    match String::from_utf8(bytes) {
        // Editors on Windows put a mark in front that is no part of the text.
        Ok(source) => {
            Ok((path, source.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(source)))
        }
        Err(bad) => {
            let good = bad.utf8_error().valid_up_to();
            let before = bad.as_bytes().get(..good).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
            let how = match bad.as_bytes() {
                [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => " but UTF-16",
                _ => "",
            };
            Err(LoadError::NotUtf8 { path, line, how })
        }
    }
}

fn path_of(dir: &Path) -> PathBuf {
    if dir.is_dir() { dir.join(SHOP_FILE) } else { dir.to_owned() }
}

fn show(diagnostics: &[Diagnostic], source: &str, path: &Path) {
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    eprint!("{}", for_people(diagnostics, source, path, color));
}

/// The diagnostics of this severity, and worse ones.
fn from(compiled: &Compiled, least: Severity) -> Vec<Diagnostic> {
    compiled.diagnostics.iter().filter(|d| d.severity <= least).cloned().collect()
}

fn count(compiled: &Compiled, severity: Severity) -> usize {
    compiled.diagnostics.iter().filter(|d| d.severity == severity).count()
}

/// "shop.toml is fine: 2 languages, 14 answers, 1 topic".
#[must_use]
pub fn closing_line(compiled: &Compiled, path: &Path) -> String {
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let warnings = count(compiled, Severity::Warning);
    let notes = count(compiled, Severity::Note);
    let beside = [(warnings, "warning"), (notes, "note")];
    let beside = beside.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| counted(n, what));
    let mut beside: Vec<String> = beside.collect();
    if notes > 0
        && let Some(last) = beside.last_mut()
    {
        last.push_str(" (--notes)");
    }
    let Some(shop) = compiled.shops.first().filter(|_| !compiled.has_errors()) else {
        let errors = counted(count(compiled, Severity::Error), "error");
        let all: Vec<String> = std::iter::once(errors).chain(beside).collect();
        return format!("{file} has {}", all.join(" and "));
    };
    let posters = compiled.shops.iter().map(|s| s.posters.len()).sum();
    let parts = [
        counted(compiled.shops.len(), "Page"),
        counted(shop.languages.len(), "language"),
        counted(shop.faq.len(), "answer"),
        counted(shop.topics.len(), "topic"),
        counted(posters, "poster"),
        counted(shop.notifications.len(), "notification"),
    ];
    let mut fine = format!("{file} is fine: {}", parts.join(", "));
    let expected = compiled.places.expectations.len();
    if expected > 0 {
        fine += &format!("; {}", counted(expected, "expectation"));
    }
    if beside.is_empty() { fine } else { format!("{fine}; {}", beside.join(", ")) }
}

pub(super) fn counted(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
