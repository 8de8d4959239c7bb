//! What all rows of one run say at a glance.

use std::collections::{BTreeMap, BTreeSet};

use paceline_schema::rank::{RANK_KEY, rank_of};
use paceline_schema::{Timestamp, Value, ValueKinds};
use serde::{Deserialize, Serialize};

use crate::curve::Curve;
use crate::epoch::{EpochTrack, EpochUnits};
use crate::keys::{KeyFacts, Part};
use crate::learning_rate::LearningRateTrack;
use crate::metric::{MetricHead, Sample};
use crate::pace::{PaceTrack, RowKind};
use crate::step::StepResolver;
use crate::watched::Watched;

/// First byte of the encoded form; another one means another format.
const FORMAT: u8 = 7;
/// A longer value that is no number is not kept as the newest one of its key.
const LONGEST_OTHER_BYTES: usize = 1_024;
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
    /// The lowest rank of a process that logs it; what higher ones log of it is not in its head.
    process_rank: u32,
    /// Its key held something else than numbers as well.
    mixed: bool,
}

/// What one key held beside numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Other {
    kinds: ValueKinds,
    /// The lowest rank of a process that logs it.
    process_rank: u32,
    /// JSON text of the newest value of the key in that process, where that is no number, not null and not long.
    newest: Option<Box<str>>,
}

/// What the rows of one process say, of those that share the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct RankRows {
    /// How many there are.
    pub rows: u64,
    /// Largest step of one of them as it is stored.
    pub max_step: Option<i64>,
    /// Time of the newest.
    pub last_time: Option<Timestamp>,
    resolver: StepResolver,
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
///
/// Where several processes share the run, pace, epochs and learning rate are those of the lowest rank, and each
/// metric is that of the lowest rank which logs it, however their rows come mixed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunHeads {
    rows: u64,
    first: Option<RowMark>,
    last: Option<RowMark>,
    max_step: Option<i64>,
    /// The processes that share the run, by rank.
    ranks: BTreeMap<u32, RankRows>,
    metrics: BTreeMap<String, Metric>,
    /// Keys that held something else than numbers, some of them numbers as well.
    others: BTreeMap<String, Other>,
    /// By rank, then by appearance.
    losses: Vec<LossHead>,
    epoch: Chosen<EpochTrack>,
    learning_rate: Chosen<LearningRateTrack>,
    watched: BTreeMap<Watched, Chosen<Curve>>,
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

        let rank = rank_of(metrics);
        let lowest = self.lowest_rank();
        let of_rank = self.ranks.entry(rank).or_default();
        of_rank.rows += 1;
        of_rank.max_step = of_rank.max_step.max(Some(step));
        of_rank.last_time = Some(time);
        let resolved = of_rank.resolver.resolve(step, metrics);
        let leads = lowest.is_none_or(|lowest| rank <= lowest);
        if lowest.is_some_and(|lowest| rank < lowest) {
            // What was tracked so far is of a process that does not count any more.
            self.pace = PaceTrack::default();
            self.epoch = Chosen::default();
            self.learning_rate = Chosen::default();
            self.watched.clear();
        } else if leads && resolved.first_global {
            // Steps counted by the rows and steps counted by the trainer do not mix.
            self.pace = PaceTrack::default();
            self.epoch.track = EpochTrack::default();
            self.learning_rate.track = LearningRateTrack::default();
            for chosen in self.watched.values_mut() {
                chosen.track = Curve::default();
            }
        }
        let mut facts = RowFacts::default();
        for (key, value) in metrics {
            if rank > 0 && key == RANK_KEY {
                continue;
            }
            match value.number() {
                Some(value) => {
                    let sample = Sample { step: resolved.step, time, value };
                    self.absorb_value(key, sample, rank, leads, &mut facts);
                }
                None => self.absorb_other(key, value, rank),
            }
        }
        if !leads {
            return;
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

    fn absorb_value(&mut self, key: &str, sample: Sample, rank: u32, leads: bool, row: &mut RowFacts) {
        let facts = match self.metrics.get_mut(key) {
            Some(metric) if metric.process_rank == rank => {
                metric.head.absorb(sample);
                if metric.mixed
                    && let Some(other) = self.others.get_mut(key)
                {
                    other.newest = None;
                }
                metric.facts
            }
            Some(metric) if metric.process_rank < rank => return,
            Some(_) | None => {
                let facts = KeyFacts::of(key);
                let other = self.others.get_mut(key).map(|other| other.newest = None);
                let head = MetricHead::new(sample);
                let metric = Metric { facts, head, process_rank: rank, mixed: other.is_some() };
                if self.metrics.insert(key.to_owned(), metric).is_some() {
                    self.losses.retain(|loss| loss.key != key);
                }
                self.offer(key, facts.part, leads);
                if let Some((what, rank)) = facts.watched.filter(|_| leads) {
                    self.watched.entry(what).or_default().offer(rank, key);
                }
                facts
            }
        };
        if let Some((what, _)) = facts.watched
            && let Some(chosen) = self.watched.get_mut(&what)
            && chosen.is(key)
        {
            chosen.track.absorb(sample.step, sample.value);
        }
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

    fn absorb_other(&mut self, key: &str, value: &Value, rank: u32) {
        let metric = self.metrics.get_mut(key);
        let is_of_a_lower_rank = metric.as_ref().is_some_and(|metric| metric.process_rank < rank);
        if let Some(metric) = metric {
            metric.mixed = true;
        }
        let other = match self.others.get_mut(key) {
            Some(known) => known,
            None => {
                let new = Other { process_rank: rank, ..Other::default() };
                self.others.entry(key.to_owned()).or_insert(new)
            }
        };
        other.kinds = other.kinds.and(ValueKinds::of(value));
        if is_of_a_lower_rank || other.process_rank < rank {
            return;
        }
        other.process_rank = rank;
        other.newest = match value {
            Value::Json(text) => Some(text.clone()).filter(|text| text.len() <= LONGEST_OTHER_BYTES),
            Value::Bool(flag) => Some(flag.to_string().into()),
            Value::Null | Value::Float(_) | Value::Integer(_) => None,
        };
    }

    /// A metric appeared: it takes the part it is best at; one of another process than the lowest can only be
    /// the loss.
    fn offer(&mut self, key: &str, part: Part, leads: bool) {
        match part {
            Part::Loss { rank } => {
                let place = self.losses.partition_point(|loss| loss.rank <= rank);
                if place < LOSS_CAPACITY {
                    self.losses.truncate(LOSS_CAPACITY - 1);
                    self.losses
                        .insert(place, LossHead { rank, key: key.to_owned(), curve: Curve::default() });
                }
            }
            Part::Epoch { rank } if leads => self.epoch.offer(rank, key),
            Part::LearningRate { rank } if leads => self.learning_rate.offer(rank, key),
            Part::Epoch { .. } | Part::LearningRate { .. } | Part::EvaluationSeconds | Part::Series => {}
        }
    }

    /// The bytes that [`Self::decode`] reads: the format, a checksum, the fields by postcard.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // In one piece: with many metrics it is large.
        let head = [FORMAT, 0, 0, 0, 0];
        let mut bytes =
            postcard::to_extend(self, head.to_vec()).expect("plain data in memory always encodes");
        let (head, fields) = bytes.split_at_mut(head.len());
        head[1..].copy_from_slice(&crc32fast::hash(fields).to_le_bytes());
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

    /// The rank whose rows tell how the run goes; `None` before the first row.
    fn lowest_rank(&self) -> Option<u32> {
        self.ranks.first_key_value().map(|(rank, _)| *rank)
    }

    /// The processes that share the run, by rank; one of rank 0 where it has the run to itself.
    pub fn ranks(&self) -> impl Iterator<Item = (u32, &RankRows)> {
        self.ranks.iter().map(|(rank, rows)| (*rank, rows))
    }

    /// What the rows of one rank say; `None` when it has none.
    #[must_use]
    pub fn rank(&self, rank: u32) -> Option<&RankRows> {
        self.ranks.get(&rank)
    }

    /// The rank whose values a metric's head tells; `None` for a metric that is not there.
    #[must_use]
    pub fn rank_of_metric(&self, key: &str) -> Option<u32> {
        self.metrics.get(key).map(|metric| metric.process_rank)
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

    /// A trainer's own step says where a row stands, not the step it is stored with.
    #[must_use]
    pub fn is_counted_by_trainer(&self) -> bool {
        self.ranks.values().any(|rank| rank.resolver.has_global_step())
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

    /// Kinds of typed objects that were logged, of all keys and ranks together.
    #[must_use]
    pub fn kinds(&self) -> ValueKinds {
        self.others.values().fold(ValueKinds::default(), |all, other| all.and(other.kinds))
    }

    /// The keys that held something else than numbers, sorted, each with the kinds of typed objects among that.
    pub fn kinds_of_keys(&self) -> impl Iterator<Item = (&str, ValueKinds)> {
        self.others.iter().map(|(key, other)| (key.as_str(), other.kinds))
    }

    /// The JSON text of the newest value of each key whose newest value is no number, sorted by key; null and
    /// long values are left out.
    pub fn newest_others(&self) -> impl Iterator<Item = (&str, &str)> {
        self.others.iter().filter_map(|(key, other)| Some((key.as_str(), other.newest.as_deref()?)))
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

    /// The loss on data that is not trained on, where the training loss is another one.
    #[must_use]
    pub fn evaluation_loss(&self) -> Option<&LossHead> {
        let is_evaluation =
            |loss: &&LossHead| self.metrics.get(&loss.key).is_some_and(|metric| metric.facts.evaluation);
        self.losses.iter().skip(1).find(is_evaluation)
    }

    /// Something was measured on data that is not trained on.
    #[must_use]
    pub fn has_evaluation(&self) -> bool {
        self.metrics.values().any(|metric| metric.facts.evaluation)
    }

    /// The metric that tells this, by its name, and its values in bounded memory.
    #[must_use]
    pub fn watched(&self, what: Watched) -> Option<(&str, &Curve)> {
        let chosen = self.watched.get(&what)?;
        let (_, key) = chosen.key.as_ref()?;
        Some((key, &chosen.track))
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
        let lowest = self.ranks.first_key_value();
        self.epoch.track.units(lowest.is_some_and(|(_, rows)| rows.resolver.has_global_step()))
    }

    /// How fast the run goes.
    #[must_use]
    pub fn pace(&self) -> &PaceTrack {
        &self.pace
    }
}

#[cfg(test)]
mod tests;
