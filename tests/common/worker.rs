//! `scripts/dev` and the processes under it.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{ADMIN_TOKEN, ADS_TOKEN, APP_ID, APP_SECRET, PAGE_TOKEN, SIGNING_KEY, VERIFY_TOKEN};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// How `scripts/dev` is called.
pub struct Options {
    pub name: &'static str,
    pub shop: PathBuf,
    pub graph: String,
    pub clock: Option<i64>,
    /// By Page id.
    pub page_tokens: HashMap<String, String>,
}

/// A running `scripts/dev`. It ends with this value, or with the test's process.
pub struct Worker {
    pub url: String,
    pub state: PathBuf,
    options: Options,
    running: Option<Running>,
}

struct Running {
    dev: Child,
    /// `--until-eof`: whoever drops this ends it.
    _stdin: ChildStdin,
    /// Nobody listening would end it too.
    _stdout: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts on a fresh state directory.
    pub fn start(options: Options) -> Self {
        let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e").join(options.name);
        let _ = fs::remove_dir_all(&state);
        fs::create_dir_all(&state).unwrap();
        let mut worker = Self { url: String::new(), state, options, running: None };
        worker.lay_out();
        worker.restart();
        worker
    }

    /// Starts again on the same state and port.
    pub fn restart(&mut self) {
        assert!(self.running.is_none(), "still running");
        // What was published lies in the state.
        self.run(&["--no-publish"]);
    }

    /// Puts the shop into the state's KV. Many tests begin with the same shop, and publishing it
    /// starts wrangler and a workerd: that is done once, and then copied.
    fn lay_out(&self) {
        let shop = &self.options.shop;
        let values = self.state.join("values.json");
        run(self
            .command("target/debug/shopbell")
            .arg("publish")
            .arg(shop)
            .arg("--out")
            .arg(&values));
        let mut hash = Sha256::new();
        // A wrangler of another version may keep KV in another shape.
        for file in [&values, &Path::new(ROOT).join("scripts/tools/package-lock.json")] {
            hash.update(fs::read(file).unwrap());
        }
        let name = hex::encode(hash.finalize());
        let published = Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e-published").join(name);
        if !published.exists() {
            self.publish(shop);
            let fresh = published.with_extension(std::process::id().to_string());
            copy(&self.state, &fresh);
            // Another process may have been first: either is as good.
            if fs::rename(&fresh, &published).is_err() {
                fs::remove_dir_all(&fresh).unwrap();
            }
            return;
        }
        copy(&published, &self.state);
    }

    /// A command with the secrets of the tests.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(Path::new(ROOT).join(program));
        command
            .env("SHOPBELL_BUILT", "1")
            .env("APP_SECRET", APP_SECRET)
            .env("VERIFY_TOKEN", VERIFY_TOKEN)
            .env("PAGE_TOKEN", PAGE_TOKEN)
            .env("ADMIN_TOKEN", ADMIN_TOKEN)
            .env("ADS_TOKEN", ADS_TOKEN)
            .env("SIGNING_KEY", SIGNING_KEY)
            .env("APP_ID", APP_ID);
        for (page, token) in &self.options.page_tokens {
            command.env(format!("PAGE_TOKEN_{page}"), token);
        }
        command.current_dir(ROOT);
        command
    }

    fn run(&mut self, more: &[&str]) {
        let errors = self.state.join("dev.stderr");
        let mut command = self.command("scripts/dev");
        command.arg("--shop").arg(&self.options.shop).arg("--state").arg(&self.state);
        command.args(["--graph", &self.options.graph, "--until-eof"]).args(more);
        if let Some(port) = self.url.rsplit(':').next().filter(|port| !port.is_empty()) {
            command.args(["--port", port]);
        }
        if let Some(start) = self.options.clock {
            command.arg(format!("--clock={start}"));
        }
        let mut dev = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&errors).unwrap())
            .spawn()
            .unwrap();
        let stdin = dev.stdin.take().unwrap();
        let mut stdout = BufReader::new(dev.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("ready ") {
            line.clear();
            if stdout.read_line(&mut line).unwrap() == 0 {
                panic!("scripts/dev ended: {}", fs::read_to_string(&errors).unwrap());
            }
        }
        self.url = line.trim_start_matches("ready ").trim().to_owned();
        self.running = Some(Running { dev, _stdin: stdin, _stdout: stdout });
    }

    /// Kills everything at once, without a chance to finish: workerd first of all, because it
    /// alone holds state.
    pub fn kill(&mut self) {
        let mut running = self.running.take().unwrap();
        let groups = self.groups();
        assert!(!groups.is_empty(), "wrangler and workerd are running");
        for group in &groups {
            signal(&format!("-{group}"));
        }
        let _ = running.dev.kill();
        running.dev.wait().unwrap();
        let end = Instant::now() + Duration::from_secs(10);
        while !self.groups().is_empty() {
            assert!(Instant::now() < end, "killed, and still there");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The process groups that work on this state directory.
    fn groups(&self) -> Vec<String> {
        let ps = Command::new("ps").args(["-eo", "stat=,pgid=,args="]).output().unwrap();
        let state = format!("--persist-to {}", self.state.display());
        let text = String::from_utf8_lossy(&ps.stdout).into_owned();
        let of = |line: &str| {
            let mut columns = line.split_whitespace();
            let (stat, group) = (columns.next()?, columns.next()?);
            // Not that of another one whose name begins like ours.
            let ours = line.ends_with(&state) || line.contains(&format!("{state} "));
            (ours && !stat.starts_with('Z')).then(|| group.to_owned())
        };
        text.lines().filter_map(of).collect()
    }

    /// Publishes a folder into the KV of the running Worker.
    pub fn publish(&self, shop: &Path) {
        let mut command = self.command("target/debug/shopbell");
        command.arg("publish").arg(shop).arg("--local").arg("--state").arg(&self.state);
        run(command.env("WRANGLER", Path::new(ROOT).join("scripts/wrangler")));
    }

    /// What KV holds under a key.
    pub fn kv(&self, key: &str) -> Option<Value> {
        let mut command = self.command("scripts/wrangler");
        command.args(["kv", "key", "get", key, "--binding", "SHOP", "--local", "--text"]);
        let printed = run(command.arg("--persist-to").arg(&self.state));
        serde_json::from_str(&printed).ok()
    }

    /// Writes to KV behind the Worker's back, as another tool of the owner's would.
    pub fn kv_put(&self, key: &str, value: &Value) {
        let mut command = self.command("scripts/wrangler");
        command.args(["kv", "key", "put", key, &value.to_string(), "--binding", "SHOP", "--local"]);
        run(command.arg("--persist-to").arg(&self.state));
    }

    /// Everything the Worker and wrangler have printed.
    pub fn log(&self) -> String {
        fs::read_to_string(self.state.join("dev.log")).unwrap()
    }

    /// No panic, no request that was given up as hung.
    pub fn assert_calm(&self) {
        let log = self.log();
        for sign in ["panicked", "hung", "unreachable", "RuntimeError"] {
            let line = log.lines().find(|line| line.starts_with("worker: ") && line.contains(sign));
            assert_eq!(line, None, "in {}", self.state.join("dev.log").display());
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let Some(Running { mut dev, _stdin: stdin, .. }) = self.running.take() else { return };
        drop(stdin);
        let _ = dev.wait();
    }
}

/// Copies what is in a folder into another one.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (file, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if file.is_dir() {
            copy(&file, &to.join(name));
        } else {
            fs::copy(&file, to.join(name)).unwrap();
        }
    }
}

/// Sends SIGKILL.
fn signal(target: &str) {
    let _ = Command::new("kill").args(["-KILL", "--", target]).status();
}

/// Runs a command on the state of a running Worker: two workerds share its SQLite files then, and
/// the one that comes second may find them locked for a moment.
fn run(command: &mut Command) -> String {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let done = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&done.stdout), text(&done.stderr));
        if done.status.success() {
            return out;
        }
        let locked = [&out, &err].iter().any(|said| said.contains("SQLITE_BUSY"));
        assert!(locked && Instant::now() < end, "{command:?}: {out}{err}");
        std::thread::sleep(Duration::from_millis(200));
    }
}
