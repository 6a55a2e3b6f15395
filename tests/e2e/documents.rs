//! The commands in the documents do what they are there for, typed as they stand there: against the
//! running Worker, and with Meta played by the sandbox.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{
    ADMIN_TOKEN, APP_ID, APP_SECRET, PAGE_TOKEN, Setup, Stage, VERIFY_TOKEN, alone,
};
use shopbell::cli::sandbox::Act;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What is not typed here, and why.
const ELSEWHERE: [(&str, &str); 13] = [
    ("scripts/dev", "scripts/lib/dev.test.mjs starts it"),
    ("scripts/test", "this is a part of it"),
    ("scripts/build", "scripts/test has run it"),
    ("scripts/release", "e2e::release runs it"),
    ("shopbell connect", "core::landing types them"),
    ("shopbell deploy", "core::landing types them; e2e::landing, with the real wrangler"),
    ("shopbell redeem", "e2e::coupons redeems codes that were given"),
    ("shopbell verify RELEASE", "tests/verify.rs and e2e::release run it"),
    ("cargo test --lib", "scripts/test runs them all"),
    ("SHOPBELL_E2E=1 cargo test", "scripts/test runs them all"),
    ("git apply", "e2e::misses applies the patch"),
    ("shopbell sim tests/scenarios/cafe-week.scenario --bundle", "e2e::scenarios plays them all"),
    ("apt install", "needs the network"),
];

/// What stands for something of the reader's own.
fn filled_in(line: &str, stage: &Stage, person: &str) -> String {
    let mut line = line.to_owned();
    for (secret, value) in [
        ("APP_ID", APP_ID),
        ("APP_SECRET", APP_SECRET),
        ("VERIFY_TOKEN", VERIFY_TOKEN),
        ("PAGE_TOKEN", PAGE_TOKEN),
        ("ADMIN_TOKEN", ADMIN_TOKEN),
    ] {
        line = line.replace(&format!("{secret}=…"), &format!("{secret}={value}"));
    }
    for (word, value) in [
        ("https://shopbell.you.workers.dev", stage.worker.url.as_str()),
        ("https://shopbell.YOU.workers.dev", &stage.worker.url),
        ("https://shopbell.<you>.workers.dev", &stage.worker.url),
        ("FOLDER", "my-shop"),
        ("page=PAGE", &format!("page={PAGE}")),
        ("PERSON", person),
    ] {
        line = line.replace(word, value);
    }
    // These speak to Meta themselves, unless they are told where else.
    if line.starts_with("shopbell profile ") {
        line = format!("{line} --graph {}", stage.sandbox.url());
    }
    line
}

const PAGE: &str = "100200300400501";

/// The lines of the blocks marked `sh`, without what is said about them; a line that goes on is one.
fn commands(text: &str) -> Vec<String> {
    let (mut inside, mut found) = (false, Vec::<String>::new());
    let mut goes_on = false;
    for line in text.lines() {
        if let Some(word) = line.strip_prefix("```") {
            inside = !inside && word.trim() == "sh";
            continue;
        }
        let line = line.split("  #").next().unwrap().trim();
        if !inside || line.is_empty() || line.starts_with('#') {
            continue;
        }
        match found.last_mut().filter(|_| goes_on) {
            Some(begun) => *begun = format!("{}{line}", begun.trim_end_matches('\\')),
            None => found.push(line.to_owned()),
        }
        goes_on = line.ends_with('\\');
    }
    found
}

fn documents() -> Vec<PathBuf> {
    let mut found = vec![Path::new(ROOT).join("README.md")];
    for folder in ["docs", "kv-schemas", "examples"] {
        let entries = fs::read_dir(Path::new(ROOT).join(folder)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        found.extend(paths.filter(|path| path.extension().is_some_and(|ext| ext == "md")));
    }
    found.sort();
    found
}

/// Where an owner stands: shops beside a checkout, and a wrangler that knows only this computer.
fn desk(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _gone = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("my-shop")).unwrap();
    for seen in ["examples", "tests", "docs", "scripts", "wrangler.toml"] {
        std::os::unix::fs::symlink(Path::new(ROOT).join(seen), folder.join(seen)).unwrap();
    }
    // The café, and the templates that the documents show.
    let cafe = fs::read_to_string(Path::new(ROOT).join("examples/cafe/shop.toml")).unwrap();
    let paid = fs::read_to_string(Path::new(ROOT).join("docs/paid-messages.md")).unwrap();
    let templates =
        paid.split("```").find(|block| block.starts_with("toml\n[[template]]")).unwrap();
    // The café's first language is another.
    let templates = templates.replace("text.en = ", "text.lt = ");
    let site = "[[poster]]\ncode = \"WEB\"\nplace = \"Web site\"\ntext.lt = \"Labas!\"\n";
    let shop = format!("{cafe}\n{site}\n{}", templates.strip_prefix("toml").unwrap());
    assert!(shop.contains(PAGE), "the café's Page has another id");
    for place in ["shop.toml", "my-shop/shop.toml"] {
        fs::write(folder.join(place), &shop).unwrap();
    }
    folder
}

/// Every line in one shell after the other, each from where the owner stands.
struct Terminal<'s> {
    stage: &'s Stage,
    folder: PathBuf,
    person: String,
}

impl Terminal<'_> {
    /// What went wrong, if something did.
    fn typed(&self, line: &str) -> Result<(), String> {
        let shopbell = Path::new(env!("CARGO_BIN_EXE_shopbell"));
        let path = format!(
            "{}:{}",
            shopbell.parent().unwrap().display(),
            std::env::var("PATH").unwrap_or_default()
        );
        let line = filled_in(line, self.stage, &self.person);
        let mut shell = Command::new("bash");
        shell.args(["-o", "pipefail", "-c", &line]).current_dir(&self.folder);
        shell.env("PATH", path).env("PUBLIC_URL", &self.stage.worker.url);
        for (name, value) in
            [("ADMIN_TOKEN", ADMIN_TOKEN), ("APP_ID", APP_ID), ("APP_SECRET", APP_SECRET)]
        {
            shell.env(name, value);
        }
        shell.env("VERIFY_TOKEN", VERIFY_TOKEN).env("PAGE_TOKEN", PAGE_TOKEN);
        shell.env("WRANGLER", self.folder.join("wrangler")).stdin(std::process::Stdio::null());
        let done = shell.output().unwrap();
        if done.status.success() {
            return Ok(());
        }
        Err(format!(
            "`{line}` ended with {}\n{}{}",
            done.status,
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        ))
    }
}

/// Cloudflare is this computer: its KV is the one of `wrangler dev`, and the Worker there has it.
fn local_wrangler(folder: &Path, state: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let script = format!(
        r#"#!/bin/bash
case "$1 $2" in
  "deployments status") echo '{{"versions": [{{"version_id": "v1"}}]}}'; exit ;;
  "versions view") echo '{{"resources": {{"bindings": [
    {{"type": "kv_namespace", "name": "SHOP", "namespace_id": "of-this-computer"}}]}}}}'; exit ;;
esac
args=()
while [ $# -gt 0 ]; do
  case "$1" in
    --remote) args+=(--local --persist-to {state:?}) ;;
    --namespace-id) [ "$2" = of-this-computer ] || exit 1; args+=(--binding SHOP); shift ;;
    --config) shift ;;
    *) args+=("$1") ;;
  esac
  shift
done
cd {ROOT:?} && exec scripts/wrangler "${{args[@]}}"
"#,
        state = state.display().to_string(),
    );
    fs::write(folder.join("wrangler"), script).unwrap();
    fs::set_permissions(folder.join("wrangler"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn every_command_of_the_documents_does_its_work() {
    let folder = desk("documents");
    let shop = folder.join("my-shop");
    alone(Setup { shop, ..Setup::of("documents", "") }, async |stage| {
        local_wrangler(&folder, &stage.worker.state);
        // Somebody who came by a poster, asked, and agreed to something.
        let person = stage.person(PAGE);
        stage.sandbox.scan(&person, "WINDOW").await.unwrap();
        stage.does(&person, Act::GetStarted).await;
        stage.says(&person, "what are your opening hours?").await;
        stage.says(&person, "do you repair bicycles").await;
        let terminal = Terminal { stage, folder: folder.clone(), person };
        // As `shopbell deploy` leaves it.
        tokio::task::block_in_place(|| terminal.typed("shopbell profile sync my-shop")).unwrap();
        let (mut failed, mut typed) = (Vec::new(), 0);
        let mut unused: BTreeSet<&str> = ELSEWHERE.iter().map(|(start, _)| *start).collect();
        for document in documents() {
            let text = fs::read_to_string(&document).unwrap();
            for line in commands(&text) {
                if let Some((start, _)) = ELSEWHERE.iter().find(|(s, _)| line.starts_with(s)) {
                    unused.remove(start);
                    continue;
                }
                typed += 1;
                // The sandbox answers while this waits.
                if let Err(why) = tokio::task::block_in_place(|| terminal.typed(&line)) {
                    failed.push(format!("{}: {why}", document.display()));
                }
            }
        }
        assert!(failed.is_empty(), "{} of {typed} failed:\n{}", failed.len(), failed.join("\n"));
        assert!(typed >= 30, "only {typed} commands were found");
        assert!(unused.is_empty(), "no document has these any more: {unused:?}");
    });
    fs::remove_dir_all(folder).unwrap();
}
