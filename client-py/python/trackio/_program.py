"""Questions to the program beside Python: one JSON object to its standard input, one from its standard output."""

from __future__ import annotations

from trackio._environment import DATA_DIRECTORY, find_program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trackio._destination import Destination


class ProgramError(ValueError):
    """The program says no: `code` is a word to decide by, the message is for people."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def ask_program(
    command: str, project: str, destination: "Destination | None", request: dict[str, Any]
) -> dict[str, Any]:
    """Asks `paceline <command>` about a project, of the data directory or of the server at `destination`.

    Raises `ProgramError` when it refuses, `RuntimeError` when it is missing or fails.
    """
    import json
    import subprocess

    program = find_program()
    if program is None:
        raise RuntimeError("the program `paceline` is not found; it comes with the package, or set PACELINE_BINARY to its path")
    server = None if destination is None else destination.as_request()
    text = json.dumps(_plain({"project": project, "server": server, **request}), allow_nan=False)
    done = subprocess.run([program, command, "--dir", DATA_DIRECTORY], input=text.encode(), capture_output=True)
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        reason = done.stderr.decode("utf-8", "replace").strip()[-2000:]
        raise RuntimeError(f"`paceline {command}` failed: {reason or f'exit status {done.returncode}'}") from None
    if done.returncode == 0:
        return answer
    message, code = answer["error"], answer["code"]
    if code.startswith("invalid_") or code.endswith("_not_found"):
        raise ProgramError(message, code)
    raise RuntimeError(message)


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
