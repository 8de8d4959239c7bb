"""Another program that opens, reads and closes a project's file all the while, with Python's own SQLite."""

import os
import sqlite3
import sys
import time
from contextlib import closing

_PAUSE_SECONDS = 0.002
# What a reader may meet beside a writer; anything else would be damage.
_EXPECTED = ("unable to open", "no such table", "locked")


def look_for_ever(file: str) -> None:
    """Reads until the process ends; ends it with status 70 when the file is not what a reader may meet."""
    while True:
        try:
            with closing(sqlite3.connect(f"file:{file}?mode=rw", uri=True, timeout=1)) as connection:
                connection.execute("SELECT count(*), count(DISTINCT log_id) FROM metrics").fetchall()
        except sqlite3.Error as error:
            if not any(expected in str(error) for expected in _EXPECTED):
                print(f"the file looks wrong: {error!r}", file=sys.stderr, flush=True)
                os._exit(70)
        time.sleep(_PAUSE_SECONDS)


if __name__ == "__main__":
    look_for_ever(sys.argv[1])
