"""Trains a tiny causal language model with the Trainer of transformers, which reports to trackio by itself."""

import argparse
from pathlib import Path

import torch
from narrator import Narrator, say
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

VOCABULARY = 64
CONTEXT = 64


class Sequences(torch.utils.data.Dataset):
    """Token sequences that count upwards from a random start, so that there is something to learn."""

    def __init__(self, length: int) -> None:
        starts = torch.randint(VOCABULARY, (length, 1), generator=torch.Generator().manual_seed(0))
        self._tokens = (starts + torch.arange(CONTEXT)) % VOCABULARY

    def __len__(self) -> int:
        return len(self._tokens)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return {"input_ids": self._tokens[index], "labels": self._tokens[index]}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--project", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--batch", type=int, default=32, help="sequences of one batch")
    parser.add_argument("--batches", type=int, default=100, help="batches of one epoch")
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--max-steps", type=int, default=-1)
    parser.add_argument("--accumulation", type=int, default=1)
    parser.add_argument("--logging-steps", type=int, default=4)
    parser.add_argument("--eval-steps", type=int)
    parser.add_argument("--save-steps", type=int)
    parser.add_argument("--evaluate-after", action="store_true", help="evaluate and predict once more when it is trained")
    parser.add_argument("--push-as", help="name of the model on the Hub: each checkpoint is pushed, and the model at the end")
    parser.add_argument("--resume", action="store_true", help="continue from the last checkpoint below --output")
    options = parser.parse_args()

    # One thread, so that the speed depends less on who else uses the machine.
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=VOCABULARY, n_positions=CONTEXT, n_embd=48, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0
        )
    )
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(options.output),
            project=options.project,
            run_name=options.run,
            report_to="trackio",
            num_train_epochs=options.epochs,
            max_steps=options.max_steps,
            per_device_train_batch_size=options.batch,
            per_device_eval_batch_size=options.batch,
            gradient_accumulation_steps=options.accumulation,
            logging_steps=options.logging_steps,
            eval_strategy="steps" if options.eval_steps else "no",
            eval_steps=options.eval_steps,
            save_strategy="steps" if options.save_steps else "no",
            save_steps=options.save_steps or 500,
            push_to_hub=options.push_as is not None,
            hub_model_id=options.push_as,
            hub_token="hf_none" if options.push_as else None,
            learning_rate=1e-3,
            use_cpu=True,
            disable_tqdm=True,
        ),
        # The last batch of an epoch is a short one.
        train_dataset=Sequences(options.batches * options.batch - options.batch // 2),
        eval_dataset=Sequences(4 * options.batch),
        callbacks=[Narrator()],
    )
    checkpoint = get_last_checkpoint(str(options.output)) if options.resume else None
    trainer.train(resume_from_checkpoint=checkpoint)
    if options.evaluate_after:
        trainer.evaluate()
        predicted = trainer.predict(Sequences(4 * options.batch))
        say("predicted", metrics=predicted.metrics)
    if options.push_as:
        try:
            trainer.push_to_hub()
        except Exception as error:
            say("push", failure=repr(error))


if __name__ == "__main__":
    main()
