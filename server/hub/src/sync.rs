//! A project that follows into a Dataset of the Hub, and comes back from it.
//!
//! [`sync()`] looks at the newest state of the Dataset, writes what it lacks as files, and makes one commit on top of
//! that state; where somebody else was first, or the answer was lost, it looks again. What it did and what kept it
//! stands below `.paceline/datasets/`, for [`status()`]. [`pull()`] makes projects of a Dataset.

mod card;
mod card_head;
mod card_list;
#[cfg(test)]
mod cut_hub;
#[cfg(test)]
mod every_byte;
mod fault;
mod place;
mod publish;
mod pull;
mod schedule;
mod space;
mod status;

pub(crate) use card::{cell, plain};
pub(crate) use card_head::{keys, quoted, split};
pub use fault::SyncFault;
pub use place::{follow, target, targets};
pub(crate) use publish::{CARD, MOST_LOOKS, is_unclear};
pub use publish::{SyncOptions, Synced, begin, sync};
pub use pull::{PullStep, Pulled, pull};
pub use schedule::Schedule;
pub use space::{PublishOptions, Published, publish};
pub use status::status;
