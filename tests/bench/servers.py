"""Both servers as processes on a port of their own, and the load that is put on them."""

import contextlib
import http.client
import json
import re
import selectors
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asking import Connection
from programs import example
from subjects import Subject, count_rows, data_directory, environment
from workloads import KEYS

TOKEN = "a-token-for-the-benchmark"
BULK_LOG = "/api/bulk_log"
APPEND_LOGS = "/api/v1/projects/bench/runs/r/logs"
_START_SECONDS = 60
# The load generator puts an id of its own in place of each, and a growing step.
_ID, _STEP = "L" * 16, 9_999_999_999


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    process: subprocess.Popen[bytes]
    port: int
    directory: Path
    start_ms: float

    def memory_mib(self) -> float:
        """Resident memory now."""
        return self._memory_mib("VmRSS")

    def peak_memory_mib(self) -> float:
        """The most resident memory there was."""
        return self._memory_mib("VmHWM")

    def _memory_mib(self, name: str) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)[1]) / 1024

    @contextlib.contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection to ask on."""
        connection = Connection(self.port, TOKEN)
        try:
            yield connection
        finally:
            connection.close()

    def time_inside(self, route: str) -> tuple[float, int]:
        """Milliseconds between head and answer of all requests to a route of ours so far, and how many they are."""
        with self.connection() as connection:
            text = connection.get("/metrics").body.decode()
        figures = []
        for what in ("sum", "count"):
            found = re.findall(
                rf'^paceline_http_request_duration_seconds_{what}{{[^}}]*route="{re.escape(route)}"[^}}]*}} (\S+)$',
                text, re.MULTILINE,
            )
            figures.append(sum(map(float, found)))
        return figures[0] * 1e3, int(figures[1])

    def send(self, path: str, rows: int) -> None:
        """One request outside of any measure, which makes the project."""
        body = body_of(path, rows).replace(str(_STEP).encode(), b"0")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_START_SECONDS)
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {answer.read()}")
        connection.close()

    def load(self, path: str, rows: int, connections: int, seconds: float) -> dict[str, Any]:
        """What the load generator measured, after a moment that is not counted."""
        command = [example("load"), f"127.0.0.1:{self.port}", str(connections)]
        said = {}
        for duration in (min(0.5, seconds), seconds):
            before = count_rows(self.directory)
            done = subprocess.run(
                [*command, str(duration), TOKEN, path], input=body_of(path, rows), capture_output=True, check=True
            )
            said = json.loads(done.stdout)
            stored = count_rows(self.directory) - before
            if stored != said["requests"] * rows:
                raise RuntimeError(f"{said['requests']} requests of {rows} rows were answered, {stored} rows are there")
        return said

    @contextlib.contextmanager
    def listeners(self, project: str, count: int) -> Iterator[None]:
        """Open event streams of a project."""
        streams = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(count)]
        for stream in streams:
            stream.sendall(f"GET /api/v1/projects/{project}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            if not stream.recv(1 << 16).startswith(b"HTTP/1.1 200"):
                raise RuntimeError("an event stream was refused")
        reader = threading.Thread(target=_read_all, args=(streams,), daemon=True)
        reader.start()
        try:
            yield
        finally:
            for stream in streams:
                stream.shutdown(socket.SHUT_RDWR)
            reader.join()


def _read_all(streams: list[socket.socket]) -> None:
    """Reads what comes, as a browser would, until all have ended."""
    with selectors.DefaultSelector() as waiting:
        for stream in streams:
            waiting.register(stream, selectors.EVENT_READ)
        while waiting.get_map():
            for key, _ in waiting.select():
                if not key.fileobj.recv(1 << 16):
                    waiting.unregister(key.fileobj)
                    key.fileobj.close()


def body_of(path: str, rows: int) -> bytes:
    """A request with so many rows of ten metrics, as the peer's client or ours sends it."""
    metrics = {key: 0.123456789 + number for number, key in enumerate(KEYS)}
    row = {"metrics": metrics, "step": _STEP, "log_id": f"{_ID}{'0' * 16}"}
    if path != BULK_LOG:
        return json.dumps([row] * rows).encode()
    row = {"project": "bench", "run": "r", "run_id": "r", **row, "config": None}
    return json.dumps({"args": [], "kwargs": {"logs": [row] * rows, "hf_token": None}}).encode()


def build_load_generator() -> None:
    """Once; it is a program, so that it costs less than the servers it measures."""
    example("load")


@contextlib.contextmanager
def serving(subject: Subject, directory: Path | None = None) -> Iterator[Running]:
    """A fresh server, on a fresh directory if none is given; `start_ms` is the time to its first answer."""
    with contextlib.nullcontext(directory) if directory else data_directory() as directory:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        settings = {**environment(directory), "TRACKIO_WRITE_TOKEN": TOKEN, "GRADIO_SERVER_PORT": str(port)}
        began = time.perf_counter()
        process = subprocess.Popen(
            _command(subject, directory, port), env=settings, cwd=directory, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for_answer(process, port)
            yield Running(process, port, directory, (time.perf_counter() - began) * 1e3)
        finally:
            process.terminate()
            process.wait(_START_SECONDS)


def _command(subject: Subject, directory: Path, port: int) -> list[str | Path]:
    if subject.name == "peer":
        show = "import trackio; trackio.show(open_browser=False, block_thread=True, host='127.0.0.1')"
        return [subject.python, "-c", show]
    return [subject.python.with_name("paceline"), "serve", "--port", str(port), "--dir", directory]


def _wait_for_answer(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_START_SECONDS)
        try:
            connection.request("GET", "/version")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.001)
        finally:
            connection.close()
    raise RuntimeError(f"no answer from {process.args}")
