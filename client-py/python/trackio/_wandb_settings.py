"""Settings of a run under wandb's names: `trackio.Settings`, and the environment `init` falls back on."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_OFF = ("", "0", "false", "off", "no")
_DEFAULTS = "config-defaults.yaml"
_MODES = {"dryrun": "offline", "run": "online", "shared": "online"}
# Parameters of `init`, the variable each falls back on, and the name it has in `Settings`.
_SOURCES = {
    "project": ("WANDB_PROJECT", "project"),
    "name": ("WANDB_NAME", "run_name"),
    "id": ("WANDB_RUN_ID", "run_id"),
    "group": ("WANDB_RUN_GROUP", "run_group"),
    "job_type": ("WANDB_JOB_TYPE", "run_job_type"),
    "notes": ("WANDB_NOTES", "run_notes"),
    "tags": ("WANDB_TAGS", "run_tags"),
    "entity": ("WANDB_ENTITY", "entity"),
    "dir": ("WANDB_DIR", "root_dir"),
    "mode": ("WANDB_MODE", "mode"),
    "resume": ("WANDB_RESUME", "resume"),
}


class Settings:
    """Settings in wandb's names, all of them accepted.

    `init(settings=…)` uses `mode`, `project`, `entity`, `run_name`, `run_id`, `run_group`, `run_job_type`,
    `run_notes`, `run_tags`, `resume`, `root_dir`, where processes share a run `x_primary`, `x_label` and `rank`,
    and `console`, which keeps what is printed when it is `wrap`; the others have nothing to do here.
    """

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        # Whatever wandb's has and was not set reads as nothing, as most of its defaults do.
        if name.startswith("__"):
            raise AttributeError(name)
        return None

    def update(self, values: Any = None, **more: Any) -> None:
        """Takes in values: a dict, other settings, or keywords."""
        self.__dict__.update(values if isinstance(values, dict) else vars(values) if values is not None else {})
        self.__dict__.update(more)

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"


def with_fallbacks(settings: Any, **given: Any) -> dict[str, Any]:
    """The parameters of `init` that are given, else those of `settings`, else those of the environment."""
    values = settings if isinstance(settings, dict) else getattr(settings, "__dict__", {})
    found = {}
    for name, value in given.items():
        variable, setting = _SOURCES[name]
        if value is None:
            value = values.get(setting)
        if value is None:
            value = os.environ.get(variable) or None
        found[name] = value
    return found


def is_called_wandb(caller: Any) -> bool:
    """Whether the program of this frame knows the package as `wandb`, by `import trackio as wandb` or as a module."""
    package = sys.modules["trackio"]
    names = (caller.f_globals.get("wandb"), caller.f_locals.get("wandb"), sys.modules.get("wandb"))
    return any(named is package for named in names)


def mode_of(mode: Any) -> str:
    """`online`, `offline` or `disabled`; another one is a note, and `online`."""
    text = "online" if mode is None else str(mode).lower()
    text = _MODES.get(text, text)
    if text not in ("online", "offline", "disabled"):
        import warnings

        warnings.warn(f"mode `{mode}` is not one of `online`, `offline`, `disabled`; the run is recorded", RuntimeWarning, stacklevel=3)
        return "online"
    return text


def tags_of(tags: Any) -> list[str]:
    """Tags from a list of them, or from a text with commas between them; each once."""
    if tags is None:
        return []
    if isinstance(tags, str):
        tags = tags.split(",")
    return list(dict.fromkeys(tag for tag in (str(tag).strip() for tag in tags) if tag))


def chosen_config(config: Any, include: Any, exclude: Any) -> Any:
    """The config `init` was given: read from a YAML file if it is the path of one, with the keys that are asked for.

    What `config-defaults.yaml` of the working directory holds, or the files in WANDB_CONFIG_PATHS, is taken for the
    keys it lacks.
    """
    if isinstance(config, (str, os.PathLike)):
        config = _config_file(config)
    if include or exclude:
        from trackio._config import Config

        values = Config(config)
        config = {key: value for key, value in values.items() if (not include or key in include) and key not in (exclude or ())}
    paths = [path for path in os.environ.get("WANDB_CONFIG_PATHS", "").split(",") if path]
    if os.path.exists(_DEFAULTS):
        paths.insert(0, _DEFAULTS)
    if paths:
        from trackio._config import Config

        values = Config()
        for source in (*map(_config_file, paths), config):
            if source is not None:
                values.update(source)
        config = values
    return config


def _config_file(path: Any) -> Any:
    import json
    import warnings

    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        try:
            values = json.loads(text)
        except ValueError:
            import yaml

            values = yaml.safe_load(text)
        if not isinstance(values, dict):
            raise ValueError("it holds no names and values")
    except Exception as error:  # a missing file, a missing YAML, a text that is none
        warnings.warn(f"config `{path}` is not read: {error}; the run has no config yet", RuntimeWarning, stacklevel=4)
        return None
    # wandb writes each value with a description beside it.
    return {
        key: value["value"] if isinstance(value, dict) and set(value) <= {"value", "desc"} and "value" in value else value
        for key, value in values.items()
        if key not in ("wandb_version", "_wandb")
    }


def accepted_note(**meaningless: Any) -> str | None:
    """One line that names what was given and has no effect here; `None` when there is nothing to say."""
    names = [f"`{name}`" for name, value in meaningless.items() if value not in (None, False, "never")]
    return f"* Accepted, without effect here: {', '.join(names)}." if names else None


def is_silent(settings: Any) -> bool:
    """Whether the user wants no lines at the start: WANDB_SILENT, or `Settings(silent=True)`."""
    values = settings if isinstance(settings, dict) else getattr(settings, "__dict__", {})
    return bool(values.get("silent")) or os.environ.get("WANDB_SILENT", "").lower() not in _OFF
