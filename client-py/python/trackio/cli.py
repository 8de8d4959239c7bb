"""The command `trackio` from Python: `python -m trackio.cli status`, and `trackio.cli.main()`."""

from __future__ import annotations

import os
import subprocess
import sys

from trackio._environment import find_program


def main() -> None:
    """Runs the command with the arguments of this process, and ends with its exit status."""
    program = find_program()
    if program is None:
        sys.exit("error: the program `paceline` is not found; it comes with the package, or set PACELINE_BINARY to its path")
    sys.exit(subprocess.run([program, *sys.argv[1:]], env={**os.environ, "PACELINE_AS": "trackio"}).returncode)


if __name__ == "__main__":
    main()
