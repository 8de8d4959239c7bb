"""Clients made from the OpenAPI document, as they come, against a real server."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.directory import PROGRAM
from support.interpreters import ROOT, api_python
from support.server import Server

CLIENTS = ROOT / "tests" / "clients"


@pytest.fixture
def server(directory):
    """A server on the directory of the test."""
    directory.path.mkdir()
    server = Server(directory)
    yield server
    server.stop()


@pytest.fixture
def document(tmp_path) -> Path:
    """The document as the program prints it, which is the committed one, as another test says."""
    path = tmp_path / "openapi.json"
    path.write_bytes(subprocess.run([PROGRAM, "openapi"], check=True, capture_output=True).stdout)
    return path


def run(folder: Path, *command: object, **more: str) -> str:
    """Runs a command that must succeed, and gives back what it printed."""
    environment = {**os.environ, **more}
    done = subprocess.run(
        list(map(str, command)), cwd=folder, capture_output=True, text=True, env=environment, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_client_for_python(server, document, tmp_path):
    tools = api_python().parent
    made = tmp_path / "client"
    run(
        tmp_path, tools / "openapi-python-client", "generate", "--path", document, "--output-path", made,
        PATH=f"{tools}:{os.environ['PATH']}",
    )
    said = run(
        tmp_path, api_python(), CLIENTS / "use_python.py", f"http://127.0.0.1:{server.port}", server.token, PYTHONPATH=str(made)
    )
    assert said == "done\n"


def test_a_client_for_typescript(server, document, tmp_path):
    packages = CLIENTS / "node_modules"
    cure = "make it with `make tests/clients/node_modules/.installed`"
    assert packages.is_dir(), f"`{packages}` is not there; {cure}"
    (tmp_path / "node_modules").symlink_to(packages)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copy(CLIENTS / "use_typescript.ts", tmp_path)
    run(
        tmp_path, packages / ".bin" / "openapi-typescript", document, "-o", tmp_path / "schema.d.ts",
        "--empty-objects-unknown",
    )
    run(
        tmp_path, packages / ".bin" / "tsc", "--strict", "--noUncheckedIndexedAccess", "--target", "es2022", "--module",
        "nodenext", "--skipLibCheck", "--types", "node", tmp_path / "use_typescript.ts",
    )
    said = run(tmp_path, "node", tmp_path / "use_typescript.js", f"http://127.0.0.1:{server.port}", server.token)
    assert said == "done\n"
