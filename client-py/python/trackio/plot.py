"""Charts of finished data: each function gives a page with the drawing, to be logged as a value.

    trackio.log({"roc": trackio.plot.roc_curve(labels, scores, ["cat", "dog"])})

The row holds what is drawn too, as a table called `roc_table`, as wandb's rows do.
"""

from __future__ import annotations

from html import escape

from trackio.media.html import Html
from trackio.table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_COLOURS = ("#2a78d6", "#d95f02", "#1b9e77", "#7570b3", "#e7298a", "#66a61e", "#a6761d", "#666666")
_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 640, 400, 64, 36, 16, 44
_MOST_POINTS = 5000
_DIGITS = 3


class Chart(Html):
    """A page with a drawing, and the `table` that it draws."""

    def __init__(self, page: str, table: Table) -> None:
        super().__init__(page, data_is_not_path=True)
        self.table = table


def line(
    table: Table, x: str, y: str, stroke: str | None = None, title: str | None = None, split_table: bool = False
) -> Chart:
    """A line through column `y` over column `x`; one for each value of column `stroke`, where it is given."""
    return _chart(table, _groups(table, x, y, stroke), title, x, y, draws_lines=True)


def scatter(table: Table, x: str, y: str, title: str | None = None, split_table: bool = False) -> Chart:
    """A point for each row."""
    return _chart(table, _groups(table, x, y, None), title, x, y, draws_lines=False)


def line_series(
    xs: Any, ys: Any, keys: "Sequence[str] | None" = None, title: str | None = None, xname: str = "x", split_table: bool = False
) -> Chart:
    """Several lines: `ys` is a list of lists, `xs` one list for all of them or a list of lists, `keys` their names."""
    lines = [_numbers(values) for values in ys]
    xs = _listed(xs)
    is_shared = not xs or not hasattr(xs[0], "__len__")
    axes = [_numbers(xs)] * len(lines) if is_shared else [_numbers(values) for values in xs]
    names = [str(key) for key in keys] if keys is not None else [f"line {number}" for number in range(len(lines))]
    series = {name: list(zip(own, values)) for name, own, values in zip(names, axes, lines)}  # noqa: B905
    own_xs = [xs] * len(lines) if is_shared else [_listed(values) for values in xs]
    rows = [[x, name, y] for name, own, values in zip(names, own_xs, ys) for x, y in zip(own, _listed(values))]  # noqa: B905
    return _chart(Table(["step", "lineKey", "lineVal"], rows), series, title, xname, "", draws_lines=True)


def bar(table: Table, label: str, value: str, title: str | None = None, split_table: bool = False) -> Chart:
    """A bar for each row: its name in column `label`, its length in column `value`."""
    pairs = zip(table.get_column(label), table.get_column(value), strict=True)
    bars = [(str(name), number) for name, amount in pairs if (number := _number(amount)) is not None]
    return _bars(table, bars, title, label, value)


def histogram(table: Table, value: str, title: str | None = None, split_table: bool = False) -> Chart:
    """How often the values of a column are in each of 20 bins."""
    values = [number for item in table.get_column(value) if (number := _number(item)) is not None]
    if not values:
        return _bars(table, [], title, value, "count")
    low, high = min(values), max(values)
    width = (high - low) / 20 or 1.0
    counts = [0] * 20
    for number in values:
        counts[min(int((number - low) / width), 19)] += 1
    return _bars(table, [(_short(low + width * index), count) for index, count in enumerate(counts)], title, value, "count")


def confusion_matrix(
    probs: Any = None,
    y_true: Any = None,
    preds: Any = None,
    class_names: "Sequence[str] | None" = None,
    title: str | None = None,
    split_table: bool = False,
) -> Chart:
    """How many examples of each class (`y_true`, class numbers) were taken for which.

    Either `preds` (class numbers) or `probs` of the shape (examples, classes). Raises `ValueError` without both
    sides, or with sides of unequal length.
    """
    if y_true is None or (preds is None and probs is None):
        raise ValueError("`confusion_matrix` needs `y_true` and either `preds` or `probs`")
    if preds is None:
        likely = [_numbers(row) for row in probs]
        preds = [row.index(max(row)) for row in likely]
    truth, guesses = _listed(y_true), _listed(preds)
    if len(truth) != len(guesses):
        raise ValueError(f"there are {len(truth)} classes in `y_true` and {len(guesses)} predictions")
    classes: list[Any] = sorted({*truth, *guesses}, key=lambda item: (str(type(item)), item))
    if class_names is not None and all(isinstance(item, int) for item in classes):
        classes = list(range(max(len(class_names), *(item + 1 for item in classes), 0)))
    names = [str(class_names[item]) if class_names is not None and isinstance(item, int) and item < len(class_names) else str(item) for item in classes]
    counts: dict[tuple[Any, Any], int] = {}
    for pair in zip(truth, guesses, strict=True):
        counts[pair] = counts.get(pair, 0) + 1
    pairs = [(actual, guess) for actual in range(len(names)) for guess in range(len(names))]
    rows = [[names[actual], names[guess], counts.get((classes[actual], classes[guess]), 0)] for actual, guess in pairs]
    most = max(counts.values(), default=1)
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    lines = []
    for actual, name in zip(classes, names, strict=True):
        cells = []
        for guess in classes:
            count = counts.get((actual, guess), 0)
            cells.append(f'<td style="background:rgba(42,120,214,{count / most:.2f})">{count}</td>')
        lines.append(f"<tr><th>{escape(name)}</th>{''.join(cells)}</tr>")
    style = "<style>table{border-collapse:collapse;font:13px sans-serif}td,th{padding:6px 10px;text-align:right}</style>"
    caption = f"<caption>{escape(title or 'Confusion matrix')}; rows are what is true, columns what was predicted</caption>"
    page = f"{style}<table>{caption}<tr><th></th>{head}</tr>{''.join(lines)}</table>"
    return Chart(page, Table(["Actual", "Predicted", "nPredictions"], rows))


def roc_curve(
    y_true: Any = None,
    y_probas: Any = None,
    labels: "Sequence[str] | None" = None,
    classes_to_plot: "Sequence[Any] | None" = None,
    title: str | None = None,
    split_table: bool = False,
) -> Chart:
    """True positive rate over false positive rate, a line for each class.

    `y_true` are class numbers, `y_probas` scores of the shape (examples, classes).
    """
    series = {}
    for name, counts in _counts_by_score(y_true, y_probas, labels, classes_to_plot):
        negatives, positives = counts[-1]
        points = [(wrong / max(negatives, 1), right / max(positives, 1)) for wrong, right in [(0, 0), *_without_middles(counts)]]
        series[name] = [(round(x, _DIGITS), round(y, _DIGITS)) for x, y in points]
    rows = [[name, x, y] for name, values in series.items() for x, y in values]
    table = Table(["class", "fpr", "tpr"], rows)
    return _chart(table, series, title or "ROC", "false positive rate", "true positive rate", draws_lines=True)


def pr_curve(
    y_true: Any = None,
    y_probas: Any = None,
    labels: "Sequence[str] | None" = None,
    classes_to_plot: "Sequence[Any] | None" = None,
    interp_size: int = 21,
    title: str | None = None,
    split_table: bool = False,
) -> Chart:
    """Precision over recall, a line for each class; takes what `roc_curve` takes."""
    series = {}
    for name, counts in _counts_by_score(y_true, y_probas, labels, classes_to_plot):
        positives = max(counts[-1][1], 1)
        # The best precision of all thresholds that find at least so many.
        reached = [(right / positives, right / (right + wrong)) for wrong, right in counts]
        levels = [round(1 - level / (interp_size - 1), _DIGITS) for level in range(interp_size - 1)] + [0.0]
        best = [max((precision for recall, precision in reached if recall >= level), default=0.0) for level in levels[:-1]]
        series[name] = [(level, round(precision, _DIGITS)) for level, precision in zip(levels, [*best, 1.0], strict=True)]
    rows = [[name, precision, recall] for name, values in series.items() for recall, precision in values]
    table = Table(["class", "precision", "recall"], rows)
    return _chart(table, series, title or "Precision and recall", "recall", "precision", draws_lines=True)


def plot_table(
    vega_spec_name: str,
    data_table: Table,
    fields: dict[str, Any],
    string_fields: dict[str, Any] | None = None,
    split_table: bool = False,
) -> Table:
    """The table: drawings by Vega are not made here."""
    return data_table


def _counts_by_score(y_true: Any, y_probas: Any, labels: Any, chosen: Any) -> "list[tuple[str, list[tuple[int, int]]]]":
    """For each class its name, and how many examples of others and of its own have each score or a higher one.

    Scores come from the highest down, equal ones once.
    """
    if y_true is None or y_probas is None:
        raise ValueError("the curve needs `y_true` and `y_probas`")
    truth = _listed(y_true)
    rows = [_numbers(row) if hasattr(row, "__len__") else [1 - float(row), float(row)] for row in _listed(y_probas)]
    if not rows or len(rows) != len(truth):
        raise ValueError(f"there are {len(truth)} classes in `y_true` and {len(rows)} rows in `y_probas`")
    classes = sorted(set(truth), key=lambda item: (str(type(item)), item))
    if all(isinstance(item, int) and 0 <= item < len(rows[0]) for item in classes):
        classes = list(range(len(rows[0])))
    found = []
    for column, item in enumerate(classes):
        if chosen is not None and item not in chosen:
            continue
        name = str(labels[column]) if labels is not None and column < len(labels) else str(item)
        by_score: dict[float, list[int]] = {}
        for row, actual in zip(rows, truth, strict=True):
            by_score.setdefault(row[column], [0, 0])[int(actual == item)] += 1
        counts, wrong, right = [], 0, 0
        for score in sorted(by_score, reverse=True):
            wrong, right = wrong + by_score[score][0], right + by_score[score][1]
            counts.append((wrong, right))
        found.append((name, counts))
    return found


def _without_middles(points: "list[tuple[int, int]]") -> "list[tuple[int, int]]":
    """The points without those halfway between their neighbours, which the line passes in any case."""
    middle = [
        point for before, point, after in zip(points, points[1:], points[2:])  # noqa: B905
        if any(first + last != 2 * own for first, own, last in zip(before, point, after, strict=True))
    ]
    return [points[0], *middle, *points[1:][-1:]]


def _groups(table: Table, x: str, y: str, stroke: str | None) -> dict[str, list[tuple[float, float]]]:
    names = [y] * len(table.data) if stroke is None else [str(value) for value in table.get_column(stroke)]
    series: dict[str, list[tuple[float, float]]] = {}
    for name, left, up in zip(names, table.get_column(x), table.get_column(y), strict=True):
        point = _number(left), _number(up)
        if point[0] is not None and point[1] is not None:
            series.setdefault(name, []).append((point[0], point[1]))
    return series


def _chart(
    table: Table, series: dict[str, list[tuple[float, float]]], title: str | None, x_name: str, y_name: str, draws_lines: bool
) -> Chart:
    points = [point for values in series.values() for point in values]
    frame = _Frame([x for x, _ in points], [y for _, y in points])
    parts = []
    for number, (name, values) in enumerate(series.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        thinned = values[:: max(len(values) // _MOST_POINTS, 1)]
        if draws_lines:
            path = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in thinned)
            parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{path}"/>')
        else:
            parts += [f'<circle cx="{frame.x(x):.1f}" cy="{frame.y(y):.1f}" r="2.5" fill="{colour}"/>' for x, y in thinned]
        if len(series) > 1:
            parts.append(f'<text x="{_WIDTH - _RIGHT}" y="{_TOP + 14 * number}" fill="{colour}" text-anchor="end">{escape(name)}</text>')
    return _svg(table, "".join(parts), title, x_name, y_name, frame.labels())


def _bars(table: Table, bars: list[tuple[str, float]], title: str | None, x_name: str, y_name: str) -> Chart:
    frame = _Frame([0.0, float(len(bars))], [0.0, *(value for _, value in bars)])
    parts = []
    for number, (name, value) in enumerate(bars):
        left, right = frame.x(number + 0.1), frame.x(number + 0.9)
        top, bottom = sorted((frame.y(value), frame.y(0.0)))
        parts.append(
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}" fill="{_COLOURS[0]}">'
            f"<title>{escape(name)}: {_short(value)}</title></rect>"
        )
        if len(bars) <= 30:
            parts.append(f'<text x="{(left + right) / 2:.1f}" y="{_HEIGHT - _BOTTOM + 14}" text-anchor="middle">{escape(name[:12])}</text>')
    return _svg(table, "".join(parts), title, x_name, y_name, frame.y_labels())


class _Frame:
    """From values to places in the drawing."""

    def __init__(self, xs: list[float], ys: list[float]) -> None:
        self.left, self.right = min(xs, default=0.0), max(xs, default=1.0)
        self.low, self.high = min(ys, default=0.0), max(ys, default=1.0)

    def x(self, value: float) -> float:
        return _LEFT + (value - self.left) / ((self.right - self.left) or 1.0) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - (value - self.low) / ((self.high - self.low) or 1.0) * (_HEIGHT - _TOP - _BOTTOM)

    def y_labels(self) -> str:
        return "".join(
            f'<text x="{_LEFT - 6}" y="{self.y(value) + 4:.1f}" text-anchor="end">{_short(value)}</text>'
            for value in (self.low, (self.low + self.high) / 2, self.high)
        )

    def labels(self) -> str:
        return self.y_labels() + "".join(
            f'<text x="{self.x(value):.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{_short(value)}</text>'
            for value in (self.left, (self.left + self.right) / 2, self.right)
        )


def _svg(table: Table, content: str, title: str | None, x_name: str, y_name: str, labels: str) -> Chart:
    edges = f'<path d="M{_LEFT} {_TOP}V{_HEIGHT - _BOTTOM}H{_WIDTH - _RIGHT}" fill="none" stroke="#888"/>'
    page = (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="11" fill="currentColor">'
        f'<text x="{_WIDTH / 2}" y="18" font-size="14" text-anchor="middle">{escape(title or "")}</text>{edges}{labels}{content}'
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(x_name)}</text>'
        f'<text x="12" y="{_HEIGHT / 2}" transform="rotate(-90 12 {_HEIGHT / 2})" text-anchor="middle">{escape(y_name)}</text></svg>'
    )
    return Chart(page, table)


def _listed(values: Any) -> list[Any]:
    """A plain list of what a list, an array or a tensor holds."""
    values = values.tolist() if hasattr(values, "tolist") else list(values)
    return [value.item() if hasattr(value, "item") else value for value in values]


def _numbers(values: Any) -> list[float]:
    return [float(value) for value in _listed(values)]


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if number - number == 0 else None


def _short(value: float) -> str:
    return f"{value:.4g}"
