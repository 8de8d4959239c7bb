"""Does with Hugging Face's own client what a sync does, and more, against the Hub that HF_ENDPOINT names.

    python use_hub.py FOLDER JOB

`JOB` is one of the functions below; what it finds is printed as JSON.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

DATASET = "alice/runs"
SPACE = "alice/site"
MODEL = "alice/digits-sft"
api = HfApi()


def publish(folder: Path) -> dict[str, Any]:
    """Makes a private Dataset of every file of the folder with one commit on top of its newest state."""
    api.create_repo(DATASET, repo_type="dataset", private=True, exist_ok=True)
    head = api.dataset_info(DATASET).sha
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    added = [CommitOperationAdd(str(path.relative_to(folder)), str(path)) for path in files]
    made = api.create_commit(DATASET, added, repo_type="dataset", commit_message="Sync", parent_commit=head)
    return {"head": head, "commit": made.oid}


def walk(folder: Path) -> dict[str, Any]:
    """Everything else that is asked of a Dataset: lists, downloads, conflicts, deletions, who may do what."""
    first = publish(folder)
    again = publish(folder)
    files = {
        entry.path: [entry.size, entry.lfs.sha256 if entry.lfs else None]
        for entry in api.list_repo_tree(DATASET, repo_type="dataset", recursive=True)
        if hasattr(entry, "size")
    }
    same = {path: Path(hf_hub_download(DATASET, path, repo_type="dataset")).read_bytes() == (folder / path).read_bytes()
            for path in files if path != ".gitattributes"}  # fmt: skip
    whole = Path(snapshot_download(DATASET, repo_type="dataset", local_dir=folder.with_name("snapshot")))

    def late(on: str | None = None, by: HfApi = api, title: str = "Late") -> Any:
        made = [CommitOperationDelete("data/", is_folder=True), CommitOperationAdd("late.txt", b"late")]
        return by.create_commit(DATASET, made, repo_type="dataset", commit_message=title, parent_commit=on)

    conflict = status(lambda: late(first["head"]))
    late(title="Less")
    left = sorted(api.list_repo_files(DATASET, repo_type="dataset"))
    reader = HfApi(token=os.environ["READ_TOKEN"])
    nobody = HfApi(token=False)
    return {
        "files": files, "same": same, "whole": sorted(path.name for path in whole.rglob("*") if path.is_file() and ".cache" not in path.parts),
        "conflict": conflict, "left": left, "again": again["commit"] != first["commit"],
        "titles": [commit.title for commit in api.list_repo_commits(DATASET, repo_type="dataset")],
        "branches": [branch.name for branch in api.list_repo_refs(DATASET, repo_type="dataset").branches],
        "name": api.whoami()["name"], "private": api.dataset_info(DATASET).private,
        "reader reads": reader.dataset_info(DATASET).id,
        "reader writes": status(lambda: late(by=reader)),
        "nobody reads": status(lambda: nobody.dataset_info(DATASET)),
        "foreign": status(lambda: api.create_repo("bob/runs", repo_type="dataset")),
        "missing file": status(lambda: hf_hub_download(DATASET, "missing.txt", repo_type="dataset")),
        "missing dataset": status(lambda: api.dataset_info("alice/missing")),
    }  # fmt: skip


def space(folder: Path) -> dict[str, Any]:
    """Makes a private static Space of the folder, and brings a smaller folder there; what is found of it."""
    api.create_repo(SPACE, repo_type="space", space_sdk="static", private=True, exist_ok=True)
    api.upload_folder(repo_id=SPACE, repo_type="space", folder_path=folder, commit_message="Snapshot", parent_commit=api.space_info(SPACE).sha)
    again = status(lambda: api.create_repo(SPACE, repo_type="space", space_sdk="static"))
    info = api.space_info(SPACE)
    files = sorted(api.list_repo_files(SPACE, repo_type="space"))
    same = {path: Path(hf_hub_download(SPACE, path, repo_type="space")).read_bytes() == (folder / path).read_bytes()
            for path in files if (folder / path).exists()}  # fmt: skip
    return {"sdk": info.sdk, "private": info.private, "files": files, "same": same, "again": again}


def model(folder: Path) -> dict[str, Any]:
    """Makes a private model of the folder; what is found of it."""
    api.create_repo(MODEL, private=True, exist_ok=True)
    api.upload_folder(repo_id=MODEL, folder_path=folder, commit_message="Model", parent_commit=api.model_info(MODEL).sha)
    again = status(lambda: api.create_repo(MODEL))
    return {"again": again, "missing": status(lambda: api.model_info("alice/missing")), **fetch(folder.with_name("fetched"))}


def fetch(folder: Path) -> dict[str, Any]:
    """Brings the model whole into the folder, and tells what the Hub says of it."""
    from huggingface_hub import ModelCard

    snapshot_download(MODEL, local_dir=folder)
    info = api.model_info(MODEL)
    head = ModelCard.load(folder / "README.md").data.to_dict() if (folder / "README.md").exists() else None
    return {"private": info.private, "id": info.id, "files": sorted(api.list_repo_files(MODEL)), "head": head}


def load(folder: Path) -> dict[str, Any]:
    """The rows as `datasets` gives them, a list for each configuration of the card."""
    from datasets import get_dataset_config_names, load_dataset

    loaded = {name: load_dataset(DATASET, name, split="train") for name in get_dataset_config_names(DATASET)}
    return {name: rows.to_list() for name, rows in loaded.items()}


def status(call: Any) -> int | str:
    """Status of the refusal that a call ends with."""
    try:
        call()
    except RepositoryNotFoundError as error:
        return f"{error.response.status_code} no such repository"
    except HfHubHTTPError as error:
        return error.response.status_code
    return "done"


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[2]](Path(sys.argv[1])), default=str))
