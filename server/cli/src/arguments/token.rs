//! Options of the commands for access tokens.

use clap::{Args, Subcommand};
use paceline_schema::Scope;

use super::DirectoryArgument;

#[derive(Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token and print it, this once: only its digest is kept.
    #[command(after_help = "Examples:\n  paceline token create --scope read --name dashboard\n  \
        paceline token create --scope write --expires-days 30 --json\n  \
        TRACKIO_WRITE_TOKEN=$(paceline token create --scope write) python train.py")]
    Create(TokenCreateArguments),
    /// List the tokens, without their secrets.
    #[command(after_help = "Example:\n  paceline token list --json")]
    List(TokenListArguments),
    /// Take a token back.
    #[command(after_help = "Example:\n  paceline token revoke 3f9c01ab")]
    Revoke(TokenRevokeArguments),
}

#[derive(Args)]
pub(crate) struct TokenCreateArguments {
    /// What it permits.
    #[arg(long, value_name = "SCOPE", value_parser = scope_parser())]
    pub(crate) scope: Scope,
    /// What it is for, so that you know it again.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Days until it permits nothing any more; it does not end by itself when absent.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub(crate) expires_days: Option<u32>,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

/// The words of the scopes, so that help and errors list them.
fn scope_parser() -> impl clap::builder::TypedValueParser<Value = Scope> {
    use clap::builder::{PossibleValuesParser, TypedValueParser};
    PossibleValuesParser::new(Scope::ALL.map(Scope::as_str))
        .map(|word| Scope::ALL.into_iter().find(|scope| scope.as_str() == word).unwrap_or(Scope::Read))
}

#[derive(Args)]
pub(crate) struct TokenListArguments {
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}

#[derive(Args)]
pub(crate) struct TokenRevokeArguments {
    /// Its id, as `paceline token list` shows it.
    pub(crate) id: String,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgument,
}
