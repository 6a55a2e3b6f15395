//! Whether it has arrived: the Worker answers, everything fits together, and somebody's first message is
//! answered.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::meta::secrets;
use super::{Options, report};
use crate::cli::connect::collect::Collected;
use crate::cli::connect::session::{Failure, Session};
use crate::cli::connect::standing;
use crate::cli::doctor::http::{Base, Http};
use crate::cli::doctor::{Checkup, State, examine};
use crate::shop::model::{Lang, Shop};

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(2);

/// How long the first message is waited for.
const WAIT: Duration = Duration::from_secs(30 * 60);

/// How long one answer may take while everything is checked.
const ANSWER: Duration = Duration::from_secs(20);

/// What asks the Worker, until it is as it should be or the time is up.
struct Until<'a> {
    http: Http,
    base: Base,
    options: &'a Options,
}

impl<'a> Until<'a> {
    fn new(session: &Session<'_>, url: &str, options: &'a Options) -> Result<Self, Failure> {
        let base = Base::new(url).map_err(|why| {
            let fix = "write PUBLIC_URL in wrangler's configuration as https://…";
            Failure::new("the Worker's address is none", why, fix)
        })?;
        Ok(Self { http: Session::http(&session.again)?, base, options })
    }

    /// Asks until it is so; else what kept it from being so.
    fn so(
        &self,
        session: &Session<'_>,
        mut ask: impl AsyncFnMut(&Http, &Base) -> Result<(), String>,
    ) -> Result<(), String> {
        let end = Instant::now() + self.options.patience;
        loop {
            match session.runtime.block_on(ask(&self.http, &self.base)) {
                Ok(()) => return Ok(()),
                Err(why) if Instant::now() >= end => return Err(why),
                Err(_) => std::thread::sleep(PAUSE.min(self.options.patience)),
            }
        }
    }
}

/// Waits until the Worker answers and is content with its secrets: a new address, new secrets take a
/// moment.
///
/// # Errors
/// [`Failure`].
pub(super) fn answers(
    session: &mut Session<'_>,
    url: &str,
    options: &Options,
) -> Result<(), Failure> {
    let until = Until::new(session, url, options)?;
    let done = until.so(session, async |http, base| {
        let answer = http.send(http.get(&base.join("/health"))).await;
        let answer = answer.map_err(|trouble| format!("{} {trouble}", base.as_str()))?;
        let body = answer.json().unwrap_or_default();
        match (
            body.get("status").and_then(Value::as_str),
            body.get("problem").and_then(Value::as_str),
        ) {
            (Some("ok" | "alert"), _) => Ok(()),
            (_, Some(problem)) => Err(format!("it says: {problem}")),
            _ => Err(format!("{}/health {}", base.as_str(), answer.described())),
        }
    });
    if let Err(why) = done {
        let fix = format!("wait some minutes, then: {}", session.again);
        return Err(Failure::new("the Worker does not answer as it should", why, fix));
    }
    report(session, "answers", "ok", &format!("{url}/health"));
    Ok(())
}

/// Waits until the Worker knows this word for the handshake.
///
/// # Errors
/// [`Failure`].
pub(super) fn shakes_hands(
    session: &Session<'_>,
    url: &str,
    token: &str,
    options: &Options,
) -> Result<(), Failure> {
    let until = Until::new(session, url, options)?;
    let done = until.so(session, async |http, base| {
        match standing::shakes_hands(http, base, token).await {
            true => Ok(()),
            false => Err("the Worker refuses the handshake with VERIFY_TOKEN".to_owned()),
        }
    });
    done.map_err(|why| {
        let fix = format!("wait some minutes, then: {}", session.again);
        Failure::new("Meta was not asked to call back", why, fix)
    })
}

/// Looks at everything as the doctor does, once KV shows the shop.
///
/// # Errors
/// [`Failure`] when something does not fit.
pub(super) fn check(
    session: &mut Session<'_>,
    all: &Collected,
    url: &str,
    options: &Options,
) -> Result<(), Failure> {
    if let Some(token) = all.known.get("ADMIN_TOKEN").cloned() {
        shown_by_kv(session, &token, url, options)?;
    }
    let checkup = Checkup {
        dir: session.at.dir.clone(),
        worker: url.to_owned(),
        graph: Some(session.graph.base().to_owned()),
        graph_version: Some(session.graph.version().to_owned()),
        secrets: secrets(all),
        patience: ANSWER,
        // As everything else that is said here.
        language: Some(Lang("en".to_owned())),
    };
    let found = session.runtime.block_on(examine(&checkup)).findings;
    let problems: Vec<_> = found.iter().filter(|one| one.state == State::Problem).collect();
    let Some(first) = problems.first() else {
        let good = found.iter().filter(|one| one.state == State::Ok).count();
        report(session, "checked", "ok", &format!("{good} things, as `shopbell doctor` does"));
        return Ok(());
    };
    for problem in &problems {
        session.talk.say(&format!("  problem  {}", problem.says));
        if let Some(fix) = &problem.fix {
            session.talk.say(&format!("           -> {fix}"));
        }
    }
    let fix = first.fix.clone().unwrap_or_else(|| session.again.to_string());
    Err(Failure::new("it is deployed, and not everything works", &first.says, fix))
}

/// Waits until the Worker has read the shop that was just published.
fn shown_by_kv(
    session: &mut Session<'_>,
    token: &str,
    url: &str,
    options: &Options,
) -> Result<(), Failure> {
    let until = Until::new(session, url, options)?;
    // Those of the command are not sealed: only a sealed one has a version.
    let shops = crate::cli::publish::Bundle::of(session.shops.clone()).shops;
    let done = until.so(session, async |http, base| {
        let status = status(http, base, token).await?;
        let behind = shops.iter().find(|shop| version_there(&status, shop) != Some(&shop.version));
        match behind {
            None => Ok(()),
            Some(shop) => Err(format!("Page {} is not shown by KV yet", shop.page.id)),
        }
    });
    done.map_err(|why| {
        let fix = format!("wait some minutes, then: {}", session.again);
        Failure::new("the Worker does not have this shop yet", why, fix)
    })
}

async fn status(http: &Http, base: &Base, token: &str) -> Result<Value, String> {
    let request = http.get(&base.join("/admin/status")).bearer_auth(token);
    let answer = http.send(request).await.map_err(|trouble| format!("the Worker {trouble}"))?;
    match (answer.status, answer.json()) {
        (200, Some(body)) => Ok(body),
        (401, _) => Err("the Worker refuses ADMIN_TOKEN: its own is another one".to_owned()),
        _ => Err(format!("/admin/status {}", answer.described())),
    }
}

fn desks<'a>(status: &'a Value, page: &'a str) -> impl Iterator<Item = &'a Value> {
    let all = status.get("desks").and_then(Value::as_array).into_iter().flatten();
    all.filter(move |desk| desk.get("page").and_then(Value::as_str) == Some(page))
}

fn version_there<'a>(status: &'a Value, shop: &'a Shop) -> Option<&'a str> {
    desks(status, shop.page.id.as_str()).next()?.pointer("/shop/version")?.as_str()
}

/// How many messages of people arrived, and how many of ours left.
fn traffic(status: &Value, shops: &[Shop]) -> (i64, i64) {
    let mut sums = (0_i64, 0_i64);
    for desk in shops.iter().flat_map(|shop| desks(status, shop.page.id.as_str())) {
        let count = |name: &str| {
            desk.get("last_7_days")
                .and_then(|all| all.get(name))
                .and_then(Value::as_i64)
                .unwrap_or(0)
        };
        sums.0 = sums.0.saturating_add(count("event.message"));
        sums.1 = sums.1.saturating_add(count("reply.sent"));
    }
    sums
}

/// Waits for the first message, where somebody waits.
///
/// # Errors
/// [`Failure`] when none comes.
pub(super) fn first_message(
    session: &mut Session<'_>,
    all: &Collected,
    url: &str,
    options: &Options,
) -> Result<(), Failure> {
    if session.skipped {
        session.talk.say(
            "deployed; Meta was not asked. With APP_ID, APP_SECRET and PAGE_TOKEN in the environment, or at a \
             terminal, `shopbell deploy` looks at that, too",
        );
        return Ok(());
    }
    let names: Vec<String> =
        session.shops.iter().map(|shop| format!("https://m.me/{}", shop.page.username)).collect();
    let links = names.join(" or ");
    let wait = options.wait.unwrap_or_else(|| session.talk.somebody());
    let Some(token) = all.known.get("ADMIN_TOKEN").filter(|_| wait).cloned() else {
        let line = format!("live: write to {links} now");
        session.talk.say(&line);
        return Ok(());
    };
    let again = session.again.to_string();
    let stage = Until::new(session, url, options)?;
    let shops = session.shops.clone();
    let look = |session: &Session<'_>| {
        let status = session.runtime.block_on(status(&stage.http, &stage.base, &token));
        status.map(|status| traffic(&status, &shops))
    };
    let before = look(session).unwrap_or_default();
    if before.0 > 0 && options.wait.is_none() {
        session.talk.say(&format!("live: {} messages came in the last 7 days", before.0));
        return Ok(());
    }
    session.talk.say(&format!("live: write to {links} now; Ctrl-C ends the waiting, nothing else"));
    let end = Instant::now()
        + if options.wait == Some(true) { options.patience.max(PAUSE) } else { WAIT };
    let mut arrived = false;
    while Instant::now() < end {
        if let Ok((messages, replies)) = look(session) {
            if messages > before.0 && !arrived {
                arrived = true;
                session.talk.say("  it came");
            }
            if arrived && replies > before.1 {
                session.talk.say("  and was answered. You are live.");
                return Ok(());
            }
        }
        std::thread::sleep(PAUSE);
    }
    if arrived {
        let why = "the message came, and no answer has left";
        let fix = format!("shopbell doctor {} --url {url}", session.at.dir.display());
        return Err(Failure::new("the first message was not answered", why, fix));
    }
    let why = "no message came (before App Review only people with a role on the app are heard)";
    Err(Failure::new("nobody was heard", why, again))
}
