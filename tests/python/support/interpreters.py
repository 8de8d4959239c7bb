"""Python environments beside the one of the tests: the peer's, one with real trainers, one with tools for APIs, wandb's,
Hugging Face's."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def peer_python() -> Path:
    """Python with the peer installed: `PACELINE_PEER_PYTHON`, else the one that `make test` makes."""
    return _interpreter("PACELINE_PEER_PYTHON", "peer")


def trainers_python() -> Path:
    """Python with real trainers and our wheel: `PACELINE_TRAINERS_PYTHON`, else as above."""
    return _interpreter("PACELINE_TRAINERS_PYTHON", "trainers")


def api_python() -> Path:
    """Python with openapi-python-client, schemathesis and mypy: `PACELINE_API_PYTHON`, else as above."""
    return _interpreter("PACELINE_API_PYTHON", "api")


def wandb_python() -> Path:
    """Python with real wandb and what its users have beside it: `PACELINE_WANDB_PYTHON`, else as above."""
    return _interpreter("PACELINE_WANDB_PYTHON", "wandb")


def datasets_python() -> Path:
    """Python with huggingface_hub, datasets and readers of Parquet: `PACELINE_DATASETS_PYTHON`, else as above."""
    return _interpreter("PACELINE_DATASETS_PYTHON", "datasets")


def mcp_clients() -> Path:
    """Packages of Node with MCP's inspector and conformance suite: `PACELINE_MCP_CLIENTS`, else those that `make test` fetches."""
    path = Path(os.environ.get("PACELINE_MCP_CLIENTS") or ROOT / "tests" / "clients" / "mcp" / "node_modules")
    assert path.is_dir(), f"`{path}` is not there; make it with `make tests/clients/mcp/node_modules/.installed`"
    return path


def _interpreter(variable: str, environment: str) -> Path:
    path = Path(os.environ.get(variable) or ROOT / ".venvs" / environment / "bin" / "python")
    cure = f"make it with `make .venvs/{environment}/.installed`, or name another in {variable}"
    assert os.access(path, os.X_OK), f"`{path}` is no Python; {cure}"
    return path
