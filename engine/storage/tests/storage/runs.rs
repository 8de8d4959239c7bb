//! What is recorded of runs: their states, their order, what other programs do to them.

use paceline_schema::run::RunEdit;
use paceline_schema::{Event, ProcessIdentity, RankOfRun, RunEnd, RunStart, RunState};
use paceline_storage::{Liveness, Project, RunRecord, StorageError};

use crate::support::{Scratch, at, batch, end, loss, row, run, start};

fn find(project: &Project, run: &str) -> RunRecord {
    project.read(|reader| reader.find_run(run)).expect("it is there")
}

fn ids(project: &Project) -> Vec<String> {
    project.read(|reader| reader.runs()).expect("it is read").into_iter().map(|run| run.run_id).collect()
}

#[test]
fn rows_find_their_run_by_its_id_or_its_newest_name() {
    let scratch = Scratch::new();
    let project = scratch.project();
    project.append(batch("a", vec![start(at(0)), row("1", 0, loss(1.0))])).expect("it is stored");
    project.append(batch("b", vec![start(at(5))])).expect("it is stored");
    let key = |selector: &str| {
        let key = project.read(|reader| reader.run_key(selector)).expect("it is read");
        key.map(|key| (key.id, key.name))
    };
    let named = |id: &str, name: &str| Some((id.to_owned(), name.to_owned()));
    assert_eq!((key("a"), key("b")), (named("a", "name of a"), named("b", "name of b")));
    assert_eq!((key("name of a"), key("nobody")), (named("a", "name of a"), None));
    let other = scratch.other_program();
    other.execute_batch("UPDATE metrics SET run_name = 'name of b'").expect("it is renamed");
    assert_eq!(key("a"), named("a", "name of b"));
    assert_eq!((key("name of b"), key("name of a")), (named("b", "name of b"), None));
    other.execute_batch("DELETE FROM metrics").expect("they are deleted");
    assert_eq!(key("a"), None);
    assert_eq!(key("name of b"), named("b", "name of b"));
}

#[test]
fn a_run_passes_through_its_states() {
    let scratch = Scratch::new();
    let project = scratch.project();
    let append = |events| project.append(batch("a", events)).expect("it is stored");
    append(vec![Event::Start(RunStart {
        time: at(0),
        command: Some("train.py".into()),
        tags: vec!["x".into()],
        ..RunStart::default()
    })]);
    let created = find(&project, "a");
    assert_eq!((created.process.state, created.created_at), (Some(RunState::Created), Some(at(0))));
    assert_eq!(
        (created.command.as_deref(), created.tags.as_slice()),
        (Some("train.py"), &["x".to_owned()][..])
    );

    append(vec![row("1", 1, loss(1.0))]);
    assert_eq!(find(&project, "a").process.state, Some(RunState::Running));

    append(vec![Event::End(RunEnd {
        time: at(5),
        state: RunState::Failed,
        exit_code: Some(1),
        exit_signal: None,
        failure: Some("ValueError: no".into()),
        leaving: false,
        rank: 0,
        of_start: None,
    })]);
    append(vec![end(at(6), RunState::Crashed)]);
    let failed = find(&project, "a");
    assert_eq!(
        (failed.process.state, failed.process.finished_at, failed.process.exit_code),
        (Some(RunState::Failed), Some(at(5)), Some(1))
    );
    assert_eq!(failed.process.failure.as_deref(), Some("ValueError: no"));

    append(vec![row("2", 2, loss(1.0))]);
    assert_eq!(
        find(&project, "a").process.state,
        Some(RunState::Failed),
        "a row that comes late revives nothing"
    );

    append(vec![Event::Start(RunStart { time: at(9), resumed: true, ..RunStart::default() })]);
    let resumed = find(&project, "a");
    assert_eq!(
        (resumed.process.state, resumed.process.finished_at, resumed.process.exit_code),
        (Some(RunState::Running), None, None)
    );
    assert_eq!(
        (resumed.created_at, resumed.process.started_at, resumed.process.failure),
        (Some(at(0)), Some(at(9)), None)
    );
    assert_eq!(resumed.command.as_deref(), Some("train.py"));

    append(vec![end(at(8), RunState::Finished)]);
    assert_eq!(find(&project, "a").process.state, Some(RunState::Running), "the end of an earlier start");
}

#[test]
fn the_end_of_an_earlier_process_is_not_that_of_the_run_however_late_it_is_noticed() {
    let scratch = Scratch::new();
    let project = scratch.project();
    let noticed = |seconds, state, begun, rank| {
        let Event::End(end) = end(at(seconds), state) else { unreachable!("it is an end") };
        Event::End(RunEnd { of_start: Some(at(begun)), rank, ..end })
    };
    // The first process was killed, the second one logs by the time that is found out.
    project
        .append(batch("a", vec![start(at(0)), start(at(10)), row("1", 1, loss(1.0))]))
        .expect("it is stored");
    for state in [RunState::Crashed, RunState::Failed] {
        project.append(batch("a", vec![noticed(12, state, 0, 0)])).expect("it is stored");
        let run = find(&project, "a").process;
        assert_eq!((run.state, run.finished_at), (Some(RunState::Running), None), "{state:?}");
    }
    project.append(batch("a", vec![noticed(15, RunState::Crashed, 10, 0)])).expect("it is stored");
    assert_eq!(find(&project, "a").process.state, Some(RunState::Crashed), "its own");
}

#[test]
fn what_the_process_said_replaces_a_guess() {
    let scratch = Scratch::new();
    let project = scratch.project();
    project.append(batch("a", vec![start(at(0)), end(at(9), RunState::Crashed)])).expect("it is stored");
    project.append(batch("a", vec![end(at(5), RunState::Finished)])).expect("it is stored");
    let run = find(&project, "a");
    assert_eq!((run.process.state, run.process.finished_at), (Some(RunState::Finished), Some(at(5))));
}

#[test]
fn applying_events_again_changes_nothing() {
    let scratch = Scratch::new();
    let project = scratch.project();
    let events = vec![
        start(at(0)),
        row("1", 1, loss(1.0)),
        Event::Summary { json: "{\"best\":1}".into(), rank: 0 },
        end(at(3), RunState::Finished),
        Event::Start(RunStart { time: at(4), resumed: true, ..RunStart::default() }),
        row("2", 2, loss(0.5)),
        end(at(6), RunState::Failed),
    ];
    project.append(batch("a", events.clone())).expect("it is stored");
    let once = find(&project, "a");
    for length in 1..=events.len() {
        project.append(batch("a", events[..length].to_vec())).expect("it is stored");
        assert_eq!(find(&project, "a"), once, "the first {length} events again");
    }
    assert_eq!(once.summary_json.as_deref(), Some("{\"best\":1}"));
}

#[test]
fn labels_set_late_come_with_the_config_and_those_of_others_stay() {
    let scratch = Scratch::new();
    let project = scratch.project();
    let config = |json: &str| Event::Config { time: at(2), json: json.to_owned(), rank: 0 };
    let append = |event| project.append(batch("a", vec![event])).expect("it is stored");
    let labels = || {
        let found = find(&project, "a");
        (found.tags.join(" "), found.notes.unwrap_or_default())
    };
    let begin = RunStart { time: at(1), tags: vec!["early".into()], ..RunStart::default() };
    append(Event::Start(begin));
    append(config(r#"{"lr": 1}"#));
    assert_eq!(labels(), ("early".into(), String::new()));
    append(config(r#"{"lr": 1, "_Tags": ["early", "late"], "_Notes": "good"}"#));
    assert_eq!(labels(), ("early late".into(), "good".into()));
    let edit = RunEdit { tags: Some(vec!["mine".into()]), ..RunEdit::default() };
    project.describe_run(&run("a"), &edit).expect("it is described");
    append(config(r#"{"lr": 2, "_Tags": ["early", "late"], "_Notes": ""}"#));
    assert_eq!(labels(), ("mine".into(), String::new()), "the config of before changes nothing anew");
    append(config(r#"{"lr": 2, "_Tags": []}"#));
    assert_eq!(labels(), (String::new(), String::new()));
}

#[test]
fn a_heartbeat_keeps_a_run_alive() {
    let scratch = Scratch::new();
    let project = scratch.project();
    project
        .append(batch("a", vec![start(at(0)), row("1", 1, loss(1.0)), end(at(5), RunState::Crashed)]))
        .expect("it is stored");
    project.heartbeat(vec!["a".into(), "unknown".into()], vec![], at(4)).expect("it is stored");
    assert_eq!(find(&project, "a").process.state, Some(RunState::Crashed), "it was sent before the crash");
    project.heartbeat(vec!["a".into()], vec![], at(8)).expect("it is stored");
    project.heartbeat(vec!["a".into()], vec![], at(7)).expect("it is stored");
    let run = find(&project, "a");
    assert_eq!(
        (run.process.state, run.process.finished_at, run.process.heartbeat_at),
        (Some(RunState::Running), None, Some(at(8)))
    );
    assert_eq!(ids(&project), ["a"]);
}

#[test]
fn the_process_of_a_run_is_looked_for() {
    let scratch = Scratch::new();
    let project = scratch.project();
    let process = ProcessIdentity { start_ticks: 1, ..paceline_journal::process::current() };
    let started = RunStart { time: at(0), process: Some(process.clone()), ..RunStart::default() };
    project.append(batch("a", vec![Event::Start(started)])).expect("it is stored");
    let run = find(&project, "a");
    assert_eq!((run.process.identity, run.process.liveness), (Some(process), Some(Liveness::Gone)));
    project.append(batch("a", vec![end(at(1), RunState::Finished)])).expect("it is stored");
    assert_eq!(find(&project, "a").process.liveness, None);
}

#[test]
fn a_process_that_ended_while_the_snapshot_was_read_lived_in_it() {
    let scratch = Scratch::new();
    let project = scratch.project();
    for rank in [0, 1] {
        let process = ProcessIdentity { start_ticks: 1, ..paceline_journal::process::current() };
        let started = RunStart { time: at(0), process: Some(process), rank, ..RunStart::default() };
        project.append(batch("a", vec![Event::Start(started)])).expect("it is stored");
    }
    let livenesses = |reader: &paceline_storage::Reader<'_>| {
        let run = reader.find_run("a")?;
        Ok((run.process.liveness, run.ranks[0].liveness))
    };
    let found = project.read(|reader| {
        assert_eq!(livenesses(reader)?, (Some(Liveness::Gone), Some(Liveness::Gone)));
        project.append(batch("a", vec![end(at(1), RunState::Finished)]))?;
        assert_eq!(livenesses(reader)?, (Some(Liveness::Alive), Some(Liveness::Gone)));
        let started = RunStart { time: at(2), rank: 1, ..RunStart::default() };
        project.append(batch("a", vec![Event::Start(started)]))?;
        livenesses(reader)
    });
    assert_eq!(found.expect("it is read"), (Some(Liveness::Alive), Some(Liveness::Alive)));
    assert_eq!(project.read(livenesses).expect("it is read"), (None, None));
}

#[test]
fn colours_follow_the_order_of_creation_whoever_wrote_the_run() {
    let scratch = Scratch::new();
    let project = scratch.project();
    let slots = || {
        let mut slots: Vec<(String, u32)> = project
            .read(|reader| reader.runs())
            .expect("it is read")
            .into_iter()
            .map(|run| (run.run_id, run.colour_slot))
            .collect();
        slots.sort_by_key(|(_, slot)| *slot);
        slots.into_iter().map(|(run_id, _)| run_id).collect::<Vec<_>>()
    };
    let by_peer =
        |id: &str, step| project.append(batch(id, vec![row(id, step, loss(1.0))])).expect("it is stored");
    by_peer("peer 1", 1);
    by_peer("peer 2", 2);
    project.append(batch("ours 1", vec![start(at(3))])).expect("it is stored");
    by_peer("peer 3", 4);
    assert_eq!(slots(), ["peer 1", "peer 2", "ours 1", "peer 3"]);
    project.append(batch("ours 2", vec![start(at(5))])).expect("it is stored");
    project.append(batch("peer 1", vec![start(at(6))])).expect("it is stored");
    assert_eq!(slots(), ["peer 1", "peer 2", "ours 1", "peer 3", "ours 2"]);
    assert_eq!(ids(&project), ["peer 1", "peer 2", "ours 1", "peer 3", "ours 2"]);
    let resumed = find(&project, "peer 1");
    assert_eq!((resumed.process.state, resumed.created_at), (Some(RunState::Running), Some(at(1))));
}

#[test]
fn a_run_whose_rows_were_deleted_is_gone() {
    let scratch = Scratch::new();
    let project = scratch.project();
    for id in ["a", "b"] {
        project.append(batch(id, vec![start(at(0)), row(id, 1, loss(1.0))])).expect("it is stored");
    }
    project.append(batch("empty", vec![start(at(2)), end(at(3), RunState::Finished)])).expect("it is stored");
    assert_eq!(ids(&project), ["a", "b", "empty"]);
    scratch.other_program().execute("DELETE FROM metrics WHERE run_id = 'a'", []).expect("it is deleted");
    assert_eq!(ids(&project), ["b", "empty"]);
    assert!(matches!(project.read(|reader| reader.find_run("a")), Err(StorageError::RunNotFound { .. })));
    project.append(batch("a", vec![start(at(4)), row("again", 1, loss(1.0))])).expect("it is stored");
    assert_eq!(find(&project, "a").process.state, Some(RunState::Running));
    assert_eq!(
        scratch
            .reopened()
            .project("p")
            .expect("it is there")
            .read(|reader| reader.heads("a"))
            .expect("it is read")
            .rows(),
        1
    );
}

#[test]
fn a_run_is_found_by_id_then_by_its_latest_name() {
    let scratch = Scratch::new();
    let project = scratch.project();
    let named = |id: &str, name: &str, step| {
        let mut batches = batch(id, vec![start(at(step)), row(id, step, loss(1.0))]);
        batches[0].run.name = name.into();
        project.append(batches).expect("it is stored");
    };
    named("id-1", "lr-3e-4", 1);
    named("id-2", "lr-3e-4", 2);
    named("id-3", "baseline", 3);
    assert_eq!(find(&project, "lr-3e-4").run_id, "id-2");
    assert_eq!(find(&project, "id-1").run_name, "lr-3e-4");
    let Err(StorageError::RunNotFound { similar, .. }) = project.read(|reader| reader.find_run("lr-3e4"))
    else {
        panic!("no run has this name")
    };
    assert_eq!(similar, ["lr-3e-4"]);

    let other = scratch.other_program();
    other
        .execute("UPDATE metrics SET run_name = 'renamed' WHERE run_id = 'id-2'", [])
        .expect("it is renamed");
    // As the peer renames: the rows are new ones.
    other
        .execute_batch(
            "CREATE TEMP TABLE kept AS SELECT run_id, timestamp, run_name, step, metrics FROM metrics WHERE run_id = 'id-2'; \
             DELETE FROM metrics WHERE run_id = 'id-2'; \
             INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) SELECT * FROM kept",
        )
        .expect("it is renamed");
    assert_eq!(find(&project, "renamed").run_id, "id-2");
    assert_eq!(find(&project, "lr-3e-4").run_id, "id-1");
    assert_eq!(find(&project, "id-2").run_name, "renamed");
}

#[test]
fn other_ranks_add_rows_and_decide_nothing() {
    let scratch = Scratch::new();
    let project = scratch.project();
    let rank_start =
        |rank, seconds| Event::Start(RunStart { time: at(seconds), rank, ..RunStart::default() });
    let crash = |rank, seconds| {
        Event::End(RunEnd {
            time: at(seconds),
            state: RunState::Crashed,
            exit_code: None,
            exit_signal: Some(9),
            failure: None,
            leaving: false,
            rank,
            of_start: None,
        })
    };
    let config = |json: &str, rank| Event::Config { time: at(1), json: json.into(), rank };
    project.append(batch("a", vec![rank_start(2, 1), config("{\"of\":2}", 2)])).expect("it is stored");
    let run = find(&project, "a");
    assert_eq!((run.process.state, run.process.started_at), (None, Some(at(1))), "nobody else speaks for it");
    assert_eq!(config_of(&project, "a"), "{\"of\":2}");

    project.append(batch("a", vec![start(at(2)), config("{\"of\":0}", 0)])).expect("it is stored");
    project
        .append(batch("a", vec![rank_start(1, 0), config("{\"of\":1}", 1), row("1", 1, loss(1.0))]))
        .expect("it is stored");
    project.append(batch("a", vec![crash(2, 5)])).expect("it is stored");
    project.heartbeat(vec![], vec![RankOfRun { run: "a".into(), rank: 1 }], at(9)).expect("it is stored");
    let run = find(&project, "a");
    assert_eq!(
        (run.process.state, run.process.started_at, run.process.finished_at),
        (Some(RunState::Running), Some(at(2)), None)
    );
    assert_eq!(run.process.heartbeat_at, Some(at(2)), "the heartbeat was of rank 1");
    assert_eq!(config_of(&project, "a"), "{\"of\":0}");
    let ranks: Vec<_> = run.ranks.iter().map(|rank| (rank.rank, rank.state, rank.exit_signal)).collect();
    assert_eq!(ranks, [(1, None, None), (2, Some(RunState::Crashed), Some(9))]);
    assert_eq!(run.ranks[0].heartbeat_at, Some(at(9)));

    project.delete_run("a").expect("it is deleted");
    project.append(batch("a", vec![start(at(20))])).expect("it is stored");
    assert_eq!(find(&project, "a").ranks, []);
}

fn config_of(project: &Project, run_id: &str) -> String {
    let config = project.read(|reader| reader.config(run_id)).expect("it is read");
    serde_json::Value::Object(config.expect("it has one")).to_string()
}
