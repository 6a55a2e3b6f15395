//! What `shopbell doctor` says to the owner, in their language: what is looked at, what is wrong
//! with it, and the one thing to do. Native only: the Worker's own words are in [`super::alerts`].
//!
//! Words in braces are filled in: names, days, and what Meta or the Worker said, as they said it.

pub(super) mod de;
pub(super) mod en;
pub(super) mod es;
pub(super) mod fr;
pub(super) mod lt;
pub(super) mod pl;
pub(super) mod pt_br;
pub(super) mod ru;
pub(super) mod zh_cn;
pub(super) mod zh_tw;

use super::alerts::AlertTexts;
use super::language;
use crate::shop::model::Lang;

/// One language's.
#[derive(Debug)]
pub struct DoctorTexts {
    /// The tag, as in [`super::Language::code`].
    code: &'static str,
    /// What is looked at.
    pub titles: Titles,
    /// What was found.
    pub says: Says,
    /// What to do.
    pub fixes: Fixes,
    /// How it is laid out.
    pub words: Words,
}

impl DoctorTexts {
    /// What the owner is alerted with, in the same language.
    #[must_use]
    pub fn alerts(&self) -> &'static AlertTexts {
        &language(&Lang(self.code.to_owned())).alerts
    }

    /// What was found of something, after what it is called.
    #[must_use]
    pub fn after_colon(&self, title: &str, says: &str) -> String {
        let colon = match self.code {
            "zh-CN" | "zh-TW" => "：",
            "fr" => "\u{a0}: ",
            _ => ": ",
        };
        format!("{title}{colon}{says}")
    }
}

/// What is looked at. Names of secrets stand as they are.
#[derive(Debug)]
#[expect(missing_docs, reason = "each is what it says in `en.rs`")]
pub struct Titles {
    pub computer: &'static str,
    pub shop: &'static str,
    pub worker: &'static str,
    pub version: &'static str,
    pub tables: &'static str,
    pub clock: &'static str,
    pub signature: &'static str,
    pub published: &'static str,
    pub secrets: &'static str,
    pub cron: &'static str,
    pub looks: &'static str,
    pub desk: &'static str,
    pub faq: &'static str,
    pub alert: &'static str,
    pub sending: &'static str,
    pub outbox: &'static str,
    pub parked: &'static str,
    pub kv: &'static str,
    pub quota: &'static str,
    pub traffic: &'static str,
    pub held: &'static str,
    pub by_others: &'static str,
    pub graph: &'static str,
    pub webhook: &'static str,
    pub review: &'static str,
    pub callbacks: &'static str,
    pub token: &'static str,
    pub token_life: &'static str,
    pub scopes: &'static str,
    pub fields: &'static str,
    pub other_apps: &'static str,
    pub page: &'static str,
    pub instagram: &'static str,
    pub instagram_access: &'static str,
    pub graph_version: &'static str,
    pub rules: &'static str,
    pub paid: &'static str,
    pub templates: &'static str,
    pub automations: &'static str,
}

/// What was found of it; follows the title and a colon.
#[derive(Debug)]
#[expect(missing_docs, reason = "each is what it says in `en.rs`")]
pub struct Says {
    pub env: &'static str,
    pub silent_worker: &'static str,
    pub unread: &'static str,
    pub untold: &'static str,
    pub unreachable: &'static str,
    pub strange: &'static str,
    pub refuses: &'static str,
    pub address: &'static str,
    pub unreadable: &'static str,
    pub errors: &'static str,
    pub differs: &'static str,
    pub two: &'static str,
    pub unset: &'static str,
    pub weak: &'static str,
    pub examples: &'static str,
    pub clock_off: &'static str,
    pub open_door: &'static str,
    pub nothing_published: &'static str,
    pub page_missing: &'static str,
    pub page_extra: &'static str,
    pub outdated: &'static str,
    pub unusable: &'static str,
    pub ends: &'static str,
    pub ended: &'static str,
    pub reads_until: &'static str,
    pub unknown: &'static str,
    pub quiet: &'static str,
    pub never: &'static str,
    pub long_ago: &'static str,
    pub waiting: &'static str,
    pub waits: &'static str,
    pub halted: &'static str,
    pub refuses_since: &'static str,
    pub near: &'static str,
    pub nothing_came: &'static str,
    pub held: &'static str,
    pub others_answered: &'static str,
    pub elsewhere: &'static str,
    pub none_for: &'static str,
    pub switched_off: &'static str,
    pub lacks: &'static str,
    pub roles_only: &'static str,
    pub dead: &'static str,
    pub of_other: &'static str,
    pub of_app: &'static str,
    pub kind: &'static str,
    pub not_together: &'static str,
    pub unsubscribed: &'static str,
    pub others_too: &'static str,
    pub unpublished: &'static str,
    pub restricted: &'static str,
    pub set_by_other: &'static str,
    pub overrides: &'static str,
    pub unlinked: &'static str,
    pub rule: &'static str,
    pub off: &'static str,
    pub state: &'static str,
}

/// The one thing to do.
#[derive(Debug)]
#[expect(missing_docs, reason = "each is what it says in `en.rs`")]
pub struct Fixes {
    pub certificates: &'static str,
    pub run: &'static str,
    pub folder: &'static str,
    pub give_address: &'static str,
    pub online: &'static str,
    pub export: &'static str,
    pub put: &'static str,
    pub strong: &'static str,
    pub deploy: &'static str,
    pub set_clock: &'static str,
    pub tail: &'static str,
    pub set_var: &'static str,
    pub set_line: &'static str,
    pub crons: &'static str,
    pub new_token: &'static str,
    pub token_with: &'static str,
    pub same_app: &'static str,
    pub again: &'static str,
    pub nothing: &'static str,
    pub as_wanted: &'static str,
    pub mend: &'static str,
    pub midnight: &'static str,
    pub fewer: &'static str,
    pub set_webhook: &'static str,
    pub subscribe: &'static str,
    pub wish: &'static str,
    pub remove_apps: &'static str,
    pub publish_page: &'static str,
    pub appeal: &'static str,
    pub link_instagram: &'static str,
    pub allow_instagram: &'static str,
    pub update: &'static str,
    pub write_to_page: &'static str,
    pub inbox: &'static str,
    pub automations: &'static str,
    pub review: &'static str,
    pub set_callbacks: &'static str,
    pub status_page: &'static str,
    pub check_dir: &'static str,
    pub leave_graph: &'static str,
    pub look_there: &'static str,
    pub pay: &'static str,
    pub terms: &'static str,
    pub provider: &'static str,
    pub give_account: &'static str,
    pub rewrite: &'static str,
}

/// How it is laid out.
#[derive(Debug)]
#[expect(missing_docs, reason = "each is what it says in `en.rs`")]
pub struct Words {
    pub ok: &'static str,
    pub warning: &'static str,
    pub problem: &'static str,
    pub not_checked: &'static str,
    pub to_do: &'static str,
    pub closing: &'static str,
    pub about_shop: &'static str,
    pub about_worker: &'static str,
    pub about_meta: &'static str,
    pub about_page: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text of a language, in the order of the fields: what `Debug` prints between quotes.
    fn texts(of: &DoctorTexts) -> Vec<String> {
        let printed = format!("{of:?}").replace("\\\"", "'");
        printed.split('"').skip(3).step_by(2).map(str::to_owned).collect()
    }

    fn braces(text: &str) -> Vec<&str> {
        let mut found: Vec<&str> =
            text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn every_language_has_a_word_for_everything_and_fills_in_the_same() {
        let english = texts(&en::TEXTS);
        assert!(english.len() > 140, "{}", english.len());
        for language in super::super::all() {
            assert_eq!(language.doctor.code, language.code);
            let ours = texts(language.doctor);
            assert_eq!(ours.len(), english.len(), "{}", language.code);
            for (ours, english) in ours.iter().zip(&english) {
                assert!(!ours.trim().is_empty(), "{}: {english}", language.code);
                assert_eq!(braces(ours), braces(english), "{}: {english}", language.code);
            }
        }
    }
}
