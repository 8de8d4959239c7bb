//! `paceline show`: the web page in the browser.

use std::io::{self, IsTerminal};
use std::process::{Command, Stdio};

use super::serve::{Allowed, print_write_address, serve};
use crate::arguments::ShowArguments;
use crate::failure::Failure;
use crate::output;

/// Serves and opens the page, where there is somebody to look at it.
pub(crate) fn run(arguments: &ShowArguments) -> Result<(), Failure> {
    let browser = !arguments.no_browser && io::stdout().is_terminal();
    serve(&arguments.listen, None, Allowed::default(), None, |listening| {
        if browser {
            open_browser(&page(&listening.launch_url, arguments.project.as_deref()));
        }
        let address = page(&listening.url, arguments.project.as_deref());
        output::line(&output::strong(&format!("* Trackio UI launched at: {address}")))?;
        print_write_address(listening)
    })
}

/// The address of the page, as the peer writes it.
fn page(address: &str, project: Option<&str>) -> String {
    let Some(project) = project else { return address.to_owned() };
    let mark = if address.contains('?') { '&' } else { '?' };
    format!("{address}{mark}project={}", percent_encoded(project))
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
        assert_eq!(page("http://h/", Some("a b")), "http://h/?project=a%20b");
        assert_eq!(page("http://h/?token=t", Some("p")), "http://h/?token=t&project=p");
        assert_eq!(percent_encoded("a b/ü&c-1"), "a%20b%2F%C3%BC%26c-1");
    }
}
