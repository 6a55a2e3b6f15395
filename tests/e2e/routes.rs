//! Every route of the real bundle: what it answers, and that nothing is done for a stranger.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::LazyLock;

use crate::common::{CAFE, SIGNING_KEY, Setup, Stage, VERIFY_TOKEN, hooks, on};
use serde_json::{Value, json};
use shopbell::entry::refs::RefKeys;
use shopbell::meta::ids::PageId;

static STAGE: LazyLock<Stage> = LazyLock::new(|| Stage::start(Setup::cafe("routes")));

/// Meta's own bodies, as its documents and its senders write them, with their digests.
const PLAIN: &str = r#"{"object":"page","entry":[{"id":"1","time":1458692752478,"messaging":[{"sender":{"id":"2"},"recipient":{"id":"1"},"timestamp":1458692752478,"message":{"mid":"m_1","text":"hello"}}]}]}"#;
const PLAIN_DIGEST: &str = "f479c7adaedaf983bbd4680e43ed8324070ce9b300f833518beaf987c915ff50";
const PLAIN_SHA1: &str = "3c1fc47ec6591540d2eaf4c652e9aa1ffab0740f";
const ESCAPED: &str = r#"{"object":"page","entry":[{"id":"1","time":1458692752478,"messaging":[{"sender":{"id":"2"},"recipient":{"id":"1"},"timestamp":1458692752478,"message":{"mid":"m_2","text":"\u00e4\u00f6\u00e5 \ud83d\ude22 a\u0040b.c 5\u0025 http:\/\/x"}}]}]}"#;
const ESCAPED_DIGEST: &str = "d3ab70d4ab901270180b038ecdd9de319816604a867aec7ea698bbe43dfb282f";
const RESERIALISED_DIGEST: &str =
    "3cf59a1a30cf8816e0eb977ad646e0b0b43bdb69e3a4e16e64548ae48aa04a00";

#[test]
fn the_handshake_gives_the_challenge_back_only_for_the_right_word() {
    on(&STAGE, async |stage| {
        let ask = |query: String| async move {
            let answer = stage.get(&format!("/webhook?{query}")).await;
            let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
            assert!(kind.starts_with("text/plain"), "{kind}");
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        let token = VERIFY_TOKEN;
        let right =
            format!("hub.mode=subscribe&hub.challenge=CHALLENGE_1&hub.verify_token={token}");
        assert_eq!(ask(right.clone()).await, (200, "CHALLENGE_1".to_owned()));
        let forged = "hub.mode=subscribe&hub.challenge=SECRET_ECHO&hub.verify_token=guess";
        for (query, status) in [
            (forged.to_owned(), 403),
            (right.replace("subscribe", "unsubscribe"), 403),
            (format!("hub.mode=subscribe&hub.verify_token={token}"), 400),
            ("hub.mode=subscribe&hub.challenge=SECRET_ECHO".to_owned(), 400),
            (String::new(), 400),
        ] {
            let (got, body) = ask(query.clone()).await;
            assert_eq!(got, status, "{query}");
            assert!(!body.contains("SECRET_ECHO") && !body.contains(token), "{body}");
        }
        assert!(stage.sandbox.handshake().await);
    });
}

/// Everything the Desks have counted, and everything Graph was asked.
async fn work_done(stage: &Stage) -> (Value, usize) {
    let counted = stage.desk(CAFE).await["last_7_days"].clone();
    (counted, stage.sandbox.calls().len())
}

#[test]
fn nothing_is_done_for_a_request_that_meta_did_not_sign() {
    on(&STAGE, async |stage| {
        let (stranger, guest) = (stage.person(CAFE), stage.person(CAFE));
        // The stranger's window is open at Meta: an answer would arrive.
        let now = stage.sandbox.now();
        stage.sandbox.change_person(&stranger, |person| person.opened_at = Some(now));
        let before = work_done(stage).await;
        let message = hooks::text(CAFE, &stranger, now, "m_unsigned", "Kada dirbate?");
        let body = hooks::body(&[hooks::entry(CAFE, now, &[message])]);
        let right = hooks::sign(body.as_bytes());
        let digest = right.strip_prefix("sha256=").unwrap();
        let other_secret =
            "sha256=aa52b78b5ee1ee8d6a6a3e1d9d7b8df1c7f1bd0b3c4a4f0ba5bb8a2a0c6a2d11";
        let last = if right.ends_with('0') { '1' } else { '0' };
        for wrong in [
            None,
            Some(String::new()),
            Some(digest.to_owned()),
            Some("sha256=".to_owned()),
            Some(format!("sha256={}", digest.to_uppercase())),
            Some(right.replace("sha256", "SHA256")),
            Some(right[..70].to_owned()),
            Some(format!("{right}0")),
            Some(format!("{right},{right}")),
            Some(other_secret.to_owned()),
            Some(format!("{}{last}", &right[..70])),
            Some(format!("sha1={PLAIN_SHA1}")),
            Some(format!("sha1={digest}")),
            Some("sha256=zz".to_owned()),
        ] {
            let status = stage.post_raw(body.clone(), wrong.as_deref()).await;
            assert_eq!(status, 401, "{wrong:?}");
        }
        // The older header does not count either.
        let old = stage.http.post(format!("{}/webhook", stage.worker.url));
        let old = old.header("x-hub-signature", format!("sha1={PLAIN_SHA1}")).body(PLAIN);
        assert_eq!(old.send().await.unwrap().status(), 401);
        // A signature of another body, and of this body with one byte more.
        assert_eq!(stage.post_raw(format!("{body} "), Some(&right)).await, 401);

        assert_eq!(work_done(stage).await, before, "nothing was counted, and Graph not asked");
        // The Worker is alive, and the same message signed is work: the counters do move.
        assert_eq!(stage.says(&guest, "Kada dirbate?").await.len(), 1);
        assert_eq!(stage.received(&stranger), Vec::<String>::new());
        let after = work_done(stage).await;
        let messages =
            |(counted, _): &(Value, usize)| counted["event.message"].as_i64().unwrap_or(0);
        assert_eq!(messages(&after), messages(&before) + 1);
    });
}

#[test]
fn the_digest_is_over_the_bytes_as_they_came() {
    on(&STAGE, async |stage| {
        assert_eq!(hooks::sign(PLAIN.as_bytes()), format!("sha256={PLAIN_DIGEST}"));
        let signed = async |body: &str, digest: &str| {
            stage.post_raw(body.to_owned(), Some(&format!("sha256={digest}"))).await
        };
        assert_eq!(signed(PLAIN, PLAIN_DIGEST).await, 200);
        assert_eq!(ESCAPED.len(), 239);
        assert_eq!(signed(ESCAPED, ESCAPED_DIGEST).await, 200);
        assert_eq!(signed(ESCAPED, RESERIALISED_DIGEST).await, 401);
        let value: Value = serde_json::from_str(ESCAPED).unwrap();
        assert_eq!(signed(&value.to_string(), ESCAPED_DIGEST).await, 401);
    });
}

#[test]
fn a_body_over_the_cap_is_refused_before_it_is_looked_at() {
    on(&STAGE, async |stage| {
        let padded = |bytes: usize| {
            let frame = r#"{"object":"page","entry":[],"x":""}"#.len();
            format!(r#"{{"object":"page","entry":[],"x":"{}"}}"#, "x".repeat(bytes - frame))
        };
        const CAP: usize = 1024 * 1024;
        assert_eq!(padded(CAP).len(), CAP);
        assert_eq!(stage.post(&padded(CAP)).await, 200);
        assert_eq!(stage.post(&padded(CAP + 1)).await, 413);
        // Without a length: the body comes in pieces.
        let in_pieces = |body: &str, signature: &str| {
            let header = format!("X-Hub-Signature-256: {signature}");
            in_pieces(stage, "/webhook", &header, body, End::Said)
        };
        let (whole, long) = (padded(CAP), padded(CAP + 1));
        let signed = |body: &str| hooks::sign(body.as_bytes());
        assert!(in_pieces(&whole, &signed(&whole)).starts_with("HTTP/1.1 200"));
        assert!(in_pieces(&long, &signed(&long)).starts_with("HTTP/1.1 413"));
        // What is no signature at all is refused first.
        for no_signature in ["sha256=00", "sha1=00", "x"] {
            assert!(in_pieces(&long, no_signature).starts_with("HTTP/1.1 401"));
        }
    });
}

/// Whoever sends without a length and without an end is answered as soon as it is too much: waiting for
/// the end would fill the memory.
#[test]
fn a_body_that_does_not_end_is_read_as_far_as_the_cap() {
    on(&STAGE, async |stage| {
        let signature = format!("X-Hub-Signature-256: {}", hooks::sign(b"another body"));
        let from_here = "Sec-Fetch-Site: same-origin";
        for (path, header, cap) in [
            ("/webhook", signature.as_str(), 1024 * 1024),
            ("/till", from_here, 4 * 1024),
            ("/till/redeem", from_here, 4 * 1024),
            ("/meta/deletion", from_here, 16 * 1024),
        ] {
            // Not a byte more than it takes: whoever still writes when the answer comes and the
            // connection closes may never see it.
            let line = in_pieces(stage, path, header, &"x".repeat(cap + 1), End::Open);
            assert!(line.starts_with("HTTP/1.1 413"), "{path} {header}: {line}");
        }
    });
}

/// Whether a body in pieces says that it was all.
#[derive(PartialEq)]
enum End {
    Said,
    Open,
}

/// Posts a body in chunks, with no length told beforehand; returns the answer's first line, an empty
/// one when none came in time.
fn in_pieces(stage: &Stage, path: &str, header: &str, body: &str, end: End) -> String {
    let host = stage.worker.url.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(host).unwrap();
    connection.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\n{header}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    for piece in body.as_bytes().chunks(16 * 1024) {
        let piece = std::str::from_utf8(piece).unwrap();
        request.push_str(&format!("{:x}\r\n{piece}\r\n", piece.len()));
    }
    if end == End::Said {
        request.push_str("0\r\n\r\n");
    }
    connection.write_all(request.as_bytes()).unwrap();
    let mut line = String::new();
    let _late = BufReader::new(connection).read_line(&mut line);
    line
}

#[test]
fn other_methods_and_paths_are_refused_politely() {
    on(&STAGE, async |stage| {
        use reqwest::Method;
        for (method, path, status) in [
            (Method::PUT, "/webhook", 405),
            (Method::DELETE, "/webhook", 405),
            (Method::POST, "/health", 405),
            (Method::POST, "/admin/status", 405),
            (Method::POST, "/q/TABLE", 405),
            (Method::GET, "/", 404),
            (Method::GET, "/webhook/", 404),
            (Method::GET, "/.dev.vars", 404),
            (Method::POST, "/take", 404),
            (Method::POST, "/tick", 404),
        ] {
            let request = stage.http.request(method.clone(), format!("{}{path}", stage.worker.url));
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status().as_u16(), status, "{method} {path}");
        }
    });
}

#[test]
fn signed_garbage_is_taken_and_dropped() {
    on(&STAGE, async |stage| {
        for body in [
            "",
            "x",
            "{",
            "null",
            "[]",
            "{}",
            r#"{"object":"page"}"#,
            r#"{"object":"page","entry":null}"#,
            r#"{"object":"page","entry":[null,1,"x",{}]}"#,
            r#"{"object":"page","entry":[{"id":"100200300400501","messaging":[null,{}]}]}"#,
            r#"{"object":"whatsapp_business_account","entry":[{"id":"1"}]}"#,
            "\u{feff}{}",
            "{\"object\":\"page\",\"entry\":[{\"id\":\"\u{0}\"}]}",
        ] {
            assert_eq!(stage.post(body).await, 200, "{body:?}");
        }
        let binary: Vec<u8> = (0..=255).collect();
        assert_eq!(stage.post_raw(binary.clone(), Some(&hooks::sign(&binary))).await, 200);
    });
}

#[test]
fn an_unknown_kind_is_counted_and_answered_with_200() {
    on(&STAGE, async |stage| {
        let psid = stage.person(CAFE);
        let now = stage.sandbox.now();
        let before = stage.desk(CAFE).await["last_7_days"].clone();
        let novelty = hooks::item(CAFE, &psid, now, json!({"hologram": {"mid": "m_holo"}}));
        let body = hooks::body(&[hooks::entry(CAFE, now, &[novelty])]);
        assert_eq!(stage.post(&body).await, 200);
        let after = stage.desk(CAFE).await["last_7_days"].clone();
        let counts = |status: &Value| -> BTreeMap<String, i64> {
            serde_json::from_value(status.clone()).unwrap()
        };
        let (before, after) = (counts(&before), counts(&after));
        let new: Vec<&String> =
            after.keys().filter(|name| after.get(*name) != before.get(*name)).collect();
        assert!(matches!(new.as_slice(), [name] if name.contains("hologram")), "{new:?}");
        assert_eq!(stage.sends(&psid).await.len(), 0);
    });
}

#[test]
fn health_says_that_it_is_well_and_no_secret() {
    on(&STAGE, async |stage| {
        let answer = stage.get("/health").await;
        assert_eq!(answer.status(), 200);
        let text = answer.text().await.unwrap();
        let health: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&health["status"], &health["pages"]), (&json!("ok"), &json!(1)));
        assert_no_secret(&text);
    });
}

#[test]
fn the_owners_status_needs_the_owners_token() {
    on(&STAGE, async |stage| {
        let url = format!("{}/admin/status", stage.worker.url);
        let bare = stage.http.get(&url);
        let token = crate::common::ADMIN_TOKEN;
        for request in [
            bare.try_clone().unwrap(),
            bare.try_clone().unwrap().bearer_auth(""),
            bare.try_clone().unwrap().bearer_auth(&token[..token.len() - 1]),
            bare.try_clone().unwrap().bearer_auth(format!("{token}x")),
            bare.try_clone().unwrap().basic_auth("admin", Some(token)),
            bare.try_clone().unwrap().header("authorization", token),
            bare.try_clone().unwrap().query(&[("token", token)]),
        ] {
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 401);
            assert!(!answer.text().await.unwrap().contains("desks"));
        }
        let status = stage.status().await;
        assert_eq!(status["desks"][0]["page"], CAFE);
        assert_eq!(status["pages"], json!([{"page": CAFE, "token_set": true}]));
        assert_no_secret(&status.to_string());
    });
}

fn assert_no_secret(text: &str) {
    let secrets = [
        crate::common::APP_SECRET,
        crate::common::VERIFY_TOKEN,
        crate::common::PAGE_TOKEN,
        crate::common::ADMIN_TOKEN,
        crate::common::SIGNING_KEY,
    ];
    assert!(!secrets.iter().any(|secret| text.contains(secret)), "{text}");
}

#[test]
fn a_poster_leads_into_the_thread_with_a_ref_that_opens() {
    on(&STAGE, async |stage| {
        let answer = stage.get("/q/TABLE").await;
        assert_eq!(answer.status(), 302);
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        let ref_ = location.strip_prefix("https://m.me/kavine.berzas?ref=").unwrap();
        let keys = RefKeys::new(SIGNING_KEY, None);
        let now = shopbell::time::UnixMs::new(stage.sandbox.now());
        let cafe = PageId::new(CAFE).unwrap();
        assert_eq!(keys.open(&cafe, ref_, now).unwrap().poster.as_str(), "TABLE");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        // Not with another key, and not for another Page.
        assert!(RefKeys::new(&SIGNING_KEY.replace('5', "6"), None).open(&cafe, ref_, now).is_err());
        assert!(keys.open(&PageId::new("1").unwrap(), ref_, now).is_err());
    });
}

#[test]
fn both_pictures_hold_the_posters_own_address() {
    on(&STAGE, async |stage| {
        let png = stage.get("/q/TABLE.png").await;
        assert_eq!(
            (png.status().as_u16(), &png.headers()["content-type"]),
            (200, &"image/png".parse().unwrap())
        );
        let target = format!("{}/q/TABLE", stage.worker.url);
        assert_eq!(read_qr(&png.bytes().await.unwrap()), target);
        let svg = stage.get("/q/TABLE.svg").await;
        assert_eq!(
            (svg.status().as_u16(), &svg.headers()["content-type"]),
            (200, &"image/svg+xml".parse().unwrap())
        );
        let svg = svg.text().await.unwrap();
        assert!(svg.starts_with("<svg") || svg.starts_with("<?xml"), "{svg}");
        // The same picture as the library draws for this address: its modules are tested there.
        assert_eq!(
            svg,
            shopbell::entry::qr::svg(&target, Some("TABLE"), shopbell::entry::qr::PLAIN).unwrap()
        );
        for gone in ["/q/NOPE.png", "/q/FLYER-2025.svg"] {
            assert_eq!(stage.get(gone).await.status(), 404, "{gone}");
        }
    });
}

fn read_qr(png: &[u8]) -> String {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let (width, height) = (info.width as usize, info.height as usize);
    let bits = info.bit_depth as usize;
    // Grey, one channel: a row is padded to whole bytes.
    assert_eq!(info.color_type, png::ColorType::Grayscale);
    let grey = |x: usize, y: usize| {
        let byte = pixels[y * info.line_size + x * bits / 8];
        if bits == 8 { byte } else { ((byte >> (8 - bits - (x * bits) % 8)) & 1) * 255 }
    };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1);
    grids[0].decode().unwrap().1
}

#[test]
fn an_unknown_or_revoked_code_still_finds_the_shop_in_the_visitors_language() {
    on(&STAGE, async |stage| {
        let long = format!("/q/{}", "A".repeat(3_000));
        let codes = [
            "/q/NOPE",
            "/q/FLYER-2025",
            "/q/",
            "/q/a%20b",
            "/q/%F0%9F%92%A9",
            "/q/x:y",
            "/q/a/b",
            &long,
        ];
        for code in codes {
            for (asked, language) in [
                (None, "lt"),
                (Some("en-GB,en;q=0.9"), "en"),
                (Some("lt"), "lt"),
                (Some("fr,en;q=0.5"), "en"),
                (Some("ja"), "lt"),
                (Some(";;q=,,\u{7f}"), "lt"),
            ] {
                let mut request = stage.http.get(format!("{}{code}", stage.worker.url));
                if let Some(asked) = asked {
                    let asked = reqwest::header::HeaderValue::from_bytes(asked.as_bytes());
                    let Ok(asked) = asked else { continue };
                    request = request.header("accept-language", asked);
                }
                let answer = request.send().await.unwrap();
                assert_eq!(answer.status(), 200, "{code}");
                assert!(
                    answer.headers()["content-type"].to_str().unwrap().starts_with("text/html")
                );
                let page = answer.text().await.unwrap();
                assert!(page.contains(&format!("<html lang=\"{language}\"")), "{code} {asked:?}");
                assert!(page.contains("tel:+37060000001"), "{code}: a phone number to call");
                assert!(page.contains("Beržas"), "{code}: whose shop it is");
            }
        }
    });
}
