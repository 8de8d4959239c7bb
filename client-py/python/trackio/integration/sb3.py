"""The callback for Stable-Baselines3."""

from __future__ import annotations

import os
from importlib.util import find_spec

from trackio._session import _require_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_Base: Any = object
if find_spec("stable_baselines3") is not None:
    from stable_baselines3.common.callbacks import BaseCallback

    _Base = BaseCallback


class WandbCallback(_Base):
    """Records the settings of the algorithm, and stores the model every `model_save_freq` steps and at the end.

    The metrics come from the writer of TensorBoard: `init(sync_tensorboard=True)`. `gradient_save_freq` watches
    the policy.
    """

    def __init__(
        self,
        verbose: int = 0,
        model_save_path: str | None = None,
        model_save_freq: int = 0,
        gradient_save_freq: int = 0,
        log: str | None = "all",
    ) -> None:
        super().__init__(verbose) if _Base is not object else super().__init__()
        self.model_save_path = model_save_path
        self.model_save_freq = model_save_freq
        self.gradient_save_freq = gradient_save_freq
        self._log = log

    def _init_callback(self) -> None:
        run = _require_run("WandbCallback")
        settings = {key: value for key, value in vars(self.model).items() if isinstance(value, (int, float, str, bool))}
        run.config.setdefaults({"algo": type(self.model).__name__, **{key.lstrip("_"): value for key, value in settings.items()}})
        if self.gradient_save_freq > 0:
            run.watch(self.model.policy, log_freq=self.gradient_save_freq, log=self._log)

    def _on_step(self) -> bool:
        if self.model_save_freq > 0 and self.model_save_path and self.n_calls % self.model_save_freq == 0:
            self.save_model()
        return True

    def _on_training_end(self) -> None:
        if self.model_save_path:
            self.save_model()

    def save_model(self) -> None:
        """Writes the model to `model_save_path`, and copies it to the project."""
        folder = self.model_save_path or os.curdir
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "model.zip")
        self.model.save(path)
        _require_run("save").save(path, base_path=self.model_save_path)
