use super::super::event::{MarketingStep, Message, OptinStatus};
use super::super::ids::{Mid, NotificationToken};
use super::*;

/// Reads a file of `tests/payloads`: a body byte for byte, and exactly the events it becomes.
fn assert_payload(file: &str) {
    #[derive(serde::Deserialize)]
    struct Payload<'a> {
        #[serde(borrow)]
        body: &'a serde_json::value::RawValue,
        events: Vec<Event>,
    }
    let payload: Payload<'_> = serde_json::from_str(file).unwrap();
    assert_eq!(parse(payload.body.get().as_bytes()), Ok(payload.events));
}

macro_rules! payloads {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            assert_payload(include_str!(concat!(
                "../../../tests/payloads/",
                stringify!($name),
                ".json"
            )));
        }
    )*};
}

mod payload {
    use super::*;

    payloads! {
        account_linking
        app_roles
        batch
        delivery
        echo
        echo_inbox_attachment
        echo_unmarked
        feed_comment
        feed_post
        ig_attachments
        ig_comment
        ig_comment_flat
        ig_echo
        ig_message_referral_ad
        ig_postback
        ig_read
        ig_referral
        ig_story_reply
        ig_unreact
        marketing_bare
        marketing_change
        marketing_flat_change
        marketing_messaging
        message_attachments
        message_deleted
        message_edit
        message_hop_context
        message_nlp
        message_quick_reply
        message_referral_ad
        message_referral_shops
        message_reply_to
        message_sticker
        message_sticker_image
        message_sticker_old
        message_text
        message_unsupported
        messaging_customer_information
        messaging_feedback
        no_items
        numeric_ids
        optin_notification
        optin_notification_old
        optin_one_time
        optin_plugin
        optin_resumed
        optin_stopped
        order
        other_object
        policy_enforcement
        postback
        postback_get_started_referral
        postback_user_ref
        reaction
        reaction_own
        read
        referral_ad
        referral_lead
        referral_shortlink
        response_feedback
        standby
        test_button
        thread_control
    }
}

fn page(items: &str) -> String {
    format!(
        r#"{{"object":"page","entry":[{{"id":"1","time":1458692752478,"messaging":[{items}]}}]}}"#
    )
}

fn kinds(body: &str) -> Vec<EventKind> {
    parse(body.as_bytes()).unwrap().into_iter().map(|event| event.kind).collect()
}

fn text_of(kind: &EventKind) -> Option<&str> {
    match kind {
        EventKind::Message(Message { text, .. }) => text.as_deref(),
        _ => None,
    }
}

fn unknown_of(kind: &EventKind) -> &str {
    match kind {
        EventKind::Unknown { kind } => kind,
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_what_is_no_json_object_is_an_error() {
    for body in ["", "{", "hello", "{\"object\":\"page\"} x", "{\"a\":01}"] {
        assert_eq!(parse(body.as_bytes()), Err(ParseError::NotJson), "{body}");
    }
    for body in ["[]", "null", "7", "\"page\"", "[{\"object\":\"page\"}]"] {
        assert_eq!(parse(body.as_bytes()), Err(ParseError::NotAnObject), "{body}");
    }
    for body in [
        r#"{"object":"page"}"#,
        r#"{"object":"page","entry":null}"#,
        r#"{"object":"page","entry":7}"#,
        r#"{"object":"page","entry":1e999}"#,
        r#"{"object":"page","entry":"\ud800"}"#,
        r#"{"object":"page","entry":[]}"#,
        r#"{"object":"page","entry":[7,null,"x",[]]}"#,
        r#"{"object":"page","entry":[{"id":"1","messaging":null,"standby":1e999}]}"#,
    ] {
        assert_eq!(parse(body.as_bytes()), Ok(vec![]), "{body}");
    }
}

#[test]
fn an_unknown_object_is_one_unknown_event() {
    for (body, kind) in [
        (r#"{"object":"user","entry":[{"id":"7"}]}"#, "object_user"),
        (r#"{}"#, "object"),
        (r#"{"object":null,"entry":[{"messaging":[{"message":{"text":"x"}}]}]}"#, "object"),
        (r#"{"object":["page"]}"#, "object"),
    ] {
        let events = kinds(body);
        assert_eq!(events.len(), 1);
        assert_eq!(unknown_of(&events[0]), kind, "{body}");
    }
}

#[test]
fn damaged_items_leave_their_neighbours_alone() {
    let good = r#"{"sender":{"id":"2"},"message":{"mid":"m","text":"here"}}"#;
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    for bad in [
        "7",
        "null",
        "\"\\ud800\"",
        "1e999",
        "[]",
        "{}",
        r#"{"message":7}"#,
        r#"{"message":"\ud800"}"#,
        r#"{"\ud800":{"message":1e999}}"#,
        r#"{"sender":7,"recipient":1e999,"timestamp":1e999,"message":{"mid":1e999,"text":[]}}"#,
        r#"{"message":{"mid":"a"},"message":7,"sender":1,"sender":2}"#,
        &deep,
        &format!(r#"{{"message":{{"text":{deep},"attachments":{deep}}},"other":{deep}}}"#),
    ] {
        for lists in [format!("{good},{bad},{good}"), format!("{good},{good},{bad}")] {
            let kinds = kinds(&page(&lists));
            let here = kinds.iter().filter(|kind| text_of(kind) == Some("here")).count();
            assert_eq!((kinds.len(), here), (3, 2), "{bad}");
        }
    }
}

#[test]
fn a_list_that_is_none_leaves_other_lists_alone() {
    let good = r#"{"sender":{"id":"2"},"message":{"mid":"m","text":"here"}}"#;
    let body = format!(
        r#"{{"object":"page","entry":[{{"id":"1","messaging":1e999,"standby":[{good}]}},{{"id":"1","messaging":{good}}},9]}}"#
    );
    let events = parse(body.as_bytes()).unwrap();
    assert_eq!(events.iter().map(|e| e.lane).collect::<Vec<_>>(), [Lane::Standby, Lane::Messaging]);
    assert!(events.iter().all(|event| text_of(&event.kind) == Some("here")));
}

#[test]
fn lone_surrogates_and_broken_utf8_are_replaced() {
    let body = page(r#"{"sender":{"id":"2"},"message":{"mid":"m","text":"a\ud800b"}}"#);
    let text = text_of(&kinds(&body)[0]).unwrap().to_owned();
    assert!(text.starts_with('a') && text.ends_with('b') && text.contains('\u{fffd}'));

    let body = page(r#"{"sender":{"id":"2"},"message":{"mid":"m","text":"a~b"}}"#);
    let bytes: Vec<u8> = body.bytes().map(|b| if b == b'~' { 0xff } else { b }).collect();
    let events = parse(&bytes).unwrap();
    assert_eq!(text_of(&events[0].kind), Some("a\u{fffd}b"));
}

#[test]
fn ids_that_are_no_key_parts_are_unknown_and_harmless() {
    for (account, person) in [
        (r#""1""#, r#""a:b""#),
        (r#""1""#, r#""""#),
        (r#""1""#, "1.5"),
        (r#""1""#, "[2]"),
        (r#""a\/b""#, r#""2""#),
        ("{}", r#""2""#),
        (r#""1""#, &format!("\"{}\"", "9".repeat(65))),
    ] {
        let body = format!(
            r#"{{"object":"page","entry":[{{"id":{account},"messaging":[{{"sender":{{"id":{person}}},"message":{{"mid":"m","text":"x"}}}}]}}]}}"#
        );
        let events = parse(body.as_bytes()).unwrap();
        assert_eq!(unknown_of(&events[0].kind), "bad_id", "{body}");
        assert_eq!(events[0].person, None);
    }
}

#[test]
fn a_number_is_the_same_id_as_its_digits() {
    for id in ["100000000000000", "1e14", "100000000000000.0", "\"100000000000000\""] {
        let body = page(&format!(r#"{{"sender":{{"id":{id}}},"message":{{"mid":"m"}}}}"#));
        let events = parse(body.as_bytes()).unwrap();
        assert_eq!(events[0].person, Some(Psid::new("100000000000000").unwrap()), "{id}");
    }
}

#[test]
fn impossible_shapes_are_unknown_by_their_key() {
    for (item, kind) in [
        (r#"{}"#, "empty"),
        (r#"{"message":null}"#, "empty"),
        (r#"7"#, "item"),
        (r#"{"message":[]}"#, "message"),
        (r#"{"message":{"is_deleted":true}}"#, "message"),
        (r#"{"message_edit":{"text":"x"}}"#, "message_edit"),
        (r#"{"reaction":{"mid":"m","action":"poke"}}"#, "reaction"),
        (r#"{"policy_enforcement":{}}"#, "policy_enforcement"),
        (r#"{"account_linking":{"status":"maybe"}}"#, "account_linking"),
        (r#"{"optin":{"type":"raffle"}}"#, "optin_raffle"),
        (r#"{"game_play":{"game_id":"1"},"more":1}"#, "game_play"),
        ("{\"ą \\n\":1}", "___"),
    ] {
        assert_eq!(unknown_of(&kinds(&page(item))[0]), kind, "{item}");
    }
    let long = format!(r#"{{"{}":1}}"#, "k".repeat(1_000));
    assert_eq!(unknown_of(&kinds(&page(&long))[0]), "k".repeat(64));
}

#[test]
fn an_opt_in_status_that_is_not_known_is_no_consent() {
    for (status, expected) in [
        ("null", Some(OptinStatus::Granted)),
        (r#""""#, Some(OptinStatus::Granted)),
        (r#""stop-notifications""#, Some(OptinStatus::Stopped)),
        (r#"" RESUME_NOTIFICATIONS ""#, Some(OptinStatus::Resumed)),
        (r#""PAUSE NOTIFICATIONS""#, None),
        ("{}", None),
    ] {
        let item = format!(
            r#"{{"optin":{{"type":"notification_messages","notification_messages_token":"t","notification_messages_status":{status}}}}}"#
        );
        let kind = kinds(&page(&item)).remove(0);
        match (&kind, expected) {
            (EventKind::Optin(super::super::event::Optin::Notification(optin)), Some(status)) => {
                assert_eq!(optin.status, status);
            }
            (kind, _) => assert_eq!((unknown_of(kind), expected), ("optin_status", None)),
        }
    }
}

#[test]
fn what_the_account_itself_did_is_never_a_person_s_doing() {
    for (item, kind) in [
        (r#""postback":{"payload":"p"}"#, "own_postback"),
        (r#""message_edit":{"mid":"m","text":"x","num_edit":1}"#, "own_message_edit"),
        (r#""message":{"mid":"m","is_deleted":true}"#, "own_message"),
        (r#""referral":{"ref":"r"}"#, "own_referral"),
    ] {
        let body = page(&format!(r#"{{"sender":{{"id":"1"}},"recipient":{{"id":"2"}},{item}}}"#));
        let events = parse(body.as_bytes()).unwrap();
        assert_eq!(unknown_of(&events[0].kind), kind);
        assert_eq!(events[0].person, Some(Psid::new("2").unwrap()));
    }
}

#[test]
fn marketing_messages_are_never_taken_for_a_person_s_message() {
    let body = r#"{"object":"page","entry":[{"id":"1","changes":[{"field":"marketing_message_echoes","value":{"sender":{"id":"2"},"message":{"mid":"m","text":"x"}}}]}]}"#;
    let EventKind::Marketing(news) = kinds(body).remove(0) else { panic!() };
    assert_eq!(news.step, MarketingStep::Echoed);
    let body =
        body.replace("marketing_message_echoes", "marketing_messages_subscriber_upload_status");
    assert_eq!(unknown_of(&kinds(&body)[0]), "marketing_messages_subscriber_upload_status");
}

#[test]
fn marketing_news_is_read_in_every_envelope() {
    let flat = r#""field":"marketing_message_deliveries","recipient_id":123,"page_id":1,
        "timestamp":1790000000,"mid":"mid.$c","marketing_message_tracking_id":"98ec",
        "messenger_subscription_token":"55","message_id":"77""#;
    let value = flat.replacen("\"field\":\"marketing_message_deliveries\",", "", 1);
    let entry = |inner: &str| {
        format!(r#"{{"object":"page","entry":[{{"id":"1","time":1790000000123,{inner}}}]}}"#)
    };
    for body in [
        format!("{{{flat}}}"),
        entry(&format!(r#""changes":[{{{flat}}}]"#)),
        entry(&format!(
            r#""changes":[{{"field":"marketing_message_deliveries","value":{{{value}}}}}]"#
        )),
        entry(&format!(r#""messaging":[{{{flat}}}]"#)),
    ] {
        let event = parse(body.as_bytes()).unwrap().remove(0);
        assert_eq!(event.account.as_str(), "1", "{body}");
        assert_eq!(event.person.as_ref().map(Psid::as_str), Some("123"), "{body}");
        assert_eq!(event.at, UnixMs::new(1_790_000_000_000), "{body}");
        let EventKind::Marketing(news) = event.kind else { panic!("{body}") };
        assert_eq!(news.step, MarketingStep::Delivered);
        assert_eq!(news.tracking.as_deref(), Some("98ec"));
        assert_eq!(news.campaign.as_deref(), Some("77"));
        assert_eq!(news.token, Some(NotificationToken("55".into())));
    }
    let failed = r#"{"object":"page","entry":[{"id":"1","changes":[{"field":"marketing_message_delivery_failed",
        "value":{"app_id":1,"page_id":1,"messenger_subscription_token":"55","timestamp":1790000000,
        "error_message":"x","message_id":"77"}}]}]}"#;
    let event = parse(failed.as_bytes()).unwrap().remove(0);
    assert_eq!(event.person, None);
    assert!(matches!(event.kind, EventKind::Marketing(news) if news.step == MarketingStep::Failed));
}

#[test]
fn a_judged_template_is_told_under_two_names() {
    for field in ["message_template_status_update", "messenger_template_status_update"] {
        let body = format!(
            r#"{{"object":"page","entry":[{{"id":"1","changes":[{{"field":"{field}","value":{{"event":"APPROVED"}}}}]}}]}}"#
        );
        assert_eq!(kinds(&body), [EventKind::TemplateStatus], "{field}");
    }
}

#[test]
fn a_sticker_is_one_sticker_whatever_its_shape() {
    let body = page(r#"{"sender":{"id":"2"},"message":{"mid":"m","sticker_id":7}}"#);
    let EventKind::Message(message) = kinds(&body).remove(0) else { panic!() };
    assert_eq!(message.mid, Some(Mid("m".into())));
    assert_eq!(message.attachments.len(), 1);
    assert_eq!(message.attachments[0].sticker_id.as_deref(), Some("7"));
}

#[test]
fn a_flood_of_items_is_cut_and_says_so() {
    let half = format!(r#"{{"messaging":[{}]}}"#, vec!["0"; WEBHOOK_EVENTS / 2].join(","));
    for body in [
        page(&vec!["0"; WEBHOOK_EVENTS + 1].join(",")),
        page(&vec!["0"; WEBHOOK_EVENTS * 5].join(",")),
        format!(r#"{{"object":"page","entry":[{half},{half},{half}]}}"#),
    ] {
        let kinds = kinds(&body);
        assert_eq!(kinds.len(), WEBHOOK_EVENTS);
        assert_eq!(unknown_of(kinds.last().unwrap()), "too_many_items");
    }
    let kinds = kinds(&page(&vec!["0"; WEBHOOK_EVENTS].join(",")));
    assert_eq!((kinds.len(), unknown_of(kinds.last().unwrap())), (WEBHOOK_EVENTS, "item"));
}
