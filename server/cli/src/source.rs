//! Where a command asks: a data directory, or a server of ours or the peer's by its wire.

use paceline_companion::{ServerReader, ServerRefusal};
use paceline_http::{Refusal, answer_call};
use paceline_query::{Engine, QueryError};
use paceline_schema::{Destination, DestinationKind, Operation, canonical_project};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::arguments::{DirectoryArgument, RemoteArguments};
use crate::commands::open_engine;
use crate::failure::{self, Failure};

/// Where a command asks.
pub(crate) enum Source {
    Local(Engine),
    Remote(ServerReader),
}

/// A run as calls name it: the newest of a name, or one by its id.
#[derive(Debug, Clone)]
pub(crate) struct RunNamed {
    pub(crate) name: String,
    /// Where an id was given, or a name stands for several.
    pub(crate) id: Option<String>,
}

impl Source {
    /// The server that is named, else the data directory.
    pub(crate) fn open(remote: &RemoteArguments, directory: &DirectoryArgument) -> Result<Self, Failure> {
        let Some(destination) = destination(remote)? else {
            return Ok(Self::Local(open_engine(directory)?));
        };
        Ok(Self::Remote(ServerReader::connect(destination)?))
    }

    /// Answers a call of the peer's wire; arguments that are left out are null.
    pub(crate) fn call(&self, operation: Operation, mut arguments: Value) -> Result<Value, Failure> {
        for parameter in operation.parameters() {
            if arguments.get(parameter.name).is_none() && (parameter.required || parameter.name == "run_id") {
                arguments[parameter.name] = Value::Null;
            }
        }
        match self {
            Self::Local(engine) => Ok(answer_call(engine, operation, &arguments)?),
            Self::Remote(server) => Ok(server.call(operation, &arguments)?),
        }
    }

    /// Answers a question that the peer's wire has no words for: by the engine, or from the address of our own
    /// interface that `parts` and `parameters` name.
    pub(crate) fn ask<T: DeserializeOwned>(
        &self,
        local: impl FnOnce(&Engine) -> Result<T, QueryError>,
        parts: &[&str],
        parameters: &[(&str, &str)],
    ) -> Result<T, Failure> {
        match self {
            Self::Local(engine) => Ok(local(engine)?),
            Self::Remote(server) => understood(ours(server)?.get(parts, parameters)?),
        }
    }

    /// The same for a question that has a body.
    pub(crate) fn ask_with<T: DeserializeOwned>(
        &self,
        local: impl FnOnce(&Engine) -> Result<T, QueryError>,
        parts: &[&str],
        body: &Value,
    ) -> Result<T, Failure> {
        match self {
            Self::Local(engine) => Ok(local(engine)?),
            Self::Remote(server) => understood(ours(server)?.post(parts, body)?),
        }
    }

    /// The names of the projects.
    pub(crate) fn projects(&self) -> Result<Vec<String>, Failure> {
        let answer = self.call(Operation::GetAllProjects, json!({}))?;
        Ok(texts(&answer))
    }

    /// Fails where there is no such project.
    pub(crate) fn check_project(&self, project: &str) -> Result<(), Failure> {
        match self {
            Self::Local(engine) => Ok(engine.max_step(project).map(drop)?),
            Self::Remote(_) => {
                let wanted = canonical_project(project);
                let is_there = self.projects()?.iter().any(|name| canonical_project(name) == wanted);
                is_there.then_some(()).ok_or_else(|| {
                    Failure::new(
                        format!("project `{project}` does not exist on this server"),
                        "`list projects` shows what is there",
                    )
                })
            }
        }
    }

    /// The runs of a project, oldest first.
    pub(crate) fn runs(&self, project: &str) -> Result<Vec<RunNamed>, Failure> {
        self.check_project(project)?;
        let answer = self.call(Operation::GetRunsForProject, json!({ "project": project }))?;
        let runs = answer
            .as_array()
            .into_iter()
            .flatten()
            .map(|run| RunNamed { name: text(&run["name"]), id: Some(text(&run["id"])) });
        Ok(runs.collect())
    }

    /// The run of this name, the newest of them, or of this id.
    pub(crate) fn run(&self, project: &str, run: &str) -> Result<RunNamed, Failure> {
        let runs = self.runs(project)?;
        if runs.iter().any(|found| found.name == run) {
            return Ok(RunNamed { name: run.to_owned(), id: None });
        }
        if let Some(found) = runs.into_iter().find(|found| found.id.as_deref() == Some(run)) {
            return Ok(found);
        }
        if let Self::Local(engine) = self {
            // The engine knows which names are alike.
            engine.run_id(project, run)?;
        }
        Err(Failure::new(
            format!("run `{run}` is not in project `{project}`"),
            format!("`list runs --project {project}` shows what is there"),
        ))
    }
}

/// A server that has more answers than the peer's wire has questions.
fn ours(server: &ServerReader) -> Result<&ServerReader, Failure> {
    server.is_ours().then_some(server).ok_or_else(|| {
        Failure::new(
            "this server is Trackio's own, which has no answer to that",
            "`list`, `get` and `query` work there; `paceline serve` on its data directory answers everything",
        )
    })
}

fn understood<T: DeserializeOwned>(answer: Value) -> Result<T, Failure> {
    serde_json::from_value(answer).map_err(|error| {
        Failure::new(format!("the server answers in another form: {error}"), "bring both to the same version")
    })
}

/// The server that is to be asked; none where it is a data directory.
///
/// # Errors
/// When what is given is no address.
pub(crate) fn destination(remote: &RemoteArguments) -> Result<Option<Destination>, Failure> {
    let wrong = |message: String| Failure::new(message, "write it as `http://127.0.0.1:7860`");
    let given = |address: &Option<String>| address.clone().filter(|text| !text.is_empty());
    let (address, is_space) = match (given(&remote.server), given(&remote.space)) {
        (Some(server), _) => (server, false),
        (None, Some(space)) if space.contains("://") => (space, false),
        (None, Some(space)) => (address_of_space(&space)?, true),
        (None, None) => return Ok(None),
    };
    let token = if is_space || is_address_of_space(&address) {
        return Destination::new(DestinationKind::Space, &address, remote.hf_token.clone())
            .map(Some)
            .map_err(wrong);
    } else {
        let in_address = address.split(['?', '&', '#']).find_map(|part| part.strip_prefix("write_token="));
        let in_environment = || std::env::var(paceline_schema::env::TRACKIO_WRITE_TOKEN).ok();
        in_address.map(str::to_owned).or_else(in_environment)
    };
    Destination::new(DestinationKind::Server, &address, token).map(Some).map_err(wrong)
}

/// The address a Space answers at.
fn address_of_space(space: &str) -> Result<String, Failure> {
    let no_space = || {
        Failure::new(
            format!("`{space}` is no Space"),
            "write it as `owner/name`, or give the address of a server",
        )
    };
    let (owner, name) = space.split_once('/').ok_or_else(no_space)?;
    let host = format!("{owner}-{name}").to_lowercase().replace(['.', '_', '/'], "-");
    let address = format!("https://{host}.hf.space");
    if is_address_of_space(&address) { Ok(address) } else { Err(no_space()) }
}

/// Whether it is the address of a Space, which the token of the Hub may go to: others may look like one.
fn is_address_of_space(address: &str) -> bool {
    let Some(rest) = address.trim().strip_prefix("https://") else { return false };
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.split(':').next().is_some_and(|host| host.to_ascii_lowercase().ends_with(".hf.space"))
}

/// The texts of a list.
pub(crate) fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(text).collect()
}

/// A text; nothing for anything else.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.message, failure::hint(refusal.code, refusal.hint))
    }
}

impl From<ServerRefusal> for Failure {
    fn from(refusal: ServerRefusal) -> Self {
        let hint = if refusal.is_answer {
            "`list projects` with the same address shows what is there"
        } else {
            "see that the server runs and that its address and token are right"
        };
        Self::new(refusal.message, hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_has_an_address() {
        assert_eq!(address_of_space("Ada/my_runs.x").ok().as_deref(), Some("https://ada-my-runs-x.hf.space"));
        for none in ["runs", "evil#/x", "evil:80?/x"] {
            assert!(address_of_space(none).is_err(), "{none}");
        }
    }

    #[test]
    fn the_token_of_the_hub_goes_to_spaces_alone() {
        let goes_to = |server: &str| {
            let (server, hf_token) = (Some(server.to_owned()), Some("hf_secret".to_owned()));
            let found = destination(&RemoteArguments { server, space: None, hf_token }).ok().flatten();
            found.is_some_and(|found| found.token.as_deref() == Some("hf_secret"))
        };
        for space in ["https://me-x.hf.space", "https://Me-X.HF.space:443/", " https://u@me-x.hf.space?a=1"] {
            assert!(goes_to(space), "{space}");
        }
        for other in [
            "http://me-x.hf.space",
            "http://me.hf.space.evil.example",
            "https://me.hf.space.evil.example",
            "https://evil.example/x.hf.space",
            "https://evil.example?a=.hf.space",
            "https://evil.example#.hf.space",
            "https://evil.example\\.hf.space",
            "https://x.hf.space@evil.example",
            "https://evilhf.space",
        ] {
            assert!(!goes_to(other), "{other}");
        }
    }

    #[test]
    fn an_address_carries_its_token() {
        let remote =
            |server: &str| RemoteArguments { server: Some(server.to_owned()), space: None, hf_token: None };
        let found = destination(&remote("http://h:1/?write_token=t")).ok().flatten().expect("one");
        assert_eq!((found.url(), found.token.as_deref()), ("http://h:1", Some("t")));
        assert!(destination(&remote("h:1")).is_err());
    }
}
