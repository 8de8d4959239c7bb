"""What an artifact has in wandb beside what it has in Trackio."""

from __future__ import annotations

import json
import os
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, TextIO

    from trackio.table import Table


class ArtifactFile:
    """One file of a version: `path` inside the artifact, `size` in bytes, `digest`."""

    def __init__(self, artifact: "WandbArtifact", entry: dict[str, Any]) -> None:
        self._artifact = artifact
        self.path = self.name = entry["path"]
        self.size = entry.get("size")
        self.digest = entry.get("digest")
        self.ref = entry.get("ref")

    def download(self, root: str | Path | None = None, **more: Any) -> str:
        """Downloads the artifact, and gives the path of this file."""
        return os.path.join(self._artifact.download(root), self.path)  # type: ignore[attr-defined]

    def ref_target(self) -> str:
        """The address of a reference, the digest of a file."""
        return self.ref or self.digest or ""


class WandbArtifact:
    """Attributes and methods of wandb's artifact. `ttl` may be set, and has no effect: versions stay."""

    ttl: Any = None
    _record: dict[str, Any] | None
    _written: Any = None

    def new_file(self, name: str, mode: str = "w", encoding: str | None = None) -> "TextIO | BinaryIO":
        """Opens a new file for writing, which is at the path `name` inside the artifact."""
        from tempfile import TemporaryDirectory

        if self._written is None:
            self._written = TemporaryDirectory(prefix="trackio-artifact-")
        path = Path(self._written.name, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self.add_file(path, name=name)  # type: ignore[attr-defined]
        return path.open(mode, encoding=encoding if "b" in mode else encoding or "utf-8")  # type: ignore[return-value]

    def add(self, obj: Any, name: str, overwrite: bool = False) -> None:
        """Adds a table, as `<name>.table.json`, or an image or other media, as the file it becomes.

        Raises `TypeError` for another object.
        """
        from trackio.media.file import Media
        from trackio.table import Table

        if isinstance(obj, Table):
            rows = [row for _, row in obj.iterrows()]
            with self.new_file(f"{name}.table.json") as file:
                json.dump({"columns": obj.columns, "data": rows}, file, default=str)  # type: ignore[arg-type]
        elif isinstance(obj, Media):
            own_name = name if name.endswith(f".{obj._extension()}") else f"{name}.{obj._extension()}"
            with self.new_file(own_name, "wb") as file:
                obj._write(file.name)
        else:
            raise TypeError(f"an artifact takes tables and media, not `{type(obj).__name__}`; write it to a file and add that")

    def get(self, name: str) -> "Table | str | None":
        """The table that was added under this name, or the path of the file; `None` when there is neither."""
        paths = {file.path: file for file in self.files()}
        if f"{name}.table.json" in paths:
            from trackio.table import Table

            with open(paths[f"{name}.table.json"].download(), encoding="utf-8") as file:
                return Table(**json.load(file))
        found = next((path for path in paths if path == name or os.path.splitext(path)[0] == name), None)
        return None if found is None else paths[found].download()

    def get_path(self, name: str) -> ArtifactFile:
        """The file at a path inside the artifact. Raises `KeyError` when there is none."""
        for file in self.files():
            if file.path == name:
                return file
        raise KeyError(f"artifact has no file `{name}`")

    get_entry = get_path

    def files(self, names: list[str] | None = None, per_page: int = 50) -> list[ArtifactFile]:
        """All files and references of a version, or those of these paths."""
        entries = self.manifest or []  # type: ignore[attr-defined]
        return [ArtifactFile(self, entry) for entry in entries if names is None or entry["path"] in names]

    def file(self, root: str | None = None) -> str:
        """Downloads an artifact of one file, and gives its path. Raises `ValueError` when it has several."""
        files = self.files()
        if len(files) != 1:
            raise ValueError(f"the artifact has {len(files)} files; use `download`")
        return files[0].download(root)

    def checkout(self, root: str | None = None) -> str:
        """`download`, into the working directory's folder or `root`."""
        return self.download(root)  # type: ignore[attr-defined]

    def verify(self, root: str | None = None) -> None:
        """Compares downloaded files with their digests. Raises `ValueError` for one that differs."""
        from trackio.artifact import file_digest

        folder = self.download(root)  # type: ignore[attr-defined]
        for file in self.files():
            if file.ref is None and file_digest(Path(folder, file.path))[0] != file.digest:
                raise ValueError(f"`{file.path}` in `{folder}` is not what was logged")

    def save(self, project: str | None = None, settings: Any = None) -> None:
        """Stores the artifact in the current run, or in a run of its own of `project`; once it is stored, nothing."""
        from trackio import _session, context_vars

        if self._record is not None:
            return
        if context_vars.current_run.get() is not None:
            _session.log_artifact(self)  # type: ignore[arg-type]
        else:
            with _session.init(project=project, job_type="artifact") as run:
                run.log_artifact(self)  # type: ignore[arg-type]

    def delete(self, delete_aliases: bool = False) -> None:
        """Nothing: versions stay until the project is deleted; a warning says so."""
        import warnings

        warnings.warn("versions of artifacts cannot be deleted one by one; nothing is deleted", RuntimeWarning, stacklevel=2)

    @property
    def file_count(self) -> int:
        """How many files and references it has."""
        return len(self.files())

    @property
    def state(self) -> str:
        """`COMMITTED` once it is stored, `PENDING` before."""
        return "PENDING" if self._record is None else "COMMITTED"

    @property
    def id(self) -> Any:
        """The number of the version in its project; `None` before it is stored."""
        return None if self._record is None else self._record.get("version_id")

    @property
    def created_at(self) -> Any:
        """When it was stored; `None` where that is not known."""
        return None if self._record is None else self._record.get("created_at")

    def is_draft(self) -> bool:
        """Whether it is not stored yet."""
        return self._record is None

    def __getitem__(self, name: str) -> Any:
        return self.get(name)

    def __setitem__(self, name: str, item: Any) -> None:
        self.add(item, name)
