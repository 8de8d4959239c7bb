"""Definitions: axes, kinds of summary, patterns."""

import wandb

run = wandb.init(project="definitions")
run.define_metric("epoch")
wandb.define_metric("val/*", step_metric="epoch")
wandb.define_metric("loss", summary="min")
wandb.define_metric("acc", summary="max")
wandb.define_metric("both", summary="min,max")
wandb.define_metric("mean", summary="mean")
wandb.define_metric("last", summary="last")
wandb.define_metric("none", summary="none")
wandb.define_metric("copy", summary="copy")
wandb.define_metric("first", summary="first")
wandb.define_metric("hidden", hidden=True)
for epoch in range(4):
    wandb.log({"epoch": epoch, "loss": [3, 1, 2, 2][epoch], "acc": [0, 0.5, 0.25, 0.3][epoch], "both": -epoch, "mean": epoch, "last": epoch,
               "none": epoch, "copy": epoch, "first": epoch + 5, "hidden": epoch, "plain": epoch})
    wandb.log({"val/acc": epoch / 4, "val/loss": 1.0})
wandb.finish()
