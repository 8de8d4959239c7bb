//! How often something is tried again, and how long between.

use std::thread;
use std::time::Duration;

use super::fault::{HubFault, HubFaultKind};

/// Attempts at one request.
const MOST: u32 = 5;
const MOST_IN_HASTE: u32 = 2;
/// The longest pause after the first attempt; it doubles with each that follows.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// A Hub that asks for more than this is left to the next sync.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// Does something again while it fails in a way that passes by itself, a few times.
///
/// # Errors
/// The last one.
pub(crate) fn patiently<T>(work: impl FnMut() -> Result<T, HubFault>) -> Result<T, HubFault> {
    again(MOST, work)
}

/// The same for somebody who waits for the answer, and can do without it: once more, and soon.
///
/// # Errors
/// The last one.
pub(crate) fn hastily<T>(work: impl FnMut() -> Result<T, HubFault>) -> Result<T, HubFault> {
    again(MOST_IN_HASTE, work)
}

fn again<T>(most: u32, mut work: impl FnMut() -> Result<T, HubFault>) -> Result<T, HubFault> {
    let mut attempt = 0;
    loop {
        let fault = match work() {
            Ok(done) => return Ok(done),
            Err(fault) => fault,
        };
        attempt += 1;
        let asked = fault.retry_after.unwrap_or_default();
        if fault.kind != HubFaultKind::Away || attempt >= most || asked > LONGEST_ASKED {
            return Err(fault);
        }
        tracing::debug!(%fault, attempt, "the Hub is asked again");
        pause(attempt, asked);
    }
}

/// Waits as long as is asked for, and a random part of a growing time: many clients do not come back together.
pub(crate) fn pause(attempt: u32, asked: Duration) {
    // Tests that count attempts do not wait between them.
    let first = if cfg!(test) { Duration::ZERO } else { FIRST_PAUSE };
    let most = first.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(LONGEST_PAUSE);
    thread::sleep(asked + most.mul_f64(fastrand::f64()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(kind: HubFaultKind) -> HubFault {
        HubFault::new(kind, "no", "wait")
    }

    #[test]
    fn what_passes_is_tried_again_and_what_does_not_is_said_at_once() {
        let mut calls = 0;
        let done = patiently(|| {
            calls += 1;
            if calls < 3 { Err(fault(HubFaultKind::Away)) } else { Ok(calls) }
        });
        assert_eq!(done.expect("the third is good"), 3);
        for kind in [HubFaultKind::Refused, HubFaultKind::Conflict, HubFaultKind::Unusable] {
            let mut calls = 0;
            let failed = patiently::<()>(|| {
                calls += 1;
                Err(fault(kind))
            });
            assert_eq!((failed.expect_err("it fails").kind, calls), (kind, 1));
        }
    }

    #[test]
    fn who_asks_for_an_hour_is_not_waited_for() {
        let asked = Duration::from_secs(3_600);
        let mut calls = 0;
        let failed = patiently::<()>(|| {
            calls += 1;
            Err(HubFault { retry_after: Some(asked), ..fault(HubFaultKind::Away) })
        });
        assert_eq!((failed.expect_err("it fails").retry_after, calls), (Some(asked), 1));
    }
}
