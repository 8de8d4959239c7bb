"""What TRL makes of random inputs: packed rows, and advantages by its own deviation. Prints vectors as JSON."""

import json
import random

import torch
from datasets import Dataset
from trl.data_utils import pack_dataset
from trl.trainer.utils import nanstd

source = random.Random(20_261_129)


def packing() -> dict:
    """Lengths of rows, and those of the rows that share each sequence."""
    longest = source.randint(1, 64)
    lengths = [source.randint(0, 90) for _ in range(source.randint(1, 60))]
    # Without one that is not empty, TRL has nothing to make columns of.
    lengths[0] = max(lengths[0], 1)
    rows = Dataset.from_dict({"input_ids": [[0] * length for length in lengths]})
    packed = pack_dataset(rows, seq_length=longest, strategy="bfd")
    return {"lengths": lengths, "longest": longest, "packed": packed["seq_lengths"][:]}


def advantages(scale: str) -> dict:
    """Rewards of groups of answers, some without any, and what TRL's formula makes of them."""
    generations, functions = source.randint(2, 6), source.randint(1, 3)
    rewards = [
        [None if source.random() < 0.15 else round(source.uniform(-2, 2), 3) for _ in range(functions)]
        for _ in range(generations * source.randint(1, 4))
    ]
    # A group whose answers are all as good teaches nothing.
    rewards[:generations] = [[1.0] * functions] * generations
    weights = [round(source.uniform(0.1, 2), 2) for _ in range(functions)]
    table = torch.tensor([[float("nan") if value is None else value for value in row] for row in rewards], dtype=torch.float64)
    without = torch.isnan(table).all(dim=1)
    total = (table * torch.tensor(weights, dtype=torch.float64)).nansum(dim=1)
    total[without] = torch.nan
    groups = total.view(-1, generations)
    result = total - torch.nanmean(groups, dim=1).repeat_interleave(generations)
    if scale == "group":
        result = result / (nanstd(groups, dim=1).repeat_interleave(generations) + 1e-4)
    elif scale == "batch":
        result = result / (nanstd(total) + 1e-4)
    result[without] = 0.0
    return {
        "rewards": rewards, "weights": weights, "generations": generations, "scale": scale,
        "advantages": [None if value != value else value for value in result.tolist()],
    }


print(json.dumps({
    "packing": [packing() for _ in range(40)],
    "advantages": [advantages(scale) for scale in ("group", "batch", "none") for _ in range(12)],
}))
