"""Agent skills: ours is sound, is put where agents look, and every command in it does what it says."""

import json
import os
import re
import subprocess
import zipfile
from hashlib import sha256
from itertools import takewhile
from pathlib import Path

import pytest

from support.directory import PROGRAM, DataDirectory
from support.agents import TRAINED, WORLD, blocks, commands, run_command
from support.hub import Hub
from support.interpreters import ROOT, api_python

SKILLS = ROOT / "skills"
# The tools of MCP that skills may name, by the files that say so.
TOOLS = {name for file in (ROOT / "server/mcp/src/tools").rglob("*.rs") for name in re.findall(r'const NAME: &\'static str = "(\w+)"', file.read_text())} | {"hf_jobs"}


def paceline(folder: Path, *arguments: object, status: int = 0, **environment: str) -> str:
    """What the program prints, started in a folder."""
    done = subprocess.run(
        [PROGRAM, *map(str, arguments)], env={**DataDirectory.clean_environment(), **environment}, cwd=folder,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
    )
    assert done.returncode == status, (arguments, done.stderr)
    return done.stdout if status == 0 or done.stdout else done.stderr


@pytest.mark.parametrize("skill", sorted(path.name for path in SKILLS.iterdir()))
def test_the_released_validator_passes_it(skill: str):
    validator = api_python().with_name("agentskills")
    done = subprocess.run([validator, "validate", SKILLS / skill], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_put_where_agents_look(tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir()
    said = paceline(tmp_path, "skills", "add", "--claude", "--pi", HOME=str(home))
    assert all(f"Installed '{skill}' to" in said for skill in ("model-trainer", "trackio")) and said.count("Linked") == 4, said
    for path in (".agents/skills/trackio", ".claude/skills/trackio", ".pi/skills/trackio"):
        for source in (SKILLS / "trackio").rglob("*.md"):
            assert (tmp_path / path / source.relative_to(SKILLS / "trackio")).read_bytes() == source.read_bytes()
    assert os.readlink(tmp_path / ".claude/skills/trackio") == "../../.agents/skills/trackio"
    assert not any(home.iterdir())

    refused = paceline(tmp_path, "skills", "add", "--claude", status=1)
    assert "already" in refused and "--force" in refused
    paceline(tmp_path, "skills", "add", "--claude", "--force", "--no-command", "--no-hook")

    answer = json.loads(paceline(tmp_path, "skills", "add", "--global", "--gemini", "--pi", "--json", HOME=str(home)))
    names = ["model-trainer", "trackio"]
    assert answer["installed"] == [str(home / ".agents/skills" / name) for name in names]
    assert answer["linked"] == [str(home / folder / "skills" / name) for name in names for folder in (".gemini", ".pi/agent")]

    paceline(tmp_path, "skills", "add", "--dest", tmp_path / "own")
    assert (tmp_path / "own/trackio/SKILL.md").is_file()
    assert "cannot be used with" in paceline(tmp_path, "skills", "add", "--dest", "x", "--claude", status=2)


def test_skills_of_others_are_checked_packed_and_listed(tmp_path: Path):
    paceline(tmp_path, "skills", "new", "first-skill", "--in", "skills")
    paceline(tmp_path, "skills", "new", "second-skill", "--in", "skills")
    assert json.loads(paceline(tmp_path, "skills", "validate", "skills", "--json"))["valid"] is True

    index = json.loads(paceline(tmp_path, "skills", "index", "skills"))
    assert [skill["uri"] for skill in index["skills"]] == ["skill://first-skill/SKILL.md", "skill://second-skill/SKILL.md"]
    for resource in index["skills"][0]["resources"]:
        contents = (tmp_path / "skills" / resource["uri"].removeprefix("skill://")).read_bytes()
        assert resource["digest"] == f"sha256:{sha256(contents).hexdigest()}" and resource["size"] == len(contents)

    packed = json.loads(paceline(tmp_path, "skills", "pack", "skills/first-skill", "--json"))
    archive = (tmp_path / "first-skill.zip").read_bytes()
    assert packed["digest"] == f"sha256:{sha256(archive).hexdigest()}"
    with zipfile.ZipFile(tmp_path / "first-skill.zip") as opened:
        assert sorted(opened.namelist()) == ["first-skill/SKILL.md", "first-skill/references/details.md"]

    (tmp_path / "skills/first-skill/references/details.md").unlink()
    assert "which is not there" in paceline(tmp_path, "skills", "validate", "skills", status=1)
    assert "not sound" in paceline(tmp_path, "skills", "pack", "skills/first-skill", status=1)
    (tmp_path / "skills/second-skill/link.md").symlink_to("SKILL.md")
    assert "is a link" in paceline(tmp_path, "skills", "validate", "skills/second-skill", status=1)
    assert "no `SKILL.md`" in paceline(tmp_path, "skills", "validate", tmp_path, status=1)


def texts() -> list[Path]:
    """The texts of our skills, `SKILL.md` before what it leads to."""
    return sorted(SKILLS.rglob("*.md"), key=lambda path: (path.name != "SKILL.md", path))


def test_every_block_of_a_skill_is_of_a_language_that_is_run():
    for path in texts():
        assert {language for language, _ in blocks(path)} <= {"python", "sh"}, path


@pytest.mark.parametrize("path", texts(), ids=lambda path: str(path.relative_to(SKILLS)))
def test_every_command_of_a_skill_does_what_it_says(directory: DataDirectory, path: Path):
    found = blocks(path)
    directory.run(TRAINED if "model-trainer" in path.parts else WORLD)
    for script in (text for language, text in found if language == "python"):
        assert "Traceback" not in directory.run(script, seconds=120).errors
    with Hub() as hub:
        for command in (line for language, text in found if language == "sh" for line in commands(text)):
            output = run_command(directory, command, **hub.environment())
            if "--json" in command:
                json.loads(output)
    names = ["models/alice/qwen3-chats"] if any("paceline publish" in text for _, text in found) else []
    assert list(hub.repositories) == names


@pytest.mark.parametrize("path", texts(), ids=lambda path: str(path.relative_to(SKILLS)))
def test_commands_and_tools_within_sentences_are_there(tmp_path: Path, path: Path):
    text = re.sub(r"^ *```.*?^ *```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]
    for words in (span.split() for span in spans if span.startswith("paceline ")):
        names = list(takewhile(lambda word: re.fullmatch("[a-z-]+", word) and not word.startswith("-"), words[1:]))
        help = paceline(tmp_path, *names, "--help")
        for option in (word.split("=")[0] for word in words if word.startswith("--")):
            assert option in help, (words, option)
    tools = {span for span in spans if re.fullmatch(r"(get|list|wait|compare|explain|publish|query|inspect|plan|hf)_[a-z_]+", span)}
    assert tools <= TOOLS, tools - TOOLS
