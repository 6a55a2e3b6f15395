//! The recipients of a plan: of the Worker, or of a file that was written from it.

use serde::{Deserialize, Serialize};

use super::{PlanArgs, PlanError};
use crate::cli::owner::{Owner, Told};
use crate::entry::links::encoded;
use crate::meta::ids::PageId;
use crate::outreach::recipient::Recipient;
use crate::outreach::told::Recipients;
use crate::shop::model::Shop;

/// The version of the file.
const SNAPSHOT: u32 = 1;

/// Who had agreed to what at some moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The version of this layout: 1.
    pub v: u32,
    /// One for each Desk.
    pub desks: Vec<DeskRecipients>,
}

/// Those of one Desk: each Desk plans for itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeskRecipients {
    /// Of which Page.
    pub page: PageId,
    /// Which of its Desks.
    pub shard: u32,
    /// How many it has.
    pub shards: u32,
    /// In any order.
    pub recipients: Vec<Recipient>,
}

pub(super) fn snapshot(args: &PlanArgs, shops: &[&Shop]) -> Result<Snapshot, PlanError> {
    if let Some(path) = &args.from {
        let text = std::fs::read_to_string(path)
            .map_err(|source| PlanError::Unreadable { path: path.clone(), source })?;
        let none = |why: String| PlanError::NoSnapshot { path: path.clone(), why };
        let snapshot: Snapshot =
            serde_json::from_str(&text).map_err(|error| none(error.to_string()))?;
        if snapshot.v != SNAPSHOT {
            return Err(none(format!("version {} instead of {SNAPSHOT}", snapshot.v)));
        }
        return Ok(snapshot);
    }
    let owner = Owner::of(args.url.as_deref().unwrap_or_default())?;
    let mut desks = Vec::new();
    for shop in shops {
        let first = desk(&owner, &shop.page.id, 0)?;
        let shards = first.shards;
        desks.push(first);
        for shard in 1..shards {
            desks.push(desk(&owner, &shop.page.id, shard)?);
        }
    }
    let snapshot = Snapshot { v: SNAPSHOT, desks };
    if let Some(path) = &args.save {
        let text = serde_json::to_string(&snapshot).unwrap_or_default();
        std::fs::write(path, text + "\n")
            .map_err(|source| PlanError::Unwritable { path: path.clone(), source })?;
    }
    Ok(snapshot)
}

/// All recipients of one Desk, page by page.
fn desk(owner: &Owner, page: &PageId, shard: u32) -> Result<DeskRecipients, PlanError> {
    let mut recipients = Vec::new();
    let mut after = String::new();
    loop {
        let query = format!("/admin/recipients?after={}", encoded(&after));
        let told: Told<Recipients> = owner.ask(page, shard, &query)?;
        recipients.extend(told.answer.recipients);
        match told.answer.next {
            Some(next) => after = next,
            None => {
                let (page, shard, shards) = (told.page, told.shard, told.shards.unwrap_or(1));
                return Ok(DeskRecipients { page, shard, shards, recipients });
            }
        }
    }
}
