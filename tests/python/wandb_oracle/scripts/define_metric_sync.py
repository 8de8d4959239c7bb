"""An axis that joins the rows that lack it."""

import wandb

run = wandb.init(project="definitions")
run.define_metric("global_step")
run.define_metric("*", step_metric="global_step", step_sync=True)
for step in range(3):
    run.log({"global_step": step * 10, "loss": step})
    run.log({"eval/acc": step})
run.finish()
run = wandb.init(project="definitions")
run.define_metric("train/*", step_metric="epoch")
run.define_metric("train/lr", step_metric="batch", summary="max")
for epoch in range(2):
    for batch in range(2):
        run.log({"batch": batch, "train/lr": batch, "train/loss": batch}, commit=False)
    run.log({"epoch": epoch})
