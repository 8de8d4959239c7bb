"""Hostile paths: 300 of them wherever a client may name something, and nothing outside the data directory is opened."""

import json
import os
import re
import shutil
import subprocess
from http.client import HTTPConnection, HTTPException
from urllib.parse import quote, unquote

import pytest

from support.server import Server
from support.waiting import wait_until

CANARY = "canary-5f1d7c"
# What a server reads of the system by itself: times, figures of the machine, its own temporary files.
OF_THE_SYSTEM = re.compile(
    r"/proc/(?!.*environ)|/sys/|/dev/(null|urandom|nvidia|dri)|/etc/(localtime|ld\.so)|/usr/(lib|share/zoneinfo)|/lib"
    r"|(/var)?(/usr)?/tmp/etilqs_"
    # A build for debugging reads the files of the page instead of holding them.
    r"|.*/server/dashboard/dist(/|$)"
)
CHANGES = ("unlink", "rename", "mkdir", "rmdir", "link", "symlink", "chmod", "chown", "truncate", "mknod", "utime")

UPWARDS = [
    "../", "..%2f", "%2e%2e/", "%2e%2e%2f", "%252e%252e%252f", "..\\", "..%5c", "%2e%2e%5c", "..%255c",
    "%c0%ae%c0%ae/", "%e0%80%ae%e0%80%ae/", "..%c0%af", "....//", "..;/", "..%00/", ".%2e/", "..%09/", "..%0d%0a/",
    "．．/", "..%u2215", "..%ef%bc%8f", "./../", "..//", "..%3b/", "%00../",
]
ENDINGS = ["", "%00", "%00.png", "#.png", "%23.png", ";.png", "%3b.png", "?x=.png", "%20", ".", "/", "/.", "::$DATA"]
WINDOWS = [
    "CON", "NUL", "AUX", "PRN", "COM1", "LPT9", "con.txt", "NUL.png", "CONIN$", "C:", "C:\\Windows\\win.ini", "C:/Windows/win.ini",
    "C:win.ini", "\\\\server\\share\\x", "//server/share/x", "\\\\?\\C:\\x", "\\\\.\\pipe\\x", "file.txt:stream", "x...", "x. . .",
]
ODD = [
    "", ".", "..", "...", "/", "//", "\\", "~", "~root/.ssh/id_rsa", "$HOME/.netrc", "`id`", "$(id)", "|id", "-rf", "--help", "*", "?",
    "%", "%%", "%2", "%zz", "%00", "%01", "%7f", "%ff", "%fe%ff", "%ed%a0%80", "%f0%9f%92%a9", "\u202e", "é" * 200, "x" * 5000,
    "a/" * 400, "../" * 400, "%2e%2e%2f" * 300, "file:///etc/passwd", "http://127.0.0.1/", "jar:file:///x!/y", "con\u0000cat",
    "p.db", "../p.db", ".paceline", ".paceline/tokens.json", "p.db-wal", "*.db", "media/../p.db", "p/../../p.db",
]


def hostile(directory):
    """The paths, as a client writes them into an address."""
    outside, media = directory.folder / "outside", directory.path / "media"
    targets = ["etc/passwd", "outside/secret.txt"]
    found = [up * depth + target for up in UPWARDS for depth in (1, 2, 3, 6) for target in targets]
    found += [f"../../../outside/secret.txt{ending}" for ending in ENDINGS]
    found += [f"p/r/0/{up * 4}outside/secret.txt" for up in UPWARDS]
    absolute = ["/etc/passwd", f"{outside}/secret.txt", "/proc/self/environ", "/proc/self/cwd/secret.txt", "/dev/random"]
    found += absolute + [quote(path, safe="") for path in absolute] + [f"/{path}" for path in absolute]
    found += [f"{directory.path}/../outside/secret.txt", f"{media}/../../outside/secret.txt", f"{media}/p/../../p.db", f"{media}2/x"]
    found += ["p/files/link_file.txt", "p/files/link_folder/secret.txt", "p/files/loop/x", "link_file.txt", "link_folder/secret.txt"]
    found += WINDOWS + ODD + [quote(name, safe="") for name in WINDOWS]
    return list(dict.fromkeys(found))


@pytest.fixture
def server(directory):
    """A server with a run, a project file, and links that lead out of its media folder."""
    directory.path.mkdir()
    outside = directory.folder / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text(CANARY)
    files = directory.path / "media" / "p" / "files"
    files.mkdir(parents=True)
    (files / "note.txt").write_text("inside")
    for folder in (files, directory.path / "media"):
        (folder / "link_file.txt").symlink_to(outside / "secret.txt")
        (folder / "link_folder").symlink_to(outside)
    (files / "loop").symlink_to(files / "loop")
    server = Server(directory)
    assert server.log("p", "r", [{"metrics": {"x": 1}, "step": 0}]).status == 200
    yield server
    server.stop()


class Trace:
    """What system calls of a process named files, by strace; every answer is on disk when it has ended."""

    def __init__(self, pid, output):
        self._output = output
        command = ["strace", "-f", "-y", "-s", "4096", "-e", "trace=%file,creat", "-o", str(output), "-p", str(pid)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = self._process.stderr.readline()
        assert "attached" in said, said

    def stop(self):
        """The lines of the trace."""
        self._process.terminate()
        self._process.wait(20)
        return self._output.read_text(errors="replace").splitlines()


def touched(lines):
    """Paths that were opened, by what the system says they are, and names given to calls that change something."""
    for line in lines:
        opened = re.search(r"\b(?:open|openat|openat2|creat)\(.*\) = \d+<([^>]*)>", line)
        if opened:
            yield opened[1]
        name = re.search(r"\b(\w+?)(?:at2?)?\(", line)
        if name and name[1].startswith(CHANGES) and " = -1 " not in line:
            at = re.findall(r"(?:AT_FDCWD|\d+)(?:<([^>]*)>)?, \"((?:[^\"\\]|\\.)*)\"|\(\"((?:[^\"\\]|\\.)*)\"", line)
            for folder, relative, alone in at:
                yield os.path.normpath(os.path.join(folder or "/", relative or alone))


class Client:
    """Requests whose addresses are sent as they are."""

    def __init__(self, server):
        self.server = server
        self._connection = None

    def ask(self, method, path, body=None):
        """Status and body."""
        # What cannot stand in a request line is encoded, everything else is left alone.
        path = quote(path, safe="/%\\;#?&=:@+,$!*'()~|`^{}[]<>\"")
        headers = {"Authorization": f"Bearer {self.server.token}", "Content-Type": "application/json"}
        for attempt in range(2):
            if self._connection is None:
                self._connection = HTTPConnection("127.0.0.1", self.server.port, timeout=30)
            try:
                self._connection.request(method, path, body, headers)
                response = self._connection.getresponse()
                answer = response.status, response.read()
                if response.will_close:
                    self.close()
                return answer
            except (HTTPException, OSError):
                self.close()
                if attempt:
                    raise

    def close(self):
        """Ends the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def requests_with(path, directory):
    """Everywhere a client may put a path or name: method, address, body."""
    media, name = f"{directory.path}/media", unquote(path, errors="replace")
    in_query = quote(name, safe="")
    yield "GET", f"/{path}", None
    yield "GET", f"/assets/{path}", None
    yield "GET", f"/file?path={path}", None
    yield "GET", f"/file?path={media}/{path}", None
    yield "GET", f"/file?path={quote(media)}%2F{in_query}", None
    yield "GET", f"/artifact_blob/{path}/{'0' * 64}", None
    yield "GET", f"/artifact_blob/p/{path}", None
    yield "GET", f"/api/v1/projects/{path}/runs", None
    yield "GET", f"/api/v1/projects/p/runs/{path}/status", None
    yield "GET", f"/api/v1/projects/p/media?file_path=p/files/{path}", None
    yield "GET", f"/api/v1/projects/p/media?file_path={in_query}", None
    yield "GET", f"/api/v1/projects/{path}/files", None
    yield "POST", f"/api/v1/projects/{path}/runs/{path}/logs", '[{"metrics": {"x": 1}}]'
    row = {"project": name, "run": name, "run_id": name, "metrics": {"x": 1}}
    yield "POST", "/api/bulk_log", json.dumps({"logs": [row], "hf_token": None})
    for call in ("get_project_files", "get_project_summary", "get_artifacts"):
        yield "POST", f"/api/{call}", json.dumps({"project": name})
    manifest = {"project": name, "name": name, "spec": name}
    yield "POST", "/api/get_artifact_manifest", json.dumps(manifest)
    yield "POST", "/api/rename_run", json.dumps({"project": "p", "old_name": "r", "new_name": name})
    yield "POST", "/api/rename_run", json.dumps({"project": "p", "old_name": name, "new_name": "r"})
    yield "POST", "/api/delete_run", json.dumps({"project": "p", "run": name})
    uploaded = {"path": name, "orig_name": name, "meta": {"_type": "gradio.FileData"}}
    upload = {"project": "p", "run": None, "step": None, "relative_path": name, "uploaded_file": uploaded}
    yield "POST", "/api/bulk_upload_media", json.dumps({"uploads": [upload], "hf_token": None})


def test_hostile_paths_lead_nowhere(server, directory):
    paths = hostile(directory)
    assert len(paths) >= 300
    client = Client(server)
    assert client.ask("GET", "/api/v1/projects/p/media?file_path=p/files/note.txt") == (200, b"inside")
    trace = Trace(server.pid, directory.folder / "trace") if shutil.which("strace") else None
    asked, wrong = 0, []
    try:
        for path in paths:
            for method, address, body in requests_with(path, directory):
                status, answer = client.ask(method, address, body)
                asked += 1
                if status >= 500 or CANARY.encode() in answer or b"root:x:0" in answer:
                    wrong.append((method, address[:120], (body or "")[:120], status, answer[:80]))
    finally:
        client.close()
        lines = trace.stop() if trace is not None else []
    assert not wrong, (len(wrong), wrong[:30])
    assert (directory.folder / "outside" / "secret.txt").read_text() == CANARY
    assert sorted(entry.name for entry in (directory.folder / "outside").iterdir()) == ["secret.txt"]
    beside = {entry.name for entry in directory.folder.iterdir()}
    assert beside <= {"data", "outside", "server.out", "trace"}, beside
    if trace is not None:
        own = str(directory.path)
        seen = list(touched(lines))
        assert any(path.startswith(own) for path in seen), "the trace has seen nothing"
        strange = {path for path in seen if path != own and not path.startswith(f"{own}/") and not OF_THE_SYSTEM.match(path)}
        assert not strange, sorted(strange)[:20]
        print(f"{len(seen)} files opened or changed, all in the data directory or of the system")
    print(f"{len(paths)} paths, {asked} requests")
    wait_until(lambda: server.get("/health").status == 200, 5)
