//! Traces as the peer's page asks for them.

use super::missing;

missing!(read: list, steps);
