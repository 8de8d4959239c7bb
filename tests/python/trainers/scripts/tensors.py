"""Logs tensors of every kind a training has at hand; prints what they hold, by PyTorch's own means."""

import json
import math

import torch
import trackio

weight = torch.tensor([0.5, -1.5], requires_grad=True)
row = {
    "loss with a graph": (weight * 2).sum(),
    "parameter": torch.nn.Parameter(torch.tensor(0.1)),
    **{str(kind): torch.tensor(1.5, dtype=kind) for kind in (torch.float64, torch.float32, torch.float16, torch.bfloat16)},
    **{str(kind): torch.tensor(3, dtype=kind) for kind in (torch.int64, torch.int32, torch.uint8)},
    "truth": torch.tensor(True),
    "one element": torch.tensor([[7.25]]),
    "nan": torch.tensor(float("nan")),
    "infinite": torch.tensor(float("-inf")),
}
few = {"few": torch.arange(4), "few with a graph": weight * 2, "few of bfloat16": torch.ones(2, dtype=torch.bfloat16)}
run = trackio.init(project="tensors", name="r", auto_log_cpu=False, auto_log_gpu=False)
trackio.define_metric("loss*", summary="min")
trackio.log({**row, **few, "many": torch.linspace(-1, 1, 1_000, requires_grad=True)}, step=torch.tensor(5))
trackio.log({f"metric_{number}": torch.tensor(number / 7) for number in range(1_000)})
trackio.finish()


def plain(value: "torch.Tensor") -> object:
    """The number, with the word JSON has for those that are not finite."""
    number = value.detach().reshape(()).item()
    if isinstance(number, float) and not math.isfinite(number):
        return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
    return number


print(json.dumps({**{key: plain(value) for key, value in row.items()}, **{key: value.tolist() for key, value in few.items()}}))
print(json.dumps({f"metric_{number}": torch.tensor(number / 7).item() for number in range(1_000)}))
