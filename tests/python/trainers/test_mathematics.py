"""The vectors that the planner's mathematics is held against are what the installed TRL makes of the same inputs."""

import json
from pathlib import Path

import pytest

from support.training import IMPORT_SECONDS, start_script

VECTORS = Path(__file__).resolve().parents[2] / "fixtures" / "group-vectors.json"


def test_the_vectors_are_trls(directory):
    made = start_script(directory, "mathematics.py", HF_DATASETS_DISABLE_PROGRESS_BARS="1")
    made.expect_exit(0, IMPORT_SECONDS)
    now, kept = json.loads(made.output.splitlines()[-1]), json.loads(VECTORS.read_text())
    assert now["packing"] == kept["packing"] and len(kept["packing"]) == 40
    assert len(now["advantages"]) == len(kept["advantages"]) == 36
    for ours, theirs in zip(kept["advantages"], now["advantages"], strict=True):
        assert ours | {"advantages": None} == theirs | {"advantages": None}
        assert ours["advantages"] == pytest.approx(theirs["advantages"], abs=1e-9)
