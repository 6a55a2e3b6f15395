//! Paid messages and utility templates, for shops that declare them. The Worker looks, with its own
//! token, and keeps what it found: without that no paid message leaves. Nothing is spent by it.

use serde_json::Value;

use super::Checkup;
use super::finding::Findings;
use super::http::{Base, Http};
use super::worker::{list, text};
use crate::meta::marketing::proof::Lack;
use crate::shop::model::Shop;

/// Permission for utility templates: as Meta's guide spells it, and as some notes do (2026).
const UTILITY_SCOPES: [&str; 2] = ["page_utility_messaging", "pages_utility_messaging"];

/// Page fields that tell of paid messages and of templates.
const MARKETING_FIELDS: [&str; 4] = [
    "marketing_message_deliveries",
    "marketing_message_reads",
    "marketing_message_clicks",
    "marketing_message_delivery_failed",
];

/// Has the Worker prove what the shops declare, and says what is lacking.
pub(super) async fn check(
    checkup: &Checkup,
    http: &Http,
    base: &Base,
    shops: &[Shop],
    found: &mut Findings<'_>,
) {
    let Some(token) = checkup.secrets.get("ADMIN_TOKEN") else { return };
    for shop in shops.iter().filter(|shop| shop.marketing.is_some()) {
        found.about(format!("Paid messages of Page {}", shop.page.id));
        let url = base.join(&format!("/admin/marketing?page={}", shop.page.id));
        match http.send(http.post(&url).bearer_auth(token)).await.map(|a| (a.status, a.json())) {
            Ok((200, Some(body))) => marketing(&body, found),
            _ => found.warning(
                "paid.proof",
                "the Worker did not look whether paid messages may be sent",
                "deploy this version, publish, and run this again",
            ),
        }
    }
    for shop in shops.iter().filter(|shop| !shop.templates.is_empty()) {
        found.about(format!("Templates of Page {}", shop.page.id));
        let url = base.join(&format!("/admin/templates?look=1&page={}", shop.page.id));
        match http.send(http.get(&url).bearer_auth(token)).await.map(|a| (a.status, a.json())) {
            Ok((200, Some(body))) => templates(&body, found),
            _ => found.warning(
                "templates.status",
                "the Worker did not ask Meta how the templates stand",
                "deploy this version, publish, and run this again",
            ),
        }
    }
}

fn marketing(body: &Value, found: &mut Findings<'_>) {
    const CHECK: &str = "paid.proof";
    let Some(told) = body.pointer("/pages/0/answer") else {
        let why = text(body, "/pages/0/error").unwrap_or("it does not say why");
        found.warning(CHECK, format!("the Worker could not look: {why}"), "run this again");
        return;
    };
    if told.pointer("/declared") != Some(&Value::Bool(true)) {
        found.warning(
            CHECK,
            "the shop that is published declares no paid messages",
            "publish it: shopbell publish",
        );
        return;
    }
    let word = |pointer: &str| text(told, pointer).unwrap_or("?").to_owned();
    let (currency, cap) = (word("/currency"), word("/most_per_day"));
    if told.pointer("/proved") == Some(&Value::Bool(true)) {
        let messages = told.pointer("/messages_per_day").and_then(Value::as_i64).unwrap_or(0);
        found.ok(
            CHECK,
            format!(
                "paid messages may be sent by ad account {}: at most {cap} {currency} a day, {} for \
                 each, which is {messages} messages; {} {currency} of today are left",
                word("/ad_account"),
                word("/most_per_message"),
                word("/left_today"),
            ),
        );
        match (text(told, "/campaign"), text(told, "/ready_at"), text(told, "/wait")) {
            (_, Some(at), Some(why)) => found.warning(
                "paid.campaign",
                format!("paid messages wait until {at}: {why}"),
                "nothing: they go on by themselves",
            ),
            (Some(_), Some(at), None) => {
                found.ok("paid.campaign", format!("their campaign is ready from {at} on"));
            }
            _ => found.ok(
                "paid.campaign",
                "their campaign is made within ten minutes, and is ready an hour later",
            ),
        }
        return;
    }
    let lacks = told.pointer("/lacks").cloned().unwrap_or_default();
    let lacks: Vec<Lack> = serde_json::from_value(lacks).unwrap_or_default();
    for lack in &lacks {
        let (says, fix) = lacking(lack, &currency);
        found.problem(CHECK, says, fix);
    }
    if lacks.is_empty() {
        found.problem(CHECK, "the Worker did not prove paid messages", "run this again");
    }
}

/// What is lacking, and what to do.
fn lacking(lack: &Lack, currency: &str) -> (String, String) {
    let provider = "only an app of a tech provider with Advanced Access has them (App dashboard > \
                    App Review); without it leave [marketing] out of shop.toml";
    match lack {
        Lack::NoToken => (
            "the Worker has no token for ads: paid messages are off".to_owned(),
            "set it: scripts/wrangler secret put ADS_TOKEN".to_owned(),
        ),
        Lack::NoApp => (
            "the Worker does not know the app's id".to_owned(),
            "set APP_ID in wrangler.toml and deploy".to_owned(),
        ),
        Lack::Unanswered(why) => (
            format!("Meta did not say whether paid messages may be sent: {why}"),
            "run this again in a few minutes".to_owned(),
        ),
        Lack::BadToken => (
            "ADS_TOKEN is not valid, or another app's".to_owned(),
            "make a new one (Business settings > System users) and set it".to_owned(),
        ),
        Lack::Scopes(scopes) => {
            (format!("ADS_TOKEN lacks {}", scopes.join(", ")), provider.to_owned())
        }
        Lack::NoAccount => (
            "ADS_TOKEN does not reach the ad account of [marketing]".to_owned(),
            "give its system user the ad account, in the same business as the Page".to_owned(),
        ),
        Lack::AccountState(state) => (
            format!("the ad account cannot spend: Meta calls its state {state}"),
            "look at Ads Manager > Billing: is there a way to pay?".to_owned(),
        ),
        Lack::Currency(theirs) => (
            format!("the ad account counts in {theirs}, and shop.toml says {currency}"),
            format!("write currency = \"{theirs}\", and the amounts in it"),
        ),
        Lack::Refused(why) => (
            format!("Meta refuses paid messages: {why}"),
            "accept Meta's terms for marketing messages, for the app, the Page and the ad account"
                .to_owned(),
        ),
    }
}

fn templates(body: &Value, found: &mut Findings<'_>) {
    const CHECK: &str = "templates.status";
    for one in list(body, "/pages/0/answer/templates") {
        let (name, language) =
            (text(one, "/template").unwrap_or("?"), text(one, "/language").unwrap_or("?"));
        let about = format!("template {name} ({language})");
        match (text(one, "/status"), text(one, "/category")) {
            (None, _) => found.warning(
                CHECK,
                format!("{about} was never handed in"),
                "shopbell template create",
            ),
            (Some("APPROVED"), Some("UTILITY")) => {
                found.ok(CHECK, format!("{about} is approved"));
            }
            (Some("APPROVED"), category) => found.problem(
                CHECK,
                format!("Meta calls {about} {}", category.unwrap_or("something else")),
                "take everything that sounds like an offer out of it, and hand it in again",
            ),
            (Some("PENDING"), _) => found.warning(
                CHECK,
                format!("{about} waits for Meta"),
                "nothing: the Worker hears of it",
            ),
            (Some(status), _) => found.problem(
                CHECK,
                format!(
                    "{about} is {}: {}",
                    status.to_lowercase(),
                    text(one, "/reason").unwrap_or("Meta does not say why")
                ),
                "change its text, publish, and hand it in again",
            ),
        }
    }
    if let Some(why) = text(body, "/pages/0/error") {
        found.warning(
            CHECK,
            format!("Meta does not tell how the templates stand: {why}"),
            format!("the Page's token needs {}", UTILITY_SCOPES.join(" or ")),
        );
    }
}

/// Page fields that this shop wants beside the usual ones.
pub(super) fn wished_fields(shop: &Shop) -> &'static [&'static str] {
    if shop.marketing.is_some() { &MARKETING_FIELDS } else { &[] }
}

/// Whether a token that may do this can send the shop's templates.
pub(super) fn may_use_templates(shop: &Shop, may: impl Fn(&str) -> bool) -> bool {
    shop.templates.is_empty() || UTILITY_SCOPES.iter().any(|scope| may(scope))
}
