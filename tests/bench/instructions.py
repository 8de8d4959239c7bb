"""Counts the instructions of the paths that must stay short, and fails where there are more than were agreed.

    python tests/bench/instructions.py [--record] [--only NAME]

Times follow the machine and what else it does; counts do not. Each path is taken a few times and many times under
valgrind's callgrind, and the difference is divided: what a program does besides cancels out. `--record` writes what
is counted now into instructions.json, as what is agreed from then on.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from programs import example
from projects import Shape, generate
from subjects import data_directory

_AGREED = Path(__file__).with_suffix(".json")
# Another compiler, or another split of the crates into units, may give so much more.
_TOLERANCE = 0.15
_POINTS = 1_000_000
_SECONDS = 1_200


@dataclass(frozen=True)
class Walk:
    """One path through an example program: `program [what] DIRECTORY TIMES`."""

    name: str
    program: str
    what: tuple[str, ...]
    few: int
    many: int
    asks: bool = False


_WALKS = (
    Walk("append a row of ten metrics to the journal", "append", (), 2_000, 22_000),
    Walk("store 1,000 rows of ten metrics", "repeat", ("store",), 2, 22),
    Walk(f"chart of {_POINTS:,} points", "repeat", ("chart",), 1, 6, asks=True),
    Walk(f"status at {_POINTS:,} rows", "repeat", ("status",), 10, 210, asks=True),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--record", action="store_true", help="agree to what is counted now")
    parser.add_argument("--only", choices=[walk.name for walk in _WALKS], help="one path")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("`valgrind` is not there: install the package of that name", file=sys.stderr)
        return 1
    agreed = json.loads(_AGREED.read_text()) if _AGREED.exists() else {}
    wanted = [walk for walk in _WALKS if options.only in (None, walk.name)]
    counted = count(wanted)
    if options.record:
        _AGREED.write_text(json.dumps({**agreed, **counted}, indent=2) + "\n")
    else:
        complaints = [complaint for name in counted if (complaint := compare(name, counted[name], agreed.get(name)))]
        print(*complaints, sep="\n", end="\n" if complaints else "", file=sys.stderr)
        return 1 if complaints else 0
    return 0


def count(walks: list[Walk]) -> dict[str, int]:
    """Instructions of each path, taken once; prints a line for each."""
    counted = {}
    with data_directory() as project:
        if any(walk.asks for walk in walks):
            generate(project, Shape(1, _POINTS))
        for walk in walks:
            few, many = (_instructions(walk, times, project) for times in (walk.few, walk.many))
            counted[walk.name] = round((many - few) / (walk.many - walk.few))
            print(json.dumps({"measure": walk.name, "unit": "instructions", "counted": counted[walk.name]}), flush=True)
    return counted


def _instructions(walk: Walk, times: int, project: Path) -> int:
    """Of the whole program, in all its threads."""
    with data_directory() as fresh:
        command = [example(walk.program), *walk.what, project if walk.asks else fresh, str(times)]
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS,
        )
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or found is None:
        raise RuntimeError(f"`{walk.program}` ended with {done.returncode}: {done.stderr}")
    return int(found[1])


def compare(name: str, counted: int, agreed: int | None) -> str | None:
    """What is to be complained about."""
    if agreed is None:
        return f"{name}: {counted:,} instructions, and nothing is agreed: run `make record-instructions`, commit {_AGREED.name}"
    more = counted / agreed - 1
    if more > _TOLERANCE:
        return (
            f"{name}: {counted:,} instructions, {more:+.1%} against the {agreed:,} that were agreed, and {_TOLERANCE:.0%} "
            f"more at most are allowed. Find what was added (callgrind_annotate shows it); where it is worth it, run "
            f"`make record-instructions` and say why in docs/BENCHMARKS.md"
        )
    if more < -_TOLERANCE:
        print(f"{name}: {more:+.1%} against what was agreed; `make record-instructions` keeps it so", file=sys.stderr)
    return None


if __name__ == "__main__":
    sys.exit(main())
