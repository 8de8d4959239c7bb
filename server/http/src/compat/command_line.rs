//! Calls of the peer's command line, which leaves `run_id` out where it goes by position.

use paceline_schema::{AlertLevel, Operation, Timestamp};

use super::arguments::Arguments;

/// Position of `run_id` in the calls that it is left out of.
const RUN_ID: usize = 2;

/// Gives the arguments the positions that the table of operations says.
pub(super) fn complete(operation: Operation, arguments: &mut Arguments<'_>) {
    let text = |position| -> Option<String> {
        arguments.get(position, "").and_then(|json| serde_json::from_str(json).ok()).flatten()
    };
    // A time that is the last argument of a snapshot has no window, so nobody else sends six.
    let snapshot = operation == Operation::GetSnapshot && arguments.positions() == 6;
    let alerts = operation == Operation::GetAlerts && arguments.positions() == 4 && {
        let third_is_level = text(RUN_ID).is_some_and(|word| AlertLevel::parse(&word).is_some());
        third_is_level || text(RUN_ID + 1).is_some_and(|word| Timestamp::parse(&word).is_some())
    };
    let left_out = snapshot || alerts;
    if left_out {
        arguments.insert_null(RUN_ID);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(operation: Operation, body: &str) -> Option<String> {
        let mut arguments = Arguments::parse(body.as_bytes());
        complete(operation, &mut arguments);
        arguments.get(RUN_ID, "").map(str::to_owned)
    }

    #[test]
    fn only_what_lacks_the_run_id_is_given_one() {
        let null = Some("null".to_owned());
        let snapshot = |body| completed(Operation::GetSnapshot, body);
        assert_eq!(snapshot(r#"["p", "r", 10, null, null, null]"#), null);
        assert_eq!(snapshot(r#"["p", "r", "id", 10, null, null, null]"#), Some("\"id\"".to_owned()));
        assert_eq!(snapshot(r#"["p", "r", "id", 10]"#), Some("\"id\"".to_owned()));
        let alerts = |body| completed(Operation::GetAlerts, body);
        assert_eq!(alerts(r#"["p", "r", "warn", null]"#), null);
        assert_eq!(alerts(r#"["p", "r", "id", "warn"]"#), Some("\"id\"".to_owned()));
        assert_eq!(alerts(r#"["p", "r", null, "2026-01-01T00:00:00Z"]"#), null);
        assert_eq!(completed(Operation::GetLogs, r#"["p", "r", "id"]"#), Some("\"id\"".to_owned()));
    }
}
