//! `paceline show`: the web page in the browser.

use std::io::{self, IsTerminal};
use std::process::{Command, Stdio};

use super::serve::{ServedPage, print_write_address, serve};
use crate::arguments::ShowArguments;
use crate::failure::Failure;
use crate::output;

/// Serves and opens the page, where there is somebody to look at it.
pub(crate) fn run(arguments: &ShowArguments) -> Result<(), Failure> {
    let browser = !arguments.no_browser && io::stdout().is_terminal();
    if arguments.theme.as_deref().is_some_and(|theme| theme != "default") {
        output::note("`--theme` does nothing: the page has its themes in its menu");
    }
    let what = Shown {
        is_registry: arguments.dashboard.is_some(),
        project: arguments.project.as_deref(),
        has_footer: arguments.has_footer(),
    };
    let page = ServedPage { colours: arguments.color_palette.clone(), ..ServedPage::default() };
    serve(&arguments.listen, page, None, |listening| {
        if browser {
            open_browser(&what.address(&listening.launch_url));
        }
        let address = what.address(&listening.url);
        output::line(&output::strong(&format!("* Trackio UI launched at: {address}")))?;
        if arguments.mcp_server {
            output::line(&format!(
                "* Trackio MCP server launched at: {}/mcp",
                listening.url.trim_end_matches('/')
            ))?;
        }
        print_write_address(listening, false)
    })
}

/// What of the page is opened.
struct Shown<'a> {
    is_registry: bool,
    project: Option<&'a str>,
    has_footer: bool,
}

impl Shown<'_> {
    /// Its address, as the peer writes it; `server` may end with a question of its own.
    fn address(&self, server: &str) -> String {
        let (place, question) =
            server.split_once('?').map_or((server, None), |(place, rest)| (place, Some(rest)));
        let mut question: Vec<String> = question.map(str::to_owned).into_iter().collect();
        question.extend(self.project.map(|project| format!("project={}", percent_encoded(project))));
        question.extend((!self.has_footer).then(|| "footer=false".to_owned()));
        let place = if self.is_registry {
            format!("{}/registry", place.trim_end_matches('/'))
        } else {
            place.to_owned()
        };
        if question.is_empty() { place } else { format!("{place}?{}", question.join("&")) }
    }
}

fn percent_encoded(text: &str) -> String {
    let keep = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    text.bytes()
        .map(|byte| if keep(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Best effort: the address is printed as well.
pub(super) fn open_browser(address: &str) {
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
    fn the_address_names_what_is_opened() {
        let address = |is_registry, project, has_footer, server| {
            Shown { is_registry, project, has_footer }.address(server)
        };
        assert_eq!(address(false, None, true, "http://h/"), "http://h/");
        assert_eq!(address(false, Some("a b"), true, "http://h/"), "http://h/?project=a%20b");
        assert_eq!(
            address(false, Some("p"), false, "http://h/?token=t"),
            "http://h/?token=t&project=p&footer=false"
        );
        assert_eq!(address(true, None, true, "http://h/?token=t"), "http://h/registry?token=t");
        assert_eq!(percent_encoded("a b/ü&c-1"), "a%20b%2F%C3%BC%26c-1");
    }
}
