//! Sends one request over and over on some connections that stay open, and tells how often it was answered.
//!
//! `load ADDRESS CONNECTIONS SECONDS TOKEN PATH < BODY` prints one JSON object. In the body, each run of 16 `L`
//! becomes an id that no other row has and each `9999999999` a step that grows. A thread a connection with
//! blocking calls costs a few microseconds a request; `busy_seconds` says what it was, so that a generator that
//! is the bottleneck is noticed.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const ID_MARK: &[u8] = b"LLLLLLLLLLLLLLLL";
const STEP_MARK: &[u8] = b"9999999999";
const FIRST_STEP: u64 = 1_000_000_000;

static NEXT_ROW: AtomicU64 = AtomicU64::new(0);

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, address, connections, seconds, token, path] = arguments.as_slice() else {
        return Err("usage: load ADDRESS CONNECTIONS SECONDS TOKEN PATH < BODY".into());
    };
    let mut body = Vec::new();
    io::stdin().read_to_end(&mut body)?;
    let request = Request::new(address, token, path, &body);
    let (connections, seconds) = (connections.parse::<usize>()?, seconds.parse::<f64>()?);
    let busy_before = busy_seconds()?;
    let began = Instant::now();
    let ends = began + Duration::from_secs_f64(seconds);
    let mut latencies: Vec<u64> = thread::scope(|scope| {
        let sending: Vec<_> =
            (0..connections).map(|_| scope.spawn(|| send(address, request.clone(), ends))).collect();
        sending.into_iter().map(|thread| thread.join().expect("no panic")).collect::<Result<Vec<_>, _>>()
    })?
    .concat();
    let elapsed = began.elapsed().as_secs_f64();
    let busy = busy_seconds()? - busy_before;
    latencies.sort_unstable();
    let percentile = |share: f64| {
        let place = (latencies.len() as f64 * share) as usize;
        latencies.get(place.min(latencies.len().saturating_sub(1))).copied().unwrap_or(0) as f64 / 1e6
    };
    let told = serde_json::json!({
        "requests": latencies.len(), "seconds": elapsed, "busy_seconds": busy,
        "p50_ms": percentile(0.5), "p99_ms": percentile(0.99),
    });
    writeln!(io::stdout(), "{told}")?;
    Ok(())
}

/// The bytes of a request with the places that change.
#[derive(Clone)]
struct Request {
    bytes: Vec<u8>,
    ids: Vec<usize>,
    steps: Vec<usize>,
    /// Ids of one call differ from those of the calls before.
    first_id: u64,
}

impl Request {
    fn new(address: &str, token: &str, path: &str, body: &[u8]) -> Self {
        let mut bytes = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             X-Trackio-Write-Token: {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        let head = bytes.len();
        bytes.extend_from_slice(body);
        let places = |mark: &[u8]| {
            let windows = body.windows(mark.len()).enumerate();
            windows.filter(|(_, window)| *window == mark).map(|(place, _)| head + place).collect()
        };
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let first_id = u64::try_from(since_1970.as_micros()).unwrap_or_default();
        Self { ids: places(ID_MARK), steps: places(STEP_MARK), bytes, first_id }
    }

    fn renew(&mut self) {
        for (place, step) in self.ids.iter().zip(&self.steps) {
            let row = NEXT_ROW.fetch_add(1, Ordering::Relaxed);
            self.bytes[*place..place + ID_MARK.len()]
                .copy_from_slice(format!("{:016x}", self.first_id + row).as_bytes());
            let text = (FIRST_STEP + row).to_string();
            self.bytes[*step..step + STEP_MARK.len()].copy_from_slice(text.as_bytes());
        }
    }
}

/// Nanoseconds from request to answer, one for each that was answered.
fn send(address: &str, mut request: Request, ends: Instant) -> Result<Vec<u64>, Failure> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut answers = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    let mut latencies = Vec::new();
    while Instant::now() < ends {
        request.renew();
        let began = Instant::now();
        stream.write_all(&request.bytes)?;
        read_answer(&mut answers)?;
        latencies.push(u64::try_from(began.elapsed().as_nanos())?);
    }
    Ok(latencies)
}

fn read_answer(answers: &mut BufReader<TcpStream>) -> Result<(), Failure> {
    let mut line = String::new();
    answers.read_line(&mut line)?;
    let status = line.trim_end().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        answers.read_line(&mut line)?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(text) = header.strip_prefix("content-length:") {
            length = text.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    answers.read_exact(&mut body)?;
    if status.contains(" 200") {
        Ok(())
    } else {
        Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into())
    }
}

/// Processor time of this process so far.
fn busy_seconds() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u64 =
        fields.get(11..13).unwrap_or_default().iter().filter_map(|field| field.parse::<u64>().ok()).sum();
    // The kernel counts in hundredths of a second on every platform Linux runs on.
    Ok(ticks as f64 / 100.0)
}
