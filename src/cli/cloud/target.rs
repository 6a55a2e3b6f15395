//! Which Worker, on which account: from the command line, from `[cloudflare]` in shop.toml, or from
//! wrangler's configuration.

use std::path::Path;

use toml::Table;

use super::config::Config;

/// Longer names have no address under workers.dev (Cloudflare, 2026).
const MOST_OF_A_NAME: usize = 63;

/// Why it is not known which Worker is meant.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// No name anywhere.
    #[error("the Worker has no name: say --name, or write worker = \"…\" under [cloudflare]")]
    NoName,
    /// Not a name that Cloudflare takes.
    #[error(
        "`{0}` cannot be a Worker's name: 1 to 63 of a-z 0-9 -, not at the beginning or the end a -"
    )]
    BadName(String),
    /// Not an account's id.
    #[error("`{0}` is no account id: it has 32 of 0-9 a-f (`wrangler whoami` shows it)")]
    BadAccount(String),
}

impl TargetError {
    /// What is not known.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        match self {
            Self::NoName | Self::BadName(_) => "it is not known which Worker is meant",
            Self::BadAccount(_) => "it is not known which Cloudflare account is meant",
        }
    }

    /// The option that would say it, and what may be meant.
    #[must_use]
    pub fn instead(&self) -> (&'static str, String) {
        match self {
            Self::NoName => ("--name", "NAME".to_owned()),
            Self::BadName(bad) => {
                let near = bad.to_lowercase();
                let near = near.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
                let near = near.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
                let near = near.get(..MOST_OF_A_NAME).unwrap_or(&near).trim_matches('-');
                ("--name", if near.is_empty() { "NAME".to_owned() } else { near.to_owned() })
            }
            Self::BadAccount(_) => ("--account", "ID".to_owned()),
        }
    }
}

/// A Worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its name.
    pub worker: String,
    /// The account's id; none: the only one of the login.
    pub account: Option<String>,
}

/// What was said on the command line.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TargetArgs {
    /// The Worker's name. Left out: worker under [cloudflare] in shop.toml, or wrangler's
    /// configuration.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The Cloudflare account's id. Left out: account under [cloudflare], `CLOUDFLARE_ACCOUNT_ID`, or the
    /// login's only one.
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
}

impl Target {
    /// The Worker of the shop whose file's text is `shop`.
    ///
    /// # Errors
    /// [`TargetError`].
    pub fn of(args: &TargetArgs, shop: &str, config: &Config) -> Result<Self, TargetError> {
        let file: Table = toml::from_str(shop).unwrap_or_default();
        let table = file.get("cloudflare").and_then(toml::Value::as_table);
        let said = |key: &str| table?.get(key)?.as_str().map(str::to_owned);
        let worker = args.name.clone().or_else(|| said("worker"));
        let worker = worker.or_else(|| config.worker().map(str::to_owned));
        let worker = worker.ok_or(TargetError::NoName)?;
        if !is_name(&worker) {
            return Err(TargetError::BadName(worker));
        }
        let from_environment = || std::env::var("CLOUDFLARE_ACCOUNT_ID").ok();
        let account = args.account.clone().or_else(|| said("account")).or_else(from_environment);
        let account = account.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
        match account {
            Some(id) if !is_account(&id) => Err(TargetError::BadAccount(id)),
            account => Ok(Self { worker, account }),
        }
    }

    /// What its KV namespace is called when it has none yet: as wrangler itself would call it.
    #[must_use]
    pub fn namespace(&self) -> String {
        format!("{}-shop", self.worker)
    }
}

fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=MOST_OF_A_NAME).contains(&name.len())
        && name.bytes().all(plain)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

fn is_account(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The folder that holds wrangler's configuration, absolute.
#[must_use]
pub fn bundle_folder(given: &Path) -> std::path::PathBuf {
    std::path::absolute(given).unwrap_or_else(|_| given.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_goes_before_the_shop_and_that_before_the_configuration() {
        let config = Config::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let of = |args: &TargetArgs, shop: &str| Target::of(args, shop, &config);
        let none = TargetArgs::default();
        assert_eq!(of(&none, "").unwrap().worker, "shopbell");
        let shop =
            "[cloudflare]\nworker = \"cafe\"\naccount = \"0123456789abcdef0123456789abcdef\"";
        let target = of(&none, shop).unwrap();
        assert_eq!(target.worker, "cafe");
        assert_eq!(target.namespace(), "cafe-shop");
        assert!(target.account.is_some());
        let args = TargetArgs { name: Some("tea".to_owned()), account: None };
        assert_eq!(of(&args, shop).unwrap().worker, "tea");
        for bad in ["Café", "", "-a", "a-", "a.b", &"a".repeat(64)] {
            let args = TargetArgs { name: Some(bad.to_owned()), account: None };
            assert!(matches!(of(&args, ""), Err(TargetError::BadName(_))), "{bad}");
        }
        let args = TargetArgs { name: None, account: Some("x".to_owned()) };
        assert!(matches!(of(&args, ""), Err(TargetError::BadAccount(_))));
    }
}
