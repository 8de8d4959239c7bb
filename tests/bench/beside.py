"""The experiment on answers beside ingest: how long status and charts take while rows come in as fast as they can."""

import multiprocessing
import time
from collections.abc import Callable

from experiment import Experiment, Figures, Limit
from projects import KEY, PROJECT, Shape, writable_directory_of
from questions import PIXELS, Questions, ms_of
from servers import BULK_LOG, Running, build_load_generator, serving
from subjects import Subject
from workloads import KEYS, percentile

_ROWS_PER_REQUEST, _CONNECTIONS = 1_000, 4
# Askings a second: enough to know the slowest in a hundred, few enough to leave the load at full speed.
_STATUS_RATE, _CHART_RATE = 50, 20


def experiments(quick: bool) -> list[Experiment]:
    """One; the load writes the run `r` of the project that also holds runs which nobody asked for yet."""
    return [_beside(Shape(4, 2_000) if quick else Shape(10, 100_000), 1.0 if quick else 10.0, 1 if quick else 3)]


def _beside(shape: Shape, seconds: float, rounds: int) -> Experiment:
    live = {"id": "r", "name": "r"}
    rate = "ingest rows/s meanwhile"
    measures = ("status", "chart of the run being written", "chart of a cold run")

    def run(subject: Subject) -> Figures:
        build_load_generator()
        with writable_directory_of(subject, shape) as directory, serving(subject, directory) as server:
            server.send(BULK_LOG, 1)
            with server.connection() as connection:
                cold = [run for run in Questions(subject, connection).runs() if run["id"] != "r"]
            asking = [
                Asker(server, subject, _STATUS_RATE, lambda questions, _: questions.status(live).ms),
                Asker(server, subject, _CHART_RATE, lambda questions, _: chart_ms(questions, live, KEYS[0])),
                # In turn, so that each was not asked for since all the others were.
                Asker(server, subject, _CHART_RATE, lambda questions, number: chart_ms(questions, cold[number % len(cold)], KEY)),
            ]
            for asker in asking:
                asker.start()
            measured = server.load(BULK_LOG, _ROWS_PER_REQUEST, _CONNECTIONS, seconds)
            latencies = [asker.stop() for asker in asking]
        figures = {rate: _ROWS_PER_REQUEST * measured["requests"] / measured["seconds"]}
        for measure, ordered in zip(measures, latencies, strict=True):
            figures[f"{measure}, p50 beside ingest"] = percentile(ordered, 0.5)
            figures[f"{measure}, p99 beside ingest"] = percentile(ordered, 0.99)
        return figures

    units = {f"{measure}, {share} beside ingest": "ms" for measure in measures for share in ("p50", "p99")}
    limits = tuple(
        Limit(f"{measure}, p99 beside ingest", "lower", must, must, of="figure")
        for measure, must in zip(measures, (5, 50, 50), strict=True)
    )
    return Experiment("beside ingest", run, ("ours",), rounds, {rate: "rows/s", **units}, limits)


def chart_ms(questions: Questions, run: dict[str, str], key: str) -> float:
    """How long a chart takes."""
    return ms_of(questions.chart([run], keys=[key], pixels=PIXELS))


class Asker:
    """Asks at an even rate on a connection of its own, until it is told to stop. Each is a process: threads of one
    Python would wait for each other."""

    def __init__(self, server: Running, subject: Subject, rate: float, ask: Callable[[Questions, int], float]) -> None:
        self._server, self._subject, self._rate, self._ask = server, subject, rate, ask
        # Forked, so that what to ask need not be pickled.
        context = multiprocessing.get_context("fork")
        self._stopping = context.Event()
        self._answers = context.SimpleQueue()
        self._process = context.Process(target=self._run, daemon=True)

    def start(self) -> None:
        """Begins to ask."""
        self._process.start()

    def _run(self) -> None:
        """Asks; a late answer delays the next question."""
        began = time.monotonic()
        latencies: list[float] = []
        try:
            with self._server.connection() as connection:
                questions = Questions(self._subject, connection)
                while not self._stopping.wait(max(0.0, began + len(latencies) / self._rate - time.monotonic())):
                    latencies.append(self._ask(questions, len(latencies)))
        except Exception as failure:
            self._answers.put(repr(failure))
        else:
            self._answers.put(latencies)

    def stop(self) -> list[float]:
        """Milliseconds of each answer, in order of size."""
        self._stopping.set()
        answered = self._answers.get()
        self._process.join()
        if isinstance(answered, str):
            raise RuntimeError(f"the questions ended with {answered}")
        return sorted(answered)
