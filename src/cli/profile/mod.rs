//! `shopbell profile`: what people see of a Page before anybody has said a word (greeting, Get
//! Started, ice breakers, the menu, commands) and of its Instagram account (ice breakers, the menu),
//! from shop.toml to Meta.
//!
//! - [`wanted`]: what shop.toml asks for. [`state`]: the same in lines, ours and Meta's, to compare.
//! - [`meta`]: the calls: one to look, one to set, one to take away; Meta allows ten in ten minutes
//!   for each Page.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Map, Value};

use super::check;
use super::doctor::Secrets;
use super::doctor::http::{Base, Http};
use super::shown::plain;
use crate::shop::model::Shop;

pub mod meta;
pub mod state;
pub mod wanted;

use meta::{Of, Profile};
use state::Change;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Greeting, Get Started, ice breakers, menu and commands: what shop.toml says, at Meta.
///
/// `diff` shows what would change on the Pages, `sync` changes it. The access token is taken from the
/// environment: `PAGE_TOKEN` or `PAGE_TOKEN_<page id>`, and `APP_SECRET` where the app wants proof. It is
/// not printed.
#[derive(clap::Args)]
pub struct ProfileArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Shows what `sync` would change. Changes nothing.
    Diff {
        #[command(flatten)]
        target: Target,
        /// Ends with 1 when something would change.
        #[arg(long)]
        exit_code: bool,
    },
    /// Makes the Pages as shop.toml says, and shows what changed.
    Sync {
        #[command(flatten)]
        target: Target,
    },
}

/// Which Pages, and where.
#[derive(clap::Args)]
struct Target {
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Only the Page with this id or username.
    #[arg(long, value_name = "ID")]
    page: Option<String>,
    /// Where the Graph API answers: a sandbox, for example.
    #[arg(long, value_name = "URL", default_value = "https://graph.facebook.com")]
    graph: String,
    /// The version of the Graph API.
    #[arg(long, value_name = "VERSION", default_value = "v26.0")]
    graph_version: String,
}

/// Compares, and with `sync` changes. Ends with 1 when a Page could not be read or changed.
#[must_use]
pub fn run(args: ProfileArgs) -> ExitCode {
    let (target, sync, exit_code) = match args.command {
        Command::Diff { target, exit_code } => (target, false, exit_code),
        Command::Sync { target } => (target, true, false),
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&format!("this computer has no room to work in: {error}")),
    };
    match runtime.block_on(all(&target, sync)) {
        Ok(changes) if changes > 0 && exit_code => ExitCode::FAILURE,
        Ok(_) => ExitCode::SUCCESS,
        Err(why) => failed(&why),
    }
}

fn failed(why: &str) -> ExitCode {
    eprintln!("error: {}", plain(why));
    ExitCode::FAILURE
}

async fn all(target: &Target, sync: bool) -> Result<usize, String> {
    let shops = check::load(&target.dir).map_err(|error| error.to_string())?;
    let is_meant = |shop: &&Shop| {
        target.page.as_ref().is_none_or(|p| *p == shop.page.username || p == shop.page.id.as_str())
    };
    let shops: Vec<&Shop> = shops.iter().filter(is_meant).collect();
    if shops.is_empty() {
        let page = target.page.as_deref().unwrap_or_default();
        return Err(format!("no Page of shop.toml is called {page}: look at its [[page]] tables"));
    }
    let base = Base::new(&target.graph).map_err(|error| format!("--graph {error}"))?;
    let http = Http::new(PATIENCE)
        .map_err(|why| format!("this computer cannot make secure connections: {why}"))?;
    let secrets = Secrets::from_environment();
    let mut changes: usize = 0;
    let mut problems = Vec::new();
    for shop in shops {
        let id = shop.page.id.as_str();
        let instagram = shop.page.instagram_id.is_some().then_some(Of::Instagram);
        for of in [Of::Messenger].into_iter().chain(instagram) {
            match profile_of(of, &http, &base, &target.graph_version, &secrets, shop, sync).await {
                Ok(found) => {
                    print!("{}", plain(&shown(of, shop, &found, sync)));
                    changes = changes.saturating_add(found.len());
                }
                Err(why) => problems.push(format!("{} {id}: {why}", named(of))),
            }
        }
    }
    if problems.is_empty() { Ok(changes) } else { Err(problems.join("\nerror: ")) }
}

fn named(of: Of) -> &'static str {
    match of {
        Of::Messenger => "Page",
        Of::Instagram => "Instagram account of Page",
    }
}

async fn profile_of(
    of: Of,
    http: &Http,
    base: &Base,
    version: &str,
    secrets: &Secrets,
    shop: &Shop,
    sync: bool,
) -> Result<Vec<Change>, String> {
    let compared = compared(of, http, base, version, secrets, shop).await?;
    if sync {
        compared.make_so().await?;
    }
    Ok(compared.changes)
}

/// A profile at Meta, beside what shop.toml says.
pub(super) struct Compared<'a> {
    profile: Profile<'a>,
    wanted: Map<String, Value>,
    /// What differs.
    pub changes: Vec<Change>,
}

impl Compared<'_> {
    /// Makes the profile as shop.toml says.
    pub(super) async fn make_so(&self) -> Result<(), String> {
        if self.changes.is_empty() {
            return Ok(());
        }
        self.profile.change(&self.wanted, &self.changes).await
    }
}

/// Looks at a profile.
pub(super) async fn compared<'a>(
    of: Of,
    http: &'a Http,
    base: &Base,
    version: &str,
    secrets: &'a Secrets,
    shop: &Shop,
) -> Result<Compared<'a>, String> {
    let id = shop.page.id.as_str();
    let Some((_, token)) = secrets.page_token(&shop.page.id) else {
        return Err(format!("set PAGE_TOKEN_{id} or PAGE_TOKEN to the Page's access token"));
    };
    let profile = Profile::new(of, http, base, version, id, token, secrets.get("APP_SECRET"));
    let wanted = match of {
        Of::Messenger => wanted::profile(shop),
        Of::Instagram => wanted::instagram(shop),
    };
    let theirs = profile.look().await?;
    let changes = state::changes(of.fields(), &wanted, &theirs);
    Ok(Compared { profile, wanted, changes })
}

pub(super) fn shown(of: Of, shop: &Shop, changes: &[Change], sync: bool) -> String {
    let page = match &shop.page.branch {
        Some(branch) => format!("{}, {branch}", shop.name),
        None => shop.name.clone(),
    };
    let id = match (of, &shop.page.instagram_id) {
        (Of::Instagram, Some(id)) => format!("Instagram {id}"),
        _ => shop.page.id.to_string(),
    };
    let mut text = match (changes.is_empty(), sync) {
        (true, _) => format!("{page} ({id}): as shop.toml says\n"),
        (false, true) => format!("{page} ({id}): changed\n"),
        (false, false) => format!("{page} ({id}): `shopbell profile sync` would change\n"),
    };
    for change in changes {
        text.push_str(&change.to_string());
    }
    if changes.iter().any(|change| change.field == "persistent_menu") && sync {
        text.push_str("  people may see the old menu for up to a day\n");
    }
    text
}
