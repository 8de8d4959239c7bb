//! Whole numbers as JSON has them: `3` and `3.0` are the same one.

use serde::de::{Deserialize, Deserializer, Error, Unexpected};

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

fn whole<T: TryFrom<i128>, E: Error>(number: serde_json::Number) -> Result<T, E> {
    let float = number.as_f64().unwrap_or(f64::NAN);
    let exact = (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i128);
    let whole = number.as_i64().map(i128::from).or(number.as_u64().map(i128::from)).or(exact);
    whole
        .and_then(|whole| T::try_from(whole).ok())
        .ok_or_else(|| E::invalid_value(Unexpected::Float(float), &"a whole number that fits"))
}
