"""Rows whose values follow from a seed and a step, so that whoever reads them knows them to the last bit."""

import hashlib
import struct
from typing import Any

_KEYS = ("train/loss", "learning rate", "grad_norm", "größe")
_EXPONENT_BIT = 1 << 62


def metrics(seed: int, step: int) -> dict[str, Any]:
    """The row of a step: finite floats of any size and sign, and an integer."""
    return {key: _float(f"{seed}:{step}:{key}") for key in _KEYS} | {"step_seen": step}


def bits(row: dict[str, Any]) -> dict[str, bytes | int]:
    """The row with floats as their bytes, to compare with."""
    return {key: struct.pack("<d", value) if isinstance(value, float) else value for key, value in row.items()}


def _float(text: str) -> float:
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
    # Without this bit the exponent is never that of NaN and the infinities.
    return struct.unpack("<d", (number & ~_EXPONENT_BIT).to_bytes(8, "little"))[0]
