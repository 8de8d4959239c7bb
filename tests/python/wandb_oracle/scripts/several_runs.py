"""Runs one after the other and at once."""

import wandb

scores = {}
for lr in (0.1, 0.01):
    run = wandb.init(project="search", group="grid", config={"lr": lr}, reinit=True, name=f"lr-{lr}")
    for epoch in range(3):
        wandb.log({"loss": lr / (epoch + 1), "epoch": epoch})
    scores[run.name] = run.summary["loss"]
    run.finish()
print(scores)
first = wandb.init(project="at-once", name="first", reinit="create_new")
second = wandb.init(project="at-once", name="second", reinit="create_new")
for step in range(3):
    first.log({"a": step})
    second.log({"b": step * 2}, step=step * 10)
first.finish()
second.log({"c": 1})
second.finish()
print(wandb.run)
