"""The guides: every block of Python and every command in them is run, and no public name is missing."""

import re
import subprocess
from pathlib import Path

import pytest

from support.directory import PROGRAM, DataDirectory

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(guide: str, language: str) -> list[str]:
    """The blocks of a guide in one language, in their order."""
    return [text for name, text in BLOCK.findall((DOCS / guide).read_text(encoding="utf-8")) if name == language]


@pytest.mark.parametrize("guide", ["PYTHON.md", "MIGRATING.md"])
def test_the_blocks_of_a_guide_run_one_after_the_other(directory: DataDirectory, guide: str):
    python = blocks(guide, "python")
    assert len(python) >= 6
    trainer = directory.run("import warnings\nwarnings.simplefilter('error')\n" + "\n".join(python), seconds=120)
    assert "Traceback" not in trainer.errors
    for command in (line[2:] for text in blocks(guide, "console") for line in text.splitlines() if line.startswith("$ ")):
        done = subprocess.run(
            ["/bin/sh", "-c", command], env=directory.environment(PATH=f"{PROGRAM.parent}:/usr/bin:/bin"), cwd=directory.folder,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        )
        assert done.returncode == 0 and done.stdout, (command, done.stderr)


def test_the_guides_hold_no_block_that_is_not_run():
    for guide in ("PYTHON.md", "MIGRATING.md"):
        assert {name for name, _ in BLOCK.findall((DOCS / guide).read_text(encoding="utf-8"))} <= {"python", "console"}


def test_every_public_name_is_in_the_guide(directory: DataDirectory):
    names = directory.run("import trackio\nprint(*trackio.__all__)").output.split()
    said = set(re.findall(r"`(\w+)(?:\([^`]*\))?`", (DOCS / "PYTHON.md").read_text(encoding="utf-8")))
    assert set(names) - said == set()


def test_files_that_guides_lead_to_are_there():
    for guide in DOCS.glob("*.md"):
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", guide.read_text(encoding="utf-8")):
            assert "://" in link or (DOCS / link).exists(), (guide.name, link)
