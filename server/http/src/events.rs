//! Who listens to what happens in a project: one watcher for all who do.
//!
//! The project's file is the memory of a stream: the id of an event is a place in it, so a stream goes on after
//! any interruption where it was, also with another server. While somebody listens, the watcher asks the file
//! whether anybody committed something, reads what came once, and hands it to all; who falls behind reads on
//! from the file by itself.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

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
/// Between two looks at a file; what is committed in between comes together.
const LEAST_PAUSE: Duration = Duration::from_millis(250);
/// A look takes at most one part in so many of the time.
const SHARE_OF_TIME: u32 = 5;
/// States change also by time alone, which is looked at so often.
const TIME_BETWEEN_STATES: Duration = Duration::from_secs(5);
/// Notices kept for those who are slower than others.
const NOTICES_KEPT: usize = 16;

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
    /// The project was deleted or replaced; there is nothing more to come.
    Gone,
}

/// What changed between two looks.
pub(crate) struct Frame {
    pub(crate) from: EventCursor,
    pub(crate) to: EventCursor,
    pub(crate) delta: Delta,
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
    /// There was more than it took in.
    is_behind: bool,
}

impl Look {
    fn first() -> Self {
        Self { watch: None, states_at: Instant::now(), is_behind: false }
    }
}

/// What a look found.
enum Found {
    Nothing,
    Changed(Box<Changes>),
    Gone,
}

/// Looks at a project until nobody listens any more.
async fn look_on(hub: Weak<Hub>, state: State) {
    let mut look = Look::first();
    let mut pause = LEAST_PAUSE;
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
                continue;
            }
        };
        pause = if look.is_behind { cost } else { LEAST_PAUSE.max(cost * SHARE_OF_TIME) };
        match found {
            Found::Nothing => {}
            Found::Changed(changed) => {
                let Changes { delta, place: now, .. } = *changed;
                let frame = Frame { from: place.cursor.clone(), to: now.cursor.clone(), delta };
                let is_worth_telling = frame.from != frame.to || !frame.delta.is_empty();
                *hub.place.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(now);
                if is_worth_telling {
                    // Nobody may be there to hear it.
                    let _ = hub.notices.send(Notice::Changed(Arc::new(frame)));
                }
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
    if !has_changed && !look.is_behind && look.states_at.elapsed() < TIME_BETWEEN_STATES {
        return Ok(Found::Nothing);
    }
    look.states_at = Instant::now();
    let Some(changes) = engine.changes(project, known)? else { return Ok(Found::Gone) };
    look.is_behind = !changes.is_complete;
    Ok(Found::Changed(Box::new(changes)))
}
