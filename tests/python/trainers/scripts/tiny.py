"""A language model, its tokenizer and its texts, all small and made on the spot, and the arguments all trainers here share."""

import argparse
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

CONTEXT = 128
QUESTIONS = [f"How much is {left} and {right}?" for left in range(8) for right in range(8)]
ANSWERS = [f"It is {left + right}." for left in range(8) for right in range(8)]
CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def options() -> argparse.ArgumentParser:
    """The options that every script has."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--project", required=True)
    parser.add_argument("--run", required=True)
    return parser


def arguments(chosen: argparse.Namespace) -> dict[str, Any]:
    """Arguments for the config of a trainer, beside those of its method."""
    # One thread, so that the speed depends less on who else uses the machine.
    torch.set_num_threads(1)
    return {
        "output_dir": str(chosen.output),
        "project": chosen.project,
        "run_name": chosen.run,
        "report_to": "trackio",
        "logging_steps": 2,
        "learning_rate": 1e-3,
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": False,
        "disable_tqdm": True,
    }


def tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level tokenizer, trained on the questions and answers."""
    special = ["<pad>", "<eos>", "<|user|>", "<|assistant|>"]
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=320, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    trained.train_from_iterator(QUESTIONS + ANSWERS, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=trained, pad_token="<pad>", eos_token="<eos>", chat_template=CHAT_TEMPLATE, model_max_length=CONTEXT
    )


def model(words: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """A Llama of two small layers with random weights."""
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(words), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=CONTEXT, pad_token_id=words.pad_token_id,
            eos_token_id=words.eos_token_id, bos_token_id=None,
        )
    )
