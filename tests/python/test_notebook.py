"""Cells of a notebook, run by Jupyter's own kernel: the page of a run stands below the cell that began it."""

import json
import urllib.request
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from support.directory import DataDirectory
from support.server import Server

pytest.importorskip("nbclient", reason="`pip install ipykernel nbclient`, as `make test` does")
pytest.importorskip("ipykernel")

RUN_CELLS = """
import json, sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in json.load(open(sys.argv[1]))])
NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
print(json.dumps([cell.outputs for cell in notebook.cells]))
"""


def outputs(directory: DataDirectory, *cells: str) -> list[list[dict]]:
    """What the cells of one notebook show, cell by cell."""
    file = directory.folder / "cells.json"
    file.write_text(json.dumps(cells))
    return json.loads(directory.run(RUN_CELLS, file, seconds=120).output)


def frames(shown: list[dict]) -> list[str]:
    """Addresses of the frames that a cell shows."""
    html = [one["data"].get("text/html", "") for one in shown if one["output_type"] == "display_data"]
    return [unescape(text.partition('src="')[2].partition('"')[0]) for text in html if "<iframe" in text]


def warnings_in(shown: list[dict]) -> str:
    """What a cell writes to standard error."""
    return "".join(one["text"] for one in shown if one["output_type"] == "stream" and one["name"] == "stderr")


def test_a_run_has_its_page_below_the_cell(directory):
    quiet = "auto_log_cpu=False, auto_log_gpu=False"
    begun, shown, other, without, last, gone = outputs(
        directory,
        f'import trackio\nrun = trackio.init(project="my project", name="a <b>", {quiet})\ntrackio.log({{"loss": 1.0}})',
        "run",
        f'import urllib.request\nother = trackio.init(project="my project", name="second", {quiet})\n'
        "from trackio._notebook import page_of\nprint(urllib.request.urlopen(page_of(other)).read().decode())",
        f'third = trackio.init(project="my project", name="third", embed=False, {quiet})',
        "print(third.display(height=300), third.display(hidden=True))",
        "trackio.finish()",
    )
    (address,) = frames(begun)
    parts = urlsplit(address)
    assert parts.hostname == "127.0.0.1" and parts.path == "/"
    assert parse_qs(parts.query)["project"] == ["my project"] and len(parse_qs(parts.query)["write_token"][0]) == 64
    (value,) = [one for one in shown if one["output_type"] == "execute_result"]
    html = value["data"]["text/html"]
    assert "a &lt;b&gt;" in html and "<b>a <b>" not in html and "<iframe" in html and "<details open>" in html
    assert value["data"]["text/plain"].startswith("<trackio.Run")
    assert frames(other) == [address], "one server for all cells"
    assert "<html" in "".join(one.get("text", "") for one in other)
    assert frames(without) == []
    texts = [one["data"]["text/html"] for one in last if one["output_type"] == "display_data"]
    assert "height:300px" in texts[0] and "<details open>" in texts[0] and "<details>" in texts[1]
    assert "True True" in "".join(one.get("text", "") for one in last)
    assert "Warning" not in warnings_in(begun + gone)
    assert {row.run_name for row in directory.rows("my project") or directory.rows("myproject")} == {"a <b>"}


def test_show_is_a_frame_and_blocks_no_cell(directory):
    begun, last = outputs(
        directory,
        'import trackio\ntrackio.show("p")',
        'trackio.init(project="p", name="r", mode="disabled", auto_log_cpu=False)\ntrackio.finish()\nprint("on")',
    )
    (address,) = frames(begun)
    assert parse_qs(urlsplit(address).query)["project"] == ["p"]
    assert frames(last) == [] and "on" in "".join(one.get("text", "") for one in last)


def test_a_run_of_a_server_shows_the_page_there(directory, new_directory):
    server = Server(new_directory(), "--token", "t" * 40)
    try:
        begun, shown = outputs(
            directory,
            f'import trackio\nrun = trackio.init(project="p", name="r", server_url="http://127.0.0.1:{server.port}?write_token={"t" * 40}",'
            " auto_log_cpu=False)\ntrackio.log({'loss': 1.0})\ntrackio.finish()",
            "run",
        )
        (address,) = frames(begun)
        assert urlsplit(address).port == server.port and parse_qs(urlsplit(address).query) == {"project": ["p"]}
        with urllib.request.urlopen(address, timeout=30) as answer:
            assert b"<html" in answer.read()
        assert "write_token" not in json.dumps(shown)
    finally:
        server.process.terminate()
        server.process.wait()


def test_a_page_that_cannot_be_shown_stops_nothing(directory):
    begun, shown = outputs(
        directory,
        'import os\nos.environ["PACELINE_BINARY"] = "/nonexistent/paceline"\nimport trackio\n'
        'run = trackio.init(project="p", name="r", auto_log_cpu=False)\ntrackio.log({"loss": 1.0})\nprint("on")',
        "run",
    )
    assert frames(begun) == [] and "the run goes on" in warnings_in(begun)
    assert "on" in "".join(one.get("text", "") for one in begun)
    assert "trackio show --project p" in shown[0]["data"]["text/html"]
    directory.paceline("status", "--project", "p")


def test_a_script_never_loads_ipython(directory):
    trainer = directory.run("""
import sys, trackio
run = trackio.init(project="p", name="r", auto_log_cpu=False)
print(run.display(), run.to_html(), run._repr_html_() == run.to_html())
trackio.finish()
print("IPython" in sys.modules)
""")
    first, last = trainer.output.splitlines()
    assert first.startswith("False <p>Run <b>r</b>") and first.endswith("True") and last == "False"
