//! A model of the Hub as far as a plan needs it: its config, and the heads of its weight files, read by their first bytes.

use serde_json::Value;

use super::asked;
use crate::remote::{Account, Client, HubFault, HubFaultKind, Payload, RepositoryId, hastily, in_address};

/// First bytes of a weight file; the heads of most are within them.
const FIRST_BYTES: u64 = 100_000;
/// A head is a list of tensors, a few megabytes for the largest models.
const LARGEST_HEAD_BYTES: u64 = 32 << 20;
/// Weight files of a model whose heads are read one by one; of more, the shape in the config tells the size.
const MOST_FILES: usize = 64;

/// What the Hub has of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct HubModel {
    /// Its `config.json`; none where it has none.
    pub config: Option<Value>,
    /// The heads of its weight files; empty where it has none in that form, or too many.
    pub heads: Vec<Value>,
}

/// Asks for a model. `weights` chooses its weight files from the names of all its files.
///
/// # Errors
/// When there is no such model, it may not be seen, or the Hub does not answer.
pub fn model(
    account: Account,
    name: &str,
    weights: impl Fn(&[String]) -> Vec<String>,
) -> Result<HubModel, HubFault> {
    let id: RepositoryId = name.parse()?;
    let id = id.to_string();
    let client = Client::new(account);
    let doing = format!("reading the model `{id}`");
    let listed = asked(&client, &format!("/api/models/{id}/tree/main"), &doing)?;
    let listed = listed.as_array().ok_or_else(|| HubFault::strange(&doing))?;
    let names: Vec<String> =
        listed.iter().filter_map(|entry| Some(entry["path"].as_str()?.to_owned())).collect();
    let config = match names.iter().any(|name| name == "config.json") {
        true => Some(asked(&client, &format!("/{id}/resolve/main/config.json"), &doing)?),
        false => None,
    };
    let files = weights(&names);
    let files = if files.len() > MOST_FILES { Vec::new() } else { files };
    let heads: Result<Vec<Value>, HubFault> = files
        .iter()
        .map(|file| head(&client, &format!("/{id}/resolve/main/{}", in_address(file)), &doing))
        .collect();
    Ok(HubModel { config, heads: heads? })
}

/// The head of a weight file: its length in 8 bytes, and so many bytes of JSON.
fn head(client: &Client, path: &str, doing: &str) -> Result<Value, HubFault> {
    let odd = || {
        let message = format!("{doing} found weights that are not in the form of safetensors");
        HubFault::new(HubFaultKind::Unusable, message, "give the size of the model by hand")
    };
    let mut bytes = first_bytes(client, path, FIRST_BYTES, doing)?;
    let length = bytes.first_chunk().map(|length| u64::from_le_bytes(*length)).ok_or_else(odd)?;
    if length > LARGEST_HEAD_BYTES {
        return Err(odd());
    }
    if length + 8 > bytes.len() as u64 {
        bytes = first_bytes(client, path, length + 8, doing)?;
    }
    let end = usize::try_from(length + 8).map_err(|_| odd())?;
    serde_json::from_slice(bytes.get(8..end).ok_or_else(odd)?).map_err(|_| odd())
}

/// The first bytes of a file. A store that does not cut files where it is asked to is read no further than that.
fn first_bytes(client: &Client, path: &str, count: u64, doing: &str) -> Result<Vec<u8>, HubFault> {
    use std::io::Read;
    let address = format!("{}{path}", client.account().endpoint());
    let range = [("range", format!("bytes=0-{}", count - 1))];
    hastily(|| {
        let mut response = client.send("GET", &address, &Payload::Nothing, &range, doing)?;
        let mut bytes = Vec::new();
        let read = response.body_mut().as_reader().take(count).read_to_end(&mut bytes);
        read.map_err(|error| client.away(&ureq::Error::Io(error), doing))?;
        Ok(bytes)
    })
}
