"""`paceline serve` as an operator runs it: its log, its end while it is busy, its parent, HTTPS."""

import http.client
import json
import re
import signal
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.directory import PROGRAM
from support.server import Server
from support.waiting import wait_until

LOGS = "/api/v1/projects/p/runs/r/logs"
TLS = Path(__file__).resolve().parents[1] / "fixtures" / "tls"
# What a person who stops a service has patience for.
STOP_SECONDS = 2


@pytest.fixture
def start(directory):
    """Starts servers on the directory of the test and ends them with it."""
    directory.path.mkdir()
    started = []

    def start(*arguments):
        started.append(Server(directory, *arguments))
        return started[-1]

    yield start
    for server in started:
        server.stop()


def rows(count, first=0):
    """Rows as the API takes them."""
    return [{"metrics": {"loss": 0.5}, "step": step, "log_id": f"{step:032x}"} for step in range(first, first + count)]


def request_lines(server):
    """The lines of its log that tell of requests, as data."""
    lines = [json.loads(line) for line in server.said.splitlines() if line.startswith("{")]
    return [line for line in lines if line["target"] == "paceline_http::requests"]


def test_the_log_has_a_line_for_each_request(start):
    server = start("--log-format", "json")
    refused = server.request("POST", LOGS, "[]", "wrong-token")
    server.log("p", "r", rows(3))
    server.get("/api/v1/projects/p/runs/r/logs?limit=2")
    lines = wait_until(lambda: request_lines(server)[2:] and request_lines(server), 10, lambda: server.said)
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("POST", LOGS, 401), ("POST", LOGS, 200), ("GET", f"{LOGS}?limit=2", 200),
    ]
    assert lines[0]["request_id"] == refused.headers["x-request-id"] == refused.json["request_id"]
    assert len({line["request_id"] for line in lines}) == 3
    for line in lines:
        assert line["level"] == "INFO" and 0 < line["duration_ms"] < 10_000
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line["timestamp"])
    assert lines[1]["bytes"] == len('{"stored":3,"duplicates":0}')


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_token_stands_in_the_log(start, form):
    server = start("--log-format", form)
    body = '{"logs": [], "hf_token": "hf_abcdefghijklmnopqrstuvwxyz012345"}'
    secret = "another-secret-token"
    for path in (
        f"/?write_token={server.token}", f"/?write_token={secret}", f"/api/bulk_log?write%5Ftoken={secret}",
        f"/api/bulk_log?write_token={server.token}", f"/?project=p&oauth_session={secret}",
    ):
        server.request("POST" if path.startswith("/api") else "GET", path, body)
    server.request("POST", "/api/bulk_log", body, secret, Cookie=f"trackio_write_token={secret}")
    server.request("POST", "/api/bulk_log", body, x_trackio_write_token=secret)
    server.get("/last")
    wait_until(lambda: "/last" in server.said, 10, lambda: server.said)
    # The one line that shows the token is the one it is printed for.
    log = "\n".join(line for line in server.said.splitlines() if not line.startswith("Clients may write to"))
    assert server.token not in log and secret not in log and "hf_abc" not in log
    assert "write_token=…" in log


def test_the_log_is_quiet_unless_asked(start):
    server = start()
    server.get("/api/v1/projects")
    assert server.get("/nothing").status == 404
    assert len(server.said.splitlines()) == 4, server.said


def test_it_ends_while_clients_send(start, directory):
    """What was answered is stored, nobody waits for an answer that does not come, and the end comes soon."""
    server = start()
    confirmed = set()

    def send(thread):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
        for number in range(100_000):
            row = {"metrics": {"x": number}, "log_id": f"{thread}-{number}"}
            try:
                connection.request("POST", LOGS, json.dumps([row]), headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                return
            assert answer.status == 200
            confirmed.add(row["log_id"])

    with ThreadPoolExecutor(8) as pool:
        idle = [server.connect() for _ in range(20)]
        sending = [pool.submit(send, thread) for thread in range(8)]
        wait_until(lambda: len(confirmed) > 100, 30)
        begun = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(10) == 0
        assert time.monotonic() - begun < STOP_SECONDS
        for task in sending:
            task.result()
    for connection in idle:
        connection.close()
    assert confirmed <= {row.log_id for row in directory.rows("p")}
    directory.assert_sound("p")


def test_an_answer_under_way_is_finished(start):
    """A request that is being read when the server is stopped is still answered, and its connection closed."""
    server = start()
    body = json.dumps(rows(1)).encode()
    with server.connect() as connection:
        connection.sendall(
            f"POST {LOGS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:5]
        )
        under_way = re.compile(r"^paceline_http_requests_under_way 2$", re.MULTILINE)
        wait_until(lambda: under_way.search(server.get("/metrics").body.decode()), 10)
        other = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        assert not closes(other)
        server.process.send_signal(signal.SIGTERM)
        # A connection closes with the first answer after the stop has begun.
        wait_until(lambda: closes(other), 5)
        connection.sendall(body[5:])
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(b'{"stored":1,"duplicates":0}'), answer
    assert server.process.wait(5) == 0


def closes(connection):
    """Whether an answer ends its connection."""
    connection.request("GET", "/health")
    answer = connection.getresponse()
    answer.read()
    return answer.will_close


def test_event_streams_are_counted_and_end_with_the_server(start):
    server = start()
    server.log("p", "r", rows(1))
    streams = [server.connect() for _ in range(5)]
    for stream in streams:
        stream.sendall(b"GET /api/v1/projects/p/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert stream.recv(65536).startswith(b"HTTP/1.1 200")
    wait_until(lambda: b"\npaceline_event_streams 5\n" in server.get("/metrics").body, 10)
    begun = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    for stream in streams:
        sent = b"".join(iter(lambda: stream.recv(65536), b""))
        assert sent.endswith(b"0\r\n\r\n"), "the stream ends as HTTP says"
        stream.close()
    assert server.process.wait(10) == 0
    assert time.monotonic() - begun < STOP_SECONDS


def test_what_is_journaled_is_stored_at_the_end(start, directory):
    server = start()
    trainer = directory.start("""
import time, trackio
trackio.init(project="p", name="r")
for step in range(5_000):
    trackio.log({"x": step}, step=step)
print("logged", flush=True)
time.sleep(60)
""")
    wait_until(lambda: "logged" in trainer.output, 30, lambda: trainer.errors)
    begun = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(10) == 0
    assert time.monotonic() - begun < STOP_SECONDS
    assert directory.count("p") == 5_000
    trainer.kill()
    assert directory.status("p")["state"] == "crashed"


def test_whoever_starts_it_learns_where_it_is_and_takes_it_along(directory):
    directory.path.mkdir()
    port_file = directory.folder / "port.json"
    script = """
import os, subprocess, sys, time
subprocess.Popen([*sys.argv[1:], "--parent", str(os.getpid())], stdin=subprocess.DEVNULL)
time.sleep(60)
"""
    command = [PROGRAM, "serve", "--port", "0", "--dir", directory.path, "--port-file", port_file]
    parent = directory.start(script, *command)
    wait_until(port_file.exists, 20, lambda: parent.errors)
    told = json.loads(port_file.read_text())
    assert told == {"host": "127.0.0.1", "port": told["port"], "url": f"http://127.0.0.1:{told['port']}/"}
    connection = http.client.HTTPConnection("127.0.0.1", told["port"], timeout=10)
    connection.request("GET", "/health")
    assert connection.getresponse().status == 200
    connection.close()
    parent.kill()
    # `directory` fails the test when a process still works for it.


def test_https(start, directory):
    server = start("--tls-cert", str(TLS / "certificate.pem"), "--tls-key", str(TLS / "key.pem"))
    assert "https://127.0.0.1" in server.said and "http://" not in server.said
    trusting = ssl.create_default_context(cafile=str(TLS / "certificate.pem"))
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=trusting, timeout=10)
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
    connection.request("POST", LOGS, json.dumps(rows(2)), headers)
    assert connection.getresponse().read() == b'{"stored":2,"duplicates":0}'
    connection.close()
    with pytest.raises(ssl.SSLCertVerificationError):
        http.client.HTTPSConnection("127.0.0.1", server.port, timeout=10).request("GET", "/health")


def test_a_key_that_others_can_read_is_remarked_upon_and_one_that_does_not_fit_refused(directory):
    key = directory.folder / "key.pem"
    key.write_bytes((TLS / "key.pem").read_bytes())
    key.chmod(0o644)
    directory.path.mkdir()
    server = Server(directory, "--tls-cert", str(TLS / "certificate.pem"), "--tls-key", str(key))
    server.stop()
    assert "the private key can be read by others" in server.said and str(key) in server.said
    wrong = directory.paceline("serve", "--tls-cert", TLS / "certificate.pem", "--tls-key", TLS / "other_key.pem")
    assert wrong.returncode == 1 and "does not go with the certificate" in wrong.stderr
    alone = directory.paceline("serve", "--tls-cert", TLS / "certificate.pem")
    assert alone.returncode == 2 and "--tls-key" in alone.stderr
