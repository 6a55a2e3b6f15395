//! The native ground: one Page's Desk on the pure core, in memory, with the sandbox's Meta in the
//! same process. It does what the Worker does around the core, and knows none of its features:
//! events go in, Graph bodies come out.

use std::collections::{HashMap, VecDeque};

use axum::http::Method;

use super::ground::{Door, Ground, GroundError, Moment, Outcome, PACE_MS, Said, Thread};
use crate::cli::publish::Bundle;
use crate::cli::sandbox::{
    Act, Call, Fault, How, NewPerson, SandboxConfig, StillMeta, pages_of, posters_of,
};
use crate::desk::coupons::giving;
use crate::desk::decide::{Context, Decision, Host, decide};
use crate::desk::form::reminders;
use crate::desk::profile::{self, Stranger};
use crate::desk::sending::{self, Via};
use crate::desk::{comments, deletion, inbox, person};
use crate::entry::door::Why;
use crate::entry::keys::Keys;
use crate::entry::pages;
use crate::faq::Model;
use crate::meta::event::{Channel, Event};
use crate::meta::graph_error::{Reply, Verdict, judge, judge_made};
use crate::meta::ids::{AppId, PosterCode, Psid};
use crate::meta::parse;
use crate::meta::profile::{Fields, Told, fields, read};
use crate::meta::send::public_edge;
use crate::outreach::receipt::Book;
use crate::outreach::{planner, subscription};
use crate::shop::model::{Lang, Shop};
use crate::store::native::Sqlite;
use crate::store::outbox::{self, Claimed, Room};
use crate::store::timers::{self, Timer};
use crate::store::{
    StoreError, bookings, counters, deletions, kv_queue, ledger, parked, people, runs, schema,
    seen, waiting,
};
use crate::time::{DAY, MINUTE, SECOND, UnixMs};

/// As many at a time as the Worker sends.
const ROOM: Room = Room { messages: 6, notifications: 4, comments: 1 };

/// Webhooks that one act may lead to before it counts as an endless exchange.
const MOST_WEBHOOKS: u32 = 10_000;

/// One Page's Desk, and Meta.
pub struct Core {
    meta: StillMeta,
    shop: Shop,
    faq: Option<Model>,
    keys: Keys,
    app: AppId,
    sql: Sqlite,
    kv: HashMap<String, String>,
    now: UnixMs,
    alarm: Option<UnixMs>,
    /// How far apart the cron trigger's ticks are, in ms.
    tick_ms: i64,
    /// The last call that was handed out.
    last_call: u64,
    /// Where a Worker would answer.
    address: Option<String>,
    why: Option<Vec<Decision>>,
}

impl Core {
    /// Opens the first Page of a shop at a moment.
    ///
    /// # Errors
    /// [`GroundError`] when the shop cannot be used.
    pub fn open(bundle: Bundle, now: UnixMs) -> Result<Self, GroundError> {
        let broken = |why: &dyn std::fmt::Display| GroundError(why.to_string());
        let pages = pages_of(&bundle.shops);
        let token = |page: &crate::cli::sandbox::SandboxPage| (page.id.clone(), page.id.clone());
        let config = SandboxConfig {
            page_tokens: pages.iter().map(token).collect(),
            posters: posters_of(&bundle.shops),
            pages,
            ..SandboxConfig::example()
        };
        let shop = bundle.shops.into_iter().next().ok_or_else(|| broken(&"no [[page]]"))?;
        let faq = bundle.model.map(|(_, bytes)| Model::load(bytes)).transpose();
        let sql = Sqlite::in_memory().map_err(|error| broken(&error))?;
        schema::migrate(&sql).map_err(|error| broken(&error))?;
        // A terminal has no chance: the codes of coupons are the same each time.
        giving::prepare(&sql, &shop, [0; 16], None).map_err(|error| broken(&error))?;
        Ok(Self {
            faq: faq.map_err(|error| broken(&error))?,
            app: AppId(config.app_id.clone()),
            meta: StillMeta::new(config, now.get()),
            keys: Keys::new("a signing key that never leaves this process", None),
            sql,
            kv: HashMap::new(),
            now,
            alarm: None,
            tick_ms: MINUTE,
            last_call: 0,
            address: None,
            why: None,
            shop,
        })
    }

    /// The shop.
    #[must_use]
    pub fn shop(&self) -> &Shop {
        &self.shop
    }

    /// Its trained FAQ.
    #[must_use]
    pub fn faq(&self) -> Option<&Model> {
        self.faq.as_ref()
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> UnixMs {
        self.now
    }

    /// Lets the cron trigger fire less often than every minute, as on a bad day of Cloudflare's.
    pub fn tick_every(&mut self, ms: i64) {
        self.tick_ms = ms.max(MINUTE);
    }

    /// From now on messages lead to this address, as a Worker's do to its own.
    pub fn answers_at(&mut self, address: &str) {
        self.address = Some(address.to_owned());
        // It stands in messages that bring coupons; without it they say the code alone.
        let _noted = giving::prepare(&self.sql, &self.shop, [0; 16], Some(address));
    }

    /// From now on every decision is kept for [`Core::decisions`].
    pub fn explain(&mut self) {
        self.why.get_or_insert_default();
    }

    /// The decisions since the last call.
    pub fn decisions(&mut self) -> Vec<Decision> {
        self.why.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// What the Desk knows of a person.
    ///
    /// # Errors
    /// [`GroundError`].
    pub fn known(&self, psid: &str) -> Result<Option<person::Person>, GroundError> {
        let Ok(id) = Psid::new(psid) else { return Ok(None) };
        let of = |channel| people::load(&self.sql, channel, &id);
        Ok(match of(Channel::Messenger)? {
            Some(person) => Some(person),
            None => of(Channel::Instagram)?,
        })
    }

    /// Lets a person be known to speak a language of the shop.
    ///
    /// # Errors
    /// [`GroundError`].
    pub fn speaks(&mut self, psid: &str, lang: &Lang) -> Result<(), GroundError> {
        let id = Psid::new(psid).map_err(|error| GroundError(error.to_string()))?;
        let person = self.known(psid)?.unwrap_or_else(|| person::Person::new(self.now));
        let person = person::Person { language: Some(lang.clone()), ..person };
        Ok(people::save(&self.sql, Channel::Messenger, &id, &person)?)
    }

    /// Delivers webhooks, and what follows from them: replies, and their echoes.
    fn deliver(&mut self, bodies: Vec<String>) -> Result<(), GroundError> {
        let mut waiting: VecDeque<String> = bodies.into();
        for _ in 0..MOST_WEBHOOKS {
            let Some(body) = waiting.pop_front() else { return Ok(()) };
            let events = parse::parse(body.as_bytes()).map_err(|e| GroundError(e.to_string()))?;
            let ours: Vec<Event> = events.into_iter().filter(|e| self.is_ours(e)).collect();
            if let Some(mut why) = self.why.take() {
                for event in &ours {
                    let known = match &event.person {
                        Some(id) => people::load(&self.sql, event.channel, id)?,
                        None => None,
                    };
                    let diary = bookings::ahead(&self.sql, self.now)?;
                    let issued = giving::issued(&self.sql, self.context())?;
                    let context = Context { diary: &diary, coupons: &issued, ..self.context() };
                    why.push(decide(context, known, event, self.now));
                }
                self.why = Some(why);
            }
            let taken =
                inbox::take_and_claim(&self.sql, self.context(), &ours, ROOM.messages, self.now)?;
            profile::hold(&self.sql, &taken.report.strangers, self.now)?;
            for stranger in &taken.report.strangers {
                self.ask(stranger)?;
            }
            for (claimed, via) in &taken.leaving {
                self.send(claimed, via)?;
            }
            self.send_due()?;
            self.pause_between_bubbles()?;
            waiting.extend(self.meta.told());
        }
        Err(GroundError("webhooks and answers follow each other without an end".to_owned()))
    }

    /// Asks Meta who somebody is. A Page that may not speak asks nothing.
    fn ask(&mut self, stranger: &Stranger) -> Result<(), GroundError> {
        if sending::page_hold(&self.sql)?.is_some_and(|hold| hold.until > self.now) {
            return Ok(());
        }
        let mut told = Told::Later;
        for asked in [Fields::All, Fields::Names] {
            let path =
                format!("v26.0/{}?fields={}", stranger.person, fields(stranger.channel, asked));
            let page = self.shop.page.id.as_str();
            told = match self.meta.graph(page, &Method::GET, &path, &[]) {
                Some((status, body)) => {
                    let reply = Reply { status, retry_after_s: None, body: body.as_bytes() };
                    read(&reply, stranger.channel, asked)
                }
                None => Told::Later,
            };
            if told != Told::FewerFields {
                break;
            }
        }
        Ok(profile::settle(&self.sql, stranger, told, self.now)?)
    }

    /// Lets the moments between the bubbles of an answer pass, so that it is one in the transcript.
    fn pause_between_bubbles(&mut self) -> Result<(), GroundError> {
        loop {
            let near = waiting::near(&self.sql, self.now, self.now.plus(MINUTE))?;
            let Some(due) = near.first().map(|near| near.due_at) else { return Ok(()) };
            self.set_now(due);
            self.send_due()?;
        }
    }

    fn is_ours(&self, event: &Event) -> bool {
        match event.channel {
            Channel::Messenger => event.account.as_str() == self.shop.page.id.as_str(),
            Channel::Instagram => self.shop.page.instagram_id.as_ref() == Some(&event.account),
        }
    }

    fn context(&self) -> Context<'_> {
        Context {
            shop: &self.shop,
            faq: self.faq.as_ref(),
            keys: &self.keys,
            app: Some(&self.app),
            diary: &[],
            coupons: &[],
            host: Host { public_url: self.address.as_deref(), ..Host::default() },
        }
    }

    /// Sends what is due and writes to KV what is owed, as the Worker does after every delivery.
    fn send_due(&mut self) -> Result<(), GroundError> {
        loop {
            let claimed = sending::claim(&self.sql, &self.shop, ROOM, self.now)?;
            if claimed.is_empty() {
                break;
            }
            for (claimed, via) in claimed {
                self.send(&claimed, &via)?;
            }
        }
        let ahead = timers::look_ahead(&self.sql, self.now)?;
        if let Some(due) = ahead.drain {
            let soonest = self.now.plus(SECOND);
            let held = sending::page_hold(&self.sql)?.map_or(soonest, |hold| hold.until);
            timers::set(&self.sql, Timer::Drain, due.max(soonest).max(held))?;
        }
        for owed in kv_queue::due(&self.sql, self.now, u32::MAX)? {
            match &owed.value {
                Some(value) => self.kv.insert(owed.key.clone(), value.clone()),
                None => self.kv.remove(&owed.key),
            };
            kv_queue::settle(&self.sql, &owed, true, self.now)?;
        }
        self.end_deletions()?;
        self.note_alarm();
        Ok(())
    }

    /// Searches KV for what the Desk does not know of, and ends deletions that owe nothing more.
    fn end_deletions(&self) -> Result<(), StoreError> {
        let page = &self.shop.page.id;
        for one in deletions::open(&self.sql)?.iter().filter(|one| !one.swept) {
            let prefix = deletion::kv_prefix(page, &one.person);
            let names = self.kv.keys().filter(|name| name.starts_with(&prefix));
            let names: Vec<String> = names.cloned().collect();
            deletion::swept(&self.sql, one, page, &names, self.now)?;
        }
        deletion::settle(&self.sql, page, self.now).map(|_| ())
    }

    fn send(&mut self, claimed: &Claimed, via: &Via) -> Result<(), GroundError> {
        let page = &self.shop.page.id;
        let book = Book { page, seed: [0; 16] };
        if let Via::Token { consent, .. } = via {
            let value = self.kv.get(&subscription::key(page, consent)).map(String::as_str);
            if subscription::stopped_in_kv(value, consent) {
                sending::stopped_in_kv(&self.sql, &book, claimed, via, self.now)?;
                return Ok(());
            }
        }
        let body = sending::body(claimed, via);
        let public = *via == Via::Public;
        let path = if public {
            format!("v26.0/{}/{}", claimed.person, public_edge(claimed.channel))
        } else {
            format!("v26.0/{page}/messages")
        };
        let answer = self.meta.graph(page.as_str(), &Method::POST, &path, body.as_bytes());
        let verdict: Option<Verdict> = answer.map(|(status, body)| {
            let reply = Reply { status, retry_after_s: None, body: body.as_bytes() };
            if public { judge_made(&reply) } else { judge(&reply) }
        });
        sending::settle(&self.sql, &book, claimed, via, verdict.as_ref(), self.now)?;
        comments::heard(&self.sql, self.context(), claimed, verdict.as_ref(), self.now)?;
        Ok(())
    }

    fn note_alarm(&mut self) {
        let asked = self.sql.take_alarm();
        self.alarm = [self.alarm, asked].into_iter().flatten().min();
    }

    /// The cron trigger.
    fn tick(&mut self) -> Result<(), GroundError> {
        sending::recover(&self.sql, false, self.now)?;
        planner::tick(&self.sql, &self.shop, self.now)?;
        reminders::remind(&self.sql, &self.shop, self.now)?;
        inbox::unpark(&self.sql, self.context(), self.now)?;
        timers::set(&self.sql, Timer::Prune, self.now.plus(DAY))?;
        self.send_due()?;
        self.hear_echoes()
    }

    /// The Desk's alarm.
    fn wake(&mut self) -> Result<(), GroundError> {
        self.alarm = None;
        let due = timers::take_due(&self.sql, self.now)?;
        sending::recover(&self.sql, false, self.now)?;
        if due.contains(&Timer::Prune) {
            self.prune()?;
        }
        let shop_is_needed = [Timer::Plan, Timer::Unpark, Timer::Remind];
        if shop_is_needed.iter().any(|timer| due.contains(timer)) {
            planner::go_on(&self.sql, &self.shop, self.now)?;
            reminders::remind(&self.sql, &self.shop, self.now)?;
            inbox::unpark(&self.sql, self.context(), self.now)?;
        }
        self.send_due()?;
        timers::done(&self.sql, &due)?;
        // What was taken up is done: only what stands in the tables counts from here on.
        let _taken = self.sql.take_alarm();
        self.alarm = None;
        timers::rearm(&self.sql)?;
        self.note_alarm();
        self.hear_echoes()
    }

    fn prune(&self) -> Result<(), StoreError> {
        seen::prune(&self.sql, self.now)?;
        outbox::prune(&self.sql, self.now)?;
        parked::prune(&self.sql, self.now)?;
        ledger::prune(&self.sql, self.now)?;
        runs::prune(&self.sql, self.now)?;
        counters::prune(&self.sql, self.now)?;
        bookings::prune(&self.sql, self.now)?;
        deletion::prune(&self.sql, self.now)?;
        timers::set(&self.sql, Timer::Prune, self.now.plus(DAY))
    }

    fn hear_echoes(&mut self) -> Result<(), GroundError> {
        let told = self.meta.told();
        self.deliver(told)
    }

    /// What the alarm brings within so long still belongs to what was done: a bundle's clock runs
    /// on while it is waited for.
    fn let_pass(&mut self, ms: i64) -> Result<(), GroundError> {
        let past = self.now.get().checked_rem_euclid(self.tick_ms).unwrap_or(0);
        let tick = self.now.plus(self.tick_ms.saturating_sub(past));
        let end = self.now.plus(ms).min(tick);
        while let Some(alarm) = self.alarm.filter(|alarm| *alarm < end) {
            self.set_now(alarm.max(self.now.plus(1)));
            self.wake()?;
        }
        Ok(())
    }

    fn set_now(&mut self, now: UnixMs) {
        self.now = now;
        self.meta.set_clock(now.get());
    }

    fn seen(&mut self) -> Result<Moment, GroundError> {
        let calls = self.meta.calls_after(self.last_call);
        self.last_call = calls.last().map_or(self.last_call, |call| call.n);
        Ok(Moment { at: self.now, calls, outcomes: self.outcomes()? })
    }

    fn outcomes(&self) -> Result<Vec<Outcome>, GroundError> {
        let lines = ledger::report(&self.sql, self.now.plus(-7 * DAY))?;
        let outcome = |line: ledger::Line| Outcome {
            notification: line.notification,
            period: line.period,
            outcome: line.outcome,
            reason: line.reason,
            people: line.people,
        };
        Ok(lines.into_iter().map(outcome).collect())
    }
}

impl From<StoreError> for GroundError {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

impl Ground for Core {
    fn person(&mut self, newcomer: NewPerson) -> Result<String, GroundError> {
        let page = self.shop.page.id.to_string();
        Ok(self.meta.person(NewPerson { page: Some(page), ..newcomer }))
    }

    fn act(&mut self, psid: &str, act: Act, how: How) -> Result<Moment, GroundError> {
        let bodies =
            self.meta.act(psid, act, how).map_err(|error| GroundError(error.to_string()))?;
        self.deliver(bodies)?;
        let began = self.now;
        self.let_pass(PACE_MS)?;
        Ok(Moment { at: began, ..self.seen()? })
    }

    fn scan(&mut self, psid: &str, code: &str) -> Result<(Door, Moment), GroundError> {
        let found = PosterCode::new(code).ok().and_then(|code| self.shop.poster(&code));
        let Some(poster) = found.filter(|poster| !poster.revoked) else {
            let why = found.map_or(Why::Unknown, |_| Why::Over);
            let language = pages::choose_language(None, &self.shop.languages);
            let page = pages::fallback_page(Some(&self.shop), &language, why);
            return Ok((Door::Page(page), self.seen()?));
        };
        let referral = self.keys.refs.sign(&self.shop.page.id, &poster.code, self.now);
        let started = self.thread(psid)?.opened_at.is_some();
        let moment = self.act(psid, Act::Referral { referral }, How::default())?;
        Ok((if started { Door::Thread } else { Door::Empty }, moment))
    }

    fn advance(&mut self, to: UnixMs, _stops: &[UnixMs]) -> Result<Vec<Moment>, GroundError> {
        let mut moments = Vec::new();
        let mut before = self.outcomes()?;
        while self.now < to {
            let after = self.now.get();
            let past = after.checked_rem_euclid(self.tick_ms).unwrap_or(0);
            let tick = self.now.plus(self.tick_ms.saturating_sub(past));
            let alarm = self.alarm.map(|alarm| alarm.max(self.now.plus(1)));
            let next = alarm.map_or(tick, |alarm| alarm.min(tick)).min(to);
            self.set_now(next);
            if self.alarm.is_some_and(|alarm| alarm <= next) {
                self.wake()?;
            }
            if next.get().checked_rem_euclid(self.tick_ms) == Some(0) {
                self.tick()?;
            }
            let moment = self.seen()?;
            if !moment.calls.is_empty() || moment.outcomes != before {
                before.clone_from(&moment.outcomes);
                moments.push(moment);
            }
        }
        Ok(moments)
    }

    fn thread(&mut self, psid: &str) -> Result<Thread, GroundError> {
        let person = self.meta.thread(psid);
        let person = person.ok_or_else(|| GroundError(format!("there is no person {psid}")))?;
        let said = |bubble: crate::cli::sandbox::Bubble| Said {
            mid: bubble.mid,
            from: bubble.from.to_owned(),
            message: bubble.message,
        };
        let bubbles = person.thread.into_iter().map(said).collect();
        Ok(Thread { bubbles, opened_at: person.opened_at })
    }

    fn addressee(&mut self, call: &Call) -> Result<Option<String>, GroundError> {
        Ok(call.person.clone().or_else(|| self.meta.addressee(call)))
    }

    fn fault(&mut self, fault: Fault) -> Result<(), GroundError> {
        self.meta.fault(fault);
        Ok(())
    }
}
