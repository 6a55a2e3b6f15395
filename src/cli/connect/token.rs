//! What was pasted, tested at once: whether an app's id and secret belong together, and whether a
//! token is the Page's, lasts, and may do what this shop needs. What can be mended here is mended.

use serde_json::Value;

use super::graph::{Caller, Graph, Refused};
use super::pages::{APP_SETTINGS, LINKED, MESSENGER, MetaPage, SYSTEM_USERS};
use crate::cli::doctor::same_username;
use crate::desk::checkup::needs::Needs;
use crate::desk::checkup::{judge, read};
use crate::shop::model::Shop;
use crate::time::{DAY, SECOND, UnixMs};

/// A token that ends sooner is named, in ms.
const NOTICE_MS: i64 = 60 * DAY;

/// What paid messages need (Meta, Marketing Message API, 2026): the first two and one of the others.
const ADS_SCOPES: [&str; 2] = ["ads_management", "pages_messaging"];
const PAID_SCOPES: [&str; 2] = ["paid_marketing_messages", "marketing_messages_messenger"];

/// The Meta app.
#[derive(Clone)]
pub(in crate::cli) struct App {
    pub id: String,
    pub secret: String,
}

impl App {
    /// The app's own token.
    pub(in crate::cli) fn token(&self) -> String {
        format!("{}|{}", self.id, self.secret)
    }
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// As it should be.
    Good,
    /// Works; worth knowing.
    Mind,
    /// Does not work.
    Bad,
}

/// What was found out about something pasted.
#[derive(Clone, Debug)]
pub struct Note {
    /// How much it weighs.
    pub weight: Weight,
    /// One line.
    pub says: String,
    /// What to do.
    pub fix: Option<String>,
    /// Where.
    pub at: Option<MetaPage>,
}

impl Note {
    pub(super) fn good(says: impl Into<String>) -> Self {
        Self { weight: Weight::Good, says: says.into(), fix: None, at: None }
    }

    pub(super) fn mind(says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { weight: Weight::Mind, says: says.into(), fix: Some(fix.into()), at: None }
    }

    pub(super) fn bad(says: impl Into<String>, fix: impl Into<String>, at: MetaPage) -> Self {
        let (says, fix) = (says.into(), Some(fix.into()));
        Self { weight: Weight::Bad, says, fix, at: Some(at) }
    }
}

/// A token, and what was found out about it.
#[derive(Clone)]
pub(in crate::cli) struct Examined {
    /// The one to use: what was pasted, or the Page's own that was made with it.
    pub token: String,
    pub notes: Vec<Note>,
}

impl Examined {
    pub(in crate::cli) fn is_good(&self) -> bool {
        self.notes.iter().all(|note| note.weight != Weight::Bad)
    }
}

/// Whether the app's id and secret belong together.
pub(in crate::cli) async fn pair(graph: &Graph, app: &App) -> Note {
    let token = app.token();
    let caller = Caller { token: &token, app_secret: None };
    match graph.get(&format!("{}/subscriptions", app.id), caller, &[]).await {
        Ok(_) => Note::good(format!("APP_SECRET belongs to app {}", app.id)),
        Err(refused) if refused.class.is_none() => unreachable(&refused),
        Err(refused) => Note::bad(
            format!("APP_ID {} and APP_SECRET do not belong together. {}", app.id, refused.says),
            "copy both from the same page: App settings > Basic, \"App ID\" and \"App secret\" (Show)",
            APP_SETTINGS,
        ),
    }
}

fn unreachable(refused: &Refused) -> Note {
    Note::bad(
        refused.says.clone(),
        "check this computer's connection, and try again",
        super::pages::APPS,
    )
}

/// Tests a token for a shop's Page.
pub(in crate::cli) async fn page_token(
    graph: &Graph,
    app: &App,
    shop: &Shop,
    given: &str,
) -> Examined {
    let mut notes = Vec::new();
    let token = match of_page(graph, app, shop, given, &mut notes).await {
        Ok(token) => token,
        Err(note) => {
            notes.push(note);
            given.to_owned()
        }
    };
    Examined { token, notes }
}

async fn of_page(
    graph: &Graph,
    app: &App,
    shop: &Shop,
    given: &str,
    notes: &mut Vec<Note>,
) -> Result<String, Note> {
    let id = shop.page.id.as_str();
    let mut data = debugged(graph, app, given).await?;
    let mut token = given.to_owned();
    let kind = word(&data, "type").to_owned();
    match kind.as_str() {
        "PAGE" => {}
        "USER" | "SYSTEM_USER" => {
            let of = if kind == "USER" { "a person's" } else { "a system user's" };
            let lasting = match kind.as_str() {
                "USER" => lengthened(graph, app, given).await?,
                _ => given.to_owned(),
            };
            token = page_own(graph, app, &lasting, id).await?;
            data = debugged(graph, app, &token).await?;
            notes.push(Note::good(format!(
                "that was {of} token; the Page's own was made with it and is used"
            )));
        }
        other => {
            return Err(Note::bad(
                format!("this is a token of type {other}, not of a Page"),
                "take the one beside your Page: \"Generate token\"",
                MESSENGER,
            ));
        }
    }
    let theirs = word(&data, "profile_id");
    if theirs != id && theirs != "unknown" {
        return Err(Note::bad(
            format!("this token belongs to Page {theirs}, not to Page {id}"),
            format!("take the one beside Page {id}, or write id = \"{theirs}\" under [[page]]"),
            MESSENGER,
        ));
    }
    proven(graph, app, shop, &token, notes).await?;
    notes.extend(called(graph, app, shop, &token).await);
    grants(shop, &data, notes);
    ends(&data, notes);
    if shop.assistant.instagram && shop.page.instagram_id.is_some() {
        notes.push(instagram(graph, app, shop, &token).await);
    }
    Ok(token)
}

/// What Meta says of a token. It has to be alive, and this app's.
async fn debugged(graph: &Graph, app: &App, token: &str) -> Result<Value, Note> {
    let asking = app.token();
    let caller = Caller { token: &asking, app_secret: None };
    let told = graph.get("debug_token", caller, &[("input_token", token)]).await;
    let told = told.map_err(|refused| unreachable(&refused))?;
    let data = told.get("data").cloned().unwrap_or_default();
    if data.get("is_valid") != Some(&Value::Bool(true)) {
        let why = data.pointer("/error/message").and_then(Value::as_str);
        let why: String =
            why.unwrap_or("it has ended, or was not copied whole").chars().take(160).collect();
        return Err(Note::bad(
            format!("this token is not valid: {why}"),
            "make a new one and copy all of it: \"Generate token\" beside your Page",
            MESSENGER,
        ));
    }
    let theirs = word(&data, "app_id");
    if theirs != app.id {
        return Err(Note::bad(
            format!("this token was made by app {theirs}, and APP_ID is {}", app.id),
            "make it in the app that APP_ID names",
            MESSENGER,
        ));
    }
    Ok(data)
}

/// A person's token that lasts: the Page's token that is made with it then has no last day.
async fn lengthened(graph: &Graph, app: &App, token: &str) -> Result<String, Note> {
    let asking = app.token();
    let caller = Caller { token: &asking, app_secret: None };
    let form = [
        ("grant_type", "fb_exchange_token"),
        ("client_id", app.id.as_str()),
        ("client_secret", app.secret.as_str()),
        ("fb_exchange_token", token),
    ];
    let made = graph.post("oauth/access_token", caller, &form).await;
    let made = made.ok().and_then(|made| made.get("access_token")?.as_str().map(str::to_owned));
    made.ok_or_else(|| {
        Note::bad(
            "this is a person's token, and Meta makes no lasting one of it",
            "take the Page's own instead: \"Generate token\" beside your Page",
            MESSENGER,
        )
    })
}

/// The Page's own token, asked for with one of a person or a system user.
async fn page_own(graph: &Graph, app: &App, token: &str, id: &str) -> Result<String, Note> {
    let caller = Caller { token, app_secret: Some(&app.secret) };
    let query = [("fields", "id,name,access_token"), ("limit", "100")];
    let told = graph.get("me/accounts", caller, &query).await;
    let told = told.map_err(|refused| match refused.about_proof() {
        true => other_secret(&refused),
        false => Note::bad(
            format!("the Pages of this token could not be read. {}", refused.says),
            "make it with pages_show_list, pages_messaging and pages_manage_metadata",
            MESSENGER,
        ),
    })?;
    let all = told.get("data").and_then(Value::as_array).into_iter().flatten();
    let ours = all.into_iter().find(|page| page.get("id").and_then(Value::as_str) == Some(id));
    ours.and_then(|page| page.get("access_token")?.as_str().map(str::to_owned)).ok_or_else(|| {
        Note::bad(
            format!("this token reaches no Page {id}"),
            "choose the Page when Meta asks which ones the app may use, or give the system user the Page",
            SYSTEM_USERS,
        )
    })
}

fn other_secret(refused: &Refused) -> Note {
    Note::bad(
        format!("Meta does not take our proof with APP_SECRET. {}", refused.says),
        "use the secret of the app that made the token",
        APP_SETTINGS,
    )
}

/// The token works, with the proof that only whoever has APP_SECRET can give.
async fn proven(
    graph: &Graph,
    app: &App,
    shop: &Shop,
    token: &str,
    notes: &mut Vec<Note>,
) -> Result<(), Note> {
    let id = shop.page.id.as_str();
    let caller = Caller { token, app_secret: Some(&app.secret) };
    let me = graph.get("me", caller, &[("fields", "id,name")]).await;
    let me = me.map_err(|refused| match refused.class {
        _ if refused.about_proof() => other_secret(&refused),
        None => unreachable(&refused),
        Some(_) => Note::bad(
            format!("Meta does not take this token. {}", refused.says),
            "make a new one: \"Generate token\" beside your Page",
            MESSENGER,
        ),
    })?;
    let theirs = word(&me, "id");
    if theirs != id {
        return Err(Note::bad(
            format!("this token belongs to {} ({theirs}), not to Page {id}", word(&me, "name")),
            format!("take the one beside Page {id}"),
            MESSENGER,
        ));
    }
    notes.push(Note::good(format!("the token is that of {} ({id})", word(&me, "name"))));
    notes.push(Note::good("Meta takes our proof: APP_SECRET and the token belong together"));
    Ok(())
}

/// Whether posters lead to this Page: they have the name of its link, not its number.
async fn called(graph: &Graph, app: &App, shop: &Shop, token: &str) -> Option<Note> {
    let ours = shop.page.username.as_str();
    let caller = Caller { token, app_secret: Some(&app.secret) };
    let told = graph.get(shop.page.id.as_str(), caller, &[("fields", "username")]).await.ok()?;
    // A Page may have none, and a token may not be allowed to read it.
    let theirs = told.get("username")?.as_str()?;
    let note = match same_username(theirs, ours) {
        true => Note::good(format!("the Page's link is m.me/{theirs}, as in shop.toml")),
        false => Note::mind(
            format!(
                "the Page's link is m.me/{theirs}, and shop.toml says m.me/{ours}: posters lead there"
            ),
            format!("write username = \"{theirs}\" under [[page]] before you print or publish"),
        ),
    };
    Some(note)
}

/// What this shop needs, and the token may.
fn grants(shop: &Shop, data: &Value, notes: &mut Vec<Note>) {
    let mut ours = vec![shop.page.id.as_str()];
    ours.extend(shop.page.instagram_id.as_ref().map(crate::meta::ids::AccountId::as_str));
    let token = read::token(&serde_json::json!({ "data": data }), &ours);
    let needs = Needs::of(shop);
    let missing = judge::not_granted(&token, &needs.scopes);
    if missing.is_empty() {
        let may = needs.scopes.iter().filter_map(|spellings| spellings.first().copied());
        let may: Vec<&str> = may.collect();
        notes.push(Note::good(format!("it may do what it has to: {}", may.join(", "))));
    } else {
        notes.push(Note::bad(
            format!("it lacks {}", missing.join(", ")),
            "make it again and leave all permissions ticked; before App Review this works for people with a role on the app",
            MESSENGER,
        ));
    }
    let wished = judge::not_granted(&token, &needs.wished_scopes);
    if !wished.is_empty() {
        notes.push(Note::mind(
            format!("it lacks {}: a part of shop.toml does not work", wished.join(", ")),
            "ask for these permissions under App Review, and make the token again",
        ));
    }
}

/// How long it lasts.
fn ends(data: &Value, notes: &mut Vec<Note>) {
    let at = |key: &str| {
        let at = data.get(key).and_then(Value::as_i64).filter(|at| *at > 0)?;
        Some(UnixMs::new(at.saturating_mul(SECOND)))
    };
    let now = crate::cli::doctor::http::now();
    match (at("expires_at"), at("data_access_expires_at")) {
        (Some(at), _) if at.since(now) < NOTICE_MS => notes.push(Note::mind(
            format!("it ends on {}: then nothing is answered any more", at.utc_date()),
            "paste a token of a system user, which has no last day (Business settings > System users)",
        )),
        (Some(at), _) => notes.push(Note::good(format!("it is good until {}", at.utc_date()))),
        (None, Some(at)) => notes.push(Note::mind(
            format!("it has no last day, but its access to data ends on {}", at.utc_date()),
            "log in to the app again before that day; a system user's token has no such day",
        )),
        (None, None) => notes.push(Note::good("it has no last day")),
    }
}

/// Whether the Instagram account that shop.toml names belongs to the Page.
async fn instagram(graph: &Graph, app: &App, shop: &Shop, token: &str) -> Note {
    let id = shop.page.id.as_str();
    let ours = shop.page.instagram_id.as_ref().map(crate::meta::ids::AccountId::as_str);
    let caller = Caller { token, app_secret: Some(&app.secret) };
    let told = graph.get(id, caller, &[("fields", "instagram_business_account")]).await;
    let linked = match &told {
        Ok(told) => told.pointer("/instagram_business_account/id").and_then(Value::as_str),
        Err(refused) => {
            return Note::mind(
                format!("the Page's Instagram account could not be read. {}", refused.says),
                "give the token instagram_basic",
            );
        }
    };
    match linked {
        Some(linked) if Some(linked) == ours => {
            Note::good(format!("Instagram account {linked} belongs to the Page"))
        }
        Some(linked) => Note::bad(
            format!("the Page's Instagram account is {linked}; shop.toml names another"),
            format!("write instagram_id = \"{linked}\" under [[page]]"),
            LINKED,
        ),
        None => Note::bad(
            "no Instagram account that Meta knows of belongs to the Page",
            "link a professional account there, or take instagram_id out of shop.toml",
            LINKED,
        ),
    }
}

/// Tests the token that pays for messages.
pub(in crate::cli) async fn ads_token(graph: &Graph, app: &App, given: &str) -> Vec<Note> {
    let data = match debugged(graph, app, given).await {
        Ok(data) => data,
        Err(note) => return vec![Note { at: Some(SYSTEM_USERS), ..note }],
    };
    let granted = data.get("scopes").and_then(Value::as_array).into_iter().flatten();
    let granted: Vec<&str> = granted.filter_map(Value::as_str).collect();
    let mut lacks: Vec<&str> =
        ADS_SCOPES.into_iter().filter(|scope| !granted.contains(scope)).collect();
    if !PAID_SCOPES.iter().any(|scope| granted.contains(scope)) {
        lacks.extend(PAID_SCOPES.first());
    }
    if lacks.is_empty() {
        return vec![Note::good("ADS_TOKEN may send paid messages")];
    }
    vec![Note::bad(
        format!("ADS_TOKEN lacks {}", lacks.join(", ")),
        "make a system user's token with these; they need Advanced Access",
        SYSTEM_USERS,
    )]
}

fn word<'a>(of: &'a Value, key: &str) -> &'a str {
    of.get(key).and_then(Value::as_str).unwrap_or("unknown")
}
