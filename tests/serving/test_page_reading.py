"""The page for those who see, hear or go through it otherwise than most: colours, letters, voices, the way back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsing import CHROMIUM, drawn_files, overflow, settled, visit
from drawings import ring

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


def test_where_the_system_sets_the_colours_what_is_chosen_can_be_told(
    browser: Browser, address: str, queries: Path
) -> None:
    """Grounds of all kinds are one there."""
    decorated = "(element) => getComputedStyle(element).textDecorationLine"
    with visit(browser, f"{address}/#companies/disc") as page:
        page.emulate_media(forced_colors="active")
        page.locator("#company .size").wait_for()
        lines = [link.evaluate(decorated) for link in page.locator("#company-list a").all()]
        assert lines.count("underline") == 1 and lines.count("none") > 1
        page.get_by_role("link", name="Recognise").click()
        page.set_input_files("#files", queries / "a.svg")
        settled(page)
        for choices in ("header nav a", ".segments span"):
            lines = [choice.evaluate(decorated) for choice in page.locator(choices).all()]
            assert lines == ["underline", "none", "none", "none", "none"], choices


def test_letters_are_as_large_as_the_browser_is_told(browser: Browser, address: str, queries: Path) -> None:
    arguments = ["--blink-settings=defaultFontSize=24"]
    widest = "(all) => Math.max(...all.map((each) => each.scrollWidth - each.clientWidth))"
    with browser.browser_type.launch(executable_path=CHROMIUM, args=arguments) as large:
        for width in (1280, 360):
            with visit(large, address, width=width) as page:
                page.set_input_files("#files", queries / "a.svg")
                settled(page)
                assert page.evaluate("getComputedStyle(document.body).fontSize") == "24px"
                assert overflow(page) == 0 and page.locator(".segments label").evaluate_all(widest) <= 0


def test_what_is_said_in_passing_has_its_place_before_it_is_said(browser: Browser, address: str) -> None:
    """A screen reader tells what changes in a place that it knows."""
    with visit(browser, address) as page:
        tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
        assert "status" in [node["role"]["value"] for node in tree if not node["ignored"]]


def test_who_comes_back_from_look_alikes_finds_the_row(browser: Browser, address: str, tmp_path: Path) -> None:
    files = drawn_files(tmp_path, 20)
    with visit(browser, address) as page:
        page.set_input_files("#files", files)
        settled(page)
        button = page.get_by_role("button", name="Look-alikes").nth(15)
        button.press("Enter")
        page.locator(".tile").first.wait_for()
        page.go_back()
        page.locator("#recognise-view").wait_for()
        assert button.evaluate("(button) => button === document.activeElement")
        page.get_by_role("link", name="Companies").click()
        page.locator("#companies-view").wait_for()
        page.go_back()
        page.locator("#recognise-view").wait_for()
        assert page.evaluate("document.activeElement.id") == "main"


def test_the_focus_is_not_lost_with_the_button_that_had_it(browser: Browser, address: str) -> None:
    focused = "document.activeElement.className || document.activeElement.id"
    with visit(browser, address, expected=["ERR_FAILED"]) as page:
        page.set_input_files("#files", {"name": "ring.svg", "mimeType": "", "buffer": ring()})
        settled(page)
        page.get_by_role("button", name="Why").press("Enter")
        page.locator(".reasons button").first.press("Enter")
        page.locator(".row .note", has_text="Enrolled as").wait_for()
        page.wait_for_function("() => document.activeElement !== document.body")
        assert page.evaluate(focused) == "link why"
        page.get_by_role("button", name="Undo").press("Enter")
        page.locator(".row .note", has_text="Taken back.").wait_for()
        page.route("**/v1/*", lambda route: route.abort())
        for view in ("Companies", "Changes"):
            page.get_by_role("link", name=view, exact=True).click()
        page.locator("#problems .problem").nth(0).wait_for()
        while page.get_by_role("button", name="Dismiss").count():
            page.get_by_role("button", name="Dismiss").last.press("Enter")
        assert page.evaluate(focused) == "main"


def test_nothing_keeps_the_rows_from_who_comes_back(browser: Browser, address: str, queries: Path) -> None:
    """Firefox lets a page go that might ask whoever leaves."""
    with visit(browser, address) as page:
        page.set_input_files("#files", queries / "a.svg")
        settled(page)
        session = page.context.new_cdp_session(page)
        window = session.send("Runtime.evaluate", {"expression": "window"})["result"]["objectId"]
        found = session.send("DOMDebugger.getEventListeners", {"objectId": window})["listeners"]
        kinds = {listener["type"] for listener in found}
        assert "hashchange" in kinds and not kinds & {"beforeunload", "unload"}
