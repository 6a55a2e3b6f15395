//! A release deploys on a machine that has Node and no Rust, and is what it says it is. And what the
//! README shows of an opening day is what is printed there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Instant;

use crate::common::enabled;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const SHOPBELL: &str = env!("CARGO_BIN_EXE_shopbell");

/// What a command says, and that it went well.
fn said(command: &mut Command) -> String {
    let done = command.stdin(Stdio::null()).output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(done.status.success(), "{command:?}: {said}");
    said
}

/// The folder with the pinned Node and packages, which the scripts installed.
fn tools() -> PathBuf {
    let script = "source scripts/lib/toolchain.sh && need_npm_tools && echo \"$NPM_TOOLS\"";
    PathBuf::from(said(Command::new("bash").args(["-c", script]).current_dir(ROOT)).trim())
}

/// A release as somebody has it who unpacked it, and let npm install what it names.
struct Release {
    folder: PathBuf,
    /// As `verify` found it before anything was installed.
    verified: String,
    tools: PathBuf,
}

static RELEASE: LazyLock<Release> = LazyLock::new(|| {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("release");
    let _before = fs::remove_dir_all(&out);
    let mut script = Command::new(Path::new(ROOT).join("scripts/release"));
    said(script.arg("--out").arg(&out).args(["--no-archive", "--command", SHOPBELL]));
    let folder = out.join(format!("shopbell-{}", env!("CARGO_PKG_VERSION")));
    let verified = said(Command::new("bin/shopbell").arg("verify").current_dir(&folder));
    // As `npm install` would leave it, without asking a registry.
    let tools = tools();
    std::os::unix::fs::symlink(tools.join("node_modules"), folder.join("node_modules")).unwrap();
    Release { folder, verified, tools }
});

impl Release {
    /// A command where there is Node and nothing of Rust's.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        let path = format!("{}/bin:{}:/usr/bin:/bin", self.folder.display(), self.tools.display());
        command.current_dir(&self.folder).env_clear().env("PATH", path);
        // Cloudflare's own is never asked.
        command.env("CLOUDFLARE_API_BASE_URL", "http://127.0.0.1:9");
        command.env("WRANGLER_SEND_METRICS", "false");
        command.env("HOME", self.folder.parent().unwrap());
        command
    }
}

#[test]
fn node_alone_deploys_a_release_and_uploads_what_was_built() {
    if !enabled() {
        return;
    }
    let release = &*RELEASE;
    assert!(release.verified.starts_with("ok: "), "{}", release.verified);
    let uploaded = release.folder.parent().unwrap().join("uploaded");
    let wrangler = release.folder.join("scripts/wrangler");
    let mut dry_run = release.command(wrangler);
    let dry_run = said(dry_run.args(["deploy", "--dry-run", "--outdir"]).arg(&uploaded));
    assert!(dry_run.contains("env.DESK") && dry_run.contains("env.SHOP"), "{dry_run}");
    for file in ["index.js", "index_bg.wasm"] {
        let bytes = fs::read(uploaded.join(file)).unwrap();
        assert!(bytes == fs::read(Path::new(ROOT).join("build").join(file)).unwrap(), "{file}");
    }
    // What wrangler left beside it does no harm.
    said(release.command("shopbell").arg("verify"));
}

#[test]
fn a_release_names_no_place_of_the_machine_that_made_it() {
    if !enabled() {
        return;
    }
    let home = std::env::var("HOME").unwrap();
    for file in ["build/index.js", "build/index_bg.wasm"] {
        let bytes = fs::read(Path::new(ROOT).join(file)).unwrap();
        for place in [ROOT, home.as_str()] {
            // A home of `/` would be everywhere.
            let named =
                place.len() > 4 && bytes.windows(place.len()).any(|w| w == place.as_bytes());
            assert!(!named, "{file} names {place}");
        }
    }
}

/// What differs from one machine and one bundle to the next.
fn masked(line: &str, folder: &str) -> String {
    let line = line.replace(folder, "…");
    let size = |word: &str| word.contains('.') && word.parse::<f64>().is_ok();
    let words = line.split(' ').map(|word| if size(word) { "…" } else { word });
    words.collect::<Vec<_>>().join(" ").trim_end().to_owned()
}

#[test]
fn the_opening_day_that_the_readme_shows_is_what_is_printed() {
    if !enabled() {
        return;
    }
    let release = &*RELEASE;
    let _before = fs::remove_dir_all(release.folder.join("my-bakery"));
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let (head, rest) = readme.split_once("```console\n").expect("README shows no opening day");
    let (shown, tail) = rest.split_once("```\n").unwrap();
    let folder = release.folder.display().to_string();
    let began = Instant::now();
    let mut printed = String::new();
    for typed in shown.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let mut shell = release.command("bash");
        let lines = said(shell.args(["-c", &format!("({typed}) 2>&1")]));
        printed += &format!("$ {typed}\n");
        for line in lines.lines() {
            printed += &format!("{}\n", masked(line, &folder));
        }
    }
    eprintln!("from `new` to a rehearsed deployment: {:.1} s", began.elapsed().as_secs_f64());
    if std::env::var_os("SHOPBELL_BLESS").is_some() {
        let fresh = format!("{head}```console\n{printed}```\n{tail}");
        fs::write(Path::new(ROOT).join("README.md"), fresh).unwrap();
        return;
    }
    assert_eq!(
        printed, shown,
        "out of date: SHOPBELL_BLESS=1 SHOPBELL_E2E=1 cargo test --test e2e release::"
    );
}
