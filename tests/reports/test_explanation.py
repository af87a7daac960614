"""The page that explains answers."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsing import visit
from conftest import Run
from drawings import SHAPES, svg
from test_evaluation_page import Parsed

from logo_retrieval import LogoClassifier
from logo_retrieval.reports.explanation import write_explanation
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.types import Decision, Evidence, ScoredLabel, TextLine

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[2]


def pictures(page: str) -> int:
    return page.count("data:image/webp;base64,")


def entries(page: str) -> list[str]:
    """The inputs on a page, in its order."""
    return re.split(r'<li class="(?=unreadable|named|other)', page)[1:]


def test_every_input_is_there_with_its_evidence(run: Run, index: Path, queries: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = run("classify", queries, "--index", index, "--explain", page, "--format", "csv")
    assert done.code == 3 and len(done.out.splitlines()) == 8
    content = page.read_text(encoding="utf-8")
    assert all(content.count(f"{name}</bdi>") == 1 for name in ("a.svg", "b.png", "c.ico", "d.gif", "f.svg", "g.png"))
    assert "corrupt" in content
    assert pictures(content) == 5 + 5 * 5  # readable inputs and their neighbours
    assert not re.search(r"(?:src|href)=\"(?!data:)", content)


def test_unreadable_inputs_come_first_and_all_of_them(
    run: Run, index: Path, queries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from logo_retrieval_cli import classify

    monkeypatch.setattr(classify, "_MOST_EXPLAINED", 1)
    page = tmp_path / "page.html"
    run("classify", queries, "--index", index, "--explain", page)
    content = page.read_text(encoding="utf-8")
    assert [entry.partition('"')[0] for entry in entries(content)] == ["unreadable", "unreadable", "named"]
    assert "7 inputs, 2 unreadable. Of the others 1 are shown." in content


def test_inputs_can_be_searched_and_filtered(run: Run, index: Path, queries: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    run("classify", queries, "--index", index, "--explain", page)
    parsed = Parsed(page.read_text(encoding="utf-8"))
    given = {
        control["id"] for tag in ("input", "select", "button") for control in parsed.all_of(tag) if "id" in control
    }
    assert given == {"words", "kind", "label", "order", "reset"}
    filters = next(box for box in parsed.all_of("div") if box.get("id") == "filters")
    assert "hidden" in filters, "they are of no use without the script, which shows them"
    chosen = {str(option["value"]) for option in parsed.all_of("option")}
    assert {"unreadable", "named", "disc", "1", "-1"} <= chosen
    kinds = [item["data-kind"] for item in parsed.all_of("li") if "data-kind" in item]
    labels = {item["data-label"] for item in parsed.all_of("li") if item.get("data-kind") == "named"}
    assert len(kinds) == 7 and labels <= chosen


@pytest.mark.browser
def test_a_name_is_found_however_its_accents_are_put_together(
    browser: Browser, run: Run, index: Path, tmp_path: Path
) -> None:
    """macOS takes letters and accents apart."""
    query = tmp_path / unicodedata.normalize("NFD", "größe.svg")
    query.write_bytes(svg("disc"))
    run("classify", query, "--index", index, "--explain", tmp_path / "page.html")
    with visit(browser, (tmp_path / "page.html").as_uri()) as page:
        for words, shown in (("Größe", True), ("grosse", False)):
            page.fill("#words", words)
            assert page.locator("#entries > li").is_visible() is shown


def test_an_other_says_which_company_was_nearest_and_what_it_lacked(run: Run, index: Path, tmp_path: Path) -> None:
    query, page = tmp_path / "<i>.svg", tmp_path / "page.html"
    query.write_bytes(svg("other", 5))
    run("classify", query, "--index", index, "--explain", page)
    content = page.read_text(encoding="utf-8")
    assert "Nearest company <bdi>" in content and "times as high for it to be named" in content
    assert "&lt;i&gt;.svg" in content and "<i>" not in content


def test_the_part_that_came_nearest_is_shown(run: Run, index: Path, tmp_path: Path) -> None:
    page, lockup = tmp_path / "page.html", tmp_path / "lockup.svg"
    name = "".join(f'<path d="M{x} 30h25v40h-25z"/>' for x in range(130, 330, 40))
    body = f'<g fill="#d22">{SHAPES["disc"].format(size=45)}</g>{name}'
    lockup.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 330 100">{body}</svg>')
    assert run("classify", lockup, "--index", index, "--explain", page).code == 0
    with LogoClassifier.open(index) as classifier:
        (decision,) = classifier.classify([lockup])
        assert decision.neighbours[0].view == classifier.similar(lockup)[0].view == 1
    content = page.read_text(encoding="utf-8")
    assert "the part that came nearest" in content and pictures(content) == 2 + 5


def test_what_was_read_and_what_it_decided(run: Run, tmp_path: Path) -> None:
    page, lockup = tmp_path / "page.html", ROOT / "benchmarks/samples/lockup.svg"
    assert run("classify", lockup, "--explain", page, "--text", "always").code == 0
    content = page.read_text(encoding="utf-8")
    assert re.search(r'Read: <q class="sought"><bdi>slack</bdi></q>\.\nThat speaks for <bdi>slack</bdi>', content)


def test_whatever_is_read_or_named_stays_text(index: Path, tmp_path: Path) -> None:
    hostile = "\"'><script>alert(1)</script>\u202e" + os.fsdecode(b"\xff")
    item, shown = hostile[:-1], hostile.replace("\udcff", "\\xff")
    decision = Decision(
        "ok",
        hostile,
        0.9996,
        (ScoredLabel(hostile, 0.9996, 0.9, None, {"named": 2.0, "nearest": 3.0}),),
        (Evidence(item, hostile, 0.9),),
        text=(TextLine(hostile, 0.9),),
    )
    unreadable = Decision("unreadable", reason=f"corrupt: {hostile}")
    page = tmp_path / "page.html"
    with IndexStore(index) as store:
        write_explanation([(hostile, decision), (hostile, unreadable)], 2, store, hostile, page)
    content = page.read_text(encoding="utf-8")
    parsed = Parsed(content)
    assert parsed.count("script") == parsed.count("style") == 1
    assert set(parsed.words["bdi"]) == {shown, f"corrupt: {shown}", item}
    assert "0.999" in content and "1.000" not in content, "nothing is rounded up to certainty"


def test_a_file_that_has_gone_meanwhile_has_an_empty_frame(index: Path, queries: Path, tmp_path: Path) -> None:
    query = Path(shutil.copy(queries / "a.svg", tmp_path / "a.svg"))
    with LogoClassifier.open(index) as classifier:
        (decision,) = classifier.classify([query])
        query.unlink()
        write_explanation([(str(query), decision)], 1, classifier.store, "small", tmp_path / "page.html")
    content = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert content.count('<span class="none">') == 1 and pictures(content) == 5


def test_a_page_that_cannot_be_written_is_said_before_the_work(run: Run, index: Path, queries: Path) -> None:
    done = run("classify", queries, "--index", index, "--explain", queries / "absent" / "page.html")
    assert done.code == 1 and done.out == "" and "cannot write" in done.err
    assert run("classify", queries, "--explain", "p.html", "--resume", "--output", "a.csv", "--format", "csv").code == 2
