"""sys.exit with a status."""

import sys

import wandb

wandb.init(project="endings", name="exits")
wandb.log({"loss": 1.0})
sys.exit(3)
