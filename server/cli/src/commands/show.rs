//! `paceline show`: the web page in the browser.

use std::io::{self, IsTerminal};
use std::process::{Command, Stdio};

use paceline_http::Listening;

use super::serve::{print_write_address, serve};
use crate::arguments::ShowArguments;
use crate::failure::Failure;
use crate::output;

/// Serves and opens the page, where there is somebody to look at it.
pub(crate) fn run(arguments: &ShowArguments) -> Result<(), Failure> {
    let browser = !arguments.no_browser && io::stdout().is_terminal();
    serve(&arguments.listen, None, |listening| {
        if browser {
            open_browser(&page(
                listening,
                arguments.project.as_deref(),
                listening.generated_token.as_deref(),
            ));
        }
        let address = page(listening, arguments.project.as_deref(), None);
        output::line(&output::strong(&format!("* Trackio UI launched at: {address}")))?;
        print_write_address(listening)
    })
}

/// The address of the page, as the peer writes it.
fn page(listening: &Listening, project: Option<&str>, token: Option<&str>) -> String {
    let project = project.map(|name| format!("project={}", percent_encoded(name)));
    let token = token.map(|token| format!("write_token={token}"));
    let query: Vec<String> = project.into_iter().chain(token).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{}{mark}{}", listening.url, query.join("&"))
}

fn percent_encoded(text: &str) -> String {
    let keep = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    text.bytes()
        .map(|byte| if keep(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Best effort: the address is printed as well.
fn open_browser(address: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let quiet = |command: &mut Command| {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().is_ok()
    };
    quiet(Command::new(program).arg(address));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded() {
        assert_eq!(percent_encoded("a b/ü&c-1"), "a%20b%2F%C3%BC%26c-1");
    }
}
