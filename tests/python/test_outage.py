"""A server that dies again and again behind a bad line: every row arrives once, with its time.

`PACELINE_OUTAGES` says how often the server dies (50 make the whole trial), `PACELINE_SEED` when.
"""

import json
import os
import time

import pytest

from support.proxy import Proxy
from support.server import Server
from support.waiting import wait_until

OUTAGES = int(os.environ.get("PACELINE_OUTAGES", "10"))
ROWS_A_SECOND = 500
ALERT_EVERY = 97

# Logs at 500 rows a second until the file `argv[1]` exists; each row carries the time of its own call.
TRAINER = f"""
import json, os, sys, time, trackio
trackio.init(project="p", name="r", config={{"lr": 0.1}})
slowest, step, begun, calls = 0.0, 0, time.monotonic(), []
while not os.path.exists(sys.argv[1]):
    before = time.time()
    started = time.perf_counter()
    trackio.log({{"loss": 1 / (step + 1), "before": before}}, step=step)
    slowest = max(slowest, time.perf_counter() - started)
    calls.append((before, time.time()))
    if step % {ALERT_EVERY} == 0:
        trackio.alert(f"step {{step}}", level="info")
    step += 1
    pause = begun + step / {ROWS_A_SECOND} - time.monotonic()
    if pause > 0:
        time.sleep(pause)
begun = time.monotonic()
trackio.finish()
print(json.dumps({{"slowest": slowest, "finish": time.monotonic() - begun, "calls": calls}}))
"""


class UnsteadyServer:
    """A server on one directory that is killed and started again on another port."""

    def __init__(self, directory) -> None:
        self.directory = directory
        self.token = "outage-token"
        self.server = self._start()

    def _start(self) -> Server:
        return Server(self.directory, "--token", self.token)

    @property
    def port(self) -> int:
        """Where it listens, or listened last."""
        return self.server.port

    def restart(self, seconds_away: float) -> None:
        """kill -9, a time without it, and another one."""
        self.server.kill()
        time.sleep(seconds_away)
        self.server = self._start()


@pytest.mark.alone
def test_every_row_arrives_once_whatever_becomes_of_the_server(directory, new_directory, random_source):
    home = new_directory()
    home.path.mkdir()
    unsteady = UnsteadyServer(home)
    proxy = Proxy(lambda: unsteady.port, random_source)
    stop = directory.folder / "stop"
    trainer = directory.start(
        TRAINER, stop, TRACKIO_SERVER_URL=f"http://127.0.0.1:{proxy.port}", TRACKIO_WRITE_TOKEN=unsteady.token
    )
    try:
        wait_until(lambda: home.count("p") > 0, 60, lambda: trainer.errors)
        for _ in range(OUTAGES):
            # The moments themselves are what is tried, so these are the test's sleeps.
            time.sleep(random_source.uniform(0.0, 0.8))
            unsteady.restart(random_source.choice((0.0, random_source.uniform(0.0, 1.0))))
        stop.touch()
        trainer.expect_exit(0, 120)
        # What `finish` could not wait for is brought by the companion.
        wait_until(lambda: not directory.journals(), 120, lambda: (directory.journals(), home.count("p")))
    finally:
        proxy.end()
        unsteady.server.stop()
    said = json.loads(trainer.output)
    rows = home.rows("p")
    logged = len(said["calls"])
    print(
        f"\n{OUTAGES} outages, {proxy.counts}: {logged} rows logged, {len(rows)} arrived, slowest log() "
        f"{said['slowest'] * 1e3:.3f} ms, finish() {said['finish']:.2f} s"
    )
    home.assert_sound("p")
    assert sorted(row.step for row in rows) == list(range(logged)), "every row once"
    for row in rows:
        before, after = said["calls"][row.step]
        assert row.metrics == {"loss": 1 / (row.step + 1), "before": before}
        # Python and the recorder read the same clock; both round to a microsecond.
        assert before - 2e-6 <= seconds(row.timestamp) <= after + 2e-6, "the time is that of the call"
    assert len({row.timestamp for row in rows}) == logged, "to the microsecond"
    alerts = home.select("p", "SELECT title, step FROM alerts ORDER BY step")
    assert alerts == [(f"step {step}", step) for step in range(0, logged, ALERT_EVERY)]
    assert said["slowest"] < 0.1
    assert len({row.run_id for row in rows}) == 1
    record = home.run_record("p", "r")
    assert record["state"] == "finished"


def seconds(timestamp: str) -> float:
    """Seconds since 1970 of a time in the tables."""
    from datetime import datetime

    return datetime.fromisoformat(timestamp).timestamp()
