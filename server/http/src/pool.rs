//! Threads for blocking work, with a queue that is short on purpose.
//!
//! The event loop must never wait for SQLite, and a server that cannot keep up should say so at once
//! instead of letting requests pile up, so a full queue is an answer: 503 with `Retry-After`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::{io, thread};

use paceline_schema::ErrorCode;
use tokio::sync::oneshot;

use crate::error::ApiError;

type Job = Box<dyn FnOnce() + Send>;

/// A fixed number of threads that take jobs from one queue. They end when the pool is dropped.
pub(crate) struct Pool {
    queue: mpsc::SyncSender<Job>,
    waiting: Arc<AtomicUsize>,
}

impl Pool {
    /// Starts `threads` threads named after `name`; `capacity` jobs may wait. They are nicer than the calling thread by
    /// `niceness`, and let less nice ones go first where they want the same processor.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(name: &str, threads: usize, capacity: usize, niceness: i32) -> io::Result<Self> {
        let (queue, jobs) = mpsc::sync_channel::<Job>(capacity);
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..threads {
            let jobs = Arc::clone(&jobs);
            let next = move || jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
            thread::Builder::new().name(format!("pool-{name}")).spawn(move || {
                give_way(niceness);
                while let Ok(job) = next() {
                    job();
                }
            })?;
        }
        Ok(Self { queue, waiting: Arc::default() })
    }

    /// Jobs that wait for a thread.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Runs `job` on a thread of the pool. A job whose request has gone before it begins is left out.
    ///
    /// # Errors
    /// The job's own, `Busy` when the queue is full, `Internal` when the job panicked.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let (answer, answered) = oneshot::channel();
        let waiting = Arc::clone(&self.waiting);
        let job = move || {
            waiting.fetch_sub(1, Ordering::Relaxed);
            if !answer.is_closed() {
                let result = catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|_| {
                    Err(ApiError::internal("a job panicked; the panic message is above"))
                });
                // The request may have gone in the meantime; then nobody wants the answer.
                let _ = answer.send(result);
            }
        };
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.queue.try_send(Box::new(job)).map_err(|error| {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            match error {
                TrySendError::Full(_) => ApiError::new(ErrorCode::Busy, "the queue of requests is full"),
                TrySendError::Disconnected(_) => ApiError::internal("the threads of the pool have ended"),
            }
        })?;
        answered.await.unwrap_or_else(|_| Err(ApiError::internal("a job ended without an answer")))
    }
}

/// Adds to the niceness of the calling thread, which those that it starts inherit: whoever started the server as a
/// nice one means all of it. What the system does not grant is done without; elsewhere than on Linux niceness belongs
/// to a process as a whole.
fn give_way(niceness: i32) {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(niceness);
    #[cfg(not(target_os = "linux"))]
    let _ = niceness;
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::ResponseError;
    use std::sync::mpsc::channel;

    #[actix_web::test]
    async fn a_full_queue_is_an_answer_and_a_panic_ends_no_thread() {
        let pool = Arc::new(Pool::start("test", 1, 1, 0).expect("threads"));
        let panicked = pool.run(|| -> Result<(), ApiError> { panic!("on purpose") }).await;
        assert_eq!(panicked.expect_err("panicked").status_code(), 500);

        let (release, released) = channel::<()>();
        let (started, has_started) = channel::<()>();
        let running = Arc::clone(&pool);
        let first = actix_web::rt::spawn(async move {
            running
                .run(move || {
                    let _ = started.send(());
                    released.recv().map_err(|_| ApiError::internal("never released"))
                })
                .await
        });
        actix_web::rt::task::yield_now().await;
        has_started.recv().expect("the thread took the job");
        let waiting = Arc::clone(&pool);
        let second = actix_web::rt::spawn(async move { waiting.run(|| Ok(2)).await });
        actix_web::rt::task::yield_now().await;

        assert_eq!(pool.run(|| Ok(3)).await.expect_err("no room").status_code(), 503);
        release.send(()).expect("it waits");
        assert!(first.await.expect("no panic").is_ok());
        assert_eq!(second.await.expect("no panic").expect("it ran"), 2);
    }

    #[cfg(target_os = "linux")]
    #[actix_web::test]
    async fn threads_give_way_from_where_the_server_stands() {
        for (niceness, expected) in [(0, 3), (5, 8)] {
            let start = move || {
                // As `nice -n 3` before the server's command does.
                rustix::process::setpriority_process(None, 3).expect("anybody may give way");
                Pool::start("test", 1, 1, niceness).expect("threads")
            };
            let pool = thread::scope(|scope| scope.spawn(start).join().expect("no panic"));
            let found =
                pool.run(|| Ok(rustix::process::getpriority_process(None).expect("it is known"))).await;
            assert_eq!(found.expect("it answers"), expected);
        }
    }
}
