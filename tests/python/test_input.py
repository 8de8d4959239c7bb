"""Whatever a training hands over, `log` takes it, and says once what it could not take as it was."""

import json
import subprocess
import sys
from importlib.metadata import version

import pytest
from packaging.version import Version

from support.directory import PROGRAM

BEGINNING = """
import sys, warnings
import trackio

warnings.simplefilter("always")
told = []
warnings.showwarning = lambda message, *_: told.append(str(message))
run = trackio.init(project="p", name="r")
del told[:]
"""


def logged(directory, script, **options):
    """Runs a script in which a run is open and `told` holds the warnings; gives rows and warnings."""
    trainer = directory.run(BEGINNING + script + "\ntrackio.finish()\nfor text in told: print(text)", **options)
    return directory.rows("p"), trainer.output.splitlines()


def test_package_and_programs_come_from_one_wheel(directory):
    """What is tested is what was installed, not what lies in the tree."""
    assert directory.run("import trackio\nprint(trackio.__file__)").output.startswith(sys.prefix)
    for name, said in {"paceline": "paceline ", "trackio": "trackio 0.43.0+paceline."}.items():
        done = subprocess.run([PROGRAM.with_name(name), "--version"], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0 and done.stdout.startswith(said), done


def test_the_interface_is_the_peers(directory):
    """Trainers look at the signature before they pass parameters on."""
    trainer = directory.run("import inspect, trackio\nprint(*inspect.signature(trackio.init).parameters)")
    peer = (
        "project name group space_id server_url dataset_id bucket_id config resume settings private embed auto_log_gpu "
        "gpu_log_interval auto_log_cpu cpu_log_interval webhook_url webhook_min_level"
    ).split()
    assert trainer.output.split()[: len(peer)] == peer


def test_the_versions_can_be_compared(directory):
    assert version("trackio") == "0.43.0"
    own = Version(directory.run("import trackio\nprint(trackio.__version__)").output.strip())
    assert own.public == "0.43.0" and own.local.startswith("paceline.")


def test_the_import_is_light(directory):
    heavy = "numpy pandas PIL torch huggingface_hub sqlite3 ssl asyncio".split()
    script = f"import sys\nbefore = set(sys.modules)\nimport trackio\nprint(*(set({heavy}) & (set(sys.modules) - before)))"
    assert directory.run(script).output.split() == []
    # Nor while a run is open.
    assert directory.run(BEGINNING + f"trackio.log({{'a': 1}})\ntrackio.finish()\nprint(*(set({heavy}) & set(sys.modules)))").output.split() == []


def test_without_a_run(directory):
    trainer = directory.run("""
import warnings, trackio
warnings.simplefilter("error")
trackio.finish()
trackio.config["lr"] = 1
for call in (lambda: trackio.log({"a": 1}), lambda: trackio.log_system({"a": 1}), lambda: trackio.alert("x")):
    try:
        call()
    except RuntimeError as error:
        print(error)
trackio.init(project="p")
trackio.finish()
trackio.finish()
try:
    trackio.log({"a": 1})
except RuntimeError as error:
    print(error)
""")
    said = trainer.output.splitlines()
    assert len(said) == 4 and all("`trackio.init(project=…)`" in line for line in said), said


# What is logged, and the value in the table; floats that are not finite have the peer's text.
VALUES = {
    "None": None,
    "True": True,
    "-5": -5,
    "2**63 - 1": 2**63 - 1,
    "10**30": 10**30,
    "0.1": 0.1,
    "5e-324": 5e-324,
    "float('nan')": "NaN",
    "-float('inf')": "-Infinity",
    "'text'": "text",
    "(1, 2.5)": [1, 2.5],
    "{1}": [1],
    "{'a': [1, float('nan')], 'b': {'c': None}}": {"a": [1, "NaN"], "b": {"c": None}},
    "numpy.float32(0.1)": 0.10000000149011612,
    "numpy.float64(0.1)": 0.1,
    "numpy.int64(-3)": -3,
    "numpy.bool_(True)": True,
    "numpy.array(2.5)": 2.5,
    "numpy.array([7])": 7,
    "numpy.array([1.0, 2.0])": [1.0, 2.0],
    "numpy.float32('nan')": "NaN",
    "1 + 2j": "(1+2j)",
    "b'ab'": "b'ab'",
    "range(3)": "range(0, 3)",
    "Printed()": "printed",
    "ItemRaises()": "printed",
    "Unprintable()": "<Unprintable that cannot be printed>",
}


def test_every_kind_of_value(directory):
    rows, told = logged(directory, f"""
import numpy
class Printed:
    def __str__(self): return "printed"
class ItemRaises(Printed):
    def item(self): raise RuntimeError("no item")
class Unprintable:
    def __str__(self): raise ValueError("no text")
    __repr__ = __str__
for text in {list(VALUES)}:
    trackio.log({{"value": eval(text), "after": 1.5}})
""")
    assert told == []
    for row, (text, expected) in zip(rows, VALUES.items(), strict=True):
        assert row.metrics == {"value": expected, "after": 1.5}, text
        assert type(row.metrics["value"]) is type(expected), text


def test_values_that_log_themselves(directory):
    """A value's own code may call `log` again."""
    rows, _ = logged(directory, """
class LogsAgain:
    def item(self):
        trackio.log({"inner": 1})
        return 2.5
class LogsWhenPrinted:
    def __str__(self):
        trackio.log({"printed": 1})
        return "text"
trackio.log({"before": 1, "value": LogsAgain(), "after": 2})
trackio.log({"value": LogsWhenPrinted()})
""")
    found = [row.metrics for row in rows]
    assert {"inner": 1} in found and {"before": 1, "value": 2.5, "after": 2} in found
    assert {"printed": 1} in found and {"value": "text"} in found


def test_values_without_end(directory):
    rows, _ = logged(directory, """
class Endless:
    def item(self): return self
    def to_dict(self): return {"again": self}
    def __str__(self): return "endless"
circle = []
circle.append(circle)
trackio.log({"circle": circle, "endless": Endless(), "after": 3})
trackio.log({"last": 1})
""")
    assert set(rows[0].metrics) == {"circle", "endless", "after"} and rows[0].metrics["after"] == 3
    assert rows[1].metrics == {"last": 1}


def test_values_that_change_what_they_stand_in(directory):
    rows, _ = logged(directory, """
class Grows:
    def __init__(self, change): self._change = change
    def item(self):
        self._change()
        raise RuntimeError
    def __str__(self): return "grows"
row, nested, items = {}, {}, set()
row.update(first=1, value=Grows(lambda: row.update(more=2)), last=3)
nested.update(first=1, value=Grows(lambda: nested.update(more=2)), last=3)
items.update([1, Grows(lambda: items.add(2))])
trackio.log(row)
trackio.log({"nested": nested, "after": 1})
trackio.log({"items": items, "after": 1})
trackio.log({"last": 1})
""")
    found = [row.metrics for row in rows]
    assert found[0]["first"] == 1 and found[0]["value"] == "grows" and found[0]["last"] == 3
    assert found[1]["after"] == found[2]["after"] == 1
    assert found[3] == {"last": 1}


def test_an_interrupt_in_a_value_is_not_swallowed(directory):
    """Ctrl-C while a value's own code runs still ends the training."""
    trainer = directory.start(BEGINNING + """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
class Interrupted:
    def item(self): os.kill(os.getpid(), signal.SIGINT)
trackio.log({"value": Interrupted()})
print("went on")
""")
    assert trainer.wait() != 0
    assert "went on" not in trainer.output


def test_what_is_no_row(directory):
    rows, told = logged(directory, """
for metrics in (5, None, "text", [1, 2], object()):
    for _ in range(3):
        trackio.log(metrics)
trackio.log({})
trackio.log([("pair", 1)])
class Mapping:
    def keys(self): return ["a"]
    def __getitem__(self, key): return 2
trackio.log(Mapping())
""")
    assert [row.metrics for row in rows] == [{}, {"pair": 1}, {"a": 2}]
    assert len(told) == 5 and all("takes a dict" in text for text in told), "one warning a cause"


def test_names_of_metrics(directory):
    rows, told = logged(directory, """
for key in ("", " ", "a/b", "größe 😀", "nul\\0nul", "quote\\"\\\\", "x" * 1000, 1, 2.5, None, (1, 2), b"b"):
    trackio.log({key: 1})
trackio.log({"lone \\ud800 surrogate": 1})
trackio.log({"y" * 100_000: 1})
for _ in range(3):
    trackio.log({"step": 1, "timestamp": 2, "project": 3, "run": 4, "time": 5, "metrics": 6, "__own": 7, "loss": 8})
""")
    names = [list(row.metrics) for row in rows]
    assert names[:12] == [
        [""], [" "], ["a/b"], ["größe 😀"], ["nul\0nul"], ['quote"\\'], ["x" * 1000],
        ["1"], ["2.5"], ["None"], ["(1, 2)"], ["b'b'"],
    ]
    assert len(names[12]) == 1 and names[12][0].startswith("lone ") and names[12][0].endswith(" surrogate")
    assert len(names[13]) == 1 and names[13][0].startswith("y" * 1000), "cut, and there"
    for row in rows[14:]:
        assert row.metrics["__step"] == 1 and row.metrics["loss"] == 8 and len(row.metrics) == 8
        assert not {"step", "timestamp", "project", "run", "time", "metrics"} & set(row.metrics)
    assert any("`step`" in text and "`__step`" in text for text in told)


def test_steps(directory):
    rows, told = logged(directory, """
import numpy
for step in (None, 5, numpy.int64(10), 20.0, "30", None, -7, None, 1.5, "x", object(), float("nan"), True):
    trackio.log({"given": repr(step)[:10]}, step=step)
""")
    steps = [row.step for row in rows]
    assert steps[:8] == [0, 5, 10, 20, 30, 31, -7, 32]
    assert steps[8:12] == [33, 34, 35, 36], "what is no whole number gets the next step"
    assert len(told) >= 1 and "is no whole number" in told[0]


def test_steps_beyond_64_bits(directory):
    rows, told = logged(directory, """
for step in (2**62, None, 2**63 - 1, 2**63, -2**63 - 1, 10**400, float("inf"), 1e300):
    trackio.log({"given": str(step)[:10]}, step=step)
trackio.log({"last": 1}, step=3)
""")
    assert [row.step for row in rows[:3]] == [2**62, 2**62 + 1, 2**63 - 1]
    assert len(rows) == 9 and rows[-1].step == 3, "every row is there"
    assert told and "step" in told[0]


def test_rows_and_steps_that_raise(directory):
    rows, told = logged(directory, """
class Raises:
    def raise_it(self, *_): raise RuntimeError("never")
    keys = __iter__ = __index__ = __float__ = __repr__ = raise_it
trackio.log(Raises())
trackio.log({"given": "raises"}, step=Raises())
""")
    assert [(row.step, row.metrics) for row in rows] == [(0, {"given": "raises"})]
    assert len(told) == 2


def test_wide_and_long_rows(directory):
    rows, _ = logged(directory, """
trackio.log({f"metric/{number}": number / 7 for number in range(10_000)})
trackio.log({"text": "x" * 5_000_000, "after": 1})
trackio.log({"list": list(range(100_000))})
trackio.log({"small": 1})
""")
    assert rows[0].metrics == {f"metric/{number}": number / 7 for number in range(10_000)}
    assert rows[1].metrics == {"text": "x" * 5_000_000, "after": 1}
    assert rows[2].metrics == {"list": list(range(100_000))}
    assert rows[3].metrics == {"small": 1}


def test_configs_of_every_kind(directory):
    directory.run("""
import argparse, dataclasses, enum, pathlib, trackio
@dataclasses.dataclass
class Settings:
    lr: float = 0.1
    path: pathlib.Path = pathlib.Path("data")
class Colour(enum.Enum):
    RED = 1
class Unprintable:
    def __str__(self): raise ValueError("no")
    __repr__ = __str__
configs = {
    "none": None, "empty": {}, "namespace": argparse.Namespace(lr=0.1), "dataclass": Settings(),
    "odd": {"function": print, "type": Settings, "colour": Colour.RED, 1: 2, "nan": float("nan"), "set": {1},
            "unprintable": Unprintable(), "deep": {"settings": Settings()}},
}
for name, config in configs.items():
    trackio.init(project="p", name=name, config=config)
    trackio.finish()
""")
    stored = {
        run: {key: value for key, value in json.loads(config).items() if not key.startswith("_")}
        for run, config in directory.select("p", "SELECT run_name, config FROM configs")
    }
    assert stored["none"] == stored["empty"] == {}
    assert stored["namespace"] == {"lr": 0.1}
    assert stored["dataclass"] == {"lr": 0.1, "path": "data"}
    odd = stored["odd"]
    assert odd["1"] == 2 and odd["nan"] == "NaN" and odd["set"] == [1]
    assert odd["deep"]["settings"]["lr"] == 0.1
    assert set(odd) == {"function", "type", "colour", "1", "nan", "set", "unprintable", "deep"}


@pytest.mark.parametrize("project", ["registry-x", "a_system", "b_artifact_versions", "x" * 300])
def test_project_names_that_are_refused(directory, project):
    trainer = directory.start("import sys, trackio\ntrackio.init(project=sys.argv[1])", project)
    assert trainer.wait() == 1
    assert "ValueError" in trainer.errors and project[:80] in trainer.errors
    assert not directory.path.exists(), "nothing was made"


def test_project_names_stay_inside_the_directory(directory):
    names = ["../../up", "/etc/x", "..", ".", "demo proj.v1", "größe", "a\0b", "-dash"]
    directory.run("""
import sys, trackio
for name in eval(sys.argv[1]):
    trackio.init(project=name, name="r")
    trackio.log({"loss": 1.0})
    trackio.finish()
""", repr(names))
    made = sorted(path.relative_to(directory.folder).as_posix() for path in directory.files(".db"))
    assert made == sorted(f"data/{stem}.db" for stem in ("up", "etcx", "default", "demoprojv1", "größe", "ab", "-dash"))
    assert directory.count("default") == 2, "`..` and `.` have no letter left"
