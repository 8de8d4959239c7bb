//! The runs of jobs are found by what their processes said, also those that go on with an older run.

use paceline_schema::Event;
use paceline_schema::environment::RunEnvironment;
use paceline_schema::event::RunStart;

use crate::world::{World, at, row};

fn start_of(job: &str, seconds: f64) -> Event {
    let said = RunEnvironment { job: Some(job.to_owned()), ..RunEnvironment::default() };
    Event::Start(RunStart { time: at(seconds), environment: Some(Box::new(said)), ..RunStart::default() })
}

#[test]
fn a_job_is_linked_to_the_run_it_goes_on_with() {
    let world = World::new();
    world.append("first", vec![start_of("a", 10.0), row(11.0, 1, &[("loss", 2.0)])]);
    world.append("other", vec![start_of("b", 20.0), row(21.0, 7, &[("loss", 2.0)])]);
    let found = |jobs: &[(&str, f64)]| {
        let jobs: Vec<_> = jobs.iter().map(|(job, made)| (*job, Some(at(*made)))).collect();
        let found = world.engine.statuses_of_jobs(&jobs).expect("they are looked for");
        let mut found: Vec<_> = found.into_iter().map(|(job, run)| (job, run.run, run.step)).collect();
        found.sort();
        found
    };
    let [first, other] =
        [("a", "first", 1), ("b", "other", 7)].map(|(job, run, step)| (job.into(), run.into(), Some(step)));
    assert_eq!(found(&[("a", 5.0), ("b", 5.0), ("c", 5.0)]), [first, other]);
    assert_eq!(found(&[]), []);
    // The second try goes on with the run of the first one, 500 seconds later.
    world.append("first", vec![start_of("c", 510.0), row(511.0, 2, &[("loss", 1.0)])]);
    assert_eq!(found(&[("c", 500.0)]), [("c".into(), "first".into(), Some(2))]);
    assert_eq!(found(&[("b", 500.0)]), [], "what began long before a job is none of it");
}
