"""Texts with headings, lists and emphasis."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Markdown:
    """A text in Markdown, shown as a report.

    Raises `ValueError` when `text` is no `str`. Source: the peer's `trackio.Markdown`.
    """

    TYPE = "trackio.markdown"

    def __init__(self, text: str = "") -> None:
        if not isinstance(text, str):
            raise ValueError(f"Markdown is a text, not `{type(text).__name__}`")
        self.text = text

    def _to_trackio(self, place: object) -> dict[str, Any]:
        return {"_type": self.TYPE, "_value": self.text}
