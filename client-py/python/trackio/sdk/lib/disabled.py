"""The class `RunDisabled` under wandb's module name."""

from __future__ import annotations

from trackio.sdk.lib import RunDisabled

__all__ = ["RunDisabled"]
