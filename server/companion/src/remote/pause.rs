//! How long a server is left alone after a fault.

use std::time::{Duration, Instant};

use super::fault::{Fault, FaultKind};

/// The longest pause after the first fault; it doubles with each that follows.
const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(30);
/// A fault that needs a hand is met again at this pace, since the hand may have come.
const UNTIL_A_HAND_COMES: Duration = Duration::from_secs(60);
/// A server cannot ask for more than this.
const LONGEST_ASKED: Duration = Duration::from_secs(300);
/// Somebody waits: try now, unless the last attempt was just made.
const LEAST: Duration = Duration::from_secs(1);

/// When the next attempt may be made.
#[derive(Debug, Default)]
pub(crate) struct Pause {
    faults: u32,
    last: Option<(Instant, Instant)>,
}

impl Pause {
    /// The server answers.
    pub(crate) fn end(&mut self) {
        *self = Self::default();
    }

    /// Somebody waits for an attempt.
    pub(crate) fn shorten(&mut self) {
        if let Some((fault_at, until)) = &mut self.last {
            *until = (*until).min(*fault_at + LEAST);
        }
    }

    /// Begins a pause: a random part of a growing time, so that many clients do not come back together.
    pub(crate) fn begin(&mut self, fault: &Fault) {
        let now = Instant::now();
        let most = match fault.kind {
            FaultKind::Refused | FaultKind::Missing => UNTIL_A_HAND_COMES,
            FaultKind::Away | FaultKind::Unclear | FaultKind::Request { .. } => {
                FIRST.saturating_mul(1 << self.faults.min(16)).min(LONGEST)
            }
        };
        self.faults += 1;
        let chosen = most.mul_f64(fastrand::f64());
        let asked = fault.retry_after.unwrap_or_default().min(LONGEST_ASKED);
        self.last = Some((now, now + chosen.max(asked)));
    }

    /// How much is left of the pause; `None` when there is none.
    pub(crate) fn left(&self) -> Option<Duration> {
        let (_, until) = self.last?;
        Some(until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }

    /// The last attempt failed.
    pub(crate) fn is_troubled(&self) -> bool {
        self.last.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_limit_and_end_with_an_answer() {
        let fault = Fault::new(FaultKind::Away, "away".to_owned());
        let mut pause = Pause::default();
        assert!(pause.left().is_none() && !pause.is_troubled());
        for _ in 0..100 {
            pause.begin(&fault);
            assert!(pause.left().is_none_or(|left| left <= LONGEST));
        }
        let asked = Fault { retry_after: Some(Duration::from_secs(100)), ..fault };
        pause.begin(&asked);
        assert!(pause.left().is_some_and(|left| left > Duration::from_secs(90)), "what it asks for is kept");
        pause.shorten();
        assert!(pause.left().is_none_or(|left| left <= LEAST), "somebody waits");
        pause.end();
        assert!(pause.left().is_none() && !pause.is_troubled());
    }
}
