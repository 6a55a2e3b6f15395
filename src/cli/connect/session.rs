//! What both `connect` and `deploy` begin with: the shop, the Worker it belongs to, who is logged in at
//! Cloudflare, and the secrets of the environment.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::again::{Again, from_the_line};
use super::graph::Graph;
use super::talk::Talk;
use crate::cli::check::{self, made_up};
use crate::cli::cloud::config::Config;
use crate::cli::cloud::refusal::Refusal;
use crate::cli::cloud::target::{Target, TargetArgs, bundle_folder};
use crate::cli::cloud::wrangler::Wrangler;
use crate::cli::cloud::{Cloud, Deployed, Login, is_secret};
use crate::cli::doctor::http::{Base, Http};
use crate::cli::doctor::{GRAPH, GRAPH_VERSION};
use crate::shop::model::Shop;

/// How long one answer of Meta's or the Worker's may take. Meta asks the Worker before it answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which shop, and where everything is.
#[derive(Clone, Debug, clap::Args)]
pub struct Where {
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// Which Worker.
    #[command(flatten)]
    pub target: TargetArgs,
    /// The folder with wrangler's configuration and the bundle: a checkout, or a release.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub bundle: PathBuf,
    /// The wrangler to call. Left out: scripts/wrangler of the folder, or the one npx fetches.
    #[arg(long, env = "WRANGLER", value_name = "PROGRAM")]
    pub wrangler: Option<PathBuf>,
    /// The Meta app's id.
    #[arg(long, env = "APP_ID", value_name = "ID")]
    pub app_id: Option<String>,
    /// Where the Graph API answers: a sandbox, for example. Left out: Meta's.
    #[arg(long, value_name = "URL")]
    pub graph: Option<String>,
    /// The version of the Graph API.
    #[arg(long, value_name = "VERSION")]
    pub graph_version: Option<String>,
    /// Asks nothing, also at a terminal.
    #[arg(long)]
    pub no_input: bool,
}

impl Where {
    /// The command line that does the same again.
    pub(in crate::cli) fn again(&self, command: &str) -> Again {
        Again::of(command, &self.dir, &self.target, &self.bundle, self.wrangler.as_deref())
            .with("--app-id", from_the_line("APP_ID", self.app_id.clone()))
            .with("--graph", self.graph.clone())
            .with("--graph-version", self.graph_version.clone())
            .flag("--no-input", self.no_input)
    }
}

/// Why a step was not done, and the one thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What was not done.
    pub what: String,
    /// Why not.
    pub why: String,
    /// The one thing to do.
    pub fix: String,
}

impl Failure {
    pub(in crate::cli) fn new(
        what: impl Into<String>,
        why: impl fmt::Display,
        fix: impl Into<String>,
    ) -> Self {
        Self { what: what.into(), why: why.to_string(), fix: fix.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\n  why: {}\n  do:  {}", self.what, self.why, self.fix)
    }
}

/// A shop that is being set up.
pub struct Session<'t> {
    /// Where, as it was said.
    pub at: Where,
    /// The shops, one for each Page.
    pub shops: Vec<Shop>,
    /// The Worker, by way of wrangler.
    pub cloud: Cloud,
    /// None: nobody, which only a rehearsal goes on with.
    pub login: Option<Login>,
    /// The Worker as it stands.
    pub deployed: Option<Deployed>,
    /// What requests are made on.
    pub runtime: Runtime,
    pub(in crate::cli) graph: Graph,
    /// Who is told, and asked.
    pub talk: &'t mut dyn Talk,
    /// Secrets of the environment.
    pub given: BTreeMap<String, String>,
    /// What to run again.
    pub(in crate::cli) again: Again,
    /// Something at Meta was not looked at, for want of a secret.
    pub skipped: bool,
}

impl<'t> Session<'t> {
    /// Reads the shop, finds the Worker, and asks who is logged in. A `rehearsal` goes on without a
    /// login.
    ///
    /// # Errors
    /// [`Failure`].
    pub(in crate::cli) fn open(
        at: Where,
        line: &Again,
        given: BTreeMap<String, String>,
        talk: &'t mut dyn Talk,
        rehearsal: bool,
    ) -> Result<Self, Failure> {
        let unread = |why: check::LoadError| {
            let fix = why.fix(&at.dir);
            Failure::new("the shop was not read", why, fix)
        };
        let shops = check::load(&at.dir).map_err(unread)?;
        let (_, source) = check::read(&at.dir).map_err(unread)?;
        if !rehearsal {
            made_up::real(&shops, &source).map_err(|why| {
                let fix = format!("shopbell check {} shows where", at.dir.display());
                Failure::new("the shop's Page is made up", why, fix)
            })?;
        }
        let root = bundle_folder(&at.bundle);
        let config = Config::read(&root).map_err(|why| {
            let fix = format!(
                "{}, with the folder of Shopbell's wrangler.toml",
                line.instead("--bundle", "FOLDER")
            );
            Failure::new("wrangler's configuration was not read", why, fix)
        })?;
        let target = Target::of(&at.target, &source, &config).map_err(|why| {
            let (option, value) = why.instead();
            Failure::new(why.what(), why, line.instead(option, &value))
        })?;
        let wrangler = Wrangler::find(at.wrangler.as_deref(), &root);
        let version = at.graph_version.clone();
        let version = version.or_else(|| config.var("GRAPH_VERSION").map(str::to_owned));
        let version = version.unwrap_or_else(|| GRAPH_VERSION.to_owned());
        let room = |why: &dyn fmt::Display| {
            Failure::new("this computer has no room to work in", why, line.to_string())
        };
        let cloud = Cloud::new(wrangler, config, target).map_err(|why| room(&why))?;
        let runtime = Runtime::new().map_err(|why| room(&why))?;
        let base = Base::new(at.graph.as_deref().unwrap_or(GRAPH)).map_err(|why| {
            Failure::new("the Graph API's address is none", why, line.instead("--graph", GRAPH))
        })?;
        let graph = Graph::new(Self::http(line)?, base, version);
        let (deployed, skipped) = (None, false);
        let mut session = Self {
            at,
            shops,
            cloud,
            login: None,
            deployed,
            runtime,
            graph,
            talk,
            given,
            again: line.clone(),
            skipped,
        };
        match session.log_in() {
            Ok(login) => session.login = Some(login),
            Err(Refusal::NotLoggedIn | Refusal::Offline) if rehearsal => return Ok(session),
            Err(refusal) => return Err(session.refused("nobody was found at Cloudflare", &refusal)),
        }
        session.look()?;
        Ok(session)
    }

    pub(in crate::cli) fn http(again: &Again) -> Result<Http, Failure> {
        Http::new(PATIENCE).map_err(|why| {
            let what = "this computer cannot make secure connections";
            Failure::new(
                what,
                why,
                format!("install its certificates (ca-certificates), then: {again}"),
            )
        })
    }

    /// Who is logged in; a person at a terminal can log in now.
    fn log_in(&mut self) -> Result<Login, Refusal> {
        if self.cloud.wrangler.is_fetched() {
            let shown = self.cloud.wrangler.shown();
            self.talk
                .say(&format!("asking {shown}, which npm fetches first: this may take a minute"));
        }
        let login = match self.cloud.login() {
            Err(Refusal::NotLoggedIn) if self.talk.somebody() => {
                let question = "Nobody is logged in to Cloudflare. Log in now, in a browser?";
                if !self.talk.yes(question) {
                    return Err(Refusal::NotLoggedIn);
                }
                self.cloud.wrangler.by_hand(&["login"])?;
                self.cloud.login()?
            }
            other => other?,
        };
        match (&self.cloud.target.account, login.accounts.as_slice()) {
            (None, [(only, _)]) => self.cloud.target.account = Some(only.clone()),
            (None, [_, _, ..]) => {
                let ids = login.accounts.iter().map(|(id, _)| id.clone()).collect();
                return Err(Refusal::SeveralAccounts(ids));
            }
            (Some(ours), [_, ..]) if !login.accounts.iter().any(|(id, _)| id == ours) => {
                return Err(Refusal::Permission(format!("it does not reach account {ours}")));
            }
            _ => {}
        }
        Ok(login)
    }

    /// Looks at the Worker as it stands.
    pub(in crate::cli) fn look(&mut self) -> Result<(), Failure> {
        let deployed = self.cloud.deployed().and_then(|deployed| {
            let Some(mut deployed) = deployed else { return Ok(None) };
            deployed.secrets = self.cloud.secrets()?;
            Ok(Some(deployed))
        });
        self.deployed = deployed
            .map_err(|refusal| self.refused("the Worker as it stands was not read", &refusal))?;
        Ok(())
    }

    /// A refusal of wrangler's, as a failure.
    pub(in crate::cli) fn refused(&self, what: &str, refusal: &Refusal) -> Failure {
        let fix = refusal.fix(&self.cloud.wrangler.shown(), &self.again.to_string());
        Failure::new(what, refusal, fix)
    }

    /// Whether the Worker has a secret of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.deployed.as_ref().is_some_and(|deployed| deployed.secrets.contains(name))
    }

    /// A var of the Worker as it stands, unless it is empty.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<&str> {
        let value = self.deployed.as_ref()?.vars.get(name)?.as_str();
        Some(value).filter(|value| !value.is_empty())
    }

    /// Where the Worker answers, once it is known.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        let own = self.cloud.config.var("PUBLIC_URL").or_else(|| self.var("PUBLIC_URL"));
        own.map(|url| url.trim_end_matches('/').to_owned())
    }

    /// The app's id: as it was said, as it is deployed, or as wrangler's configuration has it.
    #[must_use]
    pub fn app_id(&self) -> Option<String> {
        let said = self.at.app_id.clone().map(|id| id.trim().to_owned());
        let said = said.filter(|id| !id.is_empty());
        let there = || self.var("APP_ID").or_else(|| self.cloud.config.var("APP_ID"));
        said.or_else(|| there().map(str::to_owned))
    }
}

/// Secrets of the environment, by their names.
#[must_use]
pub fn from_environment() -> BTreeMap<String, String> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?.trim().to_owned()))
    };
    let given = std::env::vars_os().filter_map(text);
    given.filter(|(name, value)| is_secret(name) && !value.is_empty()).collect()
}
