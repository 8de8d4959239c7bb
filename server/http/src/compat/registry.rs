//! Registries of artifacts as the peer's page asks for them.

use super::missing;

missing!(read: buckets, list, details);
