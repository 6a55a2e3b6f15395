//! The Marketing Message API for Messenger (Meta's pages of 30 June 2026 and its error codes of 24
//! April 2026): ad accounts, campaigns with their hour of warm-up and their budget, and messages by
//! subscription token.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::SandboxConfig;
use super::super::events::{Event, Slot, put};
use super::super::world::{Campaign, Paid, Person, Settings, World};
use super::request::Request;
use super::{Done, GraphError, limits};
use crate::time::{DAY, HOUR};

/// "Wait at least 60 minutes after creating a campaign."
const WARM_UP: i64 = HOUR;
/// "Up to one marketing message to a unique user per day."
const PAUSE: i64 = DAY;
/// Where businesses can use it.
const BUSINESSES: [&str; 20] = [
    "AU", "BR", "CL", "CO", "HK", "IN", "ID", "IL", "MY", "MX", "NZ", "PE", "PH", "SA", "SG", "TW",
    "TH", "AE", "US", "VN",
];
/// Where it reaches nobody: AU, JP, KR, UK, the EU.
const UNREACHED: [&str; 31] = [
    "AU", "JP", "KR", "GB", "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR",
    "HU", "IE", "IT", "LV", "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE",
];
/// Without one of these the API refuses.
const SCOPES: [&str; 2] = ["paid_marketing_messages", "marketing_messages_messenger"];

pub(super) fn answer(
    world: &mut World,
    config: &SandboxConfig,
    settings: &Settings,
    account: &str,
    request: &Request,
) -> Result<Done, GraphError> {
    if account != config.ad_account {
        return Err(GraphError::unreachable_object(&request.method, &format!("act_{account}")));
    }
    let edge = request.path.get(1).map(String::as_str);
    let may = settings.ads_scopes.iter().any(|scope| SCOPES.contains(&scope.as_str()));
    match (request.method.as_str(), edge) {
        ("GET", None) => Ok(Done::only(json!({
            "id": format!("act_{account}"),
            "currency": config.ad_currency,
            "account_status": settings.account_status,
        }))),
        (_, Some(_)) if !may => {
            Err(GraphError::new(200, "(#200) Requires paid_marketing_messages permission")
                .status(403))
        }
        ("GET", Some("message_delivery_estimate")) => {
            Ok(Done::only(json!({"data": [{"estimate_ready": true}]})))
        }
        ("POST", Some("message_campaign")) => campaign(world, account, &request.body),
        ("POST", Some("messages")) => send(world, config, settings, account, &request.body),
        _ => Err(GraphError::unknown_path(&request.joined())),
    }
}

fn campaign(world: &mut World, account: &str, body: &Value) -> Result<Done, GraphError> {
    let text = |key: &str| body.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (Some(_), Some(page)) = (text("name"), text("page_id")) else {
        return Err(GraphError::parameter("The parameters name and page_id are required"));
    };
    if !world.pages.iter().any(|p| p.about.id == page) {
        return Err(GraphError::parameter("Param page_id is no Page of this business"));
    }
    let budget = body.get("daily_budget").and_then(Value::as_i64);
    if budget.is_some_and(|budget| budget <= 0) {
        return Err(GraphError::parameter("Param daily_budget must be positive"));
    }
    let page = page.to_owned();
    let (id, made_at) = (world.number(), world.now());
    world.campaigns.push(Campaign {
        id: id.clone(),
        account: account.to_owned(),
        page,
        budget,
        made_at,
        spent: BTreeMap::default(),
    });
    Ok(Done::only(json!({"id": id})))
}

fn send(
    world: &mut World,
    config: &SandboxConfig,
    settings: &Settings,
    account: &str,
    body: &Value,
) -> Result<Done, GraphError> {
    let now = world.now();
    let text = |pointer: &str| {
        body.pointer(pointer).and_then(|value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    };
    let known = text("/message_id")
        .and_then(|id| world.campaigns.iter().position(|c| c.id == id && c.account == account));
    let Some(at) = known else {
        return Err(GraphError::new(2_300_000, "The message campaign is not active"));
    };
    let campaign = world.campaigns.get(at).cloned().unwrap_or_default();
    if now.saturating_sub(campaign.made_at) < WARM_UP {
        let what = "The message campaign is still being populated. Please wait an hour after it \
                    was created";
        return Err(GraphError::new(2_300_012, what));
    }
    let token = text("/messenger_delivery_data/subscription_token").unwrap_or_default();
    let index = world.tokens.iter().position(|t| t.token == token && t.page == campaign.page);
    let Some(index) = index else {
        return Err(GraphError::new(2_300_004, "The subscription token could not be loaded"));
    };
    let psid = world.tokens.get(index).map(|t| t.person.clone()).unwrap_or_default();
    let Some(mut person) = world.people.get(&psid).cloned() else {
        return Err(GraphError::new(2_300_036, "The recipient is not available"));
    };
    allow(world, index, &campaign, &person, now)?;
    let message = &body["message"];
    if !message.is_object() {
        return Err(GraphError::new(2_300_010, "The message payload is not valid"));
    }
    limits::check(person.platform, message)?;
    // Paid for each message, of the budget of the day.
    let day = now.div_euclid(DAY);
    let spent = campaign.spent.get(&day).copied().unwrap_or(0);
    let costs = settings.paid_price;
    if campaign.budget.is_some_and(|budget| spent.saturating_add(costs) > budget) {
        let left = day.saturating_add(1).saturating_mul(DAY).saturating_sub(now) / 1_000;
        return Err(
            GraphError::new(2_300_015, "The campaign's budget is used up").remaining(left.max(1))
        );
    }
    if let Some(campaign) = world.campaigns.get_mut(at) {
        *campaign.spent.entry(day).or_default() = spent.saturating_add(costs);
    }
    let tracking = world.word(32);
    if let Some(token) = world.tokens.get_mut(index) {
        token.sent_at = Some(now);
    }
    let mid = world.mid(person.platform);
    let paid = Paid {
        mid: mid.clone(),
        tracking: tracking.clone(),
        campaign: campaign.id,
        token,
        person: psid.clone(),
        page: campaign.page,
    };
    let mut events = Vec::new();
    if settings.paid_fails {
        events.push(news(
            &config.app_id,
            settings,
            "marketing_message_delivery_failed",
            &paid,
            now,
        ));
    } else {
        person.say("page", &mid, now, message.clone());
        if let Some(bubble) = person.bubble(&mid) {
            bubble.via = "marketing";
        }
        if settings.echoes {
            events.push(news(&config.app_id, settings, "marketing_message_echoes", &paid, now));
        }
        if settings.receipts {
            events.push(news(&config.app_id, settings, "marketing_message_deliveries", &paid, now));
            events.push(news(&config.app_id, settings, "marketing_message_reads", &paid, now));
        }
        world.people.insert(psid, person);
    }
    let delivered = !settings.paid_fails;
    world.paid.push(paid);
    let answer = json!({"success": true, "marketing_message_tracking_id": tracking});
    Ok(Done { answer, events, delivered })
}

fn allow(
    world: &World,
    token: usize,
    campaign: &Campaign,
    person: &Person,
    now: i64,
) -> Result<(), GraphError> {
    let page = world.pages.iter().find(|page| page.about.id == campaign.page);
    let business = page.and_then(|page| page.about.business_country.as_deref());
    if !business.is_some_and(|country| BUSINESSES.contains(&country)) {
        return Err(GraphError::new(2_300_031, "The Page's region is not supported"));
    }
    let home = page.and_then(|page| page.about.country.as_deref());
    let country = person.country.as_deref().or(home);
    if country.is_none_or(|country| UNREACHED.contains(&country)) {
        return Err(GraphError::new(2_300_032, "The recipient's region is not supported"));
    }
    if person.blocked {
        return Err(GraphError::new(2_300_036, "The recipient is not available"));
    }
    let Some(token) = world.tokens.get(token) else { return Ok(()) };
    if token.stopped {
        return Err(GraphError::new(2_300_034, "The subscriber has stopped messages"));
    }
    let wait = token.sent_at.map_or(0, |at| at.saturating_add(PAUSE).saturating_sub(now));
    if wait > 0 {
        let what = "The minimum delay between two messages has not passed";
        return Err(GraphError::new(2_300_035, what).remaining((wait / 1_000).max(1)));
    }
    Ok(())
}

/// What Meta tells of a paid message: a flat object, as its samples are, or with an envelope.
pub(in super::super) fn news(
    app: &str,
    settings: &Settings,
    field: &'static str,
    paid: &Paid,
    now: i64,
) -> Event {
    let number = |id: &str| id.parse::<u64>().map_or_else(|_| json!(id), |id| json!(id));
    let mut value = json!({
        "app_id": number(app),
        "page_id": number(&paid.page),
        "timestamp": now,
        "messenger_subscription_token": paid.token,
        "message_id": paid.campaign,
    });
    if field == "marketing_message_delivery_failed" {
        put(&mut value, "business_id", json!(1));
        put(&mut value, "error_message", json!("The message could not be delivered"));
    } else {
        put(&mut value, "recipient_id", number(&paid.person));
        put(&mut value, "mid", json!(paid.mid));
        put(&mut value, "marketing_message_tracking_id", json!(paid.tracking));
    }
    let value = if settings.marketing_flat {
        put(&mut value, "field", json!(field));
        value
    } else {
        json!({"field": field, "value": value})
    };
    Event {
        account: paid.page.clone(),
        platform: super::super::Platform::Messenger,
        field,
        slot: Slot::Changes,
        value,
    }
}
