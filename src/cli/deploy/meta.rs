//! At Meta: where the app's webhook leads, which of the Pages' events it brings, and what people see of a
//! Page before they write.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::{Options, report};
use crate::cli::connect::collect::Collected;
use crate::cli::connect::graph::{Caller, Refused};
use crate::cli::connect::pages::WEBHOOKS;
use crate::cli::connect::session::{Failure, Session};
use crate::cli::connect::token::App;
use crate::cli::connect::{hand_over, keys};
use crate::cli::doctor::Secrets;
use crate::cli::doctor::http::Base;
use crate::cli::profile::meta::{LATER, Of};
use crate::cli::profile::{compared, shown};
use crate::desk::checkup::needs::{Needs, on_instagram};
use crate::shop::model::Shop;

/// Meta asks the Worker before it answers; an address that is new may not be known everywhere.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(3);

/// What is said when a secret that Meta is asked with is not at hand.
const NOT_AT_HAND: &str = "not in the environment: nothing was looked at or changed there";

/// Sees to it that the app's webhook leads to the Worker and brings what the shops need.
///
/// # Errors
/// [`Failure`].
pub(in crate::cli) fn webhook(
    session: &mut Session<'_>,
    all: &mut Collected,
    url: &str,
    options: &Options,
) -> Result<(), Failure> {
    let Some(app) = all.app() else {
        report(session, "webhook", "skipped", &format!("APP_SECRET or APP_ID is {NOT_AT_HAND}"));
        return Ok(());
    };
    let callback = format!("{url}/webhook");
    let found = session.runtime.block_on(subscriptions(session, &app));
    let found =
        found.map_err(|refused| refusal(session, "the app's webhook was not read", &refused))?;
    let instagram = session.shops.iter().any(on_instagram);
    for object in ["page", "instagram"].into_iter().take(if instagram { 2 } else { 1 }) {
        let wanted = wanted(session, object);
        let there = found.iter().find(|one| one.object == object);
        let leads_here = there.is_some_and(|one| one.url == callback && one.active);
        let brings_all =
            there.is_some_and(|one| wanted.iter().all(|field| one.fields.contains(*field)));
        if leads_here && brings_all {
            report(session, "webhook", "already", &format!("{object} -> {callback}"));
            continue;
        }
        if let Some(other) = there.filter(|one| one.url != callback && !one.url.is_empty()) {
            may_take(session, &app, &other.url, options)?;
        }
        let token = verify_token(session, all, url, options)?;
        // What somebody else wanted to hear of stays.
        let kept = there.map(|one| one.fields.clone()).unwrap_or_default();
        register(session, &app, object, &callback, &token, &wanted, &kept)?;
        let state = if there.is_some() { "changed" } else { "done" };
        report(session, "webhook", state, &format!("{object} -> {callback}; Meta called back"));
    }
    Ok(())
}

/// One object's webhook, as Meta has it.
struct Subscription {
    object: String,
    url: String,
    active: bool,
    fields: BTreeSet<String>,
}

async fn subscriptions(session: &Session<'_>, app: &App) -> Result<Vec<Subscription>, Refused> {
    let token = app.token();
    let caller = Caller { token: &token, app_secret: None };
    let body = session.graph.get(&format!("{}/subscriptions", app.id), caller, &[]).await?;
    let all = body.get("data").and_then(Value::as_array).into_iter().flatten();
    let text = |one: &Value, key: &str| {
        one.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    Ok(all
        .map(|one| Subscription {
            object: text(one, "object"),
            url: text(one, "callback_url").trim_end_matches('/').to_owned(),
            active: one.get("active") != Some(&Value::Bool(false)),
            fields: names(one.get("fields")),
        })
        .collect())
}

fn wanted(session: &Session<'_>, object: &str) -> Vec<&'static str> {
    let of = |shop: &Shop| {
        let needs = Needs::of(shop);
        let fields: Vec<&str> = match object {
            "instagram" => needs.all_instagram_fields().collect(),
            _ => needs.all_fields().collect(),
        };
        fields
    };
    let all: BTreeSet<&str> = session.shops.iter().flat_map(of).collect();
    all.into_iter().collect()
}

/// An app has one address for all its Pages: taking it over takes it from whoever has it.
fn may_take(
    session: &mut Session<'_>,
    app: &App,
    other: &str,
    options: &Options,
) -> Result<(), Failure> {
    if options.take_webhook {
        return Ok(());
    }
    let question = format!("App {} leads to {other}. Lead it here instead?", app.id);
    if session.talk.yes(&question) {
        return Ok(());
    }
    let why = format!(
        "app {} leads to {other}, and an app has one address for all its Pages (a shop of its own can have an app of its own)",
        app.id
    );
    let fix = session.again.clone().flag("--take-webhook", true).to_string();
    Err(Failure::new("the app's webhook was not changed", why, fix))
}

/// The handshake's word. One that nobody knows any more is made anew: nothing else needs it.
fn verify_token(
    session: &mut Session<'_>,
    all: &mut Collected,
    url: &str,
    options: &Options,
) -> Result<String, Failure> {
    const NAME: &str = "VERIFY_TOKEN";
    if let Some(token) = all.known.get(NAME) {
        let token = token.clone();
        super::arrival::shakes_hands(session, url, &token, options)?;
        return Ok(token);
    }
    let token = keys::random()
        .map_err(|why| Failure::new("VERIFY_TOKEN was not made", why, session.again.to_string()))?;
    let mut one = Collected::default();
    one.to_set.insert(NAME.to_owned(), token.clone());
    hand_over(session, &one)?;
    all.known.insert(NAME.to_owned(), token.clone());
    super::arrival::shakes_hands(session, url, &token, options)?;
    Ok(token)
}

fn register(
    session: &mut Session<'_>,
    app: &App,
    object: &str,
    callback: &str,
    verify_token: &str,
    wanted: &[&str],
    kept: &BTreeSet<String>,
) -> Result<(), Failure> {
    let mut fields: BTreeSet<&str> = wanted.iter().copied().collect();
    fields.extend(kept.iter().map(String::as_str));
    let fields = fields.into_iter().collect::<Vec<_>>().join(",");
    let token = app.token();
    let caller = Caller { token: &token, app_secret: None };
    let form = [
        ("object", object),
        ("callback_url", callback),
        ("verify_token", verify_token),
        ("fields", fields.as_str()),
        ("include_values", "true"),
    ];
    let path = format!("{}/subscriptions", app.id);
    let mut tries: u32 = 1;
    loop {
        let refused = match session.runtime.block_on(session.graph.post(&path, caller, &form)) {
            Ok(_) => return Ok(()),
            Err(refused) => refused,
        };
        if !refused.about_callback() || tries >= TRIES {
            let failure = refusal(session, "Meta did not take the webhook", &refused);
            if refused.about_callback() {
                let fix = format!(
                    "{} (a new address may take some minutes; {})",
                    session.again,
                    WEBHOOKS.of(&app.id, "")
                );
                return Err(Failure { fix, ..failure });
            }
            return Err(failure);
        }
        tries = tries.saturating_add(1);
        std::thread::sleep(PAUSE);
    }
}

/// Sees to it that each Page sends the app what its shop needs.
///
/// # Errors
/// [`Failure`].
pub(in crate::cli) fn events(session: &mut Session<'_>, all: &Collected) -> Result<(), Failure> {
    let secrets = secrets(all);
    for shop in session.shops.clone() {
        let id = shop.page.id.as_str();
        let step = format!("page {id}");
        let Some((_, token)) = secrets.page_token(&shop.page.id) else {
            report(session, "page", "skipped", &format!("{id}: its token is {NOT_AT_HAND}"));
            continue;
        };
        let app_secret = all.known.get("APP_SECRET").map(String::as_str);
        let caller = Caller { token, app_secret };
        let path = format!("{id}/subscribed_apps");
        let there = session.runtime.block_on(session.graph.get(&path, caller, &[]));
        let there = there.map_err(|refused| {
            refusal(session, &format!("what {step} sends was not read"), &refused)
        })?;
        let apps: Vec<&Value> =
            there.get("data").and_then(Value::as_array).into_iter().flatten().collect();
        let ours = |app: &&&Value| {
            app.get("id").and_then(Value::as_str) == all.app_id.as_deref() || all.app_id.is_none()
        };
        let have = apps.iter().find(ours).map(|app| names(app.get("subscribed_fields")));
        let wanted: Vec<&str> = Needs::of(&shop).all_fields().collect();
        let lacks: Vec<&str> = wanted
            .iter()
            .copied()
            .filter(|field| !have.as_ref().is_some_and(|have| have.contains(*field)))
            .collect();
        if lacks.is_empty() {
            report(session, "page", "already", &format!("{id} sends the app what it needs"));
            continue;
        }
        // A subscription is replaced as a whole: what it has beside ours stays.
        let mut fields: BTreeSet<String> = have.clone().unwrap_or_default();
        fields.extend(wanted.iter().map(|field| (*field).to_owned()));
        let fields = fields.into_iter().collect::<Vec<_>>().join(",");
        let form = [("subscribed_fields", fields.as_str())];
        let done = session.runtime.block_on(session.graph.post(&path, caller, &form));
        done.map_err(|refused| {
            refusal(session, &format!("{step} was not subscribed to the app"), &refused)
        })?;
        let state = if have.is_some() { "changed" } else { "done" };
        report(session, "page", state, &format!("{id} sends {}", lacks.join(", ")));
    }
    Ok(())
}

/// Makes what people see before they write as shop.toml says; what differs is shown first.
///
/// # Errors
/// [`Failure`].
pub(in crate::cli) fn profile(
    session: &mut Session<'_>,
    all: &Collected,
    options: &Options,
) -> Result<(), Failure> {
    let secrets = secrets(all);
    let base = Base::new(session.graph.base()).map_err(|why| {
        Failure::new("the Graph API's address is none", why, session.again.to_string())
    })?;
    let http = Session::http(&session.again)?;
    for shop in session.shops.clone() {
        let id = shop.page.id.as_str();
        if secrets.page_token(&shop.page.id).is_none() {
            report(session, "profile", "skipped", &format!("{id}: its token is {NOT_AT_HAND}"));
            continue;
        }
        let instagram = shop.page.instagram_id.is_some().then_some(Of::Instagram);
        for of in [Of::Messenger].into_iter().chain(instagram) {
            let version = session.graph.version().to_owned();
            let look = compared(of, &http, &base, &version, &secrets, &shop);
            let found = match session.runtime.block_on(look) {
                Ok(found) => found,
                // Running this some times in a row is enough for Meta's ten in ten minutes.
                Err(why) if why.contains(LATER) => {
                    report(session, "profile", "later", &format!("{id}: {LATER}"));
                    continue;
                }
                Err(why) => return Err(profile_failure(session, id, &why)),
            };
            if found.changes.is_empty() {
                report(
                    session,
                    "profile",
                    "already",
                    &format!("{} as shop.toml says", named(of, id)),
                );
                continue;
            }
            let diff = shown(of, &shop, &found.changes, false);
            for line in diff.lines() {
                session.talk.say(&format!("  {line}"));
            }
            if !options.yes && session.talk.somebody() && !session.talk.yes("Set this?") {
                report(session, "profile", "left", &format!("{} as it is", named(of, id)));
                continue;
            }
            let made = session.runtime.block_on(found.make_so());
            made.map_err(|why| profile_failure(session, id, &why))?;
            report(session, "profile", "changed", &named(of, id));
        }
    }
    Ok(())
}

fn named(of: Of, id: &str) -> String {
    match of {
        Of::Messenger => format!("Page {id}"),
        Of::Instagram => format!("Instagram account of Page {id}"),
    }
}

fn profile_failure(session: &Session<'_>, id: &str, why: &str) -> Failure {
    // Its second line is what to do.
    let (why, fix) = why.split_once('\n').unwrap_or((why, ""));
    let fix = match fix.trim() {
        "" => session.again.to_string(),
        fix => format!("{fix}, then: {}", session.again),
    };
    Failure::new(format!("the profile of Page {id} was not set"), why, fix)
}

fn refusal(session: &Session<'_>, what: &str, refused: &Refused) -> Failure {
    Failure::new(what, &refused.says, refused.fix(&session.again.to_string()))
}

/// What is known, as the other commands take it.
pub(super) fn secrets(all: &Collected) -> Secrets {
    let app_id = all.app_id.clone().map(|id| ("APP_ID".to_owned(), id));
    Secrets::new(all.known.clone().into_iter().chain(app_id))
}

/// Names in a list of words or of objects with a name.
fn names(list: Option<&Value>) -> BTreeSet<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    let name = |one: &Value| {
        one.as_str().or_else(|| one.get("name").and_then(Value::as_str)).map(str::to_owned)
    };
    list.filter_map(name).collect()
}
