"""The datasets server of the stand-in for the Hub: splits, rows and sizes of the datasets in `hub.rows`.

    hub.rows["alice/pairs"] = Rows({"default": {"train": [{"prompt": "a", "chosen": "b", "rejected": "c"}]}})
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from support.hub_repository import Refusal

if TYPE_CHECKING:
    from support.hub import Hub
    from support.hub_wire import Answer, Request

# What the machines of Hugging Face Jobs cost.
HARDWARE = [
    {
        "name": "t4-small", "prettyName": "Nvidia T4 - small", "cpu": "4 vCPU", "ram": "15 GB", "ephemeralStorage": "50 GB",
        "accelerator": {"type": "gpu", "model": "T4", "quantity": "1", "vram": "16 GB", "manufacturer": "Nvidia"},
        "unitCostMicroUSD": 6667, "unitCostUSD": 0.006667, "unitLabel": "minute",
    }
]  # fmt: skip


@dataclass
class Rows:
    """Rows by configuration and split; `is_viewed` says whether the server has all of them, and not the first alone."""

    configs: dict[str, dict[str, list[dict[str, Any]]]]
    is_private: bool = False
    is_viewed: bool = True


def _answer(body: Any) -> "Answer":
    from support.hub_wire import Answer

    return Answer(body)


def _found(hub: "Hub", request: "Request") -> tuple[str, Rows]:
    name = request.query["dataset"]
    rows = hub.rows.get(name)
    if rows is None or rows.is_private and hub.role_of(request.token) is None:
        # It tells nobody what is private.
        raise Refusal(401 if request.token is None else 404, "The dataset does not exist, or is not accessible without authentication.")
    return name, rows


def _split(rows: Rows, request: "Request") -> list[dict[str, Any]]:
    try:
        return rows.configs[request.query["config"]][request.query["split"]]
    except KeyError:
        raise Refusal(404, "Not found.") from None


def _splits(hub: "Hub", request: "Request") -> "Answer":
    name, rows = _found(hub, request)
    listed = [{"dataset": name, "config": config, "split": split} for config, splits in rows.configs.items() for split in splits]
    return _answer({"splits": listed, "pending": [], "failed": []})


def _features(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"feature_idx": place, "name": name, "type": {}} for place, name in enumerate(rows[0] if rows else [])]


def _rows(hub: "Hub", request: "Request") -> "Answer":
    _, found = _found(hub, request)
    rows = _split(found, request)
    if not found.is_viewed:
        raise Refusal(422, "The full dataset viewer is not available (click to read why). Only showing a preview of the rows.")
    start, length = int(request.query["offset"]), int(request.query["length"])
    assert length <= 100, length
    listed = [{"row_idx": place, "row": row, "truncated_cells": []} for place, row in enumerate(rows)][start : start + length]
    return _answer({"features": _features(rows), "rows": listed, "num_rows_total": len(rows), "num_rows_per_page": 100, "partial": False})


def _first_rows(hub: "Hub", request: "Request") -> "Answer":
    name, found = _found(hub, request)
    rows = _split(found, request)
    listed = []
    for place, row in enumerate(rows[:100]):
        cut = [key for key, value in row.items() if isinstance(value, str) and len(value) > 50]
        shown = {key: value[:50] if key in cut else value for key, value in row.items()}
        listed.append({"row_idx": place, "row": shown, "truncated_cells": cut})
    query = {key: request.query[key] for key in ("config", "split")}
    return _answer({"dataset": name, **query, "features": _features(rows), "rows": listed, "truncated": len(rows) > 100})


def _size(hub: "Hub", request: "Request") -> "Answer":
    name, found = _found(hub, request)
    config = request.query["config"]
    splits = [{"dataset": name, "config": config, "split": split, "num_rows": len(rows)} for split, rows in found.configs[config].items()]
    return _answer({"size": {"splits": splits}, "pending": [], "failed": [], "partial": False})


def _hardware(_: "Hub", __: "Request") -> "Answer":
    return _answer(HARDWARE)


ROUTES = [
    ("GET", r"/api/jobs/hardware", _hardware),
    ("GET", r"/splits", _splits),
    ("GET", r"/rows", _rows),
    ("GET", r"/first-rows", _first_rows),
    ("GET", r"/size", _size),
]
