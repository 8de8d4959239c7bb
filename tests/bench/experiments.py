"""All experiments, and those on the client: importing, logging, finishing, and what is in the file afterwards."""

import beside
import ceiling
import files
import ingest
import large
import live
import reads
import scale
from experiment import Experiment, Figures, Limit
from subjects import Subject

_WITH_FLOOR = ("none", "ours", "peer")


def experiments(quick: bool, with_large: bool, large_scale: float) -> list[Experiment]:
    """All of them; with `quick` small ones, which show that everything works and measure little.

    Those that write many gigabytes only with `with_large`; `large_scale` is for less than a million rows a run there.
    """

    def size(full: int, small: int) -> int:
        return small if quick else full

    rounds, calls = size(5, 2), size(50_000, 5_000)
    return [
        _import(size(15, 3)),
        _latency(calls, rounds),
        _row_of("1,000 floats", "wide", size(2_000, 200), rounds),
        _row_of("NumPy scalars", "numpy_scalars", size(20_000, 2_000), rounds),
        _row_of("PyTorch scalars", "torch_scalars", size(20_000, 2_000), rounds),
        _stalls(size(1, 20), rounds),
        _paced(size(8_000, 1_000), rounds),
        _finish(size(10_000, 2_000), rounds),
        _memory("memory paced", "paced", size(5_000, 500), size(3, 2)),
        _memory("memory flat out", "flat_out", calls, size(3, 2)),
        _durable("durable 1", 1, size(200_000, 5_000), size(3, 2)),
        _durable("durable 8", 8, size(50_000, 1_000), size(3, 2)),
        *ingest.experiments(quick),
        *reads.experiments(quick),
        *beside.experiments(quick),
        *live.experiments(quick),
        *files.experiments(quick),
        *scale.experiments(quick, with_large),
        *(large.experiments(quick, large_scale) if with_large else ()),
    ]


def _import(rounds: int) -> Experiment:
    def run(subject: Subject) -> Figures:
        return {"import": subject.wall_ms("pass" if subject.name == "none" else "import trackio")}

    limit = Limit("import", "lower", 0.15, 0.06, above_floor=True)
    return Experiment("import", run, _WITH_FLOOR, rounds, {"import": "ms"}, (limit,), warm_up=True)


def _latency(calls: int, rounds: int) -> Experiment:
    units = {"log p50": "us", "log p99": "us", "log p99.9": "us", "log max": "ms"}
    fields = ("p50_us", "p99_us", "p99_9_us", "max_ms")

    def run(subject: Subject) -> Figures:
        measured = subject.run("flat_out", calls)
        return dict(zip(units, (measured[field] for field in fields), strict=True))

    return Experiment("log", run, _WITH_FLOOR, rounds, units, (Limit("log p50", "lower", 0.1, 0.025),))


def _row_of(values: str, workload: str, calls: int, rounds: int) -> Experiment:
    measure = f"log p50, {values}"

    def run(subject: Subject) -> Figures:
        return {measure: subject.run(workload, calls)["p50_us"]}

    limit = Limit(measure, "lower", 0.1, 0.025)
    needs = "torch" if workload == "torch_scalars" else None
    return Experiment(f"log {values}", run, _WITH_FLOOR, rounds, {measure: "us"}, (limit,), needs=needs)


def _stalls(fewer: int, rounds: int) -> Experiment:
    measure = "calls over 1 ms"

    def run(subject: Subject) -> Figures:
        # The peer keeps what it has not written in memory, some kilobytes a row: a million would be too many.
        calls = 100_000 if subject.name == "peer" else 1_000_000
        return {measure: subject.run("flat_out", calls // fewer)["stalls_per_million"]}

    limit = Limit(measure, "lower", 20, 5, of="figure")
    return Experiment("stalls", run, _WITH_FLOOR, rounds, {measure: "per million"}, (limit,))


def _paced(calls: int, rounds: int) -> Experiment:
    measure = f"slowest of {calls:,} at 1,000/s"

    def run(subject: Subject) -> Figures:
        return {measure: subject.run("paced", calls)["max_ms"]}

    limit = Limit(measure, "lower", 0.5, 0.2, of="figure")
    return Experiment("paced", run, _WITH_FLOOR, rounds, {measure: "ms"}, (limit,))


def _finish(rows: int, rounds: int) -> Experiment:
    measure = f"finish after {rows:,} rows"

    def run(subject: Subject) -> Figures:
        return {measure: subject.run("flat_out", rows)["finish_ms"]}

    return Experiment("finish", run, ("ours", "peer"), rounds, {measure: "ms"}, (Limit(measure, "lower", 0.25, 0.18),))


def _memory(name: str, workload: str, rows: int, rounds: int) -> Experiment:
    measure = f"peak {name}, {rows:,} rows"

    def run(subject: Subject) -> Figures:
        return {measure: subject.run(workload, rows)["peak_memory_mib"]}

    limit = Limit(measure, "lower", 0.2, 0.1, above_floor=True)
    return Experiment(name, run, _WITH_FLOOR, rounds, {measure: "MiB"}, (limit,))


def _durable(name: str, processes: int, rows: int, rounds: int) -> Experiment:
    speed, lost = f"durable rows/s, {processes} x {rows:,}", f"rows lost, {processes} x {rows:,}"

    def run(subject: Subject) -> Figures:
        if subject.name == "ceiling":
            return {speed: ceiling.rows_per_second(rows * processes)}
        measured = subject.run_together("flat_out", rows, processes)
        return {speed: measured["rows_per_second"], lost: measured["rows_lost"]}

    limits = (
        Limit(speed, "higher", 4, 4),
        Limit(speed, "higher", 0.6, 0.85, against="ceiling"),
        Limit(lost, "lower", 0, 0, of="figure"),
    )
    return Experiment(name, run, ("ceiling", "ours", "peer"), rounds, {speed: "rows/s", lost: "rows"}, limits)
