"""The page that explains answers."""

from __future__ import annotations

import re
from pathlib import Path

from conftest import Run
from drawings import svg


def pictures(page: str) -> int:
    return page.count("data:image/webp;base64,")


def test_every_input_is_there_with_its_evidence(run: Run, index: Path, queries: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = run("classify", queries, "--index", index, "--explain", page, "--format", "csv")
    assert done.code == 3 and len(done.out.splitlines()) == 8
    content = page.read_text(encoding="utf-8")
    assert all(content.count(f"{name}</bdi>") == 1 for name in ("a.svg", "b.png", "c.ico", "d.gif", "f.svg", "g.png"))
    assert content.count("<b>unreadable</b>") == 2 and "corrupt" in content
    assert pictures(content) == 5 + 5 * 5  # readable inputs and their neighbours
    assert not re.search(r"(?:src|href)=\"(?!data:)", content)


def test_an_other_says_which_company_was_nearest_and_what_it_lacked(run: Run, index: Path, tmp_path: Path) -> None:
    query, page = tmp_path / "<i>.svg", tmp_path / "page.html"
    query.write_bytes(svg("other", 5))
    run("classify", query, "--index", index, "--explain", page)
    content = page.read_text(encoding="utf-8")
    assert "nearest company <bdi>" in content and "times as high for it to be named" in content
    assert "&lt;i&gt;.svg" in content and "<i>" not in content


def test_a_page_that_cannot_be_written_is_said_before_the_work(run: Run, index: Path, queries: Path) -> None:
    done = run("classify", queries, "--index", index, "--explain", queries / "absent" / "page.html")
    assert done.code == 1 and done.out == "" and "cannot write" in done.err
    assert run("classify", queries, "--explain", "p.html", "--resume", "--output", "a.csv", "--format", "csv").code == 2
