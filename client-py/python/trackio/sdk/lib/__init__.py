"""Classes that programs written for wandb ask a run for."""

from __future__ import annotations

from trackio._run import Run


class _IsDisabled(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, Run) and value.disabled


class RunDisabled(metaclass=_IsDisabled):
    """The kind of a run with `mode="disabled"`."""
