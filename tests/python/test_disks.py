"""Data directories that cannot be used: the training goes on, and is told once, and nothing is lost silently."""

import re
import subprocess

from support.disks import mounted
from support.waiting import wait_until

LOG_MANY = """
import sys, time, warnings, trackio
warnings.simplefilter("always")
slowest = 0
trackio.init(project="p", name="r")
for step in range(int(sys.argv[1])):
    begun = time.perf_counter()
    trackio.log({f"metric/{number}": step / (number + 1) for number in range(10)}, step=step)
    slowest = max(slowest, time.perf_counter() - begun)
print("logged, slowest", slowest, flush=True)
if len(sys.argv) > 2:
    while not __import__("os").path.exists(sys.argv[2]):
        time.sleep(0.01)
trackio.finish()
print("finished", flush=True)
"""


def expect_lost(trainer, count):
    """It went on to its end, was told of the trouble once, and at the end of how many rows are lost."""
    trainer.expect_exit(0, 60)
    assert "finished" in trainer.output
    warnings = [line for line in trainer.errors.splitlines() if "Warning:" in line]
    assert len([line for line in warnings if f"{count} rows are lost" in line]) == 1, trainer.errors
    return [line for line in warnings if "rows are lost" not in line]


def test_a_directory_below_a_regular_file(directory):
    directory.path.write_text("a file")
    trainer = directory.start(LOG_MANY, 100, TRACKIO_DIR=str(directory.path / "below"))
    told = expect_lost(trainer, 100)
    assert len(told) == 1, told
    assert str(directory.path / "below") in told[0] and "Not a directory" in told[0]
    assert directory.path.read_text() == "a file"
    directory.path.unlink()


def test_a_file_system_that_is_read_only(directory):
    with mounted(directory.path, "ro"):
        told = expect_lost(directory.start(LOG_MANY, 100), 100)
        assert len(told) == 1, told
        assert str(directory.path) in told[0] and "Read-only file system" in told[0]
        directory.assert_nothing_left()


def test_a_full_disk_that_gets_room_again(directory):
    with mounted(directory.path, "size=12m"):
        go_on = directory.folder / "go on"
        trainer = directory.start(LOG_MANY, 60_000, go_on)
        wait_until(lambda: "logged" in trainer.output, 60, lambda: trainer.errors)
        assert str(directory.path) in trainer.errors and "No space left on device" in trainer.errors
        assert float(trainer.output.split()[-1]) < 1, "seconds of the slowest call: it does not wait for room"
        subprocess.run(["mount", "-o", "remount,size=400m", str(directory.path)], check=True)
        go_on.touch()
        trainer.expect_exit(0, 90)
        warnings = [line for line in trainer.errors.splitlines() if "Warning:" in line]
        assert len(warnings) == 1, warnings
        assert directory.count("p") == 60_000
        assert directory.select("p", "SELECT count(DISTINCT step), min(step), max(step) FROM metrics") == [
            (60_000, 0, 59_999)
        ]
        directory.assert_sound("p")
        directory.assert_nothing_left()


def test_a_full_disk_that_stays_full(directory):
    with mounted(directory.path, "size=12m"):
        trainer = directory.start(LOG_MANY, 60_000)
        trainer.expect_exit(0, 120)
        (lost,) = re.findall(r"(\d+) rows are lost", trainer.errors)
        assert "No space left on device" in trainer.errors
        # What the journal took is not lost: room brings it.
        subprocess.run(["mount", "-o", "remount,size=400m", str(directory.path)], check=True)
        expected = 60_000 - int(lost)

        def arrived():
            directory.paceline("status")
            return directory.count("p") == expected

        wait_until(arrived, 30, lambda: (directory.count("p"), expected))
        assert 0 < expected < 60_000
        directory.assert_sound("p")
        directory.assert_nothing_left()


def test_a_damaged_project_beside_a_good_one(directory):
    directory.path.mkdir()
    directory.file("bad").write_bytes(b"this is no database" * 1000)
    script = LOG_MANY.replace('"p"', "sys.argv[3]")
    ready = directory.folder / "ready"
    ready.touch()
    bad = directory.start(script, 100, ready, "bad")
    wait_until(lambda: "logged" in bad.output, 30, lambda: bad.errors)
    good = directory.start(script, 100, ready, "good")
    good.expect_exit(0)
    assert "Warning" not in good.errors
    assert directory.count("good") == 100 and directory.status("good")["state"] == "finished"
    listed = {project["project"]: project["damaged"] for project in directory.answer("list", "projects")["details"]}
    assert listed["good"] is None and listed["bad"]
    refused = directory.paceline("status", "--project", "bad", "--json")
    assert refused.returncode == 1 and "bad" in refused.stderr and "hint" in refused.stderr
    bad.expect_exit(0, 90)
    assert "rows are safe in the journal" in bad.errors
    # Once the file is gone, the rows come.
    directory.file("bad").unlink()
    wait_until(lambda: directory.paceline("status") and directory.count("bad") == 100, 20)
    assert directory.status("bad")["state"] == "finished"
