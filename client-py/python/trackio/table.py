"""Tables."""

from __future__ import annotations

from trackio._stored_forms import stored_form

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Literal

    from trackio._stored_forms import Place


class Table:
    """Rows with named columns.

    The rows come from `dataframe` (whatever has `to_dict(orient="records")`, a data frame of pandas for
    instance), else from `data`, else from `rows`: lists of values in the order of `columns`, or dicts. Values
    beyond the columns are named by their position. A cell holds a number, a text, an image or other media, a
    list of them, or anything else that has a JSON form.

    Attributes: `data` (the rows, a list of dicts), `columns` (names in their order). `optional`,
    `allow_mixed_types` and `log_mode` are accepted.

    Raises `TypeError` for a `dataframe` without that method. Source: the peer's `trackio.Table`; `rows`,
    `columns`, `add_data`, `add_column`, `get_column` and `iterrows` are those of wandb.
    """

    TYPE = "trackio.table"

    def __init__(
        self,
        columns: list[str] | None = None,
        data: list[list[Any]] | None = None,
        dataframe: Any | None = None,
        rows: list[list[Any]] | None = None,
        optional: bool | list[bool] = True,
        allow_mixed_types: bool = False,
        log_mode: "Literal['IMMUTABLE', 'MUTABLE', 'INCREMENTAL'] | None" = "IMMUTABLE",
    ) -> None:
        self._columns = None if columns is None else list(columns)
        self.data: list[dict[Any, Any]] = []
        if dataframe is not None:
            try:
                records = dataframe.to_dict(orient="records")
            except Exception as error:
                kind = type(dataframe).__name__
                raise TypeError(f"`dataframe` needs `to_dict(orient=\"records\")`, which `{kind}` has not") from error
            self._columns = list(dataframe.columns) if hasattr(dataframe, "columns") else None
            self.data = [dict(record) for record in records]
            return
        for row in rows if data is None and rows is not None else () if data is None else data:
            self.data.append(dict(row) if isinstance(row, dict) else self._named(row))

    def _rows(self) -> list[dict[Any, Any]]:
        # Programs append lists of values to `data`, as wandb's rows are.
        return [row if isinstance(row, dict) else self._named(row) for row in self.data]

    def _named(self, values: Any) -> dict[Any, Any]:
        values = list(values)
        names = [] if self._columns is None else self._columns
        missing = [None] * (len(names) - len(values))
        return dict(zip([*names, *range(len(names), len(values))], [*values, *missing], strict=True))

    @property
    def columns(self) -> list[Any]:
        """Names of the columns in their order."""
        if self._columns is not None:
            return self._columns
        return list(dict.fromkeys(name for row in self._rows() for name in row))

    def add_data(self, *data: Any) -> None:
        """Adds one row: its values in the order of `columns`."""
        self.data.append(self._named(data))

    def add_column(self, name: str, data: Any, optional: bool = False) -> None:
        """Adds a column with a value for each row; rows are added as far as there are none.

        Raises `ValueError` when there are rows and not as many values.
        """
        values = list(data)
        self._columns = [*self.columns, name]
        self.data = self._rows() or [{} for _ in values]
        if len(values) != len(self.data):
            raise ValueError(f"column `{name}` has {len(values)} values, and the table {len(self.data)} rows")
        for row, value in zip(self.data, values, strict=True):
            row[name] = value

    def get_column(self, name: str) -> list[Any]:
        """The values of a column, `None` where a row has none."""
        return [row.get(name) for row in self._rows()]

    def iterrows(self) -> "Iterator[tuple[int, list[Any]]]":
        """Position and values of each row, in the order of `columns`."""
        names = self.columns
        return ((position, [row.get(name) for name in names]) for position, row in enumerate(self._rows()))

    def _to_trackio(self, place: "Place") -> dict[str, Any]:
        rows = [{key: stored_form(value, place, depth=1) for key, value in row.items()} for row in self._rows()]
        return {"_type": self.TYPE, "_value": rows}
