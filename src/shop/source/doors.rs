//! `[[comment]]`, `[[ad]]` and `[friends]`: what is wrong with one that its lines alone do not
//! show, and what the shop is made of.

use std::collections::HashSet;

use jiff::civil::Date;
use toml::de::DeTable;

use super::build::{self, Buttons};
use super::diagnostic::Diagnostic;
use super::forms;
use super::posters::landing;
use super::read::{self, flag, get, text};
use super::values::quoted;
use crate::meta::ids::{AdRuleId, CommentRuleId, FaqId, FieldId, PosterCode, TopicId};
use crate::meta::limits;
use crate::shop::doors::{AdRule, CommentRule, Friends};
use crate::shop::model::{Page, Platform};
use crate::shop::text::bubbles;

/// Friends that count for one person, and in how many days, unless the owner says otherwise.
const MOST: i64 = 10;
const PER_DAYS: i64 = 30;

pub(super) fn check(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let has_instagram =
        read::tables(file, "page").iter().any(|(page, _)| get(page, "instagram_id").is_some());
    for (rule, place) in read::tables(file, "comment") {
        reply(rule, &place, found);
        reach(rule, &place, found);
        one_message(rule, has_instagram, found);
        public(rule, found);
        if let (Some(("instagram", span)), false) =
            (get(rule, "platform").and_then(text), has_instagram)
        {
            found.push(
                Diagnostic::warning(
                    "instagram-without-account",
                    span,
                    "no Page names its Instagram account",
                )
                .help("add instagram_id = \"…\" to the [[page]]"),
            );
        }
    }
    ads_once(file, found);
}

/// A rule says one thing.
fn reply(rule: &DeTable<'_>, place: &std::ops::Range<usize>, found: &mut Vec<Diagnostic>) {
    let asks = flag(rule, "questions") == Some(true);
    let says: Vec<&str> =
        [("text", get(rule, "text").is_some()), ("faq", get(rule, "faq").is_some())]
            .into_iter()
            .chain([("questions", asks)])
            .filter_map(|(name, there)| there.then_some(name))
            .collect();
    match says.as_slice() {
        [] => found.push(
            Diagnostic::error("comment-without-reply", place.clone(), "this rule replies nothing")
                .help("add text.… = \"…\", faq = \"…\" or questions = true"),
        ),
        [_] => {}
        [first, ..] => found.push(
            Diagnostic::error(
                "comment-with-two-replies",
                place.clone(),
                format!("this rule replies {}", says.join(" and ")),
            )
            .label("Meta allows one message")
            .help(format!("keep one, such as {first}")),
        ),
    }
    let under = ["buttons", "quick_replies"].into_iter().filter_map(|name| get(rule, name));
    let under: Vec<_> = under.collect();
    if let (Some(value), false) = (under.first(), says == ["text"]) {
        found.push(
            Diagnostic::error("unfit-key", value.span(), "only a text has something under it")
                .help("an answer brings its own buttons; leave these out, or write text.… = \"…\""),
        );
    }
    if let [_, taps] = under.as_slice() {
        found.push(
            Diagnostic::error(
                "hidden-quick-replies",
                taps.span(),
                "quick replies cannot be seen beside `buttons`",
            )
            .help("make them buttons, or leave one of the two out"),
        );
    }
}

/// Which comments a rule answers.
fn reach(rule: &DeTable<'_>, place: &std::ops::Range<usize>, found: &mut Vec<Diagnostic>) {
    let narrow = ["posts", "keywords"].iter().any(|key| get(rule, key).is_some());
    if !narrow && flag(rule, "questions") != Some(true) {
        found.push(
            Diagnostic::warning(
                "answers-every-comment",
                place.clone(),
                "everybody who comments under any post gets this message",
            )
            .help("add keywords.… = [\"…\"], posts = [\"…\"] or questions = true"),
        );
    }
    let day = |name: &str| get(rule, name).and_then(|value| Some((read::date(value)?, value)));
    if let (Some((from, _)), Some((until, value))) = (day("from"), day("until"))
        && until < from
    {
        found.push(
            Diagnostic::error("never-valid", value.span(), "this rule never holds")
                .label(format!("before it begins, on {from}"))
                .help("put `until` on the day of `from` or later"),
        );
    }
}

/// A private reply is one message, on Instagram too.
fn one_message(rule: &DeTable<'_>, has_instagram: bool, found: &mut Vec<Diagnostic>) {
    let everywhere = get(rule, "platform").and_then(text).is_none_or(|(p, _)| p == "instagram");
    let texts = read::table(rule, "text").into_iter().flatten();
    for (words, span) in texts.filter_map(|(_, value)| text(value)) {
        if bubbles(words).len() > 1 {
            found.push(
                Diagnostic::error(
                    "two-messages",
                    span,
                    "a blank line would begin a second message",
                )
                .label("Meta allows one")
                .help("write it without blank lines"),
            );
        } else if has_instagram && everywhere && words.len() > limits::INSTAGRAM_TEXT {
            let message =
                format!("{} bytes; Instagram allows {}", words.len(), limits::INSTAGRAM_TEXT);
            found.push(
                Diagnostic::error("too-long", span, message)
                    .help("write it shorter: letters beyond a-z take two bytes, Chinese three"),
            );
        }
    }
}

fn public(rule: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let lists = read::table(rule, "public").into_iter().flatten();
    for (words, span) in lists.flat_map(|(_, list)| read::list(list)).filter_map(text) {
        let length = read::units(words);
        if length > limits::PUBLIC_REPLY {
            let most = limits::PUBLIC_REPLY;
            found.push(
                Diagnostic::error("too-long", span, format!("{length} characters under a comment"))
                    .help(format!("write at most {most}: the private reply says the rest")),
            );
        }
    }
}

/// An ad leads to one place.
fn ads_once(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let mut seen = HashSet::new();
    let mut default = false;
    for table in ["poster", "ad"] {
        for (rule, place) in read::tables(file, table) {
            for key in ["ads", "refs"] {
                let list = get(rule, key).map(read::list).unwrap_or_default();
                for (id, span) in list.into_iter().filter_map(text) {
                    if !seen.insert((key, id.to_lowercase())) {
                        found.push(
                            Diagnostic::error(
                                "duplicate",
                                span,
                                format!("the ad {} leads to two places", quoted(id)),
                            )
                            .label("the second")
                            .help("leave it out of one of them"),
                        );
                    }
                }
            }
            let is_default =
                table == "ad" && ["ads", "refs"].iter().all(|k| get(rule, k).is_none());
            if is_default && std::mem::replace(&mut default, true) {
                found.push(
                    Diagnostic::error("two-default-ads", place, "two rules are for every other ad")
                        .label("the second")
                        .help("say which ads it is for: ads = [\"…\"] or refs = [\"…\"]"),
                );
            }
        }
    }
}

fn names(table: &DeTable<'_>, key: &str) -> Vec<String> {
    let list = get(table, key).map(read::list).unwrap_or_default();
    list.into_iter().filter_map(text).map(|(name, _)| name.to_owned()).collect()
}

/// The rules about comments of a Page.
pub(super) fn comments(
    file: &DeTable<'_>,
    page: &Page,
    buttons: &Buttons<'_>,
) -> Option<Vec<CommentRule>> {
    let mut rules = Vec::new();
    for (table, _) in read::tables(file, "comment") {
        let whose = get(table, "page").and_then(text).map(|(whose, _)| whose);
        if whose.is_none_or(|whose| whose == page.id.as_str() || whose == page.username) {
            rules.push(comment(file, table, buttons)?);
        }
    }
    Some(rules)
}

fn comment(file: &DeTable<'_>, table: &DeTable<'_>, buttons: &Buttons<'_>) -> Option<CommentRule> {
    let day = |name: &str| -> Option<Date> { read::date(get(table, name)?) };
    Some(CommentRule {
        id: build::named::<CommentRuleId>(table, "id")?,
        posts: names(table, "posts"),
        keywords: build::phrases(table, "keywords"),
        questions: flag(table, "questions").unwrap_or(false),
        platform: match get(table, "platform").and_then(text) {
            Some(("instagram", _)) => Some(Platform::Instagram),
            Some(("messenger", _)) => Some(Platform::Messenger),
            _ => None,
        },
        from: day("from"),
        until: day("until"),
        text: build::localized(table, "text"),
        faq: build::named::<FaqId>(table, "faq"),
        buttons: buttons.of(table)?,
        quick_replies: buttons.named(table, "quick_replies")?,
        public: build::phrases(table, "public"),
        topic: build::named::<TopicId>(table, "topic"),
        also: forms::also(file, table),
    })
}

/// The rules about ads.
pub(super) fn ads(file: &DeTable<'_>, buttons: &Buttons<'_>) -> Option<Vec<AdRule>> {
    let rule = |table: &DeTable<'_>| {
        let id = build::named::<AdRuleId>(table, "id")?;
        Some(AdRule {
            landing: landing(file, table, PosterCode::new(id.as_str()).ok()?, buttons)?,
            ads: names(table, "ads"),
            refs: names(table, "refs"),
            id,
        })
    };
    read::tables(file, "ad").into_iter().map(|(table, _)| rule(table)).collect()
}

/// How customers bring their friends: `None` within when they do not.
#[allow(clippy::option_option, reason = "the outer one says that it cannot be read")]
pub(super) fn friends(file: &DeTable<'_>, buttons: &Buttons<'_>) -> Option<Option<Friends>> {
    let Some(table) = read::table(file, "friends") else { return Some(None) };
    Some(Some(Friends {
        words: build::phrases(table, "words"),
        text: build::localized(table, "link_text"),
        thanks: build::localized(table, "thanks"),
        thanks_tags: names(table, "thanks_tags"),
        counted_in: build::named::<FieldId>(table, "counted_in"),
        most: build::number(table, "most", MOST)?,
        per_days: build::number(table, "per_days", PER_DAYS)?,
        landing: landing(file, table, PosterCode::new("friends").ok()?, buttons)?,
    }))
}

#[cfg(test)]
mod tests {
    use crate::shop::source::compile;

    fn compiled(rules: &str) -> crate::shop::source::Compiled {
        compile(&format!(
            "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\n\
             [[page]]\nid = \"1\"\nusername = \"a\"\ninstagram_id = \"2\"\n\
             [[faq]]\nid = \"x\"\ntitle.en = \"X\"\nask.en = [\"what is x\", \"tell me x\", \"x please\"]\n\
             answer.en = \"X.\"\n{rules}"
        ))
    }

    fn codes(rules: &str) -> Vec<&'static str> {
        compiled(rules).diagnostics.iter().map(|found| found.code).collect()
    }

    #[test]
    fn what_is_wrong_with_a_rule_about_comments_is_named() {
        let rule = |more: &str| format!("[[comment]]\nid = \"r\"\n{more}");
        let long = "ą".repeat(501);
        for (more, expected) in [
            ("text.en = \"T\"\nkeywords.en = [\"price\"]\n".to_owned(), vec![]),
            ("faq = \"x\"\nposts = [\"1_2\"]\n".to_owned(), vec![]),
            ("questions = true\npublic.en = [\"We wrote to you.\"]\n".to_owned(), vec![]),
            ("keywords.en = [\"price\"]\n".to_owned(), vec!["comment-without-reply"]),
            ("text.en = \"T\"\nfaq = \"x\"\nposts = [\"1\"]\n".to_owned(), vec!["comment-with-two-replies"]),
            ("text.en = \"T\"\n".to_owned(), vec!["answers-every-comment"]),
            ("text.en = \"T\\n\\nU\"\nposts = [\"1\"]\n".to_owned(), vec!["two-messages"]),
            (format!("text.en = \"{long}\"\nposts = [\"1\"]\n"), vec!["too-long"]),
            (format!("text.en = \"{long}\"\nposts = [\"1\"]\nplatform = \"messenger\"\n"), vec![]),
            (format!("text.en = \"T\"\nposts = [\"1\"]\npublic.en = [\"{long}\"]\n"), vec!["too-long"]),
            (
                "faq = \"x\"\nposts = [\"1\"]\nbuttons = [{ human = true }]\n".to_owned(),
                vec!["unfit-key"],
            ),
            (
                "text.en = \"T\"\nposts = [\"1\"]\nbuttons = [{ human = true }]\nquick_replies = [{ human = true }]\n"
                    .to_owned(),
                vec!["hidden-quick-replies"],
            ),
            (
                "text.en = \"T\"\nposts = [\"1\"]\nfrom = 2026-12-02\nuntil = 2026-12-01\n".to_owned(),
                vec!["never-valid"],
            ),
            (
                "text.en = \"T\"\nposts = [\"1\"]\nbuttons = [{ share = true }]\n".to_owned(),
                vec!["share-without-friends"],
            ),
        ] {
            assert_eq!(codes(&rule(&more)), expected, "{more}");
        }
    }

    #[test]
    fn an_ad_leads_to_one_place() {
        for (rules, expected) in [
            ("[[ad]]\nid = \"a\"\nads = [\"1\"]\n[[ad]]\nid = \"b\"\n", vec![]),
            ("[[ad]]\nid = \"a\"\n[[ad]]\nid = \"b\"\n", vec!["two-default-ads"]),
            ("[[ad]]\nid = \"a\"\nads = [\"1\", \"1\"]\n", vec!["duplicate"]),
            (
                "[[poster]]\ncode = \"P\"\nads = [\"1\"]\n[[ad]]\nid = \"a\"\nads = [\"1\"]\n",
                vec!["duplicate"],
            ),
            (
                "[[ad]]\nid = \"a\"\nrefs = [\"r\"]\n[[ad]]\nid = \"b\"\nrefs = [\"R\"]\n",
                vec!["duplicate"],
            ),
        ] {
            assert_eq!(codes(rules), expected, "{rules}");
        }
    }

    #[test]
    fn what_counts_friends_is_a_number_everywhere() {
        let friends = "[friends]\ncounted_in = \"size\"\n";
        let ad = |set: &str| format!("{friends}[[ad]]\nid = \"a\"\nset.size = {set}\n");
        assert_eq!(codes(&ad("\"L\"")), ["field-type"]);
        assert_eq!(codes(&ad("3")), Vec::<&str>::new());
    }

    #[test]
    fn what_a_friend_or_the_end_of_a_form_reads_is_split_above_buttons_and_that_is_said() {
        let long = "a".repeat(641);
        let said = format!("text.en = \"{long}\"\nbuttons = [{{ human = true }}]\n");
        assert_eq!(codes(&format!("[friends]\n{said}")), ["text-will-be-split"]);
        let form = "[[form]]\nid = \"f\"\ntitle.en = \"F\"\n[[form.question]]\nid = \"q\"\n\
                    title.en = \"Q\"\nask.en = \"Q?\"\nkind = \"text\"\n\
                    [[ad]]\nid = \"a\"\nform = \"f\"\n";
        assert_eq!(codes(form), Vec::<&str>::new());
        let form = form.replace("[[ad]]", &format!("[[form.end]]\n{said}[[ad]]"));
        assert_eq!(codes(&form), ["text-will-be-split"]);
    }

    #[test]
    fn an_item_of_the_menu_leads_to_its_answer_and_its_topic() {
        let found = |menu: &str| {
            codes(&format!(
                "[[faq]]\nid = \"y\"\ntitle.en = \"Y\"\nanswer.en = \"Y.\"\n\
                 [privacy]\ncontroller = \"A\"\ncontact = \"a@example.com\"\n\
                 legal_basis = \"consent\"\nkeep_receipts_months = 24\n\
                 [[topic]]\nid = \"t\"\ntitle.en = \"T\"\npromise = \"daily\"\n\
                 [profile]\nmenu = [{menu}]\n"
            ))
        };
        assert_eq!(found(""), ["no-phrasing", "unreachable-topic"]);
        // A warning remains: only taps lead to the answer.
        assert_eq!(found("{ faq = \"y\" }, { topic = \"t\" }"), ["no-phrasing"]);
        assert!(
            !compiled(
                "[[faq]]\nid = \"y\"\ntitle.en = \"Y\"\nanswer.en = \"Y.\"\n\
            [profile]\nmenu = [{ faq = \"y\" }]\n"
            )
            .has_errors()
        );
    }

    #[test]
    fn what_is_written_becomes_the_shop() {
        let compiled = compiled(
            "[[comment]]\nid = \"r\"\nposts = [\"1_2\"]\nkeywords.en = [\"price\"]\ntext.en = \"T\"\n\
             public.en = [\"a\", \"b\"]\ntags = [\"priced\"]\n\
             [[comment]]\nid = \"elsewhere\"\npage = \"a\"\nfaq = \"x\"\nposts = [\"3\"]\n\
             [[ad]]\nid = \"sale\"\nads = [\"120\"]\ntext.en = \"Sale\"\ntags = [\"ad\"]\n\
             [friends]\nwords.en = [\"bring a friend\"]\nthanks_tags = [\"host\"]\nmost = 3\n\
             tags = [\"guest\"]\n",
        );
        assert_eq!(compiled.diagnostics, []);
        let shop = &compiled.shops[0];
        assert_eq!(shop.comments.len(), 2);
        assert_eq!(shop.comments[0].posts, ["1_2"]);
        assert_eq!(shop.comments[0].public.values().next().unwrap(), &["a", "b"]);
        assert_eq!(shop.comments[0].also.tags, ["priced"]);
        assert_eq!(shop.ads[0].landing.code.as_str(), "sale");
        assert!(!shop.ads[0].is_default());
        let friends = shop.friends.as_ref().unwrap();
        assert_eq!((friends.most, friends.per_days), (3, 30));
        assert_eq!(friends.landing.also.tags, ["guest"]);
    }
}
