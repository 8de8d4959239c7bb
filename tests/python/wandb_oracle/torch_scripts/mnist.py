"""In the manner of the example of PyTorch for MNIST: argparse, watch, losses as tensors, a checkpoint at the end."""

import argparse
import os

import torch
import torch.nn as nn
import torch.nn.functional as F
import wandb


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 8)
        self.fc2 = nn.Linear(8, 3)

    def forward(self, x):
        return F.log_softmax(self.fc2(F.relu(self.fc1(x))), dim=1)


def train(model, data, target, optimizer, epoch):
    model.train()
    for batch_idx in range(3):
        optimizer.zero_grad()
        loss = F.nll_loss(model(data), target)
        loss.backward()
        optimizer.step()
        wandb.log({"epoch": epoch, "loss": loss, "lr": optimizer.param_groups[0]["lr"]})


def test(model, data, target):
    model.eval()
    with torch.no_grad():
        output = model(data)
        correct = output.argmax(dim=1).eq(target).sum()
    wandb.log({"Test Accuracy": 100.0 * correct / len(data), "Test Loss": F.nll_loss(output, target), "correct": correct,
               "Examples": [wandb.Image(data[0].reshape(1, 4, 4), caption=f"Pred: {output.argmax(1)[0].item()}")],
               "logits": output.exp(), "bf16": loss_scale.bfloat16(), "grad": torch.ones(2, requires_grad=True)})


parser = argparse.ArgumentParser()
parser.add_argument("--batch-size", type=int, default=12)
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--no-cuda", action="store_true", default=True)
args = parser.parse_args([])
wandb.init(project="mnist", config=args)
wandb.config.update({"device": torch.device("cpu"), "dtype": torch.float32, "weights": torch.tensor([1.0, 2.0]), "scale": torch.tensor(0.5)})
torch.manual_seed(0)
loss_scale = torch.tensor(2.0)
model = Net()
wandb.watch(model, log="all", log_freq=2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
data, target = torch.rand(args.batch_size, 16), torch.randint(0, 3, (args.batch_size,))
for epoch in range(1, args.epochs + 1):
    train(model, data, target, optimizer, epoch)
    test(model, data, target)
torch.save(model.state_dict(), os.path.join(wandb.run.dir, "model.pt"))
wandb.run.summary["parameters"] = sum(parameter.numel() for parameter in model.parameters())
wandb.unwatch(model)
wandb.finish()
