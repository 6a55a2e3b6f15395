//! `shopbell connect`, `deploy` and `publish` against a stand-in for wrangler and the sandbox: from nothing
//! to live, twice, cut off anywhere, and each thing that goes wrong with what mends it.

mod cloudflare;
mod person;
mod publish;
mod stage;

use cloudflare::{ACCOUNT, Says, Worker};
use stage::{
    ADMIN_TOKEN, APP, APP_SECRET, OTHER_PAGE, OTHER_TOKEN, PAGE, PAGE_TOKEN, SHOP, SIGNING_KEY,
    Stage,
};

#[test]
fn from_nothing_to_live_and_the_second_run_changes_nothing() {
    let stage = Stage::new("whole");
    let first = stage.deploy();
    first.worked();
    for step in ["kv", "worker", "secrets", "shop", "webhook", "page"] {
        assert_eq!(first.step(step), ["done"], "{step}: {}", first.out);
    }
    assert_eq!(first.step("profile"), ["changed"], "{}", first.out);
    assert_eq!(first.step("checked"), ["ok"], "{}", first.out);
    assert!(first.out.contains("https://m.me/cornerbakery"), "{}", first.out);
    // The Worker before its secrets, and KV before the Worker.
    let changes = stage.cloud.lock().unwrap().changes();
    assert_eq!(
        changes,
        ["kv namespace", "deploy --config", "deploy --config", "secret bulk", "kv bulk"],
        "the second upload knows the address"
    );
    let cost = first.out.find("cost").unwrap();
    assert!(cost < first.out.find("kv ").unwrap(), "the cost is said first");
    {
        let cloud = stage.cloud.lock().unwrap();
        let worker = cloud.worker("shopbell");
        assert_eq!(worker.vars["PUBLIC_URL"], cloud.address);
        assert_eq!(worker.vars["APP_ID"], APP);
        assert_eq!(worker.vars["GRAPH_VERSION"], "v26.0");
        let secrets: Vec<&str> = worker.secrets.keys().map(String::as_str).collect();
        assert_eq!(
            secrets,
            ["ADMIN_TOKEN", "APP_SECRET", "PAGE_TOKEN", "SIGNING_KEY", "VERIFY_TOKEN"]
        );
        assert_eq!(cloud.namespaces, [("kv-1".to_owned(), "shopbell-shop".to_owned())]);
    }
    let (callback, fields) = stage.sandbox.app_webhook("page").unwrap();
    assert!(callback.ends_with("/webhook"));
    for field in [
        "messages",
        "messaging_postbacks",
        "messaging_optins",
        "messaging_referrals",
        "message_echoes",
    ] {
        assert!(fields.iter().any(|one| one == field), "{field}");
        assert!(stage.sandbox.subscribed(PAGE).unwrap().iter().any(|one| one == field), "{field}");
    }
    assert!(stage.sandbox.app_webhook("instagram").is_none(), "the shop has no Instagram");

    let world = stage.world();
    stage.cloud(|cloud| cloud.calls.clear());
    stage.sandbox.clear_record();
    let second = stage.deploy();
    second.worked();
    for step in ["kv", "worker", "secrets", "shop", "webhook", "page", "profile"] {
        assert_eq!(second.step(step), ["already"], "{step}: {}", second.out);
    }
    assert_eq!(stage.cloud.lock().unwrap().changes(), [""; 0]);
    assert!(stage.sandbox.calls().iter().all(|call| call.method == "GET"));
    assert_eq!(stage.world(), world);
}

#[test]
fn cut_off_anywhere_and_run_again_it_ends_as_if_nothing_had_happened() {
    let whole = Stage::new("uncut");
    whole.deploy().worked();
    let calls = whole.steps.lock().unwrap().seen;
    let mut wanted = whole.world();
    assert!(calls >= 8, "{calls}");
    for (done, name) in [(false, "cut-before"), (true, "cut-after")] {
        let mut at = 1;
        loop {
            let stage = Stage::new(name);
            if !stage.killed_at(at, done) {
                break;
            }
            stage.deploy().worked();
            let mut world = stage.world();
            // Each stage has an address of its own.
            let own = stage.cloud.lock().unwrap().address.clone();
            let text = world.to_string().replace(&own, "http://here");
            world = serde_json::from_str(&text).unwrap();
            forget_mark(&mut world);
            let whole_own = whole.cloud.lock().unwrap().address.clone();
            wanted = serde_json::from_str(&wanted.to_string().replace(&whole_own, "http://here"))
                .unwrap();
            forget_mark(&mut wanted);
            assert_eq!(world, wanted, "cut off at call {at}, done: {done}");
            at += 1;
        }
        assert_eq!(at, calls + 1, "cut at each");
    }
}

/// The mark of the bundle holds the address, too.
fn forget_mark(world: &mut serde_json::Value) {
    world["workers"]["shopbell"]["vars"].as_object_mut().unwrap().remove("SHOPBELL_BUNDLE");
}

#[test]
fn each_refusal_of_wranglers_says_its_mending_command() {
    let stage = Stage::new("refusals");
    let again = format!("shopbell deploy {}", stage.places().join(" "));
    let login = "wrangler login";
    stage.cloud(|cloud| cloud.logged_in = false);
    stage.deploy().failed("nobody is logged in", login);
    stage.cloud(|cloud| cloud.logged_in = true);

    stage.cloud(|cloud| cloud.permissions.retain(|one| *one != "workers_kv:write"));
    stage.deploy().failed("lacks workers_kv:write", login);
    stage.cloud(|cloud| cloud.permissions.clear());
    stage.cloud(|cloud| {
        cloud.faults.push(("kv namespace create", Says::refused(10_000, "Authentication error")));
    });
    stage.deploy().failed("may not do this", "Workers KV Storage: Edit");

    let other = "f".repeat(32);
    stage.cloud(|cloud| cloud.accounts.push((other.clone(), "Another".to_owned())));
    stage.deploy().failed("several accounts", &format!("{again} --patience 2 --account {ACCOUNT}"));
    let wrong = "e".repeat(32);
    stage.run("deploy", &["--account", &wrong]).failed("does not reach account", login);
    stage.cloud(|cloud| cloud.accounts.truncate(1));

    for (call, says, why, fix) in [
        ("whoami", Says::old_node(), "needs Node 22.12.0", "install Node 22.12.0"),
        ("whoami", Says::failed("fetch failed"), "cannot be reached", "connection"),
        ("deployments status", Says::failed("fetch failed"), "cannot be reached", "connection"),
        ("kv namespace list", Says::refused(10_000, "Authentication error"), "may not", login),
        ("deploy", Says::failed("fetch failed"), "cannot be reached", "connection"),
        (
            "deploy",
            Says::refused(10_021, "Script will never generate a response."),
            "wrangler says",
            &again,
        ),
        ("secret bulk", Says::refused(10_215, "not deployed"), "newest version", &again),
        ("kv bulk put", Says::failed("fetch failed"), "cannot be reached", "connection"),
    ] {
        stage.cloud(|cloud| cloud.faults.push((call, says)));
        stage.deploy().failed(why, fix);
        assert!(stage.cloud.lock().unwrap().faults.is_empty(), "{call} was called");
    }
    stage.deploy().worked();
}

#[test]
fn a_missing_workers_dev_name_and_a_wrong_namespace_id_are_named() {
    let stage = Stage::new("kv");
    stage.cloud(|cloud| cloud.subdomain = false);
    stage.deploy().failed("workers.dev", "https://dash.cloudflare.com/0123/workers/onboarding");
    stage.cloud(|cloud| cloud.subdomain = true);

    let config = stage.folder.join("bundle/wrangler.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(
        &config,
        text.replace("binding = \"SHOP\"", "binding = \"SHOP\"\nid = \"gone\""),
    )
    .unwrap();
    stage.deploy().failed("10041): gone", "take the id under [[kv_namespaces]] out");
    std::fs::write(&config, &text).unwrap();
    stage.deploy().worked();

    // Another one in the configuration must not take the consents away.
    stage.cloud(|cloud| cloud.namespaces.push(("other".to_owned(), "other".to_owned())));
    std::fs::write(
        &config,
        text.replace("binding = \"SHOP\"", "binding = \"SHOP\"\nid = \"other\""),
    )
    .unwrap();
    stage.deploy().failed("consents lie in the first", "take the id");
    std::fs::write(&config, &text).unwrap();
    assert_eq!(stage.cloud.lock().unwrap().worker("shopbell").kv, "kv-1");
}

#[test]
fn a_namespace_that_exists_is_adopted_also_when_the_list_was_stale() {
    let stage = Stage::new("adopt");
    let there = ("old".to_owned(), "shopbell-shop".to_owned());
    stage.cloud(|cloud| cloud.namespaces.push(there.clone()));
    assert_eq!(stage.deploy().worked().step("kv"), ["adopted"]);
    assert_eq!(stage.cloud.lock().unwrap().worker("shopbell").kv, "old");

    let stage = Stage::new("adopt-late");
    stage.cloud(|cloud| cloud.hidden.push(there.clone()));
    let ran = stage.deploy();
    assert_eq!(ran.worked().step("kv"), ["adopted"], "{}", ran.out);

    // One that the Worker has under another name stays its own.
    let stage = Stage::new("bound");
    stage.cloud(|cloud| {
        cloud.namespaces.extend([there.clone(), ("mine".to_owned(), "by hand".to_owned())]);
        let worker = Worker { kv: "mine".to_owned(), ..Worker::default() };
        cloud.workers.insert("shopbell".to_owned(), worker);
    });
    assert_eq!(stage.deploy().worked().step("kv"), ["already"]);
    assert_eq!(stage.cloud.lock().unwrap().worker("shopbell").kv, "mine");
}

#[test]
fn what_was_pasted_is_tested_before_anything_is_made() {
    let mut stage = Stage::new("tested");
    let untouched = |stage: &Stage| assert!(stage.cloud.lock().unwrap().changes().is_empty());
    stage.set("APP_SECRET", "ffffffffffffffffffffffffffffffff");
    stage.deploy().failed("do not belong together", "App settings > Basic");
    stage.set("APP_SECRET", APP_SECRET);
    stage.set("PAGE_TOKEN", OTHER_TOKEN);
    stage.deploy().failed("belongs to Page 1029384757", "id = \"1029384757\"");
    stage.set("PAGE_TOKEN", "EAAB-of-nobody-at-all");
    stage.deploy().failed("not valid", "Generate token");
    stage.set("PAGE_TOKEN", PAGE_TOKEN);
    stage
        .sandbox
        .settings(|settings| settings.scopes.retain(|scope| scope != "pages_manage_metadata"));
    stage.deploy().failed("lacks pages_manage_metadata", "make it again");
    stage.sandbox.settings(|settings| settings.scopes.push("pages_manage_metadata".to_owned()));
    stage.sandbox.settings(|settings| settings.token_expires_at = 1_000_000_000);
    stage.deploy().failed("not valid", "make a new one");
    stage.sandbox.settings(|settings| settings.token_expires_at = 0);
    stage.set("ADMIN_TOKEN", "short-but-not-easily-found");
    stage.deploy().failed("fewer than 32", "unset ADMIN_TOKEN");
    stage.set("ADMIN_TOKEN", "dev-admin-token-0123456789abcdef0123456789");
    stage.deploy().failed("everybody knows", "set ADMIN_TOKEN");
    stage.set("ADMIN_TOKEN", ADMIN_TOKEN);
    stage.unset("PAGE_TOKEN");
    stage.deploy().failed("not in the environment", "shopbell connect");
    stage.unset("APP_SECRET");
    stage.deploy().failed("not in the environment", "set APP_SECRET");
    untouched(&stage);
    assert!(
        stage.sandbox.calls().iter().all(|call| call.method == "GET"),
        "nothing at Meta either"
    );
}

#[test]
fn a_token_that_ends_is_used_and_its_day_is_named() {
    let stage = Stage::new("ends");
    let soon = stage.sandbox.now() / 1000 + 20 * 24 * 3600;
    stage.sandbox.settings(|settings| settings.data_access_expires_at = soon);
    let ran = stage.deploy();
    assert!(ran.worked().out.contains("its access to data ends on"), "{}", ran.out);
}

#[test]
fn a_persons_token_becomes_the_pages_own_and_one_system_user_serves_every_page() {
    use shopbell::cli::sandbox::Login;
    let mut stage = Stage::new("person");
    let login = |token: &str, kind: &str, pages: &[&str]| Login {
        token: token.to_owned(),
        kind: kind.to_owned(),
        expires_at: 0,
        pages: pages.iter().map(|page| (*page).to_owned()).collect(),
    };
    let ona = login("EAAB-token-of-ona-herself", "USER", &[PAGE]);
    stage.sandbox.settings(|settings| settings.logins.push(ona));
    stage.set("PAGE_TOKEN", "EAAB-token-of-ona-herself");
    let ran = stage.deploy();
    assert!(ran.worked().out.contains("that was a person's token"), "{}", ran.out);
    let lengthened = stage.sandbox.calls().iter().any(|call| call.path == "oauth/access_token");
    assert!(lengthened, "a Page's token of a short one would end with it");
    assert_eq!(stage.cloud.lock().unwrap().worker("shopbell").secrets["PAGE_TOKEN"], PAGE_TOKEN);
    assert_eq!(
        stage.deploy().worked().step("secrets"),
        ["already"],
        "the same one, once made, is known"
    );

    let two = format!(
        "{SHOP}branch = \"Old town\"\n[[page]]\nid = \"{OTHER_PAGE}\"\nusername = \"other\"\nbranch = \"Port\"\n"
    );
    let mut stage = Stage::with("system-user", &two);
    let system = login("EAAB-token-of-the-system-user", "SYSTEM_USER", &[PAGE, OTHER_PAGE]);
    stage.sandbox.settings(|settings| settings.logins.push(system));
    stage.set("PAGE_TOKEN", "EAAB-token-of-the-system-user");
    stage.deploy().worked();
    let cloud = stage.cloud.lock().unwrap();
    let secrets = &cloud.worker("shopbell").secrets;
    assert_eq!(secrets[&format!("PAGE_TOKEN_{PAGE}")], PAGE_TOKEN);
    assert_eq!(secrets[&format!("PAGE_TOKEN_{OTHER_PAGE}")], OTHER_TOKEN);
    assert!(!secrets.contains_key("PAGE_TOKEN"));
    assert!(stage.sandbox.subscribed(OTHER_PAGE).is_some());
}

#[test]
fn the_apps_webhook_is_not_taken_from_another_address_unasked() {
    let stage = Stage::new("taken");
    stage.deploy().worked();
    // The same app, for another Worker.
    let mut elsewhere = Stage::new("taker");
    elsewhere.graph.clone_from(&stage.graph);
    elsewhere.deploy().failed("an app has one address", "--take-webhook");
    let (callback, _) = stage.sandbox.app_webhook("page").unwrap();
    assert!(callback.starts_with(&stage.cloud.lock().unwrap().address));
    elsewhere.run("deploy", &["--patience", "2", "--take-webhook"]).worked();
    let (callback, _) = stage.sandbox.app_webhook("page").unwrap();
    assert!(callback.starts_with(&elsewhere.cloud.lock().unwrap().address));
}

#[test]
fn what_meta_or_the_page_lost_is_put_back_and_what_others_wanted_stays() {
    let stage = Stage::new("lost");
    stage.deploy().worked();
    let before = stage.world();
    stage.sandbox.disconnect();
    let ran = stage.deploy();
    assert_eq!(ran.worked().step("webhook"), ["done"], "{}", ran.out);
    assert_eq!(ran.step("worker"), ["already"]);
    assert_eq!(stage.world(), before);
}

#[test]
fn a_changed_shop_and_a_changed_secret_are_the_only_things_that_change() {
    let mut stage = Stage::new("changed");
    stage.deploy().worked();
    stage.cloud(|cloud| cloud.calls.clear());
    std::fs::write(stage.shop().join("shop.toml"), SHOP.replace("Bakery", "Bakers")).unwrap();
    stage.set("VERIFY_TOKEN", "another-word-of-our-own");
    let ran = stage.deploy();
    assert_eq!(ran.worked().step("shop"), ["changed"], "{}", ran.out);
    assert_eq!(ran.step("secrets"), ["done"]);
    assert_eq!(ran.step("worker"), ["already"]);
    let cloud = stage.cloud.lock().unwrap();
    assert_eq!(cloud.changes(), ["secret bulk", "kv bulk"]);
    let bulk = cloud.calls.iter().find(|call| call.is("secret bulk")).unwrap();
    assert!(
        bulk.stdin.contains("VERIFY_TOKEN") && !bulk.stdin.contains("PAGE_TOKEN"),
        "only what differs"
    );
}

#[test]
fn without_secrets_a_new_bundle_and_a_new_shop_still_go_out() {
    let mut stage = Stage::new("ci");
    stage.deploy().worked();
    stage.environment.clear();
    std::fs::write(stage.folder.join("bundle/build/index.js"), "export default { fetch() {} }")
        .unwrap();
    let ran = stage.deploy();
    assert_eq!(ran.worked().step("worker"), ["changed"], "{}", ran.out);
    assert_eq!(ran.step("secrets"), ["already"]);
    for step in ["webhook", "page", "profile"] {
        assert_eq!(ran.step(step), ["skipped"], "{}", ran.out);
    }
    assert!(ran.out.contains("deployed; Meta was not asked") && !ran.out.contains("live:"));
    let cloud = stage.cloud.lock().unwrap();
    let worker = cloud.worker("shopbell");
    assert_eq!((worker.uploads, worker.vars["APP_ID"].as_str()), (3, APP), "the app's id stays");
    assert_eq!(worker.secrets.len(), 5);
}

#[test]
fn connect_makes_what_is_missing_and_keeps_the_signing_key_until_told_otherwise() {
    let mut stage = Stage::new("connect");
    for own in ["VERIFY_TOKEN", "ADMIN_TOKEN", "SIGNING_KEY"] {
        stage.unset(own);
    }
    let ran = stage.run("connect", &[]);
    assert!(ran.worked().out.contains("ADMIN_TOKEN was made and is not shown here"), "{}", ran.out);
    let secrets = |stage: &Stage| stage.cloud.lock().unwrap().worker("shopbell").secrets.clone();
    let made = secrets(&stage);
    for own in ["VERIFY_TOKEN", "ADMIN_TOKEN", "SIGNING_KEY"] {
        assert_eq!(made[own].len(), 64, "{own}");
    }
    assert_eq!(made["APP_SECRET"], APP_SECRET);
    assert_eq!(stage.cloud.lock().unwrap().changes().last().unwrap(), "secret bulk");
    assert!(!stage.cloud.lock().unwrap().worker("shopbell").draft, "the Worker came first");

    // Again: nothing of our own changes, also when the environment has another.
    stage.set("SIGNING_KEY", SIGNING_KEY);
    stage.run("connect", &[]).worked();
    assert_eq!(secrets(&stage)["SIGNING_KEY"], made["SIGNING_KEY"]);

    // Replacing it needs the present one, and the right one.
    stage.unset("SIGNING_KEY");
    stage
        .run("connect", &["--renew", "SIGNING_KEY"])
        .failed("deleted would be forgotten", "SIGNING_KEY=");
    stage.set("ADMIN_TOKEN", &made["ADMIN_TOKEN"]);
    stage.set("SIGNING_KEY", SIGNING_KEY);
    stage
        .run("connect", &["--renew", "SIGNING_KEY"])
        .failed("not the key that the Worker has", "present one");
    stage.set("SIGNING_KEY", &made["SIGNING_KEY"]);
    stage.run("connect", &["--renew", "SIGNING_KEY"]).worked();
    let renewed = secrets(&stage);
    assert_eq!(renewed["SIGNING_KEY_PREVIOUS"], made["SIGNING_KEY"]);
    assert_ne!(renewed["SIGNING_KEY"], made["SIGNING_KEY"]);
    assert_eq!(renewed["VERIFY_TOKEN"], made["VERIFY_TOKEN"]);
}

#[test]
fn many_shops_have_their_own_worker_namespace_and_configuration_stays_untouched() {
    let stage = Stage::with("agency", &format!("{SHOP}[cloudflare]\nworker = \"bell-cafe\"\n"));
    let config = std::fs::read_to_string(stage.folder.join("bundle/wrangler.toml")).unwrap();
    stage.deploy().worked();
    stage
        .run("deploy", &["--patience", "2", "--name", "bell-tea", "--no-wait", "--take-webhook"])
        .worked();
    let cloud = stage.cloud.lock().unwrap();
    assert_eq!(cloud.workers.keys().collect::<Vec<_>>(), ["bell-cafe", "bell-tea"]);
    let titles: Vec<&str> = cloud.namespaces.iter().map(|(_, title)| title.as_str()).collect();
    assert_eq!(titles, ["bell-cafe-shop", "bell-tea-shop"]);
    assert_ne!(cloud.worker("bell-cafe").kv, cloud.worker("bell-tea").kv);
    assert_eq!(std::fs::read_to_string(stage.folder.join("bundle/wrangler.toml")).unwrap(), config);
}

#[test]
fn the_command_lines_of_the_documents_work_as_they_stand_there() {
    let stage = Stage::new("documents");
    let mut typed = 0;
    for document in ["README.md", "docs/setup.md"] {
        let text = std::fs::read_to_string(format!("{}/{document}", env!("CARGO_MANIFEST_DIR")));
        let mut inside = false;
        for line in text.unwrap().lines() {
            inside = if line.starts_with("```") { line == "```sh" } else { inside };
            let line = line.split("  #").next().unwrap().trim();
            let mut words = line.split_whitespace();
            let ours = inside && words.next() == Some("shopbell");
            let Some(command) =
                words.next().filter(|word| ours && ["connect", "deploy"].contains(word))
            else {
                continue;
            };
            assert_eq!(words.next(), Some("FOLDER"), "{line}");
            stage.run(command, &words.collect::<Vec<_>>()).worked();
            typed += 1;
        }
    }
    assert!(typed >= 7, "only {typed} were found");
}

#[test]
fn a_rehearsal_changes_nothing_and_needs_no_login() {
    let stage = Stage::new("rehearsal");
    for logged_in in [true, false] {
        stage.cloud(|cloud| cloud.logged_in = logged_in);
        if !logged_in {
            // The rehearsal itself is wrangler's and asks nobody.
            stage.cloud(|cloud| {
                cloud.faults.push((
                    "deploy --dry-run",
                    Says { out: "Total Upload: 1 KiB".to_owned(), ..Says::default() },
                ))
            });
        }
        let ran = stage.run("deploy", &["--dry-run"]);
        assert!(ran.worked().out.contains("Total Upload"), "{}", ran.out);
        assert_eq!(ran.step("worker"), ["would"]);
        assert!(ran.out.contains("set APP_SECRET, VERIFY_TOKEN"), "{}", ran.out);
    }
    let cloud = stage.cloud.lock().unwrap();
    assert!(cloud.changes().is_empty() && cloud.workers.is_empty());
    assert!(stage.sandbox.calls().is_empty());
}

#[test]
fn a_worker_that_does_not_answer_is_named_and_so_is_a_first_message_that_does_not_come() {
    let stage = Stage::new("quiet");
    let quiet = stage.run("deploy", &["--patience", "1", "--wait"]);
    quiet.failed("no message came", "shopbell deploy");
    stage.cloud(|cloud| {
        cloud.traffic.insert("event.message".to_owned(), 3);
        cloud.traffic.insert("reply.sent".to_owned(), 3);
    });
    let cloud = stage.cloud.clone();
    let done = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let ended = done.clone();
    let writer = std::thread::spawn(move || {
        // Whenever the command begins to wait, one more comes after it.
        while !ended.load(std::sync::atomic::Ordering::SeqCst) {
            std::thread::sleep(std::time::Duration::from_millis(200));
            for count in cloud.lock().unwrap().traffic.values_mut() {
                *count += 1;
            }
        }
    });
    let ran = stage.run("deploy", &["--patience", "60", "--wait"]);
    done.store(true, std::sync::atomic::Ordering::SeqCst);
    writer.join().unwrap();
    assert!(ran.worked().out.contains("was answered. You are live."), "{}", ran.out);
    stage.cloud(|cloud| {
        let worker = cloud.workers.get_mut("shopbell").unwrap();
        worker.vars.insert("PUBLIC_URL".to_owned(), "http://127.0.0.1:9".to_owned());
    });
    // An address that is not the Worker's any more is found out.
    stage.deploy().worked();
    let cloud = stage.cloud.lock().unwrap();
    assert_eq!(cloud.worker("shopbell").vars["PUBLIC_URL"], cloud.address);
}
