//! Moments and random ids, as files of a logbook name them.

use std::time::UNIX_EPOCH;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::json::Json;

/// This moment, in whole seconds.
pub(crate) fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// The first minutes of a moment, for people; what is none stays as it is.
pub(crate) fn short(text: &str) -> String {
    Moment::parse(text)
        .map_or_else(|| text.to_owned(), |moment| moment.civil.strftime("%Y-%m-%d %H:%M").to_string())
}

/// So many random hexadecimal digits, 32 at most.
pub(crate) fn random_hexadecimal(digits: usize) -> String {
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        // A system without random bits: the time tells ids apart as well.
        let time = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        bytes = time.as_nanos().to_be_bytes();
        bytes.reverse();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()[..digits].to_owned()
}

/// A moment as a session file says it, with the place of its clock where it says that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moment {
    civil: DateTime,
    /// Seconds east of Greenwich.
    offset: Option<i64>,
}

impl Moment {
    /// Reads a text in the form of ISO 8601, or seconds or milliseconds since 1970.
    pub(crate) fn of(value: &Json) -> Option<Self> {
        match value {
            Json::Number(number) => Self::since_1970(number.as_f64()?),
            Json::Text(text) => {
                let is_number = text.starts_with(|c: char| c.is_ascii_digit())
                    && text.chars().all(|c| c.is_ascii_digit() || c == '.')
                    && text.matches('.').count() < 2
                    && !text.ends_with('.');
                if is_number { Self::since_1970(text.parse().ok()?) } else { Self::parse(text) }
            }
            Json::Null | Json::Bool(_) | Json::List(_) | Json::Object(_) => None,
        }
    }

    fn since_1970(number: f64) -> Option<Self> {
        let seconds = if number > 1e10 { number / 1000.0 } else { number };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "what is out of range is refused by the next call"
        )]
        let microseconds = (seconds * 1e6).round() as i64;
        let moment = Timestamp::from_microsecond(microseconds).ok()?;
        Some(Self { civil: moment.to_zoned(TimeZone::UTC).datetime(), offset: Some(0) })
    }

    fn parse(text: &str) -> Option<Self> {
        let (civil, offset) = match text.strip_suffix('Z') {
            Some(civil) => (civil, Some(0)),
            None => match text.get(10..).and_then(|rest| rest.rfind(['+', '-'])) {
                None => (text, None),
                Some(at) => {
                    let (civil, sign) = text.split_at(10 + at);
                    let (hours, minutes) =
                        sign[1..].split_once(':').or_else(|| sign.get(1..3).zip(sign.get(3..)))?;
                    let minutes: i64 = if minutes.is_empty() { 0 } else { minutes.get(..2)?.parse().ok()? };
                    let seconds = hours.parse::<i64>().ok()? * 3600 + minutes * 60;
                    (civil, Some(if sign.starts_with('-') { -seconds } else { seconds }))
                }
            },
        };
        Some(Self { civil: civil.parse().ok()?, offset })
    }

    /// Microseconds since 1970; a moment that does not say where its clock is means Greenwich.
    pub(crate) fn microseconds(self) -> i64 {
        let civil = self.civil.to_zoned(TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_microsecond());
        civil - self.offset.unwrap_or(0) * 1_000_000
    }

    /// As the peer writes it: a fraction of six digits where there is one.
    pub(crate) fn written(self) -> String {
        let mut text = self.civil.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let fraction = self.civil.subsec_nanosecond() / 1000;
        if fraction > 0 {
            text.push_str(&format!(".{fraction:06}"));
        }
        if let Some(offset) = self.offset {
            let sign = if offset < 0 { '-' } else { '+' };
            let minutes = offset.abs() / 60;
            text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
        }
        text
    }

    /// The moment a file was changed, in seconds of 1970.
    pub(crate) fn of_file(seconds: f64) -> Option<Self> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "what is out of range is refused by the next call"
        )]
        let microseconds = (seconds * 1e6).round_ties_even() as i64;
        let moment = Timestamp::from_microsecond(microseconds).ok()?;
        Some(Self { civil: moment.to_zoned(TimeZone::UTC).datetime(), offset: Some(0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_and_written() {
        let read = |value: Json| Moment::of(&value).map(|moment| (moment.written(), moment.microseconds()));
        let written = |text: &str| read(text.into()).map(|(text, _)| text);
        assert_eq!(written("2026-01-31T12:00:00Z").as_deref(), Some("2026-01-31T12:00:00+00:00"));
        assert_eq!(
            written("2026-01-31T12:00:00.25+02:00").as_deref(),
            Some("2026-01-31T12:00:00.250000+02:00")
        );
        assert_eq!(written("2026-01-31 12:00:00").as_deref(), Some("2026-01-31T12:00:00"));
        assert_eq!(written("2026-01-31T12:00:00-0330").as_deref(), Some("2026-01-31T12:00:00-03:30"));
        assert_eq!(read(1_769_860_800_i64.into()), read(1_769_860_800_000_i64.into()));
        assert_eq!(
            read("2026-01-31T14:00:00+02:00".into()).map(|(_, at)| at),
            read("1769860800".into()).map(|(_, at)| at)
        );
        for wrong in [
            "",
            "yesterday",
            "2026-13-01T00:00:00Z",
            "1.2.3",
            "2026-01-31T12:00:00+x",
            "ü".repeat(9).as_str(),
        ] {
            assert_eq!(written(wrong), None, "{wrong}");
        }
        assert_eq!(short("2026-01-31T12:34:56+00:00"), "2026-01-31 12:34");
        assert_eq!(short("later"), "later");
    }

    #[test]
    fn ids_differ() {
        assert_eq!(random_hexadecimal(12).len(), 12);
        assert_ne!(random_hexadecimal(12), random_hexadecimal(12));
    }
}
