//! The command `trackio`: becomes the program `paceline` that lies beside it.

use std::env;
use std::process::{Command, ExitCode};

/// Same name as `paceline_schema::env::PACELINE_AS`; this program is to stay without dependencies.
const PACELINE_AS: &str = "PACELINE_AS";

#[expect(clippy::print_stderr, reason = "a command of its own, with nothing to print through")]
fn main() -> ExitCode {
    let program = match env::current_exe().and_then(|path| path.canonicalize()) {
        Ok(path) => path.with_file_name(format!("paceline{}", env::consts::EXE_SUFFIX)),
        Err(error) => {
            eprintln!("error: the folder of this command cannot be found: {error}");
            return ExitCode::from(2);
        }
    };
    let mut command = Command::new(&program);
    command.args(env::args_os().skip(1)).env(PACELINE_AS, "trackio");
    let error = match become_program(&mut command) {
        Ok(code) => return code,
        Err(error) => error,
    };
    eprintln!("error: `{}` cannot be run: {error}", program.display());
    eprintln!("hint: install Paceline again; the two commands belong together");
    ExitCode::from(2)
}

/// Returns only when the program could not be started.
#[cfg(unix)]
fn become_program(command: &mut Command) -> std::io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

/// Waits for the program where a process cannot become another one.
#[cfg(not(unix))]
fn become_program(command: &mut Command) -> std::io::Result<ExitCode> {
    let code = command.status()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
