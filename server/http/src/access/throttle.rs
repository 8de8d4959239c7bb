//! How often an address may come with a wrong token.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Failures of one address in one window that are answered as such.
const FAILURES: u32 = 100;
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses remembered at once; when there are more, the one that began first is forgotten.
const ADDRESSES: usize = 4_096;

/// Counts failures by address. Who has a right token is never asked to wait.
#[derive(Default)]
pub(super) struct Throttle(Mutex<HashMap<IpAddr, Failures>>);

struct Failures {
    began: Instant,
    count: u32,
}

impl Throttle {
    /// Counts a failure; how many seconds to wait when there have been too many.
    pub(super) fn failed(&self, address: IpAddr) -> Option<u16> {
        self.failed_at(address, Instant::now())
    }

    fn failed_at(&self, address: IpAddr, now: Instant) -> Option<u16> {
        let address = household(address);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= ADDRESSES && !known.contains_key(&address) {
            known.retain(|_, failures| now.duration_since(failures.began) < WINDOW);
            let oldest = known.iter().min_by_key(|(_, failures)| failures.began).map(|(address, _)| *address);
            if let Some(oldest) = oldest.filter(|_| known.len() >= ADDRESSES) {
                known.remove(&oldest);
            }
        }
        let failures = known.entry(address).or_insert(Failures { began: now, count: 0 });
        if now.duration_since(failures.began) >= WINDOW {
            *failures = Failures { began: now, count: 0 };
        }
        failures.count = failures.count.saturating_add(1);
        let left = WINDOW.saturating_sub(now.duration_since(failures.began));
        (failures.count > FAILURES).then(|| u16::try_from(left.as_secs()).unwrap_or(u16::MAX).max(1))
    }
}

/// Whoever has one address of version 6 has all that share its first half.
fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_waits_after_a_hundred_failures_and_others_do_not() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        assert!((0..100).all(|_| throttle.failed_at(one, now).is_none()));
        assert_eq!(throttle.failed_at(one, now + Duration::from_secs(20)), Some(40));
        assert_eq!(throttle.failed_at(other, now), None);
        assert_eq!(throttle.failed_at(one, now + WINDOW), None);
    }

    #[test]
    fn what_is_remembered_has_an_end() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for number in 0..3 * ADDRESSES as u32 {
            throttle.failed_at(IpAddr::from(number.to_be_bytes()), now);
        }
        assert!(throttle.0.lock().expect("free").len() <= ADDRESSES);
        let half: Vec<IpAddr> = ["2001:db8::1", "2001:db8::ffff:1"]
            .iter()
            .map(|text| household(text.parse().expect("one")))
            .collect();
        assert_eq!(half[0], half[1]);
    }
}
