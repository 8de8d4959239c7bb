//! What finished runs tell of the pace of their machine, for plans.

use paceline_schema::event::SystemSample;
use paceline_schema::{Event, RunState, Value};

use crate::world::{World, at, config, end, row, start};

const CONFIG: &str = r#"{"model/num_parameters": 600000000, "per_device_train_batch_size": 4, "gradient_accumulation_steps": 4}"#;

fn sample(seconds: f64, metrics: &[(&str, f64)]) -> Event {
    let metrics = metrics.iter().map(|(key, value)| ((*key).to_owned(), Value::Float(*value))).collect();
    Event::System(SystemSample { log_id: None, time: at(seconds), metrics })
}

/// A run of 100 steps of 2 seconds, and a state at its end.
fn trained(world: &World, run: &str, settings: &str, state: RunState) {
    world.append(run, vec![start(0.0), config(settings)]);
    let rows = (1..=100).map(|step| {
        let metrics = [("train/loss", 1.0 / f64::from(step)), ("train/global_step", f64::from(step))];
        let tokens = ("train/num_tokens", f64::from(step) * 16.0 * 250.0);
        row(2.0 * f64::from(step), i64::from(step), &[metrics[0], metrics[1], tokens])
    });
    world.append(run, rows.collect());
    world.append(run, vec![end(201.0, state, Some(0), None)]);
}

#[test]
fn a_finished_run_tells_its_pace_and_its_machine() {
    let world = World::new();
    trained(&world, "done", CONFIG, RunState::Finished);
    let of_gpus = [
        ("gpu/0/total_memory", 15.0),
        ("gpu/0/allocated_memory", 9.0),
        ("gpu/0/power_limit", 70.0),
        ("gpu/1/total_memory", 15.0),
        ("gpu/1/allocated_memory", 0.1),
    ];
    world.append("done", vec![sample(50.0, &of_gpus), sample(60.0, &[("cpu/utilization", 12.0)])]);
    let found = world.engine.finished_runs("digits").expect("they are read");
    let [run] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((run.run.as_str(), run.devices, run.parameters), ("done", 1, 600_000_000), "one GPU is idle");
    assert_eq!((run.device_memory_gib, run.device_watts), (Some(15.0), Some(70.0)));
    assert_eq!((run.rows_seen, run.tokens_seen), (Some(1_600.0), Some(400_000.0)));
    assert!((run.seconds - 200.0).abs() < 10.0, "{}", run.seconds);
    assert_eq!(run.generations, None);
}

#[test]
fn a_run_that_tells_too_little_or_has_not_finished_is_left_out() {
    let world = World::new();
    trained(&world, "failed", CONFIG, RunState::Failed);
    trained(&world, "silent", r#"{"lr": 0.1}"#, RunState::Finished);
    trained(&world, "odd", &CONFIG.replace("600000000", "-5"), RunState::Finished);
    world.append("empty", vec![start(0.0), config(CONFIG), end(9.0, RunState::Finished, Some(0), None)]);
    assert_eq!(world.engine.finished_runs("digits").expect("they are read"), []);
    trained(&world, "writes", &CONFIG.replace('}', r#", "num_generations": 8}"#), RunState::Finished);
    let found = world.engine.finished_runs("digits").expect("they are read");
    assert_eq!(
        (found.len(), found[0].devices, found[0].device_memory_gib),
        (1, 0, None),
        "no sample, no GPU"
    );
    // Sixteen answers a step are two prompts.
    assert_eq!((found[0].generations, found[0].rows_seen), (Some(8), Some(200.0)));
    trained(&world, "taught", &CONFIG.replace('}', r#", "max_completion_length": 64}"#), RunState::Finished);
    trained(&world, "packed", &CONFIG.replace('}', r#", "packing": true}"#), RunState::Finished);
    let found = world.engine.finished_runs("digits").expect("they are read");
    let of = |name: &str| found.iter().find(|run| run.run == name).expect("it finished");
    assert_eq!((of("taught").generations, of("taught").rows_seen), (Some(1), Some(1_600.0)));
    assert_eq!((of("packed").rows_seen, of("packed").tokens_seen), (None, Some(400_000.0)));
    assert!(world.engine.finished_runs("nowhere").is_err());
}
