"""The web page, served by the program beside Python, as a child that ends with this process."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import warnings

from trackio._environment import DATA_DIRECTORY, find_program
from trackio._notebook import embed, is_notebook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

_DASHBOARDS = (None, "registry")
_START_SECONDS = 60
_STOP_SECONDS = 10
_LOOK_SECONDS = 0.01


class TrackioDashboardApp:
    """A server that shows the data directory. `url` is its address, `write_token` permits everything there."""

    def __init__(self, process: "subprocess.Popen[bytes]", url: str, write_token: str) -> None:
        self._process = process
        self.url = url
        self.write_token = write_token

    def close(self, verbose: bool = True) -> None:
        """Ends the server; harmless when it has ended. `verbose` is accepted."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def is_running(self) -> bool:
        """Whether the server still answers."""
        return self._process.poll() is None

    def wait(self) -> None:
        """Returns when the server has ended."""
        self._process.wait()


class _Shown(tuple["Any", ...]):
    # A notebook prints the value of its last line, and these four are nothing to look at.
    def __repr__(self) -> str:
        return ""


def show(
    project: str | None = None,
    *,
    dashboard: str | None = None,
    theme: Any = None,
    mcp_server: bool | None = None,
    footer: bool = True,
    color_palette: list[str] | None = None,
    open_browser: bool = True,
    block_thread: bool | None = None,
    host: str | None = None,
    share: bool | None = None,
    server_port: int | None = None,
    frontend_dir: "str | Path | None" = None,
) -> "tuple[TrackioDashboardApp, str, str | None, str]":
    """Serves the web page, opens it, and gives `(app, url, share_url, full_url)`; `app.close()` ends it.

    `project` is the one to open, or `dashboard="registry"` the registries. It waits until Ctrl-C where
    `block_thread` is true, as it is outside notebooks unless given. `host` is 127.0.0.1 (GRADIO_SERVER_NAME),
    `server_port` the first free one from 7860 (GRADIO_SERVER_PORT) on. `color_palette` are colours `#RRGGBB` of
    the lines. `frontend_dir` is a folder with another page. `full_url` holds the token that permits to change
    things. In a notebook the page is shown below the cell instead of in a tab of its own.

    `theme` and `share` are accepted and do nothing, with one warning; `share_url` is `None`. MCP is always served at
    `/mcp`, whatever `mcp_server` says.

    Raises `ValueError` for arguments that cannot be used, `OSError` when the server cannot start, `RuntimeError`
    when the program is missing. Source: the peer's `trackio.show`.
    """
    if dashboard not in _DASHBOARDS:
        raise ValueError(f"`dashboard` is `registry` or absent, not `{dashboard}`")
    if dashboard is not None and project is not None:
        raise ValueError("the registries belong to no project; leave out `project` or `dashboard`")
    _warn_of_what_does_nothing(theme, share)
    app = start_server(host, server_port, frontend_dir, color_palette)
    place = app.url.rstrip("/") + ("/registry" if dashboard == "registry" else "")
    footer_wish = None if footer else "false"
    full_url = page_address(place, project=project, write_token=app.write_token, footer=footer_wish)
    notebook = is_notebook()
    if notebook:
        embed(full_url)
    else:
        print(f"* Trackio UI launched at: {page_address(place, project=project)}")
        print(f"* With this address things can be changed there too; share it only with people you trust: {full_url}")
        if open_browser:
            import webbrowser

            webbrowser.open(full_url)
    if (not notebook) if block_thread is None else block_thread:
        sys.stdout.flush()
        try:
            app.wait()
        except KeyboardInterrupt:
            app.close()
    return _Shown((app, app.url, None, full_url))


def start_server(
    host: str | None, port: int | None, frontend_dir: "str | Path | None", color_palette: list[str] | None
) -> TrackioDashboardApp:
    """Serves the data directory until this process ends. Raises as `show`."""
    program = find_program()
    if program is None:
        raise RuntimeError("the program `paceline` is not found; it comes with the package, or set PACELINE_BINARY to its path")
    token = os.environ.get("TRACKIO_WRITE_TOKEN") or secrets.token_hex(32)
    environment = {**os.environ, "TRACKIO_WRITE_TOKEN": token}
    if color_palette is not None:
        environment["TRACKIO_COLOR_PALETTE"] = ",".join(color_palette)
    command = [program, "serve", "--dir", DATA_DIRECTORY, "--parent", str(os.getpid())]
    for option, value in (("--host", host), ("--port", port), ("--frontend", frontend_dir)):
        if value is not None:
            command += [option, str(value)]
    with tempfile.TemporaryDirectory(prefix="trackio-show-") as folder:
        port_file, said = os.path.join(folder, "port"), os.path.join(folder, "said")
        with open(said, "wb") as output:
            # In a session of its own: to interrupt a cell of a notebook is not to end its page.
            process = subprocess.Popen(
                [*command, "--port-file", port_file], env=environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=output, start_new_session=True,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not os.path.exists(port_file):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                process.wait()
                with open(said, encoding="utf-8", errors="replace") as output:
                    raise OSError(f"the web page cannot be served: {output.read().strip()[-2000:]}")
            time.sleep(_LOOK_SECONDS)
        with open(port_file, encoding="utf-8") as file:
            url = json.load(file)["url"]
    return TrackioDashboardApp(process, url, token)


def page_address(server: str, **parameters: str | None) -> str:
    """The page of a server, or of a place of it, with the parameters that are given."""
    from urllib.parse import quote, urlencode, urlsplit

    given = {name: value for name, value in parameters.items() if value is not None}
    page = server if urlsplit(server).path.strip("/") else server.rstrip("/") + "/"
    return page + ("?" + urlencode(given, quote_via=quote) if given else "")


def _warn_of_what_does_nothing(theme: Any, share: bool | None) -> None:
    ignored = []
    if theme is not None and theme != "default":
        ignored.append("`theme` (the page follows the system's light or dark)")
    if share or (share is None and os.environ.get("GRADIO_SHARE", "").lower() == "true"):
        ignored.append("`share` (no tunnel is opened; pass `host` to serve other machines)")
    if ignored:
        warnings.warn(f"`trackio.show` goes without {', '.join(ignored)}", UserWarning, stacklevel=3)
