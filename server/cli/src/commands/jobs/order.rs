//! What a command line orders, as a job.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use paceline_hub::jobs::name_of_script;
use paceline_hub::remote::Account;
use paceline_jobs::{Order, Script, UV_IMAGE, UvScript, resolved};
use paceline_schema::env::HF_TOKEN;
use paceline_schema::jobs::{JobSpec, Secrets};

use crate::arguments::{JobOptions, JobsRunArguments, JobsUvArguments};
use crate::failure::Failure;

/// The image of a command that names none, where images count.
const IMAGE: &str = "python:3.12";
/// The label that names a job.
const NAME: &str = "name";

/// A command.
pub(super) fn of_command(arguments: &JobsRunArguments) -> Result<Order, Failure> {
    order(&arguments.options, arguments.command.clone(), None, None, None)
}

/// A script: a file of this machine goes with the job, an address is fetched by it.
pub(super) fn of_script(arguments: &JobsUvArguments) -> Result<Order, Failure> {
    let path = Path::new(&arguments.script);
    let is_file = path.is_file();
    let is_missing = !is_file && !arguments.script.contains("://") && arguments.script.ends_with(".py");
    if is_missing {
        let hint = "give the path of a script, its address, or a command of a package with `--with`";
        return Err(Failure::new(format!("there is no script '{}'", arguments.script), hint));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut uv = UvScript {
        script: arguments.script.clone(),
        arguments: arguments.arguments.clone(),
        packages: arguments.packages.clone(),
        python: arguments.python.clone(),
    };
    let mut script = None;
    if is_file {
        let bytes = fs::read(path).map_err(|error| {
            Failure::new(format!("'{}' cannot be read: {error}", path.display()), "look at its permissions")
        })?;
        uv.script.clone_from(&name);
        script = Some(Script { name, bytes, uv: uv.clone() });
    }
    let name = name_of_script(&arguments.script, &arguments.arguments);
    order(&arguments.options, uv.command(), script, Some(UV_IMAGE), Some(name))
}

/// An order of this machine's user with variables as they are given.
pub(in crate::commands) fn own(
    command: Vec<String>,
    environment: &[String],
    secrets: &[String],
) -> Result<Order, Failure> {
    let spec = JobSpec {
        command,
        environment: variables(environment)?,
        secrets: Secrets(variables(secrets)?),
        docker_image: Some(UV_IMAGE.to_owned()),
        ..JobSpec::default()
    };
    Ok(Order { spec, ..Order::default() })
}

fn order(
    options: &JobOptions,
    command: Vec<String>,
    script: Option<Script>,
    image: Option<&str>,
    name: Option<String>,
) -> Result<Order, Failure> {
    let labels = options.labels.iter().map(|label| pair(label, "--label"));
    let mut labels: BTreeMap<String, String> = labels.collect::<Result<_, _>>()?;
    if let Some(name) = name {
        labels.entry(NAME.to_owned()).or_insert(name);
    }
    let spec = JobSpec {
        command,
        environment: variables(&options.environment)?,
        secrets: Secrets(variables(&options.secrets)?),
        flavor: options.flavor.clone(),
        timeout_seconds: options.timeout,
        attempts: options.attempts,
        labels,
        docker_image: options.image.clone().or_else(|| Some(image.unwrap_or(IMAGE).to_owned())),
        ..JobSpec::default()
    };
    // As a command does that is no job: what it names lies where it is ordered from.
    let folder = std::env::current_dir().map_err(|error| {
        Failure::new(format!("the current folder cannot be told: {error}"), "change to a folder that exists")
    })?;
    Ok(Order { spec, memory_bytes: options.memory, script, folder: Some(folder), ..Order::default() })
}

/// Variables with their values; one without a value has that of this command, HF_TOKEN that of the Hub's own file.
fn variables(given: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let value_of = |text: &String| match text.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), resolved(value, own_token().as_deref()))),
        None => {
            let own = if text == HF_TOKEN { own_token() } else { std::env::var(text).ok() };
            let own = own.ok_or_else(|| {
                Failure::new(
                    format!("`{text}` has no value"),
                    format!("write `{text}=VALUE`, or set it for this command"),
                )
            })?;
            Ok((text.clone(), own))
        }
    };
    given.iter().map(value_of).collect()
}

/// The token for the Hub, from where its own programs take it.
fn own_token() -> Option<String> {
    Account::of_this_process().ok()?.token().map(|token| token.for_job().to_owned())
}

fn pair(text: &str, option: &str) -> Result<(String, String), Failure> {
    let (name, value) = text.split_once('=').ok_or_else(|| {
        Failure::new(format!("`{text}` has no value"), format!("write `{option} NAME=VALUE`"))
    })?;
    Ok((name.to_owned(), value.to_owned()))
}
