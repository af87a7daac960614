"""The page for people: companies, changes, tokens; and the page of operations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from browsing import address_of, asked, overflow, reached_by_tab, settled, visit
from drawings import ring, svg

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

READER, ADMIN = "reads-and-no-more-than-that", "may-do-everything-there-is"


def test_companies_are_found_opened_and_changed(browser: Browser, address: str, tmp_path: Path) -> None:
    (tmp_path / "ring.svg").write_bytes(ring())
    with visit(browser, f"{address}/#companies") as page:
        links = page.locator("#company-list a")
        links.nth(3).wait_for()
        page.fill("#company-search", "ÄRZ")
        assert links.count() == 1
        page.locator("#company-list a").press("Enter")
        one = page.locator("#company")
        one.get_by_role("heading", name="ärzte").wait_for()
        assert "3 drawings · no names yet" in one.inner_text()
        one.locator("input[type=file]").set_input_files(tmp_path / "ring.svg")
        one.locator(".size", has_text="4 drawings").wait_for()
        one.get_by_label("Another name of the company").fill("Die Ärzte")
        one.get_by_role("button", name="Add the name").click()
        one.get_by_text("known as Die Ärzte").wait_for()
        one.get_by_role("button", name="Undo").click()
        one.get_by_text("no names yet").wait_for()
        one.get_by_role("button", name="Undo").click()
        one.get_by_text("known as Die Ärzte").wait_for()
        one.get_by_role("button", name="Remove the name ärzte").click()
        one.get_by_text("Removed the name ärzte").wait_for()
        assert one.get_by_role("button", name="Remove the name").count() == 1
        one.get_by_role("button", name="Remove ärzte/ring.svg").click()
        one.locator(".size", has_text="3 drawings").wait_for()
        assert page.evaluate("() => document.activeElement.closest('.tile') !== null")
        wanted, reached = reached_by_tab(page)
        assert reached == wanted


def test_a_company_is_made_by_name_and_removed_after_a_question(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}/#companies") as page:
        page.get_by_role("button", name="New company").click()
        page.get_by_label("Class, as answers say it").fill("initech")
        page.get_by_label("Names by which it is known").fill("Initech\nIT Corp")
        page.get_by_role("button", name="Enrol", exact=True).press("Enter")
        one = page.locator("#company")
        one.get_by_text("known as Initech").wait_for()
        one.get_by_role("button", name="Remove the company").click()
        dialog = page.get_by_role("dialog")
        assert "its names, Initech" in dialog.inner_text()
        page.keyboard.press("Escape")
        one.get_by_role("button", name="Remove the company").click()
        dialog.get_by_role("button", name="Remove", exact=True).click()
        page.locator("#company-list a", has_text="initech").wait_for(state="detached")
        page.get_by_role("link", name="Changes").click()
        page.locator("#change-list tr").first.wait_for()
        first, second = (page.locator("#change-list tr").nth(place).inner_text() for place in (0, 1))
        assert "unenroll" in first and "initech" in first and "enroll" in second
    classes = asked(address, "v1/classes")
    assert isinstance(classes, list) and "initech" not in [each["name"] for each in classes]


def test_a_drawing_in_the_place_of_another_is_shown(browser: Browser, address: str) -> None:
    """Which somebody else has put there, under the same name."""
    colour = """() => {
      const [image, canvas] = [document.querySelector('#similar-found .thumb'), new OffscreenCanvas(1, 1)];
      canvas.getContext('2d').drawImage(image, 0, 0, 1, 1);
      return canvas.getContext('2d').getImageData(0, 0, 1, 1).data.join();
    }"""
    seen = set()
    with visit(browser, f"{address}/#look-alikes") as page, httpx.Client(base_url=address) as other:
        for number in range(2):
            drawing = ("mark.svg", ring(3 * number))
            other.post("/v1/classes/newco", files=[("files", drawing)]).raise_for_status()
            page.set_input_files("#similar-file", {"name": drawing[0], "mimeType": "", "buffer": drawing[1]})
            found = page.locator("#similar-found li").first
            found.locator(".thumb[src^=blob]").wait_for()
            assert "newco/mark.svg" in found.inner_text()
            seen.add(page.evaluate(colour))
            other.delete("/v1/classes/newco").raise_for_status()
    assert len(seen) == 2


def test_what_is_wrong_is_said(browser: Browser, address: str, queries: Path) -> None:
    with visit(browser, f"{address}/#companies/disc", expected=["422", "404"]) as page:
        one, dialog = page.locator("#company"), page.get_by_role("dialog")
        one.locator("input[type=file]").set_input_files([queries / "g.png", queries / "f.svg"])
        problem = page.locator("#problems .problem")
        problem.wait_for()
        assert "corrupt" in problem.inner_text()
        problem.get_by_role("button", name="Dismiss").press("Enter")
        problem.wait_for(state="detached")
        assert not dialog.is_visible()
        page.goto(f"{address}/#companies/nobody")
        assert "there is no class 'nobody'" in problem.inner_text()


def test_a_token_is_asked_for_and_kept_for_the_tab(browser: Browser, mine: Path, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.txt"
    tokens.write_text(f"reader read {READER}\nboss admin {ADMIN}\n")
    (tmp_path / "a.svg").write_bytes(svg("disc", 1))
    expected = ["401", "403"]
    with address_of(mine, "--tokens", tokens) as address, visit(browser, address, expected=expected) as page:
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Token").fill("not-a-token-of-this-service")
        dialog.get_by_role("button", name="Use this token").click()
        dialog.get_by_text("does not know this token").wait_for()
        dialog.get_by_label("Token").fill(READER)
        page.keyboard.press("Enter")
        page.locator("#facts", has_text="3 companies").wait_for()
        page.set_input_files("#files", tmp_path / "a.svg")
        settled(page)
        page.locator(".nearest .thumb[src^=blob]").first.wait_for()
        page.get_by_role("button", name="No company").click()
        problem = page.locator("#problems .problem")
        problem.wait_for()
        assert "the token 'reader' is for 'read', and this needs 'enrol'" in problem.inner_text()
        kept = "() => [Object.values(sessionStorage), Object.values(localStorage), document.cookie]"
        assert page.evaluate(kept) == [[READER], [], ""]
        page.locator("#settings summary").click()
        page.get_by_role("button", name="Forget the token").click()
        page.get_by_role("link", name="Changes").click()
        dialog.get_by_label("Token").fill(ADMIN)
        page.keyboard.press("Enter")
        page.locator("#change-list tr").first.wait_for()


def test_no_token_is_an_answer_too(browser: Browser, mine: Path) -> None:
    with address_of(mine, "--token", ADMIN) as address, visit(browser, address, expected=["401"]) as page:
        page.get_by_role("dialog").get_by_label("Token").wait_for()
        page.keyboard.press("Escape")
        page.locator("#problems", has_text="Without a token").wait_for()
        page.set_input_files("#files", {"name": "a.svg", "mimeType": "", "buffer": svg("disc", 1)})
        page.get_by_role("dialog").get_by_label("Token").fill(ADMIN)
        page.keyboard.press("Enter")
        settled(page)
        page.locator(".row input").focus()  # there the companies are needed
        page.locator("#facts", has_text="3 companies").wait_for()


@pytest.mark.parametrize("width", [1280, 360])
def test_every_view_fits_a_phone(browser: Browser, address: str, width: int) -> None:
    with visit(browser, address, width=width) as page:
        for view, what in (
            ("companies/disc", ".tile"),
            ("companies", "#company"),
            ("changes", "td"),
            ("look-alikes", "h1"),
        ):
            page.goto(f"{address}/#{view}")
            page.locator(what).first.wait_for(state="attached")
            assert overflow(page) == 0, view


@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_of_operations_has_all_of_them(browser: Browser, address: str, width: int) -> None:
    described = asked(address, "openapi.json")
    assert isinstance(described, dict)
    with visit(browser, f"{address}/docs", width=width) as page:
        page.locator(".operation").first.wait_for()
        titles = page.locator(".operation h2 code").all_inner_texts()
        assert titles == [path for path, methods in described["paths"].items() for _ in methods]
        words = page.locator("#post-v1-classify").inner_text()
        assert "number, above 0, below 1" in words and f"curl -F files=@logo.svg '{address}/v1/classify'" in words
        assert overflow(page) == 0
