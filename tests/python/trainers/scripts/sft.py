"""Supervised fine-tuning with the SFTTrainer of TRL, with an adapter of PEFT by `--lora`."""

import tiny
from datasets import Dataset
from narrator import Narrator
from peft import LoraConfig
from trl import SFTConfig, SFTTrainer


def main() -> None:
    parser = tiny.options()
    parser.add_argument("--lora", action="store_true")
    parser.add_argument("--space", help="a Space that the rows are for")
    chosen = parser.parse_args()

    words = tiny.tokenizer()
    asked = Dataset.from_list(
        [
            {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}
            for question, answer in zip(tiny.QUESTIONS, tiny.ANSWERS, strict=True)
        ]
    )
    trainer = SFTTrainer(
        model=tiny.model(words),
        processing_class=words,
        train_dataset=asked,
        eval_dataset=asked.select(range(8)),
        args=SFTConfig(
            **tiny.arguments(chosen), num_train_epochs=3, per_device_train_batch_size=4, max_length=tiny.CONTEXT,
            eval_strategy="epoch", save_strategy="epoch", trackio_space_id=chosen.space,
        ),
        peft_config=LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"]) if chosen.lora else None,
        callbacks=[Narrator()],
    )
    trainer.train()


if __name__ == "__main__":
    main()
