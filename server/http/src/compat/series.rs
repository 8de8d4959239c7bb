//! Rows and values, thinned as the peer thins them.

use super::missing;

missing!(read: metric_values, snapshot, logs, logs_batch);
