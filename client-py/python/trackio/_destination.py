"""Where a run logs to: the data directory, or a server by its address, or a Hugging Face Space."""

from __future__ import annotations

import os

from trackio._environment import hub_home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Destination:
    """A server with the token it asks for. `source` is what `context_vars.current_server` shows."""

    def __init__(self, url: str, token: str, space_id: str | None = None) -> None:
        self.url = url
        self.token = token
        self.space_id = space_id

    @property
    def source(self) -> str:
        """The Space, or the address of another server."""
        return self.space_id or self.url

    @property
    def write_token(self) -> str | None:
        """The token of a server that is no Space."""
        return None if self.space_id else self.token

    def as_request(self) -> dict[str, str]:
        """As the program takes it."""
        return {"kind": "space" if self.space_id else "server", "url": self.url, "token": self.token}


def find_destination(
    space_id: Any, server_url: Any, dataset_id: Any = None, bucket_id: Any = None
) -> Destination | None:
    """The server a run logs to, by the arguments of `init` and then the environment; `None` for local files.

    Raises `ValueError` for an address that cannot be used, and where the token is missing.
    """
    space = space_id or os.environ.get("TRACKIO_SPACE_ID")
    if space:
        return _space(str(space))
    url = server_url or os.environ.get("TRACKIO_SERVER_URL")
    if not url:
        return None
    if dataset_id is not None or bucket_id is not None:
        raise ValueError(
            "`dataset_id` and `bucket_id` mean nothing to a server, which has a Dataset of its own: "
            "leave them out, or leave `server_url` out"
        )
    return _server(str(url).strip())


def _server(url: str) -> Destination:
    from urllib.parse import parse_qsl, urlsplit

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        # What follows may be the token.
        shown = url.split("?")[0].split("#")[0]
        raise ValueError(f"`server_url` must be a whole address that begins with `http://` or `https://`, not `{shown}`")
    given = dict(parse_qsl(parts.query, keep_blank_values=True)).get("write_token")
    token = given or os.environ.get("TRACKIO_WRITE_TOKEN")
    if not token:
        raise ValueError(
            f"the server at `{parts.scheme}://{parts.netloc}` needs its write token: add `?write_token=…` to the address "
            "as the server printed it, or set TRACKIO_WRITE_TOKEN"
        )
    return Destination(f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/"), token)


def _space(space_id: str) -> Destination:
    owner, separator, name = space_id.partition("/")
    if not separator or not owner or not name:
        raise ValueError(f"`space_id` must be `OWNER/NAME`, not `{space_id}`")
    token = hub_token()
    if not token:
        raise ValueError(
            f"logging to the Space `{space_id}` needs a Hugging Face token that may write there: "
            "set HF_TOKEN, or run `hf auth login`"
        )
    return Destination(space_address(space_id), token, space_id)


def space_address(space_id: str) -> str:
    """The address a Space answers at: `https://owner-name.hf.space`."""
    subdomain = "".join("-" if letter in "/_." else letter for letter in space_id.lower())
    return f"https://{subdomain}.hf.space"


def hub_token() -> str | None:
    """The token for the Hugging Face Hub: HF_TOKEN, else the file that `hf auth login` writes."""
    token = os.environ.get("HF_TOKEN", "").strip()
    if token:
        return token
    path = os.environ.get("HF_TOKEN_PATH") or os.path.join(hub_home(), "token")
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip() or None
    except (OSError, UnicodeDecodeError):
        return None
