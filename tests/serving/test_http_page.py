"""What `docs/http.md` says is so."""

from __future__ import annotations

import re
import shutil
import subprocess
import urllib.request
from pathlib import Path

import click
import pytest
from browsing import asked
from drawings import ring, svg

from logo_retrieval_cli.serve import serve

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "http.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files that the examples are about."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("TOKEN", "none-is-needed")
    (tmp_path / "logos").mkdir()
    for name, drawing in (("logo.svg", svg("disc", 1)), ("a.svg", svg("disc", 2)), ("b.png", b"no picture")):
        (tmp_path / name).write_bytes(drawing)
        (tmp_path / "logos" / name).write_bytes(drawing)
    (tmp_path / "newco.svg").write_bytes(ring())
    return tmp_path


def block(kind: str, address: str) -> str:
    found: list[str] = re.findall(rf"```{kind}\n(.*?)```", PAGE, flags=re.DOTALL)
    return next(text for text in found if ADDRESS in text and "serve " not in text).replace(ADDRESS, address)


def test_every_line_for_the_shell_is_answered(address: str, folder: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    lines = block("sh", address).splitlines()
    for line in lines:
        command = line.replace("curl ", "curl --fail-with-body --silent --show-error ", 1)
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
        assert done.returncode == 0 and not done.stderr, f"{line}: {done.stdout} {done.stderr}"
    assert len(lines) >= 12 and (folder / "thumbnail.webp").read_bytes()[8:12] == b"WEBP"


def test_the_example_in_python_runs(address: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("httpx", reason="httpx is not installed: pip install '.[dev]'")
    source = block("python", address)
    exec(compile(source, "docs/http.md", "exec"), {"__name__": "page"})  # noqa: S102
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[:3]] == [["a.svg", "disc"], ["b.png", "None"], ["logo.svg", "disc"]]
    assert lines[3].split()[0] in ("200", "201") and "'added'" in lines[3]


def test_the_example_in_javascript_runs(address: str, folder: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("there is no Node")
    (folder / "example.mjs").write_text(block("js", address), encoding="utf-8")
    done = subprocess.run(["node", "example.mjs"], capture_output=True, text=True)
    assert done.stdout.split()[:1] == ["disc"], done.stderr


def test_every_option_is_on_the_page() -> None:
    listed = re.findall(r"^\| `(--[\w-]+)` \| `(\w+)` \|([^|]*)\|", PAGE, flags=re.MULTILINE)
    options = [each for each in serve.params if isinstance(each, click.Option) and each.name != "index"]
    expected = {each.opts[0]: (each.envvar, each.default) for each in options}
    assert {name: variable for name, variable, _ in listed} == {
        name: variable for name, (variable, _) in expected.items()
    }
    for name, _, default in listed:
        value = expected[name][1]
        assert not default.strip() or default.strip() == (f"{value:g}" if isinstance(value, float) else str(value)), (
            name
        )


def test_every_figure_is_on_the_page(address: str) -> None:
    with urllib.request.urlopen(f"{address}/metrics") as answer:  # noqa: S310
        families = re.findall(r"^# TYPE (logo_\w+) (\w+)", answer.read().decode(), flags=re.MULTILINE)
    found = {name for name, kind in families if not name.endswith("_created")}
    assert set(re.findall(r"^\| `(logo_\w+)` \|", PAGE, flags=re.MULTILINE)) == found


def test_every_status_is_on_the_page(address: str) -> None:
    described = asked(address, "openapi.json")
    assert isinstance(described, dict)
    answers = [each["responses"] for path in described["paths"].values() for each in path.values()]
    said = set(re.findall(r"\b[45]\d\d\b", "\n".join(re.findall(r"^\| [\d, ]+\|", PAGE, flags=re.MULTILINE))))
    assert {status for each in answers for status in each if status >= "400"} <= said
