"""`paceline shim wandb`: a module `wandb` that is `trackio`, in an environment or a folder, and gone again.

Each test has a virtual environment of its own; what stands for the real wandb is a small wheel of that name,
installed by pip.
"""

import os
import subprocess
from pathlib import Path

import pytest
import trackio

from support.directory import PROGRAM
from support.environments import Environment, wheel

REAL = "__version__ = '0.31.0'\nrun = None\n"

# Modules that libraries import from, and a name they take from each.
MODULES = {
    "wandb.apis": "Api",
    "wandb.apis.public": "Run",
    "wandb.data_types": "Table",
    "wandb.errors": "CommError",
    "wandb.integration.keras": "WandbCallback",
    "wandb.keras": "WandbCallback",
    "wandb.plot": "line",
    "wandb.sdk.artifacts.artifact": "Artifact",
    "wandb.sdk.data_types.image": "Image",
    "wandb.sdk.data_types.table": "Table",
    "wandb.sdk.data_types.video": "Video",
    "wandb.sdk.lib": "RunDisabled",
    "wandb.sdk.lib.disabled": "RunDisabled",
    "wandb.sdk.lib.runid": "generate_id",
    "wandb.sdk.wandb_config": "Config",
    "wandb.sdk.wandb_run": "Run",
    "wandb.sdk.wandb_settings": "Settings",
    "wandb.sklearn": "plot_confusion_matrix",
    "wandb.util": "generate_id",
    "wandb.wandb_run": "Run",
}


@pytest.fixture
def environment(tmp_path) -> Environment:
    return Environment(tmp_path / "environment")


def shim(*arguments: object, status: int = 0, **environment: str) -> str:
    """Runs `paceline shim wandb`, which must end with this status; gives what it printed."""
    done = subprocess.run(
        [PROGRAM, "shim", "wandb", *map(str, arguments)],
        env={**os.environ, **environment}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == status, f"{done.returncode}: {done.stdout}{done.stderr}"
    assert (done.stderr == "") == (status == 0), done.stderr
    return done.stdout + done.stderr


def test_wandb_is_trackio(environment):
    said = shim("--python", environment.python)
    assert str(environment.site_packages) in said
    environment.run("""
import importlib.metadata, importlib.util
assert importlib.util.find_spec("wandb") is not None
import wandb, trackio
assert wandb is trackio and importlib.util.find_spec("wandb") is not None
assert importlib.metadata.version("wandb") == wandb.__version__ == trackio.__version__
assert hasattr(wandb, "run") and wandb.run is None
""")
    version = environment.run("import importlib.metadata; print(importlib.metadata.version('wandb'))").strip()
    assert version == trackio.__version__


def test_its_modules_are_those_of_trackio(environment):
    shim("--python", environment.python)
    environment.run(f"""
import importlib
for name, member in {MODULES!r}.items():
    found = importlib.import_module(name)
    own = importlib.import_module("trackio" + name.removeprefix("wandb"))
    assert found is own, name
    assert getattr(found, member) is getattr(own, member), name
    assert found.__name__.startswith("trackio"), name
    assert found.__spec__.name == found.__name__, name
import wandb, wandb.sdk.data_types.video as video
assert video.Video is wandb.Video is wandb.sdk.data_types.video.Video
from wandb.errors import Error
import trackio
assert Error is trackio.Error
""")
    trouble = environment.run("""
try:
    import wandb.sdk.launch
except ModuleNotFoundError as error:
    print(error, error.name)
""")
    assert trouble == "No module named 'wandb.sdk.launch' wandb.sdk.launch\n"


def test_attributes_lead_to_modules_without_an_import(environment):
    shim("--python", environment.python)
    environment.run("""
import wandb
assert wandb.sdk.lib.RunDisabled and wandb.sdk.wandb_run.Run is wandb.Run
assert wandb.sdk.data_types.image.Image is wandb.Image and wandb.apis.public.Api is wandb.Api
assert wandb.util.generate_id() and wandb.errors.UsageError is wandb.UsageError
""")


def test_a_run_of_one_name_is_the_run_of_the_other(directory, tmp_path):
    shim("--into", tmp_path / "shims")
    directory.run("""
import wandb
from wandb.sdk.lib import RunDisabled
run = wandb.init(project="p", name="first", config={"lr": 0.1})
import trackio
assert wandb.run is trackio.run is run and not isinstance(run, RunDisabled)
assert isinstance(run, wandb.sdk.wandb_run.Run)
wandb.log({"loss": 1.0})
trackio.log({"loss": 0.5})
wandb.config.update({"depth": 3})
assert trackio.config.depth == 3
trackio.finish()
assert wandb.run is None
assert isinstance(wandb.init(mode="disabled"), RunDisabled)
""", PYTHONPATH=os.pathsep.join([str(tmp_path / "shims"), os.environ.get("PYTHONPATH", "")]))
    assert [row.metrics for row in directory.rows("p")] == [{"loss": 1.0}, {"loss": 0.5}]


def test_making_it_twice_and_removing_it_leaves_what_was_there(environment):
    before = environment.contents()
    shim("--python", environment.python)
    made = environment.contents()
    shim("--python", environment.python)
    assert environment.contents() == made
    environment.run("import wandb")
    assert "gone" in shim("--python", environment.python, "--remove")
    assert environment.contents() == before
    assert not (environment.site_packages / "wandb").exists()
    assert "made no module" in shim("--python", environment.python, "--remove")


def test_a_folder_takes_it_too(tmp_path):
    folder = tmp_path / "new" / "shims"
    assert "PYTHONPATH" in shim("--into", folder)
    bare = Environment(tmp_path / "bare")
    bare.run("import wandb, trackio; assert wandb is trackio", PYTHONPATH=str(folder))
    shim("--into", folder, "--remove")
    assert list(folder.iterdir()) == []


def test_the_python_of_the_path_is_the_usual_one(environment):
    # The program lies beside no interpreter here: it is linked from elsewhere, or copied.
    program = environment.python.parent.parent / "elsewhere" / "paceline"
    program.parent.mkdir()
    program.write_bytes(Path(PROGRAM).resolve().read_bytes())
    program.chmod(0o755)
    path = os.pathsep.join([str(environment.python.parent), os.environ["PATH"]])
    subprocess.run([program, "shim", "wandb"], env={**os.environ, "PATH": path}, check=True)
    assert (environment.site_packages / "wandb" / "__init__.py").exists()
    # Copied into the environment it goes by that, whatever the search path has.
    subprocess.run([program, "shim", "wandb", "--remove"], env={**os.environ, "PATH": path}, check=True)
    inside = program.rename(environment.python.with_name("paceline"))
    subprocess.run([inside, "shim", "wandb"], check=True)
    assert (environment.site_packages / "wandb" / "__init__.py").exists()


def test_a_real_wandb_is_left_alone(environment, tmp_path):
    assert environment.pip("install", "--no-index", wheel(tmp_path, "wandb", "0.31.0", REAL)).returncode == 0
    before = environment.contents()
    refusal = shim("--python", environment.python, status=1)
    assert f"{environment.site_packages / 'wandb'}\n" in refusal and "pip uninstall wandb" in refusal
    assert "made no module" in shim("--python", environment.python, "--remove")
    assert environment.contents() == before
    # The way out that it names.
    assert environment.pip("uninstall", "-y", "wandb").returncode == 0
    shim("--python", environment.python)
    environment.run("import wandb, trackio; assert wandb is trackio")


def test_a_real_wandb_elsewhere_on_the_path_is_not_hidden(environment, tmp_path):
    (tmp_path / "others" / "wandb").mkdir(parents=True)
    (tmp_path / "others" / "wandb" / "__init__.py").write_text(REAL)
    environment.add_path(tmp_path / "others")
    before = environment.contents()
    assert str(tmp_path / "others" / "wandb") in shim("--python", environment.python, status=1)
    assert environment.contents() == before


@pytest.mark.parametrize("name", ["wandb/offline-run-20260101/run.wandb", "wandb.py", "wandb-0.1.egg-info/PKG-INFO"])
def test_nothing_of_the_name_is_overwritten(tmp_path, name):
    file = tmp_path / "shims" / name
    file.parent.mkdir(parents=True)
    file.write_text("theirs")
    assert "not" in shim("--into", tmp_path / "shims", status=1)
    shim("--into", tmp_path / "shims", "--remove")
    assert [path for path in (tmp_path / "shims").rglob("*") if path.is_file()] == [file]


def test_files_of_others_stay_when_it_goes(tmp_path):
    shim("--into", tmp_path)
    (tmp_path / "wandb" / "mine.txt").write_text("mine")
    shim("--into", tmp_path, "--remove")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "wandb" / "mine.txt"]


def test_what_uninstalling_left_is_no_hindrance(environment, tmp_path):
    left = environment.site_packages / "wandb" / "__pycache__"
    left.mkdir(parents=True)
    (left / "util.cpython-311.pyc").write_bytes(b"")
    shim("--python", environment.python)
    environment.run("import wandb, trackio; assert wandb is trackio")


def test_one_of_an_earlier_version_is_replaced(environment):
    shim("--python", environment.python)
    made = environment.contents()
    (metadata,) = environment.site_packages.glob("wandb-*.dist-info")
    metadata.rename(metadata.with_name("wandb-0.40.0+paceline.0.0.9.dist-info"))
    with (environment.site_packages / "wandb" / "__init__.py").open("a") as file:
        file.write("# of an earlier version\n")
    shim("--python", environment.python)
    assert environment.contents() == made


def test_pip_knows_it(environment, tmp_path):
    before = environment.contents()
    shim("--python", environment.python)
    satisfied = environment.pip("install", "--no-index", "wandb>=0.20")
    assert "already satisfied" in satisfied.stdout, satisfied
    assert environment.pip("uninstall", "-y", "wandb").returncode == 0
    assert environment.contents() == before


def test_a_python_without_paceline_gets_none(tmp_path):
    bare = Environment(tmp_path / "bare", has_trackio=False)
    refusal = shim("--python", bare.python, status=1)
    assert "has no Paceline" in refusal and "pip install paceline" in refusal
    shim("--into", bare.site_packages)
    trouble = bare.run("""
try:
    import wandb
except ImportError as error:
    print(error)
""")
    assert "pip install paceline" in trouble and "pip uninstall wandb" in trouble


def test_another_trackio_is_named(tmp_path):
    bare = Environment(tmp_path / "bare", has_trackio=False)
    assert bare.pip("install", "--no-index", wheel(tmp_path, "trackio", "0.43.0", "__version__ = '0.43.0'")).returncode == 0
    assert "`0.43.0`" in shim("--python", bare.python, status=1)
    assert not (bare.site_packages / "wandb").exists()


def test_what_is_no_python_is_said(tmp_path):
    assert "not there" in shim("--python", tmp_path / "python", status=1)
    assert "Python" in shim("--python", "cat", status=1)
    assert "Python" in shim("--python", "true", status=1)
    assert "--into" in shim("--into", tmp_path, "--python", "python3", status=2)


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("no folder")
    refusal = shim("--into", tmp_path / "file" / "shims", status=1)
    assert str(tmp_path / "file" / "shims") in refusal and "PYTHONPATH" in refusal
