//! Paid messages and utility templates, for shops that declare them. The Worker looks, with its own
//! token, and keeps what it found: without that no paid message leaves. Nothing is spent by it.

use serde_json::Value;

use super::Checkup;
use super::checks;
use super::finding::{Findings, Says, about, fix, says};
use super::http::{Base, Http};
use super::worker::{deploy, given, list, text};
use crate::desk::checkup::needs::UTILITY_SCOPES;
use crate::meta::marketing::proof::Lack;
use crate::shop::model::Shop;

/// Has the Worker prove what the shops declare, and says what is lacking.
pub(super) async fn check(
    checkup: &Checkup,
    http: &Http,
    base: &Base,
    shops: &[Shop],
    found: &mut Findings<'_>,
) {
    let Some(token) = checkup.secrets.get("ADMIN_TOKEN") else { return };
    let page =
        |shop: &Shop| about(|w| w.about_page).with("page", &shop.page.id).with("name", &shop.name);
    for shop in shops.iter().filter(|shop| shop.marketing.is_some()) {
        found.about(page(shop));
        let url = base.join(&format!("/admin/marketing?page={}", shop.page.id));
        match http.send(http.post(&url).bearer_auth(token)).await.map(|a| (a.status, a.json())) {
            Ok((200, Some(body))) => marketing(&body, found),
            _ => found.unchecked(checks::PAID, says(|s| s.silent_worker), deploy()),
        }
    }
    for shop in shops.iter().filter(|shop| !shop.templates.is_empty()) {
        found.about(page(shop));
        let url = base.join(&format!("/admin/templates?look=1&page={}", shop.page.id));
        match http.send(http.get(&url).bearer_auth(token)).await.map(|a| (a.status, a.json())) {
            Ok((200, Some(body))) => templates(&body, found),
            _ => found.unchecked(checks::TEMPLATES, says(|s| s.silent_worker), deploy()),
        }
    }
}

fn publish() -> Says {
    fix(|f| f.run).with("command", "shopbell publish")
}

fn off(why: &str) -> Says {
    says(|s| s.off).with("why", why)
}

fn marketing(body: &Value, found: &mut Findings<'_>) {
    let Some(told) = body.pointer("/pages/0/answer") else {
        let why = text(body, "/pages/0/error").unwrap_or("?");
        found.unchecked(checks::PAID, says(|s| s.unread).with("why", why), fix(|f| f.again));
        return;
    };
    if told.pointer("/declared") != Some(&Value::Bool(true)) {
        found.warning(checks::PAID, says(|s| s.outdated), publish());
        return;
    }
    let word = |pointer: &str| text(told, pointer).unwrap_or("?").to_owned();
    let (currency, cap) = (word("/currency"), word("/most_per_day"));
    if told.pointer("/proved") == Some(&Value::Bool(true)) {
        let messages = told.pointer("/messages_per_day").and_then(Value::as_i64).unwrap_or(0);
        let (account, each, left) =
            (word("/ad_account"), word("/most_per_message"), word("/left_today"));
        let numbers = format!("{account}: {left} / {cap} {currency}, {messages} x {each}");
        found.ok(checks::PAID, numbers);
        match (text(told, "/campaign"), text(told, "/ready_at"), text(told, "/wait")) {
            (_, Some(at), Some(why)) => found.warning(
                checks::CAMPAIGN,
                says(|s| s.halted).with("date", at).with("why", why),
                fix(|f| f.nothing),
            ),
            (campaign, at, _) => {
                let at = campaign.and(at).unwrap_or("+ 1 h");
                found.ok(checks::CAMPAIGN, at);
            }
        }
        return;
    }
    let lacks = told.pointer("/lacks").cloned().unwrap_or_default();
    let lacks: Vec<Lack> = serde_json::from_value(lacks).unwrap_or_default();
    for lack in &lacks {
        let (says, fix) = lacking(lack, &currency);
        found.problem(checks::PAID, says, fix);
    }
    if lacks.is_empty() {
        found.problem(checks::PAID, off("?"), fix(|f| f.again));
    }
}

/// What is lacking, and what to do.
fn lacking(lack: &Lack, currency: &str) -> (Says, Says) {
    let put = || fix(|f| f.put).with("command", given("ADS_TOKEN"));
    match lack {
        Lack::NoToken => (off("ADS_TOKEN: -"), put()),
        Lack::NoApp => (off("APP_ID: -"), fix(|f| f.set_var).with("line", "APP_ID = \"…\"")),
        Lack::Unanswered(why) => (says(|s| s.unread).with("why", why), fix(|f| f.again)),
        Lack::BadToken => (says(|s| s.dead).with("why", "ADS_TOKEN"), put()),
        Lack::Scopes(scopes) => {
            (says(|s| s.lacks).with("names", scopes.join(", ")), fix(|f| f.provider))
        }
        Lack::NoAccount => (off("ADS_TOKEN, ad_account"), fix(|f| f.give_account)),
        Lack::AccountState(state) => (off(&format!("account_status: {state}")), fix(|f| f.pay)),
        Lack::Currency(theirs) => (
            says(|s| s.two).with("theirs", theirs).with("ours", currency),
            fix(|f| f.set_line).with("line", format!("currency = \"{theirs}\"")),
        ),
        Lack::Refused(why) => (says(|s| s.off).with("why", why), fix(|f| f.terms)),
    }
}

fn templates(body: &Value, found: &mut Findings<'_>) {
    let create = || fix(|f| f.run).with("command", "shopbell template create");
    let rewrite = || fix(|f| f.rewrite).with("command", "shopbell template create");
    for one in list(body, "/pages/0/answer/templates") {
        let (name, language) =
            (text(one, "/template").unwrap_or("?"), text(one, "/language").unwrap_or("?"));
        let about = format!("{name} ({language})");
        let state = |why: &str| says(|s| s.state).with("what", &about).with("why", why);
        match (text(one, "/status"), text(one, "/category")) {
            (None, _) => found.warning(checks::TEMPLATES, state("-"), create()),
            (Some("APPROVED"), Some("UTILITY")) => found.ok(checks::TEMPLATES, &about),
            (Some("APPROVED"), category) => {
                found.problem(checks::TEMPLATES, state(category.unwrap_or("?")), rewrite());
            }
            (Some("PENDING"), _) => {
                found.warning(checks::TEMPLATES, state("PENDING"), fix(|f| f.nothing));
            }
            (Some(status), _) => {
                let why = format!("{status}, {}", text(one, "/reason").unwrap_or("-"));
                found.problem(checks::TEMPLATES, state(&why), rewrite());
            }
        }
    }
    if let Some(why) = text(body, "/pages/0/error") {
        let scopes = fix(|f| f.token_with).with("names", UTILITY_SCOPES.join(" / "));
        found.unchecked(
            checks::TEMPLATES,
            says(|s| s.unread).with("why", why),
            scopes.with("command", given("PAGE_TOKEN")),
        );
    }
}
