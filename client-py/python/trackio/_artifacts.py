"""What a run does with artifacts: it logs, uses and downloads them, by the program beside Python.

Files are summed here; the program copies them, writes the tables, and talks to servers.
"""

from __future__ import annotations

import os
from pathlib import Path

from trackio._native import canonical_project
from trackio._program import ProgramError, ask_program
from trackio._wandb_settings import is_silent
from trackio.artifact import Artifact, checked_aliases, checked_path, file_digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trackio._destination import Destination
    from trackio._run import Run

_REGISTRY_PREFIX = "registry-"
_UNSPECIFIED_TYPE = "unspecified"


def log_artifact(
    run: "Run",
    artifact_or_path: Artifact | str | Path,
    name: str | None,
    type: str | None,
    aliases: list[str] | None,
    overwrite: bool,
) -> Artifact:
    """Stores a version of an artifact as an output of the run; see `Run.log_artifact`."""
    if isinstance(artifact_or_path, Artifact):
        artifact = artifact_or_path
        if name is not None or type is not None:
            raise ValueError(f"artifact `{artifact.name}` has a name and a type; pass them with a path only")
    else:
        path = Path(artifact_or_path)
        artifact = Artifact(name or path.name, type or _UNSPECIFIED_TYPE)
        artifact.add_dir(path) if path.is_dir() else artifact.add_file(path)
    artifact._check_is_open()
    if not isinstance(overwrite, bool):
        raise ValueError(f"`overwrite` is `True` or `False`, not `{overwrite!r}`")
    aliases = checked_aliases(aliases)
    if not artifact._files and not artifact._pending_references:
        raise ValueError(f"artifact `{artifact.name}` is empty; call `add_file`, `add_dir` or `add_reference` first")
    manifest = list(artifact._pending_references)
    _check_paths([path for _, path in artifact._files] + [entry["path"] for entry in manifest])
    if run.disabled:
        # A version in name only: what is asked of one that is stored can be asked of it.
        record = {"version": 0, "aliases": aliases, "size_bytes": 0, "manifest": [], "manifest_digest": ""}
        artifact._be_version(record, run.project, None)
        return artifact
    files: dict[str, str] = {}
    for source, place in artifact._files:
        digest, size = file_digest(source)
        files[digest] = str(source)
        manifest.append({"path": place, "digest": digest, "size": size})
    record = ask_program("artifact", run.project, run._destination, {
        "call": "log", "run": {"id": run.id, "name": run._recorded_name}, "name": artifact.name, "type": artifact.type,
        "description": artifact.description, "metadata": artifact.metadata, "manifest": manifest, "files": files,
        "aliases": aliases, "overwrite": overwrite,
    }, is_silent(run._settings))  # fmt: skip
    artifact._be_version(record, run.project, run._destination)
    return artifact


def use_artifact(run: "Run", artifact_or_name: Artifact | str, type: str | None) -> Artifact:
    """Finds a version of an artifact and notes it as an input of the run; see `Run.use_artifact`."""
    if not isinstance(artifact_or_name, Artifact):
        return _version_at(run, run.project, run._destination, *_name_and_spec(artifact_or_name), type)
    given = artifact_or_name
    project = given.project or run.project
    name = f"{project}/{given.name}" if given.is_link else given.name
    return _version_at(run, project, given._destination, name, given.wait().version, type)


def find_artifact(path: str, type: str | None) -> Artifact:
    """Finds a version of an artifact of the data directory, for no run; see `Api.artifact`."""
    name, spec = _name_and_spec(path)
    if "/" not in name:
        raise ValueError(f"`{path}` names no project; write `<project>/{path}`")
    return _version_at(None, "", None, name, spec, type)


def _name_and_spec(path: str) -> tuple[str, str | None]:
    name, colon, spec = path.partition(":")
    if colon and not spec:
        raise ValueError(f"artifact `{path}` names no version after the colon; name one, or leave the colon out")
    return name, spec or None


def _version_at(
    run: "Run | None", project: str, destination: "Destination | None", name: str, spec: str | None, type: str | None
) -> Artifact:
    """The version `spec` of what `name` says, which is in `project` unless it says another one."""
    # The end of wandb's path is `wandb-registry-<registry>/<collection>`.
    parts = name.split("/")
    if len(parts) > 1 and parts[-2].removeprefix("wandb-").startswith(_REGISTRY_PREFIX):
        return _use_link(run, name, spec, type)
    if len(parts) > 1:
        # `<entity>/<project>/<name>`, as wandb writes it; here the project counts.
        project, name = parts[-2] or project, parts[-1]
    record = _use(run, project, destination, name, spec, type)
    artifact = Artifact(record["name"], record["type"], record["description"], record["metadata"])
    artifact._be_version(record, project, destination)
    return artifact


def _use_link(run: "Run | None", path: str, spec: str | None, type: str | None) -> Artifact:
    """Finds the version behind a link of a registry, notes it as an input of a run, and gives the link."""
    from trackio.registry import artifact_at, find_link

    if run is not None and run._destination is not None:
        raise NotImplementedError(
            f"`{path}` is in a registry of the data directory, and the run is kept by the server `{run._destination.source}`; "
            "use the version it points at, by its own name"
        )
    registry, collection, link = find_link(path, spec)
    source_project, source_name, source_spec = link["source_project"], link["source_artifact"], f"v{link['source_version']}"
    if any(link[f"source_{place}"] for place in ("space_id", "bucket_id", "server_base_url")):
        raise NotImplementedError(f"`{path}` points at a version that is kept elsewhere: `{source_project}/{source_name}:{source_spec}`")
    record = _use(run, source_project, None, source_name, source_spec, type)
    return artifact_at(registry, collection, link, record)


def _use(
    run: "Run | None", project: str, destination: "Destination | None", name: str, spec: str | None, type: str | None
) -> dict[str, Any]:
    """Finds a version of a project, and notes it as an input of a run that is recorded."""
    user = None if run is None or run.disabled else {"id": run.id, "name": run._recorded_name}
    return ask_program("artifact", project, destination, {
        "call": "use", "run": user, "run_project": project if run is None else run.project, "name": name, "spec": spec, "type": type,
    })  # fmt: skip


def download(artifact: Artifact, root: str | Path | None) -> str:
    """Copies and fetches the files of a version into a folder; see `Artifact.download`."""
    if artifact.manifest is None:
        raise RuntimeError(f"artifact `{artifact.name}` is not logged, so there is nothing to download")
    entries = artifact.manifest
    sizes = {entry["digest"]: entry["size"] for entry in entries if "ref" not in entry}
    project = str(artifact.project)
    try:
        blobs = ask_program("artifact", str(artifact.source_project), artifact._destination, {"call": "fetch", "blobs": sizes})
    except ProgramError as error:
        if error.code == "file_not_found":
            raise FileNotFoundError(str(error)) from None
        raise
    if root is None:
        folder = f"{artifact.name}_{artifact.version}"
        # The file of a registry is no project.
        project = project if artifact.is_link else canonical_project(project)
        root = Path.cwd() / ".trackio" / "artifact-downloads" / project / folder
    root = Path(root)
    root.mkdir(parents=True, exist_ok=True)
    for entry in entries:
        target = root / checked_path(entry["path"])
        if "ref" in entry:
            _fetch_reference(entry, target)
        else:
            _copy_blob(Path(blobs["paths"][entry["digest"]]), target)
    return str(root)


def _copy_blob(blob: Path, target: Path) -> None:
    about = blob.stat()
    if target.is_file():
        there = target.stat()
        if (there.st_size, there.st_mtime_ns) == (about.st_size, about.st_mtime_ns):
            return

    def copy(partial: Path) -> None:
        import shutil

        shutil.copyfile(blob, partial)
        os.utime(partial, ns=(about.st_atime_ns, about.st_mtime_ns))

    write_whole(target, copy)


def _fetch_reference(entry: dict[str, Any], target: Path) -> None:
    from trackio.references import handler_of

    uri, digest = entry["ref"], entry["digest"]
    # Whether it is the newest cannot be told from an `ETag`; what is there is taken as it is.
    if target.is_file():
        return
    handler = handler_of(uri)
    if digest != uri:
        try:
            now = handler.resolve(uri, True, 1)[0].digest
        except Exception:  # of a handler that is not ours
            now = None
        if now not in (None, digest):
            import warnings

            text = f"reference `{uri}` has other contents than when it was logged (`{now}`, not `{digest}`)"
            warnings.warn(text, UserWarning, stacklevel=4)
    write_whole(target, lambda partial: handler.fetch(uri, partial))


def write_whole(target: Path, write: Any) -> None:
    """Writes a file under another name first, so that it is there whole or not at all."""
    from uuid import uuid4

    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial.{uuid4().hex}")
    try:
        write(partial)
        os.replace(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _check_paths(paths: list[str]) -> None:
    """Before large files are read: a path stands once, and is a file or a folder."""
    known: set[str] = set()
    for path in paths:
        if path in known:
            raise ValueError(f"artifact path `{path}` was added twice; give one of them another `name`")
        known.add(path)
    for path in paths:
        parent = path.rpartition("/")[0]
        while parent:
            if parent in known:
                raise ValueError(f"artifact path `{parent}` cannot be a file and the folder of `{path}`; give one another `name`")
            parent = parent.rpartition("/")[0]
