//! Every table of a Desk and every column: what it is for, how long it stays, what becomes of it
//! when a person is forgotten, when people move to another Desk, and when a shop leaves. A test
//! holds it against the tables there are.
//!
//! The one list: [`super::moving`], [`super::leaving`], `docs/data-map.md` and `GET /privacy` read
//! it.

use super::{bookings, comments, counters, deletions, early, friends, incidents, ledger, notices};
use super::{outbox, parked, runs, seen, spending};
use crate::kept::{Field, Gone, Kind, Until};
use crate::time::DAY;

/// A table.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub kind: Kind,
    /// What it is for.
    pub purpose: &'static str,
    /// How long a row stays.
    pub until: Until,
    /// What becomes of a person's rows when they are forgotten.
    pub gone: Gone,
    /// What becomes of them when people move to another Desk.
    pub moves: Moves,
    /// Whether it goes along when a shop leaves for another deployment.
    pub leaves: Leaves,
    /// How many columns, from the first, tell rows apart.
    pub key: usize,
    /// Its columns, in order.
    pub columns: &'static [Field],
}

/// What becomes of a table's rows when people move to another Desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moves {
    /// Each row goes with its person, whom this column names.
    WithPerson {
        /// The column.
        whose: &'static str,
        /// The first column is a number that each Desk gives out itself.
        numbered: bool,
    },
    /// The first Desk takes over the sums of one that is closed.
    Summed,
    /// In a way of its own: receipts into the chain of the new Desk, what is owed to KV by its key,
    /// tombstones to every Desk, runs and misses of a closed Desk to the first.
    Otherwise,
    /// It stays. Parked events are handed on when the move is over; `seen` is asked for by whoever
    /// has the people now; deletions are asked for by the name of their Desk; what can be booked is
    /// the first Desk's, and so are posters. What a Desk has spent of a day is of that day; what it
    /// was allowed counts at the registrar.
    Stays,
}

/// Whether a table goes along when a shop leaves for another deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaves {
    /// Row by row.
    Along,
    /// As far as the map of facts says.
    SomeFacts,
    /// As what KV will say once it is written.
    AsKv,
    /// It does not: it is about this deployment, or found anew.
    Not,
}

impl Table {
    /// The names of its columns, for a statement.
    #[must_use]
    pub fn column_list(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    /// The names of the columns that tell rows apart, for a statement.
    #[must_use]
    pub fn key_list(&self) -> String {
        let names: Vec<&str> = self.columns.iter().take(self.key).map(|(name, _)| *name).collect();
        names.join(", ")
    }
}

/// The table of this name.
#[must_use]
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

const WITH_PERSON: Moves = Moves::WithPerson { whose: "person", numbered: false };
const NUMBERED: Moves = Moves::WithPerson { whose: "person", numbered: true };

const CHANNEL: Field = ("channel", "Messenger or Instagram");
const PERSON: Field = ("person", "whose: the id that Meta gives a person for this Page");

/// Every table. A new one, or a new column, is a line here.
pub static TABLES: &[Table] = &[
    Table {
        name: "people",
        kind: Kind::Conversation,
        purpose: "Whom the assistant talks with, and how far the conversation is.",
        until: Until::Forgotten,
        gone: Gone::AtOnce,
        moves: Moves::WithPerson { whose: "id", numbered: false },
        leaves: Leaves::Along,
        key: 2,
        columns: &[
            CHANNEL,
            ("id", "the id that Meta gives a person for this Page"),
            ("body", "what is known of them, field by field below"),
        ],
    },
    Table {
        name: "consents",
        kind: Kind::Consents,
        purpose: "Who agreed to be told of what. KV has the record that lasts.",
        until: Until::Forgotten,
        gone: Gone::AtOnce,
        moves: WITH_PERSON,
        leaves: Leaves::Along,
        key: 3,
        columns: &[
            ("topic", "to what"),
            CHANNEL,
            PERSON,
            ("status", "active or stopped"),
            ("token", "what Meta takes in place of a recipient"),
            ("timezone", "their time zone, as Meta told it with the consent"),
            ("granted_at", "when they agreed"),
            ("changed_at", "when that changed last"),
            ("expires_at", "the last day of the token"),
            ("next_eligible_at", "before then Meta takes nothing by the token"),
            ("last_sent_at", "when the last one left, for what was promised"),
            ("frequency", "how often, of tokens of old integrations"),
            ("title", "what they saw when they agreed"),
            ("source", "by what they agreed: a card, a webhook, a list"),
            ("reserved_at", "when the one that is planned and has not left was due"),
            ("last_notification", "which left last"),
            ("last_period", "for which period"),
            ("last_mid", "Meta's id of that message"),
            ("last_left_at", "when"),
            ("last_seen", "whether it was delivered or read"),
            ("listed_in", "which reading of Meta's list last had the token"),
            ("end_told", "the end of the token that a receipt tells of"),
            ("last_variant", "which wording left last"),
            ("last_tapped", "whether they tapped on it"),
        ],
    },
    Table {
        name: "receipts",
        kind: Kind::Receipts,
        purpose: "A chain of commitments to the receipts of consents, so that none can be changed \
                  or left out unseen. It says nothing of anybody.",
        until: Until::Always,
        gone: Gone::NamesNobody,
        moves: Moves::Otherwise,
        leaves: Leaves::Along,
        key: 1,
        columns: &[
            ("seq", "the number of a link"),
            ("at", "when it was written"),
            ("commitment", "the hash of a random salt and the receipt"),
            ("link", "the hash of the link before and this one"),
        ],
    },
    Table {
        name: "receipt_bodies",
        kind: Kind::Receipts,
        purpose: "What each link stands for: what somebody was shown and said, as proof of their \
                  consent.",
        until: Until::ReceiptsMonths,
        gone: Gone::AtOnce,
        moves: Moves::Otherwise,
        leaves: Leaves::Along,
        key: 1,
        columns: &[
            ("seq", "the number of its link"),
            CHANNEL,
            PERSON,
            ("topic", "to what"),
            ("salt", "random, so that a commitment tells nothing by itself"),
            ("body", "what was shown, promised and said, and when"),
        ],
    },
    Table {
        name: "outbox",
        kind: Kind::Messages,
        purpose: "What is to be sent, in order and once, and for some days what was sent: late \
                  echoes and deliveries belong to it.",
        until: Until::after(outbox::KEPT_MS),
        gone: Gone::BeforeDone,
        moves: NUMBERED,
        leaves: Leaves::Along,
        key: 1,
        columns: &[
            ("id", "its number; our echoes carry it"),
            ("class", "a reply, a notification or an answer to a comment"),
            CHANNEL,
            PERSON,
            ("content", "the message"),
            ("state", "queued, sending, sent, retry, refused, unsure, unknown"),
            ("attempts", "how many requests were made"),
            ("unknowns", "how many of them ended in the dark"),
            ("due_at", "from when on it may leave"),
            ("claimed_at", "when its request went out"),
            ("created_at", "when it was put here"),
            ("mid", "Meta's id of it"),
            ("reason", "why it was refused"),
            ("notification", "which notification it is"),
            ("period", "for which period"),
            ("topic", "on which topic"),
            ("expires_at", "from when on it must not leave"),
            ("kind", "what it is where it is no plain answer; about whom, in a word to the owner"),
        ],
    },
    Table {
        name: "ledger",
        kind: Kind::Sent,
        purpose: "Who was sent which notification in which period: so that nobody gets one twice.",
        until: Until::after(ledger::KEPT_MS),
        gone: Gone::AtOnce,
        moves: WITH_PERSON,
        leaves: Leaves::Along,
        key: 4,
        columns: &[
            ("notification", "which"),
            ("period", "in which period"),
            CHANNEL,
            PERSON,
            ("topic", "on which topic"),
            ("at", "when it was decided"),
            ("outcome", "what became of it"),
            ("reason", "why it was held or refused"),
            ("variant", "which wording"),
        ],
    },
    Table {
        name: "places",
        kind: Kind::Sent,
        purpose: "How far somebody is in a sequence: so that nobody goes through one twice.",
        until: Until::Forgotten,
        gone: Gone::AtOnce,
        moves: WITH_PERSON,
        leaves: Leaves::Along,
        key: 3,
        columns: &[
            ("sequence", "which"),
            CHANNEL,
            PERSON,
            ("started_at", "when it began for them"),
            ("step", "which step is next"),
            ("due_at", "when"),
            ("wanted_at", "when it would be due if nothing were in the way"),
            ("told_at", "when the last step left"),
            ("ended", "why it is over for them"),
        ],
    },
    Table {
        name: "notices",
        kind: Kind::Sent,
        purpose: "Who was told what they waited for, by which template: so that nobody is told \
                  twice.",
        until: Until::after(notices::KEPT_MS),
        gone: Gone::AtOnce,
        moves: WITH_PERSON,
        leaves: Leaves::Along,
        key: 4,
        columns: &[
            ("template", "by which template"),
            ("key", "what it is about: an order's number, a booking"),
            CHANNEL,
            PERSON,
            ("at", "when"),
            ("outcome", "what became of it"),
            ("reason", "why it was not sent"),
        ],
    },
    Table {
        name: "nudges",
        kind: Kind::Sent,
        purpose: "Whom to look at before their window closes.",
        until: Until::Done,
        gone: Gone::AtOnce,
        moves: WITH_PERSON,
        leaves: Leaves::Along,
        key: 2,
        columns: &[CHANNEL, PERSON, ("due_at", "when")],
    },
    Table {
        name: "early",
        kind: Kind::Sent,
        purpose: "Deliveries and readings that came while their notification was on its way.",
        until: Until::after(early::KEPT_MS),
        gone: Gone::AtOnce,
        moves: NUMBERED,
        leaves: Leaves::Along,
        key: 1,
        columns: &[
            ("id", "a number"),
            CHANNEL,
            PERSON,
            ("level", "delivered or read"),
            ("mids", "which messages, by Meta's ids"),
            ("covers", "everything up to then"),
            ("at", "when it came"),
        ],
    },
    Table {
        name: "reminders",
        kind: Kind::Answers,
        purpose: "Whom to remind of a form that was left.",
        until: Until::Done,
        gone: Gone::AtOnce,
        moves: WITH_PERSON,
        leaves: Leaves::Along,
        key: 2,
        columns: &[CHANNEL, PERSON, ("due_at", "when")],
    },
    Table {
        name: "bookings",
        kind: Kind::Bookings,
        purpose: "Who comes when: slots that are held for a while, and slots that are booked.",
        until: Until::after(bookings::KEPT_MS),
        gone: Gone::AtOnce,
        moves: Moves::Stays,
        leaves: Leaves::Along,
        key: 1,
        columns: &[
            ("id", "its number"),
            ("form", "the form it was booked with"),
            ("service", "for what"),
            ("resource", "what it takes up"),
            CHANNEL,
            PERSON,
            ("starts_at", "its first moment"),
            ("ends_at", "its end"),
            ("held_until", "held, not booked, until then"),
            ("cancelled_at", "when it was cancelled"),
            ("code", "by what its calendar entry is found"),
            ("note", "what they answered beside it"),
            ("moved", "how often it was moved"),
            ("remind_at", "when they are reminded"),
            ("reminder", "what became of the reminder"),
            ("created_at", "when it was booked"),
        ],
    },
    Table {
        name: "calls",
        kind: Kind::Handover,
        purpose: "Requests that are no messages: to the owner's own server, or about the thread.",
        until: Until::Done,
        gone: Gone::AtOnce,
        moves: NUMBERED,
        leaves: Leaves::Along,
        key: 1,
        columns: &[
            ("id", "its number; receivers know calls by it"),
            ("kind", "what is asked"),
            CHANNEL,
            PERSON,
            ("url", "where, as shop.toml says"),
            ("body", "what is told; the customer's words only with `with_text`"),
            ("due_at", "when it is tried"),
            ("attempts", "how often it was"),
            ("since", "since when it waits"),
        ],
    },
    Table {
        name: "notes",
        kind: Kind::Notes,
        purpose: "What people of the shop noted on somebody.",
        until: Until::Forgotten,
        gone: Gone::AtOnce,
        moves: NUMBERED,
        leaves: Leaves::Along,
        key: 1,
        columns: &[
            ("id", "its number"),
            CHANNEL,
            PERSON,
            ("text", "the note"),
            ("at", "when it was written"),
        ],
    },
    Table {
        name: "misses",
        kind: Kind::Questions,
        purpose: "Questions that found no answer, redacted, where the owner wants to know them.",
        until: Until::MissesDays,
        gone: Gone::NamesNobody,
        moves: Moves::Otherwise,
        leaves: Leaves::Along,
        key: 1,
        columns: &[
            ("id", "its number, used once"),
            ("text", "the words, without addresses, links and numbers"),
            ("lang", "in which language"),
            ("offered", "which answers were offered"),
            ("at", "when"),
            ("until", "until when it may be kept"),
        ],
    },
    Table {
        name: "seen",
        kind: Kind::Handled,
        purpose: "Which events were handled: Meta delivers some again.",
        until: Until::after(seen::KEPT_MS),
        gone: Gone::AtOnce,
        moves: Moves::Stays,
        leaves: Leaves::Along,
        key: 1,
        columns: &[
            ("key", "Meta's id of the event; who and when, where it has none"),
            ("at", "when it was handled"),
        ],
    },
    Table {
        name: "parked",
        kind: Kind::Messages,
        purpose: "Events that could not be handled yet.",
        until: Until::after(parked::KEPT_MS),
        gone: Gone::AtOnce,
        moves: Moves::Stays,
        leaves: Leaves::Along,
        key: 1,
        columns: &[
            ("key", "the event's"),
            ("event", "the event as Meta sent it, with its words"),
            ("why", "what it waits for"),
            ("at", "since when"),
            ("attempts", "how often it was tried"),
            ("retry_at", "when it is tried next"),
        ],
    },
    Table {
        name: "tombstones",
        kind: Kind::Forgotten,
        purpose: "That somebody was forgotten: nothing older may bring them back.",
        until: Until::Always,
        gone: Gone::HashStays,
        moves: Moves::Otherwise,
        leaves: Leaves::Along,
        key: 1,
        columns: &[
            ("person", "a keyed hash: without the key it tells nobody who"),
            ("at", "when they were forgotten"),
        ],
    },
    Table {
        name: "deletions",
        kind: Kind::Forgotten,
        purpose: "How far a deletion is, for whoever asks by its code.",
        until: Until::after(deletions::KEPT_MS),
        gone: Gone::BeforeDone,
        moves: Moves::Stays,
        leaves: Leaves::Along,
        key: 2,
        columns: &[
            ("code", "random; it says nothing of anybody"),
            CHANNEL,
            ("person", "whose; emptied when all is gone"),
            ("erased_at", "when the rows went"),
            ("swept", "whether KV was searched"),
            ("done_at", "when all was gone"),
        ],
    },
    Table {
        name: "runs",
        kind: Kind::Running,
        purpose: "How far a notification has come in a period.",
        until: Until::after(runs::KEPT_MS),
        gone: Gone::BeforeDone,
        moves: Moves::Otherwise,
        leaves: Leaves::Along,
        key: 3,
        columns: &[
            ("notification", "which"),
            ("period", "for which period"),
            ("zone", "in which time zone"),
            ("due_at", "when it was due"),
            ("done", "whether everybody was planned"),
            ("cursor", "the last person planned; emptied when they are forgotten"),
            ("queued", "for how many it was put into the outbox"),
            ("held", "for how many it was held"),
            ("hash", "of what was planned"),
            ("dropped", "why it ended before its people"),
            ("unreached", "how many it had not come to"),
        ],
    },
    Table {
        name: "counters",
        kind: Kind::Figures,
        purpose: "How often things happened, by day.",
        until: Until::after(counters::KEPT_MS),
        gone: Gone::NamesNobody,
        moves: Moves::Summed,
        leaves: Leaves::Along,
        key: 2,
        columns: &[("day", "which day"), ("name", "what happened"), ("n", "how often")],
    },
    Table {
        name: "tallies",
        kind: Kind::Figures,
        purpose: "What came of a notification after it left, counted.",
        until: Until::after(400 * DAY),
        gone: Gone::NamesNobody,
        moves: Moves::Summed,
        leaves: Leaves::Along,
        key: 3,
        columns: &[
            ("notification", "which"),
            ("period", "for which period"),
            ("name", "delivered, read, tapped, stopped; of which wording"),
            ("n", "how often"),
        ],
    },
    Table {
        name: "funnel",
        kind: Kind::Figures,
        purpose: "What brought people and how far they went, by the shop's day.",
        until: Until::after(400 * DAY),
        gone: Gone::NamesNobody,
        moves: Moves::Summed,
        leaves: Leaves::Along,
        key: 4,
        columns: &[
            ("day", "which day"),
            ("source", "which poster, link or ad"),
            ("topic", "which topic"),
            ("stage", "how far"),
            ("n", "how many"),
        ],
    },
    Table {
        name: "comments",
        kind: Kind::Sent,
        purpose: "Comments that were answered privately, each person once under each post. Nobody is \
                  named; a comment's own id goes after eight days.",
        until: Until::after(comments::KEPT_MS),
        gone: Gone::NamesNobody,
        moves: Moves::Stays,
        leaves: Leaves::Along,
        key: 2,
        columns: &[
            ("who", "a keyed hash of who wrote it"),
            ("post", "under which post"),
            CHANNEL,
            ("comment", "its id"),
            ("rule", "which rule fits"),
            ("at", "when it came"),
            ("row", "the private reply's number in the outbox"),
            ("state", "what became of it"),
            ("reason", "why it was refused"),
            ("found", "whether it is known who got it"),
        ],
    },
    Table {
        name: "comment_requests",
        kind: Kind::Running,
        purpose: "Requests for private replies in the last hour: Meta takes so many.",
        until: Until::Days(1),
        gone: Gone::NamesNobody,
        moves: Moves::Stays,
        leaves: Leaves::Not,
        key: 1,
        columns: &[("at", "when")],
    },
    Table {
        name: "shares",
        kind: Kind::Origin,
        purpose: "Whose link for friends has which code.",
        until: Until::Forgotten,
        gone: Gone::AtOnce,
        moves: WITH_PERSON,
        leaves: Leaves::Along,
        key: 1,
        columns: &[("code", "in the link"), CHANNEL, PERSON],
    },
    Table {
        name: "credits",
        kind: Kind::Origin,
        purpose: "Which friends somebody brought, each by a keyed hash: so that none counts twice.",
        until: Until::after(friends::KEPT_MS),
        gone: Gone::AtOnce,
        moves: WITH_PERSON,
        leaves: Leaves::Along,
        key: 3,
        columns: &[
            CHANNEL,
            PERSON,
            ("friend", "a keyed hash of the friend"),
            ("at", "when they came"),
            ("counted", "whether they counted"),
        ],
    },
    Table {
        name: "coupon_codes",
        kind: Kind::Figures,
        purpose: "The codes of coupons that were given, of nobody, at the Page's first Desk: each is \
                  redeemed once.",
        until: Until::after(400 * DAY),
        gone: Gone::NamesNobody,
        moves: Moves::Stays,
        leaves: Leaves::Along,
        key: 1,
        columns: &[
            ("code", "as the person has it"),
            ("coupon", "of which coupon"),
            ("source", "what brought whoever got it"),
            ("topic", "for agreeing to which topic"),
            ("issued_at", "when it was given"),
            ("until", "its last moment"),
            ("redeemed_at", "when it was redeemed"),
            ("redeemed_by", "at which till"),
            ("told", "whether the person's Desk has heard of that"),
        ],
    },
    Table {
        name: "coupon_sums",
        kind: Kind::Figures,
        purpose: "How many codes of a coupon were given and redeemed, for good.",
        until: Until::Always,
        gone: Gone::NamesNobody,
        moves: Moves::Stays,
        leaves: Leaves::Along,
        key: 1,
        columns: &[
            ("coupon", "which"),
            ("issued", "how many were given"),
            ("redeemed", "how many were redeemed"),
        ],
    },
    Table {
        name: "coupon_holders",
        kind: Kind::Sent,
        purpose: "Whose a code is, at the Desk of that person.",
        until: Until::Forgotten,
        gone: Gone::AtOnce,
        moves: WITH_PERSON,
        leaves: Leaves::Along,
        key: 1,
        columns: &[("code", "which code"), CHANNEL, PERSON, ("at", "since when")],
    },
    Table {
        name: "coupon_orders",
        kind: Kind::Sent,
        purpose: "Codes that the Page's first Desk has not entered yet.",
        until: Until::Done,
        gone: Gone::AtOnce,
        moves: WITH_PERSON,
        leaves: Leaves::Along,
        key: 3,
        columns: &[
            ("coupon", "of which coupon"),
            CHANNEL,
            PERSON,
            ("occasion", "for what"),
            ("code", "which code"),
            ("source", "what brought them"),
            ("topic", "for agreeing to which topic"),
            ("at", "since when"),
            ("until", "its last moment"),
            ("says", "whether they are told of it"),
            ("state", "how far it is"),
        ],
    },
    Table {
        name: "tills",
        kind: Kind::Owners,
        purpose: "Who of the shop may redeem codes.",
        until: Until::Replaced,
        gone: Gone::NamesNobody,
        moves: Moves::Stays,
        leaves: Leaves::Along,
        key: 1,
        columns: &[
            ("id", "the till's"),
            ("name", "what it is called"),
            ("key", "the hash of what is signed in with"),
            ("made_at", "since when"),
            ("revoked_at", "until when"),
            ("wrong", "how many wrong codes were tried lately"),
            ("wrong_at", "when"),
        ],
    },
    Table {
        name: "posters",
        kind: Kind::Owners,
        purpose: "Posters that were made or aimed without shop.toml.",
        until: Until::Replaced,
        gone: Gone::NamesNobody,
        moves: Moves::Stays,
        leaves: Leaves::Along,
        key: 1,
        columns: &[
            ("code", "as printed"),
            ("body", "where it leads and what it does"),
            ("changed_at", "when it was changed last"),
        ],
    },
    Table {
        name: "spending",
        kind: Kind::Figures,
        purpose: "Paid messages and what they cost at most, for the cap of a day. No person is \
                  named.",
        until: Until::after(spending::KEPT_MS),
        gone: Gone::NamesNobody,
        moves: Moves::Stays,
        leaves: Leaves::Along,
        key: 1,
        columns: &[
            ("row", "its number in the outbox"),
            ("day", "the day it counts for"),
            ("parts", "what it costs at most"),
            ("state", "open, sent or unknown"),
            ("notification", "of which notification"),
            ("period", "for which period"),
            ("tracking", "by what Meta tells of it"),
            ("at", "when it was claimed"),
        ],
    },
    Table {
        name: "spending_days",
        kind: Kind::Figures,
        purpose: "What was spent of each day, or may have been.",
        until: Until::after(spending::KEPT_MS),
        gone: Gone::NamesNobody,
        moves: Moves::Stays,
        leaves: Leaves::Along,
        key: 1,
        columns: &[("day", "which day"), ("parts", "how much")],
    },
    Table {
        name: "allowances",
        kind: Kind::Figures,
        purpose: "What the first Desk of a Page lets the others spend of a day.",
        until: Until::after(spending::KEPT_MS),
        gone: Gone::NamesNobody,
        moves: Moves::Stays,
        leaves: Leaves::Along,
        key: 1,
        columns: &[("id", "the question's name"), ("day", "of which day"), ("parts", "how much")],
    },
    Table {
        name: "templates",
        kind: Kind::Owners,
        purpose: "Utility templates as Meta keeps them.",
        until: Until::Replaced,
        gone: Gone::NamesNobody,
        moves: Moves::Stays,
        leaves: Leaves::Along,
        key: 2,
        columns: &[
            ("name", "its name at Meta"),
            ("language", "its language"),
            ("status", "whether it is approved"),
            ("category", "what Meta takes it for"),
            ("reason", "why it was refused"),
        ],
    },
    Table {
        name: "kv_queue",
        kind: Kind::Running,
        purpose: "Writes that are owed to KV: the newest value of each key.",
        until: Until::Done,
        gone: Gone::BeforeDone,
        moves: Moves::Otherwise,
        leaves: Leaves::AsKv,
        key: 1,
        columns: &[
            ("key", "the key in KV"),
            ("value", "its value; none deletes"),
            ("version", "how often it was set while it waited"),
            ("attempts", "how often KV refused it"),
            ("due_at", "when it is tried next"),
            ("refused_at", "since when KV refuses it"),
        ],
    },
    Table {
        name: "meta_tokens",
        kind: Kind::Consents,
        purpose: "Lines of Meta's own list of tokens that are none of ours, while it is read.",
        until: Until::Done,
        gone: Gone::AtOnce,
        moves: Moves::Stays,
        leaves: Leaves::Not,
        key: 2,
        columns: &[
            PERSON,
            ("token", "the token"),
            ("title", "what they saw"),
            ("timezone", "their time zone"),
            ("created_at", "since when"),
            ("expires_at", "its last day"),
            ("next_eligible_at", "before then Meta takes nothing"),
            ("stopped", "whether they said stop"),
        ],
    },
    Table {
        name: "incidents",
        kind: Kind::Running,
        purpose: "What the owner is told of: the Page is halted, KV takes nothing.",
        until: Until::after(incidents::KEPT_MS),
        gone: Gone::NamesNobody,
        moves: Moves::Stays,
        leaves: Leaves::Not,
        key: 2,
        columns: &[
            ("kind", "what"),
            ("since", "since when"),
            ("until", "until when"),
            ("says", "in words"),
        ],
    },
    Table {
        name: "timers",
        kind: Kind::Running,
        purpose: "What has to happen later.",
        until: Until::Done,
        gone: Gone::NamesNobody,
        moves: Moves::Stays,
        leaves: Leaves::Not,
        key: 1,
        columns: &[("name", "what"), ("due_at", "when")],
    },
    Table {
        name: "facts",
        kind: Kind::Running,
        purpose: "What holds for the whole Desk, by name, below.",
        until: Until::Replaced,
        gone: Gone::NamesNobody,
        moves: Moves::Stays,
        leaves: Leaves::SomeFacts,
        key: 1,
        columns: &[("name", "which"), ("value", "what")],
    },
    Table {
        name: "schema_version",
        kind: Kind::Running,
        purpose: "Which layout these tables have.",
        until: Until::Always,
        gone: Gone::NamesNobody,
        moves: Moves::Stays,
        leaves: Leaves::Not,
        key: 1,
        columns: &[("version", "the number of the last migration")],
    },
];

/// A fact: a row of the table `facts`.
#[derive(Debug)]
pub struct Fact {
    /// Its name, or with a blank or a colon at the end what names begin with.
    pub name: &'static str,
    /// What it says.
    pub says: &'static str,
    /// Whether it goes along when a shop leaves.
    pub leaves: bool,
}

const fn fact(name: &'static str, says: &'static str, leaves: bool) -> Fact {
    Fact { name, says, leaves }
}

/// Every fact. A new one is a line here.
pub static FACTS: &[Fact] = &[
    fact("name", "which Desk this is", false),
    fact("layout", "how the Page's people are divided among its Desks", false),
    fact("layout_untold", "not every Desk knows the newest layout", false),
    fact("carrying", "people are on their way to other Desks, in which epoch", false),
    fact("handed_over", "the Desk is closed, and what it counted handed on: in which epoch", false),
    fact("moving_cursor", "how far people are carried, while they are", false),
    fact("took over ", "a Desk that was closed handed on what it counted", false),
    fact("still", "the Desk stands still while its data is carried away or in", false),
    fact("import", "how far an import has come, or which one was the last", false),
    fact("page_hold", "Meta takes nothing from the Page until then, and why", false),
    fact("planned_at", "when notifications were last looked at", true),
    fact("marketing", "whether paid messages are proved, and their campaign", true),
    fact("allowance_wanted", "paid messages wait for what the first Desk allows", false),
    fact("templates_looked_at", "when Meta was last asked about templates", false),
    fact("reconcile", "how far a reading of Meta's list of tokens is", false),
    fact("reconciled", "how the last reading of Meta's list ended", false),
    fact("public:", "which answer under a post is next, for each rule", true),
    fact("comment_turn", "when the next private reply may leave", false),
    fact("comment_hold", "Meta takes no private replies until then", false),
    fact("coupon_ground", "what codes are made of, for each coupon", true),
    fact("coupon_wrong", "how many wrong codes were tried lately", false),
    fact("checkup", "how far a look at everything that the shop needs is", false),
    fact("checked", "how the last one ended, and when the next is due", false),
    fact("ticked", "when the cron trigger last came", false),
    fact("kv_paid", "KV took more on a day than the free plan gives", false),
    fact("others_see", "what the Page's other Desks see", false),
    fact("told_first", "what this Desk told the first one", false),
];

/// The fact of this name.
#[must_use]
pub fn fact_of(name: &str) -> Option<&'static Fact> {
    FACTS.iter().find(|fact| match fact.name.ends_with([' ', ':']) {
        true => name.starts_with(fact.name),
        false => name == fact.name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::native::Sqlite;
    use crate::store::{Sql, params, schema};

    fn desk() -> Sqlite {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        sql
    }

    fn texts(sql: &Sqlite, query: &str) -> Vec<String> {
        let rows = sql.query(query, params![]).unwrap();
        rows.iter().map(|row| row[0].text().unwrap().to_owned()).collect()
    }

    #[test]
    fn every_table_and_every_column_is_on_the_map() {
        let sql = desk();
        let there = texts(
            &sql,
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'
             ORDER BY name",
        );
        let mut known: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
        known.sort_unstable();
        assert_eq!(
            there, known,
            "what is a new table for, how long does it stay, and what becomes of it when somebody is \
             forgotten, moves or leaves? Say so in src/store/map.rs"
        );
        for table in TABLES {
            let columns =
                texts(&sql, &format!("SELECT name FROM pragma_table_info('{}')", table.name));
            let known: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
            assert_eq!(
                columns, known,
                "table {}: say in src/store/map.rs what it holds",
                table.name
            );
            assert!(table.columns.iter().all(|(_, says)| !says.is_empty()), "{}", table.name);
            assert!(table.purpose.ends_with('.'), "{}", table.name);
        }
    }

    #[test]
    fn the_first_columns_tell_rows_apart() {
        let sql = desk();
        for table in TABLES.iter().filter(|table| table.leaves != Leaves::Not) {
            let keys = texts(
                &sql,
                &format!(
                    "SELECT name FROM pragma_table_info('{}') WHERE pk > 0 ORDER BY pk",
                    table.name
                ),
            );
            assert_eq!(keys.join(", "), table.key_list(), "{}", table.name);
        }
    }

    /// A row that holds the person wherever a column names one.
    fn fill(sql: &Sqlite, table: &Table, person: &str) {
        let value = |(name, _): &Field| match (*name, table.name) {
            ("channel", _) => "'messenger'".to_owned(),
            ("id", "people") => format!("'{person}'"),
            ("person", "tombstones") => "'a hash'".to_owned(),
            ("person", _) => format!("'{person}'"),
            ("key", "seen") => format!("'mr:1:{person}:5'"),
            ("event", "parked") => format!(
                "'{{\"channel\":\"messenger\",\"person\":\"{person}\",\"at\":1,\"text\":\"{person}\"}}'"
            ),
            ("cursor", "runs") => format!("'messenger/{person}'"),
            ("done" | "swept", _) => "1".to_owned(),
            ("key", "kv_queue") => format!("'subscription:1:{person}:lunch'"),
            ("value", "kv_queue") => "NULL".to_owned(),
            ("done_at" | "retry_at" | "held_until", _) => "NULL".to_owned(),
            ("state", "outbox") => "'sent'".to_owned(),
            _ => "1".to_owned(),
        };
        let values: Vec<String> = table.columns.iter().map(value).collect();
        let text = format!("INSERT INTO {} VALUES ({})", table.name, values.join(", "));
        sql.execute(&text, params![]).unwrap();
    }

    fn rows_that_name(sql: &Sqlite, table: &Table, person: &str) -> usize {
        let rows = sql.query(&format!("SELECT * FROM {}", table.name), params![]).unwrap();
        let named = rows.iter().filter(|row| {
            row.iter().any(|value| value.text().is_some_and(|text| text.contains(person)))
        });
        named.count()
    }

    /// What the map says of forgetting is what forgetting does, table by table.
    #[test]
    fn what_the_map_says_is_gone_is_gone() {
        use crate::meta::event::Channel;
        use crate::meta::ids::{DeletionCode, PageId, Psid};
        use crate::store::{deletions, kv_queue, people};
        use crate::time::UnixMs;
        let (sql, now) = (desk(), UnixMs::new(1_795_000_000_000));
        let (person, page) = (Psid::new("777000111").unwrap(), PageId::new("1").unwrap());
        let desks = ["schema_version", "facts", "deletions", "timers"];
        for table in TABLES.iter().filter(|table| !desks.contains(&table.name)) {
            fill(&sql, table, person.as_str());
        }
        let named = |table: &Table| rows_that_name(&sql, table, person.as_str());
        for table in TABLES {
            let names_somebody = named(table) > 0;
            match table.gone {
                Gone::AtOnce => assert!(names_somebody, "{} names whom?", table.name),
                Gone::NamesNobody | Gone::HashStays => {
                    assert!(!names_somebody, "{} names somebody", table.name);
                }
                Gone::BeforeDone => {}
            }
        }
        let code = DeletionCode::new("0123456789abcdef").unwrap();
        people::erase(&sql, Channel::Messenger, &person, "a hash", now).unwrap();
        deletions::begin(&sql, &code, Channel::Messenger, &person, now).unwrap();
        for table in TABLES.iter().filter(|table| table.gone == Gone::AtOnce) {
            assert_eq!(named(table), 0, "{} is to be emptied at once", table.name);
        }
        for owed in kv_queue::due(&sql, now, 10).unwrap() {
            kv_queue::settle(&sql, &owed, true, now).unwrap();
        }
        deletions::swept(&sql, &code).unwrap();
        let open = deletions::open(&sql).unwrap().remove(0);
        assert!(deletions::end(&sql, &page, &open, now).unwrap());
        for table in TABLES {
            assert_eq!(named(table), 0, "{} still names them", table.name);
        }
    }

    /// Every `.rs` file of the library.
    fn sources(folder: &std::path::Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let texts = entries.flat_map(|path| match path.extension() {
            _ if path.is_dir() => sources(&path),
            Some(ext) if ext == "rs" => vec![std::fs::read_to_string(&path).unwrap()],
            _ => Vec::new(),
        });
        texts.collect()
    }

    /// What is written as a fact is named by a constant of its file; each has to be on the map.
    #[test]
    fn every_fact_that_is_written_is_on_the_map() {
        let mut found = 0;
        for text in sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            for call in text.split("facts::set(").skip(1) {
                let name = call.split(',').nth(1).unwrap().trim();
                let constant = format!("const {name}: &str = \"");
                let Some((_, value)) = text.split_once(&constant) else { continue };
                let value = value.split('"').next().unwrap();
                assert!(
                    fact_of(value).is_some(),
                    "say in src/store/map.rs what the fact {value} is"
                );
                found += 1;
            }
        }
        assert!(found >= 12, "only {found} facts were found in the sources");
    }

    #[test]
    fn facts_are_found_by_name_and_by_their_beginning() {
        assert!(fact_of("planned_at").unwrap().leaves);
        assert_eq!(fact_of("took over 1:3, epoch 2").unwrap().name, "took over ");
        assert!(fact_of("took").is_none() && fact_of("unheard").is_none());
    }
}
