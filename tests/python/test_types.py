"""Types: the package agrees with itself and with its extension module, and scripts are told what is wrong with them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import trackio
from support.interpreters import ROOT, api_python

PACKAGE = Path(trackio.__file__).parent
SETTINGS = ROOT / "client-py/pyproject.toml"
SCRIPTS = Path(__file__).parent / "typed"


@pytest.fixture
def check(tmp_path: Path):
    """Runs a module of mypy, which knows the package by its folder, and gives its status and lines."""
    folder = tmp_path / "packages"
    folder.mkdir()
    (folder / "trackio").symlink_to(PACKAGE, target_is_directory=True)

    def run(*arguments: object) -> tuple[int, list[str]]:
        done = subprocess.run(
            [str(api_python()), "-m", *map(str, arguments)],
            env={**os.environ, "MYPYPATH": str(folder), "PYTHONPATH": str(folder), "MYPY_CACHE_DIR": str(tmp_path / "cache")},
            cwd=tmp_path, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        return done.returncode, (done.stdout + done.stderr).splitlines()

    return run


def test_the_package_agrees_with_itself(check):
    status, lines = check("mypy", "--config-file", SETTINGS, "-p", "trackio")
    assert status == 0, "\n".join(lines)
    assert int(re.search(r"no issues found in (\d+) source files", lines[-1])[1]) > 50


def test_the_stub_says_what_the_extension_module_has(check):
    status, lines = check("mypy.stubtest", "trackio._native")
    assert (status, lines) == (0, ["Success: no issues found in 1 module"]), "\n".join(lines)


def check_script(name: str, folder: Path) -> tuple[int, list[str]]:
    """Type checks a script as its author would, against the package that is installed."""
    done = subprocess.run(
        [str(api_python()), "-m", "mypy", "--strict", "--python-executable", sys.executable, "--cache-dir", str(folder), SCRIPTS / name],
        cwd=folder, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    return done.returncode, done.stdout.splitlines()


def test_a_script_as_people_write_it_has_no_faults(tmp_path):
    status, lines = check_script("training.py", tmp_path)
    assert status == 0, "\n".join(lines)


def test_each_mistake_of_a_script_is_found(tmp_path):
    status, lines = check_script("mistakes.py", tmp_path)
    found = [re.fullmatch(r".*mistakes\.py:(\d+): error: .* \[([a-z-]+)\]", line) for line in lines if ": error: " in line]
    assert status == 1 and all(found), "\n".join(lines)
    expected = [
        (number, line.rpartition("# ")[2])
        for number, line in enumerate((SCRIPTS / "mistakes.py").read_text().splitlines(), 1)
        if "  # " in line
    ]
    assert len(expected) > 12
    assert [(int(one[1]), one[2]) for one in found] == expected, "\n".join(lines)
