//! The shops of a file that passed every check.
//!
//! Nothing is reported here: whatever is none was reported before, or may be left out.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::format::TITLE_LIMIT;
use super::read::{self, checked, flag, get, text, units};
use super::values::{self, WEEKDAYS};
use super::{
    booking, coupons, doors, forms, paid, posters, products, rules, schedule, segments, sent,
    sequences,
};
use crate::meta::ids::{AccountId, CouponId, FaqId, FormId, OfferId, PageId, Psid, TopicId};
use crate::meta::limits;
use crate::shop::forms::Also;
use crate::shop::lang;
use crate::shop::model::{
    Agent, Assistant, ButtonAction, Contact, Delicate, Eagerness, FaqEntry, Handoff, Hosting,
    Hours, HoursException, IceBreaker, Lang, LinkButton, Localized, MOST_SHARDS, MetaStanding,
    Page, PageProfile, Plan, Privacy, Range, RichCard, SHOP_SCHEMA, Sending, Shop, SlashCommand,
    Texts, Topic,
};

/// Hours the bot keeps quiet after a person took over, unless the owner says otherwise.
const PAUSE_HOURS: i64 = 12;
/// Hours before the fallback is repeated, unless the owner says otherwise.
const FALLBACK_HOURS: i64 = 6;

/// One shop per Page; none if anything needed is missing.
pub(super) fn shops(file: &DeTable<'_>) -> Vec<Shop> {
    let pages = read::tables(file, "page");
    let shops = pages.iter().enumerate().map(|(i, (table, _))| shop(file, table, i == 0));
    shops.collect::<Option<Vec<_>>>().unwrap_or_default()
}

fn shop(file: &DeTable<'_>, page_table: &DeTable<'_>, first: bool) -> Option<Shop> {
    let shop = read::table(file, "shop")?;
    let page = page(shop, page_table)?;
    let languages = get(shop, "languages").map(read::list).unwrap_or_default();
    let languages: Vec<Lang> =
        languages.into_iter().filter_map(text).map(|(tag, _)| Lang(tag.to_owned())).collect();
    let texts = read::table(file, "texts").map(texts).unwrap_or_default();
    let buttons = Buttons { file, languages: &languages, texts: &texts };
    let posters = posters::posters(file, &page, first, &buttons)?;
    let faq = all(file, "faq", |table| faq(table, &buttons))?;
    let assistant = assistant(file, page_table, &page)?;
    let profile = profile(file, &buttons, &faq, &assistant.menu, !posters.is_empty())?;
    let (sequences, rules_of_steps) = sequences::sequences(file, &buttons)?;
    Some(Shop {
        profile,
        v: SHOP_SCHEMA,
        version: String::new(),
        name: checked(shop, "name", values::name)?,
        time_zone: checked(shop, "time_zone", values::time_zone)?,
        contact: contact(shop, page_table),
        hours: hours_of(file, page_table).map(hours).unwrap_or_default(),
        faq,
        model: None,
        topics: all(file, "topic", topic)?,
        posters,
        comments: doors::comments(file, &page, &buttons)?,
        ads: doors::ads(file, &buttons)?,
        friends: doors::friends(file, &buttons)?,
        coupons: coupons::coupons(file)?,
        brand: read::table(file, "brand").map(coupons::brand),
        notifications: sent::notifications(file, &buttons)?,
        sequences,
        offers: sent::offers(file)?,
        nudge: sent::nudge(file, &buttons)?,
        forms: forms::forms(file, &buttons)?,
        services: booking::services(file)?,
        products: products::products(file)?,
        prices: checked(shop, "prices", values::name),
        segments: segments::segments(file)?.into_iter().chain(rules_of_steps).collect(),
        privacy: read::table(file, "privacy").and_then(privacy),
        sending: read::table(file, "sending").map(sending).unwrap_or_default(),
        hosting: hosting(file),
        assistant,
        handoff: read::table(file, "handoff").map(handoff).unwrap_or_default(),
        delicate: all(file, "delicate", delicate)?,
        agents: all(file, "agent", agent)?,
        meta: MetaStanding {
            country: checked(shop, "country", values::country),
            recurring_since: read::table(file, "meta")
                .and_then(|meta| get(meta, "recurring_since"))
                .and_then(read::date),
        },
        marketing: paid::marketing(file),
        templates: paid::templates(file, &checked(shop, "name", values::name)?)?,
        page,
        texts,
        languages,
    })
}

fn all<'t, T>(
    file: &'t DeTable<'t>,
    name: &str,
    build: impl Fn(&'t DeTable<'t>) -> Option<T>,
) -> Option<Vec<T>> {
    read::tables(file, name).into_iter().map(|(table, _)| build(table)).collect()
}

pub(super) fn named<T: TryFrom<String>>(table: &DeTable<'_>, name: &str) -> Option<T> {
    T::try_from(text(get(table, name)?)?.0.to_owned()).ok()
}

fn page(shop: &DeTable<'_>, table: &DeTable<'_>) -> Option<Page> {
    let closed = |table| get(table, "closed_since").and_then(read::date);
    Some(Page {
        id: named::<PageId>(table, "id")?,
        username: checked(table, "username", values::page_name)?,
        instagram_id: named::<AccountId>(table, "instagram_id"),
        instagram_username: checked(table, "instagram_username", values::instagram_name),
        branch: checked(table, "branch", values::name),
        shards: number(table, "shards", 1)?,
        location: checked(table, "location", values::place),
        closed_since: closed(table).or_else(|| closed(shop)),
    })
}

pub(super) fn number<N: TryFrom<i64>>(table: &DeTable<'_>, name: &str, default: i64) -> Option<N> {
    N::try_from(get(table, name).and_then(read::number).unwrap_or(default)).ok()
}

/// How to reach a branch: what its Page says, else what the shop says. A branch with an address of
/// its own does not lie where the shop's map shows.
fn contact(shop: &DeTable<'_>, page: &DeTable<'_>) -> Contact {
    let own = localized(page, "address");
    let moved = !own.is_empty();
    Contact {
        phone: checked(page, "phone", values::phone)
            .or_else(|| checked(shop, "phone", values::phone)),
        site: checked(page, "site", values::url).or_else(|| checked(shop, "site", values::url)),
        address: if moved { own } else { localized(shop, "address") },
        map: checked(page, "map", values::url)
            .or_else(|| if moved { None } else { checked(shop, "map", values::url) }),
        email: checked(page, "email", values::email)
            .or_else(|| checked(shop, "email", values::email)),
        form: checked(page, "contact_form", values::url)
            .or_else(|| checked(shop, "contact_form", values::url)),
    }
}

/// The hours of a Page: its own as a whole, else the shop's.
fn hours_of<'t>(file: &'t DeTable<'t>, page: &'t DeTable<'t>) -> Option<&'t DeTable<'t>> {
    read::table(page, "hours").or_else(|| read::table(file, "hours"))
}

pub(super) fn localized(table: &DeTable<'_>, name: &str) -> Localized {
    let texts = read::table(table, name).into_iter().flatten();
    Localized(
        texts
            .filter_map(|(tag, value)| {
                let bubbles = read::bubbles(value)?;
                let said = match bubbles.as_slice() {
                    [(one, _)] => (*one).to_owned(),
                    several => {
                        several.iter().map(|(t, _)| t.trim()).collect::<Vec<_>>().join("\n\n")
                    }
                };
                Some((Lang(tag.get_ref().to_string()), said))
            })
            .collect(),
    )
}

pub(super) fn phrases(table: &DeTable<'_>, name: &str) -> BTreeMap<Lang, Vec<String>> {
    let lists = read::table(table, name).into_iter().flatten();
    lists
        .map(|(tag, value)| (Lang(tag.get_ref().to_string()), words(value)))
        .filter(|(_, words)| !words.is_empty())
        .collect()
}

fn words(value: &read::Value<'_>) -> Vec<String> {
    read::list(value)
        .into_iter()
        .filter_map(text)
        .filter_map(|(t, _)| values::name(t).ok())
        .collect()
}

pub(super) fn hours(table: &DeTable<'_>) -> Hours {
    let told = WEEKDAYS.iter().any(|day| get(table, day).is_some());
    let exception = |exception| {
        let (from, to) = rules::exception_days(exception).ok()?;
        Some(HoursException {
            from,
            to,
            ranges: ranges(exception, "open"),
            note: localized(exception, "note"),
        })
    };
    let mut exceptions: Vec<_> =
        read::tables(table, "exception").into_iter().filter_map(|(e, _)| exception(e)).collect();
    exceptions.sort_by_key(|e| e.from);
    Hours { week: told.then(|| WEEKDAYS.map(|day| ranges(table, day))), exceptions }
}

fn ranges(table: &DeTable<'_>, name: &str) -> Vec<Range> {
    let all = get(table, name).map(read::list).unwrap_or_default().into_iter();
    let mut ranges: Vec<Range> =
        all.filter_map(text).filter_map(|(t, _)| values::range(t).ok().flatten()).collect();
    ranges.sort_by_key(|r| r.open);
    ranges
}

fn texts(table: &DeTable<'_>) -> Texts {
    Texts {
        welcome: localized(table, "welcome"),
        instant: localized(table, "instant"),
        away: localized(table, "away"),
        fallback: localized(table, "fallback"),
        offer: localized(table, "offer"),
        human: localized(table, "human"),
        stopped: localized(table, "stopped"),
        opted_in: localized(table, "opted_in"),
        deleted: localized(table, "deleted"),
        human_button: localized(table, "human_button"),
        delete_ask: localized(table, "delete_ask"),
        delete_yes: localized(table, "delete_yes"),
        delete_no: localized(table, "delete_no"),
        kept: localized(table, "kept"),
        delicate: localized(table, "delicate"),
        resume_button: localized(table, "resume_button"),
        resumed: localized(table, "resumed"),
        disclosure: localized(table, "disclosure"),
        will_tell: localized(table, "will_tell"),
        offer_over: localized(table, "offer_over"),
        agree_first: localized(table, "agree_first"),
    }
}

fn faq(table: &DeTable<'_>, buttons: &Buttons<'_>) -> Option<FaqEntry> {
    Some(FaqEntry {
        id: named::<FaqId>(table, "id")?,
        ask: phrases(table, "ask"),
        keywords: phrases(table, "keywords"),
        title: localized(table, "title"),
        answer: localized(table, "answer"),
        image: checked(table, "image", values::url),
        buttons: buttons.of(table)?,
        cards: buttons.cards(table)?,
        quick_replies: buttons.named(table, "quick_replies")?,
        also: forms::also(buttons.file, table),
    })
}

fn topic(table: &DeTable<'_>) -> Option<Topic> {
    Some(Topic {
        id: named::<TopicId>(table, "id")?,
        title: localized(table, "title"),
        image: checked(table, "image", values::url),
        promise: schedule::read_promise(text(get(table, "promise")?)?.0)?,
        dates: days(table),
        coupon: named::<CouponId>(table, "coupon"),
    })
}

/// The days that a topic names, in order.
fn days(table: &DeTable<'_>) -> Vec<jiff::civil::Date> {
    let dates = get(table, "dates").map(read::list).unwrap_or_default();
    let mut dates: Vec<_> = dates.into_iter().filter_map(read::date).collect();
    dates.sort_unstable();
    dates.dedup();
    dates
}

fn privacy(table: &DeTable<'_>) -> Option<Privacy> {
    Some(Privacy {
        controller: checked(table, "controller", values::name)?,
        contact: checked(table, "contact", values::name)?,
        legal_basis: text(get(table, "legal_basis")?)?.0.to_owned(),
        keep_receipts_months: number(table, "keep_receipts_months", 0)?,
    })
}

fn sending(table: &DeTable<'_>) -> Sending {
    let usual = Sending::default();
    let quiet = get(table, "quiet_hours").and_then(text).and_then(|(t, _)| values::quiet(t).ok());
    Sending {
        quiet: quiet.unwrap_or(usual.quiet),
        most_per_day: number(table, "most_per_day", i64::from(usual.most_per_day))
            .unwrap_or(usual.most_per_day),
        per_second: number(table, "per_second", i64::from(usual.per_second))
            .unwrap_or(usual.per_second),
    }
}

fn hosting(file: &DeTable<'_>) -> Hosting {
    let empty = DeTable::new();
    let table = read::table(file, "cloudflare").unwrap_or(&empty);
    let people = |name: &str| get(table, name).and_then(read::number);
    let people = |name: &str| people(name).and_then(|n| u32::try_from(n).ok());
    let desks = read::tables(file, "page").into_iter().map(|(page, _)| {
        let shards = get(page, "shards").and_then(read::number).unwrap_or(1);
        u32::try_from(shards).unwrap_or(1).clamp(1, MOST_SHARDS)
    });
    Hosting {
        plan: match get(table, "plan").and_then(text) {
            Some(("paid", _)) => Plan::Paid,
            _ => Plan::Free,
        },
        desks: desks.fold(0, u32::saturating_add).max(1),
        subscribers: people("subscribers"),
        messages_a_day: people("messages_a_day"),
    }
}

fn assistant(file: &DeTable<'_>, page_table: &DeTable<'_>, page: &Page) -> Option<Assistant> {
    let empty = DeTable::new();
    let table = read::table(file, "assistant").unwrap_or(&empty);
    let switch = |name: &str| flag(page_table, name).or_else(|| flag(table, name));
    let list = |name: &str| get(table, name).map(words).unwrap_or_default();
    Some(Assistant {
        messenger: switch("messenger").unwrap_or(true),
        instagram: switch("instagram").unwrap_or(page.instagram_id.is_some()),
        pause_hours: number(table, "pause_hours", PAUSE_HOURS)?,
        fallback_every_hours: number(table, "fallback_every_hours", FALLBACK_HOURS)?,
        eagerness: match get(table, "matching").and_then(text) {
            Some(("cautious", _)) => Eagerness::Cautious,
            Some(("eager", _)) => Eagerness::Eager,
            _ => Eagerness::Normal,
        },
        menu: list("menu").into_iter().filter_map(|id| FaqId::new(id).ok()).collect(),
        stop_words: list("stop_words"),
        human_words: list("human_words"),
        delete_words: list("delete_words"),
        keep_misses_days: get(table, "keep_misses_days")
            .and_then(read::number)
            .and_then(|days| u16::try_from(days).ok()),
    })
}

/// Items that the menu is made of when the owner wrote none: these, and a person.
const MENU_DEFAULTS: usize = 4;

/// What people see before anybody has said a word: the owner's, else made of the menu.
fn profile(
    file: &DeTable<'_>,
    buttons: &Buttons<'_>,
    faq: &[FaqEntry],
    offered: &[FaqId],
    has_posters: bool,
) -> Option<PageProfile> {
    let empty = DeTable::new();
    let table = read::table(file, "profile").unwrap_or(&empty);
    let written = |name: &str| get(table, name).is_some();
    let entries: Vec<&FaqEntry> =
        offered.iter().filter_map(|id| faq.iter().find(|entry| entry.id == *id)).collect();
    let ice_breaker = |table: &DeTable<'_>| {
        let LinkButton { action, also, .. } = buttons.button(table)?;
        Some(IceBreaker { question: localized(table, "question"), action, also })
    };
    let command = |table: &DeTable<'_>| {
        let LinkButton { action, also, .. } = buttons.button(table)?;
        Some(SlashCommand {
            name: text(get(table, "name")?)?.0.to_owned(),
            description: localized(table, "description"),
            action,
            also,
        })
    };
    let ice_breakers: Vec<IceBreaker> = if written("ice_breaker") {
        all(table, "ice_breaker", ice_breaker)?
    } else if has_posters {
        // They would take the place of Get Started, which brings the poster's ref.
        Vec::new()
    } else {
        entries
            .iter()
            .take(limits::ICE_BREAKERS)
            .filter_map(|entry| first_question(entry))
            .collect()
    };
    let human = buttons.titled(ButtonAction::Human);
    let menu = if written("menu") {
        buttons.named(table, "menu")?
    } else if entries.is_empty() {
        Vec::new()
    } else {
        let entry = |entry: &&FaqEntry| buttons.titled(ButtonAction::Faq(entry.id.clone()));
        entries.iter().take(MENU_DEFAULTS).map(entry).chain([human]).collect()
    };
    let commands = if written("command") {
        all(table, "command", command)?
    } else {
        entries.iter().filter_map(|entry| default_command(entry)).collect()
    };
    Some(PageProfile {
        greeting: localized(table, "greeting"),
        get_started: flag(table, "get_started").unwrap_or(true),
        ice_breakers,
        menu,
        commands,
    })
}

/// The first way to ask for an entry in each language, where it fits.
fn first_question(entry: &FaqEntry) -> Option<IceBreaker> {
    let fits = |question: &&String| units(question) <= limits::ICE_BREAKER_QUESTION;
    let question: BTreeMap<Lang, String> = entry
        .ask
        .iter()
        .filter_map(|(lang, ask)| Some((lang.clone(), ask.iter().find(fits)?.clone())))
        .collect();
    let action = ButtonAction::Faq(entry.id.clone());
    let also = Also::default();
    (!question.is_empty()).then_some(IceBreaker { question: Localized(question), action, also })
}

/// An entry by its own name, where that can be a command's.
fn default_command(entry: &FaqEntry) -> Option<SlashCommand> {
    let name = entry.id.as_str();
    rules::is_command(name).then(|| SlashCommand {
        name: name.to_owned(),
        description: entry.title.clone(),
        action: ButtonAction::Faq(entry.id.clone()),
        also: Also::default(),
    })
}

fn handoff(table: &DeTable<'_>) -> Handoff {
    let usual = Handoff::default();
    let sign = checked(table, "resume_sign", values::name);
    Handoff {
        misses: number(table, "misses", i64::from(usual.misses)).unwrap_or(usual.misses),
        on_anger: flag(table, "on_anger").unwrap_or(usual.on_anger),
        angry: phrases(table, "angry"),
        notify: named::<Psid>(table, "notify"),
        webhook: checked(table, "webhook", values::url),
        with_text: flag(table, "with_text").unwrap_or(usual.with_text),
        pass_thread: flag(table, "pass_thread").unwrap_or(usual.pass_thread),
        resume_sign: sign,
        disclosure: flag(table, "disclosure"),
    }
}

fn delicate(table: &DeTable<'_>) -> Option<Delicate> {
    Some(Delicate { name: checked(table, "name", values::name)?, words: phrases(table, "words") })
}

fn agent(table: &DeTable<'_>) -> Option<Agent> {
    Some(Agent {
        name: checked(table, "name", values::name)?,
        words: phrases(table, "words"),
        hours: read::table(table, "hours").map(hours),
        notify: named::<Psid>(table, "notify"),
        webhook: checked(table, "webhook", values::url),
    })
}

/// What buttons borrow their titles from.
pub(super) struct Buttons<'t> {
    file: &'t DeTable<'t>,
    languages: &'t [Lang],
    texts: &'t Texts,
}

impl Buttons<'_> {
    pub(super) fn of(&self, table: &DeTable<'_>) -> Option<Vec<LinkButton>> {
        self.named(table, "buttons")
    }

    pub(super) fn named(&self, table: &DeTable<'_>, name: &str) -> Option<Vec<LinkButton>> {
        let all = read::tables(table, name).into_iter();
        all.map(|(button, _)| self.button(button)).collect()
    }

    pub(super) fn cards(&self, table: &DeTable<'_>) -> Option<Vec<RichCard>> {
        let card = |card: &DeTable<'_>| {
            Some(RichCard {
                title: localized(card, "title"),
                subtitle: localized(card, "subtitle"),
                image: checked(card, "image", values::url),
                buttons: self.of(card)?,
            })
        };
        read::tables(table, "card").into_iter().map(|(table, _)| card(table)).collect()
    }

    fn button(&self, table: &DeTable<'_>) -> Option<LinkButton> {
        let action = if let Some(url) = checked(table, "url", values::url) {
            ButtonAction::Url(url)
        } else if let Some(phone) = checked(table, "phone", values::phone) {
            ButtonAction::Phone(phone)
        } else if let Some(faq) = named::<FaqId>(table, "faq") {
            ButtonAction::Faq(faq)
        } else if let Some(topic) = named::<TopicId>(table, "topic") {
            ButtonAction::Topic(topic)
        } else if let Some(form) = named::<FormId>(table, "form") {
            ButtonAction::Form(form)
        } else if let Some(offer) = named::<OfferId>(table, "remind") {
            ButtonAction::Remind(offer)
        } else if flag(table, "share") == Some(true) {
            ButtonAction::Share
        } else {
            flag(table, "human").filter(|yes| *yes).map(|_| ButtonAction::Human)?
        };
        let own = localized(table, "title");
        let title = if own.is_empty() { self.borrowed_title(&action) } else { own };
        Some(LinkButton { title, action, also: forms::left_by_tap(self.file, table) })
    }

    /// A button that is called like what it leads to.
    fn titled(&self, action: ButtonAction) -> LinkButton {
        LinkButton { title: self.borrowed_title(&action), action, also: Also::default() }
    }

    fn borrowed_title(&self, action: &ButtonAction) -> Localized {
        let of = |name: &str, id: &str| {
            let is = |t: &DeTable<'_>| get(t, "id").and_then(text).is_some_and(|(i, _)| i == id);
            let found = read::tables(self.file, name).into_iter().find(|(table, _)| is(table));
            found.map(|(table, _)| localized(table, "title")).unwrap_or_default()
        };
        let mut title = match action {
            ButtonAction::Url(_) | ButtonAction::Phone(_) => Localized::default(),
            ButtonAction::Faq(id) => of("faq", id.as_str()),
            ButtonAction::Topic(id) => of("topic", id.as_str()),
            ButtonAction::Form(id) => of("form", id.as_str()),
            ButtonAction::Remind(id) => of("offer", id.as_str()),
            ButtonAction::Share => {
                let word = |l: &Lang| (l.clone(), lang::language(l).friends.button.to_owned());
                Localized(self.languages.iter().map(word).collect())
            }
            ButtonAction::Human => {
                let word = |l: &Lang| {
                    let own = self.texts.human_button.speak(l);
                    own.map_or(lang::language(l).texts.human_button, |own| own).to_owned()
                };
                Localized(self.languages.iter().map(|l| (l.clone(), word(l))).collect())
            }
        };
        title.0.values_mut().for_each(cut);
        title
    }
}

/// Cuts a title to what fits on a button.
fn cut(title: &mut String) {
    if units(title) > TITLE_LIMIT {
        while units(title) >= TITLE_LIMIT {
            title.pop();
        }
        title.truncate(title.trim_end().len());
        title.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_cut_between_characters() {
        let mut title = "Pietūs kiekvieną penktadienį".to_owned();
        cut(&mut title);
        assert_eq!(title, "Pietūs kiekvieną pe…");
        let mut fits = "x".repeat(TITLE_LIMIT);
        cut(&mut fits);
        assert_eq!(fits.len(), TITLE_LIMIT);
        let mut emoji = "🍲".repeat(11);
        cut(&mut emoji);
        assert!(units(&emoji) <= TITLE_LIMIT);
    }
}
