//! Plans and looks at datasets, asked by any transport: brings together what the Hub, finished runs and the request say, and
//! hands it to the planner, which decides.
//!
//! [`Adviser::plan`] and [`Adviser::inspect`] are the one function under the command, the API and the tools. No path of a
//! client is read here: files of this machine are read by the command alone, which hands over what they hold ([`Given`]).

mod adviser;
mod dataset;
mod fault;
mod model;
mod preflight;

pub use adviser::{Adviser, Given, Speech};
pub use dataset::MOST_SAMPLED_ROWS;
pub use fault::AdviceFault;
