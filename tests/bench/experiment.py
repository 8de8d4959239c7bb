"""What an experiment is: what is run, what each run gives, and what the design asks of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from subjects import Subject

# Figures of one run, by the name of the measure.
Figures = dict[str, float]

@dataclass(frozen=True)
class Limit:
    """What must hold and what is wanted of a measure of ours: the figure itself, or its ratio to another subject's.

    `above_floor` takes what lies above the subject `none` of the same round.
    """

    measure: str
    better: Literal["lower", "higher"]
    must: float
    want: float
    against: Literal["peer", "ceiling"] = "peer"
    of: Literal["ratio", "figure"] = "ratio"
    above_floor: bool = False

    def met(self, value: float) -> Literal["want", "must", "no"]:
        """The better of the two that holds."""
        sign = 1 if self.better == "lower" else -1
        if sign * value <= sign * self.want:
            return "want"
        return "must" if sign * value <= sign * self.must else "no"


@dataclass(frozen=True)
class Experiment:
    """Runs once a round for each subject, in fresh processes; a `warm_up` round before them is not counted.

    Where the module it `needs` is not installed for all of them, it is left out.
    """

    name: str
    run: Callable[[Subject], Figures]
    subjects: tuple[str, ...]
    rounds: int
    units: dict[str, str]
    limits: tuple[Limit, ...]
    warm_up: bool = False
    needs: str | None = None
