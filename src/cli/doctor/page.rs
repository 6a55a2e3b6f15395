//! One Page, by its token: whose it is and what it may, the Page's subscription and profile.

use serde_json::Value;

use super::Checkup;
use super::checks;
use super::finding::{Findings, Says, fix, says};
use super::graph::{Graph, Refusal, app_token};
use super::http::now;
use super::judged::{self, Names};
use super::worker::given;
use crate::desk::checkup::needs::{Needs, on_instagram};
use crate::desk::checkup::{Finding, judge, read};
use crate::desk::payload::GET_STARTED;
use crate::meta::graph_error::Class;
use crate::meta::signature::AppSecret;
use crate::shop::model::Shop;

/// What a token of this shop's Page has to be allowed.
pub(in crate::cli) fn scopes(shop: &Shop) -> Vec<&'static str> {
    Needs::of(shop).scopes.iter().filter_map(|spellings| spellings.first().copied()).collect()
}

/// Looks at one Page, by its token. `true` when the token could be looked at.
pub(super) async fn check(
    checkup: &Checkup,
    graph: &Graph<'_>,
    shop: &Shop,
    first: bool,
    found: &mut Findings<'_>,
) -> bool {
    let id = shop.page.id.as_str();
    let Some((name, token)) = checkup.secrets.page_token(&shop.page.id) else {
        let names = format!("PAGE_TOKEN_{id}");
        found.unchecked(
            checks::TOKEN,
            says(|s| s.env).with("names", &names),
            fix(|f| f.export).with("names", names),
        );
        return false;
    };
    let proof = checkup.secrets.get("APP_SECRET").map(|s| AppSecret::new(s).proof(token));
    let app = checkup.secrets.get("APP_ID");
    let page = Page { graph, shop, name, token, proof, app, needs: Needs::of(shop) };
    if page.identity(found, first).await {
        page.grant(checkup, found).await;
        page.subscription(found).await;
        page.standing(found).await;
        page.username(found).await;
        page.profile(checkup, found).await;
    }
    true
}

/// Whether both are the same name: dots and capitals do not count (Meta, "Create a custom username for
/// your Page", read in November 2026).
pub(in crate::cli) fn same_username(one: &str, other: &str) -> bool {
    let folded = |name: &str| name.replace('.', "").to_ascii_lowercase();
    folded(one) == folded(other)
}

struct Page<'a> {
    graph: &'a Graph<'a>,
    shop: &'a Shop,
    /// The token's name in the environment.
    name: String,
    token: &'a str,
    proof: Option<String>,
    app: Option<&'a str>,
    needs: Needs,
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

    fn put(&self) -> String {
        given(&self.name)
    }

    fn new_token(&self) -> Says {
        fix(|f| f.new_token).with("command", self.put())
    }

    fn judged(&self, finding: &Finding, found: &mut Findings<'_>) {
        let names = Names { token: &self.name, app: self.app.unwrap_or("-") };
        judged::add(finding, names, found);
    }

    /// Whose token it is. Whether going on makes sense.
    async fn identity(&self, found: &mut Findings<'_>, with_clock: bool) -> bool {
        let (name, id) = (&self.name, self.shop.page.id.as_str());
        let clock = if with_clock { Some(&mut *found) } else { None };
        let me = match self.get("me", "id,name", clock).await {
            Ok(me) => me,
            Err(refusal) => {
                let why = format!("{name}; {}", refusal.says);
                match refusal.class {
                    _ if refusal.about_proof => found.problem(
                        checks::PROOF,
                        says(|s| s.not_together).with("why", why),
                        fix(|f| f.same_app),
                    ),
                    Some(Class::TokenInvalid) => found.problem(
                        checks::TOKEN,
                        says(|s| s.dead).with("why", why),
                        self.new_token(),
                    ),
                    Some(Class::PageRestricted) => {
                        self.judged(&Finding::Restricted { why }, found);
                    }
                    _ => found.problem(
                        checks::TOKEN,
                        says(|s| s.unread).with("why", why),
                        fix(|f| f.again),
                    ),
                }
                return false;
            }
        };
        let theirs = me.get("id").and_then(Value::as_str).unwrap_or("-");
        let called = me.get("name").and_then(Value::as_str).unwrap_or("-");
        if theirs != id {
            let whose = format!("{called} ({theirs})");
            found.problem(
                checks::TOKEN,
                says(|s| s.of_other).with("whose", whose).with("page", id),
                fix(|f| f.put).with("command", self.put()),
            );
            return false;
        }
        found.ok(checks::TOKEN, format!("{name}: {called}, {id}"));
        if self.proof.is_some() {
            found.ok(checks::PROOF, format!("appsecret_proof, {name}"));
        }
        true
    }

    /// What the token is allowed, and for how long.
    async fn grant(&self, checkup: &Checkup, found: &mut Findings<'_>) {
        let Some((_, app_token)) = app_token(checkup) else {
            let missing = checkup.secrets.missing(&["APP_ID", "APP_SECRET"]);
            found.unchecked(
                checks::SCOPES,
                says(|s| s.env).with("names", &missing),
                fix(|f| f.export).with("names", missing),
            );
            return;
        };
        let query = [("input_token", self.token)];
        let body = match self.graph.get("debug_token", &app_token, &query, None).await {
            Ok(body) => body,
            Err(refusal) => {
                found.unchecked(
                    checks::SCOPES,
                    says(|s| s.unread).with("why", refusal.says),
                    fix(|f| f.same_app),
                );
                return;
            }
        };
        let mut ours = vec![self.shop.page.id.as_str()];
        ours.extend(self.shop.page.instagram_id.as_ref().map(|id| id.as_str()));
        let token = read::token(&body, &ours);
        let judged = judge::token(&token, self.app, &self.needs, now());
        let about = |check: &str| judged.iter().any(|f| judged::check_of(f).id == check);
        if token.valid && !about(checks::TOKEN_LIFE.id) {
            let ends = [token.ends, token.data_ends].into_iter().flatten().min();
            let until = ends.map(|at| at.utc_date().to_string()).unwrap_or_default();
            found.ok(checks::TOKEN_LIFE, until);
        }
        if token.valid && !about(checks::SCOPES.id) {
            found.ok(checks::SCOPES, scopes(self.shop).join(", "));
        }
        judged.iter().for_each(|finding| self.judged(finding, found));
    }

    /// Which of the Page's events Meta sends to the app, and who else gets them.
    async fn subscription(&self, found: &mut Findings<'_>) {
        let path = format!("{}/subscribed_apps", self.shop.page.id);
        let body = match self.get(&path, "", None).await {
            Ok(body) => body,
            Err(refusal) => {
                let lacks = fix(|f| f.token_with).with("names", "pages_manage_metadata");
                found.unchecked(
                    checks::FIELDS,
                    says(|s| s.unread).with("why", refusal.says),
                    lacks.with("command", self.put()),
                );
                return;
            }
        };
        let judged = judge::subscription(&read::subscription(&body, self.app), &self.needs);
        if !judged.iter().any(|finding| judged::check_of(finding).id == checks::FIELDS.id) {
            found.ok(checks::FIELDS, self.needs.all_fields().collect::<Vec<_>>().join(", "));
        }
        judged.iter().for_each(|finding| self.judged(finding, found));
    }

    /// Whether people see the Page, and its Instagram account.
    async fn standing(&self, found: &mut Findings<'_>) {
        let instagram = on_instagram(self.shop);
        let seen = match self.get(self.shop.page.id.as_str(), read::PAGE_FIELDS, None).await {
            Ok(body) => read::page(&body),
            Err(refusal) if refusal.class == Some(Class::PageRestricted) => {
                self.judged(&Finding::Restricted { why: refusal.says }, found);
                return;
            }
            Err(refusal) => {
                let check = if instagram { checks::INSTAGRAM } else { checks::PAGE };
                let why = says(|s| s.unread).with("why", refusal.says);
                found.unchecked(check, why, fix(|f| f.again));
                return;
            }
        };
        let judged = judge::page(&seen);
        if judged.is_empty() && seen.published.is_some() {
            found.ok(checks::PAGE, "is_published");
        }
        judged.iter().for_each(|finding| self.judged(finding, found));
        if !instagram {
            return;
        }
        let ours = self.shop.page.instagram_id.as_ref().map_or("-", |id| id.as_str());
        match seen.instagram.as_deref() {
            Some(linked) if linked == ours => found.ok(checks::INSTAGRAM, linked),
            Some(linked) => found.problem(
                checks::INSTAGRAM,
                says(|s| s.two).with("theirs", linked).with("ours", ours),
                fix(|f| f.set_line).with("line", format!("instagram_id = \"{linked}\"")),
            ),
            None => {
                found.problem(checks::INSTAGRAM, says(|s| s.unlinked), fix(|f| f.link_instagram))
            }
        }
        found.unchecked(checks::INSTAGRAM_ACCESS, says(|s| s.untold), fix(|f| f.allow_instagram));
    }

    /// Whether the name in the Page's link is the one that posters are printed with.
    async fn username(&self, found: &mut Findings<'_>) {
        let ours = self.shop.page.username.as_str();
        let body = match self.get(self.shop.page.id.as_str(), "username", None).await {
            Ok(body) => body,
            Err(refusal) => {
                let why = says(|s| s.unread).with("why", refusal.says);
                found.unchecked(checks::USERNAME, why, fix(|f| f.again));
                return;
            }
        };
        match body.get("username").and_then(Value::as_str) {
            Some(theirs) if same_username(theirs, ours) => found.ok(checks::USERNAME, ours),
            Some(theirs) => found.problem(
                checks::USERNAME,
                says(|s| s.two).with("theirs", theirs).with("ours", ours),
                fix(|f| f.set_line).with("line", format!("username = \"{theirs}\"")),
            ),
            // Also when the token may not read it.
            None => found.unchecked(
                checks::USERNAME,
                says(|s| s.untold),
                fix(|f| f.look_there).with("what", format!("https://m.me/{ours}")),
            ),
        }
    }

    /// Get Started, and what overrides it.
    async fn profile(&self, checkup: &Checkup, found: &mut Findings<'_>) {
        let body = match self.get("me/messenger_profile", "get_started,ice_breakers", None).await {
            Ok(body) => body,
            Err(refusal) => {
                let why = says(|s| s.unread).with("why", refusal.says);
                found.unchecked(checks::GET_STARTED, why, fix(|f| f.again));
                return;
            }
        };
        let set = |name: &str| body.pointer("/data/0").and_then(|profile| profile.get(name));
        let payload = set("get_started").and_then(|start| start.get("payload")?.as_str());
        let sync = format!("shopbell profile sync {}", checkup.dir.display());
        let run = || fix(|f| f.run).with("command", &sync);
        match payload {
            None => found.problem(checks::GET_STARTED, says(|s| s.unset), run()),
            Some(GET_STARTED) => found.ok(checks::GET_STARTED, ""),
            Some(_) => found.warning(checks::GET_STARTED, says(|s| s.set_by_other), run()),
        }
        let broken = set("ice_breakers").and_then(Value::as_array).is_some_and(|s| !s.is_empty());
        // Those that shop.toml asks for are as the owner wants them.
        if broken && self.shop.profile.ice_breakers.is_empty() {
            found.warning(checks::ICE_BREAKERS, says(|s| s.overrides), run());
        }
    }
}
