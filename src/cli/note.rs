//! `shopbell note`: what the owner wants to remember of a person.

use std::process::ExitCode;

use serde_json::Value;

use super::owner::{self, AskError, Owner};

/// Writes a note on a person, or shows those that are kept.
///
/// Only people of the shop see notes: in the message that says that somebody wants a person, and
/// here. The newest twenty are kept, until the person is forgotten. `ADMIN_TOKEN` is taken from the
/// environment.
#[derive(clap::Args)]
pub struct NoteArgs {
    /// On whom: their id on the Page or the Instagram account.
    person: String,
    /// What to note. Left out: the notes are shown.
    text: Option<String>,
    /// Takes the note with this number back.
    #[arg(long, value_name = "NUMBER", conflicts_with = "text")]
    drop: Option<i64>,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
    /// The Page's id. Left out: the Worker's only one.
    #[arg(long, value_name = "ID")]
    page: Option<String>,
}

/// Writes or shows.
#[must_use]
pub fn run(args: &NoteArgs) -> ExitCode {
    owner::run(notes(args))
}

/// The notes that are kept then, as lines.
fn notes(args: &NoteArgs) -> Result<Vec<String>, AskError> {
    let person = owner::person(&args.person)?;
    let owner = Owner::of(&args.url)?;
    let page = owner.page(args.page.as_deref())?;
    // Both are key parts, and need no escaping.
    let path = format!("/admin/note?page={page}&person={person}");
    let answer: Value = match (&args.text, args.drop) {
        (Some(text), _) => owner.post(&path, text.clone())?,
        (None, Some(id)) => owner.delete(&format!("{path}&id={id}"))?,
        (None, None) => owner.get(&path)?,
    };
    let notes = answer.get("notes").and_then(Value::as_array).cloned().unwrap_or_default();
    let line = |note: &Value| {
        let id = note.get("id")?.as_i64()?;
        let at = jiff::Timestamp::from_millisecond(note.get("at")?.as_i64()?).ok()?;
        Some(format!("{id}  {}  {}", at.strftime("%Y-%m-%d"), note.get("text")?.as_str()?))
    };
    Ok(notes.iter().filter_map(line).collect())
}
