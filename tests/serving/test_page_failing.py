"""The page where something fails: files that change, a service that is gone, a browser that keeps nothing."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsing import address_of, settled, visit
from drawings import raster, ring, svg

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload, Route

pytestmark = pytest.mark.browser


def test_a_table_with_pictures_that_were_not_sent(browser: Browser, index: Path, tmp_path: Path) -> None:
    """Its columns are those of the answers; where a body is too small for one picture, the others are answered."""
    mine = Path(shutil.copytree(index, tmp_path / "mine"))
    files = [tmp_path / name for name in ("large.svg", "small.svg")]
    for file, size in zip(files, (2_100_000, 0), strict=True):
        file.write_bytes(svg("disc") + b" " * size)
    with address_of(mine, "--max-body-mb", 2) as address, visit(browser, address) as page:
        page.set_input_files("#files", files)
        settled(page)
        with page.expect_download() as download:
            page.get_by_role("button", name="Download CSV").click()
        with Path(download.value.path()).open(encoding="utf-8", newline="") as table:
            found = list(csv.DictReader(table))
    assert [(row["path"], row["status"], row["label"]) for row in found] == [
        ("large.svg", "unreadable", ""),
        ("small.svg", "ok", "disc"),
    ]
    assert found[0]["reason"].startswith("too-large: ") and list(found[0])[0] == "path"


def test_a_file_that_has_changed_since_is_told(browser: Browser, address: str, tmp_path: Path) -> None:
    file = tmp_path / "ring.svg"
    file.write_bytes(ring())
    with visit(browser, address, expected=["ERR_UPLOAD_FILE_CHANGED"]) as page:
        page.set_input_files("#files", file)
        settled(page)
        os.utime(file, (0, 0))
        page.locator(".row input").fill("ring")
        page.locator(".row .this").click()
        page.locator("#problems", has_text="“ring.svg” cannot be read any more").wait_for()
        page.get_by_role("button", name="Find duplicates").click()
        page.locator("#problems .text", has_text="(2 times)").wait_for()


def test_a_browser_that_keeps_nothing(browser: Browser, address: str, queries: Path) -> None:
    """As Chromium where all cookies are blocked."""
    forbid = """for (const kind of ['localStorage', 'sessionStorage']) Object.defineProperty(window, kind, {
      get() { throw new DOMException('Access is denied for this document.', 'SecurityError'); },
    });"""
    with visit(browser, address) as page:
        page.add_init_script(forbid)
        page.reload()
        page.set_input_files("#files", queries / "a.svg")
        settled(page)
        page.locator("#settings summary").click()
        page.get_by_label("Unknown logos among these, %").fill("90")
        page.get_by_label("Unknown logos among these, %").press("Enter")
        page.get_by_role("button", name="Ask 1 again with these settings").click()
        settled(page)
        assert page.locator("#problems .problem").count() == 0


def test_a_date_to_come_again_at_is_no_reason_to_come_at_once(browser: Browser, address: str, queries: Path) -> None:
    """As a proxy may answer."""
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=503, headers={"Retry-After": "Fri, 31 Dec 2027 23:59:59 GMT"}, body="busy")

    with visit(browser, address, expected=["503"]) as page:
        page.route("**/v1/classify*", refuse)
        page.set_input_files("#files", queries / "a.svg")
        page.locator("#progress-text", has_text="busy").wait_for()
        page.wait_for_timeout(1500)
        assert len(asked) < 5
        page.get_by_role("button", name="Stop").click()
        page.locator("#stop").wait_for(state="hidden")


def test_what_cannot_be_had_is_told(browser: Browser, address: str, queries: Path) -> None:
    with visit(browser, address, expected=["ERR_FAILED"]) as page:
        page.route("**/v1/*", lambda route: route.abort())
        page.set_input_files("#files", queries / "a.svg")
        problem = page.locator("#problems .text")
        problem.wait_for()
        page.get_by_role("button", name="Dismiss").click()
        page.get_by_role("button", name="Find duplicates").click()
        problem.wait_for()
        page.get_by_role("link", name="Changes").click()
        page.get_by_role("button", name="Refresh").click()
        page.locator("#problems", has_text="(3 times)").wait_for()
        assert "up to date" not in page.locator("#status").inner_text()
        assert page.get_by_role("button", name="Next page of changes").is_hidden()


def test_a_company_that_could_not_be_had_is_had_by_another_click(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}/#companies", expected=["ERR_FAILED"]) as page:
        page.route("**/v1/classes/bars", lambda route: route.abort())
        link = page.locator("#company-list a", has_text="bars")
        link.click()
        page.get_by_text("It cannot be shown.").wait_for()
        page.unroute("**/v1/classes/bars")
        link.click()
        page.get_by_role("heading", name="bars").wait_for()


def test_a_picture_that_the_browser_cannot_draw_is_called_by_its_ending(browser: Browser, address: str) -> None:
    """In the row, among the duplicates, and above its look-alikes."""
    with visit(browser, address) as page:
        files: list[FilePayload] = [
            {"name": name, "mimeType": "image/tiff", "buffer": raster("TIFF")} for name in ("one.tiff", "two")
        ]
        page.set_input_files("#files", files)
        settled(page)
        page.get_by_role("button", name="Find duplicates").click()
        page.get_by_role("heading", name="Duplicates").wait_for()
        page.get_by_role("button", name="Look-alikes").first.click()
        page.locator("#similar-asked .format").wait_for()
        assert page.locator(".row .format, .clusters .format").all_text_contents() == ["TIFF", "?", "TIFF", "?"]


def test_what_is_stopped_while_the_service_is_not_ready_stops(browser: Browser, address: str, queries: Path) -> None:
    """And the focus is not lost with the button."""
    held: list[Route] = []
    with visit(browser, address) as page:
        page.route("**/v1/info", lambda route: held.append(route))
        page.set_input_files("#files", queries / "a.svg")
        page.get_by_role("button", name="Stop").focus()
        page.keyboard.press("Enter")
        page.locator("#stop").wait_for(state="hidden")
        assert page.evaluate("document.activeElement.id") == "again"
        held[0].continue_()
        page.keyboard.press("Enter")
        page.locator(".row .label", has_text="disc").wait_for()


def test_a_company_that_is_open_shows_what_a_dialog_adds_to_it(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}/#companies/bars") as page:
        page.locator("#company .size").wait_for()
        page.get_by_role("button", name="New company").click()
        page.get_by_label("Class, as answers say it").fill("bars")
        page.get_by_label("Names by which it is known").fill("The Bars")
        page.get_by_role("button", name="Enrol", exact=True).click()
        page.locator("#company", has_text="The Bars").wait_for()
        page.get_by_role("button", name="Remove the name The Bars").click()
        page.locator("#company .note", has_text="Removed the name").wait_for()


def test_a_token_that_no_header_can_hold_is_not_taken(browser: Browser, mine: Path) -> None:
    """As one that is copied with the quotes of a letter: the page would ask nobody for another one."""
    secret = "admin-secret-0123456789"
    with address_of(mine, "--token", secret) as address, visit(browser, address, expected=["401"]) as page:
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Token").fill(f"“{secret}”")
        dialog.get_by_role("button", name="Use this token").click()
        assert dialog.is_visible() and page.evaluate("sessionStorage.length") == 0
        dialog.get_by_label("Token").fill(f" {secret} ")
        page.keyboard.press("Enter")
        page.locator("#facts", has_text="3 companies").wait_for()
