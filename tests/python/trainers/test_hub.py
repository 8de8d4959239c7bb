"""A training that pushes to the Hub, unchanged, while the Hub takes nothing: it trains to its end, and so does its run."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from support.training import PROJECT, TRAINING_SECONDS, Training

MODEL = "someone/tiny-lm"


@contextmanager
def hub_that_refuses() -> Iterator[tuple[str, list[str]]]:
    """A Hub that makes the repository of the model and takes nothing more: its address, and what it was asked.

    It refuses, since one that does not answer is asked again for half a minute.
    """
    asked: list[str] = []

    class Hub(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append(f"{self.command} {self.path}")
            is_known = self.path == "/api/repos/create" and b"tiny-lm" in body
            answer = f'{{"url": "{address}/{MODEL}", "name": "{MODEL}"}}'.encode() if is_known else b"{}"
            self.send_response(200 if is_known else 403)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield address, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_training_that_pushes_while_the_hub_is_away(directory):
    with hub_that_refuses() as (address, asked):
        training = Training(
            directory, "causal_lm.py", "--batches", 60, "--save-steps", 20, "--push-as", MODEL,
            HF_HUB_OFFLINE="0", HF_ENDPOINT=address,
        )
        total = training.wait_for_begin()
        training.process.expect_exit(0, TRAINING_SECONDS)
    assert asked.count(f"POST /api/models/{MODEL}/preupload/main") >= 1, "it pushes while it trains"
    (push,) = training.events("push")
    assert "403" in push["failure"], "so does the user after it"
    training.check_end(total)
    training.check_rows()
    assert directory.run_record(PROJECT)["failure"] is None
    # One warning says where the data stays; nobody is sent to a page that is not there.
    assert training.process.errors.count("`trackio.sync`: no Space is made") == 1
    assert not [question for question in asked if "dataset" in question or "space" in question and "/revision/" not in question]
    assert "trackio" not in (training.output / "README.md").read_text()
