"""What wandb recorded of its offline runs, printed as JSON: run by wandb's own Python, decoded by its own messages.

    python read_offline_run.py RUN.wandb…

A file is a LevelDB log (blocks of 32,768 bytes; a fragment has a checksum, a length and a kind before it), behind a
head of 7 bytes. Its records are wandb's `Record`.
"""

import json
import struct
import sys
from pathlib import Path

from wandb.proto.wandb_internal_pb2 import Record

_BLOCK_BYTES, _FILE_HEAD_BYTES, _FRAGMENT_HEAD_BYTES = 32_768, 7, 7
_FULL, _LAST = 1, 4


def records(path):
    """Each record of a file that was written whole."""
    data, at, parts = Path(path).read_bytes(), _FILE_HEAD_BYTES, b""
    while at + _FRAGMENT_HEAD_BYTES <= len(data):
        left = _BLOCK_BYTES - at % _BLOCK_BYTES
        if left < _FRAGMENT_HEAD_BYTES:
            at += left
            continue
        _, length, kind = struct.unpack_from("<IHB", data, at)
        at += _FRAGMENT_HEAD_BYTES
        parts += data[at : at + length]
        at += length
        if kind in (_FULL, _LAST):
            record = Record()
            record.ParseFromString(parts)
            yield record
            parts = b""


def put(values, keys, value):
    """Sets a value at a path of keys."""
    for key in keys[:-1]:
        if not isinstance(values.get(key), dict):
            values[key] = {}
        values = values[key]
    values[keys[-1]] = value


def remove(values, keys):
    """Removes what is at a path of keys."""
    for key in keys[:-1]:
        values = values.get(key, {})
    values.pop(keys[-1], None)


def path_of(item):
    """The keys that lead to a value."""
    return list(item.nested_key) or [item.key]


def apply(values, change):
    """Takes in the updates and removals of a config or summary."""
    for item in change.update:
        put(values, path_of(item), json.loads(item.value_json))
    for item in change.remove:
        remove(values, path_of(item))


def run_of(path):
    """One run: what it is, its config, rows, summary, definitions, alerts, and its exit code."""
    run = {"config": {}, "summary": {}, "rows": [], "alerts": [], "metrics": {}, "exit_code": None, "files": str(Path(path).parent / "files")}
    for record in records(path):
        kind = record.WhichOneof("record_type")
        if kind == "run":
            said = record.run
            run.update(
                id=said.run_id, name=said.display_name, project=said.project, entity=said.entity, group=said.run_group,
                job_type=said.job_type, notes=said.notes, tags=list(said.tags), resumed=said.resumed,
                started=said.start_time.seconds + said.start_time.nanos / 1e9,
            )  # fmt: skip
            apply(run["config"], said.config)
            apply(run["summary"], said.summary)
        elif kind == "config":
            apply(run["config"], record.config)
        elif kind == "summary":
            apply(run["summary"], record.summary)
        elif kind == "history":
            row = {}
            for item in record.history.item:
                put(row, path_of(item), json.loads(item.value_json))
            run["rows"].append(row)
        elif kind == "metric":
            name = record.metric.name or record.metric.glob_name
            kept = [field.name for field, value in record.metric.summary.ListFields() if value]
            run["metrics"][name] = {"step_metric": record.metric.step_metric, "summary": kept, "hidden": record.metric.options.hidden}
        elif kind == "alert":
            run["alerts"].append([record.alert.title, record.alert.text, record.alert.level])
        elif kind == "exit":
            run["exit_code"] = record.exit.exit_code
        elif kind == "stats":
            run.setdefault("samples", []).append(
                [record.stats.timestamp.seconds + record.stats.timestamp.nanos / 1e9,
                 {item.key: json.loads(item.value_json) for item in record.stats.item}]
            )  # fmt: skip
    return run


if __name__ == "__main__":
    print(json.dumps([run_of(path) for path in sys.argv[1:]]))
