//! The JSON text of values that stand in columns.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, ListArray, PrimitiveArray, StringArray, StructArray};
use arrow_schema::DataType;
use paceline_schema::values::{write_float, write_string};

use super::super::shape::{Member, Shape};
use super::column::is_read_as_whole;

/// A column, or a field of one, as something that writes the JSON of its values.
pub(crate) enum Values<'a> {
    /// Nothing at all, as the peer's files have where every value is null.
    Nothing,
    Bool(&'a BooleanArray),
    Float {
        values: &'a PrimitiveArray<Float64Type>,
        whole: bool,
    },
    Float32(&'a PrimitiveArray<Float32Type>),
    Integer(&'a PrimitiveArray<Int64Type>),
    Int32(&'a PrimitiveArray<Int32Type>),
    Int16(&'a PrimitiveArray<Int16Type>),
    Int8(&'a PrimitiveArray<Int8Type>),
    Unsigned(&'a PrimitiveArray<UInt64Type>),
    Text(&'a StringArray),
    Json(&'a StringArray),
    List {
        lists: &'a ListArray,
        items: Box<Self>,
    },
    Object {
        objects: &'a StructArray,
        members: Vec<ValuesOfMember<'a>>,
    },
}

/// The values of one member of objects.
pub(crate) struct ValuesOfMember<'a> {
    /// The name as a JSON string, with the colon.
    name: Vec<u8>,
    has_nulls: bool,
    values: Values<'a>,
}

impl<'a> Values<'a> {
    /// The values of a column that was written by us.
    pub(crate) fn of_shape(array: &'a ArrayRef, shape: &Shape) -> Option<Self> {
        Some(match (shape, array.data_type()) {
            (Shape::Bool, DataType::Boolean) => Self::Bool(array.as_boolean()),
            (Shape::Number { whole }, DataType::Float64) => {
                Self::Float { values: array.as_primitive(), whole: *whole }
            }
            (Shape::Text, DataType::Utf8) => Self::Text(array.as_string()),
            (Shape::Json, DataType::Utf8) => Self::Json(array.as_string()),
            (Shape::List(item), DataType::List(_)) => {
                let lists = array.as_list::<i32>();
                Self::List { lists, items: Box::new(Self::of_shape(lists.values(), item)?) }
            }
            (Shape::Object(members), DataType::Struct(_)) => {
                let objects = array.as_struct();
                if objects.num_columns() != members.len() {
                    return None;
                }
                let of_member = |(member, array): (&Member, &'a ArrayRef)| {
                    let values = Self::of_shape(array, &member.shape)?;
                    Some(ValuesOfMember::new(&member.name, member.has_nulls, values))
                };
                let members = members.iter().zip(objects.columns()).map(of_member).collect::<Option<_>>()?;
                Self::Object { objects, members }
            }
            _ => return None,
        })
    }

    /// The values of a column that somebody else wrote. In the peer's typed objects, and inside them, null is a value;
    /// elsewhere a member without a value is one that is missing. `None` for a type that is not understood.
    #[expect(clippy::wildcard_enum_match_arm, reason = "types that nobody writes for a metric are many")]
    pub(crate) fn of_type(array: &'a ArrayRef, has_nulls: bool) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Null => Self::Nothing,
            DataType::Boolean => Self::Bool(array.as_boolean()),
            DataType::Float64 => Self::Float { values: array.as_primitive(), whole: false },
            DataType::Float32 => Self::Float32(array.as_primitive()),
            DataType::Int64 => Self::Integer(array.as_primitive()),
            DataType::Int32 => Self::Int32(array.as_primitive()),
            DataType::Int16 => Self::Int16(array.as_primitive()),
            DataType::Int8 => Self::Int8(array.as_primitive()),
            DataType::UInt64 => Self::Unsigned(array.as_primitive()),
            DataType::Utf8 => Self::Text(array.as_string()),
            DataType::List(_) => {
                let lists = array.as_list::<i32>();
                Self::List { lists, items: Box::new(Self::of_type(lists.values(), has_nulls)?) }
            }
            DataType::Struct(fields) => {
                let objects = array.as_struct();
                let has_nulls = has_nulls || fields.iter().any(|field| field.name() == "_type");
                let of_field = |(field, array): (&arrow_schema::FieldRef, &'a ArrayRef)| {
                    Some(ValuesOfMember::new(field.name(), has_nulls, Self::of_type(array, has_nulls)?))
                };
                let members = fields.iter().zip(objects.columns()).map(of_field).collect::<Option<_>>()?;
                Self::Object { objects, members }
            }
            _ => return None,
        })
    }

    /// Whether there is no value in this place.
    pub(crate) fn is_null(&self, place: usize) -> bool {
        match self {
            Self::Nothing => true,
            Self::Bool(values) => values.is_null(place),
            Self::Float { values, .. } => values.is_null(place),
            Self::Float32(values) => values.is_null(place),
            Self::Integer(values) => values.is_null(place),
            Self::Int32(values) => values.is_null(place),
            Self::Int16(values) => values.is_null(place),
            Self::Int8(values) => values.is_null(place),
            Self::Unsigned(values) => values.is_null(place),
            Self::Text(values) | Self::Json(values) => values.is_null(place),
            Self::List { lists, .. } => lists.is_null(place),
            Self::Object { objects, .. } => objects.is_null(place),
        }
    }

    /// Appends the JSON of the value in this place, `null` where there is none.
    pub(crate) fn write(&self, place: usize, out: &mut Vec<u8>) {
        if self.is_null(place) {
            out.extend_from_slice(b"null");
            return;
        }
        let whole = |number: &dyn std::fmt::Display, out: &mut Vec<u8>| {
            out.extend_from_slice(number.to_string().as_bytes());
        };
        match self {
            Self::Nothing => {}
            Self::Bool(values) => {
                out.extend_from_slice(if values.value(place) { b"true" } else { b"false" });
            }
            Self::Float { values, whole: is_whole } => {
                let number = values.value(place);
                if *is_whole && is_read_as_whole(number) {
                    whole(&(number as i64), out);
                } else {
                    write_float(number, out);
                }
            }
            Self::Float32(values) => write_float(f64::from(values.value(place)), out),
            Self::Integer(values) => whole(&values.value(place), out),
            Self::Int32(values) => whole(&values.value(place), out),
            Self::Int16(values) => whole(&values.value(place), out),
            Self::Int8(values) => whole(&values.value(place), out),
            Self::Unsigned(values) => whole(&values.value(place), out),
            Self::Text(values) => write_string(values.value(place), out),
            Self::Json(values) => out.extend_from_slice(values.value(place).as_bytes()),
            Self::List { lists, items } => {
                out.push(b'[');
                let offsets = lists.value_offsets();
                let (start, end) = (offsets[place] as usize, offsets[place + 1] as usize);
                for item in start..end {
                    if item > start {
                        out.push(b',');
                    }
                    items.write(item, out);
                }
                out.push(b']');
            }
            Self::Object { members, .. } => {
                out.push(b'{');
                let mut is_first = true;
                for ValuesOfMember { name, has_nulls, values } in members {
                    if values.is_null(place) && !has_nulls {
                        continue;
                    }
                    if !is_first {
                        out.push(b',');
                    }
                    is_first = false;
                    out.extend_from_slice(name);
                    values.write(place, out);
                }
                out.push(b'}');
            }
        }
    }
}

impl<'a> ValuesOfMember<'a> {
    fn new(name: &str, has_nulls: bool, values: Values<'a>) -> Self {
        let mut text = Vec::with_capacity(name.len() + 3);
        write_string(name, &mut text);
        text.push(b':');
        Self { name: text, has_nulls, values }
    }
}
