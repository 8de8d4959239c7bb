"""Functions of wandb's module of this name that programs call."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def generate_id(length: int = 8) -> str:
    """A random id of small letters and digits, for `init(id=…)`."""
    import secrets
    import string

    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(length))


def get_module(name: str, required: str | bool | None = None, lazy: bool = True) -> Any:
    """The module of that name; `None` when it cannot be imported, or `ImportError` with the text `required`."""
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError:
        if required:
            raise ImportError(required if isinstance(required, str) else f"`{name}` is needed") from None
        return None


def make_artifact_name_safe(name: str) -> str:
    """The name with `_` for everything an artifact's name must not have, 128 characters at most."""
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)[:128]
