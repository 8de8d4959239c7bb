//! What the Hub knows that a training plan needs: rows of datasets, sizes of models, prices of machines, and what a token
//! may do. Nothing is written.

mod datasets;
mod machines;
mod models;
mod token;

pub use datasets::{HubRows, rows};
pub use machines::{MachinePrice, machine_prices};
pub use models::{HubModel, model};
pub use token::{Rights, rights, what_is_there};

use serde_json::Value;

use crate::remote::{Client, HubFault, Payload, hastily};

/// An answer of the Hub. A plan waits for it, so not for long.
fn asked(client: &Client, path: &str, doing: &str) -> Result<Value, HubFault> {
    hastily(|| client.json("GET", path, &Payload::Nothing, doing)).map(|(said, _)| said)
}

/// A value in the query of an address.
fn in_query(value: &str) -> String {
    crate::remote::in_address(value).replace('/', "%2F")
}
