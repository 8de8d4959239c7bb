//! Questions of a command to a server, ours or the peer's.

use paceline_schema::{Destination, Operation};
use serde_json::Value;

use super::client::{Client, Server, path_part};
use super::fault::{Fault, FaultKind};

/// A server that a command asks.
#[derive(Debug)]
pub struct ServerReader {
    client: Client,
    is_ours: bool,
}

/// Why a server did not answer.
#[derive(Debug)]
pub struct ServerRefusal {
    /// In words, with the address.
    pub message: String,
    /// It answers, and does not know the question or what it is about.
    pub is_answer: bool,
}

impl ServerReader {
    /// Finds out whose server it is.
    ///
    /// # Errors
    /// When none answers there.
    pub fn connect(destination: Destination) -> Result<Self, ServerRefusal> {
        let mut client = Client::new(destination);
        let is_ours = client.server()? == Server::Ours;
        Ok(Self { client, is_ours })
    }

    /// It takes more than the peer's calls.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.is_ours
    }

    /// A call of the peer's wire, its arguments by name.
    ///
    /// # Errors
    /// When it is not answered with success.
    pub fn call(&self, operation: Operation, arguments: &Value) -> Result<Value, ServerRefusal> {
        Ok(self.client.call_with(operation, arguments)?)
    }

    /// A question of our own interface, by the parts of its address after `projects` and by its parameters.
    ///
    /// # Errors
    /// When it is not answered with success.
    pub fn get(&self, parts: &[&str], parameters: &[(&str, &str)]) -> Result<Value, ServerRefusal> {
        let query: Vec<String> =
            parameters.iter().map(|(name, value)| format!("{name}={}", path_part(value))).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        let address = format!("{}{mark}{}", address(parts), query.join("&"));
        Ok(self.client.rest("GET", &address, Vec::new())?)
    }

    /// The same, with a body that says what is asked.
    ///
    /// # Errors
    /// When it is not answered with success.
    pub fn post(&self, parts: &[&str], body: &Value) -> Result<Value, ServerRefusal> {
        Ok(self.client.rest("POST", &address(parts), body.to_string().into_bytes())?)
    }
}

fn address(parts: &[&str]) -> String {
    parts.iter().map(|part| path_part(part)).collect::<Vec<_>>().join("/")
}

impl From<Fault> for ServerRefusal {
    fn from(fault: Fault) -> Self {
        let is_answer =
            matches!(fault.kind, FaultKind::Missing | FaultKind::Request { .. } | FaultKind::Unclear);
        Self { message: fault.to_string(), is_answer }
    }
}
