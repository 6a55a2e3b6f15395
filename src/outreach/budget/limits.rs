//! What Cloudflare gives, by plan, and what Meta allows: dated data, each with its source.
//!
//! Where a source could not be read again for this table it says so.

use jiff::civil::{Date, date};

use super::Resource;
use crate::shop::model::Plan;

/// One limit.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Of what.
    pub resource: Resource,
    /// By which plan.
    pub plan: Plan,
    /// How much of it. On the free plan a day's, which is refused beyond; on the paid plan a
    /// month's, which is charged beyond.
    pub amount: u64,
    /// What a million more cost on the paid plan, in cents.
    pub cents_per_million: Option<u64>,
    /// Known to hold on this day.
    pub as_of: Date,
    /// Who says so.
    pub source: &'static str,
}

const fn free(resource: Resource, amount: u64, as_of: Date, source: &'static str) -> Limit {
    Limit { resource, plan: Plan::Free, amount, cents_per_million: None, as_of, source }
}

const fn paid(
    resource: Resource,
    amount: u64,
    cents: u64,
    as_of: Date,
    source: &'static str,
) -> Limit {
    let cents_per_million = Some(cents);
    Limit { resource, plan: Plan::Paid, amount, cents_per_million, as_of, source }
}

const WORKERS: &str = "Cloudflare, Workers limits and pricing";
const KV: &str = "Cloudflare, Workers KV limits and pricing";
const DESKS: &str = "Cloudflare, Durable Objects limits and pricing";
const ROWS: &str = "Cloudflare, Durable Objects pricing (row numbers not read again since)";

const AUTUMN: Date = date(2026, 11, 1);

/// Every limit that `shopbell budget` compares with.
pub const LIMITS: &[Limit] = &[
    free(Resource::RowsWritten, 100_000, AUTUMN, ROWS),
    free(Resource::RowsRead, 5_000_000, AUTUMN, ROWS),
    free(Resource::DeskRequests, 100_000, AUTUMN, DESKS),
    free(Resource::DeskSeconds, 13_000, AUTUMN, DESKS),
    free(Resource::WorkerRequests, 100_000, AUTUMN, WORKERS),
    free(Resource::KvReads, 100_000, AUTUMN, KV),
    free(Resource::KvWrites, 1_000, AUTUMN, KV),
    paid(Resource::RowsWritten, 50_000_000, 100, AUTUMN, ROWS),
    paid(Resource::RowsRead, 25_000_000_000, 0, AUTUMN, ROWS),
    paid(Resource::DeskRequests, 1_000_000, 15, AUTUMN, DESKS),
    paid(Resource::DeskSeconds, 400_000, 1_250, AUTUMN, DESKS),
    paid(Resource::WorkerRequests, 10_000_000, 30, AUTUMN, WORKERS),
    paid(Resource::KvReads, 10_000_000, 50, AUTUMN, KV),
    paid(Resource::KvWrites, 1_000_000, 500, AUTUMN, KV),
];

/// The paid plan itself, in cents a month (Cloudflare, Workers pricing, November 2026).
pub const PAID_CENTS_A_MONTH: u64 = 500;

/// Memory of an isolate (Cloudflare, Workers limits, November 2026), in thousandths of a GB: what a
/// second of a Durable Object is charged as.
pub const MEMORY_MGB: u64 = 128;

/// The limit of a resource.
#[must_use]
pub fn limit(resource: Resource, plan: Plan) -> Option<&'static Limit> {
    LIMITS.iter().find(|limit| limit.resource == resource && limit.plan == plan)
}
