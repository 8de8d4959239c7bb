"""References: data that an artifact names and does not hold.

`file://`, `http://`, `https://` and `hf://` are known; `register_reference_handler` adds others (`s3://`, …).
A reference is recorded with a size and a checksum where its source tells them, and fetched only by
`Artifact.download`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlsplit

MOST_OBJECTS = 10_000
_SECRET_PARAMETERS = frozenset(("x-amz-signature", "x-goog-signature", "sig", "token", "signature"))
_CONNECT_SECONDS = 10
_READ_SECONDS = 300


class ResolvedReference(NamedTuple):
    """One object behind a reference.

    `relkey` is its path below the folder that was referred to, `None` for a single object. `size` is in bytes,
    `digest` a SHA-256 or what the source names its contents by; each is `None` where it is not known.
    Source: the peer's `trackio.ResolvedReference`.
    """

    relkey: str | None
    uri: str
    size: int | None = None
    digest: str | None = None


class ReferenceHandler(ABC):
    """Knows one family of addresses; `register_reference_handler` makes it known.

    Source: the peer's `trackio.ReferenceHandler`.
    """

    @abstractmethod
    def matches(self, scheme: str, uri: str) -> bool:
        """Whether the address is one of its own; the handler registered last is asked first."""

    @abstractmethod
    def resolve(self, uri: str, checksum: bool, max_objects: int) -> list[ResolvedReference]:
        """The objects behind the address, several for a folder; without a digest where none is known.

        Without `checksum` no digest is computed or asked for. Raises `ValueError` for more than `max_objects`.
        """

    @abstractmethod
    def fetch(self, uri: str, dest: Path) -> None:
        """Writes one object to the file `dest`."""

    @abstractmethod
    def hint(self) -> str:
        """What a user can do to get a checksum where there was none."""


class FileReferences(ReferenceHandler):
    """Files and folders of this machine: `file://`."""

    def matches(self, scheme: str, uri: str) -> bool:
        """Whether the scheme is `file`."""
        return scheme == "file"

    def resolve(self, uri: str, checksum: bool, max_objects: int) -> list[ResolvedReference]:
        """A file, or every file below a folder but symbolic links; `ValueError` when there is neither."""
        place = local_path(uri)
        if place.is_file():
            return [_resolved_file(place, None, uri, checksum)]
        if not place.is_dir():
            raise ValueError(f"there is no file and no folder `{uri}`; local files are added with `add_file`")
        found: list[ResolvedReference] = []
        for path in place.rglob("*"):
            if path.is_symlink() or not path.is_file():
                continue
            check_count(len(found) + 1, max_objects, uri)
            found.append(_resolved_file(path, path.relative_to(place).as_posix(), path.resolve().as_uri(), checksum))
        return found

    def fetch(self, uri: str, dest: Path) -> None:
        """Copies the file; `FileNotFoundError` when it is gone."""
        import shutil

        place = local_path(uri)
        if not place.is_file():
            raise FileNotFoundError(f"there is no file `{uri}` any more")
        shutil.copyfile(place, dest)

    def hint(self) -> str:
        """What a user can do."""
        return "the file must be there for its contents to be summed"


class WebReferences(ReferenceHandler):
    """Addresses of the web: `http://` and `https://`; the checksum is the server's `ETag`."""

    def matches(self, scheme: str, uri: str) -> bool:
        """Whether the scheme is `http` or `https`."""
        return scheme in ("http", "https")

    def resolve(self, uri: str, checksum: bool, max_objects: int) -> list[ResolvedReference]:
        """One object; size and digest are unknown when the server cannot be asked."""
        from urllib.request import Request, urlopen

        if not checksum:
            return [ResolvedReference(None, uri)]
        try:
            with urlopen(Request(uri, method="HEAD"), timeout=_CONNECT_SECONDS) as answer:
                length, tag = answer.headers.get("Content-Length", ""), answer.headers.get("ETag", "")
        except (OSError, ValueError):  # no such host, no answer, an answer that says no
            return [ResolvedReference(None, uri)]
        return [ResolvedReference(None, uri, int(length) if length.isdecimal() else None, tag.strip('"') or None)]

    def fetch(self, uri: str, dest: Path) -> None:
        """Fetches the body; `OSError` when the server does not give it."""
        import shutil
        from urllib.request import urlopen

        with urlopen(uri, timeout=_READ_SECONDS) as answer, open(dest, "wb") as file:
            shutil.copyfileobj(answer, file, 1 << 20)

    def hint(self) -> str:
        """What a user can do."""
        return "the server must answer and send the header `ETag`"


class HubReferences(ReferenceHandler):
    """Files and folders of the Hugging Face Hub: `hf://`, by the package `huggingface_hub`."""

    def matches(self, scheme: str, uri: str) -> bool:
        """Whether the scheme is `hf`."""
        return scheme == "hf"

    def resolve(self, uri: str, checksum: bool, max_objects: int) -> list[ResolvedReference]:
        """A file, or every file of a folder; size and digest are unknown when the Hub cannot be asked."""
        unknown = [ResolvedReference(None, uri)]
        if not checksum:
            return unknown
        path = unquote(uri.removeprefix("hf://"))
        try:
            files = _hub_files()
            about = files.info(path)
            inside = sorted(files.find(path, detail=True).items()) if about.get("type") == "directory" else None
        except Exception:  # the package is missing or says no in one of its many ways
            return unknown
        if inside is None:
            return [ResolvedReference(None, uri, about.get("size"), _hub_digest(about))]
        found: list[ResolvedReference] = []
        folder = path.rstrip("/") + "/"
        for place, about in inside:
            if about.get("type") == "file":
                check_count(len(found) + 1, max_objects, uri)
                address = f"hf://{quote(place, safe='/')}"
                relative = place.removeprefix(folder) if place.startswith(folder) else place.rpartition("/")[2]
                found.append(ResolvedReference(relative, address, about.get("size"), _hub_digest(about)))
        return found

    def fetch(self, uri: str, dest: Path) -> None:
        """Fetches the file; raises what the package raises, and `ImportError` without it."""
        _hub_files().get_file(unquote(uri.removeprefix("hf://")), str(dest))

    def hint(self) -> str:
        """What a user can do."""
        return "`huggingface_hub` must be installed, the path must exist, and a private one needs a login"


def _hub_files() -> Any:
    from huggingface_hub import HfFileSystem

    return HfFileSystem()


def _hub_digest(about: dict[str, Any]) -> str | None:
    large_file = about.get("lfs")
    if isinstance(large_file, dict) and large_file.get("sha256"):
        return str(large_file["sha256"])
    digest = about.get("blob_id") or about.get("xet_hash")
    return str(digest) if digest else None


def _resolved_file(path: Path, key: str | None, uri: str, checksum: bool) -> ResolvedReference:
    from trackio.artifact import file_digest

    if checksum:
        digest, size = file_digest(path)
        return ResolvedReference(key, uri, size, digest)
    return ResolvedReference(key, uri, path.stat().st_size)


_handlers: list[ReferenceHandler] = [FileReferences(), WebReferences(), HubReferences()]


def register_reference_handler(handler: ReferenceHandler) -> None:
    """Makes a handler known; it is asked before those that were there.

    Raises `TypeError` for another object. Source: the peer's `trackio.register_reference_handler`.
    """
    if not isinstance(handler, ReferenceHandler):
        raise TypeError(f"a reference handler is a `trackio.ReferenceHandler`, not `{type(handler).__name__}`")
    _handlers.insert(0, handler)


def handler_of(uri: str) -> ReferenceHandler:
    """The handler of an address; `ValueError` when there is none."""
    scheme = checked_scheme(uri)
    for handler in _handlers:
        if handler.matches(scheme, uri):
            return handler
    raise ValueError(
        f"nobody knows references like `{uri}`: `file`, `http`, `https` and `hf` are known, "
        "and others once `trackio.register_reference_handler` was called"
    )


def checked_scheme(uri: str) -> str:
    """The scheme of an address in lower case; `ValueError` for what is no address."""
    if not isinstance(uri, str) or not uri:
        raise ValueError(f"a reference is an address as a text, not `{uri!r}`")
    if any(character.isspace() or character == "\0" for character in uri):
        raise ValueError(f"reference `{uri}` has white space or NUL; percent-encode them")
    scheme = urlsplit(uri).scheme.lower()
    if not scheme:
        raise ValueError(f"reference `{uri}` has no scheme such as `https://`; local files are added with `add_file`")
    return scheme


def local_path(uri: str) -> Path:
    """The path a `file://` address means, whether or not it is there."""
    from urllib.request import url2pathname

    parts = urlsplit(uri)
    path = url2pathname(parts.path)
    return Path(path if parts.netloc.lower() in ("", "localhost") else f"//{parts.netloc}{path}")


def last_name(uri: str) -> str:
    """The last name of an address, its host where it has no path."""
    parts = urlsplit(uri)
    return parts.path.rstrip("/").rpartition("/")[2] or parts.netloc


def holds_secret(uri: str) -> bool:
    """Whether the address seems to carry a signature or token with it."""
    return any(name.lower() in _SECRET_PARAMETERS for name, _ in parse_qsl(urlsplit(uri).query, keep_blank_values=True))


def check_count(count: int, most: int, uri: str) -> None:
    """Raises `ValueError` when a folder has more objects than `most`."""
    if count > most:
        raise ValueError(f"reference `{uri}` has more than {most} objects; raise `max_objects`")
