"""What was said to a model, what it answered, and what it did."""

from __future__ import annotations

from trackio._stored_forms import stored_form

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trackio._stored_forms import Place


class Trace:
    """A conversation with a model or an agent, or one request.

    `messages` are dicts in the form of OpenAI's chat (`role`, `content`, `tool_calls`, `tool_call_id`).
    `metadata` are values of the whole, for instance `session_id`, `status`, `duration_ms`, `cost_usd`. `spans`
    are the operations behind the answer: dicts with `id`, `name`, `kind` (`span`, `generation` or `tool`) and,
    as far as known, `parent_id`, `start_time`, `end_time`, `duration_ms`, `status`, `error`, `input`, `output`,
    `model`, `usage`, `cost_usd`, `metadata`. Images and other media may stand anywhere in them.

    Raises `TypeError` when `messages` or `spans` is no list of dicts. Source: the peer's `trackio.Trace`.
    """

    TYPE = "trackio.trace"

    def __init__(
        self,
        messages: list[dict[str, Any]],
        metadata: dict[str, Any] | None = None,
        spans: list[dict[str, Any]] | None = None,
    ) -> None:
        self.messages = _dicts("messages", messages)
        self.metadata = {} if metadata is None else dict(metadata)
        self.spans = [] if spans is None else _dicts("spans", spans)

    def _to_trackio(self, place: "Place") -> dict[str, Any]:
        return {
            "_type": self.TYPE,
            "messages": stored_form(self.messages, place),
            "metadata": stored_form(self.metadata, place),
            "spans": stored_form(self.spans, place),
        }


def _dicts(name: str, values: Any) -> list[dict[str, Any]]:
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise TypeError(f"`{name}` is a list of dicts")
    return [dict(value) for value in values]
