//! Requests that alerts ask for. Each is a file from the moment its alert is stored until it is answered or given
//! up, so that neither the death of the trainer nor that of this process loses one.
//!
//! A request can be made twice, when this process is killed between the answer and the removal of the file. An
//! address that does not take requests is tried again with growing pauses; then what waits for it is given up, which
//! costs one line in the log for each address until it takes one again. One that refuses this very request keeps the
//! others.

mod payload;

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use paceline_journal::layout::{create_private_folder, own_folder};
use paceline_schema::webhook::WebhookCall;
use sha2::{Digest, Sha256};
use ureq::Agent;
use ureq::http::{Response, StatusCode};

/// One request with its answer.
const REQUEST_PATIENCE: Duration = Duration::from_secs(10);
/// Pauses before the next attempts at an address; after as many and one more in a row it is given up.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(8),
    Duration::from_secs(30),
    Duration::from_secs(120),
];
/// A longer pause than this is not made for an address that asks for one.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// How often the folder is looked into.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// As many characters of an alert's id stand in the name of its file.
const SHOWN_ID_CHARACTERS: usize = 48;
/// A request under way at the end is waited for this long.
const END_PATIENCE: Duration = Duration::from_secs(2);
const USER_AGENT: &str = concat!("paceline/", env!("CARGO_PKG_VERSION"));

/// The folder of requests that are not answered yet.
#[derive(Debug, Clone)]
pub(crate) struct Spool {
    folder: PathBuf,
}

impl Spool {
    /// That of a data directory.
    pub(crate) fn of(directory: &Path) -> Self {
        Self { folder: own_folder(directory).join("webhooks") }
    }

    /// Keeps a request until it is answered; `id` is the alert's in its project, so that it stands here once.
    pub(crate) fn keep(&self, id: &str, call: &WebhookCall) -> io::Result<()> {
        create_private_folder(&self.folder)?;
        let path = self.folder.join(file_name(id, call));
        let partial = path.with_extension("partial");
        let text = serde_json::to_vec(call).map_err(io::Error::other)?;
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
        file.write_all(&text)?;
        fs::rename(&partial, &path)
    }

    /// Oldest first.
    fn waiting(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let mut waiting: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .collect();
        waiting.sort_unstable();
        waiting
    }
}

/// The name of a request's file: names sort by time, and then as ids of one journal do. An id may be long, hold anything, and
/// be that of another alert in another project; its digest is a name of its own.
fn file_name(id: &str, call: &WebhookCall) -> String {
    let digest =
        Sha256::new().chain_update(&call.target.project).chain_update([0_u8]).chain_update(id).finalize();
    let digest: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let plain: String = id.chars().filter(char::is_ascii_alphanumeric).take(SHOWN_ID_CHARACTERS).collect();
    format!("{:020}-{plain}-{digest}.json", call.time.0.max(0))
}

/// Keeps a request of a data directory until it is answered; `id` is the alert's. Whoever serves the directory makes it.
///
/// # Errors
/// When it cannot be written.
pub fn keep_webhook(directory: &Path, id: &str, call: &WebhookCall) -> io::Result<()> {
    Spool::of(directory).keep(id, call)
}

/// Sends what waits in the folder, on a thread of its own: a slow address holds up nothing else.
pub(crate) struct Webhooks {
    spool: Spool,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    looked: Option<Instant>,
    is_sending: bool,
}

impl Webhooks {
    pub(crate) fn new(directory: &Path) -> Self {
        let spool = Spool::of(directory);
        Self { spool, stop: Arc::default(), thread: None, looked: None, is_sending: false }
    }

    /// Sees that what waits is sent; `true` while something waits.
    pub(crate) fn attend(&mut self) -> bool {
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK_INTERVAL) {
            return self.is_sending;
        }
        self.looked = Some(Instant::now());
        self.is_sending = !self.spool.waiting().is_empty();
        if self.is_sending {
            match &self.thread {
                Some(thread) => thread.thread().unpark(),
                None => self.start(),
            }
        } else {
            // Fails, as it should, while something is in it.
            let _ = fs::remove_dir(&self.spool.folder);
        }
        self.is_sending
    }

    fn start(&mut self) {
        let sender = Sender::new(self.spool.clone(), Arc::clone(&self.stop));
        match thread::Builder::new().name("paceline-webhooks".to_owned()).spawn(move || sender.run()) {
            Ok(thread) => self.thread = Some(thread),
            Err(error) => tracing::warn!(%error, "alerts for webhooks wait"),
        }
    }
}

impl Drop for Webhooks {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread.take() else { return };
        thread.thread().unpark();
        let begun = Instant::now();
        while !thread.is_finished() && begun.elapsed() < END_PATIENCE {
            thread::sleep(Duration::from_millis(1));
        }
        // What a request under way was to do is still in its file.
    }
}

struct Sender {
    spool: Spool,
    agent: Agent,
    addresses: HashMap<String, Address>,
    /// Files that cannot be read at the moment.
    unread: HashMap<PathBuf, Address>,
    stop: Arc<AtomicBool>,
}

/// How an address, or a file, fares.
#[derive(Debug, Default)]
struct Address {
    /// Attempts in a row that failed.
    failures: usize,
    resting_until: Option<Instant>,
    is_reported: bool,
}

impl Address {
    /// How long it rests from now on, where it does.
    fn resting(&self) -> Option<Duration> {
        self.resting_until.and_then(|until| until.checked_duration_since(Instant::now()))
    }

    /// Begins the next pause, which may be asked to be longer; `None` after the last one.
    fn rest(&mut self, asked: Option<Duration>) -> Option<Duration> {
        let next = *PAUSES.get(self.failures)?;
        let pause = asked.map_or(next, |asked| asked.clamp(next, LONGEST_PAUSE));
        self.failures += 1;
        self.resting_until = Some(Instant::now() + pause);
        Some(pause)
    }
}

/// Why a request was not taken.
enum Fault {
    /// Trying again can help, after the pause that was asked for.
    Passing { reason: String, pause: Option<Duration> },
    /// It cannot, and others may be taken.
    Unfit { reason: String },
    /// It cannot, and neither can others.
    Lasting { reason: String },
}

/// Why a file gives no request.
enum Unread {
    /// It is gone: given up a moment ago with another one.
    Gone,
    /// Trying again can help.
    Passing(io::Error),
    /// It holds no request.
    Strange(serde_json::Error),
}

impl Sender {
    fn new(spool: Spool, stop: Arc<AtomicBool>) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            // What is said of a training goes to the address that was named, nowhere else.
            .max_redirects(0)
            .timeout_global(Some(REQUEST_PATIENCE))
            .user_agent(USER_AGENT)
            .build()
            .into();
        Self { spool, agent, addresses: HashMap::new(), unread: HashMap::new(), stop }
    }

    fn run(mut self) {
        while !self.stop.load(Ordering::Relaxed) {
            match self.pass() {
                Some(pause) => thread::park_timeout(pause),
                // Who keeps a request comes by.
                None => thread::park(),
            }
        }
    }

    /// Sends what can be sent now; how long what is left rests, when something is left.
    fn pass(&mut self) -> Option<Duration> {
        let mut rests = Vec::new();
        for path in self.spool.waiting() {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let call = match read(&path) {
                Ok(call) => call,
                Err(unread) => {
                    rests.extend(self.attend_unread(&path, &unread));
                    continue;
                }
            };
            self.unread.remove(&path);
            let address = self.addresses.entry(call.target.url.clone()).or_default();
            if let Some(resting) = address.resting() {
                rests.push(resting);
                continue;
            }
            match send(&self.agent, &call) {
                Ok(()) => {
                    *address = Address::default();
                    remove(&path);
                }
                Err(Fault::Passing { reason, pause }) => match address.rest(pause) {
                    Some(pause) => {
                        tracing::debug!(
                            webhook = call.target.shown(),
                            reason,
                            "an alert is sent again later"
                        );
                        rests.push(pause);
                    }
                    None => self.give_up(&call, &reason),
                },
                Err(Fault::Unfit { reason }) => self.leave_out(&call, &reason, &[path]),
                Err(Fault::Lasting { reason }) => self.give_up(&call, &reason),
            }
        }
        rests.into_iter().min()
    }

    /// Leaves out a file that holds no request, or that could not be read for long; how long it is left alone otherwise.
    fn attend_unread(&mut self, path: &Path, unread: &Unread) -> Option<Duration> {
        let reason = match unread {
            Unread::Gone => {
                self.unread.remove(path);
                return None;
            }
            Unread::Passing(error) => {
                let file = self.unread.entry(path.to_owned()).or_default();
                if let Some(pause) = file.resting().or_else(|| file.rest(None)) {
                    return Some(pause);
                }
                error.to_string()
            }
            Unread::Strange(error) => error.to_string(),
        };
        self.unread.remove(path);
        tracing::warn!(path = %path.display(), reason, "a request for a webhook cannot be read and is left out");
        remove(path);
        None
    }

    /// Leaves out what waits for an address.
    fn give_up(&mut self, call: &WebhookCall, reason: &str) {
        let mut left_out = self.spool.waiting();
        left_out.retain(|path| read(path).is_ok_and(|other| other.target.url == call.target.url));
        self.leave_out(call, reason, &left_out);
    }

    /// Leaves out requests to an address.
    fn leave_out(&mut self, call: &WebhookCall, reason: &str, left_out: &[PathBuf]) {
        let address = self.addresses.entry(call.target.url.clone()).or_default();
        (address.failures, address.resting_until) = (0, None);
        if !std::mem::replace(&mut address.is_reported, true) {
            let webhook = call.target.shown();
            tracing::warn!(
                webhook,
                reason,
                left_out = left_out.len(),
                "alerts are stored, and this webhook does not take them"
            );
        }
        // Said before they go: a companion that nothing waits for may end.
        left_out.iter().for_each(|path| remove(path));
    }
}

fn send(agent: &Agent, call: &WebhookCall) -> Result<(), Fault> {
    if !call.target.is_on_the_web() {
        return Err(Fault::Lasting {
            reason: "its address begins with neither http:// nor https://".to_owned(),
        });
    }
    let body = payload::payload(call).to_string();
    let request = agent.post(&call.target.url).header("content-type", "application/json");
    let response = match request.send(body) {
        Ok(response) => response,
        Err(ureq::Error::BadUri(_) | ureq::Error::Http(_)) => {
            return Err(Fault::Lasting { reason: "its address is none".to_owned() });
        }
        Err(error) => {
            // Some errors repeat the address.
            let reason = error.to_string().replace(&call.target.url, "…");
            return Err(Fault::Passing { reason, pause: None });
        }
    };
    let status = response.status();
    let reason = format!("it answers {}", status.as_u16());
    match status {
        status if status.is_success() => Ok(()),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            Err(Fault::Passing { reason, pause: retry_after(&response) })
        }
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => {
            Err(Fault::Unfit { reason })
        }
        status if status.is_server_error() => Err(Fault::Passing { reason, pause: retry_after(&response) }),
        _ => Err(Fault::Lasting { reason }),
    }
}

fn retry_after<B>(response: &Response<B>) -> Option<Duration> {
    let seconds: f64 = response.headers().get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn read(path: &Path) -> Result<WebhookCall, Unread> {
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map_err(Unread::Strange),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Unread::Gone),
        Err(error) => Err(Unread::Passing(error)),
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::warn!(path = %path.display(), %error, "an alert may be sent again");
    }
}

#[cfg(test)]
mod tests;
