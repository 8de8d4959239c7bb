//! Options of the command that opens the page.

use clap::Args;

use super::ListenArguments;

#[derive(Args)]
pub(crate) struct ShowArguments {
    /// What to open in the place of a project: the registries of artifacts.
    #[arg(value_name = "registry", value_parser = ["registry"], conflicts_with = "project")]
    pub(crate) dashboard: Option<String>,
    /// Project to open; the overview when absent.
    #[arg(long)]
    pub(crate) project: Option<String>,
    /// Accepted for the peer's sake: the page has a light and a dark theme, and is asked for one by its menu.
    #[arg(long, hide = true)]
    pub(crate) theme: Option<String>,
    /// Say at which address the tools of MCP are; they are always served.
    #[arg(long)]
    pub(crate) mcp_server: bool,
    /// Show the page with the foot below it, as usual.
    #[arg(long = "footer", overrides_with = "no_footer", hide = true)]
    _footer: bool,
    /// Show the page without the foot below it.
    #[arg(long, overrides_with = "_footer")]
    no_footer: bool,
    /// Colours of the lines, as #3B82F6, with commas between them; TRACKIO_COLOR_PALETTE.
    #[arg(long, value_name = "COLOURS")]
    pub(crate) color_palette: Option<String>,
    /// Print the address only.
    #[arg(long)]
    pub(crate) no_browser: bool,
    #[command(flatten)]
    pub(crate) listen: ListenArguments,
}

impl ShowArguments {
    /// The page has its foot; of `--footer` and `--no-footer` the last one counts.
    pub(crate) fn has_footer(&self) -> bool {
        !self.no_footer
    }
}
