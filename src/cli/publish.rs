//! `shopbell publish`: compiles a shop, trains its FAQ, and writes both to KV through wrangler.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::check;
use super::cloud::Cloud;
use super::cloud::config::Config;
use super::cloud::target::{Target, TargetArgs, bundle_folder};
use super::cloud::wrangler::Wrangler;
use crate::faq;
use crate::shop::kv::{
    AccountValue, PAGES_KEY, PagesValue, PosterValue, account_key, poster_key, shop_key,
};
use crate::shop::model::Shop;

/// Where a shop is published to.
#[derive(clap::Args)]
pub struct PublishArgs {
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Into the local KV that `wrangler dev` reads, instead of Cloudflare's.
    #[arg(long)]
    local: bool,
    /// With --local: the folder that `wrangler dev --persist-to` was given.
    #[arg(long, requires = "local")]
    state: Option<PathBuf>,
    /// Only write the file that wrangler would be given, and stop.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The wrangler to call.
    #[arg(long, env = "WRANGLER", default_value = "scripts/wrangler")]
    wrangler: PathBuf,
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

/// Publishes. Nothing is written when the shop has errors.
#[must_use]
pub fn run(args: &PublishArgs) -> ExitCode {
    match publish(args) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn publish(args: &PublishArgs) -> Result<String, String> {
    let bundle = Bundle::of(check::load(&args.dir).map_err(|error| error.to_string())?);
    let pairs = bundle.pairs().map_err(|error| error.to_string())?;
    let text = serde_json::to_string(&pairs).map_err(|error| error.to_string())?;
    let pages: Vec<&str> = bundle.shops.iter().map(|shop| shop.page.id.as_str()).collect();
    let summary = format!(
        "{} for Page {}, version {}",
        count(pairs.len(), "value"),
        pages.join(", "),
        bundle.shops.first().map(|shop| shop.version.as_str()).unwrap_or_default(),
    );
    if let Some(out) = &args.out {
        write(out, &text)?;
        return Ok(format!("wrote {summary} to {}", out.display()));
    }
    let file = std::env::temp_dir().join(format!("shopbell-publish-{}.json", std::process::id()));
    write(&file, &text)?;
    let put = match elsewhere(args)? {
        Some((cloud, namespace)) => cloud.kv_put(&namespace, &file).map_err(|why| why.to_string()),
        None => bulk_put(args, &file),
    };
    // Not a secret, but nobody needs it any more.
    let _removed = std::fs::remove_file(&file);
    put?;
    let place = if args.local { "the local KV" } else { "KV; it is live within a minute" };
    Ok(format!("published {summary} to {place}"))
}

/// The Worker of this shop and its namespace, where shop.toml names another one than wrangler's
/// configuration does: the values of one shop must not end up at another.
fn elsewhere(args: &PublishArgs) -> Result<Option<(Cloud, String)>, String> {
    if args.local {
        return Ok(None);
    }
    let root = bundle_folder(Path::new("."));
    // Without a configuration wrangler says itself what it lacks.
    let Ok(config) = Config::read(&root) else { return Ok(None) };
    let (_, source) = check::read(&args.dir).map_err(|error| error.to_string())?;
    let target = Target::of(&TargetArgs::default(), &source, &config);
    let target = target.map_err(|error| error.to_string())?;
    if config.worker() == Some(target.worker.as_str()) {
        return Ok(None);
    }
    let name = target.worker.clone();
    let wrangler = Wrangler::find(Some(&args.wrangler), &root);
    let cloud = Cloud::new(wrangler, config, target).map_err(|error| error.to_string())?;
    let deployed = cloud.deployed().map_err(|refusal| refusal.to_string())?;
    let namespace = deployed.and_then(|deployed| deployed.kv).ok_or_else(|| {
        format!("the Worker `{name}` is not there yet: shopbell deploy {}", args.dir.display())
    })?;
    Ok(Some((cloud, namespace)))
}

fn bulk_put(args: &PublishArgs, file: &Path) -> Result<(), String> {
    let mut wrangler = Command::new(&args.wrangler);
    wrangler.args(["kv", "bulk", "put"]).arg(file).args(["--binding", "SHOP"]);
    if args.local {
        wrangler.arg("--local");
        if let Some(state) = &args.state {
            wrangler.arg("--persist-to").arg(state);
        }
    } else {
        wrangler.arg("--remote");
    }
    let status = wrangler.status().map_err(|error| {
        format!(
            "cannot start {} ({error}): name a wrangler with --wrangler or WRANGLER",
            args.wrangler.display()
        )
    })?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("wrangler did not take the values ({status}); what it said stands above"))
    }
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
