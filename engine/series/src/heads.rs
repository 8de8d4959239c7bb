//! What all rows of one run say at a glance.

use std::collections::{BTreeMap, BTreeSet};

use paceline_schema::{Timestamp, Value};
use serde::{Deserialize, Serialize};

use crate::contents::Contents;
use crate::curve::Curve;
use crate::epoch::{EpochTrack, EpochUnits};
use crate::keys::{KeyFacts, Part};
use crate::learning_rate::LearningRateTrack;
use crate::metric::{MetricHead, Sample};
use crate::pace::{PaceTrack, RowKind};
use crate::step::StepResolver;

/// First byte of the encoded form; another one means another format.
const FORMAT: u8 = 2;
/// Curves are kept for so many metrics that may stand for the loss.
const LOSS_CAPACITY: usize = 4;

/// A metric that may stand for the loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LossHead {
    rank: u8,
    /// Name of the metric.
    pub key: String,
    /// Its values in bounded memory.
    pub curve: Curve,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Metric {
    facts: KeyFacts,
    head: MetricHead,
}

/// The metric that plays a part, and what was tracked of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Chosen<T> {
    /// Rank and name; a lower rank takes the place.
    key: Option<(u8, String)>,
    track: T,
}

impl<T: Default> Chosen<T> {
    fn offer(&mut self, rank: u8, key: &str) {
        if self.key.as_ref().is_none_or(|(held, _)| rank < *held) {
            *self = Self { key: Some((rank, key.to_owned())), track: T::default() };
        }
    }

    fn is(&self, key: &str) -> bool {
        self.key.as_ref().is_some_and(|(_, held)| held == key)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct RowMark {
    id: i64,
    time: Timestamp,
}

/// What one row says beside its values.
#[derive(Default)]
struct RowFacts {
    has_evaluation: bool,
    has_training_loss: bool,
    evaluation_seconds: Option<f64>,
    epoch: Option<f64>,
    learning_rate: Option<f64>,
}

impl RowFacts {
    fn kind(&self) -> RowKind {
        if self.has_evaluation && !self.has_training_loss {
            RowKind::Evaluation { seconds: self.evaluation_seconds }
        } else {
            RowKind::Train
        }
    }
}

/// What all rows of one run say at a glance: bounded memory for each metric, O(metrics of the row) to take
/// a row in, and the same result however the rows are cut into batches.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunHeads {
    rows: u64,
    first: Option<RowMark>,
    last: Option<RowMark>,
    max_step: Option<i64>,
    resolver: StepResolver,
    metrics: BTreeMap<String, Metric>,
    /// Keys that held something else than numbers, some of them numbers as well.
    others: BTreeMap<String, Contents>,
    /// By rank, then by appearance.
    losses: Vec<LossHead>,
    epoch: Chosen<EpochTrack>,
    learning_rate: Chosen<LearningRateTrack>,
    pace: PaceTrack,
}

impl RunHeads {
    /// Says that a process began to log at `started_at`, before a row of `time` is taken in: the first row
    /// at or after the start begins a session of its own.
    pub fn expect_session(&mut self, started_at: Timestamp, time: Timestamp) {
        if time >= started_at && self.last.is_some_and(|last| last.time < started_at) {
            self.pace.begin_session();
        }
    }

    /// Takes the next row in. Rows come in id order, each once.
    pub fn absorb(&mut self, id: i64, time: Timestamp, step: i64, metrics: &[(String, Value)]) {
        self.rows += 1;
        let mark = RowMark { id, time };
        self.first.get_or_insert(mark);
        self.last = Some(mark);
        self.max_step = self.max_step.max(Some(step));

        let resolved = self.resolver.resolve(step, metrics);
        if resolved.first_global {
            // Steps counted by the rows and steps counted by the trainer do not mix.
            self.pace = PaceTrack::default();
            self.epoch.track = EpochTrack::default();
            self.learning_rate.track = LearningRateTrack::default();
        }
        let mut facts = RowFacts::default();
        for (key, value) in metrics {
            match value.number() {
                Some(value) => {
                    self.absorb_value(key, Sample { step: resolved.step, time, value }, &mut facts);
                }
                None => self.absorb_other(key, Contents::of(value)),
            }
        }
        if let Some(epoch) = facts.epoch {
            self.epoch.track.absorb(resolved.step, epoch);
        }
        if let Some(rate) = facts.learning_rate {
            self.learning_rate.track.absorb(resolved.step, rate);
        }
        if resolved.advances {
            self.pace.absorb(time, resolved.step, facts.kind());
        }
    }

    fn absorb_value(&mut self, key: &str, sample: Sample, row: &mut RowFacts) {
        let facts = match self.metrics.get_mut(key) {
            Some(metric) => {
                metric.head.absorb(sample);
                metric.facts
            }
            None => {
                let facts = KeyFacts::of(key);
                self.metrics.insert(key.to_owned(), Metric { facts, head: MetricHead::new(sample) });
                self.offer(key, facts.part);
                facts
            }
        };
        row.has_evaluation |= facts.evaluation;
        row.has_training_loss |= facts.is_training_loss();
        match facts.part {
            Part::Loss { .. } => {
                if let Some(loss) = self.losses.iter_mut().find(|loss| loss.key == key) {
                    loss.curve.absorb(sample.step, sample.value);
                }
            }
            Part::Epoch { .. } if self.epoch.is(key) => row.epoch = Some(sample.value),
            Part::LearningRate { .. } if self.learning_rate.is(key) => row.learning_rate = Some(sample.value),
            Part::EvaluationSeconds => {
                row.evaluation_seconds = Some(row.evaluation_seconds.unwrap_or(0.0) + sample.value);
            }
            Part::Epoch { .. } | Part::LearningRate { .. } | Part::Series => {}
        }
    }

    fn absorb_other(&mut self, key: &str, contents: Contents) {
        match self.others.get_mut(key) {
            Some(known) => *known = known.with(contents),
            None => drop(self.others.insert(key.to_owned(), contents)),
        }
    }

    /// A metric appeared: it takes the part it is best at.
    fn offer(&mut self, key: &str, part: Part) {
        match part {
            Part::Loss { rank } => {
                let place = self.losses.partition_point(|loss| loss.rank <= rank);
                if place < LOSS_CAPACITY {
                    self.losses.truncate(LOSS_CAPACITY - 1);
                    self.losses
                        .insert(place, LossHead { rank, key: key.to_owned(), curve: Curve::default() });
                }
            }
            Part::Epoch { rank } => self.epoch.offer(rank, key),
            Part::LearningRate { rank } => self.learning_rate.offer(rank, key),
            Part::EvaluationSeconds | Part::Series => {}
        }
    }

    /// The bytes that [`Self::decode`] reads: the format, a checksum, the fields by postcard.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let fields = postcard::to_allocvec(self).expect("plain data in memory always encodes");
        let mut bytes = Vec::with_capacity(fields.len() + 5);
        bytes.push(FORMAT);
        bytes.extend_from_slice(&crc32fast::hash(&fields).to_le_bytes());
        bytes.extend_from_slice(&fields);
        bytes
    }

    /// Reads what [`Self::encode`] wrote; `None` when the format is another one or a byte was changed, and
    /// then the rows tell it all again.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&format, rest) = bytes.split_first()?;
        let (checksum, fields) = rest.split_first_chunk::<4>()?;
        if format != FORMAT || crc32fast::hash(fields) != u32::from_le_bytes(*checksum) {
            return None;
        }
        postcard::from_bytes(fields).ok()
    }

    /// Rows taken in.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Id of the first row.
    #[must_use]
    pub fn first_id(&self) -> Option<i64> {
        self.first.map(|mark| mark.id)
    }

    /// Id of the newest row.
    #[must_use]
    pub fn last_id(&self) -> Option<i64> {
        self.last.map(|mark| mark.id)
    }

    /// Time of the first row.
    #[must_use]
    pub fn first_time(&self) -> Option<Timestamp> {
        self.first.map(|mark| mark.time)
    }

    /// Time of the newest row.
    #[must_use]
    pub fn last_time(&self) -> Option<Timestamp> {
        self.last.map(|mark| mark.time)
    }

    /// Largest step of a row as it is stored; the training step is [`Self::step`].
    #[must_use]
    pub fn max_step(&self) -> Option<i64> {
        self.max_step
    }

    /// Training step the run stands at.
    #[must_use]
    pub fn step(&self) -> Option<i64> {
        self.pace.step()
    }

    /// How many metrics there are.
    #[must_use]
    pub fn metric_count(&self) -> usize {
        self.metrics.len()
    }

    /// The metrics, sorted by name.
    pub fn metrics(&self) -> impl Iterator<Item = (&str, &MetricHead)> {
        self.metrics.iter().map(|(key, metric)| (key.as_str(), &metric.head))
    }

    /// Every key that was logged, whatever it held, sorted.
    #[must_use]
    pub fn keys(&self) -> BTreeSet<&str> {
        self.metrics.keys().chain(self.others.keys()).map(String::as_str).collect()
    }

    /// What was logged beside numbers, of all keys together.
    #[must_use]
    pub fn contents(&self) -> Contents {
        self.others.values().fold(Contents::default(), |all, contents| all.with(*contents))
    }

    /// One metric.
    #[must_use]
    pub fn metric(&self, key: &str) -> Option<&MetricHead> {
        self.metrics.get(key).map(|metric| &metric.head)
    }

    /// The metric that stands for the loss, and its head.
    #[must_use]
    pub fn loss(&self) -> Option<(&LossHead, &MetricHead)> {
        let loss = self.losses.first()?;
        Some((loss, self.metric(&loss.key)?))
    }

    /// Newest learning rate.
    #[must_use]
    pub fn learning_rate(&self) -> Option<f64> {
        let (_, key) = self.learning_rate.key.as_ref()?;
        self.metric(key).map(|head| head.last.value)
    }

    /// Training step at which a learning rate that falls along a line meets zero.
    #[must_use]
    pub fn learning_rate_zero_step(&self) -> Option<f64> {
        self.learning_rate.track.zero_step()
    }

    /// Newest epoch.
    #[must_use]
    pub fn epoch(&self) -> Option<f64> {
        let (_, key) = self.epoch.key.as_ref()?;
        self.metric(key).map(|head| head.last.value)
    }

    /// Steps of one epoch.
    #[must_use]
    pub fn epoch_units(&self) -> Option<EpochUnits> {
        self.epoch.track.units(self.resolver.has_global_step())
    }

    /// How fast the run goes.
    #[must_use]
    pub fn pace(&self) -> &PaceTrack {
        &self.pace
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(metrics: &[(&str, f64)]) -> Vec<(String, Value)> {
        metrics.iter().map(|(key, value)| ((*key).to_owned(), Value::Float(*value))).collect()
    }

    /// Absorbs rows one second apart, by index.
    fn heads(rows: &[Vec<(String, Value)>]) -> RunHeads {
        let mut heads = RunHeads::default();
        for (index, metrics) in rows.iter().enumerate() {
            heads.absorb(index as i64 + 1, Timestamp::from_seconds(index as f64), index as i64, metrics);
        }
        heads
    }

    #[test]
    fn a_transformers_run_is_read_by_its_global_step() {
        let mut rows = vec![row(&[("profiling/seconds", 0.1)])];
        for step in [10.0, 20.0, 30.0] {
            rows.push(row(&[
                ("train/loss", 3.0 - step / 100.0),
                ("train/epoch", step / 25.5),
                ("train/global_step", step),
            ]));
            rows.push(row(&[("profiling/seconds", 0.1)]));
        }
        rows.push(row(&[
            ("eval/loss", 2.0),
            ("eval/runtime", 0.5),
            ("train/epoch", 30.0 / 25.5),
            ("train/global_step", 30.0),
        ]));
        let heads = heads(&rows);
        assert_eq!((heads.step(), heads.max_step(), heads.rows()), (Some(30), Some(7), 8));
        assert_eq!(
            heads.loss().map(|(loss, head)| (loss.key.as_str(), head.last.step)),
            Some(("train/loss", 30))
        );
        assert_eq!(heads.epoch_units().map(|units| units.low), Some(26.0));
        assert_eq!(heads.pace().intervals().len(), 2);
        assert_eq!(heads.pace().evaluations().map(|evaluations| evaluations.last_step), Some(30));
    }

    #[test]
    fn the_training_loss_takes_the_place_of_lesser_ones() {
        let heads = heads(&[
            row(&[("a_loss", 1.0), ("b_loss", 1.0), ("c_loss", 1.0), ("val_loss", 1.0), ("d_loss", 1.0)]),
            row(&[("loss", 1.0)]),
        ]);
        let keys: Vec<_> = heads.losses.iter().map(|loss| loss.key.as_str()).collect();
        assert_eq!(keys, ["loss", "val_loss", "a_loss", "b_loss"]);
    }

    #[test]
    fn a_million_rows_stay_small() {
        let mut heads = RunHeads::default();
        for index in 0..1_000_000i64 {
            let metrics =
                row(&[("loss", 1.0 / (index + 1) as f64), ("lr", 1e-3), ("epoch", index as f64 / 1e4)]);
            heads.absorb(index, Timestamp(index * 1_000_000), index, &metrics);
        }
        let bytes = heads.encode().len();
        assert!(bytes < 12_000, "{bytes} bytes");
        assert_eq!(RunHeads::decode(&heads.encode()), Some(heads));
    }

    #[test]
    fn ten_thousand_metrics_take_less_than_250_bytes_each() {
        let keys: Vec<String> = (0..10_000).map(|index| format!("layer_{index}/gradient_norm")).collect();
        let mut heads = RunHeads::default();
        for index in 0..12 {
            let metrics: Vec<_> =
                keys.iter().map(|key| (key.clone(), Value::Float(index as f64 * 0.1))).collect();
            heads.absorb(index, Timestamp(1_795_400_272_070_297 + index), 1_000_000 + index, &metrics);
        }
        assert!(heads.encode().len() < 250 * keys.len(), "{} bytes", heads.encode().len());
    }

    #[test]
    fn a_changed_byte_is_noticed() {
        let bytes = heads(&[row(&[("loss", 1.0)]), row(&[("loss", 0.5)])]).encode();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            assert_eq!(RunHeads::decode(&changed), None, "byte {place}");
        }
        assert_eq!(RunHeads::decode(&[]), None);
    }

    /// Microseconds since the row before, steps since the row before, values.
    type LaterRow = (i64, i64, Vec<(String, Value)>);

    fn any_rows() -> impl Strategy<Value = Vec<LaterRow>> {
        let key = prop::sample::select(vec![
            "loss",
            "train/loss",
            "eval/loss",
            "eval/runtime",
            "train/epoch",
            "epoch",
            "lr",
            "train/global_step",
            "accuracy",
        ]);
        let value = prop_oneof![
            8 => (-1_000i64..1_000).prop_map(|value| Value::Float(value as f64 / 8.0)),
            2 => (0i64..200).prop_map(Value::Integer),
            1 => Just(Value::Float(f64::NAN)),
            1 => Just(Value::Float(f64::INFINITY)),
            1 => Just(Value::Null),
        ];
        let metrics = prop::collection::vec((key.prop_map(str::to_owned), value), 0..6);
        prop::collection::vec((-1_000i64..5_000_000, -2i64..20, metrics), 0..200)
    }

    proptest! {
        /// However rows come in, writing the heads down and reading them back between any two changes nothing.
        #[test]
        fn batches_do_not_matter(rows in any_rows(), cuts in prop::collection::vec(any::<bool>(), 200)) {
            let (mut whole, mut cut) = (RunHeads::default(), RunHeads::default());
            let (mut time, mut step) = (0, 0);
            for (index, (gap, steps, metrics)) in rows.iter().enumerate() {
                (time, step) = (time + gap, step + steps);
                whole.absorb(index as i64, Timestamp(time), step, metrics);
                cut.absorb(index as i64, Timestamp(time), step, metrics);
                if cuts[index] {
                    cut = RunHeads::decode(&cut.encode()).expect("what was written is read");
                }
            }
            prop_assert_eq!(whole.encode(), cut.encode());
            let intervals = whole.pace().intervals();
            prop_assert!(intervals.iter().all(|interval| interval.seconds > 0.0 && interval.steps > 0.0));
        }
    }
}
