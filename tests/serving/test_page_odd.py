"""The page where it is used in unusual ways: odd addresses, text beside pictures, two tabs, narrow windows, paper."""

from __future__ import annotations

import os
import shutil
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsing import CHROMIUM, drawn_files, drop, overflow, settled, visit
from drawings import ring, svg

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
        page.reload()  # as after a skip to the content
        page.get_by_role("heading", name="Whose logo is it?").wait_for()


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


def test_a_file_beside_the_fields_of_a_dialog_does_not_lead_away(browser: Browser, address: str, queries: Path) -> None:
    event = """([kind, selector]) => {
      const data = new DataTransfer();
      data.items.add(new File(['<svg/>'], 'image.svg'));
      const made = new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data });
      return document.querySelector(selector).dispatchEvent(made);
    }"""
    with visit(browser, f"{address}/#companies") as page:
        page.get_by_role("button", name="New company").click()
        for kind in ("dragover", "drop"):
            assert not page.evaluate(event, [kind, "#create h2"])
            assert page.evaluate(event, [kind, "#create-files"])  # a field takes it
        assert page.locator(".row").count() == 0


def test_of_a_folder_what_systems_put_there_is_left_out(browser: Browser, address: str, tmp_path: Path) -> None:
    for place in ("b.svg", "@eaDir/b.svg/thumb.svg", "lost+found/c.svg", ".hidden/d.svg"):
        file = tmp_path / "logos" / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(svg("disc", 1))
    with visit(browser, address) as page:
        page.set_input_files("#folder", tmp_path / "logos")
        settled(page)
        assert page.locator(".row").count() == 1


def test_each_clash_has_a_question_of_its_own(browser: Browser, address: str, tmp_path: Path) -> None:
    copies = [tmp_path / f"copy{number}.svg" for number in range(2)]
    for number, copy in enumerate(copies):
        copy.write_bytes(svg("disc", number))
    with visit(browser, address, expected=["409"]) as page:
        page.set_input_files("#files", copies)
        settled(page)
        for copy in copies:
            page.get_by_label(f"Company on {copy.name}").fill("bars")
        page.evaluate("() => document.querySelectorAll('.row .this').forEach((button) => button.click())")
        dialog = page.get_by_role("dialog")
        dialog.wait_for()
        page.wait_for_load_state("networkidle")
        second = 0 if "disc/1.svg" in dialog.inner_text() else 1
        dialog.get_by_role("button", name="Cancel").click()
        dialog.get_by_text(f"disc/{second}.svg").wait_for()
        dialog.get_by_role("button", name="Keep both").click()
        page.locator(".row .note", has_text=f"bars/copy{second}.svg").wait_for()
        page.get_by_role("button", name="Undo").click()
        page.locator(".row .note", has_text="Taken back.").wait_for()


def without_privilege(folder: Path) -> str | None:
    """The browser as one that may not read everything, though the tests run as root."""
    if os.geteuid() or CHROMIUM is None:
        return CHROMIUM
    if shutil.which("setpriv") is None:
        pytest.skip("there is no setpriv: apt-get install util-linux")
    program = folder / "chromium"
    program.write_text(f'#!/bin/sh\nexec setpriv --bounding-set=-dac_override,-dac_read_search {CHROMIUM} "$@"\n')
    program.chmod(0o755)
    return str(program)


def test_of_a_dropped_folder_all_is_taken_that_can_be_read(browser: Browser, address: str, tmp_path: Path) -> None:
    """And what cannot be is told: a folder in it, or a file."""
    folder = tmp_path / "logos"
    for name in ("a/disc.svg", "closed/bars.svg", "closed.svg", ".git/disc.svg", "z.svg"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(svg("disc"))
    for name in ("closed", "closed.svg"):
        (folder / name).chmod(0)
    denied = "denied: the browser could not read it"
    try:
        with (
            browser.browser_type.launch(executable_path=without_privilege(tmp_path)) as another,
            visit(another, address, expected=["ERR_ACCESS_DENIED"]) as page,
        ):
            drop(page, folder)
            settled(page)
            names, said = (page.locator(f".row .{part}").all_text_contents() for part in ("name", "read"))
            expected = {"logos/a/disc.svg": "", "logos/closed/": denied, "logos/closed.svg": denied, "logos/z.svg": ""}
            assert dict(zip(names, said, strict=True)) == expected
    finally:
        (folder / "closed").chmod(0o755)


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
    files = drawn_files(tmp_path, 40)
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


def test_a_double_click_counts_once(browser: Browser, address: str) -> None:
    """The first has put another button under the second; or waits for its answer."""
    with visit(browser, f"{address}/#companies/\u00e4rzte") as page:
        changes: list[str] = []
        page.on("request", lambda request: changes.append(request.method) if request.method == "DELETE" else None)
        tiles = page.locator("#company .tile")
        tiles.nth(2).wait_for()
        tiles.first.get_by_role("button").dblclick(delay=50)
        page.locator("#company .size", has_text="2 drawings").wait_for()
        page.wait_for_timeout(300)
        assert tiles.count() == 2 and changes == ["DELETE"]
        page.get_by_role("link", name="Recognise").click()
        page.set_input_files("#files", {"name": "ring.svg", "mimeType": "", "buffer": ring()})
        settled(page)
        page.on("request", lambda request: changes.append(request.url) if "/v1/classes/twice" in request.url else None)
        page.locator(".row input").fill("twice")
        page.locator(".row .this").dblclick()
        page.locator(".row .note", has_text="twice/ring.svg").wait_for()
        page.wait_for_timeout(300)
        assert len(changes) == 2
        page.get_by_role("button", name="Undo").click()
        page.locator(".row .note", has_text="Taken back.").wait_for()


def test_what_was_written_of_a_company_stays_when_it_is_refused(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}/#companies", expected=["422"]) as page:
        field, enrol = (
            page.get_by_label("Class, as answers say it"),
            page.get_by_role("button", name="Enrol", exact=True),
        )
        page.get_by_role("button", name="New company").click()
        field.fill("hooli")
        enrol.click()
        page.locator("#problems", has_text="no drawing was given").wait_for()
        page.get_by_role("button", name="New company").click()
        assert field.input_value() == "hooli"
        page.get_by_label("Names by which it is known").fill("Hooli")
        enrol.click()
        page.locator("#company", has_text="known as Hooli").wait_for()
        page.get_by_role("button", name="New company").click()
        assert field.input_value() == ""


def test_a_drawing_of_a_company_that_somebody_else_has_removed(browser: Browser, address: str) -> None:
    with visit(browser, f"{address}/#companies/bars", expected=["404"]) as page:
        page.locator("#company .tile").first.wait_for()
        request = urllib.request.Request(f"{address}/v1/classes/bars", method="DELETE")  # noqa: S310
        urllib.request.urlopen(request).close()  # noqa: S310
        page.locator("#company .tile button").first.click()
        page.locator("#company", has_text="Choose a company").wait_for()
        assert page.locator("#company-list a", has_text="bars").count() == 0


def test_names_that_are_long_or_run_from_right_to_left(browser: Browser, address: str) -> None:
    """A long one takes two lines, and what is said of it four; in a sentence, each stays in its place."""
    height = "(each) => each.getBoundingClientRect().height"
    with visit(browser, address, width=320) as page:
        page.set_input_files("#files", {"name": "ring.svg", "mimeType": "", "buffer": ring(2)})
        settled(page)
        row = page.locator(".row")
        for name in ("\u05d0\u05d1\u05d2", "x" * 150):
            row.locator("input").fill(name)
            row.locator(".this").click()
            row.locator(".note", has_text=f"Enrolled as \u2068{name}\u2069: \u2068{name}/ring.svg\u2069.").wait_for()
            label = row.locator(".answer .label", has_text=name)
            assert label.evaluate(height) < 60 and page.locator("#status").evaluate(height) < 110
            assert label.get_attribute("title") == name
            row.get_by_role("button", name="Undo").click()
            row.locator(".note", has_text="Taken back.").wait_for()
