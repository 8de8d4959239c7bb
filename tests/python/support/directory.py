"""A data directory of its own for a test, and everything that is done with it from outside.

    directory.run("import trackio; trackio.init(project='p'); trackio.log({'loss': 1.0}); trackio.finish()")
    assert directory.rows("p")[0].metrics == {"loss": 1.0}
    assert directory.status("p")["state"] == "finished"
"""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from support.processes import children_of, command_of, locked_files, process_ids
from support.trainer import Trainer
from support.waiting import wait_until

PROGRAM = Path(sys.executable).with_name("paceline")
# A companion without trainers stays for two seconds; a loaded machine may be slower.
_LINGER_SECONDS = 20
_FOREIGN_SETTINGS = ("TRACKIO_", "WANDB_", "PACELINE_", "GRADIO_", "HF_")


class LoggedRow(NamedTuple):
    """A row of the peer's table `metrics`."""

    run_id: str
    run_name: str
    step: int
    timestamp: str
    metrics: dict[str, Any]
    log_id: str


class DataDirectory:
    """`TRACKIO_DIR` of a test: `path` is the directory itself, `folder` the one around it for other files."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.path = folder / "data"
        self.trainers: list[Trainer] = []
        # A test that leaves rows in a journal on purpose says so.
        self.keeps_journals = False

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a child: ours without settings of trackers, with this directory."""
        return {**self.clean_environment(), "TRACKIO_DIR": str(self.path), **more}

    @staticmethod
    def clean_environment() -> dict[str, str]:
        """Our environment without settings of trackers."""
        return {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN_SETTINGS)}

    def start(self, script: str, *arguments: object, python: str = sys.executable, **environment: str) -> Trainer:
        """Starts a Python script, given as text, with this directory; it runs until it ends by itself."""
        path = self.folder / f"train_{len(self.trainers)}.py"
        path.write_text(script)
        command = [python, str(path), *map(str, arguments)]
        trainer = Trainer(command, self.folder, self.environment(**environment))
        self.trainers.append(trainer)
        return trainer

    def run(self, script: str, *arguments: object, seconds: float = 60, **environment: str) -> Trainer:
        """Runs a script to its end; fails with what it printed when it does not end with status 0."""
        trainer = self.start(script, *arguments, **environment)
        trainer.expect_exit(0, seconds)
        return trainer

    def paceline(self, *arguments: object, seconds: float = 30) -> subprocess.CompletedProcess[str]:
        """Runs the program on this directory, whatever its exit status."""
        return subprocess.run(
            [PROGRAM, *map(str, arguments), "--dir", str(self.path)],
            env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds,
        )

    def answer(self, *arguments: object) -> Any:
        """What the program says with `--json`."""
        done = self.paceline(*arguments, "--json")
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return json.loads(done.stdout)

    def status(self, project: str, run: str | None = None) -> dict[str, Any]:
        """`paceline status --json` of a run, the newest one when none is named."""
        return self.answer("status", "--project", project, *(() if run is None else ("--run", run)))

    def wait_for_state(self, project: str, state: str, run: str | None = None, seconds: float = 15) -> None:
        """Waits until the run is in `state`: the end of a process becomes known a moment after it."""
        asked = ("status", "--project", project, *(() if run is None else ("--run", run)), "--json")

        def answer() -> str | None:
            done = self.paceline(*asked)
            # A run that was just begun may not be in the tables yet.
            return json.loads(done.stdout)["state"] if done.returncode == 0 else None

        wait_until(lambda: answer() == state, seconds, lambda: self.paceline(*asked))

    def file(self, project: str) -> Path:
        """The project's SQLite file."""
        return self.path / f"{project}.db"

    def select(self, project: str, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Reads the project's file with Python's own SQLite, read-only; no file and no table give nothing."""
        try:
            with closing(sqlite3.connect(f"file:{self.file(project)}?mode=ro", uri=True, timeout=30)) as connection:
                return connection.execute(query, parameters).fetchall()
        except sqlite3.OperationalError as error:
            if "unable to open" in str(error) or "no such table" in str(error):
                return []
            raise

    def rows(self, project: str, table: str = "metrics") -> list[LoggedRow]:
        """Every row of a project in the order of its ids; `table` may be `system_metrics` (step 0)."""
        step = "step" if table == "metrics" else "0"
        found = self.select(
            project, f"SELECT run_id, run_name, {step}, timestamp, metrics, log_id FROM {table} ORDER BY id"
        )
        return [LoggedRow(*row[:4], json.loads(row[4]), row[5]) for row in found]

    def count(self, project: str) -> int:
        """How many rows a project has."""
        found = self.select(project, "SELECT count(*) FROM metrics")
        return found[0][0] if found else 0

    def run_record(self, project: str, run: str | None = None) -> dict[str, Any]:
        """What the file says of a run beside its rows; of the newest one when none is named."""
        columns = "run_id, run_name, state, exit_code, exit_signal, failure, command, pid, summary"
        found = self.select(
            project,
            f"SELECT {columns} FROM paceline_runs WHERE run_name = coalesce(?, run_name) ORDER BY colour_slot DESC",
            run,
        )
        return dict(zip(columns.split(", "), found[0], strict=True)) if found else {}

    def assert_sound(self, project: str) -> None:
        """The project's file is what SQLite calls sound, and no row has the id of another one."""
        assert self.select(project, "PRAGMA integrity_check") == [("ok",)]
        assert self.select(project, "SELECT count(*) - count(DISTINCT log_id) FROM metrics") == [(0,)]

    def companions(self) -> list[int]:
        """Processes that drain this directory, by their command lines."""
        wanted = ["companion", "--dir", str(self.path)]
        return [pid for pid in process_ids() if command_of(pid)[1:4] == wanted]

    def journals(self) -> list[Path]:
        """Journal directories that still stand below the directory."""
        return list((self.path / ".paceline" / "journal").glob("*/*"))

    def files(self, ending: str) -> list[Path]:
        """Files whose names end so, of the directory and beside it; folders that go meanwhile are passed over."""
        found = ((folder, name) for folder, _, names in os.walk(self.folder) for name in names)
        return [Path(folder, name) for folder, name in found if name.endswith(ending)]

    def end_trainers(self) -> None:
        """Ends what a failed test left running."""
        for trainer in self.trainers:
            trainer.end_all()

    def assert_nothing_left(self) -> None:
        """No process works for the directory, nothing is locked, no journal stands, no zombie is ours."""
        wait_until(lambda: not self._processes(), _LINGER_SECONDS, lambda: {
            pid: command_of(pid) for pid in self._processes()
        })
        if not self.path.exists():
            return
        assert locked_files(self.path) == []
        assert self.keeps_journals or self.journals() == [], "journals are left"
        wait_until(lambda: "Z" not in children_of(os.getpid()).values(), 5, "a zombie is left")

    def _processes(self) -> list[int]:
        text = str(self.path)
        return [pid for pid in process_ids() if any(text in argument for argument in command_of(pid))]
