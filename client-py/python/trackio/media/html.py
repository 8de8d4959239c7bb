"""Pages: HTML, and figures that become HTML."""

from __future__ import annotations

import os

from trackio._stored_forms import is_figure
from trackio.media.file import Media

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The peer's page around a fragment, to the byte.
_STYLE = (
    ":root{color-scheme:light dark;}"
    "body{margin:0;padding:12px;font-family:system-ui,-apple-system,sans-serif;}"
    "img,svg{max-width:100%;height:auto;}"
)
_BEGIN = f'<!doctype html><html><head><meta charset="utf-8"><style>{_STYLE}</style></head><body>'
_END = "</body></html>"


class Html(Media):
    """A page with a caption.

    `data` is HTML as text, a path of an `.html` or `.htm` file, an open file, or a figure of Plotly or
    Matplotlib (also an animation or `matplotlib.pyplot`). A fragment is put into a page with a style of its
    own unless `inject` is `False`. `data_is_not_path` keeps a text from being taken for a path.

    Raises `ValueError` for another type. Source: the peer's `trackio.Html`, which ignores `data_is_not_path`.
    """

    TYPE = "trackio.html"

    def __init__(
        self,
        data: Any,
        inject: bool = True,
        data_is_not_path: bool = False,
        caption: str | None = None,
    ) -> None:
        super().__init__(None, caption)
        html = _text_of(data, data_is_not_path)
        is_page = html.lstrip()[:15].lower().startswith(("<!doctype", "<html"))
        self._value = html if is_page or not inject else f"{_BEGIN}{html}{_END}"

    def _extension(self) -> str:
        return "html"

    def _write(self, path: str) -> None:
        with open(path, "w", encoding="utf-8") as file:
            file.write(self._value)


def _text_of(data: Any, is_text: bool) -> str:
    if is_figure(data):
        return _figure_as_html(data)
    if hasattr(data, "read"):
        if hasattr(data, "seek"):
            data.seek(0)
        content = data.read()
        return content.decode("utf-8") if isinstance(content, bytes) else content
    if not isinstance(data, (str, os.PathLike)):
        raise ValueError(f"a page is HTML, a path, an open file or a figure, not `{type(data).__name__}`")
    text = os.fspath(data)
    if not is_text and text.lower().endswith((".html", ".htm")) and "\0" not in text and os.path.isfile(text):
        with open(text, encoding="utf-8") as file:
            return file.read()
    return text


def _figure_as_html(figure: Any) -> str:
    if hasattr(figure, "to_html"):  # Plotly
        return figure.to_html(full_html=True, include_plotlyjs="cdn")
    if hasattr(figure, "to_jshtml"):  # an animation of Matplotlib
        return figure.to_jshtml()
    if hasattr(figure, "gcf"):  # `matplotlib.pyplot`
        figure = figure.gcf()
    from io import StringIO

    drawing = StringIO()
    figure.savefig(drawing, format="svg", bbox_inches="tight")
    return drawing.getvalue()[drawing.getvalue().index("<svg") :]
