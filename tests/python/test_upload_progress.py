"""How far an upload is: seen on a terminal while the line is slow, and nowhere else."""

import itertools

import pytest

from support.server import Server
from support.slow_line import SlowLine
from support.terminal import run_on_terminal

FILE_BYTES = 12_000_000
BYTES_A_SECOND = 10_000_000

UPLOAD = f"""
import pathlib, sys, trackio
pathlib.Path("weights").mkdir(exist_ok=True)
for name in "ab":
    pathlib.Path("weights", name).write_bytes(name.encode() * {FILE_BYTES})
run = trackio.init(project="p", name="r", auto_log_cpu=False, auto_log_gpu=False, settings=SETTINGS)
print("begins", file=sys.stderr)
ACT
print("ends", file=sys.stderr)
trackio.finish()
"""

ACTIONS = {
    "an artifact": """artifact = trackio.Artifact("model", "model")
artifact.add_dir("weights")
assert trackio.log_artifact(artifact).version == "v0" """,
    "files": 'trackio.save("weights/*")',
}


@pytest.fixture
def slow_server(new_directory):
    """A server of ours behind a slow line, and what a trainer needs to log there."""
    home = new_directory()
    home.path.mkdir()
    server = Server(home)
    line = SlowLine(server.port, BYTES_A_SECOND)
    yield home, {"TRACKIO_SERVER_URL": f"http://127.0.0.1:{line.port}", "TRACKIO_WRITE_TOKEN": server.token}
    line.end()
    server.stop()


def script(action: str, settings: str = "None") -> str:
    """The script that does one of the actions."""
    return UPLOAD.replace("ACT", ACTIONS[action]).replace("SETTINGS", settings)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_terminal_sees_how_far_an_upload_is(directory, slow_server, action):
    home, environment = slow_server
    shown = run_on_terminal(directory, script(action), **environment)
    shares = [share for share, _ in shown.bars]
    assert len(shares) >= 4 and 0 < shares[0] < 60 and max(shares) <= 100, shown.seen
    assert all(before <= share for before, share in itertools.pairwise(shares)), "both files are one upload"
    assert shown.bars[-1][1].endswith(f" of 24.0 MB to {environment['TRACKIO_SERVER_URL']}"), shown.bars[-1]
    begun, _, rest = shown.seen.partition(b"begins\r\n")
    during, _, after = rest.partition(b"ends\r\n")
    assert b"#" not in begun + after and during.endswith(b" \r"), "it is wiped before anything else is said"
    assert sorted(path.stat().st_size for path in home.path.rglob("*") if path.stat().st_size == FILE_BYTES) == [FILE_BYTES] * 2


@pytest.mark.parametrize(("settings", "variables"), [("{'silent': True}", {}), ("None", {"WANDB_SILENT": "true"})])
def test_who_wants_no_lines_sees_no_bar(directory, slow_server, settings, variables):
    shown = run_on_terminal(directory, script("an artifact", settings), **slow_server[1], **variables)
    assert shown.bars == [] and b"begins\r\nends" in shown.seen


def test_what_is_no_terminal_sees_no_bar(directory, slow_server):
    trainer = directory.run(script("an artifact"), **slow_server[1])
    assert "begins\nends" in trainer.errors and "%" not in trainer.errors + trainer.output


def test_a_refusal_is_told_as_without_a_terminal(directory, slow_server):
    refused = "try:\n    trackio.use_artifact('nothing:v7')\nexcept ValueError as error:\n    print('told', error)"
    shown = run_on_terminal(directory, UPLOAD.replace("ACT", refused).replace("SETTINGS", "None"), **slow_server[1])
    assert shown.output.startswith("told ") and "nothing:v7" in shown.output, shown
