//! The Desk's index of consents: what planning and sending read. The record that lasts is in
//! KV; this one can be rebuilt from it.

use super::{Columns, Row, Sql, StoreError, params, to_json};
use crate::meta::event::Channel;
use crate::meta::ids::{NotificationToken, Psid, TopicId};
use crate::time::UnixMs;

/// Whether notifications may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The person agreed.
    Active,
    /// The person, Meta or the owner ended it.
    Stopped,
}

impl Status {
    /// As KV and the tables write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Stopped => "stopped",
        }
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "active" => Ok(Self::Active),
            "stopped" => Ok(Self::Stopped),
            _ => Err("unknown status"),
        }
    }
}

/// One person's word on one topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Consent {
    /// On what.
    pub topic: TopicId,
    /// Where.
    pub channel: Channel,
    /// Whose.
    pub person: Psid,
    /// Yes or no more.
    pub status: Status,
    /// What Meta gave us to send with.
    pub token: Option<NotificationToken>,
    /// The person's IANA zone, as told at opt-in.
    pub timezone: Option<String>,
    /// When they agreed.
    pub granted_at: UnixMs,
    /// When the newest word on it was said: older words change nothing.
    pub changed_at: UnixMs,
    /// When the token ends, if it does.
    pub expires_at: Option<UnixMs>,
    /// Before this Meta refuses the token.
    pub next_eligible_at: Option<UnixMs>,
    /// When the last notification on this topic was due that left, or may have left.
    pub last_sent_at: Option<UnixMs>,
    /// When the one was due that is planned and has not left yet.
    pub reserved_at: Option<UnixMs>,
    /// `DAILY`, `WEEKLY`, `MONTHLY`; only from old integrations.
    pub frequency: Option<String>,
    /// What the person saw.
    pub title: Option<String>,
    /// What brought them: `poster:DOOR`, `tap`, `link`, …
    pub source: String,
}

pub(super) const COLUMNS: &str = "topic, channel, person, status, token, timezone, granted_at, changed_at, \
                       expires_at, next_eligible_at, last_sent_at, reserved_at, frequency, title, source";

fn read(row: &Row) -> Result<Consent, StoreError> {
    let mut columns = Columns::of("consents", row);
    Ok(Consent {
        topic: columns.parsed(TopicId::new)?,
        channel: columns.channel()?,
        person: columns.parsed(Psid::new)?,
        status: columns.parsed(Status::parse)?,
        token: columns.maybe_text()?.map(|token| NotificationToken(token.to_owned())),
        timezone: columns.maybe_text()?.map(str::to_owned),
        granted_at: columns.moment()?,
        changed_at: columns.moment()?,
        expires_at: columns.maybe_moment()?,
        next_eligible_at: columns.maybe_moment()?,
        last_sent_at: columns.maybe_moment()?,
        reserved_at: columns.maybe_moment()?,
        frequency: columns.maybe_text()?.map(str::to_owned),
        title: columns.maybe_text()?.map(str::to_owned),
        source: columns.text()?.to_owned(),
    })
}

pub(super) fn read_all(rows: &[Row]) -> Result<Vec<Consent>, StoreError> {
    rows.iter().map(read).collect()
}

/// All of a person's consents, stopped ones too.
///
/// # Errors
/// [`StoreError`].
pub fn of_person(
    sql: &impl Sql,
    channel: Channel,
    person: &Psid,
) -> Result<Vec<Consent>, StoreError> {
    read_all(&sql.query(
        &format!("SELECT {COLUMNS} FROM consents WHERE channel = ?1 AND person = ?2"),
        params![channel, person.as_str()],
    )?)
}

/// All consents of these people on both channels, stopped ones too.
///
/// # Errors
/// [`StoreError`].
pub fn of_people(sql: &impl Sql, people: &[&Psid]) -> Result<Vec<Consent>, StoreError> {
    read_all(&sql.query(
        &format!(
            "SELECT {COLUMNS} FROM consents WHERE channel IN ('messenger', 'instagram')
               AND person IN (SELECT value FROM json_each(?1))"
        ),
        params![to_json("consents", &people)?],
    )?)
}

/// Whether there is no consent at all, stopped ones included.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn is_empty(sql: &impl Sql) -> Result<bool, StoreError> {
    Ok(sql.query("SELECT 1 FROM consents LIMIT 1", params![])?.is_empty())
}

/// Consents whose token has ended by `now`, and of whose end nothing was told yet, at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn ended(sql: &impl Sql, now: UnixMs, limit: u32) -> Result<Vec<Consent>, StoreError> {
    read_all(&sql.query(
        &format!(
            "SELECT {COLUMNS} FROM consents WHERE status = 'active' AND token IS NOT NULL
               AND expires_at <= ?1 AND end_told IS NOT expires_at LIMIT ?2"
        ),
        params![now, limit],
    )?)
}

/// Notes that the end of this token, as it stands in `expires_at`, was told of.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn told_end(sql: &impl Sql, which: Which<'_>) -> Result<(), StoreError> {
    let Which { topic, channel, person } = which;
    sql.execute(
        "UPDATE consents SET end_told = expires_at
         WHERE topic = ?1 AND channel = ?2 AND person = ?3",
        params![topic.as_str(), channel, person.as_str()],
    )?;
    Ok(())
}

/// One consent.
///
/// # Errors
/// [`StoreError`].
pub fn get(
    sql: &impl Sql,
    topic: &TopicId,
    channel: Channel,
    person: &Psid,
) -> Result<Option<Consent>, StoreError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM consents WHERE topic = ?1 AND channel = ?2 AND person = ?3"
        ),
        params![topic.as_str(), channel, person.as_str()],
    )?;
    rows.first().map(read).transpose()
}

/// Writes a consent as it stands now.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn save(sql: &impl Sql, consent: &Consent) -> Result<(), StoreError> {
    sql.execute(
        &format!(
            // What left last, in columns that are not read here, stays.
            "INSERT INTO consents ({COLUMNS})
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
             ON CONFLICT (topic, channel, person) DO UPDATE SET status = excluded.status,
               token = excluded.token, timezone = excluded.timezone,
               granted_at = excluded.granted_at, changed_at = excluded.changed_at,
               expires_at = excluded.expires_at, next_eligible_at = excluded.next_eligible_at,
               last_sent_at = excluded.last_sent_at, reserved_at = excluded.reserved_at,
               frequency = excluded.frequency, title = excluded.title, source = excluded.source"
        ),
        params![
            consent.topic.as_str(),
            consent.channel,
            consent.person.as_str(),
            consent.status.as_str(),
            consent.token.as_ref().map(|token| token.0.as_str()),
            consent.timezone.as_deref(),
            consent.granted_at,
            consent.changed_at,
            consent.expires_at,
            consent.next_eligible_at,
            consent.last_sent_at,
            consent.reserved_at,
            consent.frequency.as_deref(),
            consent.title.as_deref(),
            consent.source.as_str(),
        ],
    )?;
    Ok(())
}

/// The next active consents on a topic after `cursor` (a person's place in the order, empty for
/// the first page), at most `limit`; with `zone` only those of people who live by that clock
/// (empty: whose clock is not known).
///
/// # Errors
/// [`StoreError`].
pub fn page(
    sql: &impl Sql,
    topic: &TopicId,
    zone: Option<&str>,
    cursor: &str,
    limit: u32,
) -> Result<Vec<Consent>, StoreError> {
    let (channel, person) = cursor.split_once('/').unwrap_or(("", ""));
    read_all(&sql.query(
        &format!(
            "SELECT {COLUMNS} FROM consents
             WHERE topic = ?1 AND (channel, person) > (?2, ?3) AND status = 'active'
               AND (?5 IS NULL OR coalesce(timezone, '') = ?5)
             ORDER BY channel, person LIMIT ?4"
        ),
        params![topic.as_str(), channel, person, limit, zone],
    )?)
}

/// How many consents [`page`] has after `cursor`.
///
/// # Errors
/// [`StoreError`].
pub fn left_over(
    sql: &impl Sql,
    topic: &TopicId,
    zone: Option<&str>,
    cursor: &str,
) -> Result<u32, StoreError> {
    let (channel, person) = cursor.split_once('/').unwrap_or(("", ""));
    let rows = sql.query(
        "SELECT count(*) FROM consents
         WHERE topic = ?1 AND (channel, person) > (?2, ?3) AND status = 'active'
           AND (?4 IS NULL OR coalesce(timezone, '') = ?4)",
        params![topic.as_str(), channel, person, zone],
    )?;
    let n = rows.first().map_or(Ok(0), |row| Columns::of("consents", row).int())?;
    Ok(u32::try_from(n).unwrap_or(u32::MAX))
}

impl Consent {
    /// Which one it is.
    #[must_use]
    pub const fn which(&self) -> Which<'_> {
        Which { topic: &self.topic, channel: self.channel, person: &self.person }
    }
}

/// A person's place in the order of [`page`].
#[must_use]
pub fn cursor(consent: &Consent) -> String {
    format!("{}/{}", super::channel_name(consent.channel), consent.person)
}

/// The time zones of those who agreed to a topic; `None` where it is not known.
///
/// # Errors
/// [`StoreError`].
pub fn zones(sql: &impl Sql, topic: &TopicId) -> Result<Vec<Option<String>>, StoreError> {
    let rows = sql.query(
        "SELECT DISTINCT timezone FROM consents WHERE topic = ?1 AND status = 'active'",
        params![topic.as_str()],
    )?;
    rows.iter()
        .map(|row| Ok(Columns::of("consents", row).maybe_text()?.map(str::to_owned)))
        .collect()
}

/// Which consent.
#[derive(Clone, Copy, Debug)]
pub struct Which<'a> {
    /// On what.
    pub topic: &'a TopicId,
    /// Where.
    pub channel: Channel,
    /// Whose.
    pub person: &'a Psid,
}

/// Notes that a notification is planned that was due at `due`: it takes its place in the promise
/// of its topic until it leaves or is held.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn reserve(sql: &impl Sql, which: Which<'_>, due: UnixMs) -> Result<(), StoreError> {
    let Which { topic, channel, person } = which;
    sql.execute(
        "UPDATE consents SET reserved_at = ?4 WHERE topic = ?1 AND channel = ?2 AND person = ?3",
        params![topic.as_str(), channel, person.as_str(), due],
    )?;
    Ok(())
}

/// Notes that what was planned will not leave: it takes no place in the promise any more.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn release(sql: &impl Sql, which: Which<'_>) -> Result<(), StoreError> {
    let Which { topic, channel, person } = which;
    sql.execute(
        "UPDATE consents SET reserved_at = NULL
         WHERE topic = ?1 AND channel = ?2 AND person = ?3 AND reserved_at IS NOT NULL",
        params![topic.as_str(), channel, person.as_str()],
    )?;
    Ok(())
}

/// A notification that left, or may have left.
#[derive(Clone, Copy, Debug)]
pub struct Left<'a> {
    /// Which.
    pub notification: &'a str,
    /// For which period.
    pub period: &'a str,
    /// Its id at Meta, when Meta said it.
    pub mid: Option<&'a str>,
    /// When it was put into the outbox.
    pub planned_at: UnixMs,
    /// When it was known to have left.
    pub at: UnixMs,
}

/// Notes that a notification left, or may have left: from now on it counts for the promise.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn left(sql: &impl Sql, which: Which<'_>, left: &Left<'_>) -> Result<(), StoreError> {
    let Which { topic, channel, person } = which;
    sql.execute(
        "UPDATE consents SET last_sent_at = coalesce(reserved_at, ?4), reserved_at = NULL,
           last_notification = ?5, last_period = ?6, last_mid = ?7, last_left_at = ?8,
           last_seen = 0, last_tapped = 0, last_variant = (SELECT variant FROM ledger
             WHERE ledger.notification = ?5 AND ledger.period = ?6 AND ledger.channel = ?2
               AND ledger.person = ?3)
         WHERE topic = ?1 AND channel = ?2 AND person = ?3",
        params![
            topic.as_str(),
            channel,
            person.as_str(),
            left.planned_at,
            left.notification,
            left.period,
            left.mid,
            left.at
        ],
    )?;
    Ok(())
}

/// Notes that a notification may have left by the token of this consent without Meta's answer: the
/// token rests until `until`. Not when it left in the window, for then no token was used. Only this
/// table learns it: KV gets what Meta says of a token, and here Meta said nothing.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn rest(
    sql: &impl Sql,
    which: Which<'_>,
    until: UnixMs,
    now: UnixMs,
) -> Result<(), StoreError> {
    let Which { topic, channel, person } = which;
    sql.execute(
        "UPDATE consents SET next_eligible_at = max(coalesce(next_eligible_at, 0), ?4)
         WHERE topic = ?1 AND channel = ?2 AND person = ?3 AND token IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM people WHERE people.channel = ?2 AND people.id = ?3
             AND body ->> 'window_until' > ?5)",
        params![topic.as_str(), channel, person.as_str(), until, now],
    )?;
    Ok(())
}

/// Whether anybody had agreed to a topic at a moment and has not taken it back; with `zone` only
/// those who live by that clock.
///
/// # Errors
/// [`StoreError`].
pub fn anybody(
    sql: &impl Sql,
    topic: &TopicId,
    zone: Option<&str>,
    at: UnixMs,
) -> Result<bool, StoreError> {
    let rows = sql.query(
        "SELECT 1 FROM consents WHERE topic = ?1 AND status = 'active' AND granted_at <= ?2
           AND (?3 IS NULL OR coalesce(timezone, '') = ?3) LIMIT 1",
        params![topic.as_str(), at, zone],
    )?;
    Ok(!rows.is_empty())
}

/// The next consents after `cursor` (empty for the first), active and stopped ones, at most
/// `limit`: for the owner, who plans by them.
///
/// # Errors
/// [`StoreError`].
pub fn everybody(sql: &impl Sql, cursor: &str, limit: u32) -> Result<Vec<Consent>, StoreError> {
    let mut parts = cursor.splitn(3, '/');
    let mut part = || parts.next().unwrap_or_default();
    let (channel, person, topic) = (part(), part(), part());
    read_all(&sql.query(
        &format!(
            "SELECT {COLUMNS} FROM consents WHERE (channel, person, topic) > (?1, ?2, ?3)
             ORDER BY channel, person, topic LIMIT ?4"
        ),
        params![channel, person, topic, limit],
    )?)
}

/// A consent's place in the order of [`everybody`].
#[must_use]
pub fn place(consent: &Consent) -> String {
    format!("{}/{}", cursor(consent), consent.topic)
}

/// What left last by a consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    /// By the consent to this.
    pub topic: TopicId,
    /// Which notification.
    pub notification: String,
    /// For which period.
    pub period: String,
    /// Its id at Meta.
    pub mid: Option<String>,
    /// When it was known to have left.
    pub left_at: UnixMs,
    /// 0: nothing is known; 1: it was delivered; 2: it was read.
    pub seen: i64,
    /// Which wording it had, where there are several.
    pub variant: Option<String>,
    /// Whether a button of it was tapped.
    pub tapped: bool,
    /// What brought the consent.
    pub source: String,
}

/// What left last by each of a person's consents.
///
/// # Errors
/// [`StoreError`].
pub fn last_left(sql: &impl Sql, channel: Channel, person: &Psid) -> Result<Vec<Last>, StoreError> {
    let rows = sql.query(
        "SELECT topic, last_notification, last_period, last_mid, last_left_at, last_seen,
            last_variant, last_tapped, source
         FROM consents WHERE channel = ?1 AND person = ?2 AND last_left_at IS NOT NULL",
        params![channel, person.as_str()],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("consents", row);
            Ok(Last {
                topic: columns.parsed(TopicId::new)?,
                notification: columns.text()?.to_owned(),
                period: columns.text()?.to_owned(),
                mid: columns.maybe_text()?.map(str::to_owned),
                left_at: columns.moment()?,
                seen: columns.int()?,
                variant: columns.maybe_text()?.map(str::to_owned),
                tapped: columns.int()? != 0,
                source: columns.text()?.to_owned(),
            })
        })
        .collect()
}

/// Notes how far what left last has come; see [`Last::seen`].
///
/// # Errors
/// [`StoreError::Refused`].
pub fn see(sql: &impl Sql, which: Which<'_>, seen: i64) -> Result<(), StoreError> {
    let Which { topic, channel, person } = which;
    sql.execute(
        "UPDATE consents SET last_seen = ?4 WHERE topic = ?1 AND channel = ?2 AND person = ?3",
        params![topic.as_str(), channel, person.as_str(), seen],
    )?;
    Ok(())
}

/// Notes that a button of what left last was tapped.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn tap(sql: &impl Sql, which: Which<'_>) -> Result<(), StoreError> {
    let Which { topic, channel, person } = which;
    sql.execute(
        "UPDATE consents SET last_tapped = 1 WHERE topic = ?1 AND channel = ?2 AND person = ?3",
        params![topic.as_str(), channel, person.as_str()],
    )?;
    Ok(())
}
