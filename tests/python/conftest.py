"""Fixtures of all suites: data directories that must be clean at the end, and the seed of a run of the tests."""

import os
import random

import pytest

from support.directory import DataDirectory


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "alone: takes all processors there are, and so runs beside no other test")


def pytest_report_header() -> str:
    return f"PACELINE_SEED={seed()} (set it to repeat this run)"


def seed() -> int:
    """The number everything random in the tests is derived from: `PACELINE_SEED`, else a new one."""
    return int(os.environ.setdefault("PACELINE_SEED", str(random.SystemRandom().randrange(2**32))))


@pytest.fixture
def random_source(request) -> random.Random:
    """A source of its own for each test, derived from the seed that the header prints."""
    return random.Random(f"{seed()}:{request.node.nodeid}")


@pytest.fixture
def new_directory(tmp_path):
    """Makes data directories; at the end of the test nothing may be left behind in any of them."""
    made: list[DataDirectory] = []

    def make() -> DataDirectory:
        made.append(DataDirectory(tmp_path / f"{len(made)}"))
        return made[-1]

    yield make
    for directory in made:
        directory.end_trainers()
    for directory in made:
        directory.assert_nothing_left()


@pytest.fixture
def directory(new_directory) -> DataDirectory:
    """A fresh data directory for `TRACKIO_DIR`; at the end of the test nothing may be left behind in it."""
    return new_directory()
