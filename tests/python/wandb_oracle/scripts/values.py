"""Values of every kind a row can hold."""

import datetime
import decimal
import enum
import pathlib

import numpy as np
import wandb


class Level(enum.IntEnum):
    LOW = 3


with wandb.init(project="values") as run:
    run.log({"int": 1, "float": 0.1, "bool": True, "str": "text", "none": None, "nan": float("nan"), "inf": float("inf"), "minus": -float("inf")})
    run.log({"f32": np.float32(0.1), "f64": np.float64(0.1), "f16": np.float16(0.1), "i64": np.int64(3), "u8": np.uint8(255), "b": np.bool_(True)})
    run.log({"zero_dimensional": np.array(3), "one": np.array([2.5]), "two": np.array([1, 2]), "list": [1, 2, 3], "tuple": (1, 2), "empty": [], "strings": ["a", "b"]})
    run.log({"long": np.arange(100), "matrix": np.ones((10, 10)), "bools": np.array([True, False]), "n33": np.arange(33.0), "n32": np.arange(32.0)})
    run.log({"big": 2**53 + 1, "path": pathlib.Path("a/b"), "date": datetime.date(2024, 1, 2), "moment": datetime.datetime(2024, 1, 2, 3, 4, 5), "decimal": decimal.Decimal("1.5")})
    run.log({"long_text": "x" * 100_000, "unicode": "größe ✓", "empty_text": "", "level": Level.LOW})
    run.log({})
    run.log({"after": 1, "nan32": np.float32("nan"), "list_of_floats": [0.5] * 40, "list_of_lists": [[1, 2], [3, 4]]})
    print(run.step)
