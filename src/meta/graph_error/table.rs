//! Meta's error codes, dated.

use jiff::civil::{Date, date};

use super::Class;

/// One code, or a run of codes, and what it means.
#[derive(Debug)]
pub struct Row {
    /// `error.code`, first of the run.
    pub code: u32,
    /// Last of the run; the same as `code` for one.
    pub last: u32,
    /// `error.error_subcode`, when the row is about one.
    pub subcode: Option<u32>,
    /// For codes with several meanings: words of `error.message`, in lower case, one of which must
    /// be there.
    pub words: &'static [&'static str],
    /// What to do.
    pub class: Class,
    /// Who says so.
    pub source: &'static str,
    /// The day of the source, or when it was read.
    pub date: Date,
    /// For the owner.
    pub says: &'static str,
}

/// Meta's "Error codes" of the Messenger Platform.
const ERRORS: (&str, Date) = ("Meta, Messenger Platform error codes", date(2026, 9, 28));
/// Meta's error codes of the Marketing Message API.
const MARKETING: (&str, Date) = ("Meta, Marketing Message API error codes", date(2026, 4, 24));
/// Meta's changelog that ended three message tags.
const TAGS: (&str, Date) = ("Meta changelog, message tags", date(2026, 3, 27));
/// Known from practice and not found in a page of 2026.
const PRACTICE: (&str, Date) = ("practice, unconfirmed", date(2026, 10, 6));

const fn row(
    (code, last): (u32, u32),
    subcode: Option<u32>,
    words: &'static [&'static str],
    class: Class,
    (source, date): (&'static str, Date),
    says: &'static str,
) -> Row {
    Row { code, last, subcode, words, class, source, date, says }
}

/// One code.
const fn one(code: u32, class: Class, source: (&'static str, Date), says: &'static str) -> Row {
    row((code, code), None, &[], class, source, says)
}

/// One code with its subcode.
const fn sub(
    code: u32,
    subcode: u32,
    class: Class,
    source: (&'static str, Date),
    says: &'static str,
) -> Row {
    row((code, code), Some(subcode), &[], class, source, says)
}

/// A run of codes.
const fn run(
    first: u32,
    last: u32,
    class: Class,
    source: (&'static str, Date),
    says: &'static str,
) -> Row {
    row((first, last), None, &[], class, source, says)
}

/// A code that means this when its message has one of the words.
const fn worded(
    code: u32,
    words: &'static [&'static str],
    class: Class,
    source: (&'static str, Date),
    says: &'static str,
) -> Row {
    row((code, code), None, words, class, source, says)
}

/// What Meta's codes mean. Where several rows fit, the one with the subcode counts before the one
/// with words, and that one before the bare code.
///
/// Meta contradicts itself twice. Subcode 1545041 is "person unavailable" in the error table and
/// "window closed" on the page about sending: `Unreachable`, which sends less. And 2300053 to
/// 2300079 have two lists of meanings (the changelog of 31 March 2026 differs from the reference):
/// only words decide there, and otherwise it is tried again later.
pub const ROWS: &[Row] = &[
    one(1, Class::Retry, ERRORS, "Meta has a passing problem."),
    sub(1, 99, Class::Retry, ERRORS, "Meta has a passing problem."),
    one(2, Class::Retry, ERRORS, "Meta has a passing problem, or the person blocked the Page."),
    one(4, Class::SlowPage, ERRORS, "The app makes too many calls."),
    one(17, Class::SlowPage, PRACTICE, "Too many calls for this user."),
    one(32, Class::SlowPage, PRACTICE, "Too many calls for this Page."),
    one(613, Class::SlowPage, ERRORS, "Too many calls."),
    sub(613, 2_534_040, Class::SlowPage, ERRORS, "Too many messages to this conversation."),
    one(80_006, Class::SlowPage, PRACTICE, "Too many Messenger calls for this Page."),
    sub(4, 2_018_354, Class::NotYet, ERRORS, "This person had a notification too recently."),
    sub(9, 2_018_352, Class::OptInLimit, ERRORS, "This person was asked to opt in too often."),
    sub(613, 1_893_016, Class::OptInLimit, ERRORS, "This person was asked this in the last week."),
    sub(10, 1_893_015, Class::OptedOut, ERRORS, "The person stopped these notifications."),
    sub(10, 2_018_278, Class::OutsideWindow, ERRORS, "The messaging window is closed."),
    sub(10, 2_534_022, Class::OutsideWindow, ERRORS, "The messaging window is closed."),
    sub(10, 2_018_065, Class::OutsideWindow, ERRORS, "The messaging window is closed."),
    sub(10, 2_018_108, Class::Unreachable, ERRORS, "The person does not take messages now."),
    sub(200, 1_545_041, Class::Unreachable, ERRORS, "The person cannot be reached."),
    one(551, Class::Unreachable, ERRORS, "The person cannot be reached."),
    sub(551, 1_545_041, Class::Unreachable, ERRORS, "The person cannot be reached."),
    sub(10, 1_893_063, Class::PageRestricted, ERRORS, "Meta restricts the Page for now."),
    sub(10, 1_404_170, Class::PageRestricted, ERRORS, "The Page may not ask for opt-ins for now."),
    one(2_022, Class::PageRestricted, ERRORS, "Meta restricts the Page for now."),
    one(100, Class::BadRequest, ERRORS, "Meta does not understand the request."),
    sub(100, 2_018_001, Class::BadRequest, ERRORS, "Meta knows no such person for this Page."),
    sub(100, 2_534_014, Class::BadRequest, ERRORS, "Meta knows no such person for this account."),
    sub(100, 2_534_025, Class::BadRequest, ERRORS, "This comment cannot be answered privately."),
    sub(100, 33, Class::BadRequest, PRACTICE, "What it is about is gone, or not for the app."),
    one(10_900, Class::BadRequest, PRACTICE, "This comment was answered privately before."),
    run(10_901, 10_903, Class::BadRequest, PRACTICE, "This comment cannot be answered privately."),
    worded(
        100,
        &["message tag", "message_tag", "messaging tag", "tag is deprecated"],
        Class::DeadTag,
        TAGS,
        "Meta has withdrawn this message tag.",
    ),
    worded(
        100,
        &[
            "notification_messages_token",
            "notification messages token",
            "notification message token",
            "subscription token",
            "subscription_token",
            "one_time_notif_token",
            "token is invalid",
            "token is expired",
            "token has expired",
            "invalid token",
        ],
        Class::DropToken,
        ERRORS,
        "The notification token is not valid any more.",
    ),
    one(190, Class::TokenInvalid, ERRORS, "The Page's access token is not valid any more."),
    sub(190, 460, Class::TokenInvalid, PRACTICE, "The password of the token's owner changed."),
    sub(190, 463, Class::TokenInvalid, PRACTICE, "The access token has expired."),
    sub(190, 467, Class::TokenInvalid, PRACTICE, "The access token was withdrawn."),
    one(10, Class::Permission, ERRORS, "The app is not allowed to do this."),
    one(200, Class::Permission, ERRORS, "The app is not allowed to do this."),
    sub(200, 2_018_028, Class::Permission, ERRORS, "The app may not write to people yet."),
    one(2_018_300, Class::WaitForThread, ERRORS, "Another app holds the conversation."),
    sub(100, 2_534_037, Class::WaitForThread, ERRORS, "Another app holds the conversation."),
    one(2_018_321, Class::WaitForThread, ERRORS, "An automation of Meta's holds the conversation."),
    sub(613, 2_018_338, Class::TagMisuse, ERRORS, "Meta warns that a message tag is misused."),
    one(2_018_218, Class::NoProfile, ERRORS, "The person has no profile to read."),
    one(2_018_247, Class::NoProfile, ERRORS, "The app may not read profiles."),
    // Marketing messages.
    run(2_300_000, 2_300_003, Class::NotYet, MARKETING, "The message campaign is not active."),
    one(2_300_004, Class::DropToken, MARKETING, "The notification token cannot be read."),
    one(2_300_005, Class::DropToken, MARKETING, "The notification token is another Page's."),
    one(2_300_010, Class::BadRequest, MARKETING, "Meta does not understand the message."),
    one(2_300_011, Class::Permission, MARKETING, "The ad account has no way to pay."),
    one(2_300_012, Class::NotYet, MARKETING, "The campaign is still being prepared."),
    one(2_300_013, Class::Permission, MARKETING, "Meta's terms are not accepted."),
    one(2_300_015, Class::NotYet, MARKETING, "The campaign's budget does not allow it now."),
    one(2_300_017, Class::NotYet, MARKETING, "The campaign's budget does not allow it now."),
    one(2_300_019, Class::Permission, MARKETING, "The app has not accepted Meta's terms."),
    one(2_300_026, Class::BadRequest, MARKETING, "More than three buttons."),
    one(2_300_028, Class::NotYet, MARKETING, "The campaign's pace is not known yet."),
    run(2_300_030, 2_300_032, Class::Permission, MARKETING, "Not offered in this country."),
    one(2_300_033, Class::NotYet, MARKETING, "The campaign starts later."),
    one(2_300_034, Class::OptedOut, MARKETING, "The person stopped these notifications."),
    one(2_300_035, Class::NotYet, MARKETING, "This person had a notification too recently."),
    one(2_300_036, Class::Unreachable, MARKETING, "The person cannot be reached."),
    one(2_300_037, Class::DropToken, MARKETING, "The notification token has expired."),
    one(2_300_041, Class::NotYet, MARKETING, "The campaign is still being prepared."),
    run(2_300_042, 2_300_044, Class::NotYet, MARKETING, "Meta's cap on marketing messages."),
    one(2_300_052, Class::Unreachable, MARKETING, "The person cannot be reached."),
    run(2_300_053, 2_300_079, Class::NotYet, MARKETING, "The campaign cannot send this now."),
    worded(2_300_066, TERMS, Class::Permission, MARKETING, "Meta's terms are not accepted."),
    worded(2_300_067, TERMS, Class::Permission, MARKETING, "Meta's terms are not accepted."),
    worded(2_300_069, TERMS, Class::Permission, MARKETING, "Meta's terms are not accepted."),
    one(2_300_080, Class::SlowPage, MARKETING, "Too many questions about tokens."),
    one(1_893_047, Class::Unreachable, MARKETING, "The person cannot be reached."),
];

/// Words that tell terms of service from pacing.
const TERMS: &[&str] = &["terms", "tos"];

/// Subcodes that mean the same under whatever code: they are unique in Meta's tables, and the
/// codes above them have changed before.
fn unique(subcode: u32) -> bool {
    subcode >= 1_000_000
}

/// The row that gave an error its class.
pub(super) fn find_as(code: u32, subcode: Option<u32>, class: Class) -> Option<&'static Row> {
    let rows = || ROWS.iter().filter(|row| row.class == class);
    let with_code = |row: &&Row| (row.code..=row.last).contains(&code);
    rows()
        .find(|row| subcode.is_some() && row.subcode == subcode)
        .or_else(|| rows().filter(with_code).find(|row| row.subcode.is_none()))
}

/// The row for an error. `message` in lower case.
pub(super) fn find(code: u32, subcode: Option<u32>, message: &str) -> Option<&'static Row> {
    let with_code = |row: &&Row| (row.code..=row.last).contains(&code);
    let rows = || ROWS.iter();
    let exact = || subcode.and_then(|s| rows().filter(with_code).find(|r| r.subcode == Some(s)));
    let by_subcode = || {
        let subcode = subcode.filter(|&s| unique(s))?;
        rows().find(|row| row.subcode == Some(subcode)).or_else(|| {
            rows().find(|r| r.subcode.is_none() && (r.code..=r.last).contains(&subcode))
        })
    };
    let by_words =
        || rows().filter(with_code).find(|row| row.words.iter().any(|word| message.contains(word)));
    let bare =
        || rows().filter(with_code).find(|row| row.subcode.is_none() && row.words.is_empty());
    exact().or_else(by_subcode).or_else(by_words).or_else(bare)
}
