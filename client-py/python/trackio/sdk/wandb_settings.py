"""The class `Settings` under wandb's module name."""

from __future__ import annotations

from trackio._wandb_settings import Settings

__all__ = ["Settings"]
