//! The end of a server: who has to come to an end, and who is still being answered.
//!
//! The order is: `begin`, then every worker sees that nothing is being answered and says so from its own
//! event loop, which by then has written what it had; then the process may end.

use std::future::Future;

use tokio::sync::watch;

/// Whether the server is about to end, and how many requests it still answers.
#[derive(Debug, Default)]
pub(crate) struct Stopping {
    begun: watch::Sender<bool>,
    under_way: watch::Sender<usize>,
    workers_done: watch::Sender<usize>,
}

impl Stopping {
    /// From now on streams end, and connections close with their next answer.
    pub(crate) fn begin(&self) {
        self.begun.send_replace(true);
    }

    /// Whether it has begun.
    pub(crate) fn has_begun(&self) -> bool {
        *self.begun.borrow()
    }

    /// Returns when the server is about to end: an answer that has no end of its own ends then.
    pub(crate) fn begun(&self) -> impl Future<Output = ()> + use<> {
        let mut begun = self.begun.subscribe();
        async move {
            // An error says that the server is gone already.
            let _ = begun.wait_for(|begun| *begun).await;
        }
    }

    /// A request came.
    pub(crate) fn enter(&self) {
        self.under_way.send_modify(|requests| *requests += 1);
    }

    /// The last byte of its answer is on its way, or its sender has gone.
    pub(crate) fn leave(&self) {
        self.under_way.send_modify(|requests| *requests = requests.saturating_sub(1));
    }

    /// Requests that are being answered.
    pub(crate) fn under_way(&self) -> usize {
        *self.under_way.borrow()
    }

    /// Runs on the event loop of each worker and tells when it has nothing left to send.
    pub(crate) async fn attend(&self) {
        self.begun().await;
        let _ = self.under_way.subscribe().wait_for(|requests| *requests == 0).await;
        self.workers_done.send_modify(|workers| *workers += 1);
    }

    /// Returns when so many workers have nothing left to send.
    pub(crate) async fn all_answered(&self, workers: usize) {
        let _ = self.workers_done.subscribe().wait_for(|done| *done >= workers).await;
    }
}
