use paceline_query::Engine;
use paceline_schema::event::*;
use paceline_schema::*;
use paceline_series::RunHeads;
use paceline_storage::*;
use std::time::Instant;
fn main() {
    let t = Instant::now();
    let mut h = RunHeads::default();
    let rows: Vec<Vec<(String, Value)>> = (0..1000)
        .map(|i| {
            let mut v: Vec<(String, Value)> =
                (0..7).map(|k| (format!("train/metric_{k}"), Value::Float(i as f64 + k as f64))).collect();
            v.push(("train/loss".into(), Value::Float(1.0 / (1 + i) as f64)));
            v.push(("train/epoch".into(), Value::Float(i as f64 / 1000.)));
            v.push(("lr".into(), Value::Float(1e-3)));
            v
        })
        .collect();
    for i in 0..1_000_000i64 {
        h.absorb(i, Timestamp(i * 100), i, &rows[(i % 1000) as usize]);
    }
    println!("absorb 10 metrics: {:?} per row, encoded {} B", t.elapsed() / 1_000_000, h.encode().len());
    let b = h.encode();
    let t = Instant::now();
    for _ in 0..1000 {
        std::hint::black_box(RunHeads::decode(&b));
    }
    println!("decode {:?}", t.elapsed() / 1000);
    let d = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    let store = Store::open(&d, Durability::Process).unwrap();
    let p = store.project_for_writing(&ProjectName::new("p").unwrap()).unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as i64;
    let n: i64 = std::env::args().nth(2).unwrap().parse().unwrap();
    let m: i64 = std::env::args().nth(3).unwrap().parse().unwrap();
    let t = Instant::now();
    for r in 0..n {
        let t0 = Timestamp(now - (m + 1) * 1_000_00);
        let mut ev = vec![
            Event::Start(RunStart { time: t0, ..Default::default() }),
            Event::Config { time: t0, json: format!("{{\"lr\":{r},\"max_steps\":{}}}", 2 * m) },
        ];
        for i in 0..m {
            ev.push(Event::Row(Row {
                log_id: None,
                time: Timestamp(now - (m - i) * 100_000),
                step: Some(i),
                metrics: vec![
                    ("loss".into(), Value::Float(2.0 / (1.0 + i as f64) + 0.01 * ((i * 7919) % 13) as f64)),
                    ("lr".into(), Value::Float(0.1)),
                    ("acc".into(), Value::Float(0.5)),
                ],
            }));
            if ev.len() >= 20000 {
                p.append(vec![Batch {
                    run: RunKey { id: format!("r{r}"), name: format!("r{r}") },
                    events: std::mem::take(&mut ev),
                }])
                .unwrap();
            }
        }
        p.append(vec![Batch { run: RunKey { id: format!("r{r}"), name: format!("r{r}") }, events: ev }])
            .unwrap();
    }
    println!("written {:?}", t.elapsed());
    let e = Engine::new(store);
    for _ in 0..3 {
        let t = Instant::now();
        let l = e.runs("p").unwrap();
        println!("runs {} {:?}", l.len(), t.elapsed());
    }
    for _ in 0..2 {
        p.read(|r| {
            let t = Instant::now();
            r.runs()?;
            println!("reader.runs {:?}", t.elapsed());
            let t = Instant::now();
            r.all_heads()?;
            println!("all_heads {:?}", t.elapsed());
            let t = Instant::now();
            r.configs()?;
            println!("configs {:?}", t.elapsed());
            Ok(())
        })
        .unwrap();
    }
    for _ in 0..5 {
        let t = Instant::now();
        let s = e.status("p", "r0").unwrap();
        println!("status {:?} {} B {}", t.elapsed(), serde_json::to_vec(&s).unwrap().len(), s.summary);
    }
    let t = Instant::now();
    let s = e
        .series(
            "p",
            &paceline_schema::series::SeriesRequest {
                runs: vec!["r0".into()],
                keys: vec!["loss".into()],
                x: Default::default(),
                from: None,
                to: None,
                pixels: 1500,
            },
        )
        .unwrap();
    println!("series {:?} {}", t.elapsed(), s.series[0].x.len());
}
