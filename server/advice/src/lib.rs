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
mod script;

pub use adviser::{Adviser, Given, Speech};
pub use fault::AdviceFault;
pub use script::{Loaded, Names, hub_rows, script_of};
