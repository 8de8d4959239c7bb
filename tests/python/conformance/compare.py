"""One case sent to both servers, what each made of it, and whether that is what it should be."""

import http.client
import json
import re
import uuid
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

_DIFFERENCES = Path(__file__).with_name("differences.json")
_MISSING = "Missing required parameter: "
# The peer lists these in the order of an index over random ids.
_UNORDERED = ("get_run_artifact_counts",)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(\+00:00|Z)")


class Case(NamedTuple):
    """A body for a call; `name` tells it from the other cases of the call."""

    call: str
    name: str
    body: Any
    token: bool = True


class Outcome(NamedTuple):
    """What a server made of a case: `data` of an answer, or the body of a refusal."""

    status: int
    data: Any

    @property
    def refused(self) -> bool:
        """It is no answer."""
        return self.status != 200


class Endpoint:
    """One of the two servers, on a connection that stays."""

    def __init__(self, port: int, token: str, directory: Path, began: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._token = token
        self._directory = str(directory.resolve())
        self._began = began

    def ask(self, case: Case) -> Outcome:
        """Sends a case; a body that is bytes goes as it is."""
        body = case.body if isinstance(case.body, bytes) else json.dumps(case.body).encode()
        headers = {"Content-Type": "application/json"}
        if case.token:
            headers["X-Trackio-Write-Token"] = self._token
        self._connection.request("POST", f"/api/{case.call}", body, headers)
        response = self._connection.getresponse()
        answer = json.loads(response.read())
        if response.status == 200:
            data = self._plain(answer["data"])
            return Outcome(200, sorted(data, key=_text) if case.call in _UNORDERED else data)
        return Outcome(response.status, answer)

    def data(self, call: str, **arguments: Any) -> Any:
        """The answer to a call that must succeed."""
        outcome = self.ask(Case(call, "", arguments))
        assert not outcome.refused, (call, arguments, outcome)
        return outcome.data

    def upload(self, *files: tuple[str, bytes]) -> list[dict[str, Any]]:
        """Uploads files as the peer's client does and gives what a call refers to them by."""
        boundary = uuid.uuid4().hex
        parts = b"".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n".encode() + content + b"\r\n"
            for name, content in files
        )
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "X-Trackio-Write-Token": self._token}
        self._connection.request("POST", "/api/upload", parts + f"--{boundary}--\r\n".encode(), headers)
        response = self._connection.getresponse()
        answer = response.read()
        assert response.status == 200, answer
        return [
            {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}
            for path, (name, _) in zip(json.loads(answer)["paths"], files, strict=True)
        ]

    def _plain(self, value: Any) -> Any:
        """Without what must differ between the two: their directories, and times of this very run."""
        if isinstance(value, dict):
            return {key: self._plain(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._plain(item) for item in value]
        if isinstance(value, str):
            if _TIME.fullmatch(value) and value >= self._began:
                return "<now>"
            return value.replace(self._directory, "<directory>")
        return value


class Conformance:
    """Compares outcomes, counts them, and holds the differences that are meant against what differs."""

    def __init__(self, ours: Endpoint, theirs: Endpoint) -> None:
        self.ours, self.theirs = ours, theirs
        self.compared: Counter[str] = Counter()
        self._sent: set[str] = set()

    def compare(self, cases: Iterable[Case]) -> None:
        """Sends every case to both and fails with what differs and is not listed, or is listed and does not."""
        self.compare_pairs((case, case) for case in cases)

    def compare_pairs(self, pairs: Iterable[tuple[Case, Case]]) -> None:
        """The same where a case names what only one of them knows, as an uploaded file."""
        faults: list[str] = []
        for case, for_theirs in pairs:
            faults += self._judge(case, self.ours.ask(case), self.theirs.ask(for_theirs))
            self.compared[case.call] += 1
            self._sent.add(f"{case.call} [{case.name}]")
        assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults)

    def _judge(self, case: Case, ours: Outcome, theirs: Outcome) -> list[str]:
        told = f"{case.call} [{case.name}]"
        if ours.status >= 500:
            return [f"{told}: ours fails with {ours.status}"]
        meant = [entry for entry in differences() if _names(entry, case)]
        if _same(ours, theirs):
            return [f"{told}: listed as different, but equal: {entry['reason']}" for entry in meant]
        if not meant:
            return [f"{told}: {json.dumps(case.body, default=repr)[:200]}\n   ours   {_short(ours)}\n   theirs {_short(theirs)}"]
        expected = meant[0]["ours"]
        if not _is(ours, expected):
            return [f"{told}: ours is not {expected} but {_short(ours)}"]
        return []

    def assert_all_listed_were_sent(self) -> None:
        """A case in the list that no test sends is a fault of the list."""
        left = {
            f"{call} [{name}]"
            for entry in differences() for call, names in entry["cases"].items() for name in names
        } - self._sent
        assert not left, f"listed as different, but never sent: {sorted(left)}"


@cache
def differences() -> list[dict[str, Any]]:
    """The differences that are meant: each a reason, what ours answers, and the cases it shows in."""
    return json.loads(_DIFFERENCES.read_text())


def _names(entry: dict[str, Any], case: Case) -> bool:
    return case.name in entry["cases"].get(case.call, ())


def _same(ours: Outcome, theirs: Outcome) -> bool:
    if ours.refused or theirs.refused:
        return ours.refused and theirs.refused and _same_refusal(ours, theirs)
    return _text(ours.data) == _text(theirs.data)


def _same_refusal(ours: Outcome, theirs: Outcome) -> bool:
    """The peer has two status codes for everything and we have the right ones; both say why."""
    if theirs.data["error"].startswith(_MISSING):
        return ours.data["error"] == theirs.data["error"]
    return bool(ours.data["error"])


def _is(ours: Outcome, expected: dict[str, Any]) -> bool:
    if "code" in expected:
        return ours.refused and ours.data["code"] == expected["code"]
    if "items" in expected:
        return not ours.refused and len(ours.data) == expected["items"]
    return not ours.refused and _text(ours.data) == _text(expected["data"])


def _text(value: Any) -> str:
    """Equal texts are equal values, 1 and 1.0 told apart; the order of keys means nothing, that of lists does."""
    return json.dumps(value, sort_keys=True)


def _short(outcome: Outcome) -> str:
    return f"{outcome.status} {_text(outcome.data)[:400]}"
