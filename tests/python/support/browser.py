"""Chromium, and a page of it that keeps everything that went wrong in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

# No graphics hardware is needed; the sandbox needs rights a container does not have.
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-unsafe-swiftshader"]
_NAMES = ("chromium", "chromium-browser", "google-chrome")
# A page ends its own requests when it no longer wants the answer; that is no failure of the server.
_GIVEN_UP = "net::ERR_ABORTED"


@contextmanager
def chromium() -> Iterator[Browser]:
    """The Chromium of the machine, else the one that `playwright install chromium` has fetched."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Problems(list[str]):
    """What went wrong in a page: errors in its console, exceptions, requests that failed or were refused."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        page.on("console", lambda said: said.type == "error" and self.append(f"console: {said.text}"))
        page.on("pageerror", lambda error: self.append(f"exception: {error}"))
        page.on("requestfailed", lambda request: self._failed(request.url, request.failure))
        page.on("response", lambda answer: answer.status >= 400 and self.append(f"{answer.status} {answer.url}"))

    def _failed(self, address: str, why: str | None) -> None:
        if why != _GIVEN_UP:
            self.append(f"failed: {address} {why}")
