"""The wire of the Hugging Face Hub, as far as Datasets, static Spaces and models need it: which request gets which answer.

A Dataset is kept by its name, a Space by its name with `spaces/` before it, a model with `models/`.
"""

import base64
import hashlib
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from support import hub_jobs, hub_rows
from support.hub_repository import ATTRIBUTES, MODEL_ATTRIBUTES, Refusal, Repository, StoredFile, entry, tree

if TYPE_CHECKING:
    from support.hub import Hub

LFS = "application/vnd.git-lfs+json"


@dataclass
class Request:
    """A request as it came; `host` is `hub` or `storage`."""

    host: str
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def token(self) -> str | None:
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return token if kind == "Bearer" else None

    @property
    def json(self) -> Any:
        """The body as JSON, and line by line where it is a commit."""
        if "ndjson" in self.headers.get("content-type", ""):
            return [json.loads(line) for line in self.body.splitlines() if line.strip()]
        return json.loads(self.body) if self.body else None


@dataclass
class Answer:
    """What is answered; a `dict` or `list` is sent as JSON."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def answer(hub: "Hub", request: Request) -> Answer:
    """The answer to a request, a refusal among them."""
    try:
        for method, pattern, handle in _STORAGE if request.host == "storage" else _HUB:
            found = re.fullmatch(pattern, request.path)
            if found and request.method in method:
                said = {name: unquote(text or "") for name, text in found.groupdict().items()}
                if "model" in said:
                    said["repository"] = f"models/{said.pop('model')}"
                return handle(hub, request, **said)
        raise Refusal(404, "Sorry, we can't find the page you are looking for.")
    except Refusal as refusal:
        headers = {"X-Error-Message": refusal.message.encode("latin-1", "replace").decode("latin-1"), **refusal.headers}
        if refusal.code:
            headers["X-Error-Code"] = refusal.code
        return Answer({"error": refusal.message}, refusal.status, headers)


def _reader(hub: "Hub", request: Request, name: str) -> Repository:
    """The repository, for somebody who may read it."""
    role = hub.role_of(request.token)
    repository = hub.repositories.get(name)
    if repository is None or repository.is_private and role is None:
        if role is None:
            raise Refusal(401, "Invalid username or password.", "RepoNotFound")
        raise Refusal(404, "Repository not found", "RepoNotFound")
    return repository


def _writer(hub: "Hub", request: Request, name: str) -> Repository:
    """The repository, for somebody who may write to it."""
    repository = _reader(hub, request, name)
    _require_write(hub, request, name)
    return repository


def _require_write(hub: "Hub", request: Request, name: str) -> None:
    role = hub.role_of(request.token)
    if role is None:
        raise Refusal(401, "Invalid username or password.")
    if role != "write" or not _plain(name).startswith(f"{hub.owner}/"):
        raise Refusal(
            403,
            "Forbidden: you must use a write token to upload to a repository."
            if role != "write"
            else f"You don't have the rights to create a repository under the namespace {_plain(name).split('/')[0]}",
        )


def _whoami(hub: "Hub", request: Request) -> Answer:
    role = hub.role_of(request.token)
    if role is None:
        raise Refusal(401, "Invalid username or password.")
    access = {"displayName": "tests", "role": role}
    return Answer({"type": "user", "name": hub.owner, "orgs": [{"name": name} for name in hub.organisations], "auth": {"type": "access_token", "accessToken": access}})


def _spaces(hub: "Hub", request: Request) -> Answer:
    """Spaces of an owner with a tag; private ones for who has a token."""
    query = request.query
    found = [
        repository for name, repository in hub.repositories.items()
        if name.startswith(f"spaces/{query['author']}/") and query["filter"] in repository.tags
        and (not repository.is_private or hub.role_of(request.token))
    ]  # fmt: skip
    listed = [
        {
            "_id": "6560d4a1f1f8b0b0b0b0b0b0", "id": repository.id.removeprefix("spaces/"), "author": query["author"], "likes": 0,
            "private": repository.is_private, "sdk": repository.sdk, "tags": repository.tags, "sha": repository.head.oid,
            "lastModified": repository.modified, "createdAt": "2026-01-01T00:00:00.500Z",
        }
        for repository in found
    ]  # fmt: skip
    return _paged(hub, request, listed)


def _plain(repository: str) -> str:
    """Owner and name, without the kind before it."""
    return repository.removeprefix("spaces/").removeprefix("models/")


def _create(hub: "Hub", request: Request) -> Answer:
    said = request.json
    kind = said.get("type", "model")
    assert kind in ("dataset", "space", "model"), said
    is_space = kind == "space"
    assert not is_space or said["sdk"] in ("static", "gradio", "docker"), said
    plain = f"{said.get('organization') or hub.owner}/{said['name']}"
    name = plain if kind == "dataset" else f"{kind}s/{plain}"
    _require_write(hub, request, name)
    url = f"{hub.address}{_page(name)}"
    with hub.lock:
        if name in hub.repositories:
            return Answer({"error": f"You already created this {kind} repo", "url": url}, 409)
        is_private = said["visibility"] == "private" if "visibility" in said else bool(said.get("private"))
        attributes = MODEL_ATTRIBUTES if kind == "model" else ATTRIBUTES
        hub.repositories[name] = Repository(name, is_private, said.get("sdk"), attributes)
    return Answer({"url": url, "name": plain, "id": plain})


def _page(repository: str) -> str:
    """Where a repository lies below the Hub's address."""
    if repository.startswith("models/"):
        return f"/{_plain(repository)}"
    return f"/{repository}" if repository.startswith("spaces/") else f"/datasets/{repository}"


def _validate_yaml(_: "Hub", request: Request) -> Answer:
    said = request.json
    assert said["repoType"] in ("dataset", "space", "model"), said
    return Answer({"errors": _yaml_errors(said["content"]), "warnings": []})


def _yaml_errors(text: str) -> list[dict[str, str]]:
    """The Hub refuses a card whose head it cannot read; a head that does not end is such a one."""
    begins = text.startswith("---\n")
    return [{"message": "invalid metadata"}] if begins and "\n---\n" not in text[3:] else []


def _info(hub: "Hub", request: Request, repository: str, revision: str = "main") -> Answer:
    found = _reader(hub, request, repository)
    commit = found.at(revision)
    plain = _plain(repository)
    owner = plain.split("/")[0]
    siblings = [{"rfilename": path} for path in sorted(commit.files)]
    return Answer({
        "_id": "6560d4a1f1f8b0b0b0b0b0b0", "id": plain, "author": owner, "sha": commit.oid, "private": found.is_private,
        "lastModified": "2026-01-02T03:04:05.000Z", "createdAt": "2026-01-02T03:04:05.000Z", "gated": False,
        "disabled": False, "downloads": 0, "likes": 0, "tags": [], "siblings": siblings,
        **({"sdk": found.sdk} if found.sdk else {}),
    })  # fmt: skip


def _refs(hub: "Hub", request: Request, repository: str) -> Answer:
    head = _reader(hub, request, repository).head.oid
    return Answer({"branches": [{"name": "main", "ref": "refs/heads/main", "targetCommit": head}], "converts": [], "tags": []})


def _commits(hub: "Hub", request: Request, repository: str, revision: str) -> Answer:
    found = _reader(hub, request, repository)
    last = found.commits.index(found.at(revision))
    listed = [
        {"id": commit.oid, "title": commit.title, "message": commit.description, "authors": [], "date": "2026-01-02T03:04:05.000Z"}
        for commit in reversed(found.commits[: last + 1])
    ]
    return Answer(listed)


def _tree(hub: "Hub", request: Request, repository: str, revision: str, folder: str) -> Answer:
    commit = _reader(hub, request, repository).at(revision)
    listed = tree(commit, folder, request.query.get("recursive") in ("true", "True", "1"))
    return _paged(hub, request, listed)


def _paged(hub: "Hub", request: Request, listed: list[Any]) -> Answer:
    """A page of a list, with a link to the next."""
    start, size = int(request.query.get("cursor", 0)), min(int(request.query.get("limit", 1000)), hub.page_size)
    headers = {}
    if start + size < len(listed):
        query = {**request.query, "cursor": str(start + size)}
        target = request.path + "?" + "&".join(f"{name}={quote(value)}" for name, value in query.items())
        headers["Link"] = f'<{_own(hub, request)}{target}>; rel="next"'
    return Answer(listed[start : start + size], headers=headers)


def _paths_info(hub: "Hub", request: Request, repository: str, revision: str) -> Answer:
    commit = _reader(hub, request, repository).at(revision)
    said = request.json if "json" in request.headers.get("content-type", "") else parse_qs(request.body.decode())
    return Answer([entry(path, commit.files[path]) for path in said.get("paths", []) if path in commit.files])


def _preupload(hub: "Hub", request: Request, repository: str, revision: str) -> Answer:
    found = _writer(hub, request, repository)
    commit = found.at(revision)
    files = request.json["files"]
    if len(files) > 256:
        raise Refusal(413, "too many files in one request")
    answers = []
    for file in files:
        assert len(base64.b64decode(file["sample"], validate=True)) == min(file["size"], 512), file
        before = commit.files.get(file["path"])
        answers.append({
            "path": file["path"], "shouldIgnore": False, "oid": before.git_oid if before else None,
            "uploadMode": "lfs" if found.is_large(file["path"]) else "regular",
        })  # fmt: skip
    return Answer({"files": answers, "commitOid": commit.oid})


def _batch(hub: "Hub", request: Request, repository: str) -> Answer:
    found = _writer(hub, request, repository)
    said = request.json
    assert LFS in request.headers["accept"] and LFS in request.headers["content-type"], request.headers
    assert (said["operation"], said["hash_algo"], said["ref"]) == ("upload", "sha256", {"name": "main"}), said
    if len(said["objects"]) > 100:
        raise Refusal(413, "too many objects in one request")
    objects, is_multipart = [], False
    for wanted in said["objects"]:
        oid, size = wanted["oid"], wanted["size"]
        answered = {"oid": oid, "size": size}
        objects.append(answered)
        if len(found.large.get(oid, b"")) == size:
            continue
        if size > hub.largest_file:
            answered["error"] = {"code": 422, "message": "You need to configure your repository to enable upload of such files"}
            continue
        place = f"{hub.storage_address}/{repository}/{oid}"
        own = f"{_own(hub, request)}{_page(repository)}.git/info/lfs"
        verify = {"href": f"{own}/objects/verify"}
        if size > hub.part_bytes and "multipart" in said["transfers"]:
            is_multipart = True
            count = math.ceil(size / hub.part_bytes)
            parts = {str(number): f"{place}?part={number}&signature={hub.sign(oid)}" for number in range(1, count + 1)}
            upload = {"href": f"{own}/objects/complete", "header": {"chunk_size": str(hub.part_bytes), **parts}}
        else:
            upload = {"href": f"{place}?signature={hub.sign(oid)}"}
        answered["actions"] = {"upload": upload, "verify": verify}
    return Answer({"transfer": "multipart" if is_multipart else "basic", "objects": objects}, headers={"Content-Type": LFS})


def _complete(hub: "Hub", request: Request, repository: str) -> Answer:
    # It comes without a token: its address is what is known only to the uploader.
    found, said = hub.repositories[repository], request.json
    with found.lock:
        parts = [found.parts.get((said["oid"], part["partNumber"]), b"") for part in said["parts"]]
        etags = [f'"{hashlib.md5(part).hexdigest()}"' for part in parts]
        content = b"".join(parts)
        if etags != [part["etag"] for part in said["parts"]] or hashlib.sha256(content).hexdigest() != said["oid"]:
            raise Refusal(400, "the parts do not make up the file")
        found.large[said["oid"]] = content
    return Answer({"success": True})


def _verify(hub: "Hub", request: Request, repository: str) -> Answer:
    found, said = _writer(hub, request, repository), request.json
    if len(found.large.get(said["oid"], b"")) != said["size"]:
        raise Refusal(404, "the object is not there")
    return Answer({})


def _commit(hub: "Hub", request: Request, repository: str, revision: str) -> Answer:
    found = _writer(hub, request, repository)
    assert revision == "main" and "ndjson" in request.headers["content-type"]
    lines = [(line["key"], line["value"]) for line in request.json]
    assert lines and lines[0][0] == "header" and all(key != "header" for key, _ in lines[1:]), lines[:1]

    def content_of(value: dict) -> bytes:
        assert value["encoding"] == "base64"
        content = base64.b64decode(value["content"], validate=True)
        if value["path"] == "README.md" and _yaml_errors(content.decode()):
            raise Refusal(400, "Invalid metadata in README.md.")
        return content

    commit = found.commit(lines[0][1], lines[1:], content_of)
    url = f"{hub.address}{_page(repository)}/commit/{commit.oid}"
    return Answer({"success": True, "commitOid": commit.oid, "commitUrl": url, "hookOutput": ""})


def _resolve(hub: "Hub", request: Request, repository: str, revision: str, path: str) -> Answer:
    commit = _reader(hub, request, repository).at(revision)
    file = commit.files.get(path)
    if file is None:
        raise Refusal(404, "Entry not found", "EntryNotFound", **{"X-Repo-Commit": commit.oid})
    headers = {"X-Repo-Commit": commit.oid, "Accept-Ranges": "bytes", "ETag": f'"{file.git_oid}"'}
    if not file.is_large:
        return _content(request, file, headers)
    place = f"{hub.storage_address}/{repository}/{file.sha256}?signature={hub.sign(file.sha256)}"
    linked = {"X-Linked-Size": str(len(file.content)), "X-Linked-Etag": f'"{file.sha256}"', "Location": place}
    return Answer(b"Found. Redirecting", 302, {**headers, **linked})


def _content(request: Request, file: StoredFile, headers: dict[str, str]) -> Answer:
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if not wanted:
        return Answer(file.content, headers=headers)
    size = len(file.content)
    first, last = int(wanted[1]), min(int(wanted[2] or size - 1), size - 1)
    if first > last:
        return Answer(b"", 416, {**headers, "Content-Range": f"bytes */{size}"})
    return Answer(file.content[first : last + 1], 206, {**headers, "Content-Range": f"bytes {first}-{last}/{size}"})


def _stored(hub: "Hub", request: Request, repository: str, oid: str) -> Answer:
    """A large file, at the address that the Hub signed; anybody who shows a token here is turned away."""
    if "authorization" in request.headers:
        raise Refusal(400, "Only one auth mechanism allowed")
    if request.query.get("signature") != hub.sign(oid):
        raise Refusal(403, "SignatureDoesNotMatch")
    found = hub.repositories[repository]
    if request.method != "PUT":
        if oid not in found.large:
            raise Refusal(404, "NoSuchKey")
        return _content(request, StoredFile(found.large[oid], True), {"ETag": f'"{oid}"', "Accept-Ranges": "bytes"})
    if "content-length" not in request.headers:
        raise Refusal(411, "MissingContentLength")
    if not request.body:
        raise Refusal(501, "NotImplemented")
    if "part" in request.query:
        with found.lock:
            found.parts[(oid, int(request.query["part"]))] = request.body
        return Answer(b"", headers={"ETag": f'"{hashlib.md5(request.body).hexdigest()}"'})
    if hashlib.sha256(request.body).hexdigest() != oid:
        raise Refusal(400, "XAmzContentSHA256Mismatch")
    with found.lock:
        found.large[oid] = request.body
    return Answer(b"", headers={"ETag": f'"{oid}"'})


_Handle = Callable[..., Answer]
_REVISION = r"(?P<revision>[^/]+)"


def _routes(api: str, own: str, repository: str, name: str = "repository") -> list[tuple[str, str, _Handle]]:
    """What is asked of one kind of repositories, below two paths; `name` says which kind where neither path does."""
    api, own = f"{api}(?P<{name}>{repository})", f"{own}(?P<{name}>{repository})"
    return [
        ("GET", api, _info),
        ("GET", rf"{api}/revision/{_REVISION}", _info),
        ("GET", rf"{api}/refs", _refs),
        ("GET", rf"{api}/commits/{_REVISION}", _commits),
        ("GET", rf"{api}/tree/{_REVISION}(?:/(?P<folder>.+))?", _tree),
        ("POST", rf"{api}/paths-info/{_REVISION}", _paths_info),
        ("POST", rf"{api}/preupload/{_REVISION}", _preupload),
        ("POST", rf"{api}/commit/{_REVISION}", _commit),
        ("POST", rf"{own}\.git/info/lfs/objects/batch", _batch),
        ("POST", rf"{own}\.git/info/lfs/objects/complete", _complete),
        ("POST", rf"{own}\.git/info/lfs/objects/verify", _verify),
        ("GET HEAD", rf"{own}/resolve/{_REVISION}/(?P<path>.+)", _resolve),
    ]


_HUB: list[tuple[str, str, _Handle]] = [
    ("GET", r"/api/whoami-v2", _whoami),
    ("GET", r"/api/spaces", _spaces),
    ("POST", r"/api/repos/create", _create),
    ("POST", r"/api/validate-yaml", _validate_yaml),
    *hub_jobs.ROUTES,
    *hub_rows.ROUTES,
    *_routes("/api/datasets/", "/datasets/", "[^/]+/[^/]+?"),
    *_routes("/api/", "/", "spaces/[^/]+/[^/]+?"),
    *_routes("/api/models/", "/", "[^/]+/[^/]+?", "model"),
]
_STORAGE: list[tuple[str, str, _Handle]] = [
    ("GET HEAD PUT", r"/(?P<repository>(?:spaces/|models/)?[^/]+/[^/]+?)/(?P<oid>[0-9a-f]{64})", _stored),
]


def _own(hub: "Hub", request: Request) -> str:
    """The Hub's address as this client knows it: a line may stand between the two."""
    return f"http://{request.headers['host']}" if "host" in request.headers else hub.address
