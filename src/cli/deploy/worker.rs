//! The Worker and its KV namespace.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use super::report;
use crate::cli::cloud::Deployed;
use crate::cli::cloud::config::BUNDLE;
use crate::cli::cloud::refusal::Refusal;
use crate::cli::connect::collect::Collected;
use crate::cli::connect::session::{Failure, Session};

/// Sees to it that this version runs, with its KV namespace and its vars. Returns where it answers.
///
/// # Errors
/// [`Failure`].
pub(in crate::cli) fn ensure(
    session: &mut Session<'_>,
    all: &Collected,
) -> Result<String, Failure> {
    build(session)?;
    let kv = namespace(session)?;
    let app_id = all.app_id.clone().or_else(|| session.app_id()).unwrap_or_default();
    let mut url = session.url();
    let was_there = session.deployed.is_some();
    let mut changed = false;
    loop {
        let vars = vars(session, &app_id, url.as_deref(), &kv)?;
        let same = session.deployed.as_ref().is_some_and(|deployed| {
            deployed.kv.as_ref() == Some(&kv)
                && vars.iter().all(|(name, value)| deployed.vars.get(name) == Some(value))
        });
        if let Some(url) = url.clone().filter(|_| same) {
            let state = match (changed, was_there) {
                (false, _) => "already",
                (true, true) => "changed",
                (true, false) => "done",
            };
            report(session, "worker", state, &url);
            return Ok(url);
        }
        let addresses = session.cloud.deploy(session.cloud.own(Some(&kv), &vars));
        let addresses = addresses.map_err(|refusal| not_deployed(session, &refusal, &kv))?;
        changed = true;
        let secrets = session.deployed.take().map(|deployed| deployed.secrets).unwrap_or_default();
        session.deployed = Some(Deployed { kv: Some(kv.clone()), vars, secrets });
        let configured = session.cloud.config.var("PUBLIC_URL").is_some();
        let known = url.as_ref().is_some_and(|url| addresses.contains(url));
        if !configured
            && !known
            && let Some(address) = addresses.first()
        {
            url = Some(address.trim_end_matches('/').to_owned());
        }
        if url.is_none() {
            let why = "wrangler named no address that it answers at";
            let fix =
                "set workers_dev = true, or PUBLIC_URL to the address, in wrangler's configuration";
            return Err(Failure::new("the Worker's address is not known", why, fix));
        }
    }
}

/// What this Worker has of its own, with the mark of this bundle.
fn vars(
    session: &Session<'_>,
    app_id: &str,
    url: Option<&str>,
    kv: &str,
) -> Result<BTreeMap<String, String>, Failure> {
    let own = [("APP_ID", app_id), ("PUBLIC_URL", url.unwrap_or_default())];
    let mut vars: BTreeMap<String, String> =
        own.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let mark = session.cloud.config.fingerprint(session.cloud.own(Some(kv), &vars));
    let mark = mark.map_err(|why| {
        let fix = match session.cloud.config.build() {
            Some(build) => build.to_owned(),
            None => format!(
                "{}, with the folder of a release",
                session.again.instead("--bundle", "FOLDER")
            ),
        };
        Failure::new("there is no bundle to deploy", why, fix)
    })?;
    vars.insert(BUNDLE.to_owned(), mark);
    Ok(vars)
}

/// Builds the bundle, where the configuration says how. Its progress is shown.
fn build(session: &Session<'_>) -> Result<(), Failure> {
    let Some(command) = session.cloud.config.build() else { return Ok(()) };
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(session.cloud.config.root());
    let status = shell.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let why = match status {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => format!("`{command}` ended with {status}; what it said stands above"),
        Err(why) => format!("`{command}` cannot be started: {why}"),
    };
    Err(Failure::new("the bundle was not built", why, command))
}

/// The KV namespace: the Worker's own, the one the configuration names, one of the right name, or a new
/// one. Never silently another than the Worker has: consents lie in it.
fn namespace(session: &mut Session<'_>) -> Result<String, Failure> {
    let all = session.cloud.namespaces();
    let all = all.map_err(|r| session.refused("the KV namespaces were not listed", &r))?;
    let titled = |id: &str| all.iter().find(|one| one.id == id).map(|one| one.title.clone());
    let bound = session.deployed.as_ref().and_then(|deployed| deployed.kv.clone());
    let written = session.cloud.config.kv().map(str::to_owned);
    match (&bound, &written) {
        (Some(bound), Some(written)) if bound != written && titled(bound).is_some() => {
            let why = format!(
                "the Worker has {bound}, wrangler's configuration names {written}, and consents lie in the first"
            );
            let fix = "take the id under [[kv_namespaces]] out of wrangler's configuration";
            return Err(Failure::new("it is not clear which KV namespace is meant", why, fix));
        }
        _ => {}
    }
    if let Some((id, title)) = bound.as_ref().and_then(|id| Some((id, titled(id)?))) {
        report(session, "kv", "already", &format!("{title} ({id})"));
        return Ok(id.clone());
    }
    if let Some(id) = written {
        // Whether there is such a one, deploying will say.
        report(session, "kv", "already", &format!("{id}, as wrangler's configuration says"));
        return Ok(id);
    }
    if let Some(gone) = bound {
        let line = format!(
            "the namespace the Worker had ({gone}) is gone, and what was in it; another takes its place"
        );
        report(session, "kv", "gone", &line);
    }
    let title = session.cloud.target.namespace();
    if let Some(there) = all.iter().find(|one| one.title == title) {
        report(session, "kv", "adopted", &format!("{title} ({})", there.id));
        return Ok(there.id.clone());
    }
    let state = match session.cloud.make_namespace(&title) {
        Ok(()) => "done",
        // Somebody was quicker; or a list that was not quite fresh.
        Err(Refusal::NamespaceExists) => "adopted",
        Err(refusal) => return Err(session.refused("the KV namespace was not made", &refusal)),
    };
    let all = session.cloud.namespaces();
    let all = all.map_err(|r| session.refused("the KV namespaces were not listed", &r))?;
    let Some(made) = all.into_iter().find(|one| one.title == title) else {
        let why = format!("Cloudflare does not list {title} yet");
        return Err(Failure::new("the KV namespace was not found", why, session.again.to_string()));
    };
    report(session, "kv", state, &format!("{title} ({})", made.id));
    Ok(made.id)
}

fn not_deployed(session: &Session<'_>, refusal: &Refusal, kv: &str) -> Failure {
    let failure = session.refused("the Worker was not deployed", refusal);
    match refusal {
        Refusal::NoNamespace => Failure { why: format!("{refusal}: {kv}"), ..failure },
        _ => failure,
    }
}

/// Says what would be done, and has wrangler rehearse it.
///
/// # Errors
/// [`Failure`].
pub(super) fn rehearse(session: &mut Session<'_>) -> Result<(), Failure> {
    let cost = super::cost(session);
    report(session, "cost", "", &cost);
    if session.login.is_none() {
        let line = "nobody was asked at Cloudflare: not logged in, or offline";
        report(session, "account", "unknown", line);
    }
    build(session)?;
    let bound = session.deployed.as_ref().and_then(|deployed| deployed.kv.clone());
    let title = session.cloud.target.namespace();
    match &bound {
        Some(id) => report(session, "kv", "already", id),
        None => {
            report(session, "kv", "would", &format!("adopt {title} if there is one, or make it"))
        }
    }
    let app_id = session.app_id().unwrap_or_default();
    let url = session.url();
    let vars = vars(session, &app_id, url.as_deref(), bound.as_deref().unwrap_or_default())?;
    let same = session.deployed.as_ref().is_some_and(|deployed| {
        vars.iter().all(|(name, value)| deployed.vars.get(name) == Some(value))
    });
    let state = if same && url.is_some() { "already" } else { "would" };
    let at = url.unwrap_or_else(|| "at the address Cloudflare gives it".to_owned());
    report(session, "worker", state, &format!("run this version, {at}"));
    let needed: Vec<String> = missing(session);
    if needed.is_empty() {
        report(session, "secrets", "already", "the Worker has them all");
    } else {
        report(session, "secrets", "would", &format!("set {}", needed.join(", ")));
    }
    report(session, "shop", "would", "write the shop to KV, if it differs");
    report(
        session,
        "webhook",
        "would",
        "lead here, with the events this shop needs, if it does not",
    );
    report(session, "profile", "would", "be made as shop.toml says, if it differs");
    let said = session.cloud.rehearse(session.cloud.own(bound.as_deref(), &vars));
    let said = said.map_err(|r| session.refused("wrangler did not rehearse the upload", &r))?;
    let upload = said.lines().find(|line| line.contains("Total Upload")).unwrap_or("it is fine");
    report(session, "rehearsed", "", upload.trim());
    Ok(())
}

/// Names of the secrets that the Worker lacks.
fn missing(session: &Session<'_>) -> Vec<String> {
    let alone = session.shops.len() == 1;
    let pages = session.shops.iter().map(|shop| format!("PAGE_TOKEN_{}", shop.page.id));
    let pages = pages.map(|own| if alone { "PAGE_TOKEN".to_owned() } else { own });
    let others = ["APP_SECRET", "VERIFY_TOKEN", "ADMIN_TOKEN", "SIGNING_KEY"].map(str::to_owned);
    let there =
        |name: &String| session.has(name) || (alone && name == "PAGE_TOKEN" && has_own(session));
    others.into_iter().chain(pages).filter(|name| !there(name)).collect()
}

fn has_own(session: &Session<'_>) -> bool {
    let own = session.shops.first().map(|shop| format!("PAGE_TOKEN_{}", shop.page.id));
    own.is_some_and(|own| session.has(&own))
}
