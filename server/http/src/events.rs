//! Who listens to what happens in a project: one watcher for all who do.
//!
//! The project's file is the memory of a stream: the id of an event is a place in it, so a stream goes on after
//! any interruption where it was, also with another server. While somebody listens, the watcher asks the file
//! whether anybody committed something, reads what came once, and hands it to all; who falls behind reads on
//! from the file by itself. Rows that nobody can be told in time are left in the file, and whoever listens is told
//! to ask anew.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use paceline_query::{Changes, Engine, Place, QueryError};
use paceline_schema::events::{Delta, EventCursor};
use paceline_schema::{ErrorCode, canonical_project};
use paceline_storage::Watch;
use tokio::sync::{Semaphore, broadcast};

use crate::error::ApiError;
use crate::state::State;

pub(crate) mod stream;

/// Streams and waits at a time.
const MOST_LISTENERS: usize = 1_000;
/// Questions of all listeners together.
const QUESTIONS_AT_A_TIME: usize = 4;
/// After something was told; what is committed in between comes together.
const LEAST_PAUSE: Duration = Duration::from_millis(150);
/// A calm project is asked so often whether anybody committed something, which costs little.
const TIME_BETWEEN_GLANCES: Duration = Duration::from_millis(20);
/// With more projects than this to watch, glances come later.
const PROJECTS_OF_A_GLANCE: u32 = 16;
/// A look takes at most one part in so many of the time.
const SHARE_OF_TIME: u32 = 5;
/// What was seen so long ago and could not be told yet is not told any more: who listens asks anew.
const LONGEST_UNTOLD: Duration = Duration::from_secs(2);
/// Who listens asks anew no more often than this while more is written than can be told.
const PAUSE_AFTER_TOO_MUCH: Duration = Duration::from_secs(1);
/// States change also by time alone, which is looked at so often.
const TIME_BETWEEN_STATES: Duration = Duration::from_secs(5);
/// Bytes a second that the streams of a project are told together; when more comes, the looks come later, since what
/// is told takes the time of those who write.
const MOST_BYTES_PER_SECOND: f64 = 16e6;
/// However many listen, they are told after so long.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Notices kept for those who are slower than others.
const NOTICES_KEPT: usize = 8;

/// All who listen.
pub(crate) struct Events {
    hubs: Mutex<HashMap<String, Weak<Hub>>>,
    listeners: Arc<AtomicUsize>,
    /// Those who listen ask one after the other, so that they never fill the queue of those who do not.
    questions: Semaphore,
}

/// What a watcher tells.
#[derive(Clone)]
pub(crate) enum Notice {
    /// Something changed.
    Changed(Arc<Frame>),
    /// More was written than can be told: it is left out, up to where the project stands now.
    Skipped,
    /// The project was deleted or replaced; there is nothing more to come.
    Gone,
}

/// What changed between two looks.
pub(crate) struct Frame {
    pub(crate) told_at: Instant,
    pub(crate) from: EventCursor,
    pub(crate) to: EventCursor,
    pub(crate) delta: Delta,
    /// The event for those who listen to the whole project, written once for all of them.
    pub(crate) event: Bytes,
}

/// One project that somebody listens to.
pub(crate) struct Hub {
    project: String,
    notices: broadcast::Sender<Notice>,
    place: Mutex<Arc<Place>>,
}

/// One who listens. Counts as long as it is held.
pub(crate) struct Listener {
    pub(crate) hub: Arc<Hub>,
    pub(crate) notices: broadcast::Receiver<Notice>,
    _seat: Seat,
}

struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Hub {
    /// Where the project stood at the last look.
    pub(crate) fn place(&self) -> Arc<Place> {
        Arc::clone(&self.place.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Canonical name of the project.
    pub(crate) fn project(&self) -> &str {
        &self.project
    }
}

impl Default for Events {
    fn default() -> Self {
        Self {
            hubs: Mutex::default(),
            listeners: Arc::default(),
            questions: Semaphore::new(QUESTIONS_AT_A_TIME),
        }
    }
}

impl Events {
    /// Begins to listen to a project.
    ///
    /// # Errors
    /// `Busy` when too many listen, `ProjectNotFound`, or when the file cannot be read.
    pub(crate) async fn listen(&self, state: &State, project: &str) -> Result<Listener, ApiError> {
        let seat = self.take_seat()?;
        let name = canonical_project(project);
        let hub = match self.known(&name) {
            Some(hub) => hub,
            None => {
                let asked = name.clone();
                let place = self.ask(state, move |engine| engine.place(&asked)).await?;
                self.begin(state, name, place)
            }
        };
        let notices = hub.notices.subscribe();
        Ok(Listener { hub, notices, _seat: seat })
    }

    /// Asks the engine, in turn.
    ///
    /// # Errors
    /// Those of the question and of the pool.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        state: &State,
        question: impl FnOnce(&Engine) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let _turn = self.questions.acquire().await;
        state.ask(move |engine| Ok(question(engine)?)).await
    }

    fn take_seat(&self) -> Result<Seat, ApiError> {
        let seat = Seat(Arc::clone(&self.listeners));
        if self.listeners.fetch_add(1, Ordering::Relaxed) < MOST_LISTENERS {
            return Ok(seat);
        }
        Err(ApiError::new(ErrorCode::Busy, format!("{MOST_LISTENERS} streams are open already")))
    }

    fn known(&self, name: &str) -> Option<Arc<Hub>> {
        self.hubs.lock().unwrap_or_else(PoisonError::into_inner).get(name).and_then(Weak::upgrade)
    }

    /// Starts a watcher, unless another request has done so in the meantime.
    fn begin(&self, state: &State, name: String, place: Place) -> Arc<Hub> {
        let mut hubs = self.hubs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hub) = hubs.get(&name).and_then(Weak::upgrade) {
            return hub;
        }
        hubs.retain(|_, hub| hub.strong_count() > 0);
        let hub = Arc::new(Hub {
            project: name.clone(),
            notices: broadcast::Sender::new(NOTICES_KEPT),
            place: Mutex::new(Arc::new(place)),
        });
        hubs.insert(name, Arc::downgrade(&hub));
        actix_web::rt::spawn(look_on(Arc::downgrade(&hub), state.clone()));
        hub
    }

    /// Between two glances at a calm project, so that all of them together cost little.
    fn time_between_glances(&self) -> Duration {
        let hubs = self.hubs.lock().unwrap_or_else(PoisonError::into_inner).len();
        let projects = u32::try_from(hubs).unwrap_or(u32::MAX);
        TIME_BETWEEN_GLANCES.saturating_mul(projects.div_ceil(PROJECTS_OF_A_GLANCE)).min(LEAST_PAUSE)
    }

    fn forget(&self, hub: &Arc<Hub>) {
        let mut hubs = self.hubs.lock().unwrap_or_else(PoisonError::into_inner);
        if hubs.get(hub.project()).is_some_and(|known| Weak::ptr_eq(known, &Arc::downgrade(hub))) {
            hubs.remove(hub.project());
        }
    }
}

/// What one look needs of the one before.
struct Look {
    watch: Option<Watch>,
    states_at: Instant,
    /// Where the project stood at looks that could not take all of it in, oldest first.
    ahead: VecDeque<(Instant, EventCursor)>,
    /// The last one found too much to be told.
    was_too_much: bool,
}

impl Look {
    fn first() -> Self {
        Self { watch: None, states_at: Instant::now(), ahead: VecDeque::new(), was_too_much: false }
    }

    /// There was more than it took in.
    fn is_behind(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// Takes note of where a project stands of which all up to `place` is known.
    fn take_note(&mut self, place: &EventCursor, newest: EventCursor) {
        self.ahead.retain(|(_, ahead)| !ahead.is_covered_by(place));
        if newest != *place && self.ahead.back().is_none_or(|(at, _)| at.elapsed() >= LEAST_PAUSE) {
            self.ahead.push_back((Instant::now(), newest));
        }
    }

    /// Something waits for too long.
    fn is_too_late(&self) -> bool {
        self.ahead.front().is_some_and(|(at, _)| at.elapsed() > LONGEST_UNTOLD)
    }
}

/// What a look found.
enum Found {
    Nothing,
    Changed(Box<Changes>),
    /// Too much to be told; the project stands here.
    TooMuch(Place),
    Gone,
}

/// Looks at a project until nobody listens any more.
async fn look_on(hub: Weak<Hub>, state: State) {
    let mut look = Look::first();
    let mut pause = TIME_BETWEEN_GLANCES;
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = state.stopping.begun() => return,
        }
        let Some(hub) = hub.upgrade() else { return };
        let (project, place) = (hub.project.clone(), hub.place());
        let known = Arc::clone(&place);
        let began = Instant::now();
        let looked = state.ask(move |engine| Ok(look_once(engine, &project, &known, look))).await;
        let cost = began.elapsed();
        let found = match looked {
            Ok((found, next)) => {
                look = next;
                found
            }
            // The queue is full; the next look begins anew.
            Err(error) => {
                tracing::debug!(project = hub.project, %error, "a look failed");
                look = Look::first();
                pause = LEAST_PAUSE;
                continue;
            }
        };
        pause = if look.is_behind() { cost } else { LEAST_PAUSE.max(cost * SHARE_OF_TIME) };
        match found {
            Found::Nothing if look.watch.is_some() => {
                pause = state.events.time_between_glances().max(cost * SHARE_OF_TIME);
            }
            Found::Nothing => {}
            Found::Changed(changed) => {
                let Changes { delta, place: now, .. } = *changed;
                let event = stream::event_text("delta", Some(&now.cursor), &delta);
                let (from, to) = (place.cursor.clone(), now.cursor.clone());
                let frame = Frame { told_at: Instant::now(), from, to, delta, event };
                let is_worth_telling = frame.from != frame.to || !frame.delta.is_empty();
                let told = (frame.event.len() * hub.notices.receiver_count()) as f64;
                let fair = Duration::from_secs_f64(told / MOST_BYTES_PER_SECOND).min(LONGEST_PAUSE);
                pause = pause.max(fair);
                *hub.place.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(now);
                if is_worth_telling {
                    // Nobody may be there to hear it.
                    let _ = hub.notices.send(Notice::Changed(Arc::new(frame)));
                }
            }
            Found::TooMuch(now) => {
                tracing::debug!(project = hub.project, "more is written than can be told");
                pause = PAUSE_AFTER_TOO_MUCH;
                *hub.place.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(now);
                let _ = hub.notices.send(Notice::Skipped);
            }
            Found::Gone => {
                state.events.forget(&hub);
                let _ = hub.notices.send(Notice::Gone);
                return;
            }
        }
    }
}

fn look_once(engine: &Engine, project: &str, known: &Place, mut look: Look) -> (Found, Look) {
    let found = look_at(engine, project, known, &mut look).unwrap_or_else(|error| {
        if error.code() == ErrorCode::ProjectNotFound {
            return Found::Gone;
        }
        tracing::debug!(project, %error, "a look failed");
        look.watch = None;
        Found::Nothing
    });
    (found, look)
}

fn look_at(engine: &Engine, project: &str, known: &Place, look: &mut Look) -> Result<Found, QueryError> {
    let watch = match &mut look.watch {
        Some(watch) => watch,
        None => look.watch.insert(engine.store().project(project)?.watch()?),
    };
    let has_changed = watch.has_changed()?;
    if !has_changed && !look.is_behind() && look.states_at.elapsed() < TIME_BETWEEN_STATES {
        return Ok(Found::Nothing);
    }
    look.states_at = Instant::now();
    let Some(changes) = engine.changes(project, known)? else { return Ok(Found::Gone) };
    look.take_note(&changes.place.cursor, changes.newest.clone());
    let is_too_much = look.is_too_late() || (look.was_too_much && look.is_behind());
    look.was_too_much = is_too_much;
    if is_too_much {
        look.ahead.clear();
        let place = engine.place(project)?;
        let is_same_file = known.cursor.is_covered_by(&place.cursor);
        return Ok(if is_same_file { Found::TooMuch(place) } else { Found::Gone });
    }
    Ok(Found::Changed(Box::new(changes)))
}
