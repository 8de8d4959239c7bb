"""The peer's own server on a data directory."""

import subprocess

from support.directory import DataDirectory
from support.interpreters import peer_python
from support.waiting import wait_until

_SERVE = """
import sys, trackio
trackio.show(open_browser=False, block_thread=True, host="127.0.0.1")
"""
TOKEN = "peer-token"


class PeerServer:
    """The released package serves `directory`; `url` is where, and the token is `TOKEN`."""

    def __init__(self, directory: DataDirectory, port: int) -> None:
        self.directory = directory
        directory.path.mkdir(exist_ok=True)
        self.url = f"http://127.0.0.1:{port}"
        self._said = directory.folder / "peer.out"
        environment = directory.environment(
            TRACKIO_WRITE_TOKEN=TOKEN, GRADIO_SERVER_PORT=str(port), GRADIO_NUM_PORTS="1", HF_HUB_OFFLINE="1",
            PYTHONUNBUFFERED="1",
        )
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                [peer_python(), "-c", _SERVE], env=environment, stdin=subprocess.DEVNULL, stdout=said,
                stderr=subprocess.STDOUT, cwd=directory.folder,
            )
        wait_until(lambda: self.url in self._said.read_text(), 60, self._said.read_text)

    @property
    def environment(self) -> dict[str, str]:
        """What a trainer needs to log there."""
        return {"TRACKIO_SERVER_URL": self.url, "TRACKIO_WRITE_TOKEN": TOKEN}

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
