"""Checks the keywords of every call of a script against what is installed: prints those that are unknown, as JSON."""

import ast
import inspect
import json
import sys
from pathlib import Path

import datasets
import peft
import transformers
import trl


def unknown(path: str) -> list[str]:
    """Keywords that what is called does not take."""
    found = []
    for call in ast.walk(ast.parse(Path(path).read_text())):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        homes = (trl, peft, transformers, datasets)
        called = next((getattr(home, call.func.id) for home in homes if hasattr(home, call.func.id)), None)
        if called is None:
            continue
        taken = inspect.signature(called).parameters
        if call.func.id == "BitsAndBytesConfig" or call.func.id == "load_dataset":
            # What stands in their `**kwargs` goes to the reader of the file.
            taken = {**taken, "sep": None}
        found += [f"{call.func.id}({word.arg})" for word in call.keywords if word.arg not in taken]
    return found


print(json.dumps({path: unknown(path) for path in sys.argv[1:]}))
