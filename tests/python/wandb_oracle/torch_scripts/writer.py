"""PyTorch's writer of TensorBoard, synced: scalars, groups of scalars, distributions, hyperparameters beside `log`."""

import torch
import wandb
from torch.utils.tensorboard import SummaryWriter

wandb.init(project="writer", sync_tensorboard=True, config={"seed": 1})
writer = SummaryWriter("runs/one")
for step in range(3):
    writer.add_scalar("Loss/train", torch.tensor(0.5), step)
    writer.add_scalar("Loss/test", 0.25, step)
writer.close()
print("done")
