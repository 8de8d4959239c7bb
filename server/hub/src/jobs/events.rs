//! What a job prints, read from a stream of Server-Sent Events.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use paceline_schema::Timestamp;
use paceline_schema::jobs::JobLine;
use ureq::http::HeaderMap;

use super::{HubJobs, explained, missing, path};
use crate::remote::{Client, HubFault, Payload};

/// The Hub gives a sign of life every 30 seconds; after four without one the line is dead.
const PATIENCE_TO_FOLLOW: Duration = Duration::from_secs(120);
/// What is there already comes at once; then nothing does for so long.
const PATIENCE_TO_LOOK: Duration = Duration::from_secs(5);
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
        let patience = if follow { PATIENCE_TO_FOLLOW } else { PATIENCE_TO_LOOK };
        let client = Client::listening(self.account.clone(), patience);
        loop {
            let query = tail.map(|lines| format!("?tail={lines}")).unwrap_or_default();
            let address = format!("{}{}{query}", self.account.endpoint(), path(namespace, id, "/logs"));
            let answer = client.send("GET", &address, &Payload::Nothing, &[], DOING);
            let answer = answer.map_err(|fault| missing(explained(fault), namespace, id))?;
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
                if place > told {
                    told = place;
                    if !each(&line) {
                        return Ok(());
                    }
                }
            }
            if !follow || self.inspect(namespace, id)?.status.stage.has_ended() {
                return Ok(());
            }
            // How far the last lines were of all is not known, so what comes again cannot be told from what is new.
            if tail.take().is_some() {
                return Ok(());
            }
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
