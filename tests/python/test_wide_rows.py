"""Rows of a thousand metrics of every kind, by every way there is to log them: each value stands in the tables as it was."""

import json

import pytest

from support.directory import DataDirectory

# What one of the thousand is, by its number; an object's stored form is beside it where JSON has another one.
SCRIPT = """
import json, math, sys
import numpy
import trackio

KINDS = [
    lambda n: n / 7, lambda n: -n, lambda n: None, lambda n: n % 2 == 0, lambda n: f"text {n} größe",
    lambda n: float("nan"), lambda n: float("inf"), lambda n: -float("inf"),
    lambda n: 2**63 - 1 - n, lambda n: -2**63 + n, lambda n: 2**64 + n, lambda n: 10**400 + n, lambda n: -10**30 - n,
    lambda n: numpy.float64(n / 7), lambda n: numpy.float32(n / 7), lambda n: numpy.float16(n / 7), lambda n: numpy.int64(n),
    lambda n: numpy.uint64(2**64 - 1 - n), lambda n: numpy.int8(n % 100), lambda n: numpy.bool_(n % 3 == 0),
    lambda n: numpy.array(n / 7), lambda n: numpy.array([n]), lambda n: numpy.float32("nan"), lambda n: numpy.longdouble(n) / 4,
    lambda n: {"a": n, "b": {"c": [n / 7, None, True, 10**40 + n, float("nan")], "d": numpy.float32(n)}},
    lambda n: [n, n / 7, "x"], lambda n: (n,), lambda n: {}, lambda n: [], lambda n: "",
    lambda n: 5e-324, lambda n: 1.7976931348623157e308, lambda n: -0.0,
]

def plain(value):
    '''What JSON has for it, by Python's own means.'''
    if isinstance(value, numpy.longdouble):
        return float(value)
    if isinstance(value, (numpy.generic, numpy.ndarray)):
        return plain(value.item())
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value

sys.set_int_max_str_digits(0)
row = {f"group_{n % 10}/metric_{n}": KINDS[n % len(KINDS)](n) for n in range(1_000)}
run = trackio.init(project="p", name="r", auto_log_cpu=False, auto_log_gpu=False)
WAY
trackio.finish()
print(json.dumps({key: plain(value) for key, value in row.items()}))
"""

WAYS = {
    "at once": "trackio.log(row)",
    "by keyword": "trackio.log(data=row, step=0)",
    "of the run": "run.log(row, step=numpy.int64(0))",
    "in two parts": "keys = list(row)\n"
                    "trackio.log({key: row[key] for key in keys[:500]}, step=0, commit=False)\n"
                    "trackio.log({key: row[key] for key in keys[500:]}, step=0)",
    "defined": "trackio.define_metric('group_1/*', step_metric='group_0/metric_0', summary='min,max,mean,last')\ntrackio.log(row)",
    "from a thread": "import threading\nthread = threading.Thread(target=trackio.log, args=(row,)); thread.start(); thread.join()",
}


def same(found: object, expected: object) -> bool:
    """Equal, and of one type all through: 1, 1.0 and true are three values."""
    return json.dumps(found) == json.dumps(expected)


@pytest.mark.parametrize("way", WAYS)
def test_a_thousand_metrics_of_every_kind(directory: DataDirectory, way: str):
    trainer = directory.run("import warnings\nwarnings.simplefilter('error')\n" + SCRIPT.replace("WAY", WAYS[way]))
    expected = json.loads(trainer.output.splitlines()[-1])
    (row,) = directory.rows("p")
    assert row.step == 0 and len(row.metrics) == 1_000
    wrong = {key: (row.metrics.get(key), value) for key, value in expected.items() if not same(row.metrics.get(key), value)}
    assert not wrong


def test_the_summary_has_all_of_them(directory: DataDirectory):
    trainer = directory.run(SCRIPT.replace("WAY", "trackio.log(row)\nsummary = {key: plain(value) for key, value in run.summary.items()}\n"
                                           "print(json.dumps(summary))"))
    summary, expected = map(json.loads, trainer.output.splitlines()[-2:])
    assert same(summary, expected)


def test_a_metric_too_big_for_floats_is_kept_and_summed_up_without(directory: DataDirectory):
    trainer = directory.run("""
import json, trackio
run = trackio.init(project="p", name="r", auto_log_cpu=False, auto_log_gpu=False)
trackio.define_metric("loss", summary="min,max,mean")
for value in (1, 10**400, 3.0, -10**400, float("inf")):
    trackio.log({"loss": value})
print(json.dumps(run.summary["loss"]))
trackio.finish()
""")
    assert [row.metrics["loss"] for row in directory.rows("p")] == [1, 10**400, 3.0, -10**400, "Infinity"]
    assert json.loads(trainer.output) == {"min": 1, "max": 3.0, "mean": 2.0}


def test_integers_no_reader_reads_leave_the_row_readable(directory: DataDirectory):
    directory.run("""
import trackio
class Named(int):
    def __str__(self): return "a name"
    __repr__ = __str__
run = trackio.init(project="p", name="r", auto_log_cpu=False, auto_log_gpu=False)
trackio.log({"named": Named(2**70), "small": Named(3), "longest": -10**4298, "longer": 10**4300, "nested": {"a": [16**5000, 1]}, "after": 1.5})
assert run.summary["longest"] == -10**4298 and run.summary["longer"][:4] == hex(10**4300)[:4]
trackio.finish()
""")
    (row,) = directory.rows("p")
    nested = row.metrics["nested"]["a"]
    assert (row.metrics["named"], row.metrics["small"], row.metrics["longest"], row.metrics["after"]) == (2**70, 3, -10**4298, 1.5)
    assert row.metrics["longer"] == hex(10**4300)
    assert nested[0] == hex(16**5000) and nested[1] == 1
