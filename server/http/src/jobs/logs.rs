//! What a job prints, as Server-Sent Events in the form of Hugging Face Jobs, from its first line on or its last ones.

use std::convert::Infallible;
use std::time::{Duration, SystemTime};

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, Date};
use actix_web::web::{Bytes, Path, Query};
use futures_util::stream::unfold;
use paceline_jobs::LogReader;
use paceline_schema::jobs::JobLine;
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use super::found;
use crate::access::ReadAccess;
use crate::error::ApiError;
use crate::state::State;

/// How soon a new line is told.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
/// A sign of life where nothing is printed; as often as Hugging Face gives it.
const TIME_BETWEEN_SIGNS: Duration = Duration::from_secs(30);
/// Read at once.
const PIECE: usize = 256 << 10;

/// From where on.
#[derive(Deserialize)]
pub(super) struct LogQuery {
    /// Only the last lines of what there is.
    tail: Option<usize>,
}

/// One client.
struct Teller {
    state: State,
    id: String,
    /// `None` while it reads, and after it could not.
    reader: Option<LogReader>,
    /// It had ended before the last look, so nothing more comes.
    has_ended: bool,
    last: Instant,
}

/// The stream; it ends when the job has ended and everything is told.
pub(super) async fn answer(
    _: ReadAccess,
    state: State,
    path: Path<(String, String)>,
    query: Query<LogQuery>,
) -> Result<HttpResponse, ApiError> {
    let id = found(&state, path.into_inner()).await?.id;
    let (jobs, of, tail) = (state.jobs.local.clone(), id.clone(), query.tail);
    let reader = state.reads.run(move || jobs.log(&of, tail).map_err(ApiError::from)).await?;
    let teller = Teller { state, id, reader: Some(reader), has_ended: false, last: Instant::now() };
    let stream = unfold(teller, |mut teller| async move {
        let next = teller.next().await?;
        Some((Ok::<_, Infallible>(next), teller))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        // Hugging Face's client takes lines that are newer than this for later ones. The usual one is old on a busy machine.
        .insert_header(Date(SystemTime::now().into()))
        // Compressors hold back what is small.
        .insert_header((CONTENT_ENCODING, "identity"))
        .streaming(stream))
}

impl Teller {
    /// The next lines; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.state.stopping.has_begun() {
                return None;
            }
            let (text, has_ended) = self.look().await?;
            match text {
                Some(text) if !text.is_empty() => {
                    self.last = Instant::now();
                    return Some(text.into());
                }
                // A part of a line, the rest of which is there or comes.
                Some(_) => continue,
                None if has_ended => return None,
                None => {}
            }
            if self.last.elapsed() >= TIME_BETWEEN_SIGNS {
                self.last = Instant::now();
                return Some(Bytes::from_static(b": keep-alive\n\n"));
            }
            tokio::select! {
                () = sleep(LOOK_INTERVAL) => {}
                () = self.state.stopping.begun() => return None,
            }
        }
    }

    /// Events that came, `None` for nothing at all, and whether more can come; a client that gets no answer comes again.
    async fn look(&mut self) -> Option<(Option<String>, bool)> {
        let mut reader = self.reader.take()?;
        let (jobs, id, had_ended) = (self.state.jobs.local.clone(), self.id.clone(), self.has_ended);
        let looked = self.state.reads.run(move || {
            // Whether it has ended is asked first: what it prints before its end is then read after it.
            let has_ended = had_ended || jobs.inspect(&id)?.status.stage.has_ended();
            let lines = reader.read(PIECE);
            let lines = lines.map_err(|error| ApiError::internal(error.to_string()))?;
            Ok((reader, lines.map(|lines| events(&lines)), has_ended))
        });
        let (reader, text, has_ended) = looked.await.ok()?;
        self.reader = Some(reader);
        self.has_ended = has_ended;
        Some((text, has_ended))
    }
}

/// Lines as events. One that a full disk has cut is none.
fn events(lines: &[String]) -> String {
    let whole = lines.iter().filter(|line| serde_json::from_str::<JobLine>(line).is_ok());
    whole.map(|line| format!("data: {line}\n\n")).collect()
}
