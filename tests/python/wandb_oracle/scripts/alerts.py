"""Alerts."""

from datetime import timedelta

import wandb
from wandb import AlertLevel

wandb.init(project="alerts")
wandb.log({"accuracy": 0.1})
wandb.alert(title="Low accuracy", text="below the threshold", level=AlertLevel.WARN, wait_duration=timedelta(minutes=5))
wandb.run.alert("Again", "text", level="ERROR")
wandb.alert("Plain", "text")
wandb.finish()
