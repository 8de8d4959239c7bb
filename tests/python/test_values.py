"""Values that are objects: what is stored for an image, a table, a histogram is what the peer stores, to the byte."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.directory import DataDirectory
from support.interpreters import peer_python
from support.trainer import Trainer

BEGINNING = """
import io, json, sys, warnings
import numpy
import PIL.Image
import trackio
trackio.init(project="my.model", name="r", auto_log_cpu=False, auto_log_gpu=False)
files = sys.argv[1]
chance = numpy.random.default_rng(7)
"""

# One row each; both trackers store the same.
VALUES = {
    "images of arrays": """{
    "rgb": trackio.Image(chance.integers(0, 256, (20, 30, 3), dtype=numpy.uint8), caption="größe"),
    "rgba": trackio.Image(chance.integers(0, 256, (5, 4, 4), dtype=numpy.uint8)),
    "grey": trackio.Image(chance.integers(0, 256, (7, 9), dtype=numpy.uint8)),
}""",
    "images of pillow": """{
    mode: trackio.Image(PIL.Image.fromarray(chance.integers(0, 256, (8, 8, 3), dtype=numpy.uint8)).convert(mode))
    for mode in ("RGB", "L", "P", "1", "CMYK")
}""",
    "images of files": """{
    "png": trackio.Image(f"{files}/image.png"), "jpg": trackio.Image(f"{files}/image.JPG", "caption"),
}""",
    "sounds": """{
    "mono": trackio.Audio(chance.normal(size=500), sample_rate=8000),
    "stereo": trackio.Audio(chance.normal(size=(500, 2)).astype(numpy.float32), caption="two", sample_rate=16000),
    "odd": trackio.Audio(numpy.array([0.5, numpy.nan, numpy.inf, -0.25]), sample_rate=8000, format="wav"),
    "silence": trackio.Audio(numpy.zeros(10), sample_rate=8000),
    "file": trackio.Audio(f"{files}/sound.wav"),
} | {
    kind: trackio.Audio(chance.integers(numpy.iinfo(kind).min, numpy.iinfo(kind).max, 300, dtype=kind), sample_rate=44100)
    for kind in ("int8", "uint8", "int16", "uint16", "int32")
}""",
    "videos": """{"file": trackio.Video(f"{files}/video.gif", caption="c")}""",
    "pages": """{
    "fragment": trackio.Html("<h1>Größe</h1>"), "page": trackio.Html("  <!DOCTYPE html><p>x"),
    "as it is": trackio.Html("<p>x</p>", inject=False, caption="c"), "file": trackio.Html(f"{files}/page.html"),
    "open text": trackio.Html(io.StringIO("<b>t</b>")), "open bytes": trackio.Html(io.BytesIO(b"<html>t</html>")),
    "no file": trackio.Html("missing.html"),
}""",
    "points": """{
    "places": trackio.Object3D(chance.normal(size=(100, 3)), caption="c"),
    "integers": trackio.Object3D.from_numpy(chance.integers(-5, 5, (10, 3))),
    "categories": trackio.Object3D(numpy.hstack([chance.normal(size=(40, 3)), chance.integers(1, 15, (40, 1))])),
    "colours": trackio.Object3D(numpy.hstack([chance.normal(size=(40, 3)), chance.integers(0, 256, (40, 3))])),
    "many": trackio.Object3D(chance.normal(size=(300_007, 3))),
}""",
    "models": """{
    name: trackio.Object3D.from_file(f"{files}/model.{name}")
    for name in ("obj", "stl", "splat", "gltf", "glb", "mesh.ply", "points.ply", "splat.ply")
}""",
    "tables": """{
    "named": trackio.Table(columns=["a", "b"], data=[[1, "x"], [2.5, None], [numpy.float32(0.1), True]]),
    "unnamed": trackio.Table(data=[[1, 2], [3]]), "ragged": trackio.Table(["a", "b"], [[1], [1, 2, 3]]),
    "dicts": trackio.Table(data=[{"a": 1}, {"b": [1, {"c": float("nan")}]}]), "empty": trackio.Table(),
    "frame": trackio.Table(dataframe=Frame()),
    "images": trackio.Table(["one", "several"], [
        [trackio.Image(f"{files}/image.png"), [trackio.Image(f"{files}/image.png", str(i)) for i in range(2)]], ["none", []],
    ]),
}""",
    "histograms": """{
    "list": trackio.Histogram([1, 2, 2, 3.5]), "normal": trackio.Histogram(chance.normal(size=10_000), num_bins=50),
    "integers": trackio.Histogram(chance.integers(0, 9, (30, 30))), "many bins": trackio.Histogram([1.0, 2.0], num_bins=9999),
    "float32": trackio.Histogram(chance.normal(size=100).astype(numpy.float32)), "constant": trackio.Histogram([3.0] * 5),
    "odd": trackio.Histogram([1.0, float("nan"), float("inf"), 2.0]), "none": trackio.Histogram([float("nan")]),
    "counted": trackio.Histogram(np_histogram=numpy.histogram(chance.normal(size=99), bins=7)),
    "by hand": trackio.Histogram(np_histogram=([1.5, 2], [0, 1, 2.5])),
}""",
    "texts": """{"report": trackio.Markdown("# Größe\\n* a"), "nothing": trackio.Markdown()}""",
}

LOG_VALUES = BEGINNING + """
class Frame:
    columns = ["a", "b"]
    def to_dict(self, orient):
        assert orient == "records"
        return [{"a": numpy.int64(1), "b": "x"}, {"a": numpy.nan, "b": None}]
""" + "".join(f"trackio.log({value})\n" for value in VALUES.values()) + "trackio.finish()\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """Files that can be logged."""
    from wave import open as open_sound

    import numpy
    import PIL.Image

    folder = tmp_path_factory.mktemp("files")
    image = PIL.Image.fromarray(numpy.arange(300, dtype=numpy.uint8).reshape(10, 10, 3))
    image.save(folder / "image.png")
    image.save(folder / "image.JPG", format="JPEG")
    image.save(folder / "video.gif", save_all=True, append_images=[image.rotate(90)])
    with open_sound(str(folder / "sound.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"\0\1" * 50)
    (folder / "page.html").write_text("<p>größe</p>", encoding="utf-8")
    (folder / "model.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    (folder / "model.stl").write_text("solid x\nendsolid x\n")
    (folder / "model.splat").write_bytes(bytes(64))
    document = json.dumps({"asset": {"version": "2.0"}, "buffers": [{"uri": "data:,x", "byteLength": 1}]}).encode()
    (folder / "model.gltf").write_bytes(document)
    chunk = len(document).to_bytes(4, "little") + b"JSON" + document
    (folder / "model.glb").write_bytes(b"glTF" + bytes(8) + chunk)
    places = "".join(f"property float {name}\n" for name in "xyz")
    splat = "".join(f"property float {name}\n" for name in
                    "opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3 f_dc_0 f_dc_1 f_dc_2".split())
    for name, body in {
        "points": f"element vertex 400000\n{places}", "splat": f"element vertex 2\n{places}{splat}",
        "mesh": f"element vertex 3\n{places}element face 1\nproperty list uchar int vertex_indices\n",
    }.items():
        (folder / f"model.{name}.ply").write_text(f"ply\nformat ascii 1.0\n{body}end_header\n")
    return folder


def _log_with_the_peer(directory: DataDirectory, script: str, *arguments: object) -> Trainer:
    trainer = directory.start(script, *arguments, python=str(peer_python()), TRACKIO_AUTO_LOG="0")
    trainer.expect_exit(0, 120)
    return trainer


def _stored(directory: DataDirectory, project: str = "mymodel") -> list[Any]:
    """The rows of a project; a media file is its folder, extension and digest instead of its random name."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            value = {key: plain(item) for key, item in value.items()}
            if "file_path" in value:
                content = (directory.path / "media" / value["file_path"]).read_bytes()
                folder, _, name = value["file_path"].rpartition("/")
                stem, _, extension = name.partition(".")
                assert len(stem) == 36 and stem.count("-") == 4, name
                value["file_path"] = f"{folder}/{hashlib.sha256(content).hexdigest()}.{extension}"
            return value
        return [plain(item) for item in value] if isinstance(value, list) else value

    return [plain(row.metrics) for row in directory.rows(project)]


def test_what_is_stored_is_what_the_peer_stores(new_directory, files):
    ours, peers = new_directory(), new_directory()
    ours.run(LOG_VALUES, files, seconds=120)
    _log_with_the_peer(peers, LOG_VALUES, files)
    for name, our_row, peers_row in zip(VALUES, _stored(ours), _stored(peers), strict=True):
        assert our_row == peers_row, name
        # The same keys in the same order, too.
        assert json.dumps(our_row) == json.dumps(peers_row), name


TRACES = BEGINNING + """
image = trackio.Image(f"{files}/image.png", caption="c")
trackio.log({"trace": trackio.Trace([{"role": "user", "content": "größe"}, {"role": "assistant", "content": "2"}]), "loss": 0.5})
trackio.log({"trace": trackio.Trace(
    messages=[{"role": "user", "content": [{"type": "image", "image": image}]}],
    metadata={"session_id": "s", "image": image, "cost_usd": 0.25, "odd": float("nan")},
    spans=[{"id": "a", "name": "search", "kind": "tool", "input": {"q": [1, image]}, "duration_ms": 12}],
)}, step=7)
trackio.log({"traces": [trackio.Trace([{"role": "user", "content": str(i)}]) for i in range(3)], "loss": 1.0})
trackio.finish()
"""


def test_traces_are_stored_as_the_peer_does(new_directory, files):
    ours, peers = new_directory(), new_directory()
    ours.run(TRACES, files)
    _log_with_the_peer(peers, TRACES, files)
    def traces(directory: DataDirectory) -> list[Any]:
        found = directory.select(
            "mymodel", "SELECT step, trace_index, key, messages, metadata, spans FROM traces ORDER BY step, trace_index"
        )
        folder = directory.path / "media"

        def plain(value: Any) -> Any:
            if isinstance(value, bytes):
                return plain(json.loads(value))
            if isinstance(value, dict) and "file_path" in value:
                return {**value, "file_path": (folder / value["file_path"]).read_bytes().hex()}
            if isinstance(value, dict):
                return {key: plain(item) for key, item in value.items()}
            return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value

        return plain(found)

    assert len(traces(peers)) == 5
    assert traces(ours) == traces(peers)
    assert _stored(ours) == _stored(peers)


def test_signatures_are_the_peers(directory):
    """Every parameter of the peer's, in its place and with its default; ours may have more behind them."""
    script = """
import inspect, json, trackio
found = {}
def look(name, value):
    found[name] = [[p.name, str(p.kind), repr(p.default)] for p in inspect.signature(value).parameters.values()]
for name in "Image Video Audio Html Object3D Table Histogram Markdown Trace".split():
    kind = getattr(trackio, name)
    look(name, kind)
    for method, value in vars(kind).items():
        if not method.startswith(("_", "is_", "write_", "ensure_", "to_display")) and callable(getattr(kind, method)):
            look(f"{name}.{method}", getattr(kind, method))
print(json.dumps(found))
"""
    ours = json.loads(directory.run(script).output)
    peers = json.loads(_log_with_the_peer(directory, script).output)
    assert len(peers) >= 11, peers
    for name, parameters in peers.items():
        assert ours[name][: len(parameters)] == parameters, name


def test_names_are_there_and_load_nothing_before_they_are_used(directory):
    """`from trackio import X` works for each, and `import trackio` loads none of their modules."""
    trainer = directory.run("""
import sys, trackio
early = [name for name in ("trackio.media", "trackio.table", "trackio.artifact", "trackio.references") if name in sys.modules]
from trackio import *
from trackio.media import TrackioAudio, TrackioHtml, TrackioImage, TrackioMedia, TrackioObject3D, TrackioVideo
from trackio.artifact import Artifact as artifact_class
from trackio.run import Run as run_class
assert TrackioImage is Image and issubclass(Video, TrackioMedia)
assert artifact_class is trackio.Artifact and run_class is trackio.Run and set(trackio.__all__) <= set(dir(trackio))
for kind in (EvalTable, Graph, JoinedTable, Molecule):
    try:
        kind("x", y=1)
        print("made")
    except NotImplementedError as error:
        assert f"trackio.{kind.__name__}" in str(error)
try:
    trackio.Nothing
except AttributeError as error:
    print(error)
print(early)
""")
    assert trainer.output.splitlines() == ["module `trackio` has no attribute `Nothing`", "[]"]


# What the peer does not store, and what we do; the figures and tensors of libraries that are not installed here
# are objects of the same names.
MORE_VALUES = BEGINNING + """
import dataclasses, types
image = trackio.Image(f"{files}/image.png")
class Figure:
    def savefig(self, file, format, bbox_inches):
        file.write("<?xml?><svg>x</svg>")
sys.modules["matplotlib.figure"] = module = types.ModuleType("matplotlib.figure")
module.Figure = Figure
class Frame:
    columns = ["a"]
    def to_dict(self, orient):
        return [{"a": 1}]
table = trackio.Table(columns=["a", "b"])
table.add_data(1, image)
table.add_data(2, numpy.arange(3))
rows = {
    "list": [image, trackio.Image(f"{files}/image.png", caption="second")],
    "nested": {"deep": {"image": image, "loss": 0.5}},
    "pillow": PIL.Image.open(f"{files}/image.png"),
    "figure": Figure(),
    "floats": trackio.Image(numpy.array([[0.0, 0.5, 1.0, numpy.nan]])),
    "bright": trackio.Image(numpy.array([[0.0, 127.6, 255.0]])),
    "truth": trackio.Image(numpy.array([[True, False]])),
    "one channel": trackio.Image(numpy.zeros((2, 3, 1), dtype=numpy.uint8)),
    "frame": Frame(),
    "few numbers": numpy.arange(3.0),
    "many numbers": numpy.arange(64.0),
    "rows": trackio.Table(columns=["a"], rows=[[1]]),
    "added": table,
    "sound": trackio.Audio([0.5, -1.0], sample_rate=8000),
    "samples": trackio.Audio([[1, 2], [3, 4]], sample_rate=8000),
    "video": trackio.Video(chance.integers(0, 256, (3, 2, 3, 8, 8), dtype=numpy.uint8), fps=10),
    "text": trackio.Html("page.html", data_is_not_path=True),
    "object": types.SimpleNamespace(a=1),
}
for key, value in rows.items():
    trackio.log({key: value, "loss": 1.0})
trackio.finish()
"""


def test_more_values_than_the_peers(directory, files):
    directory.run(MORE_VALUES, files)
    rows = {}
    for row in directory.rows("mymodel"):
        assert row.metrics.pop("loss") == 1.0
        ((key, value),) = row.metrics.items()
        rows[key] = value

    def file(value: dict[str, Any]) -> Path:
        return directory.path / "media" / value["file_path"]

    def pixels(value: dict[str, Any]) -> list[int]:
        import PIL.Image

        image = PIL.Image.open(file(value))
        assert image.mode == "RGBA"
        return list(image.getchannel(0).tobytes())

    png = (files / "image.png").read_bytes()
    first, second = rows["list"]
    assert file(first).read_bytes() == file(second).read_bytes() == png and second["caption"] == "second"
    nested = rows["nested"]["deep"]
    assert nested["loss"] == 0.5 and file(nested["image"]).read_bytes() == png
    # One object in two rows is a file in each, so that either can be deleted.
    assert file(first).parent.name == "0" and file(nested["image"]).parent.name == "1"
    assert rows["pillow"]["_type"] == "trackio.image"
    assert rows["figure"]["_type"] == "trackio.html" and "<body><svg>x</svg></body>" in file(rows["figure"]).read_text()
    assert pixels(rows["floats"]) == [0, 128, 255, 0]
    assert pixels(rows["bright"]) == [0, 128, 255]
    assert pixels(rows["truth"]) == [255, 0]
    assert pixels(rows["one channel"]) == [0] * 6
    assert rows["frame"] == {"_type": "trackio.table", "_value": [{"a": 1}]}
    assert rows["few numbers"] == [0.0, 1.0, 2.0]
    assert rows["many numbers"]["_type"] == "trackio.histogram" and rows["many numbers"]["values"] == [2] * 32
    assert rows["rows"]["_value"] == [{"a": 1}]
    added = rows["added"]["_value"]
    assert file(added[0]["b"]).read_bytes() == png and added[1] == {"a": 2, "b": [0, 1, 2]}
    assert file(rows["sound"]).read_bytes()[44:] == (16383).to_bytes(2, "little") + (-32767).to_bytes(2, "little", signed=True)
    assert file(rows["samples"]).read_bytes()[44:] == bytes([1, 0, 2, 0, 3, 0, 4, 0])
    assert rows["video"]["file_path"].endswith(".gif") and file(rows["video"]).read_bytes().startswith(b"GIF89a")
    assert "<body>page.html</body>" in file(rows["text"]).read_text()
    assert rows["object"] == {"a": 1}


def test_a_value_that_fails_costs_its_key_and_one_warning(directory, files):
    trainer = directory.run(BEGINNING + """
class Broken:
    TYPE = "x"
    def _to_trackio(self, place):
        raise OSError("no space left")
class Silent:
    def _to_trackio(self, place):
        raise type("Odd", (Exception,), {"__str__": lambda self: 1 / 0})()
for step in range(3):
    trackio.log({"broken": Broken(), "silent": Silent(), "loss": step / 2, "image": trackio.Image(f"{files}/image.png")}, step=step)
class Interrupted:
    def _to_trackio(self, place):
        raise KeyboardInterrupt
try:
    trackio.log({"a": Interrupted()})
except KeyboardInterrupt:
    print("interrupted")
trackio.log({"loss": 9.0})
endless = []
endless.append(endless)
trackio.log({"endless": endless, "frame": type("Frame", (), {"columns": [], "to_dict": lambda self, orient: 1 / 0})()})
run = trackio.run
trackio.finish()
run.log({"late": trackio.Image(f"{files}/image.png")})
""", files)
    assert trainer.output.split() == ["interrupted"]
    rows = directory.rows("mymodel")
    assert [set(row.metrics) for row in rows] == [{"loss", "image"}] * 3 + [{"loss"}, {"endless"}]
    assert [row.step for row in rows] == [0, 1, 2, 3, 4]
    for cause in ("`broken` is left out of step 0: OSError: no space left", "`silent` is left out of step 0: Odd", "has ended"):
        assert trainer.errors.count(cause) == 1, trainer.errors
    assert "step 1" not in trainer.errors
    # Nothing was written for the run that had ended.
    assert sorted(path.name for path in (directory.path / "media/mymodel/r").iterdir()) == ["0", "1", "2"]


def test_media_stay_below_the_data_directory(directory, files):
    names = ["../../out", "/etc/x", "a/b", "..", "a\\b", "größe"]
    directory.run("""
import json, sys, trackio
for name in json.loads(sys.argv[2]):
    trackio.init(project="p", name=name)
    trackio.log({"page": trackio.Html("x")}, step=-3)
    trackio.finish()
""", files, json.dumps(names))
    found = [path.relative_to(directory.path).as_posix() for path in directory.folder.rglob("*.html")]
    folders = {path.rpartition("/")[0] for path in found}
    assert folders == {f"media/p/{name}/-3" for name in ("out", "etc/x", "a/b", "größe")} | {"media/p/-3"}
    assert len(found) == len(names)


def test_histograms_without_numpy_are_those_of_numpy(directory, random_source):
    """Counts and edges, to the bit, also where a value stands on an edge."""
    cases: list[tuple[list[float], int]] = [([0.1 * i for i in range(100)], 10), ([1, 2, 3], 1), ([5], 64), ([1e-310, 2e-310], 3)]
    for _ in range(300):
        scale = 10.0 ** random_source.randint(-8, 8)
        values = [random_source.choice([random_source.gauss(0, scale), round(random_source.uniform(-9, 9))]) for _ in range(50)]
        cases.append((values, random_source.randint(1, 70)))
    script = """
import json, sys
if sys.argv[2] == "numpy":
    import numpy
import trackio
for values, bins in json.load(open(sys.argv[1])):
    histogram = trackio.Histogram(values, num_bins=bins)._to_trackio(None)
    print(json.dumps([histogram["values"], histogram["bins"]]))
assert ("numpy" in sys.modules) == (sys.argv[2] == "numpy")
"""
    file = directory.folder / "cases.json"
    file.write_text(json.dumps(cases))
    without, with_numpy = (directory.run(script, file, kind).output.splitlines() for kind in ("plain", "numpy"))
    assert len(without) == len(cases)
    for case, ours, numpys in zip(cases, without, with_numpy, strict=True):
        assert ours == numpys, case


def test_images_without_pillow_have_the_same_pixels(directory):
    """What is written by ourselves is a PNG file that others read."""
    import numpy
    import PIL.Image

    directory.run("""
import sys
sys.modules["PIL"] = sys.modules["PIL.Image"] = None
import numpy, trackio
trackio.init(project="p", name="r")
chance = numpy.random.default_rng(3)
trackio.log({str(shape): trackio.Image(chance.integers(0, 256, shape, dtype=numpy.uint8))
    for shape in [(3, 5, 3), (4, 2, 4), (6, 7)]})
trackio.finish()
""")
    chance = numpy.random.default_rng(3)
    (row,) = directory.rows("p")
    assert len(row.metrics) == 3
    for shape, value in zip([(3, 5, 3), (4, 2, 4), (6, 7)], row.metrics.values(), strict=True):
        expected = PIL.Image.fromarray(chance.integers(0, 256, shape, dtype=numpy.uint8)).convert("RGBA")
        found = PIL.Image.open(directory.path / "media" / value["file_path"])
        assert found.mode == "RGBA" and found.tobytes() == expected.tobytes(), shape


def test_values_that_cannot_be_used_are_errors_at_once(directory, files):
    trainer = directory.run(BEGINNING + """
(open(files + "/other.gltf", "w")).write('{"buffers": [{"uri": "other.bin"}]}')
(open(files + "/other.obj", "w")).write("mtllib other.mtl\\n")
for wrong in (
    lambda: trackio.Image("missing.png"), lambda: trackio.Image(3), lambda: trackio.Image(numpy.zeros((2, 2), dtype=numpy.int32)),
    lambda: trackio.Image(numpy.zeros((2, 2, 2), dtype=numpy.uint8)), lambda: trackio.Audio([0.5]),
    lambda: trackio.Audio([0.5], sample_rate=0), lambda: trackio.Audio([0.5], sample_rate=8000, format="ogg"),
    lambda: trackio.Video(numpy.zeros((1, 3, 2, 2))), lambda: trackio.Html(5), lambda: trackio.Object3D(numpy.zeros((2, 5))),
    lambda: trackio.Object3D(numpy.full((2, 3), numpy.nan)), lambda: trackio.Object3D(numpy.full((2, 4), 15.0)),
    lambda: trackio.Object3D(f"{files}/other.gltf"), lambda: trackio.Object3D(f"{files}/other.obj"),
    lambda: trackio.Object3D(f"{files}/image.png"), lambda: trackio.Histogram(), lambda: trackio.Histogram([1], ([1], [0, 1])),
    lambda: trackio.Markdown(3), lambda: trackio.Trace("x"), lambda: trackio.Trace([], spans=[1]), lambda: trackio.Table(dataframe=3),
):
    try:
        wrong()
        print("nothing")
    except (ValueError, TypeError) as error:
        print(type(error).__name__)
trackio.finish()
""", files)
    assert trainer.output.split() == ["ValueError"] * 18 + ["TypeError"] * 3


def test_a_video_of_ffmpeg(directory, files, tmp_path):
    """The frames reach the program, and what it says when it fails reaches the user."""
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text(f"""#!{sys.executable}
import sys
frames = sys.stdin.buffer.read()
if "libvpx-vp9" in sys.argv:
    sys.exit("no such codec")
open(sys.argv[-1], "wb").write(frames)
""")
    program.chmod(0o755)
    trainer = directory.run(BEGINNING + """
frames = numpy.arange(2 * 3 * 4 * 6, dtype=numpy.uint8).reshape(2, 3, 4, 6)
trackio.log({"mp4": trackio.Video(frames, format="mp4"), "webm": trackio.Video(frames, format="webm"), "grid": trackio.Video(frames[None].repeat(3, 0))})
trackio.finish()
""", files, PATH=f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    (row,) = directory.rows("mymodel")
    assert list(row.metrics) == ["mp4", "grid"]
    assert "`webm` is left out" in trainer.errors and "no such codec" in trainer.errors
    import numpy

    frames = numpy.arange(2 * 3 * 4 * 6, dtype=numpy.uint8).reshape(2, 3, 4, 6).transpose(0, 2, 3, 1)
    mp4, grid = ((directory.path / "media" / value["file_path"]).read_bytes() for value in row.metrics.values())
    assert mp4 == frames.tobytes()
    drawn = numpy.frombuffer(grid, dtype=numpy.uint8).reshape(2, 8, 12, 3)
    assert (drawn[:, :4, :6] == frames).all() and (drawn[:, 4:, :6] == frames).all() and (drawn[:, 4:, 6:] == 0).all()


def test_the_peer_reads_what_we_wrote(directory, files):
    """Its storage gives the values, and its media paths lead to our files."""
    directory.run(LOG_VALUES, files, seconds=120)
    said = subprocess.run([peer_python(), "-c", """
import json
from trackio.sqlite_storage import SQLiteStorage as storage
from trackio.utils import MEDIA_DIR
paths = []
def look(value):
    if isinstance(value, dict):
        paths.extend([value["file_path"]] if "file_path" in value else [])
        value = list(value.values())
    for item in value if isinstance(value, list) else []:
        look(item)
logs = storage.get_logs("my.model", "r")
look(logs)
assert all((MEDIA_DIR / path).is_file() for path in paths)
print(json.dumps([len(logs), len(paths)]))
"""], env=directory.environment(), capture_output=True, text=True, timeout=120)
    assert said.returncode == 0, said.stderr
    written = [path for path in (directory.path / "media").rglob("*") if path.is_file()]
    assert json.loads(said.stdout) == [len(VALUES), len(written)] and len(written) > 30
