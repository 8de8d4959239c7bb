"""Nested dicts become names with dots."""

import wandb

run = wandb.init(project="nested", config={"model": {"layers": [64, 32], "act": "relu"}, "optim": {"lr": 1e-3, "betas": (0.9, 0.999)}})
for epoch in range(3):
    run.log({"train": {"loss": 1 / (epoch + 1), "acc": {"top1": epoch, "top5": 2 * epoch}}, "epoch": epoch})
    run.log({"val/loss": 1.0, "empty": {}, "a.b": 1, "x": {"y.z": 2}})
print(run.config["model"]["layers"], run.config.optim["lr"], run.config["optim"]["betas"])
print(run.summary["epoch"], run.summary["train"]["loss"], run.summary["train"]["acc"]["top5"])
run.finish()
