//! What the assistant says and understands by itself, one file per language.
//!
//! A new language is one file beside these, one beside those of [`doctor`], and one line in
//! [`ALL`]; the compiler names what either lacks. `de.rs` is a good one to start from. What is said
//! is a template ([`super::text`]); what is understood is a whole message, in small letters. What
//! pages say is beside the pages, in `entry`; docs/adding-a-language.md has all steps.

pub mod alerts;
pub mod coupons;
mod de;
#[cfg(not(target_arch = "wasm32"))]
pub mod doctor;
mod en;
mod es;
pub mod forms;
mod fr;
pub mod friends;
mod lt;
pub mod numbers;
pub mod paid;
mod pl;
#[cfg(not(target_arch = "wasm32"))]
pub mod print;
mod pt_br;
mod ru;
mod zh_cn;
mod zh_tw;

use jiff::civil::{Date, DateTime, Time, Weekday};

use super::lookup::TextKey;
use super::model::Lang;
use crate::faq::Phrases;

/// Every language, in the order of their tags. The first of a primary language stands in for its
/// siblings.
static ALL: [&Language; 10] = [
    &de::GERMAN,
    &en::ENGLISH,
    &es::SPANISH,
    &fr::FRENCH,
    &lt::LITHUANIAN,
    &pl::POLISH,
    &pt_br::PORTUGUESE,
    &ru::RUSSIAN,
    &zh_cn::CHINESE,
    &zh_tw::CHINESE,
];

/// A language that the assistant has words of its own in.
#[derive(Debug)]
pub struct Language {
    /// Its tag: `lt`, `pt-BR`.
    pub code: &'static str,
    /// What it calls itself.
    pub name: &'static str,
    /// The locales in which Meta knows people who read it: `lt_LT`.
    pub locales: &'static [&'static str],
    /// What people read before their first message, as a template; at most 160 characters with
    /// the names in it.
    pub greeting: &'static str,
    /// Messages that end notifications. These and the next are whole messages in small
    /// letters, with and without their diacritics.
    pub stop: Phrases,
    /// Messages that ask for a person.
    pub human: Phrases,
    /// Messages that ask to be forgotten.
    pub delete: Phrases,
    /// Phrases by which a message is angry, wherever they stand in it.
    pub angry: Phrases,
    /// Phrases by which a message is about what only people should answer.
    pub delicate: Phrases,
    /// Messages that only greet.
    pub greetings: Phrases,
    /// Messages that only thank or agree, and need no answer.
    pub thanks: Phrases,
    /// What the assistant says where the owner wrote nothing.
    pub texts: DefaultTexts,
    /// Why a notification is held: for the owner.
    pub holds: HoldTexts,
    /// What the owner is told when somebody waits for a person; a link follows.
    pub notice: &'static str,
    /// What the owner is told when something is wrong.
    pub alerts: alerts::AlertTexts,
    /// `{wait}` while the shop is open.
    pub soon: &'static str,
    /// `{wait}` when no opening is known.
    pub sometime: &'static str,
    /// `{hours_today}` on a closed day, so that it can follow "Today: ".
    pub closed_today: &'static str,
    /// `{hours_today}` on a day without a night.
    pub all_day: &'static str,
    /// Between the ranges of a day.
    pub list_comma: &'static str,
    /// How numbers are written.
    pub numbers: numbers::Numbers,
    /// Months as they stand in a date, short.
    pub months: [&'static str; 12],
    /// A time of day by itself: "8:00".
    pub time: fn(Moment) -> String,
    /// A moment to come, so that it can follow "we open": "tomorrow at 8:00".
    pub when: fn(&When) -> String,
    /// What forms say.
    pub forms: forms::FormTexts,
    /// What is understood while a form is open.
    pub form_words: forms::FormWords,
    /// What links for friends say, and what asks for one.
    pub friends: friends::DoorWords,
    /// What the owner reads of paid messages and templates.
    pub paid: paid::PaidTexts,
    /// What coupons say.
    pub coupons: coupons::CouponTexts,
    /// What is printed beside a code.
    #[cfg(not(target_arch = "wasm32"))]
    pub print: print::PrintWords,
    /// What `shopbell doctor` says.
    #[cfg(not(target_arch = "wasm32"))]
    pub doctor: &'static doctor::DoctorTexts,
}

/// One default for each of [`super::model::Texts`].
#[derive(Debug)]
#[expect(missing_docs, reason = "named and described in `model::Texts`")]
pub struct DefaultTexts {
    pub welcome: &'static str,
    pub instant: &'static str,
    pub away: &'static str,
    pub fallback: &'static str,
    pub offer: &'static str,
    pub human: &'static str,
    pub stopped: &'static str,
    pub opted_in: &'static str,
    pub deleted: &'static str,
    pub human_button: &'static str,
    pub delete_ask: &'static str,
    pub delete_yes: &'static str,
    pub delete_no: &'static str,
    pub kept: &'static str,
    pub delicate: &'static str,
    pub resume_button: &'static str,
    pub resumed: &'static str,
    pub disclosure: &'static str,
    pub will_tell: &'static str,
    pub offer_over: &'static str,
    pub agree_first: &'static str,
}

/// Why a notification is held, in sentences for the owner.
#[derive(Debug)]
pub struct HoldTexts {
    /// Nobody agreed, or not any more.
    pub no_consent: &'static str,
    /// The bot keeps quiet.
    pub person_talking: &'static str,
    /// Sent today already.
    pub daily: &'static str,
    /// Sent this week already.
    pub weekly: &'static str,
    /// Sent this month already.
    pub monthly: &'static str,
    /// Not one of the days that the topic named, or sent on it already.
    pub dates: &'static str,
    /// They do not belong to the segment any more.
    pub not_for_them: &'static str,
    /// They answered, bought, or talked with a person: the sequence has ended for them.
    pub sequence_over: &'static str,
    /// The words do not fit into one message.
    pub too_long: &'static str,
    /// Comes before one of the following, which say why nothing else is possible.
    pub window_closed: &'static str,
    /// The token has an end, and it has passed.
    pub token_ended: &'static str,
    /// There is nothing to send with.
    pub no_token: &'static str,
    /// The token's cooldown. Without the moment: people are counted by this text.
    pub not_before: &'static str,
    /// There is nothing to say in any language.
    pub no_text: &'static str,
    /// The owner took it out of shop.toml.
    pub withdrawn: &'static str,
    /// It waited for so long that it would help nobody.
    pub too_late: &'static str,
    /// What the tables hold of somebody is damaged.
    pub unreadable: &'static str,
    /// It is night where the recipient is.
    pub quiet: &'static str,
    /// The person had as many messages on that day as the owner allows.
    pub day_full: &'static str,
    /// The rule does not hold on this day.
    pub wrong_day: &'static str,
    /// The rule does not hold on this channel.
    pub wrong_channel: &'static str,
    /// The rule is for other purposes.
    pub wrong_purpose: &'static str,
    /// The rule turns on the country.
    pub country_unknown: &'static str,
    /// The rule does not hold there.
    pub wrong_country: &'static str,
    /// The rule is for older integrations.
    pub too_new: &'static str,
}

impl DefaultTexts {
    /// The default for a text.
    #[must_use]
    pub fn get(&self, key: TextKey) -> &'static str {
        match key {
            TextKey::Welcome => self.welcome,
            TextKey::Instant => self.instant,
            TextKey::Away => self.away,
            TextKey::Fallback => self.fallback,
            TextKey::Offer => self.offer,
            TextKey::Human => self.human,
            TextKey::Stopped => self.stopped,
            TextKey::OptedIn => self.opted_in,
            TextKey::Deleted => self.deleted,
            TextKey::HumanButton => self.human_button,
            TextKey::DeleteAsk => self.delete_ask,
            TextKey::DeleteYes => self.delete_yes,
            TextKey::DeleteNo => self.delete_no,
            TextKey::Kept => self.kept,
            TextKey::Delicate => self.delicate,
            TextKey::ResumeButton => self.resume_button,
            TextKey::Resumed => self.resumed,
            TextKey::Disclosure => self.disclosure,
            TextKey::WillTell => self.will_tell,
            TextKey::OfferOver => self.offer_over,
            TextKey::AgreeFirst => self.agree_first,
        }
    }
}

/// A time of day, as a clock shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// 0 to 23.
    pub hour: i8,
    /// 0 to 59.
    pub minute: i8,
}

impl Moment {
    /// What the clock shows.
    #[must_use]
    pub fn of(time: Time) -> Self {
        Self { hour: time.hour(), minute: time.minute() }
    }

    /// "8:00", "20:30": 24 hours, no leading zero.
    #[must_use]
    pub fn plain(self) -> String {
        format!("{}:{:02}", self.hour, self.minute)
    }
}

/// A moment to come, as seen from today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Later on the same day.
    Today(Moment),
    /// On the next day.
    Tomorrow(Moment),
    /// Two to six days ahead.
    Weekday(Weekday, Moment),
    /// Further ahead.
    Date(Date, Moment),
}

impl When {
    /// How `then` is said at `now`; both by the same clock.
    #[must_use]
    pub fn of(now: DateTime, then: DateTime) -> Self {
        let days = now.date().duration_until(then.date()).as_hours() / 24;
        let at = Moment::of(then.time());
        match days {
            ..=0 => Self::Today(at),
            1 => Self::Tomorrow(at),
            2..=6 => Self::Weekday(then.weekday(), at),
            _ => Self::Date(then.date(), at),
        }
    }
}

/// A weekday's word out of seven, Monday first.
fn of_week(words: [&'static str; 7], day: Weekday) -> &'static str {
    let index = usize::try_from(day.to_monday_zero_offset()).unwrap_or(0);
    words.get(index).copied().unwrap_or_default()
}

/// A month's word out of twelve.
fn of_year(words: [&'static str; 12], date: Date) -> &'static str {
    let index = usize::try_from(date.month().saturating_sub(1)).unwrap_or(0);
    words.get(index).copied().unwrap_or_default()
}

/// The tags of all of them; English first, for whoever reads none of them.
#[must_use]
pub fn english_first() -> Vec<Lang> {
    let others = ALL.iter().map(|l| l.code).filter(|code| *code != en::ENGLISH.code);
    [en::ENGLISH.code].into_iter().chain(others).map(|code| Lang(code.to_owned())).collect()
}

/// Every language the assistant has words in.
#[must_use]
pub fn all() -> &'static [&'static Language] {
    &ALL
}

/// The language of that tag, or one with the same primary language.
#[must_use]
pub fn find(lang: &Lang) -> Option<&'static Language> {
    let tag = |l: &Language| Lang(l.code.to_owned());
    let wanted = by_script(lang);
    let exact = ALL.iter().find(|l| tag(l).same_tag(wanted.as_ref().unwrap_or(lang)));
    exact.or_else(|| ALL.iter().find(|l| tag(l).same_primary(lang))).copied()
}

/// Chinese is written in two ways, and the country says which: Taiwan, Hong Kong and Macao keep the
/// older one.
fn by_script(lang: &Lang) -> Option<Lang> {
    if !lang.primary().eq_ignore_ascii_case("zh") {
        return None;
    }
    let older = lang.0.split(['-', '_']).any(|part| {
        ["tw", "hk", "mo", "hant"].iter().any(|older| part.eq_ignore_ascii_case(older))
    });
    Some(Lang(if older { "zh-TW" } else { "zh-CN" }.to_owned()))
}

/// As [`find`], and English where we have no words.
#[must_use]
pub fn language(lang: &Lang) -> &'static Language {
    find(lang).unwrap_or(&en::ENGLISH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::text::{Part, VARIABLES, parts};

    #[test]
    fn every_text_is_there_and_uses_known_variables() {
        for language in all() {
            for (key, name) in TextKey::ALL {
                let text = language.texts.get(key);
                assert!(!text.trim().is_empty(), "{} {name}", language.code);
                for part in parts(text) {
                    match part {
                        Part::Variable { name, .. } => assert!(VARIABLES.contains(&name), "{text}"),
                        Part::Stray(_) => panic!("stray brace in {text}"),
                        Part::Plain(_) => {}
                    }
                }
            }
            // Room for the shop's name, and for Meta's own word for the first name.
            let rest = language.greeting.replace("{page}", "").replace("{first_name}", "");
            assert!(rest.encode_utf16().count() <= 110, "{}", language.code);
            assert!(language.greeting.contains("{first_name}"), "{}", language.code);
            assert!(!language.locales.is_empty(), "{}", language.code);
            assert!(language.texts.instant.contains("{wait}"), "{}", language.code);
            assert!(language.texts.away.contains("{next_open"), "{}", language.code);
            let texts = &language.texts;
            for title in
                [texts.human_button, texts.delete_yes, texts.delete_no, texts.resume_button]
            {
                assert!(title.encode_utf16().count() <= 20, "{} {title}", language.code);
            }
        }
    }

    #[test]
    fn words_are_what_a_message_becomes_and_mean_one_thing() {
        for language in all() {
            let lists = [
                &language.stop,
                &language.human,
                &language.delete,
                &language.greetings,
                &language.thanks,
            ];
            let mut seen = std::collections::BTreeSet::new();
            for word in lists.iter().flat_map(|list| list.iter()) {
                assert_eq!(word.trim().to_lowercase(), *word, "{}", language.code);
                assert!(seen.insert(*word), "{} has {word:?} twice", language.code);
            }
            assert!(lists.iter().all(|l| l.len() >= 3), "{}", language.code);
        }
    }

    #[test]
    fn phrases_of_anger_are_as_messages_have_them() {
        for language in all() {
            for list in [&language.angry, &language.delicate] {
                assert!(list.len() >= 8, "{}", language.code);
                assert!(list.iter().all(|p| p.to_lowercase() == *p), "{}", language.code);
            }
            assert!(!language.notice.is_empty());
        }
    }

    #[test]
    fn no_word_is_a_command_in_one_language_and_another_command_in_another() {
        let lists: [fn(&'static Language) -> &'static Phrases; 3] =
            [|l| &l.stop, |l| &l.human, |l| &l.delete];
        for (i, list) in lists.iter().enumerate() {
            for other in lists.iter().skip(i + 1) {
                for word in all().iter().flat_map(|l| list(l).iter()) {
                    assert!(!all().iter().any(|l| other(l).contains(word)), "{word}");
                }
            }
        }
    }

    #[test]
    fn languages_are_found_by_tag_then_by_primary_then_english() {
        let code = |tag: &str| language(&Lang(tag.into())).code;
        assert_eq!(code("lt"), "lt");
        assert_eq!(code("lt_LT"), "lt");
        assert_eq!(code("PT-br"), "pt-BR");
        assert_eq!(code("pt-PT"), "pt-BR");
        assert_eq!(code("zh-HK"), "zh-TW");
        assert_eq!(code("zh_Hant"), "zh-TW");
        assert_eq!(code("zh-SG"), "zh-CN");
        assert_eq!(code("zh"), "zh-CN");
        assert_eq!(code("xx"), "en");
        assert!(find(&Lang("xx".into())).is_none());
    }

    #[test]
    fn moments_are_said_as_people_say_them() {
        let now: DateTime = "2026-12-21T19:00".parse().unwrap();
        let say = |tag: &str, then: &str| {
            (language(&Lang(tag.into())).when)(&When::of(now, then.parse().unwrap()))
        };
        let table = [
            (
                "2026-12-21T20:00",
                [
                    "heute um 20:00 Uhr",
                    "today at 20:00",
                    "hoy a las 20:00",
                    "aujourd’hui à 20 h",
                    "šiandien 20:00",
                    "dziś o 20:00",
                    "hoje às 20h",
                    "сегодня в 20:00",
                    "今天晚上 8:00",
                    "今天晚上 8:00",
                ],
            ),
            (
                "2026-12-22T08:00",
                [
                    "morgen um 8:00 Uhr",
                    "tomorrow at 8:00",
                    "mañana a las 8:00",
                    "demain à 8 h",
                    "rytoj 8:00",
                    "jutro o 8:00",
                    "amanhã às 8h",
                    "завтра в 8:00",
                    "明天上午 8:00",
                    "明天上午 8:00",
                ],
            ),
            (
                "2026-12-27T13:30",
                [
                    "am Sonntag um 13:30 Uhr",
                    "on Sunday at 13:30",
                    "el domingo a las 13:30",
                    "dimanche à 13 h 30",
                    "sekmadienį 13:30",
                    "w niedzielę o 13:30",
                    "no domingo às 13h30",
                    "в воскресенье в 13:30",
                    "星期日下午 1:30",
                    "星期日下午 1:30",
                ],
            ),
            (
                "2026-12-28T01:00",
                [
                    "am 28. Dezember um 1:00 Uhr",
                    "on 28 December at 1:00",
                    "el 28 de diciembre a la 1:00",
                    "le 28 décembre à 1 h",
                    "gruodžio 28 d. 1:00",
                    "28 grudnia o 1:00",
                    "no dia 28 de dezembro à 1h",
                    "28 декабря в 1:00",
                    "12 月 28 日凌晨 1:00",
                    "12 月 28 日凌晨 1:00",
                ],
            ),
        ];
        for (then, expected) in table {
            for (language, expected) in all().iter().zip(expected) {
                assert_eq!(say(language.code, then), expected, "{then}");
            }
        }
        assert_eq!(say("pl", "2026-12-22T08:00"), "jutro o 8:00");
        assert_eq!(say("pt-BR", "2026-12-24T08:00"), "na quinta-feira às 8h");
    }
}
