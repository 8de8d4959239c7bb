"""Configs as frameworks make them: dataclasses, nested namespaces, enums, dates, read back as dicts and keywords."""

import argparse
import dataclasses
import datetime
import enum
import json

import wandb


@dataclasses.dataclass
class Optimizer:
    lr: float = 0.1
    betas: tuple = (0.9, 0.999)


class Colour(enum.Enum):
    RED = "red"


def build(lr, depth, **rest):
    return lr * depth, sorted(rest)


run = wandb.init(project="config", config={"lr": 0.5, "depth": 2, "optimizer": dataclasses.asdict(Optimizer()), "colour": Colour.RED.value})
wandb.config.update({"date": datetime.date(2024, 1, 2), "list": [{"a": 1}, {"b": (2, 3)}], "empty": {}, "nothing": None, "zero": 0, "off": False})
wandb.config.update({"dataclass": Optimizer(), "enum": Colour.RED, "bytes": b"abc", "none_list": [None, 1]})
print(build(**{key: value for key, value in wandb.config.items() if key in ("lr", "depth", "zero")}))
print(json.dumps(dict(wandb.config), sort_keys=True, default=str))
print(wandb.config.list[1]["b"], wandb.config["dataclass"], wandb.config.enum, wandb.config.bytes, wandb.config.date)
print(sorted(wandb.config.keys()) == sorted(dict(wandb.config)), "lr" in wandb.config, wandb.config.get("none"), hasattr(wandb.config, "none"))
args = argparse.Namespace(**wandb.config)
print(args.lr, args.optimizer["betas"])
for key in wandb.config:
    if not hasattr(wandb.config, key):
        print("lacks", key)
