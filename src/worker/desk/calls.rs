//! Makes the requests that are no messages: the owner's webhook, and threads handed over and taken
//! back. They are few, hold up nobody, and come again when they fail.

use std::rc::Rc;

use super::{Inner, Name, call, host, now};
use crate::desk::decide::Context;
use crate::desk::handoff::{self, Errand, Wanted};
use crate::desk::inbox;
use crate::desk::parcels::Parcel;
use crate::store::calls::{self, Due, Kind};
use crate::store::counters;
use crate::time::MINUTE;
use crate::worker::config::Config;
use crate::worker::graph;

/// Calls at a time: the rest of the places are for messages.
const AT_ONCE: u32 = 2;

/// The Page Inbox (Meta, Conversation routing, September 2025).
const PAGE_INBOX: &str = "263902037430900";

/// How long a call waits that could not be tried.
const AGAIN_MS: i64 = 5 * MINUTE;

/// Makes the calls whose turn has come.
///
/// # Errors
/// What the tables say. The timer comes again.
pub async fn run(desk: &Rc<Inner>) -> Result<(), String> {
    let due = calls::take_due(&desk.sql, now(), AT_ONCE).map_err(|e| e.to_string())?;
    let mut failed = Ok(());
    for call in due {
        if let Err(why) = one(desk, &call).await {
            // It was not tried, and the next one may be another matter.
            calls::put_off(&desk.sql, &call, now().plus(AGAIN_MS)).map_err(|e| e.to_string())?;
            failed = Err(why);
        }
    }
    calls::look_ahead(&desk.sql, now()).map_err(|e| e.to_string())?;
    failed
}

/// The thread is ours again.
async fn is_back(desk: &Rc<Inner>, call: &Due) -> Result<(), String> {
    let name = desk.name()?;
    let published = desk.shop(&name.page).await.map_err(|e| e.to_string())?;
    let config = Config::of(&desk.env)?;
    let context = Context {
        shop: &published.shop,
        faq: published.faq.as_ref(),
        keys: &config.keys,
        app: config.app_id.as_ref(),
        diary: &[],
        coupons: &[],
        host: host(&config, &name, desk.shards()),
    };
    inbox::thread_back(&desk.sql, context, (call.channel, &call.person), now())
        .map_err(|e| e.to_string())?;
    desk.deliver_later();
    Ok(())
}

/// Has the owner's Desk write to them; where it may not, their webhook is called.
async fn errand(desk: &Inner, name: &Name, call: &Due) -> Result<(), String> {
    let errand: Errand = serde_json::from_str(&call.body).map_err(|e| e.to_string())?;
    let shard = desk.layout(name).await?.home(Some(&errand.owner));
    let other = Name { page: name.page.clone(), shard };
    let about = (call.channel, &call.person);
    let told = if other == *name {
        handoff::write_to(&desk.sql, &errand.owner, &errand.text, about, now())
            .map_err(|e| e.to_string())?
    } else {
        call::notice(&desk.env, &other, &errand.owner, &errand.text, about).await?
    };
    match errand.hook.filter(|_| !told) {
        Some(hook) => handoff::push_hook(&desk.sql, about, &hook, now()).map_err(|e| e.to_string()),
        None => Ok(()),
    }
}

/// Hands another Desk what it has to know of somebody; or opens it here, when people were moved
/// meanwhile.
async fn parcel(desk: &Rc<Inner>, name: &Name, call: &Due) -> Result<(), String> {
    let parcel: Parcel = serde_json::from_str(&call.body).map_err(|e| e.to_string())?;
    let shards = desk.layout(name).await?.shards;
    let shard = parcel.goes_to(&call.person, shards);
    let who = (call.channel, &call.person);
    if shard == name.shard {
        return desk.open_parcel(name, who, &parcel).await;
    }
    let other = Name { page: name.page.clone(), shard };
    call::parcel(&desk.env, &other, who, &parcel).await
}

async fn one(desk: &Rc<Inner>, call: &Due) -> Result<(), String> {
    let name = desk.name()?;
    let published = desk.shop(&name.page).await.map_err(|e| e.to_string())?;
    let config = Config::of(&desk.env)?;
    let wanted = handoff::is_wanted(&desk.sql, &published.shop, call, now());
    let made = match wanted.map_err(|e| e.to_string())? {
        Wanted::No => return calls::done(&desk.sql, call).map_err(|e| e.to_string()),
        Wanted::Later(at) => {
            return calls::put_off(&desk.sql, call, at).map_err(|e| e.to_string());
        }
        Wanted::Yes => match call.kind {
            Kind::Hook | Kind::News | Kind::Alert => {
                let timestamp = now().get().to_string();
                let signature = config.keys.sign_hook(&timestamp, &call.body);
                let headers = [
                    ("x-shopbell-call", call.id.to_string()),
                    ("x-shopbell-timestamp", timestamp),
                    ("x-shopbell-signature", format!("sha256={signature}")),
                ];
                graph::post(&call.url, &headers, &call.body).await
            }
            Kind::Notice => errand(desk, &name, call).await,
            Kind::Parcel => parcel(desk, &name, call).await,
            Kind::Pass | Kind::Take => {
                let token = config.page_token(&desk.env, &name.page)?;
                let edge = if call.kind == Kind::Pass { "pass" } else { "take" };
                let url = format!(
                    "{}/{}/{}/{edge}_thread_control?appsecret_proof={}",
                    config.graph_base_url,
                    config.graph_version,
                    name.page,
                    config.app_secret.proof(&token)
                );
                let mut body = serde_json::json!({
                    "recipient": { "id": call.person }, "metadata": "shopbell",
                });
                if let (Kind::Pass, Some(fields)) = (call.kind, body.as_object_mut()) {
                    fields.insert("target_app_id".to_owned(), PAGE_INBOX.into());
                }
                graph::ask(&url, &token, &body.to_string()).await
            }
        },
    };
    let outcome = if made.is_ok() { "made" } else { "failed" };
    let name_of_it = format!("call.{}.{outcome}", call.kind.name());
    counters::add(&desk.sql, &name_of_it, now()).map_err(|e| e.to_string())?;
    let Err(why) = made else {
        calls::done(&desk.sql, call).map_err(|e| e.to_string())?;
        return if call.kind == Kind::Take { is_back(desk, call).await } else { Ok(()) };
    };
    worker::console_error!("call {} ({:?}) of Desk {name:?} failed: {why}", call.id, call.kind);
    if calls::failed(&desk.sql, call, now()).map_err(|e| e.to_string())? {
        counters::add(&desk.sql, "call.given_up", now()).map_err(|e| e.to_string())?;
    }
    Ok(())
}
