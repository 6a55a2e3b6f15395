//! `shopbell doctor`: looks at everything a shop needs to work, at the Worker and at Meta, and
//! says for each problem the one thing to do.
//!
//! It changes nothing at Meta: it reads, and it delivers one signed webhook without events. Where a
//! shop declares paid messages it has the Worker note whether they are proved.
//!
//! - `shop`: shop.toml, and the calendar of Meta's rules. `worker`: the Worker's routes; `desk`: its
//!   Desks; `looks`: what the Worker's own looks found. `graph`: the Graph API and the app; `page`: a
//!   Page's token, subscription, profile. `paid`: paid messages and templates.
//! - [`secrets`]: from the environment, never printed. `http`: one request, plain words.
//! - `checks`: every check there is. `judged`: what `desk::checkup` judges, which the Worker's own
//!   looks share. [`finding`]: what a check found, in the owner's language, for people and machines.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::check::Format;
use super::said;
use crate::desk::checkup::needs::Needs;
use crate::shop::lang::doctor::DoctorTexts;
use crate::shop::lang::language;
use crate::shop::model::{Lang, Shop};

mod checks;
mod desk;
pub mod finding;
mod graph;
pub(super) mod http;
mod judged;
mod looks;
pub(super) mod page;
mod paid;
pub mod secrets;
mod shop;
mod worker;

use finding::{Check, Findings, about, fix, says};
pub use finding::{Diagnosis, Finding, State};
use http::{Base, Http, now};
pub(in crate::cli) use page::same_username;
pub use secrets::Secrets;

/// Meta's own address.
pub(super) const GRAPH: &str = "https://graph.facebook.com";

/// What the Worker speaks when nothing else is set.
pub(super) const GRAPH_VERSION: &str = "v26.0";

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Says what keeps a shop from working, at the Worker and at Meta.
///
/// Secrets are taken from the environment: `APP_ID`, `APP_SECRET`, `VERIFY_TOKEN`, `ADMIN_TOKEN`,
/// and `PAGE_TOKEN` or `PAGE_TOKEN_<page id>`. What needs one that is not there is not checked.
/// Nothing is changed at Meta or spent, and no secret is printed; for a shop with [marketing] the
/// Worker proves with its own ADS_TOKEN that paid messages may be sent, which switches them on.
/// It speaks the shop's first language. Ends with 1 if there is any problem.
#[derive(clap::Args)]
pub struct DoctorArgs {
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
    /// Where the Graph API answers. Left out: Meta's, or the sandbox the Worker is set to.
    #[arg(long, value_name = "URL")]
    graph: Option<String>,
    /// The version of the Graph API. Left out: the Worker's.
    #[arg(long, value_name = "VERSION")]
    graph_version: Option<String>,
    /// In which language: `lt`, `pt-BR`. Left out: the shop's first.
    #[arg(long, value_name = "TAG", value_parser = said::language)]
    language: Option<Lang>,
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
    /// In which language; none: the shop's first.
    pub language: Option<Lang>,
}

/// Looks, prints what was found, and fails if there is any problem.
#[must_use]
pub fn run(args: DoctorArgs) -> ExitCode {
    let checkup = Checkup {
        dir: args.dir,
        worker: args.url,
        graph: args.graph,
        graph_version: args.graph_version,
        secrets: Secrets::from_environment(),
        patience: PATIENCE,
        language: args.language,
    };
    let diagnosis = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime.block_on(examine(&checkup)),
        Err(error) => {
            eprintln!("error: this computer has no room to work in: {error}");
            return ExitCode::FAILURE;
        }
    };
    match args.format {
        Format::Text => print!("{}", diagnosis.for_people()),
        Format::Json => print!("{}", diagnosis.for_machines()),
    }
    if diagnosis.count(State::Problem) == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Makes every check that can be made.
pub async fn examine(checkup: &Checkup) -> Diagnosis {
    let mut found = Findings::new(&checkup.secrets);
    found.about(about(|w| w.about_shop).with("dir", checkup.dir.display()));
    let shops = shop::check(checkup, &mut found);
    let texts = texts(checkup, shops.as_deref());

    found.about(about(|w| w.about_worker));
    let http = match Http::new(checkup.patience) {
        Ok(http) => http,
        Err(why) => {
            let unreachable = says(|s| s.unreachable).with("why", why);
            found.problem(checks::COMPUTER, unreachable, fix(|f| f.certificates));
            return found.done(texts);
        }
    };
    let mut told = worker::Told::default();
    let mut looks = looks::Looks::default();
    let base = Base::new(&checkup.worker);
    own_secrets(checkup, base.as_ref().ok(), &mut found);
    match &base {
        Ok(base) => {
            told = worker::check(checkup, &http, base, shops.as_deref(), &mut found).await;
            if told.knows_us() {
                looks = looks::check(checkup, &http, base, &mut found).await;
                worker::desks(&told, &mut found);
            }
        }
        Err(error) => found.problem(
            checks::ADDRESS,
            says(|s| s.address).with("why", error),
            fix(|f| f.give_address),
        ),
    }

    let version = checkup.graph_version.clone().or_else(|| told.graph_version.clone());
    let version = version.unwrap_or_else(|| GRAPH_VERSION.to_owned());
    let shops = shops.unwrap_or_default();
    found.about(about(|w| w.about_meta));
    let today = now().utc_date();
    shop::graph_version(&version, today, &mut found);
    shop::calendar(today, &mut found);
    let mut known = Vec::new();
    if let Some(graph) = graph_base(checkup, told.graph.as_deref(), base.as_ref().ok(), &mut found)
    {
        let graph = graph::Graph { http: &http, base: graph, version };
        let needs: Vec<Needs> = shops.iter().map(Needs::of).collect();
        graph::app(checkup, &graph, base.as_ref().ok(), &needs, &mut found).await;
        for (index, shop) in shops.iter().enumerate() {
            let page = shop.page.id.as_str();
            found.about(about(|w| w.about_page).with("page", page).with("name", page_name(shop)));
            if page::check(checkup, &graph, shop, index == 0, &mut found).await {
                known.push(page);
            }
        }
    }
    looks.tell(&known, &mut found);
    if let Ok(base) = &base {
        paid::check(checkup, &http, base, &shops, &mut found).await;
    }
    found.done(texts)
}

/// The language to speak: as asked for, else the shop's first.
fn texts(checkup: &Checkup, shops: Option<&[Shop]>) -> &'static DoctorTexts {
    let shops = shops.and_then(<[Shop]>::first).map(Shop::default_lang);
    let lang = checkup.language.as_ref().or(shops);
    lang.map_or_else(|| language(&Lang("en".to_owned())), language).doctor
}

/// Secrets of this computer that protect nothing. A Worker on this computer is for trying things
/// out, and the public examples are made for that.
fn own_secrets(checkup: &Checkup, worker: Option<&Base>, found: &mut Findings<'_>) {
    if worker.is_some_and(Base::is_loopback) {
        return;
    }
    let (examples, weak) = checkup.secrets.weak();
    let lists = [(examples, says(|s| s.examples)), (weak, says(|s| s.weak))];
    for (names, says) in lists {
        let Some(first) = names.first() else { continue };
        let command = worker::renewed(first);
        let strong = fix(|f| f.strong).with("command", command);
        found.problem(checks::OWN_SECRETS, says.with("names", names.join(", ")), strong);
    }
}

fn page_name(shop: &Shop) -> String {
    match &shop.page.branch {
        Some(branch) => format!("{}, {branch}", shop.name),
        None => shop.name.clone(),
    }
}

/// Where tokens may be sent: where the owner says, or to Meta. What the Worker says counts only
/// for this computer's own sandbox: a mistyped `--url` must not lead the tokens anywhere.
fn graph_base(
    checkup: &Checkup,
    told: Option<&str>,
    worker: Option<&Base>,
    found: &mut Findings<'_>,
) -> Option<Base> {
    const CHECK: Check = checks::GRAPH_ADDRESS;
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
                    says(|s| s.address).with("why", error),
                    fix(|f| f.leave_graph).with("url", GRAPH),
                );
                None
            }
        },
        (None, Some(sandbox)) => {
            found.ok(CHECK, format!("sandbox, {}", sandbox.as_str()));
            Some(sandbox)
        }
        // A Worker on this computer has tokens for trying things out: not for Meta.
        (None, None) if local && told.is_none() => {
            let has_token = checkup.secrets.get("ADMIN_TOKEN").is_some();
            let export = || fix(|f| f.export).with("names", "ADMIN_TOKEN");
            let fix = if has_token { fix(|f| f.again) } else { export() };
            found.unchecked(CHECK, says(|s| s.silent_worker), fix);
            None
        }
        (None, None) => {
            if let Some(told) = told.filter(|told| *told != GRAPH) {
                let line = format!("GRAPH_BASE_URL = \"{GRAPH}\"");
                found.problem(
                    CHECK,
                    says(|s| s.elsewhere).with("what", "Worker").with("url", told),
                    fix(|f| f.set_var).with("line", line),
                );
                return None;
            }
            Base::new(GRAPH).ok()
        }
    }
}
