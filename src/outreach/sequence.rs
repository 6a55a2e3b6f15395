//! When a step of a sequence is due, when the sequence is over for somebody, and what becomes of a
//! step that cannot leave now. Pure.

use jiff::ToSpan;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;

use super::ladder::Hold;
use super::recipient::zone_of;
use crate::desk::person::Person;
use crate::shop::model::{Shop, Zone};
use crate::shop::outreach::{Sequence, Step, Wait};
use crate::store::places::Place;
use crate::time::{DAY, MINUTE, UnixMs};

/// How long a step waits for what time alone brings (the topic's promise, a day that is not full, a
/// consent): after that it is held and the next one has its turn. Our own.
pub const PATIENCE_MS: i64 = 14 * DAY;

/// The clock that a sequence follows for somebody.
#[must_use]
pub fn clock(shop: &Shop, sequence: &Sequence, theirs: Option<&str>) -> TimeZone {
    match sequence.zone {
        Zone::Shop => shop.zone(),
        Zone::Subscriber => zone_of(shop, theirs),
    }
}

/// When a step is due for somebody whose step before it was due at `since`.
#[must_use]
pub fn due(wait: Wait, zone: &TimeZone, since: UnixMs) -> UnixMs {
    let local = since.timestamp().to_zoned(zone.clone()).datetime();
    match wait {
        Wait::Minutes(minutes) => since.plus(i64::from(minutes).saturating_mul(MINUTE)),
        Wait::Days { days, at: None } => {
            let day = local.checked_add(i64::from(days).days()).ok();
            day.and_then(|day| on_clock(day, zone)).unwrap_or(since)
        }
        Wait::Days { days, at: Some(at) } => {
            let day = local.date().checked_add(i64::from(days).days()).unwrap_or(local.date());
            let first = time(at).and_then(|time| on_clock(day.to_datetime(time), zone));
            match first.filter(|first| *first >= since) {
                Some(first) => first,
                // The hour has passed.
                None => next_at(zone, since, at),
            }
        }
        Wait::On { date, at } => {
            time(at).and_then(|time| on_clock(date.to_datetime(time), zone)).unwrap_or(since)
        }
    }
}

/// The next time after `now` that a clock of `zone` shows what it shows at `due`.
#[must_use]
pub fn put_off(zone: &TimeZone, due: UnixMs, now: UnixMs) -> UnixMs {
    let local = due.timestamp().to_zoned(zone.clone());
    let minute = u16::from(local.hour().unsigned_abs())
        .saturating_mul(60)
        .saturating_add(u16::from(local.minute().unsigned_abs()));
    next_at(zone, now, minute)
}

/// The next moment after `now` at which it is so many minutes after midnight.
fn next_at(zone: &TimeZone, now: UnixMs, at: u16) -> UnixMs {
    let today = now.timestamp().to_zoned(zone.clone()).date();
    let found = (0..=2_i64).find_map(|days| {
        let day = today.checked_add(days.days()).ok()?.to_datetime(time(at)?);
        on_clock(day, zone).filter(|moment| *moment > now)
    });
    found.unwrap_or(now.plus(DAY))
}

fn time(minutes: u16) -> Option<Time> {
    let (hour, minute) = (i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?);
    Time::new(hour, minute, 0, 0).ok()
}

/// A skipped time is right after the gap, a doubled one the first of the two.
fn on_clock(local: DateTime, zone: &TimeZone) -> Option<UnixMs> {
    Some(zone.to_ambiguous_zoned(local).compatible().ok()?.timestamp().into())
}

/// Why a sequence is over for somebody who is at `place`, if it is: the short name that reports
/// show. What they say and do after their beginning counts.
#[must_use]
pub fn over(sequence: &Sequence, place: &Place, person: &Person) -> Option<&'static str> {
    let since = |at: Option<UnixMs>| at.is_some_and(|at| at >= place.started_at);
    let replied = || {
        let told = place.told_at?;
        Some(person.last_inbound? > told)
    };
    if since(person.stopped_at) {
        Some("stop")
    } else if person.paused_until.is_some_and(|until| until > place.started_at) {
        Some("person")
    } else if sequence.stop_tags.iter().any(|tag| person.tags.contains(tag)) {
        Some("tag")
    } else if sequence.stop_on_reply && replied() == Some(true) {
        Some("reply")
    } else {
        None
    }
}

/// Whether a step that was due at `due` can leave no more for that time: nothing ran for so long.
#[must_use]
pub fn is_late(step: &Step, due: UnixMs, now: UnixMs) -> bool {
    now >= due.plus(step.notification.schedule.latest_ms())
}

/// What becomes of a step that is held now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It waits until then.
    Until(UnixMs),
    /// It is left out.
    ForGood,
}

/// What becomes of a step that is due to somebody and held at `now`. Time lifts some reasons; a
/// step on a day is only for that day.
#[must_use]
pub fn held(step: &Step, place: &Place, zone: &TimeZone, hold: &Hold, now: UnixMs) -> Held {
    let passes = matches!(
        hold,
        Hold::NoConsent
            | Hold::Promise(_)
            | Hold::DayFull
            | Hold::Quiet(_)
            | Hold::NotBefore(_)
            | Hold::TooLate
    );
    let on_a_day = matches!(step.wait, Wait::On { .. });
    if !passes || on_a_day || now.since(place.wanted_at) >= PATIENCE_MS {
        return Held::ForGood;
    }
    Held::Until(put_off(zone, place.due_at.unwrap_or(now), now))
}

/// Their place after the step that was due; `None` when that was the last.
#[must_use]
pub fn next(sequence: &Sequence, place: &Place, zone: &TimeZone) -> Option<Place> {
    let step = place.step.saturating_add(1);
    let wait = sequence.steps.get(usize::try_from(step).ok()?)?.wait;
    let due = due(wait, zone, place.due_at.unwrap_or(place.started_at));
    Some(Place { step, due_at: Some(due), wanted_at: due, ..place.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn ms(text: &str) -> UnixMs {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    fn vilnius() -> TimeZone {
        TimeZone::get("Europe/Vilnius").unwrap()
    }

    #[test]
    fn a_step_is_due_by_the_local_clock_over_clock_changes_too() {
        let due = |wait, since| due(wait, &vilnius(), ms(since)).rfc3339();
        let days = |days, at| Wait::Days { days, at };
        assert_eq!(due(Wait::Minutes(90), "2026-11-25T08:00:00Z"), "2026-11-25T09:30:00Z");
        // 10:00 in Vilnius is 08:00 UTC in winter and 07:00 in summer.
        assert_eq!(due(days(1, Some(600)), "2026-11-25T20:00:00Z"), "2026-11-26T08:00:00Z");
        assert_eq!(due(days(2, Some(600)), "2026-10-24T07:00:00Z"), "2026-10-26T08:00:00Z");
        assert_eq!(due(days(1, None), "2026-10-24T07:00:00Z"), "2026-10-25T08:00:00Z");
        // Today, or tomorrow when the hour has passed.
        assert_eq!(due(days(0, Some(600)), "2026-11-25T07:00:00Z"), "2026-11-25T08:00:00Z");
        assert_eq!(due(days(0, Some(600)), "2026-11-25T09:00:00Z"), "2026-11-26T08:00:00Z");
        // 03:30 does not exist on 29 March.
        assert_eq!(due(days(1, Some(210)), "2026-03-28T08:00:00Z"), "2026-03-29T01:30:00Z");
        let on = Wait::On { date: date(2026, 12, 1), at: 540 };
        assert_eq!(due(on, "2026-11-25T07:00:00Z"), "2026-12-01T07:00:00Z");
    }

    #[test]
    fn what_is_put_off_comes_at_the_same_hour_of_the_next_possible_day() {
        let put_off = |due, now| put_off(&vilnius(), ms(due), ms(now)).rfc3339();
        assert_eq!(put_off("2026-11-25T08:00:00Z", "2026-11-25T12:00:00Z"), "2026-11-26T08:00:00Z");
        assert_eq!(put_off("2026-11-20T08:00:00Z", "2026-11-25T07:00:00Z"), "2026-11-25T08:00:00Z");
    }

    #[test]
    fn a_sequence_is_over_by_what_came_after_its_beginning() {
        let shop = crate::shop::source::compile(
            "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\ncountry = \"LT\"\n\
             [[page]]\nid = \"1\"\nusername = \"a\"\n[[poster]]\ncode = \"D\"\ntopic = \"t\"\n\
             tags = [\"bought\"]\n[[topic]]\nid = \"t\"\ntitle.en = \"T\"\npromise = \"daily\"\n\
             [privacy]\ncontroller = \"A\"\ncontact = \"a\"\nlegal_basis = \"consent\"\n\
             keep_receipts_months = 1\n[[sequence]]\nid = \"s\"\ntopic = \"t\"\n\
             stop_tags = [\"bought\"]\n[[sequence.step]]\nid = \"1\"\nafter_minutes = 0\n\
             text.en = \"One.\"\n",
        );
        let shop = shop.shops.into_iter().next().unwrap();
        let sequence = &shop.sequences[0];
        let at = UnixMs::new;
        let place = Place {
            sequence: sequence.id.clone(),
            channel: crate::meta::event::Channel::Messenger,
            person: crate::meta::ids::Psid::new("7").unwrap(),
            started_at: at(100),
            step: 1,
            due_at: Some(at(500)),
            wanted_at: at(500),
            told_at: Some(at(200)),
        };
        let is = |change: fn(&mut Person)| {
            let mut person = Person::new(UnixMs::new(0));
            change(&mut person);
            over(sequence, &place, &person)
        };
        assert_eq!(is(|_| {}), None);
        assert_eq!(is(|p| p.stopped_at = Some(UnixMs::new(99))), None);
        assert_eq!(is(|p| p.stopped_at = Some(UnixMs::new(100))), Some("stop"));
        assert_eq!(is(|p| p.last_inbound = Some(UnixMs::new(200))), None);
        assert_eq!(is(|p| p.last_inbound = Some(UnixMs::new(201))), Some("reply"));
        assert_eq!(is(|p| p.paused_until = Some(UnixMs::new(100))), None);
        assert_eq!(is(|p| p.paused_until = Some(UnixMs::new(101))), Some("person"));
        assert_eq!(is(|p| p.tags = ["bought".to_owned()].into()), Some("tag"));
        let silent = Sequence { stop_on_reply: false, ..sequence.clone() };
        let person = Person { last_inbound: Some(at(300)), ..Person::default() };
        assert_eq!(over(&silent, &place, &person), None);
    }
}
