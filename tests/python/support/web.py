"""A web server that knows nothing but files, as anybody has one."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.waiting import wait_until


class PlainServer:
    """Serves a folder by Python's own `http.server` on a port of the system's choice."""

    def __init__(self, folder: Path, said: Path) -> None:
        with said.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(folder)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            )
        try:
            self.port = int(wait_until(lambda: re.search(r"port (\d+)", said.read_text()), 20, said.read_text)[1])
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends it."""
        self.process.terminate()
        self.process.wait(10)


@contextmanager
def plainly_served(folder: Path, said: Path) -> Iterator[PlainServer]:
    """A folder served until the end; what the server says goes to the file `said`."""
    server = PlainServer(folder, said)
    try:
        yield server
    finally:
        server.stop()
