//! `shopbell poster`: posters without `shop.toml`: new ones, others aimed anew, revoked.

use std::fmt::Write as _;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::check::Format;
use super::owner::{self, AskError, Owner};
use super::said;
use crate::entry::links::encoded;
use crate::meta::ids::PageId;
use crate::shop::codes;
use crate::shop::model::Poster;

/// Makes posters, aims printed ones anew, and takes them down, without publishing.
///
/// What is said here goes before shop.toml, until `reset`. It is live within two minutes.
/// ADMIN_TOKEN is taken from the environment.
#[derive(Args)]
pub struct PosterArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Makes a poster under a code of its own, and prints the address for its QR picture.
    New {
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        says: Says,
    },
    /// Shows every poster of a Page.
    List {
        #[command(flatten)]
        at: At,
        /// How to print them.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Changes what a printed poster does. What is not said stays.
    Aim {
        /// Its code, as printed.
        code: String,
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        says: Says,
        /// Takes something away, such as its topic.
        #[arg(long = "no", value_name = "FIELD")]
        without: Vec<String>,
        /// Puts a revoked poster up again.
        #[arg(long)]
        restore: bool,
    },
    /// Takes a poster down: a scan leads to the shop's contact page.
    Revoke {
        /// Its code, as printed.
        code: String,
        #[command(flatten)]
        at: At,
    },
    /// Back to what shop.toml says of a poster; one that it does not have is gone.
    Reset {
        /// Its code, as printed.
        code: String,
        #[command(flatten)]
        at: At,
    },
    /// Prints new codes with a check character, for shop.toml. Asks nobody.
    Code {
        /// How many.
        #[arg(default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1_000))]
        count: u16,
    },
}

/// Which Worker, and which of its Pages.
#[derive(Args)]
struct At {
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
    /// Which Page, when there are several.
    #[arg(long, value_name = "ID", value_parser = owner::page_id)]
    page: Option<PageId>,
}

/// What a poster is and does.
#[derive(Args)]
struct Says {
    /// Where it hangs.
    #[arg(long)]
    place: Option<String>,
    /// Which branch it counts for.
    #[arg(long)]
    branch: Option<String>,
    /// What it is part of.
    #[arg(long)]
    campaign: Option<String>,
    /// Which print run it is from.
    #[arg(long)]
    batch: Option<String>,
    /// When it was printed: 2026-12-01.
    #[arg(long, value_name = "DAY", value_parser = said::day)]
    printed_on: Option<Date>,
    /// The first day it is good: 2026-12-01.
    #[arg(long, value_name = "DAY", value_parser = said::day)]
    from: Option<Date>,
    /// The last day it is good: 2026-12-24.
    #[arg(long, value_name = "DAY", value_parser = said::day)]
    until: Option<Date>,
    /// A word printed beside the code, for typing.
    #[arg(long, value_name = "WORD")]
    keyword: Option<String>,
    /// Where it leads: messenger or instagram.
    #[arg(long)]
    platform: Option<String>,
    /// Said on arrival: `--text "lt=Labas!"`, once for each language.
    #[arg(long, value_name = "LANG=TEXT")]
    text: Vec<String>,
    /// The id of a coupon that is given.
    #[arg(long, value_name = "ID")]
    coupon: Option<String>,
    /// A picture sent before it, https.
    #[arg(long, value_name = "URL")]
    image: Option<String>,
    /// The id of a topic: consent is asked for.
    #[arg(long, value_name = "ID")]
    topic: Option<String>,
    /// The id of an answer that is given.
    #[arg(long, value_name = "ID")]
    faq: Option<String>,
    /// The id of a form that opens.
    #[arg(long, value_name = "ID")]
    form: Option<String>,
    /// A tag left on whoever comes.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Spoken to people whose language is not known yet.
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
}

impl Says {
    fn fields(self) -> Result<Map<String, Value>, PosterError> {
        let mut fields = Map::new();
        let lines = [
            ("place", self.place),
            ("branch", self.branch),
            ("campaign", self.campaign),
            ("batch", self.batch),
            ("printed_on", self.printed_on.map(|day| day.to_string())),
            ("from", self.from.map(|day| day.to_string())),
            ("until", self.until.map(|day| day.to_string())),
            ("keyword", self.keyword),
            ("platform", self.platform),
            ("image", self.image),
            ("topic", self.topic),
            ("faq", self.faq),
            ("form", self.form),
            ("coupon", self.coupon),
            ("language", self.language),
        ];
        for (field, line) in lines {
            fields.extend(line.map(|line| (field.to_owned(), json!(line))));
        }
        let mut localized = Map::new();
        for text in &self.text {
            let (lang, said) =
                text.split_once('=').ok_or_else(|| PosterError::NoLanguage(text.clone()))?;
            localized.insert(lang.trim().to_owned(), json!(said));
        }
        if !localized.is_empty() {
            fields.insert("text".to_owned(), Value::Object(localized));
        }
        if !self.tags.is_empty() {
            fields.insert("tags".to_owned(), json!(self.tags));
        }
        Ok(fields)
    }
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub(super) enum PosterError {
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error("`{0}` does not say its language: write it as \"lt=Labas!\"")]
    NoLanguage(String),
    #[error("say what changes: --topic, --faq, --text …, or --no FIELD; `--help` lists them")]
    NothingChanges,
    #[error("the Worker answers something else than posters: {0}")]
    Unreadable(#[from] serde_json::Error),
}

/// Does it.
#[must_use]
pub fn run(args: PosterArgs) -> ExitCode {
    super::printed(act(args.act))
}

fn act(act: Act) -> Result<String, PosterError> {
    match act {
        Act::Code { count } => {
            Ok((0..count).map(|_| format!("{}\n", codes::made(chance()))).collect())
        }
        Act::New { at, says } => {
            let told = order(&at, None, says.fields()?)?;
            let poster: Poster = field(&told, "poster")?;
            let url = told.get("url").and_then(Value::as_str).unwrap_or_default();
            let mut text = format!("{}  {}\n", poster.code, summary(&poster));
            let _ = writeln!(text, "link     {url}\npicture  {url}.svg");
            let word = poster.keyword.as_deref().unwrap_or(poster.code.as_str());
            let _ = writeln!(text, "print beside it, for phones that lose the link: {word}");
            Ok(text)
        }
        Act::Aim { code, at, says, without, restore } => {
            let mut fields = says.fields()?;
            fields.extend(without.into_iter().map(|field| (field, Value::Null)));
            if restore {
                fields.insert("revoked".to_owned(), json!(false));
            }
            if fields.is_empty() {
                return Err(PosterError::NothingChanges);
            }
            changed(&at, &code, fields)
        }
        Act::Revoke { code, at } => {
            let fields = [("revoked".to_owned(), json!(true))].into_iter().collect();
            changed(&at, &code, fields)
        }
        Act::Reset { code, at } => {
            let (owner, query) = asked(&at, Some(&code))?;
            let told: Value = owner.delete(&format!("/admin/posters?{query}"))?;
            let in_file = told.get("in_shop_toml").and_then(Value::as_bool).unwrap_or(false);
            Ok(if in_file {
                format!("{code} is as shop.toml has it, within two minutes\n")
            } else {
                format!("{code} is gone: shop.toml does not have it; its code stays revoked\n")
            })
        }
        Act::List { at, format } => {
            let (owner, query) = asked(&at, None)?;
            let told: Value = owner.get(&format!("/admin/posters?{query}"))?;
            match format {
                Format::Json => Ok(format!("{told}\n")),
                Format::Text => list(told),
            }
        }
    }
}

fn changed(at: &At, code: &str, fields: Map<String, Value>) -> Result<String, PosterError> {
    let told = order(at, Some(code), fields)?;
    let poster: Poster = field(&told, "poster")?;
    Ok(format!("{}  {}, within two minutes\n", poster.code, summary(&poster)))
}

fn order(at: &At, code: Option<&str>, fields: Map<String, Value>) -> Result<Value, PosterError> {
    let (owner, query) = asked(at, code)?;
    Ok(owner.post(&format!("/admin/posters?{query}"), Value::Object(fields).to_string())?)
}

fn asked(at: &At, code: Option<&str>) -> Result<(Owner, String), PosterError> {
    let owner = Owner::of(&at.url)?;
    let page = owner.page(at.page.as_ref())?;
    let code = code.map(|code| format!("&code={}", encoded(code))).unwrap_or_default();
    Ok((owner, format!("page={page}{code}")))
}

fn field<T: for<'de> Deserialize<'de>>(told: &Value, name: &str) -> Result<T, PosterError> {
    Ok(serde_json::from_value(told.get(name).cloned().unwrap_or_default())?)
}

#[derive(Deserialize)]
struct Listed {
    from: String,
    poster: Poster,
}

/// The posters of a Page that were made or aimed without `shop.toml`.
pub(super) fn made(owner: &Owner, page: &PageId) -> Result<Vec<Poster>, PosterError> {
    let told: Value = owner.get(&format!("/admin/posters?page={page}"))?;
    let all: Vec<Listed> = serde_json::from_value(told)?;
    let made = all.into_iter().filter(|listed| listed.from != "shop.toml");
    Ok(made.map(|listed| listed.poster).collect())
}

fn list(told: Value) -> Result<String, PosterError> {
    let all: Vec<Listed> = serde_json::from_value(told)?;
    let line = |listed: &Listed| {
        format!("{:<12} {:<10} {}\n", listed.poster.code, listed.from, summary(&listed.poster))
    };
    let count = super::check::counted(all.len(), "poster");
    Ok(format!("{}{count}\n", all.iter().map(line).collect::<String>()))
}

/// What a poster is and does, in one line.
fn summary(poster: &Poster) -> String {
    let mut parts = Vec::new();
    if poster.revoked {
        parts.push("revoked".to_owned());
    }
    parts.extend(poster.place.clone());
    let named = [
        ("branch", poster.branch.clone()),
        ("campaign", poster.campaign.clone()),
        ("batch", poster.batch.clone()),
        ("printed on", poster.printed_on.map(|day| day.to_string())),
        ("from", poster.from.map(|day| day.to_string())),
        ("until", poster.until.map(|day| day.to_string())),
        ("keyword", poster.keyword.clone()),
        ("topic", poster.topic.as_ref().map(ToString::to_string)),
        ("answer", poster.faq.as_ref().map(ToString::to_string)),
        ("form", poster.also.form.as_ref().map(ToString::to_string)),
        ("coupon", poster.also.coupon.as_ref().map(ToString::to_string)),
        ("language", poster.language.as_ref().map(|lang| lang.0.clone())),
    ];
    parts.extend(named.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value?))));
    if parts.is_empty() { "says the welcome".to_owned() } else { parts.join(", ") }
}

/// Random bits: what the standard library keeps its own tables apart with.
fn chance() -> [u8; 16] {
    let bits = || RandomState::new().build_hasher().finish();
    (u128::from(bits()) << 64 | u128::from(bits())).to_le_bytes()
}
