//! Times on the wire and in the tables: microseconds since 1970 inside, RFC 3339 UTC outside.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment, in microseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// From seconds since the epoch, to the nearest microsecond. Not finite becomes the epoch.
    #[must_use]
    pub fn from_seconds(seconds: f64) -> Self {
        // `as` saturates and maps NaN to 0, which is what is wanted of a time that makes no sense.
        Self((seconds * 1e6).round() as i64)
    }

    /// Seconds since the epoch.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Seconds from `earlier` to `self`; negative when `self` is earlier.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / 1e6
    }

    /// Appends the form of Python's `datetime.isoformat()` in UTC, which the tables hold:
    /// `2026-11-23T02:17:52.070297+00:00`, without the fraction when it is zero.
    pub fn write_text(self, out: &mut String) {
        use fmt::Write as _;
        let moment = jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let civil = TimeZone::UTC.to_datetime(moment);
        let (date, time) = (civil.date(), civil.time());
        let micros = time.subsec_nanosecond() / 1_000;
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            date.year(),
            date.month(),
            date.day(),
            time.hour(),
            time.minute(),
            time.second()
        );
        if micros != 0 {
            let _ = write!(out, ".{micros:06}");
        }
        out.push_str("+00:00");
    }

    /// Reads what the tables may hold: ISO 8601 with or without an offset (none means UTC), a space
    /// for the `T`, or seconds since the epoch as the peer's TensorBoard import writes them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            return Some(Self(moment.as_microsecond()));
        }
        if let Ok(civil) = text.parse::<jiff::civil::DateTime>() {
            return civil.to_zoned(TimeZone::UTC).ok().map(|zoned| Self(zoned.timestamp().as_microsecond()));
        }
        text.parse::<f64>().ok().filter(|seconds| seconds.is_finite()).map(Self::from_seconds)
    }
}

impl From<SystemTime> for Timestamp {
    /// Times before 1970 become 1970.
    fn from(time: SystemTime) -> Self {
        Self(time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(32);
        self.write_text(&mut text);
        f.write_str(&text)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return i64::deserialize(deserializer).map(Self);
        }
        let text = String::deserialize(deserializer)?;
        // What looks like a plain number is read in tables only.
        Self::parse(&text).filter(|_| text.contains(':')).ok_or_else(|| {
            serde::de::Error::custom(format_args!(
                "`{text}` is not a time; write it as `2026-11-23T02:17:52.070297Z`"
            ))
        })
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::DateTime)))
            .description(Some("RFC 3339, UTC, microseconds"))
            .examples(["2026-11-23T02:17:52.070297+00:00"])
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Timestamp {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_python_isoformat() {
        assert_eq!(Timestamp(1_795_400_272_070_297).to_string(), "2026-11-23T02:17:52.070297+00:00");
        assert_eq!(Timestamp(1_795_400_272_000_000).to_string(), "2026-11-23T02:17:52+00:00");
        assert_eq!(Timestamp(0).to_string(), "1970-01-01T00:00:00+00:00");
    }

    #[test]
    fn every_form_in_the_tables_is_read() {
        let moment = Some(Timestamp(1_795_400_272_070_297));
        for text in [
            "2026-11-23T02:17:52.070297+00:00",
            "2026-11-23T02:17:52.070297Z",
            "2026-11-23T04:17:52.070297+02:00",
            "2026-11-23 02:17:52.070297",
            "1795400272.070297",
        ] {
            assert_eq!(Timestamp::parse(text), moment, "{text}");
        }
        for text in ["", "soon", "NaN"] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(micros in -2_000_000_000_000_000i64..4_000_000_000_000_000) {
            let time = Timestamp(micros);
            proptest::prop_assert_eq!(Timestamp::parse(&time.to_string()), Some(time));
        }
    }
}
