"""Functions of wandb's module that are methods of its run: each calls that of the current one."""

from __future__ import annotations

from trackio._session import _require_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from trackio._metric_definitions import Metric
    from trackio.artifact import Artifact


def define_metric(
    name: str,
    step_metric: "str | Metric | None" = None,
    step_sync: bool | None = None,
    hidden: bool | None = None,
    summary: str | None = None,
    goal: str | None = None,
    overwrite: bool | None = None,
) -> "Metric":
    """Says how a metric of the current run is drawn and summed up; see `Run.define_metric`.

    Raises `RuntimeError` when no run was begun.
    """
    return _require_run("define_metric").define_metric(name, step_metric, step_sync, hidden, summary, goal, overwrite)


def watch(
    models: Any,
    criterion: Any = None,
    log: str | None = "gradients",
    log_freq: int = 1000,
    idx: int | None = None,
    log_graph: bool = False,
) -> None:
    """Logs distributions of the gradients and parameters of modules of PyTorch while they are trained.

    `models` is a module or a list of them, `log` is `gradients`, `parameters`, `all` or `None`. Every
    `log_freq` backward passes the distributions join the next row of the current run, as `gradients/<name>` and
    `parameters/<name>`. `criterion` and `log_graph` are accepted. Raises `RuntimeError` when no run was begun.
    """
    _require_run("watch").watch(models, criterion, log, log_freq, idx, log_graph)


def unwatch(models: Any = None) -> None:
    """Ends what `watch` began, for `models` or for all."""
    from trackio import context_vars

    run = context_vars.current_run.get()
    if run is not None:
        run.unwatch(models)


def log_code(
    root: str | None = ".",
    name: str | None = None,
    include_fn: "Callable[..., bool] | None" = None,
    exclude_fn: "Callable[..., bool] | None" = None,
) -> "Artifact | None":
    """Stores the source files below `root` as an artifact of type `code`; see `Run.log_code`."""
    return _require_run("log_code").log_code(root, name, include_fn, exclude_fn)


def log_model(path: "str | Path", name: str | None = None, aliases: list[str] | None = None) -> "Artifact":
    """Stores a file or folder as an artifact of type `model`; see `Run.log_model`."""
    return _require_run("log_model").log_model(path, name, aliases)


def use_model(name: str) -> str:
    """Downloads an artifact of type `model`; see `Run.use_model`."""
    return _require_run("use_model").use_model(name)


def link_model(
    path: "str | Path", registered_model_name: str, name: str | None = None, aliases: list[str] | None = None
) -> "Artifact":
    """Stores a model and links it into the registry `model`; see `Run.link_model`."""
    return _require_run("link_model").link_model(path, registered_model_name, name, aliases)


def link_artifact(artifact: "Artifact", target_path: str, aliases: list[str] | None = None) -> "Artifact":
    """Links a version of an artifact into a collection; see `Run.link_artifact`."""
    return _require_run("link_artifact").link_artifact(artifact, target_path, aliases)


def mark_preempting() -> None:
    """Notes that the machine may be taken away."""
    _require_run("mark_preempting").mark_preempting()
