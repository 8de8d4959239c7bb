//! A journal is written, damaged or abandoned, and read.

use std::os::unix::fs::FileExt;
use std::path::Path;

use paceline_schema::event::RunKey;
use paceline_schema::{Event, Value};
use proptest::prelude::*;

use super::*;
use crate::layout::find_journals;
use crate::record::{Body, Kind};
use crate::segment::RECORDS_OFFSET;
use crate::writer::{Journal, Written};

fn run() -> RunKey {
    RunKey { id: "0".repeat(32), name: "run".into() }
}

fn append_rows(journal: &mut Journal, steps: std::ops::Range<i64>) {
    let mut body = Body::default();
    for step in steps {
        body.clear();
        body.push("loss", &Value::Float(1.0 / step as f64));
        body.push("step", &Value::Integer(step));
        assert_eq!(journal.append(Kind::Row, step, body.as_bytes()), Written::Journaled);
    }
}

fn steps(events: &[Event]) -> Vec<i64> {
    events.iter().filter_map(|event| if let Event::Row(row) = event { row.step } else { None }).collect()
}

fn only_drain(directory: &Path) -> Drain {
    let journals = find_journals(directory).expect("lists");
    assert_eq!(journals.len(), 1);
    Drain::open(&journals[0]).expect("opens").expect("free")
}

fn commit(drain: &mut Drain) {
    let read = drain.checkpoint();
    drain.commit(&read).expect("commits");
}

fn drain_all(directory: &Path) -> (Vec<i64>, Drain, bool) {
    let mut drain = only_drain(directory);
    let mut all = Vec::new();
    loop {
        let drained = drain.read(1_000).expect("reads");
        all.extend(steps(&drained.events));
        commit(&mut drain);
        if drained.ended || drained.events.is_empty() {
            return (all, drain, drained.ended);
        }
    }
}

#[test]
fn rows_of_a_live_writer_come_in_order_and_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut journal = Journal::create(folder.path(), "p", &run(), None, None);
    append_rows(&mut journal, 0..10_000);
    let (read, mut drain, ended) = drain_all(folder.path());
    assert_eq!(read, (0..10_000).collect::<Vec<_>>());
    assert!(!ended, "its writer lives");
    assert!(journal.is_drained());
    append_rows(&mut journal, 10_000..10_003);
    assert!(!journal.is_drained());
    assert_eq!(steps(&drain.read(10).expect("reads").events), [10_000, 10_001, 10_002]);
    drop(journal);
    drain.rewind();
    let drained = drain.read(10).expect("reads");
    assert_eq!(steps(&drained.events), [10_000, 10_001, 10_002], "not committed, so read again");
    assert!(drained.ended);
    commit(&mut drain);
    assert_eq!(drain.lost(), 0);
    drain.remove().expect("removes");
    assert_eq!(find_journals(folder.path()).expect("lists"), []);
}

#[test]
fn what_is_read_ahead_is_committed_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut journal = Journal::create(folder.path(), "p", &run(), None, None);
    append_rows(&mut journal, 0..40_000);
    let mut drain = only_drain(folder.path());
    drain.read(3_000).expect("reads");
    let first = drain.checkpoint();
    // Far enough to end the segment the checkpoint is in.
    drain.read(30_000).expect("reads");
    drain.commit(&first).expect("commits");
    assert!(!journal.is_drained());
    drain.rewind();
    let again = steps(&drain.read(10).expect("reads").events);
    assert!(again[0] <= 3_000, "nothing is skipped: {again:?}");
    drop(drain);
    let (rest, _, _) = drain_all(folder.path());
    assert_eq!(rest.last(), Some(&39_999));
    assert!(rest[0] <= 3_000 && rest.is_sorted());
    assert!(journal.is_drained());
}

#[test]
fn only_one_process_drains_a_journal() {
    let folder = tempfile::tempdir().expect("a folder");
    let _journal = Journal::create(folder.path(), "p", &run(), None, None);
    let first = only_drain(folder.path());
    assert!(Drain::open(first.journal()).expect("tries").is_none());
}

#[test]
fn a_record_larger_than_a_segment_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut journal = Journal::create(folder.path(), "p", &run(), None, None);
    append_rows(&mut journal, 0..3);
    let text = format!("{{\"x\":\"{}\"}}", "y".repeat(9 << 20));
    assert_eq!(journal.append(Kind::Config, 0, text.as_bytes()), Written::Journaled);
    append_rows(&mut journal, 3..6);
    drop(journal);
    let mut drain = only_drain(folder.path());
    let drained = drain.read(100).expect("reads");
    assert_eq!(steps(&drained.events), [0, 1, 2, 3, 4, 5]);
    assert!(drained.events.iter().any(|event| matches!(event, Event::Config { json, .. } if *json == text)));
    assert_eq!(drain.lost(), 0);
}

#[test]
fn a_forked_childs_descriptor_does_not_keep_the_owner_alive() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = Journal::create(folder.path(), "p", &run(), None, None);
    #[allow(unsafe_code, reason = "the test is about fork")]
    // SAFETY: the child only waits to be killed.
    let child = unsafe { libc::fork() };
    if child == 0 {
        #[allow(unsafe_code, reason = "the test is about fork")]
        // SAFETY: `pause` and `_exit` are allowed after fork.
        unsafe {
            libc::pause();
            libc::_exit(0);
        }
    }
    drop(journal);
    // The child may not have run its fork handler yet when `fork` returns here.
    let journals = find_journals(folder.path()).expect("lists");
    let closed = (0..5_000).any(|_| {
        std::thread::yield_now();
        Owner::is_gone(&journals[0].path) || {
            std::thread::park_timeout(std::time::Duration::from_millis(1));
            false
        }
    });
    #[allow(unsafe_code, reason = "the test is about fork")]
    // SAFETY: the child is ours.
    unsafe {
        libc::kill(child, libc::SIGKILL);
        libc::waitpid(child, std::ptr::null_mut(), 0);
    }
    assert!(closed);
}

/// What [`append_rows`] takes for a row.
const ROW_BYTES: usize = 64;

/// Rows in one closed segment, and the file they stand in.
fn closed_segment(folder: &Path, rows: i64) -> std::path::PathBuf {
    let mut journal = Journal::create(folder, "p", &run(), None, None);
    append_rows(&mut journal, 0..rows);
    drop(journal);
    let journals = find_journals(folder).expect("lists");
    let numbers = segment_numbers(&journals[0].path).expect("lists");
    assert_eq!(numbers.len(), 1);
    segment_path(&journals[0].path, numbers[0])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_segment_cut_anywhere_gives_every_row_before_the_cut(cut in 0usize..200_000) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = closed_segment(folder.path(), 1_000);
        fs::File::options().write(true).open(&path).expect("opens").set_len(cut as u64).expect("cuts");
        let (read, drain, ended) = drain_all(folder.path());
        prop_assert!(ended);
        prop_assert_eq!(drain.lost(), 0, "a torn tail was never acknowledged as whole");
        prop_assert_eq!(&read, &(0..read.len() as i64).collect::<Vec<_>>());
        prop_assert!(read.len() >= (cut.saturating_sub(RECORDS_OFFSET) / ROW_BYTES).min(1_000));
    }

    #[test]
    fn a_flipped_bit_costs_one_row_at_most_and_is_counted(at in 0usize..1_000 * ROW_BYTES, bit in 0u8..8) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = closed_segment(folder.path(), 1_000);
        let file = fs::File::options().read(true).write(true).open(&path).expect("opens");
        let mut byte = [0];
        let offset = (RECORDS_OFFSET + at) as u64;
        file.read_exact_at(&mut byte, offset).expect("reads");
        file.write_all_at(&[byte[0] ^ 1 << bit], offset).expect("writes");
        let (read, drain, _) = drain_all(folder.path());
        // Bits of the padding between two records belong to nobody; behind the last record nothing is missed.
        prop_assert!(read.len() >= 999, "{}", read.len());
        let missing = 1_000 - read.len() as u64;
        prop_assert!(drain.lost() == missing || read.last() != Some(&999));
        prop_assert!(read.is_sorted());
    }

    #[test]
    fn a_zeroed_page_costs_its_rows_alone(page in 0usize..15) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = closed_segment(folder.path(), 1_000);
        let file = fs::File::options().write(true).open(&path).expect("opens");
        file.write_all_at(&[0; 4096], (RECORDS_OFFSET + page * 4096) as u64).expect("writes");
        let (read, drain, _) = drain_all(folder.path());
        prop_assert_eq!(read.len(), 1_000 - 4096 / ROW_BYTES);
        prop_assert_eq!(drain.lost(), 1_000 - read.len() as u64);
        prop_assert!(folder.path().join(".paceline/damaged").is_dir(), "kept for a look");
    }
}
