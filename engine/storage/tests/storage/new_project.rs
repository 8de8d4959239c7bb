//! A project that is made whole takes in nothing of what others have left.

use std::fs;

use paceline_journal::FileLock;
use paceline_schema::ProjectName;
use paceline_storage::StorageError;

use crate::support::Scratch;

fn make(scratch: &Scratch, name: &str) -> Result<(), StorageError> {
    let name = ProjectName::new(name).expect("a good name");
    scratch.store.make_project(&name, |_| Ok::<_, StorageError>(()))
}

fn write(scratch: &Scratch, file: &str, text: &str) {
    let path = scratch.path(file);
    fs::create_dir_all(path.parent().expect("one")).expect("it is made");
    fs::write(path, text).expect("it is written");
}

#[test]
fn what_is_left_of_an_earlier_project_is_named_and_stays() {
    for (left, named) in
        [("p.db-wal", "p.db-wal"), ("p.db-journal", "p.db-journal"), ("media/p/run/0/a.png", "media/p")]
    {
        let scratch = Scratch::new();
        write(&scratch, left, "left");
        let refused = make(&scratch, "p").expect_err("something is left");
        assert!(
            matches!(&refused, StorageError::Leftover { path, .. } if path.ends_with(named)),
            "{refused}"
        );
        assert!(scratch.path(left).is_file() && !scratch.path("p.db").exists(), "{left}");
        assert!(!scratch.path(".paceline/imports").exists(), "{left}");
        make(&scratch, "other").expect("it has another name");
        fs::remove_file(scratch.path(left)).expect("it is there");
        make(&scratch, "p").expect("nothing is left");
    }
    // SQLite leaves an empty log where a reader was cut off, and plays nothing from it.
    let scratch = Scratch::new();
    write(&scratch, "p.db-wal", "");
    make(&scratch, "p").expect("there is nothing in it");
}

#[test]
fn what_a_killed_process_has_begun_goes_with_the_next_one() {
    let scratch = Scratch::new();
    for file in
        ["q-1.db", "q-1.lock", "q-1.media/run/0/a.png", "r-2.db", "r-2.media/x", "s-3.lock", "t-4.media/y"]
    {
        write(&scratch, &format!(".paceline/imports/{file}"), "part");
    }
    let lock = scratch.path(".paceline/imports/r-2.lock");
    let working = FileLock::try_acquire(&lock).expect("locks work").expect("it is free");
    make(&scratch, "p").expect("it is made");
    let left = fs::read_dir(scratch.path(".paceline/imports")).expect("it is read");
    let mut left: Vec<_> = left.map(|entry| entry.expect("an entry").file_name()).collect();
    left.sort();
    assert_eq!(left, ["r-2.db", "r-2.lock", "r-2.media"], "somebody is at it");
    drop(working);
    make(&scratch, "o").expect("it is made");
    assert!(!scratch.path(".paceline/imports").exists());
}
