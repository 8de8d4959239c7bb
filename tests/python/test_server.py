"""`paceline serve` from outside: what it refuses, what it promises, and how it ends."""

import json
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.processes import memory_bytes
from support.server import Server
from support.waiting import wait_until
from support.trainer import LOG_UNTIL_STOPPED

LOGS = "/api/v1/projects/p/runs/r/logs"
GIBIBYTE = 1 << 30
# What a refused body may cost the server, far below the body and far above its own noise.
REFUSAL_BYTES = 100 << 20


@pytest.fixture
def server(directory):
    """A server on the directory of the test."""
    directory.path.mkdir()
    server = Server(directory)
    yield server
    server.stop()


def row(step, **more):
    """A row as the API takes it."""
    return {"metrics": {"loss": 1 / (step + 1)}, "step": step, **more}


def test_writing_needs_the_token(server, directory):
    body = json.dumps([row(0)])
    for token in (None, "", "0" * 64, server.token[:-1], server.token + "0", server.token.upper()):
        answer = server.request("POST", LOGS, body, token)
        assert (answer.status, answer.json["code"]) == (401, "unauthorized"), token
        bulk = server.request("POST", "/api/bulk_log", '{"kwargs": {"logs": [], "hf_token": null}}', token)
        assert bulk.status == 401, token
    assert server.token not in directory_text(directory), "the token is written nowhere"
    assert server.get("/api/v1/projects").json == {"projects": []}
    assert server.log("p", "r", [row(0)]).json == {"stored": 1, "duplicates": 0}


def directory_text(directory):
    """Everything that stands below the directory."""
    return b"".join(path.read_bytes() for path in directory.path.rglob("*") if path.is_file()).decode(errors="replace")


@pytest.mark.parametrize("path", [LOGS, "/api/bulk_log", "/api/v1/projects/p/series"])
@pytest.mark.parametrize("form", ["declared", "chunked"])
def test_a_body_of_a_gibibyte_is_refused(server, path, form):
    before = memory_bytes(server.pid, "VmHWM")
    begun = time.monotonic()
    length = f"Content-Length: {GIBIBYTE}" if form == "declared" else "Transfer-Encoding: chunked"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {server.token}\r\n{length}\r\n\r\n"
    )
    piece = b" " * (1 << 20)
    if form == "chunked":
        piece = f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    sent, answer = 0, b""
    with server.connect() as connection:
        connection.sendall(head.encode())
        connection.setblocking(False)
        while sent < GIBIBYTE and not answer and time.monotonic() - begun < 20:
            try:
                answer = connection.recv(65536)
            except BlockingIOError:
                pass
            if answer:
                break
            try:
                # A piece may go out in part: what is sent next continues it.
                done = connection.send(piece[sent % len(piece):])
                sent += done
            except (BlockingIOError, BrokenPipeError, ConnectionResetError):
                time.sleep(0.001)
        connection.setblocking(True)
        answer = answer or connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413"), answer
    assert b'"code":"body_too_large"' in answer
    assert sent < 200 << 20, "it does not read on to the end"
    assert time.monotonic() - begun < 10
    assert memory_bytes(server.pid, "VmHWM") - before < REFUSAL_BYTES
    assert server.get("/health").status == 200


def test_a_body_is_not_read_without_the_token(server):
    """Access is decided before the body."""
    with server.connect() as connection:
        connection.sendall(
            f"POST {LOGS} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {GIBIBYTE}\r\n\r\n".encode()
        )
        assert connection.recv(65536).startswith(b"HTTP/1.1 401")


def test_foreign_hosts_and_origins_are_refused(server):
    own = f"127.0.0.1:{server.port}"
    for path in ("/", "/health", "/api/v1/projects", "/openapi.json", "/nothing"):
        for host in ("evil.example", "127.0.0.1.nip.io", f"evil.example:{server.port}"):
            assert server.get(path, Host=host).status == 403, (path, host)
        for origin in ("http://evil.example", "null", f"http://localhost:{server.port + 1}", f"https://{own}.evil.example"):
            assert server.get(path, Host=own, Origin=origin).status == 403, (path, origin)
        assert server.get(path, Host=own, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="cors").status == 403
    assert server.get("/api/v1/projects", Host=own, Origin=f"http://{own}").status == 200
    assert server.get("/api/v1/projects", Host=f"localhost:{server.port}").status == 200
    # A foreign page that knows the token may not write either.
    foreign = server.request("POST", LOGS, json.dumps([row(0)]), server.token, Origin="http://evil.example")
    assert foreign.status == 403


def test_rows_survive_the_death_of_the_server(directory, random_source):
    """What was answered with 200 is there, exactly once, and nothing of what was not answered is there twice."""
    directory.path.mkdir()
    confirmed = set()
    for _ in range(4):
        server = Server(directory)

        def send(thread, server=server):
            for number in range(10_000):
                name = f"{server.pid}-{thread}-{number}"
                try:
                    answer = server.log("p", f"r{thread}", [row(number, log_id=name)])
                except OSError:
                    return
                assert answer.status == 200, answer
                confirmed.add(name)

        with ThreadPoolExecutor(4) as pool:
            sending = [pool.submit(send, thread) for thread in range(4)]
            count = len(confirmed) + random_source.randrange(1, 400)
            wait_until(lambda: len(confirmed) >= count, 30, lambda: [task for task in sending if task.done()])
            server.kill()
            for task in sending:
                task.result()
        stored = [stored.log_id for stored in directory.rows("p")]
        assert len(stored) == len(set(stored))
        assert confirmed <= set(stored)
    directory.assert_sound("p")


def test_the_same_batch_from_eight_threads_is_stored_once(server, directory):
    batch = [row(step, log_id=f"{step:032x}") for step in range(500)]
    begin = threading.Barrier(8)

    def send(_):
        begin.wait()
        return server.log("p", "r", batch)

    with ThreadPoolExecutor(8) as pool:
        answers = [answer.json for answer in pool.map(send, range(8))]
    assert sum(answer["stored"] for answer in answers) == 500, answers
    assert sum(answer["duplicates"] for answer in answers) == 7 * 500, answers
    assert [stored.step for stored in directory.rows("p")] == list(range(500))
    assert len({stored.run_id for stored in directory.rows("p")}) == 1
    directory.assert_sound("p")


def test_values_pass_through_unchanged(server):
    values = {"tiny": 5e-324, "third": 1 / 3, "big": 2**63 - 1, "nan": "NaN", "text": "größe 😀", "none": None}
    assert server.request("POST", LOGS, json.dumps([{"metrics": values}]), server.token).status == 200
    (read,) = server.get(LOGS).json["items"]
    assert read["metrics"] == values


def test_a_damaged_project_says_so_and_the_others_work(server, directory):
    assert server.log("good", "r", [row(0)]).status == 200
    directory.file("bad").write_bytes(b"this is no database" * 1000)
    for path in ("runs", "runs/r", "runs/r/status", "runs/r/logs"):
        answer = server.get(f"/api/v1/projects/bad/{path}")
        assert (answer.status, answer.json["code"]) == (500, "project_damaged"), path
        assert answer.json["hint"] and str(directory.path) not in answer.body.decode()
    assert server.log("bad", "r", [row(0)]).status == 500
    assert server.get("/api/v1/projects/good/runs/r/status").status == 200
    listed = {project["project"]: project["damaged"] for project in server.get("/api/v1/projects").json["projects"]}
    assert listed["good"] is None and listed["bad"]
    assert directory.file("bad").read_bytes() == b"this is no database" * 1000, "it is left as it was found"


def test_a_local_training_is_seen_while_it_runs(server, directory):
    """The server brings journals to the tables itself: no companion stays beside it."""
    stop = directory.folder / "stop"
    trainer = directory.start(LOG_UNTIL_STOPPED, "local", stop)

    def status():
        answer = server.get("/api/v1/projects/p/runs/local/status")
        return answer.json if answer.status == 200 else {}

    wait_until(lambda: (status().get("step") or 0) > 200, 20, lambda: trainer.errors)
    assert status()["state"] == "running"
    wait_until(lambda: not directory.companions(), 10, "a companion stays beside the server")
    stop.touch()
    trainer.expect_exit(0)
    assert status()["state"] == "finished" and status()["step"] == int(trainer.output) - 1
    assert directory.count("p") == int(trainer.output)
    wait_until(lambda: not directory.journals(), 10, directory.journals)


def test_a_training_outlives_the_server(directory):
    """The server drained its rows; when it is killed, a companion takes over at the latest at the end."""
    directory.path.mkdir()
    server = Server(directory)
    stop = directory.folder / "stop"
    trainer = directory.start(LOG_UNTIL_STOPPED, "local", stop)
    wait_until(lambda: directory.count("p") > 200, 20, lambda: trainer.errors)
    server.kill()
    stop.touch()
    trainer.expect_exit(0)
    assert [stored.step for stored in directory.rows("p")] == list(range(int(trainer.output)))
    assert directory.status("p")["state"] == "finished"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_asked(server, directory, number):
    assert server.log("p", "r", [row(step) for step in range(1000)]).status == 200
    # Connections that are idle, or in the middle of a request, hold nothing up.
    idle, half = server.connect(), server.connect()
    half.sendall(b"POST /api/v1/projects/p/runs/r/logs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le")
    begun = time.monotonic()
    server.process.send_signal(number)
    assert server.process.wait(10) == 0
    assert time.monotonic() - begun < 3
    idle.close()
    half.close()
    left = {path.relative_to(directory.path).as_posix() for path in directory.path.rglob("*") if path.is_file()}
    # The side file may be read by others still, who then find its log beside it.
    assert left == {"p.db", *(f".paceline/p.series{suffix}" for suffix in ("", "-shm", "-wal"))}
    assert directory.count("p") == 1000
