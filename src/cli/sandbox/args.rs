//! `shopbell sandbox`.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{CONNECTIONS, SandboxConfig, SandboxPage, SandboxPoster, start};
use crate::cli::check;
use crate::shop::model::{Poster, Shop};

/// Plays Meta on this computer, with a phone to talk to your Worker.
///
/// The phone has Messenger and Instagram, and Meta its limits, errors and bad days. Nothing leaves the
/// computer.
#[derive(Args, Clone)]
pub struct SandboxArgs {
    /// Port to listen on (0 takes a free one).
    #[arg(long, default_value_t = 8788)]
    pub port: u16,

    /// Where the Worker answers, such as `http://127.0.0.1:8787`.
    #[arg(long = "url", value_name = "URL")]
    pub worker: Option<String>,

    /// Time jumps move the Worker's clock too (needs `scripts/dev --clock`).
    #[arg(long)]
    pub clock: bool,

    /// The folder with shop.toml.
    #[arg(long, value_name = "DIR")]
    pub shop: Option<PathBuf>,

    /// The app's id.
    #[arg(long, env = "APP_ID", default_value = "4100000000000001")]
    pub app_id: String,

    /// Signs webhooks.
    #[arg(long, env = "APP_SECRET", default_value = "sandbox-app-secret", hide_env_values = true)]
    pub app_secret: String,

    /// For the webhook's handshake.
    #[arg(
        long,
        env = "VERIFY_TOKEN",
        default_value = "sandbox-verify-token",
        hide_env_values = true
    )]
    pub verify_token: String,

    /// The Page token; `PAGE_TOKEN_<page id>` in the environment goes before it.
    #[arg(long, env = "PAGE_TOKEN", default_value = "sandbox-page-token", hide_env_values = true)]
    pub page_token: String,

    /// The token of the ad account that pays for messages.
    #[arg(long, env = "ADS_TOKEN", default_value = "sandbox-ads-token", hide_env_values = true)]
    pub ads_token: String,
}

impl SandboxArgs {
    /// The sandbox these arguments ask for. Without Pages it has one of its
    /// own, with a poster on its door.
    ///
    /// When several Pages share `PAGE_TOKEN`, Meta could not tell them apart; each but the first
    /// gets the token with its id appended, unless the environment names one.
    #[must_use]
    pub fn config(
        self,
        pages: Vec<SandboxPage>,
        posters: Vec<SandboxPoster>,
        languages: Vec<String>,
    ) -> SandboxConfig {
        let mut config = SandboxConfig {
            listen: SocketAddr::from(([127, 0, 0, 1], self.port)),
            worker: self.worker,
            app_id: self.app_id,
            app_secret: self.app_secret,
            verify_token: self.verify_token,
            clock: self.clock,
            ads_token: self.ads_token,
            ..SandboxConfig::example()
        };
        if !pages.is_empty() {
            config.pages = pages;
            config.posters = posters;
        }
        if !languages.is_empty() {
            config.languages = languages;
        }
        let tokens = config.pages.iter().enumerate().map(|(i, page)| {
            let own = std::env::var(format!("PAGE_TOKEN_{}", page.id)).ok();
            let shared = || match i {
                0 => self.page_token.clone(),
                _ => format!("{}-{}", self.page_token, page.id),
            };
            (page.id.clone(), own.unwrap_or_else(shared))
        });
        config.page_tokens = tokens.collect::<HashMap<_, _>>();
        config
    }
}

/// Runs the sandbox for a shop until Ctrl-C.
#[must_use]
pub fn run(args: SandboxArgs) -> ExitCode {
    match with_shop(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn with_shop(args: SandboxArgs) -> Result<(), String> {
    let shops = match &args.shop {
        Some(dir) => check::load(dir).map_err(|error| error.to_string())?,
        None => Vec::new(),
    };
    let languages = shops.first().map(|shop| &shop.languages).into_iter().flatten();
    let languages = languages.map(|lang| lang.0.clone()).collect();
    let config = args.config(pages_of(&shops), posters_of(&shops), languages);
    let config = match shops.iter().find_map(|shop| shop.marketing.as_ref()) {
        Some(marketing) => SandboxConfig {
            ad_account: marketing.ad_account.clone(),
            ad_currency: marketing.currency.clone(),
            ..config
        },
        None => config,
    };
    let port = config.listen.port();
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(serve(config)).map_err(|error| {
        format!("cannot listen on port {port} ({error}): name a free one with --port")
    })
}

/// The Pages of a shop, as the sandbox plays them.
#[must_use]
pub fn pages_of(shops: &[Shop]) -> Vec<SandboxPage> {
    let page = |shop: &Shop| SandboxPage {
        id: shop.page.id.to_string(),
        name: shop.name.clone(),
        username: shop.page.username.clone(),
        instagram_id: shop.page.instagram_id.as_ref().map(ToString::to_string),
        country: shop.meta.country.map(|country| country.as_str().to_owned()),
        // Six for each of its Desks.
        connections: CONNECTIONS
            .saturating_mul(usize::try_from(shop.page.shards).unwrap_or(usize::MAX)),
        business_country: shop
            .marketing
            .as_ref()
            .map(|marketing| marketing.country)
            .or(shop.meta.country)
            .map(|country| country.as_str().to_owned()),
    };
    shops.iter().map(page).collect()
}

/// The posters of a shop that still hang.
#[must_use]
pub fn posters_of(shops: &[Shop]) -> Vec<SandboxPoster> {
    let posters = shops.first().map(|shop| shop.posters.as_slice()).unwrap_or_default();
    let poster = |poster: &Poster| SandboxPoster {
        code: poster.code.to_string(),
        place: poster.place.clone().unwrap_or_default(),
    };
    posters.iter().filter(|poster| !poster.revoked).map(poster).collect()
}

/// Runs a sandbox until Ctrl-C, and says where it is.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(config: SandboxConfig) -> io::Result<()> {
    let sandbox = start(config).await?;
    println!("sandbox {}", sandbox.url());
    tokio::signal::ctrl_c().await
}
