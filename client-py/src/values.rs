//! Python values to the forms that are recorded.
//!
//! Nothing a user logs is an error. What has no number, no text and no JSON form is stored as its `str()`;
//! what cannot even be printed is stored as the name of its type.

use std::cell::Cell;

use paceline_recorder::Body;
use paceline_schema::Value;
use paceline_schema::values::write_string;
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyBool, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PyMapping, PySet, PyString, PyTuple, PyType,
};

/// Names of a row's own columns (the peer's `RESERVED_KEYS`); metrics of these names get `__` in front.
const RESERVED_KEYS: [&str; 6] = ["project", "run", "timestamp", "step", "time", "metrics"];
const LONGEST_RESERVED_KEY: usize = "timestamp".len();
const RESERVED_PREFIX: &str = "__";
/// Longer names are cut: the record has two bytes for their length.
const LONGEST_KEY_BYTES: usize = 4_096;
/// Longer texts of values that have no better form are cut, an array's `str()` for instance.
const LONGEST_TEXT_CHARACTERS: usize = 10_000;
/// Python reads no integer of more digits, so none is written as a number.
const LONGEST_INTEGER_DIGITS: usize = 4_300;
/// Deeper nesting is stored as text.
const DEEPEST_NESTING: usize = 32;

/// What collecting a row came to.
pub(crate) enum Filled {
    /// All of it is in the body; the names that had to be changed.
    Row(Vec<String>),
    /// A value is, or holds, an object that may have a form of its own: an image, a table, a figure. Whoever
    /// knows those is to look at the row first.
    HasObjects,
}

/// Collects one row. Where `objects_are_text`, objects without a number are stored as their text.
pub(crate) fn fill(body: &mut Body, metrics: &Bound<'_, PyDict>, objects_are_text: bool) -> Filled {
    for (key, value) in metrics.iter() {
        match key.cast_exact::<PyString>().ok().and_then(|key| key.to_str().ok()) {
            Some(key) if is_plain(key) && is_inert(&value) => push(body, key, &value),
            // Code of the value's own may change the dict, which must not be walked then.
            _ => {
                body.clear();
                let copy = metrics.copy().unwrap_or_else(|_| metrics.clone());
                return fill_from_copy(body, &copy, objects_are_text);
            }
        }
    }
    Filled::Row(Vec::new())
}

/// Whether looking at the value runs no code but the interpreter's.
#[inline]
fn is_inert(value: &Bound<'_, PyAny>) -> bool {
    value.is_exact_instance_of::<PyFloat>()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyBool>()
        || value.is_none()
}

/// Collects one row of any kind from a dict that nobody else has.
#[cold]
fn fill_from_copy(body: &mut Body, metrics: &Bound<'_, PyDict>, objects_are_text: bool) -> Filled {
    let mut renamed = Vec::new();
    for (key, value) in metrics.iter() {
        let number = number(&value);
        if number.is_none() && !objects_are_text && holds_object(&value, 0) {
            body.clear();
            return Filled::HasObjects;
        }
        let converted = number.unwrap_or_else(|| json(&value));
        match key.cast_exact::<PyString>().ok().and_then(|key| key.to_str().ok()) {
            Some(key) if is_plain(key) => body.push(key, &converted),
            _ => {
                let (key, reserved) = unusual_key(&key);
                body.push(&key, &converted);
                if reserved {
                    renamed.push(key);
                }
            }
        }
    }
    Filled::Row(renamed)
}

/// Whether the value, which is no number, is or holds an object that is neither a number nor a container.
fn holds_object(value: &Bound<'_, PyAny>, depth: usize) -> bool {
    if is_inert(value) || value.is_instance_of::<PyString>() || depth > DEEPEST_NESTING {
        return false;
    }
    if let Ok(mapping) = value.cast::<PyDict>() {
        return mapping.values().iter().any(|item| holds_object(&item, depth + 1));
    }
    if is_container(value) {
        let items = value.try_iter().into_iter().flatten().map_while(Result::ok);
        return items.into_iter().any(|item| holds_object(&item, depth + 1));
    }
    // Elements of a list were not asked for their number yet, and whatever has `.item()` may have one.
    depth == 0 || !value.hasattr(intern!(value.py(), "item")).unwrap_or(false)
}

#[inline]
fn push(body: &mut Body, key: &str, value: &Bound<'_, PyAny>) {
    if let Ok(float) = value.cast_exact::<PyFloat>() {
        body.push_float(key, float.value());
    } else {
        body.push(key, &number(value).unwrap_or_else(|| json(value)));
    }
}

#[inline]
fn is_plain(key: &str) -> bool {
    key.len() <= LONGEST_KEY_BYTES && !is_reserved(key)
}

/// Reserved names are short, so most names are told apart by their length alone.
#[inline]
fn is_reserved(key: &str) -> bool {
    key.starts_with(RESERVED_PREFIX) || key.len() <= LONGEST_RESERVED_KEY && RESERVED_KEYS.contains(&key)
}

/// The name under which a key that is no ordinary string is stored, and whether it was a reserved one.
fn unusual_key(key: &Bound<'_, PyAny>) -> (String, bool) {
    let mut text = text_of(key);
    let reserved = is_reserved(&text);
    if reserved {
        text.insert_str(0, RESERVED_PREFIX);
    }
    text.truncate(text.floor_char_boundary(LONGEST_KEY_BYTES));
    (text, reserved)
}

/// A value without a number, as it is recorded.
fn json(value: &Bound<'_, PyAny>) -> Value {
    let mut json = Vec::new();
    write_json(value, &mut json, 0);
    // Written by ourselves, from strings that are UTF-8.
    Value::Json(String::from_utf8_lossy(&json).into())
}

/// Numbers, truth values and `None`, of Python and of whatever has `.item()`: NumPy, PyTorch, JAX.
fn number(value: &Bound<'_, PyAny>) -> Option<Value> {
    plain_number(value).or_else(|| {
        if is_container(value) {
            return None;
        }
        if numpy_float32(value.py()).is_some_and(|kind| value.get_type().is(kind)) {
            return value.extract().ok().map(Value::Float);
        }
        // Arrays of more than one element raise here and get another form.
        let item = value
            .call_method0(intern!(value.py(), "item"))
            .inspect_err(|error| keep_interrupt(value.py(), error))
            .ok()?;
        plain_number(&item)
    })
}

/// The commonest scalar of NumPy that is no `float` of Python's: as its item it makes an array first, each time.
fn numpy_float32(py: Python<'_>) -> Option<&Py<PyType>> {
    static KIND: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    KIND.get(py).or_else(|| {
        // Nobody has a value of a module that was never loaded.
        let modules = py.import("sys").ok()?.getattr("modules").ok()?;
        let kind = modules.get_item("numpy").ok()?.getattr("float32").ok()?.cast_into::<PyType>().ok()?;
        Some(KIND.get_or_init(py, || kind.unbind()))
    })
}

fn plain_number(value: &Bound<'_, PyAny>) -> Option<Value> {
    if value.is_none() {
        return Some(Value::Null);
    }
    if let Ok(flag) = value.cast::<PyBool>() {
        return Some(Value::Bool(flag.is_true()));
    }
    if let Ok(float) = value.cast::<PyFloat>() {
        return Some(Value::Float(float.value()));
    }
    let integer = value.cast::<PyInt>().ok()?;
    Some(integer.extract().map_or_else(|_| Value::Json(big_integer(integer).into()), Value::Integer))
}

/// The JSON form of an integer beyond 64 bits: its digits, and the text of its hexadecimal form where they are too many.
#[cold]
fn big_integer(integer: &Bound<'_, PyInt>) -> String {
    // A class of its own may say anything as its text, and Python refuses to write very many digits.
    let kind = integer.py().get_type::<PyInt>();
    let written = |method: &str, how: Option<&str>| -> PyResult<String> {
        let text = match how {
            Some(how) => kind.call_method1(method, (integer, how)),
            None => kind.call_method1(method, (integer,)),
        };
        text?.extract()
    };
    match written("__repr__", None) {
        Ok(digits) if digits.len() <= LONGEST_INTEGER_DIGITS => digits,
        Ok(_) | Err(_) => {
            let mut text = written("__format__", Some("#x")).unwrap_or_default();
            text.truncate(LONGEST_TEXT_CHARACTERS);
            let mut json = Vec::new();
            write_string(&text, &mut json);
            String::from_utf8_lossy(&json).into()
        }
    }
}

thread_local! {
    static INTERRUPTED: Cell<bool> = const { Cell::new(false) };
}

/// Whether Ctrl-C arrived while code of a value ran, since this was asked last in this thread.
pub(crate) fn take_interrupt() -> bool {
    INTERRUPTED.take()
}

fn keep_interrupt(py: Python<'_>, error: &PyErr) {
    if error.is_instance_of::<PyKeyboardInterrupt>(py) {
        INTERRUPTED.set(true);
    }
}

fn is_container(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyString>()
        || value.is_instance_of::<PyDict>()
        || value.is_instance_of::<PyList>()
        || value.is_instance_of::<PyTuple>()
        || value.is_instance_of::<PySet>()
        || value.is_instance_of::<PyFrozenSet>()
}

/// Appends the JSON form of any Python value.
pub(crate) fn write_json(value: &Bound<'_, PyAny>, out: &mut Vec<u8>, depth: usize) {
    if depth > DEEPEST_NESTING {
        return write_string(&text_of(value), out);
    }
    if let Some(number) = number(value) {
        number.write_json(out);
    } else if let Ok(text) = value.cast::<PyString>() {
        // Lone surrogates have no UTF-8 form and are replaced.
        write_string(&text.to_string_lossy(), out);
    } else if let Ok(mapping) = value.cast::<PyDict>() {
        // A copy, since what a value does when it is asked may change the dict.
        match mapping.copy() {
            Ok(copy) => write_object(copy.iter(), out, depth),
            Err(_) => write_string(&text_of(value), out),
        }
    } else if is_container(value) {
        write_list(value, out, depth);
    } else if let Some(items) = items_of(value) {
        write_object(items.iter(), out, depth);
    } else {
        write_string(&text_of(value), out);
    }
}

fn write_object<'py>(
    items: impl Iterator<Item = (Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    out: &mut Vec<u8>,
    depth: usize,
) {
    out.push(b'{');
    for (position, (key, value)) in items.enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write_string(&text_of(&key), out);
        out.push(b':');
        write_json(&value, out, depth + 1);
    }
    out.push(b'}');
}

fn write_list(value: &Bound<'_, PyAny>, out: &mut Vec<u8>, depth: usize) {
    out.push(b'[');
    // One that changes meanwhile fails from there on, again and again.
    let items = value.try_iter().into_iter().flatten().map_while(Result::ok);
    for (position, item) in items.enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write_json(&item, out, depth + 1);
    }
    out.push(b']');
}

/// What a config object offers to be stored as: a mapping, `.to_dict()`, or its public attributes (the
/// peer's `utils.to_json_safe`).
fn items_of<'py>(value: &Bound<'py, PyAny>) -> Option<Bound<'py, PyDict>> {
    if let Ok(mapping) = value.cast::<PyMapping>() {
        let copy = PyDict::new(value.py());
        return copy.update(mapping).is_ok().then_some(copy);
    }
    if let Ok(converted) = value.call_method0("to_dict") {
        return converted.cast_into::<PyDict>().ok();
    }
    // A class, a function or a module has a namespace, and no values to store.
    if value.is_callable() {
        return None;
    }
    let attributes = value.getattr("__dict__").ok()?.cast_into::<PyDict>().ok()?;
    let public = PyDict::new(value.py());
    for (key, attribute) in attributes.iter() {
        if !text_of(&key).starts_with('_') {
            public.set_item(key, attribute).ok()?;
        }
    }
    (!public.is_empty()).then_some(public)
}

fn text_of(value: &Bound<'_, PyAny>) -> String {
    let text = value.str().inspect_err(|error| keep_interrupt(value.py(), error));
    let text = text.map(|text| text.to_string_lossy().into_owned());
    let mut text = text.unwrap_or_else(|_| {
        let name = value.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string());
        format!("<{name} that cannot be printed>")
    });
    if let Some((cut, _)) = text.char_indices().nth(LONGEST_TEXT_CHARACTERS) {
        text.truncate(cut);
        text.push('…');
    }
    text
}
