"""`paceline serve` as a process of its own, and requests to it."""

import http.client
import json
import re
import socket
import subprocess
from collections.abc import Iterable
from typing import Any, NamedTuple

from support.directory import PROGRAM, DataDirectory
from support.waiting import wait_until


class Answer(NamedTuple):
    """What the server said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as data."""
        return json.loads(self.body)


class Server:
    """Serves a directory on a port of the system's choice; `token` is what writing needs."""

    def __init__(self, directory: DataDirectory, *arguments: str, **environment: str) -> None:
        self._said = directory.folder / "server.out"
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(
                [PROGRAM, "serve", "--port", "0", "--dir", str(directory.path), *arguments],
                env=directory.environment(**environment), stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
            )
        self.port = int(self._find(r"at https?://127\.0\.0\.1:(\d+)/"))
        # A token that is given is not printed.
        given = dict(zip(arguments, arguments[1:], strict=False)).get("--token")
        self.token = given or self._find(r"write_token=([0-9a-f]{64})")

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def said(self) -> str:
        """Everything it has written so far: what it says at its start, and its log."""
        return self._said.read_text()

    def _find(self, pattern: str) -> str:
        found = wait_until(lambda: re.search(pattern, self._said.read_text()), 20, self._said.read_text)
        return found[1]

    def request(
        self,
        method: str,
        path: str,
        body: str | bytes | Iterable[bytes] | None = None,
        token: str | None = None,
        **headers: str,
    ) -> Answer:
        """One request on a connection of its own; `token` is sent as a bearer, `_` in headers becomes `-`."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        """A read."""
        return self.request("GET", path, **headers)

    def log(self, project: str, run: str, rows: list[dict[str, Any]]) -> Answer:
        """Sends rows with the token."""
        return self.request("POST", f"/api/v1/projects/{project}/runs/{run}/logs", json.dumps(rows), self.token)

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def stop(self) -> None:
        """Ends it as a service manager would; harmless when it has ended."""
        self.process.terminate()
        self.process.wait(10)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()
