"""The page for people: pictures in, rows out, corrections; in a real browser."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsing import asked, overflow, reached_by_tab, settled, visit
from conftest import Run
from drawings import ring, scrawl, svg

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror=alert(1)> \u202egnp, "a".svg'


def rows(page: Page) -> list[str]:
    return page.locator("#rows .name").all_text_contents()


def drop(page: Page, files: list[Path]) -> None:
    page.set_input_files("#files", files)
    settled(page)


def test_rows_come_and_are_filtered_sorted_and_paged(
    browser: Browser, address: str, queries: Path, tmp_path: Path
) -> None:
    many = [tmp_path / f"n{number}.svg" for number in range(53)]
    for number, file in enumerate(many):
        file.write_bytes(svg("bars", number % 5))
    hostile = tmp_path / HOSTILE
    hostile.write_bytes(svg("disc", 1))
    with visit(browser, address) as page:
        drop(page, [hostile, *sorted(queries.iterdir()), *many])
        assert rows(page)[0] == HOSTILE and len(rows(page)) == 50
        assert page.locator("#progress-text").inner_text() == "61 of 61 pictures answered"
        page.get_by_label("Next page of rows").click()
        assert rows(page) == [f"n{number}.svg" for number in range(42, 53)]
        page.locator("#filter label", has_text="Unreadable").click()
        assert rows(page) == ["f.svg", "g.png"] and "corrupt" in page.locator(".reason").nth(1).inner_text()
        page.locator("#filter label", has_text="All").click()
        page.fill("#search", "disc")
        assert HOSTILE in rows(page) and "n1.svg" not in rows(page)
        page.fill("#search", "n1")
        page.select_option("#sort", "name")
        assert rows(page) == ["n1.svg", *(f"n1{number}.svg" for number in range(10))]
        page.fill("#search", "")
        page.select_option("#sort", "low")
        shown = [float(text.removesuffix(" %")) for text in page.locator(".answer .chance").all_text_contents() if text]
        assert shown == sorted(shown) and len(shown) > 40
        page.fill("#least", "99.9")
        page.fill("#most", "99.8")
        assert page.locator("#shown").inner_text() == "No row is like that."


def test_no_hint_is_cut_off(browser: Browser, address: str, queries: Path) -> None:
    """At any width: a hint is as wide as its field at most."""
    cut_off = """() => {
      const pen = document.createElement('canvas').getContext('2d');
      const isCut = (field) => {
        const style = getComputedStyle(field);
        pen.font = style.font;
        const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
        return pen.measureText(field.placeholder).width > room;
      };
      const fields = [...document.querySelectorAll('[placeholder]')].filter((field) => field.checkVisibility());
      return [fields.length, fields.filter(isCut).map((field) => field.placeholder)];
    }"""
    with visit(browser, address) as page:
        drop(page, [queries / "a.svg"])
        for view, n_fields in (("Companies", 1), ("Recognise", 4)):
            page.get_by_role("link", name=view).click()
            page.locator(f"#{view.lower()}-view").wait_for()
            for width in (320, 480, 768, 1024, 1180, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate(cut_off) == [n_fields, []], (view, width)


def test_a_row_says_why(browser: Browser, address: str, queries: Path) -> None:
    from playwright.sync_api import expect

    with visit(browser, address) as page:
        drop(page, [queries / "a.svg"])
        for button in page.locator(".row button").all():  # a list of buttons says of which picture each is
            expect(button).to_have_accessible_description("a.svg")
        page.get_by_role("button", name="Why").click()
        words = page.locator(".reasons").inner_text()
        assert "Likeliest" in words and "disc/1.svg" in words and "--other-share 0.5" in words
        page.locator(".reasons .thumb[src^=blob]").first.wait_for()


def test_what_is_dropped_or_pasted_is_taken(browser: Browser, address: str) -> None:
    event = """(kind) => {
      const data = new DataTransfer();
      data.items.add(new File([document.querySelector('template').innerHTML], `${kind}.svg`));
      const options = { bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data };
      const made = kind === 'drop' ? new DragEvent(kind, options) : new ClipboardEvent(kind, options);
      document.querySelector('main').dispatchEvent(made);
    }"""
    with visit(browser, address) as page:
        for kind in ("drop", "paste"):
            page.evaluate(event, kind)
        page.locator(".row").nth(1).wait_for()
        settled(page)
        assert rows(page) == ["drop.svg", "paste.svg"]


def test_a_correction_counts_at_once_and_can_be_taken_back(browser: Browser, address: str, tmp_path: Path) -> None:
    (tmp_path / "ring.svg").write_bytes(ring())
    with visit(browser, address) as page:
        drop(page, [tmp_path / "ring.svg"])
        row = page.locator(".row")
        before = row.locator(".answer .label").inner_text()
        field = row.get_by_label("Company on ring.svg")
        field.fill("newco")
        assert row.locator(".this").text_content() == "This is newco"
        field.press("Enter")
        row.locator(".answer .label", has_text="newco").wait_for()
        assert "newco/ring.svg" in row.locator(".note").inner_text()
        row.get_by_role("button", name="Undo").click()
        row.locator(".note", has_text="Taken back.").wait_for()
        row.locator(".answer .label", has_text=before).wait_for()
        assert page.evaluate("() => document.activeElement.matches('.row input')")
        row.get_by_role("button", name="No company").click()
        row.locator(".note", has_text="other/ring.svg").wait_for()
        row.get_by_role("button", name="Undo").click()
        row.locator(".note", has_text="Taken back.").wait_for()
    log = asked(address, "v1/log")
    assert isinstance(log, list) and [each["action"] for each in log[-4:]] == ["enroll", "unenroll"] * 2


def test_what_the_index_has_under_another_class_is_asked_about(browser: Browser, address: str, tmp_path: Path) -> None:
    (tmp_path / "copy.svg").write_bytes(svg("disc", 0))
    with visit(browser, address, expected=["409"]) as page:
        drop(page, [tmp_path / "copy.svg"])
        row, dialog = page.locator(".row"), page.get_by_role("dialog")
        row.get_by_label("Company on copy.svg").fill("bars")
        row.get_by_role("button", name="This is bars").click()
        assert "disc/0.svg" in dialog.inner_text()
        page.keyboard.press("Escape")
        page.wait_for_function("() => document.querySelector('.row .note').textContent === ''")
        row.get_by_role("button", name="This is bars").click()
        dialog.get_by_role("button", name="Keep both").click()
        row.locator(".note", has_text="bars/copy.svg").wait_for()
        row.get_by_role("button", name="Undo").click()
        row.locator(".note", has_text="Taken back.").wait_for()


def test_downloads_are_what_the_command_writes(
    browser: Browser, address: str, queries: Path, index: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = sorted(queries.iterdir())
    monkeypatch.chdir(queries)
    names = [file.name for file in files]
    with visit(browser, address) as page:
        drop(page, files)
        written = {}
        for kind in ("CSV", "JSONL"):
            with page.expect_download() as download:
                page.get_by_role("button", name=f"Download {kind}").click()
            written[kind] = Path(download.value.path()).read_text(encoding="utf-8")
    for kind, read in (("CSV", lambda text: list(csv.DictReader(text.splitlines()))), ("JSONL", json_lines)):
        printed = run("classify", *names, "--index", index, "--format", kind.lower(), "--other-share", 0.5).out
        assert [comparable(row) for row in read(written[kind])] == [comparable(row) for row in read(printed)]


def json_lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def comparable(row: dict[str, object]) -> dict[str, object]:
    """Without the folder of the index; numbers are the same however they are written."""

    def plain(value: object) -> object:
        try:
            return round(float(str(value)), 3)
        except ValueError:
            return value

    return {
        key: plain(value) if not isinstance(value, list) else len(value) for key, value in row.items() if key != "index"
    }


def test_it_waits_while_the_service_is_busy_and_can_be_stopped(browser: Browser, address: str, queries: Path) -> None:
    answers: list[int] = []

    def busy(route: Route) -> None:
        answers.append(429)
        problem = json.dumps({"status": 429, "detail": "2,000 pictures wait"})
        route.fulfill(status=429, headers={"retry-after": "1"}, content_type="application/problem+json", body=problem)

    with visit(browser, address, expected=["429"]) as page:
        page.route("**/v1/classify*", busy)
        page.set_input_files("#files", sorted(queries.iterdir()))
        page.locator("#progress-text", has_text="2,000 pictures wait").wait_for()
        page.get_by_role("button", name="Stop").click()
        page.unroute("**/v1/classify*")
        page.get_by_role("button", name="Ask the 7 without an answer").click()
        settled(page)
        assert page.locator("#progress-text").inner_text() == "7 of 7 pictures answered" and answers


def test_settings_are_kept_and_offered_anew(browser: Browser, address: str, queries: Path) -> None:
    with visit(browser, address) as page:
        drop(page, [queries / "a.svg"])
        page.locator("#settings summary").click()
        page.fill("#other-share", "90")
        page.select_option("#text", "never")
        page.get_by_role("button", name="Ask 1 again with these settings").click()
        settled(page)
        page.get_by_role("button", name="Why").click()
        assert "--other-share 0.9 --max-false-accept default --text never" in page.locator(".reasons").inner_text()
        page.reload()
        assert page.locator("#settings-now").inner_text().startswith("90 % unknown")


def test_probabilities_are_offered_for_as_many_unknown_logos_as_the_pictures_show(
    browser: Browser, address: str, tmp_path: Path, run: Run, index: Path
) -> None:
    files = [tmp_path / f"{seed}.svg" for seed in range(40)]
    for seed, file in enumerate(files):
        file.write_bytes(scrawl(seed) if seed else svg("disc", 4))
    printed = run("classify", *files, "--index", index, "--format", "jsonl", "--other-share", "auto").out
    found = float(json.loads(printed.splitlines()[0])["settings"].split()[1])
    offer = f"These show some {round(100 * found)} % unknown logos"
    with visit(browser, address) as page:
        drop(page, files[:19])
        assert page.locator("#fit").is_hidden()  # they show too little
        drop(page, files[19:])
        page.get_by_role("button", name=offer).click()
        settled(page)
        assert page.locator("#settings-now").inner_text().startswith(f"{round(100 * found)} % unknown")
        assert page.locator("#fit").is_hidden() and page.locator("#again").is_hidden()
        page.get_by_role("button", name="Why").first.click()
        assert f"--other-share {round(100 * found) / 100}" in page.locator(".reasons:not([hidden])").inner_text()


def test_a_share_is_offered_once(browser: Browser, address: str) -> None:
    """Also near none and all, where odds differ much between per cents; every share is one that the field takes."""
    better = """async ([unknown, count, stated]) => {
      const { betterShare } = await import('./mixture.js');
      const top = [{ label: 'other', probability: unknown }];
      return betterShare(Array.from({ length: count }, () => ({ status: 'ok', top })), stated);
    }"""
    with visit(browser, address) as page:
        for unknown, count in ((1, 300), (0, 300), (1, 9000), (0, 9000), (1, 30)):
            offered = page.evaluate(better, [unknown, count, 0.5])
            assert 0.001 <= offered <= 0.999
            assert page.evaluate(better, [unknown, count, offered]) is None


def test_look_alikes_and_duplicates(browser: Browser, address: str, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one.svg", "two.svg", "three.svg")]
    for file, shape in zip(files, ("disc", "disc", "bars"), strict=True):
        file.write_bytes(svg(shape, 1))
    with visit(browser, address) as page:
        drop(page, files)
        page.get_by_role("button", name="Find duplicates").click()
        page.locator(".clusters").wait_for()
        assert page.locator(".clusters .name").all_inner_texts() == ["one.svg", "two.svg"]
        page.get_by_role("button", name="Look-alikes").first.click()
        page.locator(".tile .thumb[src^=blob]").first.wait_for()
        assert page.locator(".tile .item").first.inner_text() == "disc/1.svg" and "#look-alikes" in page.url
        page.set_input_files("#similar-file", files[2])
        page.locator(".tile .item", has_text="bars/1.svg").wait_for()
        page.go_back()
        assert rows(page) == [file.name for file in files]


@pytest.mark.parametrize("width", [1280, 360])
def test_the_keyboard_reaches_everything_and_nothing_is_too_wide(
    browser: Browser, address: str, queries: Path, width: int
) -> None:
    with visit(browser, address, width=width) as page:
        drop(page, sorted(queries.iterdir())[:3])
        page.locator("#settings summary").press("Enter")
        page.get_by_role("button", name="Why").first.press("Enter")
        page.locator(".reasons h2").first.wait_for()
        wanted, reached = reached_by_tab(page)
        assert len(wanted) > 25 and reached == wanted
        assert overflow(page) == 0
        page.get_by_role("link", name="Look-alikes").press("Enter")
        page.get_by_role("heading", name="What does it look like?").wait_for()
        assert overflow(page) == 0
