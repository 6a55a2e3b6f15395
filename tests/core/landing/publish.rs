//! `shopbell publish`: into the Worker and the account that are meant, by the same wrangler as `deploy`,
//! and without leaving anything behind.

use super::cloudflare::{ACCOUNT, Called, Says};
use super::stage::{PAGE, SHOP, Stage};

const OTHER: &str = "ffffffffffffffffffffffffffffffff";

/// The name that the shop has in a namespace.
fn name_in(stage: &Stage, worker: &str) -> String {
    let cloud = stage.cloud.lock().unwrap();
    let space = &cloud.kv[&cloud.worker(worker).kv];
    let shop: serde_json::Value = serde_json::from_str(&space[&format!("shop:{PAGE}")]).unwrap();
    shop["name"].as_str().unwrap().to_owned()
}

fn write(stage: &Stage, shop: &str, name: &str) {
    let shop = shop.replace("Corner Bakery", name);
    std::fs::write(stage.shop().join("shop.toml"), shop).unwrap();
}

fn puts(stage: &Stage) -> Vec<Called> {
    let cloud = stage.cloud.lock().unwrap();
    cloud.calls.iter().filter(|call| call.is("kv bulk put")).cloned().collect()
}

#[test]
fn of_two_workers_from_one_folder_only_the_one_that_is_named_gets_the_shop() {
    let shop = format!("{SHOP}[cloudflare]\nworker = \"bell-cafe\"\n");
    let stage = Stage::with("publish-two", &shop);
    stage.deploy().worked();
    let tea = ["--patience", "2", "--name", "bell-tea", "--take-webhook"];
    stage.run("deploy", &tea).worked();

    write(&stage, &shop, "Tea House");
    let ran = stage.run("publish", &["--name", "bell-tea"]);
    assert!(ran.worked().out.contains("the Worker `bell-tea`"), "{}", ran.out);
    assert_eq!(name_in(&stage, "bell-tea"), "Tea House");
    assert_eq!(name_in(&stage, "bell-cafe"), "Corner Bakery");
    write(&stage, &shop, "Café");
    stage.run("publish", &[]).worked();
    assert_eq!(name_in(&stage, "bell-cafe"), "Café");
    assert_eq!(name_in(&stage, "bell-tea"), "Tea House");

    let before = stage.world();
    let nobody = stage.run("publish", &["--name", "bell-soup"]);
    nobody.failed("no Worker `bell-soup`", "shopbell deploy");
    assert!(nobody.err.contains("--name bell-soup"), "{}", nobody.err);
    assert_eq!(stage.world(), before);
}

#[test]
fn with_a_login_for_several_accounts_it_goes_to_the_one_in_the_shops_file() {
    let shop = format!("{SHOP}[cloudflare]\naccount = \"{ACCOUNT}\"\n");
    let stage = Stage::with("publish-account", &shop);
    stage.cloud(|cloud| cloud.accounts.push((OTHER.to_owned(), "Another".to_owned())));
    stage.deploy().worked();
    write(&stage, &shop, "Bakers");
    stage.cloud(|cloud| cloud.calls.clear());
    stage.run("publish", &[]).worked();
    assert_eq!(name_in(&stage, "shopbell"), "Bakers");
    let cloud = stage.cloud.lock().unwrap();
    for call in &cloud.calls {
        assert_eq!(call.config.as_ref().unwrap()["account_id"], ACCOUNT, "{:?}", call.argv);
    }
    drop(cloud);

    // Nobody guesses which one.
    write(&stage, SHOP, "Bakers");
    let ran = stage.run("publish", &[]);
    ran.failed("several accounts", &format!("--account {ACCOUNT}"));
    stage.run("publish", &["--account", ACCOUNT]).worked();
}

#[test]
fn what_is_written_is_for_nobody_elses_eyes_and_goes_also_when_cloudflare_refuses() {
    let stage = Stage::new("publish-refused");
    stage.run("publish", &[]).failed("no Worker `shopbell`", "shopbell deploy");
    stage.deploy().worked();
    stage.cloud(|cloud| cloud.faults.push(("kv bulk put", Says::failed("fetch failed"))));
    stage.run("publish", &[]).failed("cannot be reached", "shopbell publish");
    stage.run("publish", &[]).worked();
    stage.run("publish", &["--local", "--state", "here"]).worked();
    let puts = puts(&stage);
    assert_eq!(puts.len(), 4, "deploy's, the refused one, the one that worked, the local one");
    for put in &puts {
        assert_eq!(put.private, Some(true), "{:?}", put.argv);
    }
    let local = puts.last().unwrap();
    assert!(!local.argv.iter().any(|word| word == "--remote"), "{:?}", local.argv);
    assert_eq!(local.after("--binding"), Some("SHOP"));
    // Wrangler is called from another folder than this command.
    assert!(local.after("--persist-to").unwrap().starts_with('/'), "{:?}", local.argv);
}

#[test]
fn where_no_wrangler_is_npx_fetches_one() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut stage = Stage::new("publish-npx");
    stage.deploy().worked();
    let bin = stage.folder.join("bin");
    std::fs::create_dir(&bin).unwrap();
    let wrangler = stage.folder.join("wrangler").display().to_string();
    let npx = format!("#!/bin/sh\n[ \"$1\" = --yes ] && shift 2 && exec {wrangler} \"$@\"\n");
    std::fs::write(bin.join("npx"), npx).unwrap();
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(bin.join("npx"), executable).unwrap();
    stage.set("PATH", &format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()));
    write(&stage, SHOP, "Bakers");
    let path = |name: &str| stage.folder.join(name).display().to_string();
    stage.run_as_typed("publish", &[&path("shop"), "--bundle", &path("bundle")]).worked();
    assert_eq!(name_in(&stage, "shopbell"), "Bakers");
}
