//! A model of the Hub as far as a plan needs it: its config, and the heads of its weight files, read by their first bytes.

use serde_json::Value;

use super::asked;
use crate::remote::{Account, Client, HubFault, HubFaultKind, Payload, RepositoryId, hastily, in_address};

/// First bytes of a weight file; the heads of most are within them.
const FIRST_BYTES: u64 = 100_000;
/// A head is a list of tensors, a few megabytes for the largest models.
const LARGEST_HEAD_BYTES: u64 = 16 << 20;
/// Weight files of a model whose heads are read one by one; of more, the shape in the config tells the size.
const MOST_FILES: usize = 64;

/// What the Hub has of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct HubModel {
    /// Its `config.json`; none where it has none.
    pub config: Option<Value>,
    /// Parameters of its weight files; none where it has none in that form, or too many.
    pub parameters: Option<u64>,
}

/// Asks for a model. `weights` chooses its weight files from the names of all its files; `count` tells the parameters of a
/// file by its head, as JSON.
///
/// # Errors
/// When there is no such model, it may not be seen, or the Hub does not answer.
pub fn model(
    account: Account,
    name: &str,
    weights: impl Fn(&[String]) -> Vec<String>,
    count: impl Fn(&[u8]) -> Option<u64>,
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
    let mut parameters = None;
    for file in &files {
        // One head is held at a time: whoever names a model may have made it.
        let head = head(&client, &format!("/{id}/resolve/main/{}", in_address(file)), &doing)?;
        let total = count(&head).and_then(|count| count.checked_add(parameters.unwrap_or(0)));
        parameters = Some(total.ok_or_else(|| odd(&doing))?);
    }
    Ok(HubModel { config, parameters })
}

/// The head of a weight file: its length in 8 bytes, and so many bytes of JSON.
fn head(client: &Client, path: &str, doing: &str) -> Result<Vec<u8>, HubFault> {
    let odd = || odd(doing);
    let mut bytes = first_bytes(client, path, FIRST_BYTES, doing)?;
    let length = bytes.first_chunk().map(|length| u64::from_le_bytes(*length)).ok_or_else(odd)?;
    if length > LARGEST_HEAD_BYTES {
        return Err(odd());
    }
    if length + 8 > bytes.len() as u64 {
        bytes = first_bytes(client, path, length + 8, doing)?;
    }
    let end = usize::try_from(length + 8).map_err(|_| odd())?;
    bytes.get(8..end).map(<[u8]>::to_vec).ok_or_else(odd)
}

fn odd(doing: &str) -> HubFault {
    let message = format!("{doing} found weights that are not in the form of safetensors");
    HubFault::new(HubFaultKind::Unusable, message, "give the size of the model by hand")
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
