"""Loads a published model by its name as its card says, and tells whether it is the one in a folder: `NAME FOLDER`."""

import json
import sys
from pathlib import Path

import torch
from peft import AutoPeftModelForCausalLM
from transformers import AutoModelForCausalLM, AutoTokenizer

name, folder = sys.argv[1], Path(sys.argv[2])
kind = AutoPeftModelForCausalLM if (folder / "adapter_config.json").is_file() else AutoModelForCausalLM
there, here = (kind.from_pretrained(place).eval() for place in (name, folder))
words = AutoTokenizer.from_pretrained(name)
asked = words("How much is 1 and 2?", return_tensors="pt")["input_ids"]
with torch.no_grad():
    same = torch.equal(there(input_ids=asked).logits, here(input_ids=asked).logits)
print(json.dumps({"same": same, "tokens": asked.shape[-1]}))
