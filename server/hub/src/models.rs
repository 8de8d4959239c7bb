//! A trained model on the Hub: the folder that a trainer left becomes a repository with a card that tells of its run.
//!
//! [`publish()`] looks at the newest state of the repository and makes one commit on top of it, as a sync of a project does:
//! whoever loads the model gets the state before or the one after. Files that the store has are not sent again, so a
//! publication that broke off goes on where it was. What somebody wrote into the card stays.

mod card;
mod chart;
mod folder;
mod head;
mod hyperparameters;
mod publish;
mod record;

pub use publish::{publish, run_page};
