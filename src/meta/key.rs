//! The key by which a second delivery of an event is recognised.
//!
//! Meta delivers again whatever was not answered in time, alone or in another batch, and leaves
//! de-duplication to us (Meta, "Webhooks for Messenger Platform", May 2026). So a key is made of
//! what the item itself says, never of its place in a body.
//!
//! **Lane.** Standby is part of the key and nothing else of the lane is. An event that stood in
//! `standby` was only watched; should Meta hand us the thread and deliver it in `messaging`, it
//! must not count as seen, or the person would stay without an answer. The other way round nothing
//! is answered twice, since standby never is. `changes`, on the other hand, is only another
//! envelope: a message arriving in both is one message.
//!
//! **What is not in it.** Texts, payloads and tokens only as SHA-256. Where an item has no time of
//! its own, [`Event::at`] is its batch's, and a redelivery may have another: keys therefore use
//! the time only where nothing better tells two events apart.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::event::{
    Channel, Event, EventKind, Lane, MarketingStep, Optin, OptinStatus, Referral, ThreadAction,
};
use super::ids::{MAX_KEY_PART, Mid};

/// The longest key, in bytes.
pub const MAX_KEY: usize = 200;

/// How many bytes of a digest are kept: 128 bits, twice as many in hexadecimal.
const DIGEST_BYTES: usize = 16;

impl Event {
    /// The de-duplication key: equal for every delivery of the same event, different for different
    /// events; at most [`MAX_KEY`] bytes of printable ASCII, and free of texts and tokens.
    ///
    /// Two events of an unknown kind are told apart by person and time only.
    #[must_use]
    pub fn key(&self) -> String {
        let mut key = Key(String::with_capacity(96));
        key.0.push(match self.channel {
            Channel::Messenger => 'm',
            Channel::Instagram => 'i',
        });
        if self.lane == Lane::Standby {
            key.0.push('s');
        }
        key.part(self.account.as_str());
        self.kind_parts(&mut key);
        if key.0.len() > MAX_KEY {
            // Only with ids far longer than Meta's.
            let digest = digest(&[Some(&key.0)]);
            key.0.truncate(MAX_KEY - 1 - 2 * DIGEST_BYTES); // ASCII: no character is cut
            key.0.push('#');
            key.0.push_str(&digest);
        }
        key.0
    }

    /// The kind and what tells two events of it apart.
    fn kind_parts(&self, key: &mut Key) {
        match &self.kind {
            EventKind::Message(message) => {
                key.part("message");
                match &message.mid {
                    Some(mid) => key.mid(Some(mid)),
                    None => {
                        self.who_and_when(key);
                        key.hash(&[message.text.as_deref(), message.quick_reply.as_deref()]);
                    }
                }
            }
            EventKind::Echo(echo) => {
                key.part("echo");
                match &echo.mid {
                    Some(mid) => key.mid(Some(mid)),
                    None => {
                        self.who_and_when(key);
                        key.hash(&[echo.text.as_deref(), echo.metadata.as_deref()]);
                    }
                }
            }
            EventKind::MessageEdit { mid, text, num_edit } => {
                key.part("edit");
                key.mid(Some(mid));
                key.number(*num_edit);
                key.hash(&[text.as_deref()]);
            }
            EventKind::MessageDeleted { mid } => {
                key.part("deleted");
                key.mid(Some(mid));
            }
            EventKind::Postback(postback) => {
                key.part("postback");
                match &postback.mid {
                    Some(mid) => key.mid(Some(mid)),
                    None => {
                        self.who_and_when(key);
                        key.hash(&[postback.payload.as_deref(), postback.title.as_deref()]);
                    }
                }
            }
            EventKind::Referral(referral) => {
                key.part("referral");
                self.who_and_when(key);
                // What the ad shows can change its address between two deliveries.
                let Referral { ref_, source, kind, ad_id, product_id, ad: _ } = referral;
                key.hash(&[
                    ref_.as_deref(),
                    source.as_deref(),
                    kind.as_deref(),
                    ad_id.as_deref(),
                    product_id.as_deref(),
                ]);
            }
            EventKind::Optin(optin) => {
                key.part("optin");
                self.who_and_when(key);
                match optin {
                    Optin::Notification(optin) => {
                        key.part(match optin.status {
                            OptinStatus::Granted => "granted",
                            OptinStatus::Stopped => "stopped",
                            OptinStatus::Resumed => "resumed",
                        });
                        let token = optin.token.as_ref().map(|token| token.0.as_str());
                        key.hash(&[optin.payload.as_deref(), token, optin.title.as_deref()]);
                    }
                    Optin::OneTime { payload, token } => {
                        key.part("one_time");
                        let token = token.as_ref().map(|token| token.0.as_str());
                        key.hash(&[payload.as_deref(), token]);
                    }
                    Optin::Plugin { ref_, user_ref } => {
                        key.part("plugin");
                        key.hash(&[ref_.as_deref(), user_ref.as_deref()]);
                    }
                }
            }
            EventKind::Delivery { mids, watermark } => {
                key.part("delivery");
                self.who(key);
                key.number(watermark.map_or(0, |at| at.get()));
                // In the order of their ids: a redelivery may have another.
                let mut mids: Vec<_> = mids.iter().map(|mid| Some(mid.0.as_str())).collect();
                mids.sort_unstable();
                key.hash(&mids);
            }
            EventKind::Read { watermark, mid } => {
                key.part("read");
                self.who(key);
                key.number(watermark.map_or(0, |at| at.get()));
                key.mid(mid.as_ref());
            }
            EventKind::Reaction { mid, added, reaction, emoji } => {
                key.part(if *added { "react" } else { "unreact" });
                self.who_and_when(key);
                key.mid(mid.as_ref());
                key.hash(&[reaction.as_deref(), emoji.as_deref()]);
            }
            EventKind::ThreadControl(control) => {
                key.part(match control.action {
                    ThreadAction::Pass => "pass",
                    ThreadAction::Take => "take",
                    ThreadAction::Request => "request",
                });
                self.who_and_when(key);
                let apps = [&control.previous_owner, &control.new_owner, &control.requested_owner];
                let mut parts: Vec<_> =
                    apps.iter().map(|app| app.as_ref().map(|app| app.0.as_str())).collect();
                parts.push(control.metadata.as_deref());
                key.hash(&parts);
            }
            EventKind::AppRoles { roles } => {
                key.part("roles");
                self.who_and_when(key);
                let mut parts = Vec::new();
                for (app, roles) in roles {
                    parts.push(Some(app.0.as_str()));
                    parts.extend(roles.iter().map(|role| Some(role.as_str())));
                    parts.push(None);
                }
                key.hash(&parts);
            }
            EventKind::Marketing(news) => {
                key.part("marketing");
                key.part(match news.step {
                    MarketingStep::Echoed => "echoed",
                    MarketingStep::Delivered => "delivered",
                    MarketingStep::Read => "read",
                    MarketingStep::Clicked => "clicked",
                    MarketingStep::Failed => "failed",
                });
                self.who_and_when(key);
                let token = news.token.as_ref().map(|token| token.0.as_str());
                let mid = news.mid.as_ref().map(|mid| mid.0.as_str());
                key.hash(&[news.tracking.as_deref(), mid, token, news.campaign.as_deref()]);
            }
            EventKind::TemplateStatus => {
                key.part("template");
                self.who_and_when(key);
            }
            EventKind::PolicyEnforcement { action, reason } => {
                key.part("policy");
                self.who_and_when(key);
                key.hash(&[Some(action), reason.as_deref()]);
            }
            EventKind::AccountLinking { linked, authorization_code } => {
                key.part(if *linked { "linked" } else { "unlinked" });
                self.who_and_when(key);
                key.hash(&[authorization_code.as_deref()]);
            }
            EventKind::Comment(comment) => {
                key.part("comment");
                key.clean(&comment.id);
                key.clean(&comment.verb);
                // A comment is added once. It can be edited or hidden again and again, and
                // Instagram's have no time of their own.
                if comment.verb != "add" {
                    key.number(self.at.get());
                    key.hash(&[comment.text.as_deref()]);
                }
            }
            EventKind::FeedChange { item, verb, post_id } => {
                key.part("feed");
                self.who_and_when(key);
                key.hash(&[Some(item), Some(verb), post_id.as_deref()]);
            }
            EventKind::Unknown { kind } => {
                key.part("unknown");
                self.who_and_when(key);
                key.clean(kind);
            }
        }
    }

    fn who(&self, key: &mut Key) {
        key.part(self.person.as_ref().map_or("", |person| person.as_str()));
    }

    fn who_and_when(&self, key: &mut Key) {
        self.who(key);
        key.number(self.at.get());
    }
}

/// A key in the making: parts joined by `:`, which no part contains.
struct Key(String);

impl Key {
    /// A part that is known to be short and clean.
    fn part(&mut self, part: &str) {
        self.0.push(':');
        self.0.push_str(part);
    }

    fn number(&mut self, number: impl Into<i64>) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, ":{}", number.into());
    }

    fn mid(&mut self, mid: Option<&Mid>) {
        self.clean(mid.map_or("", |mid| &mid.0));
    }

    /// A part from outside: itself when it is short and clean, else its digest. `#` marks digests
    /// and is not clean, so that no part can pass for the digest of another.
    fn clean(&mut self, part: &str) {
        let clean = |b: u8| b.is_ascii_alphanumeric() || b"_-$.=".contains(&b);
        if part.len() <= MAX_KEY_PART && part.bytes().all(clean) {
            self.part(part);
        } else {
            self.hash(&[Some(part)]);
        }
    }

    /// The digest of several parts.
    fn hash(&mut self, parts: &[Option<&str>]) {
        self.0.push_str(":#");
        self.0.push_str(&digest(parts));
    }
}

/// SHA-256 over the parts, each with its length, so that no two lists look alike; shortened.
fn digest(parts: &[Option<&str>]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        match part {
            Some(part) => {
                hasher.update([1]);
                hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
                hasher.update(part.as_bytes());
            }
            None => hasher.update([0]),
        }
    }
    let digest = hasher.finalize();
    hex::encode(digest.get(..DIGEST_BYTES).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    fn key_of(item: &str) -> String {
        let body = format!(
            r#"{{"object":"page","entry":[{{"id":"1","time":1458692752478,"messaging":[{item}]}}]}}"#
        );
        let events = parse(body.as_bytes()).unwrap();
        assert_eq!(events.len(), 1, "{item}");
        events[0].key()
    }

    fn message(rest: &str) -> String {
        key_of(&format!(
            r#"{{"sender":{{"id":"2"}},"recipient":{{"id":"1"}},"timestamp":1458692752478,{rest}}}"#
        ))
    }

    #[test]
    fn a_key_reads_well() {
        assert_eq!(message(r#""message":{"mid":"m_1","text":"hello"}"#), "m:1:message:m_1");
    }

    #[test]
    fn a_redelivery_has_the_same_key_in_another_batch_and_order() {
        let first = r#"{"object":"page","entry":[{"id":"1","time":1458692752478,"messaging":[
            {"sender":{"id":"2"},"recipient":{"id":"1"},"timestamp":1458692752478,"postback":{"title":"a","payload":"p"}},
            {"sender":{"id":"2"},"recipient":{"id":"1"},"delivery":{"mids":["b","a"],"watermark":1458692752479}}]}]}"#;
        let again = r#"{"entry":[{"messaging":[{"delivery":{"watermark":"1458692752479","mids":["a","b"],"seq":3},"recipient":{"id":1},"sender":{"id":2}}],"time":1458692999999,"id":1},
            {"time":1458692888888,"id":"1","messaging":[{"postback":{"payload":"p","title":"a"},"timestamp":"1458692752478","recipient":{"id":"1"},"sender":{"id":2}}]}],"object":"page"}"#;
        let keys = |body: &str| {
            let mut keys: Vec<_> = parse(body.as_bytes()).unwrap().iter().map(Event::key).collect();
            keys.sort();
            keys
        };
        assert_eq!(keys(first), keys(again));
        assert_eq!(keys(first).len(), 2);
    }

    #[test]
    fn different_events_have_different_keys() {
        let items = [
            r#""message":{"mid":"m_1","text":"a"}"#,
            r#""message":{"mid":"m_2","text":"a"}"#,
            r#""message":{"text":"a"}"#,
            r#""message":{"text":"b"}"#,
            r#""message":{"mid":"m_1","is_echo":true}"#,
            r#""message":{"mid":"m_1","is_deleted":true}"#,
            r#""message_edit":{"mid":"m_1","text":"b","num_edit":1}"#,
            r#""message_edit":{"mid":"m_1","text":"b","num_edit":2}"#,
            r#""message_edit":{"mid":"m_1","text":"c"}"#,
            r#""reaction":{"mid":"m_1","action":"react","reaction":"love"}"#,
            r#""reaction":{"mid":"m_1","action":"react","reaction":"sad"}"#,
            r#""reaction":{"mid":"m_1","action":"unreact"}"#,
            r#""reaction":{"mid":"m_2","action":"unreact"}"#,
            r#""postback":{"mid":"m_1","payload":"p"}"#,
            r#""postback":{"payload":"p"}"#,
            r#""postback":{"payload":"q"}"#,
            r#""postback":{"title":"p"}"#,
            r#""referral":{"ref":"a"}"#,
            r#""referral":{"ref":"b"}"#,
            r#""referral":{"source":"a"}"#,
            r#""optin":{"type":"notification_messages","payload":"p","notification_messages_token":"t"}"#,
            r#""optin":{"type":"notification_messages","payload":"p","notification_messages_token":"u"}"#,
            r#""optin":{"type":"notification_messages","payload":"p","notification_messages_token":"t","notification_messages_status":"STOP_NOTIFICATIONS"}"#,
            r#""optin":{"type":"notification_messages","payload":"p","notification_messages_token":"t","notification_messages_status":"RESUME_NOTIFICATIONS"}"#,
            r#""optin":{"type":"one_time_notif_req","payload":"p","one_time_notif_token":"t"}"#,
            r#""optin":{"ref":"p"}"#,
            r#""delivery":{"watermark":1458692752479}"#,
            r#""delivery":{"watermark":1458692752480}"#,
            r#""read":{"watermark":1458692752479}"#,
            r#""read":{"mid":"m_1"}"#,
            r#""read":{"mid":"m_2"}"#,
            r#""pass_thread_control":{"new_owner_app_id":1}"#,
            r#""pass_thread_control":{"previous_owner_app_id":1}"#,
            r#""take_thread_control":{"new_owner_app_id":1}"#,
            r#""request_thread_control":{"requested_owner_app_id":1}"#,
            r#""app_roles":{"1":["primary_receiver"]}"#,
            r#""policy_enforcement":{"action":"block"}"#,
            r#""policy_enforcement":{"action":"unblock"}"#,
            r#""account_linking":{"status":"linked"}"#,
            r#""account_linking":{"status":"unlinked"}"#,
            r#""response_feedback":{"feedback":"Good response"}"#,
        ];
        let mut keys: Vec<_> = items.iter().map(|item| message(item)).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), items.len());
    }

    #[test]
    fn accounts_channels_and_people_are_told_apart() {
        let keys: Vec<_> = [("page", "1", "2"), ("instagram", "1", "2"), ("page", "3", "2"), ("page", "1", "4")]
            .map(|(object, account, person)| {
                let body = format!(
                    r#"{{"object":"{object}","entry":[{{"id":"{account}","messaging":[{{"sender":{{"id":"{person}"}},"timestamp":1458692752478,"read":{{"watermark":1458692752478}}}}]}}]}}"#
                );
                parse(body.as_bytes()).unwrap()[0].key()
            })
            .into();
        for (i, key) in keys.iter().enumerate() {
            assert_eq!(keys.iter().position(|other| other == key), Some(i), "{keys:?}");
        }
    }

    #[test]
    fn standby_is_another_event_and_changes_is_not() {
        let item = r#"{"sender":{"id":"2"},"recipient":{"id":"1"},"timestamp":1458692752478,"message":{"mid":"m_1","text":"hello"}}"#;
        let body = format!(
            r#"{{"object":"page","entry":[{{"id":"1","messaging":[{item}],"standby":[{item}],"changes":[{{"field":"messages","value":{item}}}]}}]}}"#
        );
        let keys: Vec<_> = parse(body.as_bytes()).unwrap().iter().map(Event::key).collect();
        assert_eq!(keys, ["m:1:message:m_1", "ms:1:message:m_1", "m:1:message:m_1"]);
    }

    #[test]
    fn texts_and_tokens_stay_out_and_length_is_bounded() {
        let long = "x".repeat(64);
        let key = key_of(&format!(
            r#"{{"sender":{{"id":"{long}"}},"timestamp":1458692752478,"reaction":{{"mid":"{long}","action":"react","emoji":"{long}"}}}}"#
        ));
        assert!(key.len() <= MAX_KEY, "{key}");
        for item in [
            r#""message":{"text":"secret"}"#,
            r#""message":{"mid":"a secret\n","text":"secret"}"#,
            r#""postback":{"payload":"secret","title":"secret"}"#,
            r#""optin":{"type":"notification_messages","payload":"secret","notification_messages_token":"secret"}"#,
            r#""referral":{"ref":"secret"}"#,
        ] {
            let key = message(item);
            assert!(!key.contains("secret") && key.bytes().all(|b| b.is_ascii_graphic()), "{key}");
        }
    }

    #[test]
    fn an_instagram_comment_has_the_same_key_in_a_later_batch() {
        let body = |time: i64| {
            format!(
                r#"{{"object":"instagram","entry":[{{"id":"1","time":{time},"changes":[{{"field":"comments","value":{{"id":"c_1","text":"hi"}}}}]}}]}}"#
            )
        };
        let key = |time| parse(body(time).as_bytes()).unwrap()[0].key();
        assert_eq!(key(1_458_692_752), key(1_458_692_999));
        assert_eq!(key(1_458_692_752), "i:1:comment:c_1:add");
    }
}
