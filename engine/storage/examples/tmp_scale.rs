//! tmp
use paceline_schema::{Event, ProjectName, Row, RunStart, Timestamp, Value, event::RunKey};
use paceline_storage::*;
use std::time::Instant;
fn main() {
    let dir = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    let mode = std::env::args().nth(2).unwrap();
    let store = Store::open(&dir, Durability::Process).unwrap();
    let (runs, per) = if mode == "many" { (1000, 200) } else { (1, 1_000_000) };
    let name = ProjectName::new(&mode).unwrap();
    if store.project(&mode).is_err() {
        let p = store.project_for_writing(&name).unwrap();
        let mut t = 1_795_400_272_070_297;
        for r in 0..runs {
            let key = RunKey { id: format!("{r:032x}"), name: format!("run-{r}") };
            let mut ev = vec![
                Event::Start(RunStart { time: Timestamp(t), ..Default::default() }),
                Event::Config { time: Timestamp(t), json: "{\"lr\":0.1,\"_Group\":\"x\"}".into() },
            ];
            for i in 0..per {
                t += 1_000_000;
                let metrics = (0..10)
                    .map(|k| (format!("train/metric_{k}"), Value::Float(((i * 10 + k) as f64).sin())))
                    .chain([("train/loss".to_string(), Value::Float(1.0 / (1.0 + i as f64)))])
                    .collect();
                ev.push(Event::Row(Row {
                    log_id: Some(format!("{t:032x}")),
                    time: Timestamp(t),
                    step: Some(i),
                    metrics,
                }));
                if ev.len() >= 1000 {
                    p.append(vec![Batch { run: key.clone(), events: std::mem::take(&mut ev) }]).unwrap();
                }
            }
            p.append(vec![Batch { run: key.clone(), events: ev }]).unwrap();
        }
        return;
    }
    for round in 0..4 {
        let store = if round < 2 { Store::open(&dir, Durability::Process).unwrap() } else { store.clone() };
        let p = store.project(&mode).unwrap();
        for _ in 0..2 {
            let t = Instant::now();
            let n = p.read(|r| Ok((r.runs()?.len(), r.all_heads()?.len()))).unwrap();
            eprintln!("round {round} runs+heads {n:?} {:?}", t.elapsed());
            let t = Instant::now();
            p.read(|r| {
                let run = r.find_run("run-0")?;
                let h = r.heads(&run.run_id)?;
                r.config(&run.run_id)?;
                r.alert_counts(&run.run_id)?;
                Ok(h.rows())
            })
            .unwrap();
            eprintln!("   status {:?}", t.elapsed());
            let t = Instant::now();
            let n = p.read(|r| Ok(r.rows(&r.find_run("run-0")?.run_id, Some(100), 1000)?.len())).unwrap();
            eprintln!("   page {n} {:?}", t.elapsed());
        }
    }
}
