//! The Desk's index of consents: what planning and sending read. The record that lasts is in
//! KV; this one can be rebuilt from it.

use super::{Columns, Row, Sql, StoreError, params};
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
    /// When a notification on this topic was last put into the outbox.
    pub last_sent_at: Option<UnixMs>,
    /// `DAILY`, `WEEKLY`, `MONTHLY`; only from old integrations.
    pub frequency: Option<String>,
    /// What the person saw.
    pub title: Option<String>,
    /// What brought them: `poster:DOOR`, `tap`, `link`, …
    pub source: String,
}

const COLUMNS: &str = "topic, channel, person, status, token, timezone, granted_at, changed_at, \
                       expires_at, next_eligible_at, last_sent_at, frequency, title, source";

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
        frequency: columns.maybe_text()?.map(str::to_owned),
        title: columns.maybe_text()?.map(str::to_owned),
        source: columns.text()?.to_owned(),
    })
}

fn read_all(rows: &[Row]) -> Result<Vec<Consent>, StoreError> {
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
            "INSERT OR REPLACE INTO consents ({COLUMNS})
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
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
