"""Alerts sent to webhooks: by the companion, as the peer sends them, whatever becomes of the trainer."""

import http.server
import json
import queue
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from support.interpreters import peer_python
from support.processes import kill_foreign
from support.server import Server
from support.waiting import wait_until

SECRET = "T0000-B0000-hush"
LEVELS = ("info", "warn", "error")

BEGINNING = """
import os, sys, trackio
def begin(**more):
    return trackio.init(project="digits", name="r", auto_log_cpu=False, auto_log_gpu=False, **more)
"""

# The same alerts in both trackers.
ALERTS = BEGINNING + """
url = sys.argv[1]
run = begin(webhook_url=url + "/generic")
trackio.log({"loss": 1.0}, step=4)
for level in trackio.AlertLevel:
    for address in (None, url + "/hooks.slack.com/x", url + "/discord.com/api/webhooks/x", url + "/discordapp.com/api/webhooks/x"):
        trackio.alert("größe <b> & *c*", text="more\\nand more", level=level, webhook_url=address)
        trackio.alert("title alone", level=level, webhook_url=address)
# The peer sends from threads that end with the process.
import threading
for thread in threading.enumerate():
    if getattr(getattr(thread, "_target", None), "__name__", "") == "send_webhook":
        thread.join()
trackio.finish()
"""

LEAST_LEVEL = BEGINNING + """
run = begin(webhook_url=sys.argv[1] + "/run", webhook_min_level=sys.argv[2])
trackio.log({"loss": 1.0})
for level in ("info", "warn", "error"):
    trackio.alert(level + " to the run's", level=trackio.AlertLevel(level))
    trackio.alert(level + " to its own", level=trackio.AlertLevel(level), webhook_url=sys.argv[1] + "/own")
# The peer sends from threads that end with the process.
import threading
for thread in threading.enumerate():
    if getattr(getattr(thread, "_target", None), "__name__", "") == "send_webhook":
        thread.join()
trackio.finish()
"""


class Receiver:
    """A web server of the loopback that notes what it is sent, and answers with the statuses it was given, then 204."""

    def __init__(self) -> None:
        self.requests: queue.Queue[dict[str, Any]] = queue.Queue()
        self.statuses: queue.Queue[int] = queue.Queue()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.requests.put({"path": self.path, "type": self.headers["content-type"], "body": json.loads(body)})
                status = 204 if receiver.statuses.empty() else receiver.statuses.get()
                self.send_response(status)
                if status == 302:
                    self.send_header("location", "/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            # The peer connects from as many threads as it has alerts.
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, count: int, seconds: float = 30) -> list[dict[str, Any]]:
        """The next requests, in the order they came."""
        return [self.requests.get(timeout=seconds) for _ in range(count)]

    def stop(self) -> None:
        """Takes no more."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()


def waiting(directory) -> list[str]:
    """Requests that are not answered yet."""
    return sorted(path.name for path in (directory.path / ".paceline/webhooks").glob("*.json"))


def log_of_companion(directory) -> str:
    path = directory.path / ".paceline/companion.log"
    return path.read_text() if path.exists() else ""


def assert_no_file_holds(directory, secret: str) -> None:
    for path in directory.path.rglob("*"):
        try:
            assert not path.is_file() or secret.encode() not in path.read_bytes(), path
        except FileNotFoundError:  # it went away meanwhile
            pass


def comparable(requests: list[dict[str, Any]]) -> list[str]:
    """Requests without their times, in an order of their own: the peer sends each in a thread."""
    for request in requests:
        if request["body"].get("timestamp") is not None:
            request["body"]["timestamp"] = request["body"]["timestamp"][-6:]
    return sorted(json.dumps(request, sort_keys=True) for request in requests)


def test_requests_are_the_peers(directory, new_directory, receiver):
    directory.run(ALERTS, receiver.url)
    ours = receiver.take(24)
    theirs = new_directory()
    theirs.start(ALERTS, receiver.url, python=str(peer_python()), HF_HUB_OFFLINE="1").expect_exit(0, 120)
    assert comparable(ours) == comparable(receiver.take(24))
    generic = [request["body"] for request in ours if request["path"] == "/generic"]
    assert [alert["level"] for alert in generic] == ["info", "info", "warn", "warn", "error", "error"], "in the order they were raised"
    assert generic[0] == {
        "level": "info", "title": "größe <b> & *c*", "text": "more\nand more", "project": "digits", "run": "r", "step": 4,
        "timestamp": "+00:00",
    }  # fmt: skip
    assert receiver.requests.empty(), "each once"


@pytest.mark.parametrize("least", LEVELS)
def test_the_least_level_counts_for_every_address(directory, new_directory, receiver, least):
    sent = LEVELS[LEVELS.index(least) :]
    directory.run(LEAST_LEVEL, receiver.url, least.upper())
    ours = receiver.take(2 * len(sent))
    theirs = new_directory()
    theirs.start(LEAST_LEVEL, receiver.url, least.upper(), python=str(peer_python()), HF_HUB_OFFLINE="1").expect_exit(0, 120)
    assert comparable(ours) == comparable(receiver.take(2 * len(sent)))
    assert [request["body"]["level"] for request in ours if request["path"] == "/own"] == list(sent)


def test_the_environment_names_a_webhook(directory, receiver):
    environment = {"TRACKIO_WEBHOOK_URL": f"{receiver.url}/env", "TRACKIO_WEBHOOK_MIN_LEVEL": "error"}
    directory.run(BEGINNING + """
begin()
trackio.alert("not urgent")
trackio.alert("urgent", level="ERROR")
trackio.finish()
begin(webhook_url=sys.argv[1] + "/init", webhook_min_level="info")
trackio.alert("of init", level=trackio.AlertLevel.INFO)
trackio.finish()
""", receiver.url, **environment)  # fmt: skip
    assert [(request["path"], request["body"]["title"]) for request in receiver.take(2)] == [("/env", "urgent"), ("/init", "of init")]


def test_an_alert_is_sent_when_its_trainer_dies_at_once(directory, receiver):
    process = directory.start(BEGINNING + f"""
begin(webhook_url=sys.argv[1] + "/{SECRET}")
trackio.alert("out of memory", level="error")
os.kill(os.getpid(), 9)
""", receiver.url)  # fmt: skip
    process.expect_exit(-9)
    [request] = receiver.take(1)
    assert (request["path"], request["body"]["title"]) == (f"/{SECRET}", "out of memory")
    wait_until(lambda: not waiting(directory), 30)


def test_an_alert_is_sent_by_the_next_companion_when_all_die(directory, receiver):
    """Rows wait in the journal without a companion, and so do alerts."""
    process = directory.start(BEGINNING + """
begin(webhook_url=sys.argv[1] + "/late")
trackio.alert("alone", level="error")
os.kill(os.getpid(), 9)
""", receiver.url, PACELINE_COMPANION="off")  # fmt: skip
    process.expect_exit(-9)
    assert receiver.requests.empty()
    directory.run(BEGINNING + "begin(); trackio.log({'a': 1}); trackio.finish()")
    assert receiver.take(1)[0]["body"]["title"] == "alone"


def test_a_forked_child_and_another_process_alert_too(directory, receiver):
    directory.run(BEGINNING + """
import pickle, subprocess
run = begin(webhook_url=sys.argv[1] + "/all")
pid = os.fork()
if pid == 0:
    run.alert("of the child")
    os._exit(0)
os.waitpid(pid, 0)
code = "import pickle, sys; pickle.load(sys.stdin.buffer).alert('of another process')"
subprocess.run([sys.executable, "-c", code], input=pickle.dumps(run), check=True)
trackio.finish()
""", receiver.url)  # fmt: skip
    requests = receiver.take(2)
    assert {request["body"]["title"] for request in requests} == {"of the child", "of another process"}
    assert {request["path"] for request in requests} == {"/all"}


def test_a_webhook_that_is_away_for_a_moment_gets_it_later(directory, receiver):
    for status in (503, 429):
        receiver.statuses.put(status)
    directory.run(BEGINNING + """
begin(webhook_url=sys.argv[1] + "/busy")
trackio.alert("patience")
trackio.finish()
""", receiver.url)  # fmt: skip
    assert [request["body"]["title"] for request in receiver.take(3)] == ["patience"] * 3
    wait_until(lambda: not waiting(directory), 30)
    assert "webhook" not in log_of_companion(directory)


@pytest.mark.parametrize("status", [404, 302])
def test_a_failing_webhook_costs_one_line(directory, receiver, status):
    for _ in range(5):
        receiver.statuses.put(status)
    directory.run(BEGINNING + f"""
begin(webhook_url=sys.argv[1] + "/{SECRET}")
for number in range(5):
    trackio.alert(str(number))
    trackio.log({{"loss": 1.0}})
trackio.finish()
""", receiver.url)  # fmt: skip
    wait_until(lambda: receiver.requests.qsize() >= 1 and not waiting(directory), 30)
    assert {request["path"] for request in receiver.take(receiver.requests.qsize())} == {f"/{SECRET}"}
    wait_until(lambda: "webhook" in log_of_companion(directory), 30)
    directory.assert_nothing_left()
    lines = [line for line in log_of_companion(directory).splitlines() if "webhook" in line]
    assert len(lines) == 1 and f"it answers {status}" in lines[0] and "127.0.0.1" in lines[0], lines
    assert_no_file_holds(directory, SECRET)
    assert [alert["title"] for alert in alerts_of(directory)] == ["4", "3", "2", "1", "0"], "they are stored all the same"


def alerts_of(directory) -> list[dict[str, Any]]:
    said = directory.run("import json, trackio; print(json.dumps(trackio.Api().alerts('digits')))").output
    return json.loads(said.splitlines()[-1])


def test_the_address_is_a_secret(directory, receiver):
    """It is in no table, config, log or answer of the server once the alert was sent."""
    url = f"{receiver.url}/{SECRET}"
    directory.run(BEGINNING + """
begin(webhook_url=sys.argv[1], config={"webhook_url": sys.argv[1], "alerts": {"slack_webhook": sys.argv[1]}, "lr": 0.1})
trackio.alert("hush", text="more")
trackio.log({"loss": 1.0})
trackio.finish()
""", url)  # fmt: skip
    assert receiver.take(1)[0]["path"] == f"/{SECRET}"
    wait_until(lambda: not waiting(directory), 30)
    directory.assert_nothing_left()
    assert_no_file_holds(directory, SECRET)
    server = Server(directory)
    try:
        for path in ("", "/runs", "/runs/r", "/runs/r/alerts", "/runs/r/config"):
            assert SECRET not in server.get(f"/api/v1/projects/digits{path}").body.decode()
    finally:
        server.stop()


def test_a_run_that_a_server_keeps_sends_from_here(directory, new_directory, receiver):
    """The companion beside the trainer makes the request; the server never hears of the address."""
    directory.path.mkdir()
    server, client = Server(directory), new_directory()
    try:
        client.run(BEGINNING + f"""
begin(server_url="http://127.0.0.1:{server.port}", webhook_url=sys.argv[1])
trackio.log({{"loss": 1.0}}, step=3)
trackio.alert("far away", level="error")
trackio.finish()
""", f"{receiver.url}/{SECRET}", TRACKIO_WRITE_TOKEN=server.token)  # fmt: skip
        [request] = receiver.take(1)
        assert (request["body"]["title"], request["body"]["step"]) == ("far away", 3)
        assert [alert["title"] for alert in server.get("/api/v1/projects/digits/runs/r/alerts").json["alerts"]] == ["far away"]
    finally:
        server.stop()
    assert_no_file_holds(directory, SECRET)


def test_a_server_on_the_directory_sends_them(directory, receiver):
    directory.path.mkdir()
    server = Server(directory)
    try:
        directory.run(BEGINNING + """
begin(webhook_url=sys.argv[1] + "/served")
trackio.alert("by the server")
trackio.finish()
""", receiver.url)  # fmt: skip
        assert receiver.take(1)[0]["path"] == "/served"
    finally:
        server.stop()


def test_what_is_no_address_is_a_warning_and_what_is_no_level_an_error(directory, receiver):
    said = directory.run(BEGINNING + """
import warnings
for least in ("loud", "x"):
    try:
        begin(webhook_url=sys.argv[1], webhook_min_level=least)
    except ValueError as error:
        print("refused", "`info`" in str(error))
begin(webhook_url="file:///etc/passwd")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for address in (None, "ftp://host/hush", "hooks.slack.com/services/hush"):
        trackio.alert("x", webhook_url=address)
print(["hush" in str(warning.message) for warning in caught])
trackio.alert("good", webhook_url=sys.argv[1])
trackio.finish()
trackio.init(project="digits", mode="disabled", webhook_url=sys.argv[1])
trackio.alert("nobody hears")
trackio.finish()
""", receiver.url)  # fmt: skip
    assert said.output.splitlines()[-3:] == ["refused True", "refused True", "[False]"]
    assert receiver.take(1)[0]["body"]["title"] == "good"
    assert receiver.requests.empty()


def test_alerts_do_not_wait_for_a_webhook(directory, receiver):
    """Nobody answers at all, and the training notices nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said = directory.run(BEGINNING + """
import time
begin(webhook_url=sys.argv[1])
begun = time.perf_counter()
for number in range(100):
    trackio.alert("x")
print(time.perf_counter() - begun)
begun = time.perf_counter()
trackio.finish()
print(time.perf_counter() - begun)
""", f"http://127.0.0.1:{silent.getsockname()[1]}/")  # fmt: skip
        alerting, finishing = (float(line) for line in said.output.splitlines()[-2:])
        assert alerting < 1 and finishing < 5
    # Nobody listens any more; the companion would try for minutes after all else is done.
    wait_until(lambda: not directory.journals(), 20, directory.journals)
    for companion in directory.companions():
        kill_foreign(companion)
