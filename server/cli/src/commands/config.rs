//! `paceline config`: what is set for good, in the peer's file.

use std::fs;
use std::io::{self, Write};
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
        ConfigCommand::Get => match frontend_of(&read(&file)?) {
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
            let mut settings = read(&file)?;
            settings.insert(FRONTEND.to_owned(), folder.to_string_lossy().into());
            write(&file, &settings)?;
            output::line(&format!("Saved Trackio default frontend: {}", folder.display()))?;
            Ok(output::line("Reset with `trackio config unset frontend`.")?)
        }
        ConfigCommand::Unset(_) => {
            let mut settings = read(&file)?;
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
    // Ours is shown where nobody can say which.
    frontend_of(&read(&file()).ok()?)
}

fn frontend_of(settings: &Map<String, Value>) -> Option<PathBuf> {
    let folder = PathBuf::from(settings.get(FRONTEND)?.as_str()?);
    folder.join("index.html").is_file().then_some(folder)
}

/// It belongs to the person, not to a data directory.
fn file() -> PathBuf {
    let without_directory =
        |name: &str| std::env::var(name).ok().filter(|_| name != paceline_schema::env::TRACKIO_DIR);
    paceline_schema::env::data_directory(without_directory, std::env::home_dir()).join("config.json")
}

/// What the file holds; nothing where there is none.
fn read(file: &Path) -> Result<Map<String, Value>, Failure> {
    let unreadable = |reason: String| {
        let message = format!("`{}` cannot be read: {reason}", file.display());
        Failure::new(message, "it is left as it is: mend it, or move it away")
    };
    match fs::read(file) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Map::new()),
        Err(error) => Err(unreadable(error.to_string())),
    }
}

fn write(file: &Path, settings: &Map<String, Value>) -> Result<(), Failure> {
    let written = if settings.is_empty() {
        fs::remove_file(file)
    } else {
        write_whole(file, &format!("{:#}\n", Value::from(settings.clone())))
    };
    written.map_err(|error| {
        let message = format!("`{}` cannot be written: {error}", file.display());
        Failure::new(message, "see that the folder may be written, or set HF_HOME")
    })
}

/// Writes a file whole or not at all.
fn write_whole(file: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
    let partial = file.with_extension(format!("json.{}.partial", std::process::id()));
    let written = fs::File::create(&partial).and_then(|mut partial| {
        partial.write_all(text.as_bytes())?;
        partial.sync_all()
    });
    written.and_then(|()| fs::rename(&partial, file)).inspect_err(|_| {
        // It may never have been made.
        let _ = fs::remove_file(&partial);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_not_taken_for_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("home/config.json");
        let mut settings = read(&file).expect("there is none");
        assert!(settings.is_empty());
        settings.insert("mine".to_owned(), "kept".into());
        write(&file, &settings).expect("it is written");
        assert_eq!(read(&file).expect("it is read"), settings);
        assert_eq!(fs::read_dir(folder.path().join("home")).expect("it is read").count(), 1);
        for text in ["{\"mine\": ", "[1]", ""] {
            fs::write(&file, text).expect("it is written");
            read(&file).expect_err("these are no settings");
        }
        fs::remove_file(&file).and_then(|()| fs::create_dir(&file)).expect("a folder in its place");
        read(&file).expect_err("it cannot be read");
    }
}
