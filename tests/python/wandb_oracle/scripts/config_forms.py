"""A config from a namespace, changed in every way there is."""

import argparse
import dataclasses
import pathlib

import numpy as np
import wandb

parser = argparse.ArgumentParser()
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--lr", type=float, default=1e-2)
parser.add_argument("--no-cuda", action="store_true")
parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out"))
args = parser.parse_args([])


@dataclasses.dataclass
class Inner:
    width: int = 3


run = wandb.init(project="config", config=args)
config = wandb.config
print(config.batch_size, config["lr"], config.get("missing", 5), "lr" in config, sorted(config.keys()))
config.epochs = 3
config["seed"] = 7
config.update({"depth": 2, "nested": {"a": 1, "b": {"c": 2}}})
config.update({"lr": 0.5}, allow_val_change=True)
config.update(argparse.Namespace(extra=True))
config.setdefaults({"lr": 9, "width": 4})
config.update({"set": {1}, "tuple": (1, 2), "none": None, "f32": np.float32(0.5), "array": np.arange(3), "flag": np.bool_(True), "path": pathlib.Path("x")})
config.update({"cls": argparse.Namespace, "function": len, "text": "t" * 10})
config.update({"--dashed": 1, "with.dot": 2, "with space": 3})
print(config.lr, len(dict(config)), config.as_dict()["nested"], config.nested["b"]["c"])
try:
    config.nothing
except AttributeError as error:
    print("AttributeError")
try:
    config["nothing"]
except KeyError as error:
    print("KeyError")
run.config.update(vars(args), allow_val_change=True)
for key, value in wandb.config.items():
    if key == "epochs":
        print(key, value)
