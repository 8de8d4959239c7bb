//! Examples of a project and its Dataset.

use paceline_schema::{SyncState, SyncStatus, SyncTarget};

use super::NOW;

pub(crate) fn sync_target() -> SyncTarget {
    SyncTarget::new("alice/runs")
}

pub(crate) fn sync_status() -> SyncStatus {
    SyncStatus {
        project: "digits".into(),
        state: SyncState::Behind,
        dataset: Some("alice/runs".into()),
        url: Some("https://huggingface.co/datasets/alice/runs".into()),
        last_commit: Some("5f1c0a9b7d3e4f6a8b2c1d0e9f8a7b6c5d4e3f2a".into()),
        last_sync_at: Some(NOW),
        rows_synced: 12_000,
        rows_behind: 40,
        next_try_at: Some(NOW),
        last_error: None,
    }
}
