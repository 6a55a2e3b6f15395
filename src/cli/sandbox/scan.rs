//! Links from the Worker: scanning a poster, and Meta's handshake with the webhook.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Query;
use axum::http::Uri;
use serde::Serialize;

use super::acts::{Act, ActError};
use super::deliver::{How, deliver};
use super::world::Webhook;
use super::{Shared, acts};

/// What a phone's browser says it is: whatever says nothing is no phone.
const PHONE: &str = "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) \
                     Chrome/142.0.0.0 Mobile Safari/537.36";

/// Where a scan leads.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "landing", rename_all = "snake_case")]
pub enum Landing {
    /// Into a thread that exists: a referral event was delivered.
    Thread {
        /// The link's ref.
        #[serde(rename = "ref")]
        referral: String,
        /// What was delivered.
        webhooks: Vec<Webhook>,
    },
    /// Into an empty thread, which keeps the ref for Get Started.
    GetStarted {
        /// The link's ref.
        #[serde(rename = "ref")]
        referral: String,
    },
    /// To a web page of the Worker.
    Page {
        /// Its status.
        status: u16,
        /// What it says.
        body: String,
    },
    /// Nowhere: the Worker did not answer, or redirects to something Meta does not know.
    Nowhere {
        /// Why.
        why: String,
    },
}

/// The ref of an m.me or ig.me link, and the Page it names.
fn read_link(location: &str) -> Option<(String, String)> {
    let uri: Uri = location.parse().ok()?;
    let name = match uri.host()? {
        "m.me" | "www.m.me" => uri.path().trim_matches('/'),
        "ig.me" => uri.path().strip_prefix("/m/")?.trim_matches('/'),
        _ => return None,
    };
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&uri).ok()?;
    let referral = pairs.into_iter().find(|(key, _)| key == "ref").map(|(_, value)| value);
    Some((name.to_owned(), referral.unwrap_or_default()))
}

pub(super) async fn scan(
    shared: &Arc<Shared>,
    psid: &str,
    code: &str,
) -> Result<Landing, ActError> {
    let worker = {
        let world = shared.world();
        if !world.people.contains_key(psid) {
            return Err(ActError::NoPerson(psid.to_owned()));
        }
        world.worker.clone()
    };
    let Some(worker) = worker else {
        return Ok(Landing::Nowhere { why: "no Worker is set".to_owned() });
    };
    let url = format!("{worker}/q/{code}");
    let asked = shared.http.get(url).header("user-agent", PHONE);
    let answer = match asked.timeout(Duration::from_secs(10)).send().await {
        Ok(answer) => answer,
        Err(e) => return Ok(Landing::Nowhere { why: e.without_url().to_string() }),
    };
    let status = answer.status();
    let location = answer.headers().get("location").and_then(|l| l.to_str().ok());
    let Some(location) = location.filter(|_| status.is_redirection()).map(str::to_owned) else {
        let body = answer.text().await.unwrap_or_default();
        return Ok(Landing::Page { status: status.as_u16(), body });
    };
    let Some((name, referral)) = read_link(&location) else {
        return Ok(Landing::Nowhere { why: "the redirect is no m.me or ig.me link".to_owned() });
    };
    let (started, events) = {
        let mut world = shared.world();
        let person = world.people.get(psid);
        let page = person.map(|p| p.page.clone()).unwrap_or_default();
        let started = person.is_some_and(super::world::Person::started);
        let about = world.page(&page).map(|p| p.about.clone());
        let matches = about.is_some_and(|a| a.id == name || a.username.eq_ignore_ascii_case(&name));
        if !matches {
            shared.note(&format!("the link leads to {name:?}, which is not this Page"));
        }
        (started, acts::apply(&mut world, psid, Act::Referral { referral: referral.clone() })?)
    };
    shared.touch();
    if started {
        let webhooks = deliver(shared, events, How::default()).await;
        Ok(Landing::Thread { referral, webhooks })
    } else {
        Ok(Landing::GetStarted { referral })
    }
}

/// `GET /webhook` with a challenge, which has to come back.
pub(super) async fn handshake(shared: &Arc<Shared>) -> bool {
    let (worker, challenge) = {
        let mut world = shared.world();
        (world.worker.clone(), world.number())
    };
    let Some(worker) = worker else { return false };
    let query = [
        ("hub.mode", "subscribe"),
        ("hub.challenge", challenge.as_str()),
        ("hub.verify_token", shared.config.verify_token.as_str()),
    ];
    let sent = shared.http.get(format!("{worker}/webhook")).query(&query);
    match sent.timeout(Duration::from_secs(10)).send().await {
        Ok(answer) if answer.status().as_u16() == 200 => {
            answer.text().await.is_ok_and(|body| body == challenge)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_meta_are_read_and_no_others() {
        let read = |link| read_link(link);
        assert_eq!(
            read("https://m.me/cornerbakery?ref=abc%3D-_"),
            Some(("cornerbakery".into(), "abc=-_".into()))
        );
        assert_eq!(read("https://ig.me/m/corner?ref=x"), Some(("corner".into(), "x".into())));
        assert_eq!(read("https://example.com/?ref=x"), None);
        assert_eq!(read("/fallback"), None);
    }
}
