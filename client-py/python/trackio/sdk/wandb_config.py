"""The class `Config` under wandb's module name."""

from __future__ import annotations

from trackio._config import Config

__all__ = ["Config"]
