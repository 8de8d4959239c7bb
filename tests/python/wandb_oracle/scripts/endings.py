"""Runs after each other, in every way they end."""

import wandb

run = wandb.init(project="endings", name="code")
run.log({"a": 1})
run.finish(exit_code=1)
with wandb.init(project="endings", name="with") as run:
    run.log({"a": 2})
print(wandb.run)
try:
    with wandb.init(project="endings", name="fails") as run:
        run.log({"a": 3})
        raise RuntimeError("no")
except RuntimeError:
    print("raised")
for number in range(2):
    run = wandb.init(project="endings", name=f"reinit{number}", reinit=True, config={"n": number})
    wandb.log({"number": number})
    print(wandb.run is run, wandb.config.n)
wandb.finish()
wandb.finish()
try:
    wandb.log({"a": 1})
except wandb.Error as error:
    print("Error")
run = wandb.init(project="endings", name="renamed later", tags=["one"])
run.name = "final name"
run.tags = run.tags + ("two",)
run.notes = "late"
run.log({"a": 4})
print(run.name, run.tags, run.notes)
run.finish()
