"""The page behind a proxy that has rules of its own, on a slow connection, and with a token that runs out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsing import settled, visit
from drawings import svg

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

pytestmark = pytest.mark.browser


def test_it_is_opened_by_an_address_with_a_name_and_a_password(browser: Browser, address: str) -> None:
    known = address.replace("http://", "http://name:password@")
    with visit(browser, known) as page:
        page.locator("#facts", has_text="3 companies").wait_for()
    with visit(browser, f"{known}/docs/") as page:
        page.locator(".operation").first.wait_for()


@pytest.mark.parametrize("kind", ["page", "redirect"])
def test_a_proxy_that_wants_people_to_sign_in_again_is_told(
    browser: Browser, address: str, queries: Path, kind: str
) -> None:
    def sign_in(route: Route) -> None:
        if kind == "page":
            route.fulfill(content_type="text/html", body="<!doctype html><title>Sign in</title>")
        else:
            route.fulfill(status=302, headers={"Location": "https://login.example.com/"})

    with visit(browser, address) as page:
        page.locator("#facts", has_text="3 companies").wait_for()
        page.route("**/v1/*", sign_in)
        page.set_input_files("#files", queries / "a.svg")
        page.locator("#problems", has_text="Something else answered in place of the service").wait_for()
        page.get_by_role("link", name="Changes").click()
        page.locator("#problems", has_text="(2 times)").wait_for()
        page.route("**/openapi.json", sign_in)
        page.get_by_role("link", name="API").click()
        page.locator("#problems", has_text="Something else answered in place of the service").wait_for()


@pytest.mark.parametrize("status", [408, 413])
def test_what_is_too_much_at_once_goes_in_parts(browser: Browser, address: str, tmp_path: Path, status: int) -> None:
    """As for a proxy that takes less than the service, or a connection that is too slow for much."""
    files = [tmp_path / f"{number}.svg" for number in range(12)]
    for number, file in enumerate(files):
        file.write_bytes(svg("bars", number % 5) + (b" " * 4000 if number == 7 and status == 413 else b""))

    def narrow(route: Route) -> None:
        if len(route.request.post_data_buffer or b"") > 2000:
            route.fulfill(status=status, content_type="text/html", body="<title>No</title>")
        else:
            route.continue_()

    with visit(browser, address, expected=[str(status)]) as page:
        page.route("**/v1/classify*", narrow)
        page.set_input_files("#files", files)
        settled(page)
        assert page.locator("#progress-text").inner_text() == "12 of 12 pictures answered"
        refused = page.locator(".row[data-kind=unreadable]")
        assert refused.locator(".name").all_text_contents() == (["7.svg"] if status == 413 else [])
        assert status == 408 or "too-large: " in refused.locator(".reason").inner_text()


def test_who_declines_to_give_a_token_is_not_asked_again_for_each_drawing(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    files = [tmp_path / f"{number}.svg" for number in range(8)]
    for number, file in enumerate(files):
        file.write_bytes(svg("disc", number % 5))
    with visit(browser, address, expected=["401"]) as page:
        page.route("**/thumbnail", lambda route: route.fulfill(status=401, json={"detail": "no token"}))
        page.set_input_files("#files", files)
        page.locator("#token").get_by_role("button", name="Cancel").click()
        page.wait_for_function("() => document.querySelectorAll('.thumb:not([src])').length > 8")
        assert page.get_by_role("dialog").count() == 0


def test_a_browser_that_has_no_room_asks_for_a_token_once(browser: Browser, address: str) -> None:
    full = """Storage.prototype.setItem = () => {
      throw new DOMException('no room', 'QuotaExceededError');
    };"""

    def guard(route: Route) -> None:
        if "authorization" in route.request.headers:
            route.continue_()
        else:
            route.fulfill(status=401, json={"detail": "no token"})

    with visit(browser, f"{address}/docs/", expected=["401"]) as page:
        page.add_init_script(full)
        page.route("**/v1/*", guard)
        page.goto(address)
        page.get_by_role("dialog").get_by_label("Token").fill("secret")
        page.keyboard.press("Enter")
        page.locator("#facts", has_text="3 companies").wait_for()
        assert page.get_by_role("dialog").count() == 0
