//! `shopbell deploy`: from a checked shop to a live assistant. Every step looks first, does what is
//! missing, and can be run again, also after it was cut off anywhere.
//!
//! - [`worker`]: KV and the Worker. [`shop`]: the shop and its model in KV.
//! - [`meta`]: the app's webhook, the Pages' events, what people see of a Page.
//! - [`arrival`]: whether the Worker answers, whether everything fits together, and the first message.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

pub(in crate::cli) mod arrival;
pub(in crate::cli) mod meta;
pub(in crate::cli) mod shop;
pub(in crate::cli) mod worker;

use super::connect::collect::{Collected, Wanted, collect};
use super::connect::session::{Failure, Session, Where, from_environment};
use super::connect::talk::Talk;
use super::connect::{hand_over, with_somebody};
use crate::outreach::budget::limits::PAID_CENTS_A_MONTH;
use crate::shop::model::Plan;

/// How long things that take a moment may take: an address that becomes known, KV that becomes visible.
/// KV shows what is written within a minute (Cloudflare, 2026), and two reads may lie between.
const PATIENCE_S: u64 = 180;

/// Goes live: Worker, secrets, shop, webhook, profile; then waits for the first message.
///
/// Meta's webhook comes with the Pages' events, the profile is what people see before they write, and
/// the first message is yours. Each step says done, changed or already, and the whole can be run again.
/// Secrets come from the environment (as for `shopbell connect`), or are asked for at a terminal; those
/// that the Worker has are not needed, but without `APP_SECRET` and the Page's token nothing is looked at
/// or changed at Meta.
#[derive(Clone, Debug, clap::Args)]
pub struct DeployArgs {
    #[command(flatten)]
    at: Where,
    /// Shows what would be done, and lets wrangler rehearse the upload. Changes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Does not ask before something is made.
    #[arg(long)]
    yes: bool,
    /// Waits for the first message, also without a terminal.
    #[arg(long, conflicts_with = "no_wait")]
    wait: bool,
    /// Does not wait for the first message.
    #[arg(long)]
    no_wait: bool,
    /// Takes over the app's webhook when it leads to another address: an app has one for all its Pages.
    #[arg(long)]
    take_webhook: bool,
    /// How long what takes a moment may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = PATIENCE_S, hide = true)]
    patience: u64,
}

/// How it is done.
#[derive(Clone, Debug)]
pub struct Options {
    /// Nothing is asked before something is made.
    pub yes: bool,
    /// Whether the first message is waited for; none: at a terminal.
    pub wait: Option<bool>,
    /// Whether the app's webhook is taken over.
    pub take_webhook: bool,
    /// How long what takes a moment may take.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        let patience = Duration::from_secs(PATIENCE_S);
        Self { yes: false, wait: None, take_webhook: false, patience }
    }
}

/// Deploys.
#[must_use]
pub fn run(args: DeployArgs) -> ExitCode {
    with_somebody(args.at.no_input, true, |talk| deploy(args, from_environment(), talk))
}

/// Deploys with whoever is there. `given` are the secrets of the environment.
///
/// # Errors
/// [`Failure`] of the first step that was not done.
pub fn deploy(
    args: DeployArgs,
    given: BTreeMap<String, String>,
    talk: &mut dyn Talk,
) -> Result<(), Failure> {
    let options = Options {
        yes: args.yes,
        wait: if args.wait { Some(true) } else { args.no_wait.then_some(false) },
        take_webhook: args.take_webhook,
        patience: Duration::from_secs(args.patience),
    };
    let patience = (args.patience != PATIENCE_S).then(|| args.patience.to_string());
    let line = args
        .at
        .again("deploy")
        .flag("--dry-run", args.dry_run)
        .flag("--yes", args.yes)
        .flag("--wait", args.wait)
        .flag("--no-wait", args.no_wait)
        .flag("--take-webhook", args.take_webhook)
        .with("--patience", patience);
    let mut session = Session::open(args.at, &line, given, talk, args.dry_run)?;
    headline(&mut session);
    if args.dry_run {
        return worker::rehearse(&mut session);
    }
    agree(&mut session, options.yes)?;
    // What the Worker has cannot be read back, and without it nothing can be looked at at Meta.
    let wanted = Wanted { all: session.talk.somebody(), ..Wanted::default() };
    let all = collect(&mut session, &wanted)?;
    go_on(session, all, &options)
}

/// Everything after the secrets are known.
///
/// # Errors
/// [`Failure`] of the first step that was not done.
pub(in crate::cli) fn go_on(
    mut session: Session<'_>,
    mut all: Collected,
    options: &Options,
) -> Result<(), Failure> {
    // The Worker first: the first secret of one that is not there would make an empty one.
    let url = worker::ensure(&mut session, &all)?;
    hand_over(&mut session, &all)?;
    shop::ensure(&mut session)?;
    arrival::answers(&mut session, &url, options)?;
    meta::webhook(&mut session, &mut all, &url, options)?;
    meta::events(&mut session, &all)?;
    meta::profile(&mut session, &all, options)?;
    arrival::check(&mut session, &all, &url, options)?;
    arrival::first_message(&mut session, &all, &url, options)
}

/// One line for one step.
pub(in crate::cli) fn report(session: &mut Session<'_>, step: &str, state: &str, text: &str) {
    session.skipped |= state == "skipped";
    session.talk.say(&format!("{step:<9} {state:<8} {text}"));
}

/// Which shop, and where it goes.
pub(in crate::cli) fn headline(session: &mut Session<'_>) {
    let name = session.shops.first().map(|shop| shop.name.clone()).unwrap_or_default();
    let pages: Vec<String> = session.shops.iter().map(|shop| shop.page.id.to_string()).collect();
    let target = &session.cloud.target;
    let whose = session.login.as_ref().and_then(|login| login.email.clone());
    let whose = whose.map(|email| format!(" of {email}")).unwrap_or_default();
    let account = target.account.clone().unwrap_or_else(|| "?".to_owned());
    let line = format!(
        "{name}, Page {}: Worker `{}` on Cloudflare account {account}{whose}",
        pages.join(", "),
        target.worker
    );
    session.talk.say(&line);
}

/// What it costs, before anything is made. A person at a terminal may say no.
pub(in crate::cli) fn agree(session: &mut Session<'_>, yes: bool) -> Result<(), Failure> {
    let cost = cost(session);
    report(session, "cost", "", &cost);
    if session.deployed.is_some() || yes || !session.talk.somebody() {
        return Ok(());
    }
    let question =
        format!("Make the Worker `{}` and its KV namespace now?", session.cloud.target.worker);
    if session.talk.yes(&question) {
        return Ok(());
    }
    let again = session.again.to_string();
    Err(Failure::new("nothing was made", "you said no", again))
}

/// In words.
fn cost(session: &Session<'_>) -> String {
    let first = session.shops.first();
    let plan = first.map(|shop| shop.hosting.plan).unwrap_or_default();
    let cloudflare = match plan {
        Plan::Free => {
            "nothing on Cloudflare's free plan, up to its limits of each day (shopbell budget)"
                .to_owned()
        }
        Plan::Paid => format!(
            "{} dollars a month for Cloudflare's paid plan, and what goes beyond it (shopbell budget)",
            PAID_CENTS_A_MONTH / 100
        ),
    };
    let paid = session.shops.iter().any(|shop| shop.marketing.is_some());
    let meta = if paid {
        "Meta takes nothing for answers within 24 hours; paid messages up to the cap in shop.toml"
    } else {
        "Meta takes nothing for answers within 24 hours"
    };
    format!("{cloudflare}; {meta}")
}
