//! A simulated world around the core that the Worker runs: a virtual clock, a Graph API that
//! loses, refuses and echoes, and a process that may die between any two calls and goes on with
//! the same SQLite file.

mod talk;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use shopbell::cli::publish::Bundle;
use shopbell::desk::comments;
use shopbell::desk::decide::{Context, Host};
use shopbell::desk::inbox;
use shopbell::desk::payload::{OutboxMark, PrivateMark};
use shopbell::desk::person::Person;
use shopbell::desk::sending::{self, Via};
use shopbell::entry::keys::Keys;
use shopbell::faq::Model;
use shopbell::meta::event::{
    Channel, Echo, Event, EventKind, Lane, Message, NotificationOptin, Optin, OptinStatus,
    Postback, Referral,
};
use shopbell::meta::graph_error::{Reply, Verdict, judge};
use shopbell::meta::ids::{AccountId, AppId, Mid, NotificationToken, Psid, TopicId};
use shopbell::meta::send::Content;
use shopbell::outreach::planner;
use shopbell::outreach::receipt::Book;
use shopbell::shop::model::Shop;
use shopbell::store::native::Sqlite;
use shopbell::store::outbox::{self, Claimed, Class, Room};
use shopbell::store::{Sql, Value, people, schema, waiting};
use shopbell::time::{MINUTE, UnixMs};

pub use self::talk::{Talk, begins, own};

/// A shop with its trained FAQ.
pub struct Open {
    pub shop: Shop,
    pub faq: Option<Model>,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shop.name)
    }
}

fn example(name: &str) -> Open {
    let path = format!("{}/examples/{name}/shop.toml", env!("CARGO_MANIFEST_DIR"));
    compile(&std::fs::read_to_string(path).unwrap())
}

pub fn compile(source: &str) -> Open {
    let compiled = shopbell::shop::source::compile(source);
    assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
    let bundle = Bundle::of(compiled.shops);
    let faq = bundle.model.map(|(_, bytes)| Model::load(bytes).unwrap());
    Open { shop: bundle.shops.into_iter().next().unwrap(), faq }
}

/// The three example shops: Lithuania, Brazil, Taiwan.
pub static SHOPS: LazyLock<Vec<Open>> =
    LazyLock::new(|| ["cafe", "atelier", "tea"].map(example).into_iter().collect());

pub static KEYS: LazyLock<Keys> =
    LazyLock::new(|| Keys::new("0123456789abcdef0123456789abcdef", Some("an older signing key")));

pub const OUR_APP: &str = "1000000000001";

pub fn context(open: &Open) -> Context<'_> {
    static APP: LazyLock<AppId> = LazyLock::new(|| AppId(OUR_APP.to_owned()));
    Context {
        shop: &open.shop,
        faq: open.faq.as_ref(),
        keys: &KEYS,
        app: Some(&APP),
        diary: &[],
        coupons: &[],
        host: Host::default(),
    }
}

pub fn ms(text: &str) -> UnixMs {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

/// A Friday at noon in Vilnius: the café is open.
pub fn friday_noon() -> UnixMs {
    ms("2026-11-20T10:00:00Z")
}

/// A Monday at noon in Vilnius.
pub fn monday_noon() -> UnixMs {
    ms("2026-11-23T10:00:00Z")
}

/// A Tuesday at noon in Vilnius.
pub fn tuesday_noon() -> UnixMs {
    ms("2026-11-24T10:00:00Z")
}

/// A Tuesday at noon in Greenwich.
pub fn tuesday_noon_utc() -> UnixMs {
    ms("2026-11-24T12:00:00Z")
}

pub fn person_id(n: usize) -> Psid {
    Psid::new(format!("70000000000{n}")).unwrap()
}

pub fn topic_id(name: &str) -> TopicId {
    TopicId::new(name).unwrap()
}

/// How many cases a property runs: `SHOPBELL_CORE_CASES` multiplies the default.
pub fn cases(default: u32) -> u32 {
    let times = std::env::var("SHOPBELL_CORE_CASES").ok().and_then(|n| n.parse().ok());
    default.saturating_mul(times.unwrap_or(1))
}

// --- events ---

pub fn event(person: usize, at: UnixMs, kind: EventKind) -> Event {
    Event {
        channel: Channel::Messenger,
        account: AccountId::new("1029384756").unwrap(),
        person: Some(person_id(person)),
        at,
        lane: Lane::Messaging,
        kind,
    }
}

pub fn words_of(mid: &str, text: &str) -> Message {
    Message {
        mid: Some(Mid(mid.to_owned())),
        text: Some(text.to_owned()),
        quick_reply: None,
        reply_to: None,
        attachments: Vec::new(),
        referral: None,
        unsupported: false,
    }
}

pub fn message(person: usize, at: UnixMs, mid: &str, text: &str) -> Event {
    event(person, at, EventKind::Message(words_of(mid, text)))
}

pub fn quick_reply(person: usize, at: UnixMs, mid: &str, title: &str, payload: &str) -> Event {
    let message = Message { quick_reply: Some(payload.to_owned()), ..words_of(mid, title) };
    event(person, at, EventKind::Message(message))
}

/// The yes to the question whether somebody means to be forgotten.
pub fn yes_delete(person: usize, at: UnixMs) -> Event {
    quick_reply(person, at, &format!("yes{}", at.get()), "Yes", "sb:delete")
}

pub fn postback(person: usize, at: UnixMs, payload: &str, referral: Option<&str>) -> Event {
    let referral = referral.map(|ref_| Referral { ref_: Some(ref_.into()), ..Referral::default() });
    let postback = Postback { mid: None, title: None, payload: Some(payload.to_owned()), referral };
    event(person, at, EventKind::Postback(postback))
}

pub fn referral(person: usize, at: UnixMs, ref_: Option<&str>) -> Event {
    let referral = Referral { ref_: ref_.map(str::to_owned), ..Referral::default() };
    event(person, at, EventKind::Referral(referral))
}

pub fn echo(person: usize, at: UnixMs, mid: &str, app: Option<&str>, mark: Option<i64>) -> Event {
    let echo = Echo {
        mid: Some(Mid(mid.to_owned())),
        app_id: app.map(|app| AppId(app.to_owned())),
        metadata: mark.map(|mark| OutboxMark(mark).to_string()),
        text: None,
    };
    event(person, at, EventKind::Echo(echo))
}

pub fn optin(
    person: usize,
    at: UnixMs,
    topic: &str,
    status: OptinStatus,
    token: Option<&str>,
    timezone: Option<&str>,
) -> Event {
    let optin = NotificationOptin {
        payload: Some(format!("sb:optin:{topic}")),
        token: token.map(|token| NotificationToken(token.to_owned())),
        status,
        frequency: None,
        timezone: timezone.map(str::to_owned),
        expires_at: None,
        title: None,
        ref_: None,
    };
    event(person, at, EventKind::Optin(Optin::Notification(optin)))
}

// --- the Graph API ---

/// What the simulated Graph does with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Graph {
    /// Takes it and says so.
    Takes,
    /// The connection broke before anybody read it.
    LostBefore,
    /// It was taken, and the answer was lost.
    LostAfter,
    /// A gateway answered with a page; the message may be taken or not.
    Gateway { taken: bool },
    /// A Graph error: code and subcode.
    Refuses(u32, Option<u32>),
}

impl Graph {
    pub fn takes(self) -> bool {
        matches!(self, Self::Takes | Self::LostAfter | Self::Gateway { taken: true })
    }

    /// Whether nobody can know what became of the message.
    pub fn unknown(self) -> bool {
        matches!(self, Self::LostBefore | Self::LostAfter | Self::Gateway { .. })
    }

    fn verdict(self, id: i64) -> Option<Verdict> {
        let judged = |status, body: String| {
            Some(judge(&Reply { status, retry_after_s: None, body: body.as_bytes() }))
        };
        match self {
            Self::Takes => judged(200, format!(r#"{{"recipient_id":"7","message_id":"m_{id}"}}"#)),
            Self::LostBefore | Self::LostAfter => None,
            Self::Gateway { .. } => judged(502, "<html>Bad gateway</html>".to_owned()),
            Self::Refuses(code, subcode) => {
                let subcode = subcode.map_or("null".to_owned(), |s| s.to_string());
                let error = format!(
                    r#"{{"error":{{"message":"no","code":{code},"error_subcode":{subcode}}}}}"#
                );
                judged(400, error)
            }
        }
    }
}

/// One request that reached Graph.
#[derive(Clone, Debug)]
pub struct Sent {
    pub id: i64,
    pub at: UnixMs,
    pub channel: Channel,
    pub person: Psid,
    pub class: Class,
    pub content: Content,
    pub by_token: Option<NotificationToken>,
    pub graph: Graph,
}

/// A request whose answer is still on its way.
struct Answered {
    claimed: Claimed,
    via: Via,
    verdict: Option<Verdict>,
    /// Already counted among the unknown.
    unknown: bool,
}

// --- the world ---

pub struct World<'a> {
    pub open: &'a Open,
    /// The shop as it is published now; starts as `open.shop`.
    pub shop: Shop,
    pub sql: Sqlite,
    file: Option<PathBuf>,
    pub now: UnixMs,
    claimed: Vec<(Claimed, Via)>,
    answered: Vec<Answered>,
    /// Requests that Graph took, in order.
    pub taken: Vec<Sent>,
    /// How often the outcome of each message was unknown.
    pub unknowns: BTreeMap<i64, u32>,
    /// Every request, taken or not.
    pub requests: Vec<Sent>,
    /// Who wrote which comment.
    pub writers: BTreeMap<String, Psid>,
}

pub const ROOM: Room = Room { messages: 6, notifications: 4, comments: 1 };

impl Drop for World<'_> {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            let _gone = std::fs::remove_file(file);
        }
    }
}

impl<'a> World<'a> {
    pub fn new(open: &'a Open, now: UnixMs) -> Self {
        Self::with(open, now, Sqlite::in_memory().unwrap(), None)
    }

    /// A world whose Desk lies in a file, so that it can die.
    pub fn on_disk(open: &'a Open, now: UnixMs) -> Self {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "shopbell-core-{}-{}.sqlite",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let file = std::env::temp_dir().join(name);
        Self::with(open, now, Sqlite::open(&file).unwrap(), Some(file))
    }

    fn with(open: &'a Open, now: UnixMs, sql: Sqlite, file: Option<PathBuf>) -> Self {
        schema::migrate(&sql).unwrap();
        Self {
            open,
            shop: open.shop.clone(),
            sql,
            file,
            now,
            claimed: Vec::new(),
            answered: Vec::new(),
            taken: Vec::new(),
            unknowns: BTreeMap::new(),
            requests: Vec::new(),
            writers: BTreeMap::new(),
        }
    }

    pub fn context(&self) -> Context<'_> {
        Context { shop: &self.shop, ..context(self.open) }
    }

    pub fn wait(&mut self, ms: i64) {
        self.now = self.now.plus(ms);
    }

    pub fn take(&mut self, events: &[Event]) -> inbox::Report {
        inbox::take(&self.sql, self.context(), events, self.now).unwrap()
    }

    /// As the Worker does: replies that may leave at once are claimed at once.
    pub fn take_and_claim(&mut self, events: &[Event], room: u32) -> inbox::Report {
        let taken =
            inbox::take_and_claim(&self.sql, self.context(), events, room, self.now).unwrap();
        let mut people: Vec<_> =
            taken.leaving.iter().map(|(c, _)| (c.channel, &c.person)).collect();
        people.sort_unstable();
        people.dedup();
        assert_eq!(people.len(), taken.leaving.len(), "one message per person at a time");
        assert!(taken.leaving.len() <= room as usize);
        self.claimed.extend(taken.leaving);
        taken.report
    }

    pub fn person(&self, n: usize) -> Option<Person> {
        people::load(&self.sql, Channel::Messenger, &person_id(n)).unwrap()
    }

    pub fn tick(&self) {
        planner::tick(&self.sql, &self.shop, self.now).unwrap();
    }

    pub fn go_on(&self) {
        planner::go_on(&self.sql, &self.shop, self.now).unwrap();
    }

    pub fn claim(&mut self, room: Room) -> usize {
        let claimed = sending::claim(&self.sql, &self.shop, room, self.now).unwrap();
        let mut people: Vec<_> = claimed.iter().map(|(c, _)| (c.channel, &c.person)).collect();
        people.sort_unstable();
        people.dedup();
        assert_eq!(people.len(), claimed.len(), "one message per person at a time");
        let count = claimed.len();
        self.claimed.extend(claimed);
        count
    }

    pub fn in_flight(&self) -> usize {
        self.claimed.len()
    }

    /// Sends one claimed message; its answer is on its way.
    pub fn send(&mut self, which: usize, graph: Graph) {
        if self.claimed.is_empty() {
            return;
        }
        let (claimed, via) = self.claimed.remove(which % self.claimed.len());
        let by_token = match &via {
            Via::Person(_) | Via::ByHand { .. } | Via::Private | Via::Public => None,
            Via::Token { token, .. } | Via::Paid { token, .. } => Some(token.clone()),
        };
        let sent = Sent {
            id: claimed.id(),
            at: self.now,
            channel: claimed.channel,
            person: claimed.person.clone(),
            class: claimed.class.clone(),
            content: claimed.content.clone(),
            by_token,
            graph,
        };
        if graph.takes() {
            self.taken.push(sent.clone());
        }
        self.requests.push(sent);
        if graph.unknown() {
            *self.unknowns.entry(claimed.id()).or_default() += 1;
        }
        let mut verdict = graph.verdict(claimed.id());
        if let (Some(Verdict::Sent { recipient, .. }), Class::Private) =
            (&mut verdict, &claimed.class)
        {
            *recipient = self.writers.get(claimed.person.as_str()).cloned();
        }
        self.answered.push(Answered { claimed, via, verdict, unknown: graph.unknown() });
    }

    /// One answer comes in.
    pub fn settle(&mut self, which: usize) {
        if self.answered.is_empty() {
            return;
        }
        let Answered { claimed, via, verdict, .. } =
            self.answered.remove(which % self.answered.len());
        let book = Book { page: &self.shop.page.id, seed: [7; 16] };
        sending::settle(&self.sql, &book, &claimed, &via, verdict.as_ref(), self.now).unwrap();
        comments::heard(&self.sql, self.context(), &claimed, verdict.as_ref(), self.now).unwrap();
    }

    /// The process dies and another one goes on with the same tables.
    pub fn crash(&mut self) {
        for (claimed, _) in &self.claimed {
            *self.unknowns.entry(claimed.id()).or_default() += 1;
        }
        for Answered { claimed, unknown, .. } in &self.answered {
            if !unknown {
                *self.unknowns.entry(claimed.id()).or_default() += 1;
            }
        }
        self.claimed.clear();
        self.answered.clear();
        if let Some(file) = &self.file {
            // The old connection is dropped with whatever it had not committed.
            self.sql = Sqlite::open(file).unwrap();
        }
        schema::migrate(&self.sql).unwrap();
        sending::recover(&self.sql, true, self.now).unwrap();
    }

    /// The echo of a message Graph took.
    pub fn echo_of(&mut self, which: usize) {
        if self.taken.is_empty() {
            return;
        }
        let sent = self.taken[which % self.taken.len()].clone();
        if sent.class == Class::Public {
            return;
        }
        let mut echo = echo(0, sent.at, &format!("m_{}", sent.id), Some(OUR_APP), Some(sent.id));
        echo.person = Some(sent.person.clone());
        if sent.class == Class::Private {
            echo.person = self.writers.get(sent.person.as_str()).cloned();
            if let EventKind::Echo(echo) = &mut echo.kind {
                echo.metadata = Some(PrivateMark(sent.id).to_string());
            }
        }
        echo.channel = sent.channel;
        self.take(&[echo]);
    }

    /// Sends until nothing is due; Graph takes everything. Time passes between the bubbles of an
    /// answer.
    pub fn drain(&mut self) {
        loop {
            self.claim(ROOM);
            if self.claimed.is_empty() && self.answered.is_empty() {
                let near = waiting::near(&self.sql, self.now, self.now.plus(MINUTE)).unwrap();
                let Some(next) = near.first() else { return };
                self.now = next.due_at;
                continue;
            }
            while !self.claimed.is_empty() {
                self.send(0, Graph::Takes);
            }
            while !self.answered.is_empty() {
                self.settle(0);
            }
        }
    }

    /// Lets minutes pass, as the cron tick does, until the outbox is empty.
    pub fn come_to_rest(&mut self) {
        for _ in 0..40 {
            self.drain();
            if outbox::backlog(&self.sql).unwrap().open == 0 {
                return;
            }
            self.wait(MINUTE);
            sending::recover(&self.sql, false, self.now).unwrap();
        }
        panic!("the outbox never empties");
    }

    pub fn number(&self, query: &str) -> i64 {
        match self.sql.query(query, &[]).unwrap()[0][0] {
            Value::Int(n) => n,
            _ => 0,
        }
    }

    /// Overwrites what is remembered of everybody.
    pub fn set_body(&self, body: &str) {
        self.sql.execute("UPDATE people SET body = ?1", &[Value::from(body)]).unwrap();
    }

    /// Rows of (number, text, text).
    pub fn sql_rows(&self, query: &str) -> Vec<(i64, String, String)> {
        let text = |value: &Value| value.text().unwrap_or_default().to_owned();
        let rows = self.sql.query(query, &[]).unwrap();
        rows.iter().map(|r| (r[0].int().unwrap(), text(&r[1]), text(&r[2]))).collect()
    }

    /// Everything a query says.
    pub fn rows(&self, query: &str) -> Vec<Vec<Value>> {
        self.sql.query(query, &[]).unwrap()
    }

    pub fn texts(&self, query: &str) -> Vec<String> {
        let rows = self.sql.query(query, &[]).unwrap();
        rows.iter().map(|row| row[0].text().unwrap_or_default().to_owned()).collect()
    }

    pub fn count(&self, name: &str) -> i64 {
        let totals = shopbell::store::counters::totals(&self.sql, 2_000, self.now).unwrap();
        totals.iter().find(|(known, _)| known == name).map_or(0, |(_, n)| *n)
    }

    /// What one person was sent, as short texts, in order.
    pub fn heard(&self, person: usize) -> Vec<String> {
        let id = person_id(person);
        self.taken.iter().filter(|sent| sent.person == id).map(|s| shown(&s.content)).collect()
    }

    /// Takes one event and returns what it made leave.
    pub fn after(&mut self, event: Event) -> Vec<Content> {
        let before = self.taken.len();
        self.take(&[event]);
        self.drain();
        self.taken[before..].iter().map(|sent| sent.content.clone()).collect()
    }
}

/// A content as a short text.
pub fn shown(content: &Content) -> String {
    match content {
        Content::Text { text, .. } => text.clone(),
        Content::Buttons { text, .. } => format!("{text} [buttons]"),
        Content::Cards { cards } => format!("[cards {}]", cards.len()),
        Content::Image { .. } => "[picture]".to_owned(),
        Content::OptIn(request) => format!("[opt-in {}]", request.title),
        Content::Template(filled) => format!("[template {}]", filled.name),
    }
}
