//! Read-only SQL as the peer's command line asks it.

use super::missing;

missing!(read: query_project);
