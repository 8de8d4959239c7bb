"""`trackio.show`: the web page as a child of a program, from its four values to its end."""

import json
import signal
import urllib.error
import urllib.request
from urllib.parse import parse_qs, urlsplit

import pytest

from support.directory import DataDirectory
from support.processes import command_of, process_ids
from support.waiting import wait_until

SHOW = """
import json, os, sys, time, warnings
import trackio

def wait_for(file):
    while not os.path.exists(file):
        time.sleep(0.01)

if sys.argv[1:] == ["run"]:
    trackio.init(project="my project", name="r", auto_log_cpu=False)
    trackio.log({"loss": 1.0})
    trackio.finish()
"""


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()


def post(url: str, token: str | None, body: object) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/json", **({} if token is None else {"X-Trackio-Write-Token": token})}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def servers(directory: DataDirectory) -> list[int]:
    """The servers of a directory."""
    return [pid for pid in process_ids() if command_of(pid)[1:4] == ["serve", "--dir", str(directory.path)]]


def read_line(trainer, beginning: str) -> str:
    """The first line a script printed with this beginning, without it."""
    def find():
        return [line.removeprefix(beginning) for line in trainer.output.splitlines(keepends=True) if line.startswith(beginning) and line.endswith("\n")]

    return wait_until(find, 30, lambda: trainer.output + trainer.errors)[0].rstrip("\n")


def test_the_four_values_lead_to_the_page_and_close_ends_it(directory):
    opened = directory.folder / "opened"
    browser = directory.folder / "browser"
    browser.write_text(f"#!/bin/sh\nprintf %s \"$1\" > '{opened}'\n")
    browser.chmod(0o755)
    trainer = directory.start(SHOW + """
shown = trackio.show("my project", block_thread=False, server_port=0, footer=False, color_palette=["#123456"])
app, url, share_url, full_url = shown
print("values", json.dumps([repr(shown), isinstance(shown, tuple), url, share_url, full_url, app.write_token]), flush=True)
wait_for("close")
app.close()
app.close()
print("closed", flush=True)
wait_for("end")
""", "run", BROWSER=f"{browser} %s")
    text, is_tuple, url, share_url, full_url, token = json.loads(read_line(trainer, "values "))
    assert (text, is_tuple, share_url) == ("", True, None)
    parts = urlsplit(full_url)
    assert full_url.startswith(url.rstrip("/") + "/?") and url.startswith("http://127.0.0.1:")
    assert parse_qs(parts.query) == {"project": ["my project"], "write_token": [token], "footer": ["false"]}
    assert b"<html" in get(url) and b"<html" in get(full_url)
    assert json.loads(get(f"{url}api/v1/projects"))
    _, settings = post(f"{url}api/get_settings", None, {})
    assert json.loads(settings)["data"]["color_palette"] == ["#123456"]
    row = {"hf_token": None, "logs": [{"project": "other", "run": "r", "metrics": {"a": 1}, "step": 0}]}
    assert post(f"{url}api/bulk_log", None, row)[0] == 401
    assert post(f"{url}api/bulk_log", token, row)[0] == 200
    assert directory.count("other") == 1
    assert opened.read_text() == full_url
    assert len(servers(directory)) == 1
    (directory.folder / "close").touch()
    read_line(trainer, "closed")
    assert servers(directory) == []
    with pytest.raises(urllib.error.URLError):
        get(url)
    assert trainer.process.poll() is None
    (directory.folder / "end").touch()
    trainer.expect_exit(0)


def test_the_page_ends_with_the_program_even_when_that_is_killed(directory):
    trainer = directory.start(SHOW + """
print("url", trackio.show(open_browser=False, block_thread=False, server_port=0)[1], flush=True)
wait_for("never")
""")
    assert b"<html" in get(read_line(trainer, "url "))
    assert len(servers(directory)) == 1
    trainer.kill()
    wait_until(lambda: not servers(directory), 20, "the server is left")


def test_a_script_waits_for_ctrl_c(directory):
    trainer = directory.start(SHOW + """
value = trackio.show(open_browser=False, server_port=0)
print("over", len(value), flush=True)
""")
    url = read_line(trainer, "* Trackio UI launched at: ")
    assert b"<html" in get(url)
    assert trainer.process.poll() is None
    trainer.send(signal.SIGINT)
    trainer.expect_exit(0)
    assert "over 4" in trainer.output
    assert servers(directory) == []


def test_what_cannot_be_is_said(directory):
    output = directory.run(SHOW + """
def said(call):
    try:
        call()
    except (ValueError, OSError) as error:
        return f"{type(error).__name__}: {error}"

app, url, *_ = trackio.show(open_browser=False, block_thread=False, server_port=0)
port = int(url.rstrip("/").rpartition(":")[2])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    other = trackio.show(open_browser=False, block_thread=False, server_port=0, theme="soft", share=True, dashboard="registry")
print("answer", json.dumps([
    said(lambda: trackio.show(dashboard="other")), said(lambda: trackio.show("p", dashboard="registry")),
    said(lambda: trackio.show(open_browser=False, server_port=port)),
    said(lambda: trackio.show(open_browser=False, frontend_dir="/nonexistent")),
    [str(one.message) for one in caught], other[2], other[3],
]))
app.close()
other[0].close()
""").output
    kind, both, taken, no_page, warned, share_url, full_url = json.loads(output.rpartition("answer ")[2])
    assert kind.startswith("ValueError") and both.startswith("ValueError")
    assert taken.startswith("OSError") and "port" in taken
    assert no_page.startswith("OSError") and "/nonexistent" in no_page
    assert len(warned) == 1 and "theme" in warned[0] and "share" in warned[0]
    assert share_url is None and "/registry?write_token=" in full_url
