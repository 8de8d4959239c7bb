"""The callback for XGBoost."""

from __future__ import annotations

from importlib.util import find_spec

from trackio._session import _require_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_Base: Any = object
if find_spec("xgboost") is not None:
    from xgboost.callback import TrainingCallback

    _Base = TrainingCallback


class WandbCallback(_Base):
    """Records each evaluation as `<data>-<metric>` with `epoch`, and the best score in the summary.

    `log_model` stores the model as an artifact. What else wandb's takes is accepted.
    """

    def __init__(self, log_model: bool = False, log_feature_importance: bool = True, **more: Any) -> None:
        super().__init__()
        self._log_model = log_model

    def before_training(self, model: Any) -> Any:
        """Gives the model."""
        return model

    def before_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """`False`: go on."""
        return False

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Records the newest value of each evaluation."""
        row = {
            f"{data}-{metric}": values[-1][0] if isinstance(values[-1], tuple) else values[-1]
            for data, metrics in (evals_log or {}).items()
            for metric, values in metrics.items()
        }
        _require_run("log").log({**row, "epoch": epoch})
        return False

    def after_training(self, model: Any) -> Any:
        """Notes the best score, and stores the model where that was asked for."""
        run = _require_run("log")
        for name in ("best_score", "best_iteration"):
            try:
                run.summary[name] = float(getattr(model, name))
            except Exception:  # without early stopping there is none, and XGBoost raises what it likes
                continue
        if self._log_model:
            import os

            path = os.path.join(run.dir, f"{run.id}_model.json")
            model.save_model(path)
            run.log_artifact(path, name=f"model-{run.id}", type="model")
        return model


# The name of older programs.
wandb_callback = WandbCallback
