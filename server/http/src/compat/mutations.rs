//! Runs renamed and deleted, projects replaced, syncs asked for, as the peer's page does.

use super::missing;

missing!(write: upload_database, delete_run, rename_run, force_sync);
