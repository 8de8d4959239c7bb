//! The first rows of Parquet files that others wrote, with conversations in them.

use std::fs::File;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Float64Array, ListArray, RecordBatch, StringArray, StructArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field, Fields};
use paceline_hub::parquet::first_rows;
use parquet::arrow::ArrowWriter;
use serde_json::json;

#[test]
fn conversations_numbers_and_gaps_come_out_as_json() {
    let members = Fields::from(vec![
        Field::new("role", DataType::Utf8, true),
        Field::new("content", DataType::Utf8, true),
    ]);
    let roles: ArrayRef = Arc::new(StringArray::from(vec!["user", "assistant", "user"]));
    let said: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
    let turns = StructArray::new(members.clone(), vec![roles, said], None);
    let item = Arc::new(Field::new("item", DataType::Struct(members), true));
    let messages = ListArray::new(item, OffsetBuffer::from_lengths([2, 1]), Arc::new(turns), None);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("messages", Arc::new(messages)),
        ("score", Arc::new(Float64Array::from(vec![Some(0.5), None]))),
        ("good", Arc::new(BooleanArray::from(vec![true, false]))),
        ("picture", Arc::new(BinaryArray::from(vec![&[0xff_u8, 0xfe][..], b"text"]))),
    ];
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, of)| (name, of, true)));
    let batch = batch.expect("columns fit");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("chats.parquet");
    let mut writer =
        ArrowWriter::try_new(File::create(&path).expect("made"), batch.schema(), None).expect("opens");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");

    let read = first_rows(&path, 10).expect("sound");
    assert_eq!(read.columns, ["messages", "score", "good", "picture"]);
    assert_eq!((read.total_rows, read.rows.len()), (2, 2));
    let expected = json!({
        "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
        "score": 0.5, "good": true, "picture": 2,
    });
    assert_eq!(json!(read.rows[0]), expected);
    assert_eq!(json!(read.rows[1]["score"]), json!(null));
    assert_eq!(first_rows(&path, 1).expect("sound").rows.len(), 1);
    std::fs::write(&path, "PAR1 torn").expect("written");
    assert!(first_rows(&path, 1).is_err());
}
