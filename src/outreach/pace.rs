//! How fast notifications leave. Each Desk of a Page has its part of the Page's pace, so that
//! none has to ask another before it sends.

use crate::meta::limits::SENDS_PER_SECOND;
use crate::time::{SECOND, UnixMs};

/// Thousandths of a message: what a bucket holds.
const ONE: i64 = 1_000;

/// What may leave now: fills up with time, to a tenth of a second's worth at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    held: i64,
    filled_at: UnixMs,
}

impl Bucket {
    /// Full, as of a moment.
    #[must_use]
    pub const fn full(now: UnixMs) -> Self {
        Self { held: i64::MAX, filled_at: now }
    }

    /// How many may leave now, when `per_second` may in all.
    pub fn room(&mut self, per_second: u32, now: UnixMs) -> u32 {
        let rate = i64::from(per_second.max(1));
        // At least one, or a slow pace would never let any go.
        let most = rate.saturating_mul(ONE).saturating_div(10).max(ONE);
        let passed = now.since(self.filled_at).clamp(0, SECOND);
        self.held = self.held.min(most).saturating_add(passed.saturating_mul(rate)).min(most);
        self.filled_at = now;
        u32::try_from(self.held.max(0).saturating_div(ONE)).unwrap_or(0)
    }

    /// How long until one more may leave, in ms.
    #[must_use]
    pub fn wait(&self, per_second: u32) -> i64 {
        let missing = ONE.saturating_sub(self.held).max(0);
        let rate = i64::from(per_second.max(1));
        missing.saturating_add(rate - 1).checked_div(rate).unwrap_or(SECOND)
    }

    /// Some of them leave.
    pub fn take(&mut self, messages: u32) {
        self.held = self.held.saturating_sub(i64::from(messages).saturating_mul(ONE));
    }
}

/// Notifications never take all of what Meta takes of a Page in a second: answers count, too, and
/// so does what a bucket lets go at once.
const MOST: u32 = SENDS_PER_SECOND - SENDS_PER_SECOND / 10;

/// A Desk's part of the pace of its Page, at least one a second.
#[must_use]
pub fn part(per_second: u32, shards: u32) -> u32 {
    let per_second = per_second.min(MOST);
    per_second.checked_div(shards.max(1)).unwrap_or(per_second).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many leave in a stretch of time, asked for every few milliseconds.
    fn in_time(per_second: u32, ms: i64, every: i64) -> u32 {
        let start = UnixMs::new(1_000_000);
        let mut bucket = Bucket::full(start);
        let mut left = 0;
        for at in (0..ms).step_by(usize::try_from(every).unwrap()) {
            let room = bucket.room(per_second, start.plus(at));
            bucket.take(room);
            left += room;
        }
        left
    }

    #[test]
    fn never_more_leave_than_the_pace_however_often_it_is_asked() {
        for (per_second, every) in [(300, 1), (300, 7), (40, 3), (40, 50), (4, 10), (1, 100)] {
            let burst = (per_second / 10).max(1);
            let left = in_time(per_second, 10_000, every);
            assert!(left <= 10 * per_second + burst, "{per_second} every {every}: {left}");
            assert!(left + burst + 1 >= 10 * per_second, "{per_second} every {every}: {left}");
        }
    }

    #[test]
    fn after_the_wait_one_may_leave_and_not_before() {
        for per_second in [1, 3, 30, 300] {
            let mut bucket = Bucket::full(UnixMs::new(0));
            let mut now = UnixMs::new(0);
            for _ in 0..40 {
                let room = bucket.room(per_second, now);
                bucket.take(room);
                let wait = bucket.wait(per_second);
                assert!(wait > 0, "{per_second}");
                assert_eq!(bucket.room(per_second, now.plus(wait - 1)), 0, "{per_second}");
                now = now.plus(wait);
                assert_eq!(bucket.room(per_second, now), 1, "{per_second}");
            }
        }
    }

    #[test]
    fn a_clock_that_goes_back_or_leaps_lets_no_flood_through() {
        let mut bucket = Bucket::full(UnixMs::new(1_000_000));
        let room = bucket.room(100, UnixMs::new(1_000_000));
        bucket.take(room);
        assert_eq!(bucket.room(100, UnixMs::new(900_000)), 0);
        assert_eq!(bucket.room(100, UnixMs::new(900_000_000)), 10);
    }

    #[test]
    fn the_parts_of_all_desks_are_never_more_than_the_pace() {
        for shards in [1, 3, 8, 40] {
            assert!(part(300, shards) * shards <= 300);
        }
        assert_eq!(part(40, 64), 1);
    }
}
