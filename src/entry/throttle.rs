//! How often something is done for one address, or for all of them together.

use std::collections::HashMap;
use std::net::IpAddr;

use sha2::{Digest, Sha256};

use crate::time::UnixMs;

/// Addresses that are remembered.
const MOST_ADDRESSES: usize = 4_096;

/// How often something is done.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// So often at once.
    pub at_once: i64,
    /// After that, once in this time, in ms.
    pub one_every_ms: i64,
}

/// What is left of an allowance.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    of: Allowance,
    left: i64,
    since: UnixMs,
}

impl Left {
    /// All of it.
    #[must_use]
    pub const fn all(of: Allowance) -> Self {
        Self { of, left: of.at_once, since: UnixMs::new(0) }
    }

    /// Whether there is one more; it is taken.
    pub fn takes(&mut self, now: UnixMs) -> bool {
        *self = self.at(now);
        if self.left <= 0 {
            return false;
        }
        if self.left == self.of.at_once {
            self.since = now;
        }
        self.left = self.left.saturating_sub(1);
        true
    }

    /// One that was taken counts as not taken.
    pub fn gives_back(&mut self) {
        self.left = self.left.saturating_add(1).min(self.of.at_once);
    }

    fn at(self, now: UnixMs) -> Self {
        let every = self.of.one_every_ms;
        let more = now.since(self.since).max(0).checked_div(every).unwrap_or(0);
        let left = self.left.saturating_add(more).min(self.of.at_once);
        Self { left, since: self.since.plus(more.saturating_mul(every)), ..self }
    }

    fn is_whole(self, now: UnixMs) -> bool {
        self.at(now).left == self.of.at_once
    }
}

/// What each address has left of an allowance. It lives in memory only, knows addresses by a hash with
/// a salt that nobody else has, and forgets them when they have been quiet.
#[derive(Debug)]
pub struct Throttle {
    each: Allowance,
    salt: [u8; 16],
    addresses: HashMap<u64, Left>,
}

impl Throttle {
    /// With a salt of its own.
    #[must_use]
    pub fn new(each: Allowance, salt: [u8; 16]) -> Self {
        Self { each, salt, addresses: HashMap::new() }
    }

    /// Whether this address has one more; it is taken. Where there is no address all have.
    pub fn takes(&mut self, address: &str, now: UnixMs) -> bool {
        let Some(name) = self.name(address) else { return true };
        if self.addresses.len() >= MOST_ADDRESSES && !self.addresses.contains_key(&name) {
            self.addresses.retain(|_, left| !left.is_whole(now));
            if self.addresses.len() >= MOST_ADDRESSES {
                // So many busy addresses at a time are no shop's: better to forget than to grow.
                self.addresses.clear();
            }
        }
        self.addresses.entry(name).or_insert(Left::all(self.each)).takes(now)
    }

    /// One that this address took counts as not taken.
    pub fn gives_back(&mut self, address: &str) {
        let left = self.name(address).and_then(|name| self.addresses.get_mut(&name));
        if let Some(left) = left {
            left.gives_back();
        }
    }

    /// The hash of an address. Of IPv6 the first half: the rest is one phone's of many.
    fn name(&self, address: &str) -> Option<u64> {
        let hash = Sha256::new_with_prefix(self.salt);
        let hash = match address.trim().parse::<IpAddr>().ok()? {
            IpAddr::V4(address) => hash.chain_update(address.octets()),
            IpAddr::V6(address) => hash.chain_update(address.octets().get(..8)?),
        };
        let digest = hash.finalize();
        digest.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::scan::COUNTED;

    const NOW: UnixMs = UnixMs::new(1_795_000_000_000);

    #[test]
    fn an_address_has_so_many_scans_at_once_and_then_one_every_two_seconds() {
        let mut throttle = Throttle::new(COUNTED, [1; 16]);
        let mut counted = |address: &str, n: usize, now: UnixMs| {
            (0..n).filter(|_| throttle.takes(address, now)).count()
        };
        assert_eq!(counted("203.0.113.9", 2_000, NOW), 600);
        assert_eq!(counted("203.0.113.9", 10, NOW.plus(1_999)), 0);
        assert_eq!(counted("203.0.113.9", 10, NOW.plus(4_100)), 2);
        assert_eq!(counted("203.0.113.9", 10, NOW.plus(5_900)), 0);
        assert_eq!(counted("203.0.113.9", 10, NOW.plus(6_000)), 1, "the rest of the time is kept");
        assert_eq!(counted("203.0.113.10", 5, NOW), 5, "another address");
        assert_eq!(counted("203.0.113.9", 2_000, NOW.plus(3_600_000)), 600);
        // One household's phones, whatever the second half of their addresses.
        assert_eq!(counted("2001:db8:1:2::1", 400, NOW), 400);
        assert_eq!(counted("2001:db8:1:2:ffff::9", 400, NOW), 200);
        assert_eq!(counted("2001:db8:1:3::1", 400, NOW), 400);
        // Without an address nobody is one.
        for none in ["", "unknown", "999.1.1.1"] {
            assert_eq!(counted(none, 2_000, NOW), 2_000);
        }
    }

    #[test]
    fn many_addresses_do_not_fill_the_memory() {
        let mut throttle = Throttle::new(COUNTED, [2; 16]);
        for n in 0..20_000_u32 {
            let address = std::net::Ipv4Addr::from(n).to_string();
            assert!(throttle.takes(&address, NOW));
        }
        assert!(throttle.addresses.len() <= MOST_ADDRESSES);
    }

    #[test]
    fn what_is_given_back_was_never_taken() {
        let few = Allowance { at_once: 3, one_every_ms: 5_000 };
        let mut throttle = Throttle::new(few, [3; 16]);
        let address = "203.0.113.9";
        for _ in 0..100 {
            assert!(throttle.takes(address, NOW));
            throttle.gives_back(address);
        }
        let taken = (0..10).filter(|_| throttle.takes(address, NOW)).count();
        assert_eq!(taken, 3);
        // Nobody gets more than there is.
        (0..10).for_each(|_| throttle.gives_back(address));
        let taken = (0..10).filter(|_| throttle.takes(address, NOW)).count();
        assert_eq!(taken, 3);
        throttle.gives_back("203.0.113.10");
        throttle.gives_back("unknown");
    }
}
