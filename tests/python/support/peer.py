"""The peer, in an environment of its own, on a data directory."""

import json
import subprocess
from typing import Any

from support.directory import DataDirectory
from support.interpreters import peer_python
from support.trainer import Trainer


class Peer:
    """The peer on a data directory: scripts in its Python, and its command line."""

    def __init__(self, directory: DataDirectory) -> None:
        self.directory = directory

    def start(self, script: str, *arguments: object, **environment: str) -> Trainer:
        """Starts a script in the peer's Python."""
        return self.directory.start(script, *arguments, python=str(peer_python()), HF_HUB_OFFLINE="1", **environment)

    def run(self, script: str, *arguments: object) -> str:
        """Runs a script to its end and gives what it printed."""
        process = self.start(script, *arguments)
        process.expect_exit(0, 60)
        return process.output

    def command(self, *arguments: str) -> Any:
        """Runs its `trackio … --json`."""
        done = subprocess.run(
            [peer_python().with_name("trackio"), *arguments, "--json"],
            env=self.directory.environment(HF_HUB_OFFLINE="1"),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return json.loads(done.stdout)
