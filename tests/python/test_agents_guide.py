"""What is told to agents is so: the calls of the guide and of `/llms.txt` are made, and answers have the forms shown."""

import json
import re
from typing import Any

from support.agents import WORLD, blocks, commands, run_command
from support.directory import DataDirectory
from support.interpreters import ROOT
from support.server import Server

GUIDE = ROOT / "docs" / "AGENTS-GUIDE.md"
QUESTION = re.compile(r"^- .*?[?:] (GET|POST) (\S+)(?: (\{.*\}))?$", re.MULTILINE)


def test_ten_questions_are_answered_as_shown(directory: DataDirectory):
    directory.run(WORLD)
    found = blocks(GUIDE)
    answered = 0
    for place, (language, text) in enumerate(found):
        if language != "sh":
            continue
        (command,) = commands(text)
        output = run_command(directory, command)
        if place + 1 < len(found) and found[place + 1][0] == "json":
            is_alike(json.loads(found[place + 1][1]), json.loads(output), command)
            answered += 1
    assert answered == 10


def is_alike(shown: Any, real: Any, where: str) -> None:
    """Each key that is shown is there, with a value of the same kind; of lists the first elements are compared."""
    if isinstance(shown, dict):
        assert isinstance(real, dict), (where, real)
        for key, value in shown.items():
            assert key in real, (f"{where}.{key}", real)
            is_alike(value, real[key], f"{where}.{key}")
    elif isinstance(shown, list):
        assert isinstance(real, list), (where, real)
        if shown:
            assert real, (where, "is empty")
            is_alike(shown[0], real[0], f"{where}[0]")
    elif isinstance(shown, str):
        assert isinstance(real, str), (where, real)
    elif isinstance(shown, bool):
        assert shown == real, (where, real)
    elif shown is not None:
        assert isinstance(real, int | float) and not isinstance(real, bool), (where, real)


def test_a_server_tells_agents_what_to_ask(directory: DataDirectory):
    directory.run(WORLD)
    server = Server(directory, "--require-token")
    try:
        # What can be asked is no secret; the answers are.
        answer = server.get("/llms.txt")
        assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain")
        text = answer.body.decode()
        assert text == (ROOT / "docs" / "llms.txt").read_text(encoding="utf-8")
        questions = QUESTION.findall(text)
        assert len(questions) == 10
        for method, path, body in questions:
            assert server.request(method, path, body or None).status == 401, path
            answered = server.request(method, path, body or None, token=server.token)
            assert answered.status == 200 and answered.json, (path, answered.body)
        for link in re.findall(r"\]\((/[^)]*)\)", text):
            assert server.request("GET", link, token=server.token).status == 200, link
    finally:
        server.stop()
