"""The class `Run` under wandb's module name."""

from __future__ import annotations

from trackio._run import Run

__all__ = ["Run"]
