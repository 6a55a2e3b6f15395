//! `shopbell till`: who may redeem coupons.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::owner::{self, AskError, Owner};
use crate::entry::links::encoded;
use crate::meta::ids::PageId;

/// Makes the key of a till, shows tills, and takes their right away.
///
/// A till is whatever browser signs in at /till with the key, for a month. ADMIN_TOKEN is taken from
/// the environment.
#[derive(Args)]
pub struct TillArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Makes a till and prints its key, once.
    Add {
        /// What it is called where somebody reads by whom a coupon was redeemed.
        name: String,
        #[command(flatten)]
        at: At,
    },
    /// Shows every till.
    List {
        #[command(flatten)]
        at: At,
    },
    /// Takes a till's right away, at once and for all who have signed in with its key.
    Revoke {
        /// Its name.
        name: String,
        #[command(flatten)]
        at: At,
    },
}

/// Which Worker, and which of its Pages.
#[derive(Args)]
struct At {
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
    /// The Page whose till it is, when there are several. It redeems the coupons of all.
    #[arg(long, value_name = "ID", value_parser = owner::page_id)]
    page: Option<PageId>,
}

/// Does it.
#[must_use]
pub fn run(args: &TillArgs) -> ExitCode {
    super::printed(act(&args.act))
}

fn act(act: &Act) -> Result<String, AskError> {
    match act {
        Act::Add { name, at } => {
            let (owner, path) = asked(at, Some(name))?;
            let told: Value = owner.post(&path, String::new())?;
            let key = told.get("key").and_then(Value::as_str).unwrap_or_default();
            let url = at.url.trim_end_matches('/');
            Ok(format!(
                "{name}\nopen  {url}/till\nkey   {key}\nIt is shown once. `shopbell till revoke` ends it.\n"
            ))
        }
        Act::Revoke { name, at } => {
            let (owner, path) = asked(at, Some(name))?;
            let _told: Value = owner.delete(&path)?;
            Ok(format!("{name} may not redeem any more\n"))
        }
        Act::List { at } => {
            let (owner, path) = asked(at, None)?;
            let told: Value = owner.get(&path)?;
            let tills = told.get("tills").and_then(Value::as_array).cloned().unwrap_or_default();
            let text: String = tills.iter().filter_map(line).collect();
            Ok(if text.is_empty() { "there are no tills\n".to_owned() } else { text })
        }
    }
}

fn line(till: &Value) -> Option<String> {
    let text = |name: &str| till.get(name).and_then(Value::as_str);
    let revoked = text("revoked_at").map(|at| format!(", revoked {at}")).unwrap_or_default();
    Some(format!("{:<24} since {}{revoked}\n", text("name")?, text("since")?))
}

fn asked(at: &At, name: Option<&str>) -> Result<(Owner, String), AskError> {
    let owner = Owner::of(&at.url)?;
    let page = owner.page(at.page.as_ref())?;
    let name = name.map(|name| format!("&name={}", encoded(name))).unwrap_or_default();
    Ok((owner, format!("/admin/tills?page={page}{name}")))
}
