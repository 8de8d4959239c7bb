"""What tests of our page share: one Chromium, tabs in which nothing may go wrong, served directories, its charts.

A test file imports the fixtures it needs (`browser`, `open_tab`, `new_site`) beside the functions, and makes its
own `site` by `served`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from support.browser import Problems, chromium
from support.directory import DataDirectory
from support.server import Server
from support.waiting import wait_until

PATIENCE_MS = 20_000


@contextmanager
def served(folder: Path, write: Callable[[DataDirectory], object]) -> Iterator[Server]:
    """A directory in `folder` that `write` has filled, served until the end; nothing may be left behind in it."""
    directory = DataDirectory(folder)
    write(directory)
    server = Server(directory)
    try:
        yield server
    finally:
        server.stop()
    directory.end_trainers()
    directory.assert_nothing_left()


@pytest.fixture
def new_site(new_directory):
    """A directory of its own with its server, for a test that writes while it looks. Ask for it before `open_tab`."""
    directory = new_directory()
    server = Server(directory)
    yield directory, server
    server.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all pages."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_tab(browser, tmp_path):
    """Opens an address in a tab of its own; at the end nothing may have gone wrong in any of them.

    A picture of each is left in the folder of the test for a look.
    """
    opened: list[tuple[Page, Problems]] = []
    expect.set_options(timeout=PATIENCE_MS)

    def open_tab(server: Server, address: str, width: int = 1440, height: int = 900, **options: object) -> Page:
        tab = browser.new_page(viewport={"width": width, "height": height}, **options)
        tab.set_default_timeout(PATIENCE_MS)
        opened.append((tab, Problems(tab)))
        tab.goto(f"http://localhost:{server.port}/{address}")
        return tab

    yield open_tab
    for number, (tab, problems) in enumerate(opened):
        tab.screenshot(path=tmp_path / f"page-{number}.png")
        found = list(problems)
        tab.close()
        assert found == [], "\n".join(found)


def chart(tab: Page, metric: str) -> Locator:
    """The chart of a metric, once its lines are drawn."""
    cell = tab.get_by_role("article", name=metric, exact=True)
    expect(cell.locator("canvas[data-points]")).to_be_attached()
    return cell


def points(cell: Locator) -> int:
    """How many points its lines have."""
    return int(cell.locator("canvas[data-points]").get_attribute("data-points") or 0)


def in_address(tab: Page) -> dict[str, str]:
    """The parameters in the address, which follows what is done."""
    return {name: values[0] for name, values in parse_qs(urlsplit(tab.url).query).items()}


def wait_for_address(tab: Page, /, **wanted: str | None) -> None:
    """Waits until the address says this; None: a parameter is not there."""
    wait_until(
        lambda: all(in_address(tab).get(name) == value for name, value in wanted.items()) or tab.wait_for_timeout(20),
        20, lambda: tab.url,
    )


# Nothing has changed in the page for a while; what changes for ever, such as a clock, is not waited for.
_SETTLED = """
() => new Promise((done) => {
    let timer = setTimeout(done, 300);
    new MutationObserver(() => {
        clearTimeout(timer);
        timer = setTimeout(done, 300);
    }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    setTimeout(done, 3_000);
})
"""


def settled(tab: Page) -> Page:
    """Waits until a page of which nothing else is known has shown what it has."""
    expect(tab.locator("main")).not_to_be_empty()
    expect(tab.locator("main .skeleton")).to_have_count(0)
    tab.evaluate(_SETTLED)
    return tab
