"""What a Dataset holds of a project, read without our own program: by its manifest and with pyarrow."""

import hashlib
import io
import json

import pyarrow.parquet as parquet

from support.hub import Hub

DATASET = "alice/runs"


def manifest_of(hub: Hub, project: str, dataset: str = DATASET) -> dict | None:
    """The manifest, after a look that every file it names is there, whole, and no other file of the project is."""
    files = hub.repositories[dataset].files if dataset in hub.repositories else {}
    text = files.get(f"{project}/manifest.json")
    if text is None:
        assert not [path for path in files if path.startswith(f"{project}/")], "files without a manifest"
        return None
    manifest = json.loads(text)
    named = {file["path"]: file for table in manifest["tables"].values() for file in table["files"]}
    media = {file["path"]: file for file in manifest.get("media", [])}
    for path, file in [*named.items(), *media.items()]:
        assert hashlib.sha256(files[path]).hexdigest() == file["sha256"], path
    there = {path for path in files if path.startswith(f"{project}/") and path.endswith(".parquet")}
    assert there == set(named), (sorted(there), sorted(named))
    assert {path for path in files if path.startswith(f"media/{project}/")} == set(media)
    return manifest


def column(hub: Hub, project: str, table: str, name: str, dataset: str = DATASET) -> list:
    """One column of a table, over all files, in the order of the manifest."""
    manifest = manifest_of(hub, project, dataset)
    values = []
    for file in manifest["tables"].get(table, {"files": []})["files"] if manifest else []:
        read = parquet.read_table(io.BytesIO(hub.repositories[dataset].files[file["path"]]))
        values += read[name].to_pylist() if name in read.column_names else [None] * len(read)
    return values


def row_ids(hub: Hub, project: str, dataset: str = DATASET) -> list[int]:
    """Numbers of the rows of metrics, each of which must be there once."""
    ids = column(hub, project, "metrics", "id", dataset)
    assert len(set(ids)) == len(ids), "a row is there twice"
    return sorted(ids)
