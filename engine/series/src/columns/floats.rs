//! A column of floats, bit for bit, in the shortest of three kinds: decimals, floats of 32 bits, floats of 64 bits.
//!
//! What a kind cannot hold is an exception, kept beside the column: NaN and the infinities always are, so that one
//! of them does not widen the numbers around it.

use super::checksum::Damaged;
use super::packed::{self, MINI, Packed};

const BITS_64: u8 = 0;
const BITS_32: u8 = 1;
const DECIMAL: u8 = 2;
const KINDS: u8 = 0b11;
const HAS_EXCEPTIONS: u8 = 0b100;

/// Powers of ten that decimals are tried with.
const POWERS: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
/// Decimals are whole below this, when multiplied.
const MOST_DECIMAL: f64 = (1u64 << 51) as f64;
/// Adding and taking it away rounds a smaller float to the nearest whole number.
const ROUNDING: f64 = 6_755_399_441_055_744.0;
/// Of so many finite values one may be an exception.
const FINITE_EXCEPTION: usize = 16;

/// Values that tell which power of ten suits a column.
const SAMPLE: usize = 256;
/// About what a digit of a decimal takes, and an exception.
const DIGIT_BITS: usize = 3;
const EXCEPTION_BITS: usize = 80;

/// How numbers stand for values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bits64,
    Bits32,
    /// The value times ten to this power.
    Decimal(u8),
}

impl Kind {
    /// The number of a value; `None` where this kind cannot hold it.
    fn number(self, value: f64) -> Option<u64> {
        match self {
            Self::Bits64 => Some(ordered(value.to_bits())),
            Self::Bits32 => {
                let short = value as f32;
                let holds = value.is_finite() && f64::from(short).to_bits() == value.to_bits();
                holds.then(|| ordered(u64::from(short.to_bits()) << 32) >> 32)
            }
            Self::Decimal(power) => {
                let scaled = value * POWERS[usize::from(power)];
                // Not so of NaN either.
                let is_short = scaled.abs() < MOST_DECIMAL;
                if !is_short {
                    return None;
                }
                let whole = ((scaled + ROUNDING) - ROUNDING) as i64;
                let number = ordered_integer(whole);
                // Compared in bits: minus zero is no decimal.
                (self.value(number).to_bits() == value.to_bits()).then_some(number)
            }
        }
    }

    /// The value of a number.
    fn value(self, number: u64) -> f64 {
        match self {
            Self::Bits64 => f64::from_bits(unordered(number)),
            Self::Bits32 => f64::from(f32::from_bits((unordered(number << 32) >> 32) as u32)),
            Self::Decimal(power) => (number ^ SIGN) as i64 as f64 / POWERS[usize::from(power)],
        }
    }
}

const SIGN: u64 = 1 << 63;

/// Bits of a float so that they ascend as the float does.
fn ordered(bits: u64) -> u64 {
    if bits & SIGN == 0 { bits ^ SIGN } else { !bits }
}

fn unordered(number: u64) -> u64 {
    if number & SIGN == 0 { !number } else { number ^ SIGN }
}

fn ordered_integer(whole: i64) -> u64 {
    whole as u64 ^ SIGN
}

/// Appends `values`.
pub(crate) fn write(values: &[f64], out: &mut Vec<u8>) {
    let first = values.first().map_or(0, |value| value.to_bits());
    let constant = values.iter().all(|value| value.to_bits() == first);
    let mut short = if constant { None } else { shorter(values) };
    if short.is_none() {
        short = packed_as(Kind::Bits64, values, constant);
    }
    out.extend(short.unwrap_or_default());
}

/// As decimals or floats of 32 bits, if most values are some.
fn shorter(values: &[f64]) -> Option<Vec<u8>> {
    let decimal = power_of(values).and_then(|power| packed_as(Kind::Decimal(power), values, false));
    let short = packed_as(Kind::Bits32, values, false);
    let best = decimal.into_iter().chain(short).min_by_key(Vec::len)?;
    // As long as floats of 64 bits may be at their best: there may be few exceptions that cost more.
    let plain = if best.len() > values.len() * 4 { packed_as(Kind::Bits64, values, false) } else { None };
    Some(plain.filter(|plain| plain.len() < best.len()).unwrap_or(best))
}

/// The power of ten that makes short whole numbers of most values, by a sample of them.
fn power_of(values: &[f64]) -> Option<u8> {
    let finite = values.iter().step_by(values.len().div_ceil(SAMPLE)).filter(|value| value.is_finite());
    // How many values are whole at which power and at none below; at the end those that are at none.
    let mut whole_at = [0; POWERS.len() + 1];
    for value in finite {
        let power = (0..POWERS.len()).find(|power| Kind::Decimal(*power as u8).number(*value).is_some());
        whole_at[power.unwrap_or(POWERS.len())] += 1;
    }
    let sampled: usize = whole_at.iter().sum();
    if whole_at[POWERS.len()] > sampled / FINITE_EXCEPTION {
        return None;
    }
    // A power more makes all numbers longer by a digit, a power less makes exceptions of some.
    let cost = |power: usize| {
        let exceptions: usize = whole_at[power + 1..].iter().sum();
        power * sampled * DIGIT_BITS + exceptions * EXCEPTION_BITS
    };
    (0..POWERS.len()).min_by_key(|power| cost(*power)).map(|power| power as u8)
}

/// The values in this kind; `None` when too many are exceptions. With `whole` nothing is an exception.
fn packed_as(kind: Kind, values: &[f64], whole: bool) -> Option<Vec<u8>> {
    let mut numbers = Vec::with_capacity(values.len());
    let (mut places, mut exceptions) = (Vec::new(), Vec::new());
    let (mut finite, mut before) = (0, None);
    for (place, value) in values.iter().enumerate() {
        match kind.number(*value).filter(|_| whole || value.is_finite()) {
            Some(number) => {
                numbers.push(number);
                before = Some(number);
            }
            None => {
                finite += usize::from(value.is_finite());
                if finite > values.len() / FINITE_EXCEPTION {
                    return None;
                }
                places.push(place as u64);
                exceptions.push(value.to_bits());
                // Takes no bits of its own; set right below where nothing comes before it.
                numbers.push(before.unwrap_or(0));
            }
        }
    }
    let leading = places.iter().zip(0..).take_while(|(place, count)| **place == *count).count();
    if let Some(first) = numbers.get(leading).copied() {
        numbers[..leading].fill(first);
    }
    let mut out = Vec::with_capacity(values.len() * 7 + 64);
    let flags = if places.is_empty() { 0 } else { HAS_EXCEPTIONS };
    match kind {
        Kind::Bits64 => out.push(BITS_64 | flags),
        Kind::Bits32 => out.push(BITS_32 | flags),
        Kind::Decimal(power) => out.extend([DECIMAL | flags, power]),
    }
    if !places.is_empty() {
        out.extend_from_slice(&(places.len() as u32).to_le_bytes());
        packed::pack(&places, &mut out);
        packed::pack(&exceptions, &mut out);
    }
    packed::pack(&numbers, &mut out);
    Some(out)
}

/// A column of floats that is read; the mini-block read last is kept.
#[derive(Debug, Clone)]
pub(crate) struct Floats<'a> {
    kind: Kind,
    numbers: Packed<'a>,
    count: usize,
    /// Places and values, ascending in place.
    exceptions: Vec<(usize, f64)>,
    mini: Option<usize>,
    values: [f64; MINI],
}

impl<'a> Floats<'a> {
    /// The `count` values that `bytes` start with, and what follows them.
    pub(crate) fn open(bytes: &'a [u8], count: usize) -> Result<(Self, &'a [u8]), Damaged> {
        let damaged = Damaged { reason: "a column of floats" };
        let (flags, mut rest) = bytes.split_first().ok_or(damaged)?;
        let kind = match flags & KINDS {
            BITS_64 => Kind::Bits64,
            BITS_32 => Kind::Bits32,
            DECIMAL => {
                let (power, after) = rest.split_first().ok_or(damaged)?;
                rest = after;
                Kind::Decimal(Some(*power).filter(|power| usize::from(*power) < POWERS.len()).ok_or(damaged)?)
            }
            _ => return Err(damaged),
        };
        let mut exceptions = Vec::new();
        if flags & HAS_EXCEPTIONS != 0 {
            let (length, after) = rest.split_first_chunk().ok_or(damaged)?;
            let length = Some(u32::from_le_bytes(*length) as usize);
            let length = length.filter(|length| *length <= count).ok_or(damaged)?;
            let (places, after) = Packed::open(after, length)?;
            let (bits, after) = Packed::open(after, length)?;
            rest = after;
            let places = places.to_vec().into_iter().map(|place| place as usize);
            exceptions = places.zip(bits.to_vec().into_iter().map(f64::from_bits)).collect();
            if !exceptions.is_sorted_by(|a, b| a.0 < b.0) {
                return Err(damaged);
            }
        }
        let (numbers, rest) = Packed::open(rest, count)?;
        Ok((Self { kind, numbers, count, exceptions, mini: None, values: [0.0; MINI] }, rest))
    }

    /// The values of mini-block `mini`; none beyond the last.
    pub(crate) fn mini(&mut self, mini: usize) -> &[f64] {
        let start = mini * MINI;
        let length = self.count.saturating_sub(start).min(MINI);
        if self.mini != Some(mini) {
            let mut numbers = [0; MINI];
            self.numbers.read(mini, &mut numbers);
            let kind = self.kind;
            for (value, number) in self.values.iter_mut().zip(&numbers[..length]) {
                *value = kind.value(*number);
            }
            let first = self.exceptions.partition_point(|(place, _)| *place < start);
            for (place, exception) in &self.exceptions[first..] {
                let Some(value) = self.values[..length].get_mut(place - start) else { break };
                *value = *exception;
            }
            self.mini = Some(mini);
        }
        &self.values[..length]
    }

    /// The value at `place`; NaN beyond the last.
    pub(crate) fn at(&mut self, place: usize) -> f64 {
        self.mini(place / MINI).get(place % MINI).copied().unwrap_or(f64::NAN)
    }

    /// All values.
    pub(crate) fn into_vec(mut self) -> Vec<f64> {
        let mut all = Vec::with_capacity(self.count);
        for mini in 0..self.count.div_ceil(MINI) {
            all.extend_from_slice(self.mini(mini));
        }
        all
    }
}
