//! `shopbell new`: what is asked, what is written, and that it works as it stands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use shopbell::cli::chat::Conversation;
use shopbell::cli::check::checked;
use shopbell::cli::new::{Answers, Kind, NewArgs, NewError, SCHEMA_FILE, Tongue, make, shop_toml};
use shopbell::cli::publish::Bundle;
use shopbell::shop::source::compile;
use shopbell::shop::source::diagnostic::Severity;
use shopbell::shop::source::schema::schema;

fn answers(tongue: Tongue, kind: Kind) -> Answers {
    let (country, time_zone) = match tongue {
        Tongue::English => ("US", "America/Denver"),
        Tongue::Lithuanian => ("LT", "Europe/Vilnius"),
        Tongue::Chinese => ("TW", "Asia/Taipei"),
        Tongue::Portuguese => ("BR", "America/Sao_Paulo"),
    };
    Answers {
        tongue,
        kind,
        name: "Ąžuolas".to_owned(),
        country: country.to_owned(),
        time_zone: time_zone.to_owned(),
        phone: None,
        page: None,
        username: None,
    }
}

/// Every language with every kind of shop.
fn all() -> impl Iterator<Item = Answers> {
    Tongue::ALL.into_iter().flat_map(|t| Kind::ALL.into_iter().map(move |k| answers(t, k)))
}

/// What keeps a file from being fine.
fn wrong(source: &str) -> Vec<String> {
    let found = checked(source, true).diagnostics.into_iter();
    let bad = found.filter(|d| d.severity < Severity::Note);
    bad.map(|d| format!("{}: {}", d.code, d.message)).collect()
}

/// A folder that nobody has used yet.
fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new").join(name);
    let _gone = std::fs::remove_dir_all(&dir);
    dir
}

fn command(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_shopbell"))
        .arg("new")
        .args(args)
        .env("LC_ALL", "lt_LT.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may end before it has read everything.
    let _written = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn every_kind_in_every_language_is_fine_and_the_same_each_time() {
    let mut seen = std::collections::HashSet::new();
    for answers in all() {
        let text = shop_toml(&answers);
        assert_eq!(wrong(&text), [""; 0], "{answers:?}");
        assert_eq!(shop_toml(&answers), text);
        assert!(!text.contains('%'), "a place was not filled: {answers:?}");
        let notes = checked(&text, true).diagnostics;
        assert!(notes.len() <= 1, "{answers:?}: {notes:?}");
        let compiled = compile(&text);
        assert_eq!(compiled.shops[0].languages[0].0, answers.tongue.code());
        assert!(compiled.shops[0].faq.len() >= 7 && compiled.places.expectations.len() >= 15);
        assert!(seen.insert(text));
    }
    assert_eq!(seen.len(), 12);
}

/// The longest stretch of a text that holds no variable.
fn plain_part(text: &str) -> &str {
    text.split(['{', '}']).step_by(2).max_by_key(|part| part.len()).unwrap()
}

#[test]
fn chat_answers_from_it_at_once_as_the_file_expects() {
    for answers in all() {
        let compiled = compile(&shop_toml(&answers));
        let expectations = compiled.places.expectations;
        // Wednesday noon in Europe.
        let at = "2026-11-25T11:00:00Z".parse::<jiff::Timestamp>().unwrap();
        let mut chat = Conversation::open(Bundle::of(compiled.shops), at.into()).unwrap();
        for expected in expectations {
            let bubbles = chat.says(&expected.text).unwrap().join("\n");
            let answered: Vec<&str> = chat
                .shop()
                .faq
                .iter()
                .filter(|entry| entry.answer.0.values().any(|a| bubbles.contains(plain_part(a))))
                .map(|entry| entry.id.as_str())
                .collect();
            let wanted: Vec<&str> = expected.entry.iter().map(|id| id.as_str()).collect();
            assert_eq!(answered, wanted, "{answers:?}: {:?}\n{bubbles}", expected.text);
        }
    }
}

#[test]
fn an_appointment_can_be_booked_in_the_chat() {
    let compiled = compile(&shop_toml(&answers(Tongue::English, Kind::Appointments)));
    let at = "2026-11-25T18:00:00Z".parse::<jiff::Timestamp>().unwrap();
    let mut chat = Conversation::open(Bundle::of(compiled.shops), at.into()).unwrap();
    let mut last = chat.says("i would like to book an appointment").unwrap().join("\n");
    assert!(last.contains("Book a visit"), "{last}");
    // The first choice each time: the form, a day, a time of day, a slot, yes.
    for _ in 0..6 {
        last = chat.says("1").unwrap().join("\n");
        if last.contains("booked") {
            return;
        }
    }
    panic!("nothing was booked: {last}");
}

#[test]
fn what_is_commented_out_is_fine_once_it_is_used() {
    for answers in all() {
        let text = shop_toml(&answers);
        let used: String = text
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => {
                    rest
                }
                _ => line,
            })
            .flat_map(|line| [line, "\n"])
            .collect();
        assert_eq!(wrong(&used), [""; 0], "{answers:?}");
        let shop = &compile(&used).shops[0];
        assert!(shop.privacy.is_some() && shop.notifications.len() == 1);
        assert_eq!(shop.posters[0].topic.as_ref(), Some(&shop.topics[0].id));
        assert_eq!(shop.hours.exceptions.len(), 1);
        assert!(shop.page.instagram_id.is_some() && shop.contact.phone.is_some());
    }
}

#[test]
fn any_name_that_can_be_shown_is_written_as_it_is() {
    let long = "é".repeat(75);
    for name in [
        "\"Ona's\" \\ café",
        "🍰🍰🍰",
        "{first_name} {{",
        "%PHONE% %",
        "山嵐茶房",
        "# [shop]",
        "'''",
        &long,
    ] {
        let answers = Answers {
            name: name.to_owned(),
            phone: Some("+370 600 00000".to_owned()),
            page: Some("1".to_owned()),
            ..answers(Tongue::English, Kind::Retail)
        };
        let text = shop_toml(&answers);
        assert_eq!(wrong(&text), [""; 0], "{name}");
        let shop = &compile(&text).shops[0];
        assert_eq!((shop.name.as_str(), shop.page.id.as_str()), (name, "1"));
        assert_eq!(shop.contact.phone.as_deref(), Some("+37060000000"));
    }
}

#[test]
fn what_cannot_be_is_refused_with_what_to_write() {
    let long = "x".repeat(76);
    for (flag, given, help) in [
        ("--language", "de", "en, lt, zh-TW, pt-BR"),
        ("--kind", "garage", "1, 2 or 3"),
        ("--name", "two\nlines", "one line"),
        ("--name", long.as_str(), "75 characters"),
        ("--name", " ", "one line"),
        ("--country", "UK", "GB"),
        ("--time-zone", "Europe/Vilnus", "Europe/Vilnius"),
        ("--phone", "8 600 00000", "begin with +"),
        ("--page", "kavine", "digits only"),
        ("--page", "10020030040050০", "digits only"),
        ("--username", "kavinė berzas", "letters, digits and dots"),
    ] {
        let dir = folder("refused");
        let mut args = vec![dir.to_str().unwrap(), "--yes"];
        if flag != "--name" {
            args.extend(["--name", "A"]);
        }
        args.extend([flag, given]);
        let output = command(&args, "");
        let why = said(&output.stderr);
        assert!(!output.status.success() && why.contains(flag) && why.contains(help), "{why}");
        assert!(!dir.exists(), "{flag}: nothing may be written");
    }
}

#[test]
fn with_yes_nothing_is_asked_and_only_the_name_is_needed() {
    let dir = folder("yes");
    let output = command(&[dir.to_str().unwrap(), "--yes"], "");
    assert!(!output.status.success());
    assert!(said(&output.stderr).contains("add --name"), "{}", said(&output.stderr));
    let output = command(&[dir.to_str().unwrap(), "--yes", "--name", "Corner Bakery"], "");
    assert!(output.status.success(), "{}", said(&output.stderr));
    let text = std::fs::read_to_string(dir.join("shop.toml")).unwrap();
    assert!(text.contains("name = \"Corner Bakery\"") && text.contains("\"corner.bakery\""));
    assert!(!said(&output.stdout).contains("> "), "{}", said(&output.stdout));
    // What is not a terminal does not look at the computer's language.
    assert!(text.contains("languages = [\"en\"]"));
}

#[test]
fn the_questions_are_asked_in_the_language_chosen_first_and_wrong_answers_again() {
    let dir = folder("asked");
    let input = "pt\n7\n2\n\nAteliê \"Flor\"\nBrasil\nbr\nSao Paulo\n\n11 0000\n+55 11 0000 0003\n\
                 pagina\n100200300400503\nhttps://m.me/flor.de.linho\n";
    let output = command(&[dir.to_str().unwrap()], input);
    let (out, why) = (said(&output.stdout), said(&output.stderr));
    assert!(output.status.success(), "{out}\n{why}");
    for asked in [
        "Que tipo de loja é?",
        "escreva 1, 2 ou 3",
        "escreva o nome em uma linha",
        "escreva as duas letras do país",
        "seria America/Sao_Paulo?",
        "comece com +",
        "só números",
        "shop.toml is fine",
        "shopbell check",
        "shopbell chat",
        "scripts/dev --shop",
    ] {
        assert!(out.contains(asked), "{asked}\n{out}");
    }
    assert_eq!(out.matches("! ").count(), 6, "{out}");
    let text = std::fs::read_to_string(dir.join("shop.toml")).unwrap();
    let expected = Answers {
        tongue: Tongue::Portuguese,
        kind: Kind::Appointments,
        name: "Ateliê \"Flor\"".to_owned(),
        country: "BR".to_owned(),
        time_zone: "America/Sao_Paulo".to_owned(),
        phone: Some("+55 11 0000 0003".to_owned()),
        page: Some("100200300400503".to_owned()),
        username: Some("flor.de.linho".to_owned()),
    };
    assert_eq!(text, shop_toml(&expected));
    let beside = std::fs::read_to_string(dir.join(SCHEMA_FILE)).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&beside).unwrap(), schema());
    assert!(text.starts_with(&format!("#:schema ./{SCHEMA_FILE}\n")));
}

#[test]
fn there_are_at_most_eight_questions_and_the_clock_is_asked_for_only_where_there_are_several() {
    let asked = |country: &str| {
        let dir = folder(&format!("count-{country}"));
        let output = command(&[dir.to_str().unwrap()], &format!("en\n1\nA\n{country}\n\n\n\n\n"));
        let out = said(&output.stdout);
        assert!(output.status.success(), "{out}{}", said(&output.stderr));
        out
    };
    let prompts =
        |out: &str| out.lines().filter(|l| l.starts_with("> ") || l.starts_with('[')).count();
    let many = asked("US");
    assert!(many.contains("Whose clock"));
    let one = asked("LT");
    assert!(!one.contains("Whose clock"), "{one}");
    assert_eq!((prompts(&many), prompts(&one)), (8, 7), "{many}");
}

#[test]
fn the_end_of_the_input_is_an_error_that_says_what_was_open() {
    let dir = folder("ended");
    let output = command(&[dir.to_str().unwrap(), "--language", "lt"], "1\nBeržas\n");
    assert!(!output.status.success());
    let why = said(&output.stderr);
    assert!(why.contains("--country") && why.contains("--yes") && why.contains("įvestis"), "{why}");
    assert!(!dir.exists());
    // Not even a line is left, and none is UTF-8.
    for input in [&b""[..], b"\xff\xfe\n"] {
        let args = NewArgs { dir: dir.clone(), ..NewArgs::default() };
        let why = make(&args, Tongue::English, input, Vec::new()).unwrap_err();
        assert!(matches!(why, NewError::Ended { .. } | NewError::Talk(_)), "{why}");
    }
}

#[test]
fn nothing_is_written_over() {
    let dir = folder("there");
    std::fs::create_dir_all(&dir).unwrap();
    for name in ["shop.toml", SCHEMA_FILE] {
        let path = dir.join(name);
        std::fs::write(&path, "mine").unwrap();
        let output = command(&[dir.to_str().unwrap(), "--yes", "--name", "A"], "");
        let why = said(&output.stderr);
        assert!(!output.status.success() && why.contains(name), "{why}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0);
    }
    // The schema can be made anew, when it is asked for.
    std::fs::write(dir.join(SCHEMA_FILE), "old, and longer than nothing").unwrap();
    let output = command(&[dir.to_str().unwrap(), "--schema"], "");
    assert!(output.status.success());
    let fresh = std::fs::read_to_string(dir.join(SCHEMA_FILE)).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&fresh).unwrap(), schema());
    // A file where the folder should be.
    let file = folder("file");
    std::fs::write(&file, "").unwrap();
    let output = command(&[file.to_str().unwrap(), "--yes", "--name", "A"], "");
    assert!(!output.status.success());
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn what_is_typed_next_is_quoted_for_the_shell() {
    let dir = folder("a shop's");
    let output = command(&[dir.to_str().unwrap(), "--yes", "--name", "A"], "");
    let out = said(&output.stdout);
    let line = out.lines().find(|line| line.contains("shopbell check")).unwrap().trim();
    let shell =
        Command::new("bash").args(["-c", &line.replace("shopbell check", "ls")]).output().unwrap();
    assert_eq!(said(&shell.stdout), format!("shop.toml\n{SCHEMA_FILE}\n"), "{line}");
}
