"""The experiments on growth: what charts, status and lists cost as rows and runs become more."""

from experiment import Experiment, Figures
from projects import Shape, directory_of
from questions import Questions, ms_of, often, typical_ms
from servers import serving
from subjects import Subject

_SHAPES = ((1, 10_000), (1, 100_000), (1, 1_000_000), (10, 1_000), (100, 1_000), (1_000, 1_000))
_LARGE_SHAPES = ((1, 10_000_000), (1_000, 10_000))
# Beyond so many rows the peer's answers would take most of the time of all measures.
_MOST_ROWS_OF_PEER = 100_000


def experiments(quick: bool, large: bool) -> list[Experiment]:
    """One for each size."""
    if quick:
        return [_size(Shape(1, 1_000), 1), _size(Shape(4, 100), 1)]
    return [_size(Shape(*size), 3) for size in _SHAPES + (_LARGE_SHAPES if large else ())]


def _size(shape: Shape, rounds: int) -> Experiment:
    of = shape.label
    chart, charts = f"chart of a run, {of}", f"chart of all runs, {of}"
    status, listed, memory = f"status of a run, {of}", f"list of all runs, {of}", f"memory of the server, {of}"

    def run(subject: Subject) -> Figures:
        with serving(subject, directory_of(subject, shape)) as server, server.connection() as connection:
            questions = Questions(subject, connection)
            runs = questions.runs()
            figures = {}
            asked = {
                status: lambda: [questions.status(runs[0])],
                listed: questions.list,
                chart: lambda: questions.chart(runs[:1]),
                charts: lambda: questions.chart(runs),
            }
            for measure, ask in asked.items():
                if measure in units:
                    ms_of(ask())
                    figures[measure] = typical_ms(ask, often(subject, 10, 1))
            figures[memory] = server.memory_mib()
        return figures

    units = {status: "ms", listed: "ms", chart: "ms", charts: "ms", memory: "MiB"}
    if shape.runs == 1:
        del units[charts]
    subjects = ("ours", "peer") if shape.rows <= _MOST_ROWS_OF_PEER else ("ours",)
    return Experiment(f"scale {shape.runs} x {shape.steps}", run, subjects, rounds, units, ())
