"""What a run does with artifacts: it logs, uses and downloads them, by the program beside Python.

Files are summed here; the program copies them, writes the tables, and talks to servers.
"""

from __future__ import annotations

import os
from pathlib import Path

from trackio._native import canonical_project
from trackio._program import ProgramError, ask_program
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
    files: dict[str, str] = {}
    for source, path in artifact._files:
        digest, size = file_digest(source)
        files[digest] = str(source)
        manifest.append({"path": path, "digest": digest, "size": size})
    record = ask_program("artifact", run.project, run._destination, {
        "call": "log", "run": {"id": run.id, "name": run._recorded_name}, "name": artifact.name, "type": artifact.type,
        "description": artifact.description, "metadata": artifact.metadata, "manifest": manifest, "files": files,
        "aliases": aliases, "overwrite": overwrite,
    })  # fmt: skip
    artifact._be_version(record, run.project, run._destination)
    return artifact


def use_artifact(run: "Run", artifact_or_name: Artifact | str, type: str | None) -> Artifact:
    """Finds a version of an artifact and notes it as an input of the run; see `Run.use_artifact`."""
    project, destination = run.project, run._destination
    if isinstance(artifact_or_name, Artifact):
        given = artifact_or_name
        name, spec = given.name, given.wait().version
        project, destination = given.project or project, given._destination
    else:
        name, colon, spec = artifact_or_name.partition(":")
        # `<entity>/<project>/<name>`, as wandb writes it; here the project counts.
        parts = name.split("/")
        if len(parts) > 1 and not name.startswith(_REGISTRY_PREFIX):
            project, name = parts[-2] or project, parts[-1]
        if colon and not spec:
            raise ValueError(f"artifact `{artifact_or_name}` names no version after the colon; name one, or leave the colon out")
    if name.startswith(_REGISTRY_PREFIX) and "/" in name:
        raise NotImplementedError(f"`{name}` is in a registry, which cannot be used by name yet; use the artifact it points at")
    record = ask_program("artifact", project, destination, {
        "call": "use", "run": {"id": run.id, "name": run._recorded_name}, "run_project": run.project, "name": name, "spec": spec or None,
        "type": type,
    })  # fmt: skip
    artifact = Artifact(record["name"], record["type"], record["description"], record["metadata"])
    artifact._be_version(record, project, destination)
    return artifact


def download(artifact: Artifact, root: str | Path | None) -> str:
    """Copies and fetches the files of a version into a folder; see `Artifact.download`."""
    if artifact.manifest is None:
        raise RuntimeError(f"artifact `{artifact.name}` is not logged, so there is nothing to download")
    entries = artifact.manifest
    digests = sorted({entry["digest"] for entry in entries if "ref" not in entry})
    project = str(artifact.project)
    try:
        blobs = ask_program("artifact", project, artifact._destination, {"call": "fetch", "digests": digests})
    except ProgramError as error:
        if error.code == "file_not_found":
            raise FileNotFoundError(str(error)) from None
        raise
    if root is None:
        folder = f"{artifact.name}_{artifact.version}"
        root = Path.cwd() / ".trackio" / "artifact-downloads" / canonical_project(project) / folder
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
