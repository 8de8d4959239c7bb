"""What a run has in wandb beside what it has in Trackio: names, folders, files of models, hooks."""

from __future__ import annotations

import os

from trackio._environment import DATA_DIRECTORY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from trackio._config import Config
    from trackio._wandb_settings import Settings
    from trackio.artifact import Artifact


class WandbRun:
    """Attributes and methods of wandb's run.

    Attributes: `tags` (a tuple), `notes`, `job_type`, `entity`, `sweep_id`; each may be set, and is recorded.
    """

    id: str
    name: str
    start_time: float
    project: str
    group: str | None
    config: "Config"
    _recorder: Any
    _open_step: int | None

    def __init__(self, about: dict[str, Any]) -> None:
        self._tags = tuple(about.get("tags") or ())
        self._notes = about.get("notes")
        self._job_type = about.get("job_type")
        self._entity = about.get("entity")
        self._mode = about.get("mode", "online")
        self._settings = about.get("settings")
        self.sweep_id = about.get("sweep_id")
        # What was changed after the start stands in the config, since the start is written once.
        self._changed: dict[str, Any] = {}
        self._alerted_at: dict[str, float] = {}
        self._watched: list[Any] = []

    def _private_config(self) -> dict[str, Any]:
        """What the config holds of it, under names that readers leave out of the user's values."""
        own = {"_JobType": self._job_type, "_Entity": self._entity, "_SweepId": self.sweep_id, **self._changed}
        return {key: value for key, value in own.items() if value is not None}

    def _record_config(self, config: Any) -> None:
        raise NotImplementedError

    def _change(self, key: str, value: Any) -> None:
        self._changed[key] = value
        self._record_config(self.config)

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags of the run."""
        return self._tags

    @tags.setter
    def tags(self, tags: Any) -> None:
        from trackio._wandb_settings import tags_of

        self._tags = tuple(tags_of(tags))
        self._change("_Tags", list(self._tags))

    @property
    def notes(self) -> str | None:
        """What the user says of the run."""
        return self._notes

    @notes.setter
    def notes(self, notes: Any) -> None:
        self._notes = None if notes is None else str(notes)
        self._change("_Notes", self._notes or "")

    @property
    def job_type(self) -> str:
        """What the run does (`train`, `eval`), empty when nothing was said."""
        return self._job_type or ""

    @property
    def entity(self) -> str:
        """The user or team that `init` named, else the name of the user here."""
        if self._entity:
            return str(self._entity)
        import getpass

        try:
            return getpass.getuser()
        except Exception:  # no name for this user id
            return ""

    @property
    def mode(self) -> str:
        """`online`, `offline` or `disabled`."""
        return self._mode

    @property
    def offline(self) -> bool:
        """Whether `init` was told to keep the run on this machine."""
        return self._mode == "offline"

    @property
    def disabled(self) -> bool:
        """Whether nothing is recorded."""
        return self._mode == "disabled"

    @property
    def settings(self) -> "Settings":
        """The settings `init` was given."""
        from trackio._wandb_settings import Settings

        given = self._settings
        values = given if isinstance(given, dict) else getattr(given, "__dict__", {})
        own = {"mode": self._mode, "project": self.project, "run_id": self.id, "run_name": self.name}
        return Settings(**{**own, "entity": self.entity, **values})

    @property
    def step(self) -> int:
        """Step the next `log` without one gets."""
        step = self._recorder.next_step() if self._open_step is None else self._open_step
        return 0 if step is None else step

    @property
    def path(self) -> str:
        """`<entity>/<project>/<id>`."""
        return "/".join(part for part in (self.entity, self.project, self.id) if part)

    @property
    def dir(self) -> str:
        """A folder for files of this run, which are files of the project as those of `save` are. It is made when asked for."""
        if self._mode == "disabled":
            import tempfile

            folder = os.path.join(tempfile.gettempdir(), f"trackio-{self.id}")
        else:
            folder = os.path.join(DATA_DIRECTORY, "media", self._recorder.project, "files", "runs", folder_name(self.id))
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError:  # the user's own write says what is wrong with the disk
            pass
        return folder

    def project_name(self) -> str:
        """The project."""
        return self.project

    def get_url(self) -> str | None:
        """`url`, in the form of older programs."""
        return getattr(self, "url", None)

    def get_project_url(self) -> str | None:
        """The address of the server; `None` for a local run."""
        return getattr(self, "url", None)

    def get_sweep_url(self) -> str | None:
        """`None`: sweeps have no page."""
        return None

    project_url = property(get_project_url)
    sweep_url = property(get_sweep_url)

    def join(self, exit_code: int | None = None) -> None:
        """`finish`, in the form of older programs."""
        self.finish(exit_code)  # type: ignore[attr-defined]

    def save(self, glob_str: "str | Path | None" = None, base_path: "str | Path | None" = None, policy: str = "live") -> Any:
        """Copies files to the project, as `trackio.save` does. Without a pattern it does nothing."""
        if glob_str is None:
            return True
        from trackio._files import save

        return save(glob_str, self.project, base_path=base_path, policy=policy)

    def restore(self, name: str, run_path: str | None = None, replace: bool = False, root: str | None = None) -> Any:
        """Opens a file that `save` copied to the project, for reading as text; `None` when there is none."""
        from trackio._files import restore

        return restore(name, run_path, replace, root, project=self.project)

    def status(self) -> Any:
        """Settings, whose attributes say where the run is."""
        return self.settings

    def display(self, height: int = 420, hidden: bool = False) -> bool:
        """Shows the page of the run below the cell of a notebook, `height` pixels high; `False` elsewhere."""
        from trackio._notebook import display_run

        return display_run(self, height, hidden)

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """A frame around the page of the run; a line of text for a local run whose page is not served."""
        from trackio._notebook import html_of

        return html_of(self, height, hidden)

    def _repr_html_(self) -> str:
        return self.to_html()

    def mark_preempting(self) -> None:
        """Notes that the machine may be taken away; what was logged is safe in any case."""
        self._change("_Preempting", True)

    def _label(self, code: str | None = None, repo: str | None = None, code_version: str | None = None, **more: str) -> None:
        """Nothing: what transformers tells wandb of itself."""

    @property
    def _attach_id(self) -> "WandbRun":
        # Lightning hands it to the processes it spawns, and there to `trackio._attach`: pickled, the run goes on in them.
        return self

    def watch(
        self,
        models: Any,
        criterion: Any = None,
        log: "str | None" = "gradients",
        log_freq: int = 1000,
        idx: int | None = None,
        log_graph: bool = False,
    ) -> None:
        """Logs distributions of the gradients and parameters of modules of PyTorch; see `trackio.watch`."""
        from trackio._watching import watch

        watch(self, models, log, log_freq, idx)

    def unwatch(self, models: Any = None) -> None:
        """Ends what `watch` began, for `models` or for all."""
        from trackio._watching import unwatch

        unwatch(self, models)

    def log_code(
        self,
        root: str | None = ".",
        name: str | None = None,
        include_fn: "Callable[..., bool] | None" = None,
        exclude_fn: "Callable[..., bool] | None" = None,
    ) -> "Artifact | None":
        """Stores the source files below `root` as an artifact of type `code`; `None` when there are none.

        Python files unless `include_fn(path)` or `include_fn(path, root)` says otherwise.
        """
        from trackio._source_files import log_code

        return log_code(self, root or ".", name, include_fn, exclude_fn)

    def log_model(self, path: "str | Path", name: str | None = None, aliases: list[str] | None = None) -> "Artifact":
        """Stores a file or folder as an artifact of type `model`."""
        from pathlib import Path

        name = name or f"run-{self.id}-{Path(path).name}"
        return self.log_artifact(path, name=name, type="model", aliases=aliases)  # type: ignore[attr-defined]

    def use_model(self, name: str) -> str:
        """Downloads an artifact of type `model`; gives its file, or its folder when it has several."""
        folder = self.use_artifact(name).download()  # type: ignore[attr-defined]
        entries = os.listdir(folder)
        return os.path.join(folder, entries[0]) if len(entries) == 1 else folder

    def link_model(
        self, path: "str | Path", registered_model_name: str, name: str | None = None, aliases: list[str] | None = None
    ) -> "Artifact":
        """Stores a model and links it into the registry `model`, which is made where it is missing."""
        artifact = self.log_model(path, name, aliases)
        return self.link_artifact(artifact, f"wandb-registry-model/{registered_model_name}", aliases)  # type: ignore[attr-defined]

    def upsert_artifact(self, artifact_or_path: Any, name: str | None = None, type: str | None = None, **more: Any) -> "Artifact":
        """`log_artifact`: every version stands by itself here."""
        return self.log_artifact(artifact_or_path, name=name, type=type)  # type: ignore[attr-defined]

    finish_artifact = upsert_artifact

    def _is_alert_due(self, title: str, wait_duration: Any) -> bool:
        from time import monotonic

        seconds = wait_duration.total_seconds() if hasattr(wait_duration, "total_seconds") else float(wait_duration)
        now, before = monotonic(), self._alerted_at.get(title)
        if before is not None and now - before < seconds:
            return False
        self._alerted_at[title] = now
        return True


def folder_name(run_id: str) -> str:
    """The name of the folder of a run's own files."""
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in run_id)[:128].lstrip(".") or "_"
