//! The Worker's secrets, one after the other: given, there already, pasted and tested at once, or made
//! here.

use std::collections::{BTreeMap, BTreeSet};

use super::keys;
use super::pages::{APP_SETTINGS, MESSENGER, MetaPage, SYSTEM_USERS};
use super::session::{Failure, Session};
use super::standing::Standing;
use super::token::{self, App, Note, Weight};
use crate::shop::model::Shop;

/// So often somebody may paste something that does not work.
const TRIES: usize = 5;

/// `ADMIN_TOKEN` has as many characters, or the Worker refuses to run.
const ADMIN_TOKEN_CHARACTERS: usize = 32;

/// Values that everybody knows.
const EXAMPLES: &str = include_str!("../../../.dev.vars.example");

/// What is to be asked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Offers to replace what is there already, too.
    pub all: bool,
    /// Secrets of the Worker's own that are to be made anew.
    pub renew: BTreeSet<String>,
}

/// What was collected.
#[derive(Clone, Default)]
pub struct Collected {
    /// The app's id.
    pub app_id: Option<String>,
    /// Everything that is known now, whether the Worker has it or not.
    pub known: BTreeMap<String, String>,
    /// What the Worker has to be given.
    pub to_set: BTreeMap<String, String>,
    /// Which of these were made here.
    pub made: BTreeSet<String>,
}

impl Collected {
    fn keep(&mut self, name: &str, value: String, set: bool) {
        if set {
            self.to_set.insert(name.to_owned(), value.clone());
        }
        self.known.insert(name.to_owned(), value);
    }

    /// The app with its secret, where both are known.
    pub(in crate::cli) fn app(&self) -> Option<App> {
        let secret = self.known.get("APP_SECRET")?.clone();
        Some(App { id: self.app_id.clone()?, secret })
    }
}

/// Collects what the Worker needs.
///
/// # Errors
/// [`Failure`] for the first that is missing or does not work, when nobody can be asked.
pub fn collect(session: &mut Session<'_>, wanted: &Wanted) -> Result<Collected, Failure> {
    let standing = Standing::of(session);
    let mut all = Collected::default();
    app(session, wanted, &standing, &mut all)?;
    let shops = session.shops.clone();
    let mut shared = None;
    for shop in &shops {
        page(session, wanted, &standing, shop, &mut shared, &mut all)?;
    }
    if shops.iter().any(|shop| shop.marketing.is_some()) {
        ads(session, &standing, &mut all)?;
    }
    for name in ["VERIFY_TOKEN", "ADMIN_TOKEN"] {
        own(session, wanted, &standing, name, &mut all)?;
    }
    signing_key(session, wanted, &standing, &mut all)?;
    Ok(all)
}

/// The app's id and secret. What is there already cannot be read back, so it is asked for only where it
/// is wanted.
fn app(
    session: &mut Session<'_>,
    wanted: &Wanted,
    standing: &Standing,
    all: &mut Collected,
) -> Result<(), Failure> {
    let there = session.has("APP_SECRET");
    let given = session.given.get("APP_SECRET").cloned();
    all.app_id = session.app_id();
    if given.is_none() && there && !(wanted.all && session.talk.somebody()) {
        kept(session, "APP_SECRET");
        return Ok(());
    }
    if all.app_id.is_none() {
        show(
            session,
            APP_SETTINGS,
            "the app's id and secret; no app yet? Make one there, of the type Business, and add Messenger",
            "",
        );
    }
    let id = match all.app_id.clone() {
        Some(id) => id,
        None => {
            ask(session, "App ID", false).ok_or_else(|| missing(session, "APP_ID", APP_SETTINGS))?
        }
    };
    if !id.bytes().all(|b| b.is_ascii_digit()) || id.is_empty() {
        let why = "it has digits only";
        return Err(Failure::new("APP_ID is no app's id", why, fix_given(session, "APP_ID")));
    }
    all.app_id = Some(id.clone());
    let tested = given.map(|secret| (secret, true));
    let mut next = tested;
    for _ in 0..TRIES {
        let (secret, was_given) = match next.take() {
            Some(one) => one,
            None => {
                show(session, APP_SETTINGS, "\"App secret\" (Show)", &id);
                let question = match there {
                    true => "App secret (Enter keeps it, and leaves Meta as it is)",
                    false => "App secret",
                };
                match ask(session, question, true) {
                    Some(secret) if secret.is_empty() && there => {
                        kept(session, "APP_SECRET");
                        return Ok(());
                    }
                    Some(secret) => (secret, false),
                    None => return Err(missing(session, "APP_SECRET", APP_SETTINGS)),
                }
            }
        };
        refuse_example(session, "APP_SECRET", &secret)?;
        let app = App { id: id.clone(), secret: secret.clone() };
        let note = session.runtime.block_on(token::pair(&session.graph, &app));
        let good = note.weight != Weight::Bad;
        tell(session, std::slice::from_ref(&note), &id, "");
        if good {
            all.keep("APP_SECRET", secret, !standing.is_same("APP_SECRET"));
            return Ok(());
        }
        if was_given && !session.talk.somebody() {
            return Err(not_good(session, "APP_SECRET", &note));
        }
    }
    Err(given_up(session, "APP_SECRET"))
}

/// A Page's token. One that reaches several Pages serves for all of them.
fn page(
    session: &mut Session<'_>,
    wanted: &Wanted,
    standing: &Standing,
    shop: &Shop,
    shared: &mut Option<String>,
    all: &mut Collected,
) -> Result<(), Failure> {
    let id = shop.page.id.as_str();
    let own = format!("PAGE_TOKEN_{id}");
    let alone = session.shops.len() == 1;
    let given = session.given.get(&own).or_else(|| session.given.get("PAGE_TOKEN")).cloned();
    let by_own_name = !alone || session.given.contains_key(&own) || session.has(&own);
    let name = if by_own_name { own.clone() } else { "PAGE_TOKEN".to_owned() };
    let there = session.has(&own) || session.has("PAGE_TOKEN");
    if given.is_none() && there && shared.is_none() && !(wanted.all && session.talk.somebody()) {
        kept(session, &name);
        return Ok(());
    }
    let Some(app) = all.app() else {
        if given.is_none() {
            kept(session, &name);
            return Ok(());
        }
        let why = "a Page's token is tested with the app's id and secret";
        return Err(Failure::new(
            format!("{name} was not tested"),
            why,
            fix_given(session, "APP_SECRET"),
        ));
    };
    let mut next = given.clone().or_else(|| shared.clone());
    for _ in 0..TRIES {
        let (pasted, from_hand) = match next.take() {
            Some(one) => (one, false),
            None => {
                let what = format!(
                    "add Page {id} ({}) there, then \"Generate token\"",
                    shop.page.username
                );
                show(session, MESSENGER, &what, &app.id);
                let question = match there {
                    true => "Page token (Enter keeps it, and leaves the Page as it is)",
                    false => "Page token",
                };
                match ask(session, question, true) {
                    Some(pasted) if pasted.is_empty() && there => {
                        kept(session, &name);
                        return Ok(());
                    }
                    Some(pasted) => (pasted, true),
                    None => return Err(missing(session, &name, MESSENGER)),
                }
            }
        };
        refuse_example(session, &name, &pasted)?;
        let found = token::page_token(&session.graph, &app, shop, &pasted);
        let found = session.runtime.block_on(found);
        tell(session, &found.notes, &app.id, id);
        if found.is_good() {
            // One of a person or a system user: it may reach the other Pages, too.
            *shared = (found.token != pasted).then_some(pasted);
            let set = !standing.has_value(&name, &found.token);
            all.keep(&name, found.token, set);
            return Ok(());
        }
        let bad = found.notes.iter().find(|note| note.weight == Weight::Bad);
        if let Some(bad) = bad.filter(|_| !from_hand && !session.talk.somebody()) {
            return Err(not_good(session, &name, bad));
        }
    }
    Err(given_up(session, &name))
}

/// The token that pays for messages: only when it is given, or somebody has one to paste.
fn ads(session: &mut Session<'_>, standing: &Standing, all: &mut Collected) -> Result<(), Failure> {
    const NAME: &str = "ADS_TOKEN";
    let Some(app) = all.app() else { return Ok(()) };
    let given = session.given.get(NAME).cloned();
    if given.is_none() && session.has(NAME) {
        kept(session, NAME);
        return Ok(());
    }
    let pasted = match given {
        Some(given) => Some(given),
        None if session.talk.somebody() => {
            show(session, SYSTEM_USERS, "the token that pays for marketing messages", &app.id);
            ask(session, "ADS_TOKEN (Enter: later, nothing is paid for until then)", true)
        }
        None => None,
    };
    let Some(pasted) = pasted.filter(|pasted| !pasted.is_empty()) else {
        session.talk.say("  later    ADS_TOKEN: no paid message leaves until it is set");
        return Ok(());
    };
    let notes = session.runtime.block_on(token::ads_token(&session.graph, &app, &pasted));
    tell(session, &notes, &app.id, "");
    if let Some(bad) = notes.iter().find(|note| note.weight == Weight::Bad) {
        return Err(not_good(session, NAME, bad));
    }
    let set = !standing.has_value(NAME, &pasted);
    all.keep(NAME, pasted, set);
    Ok(())
}

/// A secret between the owner and the Worker.
fn own(
    session: &mut Session<'_>,
    wanted: &Wanted,
    standing: &Standing,
    name: &str,
    all: &mut Collected,
) -> Result<(), Failure> {
    if wanted.renew.contains(name) {
        return make(session, name, all);
    }
    let Some(value) = session.given.get(name).cloned() else {
        if session.has(name) {
            kept(session, name);
            return Ok(());
        }
        return make(session, name, all);
    };
    refuse_example(session, name, &value)?;
    if name == "ADMIN_TOKEN" && value.chars().count() < ADMIN_TOKEN_CHARACTERS {
        let why = format!("it has fewer than {ADMIN_TOKEN_CHARACTERS} characters");
        let what = "ADMIN_TOKEN was not taken";
        return Err(Failure::new(
            what,
            why,
            format!("unset ADMIN_TOKEN; {} (one is made)", session.again),
        ));
    }
    let same = session.has(name) && standing.is_same(name);
    all.keep(name, value, !same);
    Ok(())
}

/// The key that signs. The one there is stays, unless it is to be replaced: then it goes on proving
/// what it signed, and whom it remembers as forgotten.
fn signing_key(
    session: &mut Session<'_>,
    wanted: &Wanted,
    standing: &Standing,
    all: &mut Collected,
) -> Result<(), Failure> {
    const NAME: &str = "SIGNING_KEY";
    const PREVIOUS: &str = "SIGNING_KEY_PREVIOUS";
    if let Some(previous) = session.given.get(PREVIOUS).cloned()
        && !wanted.renew.contains(NAME)
        && !standing.has_value(PREVIOUS, &previous)
    {
        all.keep(PREVIOUS, previous, true);
    }
    if !session.has(NAME) {
        return match session.given.get(NAME).cloned() {
            Some(key) => {
                refuse_example(session, NAME, &key)?;
                all.keep(NAME, key, true);
                Ok(())
            }
            None => make(session, NAME, all),
        };
    }
    if !wanted.renew.contains(NAME) {
        kept(session, NAME);
        return Ok(());
    }
    let old = session.given.get(NAME).cloned();
    let question = "The present SIGNING_KEY (it was shown once, when it was made)";
    let old = old.or_else(|| ask(session, question, true)).filter(|old| !old.is_empty());
    let Some(old) = old else {
        let why = "without the present one, links on the web and whom people had deleted would be forgotten";
        let fix = format!(
            "SIGNING_KEY=… shopbell connect {} --renew SIGNING_KEY",
            session.at.dir.display()
        );
        return Err(Failure::new("SIGNING_KEY was not replaced", why, fix));
    };
    if standing.marks_known() && !standing.has_value(NAME, &old) {
        let why = "what was given is not the key that the Worker has";
        let fix = "give the present one in SIGNING_KEY";
        return Err(Failure::new("SIGNING_KEY was not replaced", why, fix));
    }
    make(session, NAME, all)?;
    all.keep(PREVIOUS, old, true);
    Ok(())
}

fn make(session: &Session<'_>, name: &str, all: &mut Collected) -> Result<(), Failure> {
    let value = keys::random().map_err(|why| {
        Failure::new(format!("{name} was not made"), why, session.again.to_string())
    })?;
    all.made.insert(name.to_owned());
    all.keep(name, value, true);
    Ok(())
}

fn ask(session: &mut Session<'_>, question: &str, secret: bool) -> Option<String> {
    session.talk.ask(&format!("  {question}"), secret)
}

fn show(session: &mut Session<'_>, page: MetaPage, what: &str, app: &str) {
    if session.talk.somebody() {
        session.talk.say(&format!("  {}: {what}", page.name));
        session.talk.show(&page.of(app, ""));
    }
}

fn kept(session: &mut Session<'_>, name: &str) {
    session.talk.say(&format!("  already  {name}"));
}

/// Says what was found out; a page that helps is opened for whoever is there.
fn tell(session: &mut Session<'_>, notes: &[Note], app: &str, page: &str) {
    for note in notes {
        let word = match note.weight {
            Weight::Good => "ok",
            Weight::Mind => "mind",
            Weight::Bad => "not good",
        };
        session.talk.say(&format!("  {word:<8} {}", note.says));
        if let Some(fix) = &note.fix {
            session.talk.say(&format!("           -> {fix}"));
        }
        if let Some(at) = note.at.filter(|_| note.weight == Weight::Bad && session.talk.somebody())
        {
            session.talk.show(&at.of(app, page));
        }
    }
}

fn missing(session: &Session<'_>, name: &str, at: MetaPage) -> Failure {
    let app = session.app_id().unwrap_or_default();
    let why = format!("it is not in the environment (Meta shows it at {})", at.of(&app, ""));
    let fix = format!("shopbell connect {} in a terminal, or set {name}", session.at.dir.display());
    Failure::new(format!("{name} is missing"), why, fix)
}

fn not_good(session: &Session<'_>, name: &str, note: &Note) -> Failure {
    let app = session.app_id().unwrap_or_default();
    let at = note.at.map(|at| format!(" ({})", at.of(&app, ""))).unwrap_or_default();
    let fix = note.fix.clone().unwrap_or_else(|| session.again.to_string());
    Failure::new(format!("{name} does not work"), &note.says, format!("{fix}{at}"))
}

fn given_up(session: &Session<'_>, name: &str) -> Failure {
    let why = format!("none of {TRIES} that were pasted works");
    Failure::new(format!("{name} is missing"), why, session.again.to_string())
}

fn fix_given(session: &Session<'_>, name: &str) -> String {
    format!("set {name} in the environment, then: {}", session.again)
}

fn refuse_example(session: &Session<'_>, name: &str, value: &str) -> Result<(), Failure> {
    let known = EXAMPLES.lines().filter(|line| !line.starts_with('#'));
    let mut known = known.filter_map(|line| line.split_once('='));
    if known.any(|(_, example)| example.trim() == value) {
        let why = "everybody knows the value of .dev.vars.example, and the Worker refuses it";
        return Err(Failure::new(format!("{name} was not taken"), why, fix_given(session, name)));
    }
    Ok(())
}
