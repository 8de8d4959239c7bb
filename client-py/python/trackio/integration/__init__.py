"""Callbacks for training libraries under wandb's module names; each module loads its library only when it is there.

`keras`, `lightgbm`, `sb3`, `tensorboard` and `xgboost` record what the library reports.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MODULES = ("keras", "lightgbm", "sb3", "tensorboard", "xgboost")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        from importlib import import_module

        return import_module(f"trackio.integration.{name}")
    raise AttributeError(f"module `trackio.integration` has no attribute `{name}`; there are {', '.join(_MODULES)}")
