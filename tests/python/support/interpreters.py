"""Python environments beside the one of the tests: the peer's, one with real trainers, one with tools for APIs."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def peer_python() -> Path:
    """Python with the peer installed: `PACELINE_PEER_PYTHON`, else the one that `make test` makes."""
    return _interpreter("PACELINE_PEER_PYTHON", "peer")


def trainers_python() -> Path:
    """Python with torch, transformers, accelerate and our wheel: `PACELINE_TRAINERS_PYTHON`, else as above."""
    return _interpreter("PACELINE_TRAINERS_PYTHON", "trainers")


def api_python() -> Path:
    """Python with openapi-python-client and schemathesis: `PACELINE_API_PYTHON`, else as above."""
    return _interpreter("PACELINE_API_PYTHON", "api")


def _interpreter(variable: str, environment: str) -> Path:
    path = Path(os.environ.get(variable) or ROOT / ".venvs" / environment / "bin" / "python")
    cure = f"make it with `make .venvs/{environment}/.installed`, or name another in {variable}"
    assert os.access(path, os.X_OK), f"`{path}` is no Python; {cure}"
    return path
