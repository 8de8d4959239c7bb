"""The callback for LightGBM."""

from __future__ import annotations

from trackio._session import _require_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def wandb_callback(log_params: bool = True, define_metric: bool = True) -> "Callable[[Any], None]":
    """Records each evaluation as `<data>_<metric>` with `iteration`, and the parameters in the config."""

    def record(environment: Any) -> None:
        run = _require_run("log")
        if log_params and environment.iteration == environment.begin_iteration:
            run.config.update(environment.params)
        row = {f"{entry[0]}_{entry[1]}": entry[2] for entry in environment.evaluation_result_list or ()}
        run.log({**row, "iteration": environment.iteration})

    return record


def log_summary(model: Any, feature_importance: bool = True, save_model_checkpoint: bool = False) -> None:
    """Notes the best iteration and scores in the summary."""
    run = _require_run("log_summary")
    run.summary["best_iteration"] = model.best_iteration
    for data, scores in (model.best_score or {}).items():
        run.summary.update({f"{data}_best_{name}": value for name, value in scores.items()})
