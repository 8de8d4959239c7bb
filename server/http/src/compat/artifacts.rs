//! Artifacts, their versions and their blobs as the peer's client and page ask for them.

use super::missing;

missing!(write: check_blobs, upload_blobs, log, log_use);
missing!(read: manifest, summaries, list, of_run, counts, consumers, lineage);
