"""The experiments on the servers: rows over HTTP, beside listeners too, the start and the idle memory."""

from servers import APPEND_LOGS, BULK_LOG, build_load_generator, serving
from experiment import Experiment, Figures, Limit
from subjects import Subject

_SERVERS = ("ours", "peer")
# Rows in a request, connections, and what the design asks of ours against the peer.
_LOADS = ((1, 1, 4, 8), (1, 16, 20, 60), (100, 1, 4, 8), (100, 16, 4, 8), (1_000, 1, 4, 8), (1_000, 16, 4, 8))
_STREAMS = 200


def experiments(quick: bool) -> list[Experiment]:
    """Each run has servers of its own, on directories of their own."""
    seconds, rounds = (0.3, 1) if quick else (3.0, 3)
    loads = [_ingest(*load, seconds, rounds) for load in _LOADS]
    return [*loads, _listeners(seconds, rounds), _start(rounds)]


def _ingest(rows: int, connections: int, must: float, want: float, seconds: float, rounds: int) -> Experiment:
    what = f"{rows:,} x {connections}"
    rate, wait = f"ingest rows/s, {what}", f"ingest p99, {what}"
    own_rate, generator = f"ingest rows/s by /api/v1, {what}", f"load generator busy, {what}"

    def run(subject: Subject) -> Figures:
        build_load_generator()
        with serving(subject) as server:
            measured = server.load(BULK_LOG, rows, connections, seconds)
        figures = {
            rate: rows * measured["requests"] / measured["seconds"],
            wait: measured["p99_ms"],
            generator: measured["busy_seconds"] / measured["seconds"],
        }
        if subject.name == "ours":
            with serving(subject) as server:
                measured = server.load(APPEND_LOGS, rows, connections, seconds)
            figures[own_rate] = rows * measured["requests"] / measured["seconds"]
        return figures

    units = {rate: "rows/s", own_rate: "rows/s", wait: "ms", generator: "processors"}
    limits = (Limit(rate, "higher", must, want),)
    return Experiment(f"ingest {rows} x {connections}", run, _SERVERS, rounds, units, limits)


def _listeners(seconds: float, rounds: int) -> Experiment:
    """Ingest with event streams open, as a share of ingest without; of a quiet project, and of the busy one."""
    idle, busy = f"ingest kept beside {_STREAMS} idle streams", f"ingest kept beside {_STREAMS} busy streams"

    def run(subject: Subject) -> Figures:
        build_load_generator()

        def requests_per_second(project: str, count: int) -> float:
            with serving(subject) as server:
                for path in (BULK_LOG, APPEND_LOGS.replace("bench", "quiet")):
                    server.send(path, 1)
                with server.listeners(project, count):
                    measured = server.load(BULK_LOG, 100, 4, seconds)
            return measured["requests"] / measured["seconds"]

        alone = requests_per_second("quiet", 0)
        return {
            idle: requests_per_second("quiet", _STREAMS) / alone, busy: requests_per_second("bench", _STREAMS) / alone
        }

    limit = Limit(idle, "higher", 0.8, 0.95, of="figure")
    return Experiment("listeners", run, ("ours",), rounds, {idle: "share", busy: "share"}, (limit,))


def _start(rounds: int) -> Experiment:
    start, memory = "server start to first answer", "server memory, idle"

    def run(subject: Subject) -> Figures:
        with serving(subject) as server:
            return {start: server.start_ms, memory: server.memory_mib()}

    limits = (Limit(start, "lower", 0.1, 0.03), Limit(memory, "lower", 0.35, 0.15))
    units = {start: "ms", memory: "MiB"}
    return Experiment("server start", run, _SERVERS, rounds, units, limits, warm_up=True)
