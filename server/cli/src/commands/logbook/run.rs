//! `paceline logbook run`: a command that is recorded.

use std::env::current_dir;
use std::io::{self, Read, Write};
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use paceline_logbook::{FilesBefore, Logbook, Printed, Ran, scripts_of};
use paceline_schema::env::TRACKIO_LOGBOOK_AUTONOTE;

use crate::arguments::LogbookRunArguments;
use crate::failure::Failure;
use crate::output;

/// Exit status of a command that was interrupted.
const INTERRUPTED: i32 = 130;
/// How long an interrupted command has to end.
const PATIENCE: Duration = Duration::from_secs(5);
/// So often it is looked whether an interrupted command has ended, while nothing is printed.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long what an interrupted command has printed at its end may take to come.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Pieces of what is printed that may wait to be shown.
const MOST_WAITING: usize = 4;

/// Runs a command, shows what it prints, records it, and ends as it ended.
pub(super) fn run(arguments: &LogbookRunArguments) -> Result<(), Failure> {
    let folder = current_dir()?;
    let logbook = Logbook::require(&folder)?;
    let page = logbook.page_for_run(arguments.page.as_deref())?;
    let scripts = scripts_of(&arguments.command);
    let before = if arguments.no_artifacts || is_off() { None } else { FilesBefore::of(&folder) };
    let (ran, status) = execute(&arguments.command)?;
    logbook.add_run(&page, arguments.title.as_deref(), &ran, &scripts, before.as_ref())?;
    output::line(&format!("Logged run to page '{page}'."))?;
    if status == 0 { Ok(()) } else { Err(Failure::Exit(status)) }
}

/// The peer's switch.
fn is_off() -> bool {
    let value = std::env::var(TRACKIO_LOGBOOK_AUTONOTE).unwrap_or_default().to_lowercase();
    matches!(value.as_str(), "0" | "false" | "no" | "off")
}

/// Runs a command to its end. Tells with which status this program is to end.
fn execute(words: &[String]) -> Result<(Ran, u8), Failure> {
    let (reader, writer) = io::pipe()?;
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).stdout(writer.try_clone()?).stderr(writer);
    let interrupts = Interrupts::default();
    interrupts.take_over()?;
    let began = Instant::now();
    let child = command.spawn();
    // As long as this holds an end to write into, nobody reads to the end.
    drop(command);
    let mut child = child.map_err(|error| {
        let hint =
            "give the command and its arguments after `--`, as in `paceline logbook run -- python train.py`";
        Failure::new(format!("`{}` cannot be run: {error}", words[0]), hint)
    })?;
    interrupts.concern(child.id());
    let mut printed = Printed::default();
    let mut show = Shown::default();
    let pieces = pieces_of(reader)?;
    let mut gone_since = None;
    loop {
        match pieces.recv_timeout(LOOK_EVERY) {
            Ok(piece) => {
                let piece = piece?;
                printed.add(&piece);
                show.write(&piece);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        // What an interrupted command has started may outlive it, and could print for ever.
        if interrupts.has_come() && child.try_wait()?.is_some() {
            let since: &mut Instant = gone_since.get_or_insert_with(Instant::now);
            if since.elapsed() > LAST_WORDS {
                break;
            }
        }
    }
    let ended = child.wait()?;
    interrupts.concern(0);
    // Ctrl-C reaches both, and the command may be gone before this program has heard of it.
    let exit_code = code(ended);
    let was_interrupted = interrupts.has_come() || exit_code == -libc::SIGINT;
    if was_interrupted {
        printed.add(b"\n[interrupted]\n");
        show.write(b"\n[interrupted]\n");
    }
    let exit_code = if was_interrupted { INTERRUPTED } else { exit_code };
    // A signal has no status; shells give it one above 128.
    let status = if exit_code < 0 { 128 - exit_code } else { exit_code };
    let status = u8::try_from(status & 0xff).unwrap_or(1);
    let ran = Ran { command: words.to_vec(), output: printed.finish(), exit_code, duration: began.elapsed() };
    Ok((ran, status))
}

/// What comes out of a pipe, piece by piece, until all its other ends are closed.
fn pieces_of(mut pipe: impl Read + Send + 'static) -> io::Result<Receiver<io::Result<Vec<u8>>>> {
    let (sender, pieces) = sync_channel(MOST_WAITING);
    thread::Builder::new().name("output".to_owned()).spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        loop {
            let piece = match pipe.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => Ok(buffer[..length].to_vec()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let is_last = piece.is_err();
            if sender.send(piece).is_err() || is_last {
                break;
            }
        }
    })?;
    Ok(pieces)
}

/// The exit status, or the number of a signal below 0.
fn code(ended: ExitStatus) -> i32 {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        ended.code().or_else(|| ended.signal().map(|signal| -signal)).unwrap_or(1)
    }
    #[cfg(not(unix))]
    ended.code().unwrap_or(1)
}

/// Standard output, for as long as somebody reads it.
#[derive(Default)]
struct Shown {
    is_closed: bool,
}

impl Shown {
    fn write(&mut self, bytes: &[u8]) {
        if !self.is_closed {
            let mut out = io::stdout().lock();
            self.is_closed = out.write_all(bytes).and_then(|()| out.flush()).is_err();
        }
    }
}

/// Ctrl-C, which is to end the command and not its record.
#[derive(Clone, Default)]
struct Interrupts {
    came: Arc<AtomicBool>,
    process: Arc<std::sync::atomic::AtomicU32>,
}

impl Interrupts {
    fn has_come(&self) -> bool {
        self.came.load(Ordering::SeqCst)
    }

    /// Says which process it is about; 0 for none any more.
    fn concern(&self, process: u32) {
        self.process.store(process, Ordering::SeqCst);
    }

    #[cfg(unix)]
    fn take_over(&self) -> io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut interrupts = {
            let _inside = runtime.enter();
            signal(SignalKind::interrupt())?
        };
        let interrupted = self.clone();
        let attend = async move {
            while interrupts.recv().await.is_some() {
                interrupted.came.store(true, Ordering::SeqCst);
                interrupted.end(rustix::process::Signal::TERM);
                tokio::time::sleep(PATIENCE).await;
                interrupted.end(rustix::process::Signal::KILL);
            }
        };
        thread::Builder::new().name("interrupts".to_owned()).spawn(move || runtime.block_on(attend))?;
        Ok(())
    }

    #[cfg(unix)]
    fn end(&self, signal: rustix::process::Signal) {
        let process = i32::try_from(self.process.load(Ordering::SeqCst)).unwrap_or(0);
        if let Some(process) = rustix::process::Pid::from_raw(process) {
            // One that has ended is as good.
            let _ = rustix::process::kill_process(process, signal);
        }
    }

    /// The system ends both.
    #[cfg(not(unix))]
    fn take_over(&self) -> io::Result<()> {
        Ok(())
    }
}
