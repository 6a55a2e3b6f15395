//! What a deletion still owes after the rows are gone: a search of KV, and its end.

use std::rc::Rc;

use super::{Inner, kv, now};
use crate::desk::deletion;
use crate::store::deletions;

/// Searches KV for what the Desk does not know of, once for each deletion, and ends those for
/// which nothing is owed any more.
///
/// # Errors
/// What KV or the tables say. The next tick goes on.
pub async fn go_on(desk: &Rc<Inner>) -> Result<(), String> {
    let open = deletions::open(&desk.sql).map_err(|error| error.to_string())?;
    if open.is_empty() {
        return Ok(());
    }
    let page = desk.name()?.page;
    for one in open.iter().filter(|one| !one.swept) {
        let found = kv::names(desk, &deletion::kv_prefix(&page, &one.person)).await?;
        deletion::swept(&desk.sql, one, &page, &found, now()).map_err(|e| e.to_string())?;
    }
    kv::flush(desk).await?;
    deletion::settle(&desk.sql, &page, now()).map_err(|e| e.to_string())?;
    Ok(())
}
