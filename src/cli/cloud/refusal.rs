//! What wrangler's refusals mean. Its own file of results names Cloudflare's code; older versions
//! and failures before any request have only words (wrangler 4.164, November 2026).

use serde_json::Value;

/// Why wrangler did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such program.
    #[error("{program} cannot be started ({why})")]
    NotStarted {
        /// What was called.
        program: String,
        /// Why not.
        why: String,
    },
    /// Its Node is too old.
    #[error("wrangler needs Node {needs} or newer, and this is {has}")]
    OldNode {
        /// The oldest it takes.
        needs: String,
        /// The one there is.
        has: String,
    },
    /// Nobody is logged in.
    #[error("nobody is logged in to Cloudflare on this computer")]
    NotLoggedIn,
    /// Whoever is logged in may not do this (codes 10000, 9106, 9109).
    #[error("the login may not do this: {0}")]
    Permission(String),
    /// Cloudflare cannot be reached.
    #[error("Cloudflare cannot be reached from this computer")]
    Offline,
    /// Several accounts, and none was named.
    #[error("the login reaches several accounts ({})", .0.join(", "))]
    SeveralAccounts(Vec<String>),
    /// A KV namespace of this name exists (code 10014).
    #[error("a KV namespace of this name exists already (Cloudflare's code 10014)")]
    NamespaceExists,
    /// The Worker is bound to a KV namespace that does not exist (code 10041).
    #[error(
        "there is no KV namespace with the id the Worker was to have (Cloudflare's code 10041)"
    )]
    NoNamespace,
    /// There is no Worker of this name (code 10007).
    #[error("there is no Worker of this name yet")]
    NoWorker,
    /// The newest version of the Worker is not the one that runs (codes 10214, 10215).
    #[error("the Worker's newest version is not the one that runs")]
    NotDeployed,
    /// The account has no workers.dev name (code 10063).
    #[error("the account has no name under workers.dev yet")]
    NoSubdomain {
        /// Where to choose one.
        link: String,
    },
    /// Something else, in wrangler's words.
    #[error("wrangler says: {0}")]
    Other(String),
}

/// What wrangler left behind.
pub(super) struct Left<'a> {
    /// Standard output and standard error.
    pub(super) said: &'a str,
    /// Its own file of results: one JSON object a line.
    pub(super) results: &'a str,
}

/// Where an account's name under workers.dev is chosen.
const ONBOARDING: &str = "https://dash.cloudflare.com/?to=/:account/workers/onboarding";

/// More of wrangler's words is not shown, in characters.
const MOST_SHOWN: usize = 300;

impl Refusal {
    /// Reads what is left of a call that failed.
    pub(super) fn of(left: &Left<'_>) -> Self {
        let failed = left.results.lines().rev().find_map(|line| {
            let entry: Value = serde_json::from_str(line).ok()?;
            (entry.get("type")?.as_str()? == "command-failed").then_some(entry)
        });
        let told = failed.as_ref().and_then(|entry| entry.get("message")?.as_str());
        let code = failed.as_ref().and_then(|entry| entry.get("code")?.as_i64());
        let words = format!("{}\n{}", told.unwrap_or_default(), plain(left.said));
        let has = |some: &[&str]| some.iter().any(|part| words.contains(part));
        let is = |codes: &[i64]| {
            code.is_some_and(|code| codes.contains(&code))
                || codes.iter().any(|code| words.contains(&format!("[code: {code}]")))
        };
        if has(&["requires at least Node.js"]) {
            let version = |mark: &str| {
                let rest = words.split_once(mark).map(|(_, rest)| rest).unwrap_or_default();
                let version: String =
                    rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
                version.trim_end_matches('.').to_owned()
            };
            return Self::OldNode { needs: version("at least Node.js v"), has: version("using v") };
        }
        if has(&["More than one account available"]) {
            return Self::SeveralAccounts(accounts(&words));
        }
        if is(&[10_014]) || (has(&["KV namespace with the title"]) && has(&["already exists"])) {
            return Self::NamespaceExists;
        }
        if is(&[10_041]) {
            return Self::NoNamespace;
        }
        if is(&[10_063]) || has(&["register a workers.dev subdomain"]) {
            let link = words.split_whitespace().find(|word| word.ends_with("/workers/onboarding"));
            return Self::NoSubdomain { link: link.unwrap_or(ONBOARDING).to_owned() };
        }
        if is(&[10_214, 10_215]) || has(&["latest version of your Worker isn't currently deployed"])
        {
            return Self::NotDeployed;
        }
        if is(&[10_007])
            || has(&[
                "If this is a new Worker, run",
                "has no deployments",
                "does not exist on your",
            ])
        {
            return Self::NoWorker;
        }
        if has(&[
            "Unable to resolve Cloudflare's API",
            "fetch failed",
            "Cloudflare's API timed out",
            "ENOTFOUND",
            "EAI_AGAIN",
            "Could not reach Cloudflare",
        ]) {
            return Self::Offline;
        }
        if has(&[
            "necessary to set a CLOUDFLARE_API_TOKEN",
            "You are not authenticated",
            "\"loggedIn\": false",
            "\"loggedIn\":false",
            "Not logged in",
            "Did not login",
        ]) {
            return Self::NotLoggedIn;
        }
        if is(&[10_000, 9_106, 9_109, 10_001]) || has(&["Failed to automatically retrieve account"])
        {
            return Self::Permission(first_error(&words));
        }
        Self::Other(first_error(&words))
    }

    /// The one thing to do about it. `wrangler` is how it is called here, `again` the command of
    /// ours that was at work.
    #[must_use]
    pub fn fix(&self, wrangler: &str, again: &str) -> String {
        match self {
            Self::NotStarted { .. } => {
                "install Node 22.12 or newer with npm (https://nodejs.org), or name a wrangler with --wrangler"
                    .to_owned()
            }
            Self::OldNode { needs, .. } => {
                format!("install Node {needs} or newer (https://nodejs.org), and run this again")
            }
            Self::NotLoggedIn => format!(
                "{wrangler} login (without a browser: set CLOUDFLARE_API_TOKEN, made at \
                 https://dash.cloudflare.com/profile/api-tokens from \"Edit Cloudflare Workers\")"
            ),
            Self::Permission(_) => format!(
                "{wrangler} login (or give the API token \"Workers Scripts: Edit\" and \"Workers KV \
                 Storage: Edit\" at https://dash.cloudflare.com/profile/api-tokens)"
            ),
            Self::Offline => format!("check this computer's connection, then: {again}"),
            Self::SeveralAccounts(accounts) => {
                let first = accounts.first().map_or("ACCOUNT", String::as_str);
                format!("{again} --account {first}")
            }
            Self::NamespaceExists => again.to_owned(),
            Self::NoNamespace => format!(
                "take the id under [[kv_namespaces]] out of wrangler's configuration, then: {again}"
            ),
            Self::NoWorker | Self::NotDeployed => again.to_owned(),
            Self::NoSubdomain { link } => format!("choose one at {link}, then: {again}"),
            Self::Other(_) => format!("mend what it names, then: {again}"),
        }
    }
}

/// Without anything a terminal would obey.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            // A colour ends with its first letter.
            '\u{1b}' => while chars.next().is_some_and(|c| !c.is_ascii_alphabetic()) {},
            '\n' => plain.push('\n'),
            c if c.is_control() => plain.push(' '),
            c => plain.push(c),
        }
    }
    plain
}

/// The sentence of wrangler's that names the error, with what is indented below it.
fn first_error(words: &str) -> String {
    let lines: Vec<&str> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let marked = lines.iter().position(|line| line.contains("[ERROR]"));
    let said = match marked {
        Some(at) => lines.get(at..).unwrap_or_default().iter().take(3).copied().collect(),
        None => lines.first().copied().map(|line| vec![line]).unwrap_or_default(),
    };
    let said = said.join(" ");
    let said = said.split_once("[ERROR]").map_or(said.as_str(), |(_, rest)| rest).trim();
    match said {
        "" => "nothing".to_owned(),
        said => said.chars().take(MOST_SHOWN).collect(),
    }
}

/// Ids of 32 hexadecimal digits.
fn accounts(words: &str) -> Vec<String> {
    let is_id = |word: &&str| word.len() == 32 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let mut found: Vec<String> = Vec::new();
    for id in words.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_id) {
        if !found.iter().any(|known| known == id) {
            found.push(id.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(said: &str, results: &str) -> Refusal {
        Refusal::of(&Left { said, results })
    }

    #[test]
    fn each_known_refusal_is_told_by_its_code_or_by_its_words() {
        let node = "Wrangler requires at least Node.js v22.12.0. You are using v20.20.2. Please";
        assert_eq!(
            of(node, ""),
            Refusal::OldNode { needs: "22.12.0".into(), has: "20.20.2".into() }
        );
        let failed = |code: u32| {
            format!(
                "{{\"type\":\"command-failed\",\"code\":{code},\"message\":\"A request failed\"}}"
            )
        };
        assert_eq!(of("", &failed(10_041)), Refusal::NoNamespace);
        assert_eq!(of("KV namespace 'x' not found. [code: 10041]", ""), Refusal::NoNamespace);
        let exists = "A KV namespace with the title \"shop\" already exists.";
        assert_eq!(of(exists, ""), Refusal::NamespaceExists);
        assert_eq!(of("", &failed(10_014)), Refusal::NamespaceExists);
        assert_eq!(of("", &failed(10_007)), Refusal::NoWorker);
        assert_eq!(of("", &failed(10_215)), Refusal::NotDeployed);
        assert!(matches!(of("", &failed(10_000)), Refusal::Permission(_)));
        assert_eq!(of("{\n  \"loggedIn\": false\n}", ""), Refusal::NotLoggedIn);
        assert_eq!(of("\u{1b}[31mTypeError: fetch failed\u{1b}[0m", ""), Refusal::Offline);
        let domain = "or register a workers.dev subdomain here:\n\
                      https://dash.cloudflare.com/0123/workers/onboarding";
        let link = "https://dash.cloudflare.com/0123/workers/onboarding".to_owned();
        assert_eq!(of(domain, ""), Refusal::NoSubdomain { link });
        let id = "0123456789abcdef0123456789abcdef";
        let several = format!("More than one account available but\n  `A`: `{id}`\n  `B`: `{id}`");
        assert_eq!(of(&several, ""), Refusal::SeveralAccounts(vec![id.to_owned()]));
    }

    #[test]
    fn what_is_not_known_is_told_in_wranglers_words() {
        let said = "banner\n\u{1b}[31mX [ERROR] Something new happened.\n\n  [code: 12345]\n";
        assert_eq!(
            of(said, ""),
            Refusal::Other("Something new happened. [code: 12345]".to_owned())
        );
        assert_eq!(of("", ""), Refusal::Other("nothing".to_owned()));
    }

    #[test]
    fn every_refusal_has_one_thing_to_do() {
        let again = "shopbell deploy shop";
        for refusal in [
            Refusal::NotLoggedIn,
            Refusal::Offline,
            Refusal::NamespaceExists,
            Refusal::NoNamespace,
            Refusal::NoWorker,
            Refusal::SeveralAccounts(vec!["a1".to_owned()]),
            Refusal::Other("x".to_owned()),
        ] {
            assert!(!refusal.fix("scripts/wrangler", again).contains('\n'), "{refusal}");
        }
        let several = Refusal::SeveralAccounts(vec!["a1".to_owned()]);
        assert_eq!(several.fix("w", again), "shopbell deploy shop --account a1");
    }
}
