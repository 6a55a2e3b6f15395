//! A release deploys on a machine that has Node and no Rust, and is what it says it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::enabled;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const SHOPBELL: &str = env!("CARGO_BIN_EXE_shopbell");

/// What a command says, and that it went well.
fn said(command: &mut Command) -> String {
    let done = command.output().unwrap();
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

fn release(out: &Path) -> PathBuf {
    let mut script = Command::new(Path::new(ROOT).join("scripts/release"));
    said(script.arg("--out").arg(out).args(["--no-archive", "--command", SHOPBELL]));
    let version = env!("CARGO_PKG_VERSION");
    out.join(format!("shopbell-{version}"))
}

#[test]
fn node_alone_deploys_a_release_and_uploads_what_was_built() {
    if !enabled() {
        return;
    }
    let out = std::env::temp_dir().join(format!("shopbell-release-{}", std::process::id()));
    let folder = release(&out);
    let (program, tools) = (folder.join("bin/shopbell"), tools());
    assert!(said(Command::new(&program).arg("verify").current_dir(&folder)).starts_with("ok: "));

    // As `npm install` would leave it, without asking a registry.
    std::os::unix::fs::symlink(tools.join("node_modules"), folder.join("node_modules")).unwrap();
    let uploaded = out.join("uploaded");
    let dry_run = said(
        Command::new(folder.join("scripts/wrangler"))
            .args(["deploy", "--dry-run", "--outdir"])
            .arg(&uploaded)
            .current_dir(&folder)
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", tools.display()))
            .env("HOME", &out),
    );
    assert!(dry_run.contains("env.DESK") && dry_run.contains("env.SHOP"), "{dry_run}");
    for file in ["index.js", "index_bg.wasm"] {
        let bytes = fs::read(uploaded.join(file)).unwrap();
        assert!(bytes == fs::read(Path::new(ROOT).join("build").join(file)).unwrap(), "{file}");
    }
    // What wrangler left beside it does no harm.
    said(Command::new(&program).arg("verify").current_dir(&folder));
    fs::remove_dir_all(&out).unwrap();
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
