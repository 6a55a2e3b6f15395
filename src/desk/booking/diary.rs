//! Which slots are free. Pure: (service, hours, what is taken, now) to moments.
//!
//! A slot is an absolute moment. Slots are laid out from the beginning of each opening in steps of
//! the service's own, so that a day of 23 or 25 hours has as many as fit into it; where clocks go
//! back and a time of day comes twice, it is offered once.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::shop::booking::Service;
use crate::shop::model::{Hours, Shop};
use crate::store::bookings::{Claim, Slot, peak};
use crate::time::{MINUTE, UnixMs};

/// What is free of one service, to one person.
pub struct Diary<'a> {
    service: &'a Service,
    hours: &'a Hours,
    zone: TimeZone,
    /// What takes up the same resource.
    claims: Vec<&'a Claim>,
    now: UnixMs,
}

impl<'a> Diary<'a> {
    /// The diary of a service. `besides` says which claims do not count: somebody who moves a
    /// booking may overlap with it.
    #[must_use]
    pub fn of(
        shop: &'a Shop,
        service: &'a Service,
        claims: &'a [Claim],
        now: UnixMs,
        besides: impl Fn(&Claim) -> bool,
    ) -> Self {
        let counts = |claim: &&Claim| claim.resource == service.resource && !besides(claim);
        Self {
            service,
            hours: shop.hours_of(service),
            zone: shop.zone(),
            claims: claims.iter().filter(counts).collect(),
            now,
        }
    }

    /// The local day of a moment.
    #[must_use]
    pub fn day_of(&self, at: UnixMs) -> Date {
        self.zone.to_datetime(at.timestamp()).date()
    }

    /// The local time of a moment, in minutes after midnight.
    #[must_use]
    pub fn time_of(&self, at: UnixMs) -> u16 {
        let local = self.zone.to_datetime(at.timestamp());
        let minutes = i32::from(local.hour()).saturating_mul(60);
        u16::try_from(minutes.saturating_add(i32::from(local.minute()))).unwrap_or(0)
    }

    /// Every beginning that the hours of a day allow, taken or not.
    #[must_use]
    pub fn offered(&self, day: Date) -> Vec<UnixMs> {
        let length = i64::from(self.service.minutes).saturating_mul(MINUTE);
        let step = i64::from(self.service.every_minutes.max(1)).saturating_mul(MINUTE);
        let before = day.checked_sub(1.day()).ok();
        let mut found = Vec::new();
        // A night that began the day before has slots on this one.
        for opened in before.into_iter().chain([day]) {
            for (from, until) in self.hours.stretches_on(opened, &self.zone) {
                let mut at = from;
                while at.plus(length) <= until && self.day_of(at) <= day {
                    if self.day_of(at) == day {
                        found.push(at);
                    }
                    at = at.plus(step);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        let mut seen = Vec::new();
        found.retain(|at| {
            let time = self.time_of(*at);
            let new = !seen.contains(&time);
            seen.push(time);
            new
        });
        found
    }

    /// The beginnings that are free on a day, in order.
    #[must_use]
    pub fn free(&self, day: Date) -> Vec<UnixMs> {
        if !self.may_be(day) {
            return Vec::new();
        }
        let mut free = self.offered(day);
        free.retain(|at| self.is_free(*at));
        free
    }

    /// The days with something free from `from` on, at most so many.
    #[must_use]
    pub fn days(&self, from: Date, most: usize) -> Vec<Date> {
        let first = from.max(self.day_of(self.now));
        let all = (0..=i64::from(self.service.days_ahead))
            .filter_map(|ahead| first.checked_add(ahead.days()).ok())
            .take_while(|day| self.may_be(*day));
        all.filter(|day| self.offered(*day).into_iter().any(|at| self.is_free(at)))
            .take(most)
            .collect()
    }

    /// Whether a day is neither over nor too far ahead.
    fn may_be(&self, day: Date) -> bool {
        let today = self.day_of(self.now);
        let last = today.checked_add(i64::from(self.service.days_ahead).days());
        today <= day && last.is_ok_and(|last| day <= last)
    }

    /// Whether a beginning could be booked if nobody had it: the hours offer it, and it is neither
    /// too soon nor too far ahead.
    #[must_use]
    pub fn could_be(&self, at: UnixMs) -> bool {
        let day = self.day_of(at);
        self.may_be(day) && self.in_time(at) && self.offered(day).contains(&at)
    }

    fn in_time(&self, at: UnixMs) -> bool {
        let lead = i64::from(self.service.lead_minutes).saturating_mul(MINUTE);
        at > self.now && at >= self.now.plus(lead)
    }

    fn is_free(&self, at: UnixMs) -> bool {
        let slot = self.slot(at);
        self.in_time(at)
            && peak(self.claims.iter().copied(), at, slot.ends_at)
                < usize::from(self.service.capacity)
    }

    /// A beginning as it is claimed.
    #[must_use]
    pub fn slot(&self, at: UnixMs) -> Slot {
        let length = i64::from(self.service.minutes).saturating_mul(MINUTE);
        Slot {
            service: self.service.id.clone(),
            resource: self.service.resource.clone(),
            capacity: self.service.capacity,
            starts_at: at,
            ends_at: at.plus(length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::event::Channel;
    use crate::meta::ids::{FormId, Psid};

    fn shop(hours: &str, service: &str) -> Shop {
        let source = format!(
            "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"Europe/Vilnius\"\n\
             [[page]]\nid = \"1\"\nusername = \"a\"\n[hours]\n{hours}\n\
             [[service]]\nid = \"cut\"\ntitle.en = \"Cut\"\n{service}\n\
             [[poster]]\ncode = \"A\"\nform = \"cut\"\n\
             [[form]]\nid = \"cut\"\ntitle.en = \"Cut\"\n[[form.question]]\nid = \"when\"\n\
             title.en = \"When\"\nask.en = \"When?\"\nkind = \"slot\"\nservice = \"cut\"\n"
        );
        let compiled = crate::shop::source::compile(&source);
        assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
        compiled.shops.into_iter().next().unwrap()
    }

    fn at(text: &str) -> UnixMs {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    fn times(shop: &Shop, claims: &[Claim], now: &str, day: &str) -> Vec<String> {
        let diary = Diary::of(shop, &shop.services[0], claims, at(now), |_| false);
        let free = diary.free(day.parse().unwrap());
        free.into_iter().map(|at| at.rfc3339().get(11..16).unwrap().to_owned()).collect()
    }

    fn claim(from: &str, to: &str) -> Claim {
        Claim {
            id: 1,
            form: FormId::new("cut").unwrap(),
            service: crate::meta::ids::ServiceId::new("cut").unwrap(),
            resource: "cut".into(),
            channel: Channel::Messenger,
            person: Psid::new("1").unwrap(),
            starts_at: at(from),
            ends_at: at(to),
            held_until: None,
            code: String::new(),
            moved: 0,
        }
    }

    #[test]
    fn slots_fill_the_hours_and_leave_out_what_is_taken_past_and_too_soon() {
        let shop =
            shop("tue = [\"09:00-12:00\", \"13:00-14:30\"]", "minutes = 60\nlead_minutes = 30");
        // Vilnius is UTC+2 in November; Tuesday the 24th.
        let day = "2026-11-24";
        assert_eq!(
            times(&shop, &[], "2026-11-23T10:00:00Z", day),
            ["07:00", "08:00", "09:00", "11:00"]
        );
        let taken = [claim("2026-11-24T07:30:00Z", "2026-11-24T08:00:00Z")];
        assert_eq!(times(&shop, &taken, "2026-11-23T10:00:00Z", day), ["08:00", "09:00", "11:00"]);
        assert_eq!(times(&shop, &[], "2026-11-24T08:31:00Z", day), ["11:00"]);
        assert_eq!(times(&shop, &[], "2026-11-24T08:30:00Z", day), ["09:00", "11:00"]);
        assert!(times(&shop, &[], "2026-11-24T12:00:00Z", day).is_empty());
        assert!(times(&shop, &[], "2026-11-23T10:00:00Z", "2026-11-25").is_empty());
    }

    #[test]
    fn a_day_of_23_hours_has_no_time_that_does_not_exist_and_one_of_25_none_twice() {
        let night = "sun = \"00:00-06:00\"";
        let shop = shop(night, "minutes = 60\ndays_ahead = 60");
        let local = |day: &str, now: &str| -> Vec<u16> {
            let diary = Diary::of(&shop, &shop.services[0], &[], at(now), |_| false);
            let free = diary.free(day.parse().unwrap());
            free.into_iter().map(|at| diary.time_of(at) / 60).collect()
        };
        assert_eq!(local("2026-11-22", "2026-11-20T00:00:00Z"), [0, 1, 2, 3, 4, 5]);
        assert_eq!(local("2027-03-28", "2027-03-20T00:00:00Z"), [0, 1, 2, 4, 5]);
        assert_eq!(local("2026-10-25", "2026-10-20T00:00:00Z"), [0, 1, 2, 3, 4, 5]);
        // The hour that comes twice is offered as its first; nothing overlaps.
        let diary = Diary::of(&shop, &shop.services[0], &[], at("2026-10-20T00:00:00Z"), |_| false);
        let free = diary.free("2026-10-25".parse().unwrap());
        assert!(free.windows(2).all(|pair| pair[1].since(pair[0]) >= 60 * MINUTE));
    }

    #[test]
    fn hours_past_midnight_have_slots_on_the_day_after() {
        let shop = shop("fri = \"22:00-02:00\"", "minutes = 60");
        let now = "2026-11-26T10:00:00Z";
        assert_eq!(times(&shop, &[], now, "2026-11-27"), ["20:00", "21:00"]);
        assert_eq!(times(&shop, &[], now, "2026-11-28"), ["22:00", "23:00"]);
        let diary = Diary::of(&shop, &shop.services[0], &[], at(now), |_| false);
        let days = diary.days("2026-11-01".parse().unwrap(), 3);
        let expected = ["2026-11-27", "2026-11-28", "2026-12-04"];
        assert_eq!(days.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn several_can_be_there_at_once_up_to_the_capacity() {
        let shop = shop("tue = \"09:00-11:00\"", "minutes = 60\nevery_minutes = 30\ncapacity = 2");
        let (now, day) = ("2026-11-23T10:00:00Z", "2026-11-24");
        let one = claim("2026-11-24T07:00:00Z", "2026-11-24T08:00:00Z");
        assert_eq!(times(&shop, std::slice::from_ref(&one), now, day).len(), 3);
        let two = [one.clone(), claim("2026-11-24T07:30:00Z", "2026-11-24T08:30:00Z")];
        // From 7:30 to 8:00 two are there.
        assert_eq!(times(&shop, &two, now, day), ["08:00"]);
        let other = Claim { resource: "another".into(), ..one };
        assert_eq!(times(&shop, &[other.clone(), other.clone(), other], now, day).len(), 3);
    }
}
