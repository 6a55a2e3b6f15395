//! What only the Worker knows of itself, and what its own looks found: `GET /admin/checkup`.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use super::Checkup;
use super::checks;
use super::finding::{Findings, about, fix, says};
use super::http::{Base, Http, now};
use super::judged::{self, Names};
use super::worker::{self, deploy, list, number, renewed, text};
use crate::desk::checkup::judge::{self, CRON_SILENT_MS, KeyFacts};
use crate::desk::checkup::round::Checked;
use crate::desk::checkup::{Finding, strength::Weakness};
use crate::shop::kv::KV_SCHEMA;
use crate::shop::model::SHOP_SCHEMA;
use crate::store::schema;
use crate::time::{DAY, MINUTE, SECOND, UnixMs};

/// The Worker looks at everything once a day. After so long it has stopped, in ms.
const OLD_MS: i64 = 2 * DAY;

/// What the Worker told.
#[derive(Debug, Default)]
pub(super) struct Looks(Option<Value>);

/// Asks the Worker, and looks at how it is made.
pub(super) async fn check(
    checkup: &Checkup,
    http: &Http,
    base: &Base,
    found: &mut Findings<'_>,
) -> Looks {
    // That the token is missing or wrong was said already.
    let Some(token) = checkup.secrets.get("ADMIN_TOKEN") else { return Looks::default() };
    let request = http.get(&base.join("/admin/checkup")).bearer_auth(token);
    let answer = http.send(request).await;
    let told = match answer {
        Ok(answer) if answer.status == 401 => return Looks::default(),
        Ok(answer) if answer.status == 200 => answer.json(),
        _ => None,
    };
    let Some(told) = told else {
        found.unchecked(checks::LOOKS, says(|s| s.silent_worker), deploy());
        return Looks::default();
    };
    if let Some(theirs) = text(&told, "/now").and_then(|now| now.parse::<Timestamp>().ok()) {
        // Its own clock, by which it decides; the one before was that of its front door.
        let ahead = UnixMs::from(theirs).since(now());
        if ahead.abs() > MINUTE {
            worker::clock(checks::WORKER_CLOCK, "Worker, Date.now", Some(ahead), found);
        }
    }
    deployment(&told, base, now().utc_date(), found);
    Looks(Some(told))
}

fn deployment(told: &Value, base: &Base, today: Date, found: &mut Findings<'_>) {
    let told = told.get("deployment").unwrap_or(&Value::Null);
    let of = |tables: i64, kv: i64, shop: i64| format!("{tables}.{kv}.{shop}");
    let theirs = of(number(told, "/tables"), number(told, "/kv"), number(told, "/shop"));
    let ours = of(schema::VERSION, i64::from(KV_SCHEMA), i64::from(SHOP_SCHEMA));
    if theirs == ours {
        found.ok(checks::TABLES, theirs);
    } else {
        let two = says(|s| s.two).with("theirs", theirs).with("ours", ours);
        found.warning(checks::TABLES, two, deploy());
    }

    let url = fix(|f| f.set_var).with("line", format!("PUBLIC_URL = \"{}\"", base.as_str()));
    match text(told, "/public_url") {
        Some(set) if set == base.as_str() => found.ok(checks::PUBLIC_URL, set),
        Some(set) => {
            let two = says(|s| s.two).with("theirs", set).with("ours", base.as_str());
            found.warning(checks::PUBLIC_URL, two, url);
        }
        // On this computer nobody scans anything.
        None if base.is_loopback() => found.ok(checks::PUBLIC_URL, "-"),
        None => found.problem(checks::PUBLIC_URL, says(|s| s.unset), url),
    }

    let weak = told.get("weak").cloned().unwrap_or_default();
    let weak: Vec<(String, Weakness)> = serde_json::from_value(weak).unwrap_or_default();
    match weak.first() {
        None => found.ok(checks::SECRETS, ""),
        Some((first, _)) => {
            let names: Vec<&str> = weak.iter().map(|(name, _)| name.as_str()).collect();
            let command = renewed(first);
            found.problem(
                checks::SECRETS,
                says(|s| s.weak).with("names", names.join(", ")),
                fix(|f| f.strong).with("command", command),
            );
        }
    }

    let keys = told.get("keys").cloned().unwrap_or_default();
    let keys = KeyFacts::deserialize(keys).unwrap_or_default();
    let judged = judge::keys(&keys, today);
    if judged.is_empty() {
        let until = keys.previous_until.map(|until| until.to_string());
        let until = until.filter(|_| keys.previous).unwrap_or_default();
        found.ok(checks::SIGNING_KEY, until);
    }
    judged.iter().for_each(|finding| judged::add(finding, Names::default(), found));
}

impl Looks {
    /// What the Worker's own looks at the Pages found. What the doctor has looked at itself, by the
    /// Pages that are `known`, it does not say twice.
    pub(super) fn tell(&self, known: &[&str], found: &mut Findings<'_>) {
        let pages = self.0.as_ref().map(|told| list(told, "/pages")).unwrap_or_default();
        for told in pages {
            let page = text(told, "/page").unwrap_or("?");
            found.about(about(|w| w.about_page).with("page", page).with("name", "Worker"));
            if let Some(why) = text(told, "/error") {
                found.problem(checks::DESK, says(|s| s.unusable).with("why", why), worker::tail());
                continue;
            }
            cron(told, found);
            let checked = told.get("checked").cloned().unwrap_or_default();
            let checked = Checked::deserialize(checked).unwrap_or_default();
            match checked.full_at {
                None => found.warning(checks::LOOKS, says(|s| s.never), fix(|f| f.again)),
                Some(at) if now().since(at) > OLD_MS => {
                    let long_ago = says(|s| s.long_ago).with("date", at.utc_date());
                    found.warning(checks::LOOKS, long_ago, worker::tail());
                }
                Some(at) => found.ok(checks::LOOKS, at.rfc3339()),
            }
            let names = Names { token: "PAGE_TOKEN", app: "-" };
            for finding in &checked.findings {
                if is_of_page(finding) && !known.contains(&page) {
                    judged::add(finding, names, found);
                }
            }
        }
    }
}

/// Whether a finding is about a Page and its token. The rest the doctor has judged itself.
fn is_of_page(finding: &Finding) -> bool {
    let check = judged::check_of(finding).id;
    [
        checks::TOKEN.id,
        checks::TOKEN_LIFE.id,
        checks::SCOPES.id,
        checks::WISHED_SCOPES.id,
        checks::FIELDS.id,
        checks::OTHER_APPS.id,
        checks::PAGE.id,
    ]
    .contains(&check)
}

/// Whether the scheduled trigger comes.
fn cron(told: &Value, found: &mut Findings<'_>) {
    let Some(ago) = told.get("ticked_seconds_ago").and_then(Value::as_i64) else {
        found.unchecked(checks::CRON, says(|s| s.silent_worker), fix(|f| f.again));
        return;
    };
    if ago.saturating_mul(SECOND) > CRON_SILENT_MS {
        let finding = Finding::CronSilent { minutes: ago / 60 };
        judged::add(&finding, Names::default(), found);
    } else {
        found.ok(checks::CRON, "");
    }
}
