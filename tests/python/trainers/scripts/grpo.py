"""Reinforcement learning with the GRPOTrainer of TRL, which logs its completions; digits are rewarded."""

import tiny
from datasets import Dataset
from narrator import Narrator
from trl import GRPOConfig, GRPOTrainer


def has_digits(completions, **columns):
    """How many digits each completion has, at most one."""
    return [float(any(letter.isdigit() for letter in messages[0]["content"])) for messages in completions]


def brevity(completions, **columns):
    """Shorter completions are better."""
    return [-len(messages[0]["content"]) / 100 for messages in completions]


def main() -> None:
    chosen = tiny.options().parse_args()
    words = tiny.tokenizer()
    prompts = Dataset.from_dict({"prompt": [[{"role": "user", "content": question}] for question in tiny.QUESTIONS]})
    trainer = GRPOTrainer(
        model=tiny.model(words),
        reward_funcs=[has_digits, brevity],
        processing_class=words,
        train_dataset=prompts,
        args=GRPOConfig(
            **tiny.arguments(chosen), max_steps=40, per_device_train_batch_size=8, num_generations=4,
            max_completion_length=8, log_completions=True, num_completions_to_print=0, save_strategy="no",
        ),
        callbacks=[Narrator()],
    )
    trainer.train()


if __name__ == "__main__":
    main()
