"""Questions to the program beside Python: one JSON object to its standard input, one from its standard output."""

from __future__ import annotations

from itertools import chain

from trackio._environment import DATA_DIRECTORY, find_program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from subprocess import Popen

    from trackio._destination import Destination
    from trackio._progress import UploadProgress


class ProgramError(ValueError):
    """The program says no: `code` is a word to decide by, the message is for people."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def ask_program(
    command: str, project: str, destination: "Destination | None", request: dict[str, Any], silent: bool = False
) -> dict[str, Any]:
    """Asks `paceline <command>` about a project, of the data directory or of the server at `destination`.

    On a terminal, unless `silent`, one sees how far an upload is. Raises `ProgramError` when it refuses,
    `RuntimeError` when it is missing or fails.
    """
    if destination is None:
        return _ask(command, {"project": project, "server": None, **request}, ())
    from trackio._progress import UploadProgress

    progress = UploadProgress(destination.source, silent)
    with progress:
        asked = {"project": project, "server": destination.as_request(), "tells_progress": progress.is_shown, **request}
        return _ask(command, asked, (), progress if progress.is_shown else None)


def ask_data(call: str, project: str = "", **fields: Any) -> Any:
    """Asks `paceline ask` one of the calls of `schema/src/data_request.rs`, of the data directory.

    Raises as `ask_program`.
    """
    return _ask("ask", {"project": project, "call": call, **fields}, ())


def store_rows(project: str, run_id: str, run_name: str, rows: "Iterable[dict[str, Any]]") -> int:
    """Stores rows, as they come, as a run that has ended; gives how many. A row has `metrics`, `step`, `timestamp`.

    Raises as `ask_program`, and what `rows` raises: what came before is stored then.
    """
    return store_run(project, run_id, run_name, ({"row": row} for row in rows))["stored"]


def store_run(project: str, run_id: str, run_name: str, lines: "Iterable[dict[str, Any]]") -> dict[str, int]:
    """Stores what happened in a run that has ended, as it comes, each line in a form of `RunLine`.

    Gives how many rows, samples and alerts were `stored`, and how many of them were there already: `duplicates`.
    Raises as `store_rows`.
    """
    run = {"id": run_id, "name": run_name}
    return _ask("ask", {"project": project, "call": "append", "run": run}, lines)


def _ask(
    command: str, request: dict[str, Any], lines: "Iterable[dict[str, Any]]", progress: "UploadProgress | None" = None
) -> Any:
    import json
    import subprocess

    program = find_program()
    if program is None:
        raise RuntimeError("the program `paceline` is not found; it comes with the package, or set PACELINE_BINARY to its path")
    started = subprocess.Popen(
        [program, command, "--dir", DATA_DIRECTORY],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    with started:
        try:
            assert started.stdin is not None
            for line in chain((request,), lines):
                started.stdin.write(json.dumps(_plain(line), allow_nan=False).encode() + b"\n")
        except BrokenPipeError:  # it has said no already
            pass
        except BaseException:
            # What came so far is not taken for the whole of it.
            started.kill()
            raise
        said, trouble = started.communicate() if progress is None else _follow(started, progress)
    try:
        answer = json.loads(said)
    except ValueError:
        reason = trouble.decode("utf-8", "replace").strip()[-2000:]
        raise RuntimeError(f"`paceline {command}` failed: {reason or f'exit status {started.returncode}'}") from None
    if started.returncode == 0:
        return answer
    message, code = answer["error"], answer["code"]
    if code.startswith("invalid_") or code.endswith("_not_found") or code == "name_taken":
        raise ProgramError(message, code)
    raise RuntimeError(message)


def _follow(started: "Popen[bytes]", progress: "UploadProgress") -> tuple[bytes, bytes]:
    """As `communicate`, with what the program says of its progress drawn; its last line is the answer."""
    import json
    from threading import Thread

    assert started.stdin and started.stdout and started.stderr
    trouble: list[bytes] = []
    # A program that says more than a pipe holds would wait for us.
    listener = Thread(target=lambda stream: trouble.append(stream.read()), args=(started.stderr,), daemon=True)
    listener.start()
    try:
        started.stdin.close()
    except BrokenPipeError:  # it has said no already
        pass
    said = b""
    for said in started.stdout:
        if said.startswith(b'{"sent_bytes"'):
            progress.sent(**json.loads(said))
    started.wait()
    listener.join()
    return said, b"".join(trouble)


def _plain(value: Any) -> Any:
    """A value with a JSON form for any: numbers of libraries as numbers, what is not finite as null, others as text."""
    if isinstance(value, (str, bool, int)) or value is None:
        return value
    if isinstance(value, float):
        return value if value - value == 0.0 else None
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    for method in ("item", "tolist"):
        try:
            return _plain(getattr(value, method)())
        except Exception:  # objects raise what they like
            continue
    return str(value)
