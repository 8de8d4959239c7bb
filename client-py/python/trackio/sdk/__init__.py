"""Modules that programs written for wandb import classes from."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MODULES = ("artifacts", "data_types", "lib", "wandb_config", "wandb_run", "wandb_settings")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module `{__name__}` has no attribute `{name}`; there are {', '.join(_MODULES)}")
