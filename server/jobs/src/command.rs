//! The process of a job: its program, its environment, and what stands in for what this machine has not.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use std::io::Write;

use paceline_schema::env::{PACELINE_BINARY, PACELINE_JOB_ID, TRACKIO_DIR};

use crate::fault::JobFault;
use crate::folder::{JobFolder, Kept, private};

/// What does the work of `uv` where there is none.
const WITHOUT_UV: &str = include_str!("without_uv.py");

/// Of the environment of whoever serves, a job sees these and nothing that could be a secret.
const SHARED: [&str; 30] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TERM",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
    "CUDA_HOME",
    "NVIDIA_VISIBLE_DEVICES",
    "OMP_NUM_THREADS",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "XDG_CONFIG_HOME",
    "HF_ENDPOINT",
    "HF_HUB_CACHE",
    "HF_HUB_OFFLINE",
    "HF_HUB_DISABLE_XET",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "VIRTUAL_ENV",
];
/// Settings of package managers, by what their names begin with; those that carry a password do not.
const SHARED_FAMILIES: [&str; 2] = ["UV_", "PIP_"];
const SECRET_WORDS: [&str; 4] = ["TOKEN", "PASSWORD", "KEY", "INDEX"];

/// Puts programs and modules beside the job that stand in for those this machine has not; gives notes for its log.
pub(crate) fn furnish(folder: &JobFolder, kept: &Kept) -> Result<Vec<String>, JobFault> {
    let mut notes = Vec::new();
    if let Some(image) = kept.spec.docker_image.as_deref().or(kept.spec.space_id.as_deref()) {
        notes.push(format!("note: the image `{image}` is noted; this job runs on the machine itself"));
    }
    let (uv, python) = (folder.programs().join("uv"), folder.programs().join("python"));
    if !is_program("uv") {
        let script = folder.path().join("without_uv.py");
        let written = private(&script).and_then(|mut file| file.write_all(WITHOUT_UV.as_bytes()));
        written.map_err(JobFault::at(&script))?;
        let launcher = format!("#!/bin/sh\nexec python3 '{}' \"$@\"\n", script.display());
        write_program(&uv, &launcher).map_err(JobFault::at(&uv))?;
        notes.push(
            "note: this machine has no `uv`; `venv` and `pip` of Python do its work, more slowly".to_owned(),
        );
    }
    if !is_program("python")
        && let Some(found) = find_program("python3")
    {
        let _ = fs::remove_file(&python);
        symlink(found, &python).map_err(JobFault::at(&python))?;
    }
    if let Some(package) = &kept.package {
        let link = folder.modules().join("trackio");
        let _ = fs::remove_file(&link);
        symlink(package, &link).map_err(JobFault::at(&link))?;
    }
    Ok(notes)
}

/// The process, ready to be started.
pub(crate) fn prepare(folder: &JobFolder, kept: &Kept, secrets: &BTreeMap<String, String>) -> Command {
    let mut words: Vec<String> = kept.spec.command.iter().chain(&kept.spec.arguments).cloned().collect();
    // Elsewhere than in its own folder the job finds its script by the path alone.
    if let (Some(_), Some(script)) = (&kept.workplace, &kept.script)
        && let Some(word) = words.iter_mut().find(|word| *word == script)
    {
        *word = folder.work().join(script).display().to_string();
    }
    let (program, arguments) =
        words.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let mut command = Command::new(program);
    // A shell that logs in would lose the environment of the job.
    let is_shell = ["sh", "bash"].contains(&program.rsplit('/').next().unwrap_or_default());
    let without_login = |(place, word): (usize, &String)| match word.as_str() {
        "-lc" if is_shell && place == 0 => "-c".to_owned(),
        word => word.to_owned(),
    };
    command.args(arguments.iter().enumerate().map(without_login));
    command.env_clear();
    command.envs(std::env::vars_os().filter(|(name, _)| is_shared(name)));
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    let mut paths = vec![folder.programs()];
    paths.extend(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(paths).unwrap_or(path));
    // What is printed is to be read at once.
    command.env("PYTHONUNBUFFERED", "1");
    command.env(TRACKIO_DIR, &kept.directory).env(PACELINE_BINARY, &kept.program);
    // The second is its name at Hugging Face Jobs.
    command.env(PACELINE_JOB_ID, &kept.id).env("JOB_ID", &kept.id);
    if kept.package.is_some() {
        let given = kept.spec.environment.get("PYTHONPATH").map(PathBuf::from);
        let paths = [folder.modules()].into_iter().chain(given);
        command.env("PYTHONPATH", std::env::join_paths(paths).unwrap_or_default());
    }
    let given = kept.spec.environment.iter().chain(secrets);
    command.envs(given.filter(|(name, _)| kept.package.is_none() || *name != "PYTHONPATH"));
    command.current_dir(kept.workplace.clone().unwrap_or_else(|| folder.work()));
    command.stdin(Stdio::null());
    // A group of its own, which is ended as a whole.
    command.process_group(0);
    command
}

fn is_shared(name: &OsString) -> bool {
    let Some(name) = name.to_str() else { return false };
    let is_secret = SECRET_WORDS.iter().any(|word| name.contains(word));
    SHARED.contains(&name.to_uppercase().as_str())
        || (SHARED_FAMILIES.iter().any(|family| name.starts_with(family)) && !is_secret)
}

/// Whether the machine has a program of that name.
pub(crate) fn is_program(name: &str) -> bool {
    find_program(name).is_some()
}

fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

fn write_program(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o700).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_whoever_serves_stay_there() {
        for name in ["PATH", "http_proxy", "UV_CACHE_DIR", "PIP_FIND_LINKS"] {
            assert!(is_shared(&name.into()), "{name}");
        }
        for name in [
            "HF_TOKEN",
            "TRACKIO_WRITE_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "UV_PUBLISH_TOKEN",
            "UV_INDEX_URL",
            "PIP_INDEX_URL",
        ] {
            assert!(!is_shared(&name.into()), "{name}");
        }
    }
}
