"""Calls that write, sent to both servers in turn, and the reads that tell what they left."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conformance.compare import Case, Endpoint
from conformance.reads import ids_of

TIME = "2026-02-03T04:05:06.789000+00:00"


def steps(server: Endpoint, written: Path) -> Iterator[Case]:
    """What is sent, in its order; `written` tells the ids of runs that the peer made."""
    yield from rows()
    yield from samples_and_alerts()
    yield from media(server)
    yield from artifacts(server)
    yield from databases(server, written)
    yield from changes(written)
    yield from refusals(server)
    yield Case("force_sync", "now", {})


def entry(run: str, metrics: Any, step: Any = None, **more: Any) -> dict[str, Any]:
    return {"project": "written", "run": run, "run_id": f"id of {run}", "metrics": metrics, "step": step, **more}


def bulk(name: str, *logs: Any, call: str = "bulk_log", **more: Any) -> Case:
    return Case(call, name, {"args": [], "kwargs": {"logs": list(logs), "hf_token": None, **more}})


def rows() -> Iterator[Case]:
    yield bulk("first rows", entry("one", {"loss": 1.5}, 0, config={"lr": 0.1, "_Group": "g"}), entry("one", {"loss": 1}, 1))
    yield bulk("two runs at once", entry("one", {"loss": 0.5}, 7), entry("two", {"x": "text"}, 3), entry("one", {"loss": 0.25}, 2))
    yield bulk("steps go on", entry("one", {"loss": 9}))
    yield bulk("a step back", entry("two", {"x": None, "y": [1, {"z": "NaN"}]}, -5))
    yield bulk("nothing in it", entry("two", {}, 4))
    yield bulk("not finite", entry("two", {"nan": "NaN", "inf": "Infinity", "down": "-Infinity"}, 5))
    same = entry("one", {"loss": 0.125}, 20, log_id="log-20")
    yield bulk("steps between", entry("gaps", {"x": 0}), entry("gaps", {"x": 1}, 5), entry("gaps", {"x": 2}))
    yield bulk("a time", {**entry("timed", {"x": 0}, 0, timestamp=TIME), "project": "times"})
    yield bulk("an id", same)
    yield bulk("the same id again", same, entry("one", {"loss": 0.1}, 21, log_id="log-21"))
    yield bulk("no run id", {"project": "written", "run": "old client", "metrics": {"a": 1}, "step": 0})
    yield bulk("a second config", entry("one", {"loss": 0}, 30, config={"lr": 0.2, "nan": "NaN"}))
    yield bulk("an empty config", entry("two", {"x": 1}, 31, config={}))
    yield bulk("a step as text", entry("two", {"x": 2}, "40"))
    yield bulk("another spelling", {**entry("one", {"loss": -1}, 50), "project": "../writ/ten"})
    trace = {"_type": "trackio.trace", "messages": [{"role": "user", "content": "Hi Größe"}], "metadata": {"k": 1}, "spans": []}
    yield bulk("a trace", entry("traced", {"chat": trace, "loss": 1, "pair": [trace, trace]}, 3, log_id="trace-3"))
    yield bulk("none")
    yield Case("bulk_log", "flat", {"logs": [entry("two", {"flat": 1}, 60)], "hf_token": None})
    yield Case("bulk_log", "further names", {"logs": [], "hf_token": "hf_x", "colour": "red"})
    row = {"project": "written", "run": "one by one", "metrics": {"x": 1}, "step": 4, "hf_token": None}
    yield Case("log", "one row", row)
    yield Case("log", "no step", {**row, "step": None, "metrics": {"x": 2}})
    yield Case("log", "with an id", {**row, "run": "by id", "run_id": "the id"})


def alert() -> dict[str, Any]:
    return {"project": "written", "run": "one", "run_id": "id of one", "title": "loss is odd", "text": None, "step": 2}


def samples_and_alerts() -> Iterator[Case]:
    sample = {"project": "written", "run": "one", "run_id": "id of one", "metrics": {"gpu": 5, "nan": "NaN"}}
    yield bulk("a time", {**sample, "timestamp": TIME, "log_id": "sample-1"}, call="bulk_log_system")
    yield bulk("the same id again", {**sample, "timestamp": TIME, "log_id": "sample-1"}, call="bulk_log_system")
    yield bulk("no time", sample, {**sample, "metrics": {"cpu": 1}}, call="bulk_log_system")
    yield bulk("no run id", {**sample, "run": "two", "run_id": None, "timestamp": TIME}, call="bulk_log_system")
    kinds = [{**alert(), "level": level, "timestamp": TIME.replace("06.7", f"0{place}.7"), "alert_id": f"alert-{level}"}
             for place, level in enumerate(("info", "warn", "error"))]
    yield Case("bulk_alert", "every level", {"alerts": kinds, "hf_token": None})
    yield Case("bulk_alert", "the same ids again", {"alerts": kinds, "hf_token": None})
    yield Case("bulk_alert", "no time", {"alerts": [{**alert(), "level": "warn", "title": "now"}], "hf_token": None})
    yield Case("bulk_alert", "none", {"alerts": [], "hf_token": None})


def media(server: Endpoint) -> Iterator[Case]:
    picture, notes = server.upload(("picture.png", b"\x89PNG"), ("notes.txt", b"notes"))
    upload = {"project": "written", "run": "one", "run_id": "id of one", "step": 3, "relative_path": None}
    yield Case("bulk_upload_media", "a picture", {"uploads": [{**upload, "uploaded_file": picture}], "hf_token": None})
    yield Case("bulk_upload_media", "a handle used twice", {"uploads": [{**upload, "uploaded_file": picture}], "hf_token": None})
    for_project = {**upload, "run": None, "run_id": None, "step": None, "relative_path": "files/deep/notes.txt"}
    yield Case("bulk_upload_media", "a project file", {"uploads": [{**for_project, "uploaded_file": notes}], "hf_token": None})
    forged = {**notes, "path": "/etc/passwd"}
    yield Case("bulk_upload_media", "a path of the machine", {"uploads": [{**upload, "uploaded_file": forged}], "hf_token": None})
    yield Case("bulk_upload_media", "none", {"uploads": [], "hf_token": None})


def artifacts(server: Endpoint) -> Iterator[Case]:
    content = b"some weights"
    digest, other = hashlib.sha256(content).hexdigest(), hashlib.sha256(b"other").hexdigest()
    asked = {"project": "written", "digests": [digest, other]}
    version = {
        "project": "written", "name": "net", "type": "model", "description": "d", "metadata": {"k": [1]},
        "manifest": [{"path": "a/w.bin", "digest": digest, "size": len(content)}], "aliases": ["best"],
        "run_name": "one", "run_id": "id of one", "hf_token": None,
    }
    yield Case("check_artifact_blobs", "nothing is there", asked)
    yield Case("check_artifact_blobs", "no digest", {**asked, "digests": ["short"]})
    yield Case("check_artifact_blobs", "none", {**asked, "digests": []})
    yield Case("artifact_log", "its blob is not there", version)
    (blob, again) = server.upload(("w.bin", content), ("w.bin", b"not what it says"))
    blobs = {"project": "written", "hf_token": None}
    yield Case("bulk_upload_artifact_blob", "a blob", {**blobs, "uploads": [{"digest": digest, "uploaded_file": blob}]})
    yield Case("bulk_upload_artifact_blob", "a wrong digest", {**blobs, "uploads": [{"digest": other, "uploaded_file": again}]})
    yield Case("check_artifact_blobs", "one is there", asked)
    yield Case("artifact_log", "a version", version)
    yield Case("artifact_log", "the same again", {**version, "aliases": ["again"], "metadata": {"k": 2}})
    reference = {"path": "r", "digest": "etag", "size": 0, "ref": "https://example.org/r"}
    yield Case("artifact_log", "another version", {**version, "manifest": [*version["manifest"], reference], "aliases": None})
    for name, changed in {
        "a bad name": {"name": "a b"}, "no type": {"type": ""}, "an alias like a version": {"aliases": ["v3"]},
        "an empty manifest": {"manifest": []}, "a path that leaves": {"manifest": [{**version["manifest"][0], "path": "../x"}]},
        "a negative size": {"manifest": [{**version["manifest"][0], "size": -1}]}, "another type": {"type": "dataset"},
        "overwrite is text": {"overwrite": "yes"},
    }.items():
        yield Case("artifact_log", name, {**version, **changed})
    use = {"project": "written", "version_id": 1, "run_name": "two", "run_id": "id of two", "hf_token": None}
    yield Case("log_artifact_use", "a use", use)
    yield Case("log_artifact_use", "the same again", use)
    yield Case("log_artifact_use", "an unknown version", {**use, "version_id": 999})
    yield Case("artifact_log", "overwrite", {**version, "name": "single", "overwrite": True})


def databases(server: Endpoint, written: Path) -> Iterator[Case]:
    (database,) = server.upload(("uploaded.db", (written / "duplicates.db").read_bytes()))
    body = {"project": "uploaded", "uploaded_db": database, "hf_token": None}
    yield Case("upload_db_to_space", "a project", body)
    yield Case("upload_db_to_space", "a handle used twice", body)


def changes(written: Path) -> Iterator[Case]:
    first, last = ids_of(written, "duplicates", "same")
    rename = {"project": "media", "old_name": "shown", "new_name": "renamed größe"}
    yield Case("rename_run", "with media", rename)
    yield Case("rename_run", "a name that is gone", rename)
    yield Case("rename_run", "by id", {"project": "duplicates", "old_name": "same", "new_name": "earlier", "run_id": first})
    yield Case("rename_run", "no name", {**rename, "old_name": "only a report", "new_name": "  "})
    yield Case("rename_run", "unknown project", {**rename, "project": "nowhere"})
    yield Case("rename_run", "a trace", {"project": "traces", "old_name": "chat", "new_name": "talk"})
    yield Case("rename_run", "a producer", {"project": "artifacts", "old_name": "producer", "new_name": "maker"})
    yield Case("delete_run", "by name", {"project": "duplicates", "run": "other"})
    yield Case("delete_run", "again", {"project": "duplicates", "run": "other"})
    yield Case("delete_run", "by id", {"project": "duplicates", "run": None, "run_id": last})
    yield Case("delete_run", "none named", {"project": "duplicates"})
    yield Case("delete_run", "unknown project", {"project": "nowhere", "run": "x"})
    yield Case("delete_run", "a consumer", {"project": "artifacts", "run": "consumer"})
    yield Case("delete_run", "its only run", {"project": "histogram-only", "run": "one"})


def refusals(server: Endpoint) -> Iterator[Case]:
    """Calls that must not be let through, and entries that make no sense."""
    bodies = {
        "bulk_log": {"logs": [entry("refused", {"x": 1})], "hf_token": None},
        "bulk_log_system": {"logs": [], "hf_token": None}, "bulk_alert": {"alerts": [], "hf_token": None},
        "bulk_upload_media": {"uploads": [], "hf_token": None},
        "log": {"project": "refused", "run": "x", "metrics": {}, "step": 0, "hf_token": None},
        "delete_run": {"project": "written", "run": "one"},
        "rename_run": {"project": "written", "old_name": "one", "new_name": "x"},
        "check_artifact_blobs": {"project": "written", "digests": []},
        "log_artifact_use": {"project": "written", "version_id": 1, "run_name": "x", "run_id": "x", "hf_token": None},
        "bulk_upload_artifact_blob": {"project": "written", "uploads": [], "hf_token": None},
    }
    for call, body in bodies.items():
        yield Case(call, "no token", body, token=False)
        for name in body:
            left = {key: value for key, value in body.items() if key != name}
            if call != "delete_run" or name != "run":
                yield Case(call, f"{name} missing", left)
    yield bulk("a step between two", {**entry("refused", {"x": 1}, 1.5), "project": "elsewhere"})
    yield bulk("a reserved project", {**entry("refused", {"x": 1}, 1), "project": "registry-written"})
    yield Case("bulk_alert", "no level", {"alerts": [{"project": "elsewhere", "run": "x", "title": "t"}], "hf_token": None})
    yield Case("bulk_alert", "an unknown level", {"alerts": [{**alert(), "level": "loud"}], "hf_token": None})
    yield Case("bulk_log", "form: data", {"data": [[], None]})
    yield Case("bulk_log", "form: list", [[], None])
    yield Case("bulk_log", "form: args", {"args": [[], None]})
    yield Case("delete_run", "form: data", {"data": ["nowhere", "x"]})
    yield bulk("metrics are text", entry("refused", "text", 0))
    yield bulk("no metrics", {"project": "refused", "run": "x"})
    yield bulk("no project", {"run": "x", "metrics": {}})
    yield bulk("entries are no objects", 7)
    yield Case("bulk_log", "logs are no list", {"logs": 7, "hf_token": None})


RUNS_LEFT = {
    "written": ["one", "two", "gaps", "old client", "traced", "one by one", "by id"],
    "times": ["timed"],
    "media": ["shown", "renamed größe", "only a report"],
    "traces": ["chat", "talk"],
    "duplicates": ["same", "earlier", "other", "without id"],
    "uploaded": ["same", "other", "without id"],
    "artifacts": ["producer", "maker", "consumer"],
    "histogram-only": ["one"],
    "refused": ["x", "refused"],
}


def state() -> Iterator[Case]:
    """Everything that can be read of what was written."""
    for project, names in RUNS_LEFT.items():
        for call in (
            "get_runs_for_project", "get_run_configs", "get_project_summary", "get_tab_availability", "get_alerts",
            "get_artifacts", "list_artifacts", "get_run_artifact_counts", "get_project_files",
        ):
            yield Case(call, f"left in {project}", {"project": project})
        for name in names:
            for call in (
                "get_logs", "get_system_logs", "get_traces", "get_trace_steps", "get_run_summary", "get_alerts",
                "get_run_artifacts", "get_metrics_for_run",
            ):
                yield Case(call, f"left of {project}/{name}", {"project": project, "run": name})
        for version in (1, 2, 3):
            for call in ("get_artifact_consumers", "get_artifact_lineage"):
                yield Case(call, f"left in {project}, version {version}", {"project": project, "version_id": version})
