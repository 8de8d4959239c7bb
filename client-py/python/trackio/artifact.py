"""Artifacts: named bundles of files and references, in versions."""

from __future__ import annotations

import os
import re
from pathlib import Path

from trackio._wandb_artifact import WandbArtifact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trackio._destination import Destination

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_VERSION = re.compile(r"v\d+")
_HASHED_AT_ONCE_BYTES = 1 << 20


class Artifact(WandbArtifact):
    """A named bundle of files and references of a project, in versions.

    It is filled by `add_file`, `add_dir` and `add_reference` and stored by `trackio.log_artifact`, which makes a
    new version unless the newest contents are there already. `name` has letters, digits, `.`, `_` and `-`;
    `type` is any word, `model` or `dataset` for instance; `metadata` are values with a JSON form; `incremental` and `use_as`
    are accepted.

    Raises `ValueError` for another name. Source: the peer's `trackio.Artifact`;
    what it has beyond that (`new_file`, `add`, `get`, `files`) is wandb's.
    """

    def __init__(
        self,
        name: str,
        type: str,
        description: str | None = None,
        metadata: dict[str, Any] | None = None,
        incremental: bool = False,
        use_as: str | None = None,
    ) -> None:
        check_name("artifact name", name)
        self._name = name
        self._type = type
        self._description = description
        self._metadata: dict[str, Any] = dict(metadata or {})
        self._files: list[tuple[Path, str]] = []
        self._pending_references: list[dict[str, Any]] = []
        # What the program says of the version, once it is stored or fetched.
        self._record: dict[str, Any] | None = None
        self._project: str | None = None
        self._destination: "Destination | None" = None
        # Project, name and number of the version that a link of a registry points at.
        self._source: tuple[str, str, int] | None = None

    @property
    def name(self) -> str:
        """Name, one of its project."""
        return self._name

    @property
    def type(self) -> str:
        """What kind of thing it is."""
        return self._type

    @property
    def description(self) -> str | None:
        """Free text."""
        return self._description

    @description.setter
    def description(self, value: str | None) -> None:
        self._description = value

    @property
    def metadata(self) -> dict[str, Any]:
        """Values noted with it; what is set before it is logged is stored."""
        return self._metadata

    @metadata.setter
    def metadata(self, value: dict[str, Any] | None) -> None:
        self._metadata = dict(value or {})

    @property
    def version(self) -> str | None:
        """`v` and the number of the version; `None` before it is logged, as for all that follow."""
        return None if self._record is None else f"v{self._record['version']}"

    @property
    def aliases(self) -> tuple[str, ...]:
        """Names that pointed at the version when it was stored or fetched."""
        return () if self._record is None else tuple(self._record["aliases"])

    @property
    def size(self) -> int | None:
        """Files and references together, in bytes."""
        return None if self._record is None else self._record["size_bytes"]

    @property
    def manifest(self) -> list[dict[str, Any]] | None:
        """Each file with `path`, `digest` (a SHA-256), `size` (bytes) and, for a reference, `ref` (an address)."""
        return None if self._record is None else [dict(entry) for entry in self._record["manifest"]]

    @property
    def manifest_digest(self) -> str | None:
        """SHA-256 over the manifest: equal for equal contents."""
        return None if self._record is None else self._record["manifest_digest"]

    @property
    def digest(self) -> str | None:
        """`manifest_digest`."""
        return self.manifest_digest

    @property
    def project(self) -> str | None:
        """Project it belongs to."""
        return self._project

    @property
    def qualified_name(self) -> str:
        """`<project>/<name>:v<number>`; `RuntimeError` before it is logged."""
        if self._record is None:
            raise RuntimeError(f"artifact `{self._name}` has no version before it is logged or fetched")
        return f"{self._project}/{self._name}:{self.version}"

    @property
    def is_link(self) -> bool:
        """Whether it stands in a registry and points at a version elsewhere."""
        return self._source is not None

    @property
    def source_name(self) -> str | None:
        """Name of the artifact that holds the contents."""
        return self._name if self._source is None else self._source[1]

    @property
    def source_version(self) -> str | None:
        """Version that holds the contents."""
        return self.version if self._source is None else f"v{self._source[2]}"

    @property
    def source_project(self) -> str | None:
        """Project of the version that holds the contents."""
        return self._project if self._source is None else self._source[0]

    @property
    def source_qualified_name(self) -> str:
        """`<project>/<name>:v<number>` of the version that holds the contents; as `qualified_name` otherwise."""
        if self._source is None:
            return self.qualified_name
        return f"{self.source_project}/{self.source_name}:{self.source_version}"

    @property
    def references(self) -> list[dict[str, Any]]:
        """The entries of the manifest that are references."""
        return [entry for entry in self.manifest or [] if "ref" in entry]

    def get_entry_uri(self, name: str) -> str | None:
        """The address of the reference at the path `name`; `None` when there is none."""
        return next((entry["ref"] for entry in self.references if entry["path"] == name), None)

    def wait(self, timeout: int | None = None) -> "Artifact":
        """Nothing to wait for: `log_artifact` returns when everything is stored. `RuntimeError` before that."""
        if self._record is None:
            raise RuntimeError(f"artifact `{self._name}` is not logged: call `log_artifact` first")
        return self

    def add_file(
        self,
        local_path: str | Path,
        name: str | None = None,
        is_tmp: bool | None = False,
        skip_cache: bool | None = False,
        policy: str | None = "mutable",
        overwrite: bool = False,
    ) -> None:
        """Adds a file, under its own name or the path `name` inside the artifact; read when it is logged.

        With `overwrite` it takes the place of what was added at this path. `is_tmp`, `skip_cache` and `policy` are
        accepted.

        Raises `ValueError` for what is no file and for a path that cannot be used, `RuntimeError` once logged.
        """
        self._check_is_open()
        path = Path(local_path).resolve()
        if not path.is_file():
            raise ValueError(f"`{local_path}` is no file")
        self._add([(path, checked_path(path.name if name is None else name))], overwrite)

    def add_dir(
        self,
        local_dir: str | Path,
        name: str | None = None,
        skip_cache: bool | None = False,
        policy: str | None = "mutable",
        merge: bool = False,
    ) -> None:
        """Adds every file below a folder but symbolic links, below the path `name` where one is given.

        With `merge` they take the places of what was added at the same paths. `skip_cache` and `policy` are
        accepted. Raises as `add_file`.
        """
        self._check_is_open()
        folder = Path(local_dir).resolve()
        if not folder.is_dir():
            raise ValueError(f"`{local_dir}` is no folder")
        prefix = checked_path(name.rstrip("/")) + "/" if name else ""
        found = []
        for place, folders, names in os.walk(folder):
            folders.sort()
            for path in (Path(place, name) for name in sorted(names)):
                if path.is_file() and not path.is_symlink():
                    found.append((path, checked_path(prefix + path.relative_to(folder).as_posix())))
        self._add(found, merge)

    def _add(self, files: list[tuple[Path, str]], replaces: bool) -> None:
        if replaces:
            places = {place for _, place in files}
            self._files = [file for file in self._files if file[1] not in places]
        self._files += files

    def add_reference(
        self,
        uri: str,
        name: str | None = None,
        checksum: bool = True,
        max_objects: int | None = None,
    ) -> None:
        """Adds a reference to data that stays where it is; a folder becomes one entry for each of its files.

        `uri` is percent-encoded (`pathlib.Path.as_uri()`): `file://`, `http(s)://`, `hf://`, or what a registered
        `ReferenceHandler` knows. It is stored under its last name or the path `name`. With `checksum` the source
        is asked for size and digest, which reads local files and asks servers; where there is no digest the
        address stands for it, with a warning. `max_objects` is 10,000 by default.

        Raises `ValueError` for an address that cannot be used, `RuntimeError` once logged.
        """
        from trackio import references

        self._check_is_open()
        handler = references.handler_of(uri)
        if references.holds_secret(uri):
            _warn(f"reference `{uri}` seems to hold a signature or token, which is stored with the artifact; refer to it without")
        found = handler.resolve(uri, checksum, references.MOST_OBJECTS if max_objects is None else max_objects)
        if not found:
            raise ValueError(f"there is nothing behind the reference `{uri}`")
        prefix = "" if name is None else name.rstrip("/") + "/"
        for entry in found:
            if entry.relkey is not None:
                path = prefix + entry.relkey
            else:
                path = references.last_name(entry.uri) if name is None else name
            if not path:
                raise ValueError(f"reference `{uri}` ends in no name; pass `name`")
            self._pending_references.append({
                "path": checked_path(path), "digest": entry.digest or entry.uri, "size": entry.size or 0, "ref": entry.uri,
            })  # fmt: skip
        if checksum and any(entry.digest is None for entry in found):
            _warn(f"reference `{uri}` has no checksum, so other contents at the same place make no new version: {handler.hint()}")

    def download(self, root: str | Path | None = None) -> str:
        """Copies the files into a folder, fetches what is referred to, and gives the folder's path.

        The folder is `root`, or `.trackio/artifact-downloads/<project>/<name>_v<number>` below the working
        directory. What is there already is left alone: files of the same size and time, and references.

        Raises `RuntimeError` before it is logged, `FileNotFoundError` for contents that are nowhere, and what
        the handler of a reference raises.
        """
        from trackio._artifacts import download

        return download(self, root)

    def link(
        self,
        target_path: str,
        aliases: list[str] | None = None,
        bucket_id: str | None = None,
    ) -> "Artifact":
        """Links this version into the collection `registry-<registry>/<collection>`, and gives the link.

        The registry is there (`Api.create_registry`); the collection is made where it is missing, and takes
        artifacts of this type from then on. Nothing is copied: the link has the next number in the collection and
        the contents of this version. One that is linked already stays. `aliases` point at it from now on, wherever
        they pointed before; `latest` points at the newest by itself.

        Raises `RuntimeError` before it is logged, `ValueError` for names that cannot be used, a missing registry and
        another type, `NotImplementedError` for a `bucket_id` (or TRACKIO_REGISTRY_BUCKET_ID) and for a version that
        a server keeps: registries belong to the data directory.
        """
        from trackio.registry import link

        return link(self, target_path, aliases, bucket_id, None)

    def unlink(self) -> None:
        """Takes a link out of its collection, with the aliases at it; what it points at stays, its number stays taken.

        Raises `ValueError` for what is no link, and for one that is not there any more.
        """
        from trackio.registry import unlink

        unlink(self)

    def _check_is_open(self) -> None:
        if self._record is not None:
            raise RuntimeError(f"artifact `{self.qualified_name}` is stored and stays as it is; make a new `Artifact`")

    def _be_version(self, record: dict[str, Any], project: str, destination: "Destination | None") -> None:
        """Becomes the version the program spoke of."""
        self._record = record
        self._project = project
        self._destination = destination

    def __repr__(self) -> str:
        version = "" if self._record is None else f":{self.version}"
        return f"<trackio.Artifact `{self._name}{version}` of type `{self._type}`>"


def file_digest(path: Path) -> tuple[str, int]:
    """SHA-256 as hexadecimal digits, and size in bytes, of a file; read piece by piece."""
    from hashlib import sha256

    digest, size = sha256(), 0
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(_HASHED_AT_ONCE_BYTES):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size


def check_name(what: str, name: Any) -> None:
    """Raises `ValueError` unless `name` has only letters, digits, `.`, `_` and `-`, at least one."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"{what} `{name}` cannot be used: only letters, digits, `.`, `_` and `-` are allowed, at least one")


def checked_aliases(aliases: Any) -> list[str]:
    """The aliases as a list; `ValueError` for one that cannot be used."""
    if aliases is None:
        return []
    if not isinstance(aliases, (list, tuple)):
        raise ValueError(f"aliases are a list of texts, not `{type(aliases).__name__}`")
    for alias in aliases:
        check_name("alias", alias)
        if _VERSION.fullmatch(alias):
            raise ValueError(f"alias `{alias}` cannot be used: `v` and a number stand for versions; choose another")
    return list(aliases)


def checked_path(path: Any) -> str:
    """The path inside an artifact; `ValueError` unless it is relative and stays inside."""
    refused = (
        not isinstance(path, str)
        or "\\" in path
        or "\0" in path
        or re.match("[A-Za-z]:", path)
        or any(name in ("", ".", "..") for name in path.split("/"))
    )
    if refused:
        raise ValueError(
            f"artifact path `{path}` cannot be used: it is relative, without backslashes, drive letters, NUL "
            "and names that are empty, `.` or `..`"
        )
    return str(path)


def _warn(text: str) -> None:
    import warnings

    warnings.warn(text, UserWarning, stacklevel=3)
