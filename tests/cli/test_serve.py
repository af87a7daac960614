"""`logo-retrieval serve`: what it refuses before it listens. That it serves is tested in `tests/serving`."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Run


def test_a_port_that_is_taken(run: Run, index: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = run("serve", "--index", index, "--port", taken.getsockname()[1])
    assert (said.code, said.out) == (1, "")
    assert "cannot listen at 127.0.0.1, port" in said.err and "give another --host or --port" in said.err


def test_the_default_index_is_told_by_the_log_alone(
    run: Run, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line of standard error is JSON, once the service listens."""
    (tmp_path / "indexes").mkdir()
    (tmp_path / "indexes" / "default").symlink_to(index)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOGO_RETRIEVAL_INDEX", raising=False)
    assert run("serve", "--host", "no.such.name.invalid").err.startswith("Error: cannot listen")


@pytest.mark.parametrize(("host", "code", "words"), [("ü..b", 1, "cannot listen at ü..b"), ("", 2, "--host is empty")])
def test_an_address_that_is_none(run: Run, index: Path, host: str, code: int, words: str) -> None:
    said = run("serve", "--index", index, "--host", host, "--port", 0)
    assert said.code == code and words in said.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("reader read", "line 1 must be a name, a scope and a secret, got 2 words"),
        ("reader write 0123456789abcdef", "line 1: a token's scope must be one of read, enrol, admin, got 'write'"),
        ("reader read tooshort", "at least 16"),
        ("# none yet", "there is no token in it"),
        ("\ufeff# as Windows writes it\r\nreader read tooshort\r\n", "line 2: a token must have at least 16"),
    ],
)
def test_a_file_of_tokens_that_is_wrong(run: Run, index: Path, tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "tokens.txt"
    file.write_text(content)
    said = run("serve", "--index", index, "--tokens", file)
    assert said.code == 2 and words in said.err
    assert "tooshort" not in said.err


@pytest.mark.parametrize("name", ["TOKEN", "TOKENS"])
def test_a_token_that_was_lost_on_its_way(run: Run, index: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """As where a container is given a variable that is not set: nobody must take the service for protected."""
    monkeypatch.setenv(f"LOGO_RETRIEVAL_SERVE_{name}", "")
    said = run("serve", "--index", index, "--host", "no.such.name.invalid")
    assert said.code == 2 and f"$LOGO_RETRIEVAL_SERVE_{name} is empty" in said.err


def test_limits_that_do_not_fit_each_other(run: Run, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = run("serve", "--index", index, "--max-files", 100, "--queue", 50)
    assert said.code == 2 and "a request of 100 files would never fit a queue of 50 pictures" in said.err
    said = run("serve", "--index", index, "--memory-mb", 100)
    assert said.code == 2 and "a request of 256,000,000 bytes would never fit the 100,000,000 bytes" in said.err
    monkeypatch.setenv("LOGO_RETRIEVAL_SERVE_TOKEN", "short")
    assert "at least 16" in run("serve", "--index", index).err


def test_without_its_extra(index: Path) -> None:
    script = (
        "import sys; sys.modules['uvicorn'] = None; from logo_retrieval_cli.main import main; "
        f"sys.argv = ['logo-retrieval', 'serve', '--index', {str(index)!r}]; main()"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert said.returncode == 1 and "serving needs the extra [serve] (uvicorn is missing)" in said.stderr
