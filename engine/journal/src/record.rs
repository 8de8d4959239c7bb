//! The form of a record: a checked head and a body of raw values.
//!
//! ```text
//! 0   length u32      whole record without padding, at least 32
//! 4   checksum u32    CRC-32 of the length and of everything from byte 8 on
//! 8   sequence u48, kind u8, reserved u8
//! 16  time i64        microseconds since 1970
//! 24  step i64
//! 32  body            then zeros up to a multiple of 8
//! ```
//! A config, a summary and a printed line carry the rank of their process in the place of the step.
//!
//! The body of a row is, for each value: key length u16, key, tag u8, then 8 bytes of a number, or the
//! length u32 and the text of anything else as JSON. Other bodies are JSON.

use paceline_schema::console::{ConsoleLine, Stream};
use paceline_schema::event::{RunEnd, RunStart};
use paceline_schema::webhook::WebhookCall;
use paceline_schema::{Alert, Event, Metrics, Row, SystemSample, Timestamp, Value};
use serde::{Deserialize, Serialize};

use crate::log_id::log_id;

/// Bytes before the body.
pub(crate) const HEAD_BYTES: usize = 32;
/// Records begin at multiples of this, so that length and checksum can be stored at once.
pub(crate) const ALIGNMENT: usize = 8;
/// Sequence numbers of a journal that jump further than this are damage, not loss.
const MAX_SEQUENCE_GAP: u64 = 1 << 24;
const SEQUENCE_BITS: u32 = 48;

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A process began to log.
    Start = 1,
    /// The config, whole.
    Config = 2,
    /// Hand-set summary values, whole.
    Summary = 3,
    /// A `log()` call.
    Row = 4,
    /// A sample of the machine.
    System = 5,
    /// An alert.
    Alert = 6,
    /// The process stopped logging.
    End = 7,
    /// A request that the alert before it asks for.
    Webhook = 8,
    /// A line was printed.
    Console = 9,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        [
            Self::Start,
            Self::Config,
            Self::Summary,
            Self::Row,
            Self::System,
            Self::Alert,
            Self::End,
            Self::Webhook,
            Self::Console,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == byte)
    }
}

/// The body of an alert record; time and step stand in the head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertBody {
    /// One line.
    pub title: String,
    /// More.
    pub text: Option<String>,
    /// How urgent.
    pub level: paceline_schema::AlertLevel,
    /// The last step logged before it.
    pub step: Option<i64>,
}

/// The body of a line that was printed; the rank stands in the place of the step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsoleBody {
    /// Where to.
    pub stream: Stream,
    /// What.
    pub text: String,
}

/// Collects the values of one row in the form of a record body. Kept between rows, so that it allocates
/// only while rows grow.
#[derive(Debug, Default, Clone)]
pub struct Body {
    bytes: Vec<u8>,
}

const TAG_FLOAT: u8 = 0;
const TAG_INTEGER: u8 = 1;
const TAG_FALSE: u8 = 2;
const TAG_TRUE: u8 = 3;
const TAG_NULL: u8 = 4;
const TAG_JSON: u8 = 5;

impl Body {
    /// Begins the next row.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// No value was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes collected so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds a value. Keys longer than 65,535 bytes are refused by the caller.
    pub fn push(&mut self, key: &str, value: &Value) {
        match value {
            Value::Float(number) => self.push_float(key, *number),
            Value::Integer(number) => {
                self.push_key(key, TAG_INTEGER);
                self.bytes.extend_from_slice(&number.to_le_bytes());
            }
            Value::Bool(flag) => self.push_key(key, if *flag { TAG_TRUE } else { TAG_FALSE }),
            Value::Null => self.push_key(key, TAG_NULL),
            Value::Json(text) => {
                self.push_key(key, TAG_JSON);
                self.bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
                self.bytes.extend_from_slice(text.as_bytes());
            }
        }
    }

    /// Adds a float: the one case worth its own way.
    #[inline]
    pub fn push_float(&mut self, key: &str, value: f64) {
        self.push_key(key, TAG_FLOAT);
        self.bytes.extend_from_slice(&value.to_bits().to_le_bytes());
    }

    #[inline]
    fn push_key(&mut self, key: &str, tag: u8) {
        debug_assert!(key.len() <= usize::from(u16::MAX));
        self.bytes.extend_from_slice(&(key.len() as u16).to_le_bytes());
        self.bytes.extend_from_slice(key.as_bytes());
        self.bytes.push(tag);
    }

    /// The values collected so far; keys as their UTF-8 bytes, which most readers only compare.
    #[inline]
    pub fn values(&self) -> impl Iterator<Item = (&[u8], Value)> {
        Values { rest: &self.bytes }.map_while(|value| value)
    }

    fn decode(bytes: &[u8]) -> Option<Metrics> {
        let mut metrics = Metrics::with_capacity(bytes.len() / 24);
        for value in (Values { rest: bytes }) {
            let (key, value) = value?;
            metrics.push((String::from_utf8(key.to_vec()).ok()?, value));
        }
        Some(metrics)
    }
}

/// The values of a body; `None` for bytes that are no value, and then nothing more.
struct Values<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Values<'a> {
    type Item = Option<(&'a [u8], Value)>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let next = next_value(&mut self.rest);
        if next.is_none() {
            self.rest = &[];
        }
        Some(next)
    }
}

#[inline]
fn next_value<'a>(rest: &mut &'a [u8]) -> Option<(&'a [u8], Value)> {
    let bytes = *rest;
    let key_length = u16::from_le_bytes(*bytes.first_chunk()?) as usize;
    let key = bytes.get(2..2 + key_length)?;
    let tag = *bytes.get(2 + key_length)?;
    let bytes = &bytes[3 + key_length..];
    let (value, taken) = match tag {
        TAG_FLOAT => (Value::Float(f64::from_bits(u64::from_le_bytes(*bytes.first_chunk()?))), 8),
        TAG_INTEGER => (Value::Integer(i64::from_le_bytes(*bytes.first_chunk()?)), 8),
        TAG_FALSE => (Value::Bool(false), 0),
        TAG_TRUE => (Value::Bool(true), 0),
        TAG_NULL => (Value::Null, 0),
        TAG_JSON => {
            let length = u32::from_le_bytes(*bytes.first_chunk()?) as usize;
            let text = std::str::from_utf8(bytes.get(4..4 + length)?).ok()?;
            (Value::Json(text.into()), 4 + length)
        }
        _ => return None,
    };
    *rest = &bytes[taken..];
    Some((key, value))
}

/// Room a body takes as a record, padding included.
pub(crate) fn record_bytes(body: &[u8]) -> usize {
    (HEAD_BYTES + body.len()).next_multiple_of(ALIGNMENT)
}

/// The head of a record; `length` and `checksum` as the two halves of the first eight bytes.
pub(crate) fn encode_head(
    sequence: u64,
    kind: Kind,
    time_us: i64,
    step: i64,
    body: &[u8],
) -> [u8; HEAD_BYTES] {
    let length = (HEAD_BYTES + body.len()) as u32;
    let mut head = [0; HEAD_BYTES];
    head[0..4].copy_from_slice(&length.to_le_bytes());
    head[8..16].copy_from_slice(&(sequence | u64::from(kind as u8) << SEQUENCE_BITS).to_le_bytes());
    head[16..24].copy_from_slice(&time_us.to_le_bytes());
    head[24..32].copy_from_slice(&step.to_le_bytes());
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&head[0..4]);
    checksum.update(&head[8..]);
    checksum.update(body);
    head[4..8].copy_from_slice(&checksum.finalize().to_le_bytes());
    head
}

/// A record as it stands in a segment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RecordView<'a> {
    pub(crate) sequence: u64,
    kind: u8,
    time_us: i64,
    step: i64,
    body: &'a [u8],
    /// Bytes up to the next record.
    pub(crate) stride: usize,
}

/// What stands at a place of a segment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Place<'a> {
    /// A whole record.
    Record(RecordView<'a>),
    /// Nothing was published here.
    Empty,
    /// Something that is no whole record: torn, damaged, or being written.
    Broken,
}

/// Looks at the place where `bytes` begins; `last_sequence` is that of the record before, if one is known.
pub(crate) fn read_place(bytes: &[u8], last_sequence: Option<u64>) -> Place<'_> {
    let Some(length) = bytes.first_chunk().map(|length| u32::from_le_bytes(*length) as usize) else {
        return Place::Empty;
    };
    if length == 0 {
        return Place::Empty;
    }
    let whole = read_record(bytes, length).filter(|record| {
        last_sequence.is_none_or(|last| record.sequence > last && record.sequence - last < MAX_SEQUENCE_GAP)
    });
    whole.map_or(Place::Broken, Place::Record)
}

fn read_record(bytes: &[u8], length: usize) -> Option<RecordView<'_>> {
    if length < HEAD_BYTES {
        return None;
    }
    let record = bytes.get(..length)?;
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&record[0..4]);
    checksum.update(&record[8..]);
    if checksum.finalize().to_le_bytes() != record[4..8] {
        return None;
    }
    let word = |at: usize| record[at..].first_chunk().copied().map(u64::from_le_bytes);
    let identity = word(8)?;
    Some(RecordView {
        sequence: identity & ((1 << SEQUENCE_BITS) - 1),
        kind: (identity >> SEQUENCE_BITS) as u8,
        time_us: word(16)? as i64,
        step: word(24)? as i64,
        body: &record[HEAD_BYTES..],
        stride: length.next_multiple_of(ALIGNMENT),
    })
}

impl RecordView<'_> {
    /// The request that is asked for, with an id of its own; `None` when the record is about something else.
    pub(crate) fn webhook(&self, nonce: u64) -> Option<(String, WebhookCall)> {
        if Kind::from_byte(self.kind)? != Kind::Webhook {
            return None;
        }
        Some((log_id(self.time_us, nonce, self.sequence), serde_json::from_slice(self.body).ok()?))
    }

    /// What happened to the run; `None` when the record is about something else, or when a later version of us
    /// wrote a kind this one does not know.
    pub(crate) fn event(&self, nonce: u64) -> Option<Event> {
        let time = Timestamp(self.time_us);
        let id = || Some(log_id(self.time_us, nonce, self.sequence));
        Some(match Kind::from_byte(self.kind)? {
            Kind::Row => Event::Row(Row {
                log_id: id(),
                time,
                step: Some(self.step),
                metrics: Body::decode(self.body)?,
            }),
            Kind::System => {
                Event::System(SystemSample { log_id: id(), time, metrics: Body::decode(self.body)? })
            }
            Kind::Alert => {
                let body: AlertBody = serde_json::from_slice(self.body).ok()?;
                let AlertBody { title, text, level, step } = body;
                Event::Alert(Alert { alert_id: id(), time, title, text, level, step })
            }
            Kind::Config => Event::Config { time, json: self.json()?, rank: self.rank() },
            Kind::Summary => Event::Summary { json: self.json()?, rank: self.rank() },
            Kind::Start => Event::Start(serde_json::from_slice::<RunStart>(self.body).ok()?),
            Kind::Console => {
                let ConsoleBody { stream, text } = serde_json::from_slice(self.body).ok()?;
                Event::Console(ConsoleLine { log_id: id(), time, stream, rank: self.rank(), text })
            }
            Kind::End => Event::End(serde_json::from_slice::<RunEnd>(self.body).ok()?),
            Kind::Webhook => return None,
        })
    }

    fn json(&self) -> Option<String> {
        String::from_utf8(self.body.to_vec()).ok()
    }

    /// A config, a summary and a printed line have no step; the rank of their process stands in its place.
    fn rank(&self) -> u32 {
        u32::try_from(self.step).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(sequence: u64, body: &[u8]) -> Vec<u8> {
        let mut bytes = encode_head(sequence, Kind::Row, 7, -3, body).to_vec();
        bytes.extend_from_slice(body);
        bytes.resize(record_bytes(body), 0);
        bytes
    }

    #[test]
    fn values_come_back_as_they_were() {
        let metrics: Metrics = vec![
            ("train/loss".into(), Value::Float(f64::from_bits(0x7ff8_0000_0000_1234))),
            ("step".into(), Value::Integer(i64::MIN)),
            ("".into(), Value::Bool(true)),
            ("größe".into(), Value::Null),
            ("text".into(), Value::Json("\"a\"".into())),
        ];
        let mut body = Body::default();
        metrics.iter().for_each(|(key, value)| body.push(key, value));
        let bytes = record(9, body.as_bytes());
        let Place::Record(view) = read_place(&bytes, Some(8)) else { panic!("whole") };
        let Some(Event::Row(row)) = view.event(1) else { panic!("a row") };
        assert_eq!((row.time, row.step), (Timestamp(7), Some(-3)));
        for ((key, before), (key_after, after)) in metrics.iter().zip(&row.metrics) {
            assert_eq!(key, key_after);
            match (before, after) {
                (Value::Float(a), Value::Float(b)) => assert_eq!(a.to_bits(), b.to_bits()),
                _ => assert_eq!(before, after),
            }
        }
    }

    proptest! {
        #[test]
        fn a_flipped_bit_is_seen(length in 0usize..200, bit in 0usize..8 * 200, sequence in 1u64..1000) {
            let body: Vec<u8> = (0..length).map(|i| i as u8).collect();
            let mut bytes = record(sequence, &body);
            let bit = bit % ((HEAD_BYTES + length) * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!matches!(read_place(&bytes, None), Place::Record(_)));
        }

        #[test]
        fn a_cut_record_is_no_record(length in 1usize..200, cut in 4usize..231) {
            let body = vec![7; length];
            let bytes = record(1, &body);
            prop_assume!(cut < HEAD_BYTES + length);
            prop_assert!(!matches!(read_place(&bytes[..cut], None), Place::Record(_)));
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read_place(&bytes, None);
            let _ = Body::decode(&bytes);
        }
    }
}
