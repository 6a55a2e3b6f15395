//! What stands in many places of a shop: every button, everything that is left on people, every
//! text. Whoever asks "does any of them" asks here, so that all get the same answer; a test takes
//! the places from the format of `shop.toml`.

use std::collections::BTreeMap;

use super::forms::{Also, Choice, Form, Kind};
use super::lookup::TextKey;
use super::model::{Hours, Lang, LinkButton, Localized, Notification, Poster, RichCard, Shop};
use crate::meta::ids::FieldId;

/// The buttons of a row of cards.
pub(super) fn of_cards(cards: &[RichCard]) -> impl Iterator<Item = &LinkButton> {
    cards.iter().flat_map(|card| &card.buttons)
}

/// The options of a form's choices.
fn options(form: &Form) -> impl Iterator<Item = &Choice> {
    form.questions.iter().flat_map(|question| match &question.kind {
        Kind::Choice { options } => options.as_slice(),
        _ => &[],
    })
}

fn of_hours(hours: &Hours) -> impl Iterator<Item = &Localized> {
    hours.exceptions.iter().map(|exception| &exception.note)
}

impl Shop {
    /// What people find at once who come in: behind posters, ads, and the links of friends.
    fn landings(&self) -> impl Iterator<Item = &Poster> {
        let ads = self.ads.iter().map(|ad| &ad.landing);
        let friends = self.friends.iter().map(|friends| &friends.landing);
        self.posters.iter().chain(ads).chain(friends)
    }

    /// Whether people come in by something that Meta tells with a referral: posters, ads, links of
    /// friends.
    #[must_use]
    pub fn has_doors(&self) -> bool {
        self.landings().next().is_some()
    }

    /// Every button, quick reply and item of the menu.
    pub fn all_buttons(&self) -> impl Iterator<Item = &LinkButton> {
        let answers = self.faq.iter().flat_map(|entry| {
            entry.buttons.iter().chain(of_cards(&entry.cards)).chain(&entry.quick_replies)
        });
        let landings = self.landings().flat_map(|landing| {
            landing.buttons.iter().chain(of_cards(&landing.cards)).chain(&landing.quick_replies)
        });
        let comments =
            self.comments.iter().flat_map(|rule| rule.buttons.iter().chain(&rule.quick_replies));
        let sent = self.sent().flat_map(Notification::all_buttons);
        let nudge = self.nudge.iter().flat_map(|nudge| &nudge.buttons);
        let ends = self.forms.iter().flat_map(|form| &form.ends).flat_map(|end| &end.buttons);
        let doors = answers.chain(landings).chain(comments);
        doors.chain(sent).chain(nudge).chain(ends).chain(&self.profile.menu)
    }

    /// What each tap leaves on the person, of those that leave something.
    pub fn left_by_taps(&self) -> impl Iterator<Item = &Also> {
        let ice_breakers = self.profile.ice_breakers.iter().map(|ice| &ice.also);
        let taps = self.all_buttons().map(|button| &button.also).chain(ice_breakers);
        taps.filter(|also| !also.is_empty())
    }

    /// What is left on people wherever something they do leaves anything: taps, commands, answers,
    /// doors, options, forms and their ends.
    pub fn all_left(&self) -> impl Iterator<Item = &Also> {
        let commands = self.profile.commands.iter().map(|command| &command.also);
        let answers = self.faq.iter().map(|entry| &entry.also);
        let landings = self.landings().map(|landing| &landing.also);
        let comments = self.comments.iter().map(|rule| &rule.also);
        let forms = self.forms.iter().flat_map(|form| {
            let options = options(form).map(|option| &option.also);
            let ends = form.ends.iter().map(|end| &end.also);
            options.chain(ends).chain([&form.also])
        });
        let said = commands.chain(answers).chain(landings).chain(comments).chain(forms);
        self.left_by_taps().chain(said.filter(|also| !also.is_empty()))
    }

    /// Every tag that the shop puts on people: besides [`Shop::all_left`] for bringing a friend,
    /// and for redeeming a coupon.
    pub fn all_tags(&self) -> impl Iterator<Item = &str> {
        let thanks = self.friends.iter().flat_map(|friends| &friends.thanks_tags);
        let redeemed = self.coupons.iter().flat_map(|coupon| &coupon.tags);
        let left = self.all_left().flat_map(|also| &also.tags);
        left.chain(thanks).chain(redeemed).map(String::as_str)
    }

    /// Every field of people that the shop sets, without the answers to its forms.
    pub fn all_fields(&self) -> impl Iterator<Item = &FieldId> {
        let counted = self.friends.iter().filter_map(|friends| friends.counted_in.as_ref());
        self.all_left().flat_map(|also| also.set.keys()).chain(counted)
    }

    /// Everything that the owner wrote and customers read, ask or say, in every language.
    pub fn all_texts(&self) -> impl Iterator<Item = &str> {
        let localized = self.localized().flat_map(|text| text.0.values());
        let phrases = self.phrases().flat_map(BTreeMap::values).flatten();
        localized.chain(phrases).map(String::as_str).chain([self.name.as_str()])
    }

    fn localized(&self) -> impl Iterator<Item = &Localized> {
        let own = TextKey::ALL.iter().map(|(key, _)| self.texts.get(*key));
        let agents = self.agents.iter().filter_map(|agent| agent.hours.as_ref());
        let services = self.services.iter().filter_map(|service| service.hours.as_ref());
        let hours = agents.chain(services).chain([&self.hours]).flat_map(of_hours);
        let faq = self.faq.iter().flat_map(|entry| [&entry.title, &entry.answer]);
        let landings = self.landings().flat_map(|landing| [&landing.text, &landing.caption]);
        let comments = self.comments.iter().map(|rule| &rule.text);
        let friends = self.friends.iter().flat_map(|friends| [&friends.text, &friends.thanks]);
        let coupons = self.coupons.iter().flat_map(|c| [&c.title, &c.text, &c.terms]);
        let sent =
            self.sent().flat_map(|sent| sent.variants.iter().map(|v| &v.text).chain([&sent.text]));
        let nudge = self.nudge.iter().map(|nudge| &nudge.text);
        let forms = self.forms.iter().flat_map(|form| {
            let asked = form.questions.iter().flat_map(|q| [&q.title, &q.ask, &q.retry]);
            let options = options(form).map(|option| &option.title);
            let ends = form.ends.iter().map(|end| &end.text);
            asked.chain(options).chain(ends).chain([&form.title, &form.intro, &form.done])
        });
        let titles = (self.topics.iter().map(|topic| &topic.title))
            .chain(self.offers.iter().map(|offer| &offer.title))
            .chain(self.services.iter().map(|service| &service.title))
            .chain(self.products.iter().map(|product| &product.title))
            .chain(self.templates.iter().map(|template| &template.text));
        let cards = self.cards().flat_map(|card| [&card.title, &card.subtitle]);
        let buttons = self.all_buttons().map(|button| &button.title);
        let profile = (self.profile.ice_breakers.iter().map(|ice| &ice.question))
            .chain(self.profile.commands.iter().map(|command| &command.description))
            .chain([&self.profile.greeting, &self.contact.address]);
        let said = own.chain(hours).chain(faq).chain(landings).chain(comments).chain(friends);
        let more = coupons.chain(sent).chain(nudge).chain(forms).chain(titles);
        said.chain(more).chain(cards).chain(buttons).chain(profile)
    }

    fn cards(&self) -> impl Iterator<Item = &RichCard> {
        let answers = self.faq.iter().flat_map(|entry| &entry.cards);
        let landings = self.landings().flat_map(|landing| &landing.cards);
        let sent = self
            .sent()
            .flat_map(|sent| sent.variants.iter().flat_map(|v| &v.cards).chain(&sent.cards));
        answers.chain(landings).chain(sent)
    }

    fn phrases(&self) -> impl Iterator<Item = &BTreeMap<Lang, Vec<String>>> {
        let faq = self.faq.iter().flat_map(|entry| [&entry.ask, &entry.keywords]);
        let comments = self.comments.iter().flat_map(|rule| [&rule.keywords, &rule.public]);
        let friends = self.friends.iter().map(|friends| &friends.words);
        let agents = self.agents.iter().map(|agent| &agent.words);
        let delicate = self.delicate.iter().map(|delicate| &delicate.words);
        let people = agents.chain(delicate).chain([&self.handoff.angry]);
        faq.chain(comments).chain(friends).chain(people)
    }
}
