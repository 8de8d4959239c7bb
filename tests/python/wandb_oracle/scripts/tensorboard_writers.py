"""Two writers of TensorBoard, one for training and one for evaluation."""

import wandb
from tensorboardX import SummaryWriter

wandb.init(project="writers", sync_tensorboard=True)
train, evaluation = SummaryWriter("logs/train"), SummaryWriter("logs/eval")
for step in range(0, 6, 2):
    train.add_scalar("loss", 0.5, step)
    evaluation.add_scalar("acc", 0.25, step)
train.close()
evaluation.close()
wandb.log({"done": 1})
