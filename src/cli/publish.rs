//! `shopbell publish`: compiles a shop, trains its FAQ, and writes both to KV through wrangler.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::check::{self, counted, made_up};
use super::cloud::config::Config;
use super::cloud::refusal::Refusal;
use super::cloud::target::{Target, TargetArgs, bundle_folder};
use super::cloud::wrangler::Wrangler;
use super::cloud::{Cloud, own_folder};
use super::connect::again::{Again, quoted};
use super::connect::session::Failure;
use crate::faq;
use crate::shop::kv::{
    AccountValue, PAGES_KEY, PagesValue, PosterValue, account_key, poster_key, shop_key,
};
use crate::shop::model::Shop;

/// Compiles a shop and writes it to KV.
#[derive(clap::Args)]
pub struct PublishArgs {
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Which Worker: the values go into the KV namespace that it has.
    #[command(flatten)]
    target: TargetArgs,
    /// The folder with wrangler's configuration: a checkout, or a release.
    #[arg(long, value_name = "DIR", default_value = ".")]
    bundle: PathBuf,
    /// The wrangler to call. Left out: scripts/wrangler of the folder, or the one npx fetches.
    #[arg(long, env = "WRANGLER", value_name = "PROGRAM")]
    wrangler: Option<PathBuf>,
    /// Into the local KV that `wrangler dev` reads, instead of Cloudflare's.
    #[arg(long, conflicts_with_all = ["name", "account"])]
    local: bool,
    /// With --local: the folder that `wrangler dev --persist-to` was given.
    #[arg(long, requires = "local")]
    state: Option<PathBuf>,
    /// Only write the file that wrangler would be given, and stop.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A published shop, as KV holds it.
pub struct Bundle {
    /// The shops, one per Page, sealed with their version and model.
    pub shops: Vec<Shop>,
    /// The trained FAQ, by its key; none without questions.
    pub model: Option<(String, Vec<u8>)>,
}

impl Bundle {
    /// Trains and seals.
    #[must_use]
    pub fn of(shops: Vec<Shop>) -> Self {
        // All Pages of a shop.toml share its questions.
        let entries = shops.first().map(|shop| shop.faq.as_slice()).unwrap_or_default();
        let model = (!entries.is_empty()).then(|| {
            let bytes = faq::train(faq::examples(entries));
            (faq::model_key(&bytes), bytes)
        });
        let key = model.as_ref().map(|(key, _)| key.clone());
        let shops = shops.into_iter().map(|shop| shop.seal(key.clone())).collect();
        Self { shops, model }
    }

    /// Key-value pairs in the form `wrangler kv bulk put` reads. The list of Pages comes last:
    /// what it points to is there before it.
    ///
    /// # Errors
    /// Only if a value cannot be written as JSON, which none of ours does.
    pub fn pairs(&self) -> serde_json::Result<Vec<Value>> {
        let mut pairs = Vec::new();
        if let Some((key, bytes)) = &self.model {
            pairs.push(json!({ "key": key, "value": STANDARD.encode(bytes), "base64": true }));
        }
        let mut put =
            |key: String, value: String| pairs.push(json!({ "key": key, "value": value }));
        for (n, shop) in self.shops.iter().enumerate() {
            put(shop_key(&shop.page.id), serde_json::to_string(shop)?);
            if let Some((account, value)) = AccountValue::of(shop) {
                put(account_key(&account), serde_json::to_string(&value)?);
            }
            // What hangs for all Pages is one value, and the first Page's.
            for poster in shop.posters.iter().filter(|poster| n == 0 || !poster.nearest) {
                let value = PosterValue::of(shop, poster);
                put(poster_key(&poster.code), serde_json::to_string(&value)?);
            }
        }
        put(PAGES_KEY.to_owned(), serde_json::to_string(&PagesValue::of(&self.shops))?);
        Ok(pairs)
    }
}

/// What did not happen, whatever the reason.
const NOT_PUBLISHED: &str = "the shop was not published";

/// The file wrangler reads the values from, in a folder that goes with the command.
const VALUES: &str = "values.json";

/// Publishes. Nothing is written when the shop has errors.
#[must_use]
pub fn run(args: &PublishArgs) -> ExitCode {
    match publish(args) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn publish(args: &PublishArgs) -> Result<String, Failure> {
    let unread = |why: check::LoadError| {
        let fix = why.fix(&args.dir);
        Failure::new(NOT_PUBLISHED, why, fix)
    };
    let bundle = Bundle::of(check::load(&args.dir).map_err(unread)?);
    let pairs = bundle.pairs().map_err(|why| args.failed(why))?;
    let pages: Vec<&str> = bundle.shops.iter().map(|shop| shop.page.id.as_str()).collect();
    let summary = format!(
        "{} for Page {}, version {}",
        counted(pairs.len(), "value"),
        pages.join(", "),
        bundle.shops.first().map(|shop| shop.version.as_str()).unwrap_or_default(),
    );
    let text = Value::Array(pairs).to_string();
    if let Some(out) = &args.out {
        args.write(out, &text)?;
        return Ok(format!("wrote {summary} to {}", out.display()));
    }
    if args.local {
        args.put_here(&text)?;
        return Ok(format!("published {summary} to the local KV"));
    }
    let (_, source) = check::read(&args.dir).map_err(unread)?;
    made_up::real(&bundle.shops, &source).map_err(|why| {
        let fix = format!("shopbell check {} shows where", quoted(&args.dir.display().to_string()));
        Failure::new(NOT_PUBLISHED, why, fix)
    })?;
    let worker = args.put(&source, &text)?;
    Ok(format!("published {summary} to KV of the Worker `{worker}`; it is live within a minute"))
}

impl PublishArgs {
    /// Writes the values into the namespace of the Worker that is meant, and returns its name.
    fn put(&self, source: &str, text: &str) -> Result<String, Failure> {
        let again = self.again();
        let root = bundle_folder(&self.bundle);
        let config = Config::read(&root).map_err(|why| {
            let line = self.line("publish").instead("--bundle", "FOLDER");
            let fix = format!("{line}, with the folder of its wrangler.toml");
            Failure::new(NOT_PUBLISHED, why, fix)
        })?;
        let target = Target::of(&self.target, source, &config).map_err(|why| {
            let (option, value) = why.instead();
            Failure::new(NOT_PUBLISHED, why, self.line("publish").instead(option, &value))
        })?;
        let wrangler = Wrangler::find(self.wrangler.as_deref(), &root);
        let cloud = Cloud::new(wrangler, config, target).map_err(|why| self.failed(why))?;
        let refused = |refusal: Refusal| {
            let fix = refusal.fix(&cloud.wrangler.shown(), &again);
            Failure::new(NOT_PUBLISHED, refusal, fix)
        };
        let name = cloud.target.worker.clone();
        let deployed = cloud.deployed().map_err(refused)?;
        let Some(namespace) = deployed.and_then(|deployed| deployed.kv) else {
            let why = format!("there is no Worker `{name}` with a KV namespace yet");
            return Err(Failure::new(NOT_PUBLISHED, why, self.line("deploy").to_string()));
        };
        let file = cloud.folder().join(VALUES);
        self.write(&file, text)?;
        cloud.kv_put(&namespace, &file).map_err(refused)?;
        Ok(name)
    }

    /// Writes the values into the KV of `wrangler dev`.
    fn put_here(&self, text: &str) -> Result<(), Failure> {
        let root = bundle_folder(&self.bundle);
        let folder = own_folder().map_err(|why| self.failed(why))?;
        let file = folder.path().join(VALUES);
        self.write(&file, text)?;
        let file = file.display().to_string();
        let mut args = vec!["kv", "bulk", "put", &file, "--binding", "SHOP", "--local"];
        // Wrangler is called from the bundle's folder.
        let state = self.state.as_deref().map(|state| bundle_folder(state).display().to_string());
        if let Some(state) = &state {
            args.extend(["--persist-to", state]);
        }
        let wrangler = Wrangler::find(self.wrangler.as_deref(), &root);
        wrangler.call(&args, None, folder.path()).map(|_| ()).map_err(|refusal| {
            let fix = refusal.fix(&wrangler.shown(), &self.again());
            Failure::new(NOT_PUBLISHED, refusal, fix)
        })
    }

    fn write(&self, path: &Path, text: &str) -> Result<(), Failure> {
        std::fs::write(path, text)
            .map_err(|why| self.failed(format!("cannot write {}: {why}", path.display())))
    }

    fn failed(&self, why: impl std::fmt::Display) -> Failure {
        Failure::new(NOT_PUBLISHED, why, self.again())
    }

    fn again(&self) -> String {
        let state = self.state.as_ref().map(|state| state.display().to_string());
        let line = self.line("publish").flag("--local", self.local).with("--state", state);
        line.to_string()
    }

    /// Another command about the same Worker.
    fn line(&self, command: &str) -> Again {
        Again::of(command, &self.dir, &self.target, &self.bundle, self.wrangler.as_deref())
    }
}
