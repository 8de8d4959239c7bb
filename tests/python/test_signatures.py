"""Every public name of the peer is here, with its parameters, their order, kinds and defaults: by `inspect`, in both."""

import json
import subprocess
import sys

import pytest

from support.interpreters import peer_python

# Prints, of the names of the peer's `__all__`, each callable and each public method of a class, as a list of
# parameters.
DESCRIBE = """
import inspect, json, sys, typing
import trackio
names = json.loads(sys.argv[1]) or trackio.__all__

def parameters(function):
    found = inspect.signature(function).parameters.values()
    return [
        {"name": one.name, "kind": one.kind.name, "default": "" if one.default is one.empty else repr(one.default)}
        for one in found
    ]

described = {}
for name in names:
    value = getattr(trackio, name, None)
    if not callable(value):
        described[name] = "missing" if value is None else "value"
        continue
    described[name] = parameters(value)
    if not inspect.isclass(value):
        continue
    own = {method for base in value.__mro__ if base.__module__.startswith("trackio") for method in vars(base)}
    for method in sorted(own):
        if method.startswith("_"):
            continue
        is_function = callable(getattr(value, method)) and not isinstance(getattr(value, method), value)
        described[f"{name}.{method}"] = parameters(getattr(value, method)) if is_function else "value"
print(json.dumps({"names": list(names), "described": described}))
"""

# Parameters of ours behind or beside the peer's, and defaults where the peer has none, with the reason.
MORE = {
    "init": "`project` may be absent (wandb), and keywords of wandb follow the peer's",
    "log": "`commit`, `sync` and `data` of wandb",
    "finish": "`exit_code` and `quiet` of wandb",
    "alert": "`wait_duration` of wandb",
    "save": "`base_path` and `policy` of wandb",
    "Api": "`overrides`, `timeout` and `api_key` of wandb",
    "Artifact": "`incremental` and `use_as` of wandb",
    "Artifact.add_dir": "`skip_cache`, `policy` and `merge` of wandb",
    "Artifact.add_file": "`is_tmp`, `skip_cache`, `policy` and `overwrite` of wandb",
    "Table": "keywords of wandb",
    "Image": "keywords of wandb",
    **dict.fromkeys(
        ("ArtifactTTL", "Classes", "Config", "Plotly", "Settings"), "the peer's raises, whatever it is given; ours can be made"
    ),
}
# What the peer has and we do not: what its classes use for themselves.
ABSENT = {
    "Audio.ensure_int16_pcm",
    "Audio.write_audio",
    "Html.is_loggable_figure",
    "Html.is_matplotlib_animation",
    "Html.is_matplotlib_figure",
    "Html.is_plotly_figure",
    "Html.is_pyplot_module",
    "Table.to_display_format",
    "Video.write_video",
}


def describe(python: str, names: list[str]) -> dict:
    """What `trackio` is in an interpreter."""
    done = subprocess.run(
        [python, "-c", DESCRIBE, json.dumps(names)], capture_output=True, text=True, check=False,
        env={"HF_HUB_OFFLINE": "1", "HOME": "/nonexistent", "TRACKIO_DIR": "/nonexistent/trackio"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def both() -> tuple[dict, dict]:
    theirs = describe(str(peer_python()), [])
    ours = describe(sys.executable, theirs["names"])
    return theirs["described"], ours["described"]


def test_every_name_is_here(both):
    theirs, ours = both
    assert len(theirs) > 40
    missing = {name for name, what in theirs.items() if what != "missing" and ours.get(name, "missing") == "missing"}
    assert missing == ABSENT


def test_every_signature_is_the_peers(both):
    theirs, ours = both
    compared = 0
    for name, expected in theirs.items():
        if name in ABSENT or not isinstance(expected, list) or name in MORE:
            continue
        assert ours[name] == expected, name
        compared += 1
    assert compared > 30


@pytest.mark.parametrize("name", MORE)
def test_what_we_add_stands_behind_what_the_peer_has(both, name):
    theirs, ours = both
    expected = [one for one in theirs[name] if not one["kind"].startswith("VAR_")]
    found = ours[name][: len(expected)]
    assert [one["name"] for one in found] == [one["name"] for one in expected]
    for one in ours[name][len(expected):] if expected else []:
        assert one["default"] or one["kind"].startswith("VAR_"), f"{name} needs {one['name']}"
    for one, wanted in zip(found, expected, strict=True):
        assert one["kind"] == wanted["kind"], one
        # What may be left out with the peer may be left out here.
        assert one["default"] or not wanted["default"], one
