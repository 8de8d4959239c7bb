//! What is refused before it is tried: orders that make no sense, and what a machine alone cannot do.

use crate::fault::JobFault;
use crate::local::Order;

/// Words of a command and variables together, bytes.
const LARGEST_SPEC: usize = 4 << 20;
/// Longest name of an owner, bytes.
const LONGEST_OWNER: usize = 96;

/// Refuses what makes no sense, and what a machine alone cannot do.
pub(crate) fn check(order: &Order) -> Result<(), JobFault> {
    let (spec, owner) = (&order.spec, order.namespace.as_str());
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_path = !owner.is_empty() && owner.bytes().all(|byte| byte == b'.');
    if owner.len() > LONGEST_OWNER || !owner.bytes().all(is_name) || is_path {
        return Err(JobFault::unusable(format!("`{}` cannot be the owner of a job", owner.escape_default())));
    }
    let words = || spec.command.iter().chain(&spec.arguments);
    if words().next().is_none_or(String::is_empty) {
        return Err(JobFault::unusable("the job has no command"));
    }
    let variables = || spec.environment.iter().chain(&spec.secrets.0);
    let bytes: usize =
        words().map(String::len).sum::<usize>() + variables().map(|(a, b)| a.len() + b.len()).sum::<usize>();
    if bytes > LARGEST_SPEC {
        return Err(JobFault::unusable(format!(
            "command and environment have {bytes} bytes, more than {LARGEST_SPEC}"
        )));
    }
    if words().any(|word| word.contains('\0')) {
        return Err(JobFault::unusable("the command has a character of no text, U+0000"));
    }
    for (name, value) in variables() {
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            return Err(JobFault::unusable(format!("`{}` cannot be a variable", name.escape_default())));
        }
    }
    if spec.timeout_seconds == Some(0) {
        return Err(JobFault::unusable("the job has no time: `timeoutSeconds` is 0"));
    }
    let missing = |what, instead| Err(JobFault::Missing { what, instead });
    if !spec.volumes.is_empty() {
        return missing(
            "volumes to mount",
            "read and write the Hub from the script, or name files of this machine by their paths",
        );
    }
    if spec.ssh.is_some() {
        return missing("SSH", "the machine itself may have it");
    }
    if spec.expose.is_some() {
        return missing("proxy for ports", "the ports of a job are those of this machine");
    }
    if spec.network.is_some() {
        return missing("networks of their own", "jobs of one machine reach each other at 127.0.0.1");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn order(value: Value) -> Order {
        Order { spec: serde_json::from_value(value).expect("a spec"), ..Order::default() }
    }

    #[test]
    fn what_cannot_be_run_is_said_before_it_is_tried() {
        for (sent, part) in [
            (json!({}), "no command"),
            (json!({"command": [""]}), "no command"),
            (json!({"command": ["a\0"]}), "U+0000"),
            (json!({"command": ["a"], "environment": {"A=B": "c"}}), "`A=B`"),
            (json!({"command": ["a"], "timeoutSeconds": 0}), "timeoutSeconds"),
            (json!({"command": ["a"], "volumes": [{"type": "bucket"}]}), "volumes"),
            (json!({"command": ["a"], "ssh": {"enabled": true}}), "SSH"),
        ] {
            let fault = check(&order(sent)).expect_err(part);
            assert!(fault.to_string().contains(part) && !fault.hint().is_empty(), "{fault}");
        }
        let usual = || order(json!({"command": ["python", "-c", "1"]}));
        assert!(check(&usual()).is_ok());
        for namespace in ["a/b", "..", "ä"] {
            let fault = check(&Order { namespace: namespace.to_owned(), ..usual() }).expect_err(namespace);
            assert!(fault.to_string().contains("owner"), "{fault}");
        }
    }
}
