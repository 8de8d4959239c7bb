"""Logbooks: the same commands make the same files as the peer's, each reads what the other wrote, and nothing hostile in
one gets further than its page."""

import contextlib
import json
import os
import re
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.directory import PROGRAM, DataDirectory
from support.interpreters import peer_python
from support.waiting import wait_until

OURS, PEERS = Path(PROGRAM).with_name("trackio"), peer_python().with_name("trackio")
# What differs between two runs of the same commands.
PASSING = [
    (r"cell_[0-9a-f]{12}", "cell_ID"), (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?\+00:00)?", "TIME"), (r'"mtime_ns": \d+', '"mtime_ns": 0'),
    (r'"source_mtime_ns": \d+', '"source_mtime_ns": 0'), (r'"duration_s": [\d.]+', '"duration_s": 0'), (r"\(\d+\.\d+s\)", "(0s)"),
    (r"(exit -?\d+ · )\d+\.\d+s", r"\1 0s"), (r'"(revision|agent_view_tokens|trace_view_tokens|workspace_view_tokens)": .*', r'"\1"'),
]
# What the peer shows its pages with, and an empty list that it makes when a session is removed.
VIEWER = {"imported_workspace.json", "index.html", "logbook.css", "logbook.js", "bucket-icon.svg", "trackio-logo.png", "trackio-logo-light.png", "trackio-wordmark-dark.png"}


class Book:
    """A folder with a logbook, and the program that is used in it."""

    def __init__(self, folder: Path, program: Path):
        self.folder, self.program = folder, program
        (folder / "work").mkdir(parents=True, exist_ok=True)
        self.work = folder / "work"

    def environment(self) -> dict[str, str]:
        return {**DataDirectory.clean_environment(), "TRACKIO_DIR": str(self.folder / "data"), "HF_HOME": str(self.folder / "hf"), "HOME": str(self.folder)}

    def ask(self, *arguments: object, given: str = "") -> tuple[int, str, str]:
        """Exit status, standard output and standard error."""
        done = subprocess.run(
            [self.program, "logbook", *map(str, arguments)], cwd=self.work, env=self.environment(), input=given,
            capture_output=True, text=True, timeout=120,
        )
        return done.returncode, done.stdout, done.stderr

    def do(self, *arguments: object, given: str = "") -> str:
        """What is printed of a command that succeeds."""
        status, out, error = self.ask(*arguments, given=given)
        assert status == 0, (arguments, out, error)
        return out

    def files(self) -> dict[str, str]:
        """Every file of the logbook by its path, without what differs from run to run."""
        root = self.work / ".trackio"
        found = {str(path.relative_to(root)): path for path in root.rglob("*") if path.is_file()}
        texts = {name: self.plain(path.read_text()) for name, path in found.items() if path.name not in VIEWER | {".gitignore"}}
        # Files stand there in the order in which a disk lists them.
        return {name: json.dumps(json.loads(text), sort_keys=True) if name.startswith("workspace_baselines") else text for name, text in texts.items()}

    def plain(self, text: str) -> str:
        text = text.replace(str(self.folder), "FOLDER")
        for pattern, put in PASSING:
            text = re.sub(pattern, put, text)
        return text

    def cell(self, which: int = -1, page: str = "") -> str:
        pages = json.loads(self.do("read", *(["page", page] if page else ["page"]), "--json"))
        return pages["cells"][which]["id"]

    def page(self, slug: str) -> Path:
        return self.work / f".trackio/logbook/pages/{slug}/page.md"


@pytest.fixture
def book(tmp_path: Path) -> Book:
    made = Book(tmp_path / "ours", OURS)
    made.do("open", "--title", "Book", "--no-serve")
    return made


SCRIPT = "import pathlib\nprint('out')\npathlib.Path('weights.pt').write_bytes(b'x' * 2000)\npathlib.Path('rows.csv').write_text('a')\nraise SystemExit(3)\n"
# As Claude Code, Codex, Pi and nobody in particular write them.
SESSIONS = {
    "claude.jsonl": [
        {"type": "user", "sessionId": "s-1", "cwd": "/w", "timestamp": "2026-01-31T12:00:00.000Z", "message": {"role": "user", "content": "train it"}},
        {"type": "assistant", "sessionId": "s-1", "timestamp": "2026-01-31T12:00:01.500Z", "message": {"role": "assistant", "model": "opus", "content": [
            {"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Yes."}, {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}}]}},
        {"type": "user", "sessionId": "s-1", "isSidechain": True, "timestamp": "2026-01-31T12:00:02Z", "message": {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "a.py"}], "is_error": True}]}},
    ],
    "codex.jsonl": [
        {"type": "session_meta", "timestamp": "2026-01-30T12:00:00Z", "payload": {"id": "c/1", "cwd": "/w"}},
        {"type": "turn_context", "payload": {"model": "gpt"}},
        {"type": "event_msg", "timestamp": "2026-01-30T12:00:01Z", "payload": {"type": "task_started"}},
        {"type": "response_item", "timestamp": "2026-01-30T12:00:02Z", "payload": {"type": "message", "role": "user", "phase": "x", "content": [{"type": "input_text", "text": "hi"}]}},
        {"type": "response_item", "payload": {"type": "reasoning", "summary": [{"type": "summary_text", "text": "so"}]}},
        {"type": "response_item", "payload": {"type": "function_call", "name": "shell", "call_id": "k", "arguments": "{}", "status": "done"}},
        {"type": "response_item", "payload": {"type": "function_call_output", "call_id": "k", "output": {"a": 1}}},
        {"type": "event_msg", "timestamp": "2026-01-30T12:00:09.25Z", "payload": {"type": "task_complete"}},
    ],
    "pi.jsonl": [
        {"type": "session", "version": 3, "id": "p1", "timestamp": "2026-01-29T12:00:00Z"},
        {"type": "model_change", "modelId": "m"},
        {"type": "message", "message": {"role": "user", "content": "go", "timestamp": 1769688000000}},
        {"type": "message", "message": {"role": "assistant", "content": [{"type": "toolCall", "id": "a", "name": "read", "arguments": {"path": "x"}}, {"type": "thinking", "thinking": "t"}]}},
        {"type": "message", "message": {"role": "toolResult", "toolCallId": "a", "content": [{"type": "text", "text": "y"}]}},
    ],
    "other.jsonl": [
        {"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho", "timestamp": 1769688000.5},
        {"type": "thought", "content": "x"}, {"name": "tool", "input": {"a": 1}, "id": 4}, {"call_id": "z", "output": "done", "status": "ok"},
        {"type": "oddity_here", "error": "bad"}, {"event": "heart_beat"},
    ],
}

# Commands whose output, exit status and files are compared.
ALIKE = [
    ("open", "--title", "My book", "--no-serve"), ("open", "--no-serve"), ("page", "First page"), ("page", " Größe / 2 "), ("page", "First page"),
    ("cell", "markdown", "# Head\\n\\ntext with https://huggingface.co/Qwen/Qwen3-0.6B and https://huggingface.co/datasets/a/b."),
    ("cell", "markdown", "x", "--page", "Second page"), ("cell", "markdown", "", "--page", "first-page", "--title", "T"),
    ("cell", "code", "--code", "train.py", "--code-text", "x = 1\ny", "--language", "python", "--output", "1\n2\n3\n4\n5"),
    ("cell", "code", "--output", "only"), ("cell", "code", "--code", "train.py"),
    ("cell", "figure", "--html-text", "<p>x</p>", "--raw", "1,2", "--title", "Fig"), ("cell", "figure", "--image", "dot.png"), ("cell", "figure", "--html", "dot.png"),
    ("cell", "figure", "--html", "figure.html", "--raw-text", "z" * 600), ("cell", "figure"), ("cell", "figure", "--image", "train.py"), ("cell", "figure", "--image", "none.png"),
    ("cell", "artifact", "digits/weights:v0", "--type", "model"), ("cell", "artifact", "digits/weights:v0"),
    ("cell", "dashboard", "digits"), ("cell", "dashboard", "digits", "--space", "a/b", "--title", "D"),
    ("run", "--page", "Runs", "--", "sh", "-c", "echo out; echo err >&2; printf 'no end'"), ("run", "--", "sh", "-c", "exit 7"),
    ("run", "--", "PYTHON", "train.py", "it's"), ("run", "--title", "Named", "--no-artifacts", "--", "PYTHON", "train.py"), ("run", "--", "no-such-command"), ("run",),
    ("pin",), ("pin", "--page", "Runs"), ("pin", "--unpin", "--page", "Runs"), ("pin", "cell_000000000000"), ("cell", "remove", "cell_000000000000"),
    ("cell", "markdown", "x", "--page", "index"), ("page", "  "), ("read", "page", "nothing"), ("read", "cell", "nothing"),
    ("attach", "trace", "claude.jsonl", "--title", "A title"), ("attach", "trace", "codex.jsonl"), ("attach", "trace", "pi.jsonl"), ("attach", "trace", "other.jsonl", "--no-scrub"),
    ("attach", "trace", "claude.jsonl"), ("attach", "trace", "none.jsonl"), ("remove", "trace", "p1"), ("remove", "trace", "p1"),
    ("read", ".#/view/trace"), ("read", "#/view/workspace"), ("read", "pages"), ("read", "pages", "--json"),
    ("read", "page", "Runs", "--json"), ("read", "page", "First page", "--json", "--head", "1", "--tail", "0", "--raw-limit", "0"), ("read", "--json"), ("sync",),
    ("remove", "x"), ("cell",), ("read", "--path", "nowhere"),
]


def prepare(book: Book):
    (book.work / "train.py").write_text(SCRIPT)
    (book.work / "figure.html").write_text("<html><body>é</body></html>")
    (book.work / "dot.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    for name, records in SESSIONS.items():
        (book.work / name).write_text("".join(json.dumps(record) + "\n" for record in records))
        os.utime(book.work / name, (1_769_000_000, 1_769_000_000))


def test_the_same_commands_make_the_same_logbook(tmp_path: Path):
    ours, peers = Book(tmp_path / "ours", OURS), Book(tmp_path / "peers", PEERS)
    for book in (ours, peers):
        prepare(book)
    for command in ALIKE:
        command = [str(peer_python()) if word == "PYTHON" else word for word in command]
        said = [book.ask(*command) for book in (ours, peers)]
        assert said[0][0] == said[1][0], (command, said)
        if "--no-scrub" in command:
            assert said[0][1].splitlines()[:1] == said[1][1].splitlines()[:1]
        elif "--json" in command and said[0][0] == 0:
            mine, theirs = (json.loads(book.plain(out)) for book, (_, out, _) in zip((ours, peers), said))
            assert mine == theirs, command
        elif said[0][0] == 0 or command[0] == "run":
            assert ours.plain(said[0][1]) == peers.plain(said[1][1]), command
        else:
            assert said[0][1] == "" and said[0][2], (command, said)
        mine, theirs = ours.files(), peers.files()
        assert mine.keys() == theirs.keys(), command
        assert {name: (mine[name], theirs[name]) for name in mine if mine[name] != theirs[name]} == {}, command
    ignored = [set((book.work / ".trackio/.gitignore").read_text().splitlines()) for book in (ours, peers)]
    assert len(ignored[0] ^ ignored[1]) == 2, "a remark differs, the rules do not"
    # The views differ in the sentence that says they are short.
    views = [re.sub(r"(?m)^> .*$", ">", book.plain(book.do("read", "--head", "2"))) for book in (ours, peers)]
    assert views[0] == views[1]


def test_each_reads_and_extends_what_the_other_wrote(tmp_path: Path):
    for first, second in ((OURS, PEERS), (PEERS, OURS)):
        folder = tmp_path / first.parent.parent.name / first.name / second.parent.parent.parent.name
        begun, taken = Book(folder, first), Book(folder, second)
        begun.do("open", "--title", "Book", "--no-serve")
        begun.do("cell", "markdown", "one", "--page", "A page")
        assert taken.do("cell", "markdown", "two") == "Logged markdown cell to page 'a-page'.\n"
        taken.do("run", "--", "echo", "three")
        taken.do("page", "Another")
        begun.do("cell", "figure", "--html-text", "<b>4</b>", "--page", "A page")
        told = [json.loads(book.do("read", "--json")) for book in (begun, taken)]
        for answer in told:
            del answer["updated_at"]
        assert told[0] == told[1]
        assert [cell["type"] for cell in told[0]["pages"][1]["cells"]] == ["markdown", "markdown", "code", "figure"]
        taken.do("cell", "remove", begun.cell(0, "a-page"))
        begun.do("pin", taken.cell(0, "a-page"))
        metadata = json.loads(taken.do("read", "cell", begun.cell(0, "a-page"), "--json"))["metadata"]
        assert metadata["pinned"] is True and metadata["title"] == "two"


def test_a_run_is_seen_live_recorded_and_ends_as_its_command(book: Book):
    book.do("page", "Runs")
    go = book.work / "go"
    program = subprocess.Popen(
        [OURS, "logbook", "run", "--", "sh", "-c", f"echo first; while [ ! -e {go} ]; do sleep 0.05; done; echo last; exit 5"],
        cwd=book.work, env=book.environment(), stdout=subprocess.PIPE, text=True,
    )
    assert program.stdout.readline() == "first\n"
    go.touch()
    assert program.communicate(timeout=60)[0] == "last\nLogged run to page 'runs'.\n" and program.returncode == 5
    cell = json.loads(book.do("read", "page", "runs", "--json"))["cells"][0]
    assert cell["exit_code"] == 5 and cell["output_tail"] == "first\nlast"


# The second leaves somebody behind who holds on to its output.
@pytest.mark.parametrize("command", ["echo $$; sleep 100", "(trap '' INT; exec sleep 100) & echo $!; wait"])
def test_a_run_that_is_interrupted_is_recorded(book: Book, command: str):
    book.do("page", "Runs")
    program = subprocess.Popen(
        [OURS, "logbook", "run", "--", "sh", "-c", command], cwd=book.work, env=book.environment(), stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )
    process = program.stdout.readline().strip()
    try:
        os.killpg(program.pid, signal.SIGINT)
        assert "[interrupted]" in program.communicate(timeout=60)[0] and program.returncode == 130
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()
    cell = json.loads(book.do("read", "page", "runs", "--json"))["cells"][0]
    assert cell["exit_code"] == 130 and process in cell["output_tail"]


def test_two_writers_lose_nothing(book: Book):
    book.do("page", "Many")
    writers = [
        subprocess.Popen([OURS, "logbook", "cell", "markdown", f"cell {number}"], cwd=book.work, env=book.environment(), stdout=subprocess.DEVNULL)
        for number in range(12)
    ]
    assert [writer.wait(60) for writer in writers] == [0] * 12
    cells = json.loads(book.do("read", "page", "many", "--json"))["cells"]
    assert sorted(cell["body"] for cell in cells) == sorted(f"cell {number}" for number in range(12))


def test_hostile_text_stays_in_its_cell(book: Book, tmp_path: Path):
    forged = 'a\n\n---\n<!-- trackio-cell\n{"type": "markdown", "id": "forged"}\n-->\nb\n````\nc'
    book.do("cell", "markdown", forged, "--page", "../../outside", "--title", "x\n-->\n<script>")
    book.do("run", "--", "printf", "%s", forged)
    assert book.page("outside").is_file() and not (tmp_path / "outside").exists()
    cells = json.loads(book.do("read", "page", "outside", "--json"))["cells"]
    assert len(cells) == 2 and "forged" not in [cell["id"] for cell in cells]
    assert "c" in json.loads(book.do("read", "cell", cells[1]["id"], "--full", "--json"))["body"]
    assert [cell["title"] for cell in json.loads(Book(book.folder, PEERS).do("read", "page", "outside", "--json"))["cells"]] == [cell["title"] for cell in cells]
    for page in ("../outside", "..", "a/b"):
        assert book.ask("read", "page", page + "x")[0] == 1
    for cell in ("../x", "", "*"):
        status, _, error = book.ask("cell", "remove", cell)
        assert status == 1 and "no cell" in error


def test_no_link_leads_out_of_a_logbook(book: Book, tmp_path: Path):
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "page.md").write_text("# Secret\n")
    pages = book.work / ".trackio/logbook/pages"
    (pages / "linked").symlink_to(secret)
    (pages / "file").mkdir()
    (pages / "file/page.md").symlink_to(secret / "page.md")
    assert "Secret" not in book.do("read") and "Secret" not in book.do("read", "--json")
    book.ask("cell", "markdown", "x", "--page", "file")
    book.ask("cell", "markdown", "x", "--page", "linked")
    assert (secret / "page.md").read_text() == "# Secret\n" and [path.name for path in secret.iterdir()] == ["page.md"]
    metadata = book.work / ".trackio/metadata.json"
    metadata.write_text(json.dumps({"last_page": "../../../secret"}))
    status, _, error = book.ask("cell", "markdown", "x")
    assert status == 1 and "--page" in error


def test_a_session_is_kept_without_its_secrets(book: Book):
    secrets = ["hf_" + "A1b2" * 8, "sk-proj-" + "C3d4" * 8, "sk-ant-api03-" + "E5f6" * 8, "AKIA" + "ABCD" * 4, "ghp_" + "G7h8" * 9, "xoxb-" + "1234" * 5, "bearerbearer123", "environment-value"]
    lines = [f"export KEY={secret}; HF={secret}" for secret in secrets[:6]] + [f"Authorization: Bearer {secrets[6]}", f"MY_API_KEY={secrets[7]}"]
    session = book.work / "session.jsonl"
    session.write_text("".join(json.dumps({"role": "user", "content": line, "nested": json.dumps({"text": line})}) + "\n" for line in lines))
    said = book.do("attach", "trace", session)
    assert "Attached Agent trace 'session' (8 events)." in said and re.search(r"\d+ redactions", said)
    kept = "".join(path.read_text() for path in (book.work / ".trackio").rglob("*") if path.is_file())
    assert [secret for secret in secrets if secret in kept] == [] and "«redacted»" in kept
    shared = [path.name for path in (book.work / ".trackio").rglob("*session*") if path.is_file() and path.stat().st_mode & 0o077]
    assert shared == [] and (book.work / ".trackio/trace_sources.json").stat().st_mode & 0o077 == 0
    # It grows, and what is kept grows with it.
    with session.open("a") as file:
        file.write(json.dumps({"role": "assistant", "content": "password=hunter22 done"}) + "\n")
    book.do("sync")
    view = book.do("read", ".#/view/trace")
    assert "[9] Assistant: password=«redacted» done" in view
    book.do("remove", "trace", "session")
    left = [path.name for path in (book.work / ".trackio").rglob("*session*")]
    assert left == []


def test_tasks_become_pages(tmp_path: Path):
    todos = {"tool_input": {"todos": [{"content": "Baseline", "status": "completed"}, {"activeForm": "Tuning", "status": "in_progress"}, {"content": " "}, {"content": "index"}]}}
    made = []
    for name, program in (("ours", OURS), ("peers", PEERS)):
        book = Book(tmp_path / name, program)
        assert book.ask("sync-todos", given=json.dumps(todos)) == (0, "", "")
        book.do("open", "--title", "T", "--no-serve")
        first = book.work / ".trackio/logbook/pages/index.md"
        first.write_text("# T\n\n## Experiments\n\n| Experiment | Status |\n| --- | --- |\n")
        for message in ("no json", "{}", json.dumps(todos), json.dumps({**todos, "cwd": str(book.work)})):
            assert book.ask("sync-todos", given=message) == (0, "", "")
        made.append(first.read_text())
    assert made[0] == made[1] and "| [Baseline](#/baseline) | done |" in made[0]


@contextlib.contextmanager
def served(book: Book) -> Iterator[str]:
    """The address of a preview."""
    program = subprocess.Popen(
        [OURS, "logbook", "serve", "--port", "0", "--no-browser"], cwd=book.work, env=book.environment(), stdout=subprocess.PIPE, text=True,
    )
    try:
        yield re.search(r"http://localhost:(\d+)/", program.stdout.readline())[1]
    finally:
        program.send_signal(signal.SIGINT)
        assert program.wait(60) == 0


def fetch(port: str, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


def test_the_preview_shows_pages_and_runs_nothing(book: Book):
    book.do("cell", "markdown", "<script>alert(1)</script>\\n\\n[x](javascript:alert(2)) <b>y</b> ![p](media/p.svg)", "--page", "Hostile", "--title", "<img src=x>")
    book.do("cell", "figure", "--html-text", "<script>document.title='ran'</script>", "--raw", "<1>")
    book.do("pin")
    figure = book.cell()
    media = book.work / ".trackio/logbook/media"
    media.mkdir()
    (media / "p.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (media / "secret.txt").write_text("secret")
    (media / "out.svg").symlink_to("/etc/passwd")
    with served(book) as port:
        status, headers, page = fetch(port, "/pages/hostile")
        assert status == 200 and "default-src 'none'" in headers["content-security-policy"] and "script-src" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"
        assert "&lt;script&gt;" in page and "&lt;b&gt;" in page and '<img src="/media/p.svg"' in page
        assert not [part for part in ("<script", "javascript:", "<b>", "<img src=x>") if part in page]
        assert f'<iframe sandbox="allow-scripts" loading="lazy" title="Figure" src="/figures/{figure}">' in page and "&lt;1&gt;" in page
        status, headers, frame = fetch(port, f"/figures/{figure}")
        policy = headers["content-security-policy"]
        assert status == 200 and "<script>" in frame and policy.startswith("sandbox allow-scripts;") and "allow-same-origin" not in policy and "connect-src" not in policy
        assert f"/pages/hostile#{figure}" in fetch(port, "/")[2]
        status, headers, _ = fetch(port, "/media/p.svg")
        assert status == 200 and headers["content-security-policy"].startswith("sandbox;")
        for path in ("/media/secret.txt", "/media/out.svg", "/media/..%2f..%2f..%2fmetadata.json", "/media/../logbook.json", "/pages/nothing", "/pages/..", "/figures/x", "/logbook.json", "/x"):
            status, headers, text = fetch(port, path)
            assert status in (404, 500) and "root:" not in text and "default-src 'none'" in headers["content-security-policy"], path
        assert fetch(port, "/", Host="evil.example")[0] == 403 and fetch(port, "/", Origin="http://evil.example")[0] == 403
        book.do("cell", "markdown", "written meanwhile")
        assert "written meanwhile" in fetch(port, "/pages/hostile")[2] and fetch(port, "/sessions")[0] == 200 and fetch(port, "/files")[0] == 200


def test_opening_starts_a_preview(book: Book):
    said = book.do("open", "--port", "0", "--no-browser")
    port = re.search(r"http://localhost:(\d+)/", said)[1]
    log = book.work / ".trackio/logbook/.serve.log"
    assert f"Server logs: {log}" in said
    wait_until(lambda: f"localhost:{port}" in log.read_text(), 60, log.read_text)
    assert fetch(port, "/")[0] == 200
    found = subprocess.run(["pgrep", "-f", f"logbook serve {book.work} "], capture_output=True, text=True, timeout=30).stdout.split()
    assert len(found) == 1
    os.kill(int(found[0]), signal.SIGTERM)


def test_what_is_not_there_says_what_to_do_instead(book: Book, tmp_path: Path):
    status, _, error = book.ask("publish", "alice/book")
    assert status == 1 and "uvx trackio logbook publish alice/book" in error
    status, _, error = book.ask("read", "alice/book")
    assert status == 1 and "hf download alice/book" in error
    empty = Book(tmp_path / "empty", OURS)
    status, _, error = empty.ask("cell", "markdown", "x")
    assert status == 1 and "logbook open" in error
