"""Attributes of the run and of its environment variables."""

import os

os.environ["WANDB_PROJECT"] = "from-environment"
os.environ["WANDB_NAME"] = "named"
os.environ["WANDB_NOTES"] = "noted"
os.environ["WANDB_TAGS"] = "x,y"
os.environ["WANDB_RUN_GROUP"] = "grouped"
os.environ["WANDB_JOB_TYPE"] = "eval"
os.environ["WANDB_RUN_ID"] = "idfromenv"

import wandb

run = wandb.init()
print(run.project, run.name, run.notes, run.tags, run.group, run.job_type, run.id)
wandb.log({"a": 1})
run.tags = ["z"]
run.notes = "changed"
run.summary.update({"best": {"epoch": 3, "acc": 0.5}})
print(run.tags, run.summary["best"]["epoch"], run.summary["best"]["acc"])
run.finish()
