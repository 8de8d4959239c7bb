//! `paceline config`: what is set for good, in the peer's file.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::arguments::ConfigCommand;
use crate::failure::Failure;
use crate::output;

/// Name of the folder of a page in the file.
const FRONTEND: &str = "frontend_dir";

/// Tells, sets or forgets.
pub(crate) fn run(command: &ConfigCommand) -> Result<(), Failure> {
    let file = file();
    let shown = file.display();
    match command {
        ConfigCommand::Get => match frontend() {
            Some(folder) => {
                output::line(&format!("frontend: {}", folder.display()))?;
                Ok(output::line(&format!("config: {shown}"))?)
            }
            None => {
                output::line("No Trackio frontend config is set.")?;
                Ok(output::line(&format!("Config file: {shown}"))?)
            }
        },
        ConfigCommand::Set(arguments) => {
            let folder = std::path::absolute(&arguments.frontend)?;
            if !folder.join("index.html").is_file() {
                return Err(Failure::new(
                    format!("`{}` is no folder with an `index.html`", folder.display()),
                    "name the folder of the built page",
                ));
            }
            let mut settings = read(&file);
            settings.insert(FRONTEND.to_owned(), folder.to_string_lossy().into());
            write(&file, &settings)?;
            output::line(&format!("Saved Trackio default frontend: {}", folder.display()))?;
            Ok(output::line("Reset with `trackio config unset frontend`.")?)
        }
        ConfigCommand::Unset(_) => {
            let mut settings = read(&file);
            if settings.remove(FRONTEND).is_none() {
                return Ok(output::line("No Trackio default frontend was set.")?);
            }
            write(&file, &settings)?;
            Ok(output::line("Removed Trackio default frontend.")?)
        }
    }
}

/// The folder of the page to show in the place of ours, where one was set and is still there.
pub(crate) fn frontend() -> Option<PathBuf> {
    let folder = PathBuf::from(read(&file()).get(FRONTEND)?.as_str()?);
    folder.join("index.html").is_file().then_some(folder)
}

/// It belongs to the person, not to a data directory.
fn file() -> PathBuf {
    let without_directory =
        |name: &str| std::env::var(name).ok().filter(|_| name != paceline_schema::env::TRACKIO_DIR);
    paceline_schema::env::data_directory(without_directory, std::env::home_dir()).join("config.json")
}

fn read(file: &Path) -> Map<String, Value> {
    fs::read(file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

fn write(file: &Path, settings: &Map<String, Value>) -> Result<(), Failure> {
    let written = if settings.is_empty() {
        fs::remove_file(file)
    } else {
        let folder = file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(file, format!("{:#}\n", Value::from(settings.clone()))))
    };
    written.map_err(|error| {
        let message = format!("`{}` cannot be written: {error}", file.display());
        Failure::new(message, "see that the folder may be written, or set HF_HOME")
    })
}
