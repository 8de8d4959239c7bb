//! What the Hub knows that a training plan needs: rows of datasets, sizes of models, prices of machines, and what a token
//! may do. Nothing is written.

mod datasets;
mod machines;
mod models;
mod token;

pub use datasets::{HubRows, rows};
pub use machines::{MachinePrice, machine_prices};
pub use models::{HubModel, model};
pub use token::{Rights, has_model, rights};

use serde_json::Value;

use crate::remote::{Client, HubFault, Payload, hastily};

/// Bytes of an answer. Read as JSON it takes many times as many, and whoever asks for a plan may have made what is asked for.
const LARGEST_ANSWER_BYTES: u64 = 12 << 20;

/// An answer of the Hub. A plan waits for it, so not for long.
fn asked(client: &Client, path: &str, doing: &str) -> Result<Value, HubFault> {
    asked_at(client, &format!("{}{path}", client.account().endpoint()), doing)
}

/// The same of any address.
fn asked_at(client: &Client, address: &str, doing: &str) -> Result<Value, HubFault> {
    let said = hastily(|| {
        let mut response = client.send("GET", address, &Payload::Nothing, &[], doing)?;
        client.read_at_most(&mut response, LARGEST_ANSWER_BYTES, doing)
    });
    serde_json::from_slice(&said?).map_err(|_| HubFault::strange(doing))
}

/// A value in the query of an address.
fn in_query(value: &str) -> String {
    crate::remote::in_address(value).replace('/', "%2F")
}
