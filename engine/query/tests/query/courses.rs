//! Recorded trainings whose time, machine or evaluations go wrong, each asked through the engine at many moments while it
//! goes on: what of their faults is told, and what is told of those that have none.
//!
//! `tests/findings/courses.py` made them; another set is read from the file that `PACELINE_FINDINGS_COURSES` names.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use paceline_query::Engine;
use paceline_schema::event::{RunKey, SystemSample};
use paceline_schema::{Event, ProjectName, Timestamp, Value};
use paceline_storage::{Batch, Durability, Store};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::world::{at, config, row, start};

const RECORDED: &str = include_str!("../../../../tests/fixtures/findings-courses.jsonl");
/// Moments at which a training is asked.
const MOMENTS: u32 = 20;
/// What must be met: recall of all codes together, healthy trainings with a false alarm.
const RECALL: f64 = 0.95;
const FALSE_ALARMS: f64 = 0.02;

thread_local! {
    static NOW: Cell<f64> = const { Cell::new(0.0) };
}

fn now() -> Timestamp {
    at(NOW.get())
}

/// One thing that happened, seconds after the start.
type Happened = (f64, Event);

fn number(json: &Json) -> f64 {
    json.as_f64().expect("a number")
}

fn list(json: &Json) -> &[Json] {
    json.as_array().expect("a list")
}

fn texts(json: &Json) -> BTreeSet<String> {
    list(json).iter().map(|text| text.as_str().expect("text").to_owned()).collect()
}

/// All that happened in a training, in the order of time.
fn happenings(training: &Json) -> Vec<Happened> {
    let column = |key: &str| list(&training["columns"][key]).iter().map(number);
    let rows = column("step").zip(column("seconds")).zip(column("train/loss"));
    let mut happened: Vec<Happened> = rows
        .map(|((step, seconds), loss)| (seconds, row(seconds, step as i64, &[("train/loss", loss)])))
        .collect();
    happened.extend(list(&training["eval"]).iter().map(|each| {
        let (step, seconds, loss) = (number(&each[0]), number(&each[1]), number(&each[2]));
        (seconds, row(seconds, step as i64, &[("eval/loss", loss)]))
    }));
    let total = number(&training["memory"]);
    happened.extend(list(&training["machine"]).iter().map(|each| {
        let seconds = number(&each[0]);
        let metrics = [
            ("gpu/0/utilization", number(&each[1])),
            ("gpu/0/allocated_memory", number(&each[2])),
            ("gpu/0/total_memory", total),
        ];
        let metrics = metrics.map(|(key, value)| (key.to_owned(), Value::Float(value)));
        let sample = SystemSample { log_id: None, time: at(seconds), metrics: metrics.to_vec() };
        (seconds, Event::System(sample))
    }));
    happened.sort_by(|one, other| one.0.total_cmp(&other.0));
    happened
}

/// The codes that held at each moment, and all that were told, those that are over as well.
fn ask(training: &Json) -> (Vec<BTreeSet<String>>, BTreeSet<String>) {
    let directory = TempDir::new().expect("a temporary directory");
    let store = Store::open(directory.path(), Durability::Process).expect("the store opens");
    let engine = Engine::with_clock(store, now);
    let name = ProjectName::new("courses").expect("a good name");
    let project = engine.store().project_for_writing(&name).expect("the project opens");
    let append = |events: Vec<Event>| {
        let run = RunKey { id: "run-id".to_owned(), name: "run".to_owned() };
        project.append(vec![Batch { run, events }]).expect("the rows are committed");
    };
    append(vec![start(0.0), config(&training["config"].to_string())]);

    let happened = happenings(training);
    let end = happened.last().expect("something happened").0;
    let mut waiting = happened.into_iter().peekable();
    let (mut moments, mut seen) = (Vec::new(), BTreeSet::new());
    for moment in 1..=MOMENTS {
        let until = end * f64::from(moment) / f64::from(MOMENTS);
        let events: Vec<Event> = std::iter::from_fn(|| waiting.next_if(|(seconds, _)| *seconds <= until))
            .map(|(_, event)| event)
            .collect();
        if !events.is_empty() {
            append(events);
        }
        NOW.set(until);
        let found = engine.findings("courses", "run").expect("the run is read");
        seen.extend(found.iter().map(|finding| finding.code.clone()));
        moments.push(found.into_iter().filter(|one| one.until_step.is_none()).map(|one| one.code).collect());
    }
    (moments, seen)
}

/// Whether a code came, went and came again.
fn flickers(moments: &[BTreeSet<String>], code: &str) -> bool {
    let held: Vec<bool> =
        std::iter::once(false).chain(moments.iter().map(|moment| moment.contains(code))).collect();
    held.windows(2).filter(|pair| !pair[0] && pair[1]).count() > 1
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
fn what_goes_wrong_with_time_machine_and_evaluations_is_told() {
    let other = std::env::var("PACELINE_FINDINGS_COURSES").ok();
    let text = other.map_or_else(
        || RECORDED.to_owned(),
        |path| std::fs::read_to_string(path).expect("the file can be read"),
    );
    let mut of_code: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let (mut count, mut healthy, mut alarmed, mut flickering) = (0, 0, 0, 0);
    for line in text.lines() {
        let training: Json = serde_json::from_str(line).expect("each line is JSON");
        let id = training["id"].as_str().expect("a name");
        let (expected, tolerated) = (texts(&training["expected"]), texts(&training["tolerated"]));
        let (moments, seen) = ask(&training);
        count += 1;
        for code in &expected {
            let (found, of) = of_code.entry(code.clone()).or_default();
            *of += 1;
            *found += usize::from(seen.contains(code));
            if !seen.contains(code) {
                println!("{id}: `{code}` was not told, {seen:?} was");
            }
        }
        let alarms: Vec<_> = seen.difference(&(&expected | &tolerated)).cloned().collect();
        if !alarms.is_empty() {
            println!("{id}: false alarms {alarms:?}");
        }
        if training["healthy"].as_bool().expect("a flag") {
            healthy += 1;
            alarmed += usize::from(!alarms.is_empty());
        }
        let came_again: Vec<_> = seen.iter().filter(|code| flickers(&moments, code)).collect();
        if !came_again.is_empty() {
            println!("{id}: {came_again:?} came and went");
            flickering += 1;
        }
    }
    let (found, of) = of_code.values().fold((0, 0), |sum, each| (sum.0 + each.0, sum.1 + each.1));
    println!("{count} trainings, {of_code:?}");
    println!(
        "recall {found}/{of}, healthy with a false alarm {alarmed}/{healthy}, that came and went {flickering}"
    );
    assert!(of > 0 && healthy > 0);
    assert!(found as f64 >= RECALL * of as f64, "{found} of {of}");
    assert!(alarmed as f64 <= FALSE_ALARMS * healthy as f64, "{alarmed} of {healthy}");
    assert!(flickering as f64 <= FALSE_ALARMS * count as f64, "{flickering} of {count}");
}
