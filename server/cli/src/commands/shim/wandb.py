"""Paceline's `trackio` under the name `wandb`; `paceline shim wandb` made this file, and with `--remove` takes it away."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trackio import *

try:
    from trackio._wandb_module import stand_in
except ImportError as error:
    raise ImportError(
        "this `wandb` stands for Paceline's `trackio`, which cannot be imported here: "
        "`pip install paceline` brings it, `pip uninstall wandb` removes this name"
    ) from error

stand_in(__name__)
