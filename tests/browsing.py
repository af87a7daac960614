"""A service on a free port, and a browser that visits it."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from drawings import svg
from served import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
_PATIENCE_S = 30

_TABBABLE = """() => {
  const all = document.querySelectorAll('a[href], button, input, select, summary, textarea, [tabindex="0"]');
  const seen = (each) => each.checkVisibility({ visibilityProperty: true }) && (each.type !== 'radio' || each.checked);
  return [...all].filter(seen).map((each, place) => (each.dataset.place = String(place)));
}"""


@contextmanager
def address_of(index: Path, *options: object) -> Iterator[str]:
    """The address of a service of the index, which runs meanwhile."""
    with served(index, index.parent, *options) as service:
        yield service.url


def drawn_files(folder: Path, count: int) -> list[Path]:
    """Files in a folder, named by their numbers, of five drawings in turn."""
    files = [folder / f"{number}.svg" for number in range(count)]
    for number, file in enumerate(files):
        file.write_bytes(svg("bars", number % 5))
    return files


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's browser; a test that needs it is skipped where it or Playwright is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install '.[dev]'")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@contextmanager
def visit(browser: Browser, address: str, *, width: int = 1280, expected: Sequence[str] = ()) -> Iterator[Page]:
    """A fresh visitor. Whatever the browser complains of, violations of the content policy too, is a failure.

    Args:
        browser: that goes there.
        address: of the page.
        width: of its window.
        expected: parts of complaints that are right, such as of refused requests.
    """
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(1000 * _PATIENCE_S)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    yield page
    context.close()
    assert [text for text in complaints if not any(part in text for part in expected)] == []


def drop(page: Page, *files: Path) -> None:
    """As from a file manager, folders too."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": list(map(str, files)), "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 400, "y": 200, "data": data})


def settled(page: Page) -> None:
    """Waits until everything that was sent is answered."""
    page.locator("#progress-text", has_text="answered").wait_for()
    page.locator("#stop").wait_for(state="hidden")


def reached_by_tab(page: Page) -> tuple[set[str], set[str]]:
    """What can have the focus, and what gets it from the first press of Tab on."""
    wanted = set(page.evaluate(_TABBABLE))
    reached: set[str] = set()
    page.evaluate("() => { document.activeElement?.blur(); window.scrollTo(0, 0); }")
    for _ in range(len(wanted) + 5):
        page.keyboard.press("Tab")
        place = page.evaluate("() => document.activeElement?.dataset.place ?? ''")
        reached |= {place} - {""}
    return wanted, reached


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth"))


def asked(address: str, path: str) -> object:
    """An answer of the service, past the page."""
    with urllib.request.urlopen(f"{address}/{path}") as answer:  # noqa: S310
        return json.load(answer)
