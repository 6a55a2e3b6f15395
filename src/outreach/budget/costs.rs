//! What each thing takes, counted.
//!
//! Rows are those that `rowsWritten` counts on workerd, indexes included, and one for each alarm
//! that is set; `tests/e2e/rows.rs` counts them on the bundle and fails when a figure here is not
//! what it counted.

use super::Resource;

/// Something that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A message that is answered with one bubble, with its echo.
    Message,
    /// One more bubble of an answer, with its echo.
    Bubble,
    /// Somebody agrees to a topic.
    OptIn,
    /// A notification to somebody in the window: planned, sent, settled, echoed.
    InWindow,
    /// A notification by token, the same.
    ByToken,
    /// A notification that is held when it is planned.
    Held,
    /// What Meta tells of a message when deliveries and readings are subscribed: each of them.
    Receipt,
    /// A token on Meta's own list, which is read once a day.
    Listed,
    /// A Desk's minute, when nothing happens.
    Minute,
}

/// What it takes of a resource, in thousandths: what many share is split among them.
#[must_use]
pub const fn cost(thing: Thing, resource: Resource) -> u64 {
    use Resource as R;
    use Thing as T;
    match (resource, thing) {
        (R::RowsWritten, thing) => rows(thing).saturating_mul(1_000),
        // Itself, and its echo.
        (R::WorkerRequests, T::Message) => 2_000,
        (R::WorkerRequests, T::Bubble | T::InWindow | T::ByToken | T::Receipt) => 1_000,
        // The tap, and the thanks.
        (R::WorkerRequests, T::OptIn) => 2_000,
        (R::WorkerRequests | R::KvWrites, T::Held | T::Listed | T::Minute) => 0,
        // As the Worker's; an alarm for every ten messages, and for five notifications.
        (R::DeskRequests, T::Message) => 2_100,
        (R::DeskRequests, T::Bubble) => 2_000,
        (R::DeskRequests, T::OptIn) => 3_000,
        (R::DeskRequests, T::InWindow | T::ByToken) => 1_200,
        (R::DeskRequests, T::Receipt | T::Minute) => 1_000,
        (R::DeskRequests, T::Held) => 20,
        // An alarm for each page of a hundred.
        (R::DeskRequests, T::Listed) => 10,
        (R::KvWrites, T::OptIn | T::ByToken) => 1_000,
        (R::KvWrites, _) => 0,
        // Tokens are read in bulk, as many at a time as leave at a time.
        (R::KvReads, T::ByToken) => 500,
        // The shop and its Pages, a minute at a time.
        (R::KvReads, T::Minute) => 2_000,
        (R::KvReads, _) => 0,
        (R::RowsRead, thing) => rows(thing).saturating_mul(4_000),
        (R::DeskSeconds, _) => 0,
    }
}

/// Rows written.
#[must_use]
pub const fn rows(thing: Thing) -> u64 {
    match thing {
        Thing::Message => 22,
        Thing::Bubble => 12,
        Thing::OptIn => 37,
        Thing::InWindow => 19,
        Thing::ByToken => 22,
        Thing::Held => 4,
        Thing::Receipt => 8,
        Thing::Listed => 3,
        Thing::Minute => 1,
    }
}
