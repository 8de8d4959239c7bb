"""Scalars of TensorBoard's writers as rows of the current run."""

from __future__ import annotations

from trackio._tensorboard import record_writers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def patch(**settings: Any) -> None:
    """Records the scalars that writers are given from now on, as `init(sync_tensorboard=True)` does."""
    record_writers()
