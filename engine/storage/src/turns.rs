//! Long work that lets whoever waits for a processor go first, every now and then.

use std::cell::Cell;
use std::thread;
use std::time::{Duration, Instant};

/// How long a thread works before it offers its processor.
const TURN: Duration = Duration::from_micros(100);
/// An offer that others took up for a while is followed by work of so many times that while, so that a machine which
/// is busy with other programs costs a thread a small share of its time, and not nearly all of it.
const WORK_PER_PAUSE: u32 = 8;

thread_local! {
    static NEXT_OFFER: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Offers the processor to whoever waits for one, unless this thread did so a moment ago. To be called between the
/// rows of a large batch: a system whose clock ticks every four milliseconds may let a thread that woke up wait for the
/// tick, and a question that is answered by three threads in turn waits at each of them.
pub fn offer_turn() {
    let now = Instant::now();
    NEXT_OFFER.with(|next| match next.get() {
        Some(due) if now < due => {}
        _ => {
            thread::yield_now();
            let pause = now.elapsed();
            next.set(Some(now + pause + (pause * WORK_PER_PAUSE).max(TURN)));
        }
    });
}
