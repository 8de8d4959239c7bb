"""The experiment on a project of 100 runs with a million rows each: how it opens, draws, and what it takes up."""

import os
from pathlib import Path

from experiment import Experiment, Figures, Limit
from projects import PROJECT, Shape, generated
from questions import ARROW, Questions, ms_of, typical_ms
from reads import first_paint
from servers import serving
from subjects import Subject

_MB = 1e6


def experiments(quick: bool, scale: float) -> list[Experiment]:
    """One; it is written once, and each round begins with nothing of it in memory."""
    steps = 1_000 if quick else round(1_000_000 * scale)
    return [_large(Shape(10 if quick else 100, steps), 1 if quick else 3)]


def _large(shape: Shape, rounds: int) -> Experiment:
    of = shape.label
    opened, warm_list = f"first list, nothing in memory, {of}", f"list, {of}"
    paint, warm_paint = f"first paint of all, nothing in memory, {of}", f"first paint of all, {of}"
    exact, warm_exact = f"exact chart of all, then, {of}", f"exact chart of all, {of}"
    arrow, status = f"exact chart of all, Arrow, {of}", f"status of a run, {of}"
    final = f"lines of the first paint that are final, {of}"
    memory, points = f"peak memory of the server, {of}", f"bytes a point: our index, the peer's rows, {of}"

    def run(subject: Subject) -> Figures:
        directory = generated(shape)
        stored = shape.rows * shape.metrics
        if subject.name == "peer":
            return {points: (directory / f"{PROJECT}.db").stat().st_size / stored}
        _leave_memory(directory)
        with serving(subject, directory) as server, server.connection() as connection:
            questions = Questions(subject, connection)
            figures = {opened: ms_of(questions.list())}
            runs = questions.runs()
            painted = first_paint(questions, runs)
            lines = painted.json()["series"]
            if len(lines) != shape.runs:
                raise RuntimeError(f"{len(lines)} of {shape.runs} runs were painted")
            figures[paint], figures[final] = painted.ms, sum(line["exact"] for line in lines) / shape.runs
            figures[exact] = ms_of(questions.chart(runs))
            figures[warm_list] = typical_ms(questions.list, 20)
            figures[status] = typical_ms(lambda: [questions.status(runs[0])], 50)
            figures[warm_paint] = typical_ms(lambda: [first_paint(questions, runs)], 5)
            figures[warm_exact] = typical_ms(lambda: questions.chart(runs), 5)
            figures[arrow] = typical_ms(lambda: questions.chart(runs, ARROW), 5)
            figures[memory] = server.peak_memory_mib() * 2**20 / _MB
        if index := _index_of(directory):
            figures[points] = sum(path.stat().st_size for path in index) / stored
        return figures

    units = {
        opened: "ms", warm_list: "ms", paint: "ms", exact: "ms", warm_paint: "ms", warm_exact: "ms", arrow: "ms",
        status: "ms", final: "share", memory: "MB", points: "bytes",
    }
    limits = (
        Limit(paint, "lower", 1_500, 500, of="figure"),
        Limit(memory, "lower", 200, 200, of="figure"),
        Limit(points, "lower", 0.15, 0.15),
    )
    return Experiment("large", run, ("ours", "peer"), rounds, units, limits)


def _index_of(directory: Path) -> list[Path]:
    """The file of the series with what stands beside it; none where nobody has made it yet."""
    return list((directory / ".paceline").glob(f"{PROJECT}.series*"))


def _leave_memory(directory: Path) -> None:
    """Asks the kernel to forget what it holds of the files, as after a start of the machine."""
    for path in directory.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
