"""How the page takes files: what is dropped, chosen and pasted, and what of it is none."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsing import drop, settled, visit
from drawings import svg

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

DRAG = """([kind, selector, type]) => {
  const data = new DataTransfer();
  if (type === 'Files') data.items.add(new File(['<svg/>'], 'image.svg'));
  else data.setData(type, 'https://example.com/logo.png');
  const made = new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data });
  document.querySelector(selector).dispatchEvent(made);
}"""


def test_a_link_to_a_picture_is_no_file_and_that_is_told(browser: Browser, address: str) -> None:
    """As browsers drag a picture of another page."""
    with visit(browser, address) as page:
        page.evaluate(DRAG, ["dragover", "main", "text/uri-list"])
        assert page.locator("body.over").count() == 0
        page.evaluate(DRAG, ["dragover", "main", "Files"])
        assert page.locator("body.over").count() == 1
        page.evaluate(DRAG, ["drop", "main", "text/uri-list"])
        page.locator("#status", has_text="That is no file.").wait_for()
        assert page.locator("body.over").count() == 0


def test_the_border_goes_though_what_was_under_a_drag_has_gone(browser: Browser, address: str, queries: Path) -> None:
    """As where answers come meanwhile: what is gone is not left."""
    with visit(browser, address) as page:
        page.set_input_files("#files", queries / "a.svg")
        settled(page)
        for kind in ("dragenter", "dragover"):
            page.evaluate(DRAG, [kind, ".nearest .thumb", "Files"])
        page.evaluate("document.querySelector('.nearest').replaceChildren()")
        for kind in ("dragenter", "dragover", "dragleave"):
            page.evaluate(DRAG, [kind, "main", "Files"])
        assert page.locator(".over").count() == 0


def test_a_folder_that_is_hidden_was_asked_for_and_an_empty_one_is_told(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    hidden, empty = tmp_path / ".logos", tmp_path / "empty"
    for file in (hidden / "disc.svg", hidden / ".git" / "disc.svg", empty / ".disc.svg"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(svg("disc"))
    with visit(browser, address) as page:
        drop(page, hidden)
        settled(page)
        page.set_input_files("#folder", hidden)
        page.locator(".row").nth(1).wait_for()
        settled(page)
        assert page.locator(".row .name").all_text_contents() == [".logos/disc.svg"] * 2
        drop(page, empty)
        page.locator("#status", has_text="No file was found in the folder").wait_for()
        assert page.locator(".row").count() == 2


def test_a_picture_that_is_pasted_among_look_alikes_is_asked_about_there(browser: Browser, address: str) -> None:
    paste = """(drawing) => {
      const data = new DataTransfer();
      data.items.add(new File([drawing], 'image.svg'));
      document.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: data }));
    }"""
    with visit(browser, f"{address}/#look-alikes") as page:
        page.evaluate(paste, svg("disc", 1).decode())
        page.locator(".tile .item", has_text="disc/1.svg").wait_for()
        assert page.url.endswith("#look-alikes") and page.locator(".row").count() == 0


def test_two_hundred_thousand_files_are_taken(browser: Browser, address: str) -> None:
    take = """async () => {
      const { add, rows } = await import('./rows.js');
      add(Array.from({ length: 200_000 }, () => ({ name: 'a.svg' })));
      return rows.length;
    }"""
    with visit(browser, address) as page:
        assert page.evaluate(take) == 200_000


def test_a_name_is_found_however_its_accents_are_put_together(browser: Browser, address: str) -> None:
    """macOS takes letters and accents apart."""
    name = unicodedata.normalize("NFD", "größe.svg")
    with visit(browser, address) as page:
        page.set_input_files("#files", {"name": name, "mimeType": "", "buffer": svg("disc")})
        settled(page)
        page.fill("#search", "Größe")
        assert page.locator(".row").count() == 1
        page.get_by_role("link", name="Companies").click()
        page.fill("#company-search", unicodedata.normalize("NFD", "ärzte"))
        assert page.locator("#company-list a").count() == 1
