//! Standard input and output in front of a server elsewhere: each message is one request to its `/mcp`.

use std::collections::HashMap;
use std::io::{self, BufRead, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;

/// Longer than any tool waits.
const PATIENCE: Duration = Duration::from_secs(660);
/// Largest answer that is passed on.
const MOST_BYTES: u64 = 64 << 20;
/// JSON-RPC's code for what a server says itself.
const SERVER_ERROR: i32 = -32_000;
/// Where a message of the newer era tells its version.
const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";

/// A server elsewhere.
#[derive(Debug, Clone)]
pub struct Remote {
    /// Address of its `/mcp`, with what chooses the tools.
    pub address: String,
    /// Token to show.
    pub token: Option<String>,
}

/// Hands messages on until the input ends and all are answered.
///
/// # Errors
/// When the input cannot be read.
pub fn relay(remote: Remote, input: impl BufRead, output: impl Write + Send + 'static) -> io::Result<()> {
    let line = Arc::new(Line {
        agent: Agent::new_with_config(
            Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).build(),
        ),
        remote,
        version: Mutex::new(None),
        output: Mutex::new(output),
    });
    let mut asked = Vec::new();
    for text in input.lines() {
        let text = text?;
        if text.trim().is_empty() {
            continue;
        }
        let message: Value = match serde_json::from_str(&text) {
            Ok(message) => message,
            Err(error) => {
                line.say(&refusal(&Value::Null, -32_700, &format!("the message is no JSON: {error}")));
                continue;
            }
        };
        // What comes after `initialize` goes by the version that it agreed on.
        if message["method"] == "initialize" {
            line.pass_on(&message);
            continue;
        }
        let line = Arc::clone(&line);
        asked.retain(|thread: &thread::JoinHandle<()>| !thread.is_finished());
        let passing = thread::Builder::new().name("mcp-relay".to_owned());
        asked.push(passing.spawn(move || line.pass_on(&message))?);
    }
    for thread in asked {
        // A panic has been told on standard error.
        let _ = thread.join();
    }
    Ok(())
}

struct Line<W> {
    agent: Agent,
    remote: Remote,
    /// What `initialize` agreed on.
    version: Mutex<Option<String>>,
    output: Mutex<W>,
}

impl<W: Write> Line<W> {
    fn pass_on(&self, message: &Value) {
        let answer = self.ask(message).unwrap_or_else(|said| {
            message.get("id").map(|id| refusal(id, SERVER_ERROR, &said).to_string().into_bytes())
        });
        let Some(answer) = answer else { return };
        if message["method"] == "initialize"
            && let Ok(answer) = serde_json::from_slice::<Value>(&answer)
        {
            let agreed = answer["result"]["protocolVersion"].as_str().map(str::to_owned);
            *self.version.lock().unwrap_or_else(PoisonError::into_inner) = agreed;
        }
        self.write(&answer);
    }

    /// The answer to a message, where it has one.
    fn ask(&self, message: &Value) -> Result<Option<Vec<u8>>, String> {
        let address = &self.remote.address;
        let mut request = self.agent.post(address).header("content-type", "application/json");
        request = request.header("accept", "application/json, text/event-stream");
        for (name, value) in self.headers(message) {
            request = request.header(name, value);
        }
        let sent = request.send(message.to_string());
        let mut response = sent.map_err(|error| format!("`{address}` cannot be reached: {error}"))?;
        let body = response.body_mut().with_config().limit(MOST_BYTES).read_to_vec();
        let body = body.map_err(|error| format!("the answer of `{address}` breaks off: {error}"))?;
        if body.is_empty() {
            return Ok(None);
        }
        let said = serde_json::from_slice::<Value>(&body);
        if said.as_ref().is_ok_and(|said| said["jsonrpc"] == "2.0") {
            return Ok(Some(body));
        }
        let status = response.status();
        let what = said.ok().and_then(|said| {
            Some(format!(
                "{}. Hint: {}",
                said["error"].as_str()?,
                said["hint"].as_str().unwrap_or("look at the address")
            ))
        });
        Err(what.unwrap_or_else(|| {
            format!("`{address}` answers {status} and no MCP; is it a server with `/mcp`?")
        }))
    }

    fn headers(&self, message: &Value) -> HashMap<&'static str, String> {
        let mut headers = HashMap::new();
        if let Some(token) = &self.remote.token {
            headers.insert("authorization", format!("Bearer {token}"));
        }
        let own = message["params"]["_meta"][VERSION_KEY].as_str();
        if let Some(version) = own {
            headers.insert("mcp-protocol-version", version.to_owned());
            if let Some(method) = message["method"].as_str() {
                headers.insert("mcp-method", method.to_owned());
            }
            let named = ["name", "uri"].into_iter().find_map(|key| message["params"][key].as_str());
            if let Some(name) = named {
                headers.insert("mcp-name", name.to_owned());
            }
        } else if let Some(version) = self.version.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            headers.insert("mcp-protocol-version", version);
        }
        headers
    }

    fn say(&self, answer: &Value) {
        self.write(answer.to_string().as_bytes());
    }

    /// One line, whole.
    fn write(&self, answer: &[u8]) {
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        // When nobody reads any more, the input ends as well.
        let _ = output.write_all(answer).and_then(|()| output.write_all(b"\n")).and_then(|()| output.flush());
    }
}

fn refusal(id: &Value, code: i32, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}
