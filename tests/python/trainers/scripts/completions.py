"""Preference optimisation with TRL that reports to `wandb`, with the callback of TRL that logs completions there alone."""

import json

import tiny
from datasets import Dataset
from transformers import GenerationConfig
from trl import DPOConfig, DPOTrainer, LogCompletionsCallback


def main() -> None:
    chosen = tiny.options().parse_args()
    words = tiny.tokenizer()
    preferences = Dataset.from_dict(
        {"prompt": tiny.QUESTIONS, "chosen": tiny.ANSWERS, "rejected": [*tiny.ANSWERS[1:], tiny.ANSWERS[0]]}
    )
    arguments = {**tiny.arguments(chosen), "report_to": "wandb"}
    trainer = DPOTrainer(
        model=tiny.model(words),
        ref_model=tiny.model(words),
        processing_class=words,
        train_dataset=preferences,
        eval_dataset=preferences,
        args=DPOConfig(**arguments, max_steps=8, per_device_train_batch_size=4, max_length=tiny.CONTEXT, save_strategy="no"),
    )
    settings = GenerationConfig(max_new_tokens=4, do_sample=False, pad_token_id=words.pad_token_id, eos_token_id=words.eos_token_id)
    trainer.add_callback(LogCompletionsCallback(trainer, settings, num_prompts=3, freq=4))
    trainer.train()
    print(json.dumps({"logs": trainer.state.log_history, "prompts": tiny.QUESTIONS[:3]}))


if __name__ == "__main__":
    main()
