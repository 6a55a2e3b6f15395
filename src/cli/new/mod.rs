//! `shopbell new`: asks at most eight questions and writes a whole `shop.toml` to start from.
//!
//! `ask` is the conversation, in the language that is chosen first (`words`); `answers` is what
//! comes of it; `places` knows which clock a country follows; `fill` puts the answers into the
//! files under `templates/`: one frame for each language, and one body for each kind of shop in it.

mod answers;
mod ask;
mod fill;
mod places;
mod words;

use std::fs::OpenOptions;
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub use answers::{Answers, Kind, Tongue};
pub use fill::shop_toml;

use super::check::{SHOP_FILE, checked, closing_line};
use crate::shop::source::diagnostic::Severity;
use crate::shop::source::schema::schema;

/// The schema's file, beside the shop's: editors read it for completion.
pub const SCHEMA_FILE: &str = "shop.toml.schema.json";

/// Asks a few questions and writes a shop.toml to start from.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct NewArgs {
    /// The folder to write to; made if it is not there.
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// What the shop speaks, and the questions are asked in: en, lt, zh-TW or pt-BR.
    #[arg(long, value_name = "LANGUAGE")]
    pub language: Option<String>,
    /// What kind of shop it is: cafe, appointments or retail.
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// What the shop is called.
    #[arg(long)]
    pub name: Option<String>,
    /// Where its customers are, in two letters: LT.
    #[arg(long, value_name = "COUNTRY")]
    pub country: Option<String>,
    /// Whose clock it follows: Europe/Vilnius.
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
    /// Its phone number in the international form.
    #[arg(long)]
    pub phone: Option<String>,
    /// The number of its Facebook Page.
    #[arg(long, value_name = "ID")]
    pub page: Option<String>,
    /// The name in the Page's link, m.me/NAME.
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,
    /// Asks nothing: takes the default of whatever is not given here.
    #[arg(long, short)]
    pub yes: bool,
    /// Only writes the schema for editors anew, as this version of shopbell knows it.
    #[arg(long)]
    pub schema: bool,
}

/// Why there is no new shop. What an owner reads is in the language they chose.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    /// The input is over before everything was asked.
    #[error("{}", ended(*tongue, *open).replace("{flag}", flag))]
    Ended {
        /// The language chosen.
        tongue: Tongue,
        /// Whether nothing can be taken by itself.
        open: bool,
        /// What would answer the question.
        flag: &'static str,
    },
    /// What stands behind a flag cannot be.
    #[error("{flag} {said:?}: {help}")]
    Refused {
        /// Which.
        flag: &'static str,
        /// What was given.
        said: String,
        /// What to give instead.
        help: String,
    },
    /// Nothing is asked, and there is no default.
    #[error("{}", tongue.words().needed.replace("{flag}", flag))]
    Needed {
        /// The language chosen.
        tongue: Tongue,
        /// What has to be given.
        flag: &'static str,
    },
    /// Nothing is written over.
    #[error("{}", tongue.words().exists.replace("{path}", &path.display().to_string()))]
    Exists {
        /// The language chosen.
        tongue: Tongue,
        /// What is there already.
        path: PathBuf,
    },
    /// The answers cannot be read, or the questions not be written.
    #[error("cannot talk to you: {0}")]
    Talk(std::io::Error),
    /// A file or folder cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file would not pass the check. Ours to mend.
    #[error("the new shop.toml would not pass its own check ({0}); this is a fault in Shopbell")]
    Faulty(String),
}

fn ended(tongue: Tongue, open: bool) -> &'static str {
    if open { tongue.words().ended_open } else { tongue.words().ended }
}

/// Asks on the terminal and writes.
#[must_use]
pub fn run(args: &NewArgs) -> ExitCode {
    let stdin = std::io::stdin();
    // What is piped in gets the same file on every computer.
    let usual = if stdin.is_terminal() { Tongue::of_terminal() } else { Tongue::English };
    match make(args, usual, stdin.lock(), std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Asks by these, and writes a `shop.toml` and its schema into the folder of `args`.
///
/// # Errors
/// [`NewError`]; then nothing was written over.
pub fn make(
    args: &NewArgs,
    usual: Tongue,
    input: impl BufRead,
    mut output: impl Write,
) -> Result<(), NewError> {
    let (shop, schema_path) = (args.dir.join(SHOP_FILE), args.dir.join(SCHEMA_FILE));
    if args.schema {
        return write(&schema_path, &schema_text(), true);
    }
    let tongue = args.language.as_deref().and_then(Tongue::find).unwrap_or(usual);
    // A file in the place of the folder is there already, too.
    let taken = args.dir.is_file().then_some(&args.dir);
    for path in taken.into_iter().chain([&shop, &schema_path]) {
        if path.exists() {
            return Err(NewError::Exists { tongue, path: path.clone() });
        }
    }
    let answers = ask::answers(args, usual, input, &mut output)?;
    let text = shop_toml(&answers);
    let compiled = checked(&text, true);
    if let Some(bad) = compiled.diagnostics.iter().find(|d| d.severity < Severity::Note) {
        return Err(NewError::Faulty(format!("{}: {}", bad.code, bad.message)));
    }
    folder(&args.dir)?;
    write(&schema_path, &schema_text(), false)?;
    write(&shop, &text, false)?;
    let words = answers.tongue.words();
    let closing = closing_line(&compiled, &shop);
    let wrote = format!("\n{} {}\n{closing}\n", words.wrote, shop.display());
    let next = next(&answers, &args.dir);
    output
        .write_all((wrote + &next).as_bytes())
        .and_then(|()| output.flush())
        .map_err(NewError::Talk)
}

fn schema_text() -> String {
    format!("{:#}\n", schema())
}

fn folder(dir: &Path) -> Result<(), NewError> {
    std::fs::create_dir_all(dir)
        .map_err(|source| NewError::Unwritable { path: dir.to_owned(), source })
}

/// Writes a file that is not there yet, unless it may be written `anew`. Half a file is taken away
/// again.
fn write(path: &Path, text: &str, anew: bool) -> Result<(), NewError> {
    let unwritable = |source| NewError::Unwritable { path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    options.write(true).create_new(!anew).create(true).truncate(anew);
    let mut file = options.open(path).map_err(unwritable)?;
    if let Err(source) = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()) {
        let _removed = std::fs::remove_file(path);
        return Err(unwritable(source));
    }
    Ok(())
}

/// What to type now.
fn next(answers: &Answers, dir: &Path) -> String {
    let words = answers.tongue.words();
    // That one is typed in another folder.
    let whole = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let whole = in_shell(&whole.display().to_string());
    let dir = in_shell(&dir.display().to_string());
    let mut lines = vec![String::new(), words.next.to_owned()];
    for (command, what) in [
        (format!("shopbell check {dir}"), words.then_check),
        (format!("shopbell chat {dir}"), words.then_chat),
        (format!("scripts/dev --shop {whole}"), words.then_dev),
        (format!("shopbell connect {dir}"), words.then_connect),
        (format!("shopbell deploy {dir}"), words.then_deploy),
    ] {
        lines.push(format!("  {command}\n      {what}"));
    }
    if answers.page.is_none() || answers.username.is_none() {
        lines.push(words.page_guessed.to_owned());
    }
    lines.join("\n") + "\n"
}

/// A path as a shell reads it back.
fn in_shell(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+,@=".contains(c);
    if !path.is_empty() && !path.starts_with('-') && path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}
