//! `shopbell offer`: how many people wait to be told of what, and the word that it has begun.

use std::fmt::Write as _;
use std::process::ExitCode;

use super::owner::{self, AskError, Owner, Told};
use crate::meta::ids::{OfferId, PageId};
use crate::outreach::offers::{Opened, Standing};

/// Says how many people wait to be told of an offer, and opens one.
///
/// An offer without a day in shop.toml (a thing that is sold out, the next video) begins when you
/// open it: whoever asked to be told is told, by day and with every promise and rule that holds for
/// notifications. It can be opened again a day later, for those who have asked since. ADMIN_TOKEN is
/// taken from the environment.
#[derive(clap::Args)]
pub struct OfferArgs {
    /// Opens this one. Left out: all of them are shown.
    #[arg(long, value_name = "ID", value_parser = offer_id)]
    open: Option<OfferId>,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
    /// The Page's id. Left out: the Worker's only one.
    #[arg(long, value_name = "ID", value_parser = owner::page_id)]
    page: Option<PageId>,
}

fn offer_id(text: &str) -> Result<OfferId, String> {
    OfferId::new(text).map_err(|error| error.to_string())
}

/// Why nothing was opened.
#[derive(Debug, thiserror::Error)]
enum OfferError {
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error("the shop has no offer {0}: shopbell offer shows those that are published")]
    Unknown(OfferId),
    #[error("{0} begins on its day, as shop.toml says")]
    OnItsDay(OfferId),
    #[error("{0} was opened within the last day already: nobody is told twice")]
    Already(OfferId),
}

/// Shows or opens.
#[must_use]
pub fn run(args: &OfferArgs) -> ExitCode {
    super::printed(done(args))
}

fn done(args: &OfferArgs) -> Result<String, OfferError> {
    let owner = Owner::of(&args.url)?;
    let page = owner.page(args.page.as_ref())?;
    let told: Vec<Told<Vec<Standing>>> = owner.ask_all(&page, "/admin/offers")?;
    let standing = sums(told.iter().flat_map(|desk| &desk.answer));
    let Some(offer) = &args.open else { return Ok(shown(&standing)) };
    let mut opened = Vec::new();
    for desk in &told {
        // Both are key parts, and need no escaping.
        let path = format!("/admin/offers?page={page}&shard={}&open={offer}", desk.shard);
        let answer: Told<Opened> = owner.post(&path, String::new())?;
        opened.push(answer.answer);
    }
    // A Desk that was reached by an earlier try has opened it already.
    if opened.contains(&Opened::Now) {
        let waiting = standing.iter().find(|one| one.offer == *offer).map_or(0, |one| one.waiting);
        return Ok(format!("{offer} is open: {waiting} waited for it\n"));
    }
    Err(match opened.first() {
        Some(Opened::Already) => OfferError::Already(offer.clone()),
        Some(Opened::OnItsDay) => OfferError::OnItsDay(offer.clone()),
        _ => OfferError::Unknown(offer.clone()),
    })
}

/// Each offer once, over all Desks.
fn sums<'s>(all: impl Iterator<Item = &'s Standing>) -> Vec<Standing> {
    let mut sums: Vec<Standing> = Vec::new();
    for one in all {
        match sums.iter_mut().find(|known| known.offer == one.offer) {
            Some(known) => {
                known.waiting = known.waiting.saturating_add(one.waiting);
                known.began = known.began.take().max(one.began.clone());
            }
            None => sums.push(one.clone()),
        }
    }
    sums
}

fn shown(standing: &[Standing]) -> String {
    let mut text = String::new();
    for one in standing {
        let how = if one.opened_by_hand { "opened by you" } else { "begins on its day" };
        let began = match &one.began {
            Some(at) => format!(", began {at}"),
            None => String::new(),
        };
        let _ = writeln!(text, "{:<24} {:>6} wait, {how}{began}", one.offer.as_str(), one.waiting);
    }
    if text.is_empty() {
        text += "the shop has no offers\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_one_line_over_all_desks() {
        let one = |waiting, began: Option<&str>| Standing {
            offer: OfferId::new("kettle").unwrap(),
            waiting,
            opened_by_hand: true,
            began: began.map(str::to_owned),
        };
        let all = [one(3, None), one(4, Some("2026-11-25T08:00:00Z"))];
        let line =
            "kettle                        7 wait, opened by you, began 2026-11-25T08:00:00Z\n";
        assert_eq!(shown(&sums(all.iter())), line);
        assert_eq!(shown(&[]), "the shop has no offers\n");
    }
}
