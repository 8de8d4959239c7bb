"""One connection that stays open, and how long its answers take: a socket and nothing between."""

import json
import socket
import time
from dataclasses import dataclass
from typing import Any

_PATIENCE_SECONDS = 900


@dataclass(frozen=True)
class Answer:
    """An answer with status 200: milliseconds from the first byte sent to the last received, and its body."""

    ms: float
    body: bytes

    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


class Connection:
    """Asks one thing after another."""

    def __init__(self, port: int, token: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"

    def get(self, path: str) -> Answer:
        """A question without a body."""
        return self._ask(f"GET {path} HTTP/1.1\r\n{self._head}\r\n".encode())

    def post(self, path: str, body: Any, accept: str = "application/json") -> Answer:
        """A question with one."""
        data = json.dumps(body).encode()
        kind = f"Content-Type: application/json\r\nAccept: {accept}\r\nContent-Length: {len(data)}\r\n"
        return self._ask(f"POST {path} HTTP/1.1\r\n{self._head}{kind}\r\n".encode() + data)

    def close(self) -> None:
        """Ends it."""
        self._socket.close()

    def _ask(self, request: bytes) -> Answer:
        began = time.perf_counter()
        self._socket.sendall(request)
        received = bytearray()
        while (end := received.find(b"\r\n\r\n")) < 0:
            self._receive(received)
        status, *headers = bytes(received[:end]).decode("latin-1").split("\r\n")
        named = {name.lower(): value.strip() for name, _, value in (header.partition(":") for header in headers)}
        body = received[end + 4 :]
        if named.get("transfer-encoding") == "chunked":
            body = self._chunks(body)
        else:
            while len(body) < int(named["content-length"]):
                self._receive(body)
        ms = (time.perf_counter() - began) * 1e3
        if status.split()[1] != "200":
            raise RuntimeError(f"{status}: {bytes(body[:1_000])!r}")
        return Answer(ms, bytes(body))

    def _chunks(self, received: bytearray) -> bytearray:
        body, place = bytearray(), 0
        while True:
            while (end := received.find(b"\r\n", place)) < 0:
                self._receive(received)
            length = int(received[place:end], 16)
            place = end + 2 + length + 2
            while len(received) < place:
                self._receive(received)
            if length == 0:
                return body
            body += received[end + 2 : end + 2 + length]

    def _receive(self, into: bytearray) -> None:
        data = self._socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the server hung up")
        into += data
