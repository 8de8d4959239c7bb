"""In the manner of nanoGPT's train.py: flags, a config dict of globals, a dict for each evaluation."""

import math
import time

eval_interval, log_interval, max_iters, lr_decay_iters, warmup_iters = 4, 1, 12, 12, 2
wandb_log, wandb_project, wandb_run_name = True, "owt", "gpt2" + "-mini"
learning_rate, min_lr, beta1, compile = 6e-4, 6e-5, 0.9, True
config_keys = [k for k, v in globals().items() if not k.startswith("_") and isinstance(v, (int, float, bool, str))]
config = {k: globals()[k] for k in config_keys}


def get_lr(it):
    if it < warmup_iters:
        return learning_rate * (it + 1) / (warmup_iters + 1)
    ratio = (it - warmup_iters) / (lr_decay_iters - warmup_iters)
    return min_lr + 0.5 * (1.0 + math.cos(math.pi * ratio)) * (learning_rate - min_lr)


if wandb_log:
    import wandb
    wandb.init(project=wandb_project, name=wandb_run_name, config=config)
running_mfu = -1.0
for iter_num in range(max_iters + 1):
    lr = get_lr(iter_num)
    if iter_num % eval_interval == 0:
        losses = {"train": 4 / (iter_num + 1), "val": 5 / (iter_num + 1)}
        if wandb_log:
            wandb.log({"iter": iter_num, "train/loss": losses["train"], "val/loss": losses["val"], "lr": lr, "mfu": running_mfu * 100})
