"""Rows that were read, as lists, as a DataFrame of pandas, or as a table of Arrow."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FORMS = ("list", "pandas", "arrow")
_NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_LEADING = ("step", "timestamp")


def restored(value: Any) -> Any:
    """A stored value with its NaN and infinities as floats again; they are stored as those three words."""
    if isinstance(value, str):
        return _NOT_FINITE.get(value, value)
    if isinstance(value, dict):
        return {key: restored(item) for key, item in value.items()}
    if isinstance(value, list):
        return [restored(item) for item in value]
    return value


def thinned(rows: list[Any], most: int | None) -> list[Any]:
    """The rows, or `most` of them evenly spaced, the last among them; `None` and 0 are all."""
    if not most or most < 0 or len(rows) <= most:
        return rows
    if most == 1:
        return rows[-1:]
    return [rows[place * (len(rows) - 1) // (most - 1)] for place in range(most)]


def in_form(rows: list[dict[str, Any]], form: str) -> Any:
    """The rows in one of `FORMS`; pandas and pyarrow are imported when they are asked for."""
    if form == "list":
        return rows
    names = dict.fromkeys(name for row in rows for name in row)
    ordered = [name for name in _LEADING if name in names] + [name for name in names if name not in _LEADING]
    columns = {name: [row.get(name) for row in rows] for name in ordered}
    if form == "pandas":
        import pandas

        table = pandas.DataFrame(columns)
        if "timestamp" in table:
            table["timestamp"] = pandas.to_datetime(table["timestamp"], utc=True, format="ISO8601")
        return table
    import pyarrow

    return pyarrow.table({name: _arrow_column(pyarrow, name, values) for name, values in columns.items()})


def _arrow_column(pyarrow: Any, name: str, values: list[Any]) -> Any:
    if name == "timestamp":
        from datetime import datetime

        # Python before 3.11 does not read the letter that means UTC.
        times = [datetime.fromisoformat(text.replace("Z", "+00:00")) for text in values]
        return pyarrow.array(times, pyarrow.timestamp("us", "UTC"))
    try:
        return pyarrow.array(values)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError):  # of more than one kind: as JSON
        import json

        return pyarrow.array([None if value is None else json.dumps(value) for value in values])
