//! Paid messages: the proof that they may be sent, their campaign, and what the other Desks of a
//! Page may spend. The first Desk of the Page is its registrar; the others ask it at each tick, and
//! when what they may spend is used up.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Inner, Name, call, now};
use crate::entry::links::encoded;
use crate::meta::graph_error::{Class, Reply, Verdict, judge};
use crate::meta::marketing::proof::{self, Lack};
use crate::meta::marketing::{money::Money, request};
use crate::outreach::marketing::{self, State};
use crate::outreach::spending::{self, Question};
use crate::shop::marketing::Marketing;
use crate::shop::model::Shop;
use crate::store::{Sql, counters};
use crate::worker::config::Config;
use crate::worker::graph;

/// What another Desk asks the registrar.
#[derive(Serialize, Deserialize)]
pub struct Asked {
    /// What it wants to spend; none: it only asks how things stand.
    pub question: Option<Question>,
    /// How things stand as far as it knows: Meta may have told it something.
    pub state: State,
}

/// What it is answered.
#[derive(Serialize, Deserialize)]
pub struct Answered {
    state: State,
    amount: Money,
}

/// Once a minute: makes a campaign when one is wanted, and asks the registrar how things stand.
///
/// # Errors
/// What the tables, the registrar or Meta say. The next tick tries again.
pub async fn keep(desk: &Inner, name: &Name, shop: &Shop) -> Result<(), String> {
    let Some(wanted) = &shop.marketing else { return Ok(()) };
    if name.shard > 0 {
        return ask(desk, name, shop).await;
    }
    let at = now();
    let state = State::load(&desk.sql).map_err(|e| e.to_string())?;
    if !state.wants_campaign(wanted, at) {
        return Ok(());
    }
    // Written first: a try that dies is not repeated at once.
    marketing::tries(&desk.sql, at).map_err(|e| e.to_string())?;
    let config = Config::of(&desk.env)?;
    let token = config.ads_token(&desk.env)?;
    let label = format!("shopbell {} {}", name.page, at.utc_date());
    let body = request::campaign(&label, &name.page, marketing::budget(wanted));
    let path = request::campaigns_path(&wanted.ad_account);
    let (status, text) = graph::exchange_json(&config, &path, "", &token, Some(&body)).await?;
    let reply = Reply { status, retry_after_s: None, body: text.as_bytes() };
    match (request::campaign_made(&text), judge(&reply)) {
        (Some(id), _) if (200..300).contains(&status) => {
            marketing::made(&desk.sql, wanted, id, now()).map_err(|e| e.to_string())?;
            counters::add(&desk.sql, "marketing.campaign_made", at).map_err(|e| e.to_string())
        }
        (_, Verdict::Failed(failure)) => {
            let refused = matches!(failure.class, Class::Permission | Class::TokenInvalid);
            if refused {
                marketing::withdrawn(&desk.sql, failure.says()).map_err(|e| e.to_string())?;
            }
            Err(format!("no campaign was made: {}", failure.says()))
        }
        _ => Err("no campaign was made: Meta's answer names none".to_owned()),
    }
}

/// Asks the registrar for more where a message waits for it.
///
/// # Errors
/// As [`keep`].
pub async fn top_up(desk: &Inner, name: &Name, shop: &Shop) -> Result<(), String> {
    if shop.marketing.is_none() || name.shard == 0 {
        return Ok(());
    }
    let question = spending::wanted(&desk.sql, shop, now()).map_err(|e| e.to_string())?;
    if question.is_some() { ask(desk, name, shop).await } else { Ok(()) }
}

async fn ask(desk: &Inner, name: &Name, shop: &Shop) -> Result<(), String> {
    let registrar = Name { page: name.page.clone(), shard: 0 };
    let question = spending::wanted(&desk.sql, shop, now()).map_err(|e| e.to_string())?;
    let state = State::load(&desk.sql).map_err(|e| e.to_string())?;
    let asked = call::Paid { desk: Cow::Borrowed(&registrar), asked: Asked { question, state } };
    let answered: Answered = call::paid(&desk.env, &registrar, &asked).await?;
    desk.sql
        .transaction(|| {
            // Meta may have said something while the question was out.
            State::load(&desk.sql)?.told(&answered.state).save(&desk.sql)?;
            match &asked.asked.question {
                Some(question) => spending::told(&desk.sql, question, answered.amount),
                None => Ok(()),
            }
        })
        .map_err(|error: crate::store::StoreError| error.to_string())
}

/// The registrar's answer.
///
/// # Errors
/// What the tables say.
pub fn answer(desk: &Inner, shop: &Shop, asked: &Asked) -> Result<Answered, String> {
    let known = State::load(&desk.sql).map_err(|e| e.to_string())?;
    let state = known.clone().hears(&asked.state);
    if state != known {
        state.save(&desk.sql).map_err(|e| e.to_string())?;
    }
    let amount = match &asked.question {
        Some(question) => {
            spending::answer(&desk.sql, shop, question, now()).map_err(|e| e.to_string())?
        }
        None => Money::ZERO,
    };
    Ok(Answered { state, amount })
}

/// Finds out whether paid messages may be sent, keeps it, and tells the owner with what they would
/// spend. Nothing is spent by it.
///
/// # Errors
/// What the tables say.
pub async fn prove(desk: &Inner, shop: &Shop) -> Result<Value, String> {
    let Some(wanted) = &shop.marketing else { return Ok(json!({ "declared": false })) };
    let lacks = lacks(desk, wanted).await;
    let at = now();
    marketing::proved(&desk.sql, wanted, lacks, at).map_err(|e| e.to_string())?;
    status(desk, shop)
}

/// How paid messages stand, for the owner.
///
/// # Errors
/// What the tables say.
pub fn status(desk: &Inner, shop: &Shop) -> Result<Value, String> {
    let Some(wanted) = &shop.marketing else { return Ok(json!({ "declared": false })) };
    let at = now();
    let state = State::load(&desk.sql).map_err(|e| e.to_string())?;
    let left = spending::room(&desk.sql, shop, at).map_err(|e| e.to_string())?;
    let standing = state.standing(Some(wanted));
    Ok(json!({
        "declared": true,
        "proved": !standing.is_off(),
        "lacks": state.lacks,
        "ad_account": wanted.ad_account,
        "currency": wanted.currency,
        "most_per_day": wanted.cap.to_string(),
        "most_per_message": wanted.price.to_string(),
        "messages_per_day": wanted.per_day(),
        "left_today": left.to_string(),
        "campaign": state.campaign_of(wanted).map(|campaign| &campaign.id),
        "ready_at": match standing {
            marketing::Standing::From(from) => Some(from.rfc3339()),
            _ => None,
        },
        "wait": state.wait.filter(|wait| wait.until > at).map(|wait| wait.reason),
    }))
}

async fn lacks(desk: &Inner, wanted: &Marketing) -> Vec<Lack> {
    let config = match Config::of(&desk.env) {
        Ok(config) => config,
        Err(why) => return vec![Lack::Unanswered(why)],
    };
    let Ok(token) = config.ads_token(&desk.env) else { return vec![Lack::NoToken] };
    let Some(app) = &config.app_id else { return vec![Lack::NoApp] };
    let app_token = config.app_secret.app_token(app);
    let query = format!("&input_token={}", encoded(&token));
    let mut lacks = match read(&config, "debug_token", &query, &app_token).await {
        Ok(answer) => proof::of_token(&answer, &app.0),
        Err(lack) => vec![lack],
    };
    if !lacks.is_empty() {
        return lacks;
    }
    let account = format!("act_{}", wanted.ad_account);
    let fields = "&fields=currency,account_status";
    match read(&config, &account, fields, &token).await {
        Ok(answer) => lacks.extend(proof::of_account(&answer, &wanted.currency)),
        Err(Lack::Refused(_)) => lacks.push(Lack::NoAccount),
        Err(lack) => lacks.push(lack),
    }
    // What it says is not documented, and varies: that it answers shows that the account may.
    let estimate = format!("{account}/message_delivery_estimate");
    if lacks.is_empty()
        && let Err(Lack::Refused(why)) = read(&config, &estimate, "", &token).await
    {
        lacks.push(Lack::Refused(why));
    }
    lacks
}

/// Reads something. What Meta refuses for want of a permission is told apart from what it does not
/// understand, which says nothing of permissions.
async fn read(config: &Config, path: &str, query: &str, token: &str) -> Result<Value, Lack> {
    let answered = graph::exchange_json(config, path, query, token, None).await;
    let (status, text) = answered.map_err(Lack::Unanswered)?;
    if status == 200
        && let Ok(value) = serde_json::from_str::<Value>(&text)
        && value.get("error").is_none()
    {
        return Ok(value);
    }
    match judge(&Reply { status, retry_after_s: None, body: text.as_bytes() }) {
        Verdict::Failed(failure) => match failure.class {
            Class::Permission | Class::PageRestricted | Class::TokenInvalid => {
                Err(Lack::Refused(failure.says().to_owned()))
            }
            _ => Err(Lack::Unanswered(failure.says().to_owned())),
        },
        Verdict::Sent { .. } => Ok(Value::Null),
    }
}
