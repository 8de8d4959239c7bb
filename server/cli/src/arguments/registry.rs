//! Options of the commands about registries of artifacts, and about what is set for good.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ReadArguments;

#[derive(Subcommand)]
pub(crate) enum RegistryCommand {
    /// Make a registry.
    #[command(after_help = "Example:\n  paceline registry create models --description \"What we ship\"")]
    Create(RegistryCreateArguments),
    /// Make a collection of one type of artifacts where it is missing.
    #[command(after_help = "Example:\n  paceline registry create-collection models/churn --type model")]
    CreateCollection(CreateCollectionArguments),
    /// List the collections of a registry.
    #[command(after_help = "Example:\n  paceline registry list models --json")]
    List(RegistryNamed),
    /// Tell which versions a collection holds.
    #[command(after_help = "Example:\n  paceline registry show models/churn --json")]
    Show(CollectionNamed),
    /// Link a version of an artifact into a collection.
    #[command(
        after_help = "Examples:\n  paceline registry link models/churn digits/weights:v3 --alias production\n  \
        paceline registry link models/churn digits/weights"
    )]
    Link(LinkArguments),
    /// Point an alias at a version of a collection.
    #[command(after_help = "Example:\n  paceline registry promote models/churn production v2")]
    Promote(PromoteArguments),
    /// Take a version out of a collection.
    #[command(after_help = "Example:\n  paceline registry unlink models/churn v2")]
    Unlink(UnlinkArguments),
    /// Tell what was done to a registry, oldest first.
    #[command(after_help = "Example:\n  paceline registry events models --json")]
    Events(RegistryNamed),
}

#[derive(Args)]
pub(crate) struct RegistryNamed {
    /// Name of the registry.
    pub(crate) registry: String,
    #[command(flatten)]
    pub(crate) more: RegistryMore,
}

#[derive(Args)]
pub(crate) struct RegistryMore {
    /// Registries of the Hub, which this program does not keep.
    #[arg(long, hide = true, value_parser = no_bucket)]
    bucket_id: Option<String>,
    #[command(flatten)]
    pub(crate) read: ReadArguments,
}

fn no_bucket(_: &str) -> Result<String, String> {
    Err("registries are those of the data directory; leave `--bucket-id` out".to_owned())
}

#[derive(Args)]
pub(crate) struct RegistryCreateArguments {
    #[command(flatten)]
    pub(crate) of: RegistryNamed,
    /// What it is for.
    #[arg(long)]
    pub(crate) description: Option<String>,
}

/// A collection as `registry/collection`.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) registry: String,
    pub(crate) collection: String,
}

fn target(text: &str) -> Result<Target, String> {
    let text = text.strip_prefix("registry-").unwrap_or(text);
    match text.split_once('/') {
        Some((registry, collection))
            if !registry.is_empty() && !collection.is_empty() && !collection.contains('/') =>
        {
            Ok(Target { registry: registry.to_owned(), collection: collection.to_owned() })
        }
        _ => Err("write it as `registry/collection`, as `models/churn`".to_owned()),
    }
}

#[derive(Args)]
pub(crate) struct CollectionNamed {
    /// The collection, as registry/collection.
    #[arg(value_parser = target)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) more: RegistryMore,
}

#[derive(Args)]
pub(crate) struct CreateCollectionArguments {
    #[command(flatten)]
    pub(crate) of: CollectionNamed,
    /// What kind of artifacts it holds.
    #[arg(long = "type")]
    pub(crate) collection_type: String,
    /// What it is for.
    #[arg(long)]
    pub(crate) description: Option<String>,
}

/// A version of an artifact as `project/artifact[:version]`.
#[derive(Debug, Clone)]
pub(crate) struct VersionOfProject {
    pub(crate) project: String,
    pub(crate) artifact: String,
    pub(crate) spec: Option<String>,
}

fn version_of_project(text: &str) -> Result<VersionOfProject, String> {
    let wrong = || "write it as `project/artifact` or `project/artifact:v3`".to_owned();
    let (project, rest) = text.split_once('/').ok_or_else(wrong)?;
    let (artifact, spec) =
        rest.split_once(':').map_or((rest, None), |(name, spec)| (name, Some(spec.to_owned())));
    if project.is_empty() || artifact.is_empty() || spec.as_deref() == Some("") {
        return Err(wrong());
    }
    Ok(VersionOfProject { project: project.to_owned(), artifact: artifact.to_owned(), spec })
}

#[derive(Args)]
pub(crate) struct LinkArguments {
    #[command(flatten)]
    pub(crate) of: CollectionNamed,
    /// The version, as project/artifact or project/artifact:v3.
    #[arg(value_parser = version_of_project)]
    pub(crate) source: VersionOfProject,
    /// Alias to point at it; can be given more than once.
    #[arg(long = "alias", value_name = "ALIAS")]
    pub(crate) aliases: Vec<String>,
}

/// Reads `v3` or `3`.
fn version(text: &str) -> Result<i64, String> {
    let number = text.strip_prefix('v').unwrap_or(text).parse().ok();
    number.filter(|number| *number >= 0).ok_or_else(|| "write it as `v3`".to_owned())
}

#[derive(Args)]
pub(crate) struct PromoteArguments {
    #[command(flatten)]
    pub(crate) of: CollectionNamed,
    /// The alias.
    pub(crate) alias: String,
    /// Version of the collection, as v3.
    #[arg(value_parser = version)]
    pub(crate) version: i64,
}

#[derive(Args)]
pub(crate) struct UnlinkArguments {
    #[command(flatten)]
    pub(crate) of: CollectionNamed,
    /// Version of the collection, as v3.
    #[arg(value_parser = version)]
    pub(crate) version: i64,
}

#[derive(Subcommand)]
pub(crate) enum ConfigCommand {
    /// Tell what is set.
    #[command(after_help = "Example:\n  paceline config get")]
    Get,
    /// Set something for good.
    #[command(after_help = "Example:\n  paceline config set frontend ./my-page")]
    Set(ConfigSetArguments),
    /// Forget what was set.
    #[command(after_help = "Example:\n  paceline config unset frontend")]
    Unset(ConfigUnsetArguments),
}

#[derive(Args)]
pub(crate) struct ConfigSetArguments {
    /// What to set.
    #[arg(value_parser = ["frontend"])]
    pub(crate) key: String,
    /// The folder, with an `index.html`.
    pub(crate) frontend: PathBuf,
}

#[derive(Args)]
pub(crate) struct ConfigUnsetArguments {
    /// What to forget.
    #[arg(value_parser = ["frontend"])]
    pub(crate) key: String,
}
