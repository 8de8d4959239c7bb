"""A table that grows and is logged again and again."""

import wandb

run = wandb.init(project="tables")
table = wandb.Table(columns=["epoch", "text"])
for epoch in range(3):
    table.add_data(epoch, f"sample {epoch}")
    run.log({"samples": wandb.Table(columns=table.columns, data=table.data), "loss": 1 / (epoch + 1)})
print(len(table.data), table.get_column("epoch"))
best = wandb.Table(columns=["a", "b"])
best.add_data(*[1, 2])
best.add_data(3, None)
run.log({"eval/best": best})
