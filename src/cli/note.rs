//! `shopbell note`: what the owner wants to remember of a person.

use std::process::ExitCode;

use serde_json::Value;

use super::owner::{self, AskError, Owner};
use crate::meta::ids::{PageId, Psid};

/// Writes a note on a person, for people of the shop only, or shows those that are kept.
///
/// Only people of the shop see notes: in the message that says that somebody wants a person, and
/// here. The newest twenty are kept, until the person is forgotten. `ADMIN_TOKEN` is taken from the
/// environment.
#[derive(clap::Args)]
pub struct NoteArgs {
    /// On whom: their id on the Page or the Instagram account.
    #[arg(value_parser = owner::person_id)]
    person: Psid,
    /// What to note. Left out: the notes are shown.
    text: Option<String>,
    /// Takes the note with this number back.
    #[arg(long, value_name = "NUMBER", conflicts_with = "text")]
    drop: Option<i64>,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
    /// The Page's id. Left out: the Worker's only one.
    #[arg(long, value_name = "ID", value_parser = owner::page_id)]
    page: Option<PageId>,
}

/// Writes or shows.
#[must_use]
pub fn run(args: &NoteArgs) -> ExitCode {
    super::printed(notes(args))
}

/// The notes that are kept then, as lines.
fn notes(args: &NoteArgs) -> Result<String, AskError> {
    let owner = Owner::of(&args.url)?;
    let page = owner.page(args.page.as_ref())?;
    // Both are key parts, and need no escaping.
    let path = format!("/admin/note?page={page}&person={}", args.person);
    let answer: Value = match (&args.text, args.drop) {
        (Some(text), _) => owner.post(&path, text.clone())?,
        (None, Some(id)) => owner.delete(&format!("{path}&id={id}"))?,
        (None, None) => owner.get(&path)?,
    };
    let notes = answer.get("notes").and_then(Value::as_array).cloned().unwrap_or_default();
    let line = |note: &Value| {
        let id = note.get("id")?.as_i64()?;
        let at = jiff::Timestamp::from_millisecond(note.get("at")?.as_i64()?).ok()?;
        Some(format!("{id}  {}  {}\n", at.strftime("%Y-%m-%d"), note.get("text")?.as_str()?))
    };
    Ok(notes.iter().filter_map(line).collect())
}
