//! Finding things in a shop.

use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::doors::CommentRule;
use super::lang;
use super::model::{
    FaqEntry, Lang, Localized, Notification, Poster, Shop, SlashCommand, Texts, Topic,
};
use crate::meta::ids::{CommentRuleId, FaqId, NotificationId, PosterCode, TopicId};
use crate::time::UnixMs;

/// The bundled database: the same rules in the Worker and in every terminal, whatever the
/// system below brings along.
pub(crate) static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

impl Lang {
    /// The language without its region and script: `pt` of `pt-BR`.
    #[must_use]
    pub fn primary(&self) -> &str {
        self.0.split(['-', '_']).next().unwrap_or_default()
    }

    /// Whether it is the same tag, in whatever case and with whichever separator (Meta writes
    /// `pt_BR`).
    #[must_use]
    pub fn same_tag(&self, other: &Self) -> bool {
        let bytes = |lang: &Self| {
            lang.0
                .bytes()
                .map(|b| if b == b'_' { b'-' } else { b.to_ascii_lowercase() })
                .collect::<Vec<_>>()
        };
        bytes(self) == bytes(other)
    }

    /// Whether the same people can read it: the same primary language.
    #[must_use]
    pub fn same_primary(&self, other: &Self) -> bool {
        self.primary().eq_ignore_ascii_case(other.primary())
    }
}

impl Localized {
    /// Nothing in any language.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text in `lang`: of that very tag, or else of another with the same primary language.
    #[must_use]
    pub fn speak(&self, lang: &Lang) -> Option<&str> {
        let exact = self.0.get(lang).or_else(|| find(self, |l| l.same_tag(lang)));
        exact.or_else(|| find(self, |l| l.same_primary(lang))).map(String::as_str)
    }
}

fn find(texts: &Localized, is: impl Fn(&Lang) -> bool) -> Option<&String> {
    texts.0.iter().find(|(lang, _)| is(lang)).map(|(_, text)| text)
}

/// Which of [`Texts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKey {
    /// [`Texts::welcome`]
    Welcome,
    /// [`Texts::instant`]
    Instant,
    /// [`Texts::away`]
    Away,
    /// [`Texts::fallback`]
    Fallback,
    /// [`Texts::offer`]
    Offer,
    /// [`Texts::human`]
    Human,
    /// [`Texts::stopped`]
    Stopped,
    /// [`Texts::opted_in`]
    OptedIn,
    /// [`Texts::deleted`]
    Deleted,
    /// [`Texts::human_button`]
    HumanButton,
    /// [`Texts::delete_ask`]
    DeleteAsk,
    /// [`Texts::delete_yes`]
    DeleteYes,
    /// [`Texts::delete_no`]
    DeleteNo,
    /// [`Texts::kept`]
    Kept,
    /// [`Texts::delicate`]
    Delicate,
    /// [`Texts::resume_button`]
    ResumeButton,
    /// [`Texts::resumed`]
    Resumed,
    /// [`Texts::disclosure`]
    Disclosure,
    /// [`Texts::will_tell`]
    WillTell,
    /// [`Texts::offer_over`]
    OfferOver,
    /// [`Texts::agree_first`]
    AgreeFirst,
}

impl TextKey {
    /// All of them, with their names in `shop.toml`.
    pub const ALL: [(Self, &'static str); 21] = [
        (Self::Welcome, "welcome"),
        (Self::Instant, "instant"),
        (Self::Away, "away"),
        (Self::Fallback, "fallback"),
        (Self::Offer, "offer"),
        (Self::Human, "human"),
        (Self::Stopped, "stopped"),
        (Self::OptedIn, "opted_in"),
        (Self::Deleted, "deleted"),
        (Self::HumanButton, "human_button"),
        (Self::DeleteAsk, "delete_ask"),
        (Self::DeleteYes, "delete_yes"),
        (Self::DeleteNo, "delete_no"),
        (Self::Kept, "kept"),
        (Self::Delicate, "delicate"),
        (Self::ResumeButton, "resume_button"),
        (Self::Resumed, "resumed"),
        (Self::Disclosure, "disclosure"),
        (Self::WillTell, "will_tell"),
        (Self::OfferOver, "offer_over"),
        (Self::AgreeFirst, "agree_first"),
    ];
}

impl Texts {
    /// The owner's wording, if any.
    #[must_use]
    pub fn get(&self, key: TextKey) -> &Localized {
        match key {
            TextKey::Welcome => &self.welcome,
            TextKey::Instant => &self.instant,
            TextKey::Away => &self.away,
            TextKey::Fallback => &self.fallback,
            TextKey::Offer => &self.offer,
            TextKey::Human => &self.human,
            TextKey::Stopped => &self.stopped,
            TextKey::OptedIn => &self.opted_in,
            TextKey::Deleted => &self.deleted,
            TextKey::HumanButton => &self.human_button,
            TextKey::DeleteAsk => &self.delete_ask,
            TextKey::DeleteYes => &self.delete_yes,
            TextKey::DeleteNo => &self.delete_no,
            TextKey::Kept => &self.kept,
            TextKey::Delicate => &self.delicate,
            TextKey::ResumeButton => &self.resume_button,
            TextKey::Resumed => &self.resumed,
            TextKey::Disclosure => &self.disclosure,
            TextKey::WillTell => &self.will_tell,
            TextKey::OfferOver => &self.offer_over,
            TextKey::AgreeFirst => &self.agree_first,
        }
    }
}

impl Shop {
    /// Its time zone; UTC if the name is unknown, which a checked shop's is not.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        ZONES.get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// The language it speaks first.
    #[must_use]
    pub fn default_lang(&self) -> &Lang {
        static ENGLISH: LazyLock<Lang> = LazyLock::new(|| Lang("en".into()));
        self.languages.first().unwrap_or(&ENGLISH)
    }

    /// Which of its languages to speak to somebody whose locale is `locale` (`lt_LT`, `pt-BR`,
    /// `en`): the same tag, or the same primary language, or its default.
    #[must_use]
    pub fn language_for(&self, locale: &str) -> &Lang {
        let wanted = Lang(locale.to_owned());
        let exact = self.languages.iter().find(|l| l.same_tag(&wanted));
        exact
            .or_else(|| self.languages.iter().find(|l| l.same_primary(&wanted)))
            .unwrap_or_else(|| self.default_lang())
    }

    /// The text for somebody who reads `lang`: that tag, the same primary language, the shop's
    /// default, any.
    #[must_use]
    pub fn pick<'a>(&'a self, texts: &'a Localized, lang: &Lang) -> Option<&'a str> {
        texts
            .speak(lang)
            .or_else(|| texts.speak(self.default_lang()))
            .or_else(|| texts.0.values().next().map(String::as_str))
    }

    /// What the assistant says by itself to somebody who reads `lang`, as a template: the
    /// owner's wording in that language, else our own in that language (a plain sentence that
    /// people understand beats a fine one that they do not), else the owner's in another, else
    /// our own in the shop's default language, else English.
    #[must_use]
    pub fn text(&self, key: TextKey, lang: &Lang) -> &str {
        let owners = self.texts.get(key);
        owners
            .speak(lang)
            .or_else(|| lang::find(lang).map(|l| l.texts.get(key)))
            .or_else(|| self.pick(owners, lang))
            .unwrap_or_else(|| lang::language(self.default_lang()).texts.get(key))
    }

    /// The FAQ entry of that name.
    #[must_use]
    pub fn faq(&self, id: &FaqId) -> Option<&FaqEntry> {
        self.faq.iter().find(|entry| entry.id == *id)
    }

    /// The command of that name, without its slash, in whatever case.
    #[must_use]
    pub fn command(&self, name: &str) -> Option<&SlashCommand> {
        self.profile.commands.iter().find(|command| command.name.eq_ignore_ascii_case(name.trim()))
    }

    /// The topic of that name.
    #[must_use]
    pub fn topic(&self, id: &TopicId) -> Option<&Topic> {
        self.topics.iter().find(|topic| topic.id == *id)
    }

    /// The rule about comments of that name.
    #[must_use]
    pub fn comment_rule(&self, id: &CommentRuleId) -> Option<&CommentRule> {
        self.comments.iter().find(|rule| rule.id == *id)
    }

    /// The poster with that code. People type codes, so the case does not matter.
    #[must_use]
    pub fn poster(&self, code: &PosterCode) -> Option<&Poster> {
        self.posters.iter().find(|p| p.code.as_str().eq_ignore_ascii_case(code.as_str()))
    }

    /// The day it is at the shop.
    #[must_use]
    pub fn today(&self, now: UnixMs) -> Date {
        now.timestamp().to_zoned(self.zone()).date()
    }

    /// The notification of that name; a step of a sequence is one, too.
    #[must_use]
    pub fn notification(&self, id: &NotificationId) -> Option<&Notification> {
        self.sent().find(|notification| notification.id == *id)
    }

    /// Everything that is sent on a topic: notifications, and the steps of sequences.
    pub fn sent(&self) -> impl Iterator<Item = &Notification> {
        let steps = self.sequences.iter().flat_map(|sequence| &sequence.steps);
        self.notifications.iter().chain(steps.map(|step| &step.notification))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop(texts: &str) -> Shop {
        let source = format!(
            "[shop]\nname = \"A\"\nlanguages = [\"pt-BR\", \"en\", \"lt\"]\ntime_zone = \"America/Sao_Paulo\"\n\
             [[page]]\nid = \"1\"\nusername = \"a\"\n[[poster]]\ncode = \"DOOR\"\n{texts}"
        );
        let compiled = crate::shop::source::compile(&source);
        assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
        compiled.shops.into_iter().next().unwrap()
    }

    fn tag(tag: &str) -> Lang {
        Lang(tag.to_owned())
    }

    #[test]
    fn a_locale_finds_the_nearest_of_the_shops_languages() {
        let shop = shop("");
        for (locale, expected) in [
            ("pt_BR", "pt-BR"),
            ("pt-PT", "pt-BR"),
            ("en_GB", "en"),
            ("LT", "lt"),
            ("xx", "pt-BR"),
            ("", "pt-BR"),
        ] {
            assert_eq!(shop.language_for(locale), &tag(expected), "{locale}");
        }
    }

    #[test]
    fn a_text_is_picked_by_tag_then_primary_then_default_then_any() {
        let shop = shop("");
        let texts = |pairs: &[(&str, &str)]| {
            Localized(pairs.iter().map(|(name, text)| (tag(name), (*text).to_owned())).collect())
        };
        let both = texts(&[("en", "E"), ("pt-BR", "P")]);
        assert_eq!(shop.pick(&both, &tag("en")), Some("E"));
        assert_eq!(shop.pick(&both, &tag("en-GB")), Some("E"));
        assert_eq!(shop.pick(&both, &tag("lt")), Some("P"));
        assert_eq!(shop.pick(&texts(&[("lt", "L")]), &tag("en")), Some("L"));
        assert_eq!(shop.pick(&texts(&[]), &tag("en")), None);
    }

    #[test]
    fn our_words_in_the_right_language_beat_the_owners_in_another() {
        let shop = shop("[texts]\nfallback.pt-BR = \"Não sei.\"\n");
        let text = |name: &str| shop.text(TextKey::Fallback, &tag(name));
        assert_eq!(text("pt-BR"), "Não sei.");
        assert_eq!(text("pt"), "Não sei.");
        assert_eq!(text("lt"), lang::language(&tag("lt")).texts.fallback);
        assert_eq!(text("xx"), "Não sei.");
        assert_eq!(shop.text(TextKey::Away, &tag("xx")), lang::language(&tag("pt-BR")).texts.away);
    }

    #[test]
    fn a_code_typed_by_hand_finds_its_poster() {
        let shop = shop("");
        assert!(shop.poster(&PosterCode::new("door").unwrap()).is_some());
        assert!(shop.poster(&PosterCode::new("floor").unwrap()).is_none());
    }

    #[test]
    fn the_zone_of_a_compiled_shop_is_known() {
        assert_eq!(shop("").zone().iana_name(), Some("America/Sao_Paulo"));
    }
}
