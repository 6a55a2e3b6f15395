//! The command as the owner of a shop types it: what is refused before it does harm, and what is said
//! instead. Nothing leaves this computer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Where an owner stands: a folder of their own with `my-bakery` in it.
struct Desk(PathBuf);

impl Desk {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("owner").join(name);
        let _gone = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// With the shop that `shopbell new` writes for the Corner Bakery.
    fn with_bakery(name: &str, page: &[&str]) -> Self {
        let desk = Self::new(name);
        let new = ["new", "my-bakery", "--language", "en", "--kind", "cafe", "--yes"];
        let all = new.iter().chain(&["--name", "Corner Bakery", "--country", "GB"]).chain(page);
        desk.typed(&all.copied().collect::<Vec<_>>()).worked();
        desk
    }

    fn with_real_bakery(name: &str) -> Self {
        Self::with_bakery(name, &["--page", "100200300400510", "--username", "cornerbakery"])
    }

    fn typed(&self, args: &[&str]) -> Said {
        self.typed_with(args, &[])
    }

    fn typed_with(&self, args: &[&str], environment: &[(&str, &str)]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shopbell"));
        command.args(args).current_dir(&self.0).stdin(Stdio::null());
        for name in ["PUBLIC_URL", "ADMIN_TOKEN", "APP_ID", "APP_SECRET", "PAGE_TOKEN", "WRANGLER"]
        {
            command.env_remove(name);
        }
        let output = command.envs(environment.iter().copied()).output().unwrap();
        Said::of(args, output)
    }

    /// Types a command, and these lines while it runs.
    fn typed_in(&self, args: &[&str], lines: &str) -> Said {
        use std::io::Write as _;
        let mut command = Command::new(env!("CARGO_BIN_EXE_shopbell"));
        command.args(args).current_dir(&self.0).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        Said::of(args, child.wait_with_output().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

/// What a command said, and how it ended.
struct Said {
    line: String,
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    fn of(args: &[&str], output: std::process::Output) -> Self {
        Self {
            line: args.join(" "),
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn worked(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}{}", self.line, self.out, self.err);
        self
    }

    /// It was refused, and each of these is in what was said.
    fn refused(self, words: &[&str]) -> Self {
        assert_eq!(self.code, Some(1), "{}\n{}{}", self.line, self.out, self.err);
        for word in words {
            assert!(self.err.contains(word), "{}: {word:?} is not in\n{}", self.line, self.err);
        }
        self
    }
}

#[test]
fn no_poster_and_no_snippet_leads_to_an_address_that_cannot_work() {
    let desk = Desk::with_real_bakery("address");
    for (url, why) in [
        ("https://x.example/y?z=1", "goes on behind ? or #"),
        ("https://x.example#frag", "goes on behind ? or #"),
        ("https://user:geheim@x.example", "name or a password"),
        ("https://YOUR-WORKER", "the example of the documents"),
        ("https://shopbell.YOU.workers.dev", "the example of the documents"),
        ("https://a b", "is not an address"),
    ] {
        let out = desk.file("poster.png").display().to_string();
        let qr = ["qr", "my-bakery", "--as", "png", "--out", &out, "--url", url];
        let snippet = ["snippet", "my-bakery", "--poster", "DOOR", "--url", url];
        for typed in [&qr[..], &snippet] {
            let said = desk.typed(typed).refused(&[why, "https://shopbell.<you>.workers.dev"]);
            assert!(!said.err.contains("geheim") && said.out.is_empty(), "{}", said.err);
        }
        assert!(!desk.file("poster.png").exists(), "{url}");
    }
}

/// The line that is proposed.
fn proposed(said: &Said) -> String {
    let line = said.err.lines().find_map(|line| line.trim_start().strip_prefix("do:"));
    line.unwrap_or_else(|| panic!("nothing is proposed: {}", said.err)).trim().to_owned()
}

#[test]
fn whoever_rehearsed_rehearses_again_when_they_type_what_is_proposed() {
    let desk = Desk::with_real_bakery("rehearsal");
    fs::create_dir(desk.file("b")).unwrap();
    let config = fs::read_to_string(Path::new(ROOT).join("wrangler.toml")).unwrap();
    fs::write(desk.file("b/wrangler.toml"), config).unwrap();
    let typed = "deploy my-bakery --name corner --bundle b --wrangler /bin/false --app-id 41 \
                 --graph http://127.0.0.1:9 --graph-version v26.0 --no-input --dry-run --yes \
                 --no-wait --take-webhook";
    let words: Vec<&str> = typed.split_whitespace().collect();
    let said = desk.typed(&words).refused(&["error:"]);
    let proposed = proposed(&said);
    let (_, line) = proposed.split_once("shopbell ").expect("a line to type");
    assert_eq!(line, words.join(" "));
}

#[test]
fn what_is_proposed_can_be_typed() {
    let desk = Desk::with_real_bakery("proposed");
    for (words, wanted) in [
        (
            &["deploy", "my-bakery", "--bundle", "nodir", "--no-input"][..],
            "shopbell deploy my-bakery --no-input --bundle FOLDER, with",
        ),
        (
            &["deploy", "my-bakery", "--bundle", ROOT, "--name", "BAD Name!"],
            &format!("shopbell deploy my-bakery --bundle {ROOT} --name bad-name"),
        ),
        (
            &["deploy", "my-bakery", "--bundle", ROOT, "--account", "zz"],
            &format!("shopbell deploy my-bakery --bundle {ROOT} --account ID"),
        ),
        (&["deploy", "nodir"], "shopbell new nodir"),
        (&["publish", "nodir"], "shopbell new nodir"),
    ] {
        let said = desk.typed(words).refused(&[]);
        assert!(proposed(&said).contains(wanted), "{wanted} is not in {}", said.err);
    }
    let account = desk.typed(&["deploy", "my-bakery", "--bundle", ROOT, "--account", "zz"]);
    account.refused(&["which Cloudflare account is meant"]);
}

#[test]
fn papers_for_the_review_are_not_written_over_what_somebody_else_wrote() {
    let desk = Desk::with_real_bakery("review");
    fs::write(desk.file("README.md"), "my own").unwrap();
    let said = desk.typed(&["review", "my-bakery", "--out", "."]);
    said.refused(&["./README.md would be written over", "nothing was changed"]);
    assert_eq!(fs::read_to_string(desk.file("README.md")).unwrap(), "my own");
    assert!(!desk.file("permissions.md").exists());

    // Its own it writes anew, until the owner fills something in.
    let first = desk.typed(&["review", "my-bakery"]).worked();
    assert!(first.out.contains("https://YOUR-WORKER stands where"), "{}", first.out);
    assert!(first.out.ends_with("read review/README.md first\n"), "{}", first.out);
    let again = desk.typed(&["review", "my-bakery", "--url", "https://bell.example/"]).worked();
    assert!(!again.out.contains("YOUR-WORKER"));
    let mine = desk.file("review/data-handling.md");
    let answers = fs::read_to_string(&mine).unwrap() + "\nIn Vilnius.\n";
    fs::write(&mine, &answers).unwrap();
    let again = ["review", "my-bakery", "--url", "https://bell.example"];
    desk.typed(&again).refused(&["review/data-handling.md would be written over"]);
    assert_eq!(fs::read_to_string(&mine).unwrap(), answers);
    let over = [&again[..], &["--overwrite"]].concat();
    desk.typed(&over).worked();
    assert!(!fs::read_to_string(&mine).unwrap().contains("In Vilnius."));

    for url in ["foo", "https://YOUR-WORKER"] {
        desk.typed(&["review", "my-bakery", "--out", "other", "--url", url]).refused(&["--url"]);
    }
    assert!(!desk.file("other").exists());
}

/// The first paragraph of a help.
fn first_paragraph(help: &str) -> String {
    let lines: Vec<&str> = help.lines().take_while(|line| !line.trim().is_empty()).collect();
    lines.join(" ").trim_end_matches('.').to_owned()
}

#[test]
fn every_command_says_in_its_long_help_what_the_list_says_and_what_it_needs() {
    let desk = Desk::new("help");
    let list = desk.typed(&["--help"]).worked().out;
    let commands: Vec<(&str, &str)> = list
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.trim().split_once(' '))
        .filter(|(name, _)| *name != "help")
        .map(|(name, says)| (name, says.trim()))
        .collect();
    assert!(commands.len() > 30, "{list}");
    let mut longer = 0;
    for (name, says) in commands {
        let help = desk.typed(&[name, "--help"]).worked().out;
        assert_eq!(first_paragraph(&help), says.trim_end_matches('.'), "{name}");
        longer += usize::from(help.split("Usage:").next().unwrap().matches("\n\n").count() > 1);
        // Whoever needs a secret or an address of somebody's reads where it comes from.
        let environment = help.contains("[env: PUBLIC_URL");
        let asks = !["qr", "review", "snippet", "verify"].contains(&name);
        if environment && asks {
            assert!(help.contains("ADMIN_TOKEN"), "{name} does not name ADMIN_TOKEN\n{help}");
        }
    }
    assert!(longer >= 25, "only {longer} commands have more to say");
}

/// Answers everything with this, for as long as the test lives.
fn answering(answer: &'static str) -> String {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _read = stream.read(&mut [0; 4096]);
            let _written = stream.write_all(answer.as_bytes());
        }
    });
    url
}

const WEB_PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\
                        Connection: close\r\n\r\n<!doctype html>";
const NO_PAGE_THERE: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 13\r\nConnection: close\r\n\
                             \r\n<html></html>";
const OTHER_TOKEN: &str =
    "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";

#[test]
fn whoever_has_no_admin_token_is_told_how_to_set_it_and_how_to_get_another() {
    let desk = Desk::with_real_bakery("no-token");
    let said = desk.typed(&["coupons", "--url", "https://bell.example"]);
    said.refused(&["export ADMIN_TOKEN=…", "shopbell connect FOLDER --renew ADMIN_TOKEN"]);
}

#[test]
fn an_address_that_is_no_shopbell_is_named_with_where_it_came_from() {
    let desk = Desk::new("wrong-address");
    let token = ("ADMIN_TOKEN", "an-admin-token-of-more-than-32-characters");
    for answer in [WEB_PAGE, NO_PAGE_THERE] {
        let url = answering(answer);
        let said = desk.typed_with(&["coupons"], &[token, ("PUBLIC_URL", &url)]);
        let place = format!("{url} (PUBLIC_URL in the environment)");
        said.refused(&[&place, "is no Shopbell", "a web page", "--url"]);
        let said = desk.typed_with(&["coupons", "--url", &url], &[token]).refused(&[&url]);
        assert!(!said.err.contains("in the environment"), "{}", said.err);
    }
    let url = answering(OTHER_TOKEN);
    let said = desk.typed_with(&["coupons", "--url", &url], &[token]);
    said.refused(&[&url, "refuses ADMIN_TOKEN", "--renew ADMIN_TOKEN"]);
}

#[test]
fn what_is_no_coupons_code_is_told_apart_from_a_code_that_was_misread() {
    let desk = Desk::new("redeem");
    for (said, why) in [
        ("x", "has 12 characters, and this has 1"),
        ("WINDOW", "has 12 characters, and this has 6"),
        ("https://bell.example/c/AAAA", "has 12 characters, and this has 4"),
        ("7KPN-R2X4-QW81", "'1' is in no coupon's code"),
        ("7KPN-R2X4-QW82", "do not add up"),
    ] {
        desk.typed(&["redeem", said, "--url", "https://bell.example"]).refused(&[said, why]);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told_with_what_to_do() {
    let desk = Desk::with_real_bakery("unreadable");
    for words in [&["check", "nodir"][..], &["chat", "nodir"]] {
        desk.typed(words).refused(&["there is no shop in nodir", "shopbell new nodir"]);
    }
    let url = ["--url", "https://bell.example"];
    let typo = [&["qr", "my-bakery-typo"][..], &url].concat();
    desk.typed(&typo).refused(&["there is no shop in my-bakery-typo"]);
    let typo = [&["qr", "DOOR", "my-bakry"][..], &url].concat();
    desk.typed(&typo).refused(&["there is no shop in my-bakry"]);

    let good = fs::read_to_string(desk.file("my-bakery/shop.toml")).unwrap();
    let utf16: Vec<u8> =
        [0xfeff].into_iter().chain(good.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    fs::write(desk.file("utf16.toml"), utf16).unwrap();
    desk.typed(&["check", "utf16.toml"]).refused(&["utf16.toml:1:", "but UTF-16", "as UTF-8"]);
    let latin = [b"[shop]\nname = \"Kavin".as_slice(), &[0xeb], b"\"\n"].concat();
    fs::write(desk.file("latin.toml"), latin).unwrap();
    let said = desk.typed(&["check", "latin.toml", "--format", "json"]);
    let said = said.refused(&["latin.toml:2: this is not UTF-8"]);
    let line: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&line["severity"], &line["line"]), (&"error".into(), &2.into()), "{line}");
    let said = desk.typed(&["check", "nodir", "--format", "json"]).refused(&[]);
    assert!(said.out.contains("shopbell new nodir"), "{}", said.out);

    // A pipe that nobody writes to.
    let pipe = desk.file("pipe.toml");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    desk.typed(&["check", "pipe.toml"]).refused(&["is no file"]);
}

#[test]
fn a_wait_that_is_none_and_a_command_that_is_none_are_told_and_change_nothing() {
    let desk = Desk::with_real_bakery("chat");
    let lines = "/wait x\n/wait -5\n/wait 8760\n/wait 1e999\n/fo\n/wiat 3\n/wait 1,5\n/wait 0.5\n";
    let chat = ["chat", "my-bakery", "--at", "2026-11-24T10:00:00Z"];
    let said = desk.typed_in(&chat, lines).worked();
    for told in [
        "x is no number of hours",
        "-5 is no number of hours",
        "at most 2400 hours",
        "1e999 is no number of hours",
        "/fo is no command here",
        "/wiat is no command here; do you mean /wait?",
        "it is Tuesday 2026-11-24 11:30",
        "it is Tuesday 2026-11-24 12:00",
    ] {
        assert!(said.out.contains(told), "{told}\n{}", said.out);
    }
    assert!(!said.out.contains("bot>"), "{}", said.out);
}

#[test]
fn what_to_type_next_is_what_the_documents_say() {
    let desk = Desk::new("next");
    for (language, name) in [("en", "a"), ("lt", "b"), ("zh-TW", "c"), ("pt-BR", "d")] {
        let new = ["new", name, "--language", language, "--yes", "--name", "Corner Bakery"];
        let said = desk.typed(&new).worked();
        let at = |command: &str| said.out.find(&format!("shopbell {command} {name}")).unwrap();
        assert!(at("check") < at("connect") && at("connect") < at("deploy"), "{}", said.out);
        assert!(said.out.contains("--bundle"), "{}", said.out);
    }
}

#[test]
fn days_moments_and_languages_are_read_in_one_way_and_told_with_an_example() {
    let desk = Desk::with_real_bakery("said");
    let refused = |words: &[&str], example: &str| {
        let said = desk.typed(words);
        assert_eq!(said.code, Some(2), "{}{}", said.out, said.err);
        assert!(said.err.contains(example), "{words:?}\n{}", said.err);
    };
    for command in ["check", "budget"] {
        refused(&[command, "my-bakery", "--at", "yesterday"], "2026-12-24");
    }
    for command in ["chat", "plan"] {
        refused(&[command, "my-bakery", "--at", "x"], "2026-11-27T09:00");
        let help = desk.typed(&[command, "--help"]).worked();
        assert!(help.out.contains("`2026-11-27T09:00` by the shop's clock"), "{}", help.out);
    }
    let chat = desk.typed(&["chat", "my-bakery", "--at", "2026-12-24T10:00"]);
    chat.worked();
    let url = ["--url", "https://bell.example"];
    for command in ["qr", "doctor"] {
        let words = [&[command, "my-bakery", "--language", "xx"][..], &url].concat();
        refused(&words, "there are no words in it");
    }
    let words = [&["qr", "my-bakery", "--language", "lt", "--as", "png"][..], &url].concat();
    assert!(desk.typed(&words).err.contains("the shop does not speak lt"));
}

#[test]
fn no_command_has_a_name_of_its_own_for_what_others_have_one_for() {
    let desk = Desk::new("flags");
    let list = desk.typed(&["--help"]).worked().out;
    let lines = list.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names =
        lines.take_while(|line| !line.is_empty()).filter_map(|l| l.split_whitespace().next());
    for name in names.filter(|name| *name != "help") {
        let help = desk.typed(&[name, "--help"]).worked().out;
        for odd in ["--worker", "--lang <", "--dir <", "--address"] {
            assert!(!help.contains(odd), "{name} has {odd}");
        }
    }
    let consent = desk.typed(&["consent", "--help"]).worked();
    assert!(consent.out.contains("<PERSON> [DIR]"), "{}", consent.out);
    assert!(desk.typed(&["eval", "--help"]).worked().out.contains("--input <FORMAT>"));
}

#[test]
fn what_the_doctor_proposes_are_commands_of_ours() {
    let desk = Desk::with_real_bakery("doctor");
    let url = "http://127.0.0.1:9";
    let weak = ("ADMIN_TOKEN", "12345678");
    let doctor = ["doctor", "my-bakery", "--url", "https://bell.invalid"];
    let said = desk.typed_with(&doctor, &[weak]);
    assert!(said.out.contains("shopbell connect FOLDER --renew ADMIN_TOKEN"), "{}", said.out);
    assert!(said.out.contains("https://bell.invalid is the Worker's address"), "{}", said.out);
    let said = desk.typed(&["doctor", "my-bakery", "--url", url]);
    assert!(said.out.contains("look whether this computer is online"), "{}", said.out);
    assert!(!said.out.contains("scripts/wrangler"), "{}", said.out);
}

#[test]
fn new_says_what_would_answer_and_not_what_would_fail_next() {
    let desk = Desk::with_real_bakery("new");
    let kind = ["new", "x", "--kind", "pizzeria", "--name", "X", "--yes"];
    desk.typed(&kind).refused(&["cafe, appointments, retail"]);
    let said = desk.typed(&["new", "x", "--language", "en", "--kind", "cafe"]);
    let said = said.refused(&["Answer it with --name"]);
    assert!(!said.err.contains("--yes"), "{}", said.err);
    let said = desk.typed(&["new", "x", "--language", "en"]);
    said.refused(&["--kind", "--yes"]);
    let file = desk.typed(&["new", "my-bakery/shop.toml", "--name", "X", "--yes"]);
    file.refused(&["my-bakery/shop.toml is there already; nothing was changed"]);
}

#[test]
fn small_mistakes_are_named_as_what_they_are() {
    let desk = Desk::with_real_bakery("small");
    let qr = ["qr", "my-bakery", "--url", "https://bell.example", "--as", "a4", "--out", "a.png"];
    desk.typed(&qr).refused(&["a.png would be pdf", "--as png"]);
    assert!(!desk.file("a.png").exists());
    let eval = ["eval", "--train", "missing", "--test", "missing"];
    desk.typed(&eval).refused(&["missing: it cannot be read"]);
    fs::write(desk.file("there"), "x").unwrap();
    desk.typed(&["eval", "--train", "there", "--test", "there"]).refused(&["--input csv"]);

    let scenario = Path::new(ROOT).join("tests/scenarios/small-things.scenario");
    let scenario = scenario.to_str().unwrap();
    let checked = desk.typed(&["sim", "--check", scenario]).worked();
    assert!(checked.out.contains("small-things.transcript is what this run says"));
    desk.typed(&["sim", scenario, "--bundle", "http://127.0.0.1:9"])
        .refused(&["no sandbox answers at http://127.0.0.1:9", "scripts/dev --clock"]);
}

#[test]
fn a_page_that_was_made_up_is_told_by_check_and_neither_printed_nor_deployed() {
    for (name, page, made_up) in [
        ("nothing", &[][..], ["id = \"100200300400500\"", "100200300400500"]),
        ("number", &["--page", "41"], ["username = \"corner.bakery\"", "m.me/corner.bakery"]),
    ] {
        let desk = Desk::with_bakery(&format!("made-up-{name}"), page);
        let check = desk.typed(&["check", "my-bakery"]).worked();
        assert!(check.err.contains("warning[made-up-page]"), "{}", check.err);
        assert!(check.out.contains("still marked ✎"), "{}", check.out);
        let qr = ["qr", "my-bakery", "--url", "https://bell.example", "--out", "poster.pdf"];
        desk.typed(&qr).refused(&made_up);
        assert!(!desk.file("poster.pdf").exists());
        desk.typed(&["deploy", "my-bakery", "--no-input", "--bundle", ROOT]).refused(&made_up);
        desk.typed(&["publish", "my-bakery", "--bundle", ROOT]).refused(&made_up);
        // It can be looked at on this computer.
        let chat = desk.typed(&["chat", "my-bakery"]);
        chat.worked();
    }
    let desk = Desk::with_real_bakery("made-up-none");
    let check = desk.typed(&["check", "my-bakery"]).worked();
    assert!(!check.err.contains("made-up-page"), "{}", check.err);
}
