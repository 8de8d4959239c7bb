"""The experiments on what is asked of a server: charts, whether they show every spike, status, lists of runs."""

import functools
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from asking import Answer
from experiment import Experiment, Figures, Limit
from projects import KEY, LOWEST_SPIKE, PROJECT, Shape, directory_of
from questions import ARROW, PIXELS, STATUS_ROUTE, Questions, ms_of, often, points_of, time_inside_ms, typical_ms
from servers import serving
from subjects import Subject

_SERVERS = ("ours", "peer")
_SPIKES = 20


def experiments(quick: bool) -> list[Experiment]:
    """Each round has a server of its own on the same files."""
    rounds = 1 if quick else 3
    one = Shape(1, 20_000 if quick else 1_000_000, spikes=_SPIKES)
    return [
        _chart(one, rounds),
        _status(one, rounds),
        _many(Shape(10, 1_000) if quick else Shape(100, 10_000), rounds),
        _list(Shape(20, 10) if quick else Shape(1_000, 100), 1 if quick else 2),
    ]


def _chart(shape: Shape, rounds: int) -> Experiment:
    of = f"{shape.steps:,} points"
    warm, first, size = f"chart of {of}", f"first chart of a fresh server, {of}", f"bytes of a chart of {of}"
    arrow = f"chart of {of}, Arrow"
    spikes, columns = f"{shape.spikes} spikes visible in {of}", f"pixel columns as of all {of}"

    def run(subject: Subject) -> Figures:
        directory = directory_of(subject, shape)
        with serving(subject, directory) as server, server.connection() as connection:
            questions = Questions(subject, connection)
            runs = questions.runs()
            answers = questions.chart(runs)
            figures = {first: ms_of(answers), size: float(len(answers[0].body))}
            figures[warm] = typical_ms(lambda: questions.chart(runs), often(subject, 30, 2))
            if subject.name == "ours":
                figures[arrow] = typical_ms(lambda: questions.chart(runs, ARROW), 30)
        [points] = points_of(subject, answers)
        shown = {value for _, value in points if value is not None and value >= LOWEST_SPIKE}
        figures[spikes] = len(shown) / shape.spikes
        figures[columns] = _columns_kept(points, _logged(directory))
        return figures

    units = {warm: "ms", first: "ms", arrow: "ms", size: "bytes", spikes: "share", columns: "share"}
    limits = (
        Limit(warm, "lower", 1 / 300, 1 / 2_000),
        Limit(spikes, "higher", 1, 1, of="figure"),
        Limit(columns, "higher", 1, 1, of="figure"),
    )
    return Experiment("chart", run, _SERVERS, rounds, units, limits)


@functools.cache
def _logged(directory: Path) -> tuple[tuple[float, float], ...]:
    """Step and loss of every row."""
    with closing(sqlite3.connect(directory / f"{PROJECT}.db")) as connection:
        rows = connection.execute("SELECT step, metrics FROM metrics ORDER BY step, id")
        return tuple((step, json.loads(metrics)[KEY]) for step, metrics in rows)


def _columns_kept(points, logged) -> float:
    """Share of pixel columns in which these points have the first, last, lowest and highest value of all."""
    bounds = logged[0][0], logged[-1][0]
    whole, drawn = _bars(logged, *bounds), _bars(points, *bounds)
    return sum(drawn.get(column) == bar for column, bar in whole.items()) / len(whole)


def _bars(points, start: float, end: float) -> dict[int, list[float]]:
    """First, last, lowest and highest value of each column that has points."""
    bars: dict[int, list[float]] = {}
    for x, value in points:
        column = min(int((x - start) / (end - start) * PIXELS), PIXELS - 1)
        bar = bars.setdefault(column, [value, value, value, value])
        bar[1:] = [value, min(bar[2], value), max(bar[3], value)]
    return bars


def _many(shape: Shape, rounds: int) -> Experiment:
    of = f"{shape.runs} runs of {shape.steps:,}"
    first, exact = f"first paint of {of}, fresh server", f"exact chart of {of}"
    arrow, size = f"exact chart of {of}, Arrow", f"bytes of a chart of {of}"

    def run(subject: Subject) -> Figures:
        with serving(subject, directory_of(subject, shape)) as server, server.connection() as connection:
            questions = Questions(subject, connection)
            runs = questions.runs()
            # What is drawn first: a draft of ours, the first 64 runs of the peer.
            figures = {first: first_paint(questions, runs).ms}
            answers = questions.chart(runs)
            if len(points_of(subject, answers)) != shape.runs:
                raise RuntimeError("a run is missing in the chart")
            figures[size] = float(sum(len(answer.body) for answer in answers))
            figures[exact] = typical_ms(lambda: questions.chart(runs), often(subject, 10, 1))
            if subject.name == "ours":
                figures[arrow] = typical_ms(lambda: questions.chart(runs, ARROW), 10)
        return figures

    units = {first: "ms", exact: "ms", arrow: "ms", size: "bytes"}
    return Experiment("charts of many", run, _SERVERS, rounds, units, (Limit(first, "lower", 1_500, 500, of="figure"),))


def first_paint(questions: Questions, runs) -> Answer:
    """The answer after which lines are there: of ours a draft, where that is quicker."""
    return questions.chart(runs, draft=True)[0]


def _status(shape: Shape, rounds: int) -> Experiment:
    outside, inside = f"status at {shape.rows:,} rows", f"status at {shape.rows:,} rows, in the server"
    first = f"first status of a fresh server, {shape.rows:,} rows"

    def run(subject: Subject) -> Figures:
        with serving(subject, directory_of(subject, shape)) as server, server.connection() as connection:
            questions = Questions(subject, connection)
            [only] = questions.runs()
            figures = {first: questions.status(only).ms}
            figures[outside] = typical_ms(lambda: [questions.status(only)], often(subject, 200, 2))
            if subject.name == "ours":
                figures[inside] = time_inside_ms(server, STATUS_ROUTE, lambda: questions.status(only), 200)
        return figures

    units = {outside: "ms", inside: "ms", first: "ms"}
    limits = (Limit(outside, "lower", 1 / 500, 1 / 500), Limit(inside, "lower", 1, 0.2, of="figure"))
    return Experiment("status", run, _SERVERS, rounds, units, limits)


def _list(shape: Shape, rounds: int) -> Experiment:
    of = f"{shape.runs:,} runs"
    warm, first = f"list of {of}", f"first list of a fresh server, {of}"

    def run(subject: Subject) -> Figures:
        with serving(subject, directory_of(subject, shape)) as server, server.connection() as connection:
            questions = Questions(subject, connection)
            answers = questions.list()
            if subject.name == "ours":
                runs = answers[0].json()["runs"]
                if len(runs) != shape.runs or not all(run["loss"] and run["state"] == "finished" for run in runs):
                    raise RuntimeError("a run is missing in the list, or its loss or state")
            figures = {first: ms_of(answers)}
            # The peer's takes half a minute, the second time too.
            figures[warm] = typical_ms(questions.list, 50) if subject.name == "ours" else figures[first]
        return figures

    limits = (Limit(warm, "lower", 20, 5, of="figure"),)
    return Experiment("list", run, _SERVERS, rounds, {warm: "ms", first: "ms"}, limits)
