"""Trains a tiny language model with the Trainer of transformers, which reports to `wandb`; prints what it reports."""

import argparse
import json
from pathlib import Path

import torch
import wandb
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments

VOCABULARY = 32
CONTEXT = 16


class Sequences(torch.utils.data.Dataset):
    """Token sequences that count upwards."""

    def __len__(self) -> int:
        return 64

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        tokens = (torch.arange(CONTEXT) + index) % VOCABULARY
        return {"input_ids": tokens, "labels": tokens}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()

    torch.manual_seed(0)
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=VOCABULARY, n_positions=CONTEXT, n_embd=16, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=0
        )
    )
    arguments = TrainingArguments(
        str(options.output), report_to="wandb", run_name="first", num_train_epochs=2, per_device_train_batch_size=8,
        logging_steps=2, eval_strategy="epoch", save_strategy="epoch", use_cpu=True, disable_tqdm=True,
    )  # fmt: skip
    trainer = Trainer(model=model, args=arguments, train_dataset=Sequences(), eval_dataset=Sequences())
    trainer.train()
    print(json.dumps({"logs": trainer.state.log_history, "parameters": model.num_parameters()}))
    wandb.finish()


if __name__ == "__main__":
    main()
