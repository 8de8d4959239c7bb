//! What a job prints, read from a stream of Server-Sent Events.

use std::io::{BufRead, BufReader};
use std::thread;
use std::time::Duration;

use paceline_schema::Timestamp;
use paceline_schema::jobs::JobLine;
use ureq::http::HeaderMap;

use super::{HubJobs, explained, missing, path};
use crate::remote::{Client, HubFault, HubFaultKind, Payload};

/// The Hub gives a sign of life every 30 seconds; after four without one the line is dead.
const PATIENCE_TO_FOLLOW: Duration = Duration::from_secs(120);
/// What is there already comes at once; then nothing does for so long.
const PATIENCE_TO_LOOK: Duration = Duration::from_secs(5);
/// Before a stream that ended is asked for again; each time without a line twice as long, as Hugging Face's own client does.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How often in a row the Hub may be away while a job is followed.
const MOST_FAILURES: u32 = 5;
const DOING: &str = "reading what a job printed";

impl HubJobs {
    /// Gives the lines of a job, from its first one on or its last ones. Without `follow` those that are there already; with it
    /// those that come too, until the job has ended. `each` answers whether to go on.
    ///
    /// # Errors
    /// When there is no such job, or the Hub does not say.
    pub fn lines(
        &self,
        namespace: &str,
        id: &str,
        tail: Option<usize>,
        follow: bool,
        mut each: impl FnMut(&JobLine) -> bool,
    ) -> Result<(), HubFault> {
        let (mut told, mut tail) = (0, tail);
        // Of a stream of the last lines nobody knows how many there were before: it goes on by the time of the last one.
        let (mut last, mut after) = (None, None);
        let (mut pause, mut failures) = (FIRST_PAUSE, 0);
        let patience = if follow { PATIENCE_TO_FOLLOW } else { PATIENCE_TO_LOOK };
        let client = Client::listening(self.account.clone(), patience);
        loop {
            let query = tail.map(|lines| format!("?tail={lines}")).unwrap_or_default();
            let address = format!("{}{}{query}", self.account.endpoint(), path(namespace, id, "/logs"));
            let answer = client.send("GET", &address, &Payload::Nothing, &[], DOING);
            let answer = match answer.map_err(|fault| missing(explained(fault), namespace, id)) {
                Err(fault) if follow && fault.kind == HubFaultKind::Away && failures < MOST_FAILURES => {
                    failures += 1;
                    thread::sleep(pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    continue;
                }
                answer => answer?,
            };
            let until = (!follow).then(|| moment_of(answer.headers())).flatten();
            // Of a stream that broke off the lines come again.
            let mut place = 0;
            for line in BufReader::new(answer.into_body().into_reader()).lines() {
                // A line that is dead, or silent where only what is there was asked for, ends like one that is closed.
                let Ok(line) = line else { break };
                let Some(line) = line.strip_prefix("data: ") else { continue };
                let Ok(line) = serde_json::from_str::<JobLine>(line) else { continue };
                if until.is_some_and(|until| line.timestamp.is_some_and(|time| time > until)) {
                    return Ok(());
                }
                place += 1;
                if after.is_some_and(|after| line.timestamp.is_some_and(|time| time <= after)) {
                    told = told.max(place);
                }
                if place > told {
                    told = place;
                    (last, pause, failures) = (line.timestamp.or(last), FIRST_PAUSE, 0);
                    if !each(&line) {
                        return Ok(());
                    }
                }
            }
            if !follow {
                return Ok(());
            }
            match self.inspect(namespace, id) {
                Ok(job) if job.status.stage.has_ended() => return Ok(()),
                Err(fault) if fault.kind != HubFaultKind::Away || failures >= MOST_FAILURES => {
                    return Err(fault);
                }
                Err(_) => failures += 1,
                Ok(_) => failures = 0,
            }
            if tail.take().is_some() {
                (after, told) = (last, 0);
            }
            thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// The time at the Hub, a second on: what was printed later is not what was there already.
fn moment_of(headers: &HeaderMap) -> Option<Timestamp> {
    // `Sun, 29 Nov 2026 13:30:00 GMT`
    let text = headers.get("date")?.to_str().ok()?;
    let mut words = text.split_once(", ")?.1.split(' ');
    let (day, month, year, time) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|name| *name == month)? + 1;
    let moment = Timestamp::parse(&format!("{year}-{month:02}-{day:0>2}T{time}Z"))?;
    Some(Timestamp(moment.0 + 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_an_answer_is_read() {
        let mut headers = HeaderMap::new();
        assert_eq!(moment_of(&headers), None);
        headers.insert("date", "Mon, 23 Nov 2026 02:17:52 GMT".parse().expect("a header"));
        assert_eq!(moment_of(&headers), Some(Timestamp(1_795_400_273_000_000)));
    }
}
