//! One Page, by its token: whose it is and what it may, the Page's subscription and profile.

use serde_json::Value;

use super::Checkup;
use super::finding::Findings;
use super::graph::{Graph, Refusal, app_token, instagram_on, names};
use super::http::now;
use super::paid;
use crate::desk::payload::GET_STARTED;
use crate::meta::graph_error::Class;
use crate::meta::signature::AppSecret;
use crate::shop::doors::CommentRule;
use crate::shop::model::{Platform, Shop};
use crate::time::{DAY, SECOND, UnixMs};

/// Page fields without which something of a shop does not work (Meta, Messenger webhooks
/// reference, 2026).
const NEEDED_FIELDS: [&str; 5] = [
    "messages",
    "messaging_postbacks",
    "messaging_optins",
    "messaging_referrals",
    "message_echoes",
];

/// Page fields that make it better: a reaction opens the window; in standby STOP still counts.
const WISHED_FIELDS: [&str; 2] = ["message_reactions", "standby"];

/// The Page field that tells of comments, for a shop that answers some on Facebook (Meta, Private
/// replies, 16 April 2026).
fn comment_fields(shop: &Shop) -> &'static [&'static str] {
    let on_facebook = |rule: &CommentRule| rule.platform != Some(Platform::Instagram);
    let answers = shop.assistant.messenger && shop.comments.iter().any(on_facebook);
    if answers { &["feed"] } else { &[] }
}

/// What the token has to be allowed for comments, beside what every shop needs: Instagram's are told
/// only with the one (Meta, Instagram webhooks, 2026), and answering under a post on Facebook takes
/// the other (Meta, Page comments, 2026; unconfirmed).
fn comment_scopes(shop: &Shop) -> Vec<&'static str> {
    let mut scopes = Vec::new();
    let says_something = |rule: &CommentRule| !rule.public.is_empty();
    if !comment_fields(shop).is_empty() && shop.comments.iter().any(says_something) {
        scopes.push("pages_manage_engagement");
    }
    let on_instagram = |rule: &CommentRule| rule.platform != Some(Platform::Messenger);
    if instagram_on(shop) && shop.comments.iter().any(on_instagram) {
        scopes.push("instagram_manage_comments");
    }
    scopes
}

/// What the Page's token has to be allowed (Meta, Messenger Platform, September 2026).
const SCOPES: [&str; 2] = ["pages_messaging", "pages_manage_metadata"];

/// And on Instagram.
const INSTAGRAM_SCOPES: [&str; 2] = ["instagram_basic", "instagram_manage_messages"];

/// A token that ends sooner than this is named, in ms.
const TOKEN_NOTICE_MS: i64 = 14 * DAY;

const NEW_TOKEN: &str = "make a new Page token (App dashboard > Messenger > Settings) and set it";

/// Looks at one Page, by its token.
pub(super) async fn check(
    checkup: &Checkup,
    graph: &Graph<'_>,
    shop: &Shop,
    first: bool,
    found: &mut Findings<'_>,
) {
    let id = shop.page.id.as_str();
    let Some((name, token)) = checkup.secrets.page_token(&shop.page.id) else {
        found.warning(
            "graph.token",
            format!("the Page was not checked: neither PAGE_TOKEN_{id} nor PAGE_TOKEN is in the environment"),
            "set the Page's token and run this again",
        );
        return;
    };
    let proof = checkup.secrets.get("APP_SECRET").map(|s| AppSecret::new(s).proof(token));
    let page = Page { graph, shop, name, token, proof };
    if !page.identity(found, first).await {
        return;
    }
    page.grant(checkup, found).await;
    page.subscription(checkup, found).await;
    page.profile(found).await;
    if instagram_on(shop) {
        page.instagram(found).await;
    }
}

struct Page<'a> {
    graph: &'a Graph<'a>,
    shop: &'a Shop,
    /// The token's name in the environment.
    name: String,
    token: &'a str,
    proof: Option<String>,
}

impl Page<'_> {
    async fn get(
        &self,
        path: &str,
        fields: &str,
        found: Option<&mut Findings<'_>>,
    ) -> Result<Value, Refusal> {
        let mut query = vec![("fields", fields)];
        if fields.is_empty() {
            query.clear();
        }
        if let Some(proof) = &self.proof {
            query.push(("appsecret_proof", proof));
        }
        self.graph.get(path, self.token, &query, found).await
    }

    fn set_token(&self) -> String {
        format!("{NEW_TOKEN}: scripts/wrangler secret put {}", self.name)
    }

    /// Whose token it is. Whether going on makes sense.
    async fn identity(&self, found: &mut Findings<'_>, with_clock: bool) -> bool {
        const CHECK: &str = "graph.token";
        let (name, id) = (&self.name, self.shop.page.id.as_str());
        let clock = if with_clock { Some(&mut *found) } else { None };
        let me = match self.get("me", "id,name", clock).await {
            Ok(me) => me,
            Err(refusal) => {
                let says = refusal.says;
                match refusal.class {
                    _ if refusal.about_proof => found.problem(
                        "graph.proof",
                        format!("APP_SECRET and {name} do not belong to the same app. {says}"),
                        "use the secret of the app that made the token (App settings > Basic)",
                    ),
                    Some(Class::TokenInvalid) => found.problem(
                        CHECK,
                        format!("{name} is not valid. {says}"),
                        self.set_token(),
                    ),
                    None => found.problem(
                        CHECK,
                        format!("Meta does not say whose token {name} is. {says}"),
                        "check this computer's connection, and run this again in a few minutes",
                    ),
                    Some(_) => found.problem(
                        CHECK,
                        format!("Meta does not say whose token {name} is. {says}"),
                        "run this again in a few minutes; if it stays, make a new token",
                    ),
                }
                return false;
            }
        };
        let theirs = me.get("id").and_then(Value::as_str).unwrap_or("nobody");
        let called = me.get("name").and_then(Value::as_str).unwrap_or("no name");
        if theirs != id {
            found.problem(
                CHECK,
                format!("{name} belongs to {called} ({theirs}), not to Page {id}"),
                format!("take the token of Page {id}: scripts/wrangler secret put {name}"),
            );
            return false;
        }
        found.ok(CHECK, format!("{name} is alive and belongs to {called} ({id})"));
        if self.proof.is_some() {
            found.ok("graph.proof", "APP_SECRET belongs to the same app: Meta takes our proof");
        }
        true
    }

    /// What the token is allowed, and for how long.
    async fn grant(&self, checkup: &Checkup, found: &mut Findings<'_>) {
        const CHECK: &str = "graph.grant";
        let name = &self.name;
        let Some((app, app_token)) = app_token(checkup) else {
            found.warning(
                CHECK,
                format!("what {name} is allowed was not checked: APP_ID and APP_SECRET are needed"),
                "set both (App dashboard > App settings > Basic) and run this again",
            );
            return;
        };
        let query = [("input_token", self.token)];
        let body = match self.graph.get("debug_token", &app_token, &query, None).await {
            Ok(body) => body,
            Err(refusal) => {
                found.warning(
                    CHECK,
                    format!("what {name} is allowed could not be read. {}", refusal.says),
                    "check APP_ID and APP_SECRET, or paste the token at Meta's Access Token Debugger",
                );
                return;
            }
        };
        let data = body.get("data").cloned().unwrap_or_default();
        if data.get("is_valid") != Some(&Value::Bool(true)) {
            found.problem(CHECK, format!("{name} is not valid any more"), self.set_token());
            return;
        }
        let word = |key: &str| data.get(key).and_then(Value::as_str).unwrap_or("unknown");
        if word("app_id") != app {
            found.problem(
                CHECK,
                format!("{name} was made by app {}, and APP_ID is {app}", word("app_id")),
                self.set_token(),
            );
        }
        if word("type") != "PAGE" {
            found.problem(
                CHECK,
                format!("{name} is a token of type {}, not of a Page", word("type")),
                self.set_token(),
            );
        }
        self.lifetime(&data, found);
        self.scopes(&data, found);
    }

    fn lifetime(&self, data: &Value, found: &mut Findings<'_>) {
        const CHECK: &str = "graph.token_expiry";
        let ends = |key: &str| {
            let at = data.get(key).and_then(Value::as_i64).filter(|at| *at > 0)?;
            Some(UnixMs::new(at.saturating_mul(SECOND)))
        };
        let soonest = match (ends("expires_at"), ends("data_access_expires_at")) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let name = &self.name;
        match soonest {
            None => found.ok(CHECK, format!("{name} has no last day")),
            Some(at) if at.since(now()) < TOKEN_NOTICE_MS => found.warning(
                CHECK,
                format!("{name} ends on {}", at.utc_date()),
                format!("{} (one of a system user has no last day)", self.set_token()),
            ),
            Some(at) => found.ok(CHECK, format!("{name} is good until {}", at.utc_date())),
        }
    }

    fn scopes(&self, data: &Value, found: &mut Findings<'_>) {
        const CHECK: &str = "graph.scopes";
        let granted = names(data.get("scopes"));
        let mut needed = SCOPES.to_vec();
        if instagram_on(self.shop) {
            needed.extend(INSTAGRAM_SCOPES);
        }
        let id = self.shop.page.id.as_str();
        let missing: Vec<&str> = needed
            .iter()
            .copied()
            .filter(|scope| !granted.contains(*scope) || !self.reaches(data, scope))
            .collect();
        let may = |scope: &str| granted.contains(scope) && self.reaches(data, scope);
        let of_comments = comment_scopes(self.shop).into_iter().filter(|scope| !may(scope));
        let of_comments: Vec<&str> = of_comments.collect();
        if !of_comments.is_empty() {
            found.warning(
                "graph.comments",
                format!(
                    "{} lacks {}: some comments are not answered",
                    self.name,
                    of_comments.join(", ")
                ),
                format!("{NEW_TOKEN}; choose these permissions when you make it"),
            );
        }
        if !paid::may_use_templates(self.shop, may) {
            found.warning(
                "graph.utility",
                format!("{} lacks page_utility_messaging: no template is sent", self.name),
                format!("{NEW_TOKEN}; choose this permission when you make it"),
            );
        }
        if missing.is_empty() {
            found.ok(CHECK, format!("{} may do what it has to: {}", self.name, needed.join(", ")));
        } else {
            found.problem(
                CHECK,
                format!("{} lacks {} for Page {id}", self.name, missing.join(", ")),
                format!("{NEW_TOKEN}; choose these permissions when you make it"),
            );
        }
    }

    /// A permission may be granted for some Pages only. Instagram's are granted for accounts.
    fn reaches(&self, data: &Value, scope: &str) -> bool {
        let granular = data.get("granular_scopes").and_then(Value::as_array).into_iter().flatten();
        let mut of_scope =
            granular.filter(|one| one.get("scope").and_then(Value::as_str) == Some(scope));
        let targets = of_scope.next().and_then(|one| one.get("target_ids")?.as_array());
        let ours = [Some(self.shop.page.id.as_str()), self.instagram_id()];
        targets.is_none_or(|targets| {
            targets.iter().any(|target| ours.contains(&target.as_str()) && target.is_string())
        })
    }

    fn instagram_id(&self) -> Option<&str> {
        self.shop.page.instagram_id.as_ref().map(crate::meta::ids::AccountId::as_str)
    }

    /// Which of the Page's events Meta sends to the app, and who else gets them.
    async fn subscription(&self, checkup: &Checkup, found: &mut Findings<'_>) {
        const CHECK: &str = "graph.subscription";
        let path = format!("{}/subscribed_apps", self.shop.page.id);
        let fix = format!(
            "App dashboard > Messenger > Settings > Webhooks: subscribe the Page to {}",
            NEEDED_FIELDS
                .into_iter()
                .chain(comment_fields(self.shop).iter().copied())
                .chain(WISHED_FIELDS)
                .collect::<Vec<_>>()
                .join(", ")
        );
        let body = match self.get(&path, "", None).await {
            Ok(body) => body,
            Err(refusal) => {
                let says = format!("the Page's subscription could not be read. {}", refusal.says);
                found.warning(CHECK, says, "give the token pages_manage_metadata");
                return;
            }
        };
        let apps: Vec<&Value> =
            body.get("data").and_then(Value::as_array).into_iter().flatten().collect();
        let id = |app: &Value| app.get("id").and_then(Value::as_str).map(str::to_owned);
        let ours = checkup.secrets.get("APP_ID");
        let is_ours = |app: &&&Value| ours.is_none_or(|ours| id(app).as_deref() == Some(ours));
        let Some(app) = apps.iter().find(is_ours) else {
            found.problem(CHECK, "the Page is not subscribed to the app: Meta sends nothing", fix);
            return;
        };
        let fields = names(app.get("subscribed_fields"));
        let of_comments = comment_fields(self.shop);
        let lacks = |some: &[&'static str]| {
            some.iter().copied().filter(|field| !fields.contains(*field)).collect::<Vec<_>>()
        };
        let needed = lacks(&[&NEEDED_FIELDS as &[&str], of_comments].concat());
        let wished = [&WISHED_FIELDS as &[&str], paid::wished_fields(self.shop)].concat();
        let wished = lacks(&wished);
        if !needed.is_empty() {
            let says = format!("the Page's subscription lacks {}", needed.join(", "));
            found.problem(CHECK, says, fix);
        } else if !wished.is_empty() {
            let says = format!("the Page's subscription could have {} too", wished.join(", "));
            found.warning(CHECK, says, fix);
        } else {
            found.ok(CHECK, "the Page sends the app everything it needs");
        }
        let others: Vec<String> = apps
            .iter()
            .filter(|other| id(other) != id(app))
            .map(|other| other.get("name").and_then(Value::as_str).unwrap_or("unnamed").to_owned())
            .collect();
        if !others.is_empty() {
            found.warning(
                "graph.other_apps",
                format!(
                    "other apps get this Page's events and may answer too: {}",
                    others.join(", ")
                ),
                "Page settings > Advanced messaging > Connected apps: remove what you do not use",
            );
        }
    }

    /// Get Started, and what overrides it.
    async fn profile(&self, found: &mut Findings<'_>) {
        const CHECK: &str = "graph.get_started";
        let body = match self.get("me/messenger_profile", "get_started,ice_breakers", None).await {
            Ok(body) => body,
            Err(refusal) => {
                let says = format!("the Messenger profile could not be read. {}", refusal.says);
                found.warning(CHECK, says, "run this again in ten minutes: Meta allows ten looks");
                return;
            }
        };
        let set = |name: &str| body.pointer("/data/0").and_then(|profile| profile.get(name));
        let payload = set("get_started").and_then(|start| start.get("payload")?.as_str());
        let post = format!(
            "curl -X POST {} -H \"Authorization: Bearer ${}\" -H 'Content-Type: application/json' \
             -d '{{\"get_started\":{{\"payload\":\"{GET_STARTED}\"}}}}'",
            self.graph.base.join(&format!("/{}/me/messenger_profile", self.graph.version)),
            self.name,
        );
        match payload {
            None => found.problem(
                CHECK,
                "Get Started is not set: who scans a poster for the first time is not recognised",
                post,
            ),
            Some(GET_STARTED) => found.ok(CHECK, "Get Started is set"),
            Some(_) => found.warning(
                CHECK,
                "Get Started was set by something else; it is answered with the welcome",
                post,
            ),
        }
        if set("ice_breakers").and_then(Value::as_array).is_some_and(|set| !set.is_empty()) {
            found.warning(
                "graph.ice_breakers",
                "ice breakers are set: they take the place of Get Started, and scans may get lost",
                "remove them: the same curl with DELETE and {\"fields\":[\"ice_breakers\"]}",
            );
        }
    }

    /// Whether the Page is linked to the Instagram account that shop.toml names.
    async fn instagram(&self, found: &mut Findings<'_>) {
        const CHECK: &str = "graph.instagram";
        let id = self.shop.page.id.as_str();
        let body = match self.get(id, "instagram_business_account", None).await {
            Ok(body) => body,
            Err(refusal) => {
                let says =
                    format!("the Page's Instagram account could not be read. {}", refusal.says);
                found.warning(CHECK, says, "give the token instagram_basic");
                return;
            }
        };
        let linked = body.pointer("/instagram_business_account/id").and_then(Value::as_str);
        match (linked, self.instagram_id()) {
            (Some(linked), Some(ours)) if linked == ours => {
                found.ok(CHECK, format!("Instagram account {linked} belongs to the Page"));
            }
            (Some(linked), _) => found.problem(
                CHECK,
                format!("the Page's Instagram account is {linked}; shop.toml names another"),
                format!("write instagram_id = \"{linked}\" under [[page]] and publish"),
            ),
            (None, _) => found.problem(
                CHECK,
                "the Page has no Instagram account that Meta knows of",
                "link it: Page settings > Linked accounts (it has to be a professional account)",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comments_need_is_asked_for_exactly_when_there_are_rules() {
        let wants = |rules: &str| {
            let source = format!(
                "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\n\
                 [[page]]\nid = \"1\"\nusername = \"a\"\ninstagram_id = \"2\"\n{rules}"
            );
            let shop = crate::shop::source::compile(&source).shops.remove(0);
            (comment_fields(&shop).to_vec(), comment_scopes(&shop))
        };
        let rule = |more: &str| {
            format!("[[comment]]\nid = \"r\"\nposts = [\"1\"]\ntext.en = \"T\"\n{more}")
        };
        let instagram = "instagram_manage_comments";
        assert_eq!(wants(""), (vec![], vec![]));
        assert_eq!(wants(&rule("")), (vec!["feed"], vec![instagram]));
        let public = rule("public.en = [\"We wrote to you.\"]\n");
        assert_eq!(wants(&public), (vec!["feed"], vec!["pages_manage_engagement", instagram]));
        assert_eq!(wants(&rule("platform = \"instagram\"\n")), (vec![], vec![instagram]));
        assert_eq!(wants(&rule("platform = \"messenger\"\n")), (vec!["feed"], vec![]));
    }
}
