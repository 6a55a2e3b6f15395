//! `shopbell sim`: plays a scenario of many days in an instant, and writes down what people saw.
//!
//! The same script is played on the core in this process or on the bundle on workerd; the two
//! transcripts are the same, byte for byte.
//!
//! - [`script`]: the language; [`words`]: its words and errors.
//! - [`play`]: the steps, on a [`ground`]: [`core`] here, or [`bundle`] there.
//! - [`transcript`]: Graph bodies as people read them.

pub mod bundle;
pub mod core;
pub mod ground;
pub mod play;
pub mod script;
pub mod transcript;
pub mod words;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::tz::TimeZone;

use self::bundle::Address;
use self::play::Played;
use self::script::Script;
use super::check;
use super::publish::Bundle;
use crate::shop::model::Shop;
use crate::time::UnixMs;

/// Plays a scenario of many days in an instant, and prints what people saw.
#[derive(clap::Args)]
pub struct SimArgs {
    /// Scenario files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write each transcript beside its scenario.
    #[arg(long, conflicts_with = "check")]
    write: bool,
    /// Compare each transcript with the one beside its scenario.
    #[arg(long)]
    check: bool,
    /// Play on the bundle too, on the stage whose sandbox answers here, and compare.
    #[arg(long, value_name = "URL", alias = "sandbox")]
    bundle: Option<String>,
    /// With --bundle: the Worker, when the sandbox does not know it.
    #[arg(long = "url", value_name = "URL", requires = "bundle")]
    worker: Option<String>,
    /// With --bundle: the Worker's ADMIN_TOKEN.
    #[arg(
        long,
        env = "ADMIN_TOKEN",
        default_value = "dev-admin-token-0123456789abcdef0123456789",
        hide_env_values = true
    )]
    admin_token: String,
}

/// A scenario, ready to be played.
pub struct Scenario {
    path: PathBuf,
    script: Script,
    /// The shop's folder.
    pub shop: PathBuf,
    /// One for each Page; the scenario is played on the first.
    shops: Vec<Shop>,
    zone: TimeZone,
    /// When it begins.
    pub start: UnixMs,
}

impl Scenario {
    /// Reads a scenario and its shop.
    ///
    /// # Errors
    /// What is wrong and where, for people.
    pub fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let source = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read {shown}: {error}"))?;
        let script = script::parse(&source).map_err(|error| format!("{shown}:{error}"))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let shop = folder.join(&script.shop);
        let shops = check::load(&shop).map_err(|error| error.to_string())?;
        let first = shops.first().ok_or_else(|| format!("{} has no [[page]]", shop.display()))?;
        let zone = first.zone();
        let start = script.at.to_zoned(zone.clone()).map_err(|error| error.to_string())?;
        let start = start.timestamp().into();
        Ok(Self { path: path.to_owned(), script, shop, shops, zone, start })
    }

    /// Where its transcript lies.
    #[must_use]
    pub fn transcript(&self) -> PathBuf {
        self.path.with_extension("transcript")
    }

    /// Plays it on the core, in this process.
    ///
    /// # Errors
    /// When the shop cannot be used.
    pub fn on_core(&self) -> Result<Played, String> {
        let bundle = Bundle::of(self.shops.clone());
        let mut core = core::Core::open(bundle, self.start).map_err(|error| error.to_string())?;
        // The bundle's messages lead to its own address.
        core.answers_at("https://worker.example");
        Ok(play::play(&self.script, &mut core, &self.zone, self.start, &[]))
    }

    /// Plays it on a running bundle, with the stops of a run on the core.
    ///
    /// # Errors
    /// When the stage does not answer.
    pub fn on_bundle(&self, address: Address, stops: &[UnixMs]) -> Result<Played, String> {
        let page = self.shops.first().map(|shop| shop.page.id.to_string()).unwrap_or_default();
        let stage = bundle::Stage::open(address, &page, self.start);
        let mut stage = stage.map_err(|error| error.to_string())?;
        Ok(play::play(&self.script, &mut stage, &self.zone, self.start, stops))
    }

    /// The transcript of a run, or why it ended early.
    ///
    /// # Errors
    /// File, line, column, and what came instead.
    pub fn done(&self, played: Played) -> Result<String, String> {
        match played.failure {
            None => Ok(played.transcript),
            Some(failure) => Err(format!("{}:{failure}", self.path.display())),
        }
    }
}

/// Plays scenarios.
#[must_use]
pub fn run(args: &SimArgs) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for file in &args.files {
        if let Err(why) = one(args, file) {
            eprintln!("error: {why}");
            code = ExitCode::FAILURE;
        }
    }
    code
}

fn one(args: &SimArgs, file: &Path) -> Result<(), String> {
    let scenario = Scenario::read(file)?;
    let played = scenario.on_core()?;
    let stops = played.stops.clone();
    if !args.write && !args.check {
        print!("{}", played.transcript);
    }
    let transcript = scenario.done(played)?;
    if let Some(sandbox) = &args.bundle {
        let address = Address {
            sandbox: sandbox.clone(),
            worker: args.worker.clone(),
            admin_token: args.admin_token.clone(),
        };
        let there = scenario.done(scenario.on_bundle(address, &stops)?)?;
        same(&transcript, &there, "the core", "the bundle")?;
    }
    let path = scenario.transcript();
    if args.write {
        std::fs::write(&path, &transcript)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        println!("wrote {}", path.display());
    }
    if args.check {
        let kept = std::fs::read_to_string(&path).map_err(|error| {
            format!("cannot read {} ({error}): write it with --write", path.display())
        })?;
        same(&kept, &transcript, &path.display().to_string(), "this run")
            .map_err(|why| format!("{why}\nif this run is right, accept it with --write"))?;
        println!("{} is what this run says", path.display());
    }
    Ok(())
}

/// Two transcripts are the same, byte for byte.
///
/// # Errors
/// The first line that differs, on both sides.
pub fn same(left: &str, right: &str, of_left: &str, of_right: &str) -> Result<(), String> {
    if left == right {
        return Ok(());
    }
    let mut lines = left.lines().zip(right.lines()).zip(1_usize..);
    let first = lines.find(|((left, right), _)| left != right);
    let end = left.lines().count().min(right.lines().count()).saturating_add(1);
    let nth = |text: &str, n: usize| {
        text.lines().nth(n.saturating_sub(1)).unwrap_or("(the end)").to_owned()
    };
    let n = first.map_or(end, |(_, n)| n);
    Err(format!(
        "the transcripts differ in line {n}:\n  {of_left}: {}\n  {of_right}: {}",
        nth(left, n),
        nth(right, n)
    ))
}
