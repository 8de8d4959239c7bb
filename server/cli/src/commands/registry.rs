//! `paceline registry`: registries of artifacts in the data directory.

use paceline_query::Engine;
use paceline_schema::registry::{Collection, CollectionLink, NewLink, RegistryDetails};
use paceline_storage::{NewCollection, RegistryError, StorageError};
use serde_json::{Value, json};

use super::{open_engine, text};
use crate::arguments::{
    CollectionNamed, CreateCollectionArguments, LinkArguments, PromoteArguments, RegistryCommand,
    RegistryCreateArguments, RegistryNamed, Target, UnlinkArguments,
};
use crate::failure::Failure;
use crate::output;

/// Does what is asked about registries.
pub(crate) fn run(command: &RegistryCommand) -> Result<(), Failure> {
    match command {
        RegistryCommand::Create(arguments) => create(arguments),
        RegistryCommand::CreateCollection(arguments) => create_collection(arguments),
        RegistryCommand::List(arguments) => list(arguments),
        RegistryCommand::Show(arguments) => show(arguments),
        RegistryCommand::Link(arguments) => link(arguments),
        RegistryCommand::Promote(arguments) => promote(arguments),
        RegistryCommand::Unlink(arguments) => unlink(arguments),
        RegistryCommand::Events(arguments) => events(arguments),
    }
}

fn create(arguments: &RegistryCreateArguments) -> Result<(), Failure> {
    let RegistryNamed { registry, more } = &arguments.of;
    let engine = open_engine(&more.read.directory)?;
    let made = engine.store().create_registry(registry, arguments.description.as_deref())?;
    if more.read.json {
        let answer = json!({ "name": made.name, "description": made.description, "bucket_id": null });
        return Ok(output::json_indented(&answer)?);
    }
    Ok(output::line(&format!("Created registry '{}'.", made.name))?)
}

fn create_collection(arguments: &CreateCollectionArguments) -> Result<(), Failure> {
    let CollectionNamed { target, more } = &arguments.of;
    let engine = open_engine(&more.read.directory)?;
    let new = NewCollection {
        name: target.collection.clone(),
        collection_type: arguments.collection_type.clone(),
        description: arguments.description.clone(),
    };
    engine.store().create_collection(&target.registry, new)?;
    let made = collection(&engine, target)?;
    if more.read.json {
        return Ok(output::json_indented(&made)?);
    }
    Ok(output::line(&format!("Collection '{target}' is ready ({}).", made.collection_type))?)
}

fn list(arguments: &RegistryNamed) -> Result<(), Failure> {
    let RegistryNamed { registry, more } = arguments;
    let found = details(&open_engine(&more.read.directory)?, registry)?;
    if more.read.json {
        let answer = json!({ "registry": registry, "collections": found.collections });
        return Ok(output::json_indented(&answer)?);
    }
    if found.collections.is_empty() {
        return Ok(output::line(&format!("No collections found in registry '{registry}'."))?);
    }
    output::line(&format!("Collections in registry '{registry}':"))?;
    for Collection { name, collection_type, description, num_links, latest_version, .. } in &found.collections
    {
        let latest = latest_version.map_or_else(|| "(empty)".to_owned(), |version| format!("v{version}"));
        output::line(&format!("  - {name} ({collection_type}) latest={latest} versions={num_links}"))?;
        if let Some(description) = description.as_deref().filter(|text| !text.is_empty()) {
            output::line(&format!("      {description}"))?;
        }
    }
    Ok(())
}

fn show(arguments: &CollectionNamed) -> Result<(), Failure> {
    let CollectionNamed { target, more } = arguments;
    let found = collection(&open_engine(&more.read.directory)?, target)?;
    if more.read.json {
        return Ok(output::json_indented(&found)?);
    }
    output::line(&format!("Collection: {target}"))?;
    output::line(&format!("  type:        {}", found.collection_type))?;
    output::line(&format!("  versions:    {}", found.num_links))?;
    if let Some(description) = found.description.as_deref().filter(|text| !text.is_empty()) {
        output::line(&format!("  description: {description}"))?;
    }
    if found.links.is_empty() {
        return Ok(output::line("  No linked versions.")?);
    }
    output::line("  Linked versions:")?;
    for link in &found.links {
        let CollectionLink {
            collection_version,
            source_project,
            source_artifact,
            source_version,
            aliases,
            ..
        } = link;
        let aliases = if aliases.is_empty() { String::new() } else { format!(" [{}]", aliases.join(", ")) };
        output::line(&format!(
            "    - v{collection_version} -> {source_project}/{source_artifact}:v{source_version}{aliases}"
        ))?;
    }
    Ok(())
}

fn link(arguments: &LinkArguments) -> Result<(), Failure> {
    let LinkArguments { of: CollectionNamed { target, more }, source, aliases } = arguments;
    let engine = open_engine(&more.read.directory)?;
    let version = engine.artifact(&source.project, &source.artifact, source.spec.as_deref())?;
    // A registry that is there, whose collection may be missing yet.
    let before = details(&engine, &target.registry)?;
    let is_new = |link: &CollectionLink| {
        let same = |known: &CollectionLink| known.collection_version == link.collection_version;
        !links(&before, &target.collection).iter().any(same)
    };
    let linked = engine.store().link_version(NewLink {
        registry: target.registry.clone(),
        collection: target.collection.clone(),
        artifact_type: version.artifact_type.clone(),
        source_project: source.project.clone(),
        source_artifact: version.name.clone(),
        source_version: version.version,
        aliases: aliases.clone(),
        run: None,
    })?;
    if more.read.json {
        let answer = link_answer(target, &version.artifact_type, &linked, is_new(&linked));
        return Ok(output::json_indented(&answer)?);
    }
    let done = if is_new(&linked) { "Linked" } else { "Updated" };
    Ok(output::line(&format!(
        "{done} '{}/{}:v{}' as '{target}:v{}'.",
        source.project, version.name, version.version, linked.collection_version
    ))?)
}

fn link_answer(target: &Target, collection_type: &str, link: &CollectionLink, created: bool) -> Value {
    json!({
        "registry": target.registry,
        "collection": target.collection,
        "type": collection_type,
        "collection_version": link.collection_version,
        "source_project": link.source_project,
        "source_artifact": link.source_artifact,
        "source_version": link.source_version,
        "aliases": link.aliases,
        "created_at": link.created_at,
        "created": created,
    })
}

fn promote(arguments: &PromoteArguments) -> Result<(), Failure> {
    let PromoteArguments { of: CollectionNamed { target, more }, alias, version } = arguments;
    let engine = open_engine(&more.read.directory)?;
    let found = collection(&engine, target)?;
    let link = found.links.iter().find(|link| link.collection_version == *version);
    let link = link.ok_or_else(|| {
        let (collection, registry) = (target.collection.clone(), target.registry.clone());
        StorageError::from(RegistryError::VersionNotFound { version: *version, collection, registry })
    })?;
    let moved = engine.store().link_version(NewLink {
        registry: target.registry.clone(),
        collection: target.collection.clone(),
        artifact_type: found.collection_type.clone(),
        source_project: link.source_project.clone(),
        source_artifact: link.source_artifact.clone(),
        source_version: link.source_version,
        aliases: vec![alias.clone()],
        run: None,
    })?;
    if more.read.json {
        return Ok(output::json_indented(&link_answer(target, &found.collection_type, &moved, false))?);
    }
    Ok(output::line(&format!("Promoted '{target}:v{version}' to alias '{alias}'."))?)
}

fn unlink(arguments: &UnlinkArguments) -> Result<(), Failure> {
    let UnlinkArguments { of: CollectionNamed { target, more }, version } = arguments;
    let engine = open_engine(&more.read.directory)?;
    let before = details(&engine, &target.registry)?;
    engine.store().unlink_version(&target.registry, &target.collection, *version)?;
    let gone =
        links(&before, &target.collection).into_iter().find(|link| link.collection_version == *version);
    let latest = collection(&engine, target)?.latest_version;
    if more.read.json {
        return Ok(output::json_indented(&json!({
            "registry": target.registry,
            "collection": target.collection,
            "collection_version": version,
            "source_project": gone.as_ref().map(|link| &link.source_project),
            "source_artifact": gone.as_ref().map(|link| &link.source_artifact),
            "source_version": gone.as_ref().map(|link| link.source_version),
            "removed_aliases": gone.as_ref().map(|link| &link.aliases),
            "latest_version": latest,
        }))?);
    }
    Ok(output::line(&format!("Unlinked '{target}:v{version}'."))?)
}

fn events(arguments: &RegistryNamed) -> Result<(), Failure> {
    let RegistryNamed { registry, more } = arguments;
    let found = details(&open_engine(&more.read.directory)?, registry)?;
    if more.read.json {
        return Ok(output::json_indented(&json!({ "registry": registry, "events": found.events }))?);
    }
    if found.events.is_empty() {
        return Ok(output::line("No registry events found.")?);
    }
    for event in &found.events {
        output::line(&format!("{} | {} | {}", event.ts, event.kind, text::json(&event.payload)))?;
    }
    Ok(())
}

fn details(engine: &Engine, registry: &str) -> Result<RegistryDetails, Failure> {
    let missing = || StorageError::from(RegistryError::NotFound { registry: registry.to_owned() });
    Ok(engine.registry(registry)?.ok_or_else(missing)?)
}

fn collection(engine: &Engine, target: &Target) -> Result<Collection, Failure> {
    let found = details(engine, &target.registry)?.collections;
    found.into_iter().find(|collection| collection.name == target.collection).ok_or_else(|| {
        let (collection, registry) = (target.collection.clone(), target.registry.clone());
        StorageError::from(RegistryError::CollectionNotFound { collection, registry }).into()
    })
}

fn links(registry: &RegistryDetails, collection: &str) -> Vec<CollectionLink> {
    let found = registry.collections.iter().find(|found| found.name == collection);
    found.map(|found| found.links.clone()).unwrap_or_default()
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.registry, self.collection)
    }
}
