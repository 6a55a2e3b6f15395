//! Long random conversations in random shops, with Meta's limits on the other side: up to 200
//! things that people do, days apart or seconds, in shops made by a generator.
//!
//! A failure prints its seed: `SEED=… cargo test --test core conversations::` plays that one again.
//! `SHOPBELL_CORE_CASES` multiplies how many there are.

use std::fmt::Write as _;

use crate::rng::Rng;
use shopbell::cli::publish::Bundle;
use shopbell::cli::sandbox::{Act, Call, How, NewPerson, Platform};
use shopbell::cli::sim::core::Core;
use shopbell::cli::sim::ground::{Ground, Moment};
use shopbell::cli::sim::transcript::{self, Tap};
use shopbell::desk::decide::Effect;
use shopbell::desk::precedence::Step;
use shopbell::desk::words::{self, Command};
use shopbell::shop::lang;
use shopbell::shop::model::Lang;
use shopbell::time::{DAY, HOUR, MINUTE, SECOND, UnixMs};

const LANGUAGES: [&str; 9] = ["lt", "en", "pt-BR", "zh-TW", "es", "de", "fr", "pl", "ru"];
const ZONES: [&str; 5] =
    ["Europe/Vilnius", "America/Sao_Paulo", "Asia/Taipei", "Pacific/Apia", "America/St_Johns"];
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Words that questions are made of; any language may borrow them.
const WORDS: [&str; 24] = [
    "kada",
    "dirbate",
    "when",
    "open",
    "price",
    "how",
    "much",
    "onde",
    "fica",
    "quanto",
    "custa",
    "營業",
    "時間",
    "dónde",
    "cuánto",
    "wann",
    "offen",
    "prix",
    "horaires",
    "gdzie",
    "godziny",
    "когда",
    "сколько",
    "wifi",
];

const FIRST: &str = "2026-11-20T10:00:00Z";

fn some(rng: &mut Rng, from: usize, to: usize) -> usize {
    from + rng.below(to - from + 1)
}

fn one_in(rng: &mut Rng, n: usize) -> bool {
    rng.below(n) == 0
}

fn question(rng: &mut Rng) -> String {
    let n = some(rng, 1, 5);
    (0..n).map(|_| *rng.pick(&WORDS)).collect::<Vec<_>>().join(" ")
}

/// A shop.toml that has no errors.
fn shop(rng: &mut Rng) -> String {
    let mut languages = Vec::new();
    for _ in 0..some(rng, 1, 4) {
        let language = *rng.pick(&LANGUAGES);
        if !languages.contains(&language) {
            languages.push(language);
        }
    }
    let quoted: Vec<String> = languages.iter().map(|tag| format!("{tag:?}")).collect();
    let mut toml = format!(
        "[shop]\nname = \"Random\"\nlanguages = [{}]\ntime_zone = {:?}\nphone = \"+37060000000\"\n",
        quoted.join(", "),
        rng.pick(&ZONES),
    );
    let country = *rng.pick(&["", "LT", "US", "JP", "BR", "TW"]);
    if !country.is_empty() {
        writeln!(toml, "country = {country:?}").unwrap();
    }
    toml += "[[page]]\nid = \"100200300400500\"\nusername = \"random\"\n";
    toml += "instagram_id = \"178414000000000\"\ninstagram_username = \"random\"\n[hours]\n";
    for day in DAYS {
        let hours = *rng.pick(&[
            "\"closed\"",
            "\"09:00-18:00\"",
            "\"00:00-24:00\"",
            "[\"08:00-11:30\", \"12:00-20:00\"]",
            "\"18:00-02:00\"",
        ]);
        writeln!(toml, "{day} = {hours}").unwrap();
    }
    let texts = |rng: &mut Rng, key: &str, long: usize| {
        let mut out = String::new();
        for tag in &languages {
            let mut words = question(rng);
            words.truncate(words.char_indices().nth(long).map_or(words.len(), |(i, _)| i));
            writeln!(out, "{key}.{tag} = {words:?}").unwrap();
        }
        out
    };
    let faqs = some(rng, 0, 5);
    for n in 0..faqs {
        write!(toml, "[[faq]]\nid = \"faq{n}\"\n").unwrap();
        toml += &texts(rng, "title", 20);
        for tag in &languages {
            let asks: Vec<String> = (0..some(rng, 3, 6))
                .map(|k| format!("{:?}", format!("{} {n}{k}", question(rng))))
                .collect();
            writeln!(toml, "ask.{tag} = [{}]", asks.join(", ")).unwrap();
        }
        toml += &texts(rng, "answer", 600);
        if one_in(rng, 3) {
            writeln!(toml, "keywords.{} = [\"word{n}\"]", languages[0]).unwrap();
        }
        if one_in(rng, 3) {
            toml += "image = \"https://shop.example/a.jpg\"\n";
        }
    }
    toml += "[privacy]\ncontroller = \"A\"\ncontact = \"a@a.example\"\nlegal_basis = \"consent\"\n\
             keep_receipts_months = 24\n[sending]\nquiet_hours = \"none\"\n";
    let topics = some(rng, 0, 3);
    for n in 0..topics {
        let promise = *rng.pick(&["daily", "weekly", "monthly"]);
        write!(toml, "[[topic]]\nid = \"topic{n}\"\npromise = {promise:?}\n").unwrap();
        for tag in &languages {
            writeln!(toml, "title.{tag} = \"Topic {n} {tag}\"").unwrap();
        }
        let zone = *rng.pick(&["shop", "subscriber"]);
        let (hour, minute) = (rng.below(24), rng.below(60));
        let every = match promise {
            "daily" => "every = \"day\"",
            "weekly" => "every = \"week\", on = [\"sat\"]",
            _ => "every = \"month\", on = 21",
        };
        write!(toml, "[[notification]]\nid = \"note{n}\"\ntopic = \"topic{n}\"\n").unwrap();
        toml += &texts(rng, "text", 600);
        writeln!(toml, "schedule = {{ {every}, at = \"{hour:02}:{minute:02}\", zone = {zone:?} }}")
            .unwrap();
    }
    for n in 0..some(rng, 0, 3) {
        write!(toml, "[[poster]]\ncode = \"POSTER{n}\"\n").unwrap();
        toml += &texts(rng, "text", 200);
        if topics > 0 && one_in(rng, 2) {
            writeln!(toml, "topic = \"topic{}\"", rng.below(topics)).unwrap();
        }
        if faqs > 0 && one_in(rng, 2) {
            writeln!(toml, "faq = \"faq{}\"", rng.below(faqs)).unwrap();
        }
        if one_in(rng, 4) {
            toml += "revoked = true\n";
        }
    }
    writeln!(
        toml,
        "[assistant]\nmessenger = {}\ninstagram = {}\npause_hours = {}\nfallback_every_hours = {}",
        !one_in(rng, 8),
        !one_in(rng, 8),
        some(rng, 1, 48),
        some(rng, 1, 24),
    )
    .unwrap();
    toml += "[meta]\n";
    if one_in(rng, 2) {
        toml += "recurring_since = \"2024-05-01\"\n";
    }
    toml
}

/// Says which seed it was when a conversation fails.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "\nto play it again: SEED={} cargo test --test core conversations::\n",
                self.0
            );
        }
    }
}

/// One of three people, and what has to hold for them.
struct Somebody {
    psid: String,
    /// Until when somebody of the shop is talking, or was asked for.
    quiet_until: Option<UnixMs>,
}

struct Conversation {
    core: Core,
    people: Vec<Somebody>,
    vocabulary: Vec<(Command, String)>,
    /// Somebody asked to be forgotten.
    forgot: bool,
    log: Vec<String>,
}

/// Messages a moment brought to one person; none may have been refused.
fn sends<'m>(moment: &'m Moment, psid: &str, core: &mut Core) -> Vec<&'m Call> {
    let calls = moment.calls.iter().filter(|call| transcript::is_send(call));
    let messages = calls.filter(|call| call.body.get("message").is_some());
    messages.filter(|call| core.addressee(call).unwrap().as_deref() == Some(psid)).collect()
}

impl Conversation {
    fn new(rng: &mut Rng, source: &str) -> Self {
        let compiled = shopbell::shop::source::compile(source);
        assert!(!compiled.has_errors(), "{:?}\n{source}", compiled.diagnostics);
        let start = FIRST.parse::<jiff::Timestamp>().unwrap();
        let start =
            UnixMs::from(start).plus(i64::try_from(rng.below(7 * 24 * 60)).unwrap() * MINUTE);
        let mut core = Core::open(Bundle::of(compiled.shops), start).unwrap();
        core.explain();
        core.tick_every(*rng.pick(&[7 * MINUTE, 15 * MINUTE, 45 * MINUTE]));
        let mut people = Vec::new();
        for _ in 0..3 {
            let platform =
                *rng.pick(&[Platform::Messenger, Platform::Messenger, Platform::Instagram]);
            let psid = core.person(NewPerson { platform, ..NewPerson::default() }).unwrap();
            people.push(Somebody { psid, quiet_until: None });
        }
        let mut vocabulary = Vec::new();
        let english = Lang("en".to_owned());
        for tag in core.shop().languages.iter().chain([&english]) {
            let spoken = lang::language(tag);
            for (list, command) in [
                (&spoken.stop, Command::Stop),
                (&spoken.human, Command::Human),
                (&spoken.delete, Command::Delete),
            ] {
                // A word that means two things in two languages is another test's.
                let sure = |word: &&&str| words::command(core.shop(), word) == Some(command);
                vocabulary.extend(list.iter().filter(sure).map(|w| (command, (*w).to_owned())));
            }
        }
        Self { core, people, vocabulary, forgot: false, log: Vec::new() }
    }

    fn act(&mut self, rng: &mut Rng, who: usize) -> Act {
        let psid = self.people[who].psid.clone();
        let text = |text: String| Act::Message { text, reply_to: None };
        match rng.below(30) {
            0..=8 => text(question(rng)),
            9 => text(format!("word{}", rng.below(4))),
            10 => {
                text((*rng.pick(&["👍", "...", "qwertz", "\u{202e}x\u{0}", "1", " "])).to_owned())
            }
            11 => text(question(rng).repeat(some(rng, 1, 200))),
            12 => {
                let (_, word) = rng.pick(&self.vocabulary);
                // Inside a sentence it is no command, or the whole message after all.
                text(format!("{word} {}", question(rng)))
            }
            13..=17 => {
                let thread = self.core.thread(&psid).unwrap();
                let choices: Vec<_> = thread
                    .bubbles
                    .iter()
                    .filter(|bubble| bubble.from == "page")
                    .flat_map(|bubble| transcript::shown(&bubble.message).choices)
                    .collect();
                if choices.is_empty() {
                    return Act::GetStarted;
                }
                let choice = rng.pick(&choices).clone();
                match choice.tap {
                    Tap::QuickReply(payload) => {
                        Act::QuickReply { title: choice.title, payload: Some(payload) }
                    }
                    Tap::Postback(payload) => {
                        Act::Postback { title: choice.title, payload, referral: None }
                    }
                    Tap::Opens(_) => Act::Read,
                }
            }
            18 => {
                let payloads =
                    ["sb:faq:gone", "sb:topic:topic0", "sb:optin:x", "sb:human", "OTHER", "sb:"];
                let payload = (*rng.pick(&payloads)).to_owned();
                Act::Postback { title: "?".to_owned(), payload, referral: None }
            }
            19 => Act::GetStarted,
            20 | 21 => Act::OptIn { mid: None },
            22 => Act::StopNotifications { title: None, spelled_with_space: one_in(rng, 2) },
            23 => Act::ResumeNotifications { title: None },
            24 => Act::React { mid: None, emoji: "❤".to_owned(), unreact: one_in(rng, 3) },
            25 => Act::Edit { mid: None, text: question(rng) },
            26 => Act::Unsend { mid: None },
            27 => {
                let kinds = ["image", "sticker", "like_heart", "location", "audio", "ephemeral"];
                let kind = (*rng.pick(&kinds)).to_owned();
                Act::Attachment { kind, url: None, payload: None }
            }
            28 => Act::Comment { text: question(rng), post_id: None },
            _ => Act::AppReply { text: question(rng), app_id: Some(555) },
        }
    }

    /// Time passes. Notifications may come, to those who agreed and whom nobody is talking to.
    fn wait(&mut self, rng: &mut Rng) {
        let ms = match rng.below(20) {
            0..=9 => some(rng, 1, 50) * 1_000,
            10..=14 => some(rng, 1, 90) * 60_000,
            15..=18 => some(rng, 1, 26) * 3_600_000,
            _ => some(rng, 2, 9) * 86_400_000,
        };
        let to = self.core.now().plus(i64::try_from(ms).unwrap());
        self.log.push(format!("wait until {}", to.rfc3339()));
        let moments = self.core.advance(to, &[]).unwrap();
        for moment in moments {
            self.nothing_refused(&moment);
            for n in 0..self.people.len() {
                let psid = self.people[n].psid.clone();
                if sends(&moment, &psid, &mut self.core).is_empty() {
                    continue;
                }
                let known = self.core.known(&psid).unwrap().unwrap();
                assert!(known.topics.values().any(|word| word.active), "nobody agreed");
                let quiet = self.people[n].quiet_until.is_some_and(|until| moment.at < until);
                assert!(!quiet, "a notification while somebody is talking");
            }
        }
    }

    fn nothing_refused(&self, moment: &Moment) {
        for call in &moment.calls {
            // Whoever asked to be forgotten may be asked for consent again, and the shop no longer
            // knows when it last did.
            let asked_before_deletion = self.forgot
                && call.answer.pointer("/error/error_subcode") == Some(&1_893_016.into());
            assert!(
                call.status == 200 || asked_before_deletion,
                "Meta refused what it would have refused: {} {}",
                call.body,
                call.answer
            );
        }
    }

    /// Somebody of the shop answers in the Page's inbox.
    fn staff(&mut self, who: usize) {
        let psid = self.people[who].psid.clone();
        self.log.push(format!("staff replies to {who}"));
        let act = Act::HumanReply { text: "x".to_owned(), as_printed: who == 1 };
        let moment = self.core.act(&psid, act, How::default()).unwrap();
        assert!(sends(&moment, &psid, &mut self.core).is_empty());
        self.pause(who);
    }

    fn pause(&mut self, who: usize) {
        let hours = i64::from(self.core.shop().assistant.pause_hours);
        let until = self.core.now().plus(hours * HOUR);
        let person = &mut self.people[who];
        person.quiet_until = person.quiet_until.max(Some(until));
    }

    fn step(&mut self, rng: &mut Rng) {
        let who = rng.below(3);
        let psid = self.people[who].psid.clone();
        if one_in(rng, 25) {
            return self.staff(who);
        }
        if one_in(rng, 20) {
            let code = format!("POSTER{}", rng.below(4));
            self.log.push(format!("{who} scans {code}"));
            let (_, moment) = self.core.scan(&psid, &code).unwrap();
            return self.nothing_refused(&moment);
        }
        let said = one_in(rng, 10).then(|| rng.pick(&self.vocabulary).clone());
        let act = match &said {
            Some((_, word)) => Act::Message { text: word.clone(), reply_to: None },
            None => self.act(rng, who),
        };
        self.log.push(format!("{} {who} {act:?}", self.core.now().rfc3339()));
        let now = self.core.now();
        let quiet = self.people[who].quiet_until.is_some_and(|until| now < until);
        let copies = u32::try_from(rng.below(3)).unwrap();
        self.core.decisions();
        // What cannot happen (nothing to react to, no card) does not.
        let thread = self.core.thread(&psid).unwrap();
        let Ok(moment) = self.core.act(&psid, act.clone(), How { copies, ..How::default() }) else {
            assert!(!matches!(act, Act::Message { .. }), "{:?}", thread.bubbles.len());
            return;
        };
        let decisions = self.core.decisions();
        let erased = |effect: &Effect| matches!(effect, Effect::Erase { .. });
        self.forgot |= decisions.iter().flat_map(|decision| &decision.effects).any(erased);
        self.nothing_refused(&moment);
        let came = sends(&moment, &psid, &mut self.core).len();

        // At most one decision to answer, however often it was delivered.
        let answer = decisions.first().and_then(|decision| decision.answer.as_ref());
        let most = answer.map_or(0, |answer| answer.bubbles.len());
        let events =
            if matches!(act, Act::StopNotifications { .. } | Act::ResumeNotifications { .. }) {
                // One event for each topic.
                decisions.len()
            } else {
                1
            };
        assert!(came <= most * events, "{came} bubbles of an answer of {most}");

        let command = match &act {
            Act::Message { text, .. } => words::command(self.core.shop(), text),
            _ => None,
        };
        if let Some((said, word)) = &said {
            assert_eq!(command, Some(*said), "{word}");
        }
        let known = self.core.known(&psid).unwrap();
        match command {
            Some(Command::Stop) => {
                let known = known.unwrap();
                assert!(known.topics.values().all(|word| !word.active), "STOP ends every topic");
                assert!(answer.is_none_or(|answer| answer.by == Step::Stop));
            }
            Some(Command::Delete) => {
                let asked = known.as_ref().unwrap().delete_asked;
                assert_eq!(asked, Some(now), "DELETE asks");
                assert!(answer.is_none_or(|answer| answer.by == Step::Delete));
            }
            Some(Command::Human) => {
                self.pause(who);
                assert!(known.unwrap().paused(self.core.now().plus(HOUR - MINUTE)), "HUMAN pauses");
                assert!(answer.is_none_or(|answer| answer.by == Step::Human));
            }
            None => {
                // A tap may end it: "let the assistant answer again", "yes, delete".
                let paused = known.as_ref().is_some_and(|known| known.paused(now));
                if !paused {
                    self.people[who].quiet_until = None;
                } else if quiet {
                    let always = [Step::Stop, Step::Delete, Step::Human];
                    let by = answer.map(|answer| answer.by);
                    assert!(
                        came == 0 || by.is_some_and(|by| always.contains(&by)),
                        "the bot talks while a person does"
                    );
                }
                if answer.is_some_and(|answer| answer.by == Step::Human) {
                    self.pause(who);
                }
            }
        }
    }
}

fn converse(seed: u64) {
    let replay = Seed(seed);
    let mut rng = Rng::new(seed);
    let source = shop(&mut rng);
    let mut conversation = Conversation::new(&mut rng, &source);
    let steps = some(&mut rng, 1, 200);
    // The whole of it is shown only when it fails.
    struct Log<'c>(&'c mut Conversation, String);
    impl Drop for Log<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("{}\n{}", self.1, self.0.log.join("\n"));
            }
        }
    }
    let log = Log(&mut conversation, source);
    let start = log.0.core.now();
    for _ in 0..steps {
        // Long silences are many ticks: at most about a month of them.
        if log.0.core.now().since(start) > 30 * DAY {
            break;
        }
        log.0.step(&mut rng);
        log.0.core.advance(log.0.core.now().plus(SECOND), &[]).unwrap();
        if one_in(&mut rng, 2) {
            log.0.wait(&mut rng);
        }
    }
    drop(log);
    drop(replay);
}

#[test]
fn long_conversations_in_random_shops_keep_the_promises() {
    let only = std::env::var("SEED").ok().map(|seed| seed.parse().unwrap());
    if let Some(seed) = only {
        return converse(seed);
    }
    let times: u64 =
        std::env::var("SHOPBELL_CORE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    // The same shops every time: what fails here fails everywhere.
    for n in 0..16 * times {
        converse(n);
    }
}
