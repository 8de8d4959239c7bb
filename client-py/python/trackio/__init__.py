"""Experiment tracking with the interface of Trackio: `import trackio as wandb`.

What `log` is given is safe from the death of this process when it returns. A program beside Python, started
by `init`, brings it to SQLite files in the data directory, where `trackio show` draws it and
`trackio status` answers how the run is going.

    import trackio as wandb

    wandb.init(project="digits", config={"learning_rate": 1e-3, "total_steps": 1000})
    for step in range(1000):
        wandb.log({"train/loss": 1 / (step + 1)}, step=step)
    wandb.finish()
"""

from __future__ import annotations

import sys
from types import ModuleType

from trackio import _environment, context_vars
from trackio._alerts import AlertLevel
from trackio._config import Config
from trackio._run import Run
from trackio._session import alert, finish, init, log, log_artifact, log_system, use_artifact

# `typing` is for type checkers only: importing it takes longer than everything else here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from trackio import apis, data_types, errors, integration, keras, plot, sdk, sklearn, util
    from trackio._current import (
        define_metric, link_artifact, link_model, log_code, log_model, mark_preempting, unwatch, use_model, watch,
    )  # fmt: skip
    from trackio._deletion import delete_project
    from trackio._files import restore, save
    from trackio._machine import log_cpu, log_gpu
    from trackio._publishing import freeze, sync
    from trackio._service import attach, ensure_configured, join, login, require, setup, teardown
    from trackio._show import TrackioDashboardApp, show
    from trackio._summary import Summary
    from trackio._sweeps import agent, controller, sweep
    from trackio._terminal import termerror, termlog, termwarn
    from trackio._unsupported import ArtifactTTL, Classes, EvalTable, Graph, JoinedTable, Molecule
    from trackio._wandb_import import import_wandb
    from trackio._wandb_settings import Settings
    from trackio.api import Api
    from trackio.artifact import Artifact
    from trackio.errors import AuthenticationError, CommError, Error, UsageError
    from trackio.histogram import Histogram
    from trackio.imports import import_csv, import_tf_events
    from trackio.markdown import Markdown
    from trackio.media import Audio, Html, Image, Object3D, Video
    from trackio.media.html import Html as Plotly
    from trackio.plot import plot_table
    from trackio.references import ReferenceHandler, ResolvedReference, register_reference_handler
    from trackio.registry import Collection, Registry
    from trackio.sqlite_storage import SQLiteStorage
    from trackio.table import Table
    from trackio.trace import Trace

    config: Config
    run: Run | None
    summary: Summary
    TRACKIO_DIR: Path
    TRACKIO_LOGO_DIR: Path

__version__ = "0.43.0+paceline.0.1.0"

__all__ = [
    "TRACKIO_DIR",
    "TRACKIO_LOGO_DIR",
    "AlertLevel",
    "Api",
    "Artifact",
    "ArtifactTTL",
    "Audio",
    "AuthenticationError",
    "Classes",
    "CommError",
    "Config",
    "Error",
    "EvalTable",
    "Graph",
    "Histogram",
    "Html",
    "Image",
    "JoinedTable",
    "Markdown",
    "Molecule",
    "Object3D",
    "Plotly",
    "ReferenceHandler",
    "ResolvedReference",
    "Run",
    "Settings",
    "Table",
    "Trace",
    "UsageError",
    "Video",
    "agent",
    "alert",
    "attach",
    "config",
    "context_vars",
    "controller",
    "define_metric",
    "delete_project",
    "ensure_configured",
    "finish",
    "freeze",
    "import_csv",
    "import_tf_events",
    "import_wandb",
    "init",
    "join",
    "link_artifact",
    "link_model",
    "log",
    "log_artifact",
    "log_code",
    "log_cpu",
    "log_gpu",
    "log_model",
    "log_system",
    "login",
    "mark_preempting",
    "plot",
    "plot_table",
    "register_reference_handler",
    "require",
    "restore",
    "run",
    "save",
    "setup",
    "show",
    "summary",
    "sweep",
    "sync",
    "teardown",
    "termerror",
    "termlog",
    "termwarn",
    "unwatch",
    "use_artifact",
    "use_model",
    "watch",
]

# Names that are loaded when they are first asked for, and their modules.
_LATER = {
    "_attach": "trackio._service",
    "agent": "trackio._sweeps",
    "Api": "trackio.api",
    "Artifact": "trackio.artifact",
    "ArtifactTTL": "trackio._unsupported",
    "attach": "trackio._service",
    "Audio": "trackio.media.audio",
    "AuthenticationError": "trackio.errors",
    "Classes": "trackio._unsupported",
    "Collection": "trackio.registry",
    "CommError": "trackio.errors",
    "controller": "trackio._sweeps",
    "define_metric": "trackio._current",
    "delete_project": "trackio._deletion",
    "ensure_configured": "trackio._service",
    "Error": "trackio.errors",
    "EvalTable": "trackio._unsupported",
    "freeze": "trackio._publishing",
    "Graph": "trackio._unsupported",
    "Histogram": "trackio.histogram",
    "Html": "trackio.media.html",
    "Image": "trackio.media.image",
    "import_csv": "trackio.imports",
    "import_tf_events": "trackio.imports",
    "import_wandb": "trackio._wandb_import",
    "join": "trackio._service",
    "JoinedTable": "trackio._unsupported",
    "link_artifact": "trackio._current",
    "link_model": "trackio._current",
    "log_code": "trackio._current",
    "log_cpu": "trackio._machine",
    "log_gpu": "trackio._machine",
    "log_model": "trackio._current",
    "login": "trackio._service",
    "mark_preempting": "trackio._current",
    "Markdown": "trackio.markdown",
    "Molecule": "trackio._unsupported",
    "Object3D": "trackio.media.object3d",
    "plot_table": "trackio.plot",
    "ReferenceHandler": "trackio.references",
    "register_reference_handler": "trackio.references",
    "Registry": "trackio.registry",
    "require": "trackio._service",
    "ResolvedReference": "trackio.references",
    "restore": "trackio._files",
    "save": "trackio._files",
    "Settings": "trackio._wandb_settings",
    "setup": "trackio._service",
    "show": "trackio._show",
    "SQLiteStorage": "trackio.sqlite_storage",
    "sweep": "trackio._sweeps",
    "sync": "trackio._publishing",
    "Table": "trackio.table",
    "teardown": "trackio._service",
    "termerror": "trackio._terminal",
    "termlog": "trackio._terminal",
    "termwarn": "trackio._terminal",
    "Trace": "trackio.trace",
    "TrackioDashboardApp": "trackio._show",
    "unwatch": "trackio._current",
    "UsageError": "trackio.errors",
    "use_model": "trackio._current",
    "Video": "trackio.media.video",
    "watch": "trackio._current",
}

# Modules that `trackio.<name>` gives without an import of their own.
_MODULES = frozenset(("apis", "data_types", "errors", "integration", "keras", "plot", "sdk", "sklearn", "util"))

# Before `init` there is a config too, so that `trackio.config["x"] = 1` at import time does not fail.
_config_before_init = Config()


def _later(name: str) -> Any:
    """`config`, `run` and `summary` are those of the current run, whichever that is when they are asked for.

    `TRACKIO_DIR` and `TRACKIO_LOGO_DIR` are the data directory and the folder of our pictures, each as a
    `pathlib.Path`. What is not needed by every program is loaded here.
    """
    if name in _LATER:
        from importlib import import_module

        value = globals()[name] = getattr(import_module(_LATER[name]), name)
        return value
    if name == "TRACKIO_DIR":
        from pathlib import Path

        return Path(_environment.DATA_DIRECTORY)
    if name == "TRACKIO_LOGO_DIR":
        from pathlib import Path

        return Path(_environment.PICTURES)
    if name == "Plotly":
        from trackio.media.html import Html

        return Html
    if name in _MODULES:
        from importlib import import_module

        return import_module(f"trackio.{name}")
    current = context_vars.current_run.get()
    if name == "config":
        return _config_before_init if current is None else current.config
    if name == "summary":
        return {} if current is None else current.summary
    raise AttributeError(f"module `trackio` has no attribute `{name}`")


if not TYPE_CHECKING:
    # Type checkers know every name from above, and that there is no other one.
    __getattr__ = _later


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Module(ModuleType):
    """The package, with what must be more than a name in it."""

    @property
    def run(self) -> Any:
        """The current run, `None` when there is none.

        The module `trackio.run`, once it was imported, is seen while there is none.
        """
        current = context_vars.current_run.get()
        return self.__dict__.get("_run_module") if current is None or current._ended else current

    @run.setter
    def run(self, value: Any) -> None:
        # The import of the module `trackio.run` sets it here.
        if isinstance(value, ModuleType):
            self.__dict__["_run_module"] = value
        else:
            context_vars.current_run.set(value)

    def __setattr__(self, name: str, value: Any) -> None:
        # `trackio.config = {…}` means the config of the run, and must not hide it.
        if name == "config":
            self.config.update(value)
        else:
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Module
