//! What the values of a key are: found out from the values, kept in the file, used both ways.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field as ArrowField, Fields};
use serde::{Deserialize, Serialize};

use super::json::{self, Kind};

/// Deeper values stay JSON.
const MAX_DEPTH: usize = 6;
/// Objects with more members stay JSON.
const MAX_MEMBERS: usize = 64;

/// The one type of a column, and how its values are read back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shape {
    Bool,
    /// A double. With `whole` a whole number in it was written as one (`3`, not `3.0`).
    Number {
        whole: bool,
    },
    Text,
    /// JSON text: values of several types, and objects that are different each time.
    Json,
    List(Box<Shape>),
    Object(Vec<Member>),
}

/// A member of an object; also a column of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    /// Nothing in its place stands for `null`, not for a member that is missing.
    #[serde(default)]
    pub(crate) has_nulls: bool,
}

impl Shape {
    /// The type in Arrow.
    pub(crate) fn data_type(&self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::Number { .. } => DataType::Float64,
            Self::Text | Self::Json => DataType::Utf8,
            Self::List(item) => DataType::List(Arc::new(item_field(item))),
            Self::Object(members) => DataType::Struct(member_fields(members)),
        }
    }

    /// Whether both are the same column for a reader of the file.
    pub(crate) fn has_type_of(&self, other: &Self) -> bool {
        self.data_type() == other.data_type()
    }

    /// Whether a column of either one holds the same values and says them alike.
    pub(crate) fn is_alike(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number { .. }, Self::Number { .. }) => true,
            (Self::List(item), Self::List(other)) => item.is_alike(other),
            (Self::Object(members), Self::Object(others)) => {
                let alike = |(one, other): (&Member, &Member)| {
                    one.name == other.name && one.shape.is_alike(&other.shape)
                };
                members.len() == others.len() && members.iter().zip(others).all(alike)
            }
            _ => self == other,
        }
    }
}

/// The field for the items of a list.
pub(crate) fn item_field(item: &Shape) -> ArrowField {
    ArrowField::new("element", item.data_type(), true)
}

/// The fields for the members of an object.
pub(crate) fn member_fields(members: &[Member]) -> Fields {
    members.iter().map(|member| ArrowField::new(&member.name, member.shape.data_type(), true)).collect()
}

/// Counts what values are seen under one key.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    nulls: u64,
    bools: u64,
    wholes: u64,
    floats: u64,
    texts: u64,
    lists: u64,
    objects: u64,
    items: Option<Box<Seen>>,
    members: SeenMembers,
    /// Its values are JSON, whatever else is seen.
    is_json: bool,
}

/// The same for each member of objects, in the order in which they were first seen.
#[derive(Debug, Default)]
pub(crate) struct SeenMembers {
    members: Vec<(String, Seen)>,
    places: HashMap<String, usize>,
}

impl SeenMembers {
    /// Nothing was seen yet; members with these names come first.
    pub(crate) fn of_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut seen = Self::default();
        for name in names {
            seen.member(name, usize::MAX);
        }
        seen
    }

    /// The same names, nothing of which was seen yet.
    pub(crate) fn names(&self) -> Self {
        Self::of_names(self.members.iter().map(|(name, _)| name.as_str()))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// The member of that name. Objects that follow one another have the same members in the same order, so the
    /// place after the last one is looked at first.
    fn member(&mut self, name: &str, expected: usize) -> usize {
        if self.members.get(expected).is_some_and(|(known, _)| known == name) {
            return expected;
        }
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        self.places.insert(name.to_owned(), self.members.len());
        self.members.push((name.to_owned(), Seen::default()));
        self.members.len() - 1
    }

    /// Takes in the row of a table, which is an object.
    pub(crate) fn add(&mut self, entries: &[(Cow<'_, str>, &str)]) {
        let mut expected = 0;
        for (name, value) in entries {
            let place = self.member(name, expected);
            self.members[place].1.add(value, 0);
            expected = place + 1;
        }
    }

    /// The columns of the table: of each key the type that most of its values have.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&str, Shape)> {
        let shapes = self.members.iter().map(|(name, seen)| (name.as_str(), seen.most_common()));
        shapes.filter_map(|(name, shape)| Some((name, shape?)))
    }
}

impl Seen {
    fn add(&mut self, value: &str, depth: usize) {
        match json::kind(value) {
            Kind::Null => self.nulls += 1,
            Kind::Bool => self.bools += 1,
            Kind::Number if json::is_whole(value) => self.wholes += 1,
            Kind::Number => self.floats += 1,
            Kind::Text if json::not_finite(value).is_some() => self.floats += 1,
            Kind::Text => self.texts += 1,
            Kind::List => {
                self.lists += 1;
                self.add_items(value, depth);
            }
            Kind::Object => {
                self.objects += 1;
                self.add_members(value, depth);
            }
        }
    }

    fn add_items(&mut self, list: &str, depth: usize) {
        if self.is_json {
            return;
        }
        match json::items(list).filter(|_| depth < MAX_DEPTH) {
            Some(items) => {
                let seen = self.items.get_or_insert_default();
                items.iter().for_each(|item| seen.add(item, depth + 1));
            }
            None => self.is_json = true,
        }
    }

    fn add_members(&mut self, object: &str, depth: usize) {
        if self.is_json {
            return;
        }
        let Some(entries) = json::entries(object).filter(|_| depth < MAX_DEPTH) else {
            self.is_json = true;
            return;
        };
        let mut expected = 0;
        for (name, value) in &entries {
            let place = self.members.member(name, expected);
            self.members.members[place].1.add(value, depth + 1);
            expected = place + 1;
        }
        self.is_json = self.members.members.len() > MAX_MEMBERS;
    }

    fn values(&self) -> u64 {
        self.bools + self.wholes + self.floats + self.texts + self.lists + self.objects
    }

    /// The type of most of the values; the others go beside the column. `None` where there was no value.
    fn most_common(&self) -> Option<Shape> {
        let numbers = self.wholes + self.floats;
        let counts = [numbers, self.objects, self.lists, self.texts, self.bools];
        let most = counts.into_iter().max().filter(|most| *most > 0)?;
        Some(if most == numbers {
            Shape::Number { whole: self.wholes > self.floats }
        } else if most == self.objects {
            self.object()
        } else if most == self.lists {
            self.list()
        } else if most == self.texts {
            Shape::Text
        } else {
            Shape::Bool
        })
    }

    /// The one type of values inside another value: JSON where there are several.
    fn common(&self) -> Shape {
        let numbers = self.wholes + self.floats;
        let kinds = [numbers, self.objects, self.lists, self.texts, self.bools];
        match kinds.iter().filter(|count| **count > 0).count() {
            0 => Shape::Text,
            1 => self.most_common().unwrap_or(Shape::Json),
            // Text beside numbers that are not finite may be what was meant.
            _ => Shape::Json,
        }
    }

    fn list(&self) -> Shape {
        match &self.items {
            Some(items) if !self.is_json && items.values() > 0 => Shape::List(Box::new(items.common())),
            _ => Shape::Json,
        }
    }

    fn object(&self) -> Shape {
        if self.is_json || self.members.members.is_empty() {
            return Shape::Json;
        }
        let member = |(name, seen): &(String, Seen)| Member {
            name: name.clone(),
            shape: seen.common(),
            has_nulls: seen.nulls > self.objects.saturating_sub(seen.values() + seen.nulls),
        };
        let members: Vec<Member> = self.members.members.iter().map(member).collect();
        if members.iter().all(|member| is_column_name(&member.name)) {
            Shape::Object(members)
        } else {
            Shape::Json
        }
    }
}

/// Whether a key can be the name of a column or field for every reader.
pub(crate) fn is_column_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 1_000 && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape_of(values: &[&str]) -> Option<Shape> {
        let mut seen = Seen::default();
        values.iter().for_each(|value| seen.add(value, 0));
        seen.most_common()
    }

    #[test]
    fn most_values_make_the_type() {
        assert_eq!(
            shape_of(&["1", "2.5", "\"NaN\"", "\"late\"", "null"]),
            Some(Shape::Number { whole: false })
        );
        assert_eq!(shape_of(&["1", "2", "\"late\""]), Some(Shape::Number { whole: true }));
        assert_eq!(shape_of(&["\"a\"", "\"b\"", "1"]), Some(Shape::Text));
        assert_eq!(shape_of(&["true", "false"]), Some(Shape::Bool));
        assert_eq!(shape_of(&["null", "null"]), None);
    }

    #[test]
    fn media_become_objects_whose_captions_are_null() {
        let shape = shape_of(&[r#"{"_type":"trackio.image","file_path":"p/r/0/a.png","caption":null}"#]);
        let Some(Shape::Object(members)) = shape else { panic!("{shape:?}") };
        let facts: Vec<_> = members.iter().map(|member| (member.name.as_str(), member.has_nulls)).collect();
        assert_eq!(facts, [("_type", false), ("file_path", false), ("caption", true)]);
    }

    #[test]
    fn what_has_several_types_inside_stays_json() {
        let table = r#"{"_type":"trackio.table","_value":[{"a":1},{"a":"x"}]}"#;
        let Some(Shape::Object(members)) = shape_of(&[table]) else { panic!("an object") };
        let Shape::List(row) = &members[1].shape else { panic!("a list") };
        let Shape::Object(cells) = row.as_ref() else { panic!("an object") };
        assert_eq!(cells[0].shape, Shape::Json);
        assert_eq!(shape_of(&["[1, [2]]"]), Some(Shape::List(Box::new(Shape::Json))));
        assert_eq!(shape_of(&["[]", "{}"]), Some(Shape::Json));
        assert_eq!(shape_of(&["[[[[[[[[1]]]]]]]]"]).map(|shape| shape.data_type().is_nested()), Some(true));
    }
}
