//! What `paceline mcp` takes.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use paceline_http::Bouquet;

use super::DirectoryArgument;

#[derive(Args)]
pub(crate) struct McpArguments {
    /// Which tools are offered.
    #[arg(long, value_name = "SET", default_value = "all", value_parser = bouquet_parser())]
    pub(crate) bouquet: Bouquet,
    /// Offer tools that delete and rename as well; a server decides that for itself.
    #[arg(long)]
    pub(crate) allow_write: bool,
    /// Run commands and scripts as jobs of this machine, too, which may do whatever you may; a server decides that for
    /// itself.
    #[arg(long, requires = "allow_write")]
    pub(crate) jobs: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

/// The words of the sets, so that help and errors list them.
fn bouquet_parser() -> impl TypedValueParser<Value = Bouquet> {
    PossibleValuesParser::new(Bouquet::ALL.map(Bouquet::as_str))
        .map(|word| Bouquet::parse(&word).unwrap_or_default())
}
