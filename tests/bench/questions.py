"""What a page, an agent and a script ask of either server, in the words of each, and how long the answers take."""

from statistics import median
from typing import Any

from asking import Answer, Connection
from projects import KEY, PROJECT
from servers import Running
from subjects import Subject

PIXELS = 1_500
ARROW = "application/vnd.apache.arrow.stream"
STATUS_ROUTE = "/api/v1/projects/{project}/runs/{run}/status"
# Of the peer, in one request.
_RUNS_PER_REQUEST = 64


class Questions:
    """Asks the server of one subject about the project `bench`, on a connection of its own."""

    def __init__(self, subject: Subject, connection: Connection) -> None:
        self._ours = subject.name == "ours"
        self._connection = connection

    def runs(self) -> list[dict[str, Any]]:
        """Every run with its `id` and `name`, in the order of their names."""
        answer = self._call("get_runs_for_project", project=PROJECT).json()["data"]
        return sorted(answer, key=lambda run: run["name"])

    def chart(self, runs: list[dict[str, Any]], accept: str = "application/json", **options: Any) -> list[Answer]:
        """What draws the loss of these runs on 1,500 pixels: one request to us, to the peer as its page makes them.

        The peer answers its page with every metric, 3,000 rows a run at most, and 64 runs a request.
        """
        if self._ours:
            asked = {"runs": [run["id"] for run in runs], "keys": [KEY], "pixels": PIXELS, **options}
            return [self._connection.post(f"/api/v1/projects/{PROJECT}/series", asked, accept)]
        parts = (runs[first : first + _RUNS_PER_REQUEST] for first in range(0, len(runs), _RUNS_PER_REQUEST))
        return [
            self._call(
                "get_logs_batch", project=PROJECT, max_points=3_000, scalar_only=True,
                runs=[{"run": run["name"], "run_id": run["id"]} for run in part],
            )
            for part in parts
        ]

    def status(self, run: dict[str, Any]) -> Answer:
        """How a run is going; the peer knows its last step and its metrics, not their values."""
        if self._ours:
            return self._connection.get(f"/api/v1/projects/{PROJECT}/runs/{run['id']}/status")
        return self._call("get_run_summary", project=PROJECT, run=run["name"], run_id=run["id"])

    def list(self) -> list[Answer]:
        """All runs with what is last known of each: one request to us, to the peer one more for each run."""
        if self._ours:
            return [self._connection.get(f"/api/v1/projects/{PROJECT}/runs")]
        answers = [self._call("get_runs_for_project", project=PROJECT)]
        return answers + [self.status(run) for run in answers[0].json()["data"]]

    def _call(self, name: str, **arguments: Any) -> Answer:
        return self._connection.post(f"/api/{name}", arguments)


def ms_of(answers: list[Answer]) -> float:
    """Milliseconds of requests that follow each other."""
    return sum(answer.ms for answer in answers)


def typical_ms(ask, times: int) -> float:
    """Median of so many askings."""
    return median(ms_of(ask()) for _ in range(times))


def often(subject: Subject, ours: int, peer: int) -> int:
    """So often is asked: an answer of the peer may take seconds."""
    return ours if subject.name == "ours" else peer


def points_of(subject: Subject, answers: list[Answer]) -> list[list[tuple[float, float]]]:
    """Step and loss of each point of each run in the answers to a chart."""
    if subject.name == "ours":
        return [list(zip(line["x"], line["value"], strict=True)) for line in answers[0].json()["series"]]
    runs = [run for answer in answers for run in answer.json()["data"]]
    return [[(row["step"], row[KEY]) for row in run["logs"] if KEY in row] for run in runs]


def time_inside_ms(server: Running, route: str, ask, times: int) -> float:
    """Mean time in the server of ours, by its own clock, of so many askings."""
    ms_before, count_before = server.time_inside(route)
    for _ in range(times):
        ask()
    ms, count = server.time_inside(route)
    return (ms - ms_before) / (count - count_before)
