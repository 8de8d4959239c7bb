//! What a caller of `hf_jobs` wishes: arguments under `args` or beside the operation, as agents write them.

use std::collections::BTreeMap;

use paceline_jobs::{Order, Script, resolved, timeout};
use paceline_schema::jobs::{JobSpec, JobStage, Secrets};
use serde_json::{Value, json};

use super::{UV_IMAGE, stages, text};
use crate::fault::Fault;
use crate::schemas::Object;

/// The schema of what the tool takes.
pub(crate) fn input() -> Object {
    let operations = [
        "run",
        "uv",
        "ps",
        "logs",
        "inspect",
        "cancel",
        "scheduled run",
        "scheduled uv",
        "scheduled ps",
        "scheduled inspect",
        "scheduled delete",
        "scheduled suspend",
        "scheduled resume",
    ];
    let schema = json!({
        "type": "object",
        "properties": {
            "operation": {"type": "string", "enum": operations, "description": "What to do; leave it out to be told how."},
            "args": {
                "type": "object",
                "description": "Arguments of the operation; `{\"help\": true}` tells them.",
                "properties": {
                    "command": {"description": "run: the program and what it is given, a list or one line.",
                        "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
                    "script": text("uv: the text of a Python script, its address, or a command."),
                    "script_args": {"type": "array", "items": {"type": "string"}},
                    "with_deps": {"type": "array", "items": {"type": "string"}, "description": "uv: further packages."},
                    "python": text("uv: version of Python."),
                    "image": text("run: noted on this machine."),
                    "flavor": text("The machine; noted on this machine."),
                    "env": {"type": "object"},
                    "secrets": {"type": "object", "description": "As env, seen by the job alone; `$HF_TOKEN` stands for the server's own."},
                    "timeout": text("As 90m, 2h or 1.5h; 30m when absent."),
                    "detach": {"type": "boolean", "description": "Do not wait for its first lines."},
                    "job_id": {"description": "logs, inspect, cancel.",
                        "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
                    "tail": {"type": "integer", "minimum": 1, "description": "logs: the last lines; 20 when absent."},
                    "all": {"type": "boolean", "description": "ps: those that have ended, too."},
                    "status": text("ps: only those in this stage."),
                    "help": {"type": "boolean"},
                },
            },
        },
    });
    schema.as_object().cloned().unwrap_or_default()
}

/// The arguments, wherever they stood.
#[derive(Debug, Clone)]
pub(super) struct Wishes(Object);

impl Wishes {
    pub(super) fn of(mut arguments: Object) -> Self {
        let nested = match arguments.remove("args") {
            Some(Value::Object(nested)) => nested,
            // Some agents send the object as a text.
            Some(Value::String(text)) => serde_json::from_str(&text).unwrap_or_default(),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_)) | None => Object::new(),
        };
        arguments.extend(nested);
        arguments.retain(|_, value| !value.is_null());
        Self(arguments)
    }

    pub(super) fn asks_for_help(&self) -> bool {
        self.truth("help")
    }

    pub(super) fn truth(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| value == &Value::Bool(true) || value == "true")
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).and_then(Value::as_str).map(str::to_owned).filter(|text| !text.is_empty())
    }

    pub(super) fn number(&self, name: &str) -> Option<usize> {
        let value = self.0.get(name)?;
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
        usize::try_from(number).ok()
    }

    /// A list of words; one text is one word.
    pub(super) fn words(&self, name: &str) -> Result<Vec<String>, Fault> {
        let wrong = || Fault::argument(format!("`{name}` is a list of texts"));
        match self.0.get(name) {
            None => Ok(Vec::new()),
            Some(Value::String(word)) => Ok(vec![word.clone()]),
            Some(Value::Array(words)) => {
                words.iter().map(|word| word.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
            }
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => Err(wrong()),
        }
    }

    /// The command of `run`: a list of words, or a line for a shell.
    pub(super) fn command(&self) -> Result<Vec<String>, Fault> {
        let words = self.words("command")?;
        match (self.0.get("command"), words.as_slice()) {
            (_, []) => Err(Fault::argument("`run` needs a `command`")),
            (Some(Value::String(_)), [line]) if line.contains(char::is_whitespace) => {
                Ok(vec!["/bin/sh".to_owned(), "-c".to_owned(), line.clone()])
            }
            (_, words) => Ok(words.to_vec()),
        }
    }

    pub(super) fn job(&self) -> Result<String, Fault> {
        self.jobs()?.into_iter().next().ok_or_else(|| Fault::argument("`job_id` names the job"))
    }

    pub(super) fn jobs(&self) -> Result<Vec<String>, Fault> {
        let ids = self.words("job_id")?;
        if ids.is_empty() { Err(Fault::argument("`job_id` names the job")) } else { Ok(ids) }
    }

    pub(super) fn stage(&self) -> Result<Option<JobStage>, Fault> {
        let Some(word) = self.text("status") else { return Ok(None) };
        let stage = JobStage::parse(&word);
        stage.map(Some).ok_or_else(|| {
            Fault::new(
                format!("there is no stage `{}`", word.escape_default()),
                format!("one of `{}`", stages()),
            )
        })
    }

    /// The order of a job.
    pub(super) fn order(
        &self,
        own_token: Option<&str>,
        command: Vec<String>,
        script: Option<Script>,
    ) -> Result<Order, Fault> {
        if self.0.contains_key("volumes") {
            let hint = "read and write the Hub from the script, or name files of this machine by their paths";
            return Err(Fault::new("jobs on this machine have no volumes to mount", hint));
        }
        let seconds = self.0.get("timeout").map(|value| match value {
            Value::Number(number) => {
                number.as_u64().ok_or_else(|| Fault::argument("`timeout` is a time, as `2h`"))
            }
            Value::String(text) => timeout(text).map_err(Fault::argument),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                Err(Fault::argument("`timeout` is a time, as `2h`"))
            }
        });
        let image = if script.is_some() || self.0.contains_key("script") { Some(UV_IMAGE) } else { None };
        let spec = JobSpec {
            command,
            environment: self.variables("env", own_token)?,
            secrets: Secrets(self.variables("secrets", own_token)?),
            flavor: self.text("flavor"),
            timeout_seconds: seconds.transpose()?,
            docker_image: self.text("image").or_else(|| image.map(str::to_owned)),
            ..JobSpec::default()
        };
        let namespace = self.text("namespace").unwrap_or_default();
        Ok(Order { spec, namespace, script, ..Order::default() })
    }

    fn variables(&self, name: &str, own_token: Option<&str>) -> Result<BTreeMap<String, String>, Fault> {
        let wrong = || Fault::argument(format!("`{name}` is an object of texts"));
        let Some(given) = self.0.get(name) else { return Ok(BTreeMap::new()) };
        let given = given.as_object().ok_or_else(wrong)?;
        let value = |value: &Value| match value {
            Value::String(text) => Some(resolved(text, own_token)),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        given.iter().map(|(name, given)| Ok((name.clone(), value(given).ok_or_else(wrong)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(value: Value) -> Wishes {
        Wishes::of(value.as_object().cloned().expect("an object"))
    }

    #[test]
    fn arguments_are_found_wherever_agents_put_them() {
        for value in [
            json!({"operation": "run", "args": {"command": ["a", "b"], "timeout": "2h"}}),
            json!({"operation": "run", "command": ["a", "b"], "timeout": 7200}),
            json!({"operation": "run", "args": "{\"command\": [\"a\", \"b\"], \"timeout\": \"120m\"}"}),
        ] {
            let wishes = wishes(value);
            let order = wishes.order(None, wishes.command().expect("a command"), None).expect("an order");
            assert_eq!(
                (order.spec.command.join(" "), order.spec.timeout_seconds),
                ("a b".to_owned(), Some(7_200))
            );
        }
        let line = wishes(json!({"command": "python -c 'print(1)'"})).command().expect("a command");
        assert_eq!(line, ["/bin/sh", "-c", "python -c 'print(1)'"]);
        let token = wishes(json!({"secrets": {"HF_TOKEN": "$HF_TOKEN"}}))
            .order(Some("hf_x"), vec![], None)
            .expect("an order");
        assert_eq!(token.spec.secrets.0["HF_TOKEN"], "hf_x");
        assert!(wishes(json!({"volumes": ["hf://x"]})).order(None, vec![], None).is_err());
        assert!(wishes(json!({})).jobs().is_err() && wishes(json!({"status": "x"})).stage().is_err());
    }
}
