"""Measures both trackers in turn: JSON lines on standard output, a table on standard error. Fails no build.

    python tests/bench/run.py --peer PYTHON [--quick] [--only NAME] [--large [--scale SHARE]]

A line for each measure and subject (median, lowest and highest of the rounds), then a line for each comparison.
`none` is the same loop without a tracker, `ceiling` is SQLite alone.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from statistics import median

from experiment import Experiment, Limit
from experiments import experiments
from subjects import Subject

PEER_VARIABLE = "PACELINE_PEER_PYTHON"

# Figures of all rounds by measure and subject.
Results = dict[str, dict[str, list[float]]]


def main() -> None:
    options = parse()
    subjects = {
        "ours": Subject("ours", options.ours),
        "peer": Subject("peer", options.peer),
        "none": Subject("none", options.ours),
        "ceiling": Subject("ceiling", options.ours),
    }
    table = [("measure", "unit", "subject", "median", "lowest", "highest", "ratio", "asked", "met")]
    for experiment in experiments(options.quick, options.large, options.scale):
        if options.only is None or is_named(experiment.name, options.only):
            missing = [name for name in experiment.subjects if experiment.needs and not subjects[name].has(experiment.needs)]
            if missing:
                print(f"{experiment.name}: left out, {', '.join(missing)} without `{experiment.needs}`", file=sys.stderr)
                continue
            results = run_rounds(experiment, subjects)
            for measure, unit in experiment.units.items():
                table += say_figures(measure, unit, results[measure])
            for limit in experiment.limits:
                table.append(say_comparison(limit, experiment.units[limit.measure], results[limit.measure]))
    print_table(table)


def parse() -> argparse.Namespace:
    names = [experiment.name for experiment in experiments(quick=False, with_large=True, large_scale=1.0)]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ours", type=Path, default=sys.executable, help="Python with our wheel; this one by default")
    parser.add_argument("--peer", type=Path, default=os.environ.get(PEER_VARIABLE), help="Python with the peer")
    parser.add_argument("--quick", action="store_true", help="few rounds of few rows: shows that everything works")
    parser.add_argument("--only", help="one experiment, or those whose names begin with this word")
    parser.add_argument("--large", action="store_true", help="also what writes many gigabytes: 60 in all")
    parser.add_argument("--scale", type=float, default=1.0, help="this share of the rows of the largest project")
    options = parser.parse_args()
    if options.only and not any(is_named(name, options.only) for name in names):
        parser.error(f"`{options.only}` is none of {', '.join(f'`{name}`' for name in names)}")
    if options.peer is None:
        parser.error(f"name the Python that has the peer with --peer or {PEER_VARIABLE}")
    return options


def is_named(name: str, wanted: str) -> bool:
    """The name itself, or its first word."""
    return name == wanted or name.startswith(f"{wanted} ")


def run_rounds(experiment: Experiment, subjects: dict[str, Subject]) -> Results:
    """Every subject once a round, in an order that turns."""
    results: Results = {measure: {} for measure in experiment.units}
    if experiment.warm_up:
        for name in experiment.subjects:
            experiment.run(subjects[name])
    for number in range(experiment.rounds):
        print(f"{experiment.name}: round {number + 1} of {experiment.rounds}", file=sys.stderr, flush=True)
        for name in experiment.subjects if number % 2 == 0 else reversed(experiment.subjects):
            for measure, figure in experiment.run(subjects[name]).items():
                results[measure].setdefault(name, []).append(figure)
    return results


def say_figures(measure: str, unit: str, figures: dict[str, list[float]]) -> list[tuple[str, ...]]:
    """Prints a measure of each subject; gives the lines of the table."""
    lines = []
    for subject, values in figures.items():
        spread = [median(values), min(values), max(values)]
        say(measure=measure, tracker=subject, unit=unit, median=spread[0], min=spread[1], max=spread[2], n=len(values))
        lines.append((measure, unit, subject, *map(figure_text, spread), "", "", ""))
    return lines


def say_comparison(limit: Limit, unit: str, figures: dict[str, list[float]]) -> tuple[str, ...]:
    """Prints how ours compares with what is asked; gives the line of the table."""
    if "ours" not in figures:
        say(measure=limit.measure, unit=unit, ours=None, met="not measured")
        return (limit.measure, unit, f"ours to {limit.against}", "", "", "", "", "", "not measured")
    ours = median(compared(limit, figures, "ours"))
    other = median(compared(limit, figures, limit.against)) if limit.against in figures else None
    measure = f"{limit.measure}, above bare Python" if limit.above_floor else limit.measure
    ratio = ours / other if other else None
    judged = ours if limit.of == "figure" else ratio
    met = "no" if judged is None else limit.met(judged)
    say(
        measure=measure, unit=unit, **{"ours": ours, limit.against: other}, ratio=ratio,
        asked_of=limit.of, better=limit.better, must=limit.must, want=limit.want, met=met,
    )
    asked = f"{limit.of} {'<=' if limit.better == 'lower' else '>='} {limit.must:g}, {limit.want:g}"
    ratio_text = "" if ratio is None else f"{ratio:.4g}"
    return (measure, unit, f"ours to {limit.against}", figure_text(ours), "", "", ratio_text, asked, met)


def compared(limit: Limit, figures: dict[str, list[float]], subject: str) -> list[float]:
    """The figures of a subject, or what lies above those of `none` in the same rounds."""
    if not limit.above_floor:
        return figures[subject]
    return [value - floor for value, floor in zip(figures[subject], figures["none"], strict=True)]


def say(**facts: object) -> None:
    """One JSON line."""
    rounded = {name: round(fact, 6) if isinstance(fact, float) else fact for name, fact in facts.items()}
    print(json.dumps(rounded), flush=True)


def figure_text(value: float) -> str:
    """Four digits are more than the noise allows."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def print_table(table: list[tuple[str, ...]]) -> None:
    """Columns as wide as they need."""
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip(), file=sys.stderr)


if __name__ == "__main__":
    main()
