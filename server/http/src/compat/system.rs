//! Samples of the machine as the peer's page asks for them.

use super::missing;

missing!(read: metrics_for_run, logs, logs_batch);
