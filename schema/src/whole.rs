//! Whole numbers as JSON has them: `3` and `3.0` are the same one.

use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde::ser::{Serialize, Serializer};

/// Magnitude up to which every whole number is a float of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads an optional whole number.
///
/// # Errors
/// When it has a fraction or does not fit.
pub fn optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + TryFrom<i128>,
{
    if !deserializer.is_human_readable() {
        return Option::<T>::deserialize(deserializer);
    }
    Option::<serde_json::Number>::deserialize(deserializer)?.map(whole).transpose()
}

/// Reads a whole number.
///
/// # Errors
/// When it has a fraction or does not fit.
pub fn required<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + TryFrom<i128>,
{
    if !deserializer.is_human_readable() {
        return T::deserialize(deserializer);
    }
    whole(serde_json::Number::deserialize(deserializer)?)
}

/// Reads a list of whole numbers.
///
/// # Errors
/// When one has a fraction or does not fit.
pub fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128>,
{
    Vec::<serde_json::Number>::deserialize(deserializer)?.into_iter().map(whole).collect()
}

fn whole<T: TryFrom<i128>, E: Error>(number: serde_json::Number) -> Result<T, E> {
    let float = number.as_f64().unwrap_or(f64::NAN);
    let exact = (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i128);
    let whole = number.as_i64().map(i128::from).or(number.as_u64().map(i128::from)).or(exact);
    whole
        .and_then(|whole| T::try_from(whole).ok())
        .ok_or_else(|| E::invalid_value(Unexpected::Float(float), &"a whole number that fits"))
}

/// Writes numbers as briefly as they can be read back: whole ones without a fraction.
///
/// # Errors
/// Those of the serializer.
pub fn short_list<S: Serializer>(numbers: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(numbers.iter().copied().map(Short))
}

/// The same where numbers may be missing.
///
/// # Errors
/// Those of the serializer.
pub fn short_list_with_gaps<S: Serializer>(
    numbers: &[Option<f64>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(numbers.iter().map(|number| number.map(Short)))
}

struct Short(f64);

impl Serialize for Short {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(number) = *self;
        let is_whole = number.fract() == 0.0 && number.abs() <= EXACT;
        // Only a float can say that a zero is negative.
        if is_whole && !(number == 0.0 && number.is_sign_negative()) {
            serializer.serialize_i64(number as i64)
        } else {
            serializer.serialize_f64(number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_are_read_back_as_they_were() {
        let numbers = [3.0, -0.0, 0.0, 0.1, -17.0, 1e300, 9_007_199_254_740_992.0, 1.5e-7];
        let mut text = Vec::new();
        short_list(&numbers, &mut serde_json::Serializer::new(&mut text)).expect("it is written");
        let text = String::from_utf8(text).expect("a text");
        assert_eq!(text, "[3,-0.0,0,0.1,-17,1e300,9007199254740992,1.5e-7]".replace("1e300", "1e+300"));
        let read: Vec<f64> = serde_json::from_str(&text).expect("it is read");
        assert!(read.iter().map(|number| number.to_bits()).eq(numbers.iter().map(|number| number.to_bits())));
        let mut text = Vec::new();
        let gaps = [None, Some(2.0)];
        short_list_with_gaps(&gaps, &mut serde_json::Serializer::new(&mut text)).expect("it is written");
        assert_eq!(text, b"[null,2]");
    }
}
