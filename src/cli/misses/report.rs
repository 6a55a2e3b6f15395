//! What the Worker tells under `/admin/misses`.

use serde::Deserialize;

use crate::meta::ids::PageId;
use crate::store::misses::Missed;

/// The questions of every Desk that was asked.
#[derive(Debug, Deserialize)]
pub struct Report {
    /// Desk by Desk.
    pub desks: Vec<DeskReport>,
}

/// The questions of one Desk.
#[derive(Debug, Deserialize)]
pub struct DeskReport {
    /// Whose.
    pub page: PageId,
    /// For how many days they are kept; none: they are not.
    #[serde(default)]
    pub keep_days: Option<u16>,
    /// The newest first.
    #[serde(default)]
    pub misses: Vec<Missed>,
    /// Why the Desk did not answer.
    #[serde(default)]
    pub error: Option<String>,
}

/// Why a report cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("this is not what a Worker says under /admin/misses: {0}")]
pub struct ReportError(#[from] serde_json::Error);

impl Report {
    /// Reads what the Worker said.
    ///
    /// # Errors
    /// [`ReportError`] for anything else.
    pub fn read(text: &str) -> Result<Self, ReportError> {
        Ok(serde_json::from_str(text)?)
    }

    /// Every question, of one Page or of all.
    pub fn misses<'a>(&'a self, page: Option<&'a PageId>) -> impl Iterator<Item = &'a Missed> {
        let desks =
            self.desks.iter().filter(move |desk| page.is_none_or(|page| desk.page == *page));
        desks.flat_map(|desk| &desk.misses)
    }
}
