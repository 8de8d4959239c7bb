//! Parameters that the peer's clients send in more than one form.

use paceline_schema::Timestamp;
use paceline_schema::series::Moment;
use serde_json::Value;

use super::call::Call;
use crate::error::ApiError;

impl Call<'_> {
    /// A whole number, also as a float or as text; `None` when it is absent or null.
    ///
    /// # Errors
    /// `InvalidRequest` for anything else.
    pub(super) fn whole(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(number) = self.number(name)? else { return Ok(None) };
        let exact = self.get::<Value>(name)?.as_i64();
        let whole = exact.or_else(|| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64));
        whole
            .map(Some)
            .ok_or_else(|| ApiError::invalid(format!("parameter `{name}` is `{number}`, not a whole number")))
    }

    /// A finite number, also as text; `None` when it is absent or null.
    ///
    /// # Errors
    /// `InvalidRequest` for anything else.
    pub(super) fn number(&self, name: &str) -> Result<Option<f64>, ApiError> {
        let value: Value = self.get(name)?;
        let number = match &value {
            Value::Null => return Ok(None),
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        number
            .filter(|number| number.is_finite())
            .map(Some)
            .ok_or_else(|| ApiError::invalid(format!("parameter `{name}` is {value}, not a number")))
    }

    /// A truth value, also as the words of forms; false when it is absent or null.
    ///
    /// # Errors
    /// `InvalidRequest` for anything else.
    pub(super) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        let value: Value = self.get(name)?;
        let word = match &value {
            Value::Null => return Ok(false),
            Value::Bool(flag) => return Ok(*flag),
            Value::String(text) => text.trim().to_lowercase(),
            Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
        };
        match word.as_str() {
            "true" | "1" | "yes" | "on" if value.is_string() => Ok(true),
            "false" | "0" | "no" | "off" | "" if value.is_string() => Ok(false),
            _ => Err(ApiError::invalid(format!("parameter `{name}` is {value}, not a truth value"))),
        }
    }

    /// A time; `None` when it is absent, null or empty.
    ///
    /// # Errors
    /// `InvalidRequest` for anything else.
    pub(super) fn time(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        let text: Option<String> = self.get(name)?;
        text.filter(|text| !text.is_empty())
            .map(|text| {
                Timestamp::parse(&text).ok_or_else(|| {
                    ApiError::invalid(format!("parameter `{name}` is `{text}`, which is no time"))
                        .with_hint("write it as `2026-11-23T02:17:52Z`")
                })
            })
            .transpose()
    }

    /// Which rows are meant: those of `step`, else those around `around_step` or `at_time`, which need a
    /// `window` (steps or seconds); else all.
    ///
    /// # Errors
    /// `InvalidRequest` when one of them is of another type.
    pub(super) fn moment(&self) -> Result<Moment, ApiError> {
        let (step, around, time) = (self.whole("step")?, self.whole("around_step")?, self.time("at_time")?);
        Ok(match (step, around, time, self.number("window")?) {
            (Some(step), ..) => Moment::Step(step),
            (None, Some(step), _, Some(window)) => Moment::AroundStep { step, window },
            (None, _, Some(time), Some(window_seconds)) => Moment::AroundTime { time, window_seconds },
            (None, ..) => Moment::All,
        })
    }
}
