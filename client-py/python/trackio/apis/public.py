"""The classes of `trackio.api` under wandb's module name."""

from __future__ import annotations

from trackio.api import Api, Run, Runs

__all__ = ["Api", "Run", "Runs"]
