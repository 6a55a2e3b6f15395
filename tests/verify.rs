//! `shopbell verify` on releases that are whole, damaged, and not what their sources make.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use sha2::{Digest, Sha256};

const SOURCE: &str = "5a0e";

/// A release in a folder of its own.
struct Release(PathBuf);

impl Drop for Release {
    fn drop(&mut self) {
        let _removed = fs::remove_dir_all(&self.0);
    }
}

impl Release {
    fn whole(name: &str) -> Self {
        Self::of(name, &"c".repeat(40))
    }

    fn of(name: &str, commit: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("shopbell-verify-{name}-{}", std::process::id()));
        let release = Self(folder);
        let rustc = Command::new("rustc").arg("--version").output().unwrap().stdout;
        let rustc = String::from_utf8(rustc).unwrap();
        let record = json!({
            "name": "shopbell",
            "commit": commit,
            "source": SOURCE,
            "tools": { "rustc": rustc.trim() },
        });
        release.put("worker/index.js", "export default {}");
        release.put("worker/index_bg.wasm", "\0asm");
        release.put("bin/shopbell", "the command");
        release.put("build.json", &record.to_string());
        release.sum();
        release
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn sum(&self) {
        let files = ["bin/shopbell", "build.json", "worker/index.js", "worker/index_bg.wasm"];
        let line = |path: &str| {
            let bytes = fs::read(self.0.join(path)).unwrap();
            format!("{}  {path}\n", hex::encode(Sha256::digest(bytes)))
        };
        fs::write(self.0.join("SHA256SUMS"), files.map(line).concat()).unwrap();
    }

    /// What is said of it, and whether all is well.
    fn verified(&self, args: &[&str]) -> (bool, String) {
        let done = Command::new(env!("CARGO_BIN_EXE_shopbell"))
            .arg("verify")
            .arg(&self.0)
            .args(args)
            .output()
            .unwrap();
        let said = [done.stdout, done.stderr].concat();
        (done.status.success(), String::from_utf8(said).unwrap())
    }

    fn refused(&self, args: &[&str]) -> String {
        let (fine, said) = self.verified(args);
        assert!(!fine, "{said}");
        said
    }
}

/// A checkout whose build makes what it is told.
fn checkout(release: &Release, js: &str) -> (PathBuf, String) {
    let dir = release.0.join("checkout");
    fs::create_dir_all(dir.join("scripts")).unwrap();
    let script = format!(
        "#!/bin/sh\nmkdir -p build\nprintf '%s' '{js}' >build/index.js\nprintf '\\000asm' >build/index_bg.wasm\n"
    );
    fs::write(dir.join("scripts/build"), script).unwrap();
    fs::set_permissions(dir.join("scripts/build"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(dir.join("code"), "one").unwrap();
    git(&dir, &["init", "-q"]);
    git(&dir, &["add", "."]);
    git(&dir, &["-c", "user.name=a", "-c", "user.email=a@a.example", "commit", "-qm", "one"]);
    let commit = git(&dir, &["rev-parse", "HEAD"]);
    (dir, commit)
}

fn git(dir: &Path, args: &[&str]) -> String {
    let done = Command::new("git").args(args).current_dir(dir).output().unwrap();
    assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

/// Says so of itself, once.
fn worker(health: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let body = health.to_owned();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _asked = stream.read(&mut [0; 4096]).unwrap();
        let length = body.len();
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    });
    url
}

#[test]
fn a_whole_release_is_fine_wherever_the_owner_keeps_a_shop_in_it() {
    let release = Release::whole("whole");
    release.put("my-shop/shop.toml", "");
    release.put("node_modules/wrangler/package.json", "{}");
    let (fine, said) = release.verified(&[]);
    assert!(fine && said.contains("ok: 4 files"), "{said}");
}

#[test]
fn one_changed_byte_a_missing_file_and_one_more_are_named() {
    let release = Release::whole("damaged");
    release.put("worker/index_bg.wasm", "\0asM");
    release.put("worker/other.js", "more");
    fs::remove_file(release.0.join("bin/shopbell")).unwrap();
    let said = release.refused(&[]);
    for part in
        ["worker/index_bg.wasm was changed", "worker/other.js belongs to no", "shopbell is missing"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn checksums_that_leave_out_what_is_uploaded_or_lead_outside_are_refused() {
    let release = Release::whole("sums");
    let sums = fs::read_to_string(release.0.join("SHA256SUMS")).unwrap();
    let without: String = sums
        .lines()
        .filter(|line| !line.ends_with(".wasm"))
        .map(|line| format!("{line}\n"))
        .collect();
    release.put("SHA256SUMS", &without);
    assert!(release.refused(&[]).contains("does not name worker/index_bg.wasm"));
    for path in ["../secret", "/etc/hostname", "worker/../../x", ""] {
        release.put("SHA256SUMS", &format!("{sums}{}  {path}\n", "0".repeat(64)));
        let said = release.refused(&[]);
        assert!(said.contains("line 5") && said.contains("no path within"), "{path}: {said}");
    }
    release.put("SHA256SUMS", "hello\n");
    assert!(release.refused(&[]).contains("line 1"));
    fs::remove_file(release.0.join("SHA256SUMS")).unwrap();
    assert!(release.refused(&[]).contains("is this the folder of one?"));
}

#[test]
fn a_build_of_the_same_commit_is_compared_to_the_byte() {
    let release = Release::whole("source");
    let (dir, commit) = checkout(&release, "export default {}");
    let dir = dir.to_str().unwrap();
    // Another commit than the record's.
    let said = release.refused(&["--source", dir]);
    assert!(said.contains(&format!("git checkout {}", "c".repeat(40))), "{said}");

    let release_of = Release::of("source-of", &commit);
    let (fine, said) = release_of.verified(&["--source", dir]);
    assert!(fine && said.contains("makes the same Worker"), "{said}");

    fs::write(Path::new(dir).join("code"), "two").unwrap();
    let said = release_of.refused(&["--source", dir]);
    assert!(said.contains("changes that are in no commit"), "{said}");
}

#[test]
fn another_build_of_the_same_commit_is_named_with_the_likely_reason() {
    let home = Release::whole("other");
    let (dir, commit) = checkout(&home, "export default 1;");
    let release = Release::of("other-of", &commit);
    let said = release.refused(&["--source", dir.to_str().unwrap()]);
    assert!(said.contains("another worker/index.js, with the same compiler"), "{said}");
    let record = json!({ "commit": commit, "source": SOURCE, "tools": { "rustc": "rustc 1.0.0" } });
    release.put("build.json", &record.to_string());
    release.sum();
    let said = release.refused(&["--source", dir.to_str().unwrap()]);
    assert!(said.contains("It was built by rustc 1.0.0, and here is rustc"), "{said}");
}

#[test]
fn what_nobody_can_build_again_is_said() {
    let release = Release::of("uncommitted", "cafe, and changes that are in no commit");
    let (dir, _) = checkout(&release, "");
    let said = release.refused(&["--source", dir.to_str().unwrap()]);
    assert!(said.contains("nobody can build that again"), "{said}");
    let said = release.refused(&["--source", "/nowhere"]);
    assert!(said.contains("no checkout"), "{said}");
}

#[test]
fn a_worker_is_asked_what_it_was_built_from() {
    let release = Release::whole("worker");
    let url = worker(&json!({ "version": "0.1.0", "build": SOURCE }).to_string());
    let (fine, said) = release.verified(&["--url", &url]);
    assert!(fine && said.contains(&format!("ok: {url} runs it")), "{said}");
    let url = worker(&json!({ "version": "0.1.0", "build": "another" }).to_string());
    assert!(release.refused(&["--url", &url]).contains("runs another build (another)"));
    let url = worker(&json!({ "version": "0.1.0" }).to_string());
    assert!(release.refused(&["--url", &url]).contains("does not say which"));
    let url = worker("<html>");
    assert!(release.refused(&["--url", &url]).contains("answers 200 with a web page"));
    assert!(release.refused(&["--url", "http://a.example"]).contains("not https"));
}
