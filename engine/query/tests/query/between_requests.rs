//! What an engine holds from one request to the next changes no answer, whatever other programs did in between.

use paceline_query::{Engine, ThinRequest};
use paceline_schema::{RunChoice, RunState};
use paceline_storage::{Durability, RowsOf, Store};
use rusqlite::Connection;

use crate::world::{World, at, config, end, now, row, start};

impl World {
    /// An engine that knows nothing.
    fn fresh(&self) -> Engine {
        let store = Store::open(self.directory.path(), Durability::Process).expect("the store opens");
        Engine::with_clock(store, now)
    }

    fn other_program(&self, statements: &str) {
        let file = self.directory.path().join("digits.db");
        let connection = Connection::open(file).expect("it opens");
        connection.execute_batch(statements).expect("it is written");
    }

    /// Both engines say the same of all there is.
    fn check(&self, after: &str) {
        let fresh = self.fresh();
        for scalar_only in [false, true] {
            for (kind, most) in [(RowsOf::Metrics, 50), (RowsOf::Metrics, 700), (RowsOf::System, 5)] {
                let request = ThinRequest { kind, most, scalar_only };
                let runs = [Some(RunChoice::Id("a-id".into())), Some(RunChoice::Name("b".into()))];
                let rows = |engine: &Engine| engine.thinned_rows("digits", &runs, request).expect("the rows");
                assert_eq!(rows(&self.engine), rows(&fresh), "{request:?} after {after}");
            }
        }
        assert_eq!(
            self.engine.runs("digits").expect("the list"),
            fresh.runs("digits").expect("the list"),
            "{after}"
        );
        for run in self.engine.runs("digits").expect("the list") {
            let status = |engine: &Engine| engine.status("digits", &run.run_id).expect("the status");
            assert_eq!(status(&self.engine), status(&fresh), "{after}");
        }
    }
}

/// An insert of another program, of rows numbered from `first` on.
fn rows_of_another(run: &str, first: i64, count: i64, seconds: &str, metrics: &str) -> String {
    format!(
        "WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {first} + {count})
         INSERT INTO metrics (run_id, run_name, timestamp, step, metrics) SELECT '{run}-id', '{run}',
         strftime('%Y-%m-%dT%H:%M:%S', {start} + {seconds}, 'unixepoch') || '.5+00:00', i, {metrics} FROM n;",
        start = at(0.0).seconds()
    )
}

#[test]
fn answers_follow_what_other_programs_do() {
    let world = World::new();
    let rows = |from: i64, to: i64| {
        let keys = |index: i64| {
            if index % 50 == 49 { ("eval/loss", 0.5) } else { ("loss", 2.0 / (index + 1) as f64) }
        };
        (from..to).map(move |index| row(index as f64 / 10.0, index, &[keys(index)])).collect::<Vec<_>>()
    };
    for run in ["a", "b"] {
        world.append(run, vec![start(0.0), config(r#"{"lr": 1, "max_steps": 9000, "_Group": "g"}"#)]);
        world.append(run, rows(0, 3_000));
    }
    world.check("the first rows");
    world.append("a", rows(3_000, 3_100));
    world.check("more rows");
    world.other_program(&rows_of_another(
        "a",
        4_000,
        200,
        "400 + i / 10",
        "'{\"loss\": 1.5, \"note\": \"x\"}'",
    ));
    world.check("rows of another program");
    world.other_program(&rows_of_another("a", 5_000, 20, "300", "'{\"late\": 1}'"));
    world.check("rows that come late");
    world.other_program(&rows_of_another("b", 5_000, 9_000, "500 + i / 100", "'{\"loss\": ' || i || '}'"));
    world.check("rows that push others into their places");
    world.other_program(&rows_of_another("b", 20_000, 10, "1", "'{\"loss\": 7}'"));
    world.check("rows that come much too late");
    world.other_program(
        "INSERT INTO metrics (run_id, run_name, timestamp, step, metrics) VALUES
         ('a-id', 'a', '1795400900.25', 9, '{\"loss\": 3}'), ('a-id', 'a', '2026-11-23 04:00:00', 9, '{\"loss\": 3}')",
    );
    world.check("times in other forms");
    world.append("a", rows(6_000, 6_050));
    world.check("rows after times in other forms");
    world.other_program(
        "UPDATE metrics SET run_name = 'b' WHERE run_id = 'a-id'; UPDATE configs SET run_name = 'b'",
    );
    world.check("a rename");
    world.other_program(
        "INSERT OR REPLACE INTO configs (run_id, run_name, config, created_at) VALUES
         ('a-id', 'a', '{\"lr\": 2, \"max_steps\": 8000, \"_Group\": \"h\"}', '2026-11-23T02:13:20+00:00')",
    );
    world.check("another config of the same length");
    world.other_program("DELETE FROM configs WHERE run_id = 'b-id'");
    world.check("no config");
    world.append("a", vec![end(900.0, RunState::Finished, Some(0), None)]);
    world.check("an end");
    world.other_program("DELETE FROM metrics WHERE run_id = 'a-id' AND step < 100");
    world.check("the first rows are deleted");
    world.other_program("DELETE FROM metrics WHERE run_id = 'b-id' AND step > 12000");
    world.check("the last rows are deleted");
    world.append("b", rows(7_000, 7_500));
    world.check("rows after the deleted ones");
    world.other_program(
        &(0..40)
            .map(|sample| {
                format!(
                    "INSERT INTO system_metrics (run_id, run_name, timestamp, metrics) VALUES \
                     ('a-id', 'a', '2026-11-23T02:20:{sample:02}+00:00', '{{\"cpu\": {sample}}}');"
                )
            })
            .collect::<String>(),
    );
    world.check("samples");
    world.other_program("DELETE FROM metrics WHERE run_id = 'a-id'; DELETE FROM system_metrics");
    world.check("a run without rows");
    world.append("a", rows(0, 2_000));
    world.check("the run begins anew");
}

#[test]
fn runs_of_the_same_settings_tell_the_length_of_a_run_also_when_their_configs_change() {
    let world = World::new();
    for run in ["a", "b", "c"] {
        world.append(run, vec![start(0.0), config(r#"{"lr": 1, "seed": 5}"#), row(1.0, 5, &[("loss", 1.0)])]);
    }
    world.append("a", vec![row(2.0, 400, &[("loss", 0.5)]), end(3.0, RunState::Finished, Some(0), None)]);
    world.check("a run is finished");
    let total = |run: &str| world.engine.status("digits", run).expect("the status").total_steps;
    assert_eq!((total("b"), total("c")), (Some(400), Some(400)));
    world.append("c", vec![config(r#"{"lr": 3, "seed": 5}"#)]);
    world.check("another config");
    assert_eq!((total("b"), total("c")), (Some(400), None));
}
