"""`serve --auto-alerts`: a training goes wrong, and who asks for alerts, or a webhook, hears of it once."""

import json
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.directory import DataDirectory
from support.server import Server
from support.waiting import wait_until

# Least squares by steps along the gradient: a small rate leads nearer to the least with each, a large one farther away.
TRAINING = """
import os, random, sys, time, trackio
rate, name = float(sys.argv[1]), sys.argv[2]
source = random.Random(7)
points = [(source.uniform(-2, 2), source.gauss(0, 0.1)) for _ in range(64)]
weight, bias = 3.0, -2.0
trackio.init(project="digits", name=name, config={"learning_rate": rate, "total_steps": 100}, auto_log_cpu=False, auto_log_gpu=False)
for step in range(90):
    errors = [weight * x + bias - (0.5 * x + 1 + noise) for x, noise in points]
    loss = sum(error * error for error in errors) / len(points)
    trackio.log({"train/loss": loss}, step=step)
    weight -= rate * 2 * sum(error * x for error, (x, _) in zip(errors, points)) / len(points)
    bias -= rate * 2 * sum(errors) / len(points)
while not os.path.exists("end"):
    time.sleep(0.01)
trackio.finish()
"""
WEBHOOK = "https://hooks.test/services/hush"


class Proxy:
    """A proxy of the loopback that notes where it is to lead to, and leads nowhere."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                proxy.asked.append(self.rfile.readline().decode().strip())
                while self.rfile.readline().strip():
                    pass
                self.wfile.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    proxy = Proxy()
    yield proxy
    proxy.close()


def spool(directory: DataDirectory) -> list[Path]:
    """Requests that wait for their webhooks."""
    return [path for path in (directory.path / ".paceline" / "webhooks").glob("*") if path.is_file()]


def alerts(server: Server, run: str) -> list[dict]:
    answer = server.get(f"/api/v1/projects/digits/runs/{run}/alerts")
    return answer.json["alerts"] if answer.status == 200 else []


def test_a_training_that_diverges_raises_an_alert_and_tells_the_webhook(directory: DataDirectory, proxy: Proxy):
    directory.path.mkdir()
    server = Server(directory, "--auto-alerts", "--alert-webhook", WEBHOOK, HTTPS_PROXY=proxy.url, NO_PROXY="")
    try:
        well = directory.start(TRAINING, 0.005, "well")
        badly = directory.start(TRAINING, 0.9, "badly")
        raised = wait_until(lambda: alerts(server, "badly"), 60, lambda: (server.said, badly.errors, server.get("/api/v1/projects/digits/runs").body))
        (alert,) = [alert for alert in raised if alert["title"].startswith("loss_diverging: ")]
        assert alert["level"] == "error" and alert["text"], alert
        # What is raised is what the run is found to have.
        findings = server.get("/api/v1/projects/digits/runs/badly").json["findings"]
        (finding,) = [finding for finding in findings if finding["code"] == "loss_diverging"]
        assert alert["step"] == finding["since_step"]
        # It is on its way to the webhook, by the proxy of this machine's network, and waits for as long as that is away.
        wait_until(lambda: proxy.asked, 30, lambda: server.said)
        assert set(proxy.asked) == {"CONNECT hooks.test:443 HTTP/1.1"}
        waiting = [json.loads(path.read_text()) for path in spool(directory)]
        assert {(call["url"], call["run"]) for call in waiting} == {(WEBHOOK, "badly")}
        assert alert["title"] in {call["title"] for call in waiting}
        assert "hush" not in server.said, "the address of a webhook is a secret"
    finally:
        (directory.folder / "end").touch()
        server.stop()
    well.expect_exit(0)
    badly.expect_exit(0)
    # Nobody waits for a webhook that is never there.
    for path in spool(directory):
        path.unlink()

    # A server that starts anew finds the same, and raises none of it again.
    before = len(raised)
    again = Server(directory, "--auto-alerts")
    try:
        wait_until(lambda: all(run["state"] == "finished" for run in again.get("/api/v1/projects/digits/runs").json["runs"]), 30)
        titles = [alert["title"] for alert in alerts(again, "badly")]
        assert len(titles) >= before and len(titles) == len({title.split(":")[0] for title in titles}), titles
        assert alerts(again, "well") == []
    finally:
        again.stop()


@pytest.mark.parametrize("address", ["http://hooks.test/x", "https://127.0.0.1/x", "https://localhost/x", "https://10.0.0.1/x"])
def test_an_address_of_this_machine_or_its_network_is_no_webhook(directory: DataDirectory, address: str):
    done = directory.paceline("serve", "--auto-alerts", "--alert-webhook", address)
    assert done.returncode == 2 and ("https://" in done.stderr or "its network" in done.stderr), done.stderr
