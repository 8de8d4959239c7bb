"""A stand-in for the Hugging Face Hub: Datasets, static Spaces and models over the true wire, two hosts, tokens, and faults on demand.

    with Hub() as hub:
        run("paceline", "sync", …, env={"HF_ENDPOINT": hub.address, "HF_TOKEN": hub.token})
        assert "data/train.parquet" in hub.repositories["alice/runs"].files

That it speaks as the Hub does is shown with Hugging Face's own client, in test_hub_stub.py.
"""

import hashlib
import http.server
import json
import re
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from support.hub_repository import Repository
from support.hub_rows import Rows
from support.hub_wire import Answer, Request, answer

OWNER = "alice"
WRITE_TOKEN = "hf_" + "w" * 34
READ_TOKEN = "hf_" + "r" * 34


@dataclass
class Fault:
    """What goes wrong with requests whose method and target match, from the one after `skip` on, `times` times.

    `status` is answered in the place of doing it, or after it was done with `is_done`. `cut_request` ends the connection
    when so many bytes of the body have come, `cut_answer` after so many bytes of the whole answer. `seconds` pass
    before the answer. `instead` is called in the moment, before anything else.
    """

    pattern: str
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    is_done: bool = False
    cut_request: int | None = None
    cut_answer: int | None = None
    seconds: float = 0
    instead: Callable[[], object] | None = None
    skip: int = 0
    times: int = 1
    seen: int = 0

    def matches(self, request: Request) -> bool:
        """Whether it is this request's turn."""
        if not re.search(self.pattern, f"{request.method} {request.target}"):
            return False
        self.seen += 1
        return self.skip < self.seen <= self.skip + self.times

    @property
    def happened(self) -> int:
        """How often it did."""
        return max(0, min(self.seen - self.skip, self.times))


class Hub:
    """The Hub at `address` and its storage at another one; `requests` is what came, in order."""

    def __init__(self, page_size: int = 1000, part_bytes: int = 8 << 20) -> None:
        self.owner, self.token = OWNER, WRITE_TOKEN
        self.roles: dict[str, str] = {WRITE_TOKEN: "write", READ_TOKEN: "read"}
        self.page_size, self.part_bytes, self.largest_file = page_size, part_bytes, 50 << 30
        self.repositories: dict[str, Repository] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.scheduled: dict[str, dict[str, Any]] = {}
        self.rows: dict[str, Rows] = {}
        self.organisations: list[str] = []
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.lock = threading.RLock()
        self._servers = [_Server(self, host) for host in ("hub", "storage")]
        self.address = f"http://127.0.0.1:{self._servers[0].server_port}"
        # Another name, so that a client that sends its token along is caught.
        self.storage_address = f"http://localhost:{self._servers[1].server_port}"

    def __enter__(self) -> "Hub":
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def ports(self) -> tuple[int, int]:
        """Of the Hub and of its storage."""
        return self._servers[0].server_port, self._servers[1].server_port

    def environment(self, **more: str) -> dict[str, str]:
        """What a client needs to know."""
        return {"HF_ENDPOINT": self.address, "HF_TOKEN": self.token, **more}

    def role_of(self, token: str | None) -> str | None:
        """`read` or `write`; nothing for a token that is unknown or has expired."""
        return self.roles.get(token or "")

    def sign(self, oid: str) -> str:
        """What shows that the Hub gave out the address of a large file."""
        return hashlib.sha256(f"signed {oid}".encode()).hexdigest()[:16]

    def fail(self, pattern: str, **how: Any) -> Fault:
        """Lets something go wrong, and gives what tells whether it did."""
        self.faults.append(Fault(pattern, **how))
        return self.faults[-1]

    def calls(self, host: str = "hub") -> list[str]:
        """Method and target of every request to a host."""
        return [f"{request.method} {request.target}" for request in self.requests if request.host == host]


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, hub: Hub, host: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub, self.host = hub, host

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news here; a failed assertion about the wire is answered with 599."""


class _Cut(Exception):
    """The connection ends here."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        hub = self.server.hub
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.server.host, self.command, self.path, headers, b"")
        with hub.lock:
            matching = [fault for fault in hub.faults if fault.matches(request)]
        fault = matching[0] if matching else Fault("")
        try:
            request.body = self._read_body(headers, fault.cut_request)
            with hub.lock:
                hub.requests.append(request)
            if fault.instead:
                fault.instead()
            if fault.seconds:
                # The pause itself is what is asked for here.
                threading.Event().wait(fault.seconds)
            if fault.status is None or fault.is_done:
                try:
                    answered = answer(hub, request)
                except Exception as error:
                    answered = Answer({"error": f"{type(error).__name__}: {error}"}, 599)
            if fault.status is not None:
                answered = Answer({"error": f"as asked for: {fault.status}"}, fault.status, fault.headers)
            self._send(request, answered, fault.cut_answer)
        except _Cut:
            self.close_connection = True
            # A reset, as from a line that breaks.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve

    def _read_body(self, headers: dict[str, str], cut: int | None) -> bytes:
        if "chunked" in headers.get("transfer-encoding", ""):
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        size = int(headers.get("content-length", 0))
        body = self.rfile.read(size if cut is None else min(cut, size))
        if len(body) < size:
            raise _Cut
        return body

    def _send(self, request: Request, answered: Answer, cut: int | None) -> None:
        headers = dict(answered.headers)
        body = answered.body
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json; charset=utf-8")
        lines = [f"HTTP/1.1 {answered.status} {http.server.BaseHTTPRequestHandler.responses.get(answered.status, ('',))[0]}"]
        lines += [f"{name}: {value}" for name, value in {**headers, "Content-Length": str(len(body))}.items()]
        message = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
        if request.method != "HEAD":
            message += body
        if cut is not None:
            self.wfile.write(message[:cut])
            self.wfile.flush()
            raise _Cut
        self.wfile.write(message)

    def log_message(self, format: str, *arguments: object) -> None:
        pass
