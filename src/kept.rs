//! The words in which the code says what it keeps: what a stored value is for, how long it stays,
//! and what becomes of it when its person is forgotten. Each room declares its own beside the code
//! that stores it; `desk::data_map` puts them together, for `docs/data-map.md`, for `GET /privacy`
//! and for the answers that Meta's app review asks for.

use crate::time::DAY;

/// What a stored value is about, as people are told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Who somebody is on the channel, and how far the conversation with them is.
    Conversation,
    /// Messages on their way, and events that wait for their turn.
    Messages,
    /// What brought them: a poster, a link, an ad.
    Origin,
    /// What they agreed to be told, and the token for it.
    Consents,
    /// The proof of what they agreed to.
    Receipts,
    /// What they were sent and when.
    Sent,
    /// What they answered in forms.
    Answers,
    /// What they booked.
    Bookings,
    /// Requests to the shop about them: somebody waits for a person, a form is done.
    Handover,
    /// What people of the shop noted on them.
    Notes,
    /// Questions that found no answer, of nobody.
    Questions,
    /// Which events were handled, so that none is handled twice.
    Handled,
    /// That somebody was forgotten.
    Forgotten,
    /// Sums.
    Figures,
    /// What the assistant needs to run.
    Running,
    /// What the owner wrote and published.
    Owners,
}

impl Kind {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 16] = [
        Self::Conversation,
        Self::Messages,
        Self::Origin,
        Self::Consents,
        Self::Receipts,
        Self::Sent,
        Self::Answers,
        Self::Bookings,
        Self::Handover,
        Self::Notes,
        Self::Questions,
        Self::Handled,
        Self::Forgotten,
        Self::Figures,
        Self::Running,
        Self::Owners,
    ];

    /// In English, for the data map.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::Messages => "messages on their way",
            Self::Origin => "what brought somebody",
            Self::Consents => "consents",
            Self::Receipts => "receipts of consents",
            Self::Sent => "what was sent",
            Self::Answers => "answers and tags",
            Self::Bookings => "bookings",
            Self::Handover => "calls for a person",
            Self::Notes => "the shop's notes",
            Self::Questions => "questions without an answer",
            Self::Handled => "handled events",
            Self::Forgotten => "who was forgotten",
            Self::Figures => "sums",
            Self::Running => "running",
            Self::Owners => "the owner's own",
        }
    }

    /// Whether it is about people at all.
    #[must_use]
    pub const fn is_personal(self) -> bool {
        !matches!(self, Self::Figures | Self::Running | Self::Owners)
    }
}

/// How long a value stays when nobody asks for it to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// So many days after it was written, or after what it is about is over.
    Days(u16),
    /// Until what it is for is done.
    Done,
    /// As many days as `keep_misses_days` says.
    MissesDays,
    /// As many months after the end of the consent as `keep_receipts_months` says.
    ReceiptsMonths,
    /// Until its person is forgotten.
    Forgotten,
    /// Until it is taken back or written anew.
    Replaced,
    /// As long as the assistant is.
    Always,
}

impl Until {
    /// So many days, from milliseconds.
    #[must_use]
    pub const fn after(ms: i64) -> Self {
        // A quotient of constants of a few hundred days.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Self::Days((ms / DAY) as u16)
    }

    /// In English, for the data map.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Days(1) => "1 day".to_owned(),
            Self::Days(days) => format!("{days} days"),
            Self::Done => "until it is done".to_owned(),
            Self::MissesDays => "`keep_misses_days`; none without it".to_owned(),
            Self::ReceiptsMonths => "`keep_receipts_months` after the end".to_owned(),
            Self::Forgotten => "until the person is forgotten".to_owned(),
            Self::Replaced => "until it is replaced or taken back".to_owned(),
            Self::Always => "as long as the Worker".to_owned(),
        }
    }
}

/// What becomes of a value when its person is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// It goes in the transaction that forgets them.
    AtOnce,
    /// It goes before the deletion counts as done.
    BeforeDone,
    /// Nobody is named in it.
    NamesNobody,
    /// A keyed hash stays, so that nothing older brings them back.
    HashStays,
}

impl Gone {
    /// In English, for the data map.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AtOnce => "at once",
            Self::BeforeDone => "before the deletion is done",
            Self::NamesNobody => "names nobody",
            Self::HashStays => "a keyed hash stays",
        }
    }
}

/// A field and what it holds.
pub type Field = (&'static str, &'static str);

/// Something that is kept of people, and how long at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// What.
    pub kind: Kind,
    /// How long, when nobody asks for it to go.
    pub until: Until,
}
