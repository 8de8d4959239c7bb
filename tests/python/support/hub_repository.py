"""What a stand-in for the Hugging Face Hub keeps: repositories with commits, trees and large files."""

import hashlib
import itertools
import threading
from dataclasses import dataclass, field
from fnmatch import fnmatch

ATTRIBUTES = "*.parquet filter=lfs diff=lfs merge=lfs -text\n*.bin filter=lfs diff=lfs merge=lfs -text\n"
MODEL_ATTRIBUTES = "".join(f"*.{ending} filter=lfs diff=lfs merge=lfs -text\n" for ending in ("bin", "gguf", "onnx", "pt", "safetensors"))
_counter = itertools.count()


class Refusal(Exception):
    """The Hub answers with an error: a status, its code and what it says."""

    def __init__(self, status: int, message: str, code: str | None = None, **headers: str) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.headers = status, message, code, headers


@dataclass(frozen=True)
class StoredFile:
    """A file of a commit; one that is large has its content in the large-file store."""

    content: bytes
    is_large: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def pointer(self) -> bytes:
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(self.content)}\n".encode()

    @property
    def git_oid(self) -> str:
        """The id git gives it: of its pointer where it is large."""
        blob = self.pointer if self.is_large else self.content
        return hashlib.sha1(b"blob %d\0" % len(blob) + blob).hexdigest()


@dataclass(frozen=True)
class Commit:
    """One state of a repository."""

    oid: str
    title: str
    description: str
    files: dict[str, StoredFile]


@dataclass
class Repository:
    """A repository with its branch `main`, oldest commit first."""

    id: str
    is_private: bool
    sdk: str | None = None
    attributes: str = ATTRIBUTES
    tags: list[str] = field(default_factory=list)
    modified: str = "2026-01-02T03:04:05.000Z"
    large: dict[str, bytes] = field(default_factory=dict)
    parts: dict[tuple[str, int], bytes] = field(default_factory=dict)
    commits: list[Commit] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        files = {".gitattributes": StoredFile(self.attributes.encode(), False)}
        if self.sdk == "static":
            # What a new Space shows until somebody puts something there.
            pages = {"README.md": "---\nsdk: static\n---\n", "index.html": "<h1>Welcome to your static Space!</h1>\n", "style.css": "h1 {}\n"}
            files |= {path: StoredFile(text.encode(), False) for path, text in pages.items()}
        self._add("initial commit", "", files)

    @property
    def head(self) -> Commit:
        return self.commits[-1]

    @property
    def files(self) -> dict[str, bytes]:
        """Content of every file at the head."""
        return {path: file.content for path, file in self.head.files.items()}

    def at(self, revision: str) -> Commit:
        """The commit of a branch or an id."""
        with self.lock:
            if revision in ("main", "refs/heads/main"):
                return self.head
            for commit in self.commits:
                if revision and commit.oid.startswith(revision):
                    return commit
        raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")

    def is_large(self, path: str) -> bool:
        """Whether `.gitattributes` says that the file goes to the large-file store."""
        attributes = self.head.files.get(".gitattributes")
        lines = attributes.content.decode().splitlines() if attributes else []
        patterns = [line.split()[0] for line in lines if "filter=lfs" in line]
        return any(fnmatch(path.rsplit("/", 1)[-1], pattern) for pattern in patterns)

    def commit(self, header: dict, operations: list[tuple[str, dict]], content_of) -> Commit:
        """Makes one commit of all operations, or none; `content_of` gives the bytes of a `file` operation."""
        with self.lock:
            parent = header.get("parentCommit")
            if parent is not None and parent != self.head.oid:
                raise Refusal(412, "A commit has happened since. Please refresh and try again.")
            if not header.get("summary"):
                raise Refusal(400, "✖ Invalid input: expected a summary → at value.summary")
            files = dict(self.head.files)
            for kind, value in operations:
                path = value["path"]
                if path.startswith("/") or ".." in path.split("/"):
                    raise Refusal(400, f"invalid path: {path}")
                if kind == "file":
                    content = content_of(value)
                    if self.is_large(path) and content:
                        raise Refusal(400, f"Your push was rejected because {path} must go to the large-file store")
                    files[path] = StoredFile(content, False)
                elif kind == "lfsFile":
                    content = self.large.get(value["oid"])
                    if content is None or len(content) != value.get("size", len(content)):
                        raise Refusal(400, f"LFS pointer pointed to a file that does not exist: {value['oid']}")
                    files[path] = StoredFile(content, True)
                elif kind == "deletedFile":
                    if path not in files:
                        raise Refusal(400, f"A file with the name '{path}' does not exist", "EntryNotFound")
                    del files[path]
                elif kind == "deletedFolder":
                    for name in [name for name in files if name.startswith(path.rstrip("/") + "/")]:
                        del files[name]
                else:
                    raise Refusal(400, f"unknown operation: {kind}")
            return self._add(header["summary"], header.get("description", ""), files)

    def _add(self, title: str, description: str, files: dict[str, StoredFile]) -> Commit:
        oid = hashlib.sha1(f"{self.id} {len(self.commits)} {next(_counter)}".encode()).hexdigest()
        self.commits.append(Commit(oid, title, description, files))
        return self.commits[-1]


def tree(commit: Commit, folder: str, is_recursive: bool) -> list[dict]:
    """Entries of a folder as the Hub lists them: folders, too, each before what is in it."""
    prefix = f"{folder}/" if folder else ""
    if folder and not any(path.startswith(prefix) for path in commit.files):
        raise Refusal(404, f"{folder} does not exist on {commit.oid}", "EntryNotFound")
    entries: dict[str, dict] = {}
    for path, file in sorted(commit.files.items()):
        if not path.startswith(prefix):
            continue
        names = path[len(prefix) :].split("/")
        for depth in range(1, len(names)):
            name = prefix + "/".join(names[:depth])
            if depth == 1 or is_recursive:
                oid = hashlib.sha1(name.encode()).hexdigest()
                entries.setdefault(name, {"type": "directory", "oid": oid, "size": 0, "path": name})
        if len(names) == 1 or is_recursive:
            entries[path] = entry(path, file)
    return list(entries.values())


def entry(path: str, file: StoredFile) -> dict:
    """One file as the Hub lists it."""
    found = {"type": "file", "oid": file.git_oid, "size": len(file.content), "path": path}
    if file.is_large:
        found["lfs"] = {"oid": file.sha256, "size": len(file.content), "pointerSize": len(file.pointer)}
    return found
