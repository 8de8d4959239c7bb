"""Scripts with PyTorch twice: under real wandb, and with only their import changed; see `test_wandb_oracle.py`."""

from pathlib import Path

import pytest

from support.wandb_oracle import assert_the_same, recorded_by_us, recorded_by_wandb

SCRIPTS = sorted((Path(__file__).parents[1] / "wandb_oracle/torch_scripts").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.stem for script in SCRIPTS])
def test_ours_records_what_wandb_records(script, directory):
    wandb = recorded_by_wandb(script.read_text(), directory.folder / "wandb", torch=True)
    assert_the_same(script.stem, wandb, recorded_by_us(script.read_text(), directory, torch=True))
