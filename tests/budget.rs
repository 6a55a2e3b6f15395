//! `shopbell budget`: what the plan carries is said with 0, what it does not with 1 and for how many
//! it would.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::process::Command;

use serde_json::Value;

fn budget(args: &[&str]) -> (bool, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopbell"));
    command.args(["budget", "examples/cafe", "--format", "json", "--at", "2026-11-23"]).args(args);
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.success(), serde_json::from_str(&text).unwrap_or_default())
}

#[test]
fn what_is_enough_for_so_many_is_enough_for_so_many() {
    let (fits, told) = budget(&["--subscribers", "100"]);
    assert!(fits, "{told}");
    let most = told["enough_for"].as_u64().unwrap();
    assert!(most > 100);
    let (fits, told) = budget(&["--subscribers", &most.to_string()]);
    assert!(fits, "{told}");
    assert_eq!(told["days"], 1);
    let (fits, told) = budget(&["--subscribers", &(most + 1).to_string()]);
    assert!(!fits);
    assert!(!told["refusals"].as_array().unwrap().is_empty(), "{told}");
}

#[test]
fn a_hundred_thousand_people_are_the_paid_plans() {
    let many = ["--subscribers", "100000", "--answer-ms", "50"];
    let (fits, told) = budget(&many);
    assert!(!fits);
    assert!(told["days"].as_u64().unwrap() > 10, "{told}");
    let (fits, told) = budget(&[&many[..], &["--plan", "paid"]].concat());
    assert!(fits, "{}", told["refusals"]);
    let lines = told["lines"].as_array().unwrap();
    assert!(lines.iter().all(|line| line["fits"] == true));
    assert!(lines.iter().any(|line| line["cents_a_month"].as_u64().unwrap() > 0), "{told}");
    // Every limit says who says so, and as of when.
    for line in lines {
        assert!(
            !line["source"].as_str().unwrap().is_empty() && line["as_of"].is_string(),
            "{line}"
        );
    }
}

#[test]
fn without_a_number_it_asks_for_one() {
    let (fits, told) = budget(&[]);
    assert!(!fits && told.is_null());
}

#[test]
fn check_refuses_what_the_plan_cannot_carry_where_it_can_be_known() {
    use shopbell::cli::check::capacity;
    use shopbell::shop::source::compile;
    let cafe = format!("{}/examples/cafe/shop.toml", env!("CARGO_MANIFEST_DIR"));
    let cafe = std::fs::read_to_string(cafe).unwrap();
    let day = jiff::civil::date(2026, 11, 23);
    let said = |more: &str, from: &str, to: &str| {
        let source = cafe.replacen(from, to, 1) + more;
        let compiled = compile(&source);
        assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
        capacity(&compiled, day).map(|found| (found.code, source[found.span].to_owned()))
    };
    let many = "\n[cloudflare]\nsubscribers = 100000\n";
    assert_eq!(said("", "", ""), None);
    assert_eq!(said("\n[cloudflare]\nsubscribers = 500\n", "", ""), None);
    assert_eq!(said(many, "", ""), Some(("plan-too-small", "100000".to_owned())));
    assert_eq!(said(&many.replace("subscribers", "plan = \"paid\"\nsubscribers"), "", ""), None);
    // A Desk that sleeps is cheap; sixty-four of them are too many ticks for a free day.
    let bakery = format!("{}/tests/shops/two-pages/shop.toml", env!("CARGO_MANIFEST_DIR"));
    let bakery = std::fs::read_to_string(bakery).unwrap();
    let id = "id = \"1029384756\"\n";
    let wide = compile(&bakery.replacen(id, &format!("{id}shards = 64\n"), 1));
    let found = capacity(&wide, day).unwrap();
    assert_eq!(found.code, "too-many-desks", "{found:?}");
}
