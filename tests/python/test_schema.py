"""Requests made up from the OpenAPI document: no answer is a 5xx, none is one that the document does not know.

`PACELINE_SCHEMA_EXAMPLES` says how many are made up for each operation.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from conftest import seed
from support.directory import PROGRAM
from support.interpreters import api_python
from support.jobs import JobServer

HERE = Path(__file__).parent
EXAMPLES = os.environ.get("PACELINE_SCHEMA_EXAMPLES", "25")


@pytest.fixture
def server(directory):
    """A server that has what the document's examples name."""
    directory.path.mkdir()
    # A sync that is asked for goes nowhere, and plans ask nobody.
    server = JobServer(directory, HF_ENDPOINT="http://127.0.0.1:9", HF_HUB_OFFLINE="1")
    rows = [{"metrics": {"train/loss": 2 / (step + 1), "text": "x", "bad": "NaN"}, "step": step} for step in range(3)]
    for run in ("lr-1e-3", "lr-3e-4"):
        assert server.log("digits", run, rows).status == 200
    alerts = json.dumps([{"title": "look"}])
    path = "/api/v1/projects/digits/runs/lr-3e-4/alerts"
    assert server.request("POST", path, alerts, server.token).status == 200
    yield server
    server.stop()


def test_every_answer_keeps_to_the_document(server, tmp_path):
    config = tmp_path / "schemathesis.toml"
    job = server.submit("true")
    named = f'[[operations]]\ninclude-operation-id = "get_job"\nparameters = {{ "path.job" = "{job}" }}\n'
    config.write_text((HERE / "schemathesis.toml").read_text() + named)
    document = tmp_path / "openapi.json"
    document.write_bytes(subprocess.run([PROGRAM, "openapi"], check=True, capture_output=True).stdout)
    operations = sum(len(methods) for methods in json.loads(document.read_text())["paths"].values())
    done = subprocess.run(
        [
            api_python().parent / "schemathesis", "--config-file", config, "run", document,
            "--url", f"http://127.0.0.1:{server.port}", "-H", f"Authorization: Bearer {server.token}",
            "--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--request-timeout", "20",
            "--continue-on-failure", "--no-shrink", "--seed", str(seed()),
            # Of two at work in one Python, one at times fails over the depth of recursion that the other has set.
            "--workers", "1",
            # How fast requests are made up is a matter of the machine.
            "--suppress-health-check", "too_slow",
        ],
        capture_output=True, text=True, cwd=tmp_path, check=False,
        env={**os.environ, "PYTHONPATH": str(HERE), "SCHEMATHESIS_HOOKS": "schema_hooks"},
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    assert f"Tested: {operations}" in done.stdout, done.stdout
    assert server.process.poll() is None and server.get("/health").status == 200
