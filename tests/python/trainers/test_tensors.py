"""Tensors of PyTorch as metrics, from losses with a graph behind them to rows of a thousand."""

import json

from support.training import IMPORT_SECONDS, start_script


def test_tensors_are_the_numbers_they_hold(directory):
    training = start_script(directory, "tensors.py")
    training.expect_exit(0, IMPORT_SECONDS)
    expected, wide = map(json.loads, training.output.splitlines()[-2:])
    first, second = directory.rows("tensors")
    many = first.metrics.pop("many")
    assert many["_type"] == "trackio.histogram" and sum(many["values"]) == 1_000
    assert first.step == 5 and json.dumps(first.metrics) == json.dumps(expected)
    assert second.step == 6 and second.metrics == wide
    assert "Warning" not in training.errors
