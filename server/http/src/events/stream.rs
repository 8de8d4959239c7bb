//! A stream of Server-Sent Events to one client, from where it was on.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, HeaderName};
use actix_web::web::Bytes;
use futures_util::stream::unfold;
use paceline_schema::events::{Delta, EventCursor, StateOfRuns};
use serde::Serialize;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until};

use super::{Frame, LONGEST_UNTOLD, Listener, Notice};
use crate::error::ApiError;
use crate::state::State;

/// A client comes again after so long.
const RETRY_MILLISECONDS: u32 = 2_000;
/// A sign of life where nothing happens.
const TIME_BETWEEN_PINGS: Duration = Duration::from_secs(15);

/// A client that misses more rows than this, or more bytes of them, is not told them: what it shows is quicker
/// asked for anew.
const MOST_ROWS_TO_CATCH_UP: i64 = 20_000;
const MOST_BYTES_TO_CATCH_UP: usize = 8 << 20;

/// One client.
struct Teller {
    state: State,
    listener: Listener,
    /// The only run told of, by its id.
    run_id: Option<String>,
    /// Up to here the client was told.
    cursor: EventCursor,
    /// There may be more in the file than in the notices.
    is_behind: bool,
    /// Bytes told from the file since it fell behind.
    bytes_read: usize,
    to_send: VecDeque<Bytes>,
    ping: Interval,
    end: Option<Instant>,
}

/// The answer that tells what happens, beginning after the event `last` where that fits.
///
/// # Errors
/// When the file cannot be read.
pub(crate) async fn answer(
    state: State,
    listener: Listener,
    run_id: Option<String>,
    last: Option<&str>,
    end: Option<Instant>,
) -> Result<HttpResponse, ApiError> {
    let mut ping = interval_at(Instant::now() + TIME_BETWEEN_PINGS, TIME_BETWEEN_PINGS);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let cursor = listener.hub.place().cursor.clone();
    let to_send = VecDeque::from([Bytes::from(format!("retry: {RETRY_MILLISECONDS}\n\n"))]);
    let mut teller =
        Teller { state, listener, run_id, cursor, is_behind: false, bytes_read: 0, to_send, ping, end };
    match last.map(str::parse::<EventCursor>) {
        None => teller.tell_states(true),
        Some(Ok(cursor)) if teller.fits(&cursor).await? && !is_too_far(&cursor, &teller.cursor) => {
            teller.cursor = cursor;
            teller.is_behind = true;
            teller.tell_states(false);
        }
        Some(_) => teller.reset(),
    }
    let stream = unfold(teller, |mut teller| async move {
        let next = teller.next().await?;
        Some((Ok::<_, Infallible>(next), teller))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((HeaderName::from_static("x-accel-buffering"), "no"))
        // Compressors hold back what is small.
        .insert_header((CONTENT_ENCODING, "identity"))
        .streaming(stream))
}

impl Teller {
    /// Whether this is a place in the project's file; the client may know more than the last look saw.
    async fn fits(&self, cursor: &EventCursor) -> Result<bool, ApiError> {
        if cursor.is_covered_by(&self.cursor) {
            return Ok(true);
        }
        let project = self.listener.hub.project().to_owned();
        let place = self.state.events.ask(&self.state, move |engine| engine.place(&project)).await?;
        Ok(cursor.is_covered_by(&place.cursor))
    }

    /// The next piece of text; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(text) = self.to_send.pop_front() {
                return Some(text);
            }
            if self.state.stopping.has_begun() {
                return None;
            }
            if self.is_behind {
                self.catch_up().await?;
                continue;
            }
            tokio::select! {
                () = self.state.stopping.begun() => return None,
                () = sleep_until(self.end.unwrap_or_else(Instant::now)), if self.end.is_some() => return None,
                _ = self.ping.tick() => return Some(Bytes::from_static(b": ping\n\n")),
                notice = self.listener.notices.recv() => match notice {
                    Ok(Notice::Changed(frame)) if self.is_too_late(&frame) => self.skip()?,
                    Ok(Notice::Changed(frame)) => self.take(&frame),
                    Ok(Notice::Skipped) => self.skip()?,
                    Err(RecvError::Lagged(_)) => {
                        self.is_behind = true;
                        self.tell_states(false);
                    }
                    // The client comes again, and is told then what became of the project.
                    Ok(Notice::Gone) | Err(RecvError::Closed) => return None,
                },
            }
        }
    }

    /// Reads from the file what the client misses, a part at a time, up to where the last look was.
    async fn catch_up(&mut self) -> Option<()> {
        let to = self.listener.hub.place().cursor.clone();
        if to.is_covered_by(&self.cursor) {
            self.is_behind = false;
            self.bytes_read = 0;
            return Some(());
        }
        if is_too_far(&self.cursor, &to) || self.bytes_read > MOST_BYTES_TO_CATCH_UP {
            return self.skip();
        }
        let (project, run_id) = (self.listener.hub.project().to_owned(), self.run_id.clone());
        let from = self.cursor.clone();
        let read = self
            .state
            .events
            .ask(&self.state, move |engine| engine.stored_between(&project, run_id.as_deref(), &from, &to));
        // A client that gets no answer here, or whose project is another one now, comes again.
        let (delta, cursor) = read.await.ok()??;
        self.cursor = cursor;
        if !delta.is_empty() {
            self.tell_delta(&delta, true);
            self.bytes_read += self.to_send.back().map_or(0, Bytes::len);
        }
        Some(())
    }

    /// The client takes what it is told too slowly: this waits for long, and there is more.
    fn is_too_late(&self, frame: &Frame) -> bool {
        frame.told_at.elapsed() > LONGEST_UNTOLD && !self.listener.notices.is_empty()
    }

    /// Leaves out what the client was not told yet, and says so; `None` at the end.
    fn skip(&mut self) -> Option<()> {
        loop {
            match self.listener.notices.try_recv() {
                Ok(Notice::Changed(_) | Notice::Skipped) | Err(TryRecvError::Lagged(_)) => {}
                Ok(Notice::Gone) | Err(TryRecvError::Closed) => return None,
                Err(TryRecvError::Empty) => break,
            }
        }
        self.cursor = self.listener.hub.place().cursor.clone();
        (self.is_behind, self.bytes_read) = (false, 0);
        self.reset();
        Some(())
    }

    fn take(&mut self, frame: &Frame) {
        if frame.from == self.cursor && self.run_id.is_none() {
            self.cursor = frame.to.clone();
            if !frame.delta.is_empty() {
                self.to_send.push_back(frame.event.clone());
            }
            return;
        }
        let of_run = self.run_id.as_deref().map(|run_id| frame.delta.of_run(run_id));
        let delta = of_run.as_ref().unwrap_or(&frame.delta);
        if frame.from == self.cursor {
            self.cursor = frame.to.clone();
            if !delta.is_empty() {
                self.tell_delta(delta, true);
            }
            return;
        }
        // Its rows were told, or will be; where the runs stand is told by nothing else.
        self.is_behind = !frame.to.is_covered_by(&self.cursor);
        let (statuses, deleted) = (delta.statuses.clone(), delta.deleted.clone());
        let delta = Delta { statuses, deleted, ..Delta::default() };
        if !delta.is_empty() {
            self.tell_delta(&delta, false);
        }
    }

    fn tell_delta(&mut self, delta: &Delta, with_id: bool) {
        self.push("delta", with_id, delta);
    }

    fn tell_states(&mut self, with_id: bool) {
        let mut states = self.listener.hub.place().states.clone();
        if let Some(run_id) = &self.run_id {
            states.retain(|id, _| id == run_id);
        }
        self.push("state", with_id, &StateOfRuns { states });
    }

    /// What the client knows is of another file, of none, or too old: it should ask anew for what it shows.
    fn reset(&mut self) {
        self.push("reset", true, &serde_json::json!({}));
        self.tell_states(false);
    }

    fn push(&mut self, event: &str, with_id: bool, data: &impl Serialize) {
        let text = event_text(event, Some(&self.cursor).filter(|_| with_id), data);
        self.to_send.push_back(text);
    }
}

/// More lies between these places than a client is told.
fn is_too_far(from: &EventCursor, to: &EventCursor) -> bool {
    from.distance_to(to) > MOST_ROWS_TO_CATCH_UP
}

/// An event as it is sent; nothing for one without a JSON form.
pub(super) fn event_text(event: &str, id: Option<&EventCursor>, data: &impl Serialize) -> Bytes {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    match serde_json::to_string(data) {
        Ok(data) => format!("event: {event}\n{id}data: {data}\n\n").into(),
        Err(error) => {
            tracing::error!(%error, "an event has no JSON form");
            Bytes::new()
        }
    }
}
