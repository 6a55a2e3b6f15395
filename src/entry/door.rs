//! Where a scan leads: into Messenger, into Instagram, or to the shop's own page when neither can
//! be reached. Nobody ever gets an error.

use jiff::civil::Date;

use super::keys::Keys;
use super::links;
use crate::shop::kv::{PageRoute, PosterValue};
use crate::shop::lookup::ZONES;
use crate::shop::model::{Place, Platform};
use crate::time::UnixMs;

/// Who is at the door.
#[derive(Clone, Copy, Debug, Default)]
pub struct Visitor<'a> {
    /// Their `User-Agent`.
    pub user_agent: &'a str,
    /// What the link itself asks for: `?to=instagram`.
    pub asks: Option<Platform>,
    /// Where they are, as far as the edge knows.
    pub place: Option<Place>,
}

/// Why somebody sees the shop's own page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// There is no such code, or its characters do not add up.
    Unknown,
    /// The poster was taken down, or its days are over.
    Over,
    /// Its first day is still to come.
    Early,
    /// The Page cannot be written to, or we do not know: nobody would be answered.
    Silent,
    /// The shop, or this branch of it, has closed for good.
    ClosedForGood,
}

/// Where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// To this link of Meta's.
    Open(String),
    /// To the shop's own page.
    Shut(Why),
}

/// The Page that a poster leads to: its own, or for one that hangs everywhere the nearest that is
/// still there.
#[must_use]
pub fn page_of<'p>(
    poster: &PosterValue,
    pages: &'p [PageRoute],
    place: Option<Place>,
    now: UnixMs,
) -> Option<&'p PageRoute> {
    let own = pages.iter().find(|page| page.id == poster.page);
    if !poster.nearest {
        return own;
    }
    nearest(pages, place, now).or(own)
}

/// The nearest Page that has not closed for good; without a place, the first.
#[must_use]
pub fn nearest(pages: &[PageRoute], place: Option<Place>, now: UnixMs) -> Option<&PageRoute> {
    let far = |page: &PageRoute| match (place, page.location) {
        (Some(place), Some(there)) => place.metres_to(there),
        _ => f64::MAX,
    };
    let there = pages.iter().filter(|page| !is_gone(page, now));
    // Of two that are equally far the first.
    there.fold(None, |best: Option<&PageRoute>, page| match best {
        Some(best) if far(best) <= far(page) => Some(best),
        _ => Some(page),
    })
}

/// Where a scan of `poster` leads, whose Page is `page`. `held_until`: Meta takes nothing from
/// the Page before.
#[must_use]
pub fn open(
    keys: &Keys,
    poster: &PosterValue,
    page: &PageRoute,
    held_until: Option<UnixMs>,
    visitor: Visitor<'_>,
    now: UnixMs,
) -> Door {
    if is_gone(page, now) {
        return Door::Shut(Why::ClosedForGood);
    }
    if poster.revoked {
        return Door::Shut(Why::Over);
    }
    if poster.from.is_some() || poster.until.is_some() {
        let today = today(page, now);
        if poster.until.is_some_and(|until| today > until) {
            return Door::Shut(Why::Over);
        }
        if poster.from.is_some_and(|from| today < from) {
            return Door::Shut(Why::Early);
        }
    }
    if held_until.is_some_and(|until| now < until) {
        return Door::Shut(Why::Silent);
    }
    let ref_ = keys.refs.sign(&page.id, &poster.code, now);
    Door::Open(match instagram_of(poster, page, visitor) {
        Some(username) => links::instagram_link(username, &ref_),
        None => links::messenger_link(&page.username, &ref_),
    })
}

/// The Instagram name, where the link goes there: the link asks for it, or the poster, or the shop
/// answers nowhere else, or the visitor is inside of Instagram, from where Messenger is another
/// app and perhaps another account.
fn instagram_of<'p>(
    poster: &PosterValue,
    page: &'p PageRoute,
    visitor: Visitor<'_>,
) -> Option<&'p str> {
    let username = page.instagram_username.as_deref()?;
    let to = visitor.asks.or(poster.platform).unwrap_or_else(|| {
        if !page.messenger || visitor.user_agent.contains("Instagram") {
            Platform::Instagram
        } else {
            Platform::Messenger
        }
    });
    (to == Platform::Instagram).then_some(username)
}

fn is_gone(page: &PageRoute, now: UnixMs) -> bool {
    page.closed_since.is_some_and(|since| today(page, now) >= since)
}

/// The day it is at the Page's shop.
#[must_use]
pub fn today(page: &PageRoute, now: UnixMs) -> Date {
    match ZONES.get(&page.time_zone) {
        Ok(zone) => now.timestamp().to_zoned(zone).date(),
        Err(_) => now.utc_date(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::ids::{PageId, PosterCode};
    use crate::shop::kv::PagesValue;
    use crate::time::DAY;

    const NOW: UnixMs = UnixMs::new(1_795_000_000_000); // 2026-11-18, 09:46 UTC

    fn keys() -> Keys {
        Keys::new("a signing key for tests, 32 chars", None)
    }

    fn pages() -> Vec<PageRoute> {
        let source = "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"Europe/Vilnius\"\n\
             [[page]]\nid = \"1\"\nusername = \"vilnius\"\nlocation = \"54.69, 25.28\"\n\
             instagram_id = \"9\"\ninstagram_username = \"a_vilnius\"\n\
             [[page]]\nid = \"2\"\nusername = \"kaunas\"\nlocation = \"54.90, 23.90\"\n\
             [[page]]\nid = \"3\"\nusername = \"klaipeda\"\nlocation = \"55.71, 21.13\"\n\
             closed_since = 2026-11-18\n";
        PagesValue::of(&crate::shop::source::compile(source).shops).pages
    }

    fn poster() -> PosterValue {
        PosterValue {
            v: 1,
            page: PageId::new("1").unwrap(),
            code: PosterCode::new("DOOR").unwrap(),
            revoked: false,
            nearest: false,
            platform: None,
            from: None,
            until: None,
        }
    }

    fn at(poster: &PosterValue, page: &PageRoute, visitor: Visitor<'_>) -> Door {
        open(&keys(), poster, page, None, visitor, NOW)
    }

    fn leads(door: &Door) -> &str {
        match door {
            Door::Open(link) => link.split('?').next().unwrap(),
            Door::Shut(_) => "shut",
        }
    }

    #[test]
    fn the_platform_follows_link_poster_shop_and_app_in_this_order() {
        const INSIDE: &str = "Mozilla/5.0 (iPhone) Instagram 400.0.0";
        let (messenger, instagram) = ("https://m.me/vilnius", "https://ig.me/m/a_vilnius");
        let with = |asks, platform, app, messenger| {
            let mut pages = pages();
            pages[0].messenger = messenger;
            let poster = PosterValue { platform, ..poster() };
            let visitor = Visitor { asks, user_agent: app, place: None };
            leads(&at(&poster, &pages[0], visitor)).to_owned()
        };
        let (m, i) = (Some(Platform::Messenger), Some(Platform::Instagram));
        for (asks, poster, app, shop, expected) in [
            (None, None, "Mozilla/5.0 (iPhone)", true, messenger),
            (None, None, INSIDE, true, instagram),
            (None, None, "Mozilla/5.0 [FBAN/FBIOS]", true, messenger),
            (None, None, "Mozilla/5.0 (iPhone)", false, instagram),
            (None, m, INSIDE, true, messenger),
            (None, i, "Mozilla/5.0 (iPhone)", true, instagram),
            (i, m, "Mozilla/5.0 (iPhone)", true, instagram),
            (m, i, INSIDE, false, messenger),
        ] {
            assert_eq!(with(asks, poster, app, shop), expected, "{asks:?} {poster:?} {app} {shop}");
        }
        // A Page without an Instagram account has only one door.
        let visitor = Visitor { asks: i, ..Visitor::default() };
        assert_eq!(leads(&at(&poster(), &pages()[1], visitor)), "https://m.me/kaunas");
    }

    #[test]
    fn the_ref_is_the_pages_own() {
        let pages = pages();
        let Door::Open(link) = at(&poster(), &pages[1], Visitor::default()) else { panic!() };
        let ref_ = link.split("ref=").nth(1).unwrap();
        assert!(keys().refs.open(&pages[1].id, ref_, NOW).is_ok());
        assert!(keys().refs.open(&pages[0].id, ref_, NOW).is_err());
    }

    #[test]
    fn a_door_that_is_shut_says_why() {
        let day = |text: &str| Some(text.parse::<Date>().unwrap());
        let pages = pages();
        let shut = |poster: PosterValue, page: usize, held: Option<i64>| {
            let held = held.map(|ms| NOW.plus(ms));
            match open(&keys(), &poster, &pages[page], held, Visitor::default(), NOW) {
                Door::Shut(why) => Some(why),
                Door::Open(_) => None,
            }
        };
        for (case, page, held, expected) in [
            (poster(), 0, None, None),
            (PosterValue { revoked: true, ..poster() }, 0, None, Some(Why::Over)),
            (PosterValue { until: day("2026-11-17"), ..poster() }, 0, None, Some(Why::Over)),
            (PosterValue { until: day("2026-11-18"), ..poster() }, 0, None, None),
            (PosterValue { from: day("2026-11-19"), ..poster() }, 0, None, Some(Why::Early)),
            (PosterValue { from: day("2026-11-18"), ..poster() }, 0, None, None),
            (poster(), 0, Some(1), Some(Why::Silent)),
            (poster(), 0, Some(0), None),
            (poster(), 2, None, Some(Why::ClosedForGood)),
            (PosterValue { revoked: true, ..poster() }, 2, None, Some(Why::ClosedForGood)),
        ] {
            assert_eq!(shut(case.clone(), page, held), expected, "{case:?} {page} {held:?}");
        }
    }

    #[test]
    fn days_begin_at_the_shops_midnight() {
        let pages = pages();
        let from = Some("2026-11-19".parse::<Date>().unwrap());
        let poster = PosterValue { from, ..poster() };
        let midnight: UnixMs =
            "2026-11-19T00:00:00+02:00".parse::<jiff::Timestamp>().unwrap().into();
        let open_at = |now| open(&keys(), &poster, &pages[0], None, Visitor::default(), now);
        assert_eq!(open_at(midnight.plus(-1)), Door::Shut(Why::Early));
        assert!(matches!(open_at(midnight), Door::Open(_)));
    }

    #[test]
    fn a_poster_of_no_page_leads_to_the_nearest_that_is_still_there() {
        let everywhere = PosterValue { nearest: true, ..poster() };
        let pages = pages();
        let of = |poster: &PosterValue, north, east, now| {
            let place = Place::of(north, east);
            page_of(poster, &pages, place, now).map(|page| page.username.as_str())
        };
        assert_eq!(of(&everywhere, 54.6, 25.0, NOW), Some("vilnius"));
        assert_eq!(of(&everywhere, 55.0, 24.0, NOW), Some("kaunas"));
        assert_eq!(of(&everywhere, 55.7, 21.2, NOW), Some("kaunas"), "Klaipėda has closed");
        assert_eq!(of(&everywhere, 55.7, 21.2, NOW.plus(-2 * DAY)), Some("klaipeda"));
        assert_eq!(of(&poster(), 55.7, 21.2, NOW), Some("vilnius"), "its own");
        let nowhere = page_of(&everywhere, &pages, None, NOW);
        assert_eq!(nowhere.map(|page| page.username.as_str()), Some("vilnius"));
    }
}
