"""The page where answers are slow: what is on its way, and what happens meanwhile; and where there is little room."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsing import address_of, drawn_files, settled, visit
from drawings import ring, svg

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.browser


@contextmanager
def held(page: Page, method: str, address: str) -> Iterator[None]:
    """Requests of a method to an address wait, and are answered afterwards."""
    waiting: list[Route] = []
    page.route(address, lambda route: waiting.append(route) if route.request.method == method else route.fallback())
    yield
    assert waiting
    for route in waiting:
        route.continue_()
    page.unroute(address)


def test_while_a_company_is_loaded_nothing_can_be_done_to_the_one_before(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}/#companies/disc") as page:
        one = page.locator("#company")
        one.get_by_role("heading", name="disc").wait_for()
        with held(page, "GET", "**/v1/classes/bars"):
            page.goto(f"{address}/#companies/bars")
            one.get_by_text("Loading").wait_for()
            assert one.get_by_role("button").count() == 0
        one.get_by_role("heading", name="bars").wait_for()


def test_who_has_gone_on_stays_where_they_are(browser: Browser, address: str) -> None:
    """A change that ends later is told, and changes nothing of what is seen by then."""
    with visit(browser, f"{address}/#companies/disc") as page:
        one = page.locator("#company")
        for method, button in (("POST", "Add the name"), ("DELETE", "Remove disc/0.svg")):
            one.get_by_label("Another name of the company").fill("Disco")
            with held(page, method, "**/v1/*/disc**"):
                one.get_by_role("button", name=button).click()
                page.goto(f"{address}/#companies/bars")
                one.get_by_role("heading", name="bars").wait_for()
                before = one.inner_text()
            page.locator("#status", has_text="added" if method == "POST" else "Removed").wait_for()
            page.wait_for_timeout(200)
            assert one.inner_text() == before
            page.goto(f"{address}/#companies/disc")
            one.get_by_role("heading", name="disc").wait_for()


def test_a_drawing_on_its_way_has_no_words_and_a_lost_one_has(browser: Browser, address: str) -> None:
    words = "(image) => image.complete && image.naturalWidth === 0"
    with visit(browser, f"{address}/#look-alikes", expected=["404"]) as page:
        pictures: list[Route] = []
        page.route("**/thumbnail", lambda route: pictures.append(route))
        page.set_input_files("#similar-file", {"name": "a.svg", "mimeType": "", "buffer": svg("bars", 1)})
        thumb = page.locator("#similar-found .thumb").first
        thumb.wait_for()
        page.wait_for_timeout(200)
        assert pictures and not thumb.evaluate(words)
        pictures[0].fulfill(status=404)
        page.wait_for_function("() => !document.querySelector('#similar-found .thumb').hasAttribute('src')")
        assert thumb.evaluate(words)


def test_what_was_left_out_of_the_duplicates_is_told(browser: Browser, index: Path, tmp_path: Path) -> None:
    mine = Path(shutil.copytree(index, tmp_path / "mine"))
    files = [tmp_path / f"{name}.svg" for name in "abcd"]
    for file, shade in zip(files, (1, 1, 2, 3), strict=True):
        file.write_bytes(svg("disc", shade))
    files[0].write_bytes(svg("disc") + b" " * 1_000_000)
    with address_of(mine, "--max-file-mb", 1, "--max-files", 2) as address, visit(browser, address) as page:
        page.set_input_files("#files", files)
        settled(page)
        page.get_by_role("button", name="Find duplicates").click()
        page.locator("#duplicates-found h2").wait_for()
        told = page.locator("#duplicates-found p").first.inner_text()
        assert "1 picture is larger than the service takes." in told and "1 other was left out." in told


def test_on_a_phone_no_word_is_broken(browser: Browser, address: str) -> None:
    height = "(all) => Math.max(...all.map((each) => each.getBoundingClientRect().height))"
    with visit(browser, address, width=320) as page:
        page.set_input_files("#files", {"name": "ring.svg", "mimeType": "", "buffer": ring()})
        settled(page)
        page.locator(".row input").fill("playstation")
        page.locator(".row input").press("Enter")
        page.locator(".row .answer .label", has_text="playstation").wait_for()
        page.get_by_role("button", name="Why").click()
        for words in (".answer .label", ".answer .chance", ".labels .label", ".labels .chance"):
            assert page.locator(f".row {words}").evaluate_all(height) < 32, words
        page.goto(f"{address}/#changes")
        page.locator("td").first.wait_for()
        assert page.locator("th").evaluate_all(height) < 45


def test_what_is_enrolled_meanwhile_is_told(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}/#companies/disc", expected=["409"]) as page:
        with held(page, "POST", "**/v1/classes/disc"):
            drawing = svg("bars", 1)
            page.set_input_files("#company input[type=file]", {"name": "a.svg", "mimeType": "", "buffer": drawing})
            page.locator("#status.stays", has_text="Enrolling …").wait_for()
            page.wait_for_timeout(200)
        page.locator("#question").get_by_role("button", name="Cancel").click()
        assert page.locator("#status").inner_text() == ""


@pytest.mark.parametrize("button", ["Stop", "Clear the list"])
def test_what_is_dropped_before_a_stop_has_ended_is_asked(
    browser: Browser, address: str, queries: Path, button: str
) -> None:
    """As while a picture is still read from a network drive."""
    slow = """() => {
      const over = new Promise((go) => (window.go = go));
      File.prototype.arrayBuffer = async function () {
        window.isReading = true;
        await over;
        return Blob.prototype.arrayBuffer.call(this);
      };
    }"""
    with visit(browser, address) as page:
        page.evaluate(slow)
        page.set_input_files("#files", queries / "a.svg")
        page.wait_for_function("() => window.isReading")
        page.get_by_role("button", name=button).click()
        page.set_input_files("#files", queries / "b.png")
        page.evaluate("go()")
        page.locator(".row", has_text="b.png").locator(".label", has_text="disc").wait_for()
        settled(page)
        assert page.locator(".row .label").all_text_contents() == (["", "disc"] if button == "Stop" else ["disc"])


def test_a_company_does_not_go_unasked_with_drawings_that_are_removed_at_once(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}/#companies/\u00e4rzte", expected=["404"]) as page:
        buttons = page.locator("#company .tile button")
        buttons.nth(2).wait_for()
        with held(page, "DELETE", "**/v1/items/**"):
            for button in buttons.all():
                button.click()
            page.locator("#question", has_text="goes with its last drawing").wait_for()
            page.keyboard.press("Escape")
        page.locator("#company .size", has_text="1 drawing").wait_for()


def test_duplicates_come_late_and_take_nothing_from_who_writes(browser: Browser, address: str, tmp_path: Path) -> None:
    """Nor do those of a list that is gone come at all."""
    files = [tmp_path / f"{name}.svg" for name in "ab"]
    for file in files:
        file.write_bytes(svg("disc", 1))
    box = "#duplicates-found"
    with visit(browser, address) as page:
        page.set_input_files("#files", files)
        settled(page)
        with held(page, "POST", "**/v1/duplicates"):
            page.get_by_role("button", name="Find duplicates").click()
            page.locator(box, has_text="Comparing 2 pictures").wait_for()
            page.wait_for_timeout(200)
            page.get_by_role("button", name="Clear the list").click()
            page.set_input_files("#files", files)
            settled(page)
        page.wait_for_timeout(500)
        assert page.locator(box).is_hidden() and "more than once" not in page.locator("#status").inner_text()
        with held(page, "POST", "**/v1/duplicates"):
            page.get_by_role("button", name="Find duplicates").click()
            page.wait_for_timeout(200)
            page.locator(".row input").first.press_sequentially("new")
        page.locator(f"{box} h2").wait_for()
        page.keyboard.type("co")
        assert page.locator(".row input").first.input_value() == "newco"


def test_a_search_for_duplicates_is_stopped_by_the_keyboard(browser: Browser, address: str, tmp_path: Path) -> None:
    """The request ends with it, and the focus is not lost with the button, whoever takes that away."""
    box, find = "#duplicates-found", "document.activeElement.id === 'duplicates'"
    with visit(browser, address, expected=["400"]) as page:
        gone: list[str] = []
        page.on("requestfailed", lambda request: gone.append(request.url))
        page.set_input_files("#files", drawn_files(tmp_path, 7))
        settled(page)
        asked: list[Route] = []
        page.route("**/v1/duplicates", lambda route: asked.append(route))  # once: between two, a request may slip by
        page.get_by_role("button", name="Find duplicates").press("Enter")
        page.locator(f"{box} [role=status]", has_text="Comparing 7 pictures").wait_for()
        page.get_by_role("button", name="Stop").press("Enter")
        page.locator("#status", has_text="Stopped.").wait_for()
        assert page.locator(box).is_hidden() and page.evaluate(find)
        assert gone == [f"{address}/v1/duplicates"]
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Stop").focus()
        page.wait_for_timeout(200)
        asked[1].continue_()
        page.locator(f"{box} h2:focus").wait_for()
        page.get_by_role("button", name="Close").press("Enter")
        assert page.evaluate(find)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Stop").focus()
        page.wait_for_timeout(200)
        asked[2].fulfill(status=400, json={"detail": "It failed."})
        page.locator("#problems", has_text="It failed.").wait_for()
        assert page.locator(box).is_hidden() and page.evaluate(find)


def test_of_two_answers_the_later_one_stays(browser: Browser, address: str) -> None:
    """Though the earlier one comes behind it."""
    with visit(browser, f"{address}/#companies/disc") as page:
        page.locator("#company .size").wait_for()
        asked: list[Route] = []
        page.route("**/v1/classes", lambda route: route.fallback() if asked else asked.append(route))
        page.get_by_role("link", name="Companies", exact=True).click()
        page.wait_for_timeout(200)
        before = asked[0].fetch()
        page.get_by_role("button", name="New company").click()
        page.get_by_label("Class, as answers say it").fill("umbrella")
        page.get_by_label("Names by which it is known").fill("Umbrella")
        with held(page, "POST", "**/v1/classes/umbrella"):
            page.get_by_role("button", name="Enrol", exact=True).click()
            page.locator("#status.stays", has_text="Enrolling").wait_for()
            page.get_by_role("button", name="New company").click()  # what was written is not up for change by now
            assert page.get_by_role("dialog").count() == 0
        page.locator("#company-list a", has_text="umbrella").wait_for()
        asked[0].fulfill(response=before)
        page.wait_for_timeout(300)
        assert page.locator("#company-list a", has_text="umbrella").count() == 1


def test_a_row_that_was_out_of_sight_says_that_its_enrolment_failed(
    browser: Browser, address: str, queries: Path
) -> None:
    with visit(browser, address, expected=["503"]) as page:
        page.set_input_files("#files", queries / "a.svg")
        settled(page)
        asked: list[Route] = []
        page.route("**/v1/classes/newco", lambda route: asked.append(route))
        page.locator(".row input").fill("newco")
        page.locator(".row input").press("Enter")
        page.locator(".row .note", has_text="Enrolling").wait_for()
        page.fill("#search", "nothing like it")
        page.fill("#search", "")
        page.locator(".row .note", has_text="Enrolling").wait_for()
        asked[0].fulfill(status=503, json={"detail": "The index is in use."})
        page.locator("#problems", has_text="The index is in use.").wait_for()
        page.wait_for_function("() => document.querySelector('.row .note').textContent === ''")
