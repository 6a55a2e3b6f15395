//! Somebody at a terminal: what they are asked, what they are shown, and that what they paste is tested
//! before it is used.

use std::collections::{BTreeMap, VecDeque};

use clap::Parser as _;
use shopbell::cli::connect::session::Failure;
use shopbell::cli::connect::talk::Talk;
use shopbell::cli::connect::{ConnectArgs, connect};
use shopbell::cli::deploy::{DeployArgs, deploy};

use super::stage::{APP, APP_SECRET, OTHER_TOKEN, PAGE_TOKEN, Stage};

/// Answers questions with what belongs to them, in order.
#[derive(Default)]
struct Person {
    answers: VecDeque<(&'static str, String)>,
    heard: String,
    pages: Vec<String>,
    asked: Vec<(String, bool)>,
}

impl Person {
    fn who_says(answers: &[(&'static str, &str)]) -> Self {
        let answers = answers.iter().map(|(question, answer)| (*question, (*answer).to_owned()));
        Self { answers: answers.collect(), ..Self::default() }
    }
}

impl Talk for Person {
    fn say(&mut self, line: &str) {
        self.heard += &format!("{line}\n");
    }

    fn ask(&mut self, question: &str, secret: bool) -> Option<String> {
        self.asked.push((question.to_owned(), secret));
        let (expected, answer) =
            self.answers.pop_front().unwrap_or_else(|| panic!("asked {question}"));
        assert!(question.contains(expected), "asked {question}, not {expected}");
        Some(answer)
    }

    fn show(&mut self, address: &str) {
        self.pages.push(address.to_owned());
    }

    fn somebody(&self) -> bool {
        true
    }

    fn in_private(&self) -> bool {
        true
    }
}

#[derive(clap::Parser)]
struct Connect {
    #[command(flatten)]
    args: ConnectArgs,
}

#[derive(clap::Parser)]
struct Deploy {
    #[command(flatten)]
    args: DeployArgs,
}

fn connected(stage: &Stage, person: &mut Person, more: &[&str]) -> Result<(), Failure> {
    let words = std::iter::once("connect".to_owned()).chain(stage.places());
    let words = words.chain(more.iter().map(|word| (*word).to_owned()));
    connect(Connect::parse_from(words).args, BTreeMap::new(), person)
}

fn secrets(stage: &Stage) -> BTreeMap<String, String> {
    stage.cloud.lock().unwrap().worker("shopbell").secrets.clone()
}

#[test]
fn an_owner_is_led_through_meta_and_what_does_not_fit_is_asked_for_again() {
    let stage = Stage::new("owner");
    let mut owner = Person::who_says(&[
        ("App ID", APP),
        ("App secret", "not-the-secret-of-this-app"),
        ("App secret", APP_SECRET),
        ("Page token", OTHER_TOKEN),
        ("Page token", PAGE_TOKEN),
        ("Make the Worker `shopbell`", ""),
        ("Go live now?", "n"),
    ]);
    connected(&stage, &mut owner, &[]).unwrap();
    assert!(owner.answers.is_empty());
    for (question, secret) in &owner.asked {
        let is_secret = question.contains("secret") || question.contains("token");
        assert_eq!(*secret, is_secret, "{question}");
    }
    for page in ["/apps/", "/settings/basic/", "/messenger/settings/"] {
        assert!(owner.pages.iter().any(|shown| shown.ends_with(page)), "{page}: {:?}", owner.pages);
    }
    for line in [
        "do not belong together",
        "belongs to Page 1029384757",
        "it has no last day",
        "next: shopbell deploy",
    ] {
        assert!(owner.heard.contains(line), "{line}: {}", owner.heard);
    }
    let there = secrets(&stage);
    assert_eq!(
        (there["APP_SECRET"].as_str(), there["PAGE_TOKEN"].as_str()),
        (APP_SECRET, PAGE_TOKEN)
    );
    // What nobody can see again is shown, once.
    for own in ["ADMIN_TOKEN", "SIGNING_KEY"] {
        assert_eq!(owner.heard.matches(there[own].as_str()).count(), 1, "{own}");
    }
    assert!(!owner.heard.contains(there["VERIFY_TOKEN"].as_str()), "nobody needs it");

    // Again: Enter keeps everything.
    let mut owner = Person::who_says(&[("App secret (Enter keeps", ""), ("Go live now?", "n")]);
    connected(&stage, &mut owner, &[]).unwrap();
    assert_eq!(secrets(&stage), there);
    assert!(owner.heard.contains("secrets   already"), "{}", owner.heard);
    for secret in there.values() {
        assert!(!owner.heard.contains(secret.as_str()), "{}", owner.heard);
    }
}

#[test]
fn no_is_an_answer_and_nothing_is_made_then() {
    let stage = Stage::new("no");
    let mut owner = Person::who_says(&[
        ("App ID", APP),
        ("App secret", APP_SECRET),
        ("Page token", PAGE_TOKEN),
        ("Make the Worker", "n"),
    ]);
    let failure = connected(&stage, &mut owner, &[]).unwrap_err();
    assert_eq!(failure.why, "you said no");
    let cost = owner.heard.find("nothing on Cloudflare's free plan").expect("the cost was said");
    assert!(cost > 0 && stage.cloud.lock().unwrap().changes().is_empty());
}

#[test]
fn one_sitting_leads_from_nothing_to_live_with_the_difference_shown_first() {
    let stage = Stage::new("sitting");
    stage.cloud(|cloud| {
        // Messages come already when it is over: nothing is waited for.
        cloud.traffic.insert("event.message".to_owned(), 1);
    });
    let mut owner = Person::who_says(&[
        ("App ID", APP),
        ("App secret", APP_SECRET),
        ("Page token", PAGE_TOKEN),
        ("Make the Worker", "y"),
        ("Go live now?", ""),
    ]);
    connected(&stage, &mut owner, &[]).unwrap();
    let text = &owner.heard;
    assert!(text.contains("live: 1 messages came"), "{text}");
    let difference = text.find("get_started").expect("the difference");
    assert!(difference < text.find("profile   changed").unwrap(), "{text}");
    assert!(stage.sandbox.app_webhook("page").is_some());
}

#[test]
fn deploying_at_a_terminal_asks_only_for_what_the_worker_lacks() {
    let stage = Stage::new("terminal");
    let deployed = |person: &mut Person| {
        let words = std::iter::once("deploy".to_owned()).chain(stage.places());
        let words = words.chain(["--patience", "2", "--no-wait"].map(str::to_owned));
        deploy(Deploy::parse_from(words).args, BTreeMap::new(), person)
    };
    let mut owner = Person::who_says(&[
        ("Make the Worker", "y"),
        ("App ID", APP),
        ("App secret", APP_SECRET),
        ("Page token", PAGE_TOKEN),
        ("Set this?", "n"),
    ]);
    // Without Get Started posters do not work, and the check says so.
    let failure = deployed(&mut owner).unwrap_err();
    assert!(failure.why.contains("Get Started"), "{failure}");
    assert!(owner.heard.contains("profile   left"), "{}", owner.heard);
    // What the Worker has cannot be read back: Meta is asked with what is pasted, or not at all.
    let mut owner = Person::who_says(&[("App secret (Enter keeps it", "")]);
    deployed(&mut owner).unwrap();
    assert!(owner.heard.contains("deployed; Meta was not asked"), "{}", owner.heard);
    assert!(!owner.heard.contains("live:"), "{}", owner.heard);
    let mut owner = Person::who_says(&[
        ("App secret", APP_SECRET),
        ("Page token", PAGE_TOKEN),
        ("Set this?", "y"),
    ]);
    deployed(&mut owner).unwrap();
    assert!(owner.heard.contains("live: write to https://m.me/cornerbakery"), "{}", owner.heard);
}
