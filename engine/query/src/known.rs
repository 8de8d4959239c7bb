//! What was read or reckoned for one request and serves the next: never more than a short cut to what the rows say.

pub(crate) mod configs;
pub(crate) mod courses;
pub(crate) mod groups;
pub(crate) mod machines;
pub(crate) mod reckonings;

use configs::KnownConfigs;
use courses::KnownCourses;
use groups::KnownGroups;
use machines::KnownMachines;
use reckonings::Reckonings;

/// All that an engine knows from earlier requests.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) configs: KnownConfigs,
    pub(crate) courses: KnownCourses,
    pub(crate) groups: KnownGroups,
    pub(crate) machines: KnownMachines,
    pub(crate) reckonings: Reckonings,
}
