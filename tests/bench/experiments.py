"""The experiments: what is run, what each run gives, and what the design asks of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import ceiling
from subjects import Subject

# Figures of one run, by the name of the measure.
Figures = dict[str, float]


@dataclass(frozen=True)
class Limit:
    """What must hold and what is wanted, of our figure or of its ratio to the peer's or the ceiling's."""

    of: Literal["ratio to the peer", "ratio to the ceiling", "figure"]
    better: Literal["lower", "higher"]
    must: float
    want: float

    def met(self, value: float) -> Literal["want", "must", "no"]:
        """The better of the two that holds."""
        sign = 1 if self.better == "lower" else -1
        if sign * value <= sign * self.want:
            return "want"
        return "must" if sign * value <= sign * self.must else "no"


@dataclass(frozen=True)
class Experiment:
    """Runs once for a subject in a fresh process (or several), a few rounds with the subjects in turn.

    `limits` maps measures to what is asked of them; a measure in `above_floor` is compared by what it lies
    above the subject `none` of the same round.
    """

    name: str
    run: Callable[[Subject], Figures]
    subjects: tuple[str, ...]
    rounds: int
    units: dict[str, str]
    limits: dict[str, list[Limit]] = field(default_factory=dict)
    above_floor: tuple[str, ...] = ()


def experiments(quick: bool) -> list[Experiment]:
    """All of them; small ones that only show that everything works when `quick`."""

    def size(full: int, small: int) -> int:
        return small if quick else full

    rounds, calls = size(5, 2), size(50_000, 5_000)

    def lower(must: float, want: float) -> Limit:
        return Limit("ratio to the peer", "lower", must, want)

    latency = {"log p50": "us", "log p99": "us", "log p99.9": "us", "log max": "ms"}
    return [
        Experiment(
            "import", lambda subject: {"import": subject.bare_wall_ms("pass" if subject.name == "none" else "import trackio")},
            ("none", "ours", "peer"), size(15, 3), {"import": "ms"}, {"import": [lower(0.15, 0.06)]}, ("import",),
        ),
        Experiment(
            "flat out", lambda subject: _latency(subject, "flat_out", calls) ,
            ("none", "ours", "peer"), rounds, latency, {"log p50": [lower(0.1, 0.025)]},
        ),
        Experiment(
            "stalls", lambda subject: {
                "calls over 1 ms": subject.run("flat_out", _stall_calls(subject, quick))["stalls_per_million"]
            },
            ("none", "ours", "peer"), rounds, {"calls over 1 ms": "per million"},
            {"calls over 1 ms": [Limit("figure", "lower", 20, 5)]},
        ),
        Experiment(
            "paced", lambda subject: {"slowest of 8,000 at 1,000/s": subject.run("paced", size(8_000, 1_000))["max_ms"]},
            ("none", "ours", "peer"), rounds, {"slowest of 8,000 at 1,000/s": "ms"},
            {"slowest of 8,000 at 1,000/s": [Limit("figure", "lower", 0.5, 0.2)]},
        ),
        Experiment(
            "finish", lambda subject: {"finish after 10,000 rows": subject.run("flat_out", size(10_000, 2_000))["finish_ms"]},
            ("ours", "peer"), rounds, {"finish after 10,000 rows": "ms"}, {"finish after 10,000 rows": [lower(0.25, 0.18)]},
        ),
        Experiment(
            "memory paced", lambda subject: {"memory, paced": subject.run("paced", size(5_000, 500))["peak_memory_mib"]},
            ("none", "ours", "peer"), size(3, 2), {"memory, paced": "MiB"}, {"memory, paced": [lower(0.2, 0.1)]},
            ("memory, paced",),
        ),
        Experiment(
            "memory flat out", lambda subject: {"memory, flat out": subject.run("flat_out", calls)["peak_memory_mib"]},
            ("none", "ours", "peer"), size(3, 2), {"memory, flat out": "MiB"}, {"memory, flat out": [lower(0.2, 0.1)]},
            ("memory, flat out",),
        ),
        _durable("durable 1", 1, size(200_000, 5_000), size(3, 2)),
        _durable("durable 8", 8, size(50_000, 1_000), size(3, 2)),
    ]


def _latency(subject: Subject, workload: str, calls: int) -> Figures:
    measured = subject.run(workload, calls)
    return {
        "log p50": measured["p50_us"],
        "log p99": measured["p99_us"],
        "log p99.9": measured["p99_9_us"],
        "log max": measured["max_ms"],
    }


def _stall_calls(subject: Subject, quick: bool) -> int:
    # The peer keeps unwritten rows in memory, several kilobytes each, so that a million are too many.
    full = 100_000 if subject.name == "peer" else 1_000_000
    return full // 20 if quick else full


def _durable(name: str, processes: int, rows: int, rounds: int) -> Experiment:
    speed, lost = f"durable rows/s, {processes} x {rows:,}", f"rows lost, {processes} x {rows:,}"

    def run(subject: Subject) -> Figures:
        if subject.name == "ceiling":
            return {speed: ceiling.rows_per_second(rows * processes)}
        measured = subject.run_together("flat_out", rows, processes)
        return {speed: measured["rows_per_second"], lost: measured["rows_lost"]}

    return Experiment(
        name, run, ("ceiling", "ours", "peer"), rounds, {speed: "rows/s", lost: "rows"},
        {
            speed: [Limit("ratio to the peer", "higher", 4, 4), Limit("ratio to the ceiling", "higher", 0.6, 0.85)],
            lost: [Limit("figure", "lower", 0, 0)],
        },
    )
