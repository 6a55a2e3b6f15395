//! Coupons through the real bundle: a code is given, shown to anybody who opens its link, and redeemed
//! by a till that has signed in, once, whatever else happens at that moment.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::common::{DAY, HOUR, MINUTE, SECOND, Setup, Stage, alone, until};
use serde_json::Value;
use shopbell::cli::sandbox::{Act, How};
use shopbell::shop::coupon_codes::CouponCode;

const PAGE: &str = "1029384756";
const RIVER: &str = "2029384756";
const NOON: &str = "2026-11-24T10:00:00Z";

fn setup(name: &'static str) -> Setup {
    Setup::of(name, "tests/shops/coupons").clock(NOON)
}

/// The shop in a folder of its own, with so many Desks for its first Page.
fn sharded(name: &str, shards: u32) -> PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shops/coupons");
    let folder = std::env::temp_dir().join(format!("shopbell-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let source = std::fs::read_to_string(from.join("shop.toml")).unwrap();
    let id = format!("id = \"{PAGE}\"\n");
    let source = source.replacen(&id, &format!("{id}shards = {shards}\n"), 1);
    std::fs::write(folder.join("shop.toml"), source).unwrap();
    std::fs::copy(from.join("logo.svg"), folder.join("logo.svg")).unwrap();
    folder
}

/// Somebody who has come in by a poster, and what they were told.
async fn guest(stage: &Stage, page: &str, poster: &str) -> (String, Vec<String>) {
    let psid = stage.person(page);
    stage.sandbox.scan(&psid, poster).await.unwrap();
    let said = stage.does(&psid, Act::GetStarted).await;
    (psid, said)
}

/// The code in what somebody was told.
fn code_in(said: &[String]) -> Option<CouponCode> {
    said.iter().flat_map(|text| text.lines()).find_map(|line| CouponCode::read(line).ok())
}

/// A browser at a till.
struct Till<'s> {
    stage: &'s Stage,
    cookie: String,
}

impl<'s> Till<'s> {
    /// Makes a till and signs in at it.
    async fn open(stage: &'s Stage, name: &str) -> Self {
        let key = Self::key(stage, name).await;
        let answer = post(stage, "/till", &[("key", &key)], "", true).await;
        assert_eq!(answer.status(), 303);
        assert_eq!(answer.headers()["location"], "/till");
        let set = answer.headers()["set-cookie"].to_str().unwrap();
        for part in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/"] {
            assert!(set.contains(part), "{set}");
        }
        Self { stage, cookie: set.split(';').next().unwrap().to_owned() }
    }

    async fn key(stage: &Stage, name: &str) -> String {
        let text = stage.shopbell(&["till", "add", name, "--page", PAGE]).await.good().text();
        let line = text.lines().find(|line| line.starts_with("key")).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    }

    async fn redeem(&self, code: &str) -> (u16, String) {
        let answer = post(self.stage, "/till/redeem", &[("code", code)], &self.cookie, true).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

async fn post(
    stage: &Stage,
    path: &str,
    fields: &[(&str, &str)],
    cookie: &str,
    from_here: bool,
) -> reqwest::Response {
    let site = if from_here { "same-origin" } else { "cross-site" };
    stage
        .http
        .post(format!("{}{path}", stage.worker.url))
        .header("sec-fetch-site", site)
        .header("cookie", cookie)
        .form(fields)
        .send()
        .await
        .unwrap()
}

async fn coupons(stage: &Stage) -> Vec<Value> {
    stage.shopbell(&["coupons", "--format", "json"]).await.good().json()
}

fn of<'a>(all: &'a [Value], page: &str) -> &'a Value {
    all.iter().find(|one| one["page"] == page).unwrap()
}

#[test]
fn a_code_is_given_shown_to_anybody_and_redeemed_once_by_a_till() {
    alone(setup("coupons"), async |stage| {
        let (psid, said) = guest(stage, PAGE, "DOOR").await;
        assert_eq!(said[0], "DOOR: welcome in.");
        let code = code_in(&said).unwrap();
        let words = &said[1];
        assert!(words.starts_with("A cinnamon bun on the house.\n"), "{words}");
        let link = format!("/c/{code}");
        assert!(words.contains(&link), "{words}");
        // Asking again, somebody has the same; somebody else has another.
        stage.travel(stage.sandbox.now() + HOUR).await;
        assert_eq!(code_in(&stage.says(&psid, "DOOR").await), Some(code.clone()));
        let (_, others) = guest(stage, PAGE, "DOOR").await;
        assert_ne!(code_in(&others), Some(code.clone()));

        // Whoever opens the link sees it; previews, prefetches and crawlers redeem nothing.
        for (method, header, value) in [
            ("GET", "accept-language", "lt"),
            ("HEAD", "user-agent", "facebookexternalhit/1.1"),
            ("GET", "sec-purpose", "prefetch"),
            ("GET", "accept-language", "en"),
        ] {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let url = format!("{}{link}", stage.worker.url);
            let asked = stage.http.request(method.clone(), url).header(header, value).send();
            let answer = asked.await.unwrap();
            assert_eq!(answer.status(), 200);
            assert_eq!(answer.headers()["cache-control"], "no-store");
            assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
            assert!(
                answer.headers()["content-security-policy"]
                    .to_str()
                    .unwrap()
                    .contains("default-src 'none'")
            );
            let html = answer.text().await.unwrap();
            if method == "GET" {
                let title = if value == "lt" { "Cinamoninė" } else { "A cinnamon bun" };
                assert!(html.contains(title) && html.contains("<svg"), "{html}");
                assert!(html.contains(code.as_str()) && html.contains("data:image/svg+xml"));
                assert!(!html.contains("<script") && !html.contains("<form"), "{html}");
            }
        }
        for path in ["/till/redeem", "/till", &link] {
            assert_ne!(post(stage, path, &[("code", code.as_str())], "", true).await.status(), 200);
        }
        assert_eq!(of(&coupons(stage).await, PAGE)["redeemed"], 0);

        // Nobody signs in without a key, or from another site.
        let wrong = CouponCode::made([7; 16]);
        for (key, from_here) in
            [(wrong.as_str(), true), ("nonsense", true), (wrong.as_str(), false)]
        {
            let answer = post(stage, "/till", &[("key", key)], "", from_here).await;
            assert_eq!(answer.status(), 403, "{key}");
            assert!(answer.headers().get("set-cookie").is_none());
        }
        let (one, two) = (Till::open(stage, "Bar").await, Till::open(stage, "Door").await);
        let shown = stage
            .http
            .get(format!("{}/till", stage.worker.url))
            .header("cookie", &one.cookie)
            .send()
            .await
            .unwrap();
        assert!(shown.text().await.unwrap().contains("Till: Bar"));
        // A form of another site redeems nothing, though the browser sent the cookie along.
        let fields = [("code", code.as_str())];
        let forged = post(stage, "/till/redeem", &fields, &one.cookie, false).await;
        assert_eq!(forged.status(), 403);

        // A letter is wrong: nobody is asked. Then it is redeemed, scanned as its link.
        let mut misread = code.to_string();
        let last = if misread.ends_with('2') { '3' } else { '2' };
        misread.pop();
        misread.push(last);
        let (status, html) = one.redeem(&misread).await;
        assert!(status == 200 && html.contains("A character of this code is wrong"), "{html}");
        assert!(html.contains(&misread), "what was typed is still there");
        let (_, html) = one.redeem(&format!("{}{link}", stage.worker.url)).await;
        assert!(html.contains("Valid. It is redeemed now.") && html.contains("A cinnamon bun"));
        let (_, html) = two.redeem(&code.as_str().to_lowercase()).await;
        assert!(html.contains("Already redeemed on") && html.contains(": Bar."), "{html}");
        stage.shopbell(&["redeem", code.as_str()]).await.refused("by Bar");
        let page = stage.get(&link).await.text().await.unwrap();
        assert!(page.contains("Redeemed on") && !page.contains("<svg") && !page.contains("Bar"));
        let counted = coupons(stage).await;
        let bun = of(&counted, PAGE);
        assert_eq!(
            (&bun["given"], &bun["redeemed"], &bun["left"]),
            (&2.into(), &1.into(), &6.into())
        );

        // A poster made on the fly gives it as well, and prints.
        let new = ["poster", "new", "--place", "Bus stop", "--coupon", "bun", "--page", PAGE];
        let text = stage.shopbell(&new).await.good().text();
        assert!(text.contains("coupon bun"), "{text}");
        let made = text.split_whitespace().next().unwrap();
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shops/coupons");
        let known = stage.shopbell(&["qr", "NOPE", dir, "--made"]).await.text();
        assert!(known.contains("it has DOOR") && known.contains(made), "{known}");
        let known = stage.shopbell(&["qr", "NOPE", dir]).await.text();
        assert!(known.contains("--made asks the Worker") && !known.contains(made), "{known}");

        // Of the other branch, too.
        let (_, said) = guest(stage, RIVER, "RIVER").await;
        let river = code_in(&said).unwrap();
        let (_, html) = one.redeem(river.as_str()).await;
        assert!(html.contains("Valid. It is redeemed now."), "{html}");
        assert_eq!(of(&coupons(stage).await, RIVER)["redeemed"], 1);
        let funnel = stage.told(&format!("/admin/funnel?page={PAGE}&days=400")).await;
        let lines = funnel["answer"]["lines"].as_array().unwrap();
        let redeemed = lines.iter().find(|line| line["stage"] == "redeemed").unwrap();
        assert_eq!((&redeemed["source"], &redeemed["n"]), (&"poster:DOOR".into(), &1.into()));

        // A till that is revoked redeems nothing any more, at once.
        stage.shopbell(&["till", "revoke", "Door", "--page", PAGE]).await.good();
        let other = code_in(&others).unwrap();
        let (status, html) = two.redeem(other.as_str()).await;
        assert!(status == 403 && html.contains("Please sign in again"), "{html}");

        // Wrong codes make a till wait; the right one is not looked up meanwhile.
        for n in 0..5_u8 {
            let made_up = CouponCode::made([n.wrapping_mul(37).wrapping_add(1); 16]);
            let (_, html) = one.redeem(made_up.as_str()).await;
            assert!(html.contains("We don’t know this coupon"), "{html}");
        }
        let (_, html) = one.redeem(other.as_str()).await;
        assert!(html.contains("Too many wrong codes"), "{html}");
        stage.travel(stage.sandbox.now() + MINUTE).await;

        // Its last day has passed.
        stage.travel(stage.sandbox.now() + 9 * DAY).await;
        let (_, html) = one.redeem(other.as_str()).await;
        assert!(html.contains("Expired on"), "{html}");
        let page = stage.get(&format!("/c/{other}")).await.text().await.unwrap();
        assert!(page.contains("Expired on") && !page.contains("<svg"), "{page}");

        // What nobody was given is no page of anybody's.
        assert_eq!(stage.get(&format!("/c/{wrong}")).await.status(), 404);
        assert_eq!(stage.get(&format!("/c/{misread}")).await.status(), 404);
    });
}

#[test]
fn one_address_that_guesses_keeps_nobody_else_from_their_codes_and_no_till() {
    alone(setup("coupon-guesses"), async |stage| {
        let code = code_in(&guest(stage, PAGE, "DOOR").await.1).unwrap();
        let till = Till::open(stage, "Bar").await;
        let key = Till::key(stage, "Door").await;
        let look = async |address: &str, cookie: &str, code: &str| {
            let request = stage.http.get(format!("{}/c/{code}", stage.worker.url));
            let request = request.header("cf-connecting-ip", address).header("cookie", cookie);
            request.send().await.unwrap().status().as_u16()
        };
        let sign_in = async |address: &str, key: &str| {
            let request = stage.http.post(format!("{}/till", stage.worker.url));
            let request = request.header("sec-fetch-site", "same-origin").form(&[("key", key)]);
            let request = request.header("cf-connecting-ip", address);
            request.send().await.unwrap().status().as_u16()
        };
        let made_up = |n: u16| {
            let mut bits = [9_u8; 16];
            bits[..2].copy_from_slice(&n.to_le_bytes());
            CouponCode::made(bits).to_string()
        };
        let (loud, quiet) = ("203.0.113.9", "203.0.113.10");
        // Whoever has a code may look at it as often as they like.
        for _ in 0..60 {
            assert_eq!(look(loud, "", code.as_str()).await, 200);
        }
        let mut vain = Vec::new();
        for n in 0..200 {
            vain.push(look(loud, "", &made_up(n)).await);
        }
        let answered = vain.iter().filter(|status| **status == 404).count();
        // A minute and a half more than that would be needed for one more of them.
        assert!((20..40).contains(&answered), "{answered} of 200");
        assert_eq!(vain.last(), Some(&429));
        assert_eq!(look(quiet, "", code.as_str()).await, 200, "everybody else");
        assert_eq!(look(loud, &till.cookie, code.as_str()).await, 200, "a till on the same Wi-Fi");
        for n in 0..20 {
            assert_eq!(look(loud, &till.cookie, &made_up(n)).await, 404, "as often as it likes");
        }
        assert_eq!(sign_in(loud, &key).await, 303, "keys are counted apart");

        let mut vain = Vec::new();
        for n in 0..40 {
            vain.push(sign_in(loud, &made_up(n)).await);
        }
        assert_eq!(vain.last(), Some(&429));
        assert!(vain.iter().filter(|status| **status == 403).count() < 20, "{vain:?}");
        assert_eq!(sign_in(quiet, &key).await, 303);
        // A till that is revoked looks like anybody else.
        stage.shopbell(&["till", "revoke", "Bar", "--page", PAGE]).await.good();
        assert_eq!(look(loud, &till.cookie, code.as_str()).await, 429);
    });
}

#[test]
fn over_three_desks_no_more_are_given_than_there_are_and_a_redemption_reaches_its_person() {
    let shop = sharded("coupon-desks", 3);
    let setup = Setup { shop: shop.clone(), ..Setup::of("coupon-desks", "") };
    alone(setup.clock(NOON), async |stage| {
        let mut guests = Vec::new();
        for _ in 0..12 {
            let psid = stage.person(PAGE);
            stage.sandbox.scan(&psid, "DOOR").await.unwrap();
            guests.push(psid);
        }
        // All at once.
        let all = guests.iter().map(|psid| (psid.clone(), Act::GetStarted)).collect();
        stage.sandbox.acts(all, How::batched()).await.unwrap();
        let heard = |psid: &String| stage.received(psid);
        until("everybody heard of their coupon", async || {
            guests.iter().all(|psid| heard(psid).len() >= 2)
        })
        .await;
        let codes: Vec<(String, CouponCode)> =
            guests.iter().filter_map(|psid| Some((psid.clone(), code_in(&heard(psid))?))).collect();
        let different: BTreeSet<&CouponCode> = codes.iter().map(|(_, code)| code).collect();
        assert_eq!((codes.len(), different.len()), (8, 8), "{}", codes.len());
        let gone = guests
            .iter()
            .filter(|psid| heard(psid).iter().any(|text| text.contains("not available any more")));
        assert_eq!(gone.count(), 4);
        let counted = coupons(stage).await;
        assert_eq!(
            (&of(&counted, PAGE)["given"], &of(&counted, PAGE)["left"]),
            (&8.into(), &0.into())
        );

        // Four tills want the same code at the same moment, for each.
        let mut tills = Vec::new();
        for name in ["A", "B", "C", "D"] {
            tills.push(Till::open(stage, name).await);
        }
        for (_, code) in &codes {
            let code = code.as_str();
            let [a, b, c, d] = &tills[..] else { panic!() };
            let (a, b, c, d) =
                tokio::join!(a.redeem(code), b.redeem(code), c.redeem(code), d.redeem(code));
            let answers = [a, b, c, d];
            let now =
                answers.iter().filter(|(_, html)| html.contains("Valid. It is redeemed now."));
            let before = answers.iter().filter(|(_, html)| html.contains("Already redeemed on"));
            assert_eq!((now.count(), before.count()), (1, 3));
        }
        assert_eq!(of(&coupons(stage).await, PAGE)["redeemed"], 8);
        // Who has used theirs is told the same code again: one for each person.
        let (psid, code) = &codes[0];
        stage.travel(stage.sandbox.now() + MINUTE).await;
        stage.cron().await;
        stage.settled().await;
        assert_eq!(code_in(&stage.says(psid, "DOOR").await), Some(code.clone()));
    });
    let _removed = std::fs::remove_dir_all(shop);
}

#[test]
fn killed_at_the_moment_of_redemption_a_code_is_redeemed_once_and_what_was_said_holds() {
    alone(setup("coupon-crash"), async |stage| {
        let mut codes = Vec::new();
        for _ in 0..6 {
            codes.push(code_in(&guest(stage, PAGE, "DOOR").await.1).unwrap());
        }
        let cookie = Till::open(stage, "Bar").await.cookie;
        for (n, code) in codes.iter().enumerate() {
            let request = stage
                .http
                .post(format!("{}/till/redeem", stage.worker.url))
                .header("sec-fetch-site", "same-origin")
                .header("cookie", &cookie)
                .form(&[("code", code.as_str())])
                .send();
            let asked = tokio::spawn(async move {
                match request.await {
                    Ok(answer) => answer.text().await.ok(),
                    Err(_) => None,
                }
            });
            let wait = [0, 2, 4, 7, 12, 25][n];
            tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
            stage.worker.kill();
            let said = asked.await.unwrap();
            stage.worker.restart();
            stage.travel(stage.sandbox.now() + SECOND).await;
            let till = Till { stage: &*stage, cookie: cookie.clone() };
            let (_, again) = till.redeem(code.as_str()).await;
            let now = |html: &str| html.contains("Valid. It is redeemed now.");
            let before = |html: &str| html.contains("Already redeemed on");
            // Whoever was told that it is redeemed is right; else it was, or it is now.
            match said.as_deref().map(now) {
                Some(true) => assert!(before(&again), "round {n}: {again}"),
                _ => assert!(now(&again) || before(&again), "round {n}: {again}"),
            }
            let (_, third) = till.redeem(code.as_str()).await;
            assert!(before(&third), "round {n}: {third}");
        }
        let counted = coupons(stage).await;
        assert_eq!(of(&counted, PAGE)["redeemed"], 6);
    });
}

#[test]
fn nothing_is_redeemed_where_the_shop_has_left() {
    let shop = sharded("coupons-leave", 1);
    let setup = Setup { shop: shop.clone(), ..Setup::of("coupons-leave", "") };
    alone(setup.clock(NOON), async |stage| {
        let (_, said) = guest(stage, PAGE, "DOOR").await;
        let code = code_in(&said).unwrap().to_string();
        let till = Till::open(stage, "Front").await;
        let out = std::env::temp_dir().join(format!("shopbell-left-{}", std::process::id()));
        let _gone = std::fs::remove_dir_all(&out);
        let (dir, to) = (shop.to_str().unwrap(), out.to_str().unwrap());
        stage.shopbell(&["export", dir, "--out", to, "--leave"]).await.good();
        // It could be redeemed again where it is imported.
        let (status, page) = till.redeem(&code).await;
        assert!(status == 200 && page.contains("Nothing was redeemed"), "{status} {page}");
        for (args, why) in [
            (vec!["redeem", &code], "carried to another deployment"),
            (vec!["till", "add", "Back", "--page", PAGE], "carried to another deployment"),
            (vec!["till", "revoke", "Front", "--page", PAGE], "carried to another deployment"),
        ] {
            stage.shopbell(&args).await.refused(why);
        }
        assert_eq!(of(&coupons(stage).await, PAGE)["redeemed"], 0);
        // It stays after all: the code is as good as before.
        stage.shopbell(&["export", dir, "--stay"]).await.good();
        let (status, page) = till.redeem(&code).await;
        assert!(status == 200 && page.contains("redeemed now"), "{status} {page}");
        let _gone = std::fs::remove_dir_all(out);
    });
    let _removed = std::fs::remove_dir_all(shop);
}
