"""Pages below the cells of a notebook. IPython is only used where the notebook itself has loaded it."""

from __future__ import annotations

import sys
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trackio._show import TrackioDashboardApp
    from trackio._wandb_run import WandbRun

PAGE_HEIGHT = 800
# Shells of Jupyter and of Colab; the one of a terminal shows no pages.
_SHELLS = ("ZMQInteractiveShell", "Shell")
# The server behind the pages of local runs: one for all cells.
_served: "TrackioDashboardApp | None" = None


def is_notebook() -> bool:
    """Whether this code runs in a cell."""
    # Whoever runs in a notebook has imported it.
    shell = sys.modules.get("IPython")
    current = None if shell is None else shell.get_ipython()
    return current is not None and type(current).__name__ in _SHELLS


def embed(url: str, height: int = PAGE_HEIGHT) -> None:
    """Shows a page below the cell."""
    from IPython.display import IFrame, display

    display(IFrame(url, width="100%", height=height))


def embed_run(run: "WandbRun") -> None:
    """Shows the page of a run below the cell that began it. Where that fails, a warning says why."""
    try:
        embed(page_of(run, serve=True) or "")
    except Exception as error:  # a page is no reason to stop a training
        warnings.warn(f"the page of run `{run.name}` is not shown: {error}; the run goes on", RuntimeWarning, stacklevel=4)


def page_of(run: "WandbRun", serve: bool = False) -> str | None:
    """Address of the page of a run. That of a local run needs a server, which is started if `serve` is true.

    Raises as `trackio.show`.
    """
    from trackio._show import page_address, start_server

    global _served
    if run.get_url():
        return page_address(str(run.get_url()), project=run.project)
    if _served is None or not _served.is_running():
        _served = start_server(None, None, None, None) if serve else None
    return None if _served is None else page_address(_served.url, project=run.project, write_token=_served.write_token)


def html_of(run: "WandbRun", height: int, hidden: bool) -> str:
    """The run as a cell shows it: its name, and its page in a frame, folded up where `hidden` is true.

    Where no server has the page, a line says how to come to it.
    """
    from html import escape

    name, project = escape(run.name), escape(run.project)
    url = page_of(run)
    if url is None:
        return f"<p>Run <b>{name}</b> of project <b>{project}</b>: <code>trackio show --project {project}</code></p>"
    frame = f'<iframe src="{escape(url)}" style="border:none;width:100%;height:{int(height)}px" allowfullscreen></iframe>'
    folded = "" if hidden else " open"
    return f"<details{folded}><summary>Run <b>{name}</b> of project <b>{project}</b></summary>{frame}</details>"


def display_run(run: "WandbRun", height: int, hidden: bool) -> bool:
    """Shows a run below the cell; `False` outside notebooks."""
    if not is_notebook():
        return False
    from IPython.display import HTML, display

    display(HTML(html_of(run, height, hidden)))
    return True
