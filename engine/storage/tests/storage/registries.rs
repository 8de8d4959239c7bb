//! Registries made and changed, beside what the peer's own files show in `tests/python/test_registries.py`.

use paceline_schema::registry::{CollectionLink, NewLink, Registry, RegistryEvent};
use paceline_storage::{NewCollection, RegistryError, StorageError, Store};
use rusqlite::Connection;

use crate::support::Scratch;

fn link(version: i64, aliases: &[&str]) -> NewLink {
    NewLink {
        registry: "models".into(),
        collection: "churn".into(),
        artifact_type: "model".into(),
        source_project: "p".into(),
        source_artifact: "net".into(),
        source_version: version,
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        run: None,
    }
}

fn contents(store: &Store) -> (Option<Registry>, Vec<CollectionLink>, Vec<RegistryEvent>) {
    let file = store.project("registry-models").expect("it is there");
    file.read(|reader| {
        let links = reader.collections()?.into_iter().flat_map(|collection| collection.links).collect();
        Ok((reader.registry("models")?, links, reader.registry_events()?))
    })
    .expect("it is read")
}

#[test]
fn aliases_move_and_numbers_are_never_given_again() {
    let Scratch { store, .. } = &Scratch::new();
    store.create_registry("models", None).expect("it is made");
    assert_eq!(store.link_version(link(7, &["prod"])).expect("it is linked").collection_version, 0);
    assert_eq!(store.link_version(link(8, &["prod"])).expect("it is linked").aliases, ["latest", "prod"]);
    // A version that is there stays where it is, and the alias comes back to it.
    assert_eq!(store.link_version(link(7, &["prod", "latest"])).expect("it is there").aliases, ["prod"]);
    let events = contents(store).2.len();
    store.link_version(link(7, &["prod"])).expect("it is there");
    assert_eq!(contents(store).2.len(), events, "nothing changed, so nothing is noted");

    store.unlink_version("models", "churn", 1).expect("it goes");
    let (_, links, noted) = contents(store);
    assert_eq!(links.len(), 1);
    assert_eq!(links[0].aliases, ["latest", "prod"]);
    assert_eq!(noted.last().map(|event| &event.payload["latest_version"]), Some(&0.into()));
    store.unlink_version("models", "churn", 0).expect("it goes");
    assert_eq!(contents(store).2.last().map(|event| event.payload["latest_version"].is_null()), Some(true));
    let again = store.link_version(link(7, &[])).expect("it is linked");
    assert_eq!((again.collection_version, again.aliases), (2, vec!["latest".to_owned()]));
}

#[test]
fn what_is_refused_leaves_nothing() {
    let scratch = Scratch::new();
    let store = &scratch.store;
    let missing = store.link_version(link(0, &[])).expect_err("there is no registry");
    assert!(matches!(missing, StorageError::Registry(RegistryError::NotFound { .. })), "{missing}");
    assert!(!scratch.path("registry-models.db").exists());
    store.create_registry("../models", None).expect_err("it is no name");

    store.create_registry("models", Some("of all teams")).expect("it is made");
    let taken = store.create_registry("models", None).expect_err("it is there");
    assert!(matches!(taken, StorageError::Registry(RegistryError::Taken { .. })), "{taken}");
    store.link_version(link(0, &["v3"])).expect_err("it looks like a version");
    store
        .link_version(NewLink { artifact_type: String::new(), ..link(0, &[]) })
        .expect_err("a type is needed");
    let other = NewCollection { name: "churn".into(), collection_type: "dataset".into(), description: None };
    store.create_collection("models", other).expect("it is made");
    let refused = store.link_version(link(0, &[])).expect_err("it is of another type");
    assert!(refused.to_string().contains("`dataset`"), "{refused}");
    store.unlink_version("models", "churn", 0).expect_err("it is empty");
    let (registry, links, events) = contents(store);
    assert_eq!(registry.and_then(|registry| registry.description).as_deref(), Some("of all teams"));
    assert!(links.is_empty());
    assert_eq!(events.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["create", "create"]);
}

#[test]
fn a_creation_that_was_cut_off_is_made_again() {
    let scratch = Scratch::new();
    Connection::open(scratch.path("registry-models.db"))
        .and_then(|file| file.execute_batch("CREATE TABLE collections (id INTEGER PRIMARY KEY)"))
        .expect("it is left behind");
    let store = &scratch.store;
    store.link_version(link(0, &[])).expect_err("it has no mark");
    std::fs::remove_file(scratch.path("registry-models.db")).expect("it goes");
    std::fs::File::create(scratch.path("registry-models.db")).expect("an empty one is left behind");
    store.create_registry("models", None).expect("it is made");
    assert_eq!(scratch.reopened().registries().expect("they are listed"), ["models"]);
}
