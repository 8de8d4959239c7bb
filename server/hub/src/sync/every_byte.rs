//! The line breaks at any byte of a sync and stays down: the Dataset holds the old state or the new one, the next sync
//! completes it, and no row is missing or there twice.
//!
//! Tried is every byte around the ends of each message and of its head, and every twenty-ninth of all. `EVERY_BYTE=1 cargo test
//! -p paceline-hub whatever_byte` tries every one, in some minutes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;

use paceline_schema::{ProjectName, SyncTarget};
use paceline_storage::{Cell, Durability, StorageError, Store};

use super::cut_hub::{CutHub, State};
use super::{SyncFault, SyncOptions, Synced, sync};
use crate::parquet::Manifest;
use crate::remote::{Account, digest_bytes};

const WORKERS: usize = 4;
/// Between the bytes that are tried in the middle of messages.
const STRIDE: u64 = 29;
/// Bytes on both sides of an end that are all tried.
const AROUND: u64 = 4;
const STATE: &str = ".paceline/datasets/p.state.json";

/// A data directory with so many rows.
fn store(folder: &Path, rows: i64) -> Store {
    let store = Store::open(folder, Durability::Process).expect("it opens");
    let columns = ["run_id", "timestamp", "run_name", "step", "metrics", "log_id"];
    let name = ProjectName::new("p").expect("a name");
    let made = store.make_project(&name, |tables| {
        for step in 0..rows {
            let (metrics, log_id) = (format!("{{\"loss\":{step}}}"), format!("{step}"));
            let time = format!("2026-11-29T02:00:00.{step:06}+00:00");
            let cells = [
                Cell::Text(b"r"),
                Cell::Text(time.as_bytes()),
                Cell::Text(b"r"),
                Cell::Integer(step),
                Cell::Blob(metrics.as_bytes()),
                Cell::Text(log_id.as_bytes()),
            ];
            tables.insert("metrics", &columns, &cells)?;
        }
        Ok::<_, StorageError>(())
    });
    made.expect("it is made");
    store
}

/// In memory where there is such a place: thousands of files are brought to it.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a scratch directory")
}

/// Where each attempt begins: a Dataset with what was synced before, and a machine that has more.
struct Begin {
    hub: CutHub,
    store: Store,
    old: State,
    record: Vec<u8>,
    _scratch: tempfile::TempDir,
}

impl Begin {
    fn new() -> Self {
        let scratch = scratch();
        let (before, now) = (scratch.path().join("before"), scratch.path().join("now"));
        let hub = CutHub::start();
        hub.state().head = 1;
        let earlier = store(&before, 2);
        run(&hub, &earlier).expect("the first sync");
        let record = fs::read(before.join(STATE)).expect("it is written down");
        let store = store(&now, 5);
        fs::create_dir_all(now.join(STATE).parent().expect("a folder")).expect("it is made");
        let old = hub.state().clone();
        Self { hub, store, old, record, _scratch: scratch }
    }

    /// A sync over a line that breaks after so many bytes.
    fn sync(&self, cut_after: Option<u64>) -> Result<Synced, SyncFault> {
        *self.hub.state() = self.old.clone();
        fs::write(self.store.directory().join(STATE), &self.record).expect("it is written");
        self.hub.cut_after(cut_after);
        run(&self.hub, &self.store)
    }
}

fn run(hub: &CutHub, store: &Store) -> Result<Synced, SyncFault> {
    let variable = |name: &str| match name {
        "HF_ENDPOINT" => Some(hub.address.clone()),
        "HF_TOKEN" => Some("hf_token".to_owned()),
        _ => None,
    };
    let account = Account::find(variable, None).expect("an address");
    sync(store, "p", &SyncTarget::new("a/b"), &account, SyncOptions::default())
}

/// Numbers of the rows that are there, after a look that the manifest names what is there, and nothing else is.
fn rows(state: &State) -> Vec<i64> {
    let manifest = Manifest::from_json(&state.files["p/manifest.json"], Path::new("m")).expect("a manifest");
    let mut named = BTreeSet::new();
    for (_, file) in manifest.files() {
        assert_eq!(digest_bytes(&state.files[&file.path]), file.sha256, "{}", file.path);
        assert!(named.insert(file.path.as_str()));
    }
    let there = state.files.keys().map(String::as_str).filter(|path| path.ends_with(".parquet"));
    assert_eq!(there.collect::<BTreeSet<_>>(), named);
    manifest.tables["metrics"].files.iter().flat_map(|file| file.after + 1..=file.through).collect()
}

/// Cuts at each of these bytes; how many of the commits were made.
fn cut(begin: &Begin, places: impl Iterator<Item = u64>, new: &State) -> u32 {
    let mut made = 0;
    for place in places {
        let done = begin.sync(Some(place));
        let found = begin.hub.state().clone();
        assert!(found.files == begin.old.files || found.files == new.files, "{place}: neither old nor new");
        assert_eq!(rows(&found), if found.head == begin.old.head { vec![1, 2] } else { vec![1, 2, 3, 4, 5] });
        let is_new = found.head != begin.old.head;
        // Who is not told that it was made does not say so.
        assert!(is_new || done.is_err(), "{place}");
        made += u32::from(is_new);
        begin.hub.cut_after(None);
        let next = run(&begin.hub, &begin.store).unwrap_or_else(|fault| panic!("{place}: {fault}"));
        assert_eq!((next.changed, &begin.hub.state().files), (!is_new, &new.files), "{place}");
    }
    made
}

#[test]
fn whatever_byte_is_the_last_the_dataset_is_whole() {
    let (whole, ends) = {
        let begin = Begin::new();
        assert_eq!(rows(&begin.old), [1, 2]);
        assert!(begin.sync(None).expect("it goes through").changed);
        begin.hub.passed()
    };
    let stride = if std::env::var_os("EVERY_BYTE").is_some() { 1 } else { STRIDE };
    let is_end = |place: u64| ends.iter().any(|end| end.abs_diff(place) <= AROUND);
    let places: Vec<u64> =
        (0..whole).filter(|place| place.is_multiple_of(stride) || is_end(*place)).collect();
    let made: u32 = thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let places = &places;
                scope.spawn(move || {
                    let begin = Begin::new();
                    begin.sync(None).expect("it goes through");
                    let new = begin.hub.state().clone();
                    assert_eq!(rows(&new), [1, 2, 3, 4, 5]);
                    cut(&begin, places.iter().copied().skip(worker).step_by(WORKERS), &new)
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("no assertion failed")).sum()
    });
    // The answer to the commit is among them: made, and not told.
    let tried = places.len();
    assert!(made > 0 && (made as usize) < tried / 2, "{made} of {tried}");
}
