//! What a shop needs of Meta, by what it uses: permissions of its token, and fields of webhooks.

use crate::shop::doors::CommentRule;
use crate::shop::model::{Platform, Shop};

/// What every shop needs of the Page's token (Meta, Messenger Platform, September 2026).
const SCOPES: [&str; 2] = ["pages_messaging", "pages_manage_metadata"];

/// And on Instagram.
const INSTAGRAM_SCOPES: [&str; 2] = ["instagram_basic", "instagram_manage_messages"];

/// For utility templates: as Meta's guide spells it, and as some notes do (2026).
pub const UTILITY_SCOPES: [&str; 2] = ["page_utility_messaging", "pages_utility_messaging"];

/// Page fields without which no shop works (Meta, Messenger webhooks reference, 2026).
const FIELDS: [&str; 3] = ["messages", "messaging_postbacks", "message_echoes"];

/// A reaction opens the window; in standby STOP still counts; and Meta says there when it restricts
/// the Page.
const WISHED_FIELDS: [&str; 3] = ["message_reactions", "standby", "messaging_policy_enforcement"];

/// What tells of paid messages.
const MARKETING_FIELDS: [&str; 4] = [
    "marketing_message_deliveries",
    "marketing_message_reads",
    "marketing_message_clicks",
    "marketing_message_delivery_failed",
];

/// Fields of the app's webhook for Instagram. Echoes come with `messages` there.
const INSTAGRAM_FIELDS: [&str; 2] = ["messages", "messaging_postbacks"];

/// And what makes it better there; a scan of somebody known comes with the second.
const INSTAGRAM_WISHED_FIELDS: [&str; 3] = ["message_reactions", "messaging_referral", "standby"];

/// What a shop needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Permissions without which it does not work; of each one of its spellings.
    pub scopes: Vec<&'static [&'static str]>,
    /// Permissions without which a part of it does not work.
    pub wished_scopes: Vec<&'static [&'static str]>,
    /// Fields of the Page without which it does not work.
    pub fields: Vec<&'static str>,
    /// Fields that make it better.
    pub wished_fields: Vec<&'static str>,
    /// Fields of the app's webhook for Instagram; none: it does not answer there.
    pub instagram_fields: Vec<&'static str>,
    /// Fields there that make it better.
    pub wished_instagram_fields: Vec<&'static str>,
}

impl Needs {
    /// What this shop needs.
    #[must_use]
    pub fn of(shop: &Shop) -> Self {
        let mut needs = Self {
            scopes: SCOPES.iter().map(std::slice::from_ref).collect(),
            fields: FIELDS.to_vec(),
            wished_fields: WISHED_FIELDS.to_vec(),
            ..Self::default()
        };
        if on_instagram(shop) {
            needs.scopes.extend(INSTAGRAM_SCOPES.iter().map(std::slice::from_ref));
            needs.instagram_fields.extend(INSTAGRAM_FIELDS);
            needs.wished_instagram_fields.extend(INSTAGRAM_WISHED_FIELDS);
        }
        if !shop.templates.is_empty() {
            needs.wished_scopes.push(&UTILITY_SCOPES);
            needs.wished_fields.push("messenger_template_status_update");
        }
        needs.for_comments(shop);
        // A poster can be made without `shop.toml`, and nobody is asked for a topic without one.
        let wanted = |used: bool, field: &'static str, needs: &mut Self| {
            let list = if used { &mut needs.fields } else { &mut needs.wished_fields };
            list.push(field);
        };
        wanted(shop.has_doors(), "messaging_referrals", &mut needs);
        wanted(!shop.topics.is_empty(), "messaging_optins", &mut needs);
        if shop.handoff.pass_thread {
            needs.fields.push("messaging_handovers");
        }
        if shop.marketing.is_some() {
            needs.wished_fields.extend(MARKETING_FIELDS);
        }
        needs
    }

    /// Comments on Facebook come with the field `feed` (Meta, Private replies, 16 April 2026), and
    /// answering under a post there takes a permission of its own (Meta, Page comments, 2026;
    /// unconfirmed). Instagram's are told only with one (Meta, Instagram webhooks, 2026).
    fn for_comments(&mut self, shop: &Shop) {
        let at = |rule: &&CommentRule, platform| rule.platform.is_none_or(|at| at == platform);
        let rules = || shop.comments.iter();
        let of_facebook = || rules().filter(|rule| at(rule, Platform::Messenger));
        if shop.assistant.messenger && of_facebook().next().is_some() {
            self.fields.push("feed");
            if of_facebook().any(|rule| !rule.public.is_empty()) {
                self.wished_scopes.push(&["pages_manage_engagement"]);
            }
        }
        if on_instagram(shop) && rules().any(|rule| at(&rule, Platform::Instagram)) {
            self.wished_scopes.push(&["instagram_manage_comments"]);
            self.instagram_fields.push("comments");
            self.wished_instagram_fields.push("live_comments");
        }
    }

    /// Every field of the Page that the shop can use.
    pub fn all_fields(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().chain(&self.wished_fields).copied()
    }

    /// The same of the app's webhook for Instagram.
    pub fn all_instagram_fields(&self) -> impl Iterator<Item = &'static str> {
        self.instagram_fields.iter().chain(&self.wished_instagram_fields).copied()
    }
}

/// Whether a shop answers on Instagram.
#[must_use]
pub fn on_instagram(shop: &Shop) -> bool {
    shop.assistant.instagram && shop.page.instagram_id.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comments_need_is_asked_for_exactly_when_there_are_rules() {
        let wants = |rules: &str| {
            let source = format!(
                "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\n\
                 [[page]]\nid = \"1\"\nusername = \"a\"\ninstagram_id = \"2\"\n{rules}"
            );
            let needs = Needs::of(&crate::shop::source::compile(&source).shops.remove(0));
            let scopes: Vec<&str> = needs.wished_scopes.concat();
            (needs.fields.contains(&"feed"), scopes, needs.instagram_fields.contains(&"comments"))
        };
        let rule = |more: &str| {
            format!("[[comment]]\nid = \"r\"\nposts = [\"1\"]\ntext.en = \"T\"\n{more}")
        };
        let (manages, instagram) = ("pages_manage_engagement", "instagram_manage_comments");
        assert_eq!(wants(""), (false, vec![], false));
        assert_eq!(wants(&rule("")), (true, vec![instagram], true));
        let public = rule("public.en = [\"We wrote to you.\"]\n");
        assert_eq!(wants(&public), (true, vec![manages, instagram], true));
        assert_eq!(wants(&rule("platform = \"instagram\"\n")), (false, vec![instagram], true));
        assert_eq!(wants(&rule("platform = \"messenger\"\n")), (true, vec![], false));
    }

    #[test]
    fn a_field_is_needed_by_what_the_shop_uses_and_wished_for_otherwise() {
        let needs = |more: &str| {
            let source = format!(
                "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\n\
                 [[page]]\nid = \"1\"\nusername = \"a\"\ninstagram_id = \"2\"\n{more}"
            );
            Needs::of(&crate::shop::source::compile(&source).shops.remove(0))
        };
        let plain = needs("");
        assert_eq!(plain.fields, ["messages", "messaging_postbacks", "message_echoes"]);
        assert!(plain.wished_fields.contains(&"messaging_referrals"));
        let poster = "[[poster]]\ncode = \"DOOR\"\nplace = \"Door\"\n";
        let ad = "[[ad]]\nid = \"a\"\n";
        for door in [poster, ad, "[friends]\n"] {
            assert!(needs(door).fields.contains(&"messaging_referrals"), "{door}");
        }
        assert!(needs("[handoff]\npass_thread = true\n").fields.contains(&"messaging_handovers"));
        assert!(needs("[assistant]\ninstagram = false\n").instagram_fields.is_empty());
    }
}
