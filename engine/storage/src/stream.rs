//! An append whose batches are made while earlier ones are stored: one transaction, two threads.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};

use rusqlite::Connection;

use crate::apply::{Outcome, apply};
use crate::batch::{Appended, Batch, Prepared};
use crate::error::StorageError;
use crate::project::{Pending, Project};

/// An append that was begun and takes batches until it is committed. Dropping it withdraws what it took: then
/// nothing of it is stored.
#[must_use = "what is not committed is withdrawn"]
pub struct Stream {
    // Dropped first: the writer, which ends with the project, may wait for more of them.
    parts: Sender<Part>,
    pending: Pending,
    _project: Arc<Project>,
}

/// What the writer is sent.
enum Part {
    Batches(Vec<Prepared>),
    /// There is no more, and what came is to be committed.
    End,
}

impl Stream {
    pub(crate) fn new(parts: PartSender, pending: Pending, project: Arc<Project>) -> Self {
        Self { parts: parts.0, pending, _project: project }
    }

    /// Hands batches to the writer, in the order in which they are to be applied.
    pub fn append(&self, batches: Vec<Batch>) {
        let prepared = batches.into_iter().map(Prepared::new).collect();
        // A writer that takes no more has answered why, which is heard at the commit.
        let _ = self.parts.send(Part::Batches(prepared));
    }

    /// Returns when all of it is committed.
    ///
    /// # Errors
    /// As [`Project::append`](crate::Project::append).
    pub fn commit(self) -> Result<Appended, StorageError> {
        let _ = self.parts.send(Part::End);
        self.pending.wait()
    }
}

/// The caller's end of a stream.
pub(crate) struct PartSender(Sender<Part>);

/// The writer's end of a stream, and what came of it.
pub(crate) struct Parts {
    parts: Receiver<Part>,
    arrived: Vec<Prepared>,
}

/// The two ends of a stream.
pub(crate) fn channel() -> (PartSender, Parts) {
    let (sender, parts) = mpsc::channel();
    (PartSender(sender), Parts { parts, arrived: Vec::new() })
}

impl Parts {
    /// The batches that came until now.
    pub(crate) fn arrived(&self) -> &[Prepared] {
        &self.arrived
    }

    /// Applies the batches as they come, inside the caller's transaction, which is to be rolled back where they
    /// are withdrawn.
    pub(crate) fn apply(&mut self, connection: &Connection) -> rusqlite::Result<Outcome> {
        let mut total = Outcome::default();
        loop {
            match self.parts.recv() {
                Ok(Part::Batches(batches)) => {
                    for mut batch in batches {
                        total.add(apply(connection, &mut batch)?);
                        self.arrived.push(batch);
                    }
                }
                Ok(Part::End) => return Ok(total),
                Err(_) => {
                    self.arrived.clear();
                    return Ok(Outcome { is_withdrawn: true, ..Outcome::default() });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use paceline_schema::event::RunKey;
    use paceline_schema::{Event, ProjectName, Row, Timestamp, Value};

    use super::*;
    use crate::{Durability, Store};

    fn rows(steps: std::ops::Range<i64>) -> Vec<Batch> {
        let row = |step| {
            Event::Row(Row {
                log_id: Some(format!("row {step}")),
                time: Timestamp(1_795_400_272_000_000 + step),
                step: Some(step),
                metrics: vec![("loss".to_owned(), Value::Float(step as f64))],
            })
        };
        vec![Batch { run: RunKey { id: "r".into(), name: "r".into() }, events: steps.map(row).collect() }]
    }

    #[test]
    fn what_is_withdrawn_leaves_nothing_and_what_is_committed_is_there_once() {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let store = Store::open(directory.path(), Durability::Process).expect("it opens");
        let project = store.project_for_writing(&ProjectName::new("p").expect("a name")).expect("it is made");
        project.append(rows(0..3)).expect("stored");
        let last_step = || {
            let heads = project.read(|reader| reader.all_heads()).expect("it is read");
            heads.values().map(|run| run.max_step()).collect::<Vec<_>>()
        };

        let stream = project.begin_stream().expect("it runs").expect("nobody waits");
        stream.append(rows(3..300));
        assert!(project.begin_stream().expect("it runs").is_none(), "one waits for its end");
        drop(stream);
        // What comes next waits until the withdrawn one is gone.
        assert_eq!(project.append(rows(0..3)).expect("stored").rows_duplicate, 3);
        assert_eq!(last_step(), [Some(2)]);

        let stream = project.begin_stream().expect("it runs").expect("nobody waits");
        stream.append(rows(2..300));
        stream.append(rows(300..500));
        let appended = stream.commit().expect("stored");
        assert_eq!(appended, Appended { rows_stored: 497, rows_duplicate: 1 });
        assert_eq!(last_step(), [Some(499)]);
    }

    #[test]
    fn a_stream_ends_though_its_project_is_forgotten_meanwhile() {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let store = Store::open(directory.path(), Durability::Process).expect("it opens");
        let name = ProjectName::new("p").expect("a name");
        store.project_for_writing(&name).expect("it is made").append(rows(0..3)).expect("stored");
        let begin = || store.project("p").and_then(|project| project.begin_stream()).expect("it runs");
        for is_committed in [false, true] {
            let stream = begin().expect("nobody waits");
            store.forget("p");
            stream.append(rows(3..9));
            match is_committed {
                true => assert_eq!(stream.commit().expect("stored").rows_stored, 6),
                false => drop(stream),
            }
        }
    }
}
