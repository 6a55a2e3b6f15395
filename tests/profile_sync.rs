//! `shopbell profile` on the sandbox: what would change, what changed, and Meta's limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::PathBuf;
use std::process::{Command, Output};

use shopbell::cli::check;
use shopbell::cli::sandbox::{self, Sandbox, SandboxConfig, pages_of};

const TOKEN: &str = "sandbox-page-token";

fn cafe() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/cafe")
}

async fn meta() -> Sandbox {
    let pages = pages_of(&check::load(&cafe()).unwrap());
    let page_tokens = pages.iter().map(|page| (page.id.clone(), TOKEN.to_owned())).collect();
    let config = SandboxConfig { page_tokens, pages, ..SandboxConfig::example() };
    sandbox::start(config).await.unwrap()
}

async fn profile(sandbox: &Sandbox, args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopbell"));
    let (url, cafe) = (sandbox.url(), cafe());
    command.arg("profile").args(args).arg(cafe).args(["--graph", &url]);
    command.env("PAGE_TOKEN", TOKEN).env("APP_SECRET", "sandbox-app-secret");
    let done: Output =
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = [done.stdout, done.stderr].concat();
    (done.status.code(), String::from_utf8(text).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_page_is_made_as_the_shop_says_and_stays_so() {
    let sandbox = meta().await;
    let (code, said) = profile(&sandbox, &["diff", "--exit-code"]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("+ GET_STARTED") && said.contains("greeting (default)"), "{said}");
    let writes = |sandbox: &Sandbox| sandbox.calls().iter().filter(|c| c.method != "GET").count();
    assert_eq!(writes(&sandbox), 0, "diff changes nothing");
    let (code, said) = profile(&sandbox, &["sync"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(writes(&sandbox), 2, "one call for the Page, one for Instagram: {said}");
    let instagram: Vec<_> = sandbox
        .calls()
        .into_iter()
        .filter(|call| call.method == "POST" && call.query.contains_key("platform"))
        .collect();
    assert_eq!(instagram.len(), 1);
    let fields = instagram[0].body.as_object().unwrap();
    assert!(fields.contains_key("persistent_menu") && !fields.contains_key("greeting"));
    assert!(said.contains("Instagram 178414000000001"), "{said}");
    let (code, said) = profile(&sandbox, &["diff", "--exit-code"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("as shop.toml says") && !said.contains(TOKEN), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn metas_limit_of_ten_calls_is_said_in_words() {
    let sandbox = meta().await;
    let mut last = (None, String::new());
    for _ in 0..6 {
        last = profile(&sandbox, &["diff"]).await;
    }
    assert_eq!(last.0, Some(1), "{}", last.1);
    assert!(last.1.contains("ten minutes"), "{}", last.1);
}
