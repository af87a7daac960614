"""The page where it is used in unusual ways: odd addresses, text beside pictures, two tabs, narrow windows, paper."""

from __future__ import annotations

import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsing import overflow, settled, visit
from drawings import svg

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Route

pytestmark = pytest.mark.browser


def test_an_address_of_no_view_changes_nothing(browser: Browser, address: str) -> None:
    """Also where every object of JavaScript has something of that name."""
    with visit(browser, f"{address}/#companies") as page:
        page.locator("#company-list a").first.wait_for()
        for name in ("constructor", "toString", "__proto__", "nothing"):
            page.evaluate("(name) => (location.hash = name)", name)
            assert page.locator("#companies-view").is_visible()


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_text_goes_into_a_field_though_it_comes_with_a_picture(
    browser: Browser, address: str, queries: Path, kind: str
) -> None:
    """As from a spreadsheet or a text processor, which give a picture of it, too."""
    event = """([kind, selector]) => {
      const data = new DataTransfer();
      data.setData('text/plain', 'Newco');
      if (kind === 'paste') data.items.add(new File(['<svg/>'], 'image.svg'));
      const options = { bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data };
      const made = kind === 'drop' ? new DragEvent(kind, options) : new ClipboardEvent(kind, options);
      return document.querySelector(selector).dispatchEvent(made);
    }"""
    with visit(browser, address) as page:
        page.set_input_files("#files", queries / "a.svg")
        settled(page)
        assert page.evaluate(event, [kind, ".row input"]) and page.locator(".row").count() == 1
        assert not page.evaluate(event, [kind, "main"])  # a link would lead away, and rows be lost


def test_of_many_companies_a_field_offers_those_that_fit(browser: Browser, address: str, queries: Path) -> None:
    """Thousands of offers would take a browser half a second for each letter."""
    many = [{"name": f"company-{n:05d}", "items": 1, "names": [f"Company {n} Inc."]} for n in range(10_000)]
    with visit(browser, address) as page:
        page.route("**/v1/classes", lambda route: route.fulfill(json=many))
        page.reload()
        page.locator("#facts", has_text="10,000 companies").wait_for()
        page.set_input_files("#files", queries / "a.svg")
        settled(page)
        offered = page.locator("#classes option")
        assert 0 < offered.count() <= 200
        page.fill(".row input", "ANY 4711 in")
        assert [option.get_attribute("value") for option in offered.all()] == ["company-04711"]
        page.fill(".row input", "")
        assert 0 < offered.count() <= 200


def test_a_name_that_no_address_can_have_is_told(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}/#companies/..") as page:
        page.locator("#problems", has_text="Nothing can be called “..”").wait_for()


def test_who_leaves_while_pictures_are_asked_about_is_asked_first(
    browser: Browser, address: str, queries: Path
) -> None:
    held: list[Route] = []
    with visit(browser, address) as page:
        page.route("**/v1/classify*", lambda route: held.append(route))
        page.set_input_files("#files", queries / "a.svg")
        page.locator("#stop").wait_for()
        kinds: list[str] = []

        def asked(dialog: Dialog) -> None:
            kinds.append(dialog.type)
            dialog.dismiss()

        page.on("dialog", asked)
        page.locator("h1").first.click()  # a browser asks for those alone who have done something
        page.close(run_before_unload=True)
        page.wait_for_timeout(500)
        assert kinds == ["beforeunload"]
        page.get_by_role("button", name="Stop").click()
        page.locator("#stop").wait_for(state="hidden")


def test_rows_that_were_wide_are_narrow_in_a_narrow_window(browser: Browser, address: str, tmp_path: Path) -> None:
    """A phone is turned, or the page is made four times as large; most rows are out of sight."""
    files = [tmp_path / f"{number}.svg" for number in range(40)]
    for number, file in enumerate(files):
        file.write_bytes(svg("bars", number % 5))
    with visit(browser, address) as page:
        page.set_input_files("#files", files)
        settled(page)
        for place in (3000, 0):
            page.evaluate("(place) => window.scrollTo(0, place)", place)
            page.wait_for_timeout(300)
        page.set_viewport_size({"width": 320, "height": 480})
        assert overflow(page) == 0


def test_on_paper_there_are_answers_and_no_controls(browser: Browser, address: str, queries: Path) -> None:
    with visit(browser, address) as page:
        page.set_input_files("#files", queries / "a.svg")
        settled(page)
        page.emulate_media(media="print")
        assert page.locator(".row .label").is_visible() and page.locator(".row .name").is_visible()
        for control in ("header nav", "#drop", "#settings", "#filter", ".row .correct", ".row .why", "#csv", "#status"):
            assert not page.locator(control).is_visible(), control


def test_what_somebody_else_has_removed_is_gone(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}/#companies/disc", expected=["404"]) as page:
        one = page.locator("#company")
        one.get_by_label("Another name of the company").fill("Disco")
        one.get_by_role("button", name="Add the name").click()
        one.get_by_text("Added the name Disco").wait_for()
        request = urllib.request.Request(f"{address}/v1/classes/disc?names=Disco", method="DELETE")  # noqa: S310
        urllib.request.urlopen(request).close()  # noqa: S310
        one.get_by_role("button", name="Undo").click()
        one.get_by_text("Removed the name Disco").wait_for()
        assert one.get_by_role("button", name="Remove the name Disco").count() == 0
        request = urllib.request.Request(f"{address}/v1/classes/disc", method="DELETE")  # noqa: S310
        urllib.request.urlopen(request).close()  # noqa: S310
        one.get_by_role("button", name="Remove the company").click()
        page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
        page.locator("#company-list a", has_text="disc").wait_for(state="detached")
        assert page.locator("#problems .problem").count() == 0
