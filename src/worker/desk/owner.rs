//! What the owner asks of a Desk, and has it do: the answers of `/admin/…`, as JSON.

use std::rc::Rc;

use super::{Inner, Name, call, now, paid, reconcile, templates};
use crate::desk::booking::calendar;
use crate::desk::by_hand::{self, Refusal};
use crate::desk::checkup::{round, usage};
use crate::desk::posters::{self, Refusal as NoPoster};
use crate::desk::{alerts, handoff, sending};
use crate::entry::pages;
use crate::outreach::told::Question;
use crate::outreach::{notice, reconcile as readings, told};
use crate::store::{
    Sql, StoreError, bookings, counters, incidents, kv_queue, ledger, misses, outbox, parked,
};
use crate::time::{DAY, HOUR, SECOND, UnixMs};

/// The most questions without an answer that one Desk tells of at once.
const MOST_MISSES: u32 = 1_000;

/// The most bookings that one Desk tells of at once.
const MOST_BOOKINGS: u32 = 2_000;

impl Inner {
    /// For the owner: counts and states, never a text, a name or a token.
    pub(super) async fn status(&self, name: Name) -> Result<String, String> {
        self.be(&name)?;
        let at = now();
        let shop = match self.shop(&name.page).await {
            Ok(published) => serde_json::json!({
                "version": published.shop.version,
                "faq_refused": published.faq_refused,
            }),
            Err(why) => serde_json::json!({ "error": why.to_string() }),
        };
        let read = || -> Result<serde_json::Value, StoreError> {
            let backlog = outbox::backlog(&self.sql)?;
            let (kv_owed, _) = kv_queue::backlog(&self.sql)?;
            let sent: Vec<_> = ledger::report(&self.sql, at.plus(-7 * DAY))?
                .into_iter()
                .map(|line| {
                    serde_json::json!({
                        "notification": line.notification, "period": line.period,
                        "outcome": line.outcome, "reason": line.reason, "people": line.people,
                    })
                })
                .collect();
            let counts: serde_json::Map<_, _> = counters::totals(&self.sql, 7, at)?
                .into_iter()
                .map(|(name, n)| (name, n.into()))
                .collect();
            Ok(serde_json::json!({
                "page": name.page, "shard": name.shard, "shop": shop,
                "outbox": {
                    "open": backlog.open,
                    "in_flight": backlog.in_flight,
                    "oldest_seconds": backlog.oldest.map(|oldest| at.since(oldest).max(0) / 1000),
                    "next_due": backlog.next_due.map(UnixMs::rfc3339),
                },
                "layout": &*self.layout.borrow(),
                "kv_owed": kv_owed,
                "kv_refused_since": kv_queue::refused_since(&self.sql)?.map(UnixMs::rfc3339),
                "today": usage::today(&self.sql, at)?,
                "parked": parked::count(&self.sql)?,
                "alerts": incidents::since(&self.sql, at.plus(-7 * DAY))?
                    .into_iter().map(told::AlertLine::of).collect::<Vec<_>>(),
                "reconciled": readings::last(&self.sql)?,
                "hold": sending::page_hold(&self.sql)?.filter(|hold| hold.until.plus(HOUR) > at),
                "notifications": sent,
                "last_7_days": counts,
            }))
        };
        read().map(|status| status.to_string()).map_err(|error| error.to_string())
    }

    /// What is wrong now, for anybody: names and times.
    pub(super) fn alerts(&self, name: &Name) -> Result<String, String> {
        self.be(name)?;
        let open = alerts::open(&self.sql, now()).map_err(|error| error.to_string())?;
        let open = open.into_iter().map(|incident| {
            serde_json::json!({ "alert": incident.kind, "since": incident.since.rfc3339() })
        });
        let checked = round::checked(&self.sql).map_err(|error| error.to_string())?;
        let checked = checked.filter(|checked| checked.looked_at.is_some()).map(|checked| {
            let names = checked.findings.iter().map(|finding| finding.name());
            serde_json::json!({
                "at": checked.looked_at.map(UnixMs::rfc3339),
                "findings": names.collect::<Vec<_>>(),
            })
        });
        let told = serde_json::json!({ "open": open.collect::<Vec<_>>(), "checked": checked });
        Ok(told.to_string())
    }

    /// For the owner: what the looks found. Begins one at everything, if that is wanted.
    pub(super) fn checkup(&self, ask: &call::Checkup<'_>) -> Result<String, String> {
        self.be(&ask.desk)?;
        let (sql, at) = (&self.sql, now());
        let told = || -> Result<serde_json::Value, StoreError> {
            if ask.begin {
                round::begin(sql, at)?;
            }
            let last_tick = round::last_tick(sql)?;
            Ok(serde_json::json!({
                "page": ask.desk.page,
                "checked": round::checked(sql)?,
                "step": round::on(sql, at)?.map(|round| round.phase),
                "ticked_seconds_ago": last_tick.map(|ticked| at.since(ticked).max(0) / SECOND),
            }))
        };
        told().map(|told| told.to_string()).map_err(|error| error.to_string())
    }

    /// For the owner: consents and notifications.
    pub(super) async fn ask(&self, ask: call::Ask<'_>) -> Result<String, String> {
        self.be(&ask.desk)?;
        let epoch = self.epoch();
        let published = self.shop(&ask.desk.page).await.map_err(|why| why.to_string())?;
        if matches!(*ask.question, Question::Open { .. }) {
            // A run that begins while people are moved would miss some of them.
            self.not_moved(epoch)?;
        }
        told::answer(&self.sql, &published.shop, &ask.question, now())
            .map_err(|error| error.to_string())
    }

    /// Begins a reading of Meta's list, goes on with one, or says how far it is.
    pub(super) async fn reconcile(
        self: &Rc<Self>,
        ask: call::Reconcile<'_>,
    ) -> Result<String, String> {
        self.be(&ask.desk)?;
        let at = now();
        let fail = |error: StoreError| error.to_string();
        let id = match ask.act {
            call::Reading::Begin(mode) => {
                let Some(round) = readings::begin(&self.sql, mode, at).map_err(fail)? else {
                    return Ok("null".to_owned());
                };
                Some(round.id)
            }
            call::Reading::GoOn(id) => Some(id),
            call::Reading::State => None,
        };
        let round = match id {
            Some(id) => {
                reconcile::go_on(self).await?;
                self.deliver_later();
                readings::of(&self.sql, id).map_err(fail)?
            }
            None => match readings::on(&self.sql, at).map_err(fail)? {
                Some(round) => Some(round),
                None => readings::last(&self.sql).map_err(fail)?,
            },
        };
        serde_json::to_string(&serde_json::json!({ "round": round })).map_err(|e| e.to_string())
    }

    pub(super) async fn resume(
        self: &Rc<Self>,
        resume: call::Resume<'_>,
    ) -> Result<String, String> {
        self.be(&resume.desk)?;
        let epoch = self.epoch();
        let published = self.shop(&resume.desk.page).await.map_err(|e| e.to_string())?;
        self.not_moved(epoch)?;
        handoff::resume(&self.sql, &published.shop, &resume.person, now())
            .map(|resumed| resumed.to_string())
            .map_err(|e| e.to_string())
    }

    /// What the owner does by hand with one person. The text is not read here.
    pub(super) async fn by_hand(
        self: &Rc<Self>,
        order: call::ByHand<'_>,
    ) -> Result<String, String> {
        self.be(&order.desk)?;
        let (sql, person, at) = (&self.sql, &*order.person, now());
        let notes = |notes| serde_json::json!({ "person": person, "notes": notes });
        let done = match order.act {
            call::Act::Reply(text) => {
                let epoch = self.epoch();
                let published = self.shop(&order.desk.page).await.map_err(|e| e.to_string())?;
                self.not_moved(epoch)?;
                let queued = by_hand::reply(sql, &published.shop, person, &text, now());
                self.deliver_later();
                queued.map(|queued| queued.map(|sent| serde_json::json!(sent)))
            }
            call::Act::Notes => by_hand::noted(sql, person).map(|found| found.map(notes)),
            call::Act::Note(text) => {
                by_hand::note(sql, person, &text, at).map(|found| found.map(notes))
            }
            call::Act::Unnote(id) => by_hand::unnote(sql, person, id).map(|found| found.map(notes)),
        };
        let done = match done.map_err(|error| error.to_string())? {
            Ok(body) => call::Done { status: 200, body },
            Err(refusal) => {
                let status = match refusal {
                    Refusal::Unknown => 404,
                    Refusal::TooLate => 409,
                    Refusal::Unfit(_) | Refusal::Note => 400,
                };
                call::Done { status, body: serde_json::json!({ "error": refusal.to_string() }) }
            }
        };
        serde_json::to_string(&done).map_err(|error| error.to_string())
    }

    /// For the owner who switched it on: the questions that found no answer, redacted.
    pub(super) async fn misses(&self, name: Name) -> Result<String, String> {
        self.be(&name)?;
        let published = self.shop(&name.page).await.map_err(|why| why.to_string())?;
        let days = published.shop.assistant.keep_misses_days;
        let missed = match days {
            Some(days) => misses::list(&self.sql, days, MOST_MISSES, now()),
            None => Ok(Vec::new()),
        };
        let missed = missed.map_err(|error| error.to_string())?;
        Ok(serde_json::json!({
            "page": name.page, "shard": name.shard, "keep_days": days, "misses": missed,
        })
        .to_string())
    }

    /// Tells the owner something about somebody, whom another Desk knows.
    pub(super) fn notice(self: &Rc<Self>, notice: &call::Notice<'_>) -> Result<String, String> {
        self.be(&notice.desk)?;
        let about = (notice.channel, &*notice.about);
        let told = self.sql.transaction(|| {
            handoff::write_to(&self.sql, &notice.owner, &notice.text, about, now())
        });
        let told = told.map_err(|error: StoreError| error.to_string())?;
        if told {
            self.deliver_later();
        }
        Ok(told.to_string())
    }

    /// For the owner: who comes when.
    pub(super) fn bookings(&self, name: Name) -> Result<String, String> {
        self.be(&name)?;
        let found = bookings::list(&self.sql, now(), MOST_BOOKINGS).map_err(|e| e.to_string())?;
        Ok(serde_json::json!({ "page": name.page, "bookings": found }).to_string())
    }

    /// One booking, as a calendar takes it.
    pub(super) async fn booking(&self, booking: &call::Booking<'_>) -> Result<String, String> {
        self.be(&booking.desk)?;
        let found = bookings::by_code(&self.sql, &booking.code).map_err(|e| e.to_string())?;
        let Some((claim, cancelled)) = found else { return Ok(String::new()) };
        let published = self.shop(&booking.desk.page).await.map_err(|why| why.to_string())?;
        let shop = &published.shop;
        let lang = pages::choose_language(Some(&booking.language), &shop.languages);
        Ok(calendar::entry(shop, &lang, &claim, cancelled, now()))
    }

    /// What the owner does with posters.
    pub(super) async fn posters(
        self: &Rc<Self>,
        posters: call::Posters<'_>,
    ) -> Result<String, String> {
        self.be(&posters.desk)?;
        let published = self.shop(&posters.desk.page).await.map_err(|why| why.to_string())?;
        let (shop, plain) = (&published.shop, &published.replaced);
        let order = posters.order.into_owned();
        let done = posters::carry_out(&self.sql, shop, plain, order, now());
        let done = match done.map_err(|error| error.to_string())? {
            Ok(body) => {
                self.deliver_later();
                call::Done { status: 200, body }
            }
            Err(refusal) => {
                let status = match refusal {
                    NoPoster::Unknown(_) => 404,
                    NoPoster::Taken(_) | NoPoster::TooMany => 409,
                    NoPoster::Field(_) | NoPoster::Value { .. } => 400,
                };
                call::Done { status, body: serde_json::json!({ "error": refusal.to_string() }) }
            }
        };
        serde_json::to_string(&done).map_err(|error| error.to_string())
    }

    /// For the owner: what is paid, what Meta has approved, and what somebody waits for.
    pub(super) async fn owner(self: &Rc<Self>, owner: call::Owner<'_>) -> Result<String, String> {
        self.be(&owner.desk)?;
        let epoch = self.epoch();
        let published = self.shop(&owner.desk.page).await.map_err(|why| why.to_string())?;
        let shop = &published.shop;
        let mut status = 200;
        let body = match owner.act {
            call::OwnerAct::Prove => paid::prove(self, shop).await?,
            call::OwnerAct::Marketing => paid::status(self, shop)?,
            call::OwnerAct::Templates => templates::status(self, shop)?,
            call::OwnerAct::HandIn => templates::hand_in(self, &owner.desk, shop).await?,
            call::OwnerAct::Look => {
                templates::look(self, &owner.desk).await?;
                templates::status(self, shop)?
            }
            call::OwnerAct::Tell { person, order } => {
                self.not_moved(epoch)?;
                let told = notice::order(&self.sql, shop, &person, &order, now())
                    .map_err(|error| error.to_string())?;
                self.deliver_later();
                match told {
                    Ok(queued) => serde_json::json!(queued),
                    Err(why) => {
                        status = match why {
                            notice::Refusal::NoTemplate | notice::Refusal::Unknown => 404,
                            notice::Refusal::Before(_) | notice::Refusal::Held(_) => 409,
                            notice::Refusal::BadKey | notice::Refusal::Values(_) => 400,
                        };
                        serde_json::json!({ "error": why.to_string() })
                    }
                }
            }
        };
        let done = call::Done { status, body };
        serde_json::to_string(&done).map_err(|error| error.to_string())
    }
}
