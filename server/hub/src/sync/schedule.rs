//! Syncs that come by themselves: every few minutes for a project that grows, and once more at its end.

use std::collections::HashMap;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use paceline_schema::{SyncState, SyncTarget};
use paceline_storage::Store;

use super::place::targets;
use super::publish::{SyncOptions, now, sync};
use super::status::status;
use crate::remote::Account;

/// How often it is looked which projects go somewhere, and how they stand.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Who leaves tries again so often, and then leaves the rows to the next one.
const LAST_ATTEMPTS: u32 = 3;
/// Who leaves waits for an attempt that comes so soon.
const PATIENCE_MICROSECONDS: i64 = 60_000_000;

/// Whoever serves a data directory asks this now and then; the work is done on a thread of its own, one project at a
/// time.
#[derive(Debug, Default)]
pub struct Schedule {
    looked: Option<Instant>,
    working: Option<JoinHandle<()>>,
    /// By project.
    seen: HashMap<String, Seen>,
    /// What the last look found to be waited for.
    is_waiting: bool,
}

#[derive(Debug, Default)]
struct Seen {
    /// A run was open at the last look.
    was_open: bool,
    /// Runs have ended since the last sync.
    has_ended: bool,
    /// Attempts since somebody began to leave.
    last_attempts: u32,
}

impl Schedule {
    /// Begins a sync that is due. `is_open` tells whether processes log into a project now; who `is_leaving` brings what is
    /// left at once. Gives whether something is under way that is to be waited for.
    pub fn attend(&mut self, store: &Store, is_open: impl Fn(&str) -> bool, is_leaving: bool) -> bool {
        if let Some(working) = self.working.take_if(|working| working.is_finished()) {
            // A panic in it has been reported where it happened.
            let _ = working.join();
        }
        if self.working.is_some() {
            return true;
        }
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK_INTERVAL) {
            return self.is_waiting;
        }
        self.looked = Some(Instant::now());
        self.is_waiting = false;
        let mut due = None;
        for (project, target) in targets(store.directory()) {
            let is_open = is_open(&project);
            let seen = self.seen.entry(project.clone()).or_default();
            seen.has_ended |= std::mem::replace(&mut seen.was_open, is_open) && !is_open;
            match is_due(store, &project, &target, seen, is_leaving) {
                Due::Now if due.is_none() => due = Some((project, target)),
                Due::Now | Due::Soon => self.is_waiting = true,
                Due::Later => {}
            }
        }
        let Some((project, target)) = due else { return self.is_waiting };
        if let Some(seen) = self.seen.get_mut(&project) {
            seen.has_ended = false;
            seen.last_attempts = if is_leaving { seen.last_attempts + 1 } else { 0 };
        }
        let store = store.clone();
        let work = move || {
            let done = Account::of_this_process()
                .map_err(Into::into)
                .and_then(|account| sync(&store, &project, &target, &account, SyncOptions::default()));
            match done {
                Ok(done) => tracing::debug!(project, dataset = done.dataset, commit = done.commit, "synced"),
                Err(fault) => {
                    let dataset = target.dataset;
                    tracing::warn!(project, dataset, %fault, hint = fault.hint(), "a project is not synced");
                }
            }
        };
        // Without a thread it is tried again at the next look.
        self.working = thread::Builder::new().name("paceline-sync".to_owned()).spawn(work).ok();
        self.working.is_some()
    }
}

enum Due {
    Now,
    /// Within the patience of somebody who leaves.
    Soon,
    Later,
}

fn is_due(store: &Store, project: &str, target: &SyncTarget, seen: &Seen, is_leaving: bool) -> Due {
    if target.interval_seconds == 0 {
        return Due::Later;
    }
    // There is no such project yet, or any more.
    let Ok(status) = status(store, project) else { return Due::Later };
    let is_time = status.next_try_at.is_none_or(|at| at <= now());
    let is_soon = status.next_try_at.is_none_or(|at| at.0 <= now().0.saturating_add(PATIENCE_MICROSECONDS));
    let has_failed = status.state == SyncState::Failed;
    let has_more = status.rows_behind > 0 || seen.has_ended || status.last_commit.is_none();
    if status.state == SyncState::Syncing {
        // Somebody else is at it, and may have begun before the last rows came.
        return if is_leaving { Due::Soon } else { Due::Later };
    }
    if is_leaving {
        return match (has_more, has_failed && !is_time) {
            _ if seen.last_attempts >= LAST_ATTEMPTS => Due::Later,
            (false, _) => Due::Later,
            (true, false) => Due::Now,
            (true, true) if is_soon => Due::Soon,
            (true, true) => Due::Later,
        };
    }
    let is_due = if has_failed { is_time } else { seen.has_ended || is_time && (has_more || seen.was_open) };
    if is_due { Due::Now } else { Due::Later }
}
