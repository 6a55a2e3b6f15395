//! What the matcher decides, on a small shop made up here.

use proptest::prelude::*;

use super::*;
use crate::meta::ids::FaqId;
use crate::shop::model::{Eagerness, Lang};

const SHOP: &[(&str, &str, &str)] = &[
    ("hours", "en", "when are you open"),
    ("hours", "en", "are you open on sunday"),
    ("hours", "en", "what are your opening hours"),
    ("hours", "lt", "kada dirbate"),
    ("hours", "lt", "ar dirbate sekmadienį"),
    ("hours", "zh-TW", "你們幾點開門"),
    ("hours", "zh-TW", "週日有營業嗎"),
    ("wifi", "en", "do you have wifi"),
    ("wifi", "en", "what is the wifi password"),
    ("wifi", "lt", "ar turite belaidį internetą"),
    ("wifi", "zh-TW", "有無線網路嗎"),
    ("parking", "en", "where can I park my car"),
    ("parking", "en", "is there parking nearby"),
    ("parking", "lt", "kur galima pastatyti automobilį"),
    ("parking", "zh-TW", "附近有停車場嗎"),
    ("voucher", "en", "gift voucher for 50 euros"),
    ("voucher", "en", "do you sell gift vouchers"),
    ("voucher", "lt", "ar parduodate dovanų kuponus"),
    ("cakes", "en", "can I order a birthday cake"),
    ("cakes", "en", "how much is a whole cake"),
    ("cakes", "lt", "ar galima užsisakyti gimtadienio tortą"),
    ("cakes", "zh-TW", "可以訂生日蛋糕嗎"),
];

fn bytes_of(rows: &[(&str, &str, &str)]) -> Vec<u8> {
    let rows: Vec<(FaqId, Lang, &str)> = rows
        .iter()
        .map(|(id, lang, text)| (FaqId::new(*id).unwrap(), Lang((*lang).to_owned()), *text))
        .collect();
    train(rows.iter().map(|(entry, lang, text)| Example { entry, lang: Some(lang), text }))
}

fn shop() -> Model {
    Model::load(bytes_of(SHOP)).unwrap()
}

fn ask(text: &str) -> Match {
    shop().answer(text, None, Eagerness::Normal)
}

fn answers(text: &str) -> Vec<String> {
    match ask(text).decision {
        Decision::Answer(ids) => ids.iter().map(|id| id.as_str().to_owned()).collect(),
        Decision::Offer(_) | Decision::None => Vec::new(),
    }
}

#[test]
fn two_questions_get_two_answers_in_the_order_asked() {
    for (text, expected) in [
        ("are you open on sunday and do you have wifi?", ["hours", "wifi"]),
        ("do you have wifi? is there parking nearby?", ["wifi", "parking"]),
        ("Labas, kada dirbate ir kur galima pastatyti automobilį?", ["hours", "parking"]),
        ("你們幾點開門？附近有停車場嗎", ["hours", "parking"]),
    ] {
        assert_eq!(answers(text), expected, "{text}");
    }
}

#[test]
fn one_question_in_several_parts_gets_one_answer() {
    for (text, expected) in [
        ("are you open on saturday and on sunday", "hours"),
        ("hi, are you open on sunday?", "hours"),
        ("can I order a birthday cake, a whole cake?", "cakes"),
    ] {
        assert_eq!(answers(text), [expected], "{text}");
    }
}

#[test]
fn politeness_around_a_question_does_not_hide_it() {
    for text in [
        "Hello! When are you open? Thanks",
        "Guten Tag, when are you open, danke",
        "hola buenas, when are you open",
        "bonjour when are you open svp",
        "cześć, when are you open",
        "Здравствуйте! when are you open",
        "你好，請問你們幾點開門，謝謝",
    ] {
        assert_eq!(answers(text), ["hours"], "{text}");
    }
}

#[test]
fn numbers_alone_do_not_decide() {
    for text in ["50", "50 50", "50€"] {
        let found = ask(text);
        assert!(!matches!(found.decision, Decision::Answer(_)), "{text}: {found:?}");
        assert_eq!(found.doubt, Some(Doubt::OnlyNumbers), "{text}");
    }
    assert_eq!(answers("gift voucher for 80 euros"), ["voucher"]);
}

#[test]
fn doubts_say_why() {
    for (text, doubt) in [
        ("👍", Doubt::Wordless),
        ("thanks!", Doubt::OnlyPoliteness),
        ("щщщ жжж", Doubt::NothingKnown),
    ] {
        let found = ask(text);
        assert_eq!((found.decision, found.doubt), (Decision::None, Some(doubt)), "{text}");
    }
    assert_eq!(ask("when are you open").doubt, None);
}

#[test]
fn shop_of_one_entry_answers_what_is_like_it_and_nothing_else() {
    let hours: Vec<_> = SHOP.iter().filter(|(id, ..)| *id == "hours").copied().collect();
    let model = Model::load(bytes_of(&hours)).unwrap();
    let decision = |text: &str| model.answer(text, None, Eagerness::Normal).decision;
    for text in [
        "My umbrella is green and I left it on your floor",
        "are you the one I met in Paris",
        "what is the name of your dog",
        "ar jūsų šuo dar jaunas",
        "delete my data",
    ] {
        assert!(!matches!(decision(text), Decision::Answer(_)), "{text}");
    }
    let hours = Decision::Answer(vec![FaqId::new("hours").unwrap()]);
    for text in ["are you open on saturday", "what are the opening hours", "ar dirbate šeštadienį"]
    {
        assert_eq!(decision(text), hours, "{text}");
    }
}

#[test]
fn shops_of_few_entries_do_not_answer_what_is_about_nothing_of_theirs() {
    for entries in [&["hours", "wifi"][..], &["hours", "wifi", "parking"]] {
        let rows: Vec<_> = SHOP.iter().filter(|(id, ..)| entries.contains(id)).copied().collect();
        let model = Model::load(bytes_of(&rows)).unwrap();
        let decision = |text: &str| model.answer(text, None, Eagerness::Normal).decision;
        for text in [
            "My umbrella is green and I left it on your floor",
            "are you the one I met in Paris",
            "what is the name of your dog",
            "what is the meaning of life",
            "ar jūsų šuo dar jaunas",
            "你喜歡貓嗎",
        ] {
            assert!(!matches!(decision(text), Decision::Answer(_)), "{entries:?}: {text}");
        }
        for (text, id) in [
            ("are you open on saturday", "hours"),
            ("what are the opening hours", "hours"),
            ("is there wifi here", "wifi"),
        ] {
            let answer = Decision::Answer(vec![FaqId::new(id).unwrap()]);
            assert_eq!(decision(text), answer, "{entries:?}: {text}");
        }
    }
}

#[test]
fn what_two_entries_fit_as_well_is_offered() {
    let model = Model::load(bytes_of(&[
        ("small-cake", "en", "how much is a small cake"),
        ("small-cake", "en", "price of the small cake"),
        ("small-cake", "en", "small cake cost"),
        ("large-cake", "en", "how much is a large cake"),
        ("large-cake", "en", "price of the large cake"),
        ("large-cake", "en", "large cake cost"),
        ("hours", "en", "when are you open"),
        ("hours", "en", "what are your opening hours"),
    ]))
    .unwrap();
    for text in ["how much is the cake", "cake price"] {
        for eagerness in [Eagerness::Cautious, Eagerness::Normal, Eagerness::Eager] {
            let found = model.answer(text, None, eagerness);
            let Decision::Offer(mut offered) = found.decision else { panic!("{text}: {found:?}") };
            offered.sort();
            let cakes = ["large-cake", "small-cake"].map(|id| FaqId::new(id).unwrap());
            assert_eq!(offered, cakes, "{text}: and not the hours");
        }
    }
    let large = Decision::Answer(vec![FaqId::new("large-cake").unwrap()]);
    let found = model.answer("what does a large cake cost", None, Eagerness::Normal);
    assert_eq!(found.decision, large);
}

#[test]
fn entry_without_phrasings_in_a_language_is_found_by_words_that_all_share() {
    let mut rows = SHOP.to_vec();
    rows.extend([
        ("pay", "en", "do you take paypal"),
        ("pay", "en", "can I pay with paypal or visa"),
        ("pay", "en", "is paypal ok"),
    ]);
    let model = Model::load(bytes_of(&rows)).unwrap();
    for (text, lang) in [("ar galima su paypal", "lt"), ("可以用paypal嗎", "zh-TW")] {
        let lang = Lang(lang.to_owned());
        let found = model.answer(text, Some(&lang), Eagerness::Normal);
        assert_eq!(found.decision, Decision::Answer(vec![FaqId::new("pay").unwrap()]), "{text}");
    }
}

#[test]
fn simplified_characters_find_traditional_ones() {
    for (traditional, simplified) in [
        ("附近有停車場嗎", "附近有停车场吗"),
        ("有無線網路嗎", "有无线网路吗"),
        ("你們幾點開門", "你们几点开门"),
    ] {
        let (one, other) = (answers(traditional), answers(simplified));
        assert!(!one.is_empty(), "{traditional}");
        assert_eq!(one, other, "{simplified}");
    }
}

#[test]
fn misspelt_words_are_understood() {
    for (text, expected) in [
        ("is there prking nearby", "parking"),
        ("do you sell gift vuochers", "voucher"),
        ("kada dirbat", "hours"),
        ("can i order a brithday cake", "cakes"),
    ] {
        assert_eq!(answers(text), [expected], "{text}");
    }
}

#[test]
fn three_candidates_with_falling_probabilities_that_leave_room_for_none() {
    for text in ["when are you open", "is there a car park", "do you have cake"] {
        let found = ask(text);
        assert!(found.candidates.len() >= 3, "{text}");
        let ps: Vec<f32> = found.candidates.iter().map(|one| one.p).collect();
        assert!(ps.is_sorted_by(|a, b| a >= b), "{text}: {ps:?}");
        let of_others: f32 = ps.iter().skip(1).sum();
        assert!(ps[0] >= 0.99 || ps[0] + of_others < 1.0, "{text}: {ps:?}");
    }
}

#[test]
fn eagerness_moves_only_the_thresholds() {
    let model = shop();
    for (_, _, text) in SHOP {
        for words in 1..=3 {
            let part: Vec<&str> = text.split(' ').take(words).collect();
            let part = part.join(" ");
            let of = |eagerness| model.answer(&part, None, eagerness);
            let rank = |found: &Match| match found.decision {
                Decision::None => 0,
                Decision::Offer(_) => 1,
                Decision::Answer(_) => 2,
            };
            let (cautious, normal, eager) =
                (of(Eagerness::Cautious), of(Eagerness::Normal), of(Eagerness::Eager));
            assert!(rank(&cautious) <= rank(&normal) && rank(&normal) <= rank(&eager), "{part}");
            assert_eq!(cautious.candidates, eager.candidates, "{part}");
        }
    }
}

#[test]
fn named_language_is_the_persons_own_where_two_phrasings_are_as_near() {
    let model = Model::load(bytes_of(&[
        ("wifi", "en", "wifi password"),
        ("wifi", "de", "wifi password"),
        ("cakes", "en", "birthday cake"),
    ]))
    .unwrap();
    for lang in ["de", "en"] {
        let lang = Lang(lang.to_owned());
        let found = model.answer("the wifi password", Some(&lang), Eagerness::Normal);
        assert_eq!(found.candidates[0].lang, lang);
    }
}

proptest! {
    #[test]
    fn order_of_the_examples_changes_nothing(rows in Just(SHOP.to_vec()).prop_shuffle()) {
        prop_assert_eq!(bytes_of(&rows), bytes_of(SHOP));
    }

    #[test]
    fn any_unicode_gets_a_sound_match(text in "[\\PC\\s]{0,80}", lang in proptest::option::of("lt|en|zh-TW|xx")) {
        let lang = lang.map(Lang);
        let found = shop().answer(&text, lang.as_ref(), Eagerness::Eager);
        prop_assert_eq!(found.doubt.is_none(), matches!(found.decision, Decision::Answer(_)));
        prop_assert!(found.candidates.iter().all(|one| (0.0..1.0).contains(&one.p)));
    }
}
