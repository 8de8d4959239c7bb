"""Direct preference optimisation with the DPOTrainer of TRL: right answers are preferred to wrong ones."""

import tiny
from datasets import Dataset
from narrator import Narrator
from trl import DPOConfig, DPOTrainer


def main() -> None:
    chosen = tiny.options().parse_args()
    words = tiny.tokenizer()
    preferences = Dataset.from_dict(
        {"prompt": tiny.QUESTIONS, "chosen": tiny.ANSWERS, "rejected": [*tiny.ANSWERS[1:], tiny.ANSWERS[0]]}
    )
    trainer = DPOTrainer(
        model=tiny.model(words),
        ref_model=tiny.model(words),
        processing_class=words,
        train_dataset=preferences,
        args=DPOConfig(
            **tiny.arguments(chosen), num_train_epochs=3, per_device_train_batch_size=4, max_length=tiny.CONTEXT,
            save_strategy="no",
        ),
        callbacks=[Narrator()],
    )
    trainer.train()


if __name__ == "__main__":
    main()
