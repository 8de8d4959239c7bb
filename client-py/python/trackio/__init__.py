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

from trackio import _environment, context_vars
from trackio._alerts import AlertLevel
from trackio._config import Config
from trackio._run import Run
from trackio._session import alert, finish, init, log, log_artifact, log_system, use_artifact

# `typing` is for type checkers only: importing it takes longer than everything else here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trackio._deletion import delete_project
    from trackio._files import save
    from trackio._machine import log_cpu, log_gpu
    from trackio._publishing import freeze, sync
    from trackio._show import TrackioDashboardApp, show
    from trackio._unsupported import ArtifactTTL, Classes, EvalTable, Graph, JoinedTable, Molecule, Plotly, Settings
    from trackio.api import Api
    from trackio.artifact import Artifact
    from trackio.histogram import Histogram
    from trackio.imports import import_csv, import_tf_events
    from trackio.markdown import Markdown
    from trackio.media import Audio, Html, Image, Object3D, Video
    from trackio.references import ReferenceHandler, ResolvedReference, register_reference_handler
    from trackio.sqlite_storage import SQLiteStorage
    from trackio.table import Table
    from trackio.trace import Trace

__version__ = "0.43.0+paceline.0.1.0"

__all__ = [
    "TRACKIO_DIR",
    "TRACKIO_LOGO_DIR",
    "AlertLevel",
    "Api",
    "Artifact",
    "ArtifactTTL",
    "Audio",
    "Classes",
    "Config",
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
    "Video",
    "alert",
    "config",
    "context_vars",
    "delete_project",
    "finish",
    "freeze",
    "import_csv",
    "import_tf_events",
    "init",
    "log",
    "log_artifact",
    "log_cpu",
    "log_gpu",
    "log_system",
    "register_reference_handler",
    "run",
    "save",
    "show",
    "summary",
    "sync",
    "use_artifact",
]

# Names that are loaded when they are first asked for, and their modules.
_LATER = {
    "Api": "trackio.api",
    "Artifact": "trackio.artifact",
    "ArtifactTTL": "trackio._unsupported",
    "Audio": "trackio.media.audio",
    "Classes": "trackio._unsupported",
    "EvalTable": "trackio._unsupported",
    "Graph": "trackio._unsupported",
    "Histogram": "trackio.histogram",
    "Html": "trackio.media.html",
    "Image": "trackio.media.image",
    "JoinedTable": "trackio._unsupported",
    "Markdown": "trackio.markdown",
    "Molecule": "trackio._unsupported",
    "Object3D": "trackio.media.object3d",
    "Plotly": "trackio._unsupported",
    "ReferenceHandler": "trackio.references",
    "ResolvedReference": "trackio.references",
    "SQLiteStorage": "trackio.sqlite_storage",
    "Settings": "trackio._unsupported",
    "Table": "trackio.table",
    "Trace": "trackio.trace",
    "TrackioDashboardApp": "trackio._show",
    "Video": "trackio.media.video",
    "delete_project": "trackio._deletion",
    "freeze": "trackio._publishing",
    "import_csv": "trackio.imports",
    "import_tf_events": "trackio.imports",
    "log_cpu": "trackio._machine",
    "log_gpu": "trackio._machine",
    "register_reference_handler": "trackio.references",
    "save": "trackio._files",
    "show": "trackio._show",
    "sync": "trackio._publishing",
}

# Before `init` there is a config too, so that `trackio.config["x"] = 1` at import time does not fail.
_config_before_init = Config()


def __getattr__(name: str) -> Any:
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
    current = context_vars.current_run.get()
    if name == "run":
        return current
    if name == "config":
        return _config_before_init if current is None else current.config
    if name == "summary":
        return {} if current is None else current.summary
    raise AttributeError(f"module `trackio` has no attribute `{name}`")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
