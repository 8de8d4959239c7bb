//! Media and project files as the peer's client uploads them and its page lists them.

use super::missing;

missing!(write: upload_media);
missing!(read: project_files);
