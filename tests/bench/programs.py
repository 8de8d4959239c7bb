"""The programs of ours that measure: examples of the crates, built when they are first needed."""

import functools
import os
import subprocess
from pathlib import Path

from subjects import ROOT

# Of cargo; any but `release` is for trying the measures themselves.
PROFILE_VARIABLE = "PACELINE_BENCH_PROFILE"


@functools.cache
def example(name: str) -> Path:
    """The built program. With the workspace's features, so that what the tests have built is not built again."""
    profile = os.environ.get(PROFILE_VARIABLE, "release")
    command = ["cargo", "build", "-q", "--locked", "--profile", profile, "--workspace", "--example", name]
    subprocess.run(command, cwd=ROOT, check=True)
    return ROOT / "target" / ("debug" if profile == "dev" else profile) / "examples" / name
