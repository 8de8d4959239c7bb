//! What columns a file has, for everyone who reads Parquet.

use std::fs::File;

use paceline_hub::parquet::export;
use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::world::{Row, World};

#[test]
fn a_file_has_one_column_a_metric_and_row_groups_by_run() {
    let world = World::new();
    let mut rows = Vec::new();
    for run in ["a", "b"] {
        rows.extend((0..10_000).map(|step| {
            let histogram = r#"{"_type":"trackio.histogram","bins":[0.0,1.0],"values":[3]}"#;
            Row::new(
                run,
                step,
                &format!("{{\"loss\":{step}.5,\"ok\":true,\"note\":\"x\",\"hist\":{histogram}}}"),
            )
        }));
    }
    world.project("p", &rows);
    let project = world.store.project("p").expect("it is there");
    export(&project, &world.folder()).expect("it is exported");
    let file = File::open(world.folder().join("p.parquet")).expect("it is there");
    let reader = SerializedFileReader::new(file).expect("it is Parquet");
    let metadata = reader.metadata();
    let schema = metadata.file_metadata().schema_descr();
    let columns: Vec<String> = schema
        .columns()
        .iter()
        .map(|column| format!("{} {}", column.path().string(), column.physical_type()))
        .collect();
    assert_eq!(
        columns,
        [
            "id INT64",
            "run_id BYTE_ARRAY",
            "timestamp BYTE_ARRAY",
            "run_name BYTE_ARRAY",
            "step INT64",
            "log_id BYTE_ARRAY",
            "space_id BYTE_ARRAY",
            "loss DOUBLE",
            "ok BOOLEAN",
            "note BYTE_ARRAY",
            "hist._type BYTE_ARRAY",
            "hist.bins.list.element DOUBLE",
            "hist.values.list.element DOUBLE",
            "paceline_extra BYTE_ARRAY",
        ]
    );
    let groups: Vec<i64> = metadata.row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(groups, [10_000, 10_000]);
    for group in metadata.row_groups() {
        let column = group.column(1);
        let statistics = column.statistics().expect("statistics");
        assert_eq!(statistics.min_bytes_opt(), statistics.max_bytes_opt());
        assert!(column.column_index_offset().is_some() && column.offset_index_offset().is_some());
        let codec = column.compression().to_string();
        assert!(codec.starts_with("ZSTD"), "{codec}");
    }
}
