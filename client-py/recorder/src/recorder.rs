//! One run in one process: what the training calls.

use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use paceline_journal::record::{AlertBody, ConsoleBody, Kind};
use paceline_journal::wake::Wake;
use paceline_journal::{Journal, Written};
use paceline_schema::console::{LONGEST_LINE_CHARACTERS, Stream};
use paceline_schema::event::RunKey;
use paceline_schema::redact::redact_source;
use paceline_schema::webhook::{WebhookCall, WebhookTarget};
use paceline_schema::{AlertLevel, Destination, RunEnd, RunStart, Timestamp};

use crate::companion::{Companion, CompanionError};

/// How often `log()` looks whether the companion still lives.
const COMPANION_CHECK_INTERVAL_US: i64 = 10_000_000;
/// `finish()` gives up when nothing was committed for this long.
const STALLED_PATIENCE: Duration = Duration::from_secs(30);

/// … and after this, when the drainer says that it cannot deliver.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(2);

/// What a recorder is told when it begins.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Data directory.
    pub directory: PathBuf,
    /// Canonical project name.
    pub project: String,
    /// Id and name of the run.
    pub run: RunKey,
    /// First step to count from.
    pub next_step: i64,
    /// Which of the processes that share the run this is; 0 where it has the run to itself.
    pub rank: u32,
    /// What is known of the run at its start; absent where another process began it, which then also ends it.
    pub start: Option<RunStart>,
    /// Server the run logs to; absent when it logs into the data directory.
    pub destination: Option<Destination>,
    /// Who drains.
    pub companion: Companion,
}

/// Appends what a run says to its journal.
#[derive(Debug)]
pub struct Recorder {
    directory: PathBuf,
    project: String,
    run: RunKey,
    destination: Option<Destination>,
    companion: Companion,
    /// Dropped by hand, since a forked child must not drop its parent's.
    journal: ManuallyDrop<Journal>,
    next_step: i64,
    last_step: Option<i64>,
    rank: u32,
    checked_companion_us: i64,
    in_child: bool,
}

/// What `finish()` found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishReport {
    /// Every row is committed to the tables.
    pub committed: bool,
    /// Rows that had neither room in the journal nor in memory.
    pub dropped: u64,
    /// Rows in memory only, since the journal still has no room.
    pub held: usize,
    /// Why rows are not committed.
    pub problem: Option<String>,
    /// Server that rows which are not committed wait for.
    pub server: Option<String>,
}

impl Recorder {
    /// Begins to record. Nothing fails here; what cannot be done is said by [`Recorder::problem`].
    #[must_use]
    pub fn start(options: RunOptions) -> Self {
        let RunOptions { directory, project, run, next_step, rank, start, destination, companion } = options;
        let journal = Journal::create(&directory, &project, &run, start.as_ref(), destination.as_ref());
        // Who joins a run says nothing of its start, and nothing of its end.
        let in_child = start.is_none();
        let checked_companion_us = journal.last_time_us();
        let journal = ManuallyDrop::new(journal);
        Self {
            directory,
            project,
            run,
            destination,
            companion,
            journal,
            next_step,
            last_step: None,
            rank,
            checked_companion_us,
            in_child,
        }
    }

    /// Makes sure somebody drains the journal.
    ///
    /// # Errors
    /// When no companion can be started; rows then stay in the journal.
    pub fn ensure_companion(&self) -> Result<(), CompanionError> {
        self.companion.ensure()
    }

    /// Records one row. Gives the step it was given or got, and what became of it.
    #[inline]
    pub fn log(&mut self, step: Option<i64>, body: &[u8]) -> (i64, Written) {
        if self.journal.is_inherited() {
            self.begin_in_child();
        }
        let step = step.unwrap_or(self.next_step);
        self.next_step = self.next_step.max(step.saturating_add(1));
        self.last_step = Some(step);
        let written = self.journal.append(Kind::Row, step, body);
        if self.journal.last_time_us() - self.checked_companion_us > COMPANION_CHECK_INTERVAL_US {
            self.check_companion();
        }
        (step, written)
    }

    /// Records values of the machine: a time axis, no step.
    pub fn log_system(&mut self, body: &[u8]) -> Written {
        self.append(Kind::System, 0, body)
    }

    /// Records an alert, with the last step logged, and where it is to be sent. Gives that step.
    pub fn alert(
        &mut self,
        title: &str,
        text: Option<&str>,
        level: AlertLevel,
        webhook: Option<WebhookTarget>,
    ) -> Option<i64> {
        let step = self.last_step;
        let body = AlertBody { title: title.to_owned(), text: text.map(str::to_owned), level, step };
        self.append_json(Kind::Alert, &body);
        if let Some(target) = webhook {
            let AlertBody { title, text, level, step } = body;
            let time = Timestamp(self.journal.last_time_us());
            self.append_json(Kind::Webhook, &WebhookCall { target, time, title, text, level, step });
        }
        step
    }

    /// Records a line that was printed; secrets in it are replaced, and what is too long is cut.
    pub fn log_console(&mut self, stream: Stream, text: &str) -> Written {
        let end = text.char_indices().nth(LONGEST_LINE_CHARACTERS).map_or(text.len(), |(end, _)| end);
        let body = ConsoleBody { stream, text: redact_source(&text[..end]) };
        serde_json::to_vec(&body)
            .map_or(Written::Dropped, |json| self.append(Kind::Console, self.rank.into(), &json))
    }

    /// Records the config, whole, as JSON object text.
    pub fn set_config(&mut self, json: &str) -> Written {
        self.append(Kind::Config, self.rank.into(), json.as_bytes())
    }

    /// Records the hand-set summary values, whole, as JSON object text.
    pub fn set_summary(&mut self, json: &str) -> Written {
        self.append(Kind::Summary, self.rank.into(), json.as_bytes())
    }

    /// Says how the run ended and waits until everything is committed, as long as there is progress.
    pub fn finish(&mut self, end: &RunEnd) -> FinishReport {
        if self.journal.is_inherited() {
            return FinishReport { committed: true, dropped: 0, held: 0, problem: None, server: None };
        }
        // The end of the run is the parent's to say.
        if !self.in_child {
            self.append_json(Kind::End, end);
        }
        let problem = self.ensure_companion().err().map(|error| error.to_string());
        self.wait_until_drained(problem)
    }

    fn wait_until_drained(&mut self, mut problem: Option<String>) -> FinishReport {
        const FIRST_PAUSE: Duration = Duration::from_micros(200);
        const LONGEST_PAUSE: Duration = Duration::from_micros(500);
        let wake = Wake::open(&self.directory);
        let mut pause = FIRST_PAUSE;
        let mut mark = self.journal.drained_mark();
        let mut progress = Instant::now();
        loop {
            let journaled = self.journal.flush_overflow();
            if self.journal.is_drained() || problem.is_some() && journaled {
                break;
            }
            if self.journal.drained_mark() != mark {
                (mark, progress) = (self.journal.drained_mark(), Instant::now());
            } else if progress.elapsed() > STALLED_PATIENCE {
                problem.get_or_insert_with(|| {
                    format!("nothing was committed for {} s", STALLED_PATIENCE.as_secs())
                });
                break;
            } else if progress.elapsed() > REFUSAL_PATIENCE
                && let Some(reason) = self.journal.delivery_problem()
            {
                problem = Some(reason);
                break;
            } else if !journaled && progress.elapsed() > STALLED_PATIENCE / 10 {
                problem = self.problem();
                break;
            }
            if let Ok(wake) = &wake {
                wake.ring();
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        let (held, dropped) = self.journal.overflow();
        FinishReport {
            committed: self.journal.is_drained(),
            dropped,
            held,
            problem: problem.or_else(|| self.problem()),
            server: self.destination.as_ref().map(ToString::to_string),
        }
    }

    /// Why rows cannot reach the journal at the moment.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.journal.problem().map(|error| error.to_string())
    }

    /// Which of the processes that share the run this is.
    #[must_use]
    pub fn rank(&self) -> u32 {
        self.rank
    }

    /// The run.
    #[must_use]
    pub fn run(&self) -> &RunKey {
        &self.run
    }

    /// Step the next `log()` without one gets.
    #[must_use]
    pub fn next_step(&self) -> i64 {
        self.next_step
    }

    fn append(&mut self, kind: Kind, step: i64, body: &[u8]) -> Written {
        if self.journal.is_inherited() {
            self.begin_in_child();
        }
        self.journal.append(kind, step, body)
    }

    fn append_json(&mut self, kind: Kind, body: &impl serde::Serialize) -> Written {
        // Structures of strings and numbers always have a JSON form.
        serde_json::to_vec(body).map_or(Written::Dropped, |json| self.append(kind, 0, &json))
    }

    /// A forked child gets a journal of its own for the same run. The parent's is left as it is: its mappings
    /// and threads do not exist here.
    #[cold]
    fn begin_in_child(&mut self) {
        self.in_child = true;
        let destination = self.destination.as_ref();
        let journal = Journal::create(&self.directory, &self.project, &self.run, None, destination);
        self.journal = ManuallyDrop::new(journal);
    }

    #[cold]
    fn check_companion(&mut self) {
        self.checked_companion_us = self.journal.last_time_us();
        // Without one the rows are safe in the journal; `finish` says so if it stays that way.
        let _ = self.ensure_companion();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if !self.journal.is_inherited() {
            #[allow(unsafe_code, reason = "dropping by hand has no safe form")]
            // SAFETY: the recorder is being dropped, so the journal is not used again.
            unsafe {
                ManuallyDrop::drop(&mut self.journal);
            }
        }
    }
}
