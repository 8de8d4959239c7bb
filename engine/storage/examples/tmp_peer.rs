//! tmp
use paceline_schema::{event::RunKey, *};
use paceline_storage::*;
fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let store = Store::open(&dir, Durability::Process).unwrap();
    let p = store.project_for_writing(&ProjectName::new("demo").unwrap()).unwrap();
    let n: i64 = std::env::args().nth(2).map_or(5, |t| t.parse().unwrap());
    let mut ev = vec![Event::Start(RunStart { time: Timestamp(1_795_400_272_070_297), ..Default::default() }), Event::Config { time: Timestamp(1_795_400_272_000_000), json: "{\"lr\":0.001,\"_Group\":null}".into() }];
    for i in 0..n {
        ev.push(Event::Row(Row { log_id: Some(format!("{i:032x}")), time: Timestamp(1_795_400_272_070_297 + i * 1_000_000), step: Some(i), metrics: vec![("train/loss".into(), Value::Float(1.0 / (i as f64 + 1.0))), ("nan".into(), Value::Float(f64::NAN)), ("n".into(), Value::Integer(i)), ("s".into(), Value::Json("\"hi\"".into()))] }));
    }
    ev.push(Event::System(SystemSample { log_id: Some("s1".into()), time: Timestamp(1_795_400_272_070_297), metrics: vec![("gpu/0/power".into(), Value::Float(3.5))] }));
    ev.push(Event::Alert(Alert { alert_id: Some("x".into()), time: Timestamp(1_795_400_272_070_297), title: "t".into(), text: None, level: AlertLevel::Error, step: Some(1) }));
    ev.push(Event::End(RunEnd { time: Timestamp(1_795_400_972_070_297), state: RunState::Finished, exit_code: Some(0), exit_signal: None, failure: None }));
    for part in ev.chunks(5000) {
        let r = p.append(vec![Batch { run: RunKey { id: "d".repeat(32), name: "calm-river-0".into() }, events: part.to_vec() }]);
        println!("{r:?} {}", r.as_ref().err().map(|e| e.to_string()).unwrap_or_default());
        if r.is_err() && std::env::args().nth(3).is_some() {
            std::fs::remove_file(std::path::Path::new(&dir).join("filler")).ok();
            println!("after room: {:?}", p.append(vec![Batch { run: RunKey { id: "d".repeat(32), name: "calm-river-0".into() }, events: part.to_vec() }]));
            println!("heads {}", p.read(|r| Ok(r.heads(&"d".repeat(32))?.rows())).unwrap());
            break;
        }
    }
    for r in p.read(|r| r.runs()).unwrap() { println!("{} {} {:?} slot {} rows {}", r.run_id, r.run_name, r.state, r.colour_slot, p.read(|x| Ok(x.heads(&r.run_id)?.rows())).unwrap()); }
}
