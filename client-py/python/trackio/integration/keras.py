"""Callbacks for Keras: metrics of batches and epochs, and checkpoints."""

from __future__ import annotations

import sys

from trackio._session import _require_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _callback_class() -> type:
    """The class callbacks of the loaded Keras have; a plain one where none is loaded."""
    for name in ("keras", "tf_keras", "tensorflow"):
        module = sys.modules.get(name)
        module = getattr(module, "keras", None) if name == "tensorflow" else module
        callbacks = getattr(module, "callbacks", None)
        if callbacks is not None:
            return callbacks.Callback
    return _PlainCallback


class _PlainCallback:
    """The hooks Keras calls, all of them empty."""

    def __init__(self) -> None:
        self.model: Any = None
        self.params: dict[str, Any] = {}

    def set_model(self, model: Any) -> None:
        """Takes the model."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Takes the parameters of the training."""
        self.params = params

    def __getattr__(self, name: str) -> Any:
        if name.startswith("on_"):
            return lambda *arguments, **more: None
        raise AttributeError(name)


_Callback: Any = _callback_class()


class WandbMetricsLogger(_Callback):
    """Records the metrics of each epoch as `epoch/<name>`, and with `log_freq` those of batches as `batch/<name>`.

    `log_freq` is `epoch`, `batch` or a number of batches.
    """

    def __init__(self, log_freq: str | int = "epoch", initial_global_step: int = 0, **more: Any) -> None:
        super().__init__()
        self._interval = 1 if log_freq == "batch" else log_freq if isinstance(log_freq, int) else None
        self._batches = initial_global_step
        run = _require_run("WandbMetricsLogger")
        run.define_metric("epoch/epoch")
        run.define_metric("epoch/*", step_metric="epoch/epoch")
        run.define_metric("batch/batch_step")
        run.define_metric("batch/*", step_metric="batch/batch_step")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Records the metrics of an epoch."""
        row = {f"epoch/{name}": value for name, value in (logs or {}).items()}
        _require_run("log").log({**row, "epoch/epoch": epoch})

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Records the metrics of a batch, where that was asked for."""
        self._batches += 1
        if self._interval is not None and (self._batches - 1) % self._interval == 0:
            row = {f"batch/{name}": value for name, value in (logs or {}).items()}
            _require_run("log").log({**row, "batch/batch_step": self._batches - 1})


class WandbCallback(_Callback):
    """Records the metrics of each epoch under their own names, with `epoch`; the summary keeps the best of `monitor`.

    What else wandb's takes is accepted.
    """

    def __init__(self, monitor: str = "val_loss", verbose: int = 0, mode: str = "auto", **more: Any) -> None:
        super().__init__()
        self._monitor = monitor
        self._least_is_best = mode == "min" or mode == "auto" and not monitor.endswith(("acc", "accuracy", "auc"))
        self._best: float | None = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Records the metrics of an epoch."""
        run = _require_run("log")
        run.log({"epoch": epoch, **(logs or {})})
        value = (logs or {}).get(self._monitor)
        if value is None:
            return
        if self._best is None or (value < self._best if self._least_is_best else value > self._best):
            self._best = float(value)
            run.summary.update({f"best_{self._monitor}": self._best, "best_epoch": epoch})


class WandbModelCheckpoint(_Callback):
    """Stores the model after each epoch as an artifact of type `model`.

    `filepath` may hold `{epoch}` and names of metrics. With `save_best_only` only where `monitor` got better.
    """

    def __init__(
        self, filepath: Any, monitor: str = "val_loss", save_best_only: bool = False, mode: str = "auto", **more: Any
    ) -> None:
        super().__init__()
        self._path = str(filepath)
        self._monitor, self._save_best_only = monitor, save_best_only
        self._least_is_best = mode == "min" or mode == "auto" and not monitor.endswith(("acc", "accuracy", "auc"))
        self._best: float | None = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Stores the model."""
        value = (logs or {}).get(self._monitor)
        if self._save_best_only and value is not None:
            if self._best is not None and not (value < self._best if self._least_is_best else value > self._best):
                return
            self._best = float(value)
        path = self._path.format(epoch=epoch + 1, **(logs or {}))
        self.model.save(path)
        run = _require_run("log_artifact")
        run.log_artifact(path, name=f"run_{run.id}_model", type="model", aliases=[f"epoch_{epoch}"])


class WandbEvalCallback(_Callback):
    """A base for callbacks that log a table of predictions; `add_ground_truth` and `add_model_predictions` are yours."""

    def __init__(self, data_table_columns: list[str], pred_table_columns: list[str], **more: Any) -> None:
        super().__init__()
        from trackio.table import Table

        self.data_table = Table(columns=data_table_columns)
        self.pred_table = Table(columns=pred_table_columns)
        self._columns = pred_table_columns

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Takes the ground truth."""
        self.add_ground_truth(logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs the predictions of an epoch."""
        from trackio.table import Table

        self.pred_table = Table(columns=self._columns)
        self.add_model_predictions(epoch, logs)
        _require_run("log").log({"predictions": self.pred_table}, commit=False)

    def add_ground_truth(self, logs: dict[str, Any] | None = None) -> None:
        """Adds rows to `data_table`."""

    def add_model_predictions(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Adds rows to `pred_table`."""


