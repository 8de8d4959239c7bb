//! What the peer's page is shown with, and which of its pages have something to show.

use super::missing;

missing!(read: run_mutation_status, settings, tab_availability);
