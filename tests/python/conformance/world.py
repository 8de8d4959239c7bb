"""Builds a data directory with the peer, in its own Python: everything its wire can tell of.

    TRACKIO_DIR=… HF_HUB_OFFLINE=1 python world.py <a folder for files>
"""

import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import trackio
from PIL import Image as Picture
from trackio.sqlite_storage import SQLiteStorage

FILES = Path(sys.argv[1])
QUIET = {"auto_log_cpu": False, "auto_log_gpu": False}
VALUES = {
    "third": 1 / 3, "tiny": 5e-324, "huge": 1.7976931348623157e308, "minus zero": -0.0, "whole": 3.0,
    "nan": float("nan"), "up": float("inf"), "down": float("-inf"), "zero": 0, "minus": -1,
    "beyond floats": 2**53 + 1, "largest": 2**63 - 1, "beyond": 2**64 - 1, "yes": True, "no": False,
    "nothing": None, "text": 'größe "quoted" \\ \n \u2603 \U0001f600', "empty": "", "digits": "12",
    "list": [1, 2.5, "x", None, [True]], "nested": {"a": {"b": [0.1, -7]}, "nan": float("nan"), "": 1.0},
    "größe/π": 0.1, "a key with spaces": 1, "not infinite": "Infinity?", "word": "NaN", "empty list": [],
}


def file(name: str, content: bytes) -> Path:
    path = FILES / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def values() -> None:
    run = trackio.init(
        project="values", name="every value", group="pairs", **QUIET,
        config={"lr": 1e-3, "layers": [64, 64], "nested": {"depth": 2}, "name": "größe", "on": True, "none": None,
                "nan": float("nan")},
    )
    trackio.log(VALUES)
    trackio.log({"loss": 0.1 + 0.2}, step=10)
    trackio.log({"loss": 0.25, "other": 1})
    trackio.log({"loss": float("nan")}, step=3)
    trackio.log({"loss": "text this time"}, step=3)
    trackio.log({"loss": -1.5}, step=-4)
    trackio.log({})
    trackio.log({"step": 7, "timestamp": "mine", "time": 1})
    for sample in range(3):
        trackio.log_system({"gpu/0/utilization": 97.5 - sample, "cpu": sample, "nan": float("nan")})
    for level in trackio.AlertLevel:
        trackio.alert(f"loss is {level.value}", text=None if level.value == "info" else "größer als 1", level=level)
    run.alert("at a step", level=trackio.AlertLevel.WARN, step=2)
    trackio.finish()


def media() -> None:
    trackio.init(project="media", name="shown", **QUIET)
    square = np.zeros((4, 4, 3), dtype=np.uint8)
    trackio.log({"image": trackio.Image(square, caption="a square"), "loss": 1.0})
    trackio.log({
        "picture": trackio.Image(Picture.new("RGB", (3, 2))),
        "audio": trackio.Audio(np.zeros(80, dtype=np.int16), sample_rate=8000),
        "video": trackio.Video(str(file("clip.mp4", b"\0\0\0\x18ftypmp42")), caption="nothing moves"),
        "page": trackio.Html("<p>größe</p>"),
        "cloud": trackio.Object3D(np.random.default_rng(7).random((5, 3))),
        "table": trackio.Table(columns=["a", "b"], data=[[1, "x"], [float("nan"), trackio.Image(square)]]),
        "histogram": trackio.Histogram([1.0, 2.0, 2.0, 3.0], num_bins=4),
        "report": trackio.Markdown("# Größe\n\n1 < 2"),
    })
    trackio.finish()
    trackio.init(project="media", name="only a report", **QUIET)
    trackio.log({"report": trackio.Markdown("text")})
    trackio.finish()
    trackio.init(project="table only", name="one", **QUIET)
    trackio.log({"table": trackio.Table(columns=["a"], data=[["x"]])})
    trackio.finish()
    trackio.init(project="histogram-only", name="one", **QUIET)
    trackio.log({"weights": trackio.Histogram(np_histogram=([1, 2], [0.0, 0.5, 1.0]))})
    trackio.finish()


def traces() -> None:
    trackio.init(project="traces", name="chat", **QUIET)
    spans = [{"name": "generate", "start": 0.5, "input": "hidden words", "output": {"tokens": 3}}]
    for step in range(4):
        trackio.log({
            "conversation": trackio.Trace(
                messages=[{"role": "user", "content": f"Question_{step} about Größe"},
                          {"role": "assistant", "content": "50% sure"}],
                metadata={"label": f"m{step}", "score": float("nan") if step == 0 else step / 3},
                spans=spans if step % 2 else None,
            ),
            "loss": 1.0 / (step + 1),
        })
    trackio.log({"pair": [trackio.Trace(messages=[{"role": "user", "content": text}]) for text in ("one", "two")]}, step=2)
    trackio.finish()


def duplicates() -> None:
    for turn in range(2):
        trackio.init(project="duplicates", name="same", config={"turn": turn}, **QUIET)
        for step in range(3):
            trackio.log({"loss": 10 * turn + step, f"only {turn}": 1})
        if turn == 0:
            trackio.log_system({"only the first": 1})
            trackio.alert("only the first")
        trackio.finish()
    trackio.init(project="duplicates", name="other", **QUIET)
    trackio.log({"loss": 1.0})
    trackio.finish()
    trackio.init(project="duplicates", name="other", resume="must", **QUIET)
    trackio.log({"loss": 2.0})
    trackio.finish()
    trackio.init(project="duplicates", name="ünïcode / and slash", **QUIET)
    trackio.log({"loss": 1})
    trackio.finish()
    # As clients older than run ids send them, and runs of which no row of metrics tells.
    SQLiteStorage.bulk_log("duplicates", "without id", [{"loss": 3}, {"loss": 4}], config={"lr": 1})
    SQLiteStorage.bulk_log_system("duplicates", "only samples", [{"cpu": 1}, {"cpu": 2}], run_id="sampled")


def long() -> None:
    """Runs with more rows than one answer has, in groups of several sizes, with times that are known."""
    began = datetime(2026, 3, 1, 23, 0, tzinfo=timezone.utc)

    def times(count: int, seconds: float) -> list[str]:
        return [(began + timedelta(seconds=seconds * index)).isoformat() for index in range(count)]

    def row(index: int) -> dict:
        metrics = {"train/loss": 1 / (index + 1), "train/lr": 1e-3}
        if index % 100 == 99:
            metrics = {"eval/loss": 2 / (index + 1), "eval/text": "fine"}
        if index % 1000 == 500:
            metrics = {"epoch": index // 1000, "note": "NaN"}
        if index % 2500 == 7:
            metrics = {"words": "only words", "flag": True}
        return metrics

    SQLiteStorage.bulk_log("long", "nine thousand", [row(index) for index in range(9_000)], list(range(9_000)),
                           times(9_000, 2.5), run_id="long-run", config={"total": 9_000})
    many = [{f"key {index % 97}": index, **({"all": 1} if index % 3 else {})} for index in range(4_000)]
    SQLiteStorage.bulk_log("long", "many kinds", many, list(range(4_000)), times(4_000, 1), run_id="kinds")
    exact = [{"loss": index} for index in range(3_000)]
    SQLiteStorage.bulk_log("long", "just fits", exact, list(range(3_000)), times(3_000, 1), run_id="fits")
    jumps = [(index * 37) % 500 for index in range(500)]
    SQLiteStorage.bulk_log("long", "jumps", [{"loss": step, "nan": "NaN"} for step in jumps], jumps,
                           times(500, 0.5), run_id="jumps")
    samples = [{"gpu": index % 100, **({"cpu": index} if index % 7 == 0 else {})} for index in range(5_000)]
    SQLiteStorage.bulk_log_system("long", "nine thousand", samples, times(5_000, 5), run_id="long-run")


def artifacts() -> None:
    weights, more = file("weights.bin", b"weights"), file("folder/more.txt", b"more")
    run = trackio.init(project="artifacts", name="producer", **QUIET)
    trackio.log({"loss": 1.0})
    model = trackio.Artifact("model", type="model", description="a model", metadata={"layers": 2})
    model.add_file(str(weights))
    model.add_dir(str(more.parent), name="folder")
    trackio.log_artifact(model, aliases=["best"])
    weights.write_bytes(b"better weights")
    better = trackio.Artifact("model", type="model")
    better.add_file(str(weights))
    logged = trackio.log_artifact(better, aliases=["production"])
    data = trackio.Artifact("data", type="dataset")
    data.add_file(str(file("data.csv", b"a,b\n1,2\n")), name="rows.csv")
    data.add_reference("https://example.org/big.tar", checksum=False)
    trackio.log_artifact(data)
    registry = trackio.Api().create_registry("models", description="what is used")
    registry.create_collection("best-model", artifact_type="model", description="the best")
    run.link_artifact(logged, "registry-models/best-model", aliases=["staging"])
    trackio.finish()
    trackio.init(project="artifacts", name="consumer", **QUIET)
    trackio.use_artifact("model:v0")
    trackio.use_artifact("data")
    trackio.log({"loss": 2.0})
    trackio.finish()
    # It logs nothing: only a link tells of it.
    trackio.init(project="artifacts", name="only a link", **QUIET)
    trackio.use_artifact("model:best")
    trackio.finish()


def files() -> None:
    trackio.init(project="my files!", name="saver", **QUIET)
    trackio.log({"loss": 1.0})
    file("saved/notes.txt", b"notes")
    file("saved/deep/er.json", b"{}")
    trackio.save(str(FILES / "saved" / "*.txt"), project="my files!")
    trackio.save(str(FILES / "saved" / "deep" / "*.json"), project="my files!")
    trackio.finish()


for build in (values, media, traces, duplicates, long, artifacts, files):
    build()
