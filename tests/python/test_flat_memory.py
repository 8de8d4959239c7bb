"""What a long training costs: neither the trainer nor the companion grows with the rows, nor with the runs begun and ended.

A day of a row a second is logged flat out, and the levels are compared whenever the companion has drained what was
logged so far. `PACELINE_SOAK_ROWS` sets another number of rows.
"""

import json
import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from support.directory import DataDirectory
from support.processes import memory_bytes
from support.trainer import Trainer
from support.waiting import wait_until

pytestmark = pytest.mark.alone

MIB = 1 << 20
ROWS_OF_A_DAY = 24 * 3_600
LEVELS = 12
# Caches fill while the first levels are reached.
WARM_UP_LEVELS = 4
# What stands in a journal that is drained: the segment being written and the spares.
MOST_SEGMENTS = 6
# Blocks of Python's allocator that come and go between two looks.
FEW_BLOCKS = 300
# What a companion may seem to keep of a row: pages of the allocator come and go.
FEW_BYTES_OF_A_ROW = 20
# Threads and descriptors that a journal which is about to be removed still has.
FEW_HANDLES = 3

HEADS_ARE_STORED = """
SELECT json_extract(value, '$.id') = (SELECT max(id) FROM metrics) FROM paceline_meta WHERE key = 'mark'
"""

BEGINNING = """
import gc, json, os, sys, time
import trackio

def level(number):
    '''Says how much there is, and waits until the other side has looked too.'''
    gc.collect()
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    print(json.dumps({
        "blocks": sys.getallocatedblocks(), "threads": int(status["Threads"]), "files": len(os.listdir("/proc/self/fd")),
        "objects": len(gc.get_objects()),
    }), flush=True)
    while not os.path.exists(f"go-{number}"):
        time.sleep(0.002)
"""

# The body of each step: what a plain loop logs, and all that may be kept from one row to the next.
STEPS = {
    "ten numbers": "trackio.log({f'train/metric_{number}': step + number / 7 for number in range(10)}, step=step)",
    "the surface of wandb": """
        trackio.log({"train/loss": 1 / (step + 1), "epoch": step // 1_000}, commit=False)
        trackio.log({"train/accuracy": step * 0.5, "nested": {"a": step}, "odd": None, "text": f"row {step}"})
        if step % 500 == 0:
            run.summary["best"] = step
            run.config.update({"seen": step}, allow_val_change=True)
            trackio.alert(f"step {step}", wait_duration=3600) if step == 0 else None
            trackio.log_system({"temperature": step})
""",
    "objects": """
        trackio.log({"scalar": numpy.float32(step), "whole": numpy.int64(step), "list": [step, step + 1], "huge": 10**30 + step})
        if step % 500 == 0:
            trackio.log({"table": trackio.Table(columns=["a"], data=[[step]]), "histogram": trackio.Histogram([step, 1, 2])})
""",
}

SCRIPT = BEGINNING + """
import numpy
rows, levels = int(sys.argv[1]), int(sys.argv[2])
run = trackio.init(project="p", name="r", auto_log_cpu=True, cpu_log_interval=0.05, auto_log_gpu=False)
if DEFINES:
    trackio.define_metric("epoch")
    trackio.define_metric("train/*", step_metric="epoch", summary="min,mean,last")
for number in range(levels):
    for step in range(number * rows // levels, (number + 1) * rows // levels):
        STEP
    level(number)
trackio.finish()
"""


def only(companions: list[int]) -> list[int]:
    """The companion when there is one, nothing while there are more."""
    return companions if len(companions) == 1 else []


def levels(directory: DataDirectory, trainer: Trainer, count: int) -> list[dict[str, int]]:
    """What trainer and companion hold at each level, once everything logged until then is drained."""

    def segments() -> list[Path]:
        return directory.files(".seg")

    found = []
    for number in range(count):
        def lines(number: int = number) -> list[str]:
            assert trainer.process.poll() is None, trainer.errors
            return trainer.output.splitlines()[number : number + 1]

        said = json.loads(wait_until(lines, 120, lambda: trainer.errors)[0])
        wait_until(lambda: len(segments()) <= MOST_SEGMENTS, 120, segments)
        if number == 0:
            # It takes memory to store them, which is kept; when that is first done, time decides.
            wait_until(lambda: directory.select("p", HEADS_ARE_STORED) == [(1,)], 20, "the heads are not stored")
        # Each `init` starts one, and all but the first see that they are not needed: one found alone is the first,
        # and another may come up the moment after.
        (companion,) = wait_until(lambda: only(directory.companions()), 20, directory.companions)
        said["memory"] = memory_bytes(trainer.pid)
        said["companion"] = memory_bytes(companion)
        said["companion_files"] = len(os.listdir(f"/proc/{companion}/fd"))
        found.append(said)
        (directory.folder / f"go-{number}").touch()
    return found


def growth(found: list[dict[str, int]], field: str, of: Callable[[list[int]], int] = max) -> int:
    """How much higher the later half of the levels stands than the earlier one, warm-up left out.

    What a companion holds swings with how much it was given at once: there the lowest levels are compared.
    """
    figures = [level[field] for level in found[WARM_UP_LEVELS:]]
    half = len(figures) // 2
    return of(figures[half:]) - of(figures[:half])


def steady_growth(found: list[dict[str, int]], field: str) -> int:
    """What a level adds to the one before, for the quarter of levels that add least.

    A buffer that had to be larger once, which a busy machine brings about late, is one leap; what is kept of every row
    is in every level.
    """
    figures = [level[field] for level in found]
    return sorted(later - earlier for earlier, later in pairwise(figures))[len(figures) // 4]


@pytest.mark.parametrize("kind", STEPS)
def test_a_day_of_logging_keeps_memory_flat(directory, kind):
    rows = int(os.environ.get("PACELINE_SOAK_ROWS", ROWS_OF_A_DAY))
    script = SCRIPT.replace("STEP", STEPS[kind].strip()).replace("DEFINES", str(kind == "the surface of wandb"))
    trainer = directory.start(script, rows, LEVELS)
    found = levels(directory, trainer, LEVELS)
    trainer.expect_exit(0, 120)
    assert directory.count("p") >= rows
    assert growth(found, "blocks") < FEW_BLOCKS, found
    assert growth(found, "objects") < FEW_BLOCKS, found
    assert growth(found, "memory") < MIB, found
    rows_of_a_level = rows // LEVELS
    assert steady_growth(found, "companion") < rows_of_a_level * FEW_BYTES_OF_A_ROW, found
    assert growth(found, "companion", min) < 16 * MIB, found
    assert max(growth(found, field) for field in ("threads", "files", "companion_files")) <= FEW_HANDLES, found


def test_what_grows_with_the_names_of_metrics_grows_with_nothing_else(directory):
    """Every name ever logged is kept, since the summary has it: once, however often it comes."""
    names, times = 20_000, 8
    trainer = directory.start(BEGINNING + f"""
trackio.init(project="p", name="r", auto_log_cpu=False, auto_log_gpu=False)
trackio.define_metric("group/*", summary="max")
for number in range({times}):
    for first in range(0, {names}, 100):
        trackio.log({{f"group/metric_{{name}}": name + 0.5 for name in range(first, first + 100)}})
    level(number)
trackio.finish()
""")
    found = levels(directory, trainer, times)
    trainer.expect_exit(0, 60)
    assert growth(found, "blocks") < FEW_BLOCKS, found
    assert growth(found, "memory") < MIB and growth(found, "companion", min) < 6 * MIB, found
    assert found[0]["memory"] < 100 * MIB, "some hundreds of bytes a name"


# Ways a program begins and ends runs.
RUNS = {
    "with": 'with trackio.init(**settings): trackio.log({"loss": 1.0})',
    "of the module": 'trackio.init(**settings); trackio.log({"loss": 1.0}); trackio.finish()',
    "of the run": 'run = trackio.init(**settings); run.log({"loss": 1.0}); run.finish()',
    "one after the other": 'run = trackio.init(**settings); run.define_metric("loss", summary="min"); run.log({"loss": 1.0})',
    "beside another": 'run = trackio.init(**settings, reinit="create_new"); run.log({"loss": 1.0}); run.finish()',
}


@pytest.mark.parametrize("way", RUNS)
def test_runs_that_ended_leave_nothing_in_the_process(directory, way):
    runs = LEVELS * (84 if way == "of the run" else 12)
    trainer = directory.start(BEGINNING + f"""
first = trackio.init(project="p", name="first", auto_log_cpu=False, auto_log_gpu=False) if {way == "beside another"} else None
for number in range({LEVELS}):
    for other in range({runs // LEVELS}):
        settings = dict(project="p", name=f"{{number}}-{{other}}", auto_log_cpu=False, auto_log_gpu=False, config={{"number": number}})
        {RUNS[way]}
    level(number)
trackio.finish()
""")
    found = levels(directory, trainer, LEVELS)
    trainer.expect_exit(0, 60)
    assert growth(found, "blocks") < FEW_BLOCKS and growth(found, "objects") < FEW_BLOCKS, found
    assert growth(found, "memory") < MIB, found
    assert growth(found, "companion", min) < 6 * MIB, found
    assert max(growth(found, field) for field in ("threads", "files", "companion_files")) <= FEW_HANDLES, found
    assert len({run["run_id"] for run in directory.answer("list", "runs", "--project", "p")["details"]}) >= runs
