//! A column of whole numbers, packed in mini-blocks of 64 that can be read one by one.
//!
//! Three forms, and the shortest is taken: a straight line (its start and its rise); in each mini-block the
//! offsets from its lowest number; in each mini-block the differences between neighbours, less the lowest of them.
//! Offsets and differences take as many bits as the largest in their mini-block. All arithmetic wraps, so that any
//! numbers come back.

use super::checksum::Damaged;

/// Numbers of a mini-block.
pub(crate) const MINI: usize = 64;

const LINE: u8 = 0;
const OFFSETS: u8 = 1;
const DIFFERENCES: u8 = 2;

/// The bit that orders signed numbers as unsigned ones when it is flipped.
const SIGN: u64 = 1 << 63;

const SHORT: Damaged = Damaged { reason: "a column is too short" };

/// Appends `numbers` packed.
pub(crate) fn pack(numbers: &[u64], out: &mut Vec<u8>) {
    if let Some((start, rise)) = line(numbers) {
        out.push(LINE);
        out.extend_from_slice(&start.to_le_bytes());
        out.extend_from_slice(&rise.to_le_bytes());
        return;
    }
    let offsets: Vec<Frame> = numbers.chunks(MINI).map(Frame::of_offsets).collect();
    let differences: Vec<Frame> = numbers.chunks(MINI).map(Frame::of_differences).collect();
    let (form, frames) = if size(&differences, DIFFERENCES) < size(&offsets, OFFSETS) {
        (DIFFERENCES, differences)
    } else {
        (OFFSETS, offsets)
    };
    out.push(form);
    out.extend(frames.iter().map(|frame| frame.width as u8));
    Narrow::write(frames.iter().map(|frame| frame.base), out);
    if form == DIFFERENCES {
        Narrow::write(frames.iter().map(|frame| frame.least ^ SIGN), out);
    }
    for (frame, numbers) in frames.iter().zip(numbers.chunks(MINI)) {
        if form == DIFFERENCES {
            let rest = numbers.windows(2).map(|pair| difference(pair).wrapping_sub(frame.least));
            write_bits(rest, frame.width, out);
        } else {
            write_bits(numbers.iter().map(|number| number.wrapping_sub(frame.base)), frame.width, out);
        }
    }
}

/// Start and rise when the numbers lie on a line.
fn line(numbers: &[u64]) -> Option<(u64, u64)> {
    let start = numbers.first().copied().unwrap_or(0);
    let rise = numbers.get(..2).map_or(0, difference);
    numbers.windows(2).all(|pair| difference(pair) == rise).then_some((start, rise))
}

fn difference(pair: &[u64]) -> u64 {
    pair[1].wrapping_sub(pair[0])
}

/// How one mini-block is packed.
struct Frame {
    /// Bits of each packed number.
    width: u32,
    /// The lowest number, or the first where differences are packed.
    base: u64,
    /// The lowest difference, as a signed number.
    least: u64,
    /// Numbers that are packed.
    packed: usize,
}

impl Frame {
    fn of_offsets(numbers: &[u64]) -> Self {
        let (mut least, mut most) = (u64::MAX, 0);
        for number in numbers {
            (least, most) = (least.min(*number), most.max(*number));
        }
        Self { width: bits(most.wrapping_sub(least)), base: least, least: 0, packed: numbers.len() }
    }

    fn of_differences(numbers: &[u64]) -> Self {
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        for pair in numbers.windows(2) {
            let difference = difference(pair) as i64;
            (least, most) = (least.min(difference), most.max(difference));
        }
        if least > most {
            (least, most) = (0, 0);
        }
        let width = bits((most as u64).wrapping_sub(least as u64));
        Self { width, base: numbers[0], least: least as u64, packed: numbers.len() - 1 }
    }

    fn bytes(&self) -> usize {
        bytes_of(self.packed, self.width)
    }
}

fn size(frames: &[Frame], form: u8) -> usize {
    let payload: usize = frames.iter().map(Frame::bytes).sum();
    let bases = Narrow::bytes_each(frames.iter().map(|frame| frame.base)).1;
    let least = Narrow::bytes_each(frames.iter().map(|frame| frame.least ^ SIGN)).1;
    payload + frames.len() * (bases + if form == DIFFERENCES { least } else { 0 })
}

fn bits(number: u64) -> u32 {
    u64::BITS - number.leading_zeros()
}

fn bytes_of(numbers: usize, width: u32) -> usize {
    (numbers * width as usize).div_ceil(8)
}

fn write_bits(numbers: impl Iterator<Item = u64>, width: u32, out: &mut Vec<u8>) {
    let (mut pending, mut held) = (0u128, 0);
    for number in numbers {
        pending |= u128::from(number) << held;
        held += width;
        if held >= 64 {
            out.extend_from_slice(&(pending as u64).to_le_bytes());
            pending >>= 64;
            held -= 64;
        }
    }
    out.extend_from_slice(&(pending as u64).to_le_bytes()[..held.div_ceil(8) as usize]);
}

/// Reads numbers of `width` bits each until `out` is full. `bytes` are those of at most a mini-block.
fn read_bits(bytes: &[u8], width: u32, out: &mut [u64]) {
    if width == 0 {
        out.fill(0);
        return;
    }
    // One word more than the bits of a mini-block can fill, so that each number may look into the next word.
    let mut words = [0u64; MINI + 1];
    let whole = bytes.chunks_exact(8);
    let rest = whole.remainder().iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    let read = whole.map(|bytes| bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    for (word, read) in words.iter_mut().zip(read.chain([rest])) {
        *word = read;
    }
    let mask = u64::MAX >> (u64::BITS - width);
    let mut bit = 0;
    for number in out {
        let (word, shift) = ((bit >> 6) as usize, bit & 63);
        *number = (words[word] >> shift | words[word + 1] << 1 << (63 - shift)) & mask;
        bit += width;
    }
}

/// Numbers in as few bytes each as they need beyond the lowest of them.
#[derive(Debug, Clone, Copy)]
struct Narrow<'a> {
    least: u64,
    each: usize,
    bytes: &'a [u8],
}

impl<'a> Narrow<'a> {
    fn bytes_each(numbers: impl Iterator<Item = u64> + Clone) -> (u64, usize) {
        let least = numbers.clone().min().unwrap_or(0);
        let most = numbers.max().unwrap_or(0);
        (least, bits(most - least).div_ceil(8) as usize)
    }

    fn write(numbers: impl Iterator<Item = u64> + Clone, out: &mut Vec<u8>) {
        let (least, each) = Self::bytes_each(numbers.clone());
        out.extend_from_slice(&least.to_le_bytes());
        out.push(each as u8);
        for number in numbers {
            out.extend_from_slice(&(number - least).to_le_bytes()[..each]);
        }
    }

    fn open(bytes: &'a [u8], count: usize) -> Result<(Self, &'a [u8]), Damaged> {
        let (least, rest) = bytes.split_first_chunk().ok_or(SHORT)?;
        let (each, rest) = rest.split_first().ok_or(SHORT)?;
        let each = usize::from(*each);
        if each > 8 {
            return Err(Damaged { reason: "a number is too wide" });
        }
        let (bytes, rest) = rest.split_at_checked(each * count).ok_or(SHORT)?;
        Ok((Self { least: u64::from_le_bytes(*least), each, bytes }, rest))
    }

    fn at(&self, place: usize) -> u64 {
        let bytes = &self.bytes[place * self.each..(place + 1) * self.each];
        self.least.wrapping_add(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

/// A packed column that is read.
#[derive(Debug, Clone)]
pub(crate) struct Packed<'a> {
    count: usize,
    form: Form<'a>,
}

#[derive(Debug, Clone)]
enum Form<'a> {
    Line { start: u64, rise: u64 },
    Framed(Framed<'a>),
}

#[derive(Debug, Clone)]
struct Framed<'a> {
    widths: &'a [u8],
    bases: Narrow<'a>,
    /// Where differences are packed: the lowest of each mini-block.
    least: Option<Narrow<'a>>,
    /// Where in the payload each mini-block starts, and where the last ends.
    starts: Vec<usize>,
    payload: &'a [u8],
}

impl<'a> Packed<'a> {
    /// The `count` numbers that `bytes` start with, and what follows them.
    pub(crate) fn open(bytes: &'a [u8], count: usize) -> Result<(Self, &'a [u8]), Damaged> {
        let (form, rest) = bytes.split_first().ok_or(SHORT)?;
        match *form {
            LINE => {
                let (start, rest) = rest.split_first_chunk().ok_or(SHORT)?;
                let (rise, rest) = rest.split_first_chunk().ok_or(SHORT)?;
                let (start, rise) = (u64::from_le_bytes(*start), u64::from_le_bytes(*rise));
                Ok((Self { count, form: Form::Line { start, rise } }, rest))
            }
            OFFSETS | DIFFERENCES => {
                let (framed, rest) = Framed::open(rest, count, *form == DIFFERENCES)?;
                Ok((Self { count, form: Form::Framed(framed) }, rest))
            }
            _ => Err(Damaged { reason: "a column of an unknown form" }),
        }
    }

    /// Writes the numbers of mini-block `mini` and says how many they are; none beyond the last.
    pub(crate) fn read(&self, mini: usize, out: &mut [u64; MINI]) -> usize {
        let start = (mini * MINI).min(self.count);
        let length = (self.count - start).min(MINI);
        let out = &mut out[..length];
        match &self.form {
            Form::Line { start: first, rise } => {
                let mut number = first.wrapping_add(rise.wrapping_mul(start as u64));
                for out in out {
                    *out = number;
                    number = number.wrapping_add(*rise);
                }
            }
            Form::Framed(framed) if length > 0 => framed.read(mini, out),
            Form::Framed(_) => {}
        }
        length
    }

    /// The number at `place` when no mini-block has to be read for it.
    pub(crate) fn on_line(&self, place: usize) -> Option<u64> {
        match &self.form {
            Form::Line { start, rise } => Some(start.wrapping_add(rise.wrapping_mul(place as u64))),
            Form::Framed(_) => None,
        }
    }

    /// The first number of mini-block `mini`, where numbers ascend.
    pub(crate) fn first_of(&self, mini: usize) -> u64 {
        match &self.form {
            Form::Line { start, rise } => start.wrapping_add(rise.wrapping_mul((mini * MINI) as u64)),
            Form::Framed(framed) => framed.bases.at(mini),
        }
    }

    /// All numbers.
    pub(crate) fn to_vec(&self) -> Vec<u64> {
        let mut all = Vec::with_capacity(self.count);
        let mut mini = [0; MINI];
        for place in 0..self.count.div_ceil(MINI) {
            let length = self.read(place, &mut mini);
            all.extend_from_slice(&mini[..length]);
        }
        all
    }
}

impl<'a> Framed<'a> {
    fn open(bytes: &'a [u8], count: usize, differences: bool) -> Result<(Self, &'a [u8]), Damaged> {
        let minis = count.div_ceil(MINI);
        let (widths, rest) = bytes.split_at_checked(minis).ok_or(SHORT)?;
        if widths.iter().any(|width| u32::from(*width) > u64::BITS) {
            return Err(Damaged { reason: "a number is too wide" });
        }
        let (bases, rest) = Narrow::open(rest, minis)?;
        let (least, rest) = if differences {
            let (least, rest) = Narrow::open(rest, minis)?;
            (Some(least), rest)
        } else {
            (None, rest)
        };
        let mut starts = Vec::with_capacity(minis + 1);
        let mut end = 0;
        starts.push(end);
        for (mini, width) in widths.iter().enumerate() {
            let packed = (count - mini * MINI).min(MINI) - usize::from(differences);
            end += bytes_of(packed, u32::from(*width));
            starts.push(end);
        }
        let (payload, rest) = rest.split_at_checked(end).ok_or(SHORT)?;
        Ok((Self { widths, bases, least, starts, payload }, rest))
    }

    /// Reads as many numbers of a mini-block as `out` takes: all that it has.
    fn read(&self, mini: usize, out: &mut [u64]) {
        let bytes = &self.payload[self.starts[mini]..self.starts[mini + 1]];
        let (width, base) = (u32::from(self.widths[mini]), self.bases.at(mini));
        let Some(least) = &self.least else {
            read_bits(bytes, width, out);
            out.iter_mut().for_each(|number| *number = number.wrapping_add(base));
            return;
        };
        let least = least.at(mini) ^ SIGN;
        let Some((first, rest)) = out.split_first_mut() else { return };
        read_bits(bytes, width, rest);
        *first = base;
        let mut number = base;
        for out in rest {
            number = number.wrapping_add(least).wrapping_add(*out);
            *out = number;
        }
    }
}
