"""In the manner of cleanrl's ppo.py: only TensorBoard's writer is used, wandb listens."""

import argparse
import time

import wandb
from tensorboardX import SummaryWriter

args = argparse.Namespace(exp_name="ppo", seed=1, track=True, wandb_project_name="cleanRL", wandb_entity=None, total_timesteps=50, learning_rate=2.5e-4)
run_name = f"CartPole-v1__{args.exp_name}__{args.seed}"
wandb.init(
    project=args.wandb_project_name, entity=args.wandb_entity, sync_tensorboard=True, config=vars(args), name=run_name,
    save_code=True,
)
writer = SummaryWriter(f"runs/{run_name}")
writer.add_text("hyperparameters", "|param|value|\n|-|-|\n%s" % ("\n".join([f"|{key}|{value}|" for key, value in vars(args).items()])))
for global_step in range(0, 50, 10):
    writer.add_scalar("charts/episodic_return", global_step / 2, global_step)
    writer.add_scalar("charts/learning_rate", 0.5, global_step)
    writer.add_scalar("losses/value_loss", 1.0 / (global_step + 1), global_step)
    print("SPS:", global_step)
writer.close()
