"""Questions about the data directory under the peer's names, for programs that ask `SQLiteStorage` instead of `Api`.

No file is opened here: the program beside Python answers. What is not there gives nothing, as with the peer.
"""

from __future__ import annotations

from pathlib import Path

from trackio._environment import DATA_DIRECTORY
from trackio._native import canonical_project
from trackio._program import ProgramError, ask_data
from trackio._tabular import thinned
from trackio.api import Run, _alerts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class SQLiteStorage:
    """Projects, runs and rows of the data directory. A `run_id` decides where a `run` is given too."""

    @staticmethod
    def get_project_db_filename(project: str) -> str:
        """Name of the project's file."""
        return f"{canonical_project(project)}.db"

    @staticmethod
    def get_project_db_path(project: str) -> Path:
        """The project's file, whether it is there or not."""
        return Path(DATA_DIRECTORY) / SQLiteStorage.get_project_db_filename(project)

    @staticmethod
    def init_db(project: str) -> Path:
        """Makes the project's file with its tables, where it is not there; gives the file.

        `ValueError` for a name that cannot be used.
        """
        ask_data("make_project", project)
        return SQLiteStorage.get_project_db_path(project)

    @staticmethod
    def get_projects() -> list[str]:
        """Names of the projects, sorted."""
        return sorted(project["project"] for project in ask_data("projects"))

    @staticmethod
    def get_runs(project: str) -> list[str]:
        """Names of the runs, oldest first."""
        return [str(record["name"]) for record in SQLiteStorage.get_run_records(project)]

    @staticmethod
    def get_run_records(project: str) -> list[dict[str, str | None]]:
        """The runs, oldest first, each with `id`, `name` and `created_at`."""
        return _or_nothing(lambda: ask_data("runs", project), [])

    @staticmethod
    def get_logs(
        project: str,
        run: str | None = None,
        max_points: int | None = None,
        run_id: str | None = None,
        scalar_only: bool = False,
    ) -> list[dict[str, Any]]:
        """The rows of a run, each with `step` and `timestamp` beside its values.

        Of more than `max_points` rows as many are given, evenly spaced, the last among them. `scalar_only` leaves
        out what is no number.
        """
        rows = _or_nothing(lambda: _run(project, run, run_id).history(), [])
        if scalar_only:
            rows = [{key: value for key, value in row.items() if key in ("step", "timestamp") or _is_number(value)} for row in rows]
        return thinned(rows, max_points)

    @staticmethod
    def get_system_logs(
        project: str, run: str | None = None, max_points: int | None = None, run_id: str | None = None
    ) -> list[dict[str, Any]]:
        """The samples of the machine taken for a run, each with `timestamp` beside its values."""
        return thinned(_or_nothing(lambda: _run(project, run, run_id).system_history(), []), max_points)

    @staticmethod
    def get_run_config(project: str, run: str | None = None, run_id: str | None = None) -> dict[str, Any] | None:
        """The config of a run; `None` when it has none."""
        return _or_nothing(lambda: _run(project, run, run_id).config, None)

    @staticmethod
    def get_alerts(
        project: str,
        run_name: str | None = None,
        run_id: str | None = None,
        level: str | None = None,
        since: str | None = None,
    ) -> list[dict[str, Any]]:
        """Alerts of a project or a run, newest first; see `trackio.Api.alerts`."""
        return _or_nothing(lambda: _alerts(project, run_id or run_name, level, since), [])

    @staticmethod
    def get_all_metrics_for_run(project: str, run: str | None = None, run_id: str | None = None) -> list[str]:
        """Names of the metrics of a run, sorted."""
        return sorted(metric["key"] for metric in _or_nothing(lambda: _run(project, run, run_id).metrics(), []))

    @staticmethod
    def get_max_step_for_run(project: str, run: str | None = None, run_id: str | None = None) -> int | None:
        """The largest step of a run; `None` when it has no rows."""
        return max((row["step"] for row in SQLiteStorage.get_logs(project, run, run_id=run_id)), default=None)

    @staticmethod
    def delete_run(project: str, run: str, run_id: str | None = None) -> bool:
        """Deletes a run; whether it was there."""
        return Run(project, run, run_id).delete()

    @staticmethod
    def rename_run(project: str, old_name: str, new_name: str, run_id: str | None = None) -> None:
        """Gives a run another name; `ValueError` when it is not there or the name cannot be used."""
        Run(project, old_name, run_id).rename(new_name)

    @staticmethod
    def move_run(project: str, run: str, new_project: str, run_id: str | None = None) -> bool:
        """Moves a run to another project; whether it was there."""
        return Run(project, run, run_id).move(new_project)


def _run(project: str, run: str | None, run_id: str | None) -> Run:
    return Run(project, run or "", run_id)


def _or_nothing(read: "Callable[[], Any]", nothing: Any) -> Any:
    try:
        return read()
    except ProgramError as error:
        if error.code.endswith("_not_found"):
            return nothing
        raise


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
