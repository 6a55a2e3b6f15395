//! What a shop needs of Meta, what it may want, and what it does not: each with the words for Meta's
//! form. From Meta's documents of September 2026 and before; where they are silent, this says so.

use crate::desk::checkup::needs::{Needs, UTILITY_SCOPES};
use crate::shop::model::Shop;

/// Whether a permission is to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Without it the assistant does not work.
    Needed,
    /// It works without, and less well.
    Wished,
    /// This shop has no use for it: asking for it is a reason to be refused.
    NotNeeded,
}

/// A permission, or a feature that is asked for in the same form.
#[derive(Clone, Debug)]
pub struct Permission {
    /// As Meta spells it.
    pub name: &'static str,
    /// Whether this shop needs it.
    pub need: Need,
    /// Why, for the owner.
    pub why: &'static str,
    /// How the app uses it, for Meta's form. Empty where it is not needed.
    pub text: String,
    /// The step of the film that shows it, by its id.
    pub shown_by: &'static str,
}

/// The permissions, in the order in which they are asked for.
#[must_use]
pub fn permissions(shop: &Shop) -> Vec<Permission> {
    let name = &shop.name;
    let paid = shop.marketing.is_some();
    // What the doctor looks for in a token is what is asked for here.
    let needs = Needs::of(shop);
    let uses = |scope: &'static str| {
        needs.scopes.iter().chain(&needs.wished_scopes).any(|spelt| spelt.contains(&scope))
    };
    let by = |yes: bool| if yes { Need::Needed } else { Need::NotNeeded };
    let mut all = vec![
        permission(
            "pages_messaging",
            Need::Needed,
            "receives what people write to the Page and answers it",
            format!(
                "People who write to the Page of {name} get an answer at once: to questions about \
                 opening hours, the offer and the like, from answers that the shop wrote itself. \
                 Whoever asks for a person gets one. The app receives the message by webhook and \
                 sends the answer by the Send API within the standard messaging window, as a reply \
                 to what the person did. It never writes first."
            ),
            "question",
        ),
        permission(
            "pages_manage_metadata",
            Need::Needed,
            "subscribes the Page's webhooks, and sets Get Started, greeting and menu",
            format!(
                "The app subscribes the Page of {name} to its webhook (subscribed_apps), so that \
                 messages arrive at all, and sets what people see before the first message: \
                 greeting, Get Started, first questions, menu. It changes nothing else of the Page."
            ),
            "start",
        ),
        permission(
            "instagram_basic",
            by(uses("instagram_basic")),
            "knows which Instagram account belongs to the Page",
            format!(
                "The app looks up the professional account of {name} that is linked to the Page, so \
                 that messages to it are answered in its name. It reads no posts and no followers."
            ),
            "instagram",
        ),
        permission(
            "instagram_manage_messages",
            by(uses("instagram_manage_messages")),
            "receives and answers messages on Instagram",
            format!(
                "People who write to {name} on Instagram get the same answers as on the Page, within \
                 the messaging window, as replies to what they did."
            ),
            "instagram",
        ),
        permission(
            "pages_manage_engagement",
            by(uses("pages_manage_engagement")),
            "answers under a comment on Facebook, as shop.toml says",
            format!(
                "When somebody asks under a post of {name} and gets a private reply, a short answer under \
                 the comment says so, with words that the shop wrote. Only comments that a rule of the \
                 shop fits are answered, each once."
            ),
            "comment",
        ),
        permission(
            "instagram_manage_comments",
            by(uses("instagram_manage_comments")),
            "is told of comments on Instagram, and answers them privately",
            format!(
                "The app is told of comments under posts of {name} on Instagram, and answers those that a \
                 rule of the shop fits by one private reply, each person once under each post."
            ),
            "comment",
        ),
        permission(
            UTILITY_SCOPES[0],
            by(uses(UTILITY_SCOPES[0])),
            "sends what somebody waits for by approved utility templates",
            format!(
                "{name} tells people what they wait for, such as an order or an appointment, by \
                 templates that Meta has approved. They hold no advertising, and each is sent once, to \
                 the person whose order or appointment it is."
            ),
            "template",
        ),
    ];
    for spelled in ["ads_management", "paid_marketing_messages (or marketing_messages_messenger)"] {
        all.push(permission(
            spelled,
            by(paid),
            "sends paid messages; Meta gives it to apps of tech providers alone",
            format!(
                "{name} sends the notifications that people agreed to, topic by topic, as paid \
                 marketing messages, under a daily cap that the shop sets. Each message goes to the \
                 token that the person gave, no more often than was promised on the card they tapped, \
                 and STOP ends it."
            ),
            "agree",
        ));
    }
    all.extend([
        permission(
            "Business Asset User Profile Access",
            Need::Wished,
            "tells people's names and languages; without it nobody is called by name",
            "The app asks for the first name and the locale of a person who has written, to address \
             them and to answer in their language. They are kept until the person asks for deletion, \
             and given to nobody."
                .to_owned(),
            "question",
        ),
        permission(
            "Human Agent",
            Need::Wished,
            "lets a person of the shop answer up to 7 days after a message; without it, within 24 hours",
            format!(
                "When somebody asks for a person, the assistant is silent and somebody of {name} types \
                 the answer. Some questions take the shop longer than a day. The tag is used for text \
                 that a person typed and for nothing else: no automated message carries it."
            ),
            "human",
        ),
    ]);
    for (name, why) in [
        ("pages_read_engagement", "posts and followers are not read; comments come by webhook"),
        ("pages_manage_posts", "nothing is posted"),
        ("pages_user_gender, pages_user_timezone", "neither is asked for"),
        ("page_events", "no conversions are told to Meta"),
    ] {
        all.push(permission(name, Need::NotNeeded, why, String::new(), ""));
    }
    all
}

fn permission(
    name: &'static str,
    need: Need,
    why: &'static str,
    text: String,
    shown_by: &'static str,
) -> Permission {
    let text = if need == Need::NotNeeded { String::new() } else { text };
    Permission { name, need, why, text, shown_by }
}
