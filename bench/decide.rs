//! What one decision takes natively: time and allocations for each event, over the example shops
//! and over a made-up one of 500 answers, 50 forms and nine languages. Prints lines of `shop, event,
//! decisions, p50, p99, allocations, bytes`, tab-separated, times in microseconds; `scripts/bench
//! decide` shows them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use shopbell::desk::decide::{Context, Host, decide};
use shopbell::desk::person::Person;
use shopbell::entry::keys::Keys;
use shopbell::faq::{self, Model};
use shopbell::meta::event::{Channel, Event, EventKind, Lane, Message};
use shopbell::meta::ids::{AccountId, Mid, Psid};
use shopbell::shop::source;
use shopbell::time::{MINUTE, UnixMs};

/// How often each event is decided.
const ROUNDS: usize = 15;

/// Events of one kind.
const MOST: usize = 150;

const ANSWERS: usize = 500;
const FORMS: usize = 50;
const LANGUAGES: [&str; 9] = ["lt", "en", "pt-BR", "zh-TW", "es", "de", "fr", "pl", "ru"];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["cafe", "atelier", "tea"] {
        let read = |file: &str| {
            std::fs::read_to_string(root.join("examples").join(name).join(file)).unwrap()
        };
        let file = read("questions.tsv");
        let asked = file.lines().filter_map(|line| line.split('\t').nth(1)).map(str::to_owned);
        measure(name, &read("shop.toml"), asked.collect());
    }
    let (toml, asked) = made_up();
    measure("made up", &toml, asked);
}

/// Decides all kinds of events in a shop, and prints what it took.
fn measure(name: &str, toml: &str, asked: Vec<String>) {
    let compiled = source::compile(toml);
    assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics.first());
    let shop = compiled.shops.into_iter().next().unwrap();
    let model = Model::load(faq::train(faq::examples(&shop.faq))).unwrap();
    let keys = Keys::new("a key for measuring only", None);
    let context = Context {
        shop: &shop,
        faq: Some(&model),
        keys: &keys,
        app: None,
        diary: &[],
        coupons: &[],
        host: Host::default(),
    };
    let now = UnixMs::new(1_793_000_000_000);
    let regular =
        Person { last_inbound: Some(now.plus(-MINUTE)), ..Person::new(now.plus(-MINUTE)) };
    let mut kinds: BTreeMap<&str, Vec<(Option<Person>, Event)>> = BTreeMap::new();
    let mut add = |kind, person: &Person, event| {
        kinds.entry(kind).or_default().push((Some(person.clone()), event));
    };
    for text in asked.iter().take(MOST) {
        add("question", &regular, said(text, None, now));
        // Nothing that the shop knows: every step of the table is asked.
        let nonsense: String = text.chars().rev().collect();
        add("no answer", &regular, said(&nonsense, None, now));
    }
    for text in ["STOP", "stop please", "human", "delete my data", "labas", "ok"] {
        add("command", &regular, said(text, None, now));
    }
    for entry in shop.faq.iter().take(MOST) {
        add("tap", &regular, said("x", Some(&format!("sb:faq:{}", entry.id)), now));
    }
    for form in shop.forms.iter().take(MOST) {
        let open = said("x", Some(&format!("sb:form:{}", form.id)), now);
        let opened = decide(context, Some(regular.clone()), &open, now).person.unwrap();
        add("answer to a form", &opened, said("4 people, please", None, now));
    }
    for (kind, events) in kinds {
        report(name, kind, context, &events, now);
    }
    let first: Vec<_> = asked.iter().take(MOST).map(|text| (None, said(text, None, now))).collect();
    report(name, "first message", context, &first, now);
}

fn report(
    shop: &str,
    kind: &str,
    context: Context<'_>,
    events: &[(Option<Person>, Event)],
    now: UnixMs,
) {
    let one = |person: &Option<Person>, event: &Event| {
        let person = person.clone();
        let began = Instant::now();
        let decision = black_box(decide(context, person, event, now));
        (began.elapsed().as_secs_f64() * 1e6, decision)
    };
    let mut times = Vec::with_capacity(events.len() * ROUNDS);
    for round in 0..=ROUNDS {
        for (person, event) in events {
            let (took, _decision) = one(person, event);
            // The first round warms.
            if round > 0 {
                times.push(took);
            }
        }
    }
    times.sort_by(f64::total_cmp);
    let (mut allocations, mut bytes) = (0, 0);
    for (person, event) in events {
        let person = person.clone();
        let mut person = Some(person);
        let counted = allocation_counter::measure(|| {
            black_box(decide(context, person.take().flatten(), event, now));
        });
        allocations += counted.count_total;
        bytes += counted.bytes_total;
    }
    let each = |sum: u64| sum / u64::try_from(events.len()).unwrap();
    println!(
        "{shop}\t{kind}\t{}\t{:.1}\t{:.1}\t{}\t{}",
        times.len(),
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        each(allocations),
        each(bytes)
    );
}

fn said(text: &str, quick_reply: Option<&str>, at: UnixMs) -> Event {
    Event {
        channel: Channel::Messenger,
        account: AccountId::unknown(),
        person: Some(Psid::new("10000000001").unwrap()),
        at,
        lane: Lane::Messaging,
        kind: EventKind::Message(Message {
            mid: Some(Mid("m_bench".to_owned())),
            text: Some(text.to_owned()),
            quick_reply: quick_reply.map(str::to_owned),
            reply_to: None,
            attachments: Vec::new(),
            referral: None,
            unsupported: false,
        }),
    }
}

// --- the made-up shop ---

/// Numbers that are the same at each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        // Knuth's constants for 64 bits.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % u64::try_from(most).unwrap()).unwrap()
    }

    /// A word that no language has, in the letters of this one.
    fn word(&mut self, tag: &str) -> String {
        if tag == "zh-TW" {
            let mut han =
                || char::from_u32(0x4E00 + u32::try_from(self.below(3_000)).unwrap()).unwrap();
            return [han(), han()].iter().collect();
        }
        let (heads, tails): (&[&str], &[&str]) = match tag {
            "ru" => {
                (&["к", "пр", "м", "ст", "в", "л", "д", "з"], &["ан", "ов", "ир", "ет", "ус", "он"])
            }
            "lt" => {
                (&["k", "pr", "m", "st", "v", "l", "š", "ž"], &["ąs", "uo", "ir", "ėt", "us", "on"])
            }
            "pl" => (
                &["k", "prz", "m", "st", "w", "ł", "sz", "ż"],
                &["an", "ow", "ir", "ęt", "us", "on"],
            ),
            _ => {
                (&["k", "pr", "m", "st", "v", "l", "d", "z"], &["an", "ov", "ir", "et", "us", "on"])
            }
        };
        let syllables = 2 + self.below(2);
        (0..syllables)
            .map(|_| [heads[self.below(heads.len())], tails[self.below(tails.len())]].concat())
            .collect()
    }

    fn phrase(&mut self, tag: &str, words: usize) -> String {
        (0..words).map(|_| self.word(tag)).collect::<Vec<_>>().join(" ")
    }
}

/// A shop.toml, and questions to it.
fn made_up() -> (String, Vec<String>) {
    let mut chance = Chance(7);
    let tags: Vec<String> = LANGUAGES.iter().map(|tag| format!("\"{tag}\"")).collect();
    let mut toml = format!(
        "[shop]\nname = \"Made up\"\nlanguages = [{}]\ntime_zone = \"Europe/Vilnius\"\n\
         [[page]]\nid = \"1\"\nusername = \"made.up\"\n\
         [assistant]\nmenu = [\"a0\", \"a1\", \"a2\", \"a3\"]\n",
        tags.join(", ")
    );
    let mut asked = Vec::new();
    for n in 0..ANSWERS {
        write!(toml, "[[faq]]\nid = \"a{n}\"\n").unwrap();
        if n < FORMS {
            writeln!(toml, "form = \"f{n}\"").unwrap();
        }
        for tag in LANGUAGES {
            // What is asked for in each way of asking.
            let subject = chance.phrase(tag, 2);
            let asks: Vec<String> =
                (0..2).map(|_| format!("\"{subject} {}\"", chance.phrase(tag, 2))).collect();
            asked.push(format!("{subject} {}", chance.word(tag)));
            writeln!(
                toml,
                "title.{tag} = \"{}\"\nanswer.{tag} = \"{}.\"\nask.{tag} = [{}]",
                chance.word(tag),
                chance.phrase(tag, 12),
                asks.join(", ")
            )
            .unwrap();
        }
    }
    for n in 0..FORMS {
        write!(toml, "[[form]]\nid = \"f{n}\"\n").unwrap();
        for tag in LANGUAGES {
            writeln!(toml, "title.{tag} = \"{}\"", chance.word(tag)).unwrap();
        }
        for (field, kind) in [("people", "number"), ("day", "date"), ("name", "text")] {
            write!(toml, "[[form.question]]\nid = \"{field}\"\nkind = \"{kind}\"\n").unwrap();
            for tag in LANGUAGES {
                let (title, ask) = (chance.word(tag), chance.phrase(tag, 4));
                writeln!(toml, "title.{tag} = \"{title}\"\nask.{tag} = \"{ask}?\"").unwrap();
            }
        }
    }
    // From all over the shop and its languages.
    let questions = (0..MOST).map(|_| asked[chance.below(asked.len())].clone()).collect();
    (toml, questions)
}
