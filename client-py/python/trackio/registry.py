"""Registries: collections of versions of artifacts that projects share, each version a link to where it was logged.

    from trackio import Api

    Api().create_registry("models", description="what is served")
    run.link_artifact(artifact, "registry-models/churn", aliases=["staging"])
    served = run.use_artifact("registry-models/churn:staging").download()

A registry is a file of the data directory, `registry-<name>.db`; the program beside Python reads and writes it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from trackio._program import ProgramError, ask_data
from trackio.artifact import Artifact, check_name, checked_aliases

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trackio._run import Run

REGISTRY_PREFIX = "registry-"
_WANDB_PREFIX = "wandb-"
_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Collection:
    """A collection as it was when it was asked for."""

    name: str
    """Name, one of its registry."""
    type: str
    """What kind of artifacts it holds."""
    description: str | None
    """Free text."""
    created_at: str
    """When it was made, RFC 3339 in UTC."""
    num_links: int
    """How many versions it has."""
    latest_version: int | None
    """Number of the newest one; `None` when it is empty."""
    links: list[dict[str, Any]]
    """Its versions, newest first: `collection_version`, `source_project`, `source_artifact`, `source_version`, `aliases`."""


class Registry:
    """A registry of the data directory; `Api.create_registry` makes one, `Api.registry` gives one that is there.

    Raises `ValueError` for a name that has other characters than letters, digits, `_` and `-`, and
    `NotImplementedError` for a `bucket_id`: registries in Buckets of the Hub are not kept. Source: the peer's
    `trackio.registry.Registry`.
    """

    def __init__(self, name: str, bucket_id: str | None = None) -> None:
        refuse_bucket(bucket_id)
        self._name = checked_registry_name(name)

    @property
    def name(self) -> str:
        """Name."""
        return self._name

    @property
    def bucket_id(self) -> str | None:
        """The Bucket it is kept in; `None`, since it is kept in the data directory."""
        return None

    @property
    def description(self) -> str | None:
        """Free text."""
        found = details(self._name)
        return None if found is None else found["description"]

    def create_collection(self, name: str, artifact_type: str, description: str | None = None) -> Collection:
        """Makes a collection, which takes artifacts of one type; one that is there is described anew, and given.

        Linking makes collections too. Raises `ValueError` for a name that cannot be used and for another type than
        that of the collection that is there.
        """
        check_name("collection name", name)
        _check_type(artifact_type)
        ask_data("create_collection", registry=self._name, collection=name, type=artifact_type, description=description)
        made = self.collection(name)
        assert made is not None
        return made

    def collection(self, name: str) -> Collection | None:
        """The collection of that name; `None` when there is none."""
        return next((found for found in self.collections() if found.name == name), None)

    def collections(self) -> list[Collection]:
        """The collections, by type and name; none when the registry is not there."""
        found = details(self._name)
        return [] if found is None else [Collection(**collection) for collection in found["collections"]]

    def events(self) -> list[dict[str, Any]]:
        """What was done to the registry, oldest first: `id`, `event_uid`, `ts`, `kind` and `payload` of each.

        `kind` is `create`, `link`, `promote`, `update` or `unlink`.
        """
        found = details(self._name)
        return [] if found is None else found["events"]

    def __repr__(self) -> str:
        return f"Registry({self._name!r})"


def details(name: str) -> "dict[str, Any] | None":
    """A registry with all that is in it; `None` when it is not there."""
    try:
        found: dict[str, Any] = ask_data("registry", registry=name)
    except ProgramError as error:
        if error.code == "artifact_not_found":
            return None
        raise
    return found


def refuse_bucket(bucket_id: str | None) -> None:
    """Raises `NotImplementedError` when a registry is to be in a Bucket, by `bucket_id` or TRACKIO_REGISTRY_BUCKET_ID."""
    bucket_id = bucket_id or os.environ.get("TRACKIO_REGISTRY_BUCKET_ID")
    if bucket_id:
        raise NotImplementedError(
            f"registries in Buckets are not kept: leave `{bucket_id}` out of `bucket_id` and TRACKIO_REGISTRY_BUCKET_ID "
            "for a registry of the data directory"
        )


def checked_registry_name(name: Any) -> str:
    """The name; `ValueError` for one that cannot be used."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"registry name `{name}` cannot be used: only letters, digits, `_` and `-` are allowed, at least one")
    return name


def registry_and_collection(target_path: Any) -> tuple[str, str]:
    """The two names in `registry-<registry>/<collection>`; `ValueError` for another form.

    wandb's `wandb-registry-<registry>/<collection>`, with or without an organisation before it, means the same.
    """
    path = target_path if isinstance(target_path, str) else ""
    file, _, collection = path.rpartition("/")
    if is_wandb_path(path):
        file = file.rpartition("/")[2].removeprefix(_WANDB_PREFIX)
    if not file.startswith(REGISTRY_PREFIX) or "/" in file:
        raise ValueError(f"`{target_path}` names no collection of a registry; write `{REGISTRY_PREFIX}<registry>/<collection>`")
    check_name("collection name", collection)
    return checked_registry_name(file.removeprefix(REGISTRY_PREFIX)), collection


def is_wandb_path(path: str) -> bool:
    """Whether a path names a collection as wandb does, where registries are there from the start."""
    file = path.rpartition("/")[0].rpartition("/")[2]
    return file.startswith(_WANDB_PREFIX + REGISTRY_PREFIX)


def link(
    artifact: Artifact, target_path: str, aliases: list[str] | None, bucket_id: str | None, run: "Run | None"
) -> Artifact:
    """Links a version into a collection, and gives the link; see `Artifact.link` and `Run.link_artifact`."""
    registry, collection = registry_and_collection(target_path)
    if not isinstance(artifact, Artifact):
        raise TypeError(f"`link_artifact` takes an `Artifact`, not `{type(artifact).__name__}`; `use_artifact` finds one by name")
    refuse_bucket(bucket_id)
    elsewhere = artifact._destination if run is None else run._destination or artifact._destination
    if elsewhere is not None:
        raise NotImplementedError(
            f"registries are kept in the data directory, and `{artifact.name}` belongs to the server `{elsewhere.source}`: "
            "link it in a run of the data directory of that server"
        )
    aliases = checked_aliases(aliases)
    if artifact._record is None:
        if run is None:
            raise RuntimeError(f"artifact `{artifact.name}` is not logged: call `log_artifact` first, then link it")
        run.log_artifact(artifact)
    if artifact.is_link:
        _warn(f"`{artifact.qualified_name}` is a link itself; what it points at is linked: `{artifact.source_qualified_name}`")
    about = {"type": artifact.type, "description": artifact.description, "metadata": artifact.metadata}
    source = {**(artifact._record or {}), **about}
    if run is not None and run.disabled:
        # A link in name only, as the version is.
        nothing = {
            "collection_version": 0, "aliases": aliases, "source_project": artifact.source_project,
            "source_artifact": artifact.source_name, "source_version": 0,
        }  # fmt: skip
        return artifact_at(registry, collection, nothing, source)
    if is_wandb_path(target_path):
        ensure_registry(registry)
    _check_type(artifact.type)
    linked = ask_data(
        "link_version", registry=registry, collection=collection, type=artifact.type,
        source_project=artifact.source_project, source_artifact=artifact.source_name,
        source_version=int(str(artifact.source_version)[1:]), aliases=aliases,
        run=None if run is None else {"id": run.id, "name": run._recorded_name},
    )  # fmt: skip
    return artifact_at(registry, collection, linked, source)


def unlink(artifact: Artifact) -> None:
    """Takes a link out of its registry; see `Artifact.unlink`."""
    if not artifact.is_link:
        raise ValueError(f"artifact `{artifact.name}` is no link of a registry, so there is nothing to unlink")
    registry = str(artifact.project).removeprefix(REGISTRY_PREFIX)
    version = int(str(artifact.version)[1:])
    ask_data("unlink_version", registry=registry, collection=artifact.name, collection_version=version)


def ensure_registry(name: str) -> None:
    """Makes a registry where it is not there."""
    if details(name) is None:
        try:
            ask_data("create_registry", registry=name, description=None)
        except ProgramError as error:
            if error.code != "name_taken":  # made by another process since
                raise


def find_link(target_path: str, spec: str | None) -> tuple[str, str, dict[str, Any]]:
    """Registry, collection and link of a version: the newest, or the one that `spec` names (`v3`, or an alias).

    Raises `ValueError` when it is not there.
    """
    registry, collection = registry_and_collection(target_path)
    refuse_bucket(None)
    # Raises when it is not there, with the way to make it.
    found: dict[str, Any] = ask_data("registry", registry=registry)
    links = [one["links"] for one in found["collections"] if one["name"] == collection]
    if not links:
        raise ProgramError(f"collection `{collection}` is not in registry `{registry}`", "artifact_not_found")
    if not links[0]:
        raise ProgramError(f"collection `{collection}` of registry `{registry}` is empty", "artifact_not_found")
    number = re.fullmatch(r"v(\d+)", spec or "")
    for one in links[0]:
        if spec in (None, "latest") or spec in one["aliases"] or number and int(number[1]) == one["collection_version"]:
            return registry, collection, one
    names = sorted({f"`{alias}`" for one in links[0] for alias in one["aliases"]})
    problem = f"`{spec}` is not in collection `{collection}` of registry `{registry}`, which has {', '.join(names)}"
    raise ProgramError(problem, "artifact_not_found")


def artifact_at(registry: str, collection: str, link: dict[str, Any], source: dict[str, Any]) -> Artifact:
    """The artifact that stands at a link, with the contents of the version behind it."""
    artifact = Artifact(collection, source["type"], source["description"], source["metadata"])
    record = {**source, "version": link["collection_version"], "aliases": link["aliases"]}
    artifact._be_version(record, REGISTRY_PREFIX + registry, None)
    artifact._source = link["source_project"], link["source_artifact"], link["source_version"]
    return artifact


def _check_type(artifact_type: Any) -> None:
    if not isinstance(artifact_type, str) or not artifact_type:
        raise ValueError(f"the type of a collection is a text that is not empty, not `{artifact_type!r}`")


def _warn(text: str) -> None:
    import warnings

    warnings.warn(text, UserWarning, stacklevel=4)
