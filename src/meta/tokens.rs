//! A page of Meta's own list of a Page's notification tokens: `GET
//! /{page}/notification_message_tokens` (Meta, Marketing Message API, subscription tokens, 30 June
//! 2026). It says nothing of the payload that an opt-in request carried, nor of what was shown.

use super::graph_error::{Failure, Reply, Verdict, judge};
use super::ids::{NotificationToken, Psid};
use super::json::{Raw, object};
use crate::time::UnixMs;

/// The longest token that is taken, in bytes: Meta's have some two hundred.
const LONGEST_TOKEN: usize = 1_024;

/// The longest cursor that is followed, in bytes.
const LONGEST_CURSOR: usize = 2_048;

/// One token, as far as Meta's line can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What is sent with.
    pub token: NotificationToken,
    /// Whose, as this Page sees them; none for subscribers who came from a list of e-mail
    /// addresses.
    pub person: Option<Psid>,
    /// The title of the request that they agreed to.
    pub title: Option<String>,
    /// Their IANA zone.
    pub timezone: Option<String>,
    /// When they agreed.
    pub created_at: Option<UnixMs>,
    /// When it ends, if it does.
    pub expires_at: Option<UnixMs>,
    /// Meta takes the next message from then on.
    pub next_eligible_at: Option<UnixMs>,
    /// The line itself says that the person stopped. No document of Meta's has this field in the
    /// list; where it comes, it counts.
    pub stopped: bool,
}

/// A page of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In Meta's order.
    pub lines: Vec<Listed>,
    /// Lines without a token that can be read.
    pub unreadable: u32,
    /// What the next page is asked with; none: this was the last.
    pub after: Option<String>,
}

object! {
    ListFields<'de> {
        data = b"data",
        error = b"error",
        paging = b"paging",
    }
}

object! {
    Paging<'de> {
        cursors = b"cursors",
    }
}

object! {
    Cursors<'de> {
        after = b"after",
    }
}

object! {
    LineFields<'de> {
        token = b"notification_messages_token",
        person = b"recipient_id",
        title = b"topic_title",
        timezone = b"notification_messages_timezone",
        created = b"creation_timestamp",
        expires = b"token_expiry_timestamp",
        next = b"next_eligible_time",
        status = b"notification_messages_status",
    }
}

/// Reads a page.
///
/// # Errors
/// [`Failure`]: it is no page of the list. An answer without a readable list is never an empty one.
pub fn read(reply: &Reply<'_>) -> Result<Page, Failure> {
    let text = String::from_utf8_lossy(reply.body);
    let fields = serde_json::from_str::<ListFields<'_>>(&text).ok();
    let list = fields
        .filter(|fields| (200..300).contains(&reply.status) && fields.error.is_none())
        .and_then(|fields| Some((fields.data.filter(|data| data.is_array())?, fields.paging)));
    let Some((data, paging)) = list else {
        return Err(match judge(reply) {
            Verdict::Failed(failure) => failure,
            Verdict::Sent { .. } => judge_as_unreadable(reply),
        });
    };
    let mut page = Page::default();
    for item in data.items() {
        match line(item) {
            Some(line) => page.lines.push(line),
            None => page.unreadable = page.unreadable.saturating_add(1),
        }
    }
    // The last page has a cursor too, and nothing behind it.
    let empty = page.lines.is_empty() && page.unreadable == 0;
    let cursors = paging.and_then(|paging| paging.object::<Paging<'_>>()?.cursors);
    let after = cursors.and_then(|cursors| cursors.object::<Cursors<'_>>()?.after?.text());
    page.after = after.filter(|after| !empty && (1..=LONGEST_CURSOR).contains(&after.len()));
    Ok(page)
}

/// A success that is no list.
fn judge_as_unreadable(reply: &Reply<'_>) -> Failure {
    use super::graph_error::Class;
    let retry_after_ms = reply.retry_after_s.map(|s| i64::from(s).saturating_mul(1_000));
    let class = Class::Unknown;
    Failure { code: None, subcode: None, class, retry_after_ms, may_have_arrived: false }
}

fn line(raw: Raw<'_>) -> Option<Listed> {
    let fields: LineFields<'_> = raw.object()?;
    let text = |field: Option<Raw<'_>>| field.and_then(Raw::text).filter(|text| !text.is_empty());
    let token = fields.token.and_then(Raw::id).filter(|token| token.len() <= LONGEST_TOKEN)?;
    let status = text(fields.status).unwrap_or_default().to_ascii_uppercase();
    Some(Listed {
        token: NotificationToken(token),
        person: fields.person.and_then(Raw::id).and_then(|id| Psid::new(id).ok()),
        title: text(fields.title),
        timezone: text(fields.timezone).filter(|zone| zone.len() <= 64),
        created_at: fields.created.and_then(Raw::moment),
        expires_at: fields.expires.and_then(Raw::moment),
        next_eligible_at: fields.next.and_then(Raw::moment),
        stopped: status.trim_start().starts_with("STOP"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::graph_error::Class;
    use super::*;

    fn of(status: u16, body: &str) -> Result<Page, Failure> {
        read(&Reply { status, retry_after_s: None, body: body.as_bytes() })
    }

    #[test]
    fn a_line_is_read_whatever_its_neighbours_and_its_other_fields_hold() {
        let page = of(
            200,
            r#"{"data":[
                {"notification_messages_token":"t1","recipient_id":"24","notification_messages_reoptin":"ENABLED",
                 "creation_timestamp":1790000000,"token_expiry_timestamp":"1800000000000",
                 "user_token_status":"NOT_REFRESHED","topic_title":"Frid\u0105y \ud83d",
                 "notification_messages_timezone":"Europe/Vilnius","next_eligible_time":1790000000123},
                {"notification_messages_token":7,"recipient_id":25,"creation_timestamp":"soon","topic_title":["x"]},
                {"notification_messages_token":{"a":1}}, null, 3, [],
                {"notification_messages_token":"t3","recipient_id":"a:b","notification_messages_status":"stop notifications"}
            ],"paging":{"cursors":{"before":"b","after":"c+/="}}}"#,
        )
        .unwrap();
        assert_eq!((page.lines.len(), page.unreadable), (3, 4));
        assert_eq!(page.after.as_deref(), Some("c+/="));
        let first = &page.lines[0];
        assert_eq!(first.token.0, "t1");
        assert_eq!(first.person, Some(Psid::new("24").unwrap()));
        assert!(first.title.as_deref().unwrap().starts_with("Fridąy \u{fffd}"));
        assert_eq!(first.created_at, Some(UnixMs::new(1_790_000_000_000)));
        assert_eq!(first.expires_at, Some(UnixMs::new(1_800_000_000_000)));
        assert_eq!(first.next_eligible_at, Some(UnixMs::new(1_790_000_000_123)));
        assert!(!first.stopped);
        let second = &page.lines[1];
        assert_eq!((second.token.0.as_str(), second.created_at), ("7", None));
        assert_eq!((page.lines[2].person.clone(), page.lines[2].stopped), (None, true));
    }

    #[test]
    fn what_is_no_list_is_a_failure_and_never_an_empty_list() {
        for (status, body, class) in [
            (200, r#"{"error":{"code":190,"message":"x"}}"#, Class::TokenInvalid),
            (400, r#"{"error":{"code":2300080,"message":"x"},"data":[]}"#, Class::SlowPage),
            (200, r#"{"data":{}}"#, Class::Unknown),
            (200, r#"{"data":null}"#, Class::Unknown),
            (200, "{}", Class::Unknown),
            (200, r#"{"success":true}"#, Class::Unknown),
            (200, "<html>", Class::Unknown),
            (500, r#"{"data":[]}"#, Class::Retry),
            (429, "", Class::SlowPage),
        ] {
            assert_eq!(of(status, body).unwrap_err().class, class, "{status} {body}");
        }
        assert_eq!(of(200, r#"{"data":[]}"#), Ok(Page::default()));
    }

    #[test]
    fn the_list_ends_where_nothing_more_comes_though_a_cursor_does() {
        let cursor = r#""paging":{"cursors":{"after":"c"}}"#;
        assert_eq!(of(200, &format!(r#"{{"data":[],{cursor}}}"#)).unwrap().after, None);
        let long = "c".repeat(LONGEST_CURSOR + 1);
        let body = format!(
            r#"{{"data":[{{"notification_messages_token":"t"}}],"paging":{{"cursors":{{"after":"{long}"}}}}}}"#
        );
        assert_eq!(of(200, &body).unwrap().after, None);
    }
}
