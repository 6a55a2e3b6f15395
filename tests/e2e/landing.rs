//! `shopbell deploy` with the real wrangler, against a stand-in for Cloudflare's API, the real bundle on
//! workerd and the sandbox: what wrangler is told and tells is what it really takes and says.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::Value;
use shopbell::cli::sandbox::Act;

use crate::common::{
    ADMIN_TOKEN, APP_ID, APP_SECRET, CAFE, PAGE_TOKEN, SIGNING_KEY, Setup, Stage, VERIFY_TOKEN,
    alone, enabled,
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Cloudflare's API, played by a process that ends with this value.
struct Api {
    url: String,
    process: Child,
    _stdin: ChildStdin,
}

impl Api {
    fn start() -> Self {
        let mut process = Command::new("node")
            .arg(Path::new(ROOT).join("tests/standins/cloudflare.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = process.stdin.take().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { url: format!("http://127.0.0.1:{}", line.trim()), process, _stdin: stdin }
    }

    async fn state(&self) -> Value {
        let answer = reqwest::get(format!("{}/__state", self.url)).await.unwrap();
        answer.json().await.unwrap()
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A folder of this run, with a bundle that is deployed as it lies there.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, public_url: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e-landing").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        for part in ["bundle/build", "home", "tmp"] {
            std::fs::create_dir_all(folder.join(part)).unwrap();
        }
        let config = std::fs::read_to_string(Path::new(ROOT).join("wrangler.toml")).unwrap();
        let config = config.replace("[build]\ncommand = \"scripts/build\"\n", "");
        // Uploaded as it is, as from a release.
        let as_it_is = "no_bundle = true\nfind_additional_modules = true\nbase_dir = \"build\"\n";
        let config =
            config.replace("workers_dev = true\n", &format!("workers_dev = true\n{as_it_is}"));
        let config = config.replace("PUBLIC_URL = \"\"", &format!("PUBLIC_URL = \"{public_url}\""));
        std::fs::write(folder.join("bundle/wrangler.toml"), config).unwrap();
        for file in ["index.js", "index_bg.wasm"] {
            let built = Path::new(ROOT).join("build").join(file);
            std::fs::copy(built, folder.join("bundle/build").join(file)).unwrap();
        }
        Self(folder)
    }

    /// The command with the real wrangler, which knows no login but the stand-in's.
    fn command(&self, api: Option<&Api>, more: &[&str]) -> Command {
        let cache = std::env::var_os("SHOPBELL_CACHE").map(PathBuf::from).unwrap_or_else(|| {
            let home = || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache");
            std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from).join("shopbell")
        });
        let mut command = Command::new(env!("CARGO_BIN_EXE_shopbell"));
        command.current_dir(ROOT).args(["deploy", "examples/cafe", "--no-input", "--wrangler"]);
        command.arg(Path::new(ROOT).join("scripts/wrangler")).args(more).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("SHOPBELL_CACHE", cache);
        command.env("HOME", self.0.join("home")).env("TMPDIR", self.0.join("tmp"));
        // Nowhere, unless the stand-in is there: the real one is never asked.
        let nowhere = "http://127.0.0.1:9".to_owned();
        command.env("CLOUDFLARE_API_BASE_URL", api.map_or(nowhere, |api| api.url.clone()));
        if api.is_some() {
            command.env("CLOUDFLARE_API_TOKEN", "a-token-of-the-stand-in");
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn bundle(&self) -> String {
        self.0.join("bundle").display().to_string()
    }

    fn run(&self, api: Option<&Api>, more: &[&str]) -> (bool, String) {
        let output = self.command(api, more).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.success(), format!("{}{}", text(&output.stdout), text(&output.stderr)))
    }
}

#[test]
fn the_rehearsal_uploads_nothing_and_wrangler_takes_the_configuration() {
    if !enabled() {
        return;
    }
    let folder = Folder::new("rehearsal", "");
    // From the checkout: the build step is run, and finds nothing to do.
    let (good, said) = folder.run(None, &["--dry-run"]);
    assert!(good, "{said}");
    assert!(
        said.contains("Total Upload: ") && said.contains("not logged in, or offline"),
        "{said}"
    );
    assert!(
        said.contains("set APP_SECRET, VERIFY_TOKEN, ADMIN_TOKEN, SIGNING_KEY, PAGE_TOKEN"),
        "{said}"
    );
}

#[test]
fn what_the_real_wrangler_refuses_is_understood() {
    if !enabled() {
        return;
    }
    let folder = Folder::new("refusals", "");
    let bundle = folder.bundle();
    let (good, said) = folder.run(None, &["--bundle", &bundle]);
    assert!(!good && said.contains("nobody is logged in"), "{said}");

    let api = Api::start();
    let mut offline = folder.command(Some(&api), &["--bundle", &bundle]);
    let output = offline.env("CLOUDFLARE_API_BASE_URL", "http://127.0.0.1:9").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("cannot be reached"), "{said}");
}

#[test]
fn everything_is_deployed_by_the_real_wrangler_and_the_first_message_is_answered() {
    alone(Setup::cafe("landing"), async |stage: &mut Stage| {
        stage.sandbox.disconnect();
        let api = Api::start();
        let folder = Folder::new("whole", &stage.worker.url);
        let (bundle, graph) = (folder.bundle(), stage.sandbox.url());
        let secrets = [
            ("APP_ID", APP_ID),
            ("APP_SECRET", APP_SECRET),
            ("PAGE_TOKEN", PAGE_TOKEN),
            ("VERIFY_TOKEN", VERIFY_TOKEN),
            ("ADMIN_TOKEN", ADMIN_TOKEN),
            ("SIGNING_KEY", SIGNING_KEY),
        ];
        let options =
            ["--bundle", bundle.as_str(), "--graph", &graph, "--patience", "240", "--wait"];
        let mut command = folder.command(Some(&api), &options);
        let mut running = command.envs(secrets).spawn().unwrap();
        let mut out = BufReader::new(running.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains("live: write to https://m.me/") {
            if out.read_line(&mut said).unwrap() == 0 {
                let mut errors = String::new();
                running.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
                panic!("it ended: {said}{errors}");
            }
        }
        let ona = stage.person(CAFE);
        let question = Act::Message { text: "when are you open?".to_owned(), reply_to: None };
        stage.sandbox.act(&ona, question).await.unwrap();
        out.read_to_string(&mut said).unwrap();
        assert!(running.wait().unwrap().success(), "{said}");
        assert!(said.contains("You are live."), "{said}");
        for step in [
            "kv        done",
            "worker    done",
            "secrets   done",
            "webhook   done",
            "page      done",
        ] {
            assert!(said.contains(step), "{step}: {said}");
        }
        let (callback, _) = stage.sandbox.app_webhook("instagram").unwrap();
        assert_eq!(callback, format!("{}/webhook", stage.worker.url));

        let state = api.state().await;
        assert_eq!(state["unknown"], serde_json::json!([]));
        let worker = &state["workers"]["shopbell"];
        assert_eq!(worker["migrations"]["steps"][0]["new_sqlite_classes"][0], "Desk");
        let lengths: Vec<&String> = worker["secrets"].as_object().unwrap().keys().collect();
        assert_eq!(
            lengths,
            ["ADMIN_TOKEN", "APP_SECRET", "PAGE_TOKEN", "SIGNING_KEY", "VERIFY_TOKEN"]
        );
        let namespace = state["namespaces"][0]["id"].as_str().unwrap();
        assert!(state["kv"][namespace][format!("shop:{CAFE}")].is_string(), "the shop is in KV");

        // Again: the running Worker proves what it has, and nothing is changed.
        let again = &options[..options.len() - 1];
        let mut command = folder.command(Some(&api), again);
        let output = command.arg("--no-wait").envs(secrets).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        for step in ["kv", "worker", "secrets", "shop", "webhook", "page", "profile"] {
            let line = format!("{step:<9} already");
            assert!(said.contains(&line), "{line}: {said}");
        }
        assert_eq!(api.state().await["workers"]["shopbell"]["uploads"], 1);

        // Nothing of the runs stays, and no secret in what wrangler leaves behind.
        assert_eq!(std::fs::read_dir(folder.0.join("tmp")).unwrap().count(), 0);
        for entry in walk(&folder.0) {
            let text = String::from_utf8_lossy(&std::fs::read(&entry).unwrap()).into_owned();
            for (name, secret) in secrets.iter().filter(|(name, _)| *name != "APP_ID") {
                assert!(!text.contains(secret), "{name} in {}", entry.display());
            }
        }
    });
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
