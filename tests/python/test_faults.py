"""What was logged is there: eight processes flat out, and processes killed at random instants."""

import os
import random
import signal
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.directory import DataDirectory
from support.exact import bits, metrics
from support.processes import kill_foreign
from support.trainer import Trainer
from support.waiting import wait_until

KILLS = int(os.environ.get("PACELINE_KILLS", "15"))
# Trainers log 1,000 rows a second; a kill comes within the first of them.
LONGEST_LIFE_SECONDS = 1.0
# Python, the import and `init` together take about half of this.
LONGEST_BIRTH_SECONDS = 0.3
ROWS_OF_A_SURVIVOR = 1_500
HERE = str(Path(__file__).parent)

FLAT_OUT = """
import sys, trackio
trackio.init(project="p", name=sys.argv[1])
for step in range(50_000):
    trackio.log({"loss": 1 / (step + 1), "step_seen": step}, step=step)
trackio.finish()
"""

# Counts in shared memory what log() has acknowledged: the count survives a kill as the rows must.
PACED = """
import mmap, struct, sys, threading, time
import trackio
from support.bystander import look_for_ever
from support.exact import metrics

seed, total, counter_path, file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
with open(counter_path, "r+b") as counter_file:
    counter = mmap.mmap(counter_file.fileno(), 8)
threading.Thread(target=look_for_ever, args=[file], daemon=True).start()
trackio.init(project="p", name="r")
begun = time.perf_counter()
for step in range(total):
    while time.perf_counter() < begun + step / 1000:
        pass
    trackio.log(metrics(seed, step), step=step)
    struct.pack_into("<q", counter, 0, step + 1)
trackio.finish()
"""


@pytest.mark.alone
def test_eight_processes_flat_out_lose_nothing(directory):
    trainers = [directory.start(FLAT_OUT, f"worker-{number}") for number in range(8)]
    for trainer in trainers:
        trainer.expect_exit(0, 120)
        assert "Warning" not in trainer.errors
    assert directory.count("p") == 400_000
    distinct = directory.select("p", "SELECT count(*) FROM (SELECT DISTINCT run_id, step FROM metrics)")
    assert distinct == [(400_000,)]
    per_run = directory.select("p", "SELECT run_name, count(*), min(step), max(step) FROM metrics GROUP BY run_id")
    assert sorted(per_run) == [(f"worker-{number}", 50_000, 0, 49_999) for number in range(8)]
    directory.assert_sound("p")


def test_rows_survive_kills(new_directory, random_source):
    """`PACELINE_KILLS` kills, two at a time; each variant in turn."""
    plans = [
        (VARIANTS[number % len(VARIANTS)], new_directory(), random_source.randrange(2**32))
        for number in range(KILLS)
    ]

    def carry_out(plan):
        variant, directory, seed = plan
        try:
            variant(directory, seed)
            directory.assert_nothing_left()
            return None
        except BaseException as error:  # told with the seed that repeats it
            return f"{variant.__name__}, seed {seed}, {directory.path}: {type(error).__name__}: {error}"

    with ThreadPoolExecutor(max_workers=2) as pool:
        failures = [failure for failure in pool.map(carry_out, plans) if failure]
    assert not failures, f"{len(failures)} of {KILLS}:\n" + "\n".join(failures)


def kill_trainer(directory: DataDirectory, seed: int) -> None:
    """The companion goes on, and brings everything to the tables by itself."""
    with Watched(directory, seed, total=1_000_000) as watched:
        watched.live()
        watched.trainer.kill()
        acknowledged = watched.acknowledged
        # The companion records the end when it has committed the last row.
        wait_until(lambda: directory.run_record("p").get("state") == "crashed", 15, lambda: directory.run_record("p"))
        assert directory.status("p", "r")["state"] == "crashed"
        watched.check_rows(acknowledged, acknowledged + 1)
        assert directory.run_record("p")["exit_signal"] in (signal.SIGKILL, None)  # None: kernels that do not tell


def kill_companion(directory: DataDirectory, seed: int) -> None:
    """The trainer does not notice, and its rows are there when it has finished."""
    with Watched(directory, seed, total=ROWS_OF_A_SURVIVOR) as watched:
        watched.live()
        companions = directory.companions()
        assert companions
        for pid in companions:
            kill_foreign(pid)
        watched.trainer.expect_exit(0)
        assert "Warning" not in watched.trainer.errors
        watched.check_rows(ROWS_OF_A_SURVIVOR, ROWS_OF_A_SURVIVOR)
        directory.wait_for_state("p", "finished", "r")


def kill_both(directory: DataDirectory, seed: int) -> None:
    """Whoever opens the directory next finds everything."""
    with Watched(directory, seed, total=1_000_000) as watched:
        watched.live()
        companions = directory.companions()
        assert companions
        watched.trainer.send(signal.SIGKILL)
        for pid in companions:
            kill_foreign(pid)
        watched.trainer.wait()
        acknowledged = watched.acknowledged
        assert directory.status("p", "r")["state"] == "crashed"
        watched.check_rows(acknowledged, acknowledged + 1)


def kill_trainer_without_companion(directory: DataDirectory, seed: int) -> None:
    """No program brings rows to the tables while the trainer lives; three that come at once do, once."""
    with Watched(directory, seed, total=1_000_000, PACELINE_BINARY="/nonexistent/paceline") as watched:
        watched.live()
        assert directory.companions() == []
        watched.trainer.kill()
        acknowledged = watched.acknowledged
        assert "/nonexistent/paceline" in watched.trainer.errors, "one warning says why"
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda _: directory.paceline("status"), range(3)))
        assert directory.status("p", "r")["state"] == "crashed"
        watched.check_rows(acknowledged, acknowledged + 1)


def kill_at_birth(directory: DataDirectory, seed: int) -> None:
    """Anywhere from the start of the interpreter to the first rows."""
    with Watched(directory, seed, total=1_000_000) as watched:
        time.sleep(random.Random(seed).uniform(0.02, LONGEST_BIRTH_SECONDS))
        watched.trainer.kill()
        acknowledged = watched.acknowledged
        directory.paceline("status")
        wait_until(lambda: not directory.companions(), 20, "the companion does not leave")
        watched.check_rows(acknowledged, acknowledged + 1)
        assert directory.run_record("p").get("state") in (("crashed",) if acknowledged else ("crashed", None))


VARIANTS = [kill_trainer, kill_companion, kill_both, kill_trainer_without_companion, kill_at_birth]


class Watched:
    """A trainer at 1,000 rows a second, with two bystanders: one beside it and one inside it."""

    def __init__(self, directory: DataDirectory, seed: int, total: int, **environment: str) -> None:
        self.directory, self.seed = directory, seed
        self._counter = directory.folder / "acknowledged"
        self._counter.write_bytes(bytes(8))
        file = directory.file("p")
        look = "import sys; from support.bystander import look_for_ever; look_for_ever(sys.argv[1])"
        self.bystander: Trainer = directory.start(look, file, PYTHONPATH=HERE)
        self.trainer: Trainer = directory.start(
            PACED, seed, total, self._counter, file, PYTHONPATH=HERE, **environment
        )

    def __enter__(self) -> "Watched":
        return self

    def __exit__(self, kind, *_) -> None:
        looking = self.bystander.process.poll() is None
        self.bystander.kill()
        self.trainer.kill()
        if kind is None:
            assert looking, self.bystander.errors
            assert "looks wrong" not in self.trainer.errors, self.trainer.errors

    @property
    def acknowledged(self) -> int:
        """Rows for which log() has returned so far."""
        return struct.unpack("<q", self._counter.read_bytes())[0]

    def live(self) -> None:
        """Returns at a random instant after the first row."""
        wait_until(lambda: self.acknowledged > 0, 30, lambda: self.trainer.errors)
        time.sleep(random.Random(self.seed).uniform(0, LONGEST_LIFE_SECONDS))

    def check_rows(self, least: int, most: int) -> None:
        """Every row from step 0 on is there once, in order, to the last bit."""
        rows = self.directory.rows("p")
        assert least <= len(rows) <= most, f"{len(rows)} rows, not {least} to {most}"
        assert [row.step for row in rows] == list(range(len(rows)))
        for row in rows:
            assert bits(row.metrics) == bits(metrics(self.seed, row.step)), row
        if rows:
            self.directory.assert_sound("p")
