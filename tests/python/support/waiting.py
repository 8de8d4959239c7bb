"""Waiting for a condition, with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")
_PAUSE_SECONDS = 0.01


def wait_until(condition: Callable[[], Answer], seconds: float, what: str | Callable[[], object] = "") -> Answer:
    """Calls `condition` until it gives something true, which is returned; fails after `seconds`.

    `what` says in the failure what was waited for; a function is called then, to show what there was instead.
    """
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what or condition}")
        time.sleep(_PAUSE_SECONDS)
