"""CSV files and TensorBoard's event files become runs: what the peer makes of a CSV, and event files byte by byte."""

import base64
import gzip
import math
import struct

import pytest

from support.peer import Peer
from support.terminal import run_on_terminal

CSV = """Step,loss,accuracy/eval,word,timestamp
0,2.5,,a,2026-01-31T12:00:00+00:00
1,nan,0.5,b,2026-01-31T12:00:01+00:00
2,,,c,2026-01-31T12:00:02+00:00
10.0,1e-3,1,d,2026-01-31T12:00:03+00:00
"""

# Written by tensorboardX 2.6.5: `add_scalar` of `loss` and `rate` at steps 0, 1, 2, then `add_text`,
# `add_histogram` and `add_scalar("late", -2.5, 10000000000)`.
WRITTEN_BY_TENSORBOARDX = (
    "H4sIAAAAAAACA5NggIDF9d5KnAfOO0lvPXTLUYo3qSgxM0/PtSw1r8TKqEv2PacEsrrfNyHqtHi5uLlYcvKLi0UZGBrss+cG/UZR9/cOsrqixJ"
    "JUUZCcx85DOlJQdUKzb+hyKj2AqBNgRDGRwd631+AoisoMNJUwM+0ZTyj0oqicD1PJhOpKO4saxd8oKi+jqYSa2WBftm57mxVM5dRXjzgrH8Jt"
    "1+XS5uIr0S9JrSiJLy7NzU0sqnTi52AXYhFi4mB0Ys1IzcnJ9+LgYuNiASlpe5dbWgo16fpNxwrOkudwkzK40rgYM7QSOSHSH+wFIQwOB0kYQx"
    "HCkHDQhDB0HIwkYKqhpjrA1FrBYoABXYXF7BI/OSjn5h0hI87vMEc0nFi/QBUaTBDPKxwoMjj/FwAN9t3wHQIAAA=="
)


def import_csv(directory, text: str, *arguments: str, run: object = None):
    """Imports a CSV with that text as project `p`, and gives what was printed."""
    path = directory.folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    script = f"import trackio\ntrackio.import_csv({str(path)!r}, 'p'{''.join(', ' + one for one in arguments)})"
    return (run or (lambda script: directory.run(script).output))(script)


def refusal(directory, call: str) -> str:
    """The message of the `ValueError` that a call raises."""
    return directory.run(f"import trackio\ntry:\n    {call}\nexcept ValueError as error:\n    print('refused', error)").output


def test_a_csv_becomes_the_rows_the_peer_makes_of_it(new_directory):
    ours, theirs = new_directory(), new_directory()
    import_csv(ours, CSV)
    import_csv(theirs, CSV, run=Peer(theirs).run)
    expected = [(row.step, row.run_name, row.timestamp, row.metrics) for row in theirs.rows("p")]
    found = [(row.step, row.run_name, row.timestamp, row.metrics) for row in ours.rows("p")]
    # The peer keeps ten letters of a name and nothing but letters, digits and `/`; we keep names whole.
    renamed = [
        (*row[:3], {{"accuracy/e": "accuracy/eval"}.get(key, key): value for key, value in row[3].items()})
        for row in expected
    ]
    assert found == renamed
    assert [row[0] for row in found] == [0, 1, 10]
    status = ours.status("p", "table")
    assert (status["state"], status["elapsed_seconds"]) == ("finished", 3.0)


def test_a_long_csv_is_stored_whole(directory):
    rows = "".join(f"{step},{step / 7},{step % 5}\n" for step in range(12_345))
    output = import_csv(directory, "\ufeffstep,a long name, b \n" + rows, "name='long'")
    assert "12345 row(s)" in output
    found = directory.rows("p")
    assert len(found) == 12_345
    assert all(row.metrics == {"a long name": row.step / 7, " b ": float(row.step % 5)} for row in found)
    assert {row.run_name for row in found} == {"long"}


@pytest.mark.parametrize(("text", "named"), {
    "no columns": ("", "no column `step`"),
    "no step": ("a,b\n1,2\n", "no column `step`"),
    "no rows": ("step,a\n", "no rows"),
    "no numbers": ("step,a\n1,text\n", "numbers only"),
    "a step that is none": ("step,a\n0,1\nx,1\n", "line 3"),
    "a time that is none": ("step,a,timestamp\n1,1,yesterday\n", "`yesterday`"),
    "a cell too many": ("step,a\n1,2\n1,2,3\n", "line 3"),
}.values())
def test_a_csv_that_is_no_run_stores_nothing(directory, text, named):
    path = directory.folder / "bad.csv"
    path.write_text(text)
    assert named in refusal(directory, f"trackio.import_csv({str(path)!r}, 'p')")
    assert directory.rows("p") == []


def test_a_project_with_runs_is_left_alone(directory):
    import_csv(directory, CSV)
    before = directory.rows("p")
    assert "`p` has 1 run(s)" in refusal(directory, f"trackio.import_csv({str(directory.folder / 'table.csv')!r}, 'p')")
    assert "`p` has 1 run(s)" in refusal(directory, f"trackio.import_tf_events({str(directory.folder)!r}, 'p')")
    assert directory.rows("p") == before
    directory.run("""
import trackio
for call in (trackio.import_csv, trackio.import_tf_events):
    try:
        call("/nonexistent", "q")
        raise SystemExit(1)
    except FileNotFoundError:
        pass
""")


def test_an_import_that_is_cut_off_is_not_taken_for_whole(directory):
    directory.run("""
from trackio._program import store_rows

def rows():
    for step in range(12_000):
        yield {"metrics": {"loss": 1.0}, "step": step, "timestamp": None}
    raise OSError("the disk is gone")

try:
    store_rows("p", "a" * 32, "r", rows())
    raise SystemExit("no error")
except OSError:
    pass
""")
    steps = [row.step for row in directory.rows("p")]
    assert steps == list(range(len(steps))) and len(steps) < 12_000
    assert directory.run_record("p").get("state") != "finished"


def checksum(data: bytes) -> int:
    """CRC-32C by polynomial division, a bit at a time, masked."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def record(data: bytes) -> bytes:
    """A record of an event file."""
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", checksum(length)) + data + struct.pack("<I", checksum(data))


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    text = b""
    while value > 0x7F:
        text += bytes([value & 0x7F | 0x80])
        value >>= 7
    return text + bytes([value])


def field(number: int, value: "bytes | int") -> bytes:
    """A field of a message: bytes, or an integer."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def event(step: int, tag: str, *parts: bytes, seconds: float = 1_700_000_000.25) -> bytes:
    """A record that holds one value of a summary."""
    value = field(1, tag.encode()) + b"".join(parts)
    return record(b"\x09" + struct.pack("<d", seconds) + field(2, step) + field(5, field(1, value)))


def simple(number: float) -> bytes:
    return b"\x15" + struct.pack("<f", number)


def tensor(kind: int, elements: bytes, plugin: str | None = "scalars") -> bytes:
    """A tensor, with the name of the plugin that shows it where a writer says it first."""
    metadata = b"" if plugin is None else field(9, field(1, field(1, plugin.encode())))
    return field(8, field(1, kind) + elements) + metadata


def test_event_files_of_a_real_writer(directory):
    folder = directory.folder / "logs" / "train"
    folder.mkdir(parents=True)
    (folder / "events.out.tfevents.1.host").write_bytes(gzip.decompress(base64.b64decode(WRITTEN_BY_TENSORBOARDX)))
    output = directory.run(f"import trackio; trackio.import_tf_events({str(folder.parent)!r}, 'p', name='old')").output
    assert "7 scalar(s)" in output
    rows = directory.rows("p")
    assert {row.run_name for row in rows} == {"old_train"}
    expected = [(step, metrics) for step in range(3) for metrics in ({"loss": 1 / (1 << step)}, {"rate": step * 0.5})]
    assert [(row.step, row.metrics) for row in rows] == [*expected, (10_000_000_000, {"late": -2.5})]
    assert directory.status("p", "old_train")["state"] == "finished"


def test_every_form_of_a_scalar_is_read(directory):
    folder = directory.folder / "logs"
    (folder / "eval" / "a").mkdir(parents=True)
    (folder / "empty").mkdir()
    forms = [
        ("float", simple(0.5)), ("not a number", simple(math.nan)), ("infinite", simple(-math.inf)),
        ("content", tensor(1, field(4, struct.pack("<f", 1.5)))),
        ("double", tensor(2, field(4, struct.pack("<d", 0.1)))),
        ("list", tensor(1, field(5, struct.pack("<f", 2.5)))),
        ("integer", tensor(9, field(10, varint(-3)))),
        ("half", tensor(19, field(13, varint(struct.unpack("<H", struct.pack("<e", 0.25))[0])))),
    ]
    others = [
        ("text", tensor(7, field(8, b"words"), "text")), ("two", tensor(1, field(4, struct.pack("<2f", 1, 2)))),
        ("points", tensor(1, field(4, struct.pack("<f", 1)), "histograms")),
    ]
    lines = [event(place, name, value) for place, (name, value) in enumerate(forms + others)]
    lines.append(event(50, "content", tensor(1, field(4, struct.pack("<f", 3.5)), None)))
    start = record(b"\x09" + struct.pack("<d", 1.0) + field(3, b"brain.Event:2"))
    (folder / "events.out.tfevents.1.a").write_bytes(start + b"".join(lines[:4]))
    (folder / "events.out.tfevents.2.a").write_bytes(start + b"".join(lines[4:]))
    (folder / "eval" / "a" / "events.out.tfevents.1.a").write_bytes(start + event(-1, "other", simple(1.0)))
    (folder / "empty" / "events.out.tfevents.1.a").write_bytes(start)
    directory.run(f"import trackio; trackio.import_tf_events({str(folder)!r}, 'p')")
    rows = directory.rows("p")
    found = {next(iter(row.metrics)): next(iter(row.metrics.values())) for row in rows if row.run_name == "main" and row.step < 50}
    assert found == {
        "float": 0.5, "not a number": "NaN", "infinite": "-Infinity", "content": 1.5, "double": 0.1, "list": 2.5,
        "integer": -3.0, "half": 0.25,
    }
    assert [(row.run_name, row.metrics) for row in rows if row.step in (50, -1)] == [
        ("main", {"content": 3.5}), ("eval/a", {"other": 1.0}),
    ]
    assert {row.timestamp[:19] for row in rows} == {"2023-11-14T22:13:20"}
    assert {row.run_name for row in rows} == {"main", "eval/a"}


def test_what_was_cut_off_or_damaged_ends_a_file_and_nothing_else(directory):
    folder = directory.folder / "logs"
    for name in ("cut", "damaged", "whole"):
        (folder / name).mkdir(parents=True)
    lines = [event(step, "loss", simple(float(step))) for step in range(10)]
    whole = b"".join(lines)
    damaged = bytearray(whole)
    damaged[len(whole) // 2 + 20] ^= 1
    (folder / "cut" / "events.out.tfevents.1").write_bytes(whole[:-5])
    (folder / "damaged" / "events.out.tfevents.1").write_bytes(damaged)
    (folder / "whole" / "events.out.tfevents.1").write_bytes(whole)
    trainer = directory.run(f"import trackio; trackio.import_tf_events({str(folder)!r}, 'p')")
    assert trainer.errors.count("is damaged at byte") == 1
    steps = {name: [row.step for row in directory.rows("p") if row.run_name == name] for name in ("cut", "damaged", "whole")}
    assert steps == {"cut": list(range(9)), "damaged": list(range(5)), "whole": list(range(10))}


def test_folders_without_scalars_are_refused(directory):
    (directory.folder / "events.out.tfevents.1").write_bytes(b"no event file at all, but long enough")
    assert "no event file with scalars" in refusal(directory, f"trackio.import_tf_events({str(directory.folder)!r}, 'p')")
    assert directory.rows("p") == []


IMPORT_ALL = """
import re, sys, trackio
trackio.import_tf_events(sys.argv[1], sys.argv[2])
print(int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024)
"""


def test_a_large_file_takes_no_more_memory_than_a_small_one(directory):
    """One record, over and over, with an image of some megabytes now and then, as writers of pictures have them."""
    scalar, image = event(7, "loss", simple(0.5)), event(8, "picture", field(4, field(4, bytes(4 << 20))))
    peaks = []
    for project, scalars, images in (("small", 1_000, 1), ("large", 24_000, 12)):
        folder = directory.folder / project
        folder.mkdir()
        with (folder / "events.out.tfevents.1").open("wb") as file:
            for _ in range(images):
                file.write(image)
                file.write(scalar * (scalars // images))
        peaks.append(int(directory.run(IMPORT_ALL, folder, project, seconds=120).output.splitlines()[-1]))
        assert directory.count(project) == scalars
    assert peaks[1] - peaks[0] < 2 << 20, peaks


def test_a_terminal_sees_how_far_an_import_is(directory):
    folder = directory.folder / "logs"
    folder.mkdir()
    (folder / "events.out.tfevents.1").write_bytes(event(7, "loss", simple(0.5)) * 30_000)
    (directory.folder / "table.csv").write_text("step,a\n" + "".join(f"{step},{step}\n" for step in range(30_000)))
    script = f"import trackio\ntrackio.import_tf_events({str(folder)!r}, 'p')\ntrackio.import_csv('table.csv', 'q')\n"
    shown = run_on_terminal(directory, script)
    assert "30000 scalar(s)" in shown.output and "30000 row(s)" in shown.output
    shares = [share for share, _ in shown.bars]
    assert len(shares) >= 2 and all(words.endswith(" rows") for _, words in shown.bars), shown.seen[-500:]
    falls = [at for at, (before, share) in enumerate(zip(shares, shares[1:], strict=False)) if share < before]
    assert len(falls) <= 1, "each of the two rises"
    assert max(shares) <= 100 and shown.is_wiped


def test_what_is_no_terminal_sees_no_bar(directory):
    path = directory.folder / "long.csv"
    path.write_text("step,a\n" + "".join(f"{step},{step}\n" for step in range(30_000)))
    trainer = directory.run(f"import trackio\ntrackio.import_csv({str(path)!r}, 'p')")
    assert "#" not in trainer.errors and "%" not in trainer.errors and "\r" not in trainer.errors + trainer.output
