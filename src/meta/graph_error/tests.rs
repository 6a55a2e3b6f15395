use super::*;

fn failed(status: u16, body: &str) -> Failure {
    match judge(&Reply { status, retry_after_s: None, body: body.as_bytes() }) {
        Verdict::Failed(failure) => failure,
        sent => panic!("{body}: {sent:?}"),
    }
}

fn class_of(code: u32, subcode: Option<u32>, message: &str) -> Class {
    let subcode = subcode.map(|s| format!(r#","error_subcode":{s}"#)).unwrap_or_default();
    let body = format!(
        r#"{{"error":{{"message":"{message}","type":"OAuthException","code":{code}{subcode},"fbtrace_id":"A"}}}}"#
    );
    let failure = failed(400, &body);
    assert!(!failure.may_have_arrived);
    assert_eq!(failure.code, Some(code));
    failure.class
}

#[test]
fn every_code_has_its_class() {
    use Class::*;
    for (code, subcode, message, class) in [
        (1, None, "", Retry),
        (1, Some(99), "", Retry),
        (2, None, "", Retry),
        (4, None, "", SlowPage),
        (17, None, "", SlowPage),
        (32, None, "", SlowPage),
        (613, None, "", SlowPage),
        (613, Some(2_534_040), "", SlowPage),
        (80_006, None, "", SlowPage),
        (4, Some(2_018_354), "", NotYet),
        (9, Some(2_018_352), "", OptInLimit),
        (613, Some(1_893_016), "", OptInLimit),
        (10, Some(1_893_015), "", OptedOut),
        (10, Some(2_018_278), "", OutsideWindow),
        (10, Some(2_534_022), "", OutsideWindow),
        (10, Some(2_018_065), "", OutsideWindow),
        (10, Some(2_018_108), "", Unreachable),
        (200, Some(1_545_041), "", Unreachable),
        (551, None, "", Unreachable),
        (551, Some(1_545_041), "", Unreachable),
        (10, Some(1_893_063), "", PageRestricted),
        (10, Some(1_404_170), "", PageRestricted),
        (2_022, None, "", PageRestricted),
        (100, None, "(#100) Invalid parameter", BadRequest),
        (100, None, "stage of Instagram percentage", BadRequest),
        (100, Some(2_018_001), "No matching user found", BadRequest),
        (100, Some(2_534_014), "", BadRequest),
        (100, Some(2_534_025), "", BadRequest),
        (100, None, "(#100) The message tag ACCOUNT_UPDATE is deprecated", DeadTag),
        (100, None, "(#100) Invalid notification_messages_token", DropToken),
        (100, None, "(#100) The token has expired", DropToken),
        (190, None, "", TokenInvalid),
        (190, Some(463), "", TokenInvalid),
        (190, Some(12), "", TokenInvalid),
        (200, None, "", Permission),
        (200, Some(2_018_028), "", Permission),
        (10, None, "", Permission),
        (2_018_300, None, "", WaitForThread),
        (100, Some(2_534_037), "", WaitForThread),
        (2_018_321, None, "", WaitForThread),
        (613, Some(2_018_338), "", TagMisuse),
        (2_018_218, None, "", NoProfile),
        (100, Some(2_018_218), "", NoProfile),
        (2_018_247, None, "", NoProfile),
        (2_300_002, None, "", NotYet),
        (2_300_034, None, "", OptedOut),
        (2_300_035, None, "", NotYet),
        (2_300_037, None, "", DropToken),
        (2_300_043, None, "", NotYet),
        (2_300_067, None, "Page must accept the Terms of Service", Permission),
        (2_300_067, None, "pacing", NotYet),
        (2_300_080, None, "", SlowPage),
        (1_893_047, None, "", Unreachable),
        // The same subcode under a code it was never seen with.
        (100, Some(2_018_278), "", OutsideWindow),
        (36_000, None, "", Unknown),
    ] {
        assert_eq!(class_of(code, subcode, message), class, "{code}/{subcode:?} {message}");
    }
}

#[test]
fn rows_are_told_apart_and_dated() {
    for (i, row) in ROWS.iter().enumerate() {
        assert!(row.code <= row.last && row.says.ends_with('.') && !row.source.is_empty());
        assert!(row.date.year() == 2026, "{row:?}");
        assert!(row.words.iter().all(|word| *word == word.to_lowercase()));
        let same = |other: &Row| {
            other.code == row.code
                && other.subcode == row.subcode
                && other.words.is_empty() == row.words.is_empty()
        };
        let twice = ROWS.iter().skip(i + 1).any(|other| same(other) && row.words.is_empty());
        assert!(!twice, "{row:?}");
    }
}

#[test]
fn every_shape_of_success_is_one() {
    for (body, mid, recipient) in [
        (r#"{"recipient_id":"24","message_id":"m_1"}"#, Some("m_1"), Some("24")),
        (r#"{"recipient_id":24,"message_id":"m_1"}"#, Some("m_1"), Some("24")),
        (r#"{"message_id":"m_1"}"#, Some("m_1"), None),
        (r#"{"recipient_id":"24"}"#, None, Some("24")),
        (r#"{"recipient":{"id":"24","message_id":"m_1"}}"#, Some("m_1"), Some("24")),
        (r#"{"recipient":"24","message_id":"m_1"}"#, Some("m_1"), Some("24")),
        (r#"{"recipient_id":"a:b","message_id":"m_1","error":null}"#, Some("m_1"), None),
        (r#"{"success":true,"marketing_message_tracking_id":"98ec"}"#, Some("98ec"), None),
        (r#"{"success":"true"}"#, None, None),
        (r#"{"result":"success"}"#, None, None),
    ] {
        let verdict = judge(&Reply { status: 200, retry_after_s: None, body: body.as_bytes() });
        let expected = Verdict::Sent {
            mid: mid.map(|mid| Mid(mid.into())),
            recipient: recipient.map(|id| Psid::new(id).unwrap()),
        };
        assert_eq!(verdict, expected, "{body}");
    }
}

#[test]
fn an_error_with_status_200_is_an_error() {
    let failure = failed(200, r#"{"message_id":"m_1","error":{"message":"x","code":36000}}"#);
    assert_eq!((failure.class, failure.may_have_arrived), (Class::Unknown, false));
    assert_eq!(failed(200, r#"{"error":{"code":"190"}}"#).class, Class::TokenInvalid);
    assert_eq!(failed(200, r#"{"error":"gone"}"#).class, Class::Unknown);
}

#[test]
fn unreadable_answers_are_judged_by_status() {
    use Class::*;
    for body in ["", "<html>Sorry</html>", "{", "[]", "{}", "null", r#"{"success":false}"#] {
        for (status, class, may_have_arrived) in [
            (200, Unknown, true),
            (302, Unknown, true),
            (400, BadRequest, false),
            (401, TokenInvalid, false),
            (403, Permission, false),
            (404, BadRequest, false),
            (408, Retry, true),
            (429, SlowPage, false),
            (500, Retry, true),
            (503, Retry, true),
            (599, Retry, true),
        ] {
            let failure = failed(status, body);
            assert_eq!(
                (failure.class, failure.may_have_arrived),
                (class, may_have_arrived),
                "{status} {body}"
            );
        }
    }
    let bytes = Reply { status: 200, retry_after_s: None, body: &[0xff, 0xfe, 0x00] };
    assert!(matches!(judge(&bytes), Verdict::Failed(Failure { may_have_arrived: true, .. })));
}

#[test]
fn an_unlisted_code_is_judged_by_its_transience_and_status() {
    let body = r#"{"error":{"code":99999,"is_transient":true}}"#;
    assert_eq!(failed(400, body).class, Class::Retry);
    assert_eq!(failed(500, r#"{"error":{"code":99999}}"#).class, Class::Retry);
    assert_eq!(failed(429, r#"{"error":{"code":99999}}"#).class, Class::SlowPage);
    assert_eq!(failed(400, r#"{"error":{"code":99999}}"#).class, Class::Unknown);
}

#[test]
fn the_longest_hint_to_wait_counts_and_is_bounded() {
    for (data, header, ms) in [
        ("", None, None),
        ("", Some(30), Some(30_000)),
        (r#","error_data":{"remaining_seconds":3600}"#, None, Some(3_600_000)),
        (r#","error_data":{"remaining_seconds":"3600"}"#, Some(30), Some(3_600_000)),
        (r#","error_data":"{\"remaining_seconds\":1.5}""#, None, Some(2_000)),
        (r#","error_data":{"remaining_seconds":-5}"#, None, None),
        (r#","error_data":{"remaining_seconds":1e300}"#, None, Some(MAX_RETRY_AFTER_MS)),
        (r#","error_data":"soon""#, Some(u32::MAX), Some(MAX_RETRY_AFTER_MS)),
        (r#","error_data":[1]"#, None, None),
    ] {
        let body = format!(r#"{{"error":{{"code":2300035{data}}}}}"#);
        let reply = Reply { status: 400, retry_after_s: header, body: body.as_bytes() };
        let Verdict::Failed(failure) = judge(&reply) else { panic!("{body}") };
        assert_eq!(failure.retry_after_ms, ms, "{body}");
    }
    let busy = Reply { status: 503, retry_after_s: Some(5), body: b"" };
    let Verdict::Failed(failure) = judge(&busy) else { panic!() };
    assert_eq!(failure.retry_after_ms, Some(5_000));
}

#[test]
fn the_owner_reads_what_the_code_means() {
    let failure = failed(400, r#"{"error":{"code":10,"error_subcode":2018278}}"#);
    assert_eq!(failure.says(), "The messaging window is closed.");
    let failure = failed(400, r#"{"error":{"code":100,"message":"The token has expired"}}"#);
    assert_eq!(failure.says(), "The notification token is not valid any more.");
    assert_eq!(
        failed(400, r#"{"error":{"code":100}}"#).says(),
        "Meta does not understand the request."
    );
    assert_eq!(failed(500, "").says(), "Meta has a passing problem.");
}
