"""Each script twice: under real wandb, and with only its import changed. Rows, config, summary and output are equal.

The scripts lie in `wandb_oracle/scripts`; `wandb_oracle/differences.json` lists what differs on purpose, with a
reason each: the script's name, a pattern of the place, the reason.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from support.wandb_oracle import assert_the_same, recorded_by_us, recorded_by_wandb

_SCRIPTS = sorted((Path(__file__).parent / "wandb_oracle/scripts").glob("*.py"))


@pytest.fixture(scope="module")
def wandb_records(request, tmp_path_factory):
    """What wandb recorded of each script that is asked for, two scripts at once ahead of the tests."""
    chosen = {item.callspec.params["script"] for item in request.session.items if "wandb_records" in item.fixturenames}
    folder = tmp_path_factory.mktemp("wandb")
    with ThreadPoolExecutor(2) as pool:
        records: dict[Path, Future] = {
            script: pool.submit(recorded_by_wandb, script.read_text(), folder / script.stem) for script in sorted(chosen)
        }
        yield records


@pytest.mark.parametrize("script", _SCRIPTS, ids=[script.stem for script in _SCRIPTS])
def test_ours_records_what_wandb_records(script, wandb_records, directory):
    ours = recorded_by_us(script.read_text(), directory)
    assert_the_same(script.stem, wandb_records[script].result(), ours)
