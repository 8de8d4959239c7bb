"""Tables: from lists, data frames, cell by cell, with media."""

import numpy as np
import pandas as pd
import wandb

run = wandb.init(project="tables")
table = wandb.Table(columns=["id", "text", "score"])
for number in range(3):
    table.add_data(number, f"t{number}", number / 2)
run.log({"predictions": table})
run.log({"frame": wandb.Table(dataframe=pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [0.5, 1.5]}))})
run.log({"data": wandb.Table(data=[[1, True], [None, False]], columns=["n", "b"])})
images = wandb.Table(columns=["image", "label"])
images.add_data(wandb.Image(np.zeros((4, 4, 3), dtype=np.uint8), caption="zero"), 3)
run.log({"images": images})
grown = wandb.Table(columns=["x"], data=[[1], [2]])
grown.add_column("y", [3, 4])
print(grown.get_column("y"), grown.columns, grown.data, len(grown.data))
run.log({"grown": grown, "loss": 1})
print([row for _, row in grown.iterrows()])
unnamed = wandb.Table(data=[[1, 2, 3]], columns=None)
print(unnamed.columns)
mutable = wandb.Table(columns=["step", "value"], log_mode="MUTABLE")
for step in range(2):
    mutable.add_data(step, step * 2)
    run.log({"mutable": mutable}, step=10 + step)
run.finish()
