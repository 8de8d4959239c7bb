//! The link that opens the page at the start of a server: it is swapped for a cookie, and then soon worthless.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::secret::Secret;

/// How long the link works after its first use: a browser may ask twice, and who reads it later is too late.
const AFTER_FIRST_USE: Duration = Duration::from_secs(60);

/// The link of one start and what its cookie holds.
pub(super) struct LaunchLink {
    secret: Secret,
    /// Until it is printed.
    text: Mutex<Option<String>>,
    /// What the cookie holds: good as long as the server runs, and no token of anybody.
    session: String,
    first_used: Mutex<Option<Instant>>,
}

impl LaunchLink {
    /// A new one.
    ///
    /// # Errors
    /// When the system gives no random bits.
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let text = Secret::generate()?;
        Ok(Self {
            secret: Secret::of(&text),
            text: Mutex::new(Some(text)),
            session: Secret::generate()?,
            first_used: Mutex::default(),
        })
    }

    /// What stands in the link; `None` after the first call.
    pub(super) fn text(&self) -> Option<String> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// What its cookies hold.
    pub(super) fn session(&self) -> Secret {
        Secret::of(&self.session)
    }

    /// The content of the cookie for who comes with the link in time.
    pub(super) fn redeem(&self, text: &str) -> Option<String> {
        self.redeem_at(text, Instant::now())
    }

    fn redeem_at(&self, text: &str, now: Instant) -> Option<String> {
        if !self.secret.is(&Secret::of(text)) {
            return None;
        }
        let mut first_used = self.first_used.lock().unwrap_or_else(PoisonError::into_inner);
        let first_used = *first_used.get_or_insert(now);
        (now.duration_since(first_used) < AFTER_FIRST_USE).then(|| self.session.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_ends_soon_after_its_first_use() {
        let (link, now) = (LaunchLink::new().expect("random"), Instant::now());
        let text = link.text().expect("the first time");
        assert_eq!(link.text(), None);
        assert_eq!(link.redeem_at("else", now), None);
        let later = now + Duration::from_secs(100_000);
        let session = link.redeem_at(&text, later).expect("the first use");
        assert!(link.session().is(&Secret::of(&session)) && session != text);
        assert_eq!(link.redeem_at(&text, later + AFTER_FIRST_USE / 2), Some(session));
        assert_eq!(link.redeem_at(&text, later + AFTER_FIRST_USE), None);
    }
}
