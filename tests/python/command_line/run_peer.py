"""Runs the peer's command for each list of arguments on standard input, in one process; prints what came of each."""

import contextlib
import io
import json
import sys

from trackio.cli import main


def run(arguments: list[str]) -> dict[str, object]:
    sys.argv = ["trackio", *arguments]
    output, errors = io.StringIO(), io.StringIO()
    status: object = 0
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            main()
        except SystemExit as end:
            status = 0 if end.code is None else end.code
        except Exception as error:  # noqa: BLE001, it ends with a traceback, which is status 1
            print(repr(error), file=sys.stderr)
            status = 1
    return {"status": status, "output": output.getvalue(), "errors": errors.getvalue()}


print(json.dumps([run(arguments) for arguments in json.load(sys.stdin)]))
