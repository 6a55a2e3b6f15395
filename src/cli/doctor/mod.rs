//! `shopbell doctor`: looks at everything a shop needs to work, at the Worker and at Meta, and
//! says for each problem the one thing to do.
//!
//! It changes nothing at Meta: it reads, and it delivers one signed webhook without events. Where a
//! shop declares paid messages it has the Worker note whether they are proved.
//!
//! - `shop`: shop.toml, and the calendar of Meta's rules. `worker`: the Worker's routes;
//!   `desk`: its Desks. `graph`: the Graph API and the app; `page`: a Page's token, subscription,
//!   profile.
//! - `paid`: paid messages and templates. [`secrets`]: from the environment, never printed. `http`: one request, plain words.
//! - [`finding`]: what a check found, for people and machines.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::check::Format;
use crate::shop::model::Shop;

mod desk;
pub mod finding;
mod graph;
pub(super) mod http;
pub(super) mod page;
mod paid;
pub mod secrets;
mod shop;
mod worker;

pub use finding::{Finding, State};
use finding::{Findings, count, for_machines, for_people};
use http::{Base, Http, now};
pub use secrets::Secrets;

/// Meta's own address.
pub(super) const GRAPH: &str = "https://graph.facebook.com";

/// What the Worker speaks when nothing else is set.
pub(super) const GRAPH_VERSION: &str = "v26.0";

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Says what keeps a shop from working, and what to do about it.
///
/// Secrets are taken from the environment: `APP_ID`, `APP_SECRET`, `VERIFY_TOKEN`, `ADMIN_TOKEN`,
/// and `PAGE_TOKEN` or `PAGE_TOKEN_<page id>`. What needs one that is not there is not checked.
/// Nothing is changed at Meta or spent, and no secret is printed; for a shop with [marketing] the
/// Worker proves with its own ADS_TOKEN that paid messages may be sent, which switches them on. Ends with 1 if there is any problem.
#[derive(clap::Args)]
pub struct DoctorArgs {
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    worker: String,
    /// Where the Graph API answers. Left out: Meta's, or the sandbox the Worker is set to.
    #[arg(long, value_name = "URL")]
    graph: Option<String>,
    /// The version of the Graph API. Left out: the Worker's.
    #[arg(long, value_name = "VERSION")]
    graph_version: Option<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What is to be looked at.
#[derive(Clone, Debug)]
pub struct Checkup {
    /// The folder with the shop.toml.
    pub dir: PathBuf,
    /// Where the Worker answers.
    pub worker: String,
    /// Where the Graph API answers, if the Worker is not to be asked.
    pub graph: Option<String>,
    /// The version of the Graph API, likewise.
    pub graph_version: Option<String>,
    /// What to sign and to ask with.
    pub secrets: Secrets,
    /// How long one answer may take.
    pub patience: Duration,
}

/// Looks, prints what was found, and fails if there is any problem.
#[must_use]
pub fn run(args: DoctorArgs) -> ExitCode {
    let checkup = Checkup {
        dir: args.dir,
        worker: args.worker,
        graph: args.graph,
        graph_version: args.graph_version,
        secrets: Secrets::from_environment(),
        patience: PATIENCE,
    };
    let findings = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime.block_on(examine(&checkup)),
        Err(error) => {
            eprintln!("error: this computer has no room to work in: {error}");
            return ExitCode::FAILURE;
        }
    };
    match args.format {
        Format::Text => print!("{}", for_people(&findings)),
        Format::Json => print!("{}", for_machines(&findings)),
    }
    if count(&findings, State::Problem) == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Makes every check that can be made.
pub async fn examine(checkup: &Checkup) -> Vec<Finding> {
    let mut found = Findings::new(&checkup.secrets);
    found.about(format!("The shop in {}", checkup.dir.display()));
    let shops = shop::check(checkup, &mut found);

    found.about("The Worker");
    let http = match Http::new(checkup.patience) {
        Ok(http) => http,
        Err(why) => {
            found.problem(
                "computer.tls",
                format!("this computer cannot make secure connections: {why}"),
                "install its certificates (the package is often called ca-certificates)",
            );
            return found.done();
        }
    };
    let mut told = worker::Told::default();
    let base = Base::new(&checkup.worker);
    match &base {
        Ok(base) => {
            told = worker::check(checkup, &http, base, shops.as_deref(), &mut found).await;
        }
        Err(error) => found.problem(
            "worker.address",
            format!("the Worker's address {error}"),
            "write it as https://shopbell.<you>.workers.dev",
        ),
    }

    let version = checkup.graph_version.clone().or(told.graph_version);
    let version = version.unwrap_or_else(|| GRAPH_VERSION.to_owned());
    let shops = shops.unwrap_or_default();
    found.about("Meta");
    let today = now().utc_date();
    shop::graph_version(&version, today, &mut found);
    shop::calendar(today, &mut found);
    if let Some(graph) = graph_base(checkup, told.graph.as_deref(), base.as_ref().ok(), &mut found)
    {
        let graph = graph::Graph { http: &http, base: graph, version };
        let instagram = shops.iter().any(graph::instagram_on);
        graph::app(checkup, &graph, base.as_ref().ok(), instagram, &mut found).await;
        for (index, shop) in shops.iter().enumerate() {
            found.about(format!("Page {}, {}", shop.page.id, page_name(shop)));
            page::check(checkup, &graph, shop, index == 0, &mut found).await;
        }
    }
    if let Ok(base) = &base {
        paid::check(checkup, &http, base, &shops, &mut found).await;
    }
    remember(&shops, &mut found);
    found.done()
}

fn page_name(shop: &Shop) -> String {
    match &shop.page.branch {
        Some(branch) => format!("{}, {branch}", shop.name),
        None => shop.name.clone(),
    }
}

/// Where tokens may be sent: where the owner says, or to Meta. What the Worker says counts only
/// for this computer's own sandbox: a mistyped `--worker` must not lead the tokens anywhere.
fn graph_base(
    checkup: &Checkup,
    told: Option<&str>,
    worker: Option<&Base>,
    found: &mut Findings<'_>,
) -> Option<Base> {
    const CHECK: &str = "graph.address";
    let local = worker.is_some_and(Base::is_loopback);
    let sandbox = told.and_then(|told| Base::new(told).ok());
    let sandbox = sandbox.filter(|told| local && told.is_loopback());
    let told = told.map(|told| told.trim_end_matches('/'));
    match (&checkup.graph, sandbox) {
        (Some(given), _) => match Base::new(given) {
            Ok(base) => Some(base),
            Err(error) => {
                found.problem(
                    CHECK,
                    format!("the Graph API's address {error}"),
                    format!("leave --graph out, or write {GRAPH}"),
                );
                None
            }
        },
        (None, Some(sandbox)) => {
            found.ok(CHECK, format!("the Worker talks to the sandbox at {}", sandbox.as_str()));
            Some(sandbox)
        }
        // A Worker on this computer has tokens for trying things out: not for Meta.
        (None, None) if local && told.is_none() => {
            found.warning(
                CHECK,
                "Meta was not asked: the Worker on this computer does not say where its Graph API is",
                format!("set ADMIN_TOKEN and start the Worker, or write --graph {GRAPH}"),
            );
            None
        }
        (None, None) => {
            if let Some(told) = told.filter(|told| *told != GRAPH) {
                found.problem(
                    CHECK,
                    format!("the Worker does not talk to Meta but to {told}"),
                    format!("set GRAPH_BASE_URL = \"{GRAPH}\" in wrangler.toml and deploy"),
                );
                return None;
            }
            Base::new(GRAPH).ok()
        }
    }
}

/// What nobody can check from here.
fn remember(shops: &[Shop], found: &mut Findings<'_>) {
    found.about("To remember");
    found.note(
        "note.app_review",
        "before App Review only people with a role on the app are answered: everybody else's \
         messages do not even arrive (App dashboard > App Review; App roles)",
    );
    found.note(
        "note.automations",
        "Meta's own automations would answer a second time: switch off instant reply, away \
         message and FAQ in Meta Business Suite > Inbox > Automations",
    );
    if shops.iter().any(graph::instagram_on) {
        found.note(
            "note.instagram",
            "Instagram hands messages over only if it is allowed to: in the Instagram app, \
             Settings > Messages > Message controls > Connected tools, \"Allow access to messages\"",
        );
    }
}
