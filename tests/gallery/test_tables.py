"""Tables as galleries, as programs and spreadsheets write them."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from logo_retrieval.errors import BackendError, GalleryError
from logo_retrieval.gallery.records import read_gallery


def table(tmp_path: Path, text: str, name: str = "gallery.csv") -> Path:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_table(tmp_path: Path) -> None:
    gallery = read_gallery(table(tmp_path, "\ufefflabel,path,extra\nbeta,b.svg,1\nalpha,sub/a.svg,2\nalpha,b.svg,3\n"))
    assert [(record.name, record.label) for record in gallery.records] == [
        ("b.svg", "beta"),
        ("sub/a.svg", "alpha"),
        ("b.svg#2", "alpha"),
    ]
    assert gallery.records[1].path == tmp_path / "sub/a.svg"


def test_a_row_that_stands_there_twice(tmp_path: Path) -> None:
    gallery = read_gallery(table(tmp_path, "path,label\na.svg,alpha\na.svg,alpha\n"))
    assert len(gallery.records) == 1 and gallery.remarks == (
        "passed over row 3: 'a.svg' stands there twice for class 'alpha'",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,brand\na.svg,alpha\n", "expected the columns path,label in .* got path,brand"),
        ("path,brand,,\na.svg,alpha,,\n", "expected the columns path,label in .* got path,brand$"),
        ("", "got none"),
        ("path,label,Label\na.svg,alpha,beta\n", "the column label is there more than once"),
        ("path,label\n", "expected rows below the header"),
        ("path,label\na.svg,\n", "the column label is empty in row 2"),
        ("path,label\na.svg,\u200b\n", "a class name must be text.* something is seen.*in row 2"),
        ("path,label\n,alpha\n", "the column path is empty in row 2"),
        ("path,label\n \t ,alpha\n", "the column path is empty in row 2"),
        ("path,label\na.svg,OTHER\n", "'other' is reserved"),
        ("path,label\na.svg,Smith, Inc.\n", "expected 2 cells in row 2 .* got 3: put quotes around one that has a ','"),
    ],
)
def test_tables_that_cannot_serve(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(GalleryError, match=message):
        read_gallery(table(tmp_path, text))


def test_a_table_of_two_encodings_is_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("path,label\na.svg,Bäcker\n".encode() + "b.svg,Café\n".encode("cp1252"))
    with pytest.raises(GalleryError, match="must be UTF-8 text"):
        read_gallery(tmp_path / "t.csv")


def test_a_quote_that_nothing_closes_is_told(tmp_path: Path) -> None:
    before = csv.field_size_limit(131_072)  # of the whole process, whoever else has changed it
    try:
        with pytest.raises(GalleryError, match="is no well-formed CSV: field larger than field limit"):
            read_gallery(table(tmp_path, 'path,label\n"a.svg,alpha\n' + "b.svg,beta\n" * 20_000))
    finally:
        csv.field_size_limit(before)


def test_a_table_in_a_locale_without_its_letters(tmp_path: Path) -> None:
    table = tmp_path / "logos.csv"
    table.write_text("path,label\na.svg,Bär 東京\n", encoding="utf-8")
    asked = (
        f"from logo_retrieval.gallery.records import read_gallery; print(ascii(read_gallery({str(table)!r}).classes))"
    )
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", asked], env={**os.environ, **plain}, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == ascii(("Bär 東京",)), done.stderr


@pytest.mark.parametrize(
    "content",
    [
        "path,label\nart/ä.svg,Bäcker\n".encode(),
        "\ufeffPath , LABEL\r\nart/ä.svg,Bäcker\r\n".encode(),
        "path;label\nart/ä.svg;Bäcker\n".encode(),
        "path\tlabel\nart/ä.svg\tBäcker\n".encode("utf-16"),
        "label;path\nBäcker;art/ä.svg\n".encode("cp1252"),
        "path,label,,\nart/ä.svg,Bäcker,,\n,,,\n".encode(),
        'path,label\n"art\\ä.svg","Bäcker"\n'.encode(),
        "path, label\n art/ä.svg , Bäcker\n".encode(),
        "sep=;\r\npath;label\r\nart/ä.svg;Bäcker\r\n".encode("cp1252"),
        "path;label\rart/ä.svg;Bäcker\r".encode(),
        "path|label\nart/ä.svg|Bäcker\n".encode(),
        "path,label\nart/ä.svg,Bäcker\n".encode("utf-16-le"),
        "path,label\nart/ä.svg,Bäcker\n".encode("utf-16-be"),
        "path,label\nart/ä.svg,Bäcker\n".encode("utf-32"),
        "\ufeff\ufeffpath,label\nart/ä.svg,Bäcker\n".encode(),
        "path,label\nart/a\u0308.svg,Ba\u0308cker\n".encode(),
        "path,label\n  \n\t, \nart/ä.svg,Bäcker\n,,\n".encode(),
    ],
    ids=[
        *("plain", "case and mark", "semicolons", "UTF-16", "code page", "trailing commas", "back-slashes", "spaces"),
        *("separator told", "returns alone", "bars", "UTF-16, no mark", "the other way", "UTF-32", "two marks"),
        *("another Unicode form", "empty rows"),
    ],
)
def test_tables_as_spreadsheets_write_them(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "art").mkdir()
    (tmp_path / "art" / "ä.svg").touch()
    (tmp_path / "t.csv").write_bytes(content)
    (record,) = read_gallery(tmp_path / "t.csv").records
    assert (record.label, record.path) == ("Bäcker", tmp_path / "art" / "ä.svg")
    (tmp_path / "t.TSV").write_bytes(content)
    assert read_gallery(tmp_path / "t.TSV").records == (record,)


def test_a_parquet_table(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    pyarrow = pytest.importorskip("pyarrow")
    rows = {"label": ["beta", "ärzte"], "path": ["b.svg", "a.svg"], "more": [1, 2]}
    parquet.write_table(pyarrow.table(rows), tmp_path / "gallery.parquet")
    gallery = read_gallery(tmp_path / "gallery.parquet")
    assert [(record.path.name, record.label) for record in gallery.records] == [("b.svg", "beta"), ("a.svg", "ärzte")]
    parquet.write_table(pyarrow.table({**rows, "group": ["x", None]}), tmp_path / "gallery.parquet")
    assert [record.group for record in read_gallery(tmp_path / "gallery.parquet").records] == ["x", None]
    undeclared = {"label": [b"beta", "ärzte".encode()], "path": [b"b.svg", b"a.svg"]}
    parquet.write_table(pyarrow.table(undeclared), tmp_path / "gallery.parquet")
    assert read_gallery(tmp_path / "gallery.parquet") == gallery
    parquet.write_table(pyarrow.table({"file": ["b.svg"]}), tmp_path / "other.parquet")
    with pytest.raises(GalleryError, match="expected the columns path,label in .* got file"):
        read_gallery(tmp_path / "other.parquet")
    with pytest.raises(GalleryError, match="no well-formed Parquet"):
        read_gallery(table(tmp_path, "no table", "junk.parquet"))


def test_without_pyarrow_a_parquet_table_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(BackendError, match=r"reading '.*' needs pyarrow: install the extra \[parquet\]"):
        read_gallery(table(tmp_path, "PAR1", "gallery.parquet"))


@pytest.mark.parametrize(
    ("compression", "damaged", "message"),
    [("snappy", b"PAR1", r"cannot be read: (?!None)[^\n]+$"), ("none", b"00007.svg", "is no well-formed Parquet file")],
)
def test_a_damaged_parquet_table(tmp_path: Path, compression: str, damaged: bytes, message: str) -> None:
    """Behind a header that is sound."""
    parquet = pytest.importorskip("pyarrow.parquet")
    pyarrow = pytest.importorskip("pyarrow")
    rows = {"path": [f"{place:05}.svg" for place in range(500)], "label": ["acme"] * 500}
    file = tmp_path / "gallery.parquet"
    parquet.write_table(pyarrow.table(rows), file, compression=compression, use_dictionary=False)
    file.write_bytes(file.read_bytes().replace(damaged, damaged[:4] + b"\xff" * 5 + damaged[9:], 1))
    with pytest.raises(GalleryError, match=message):
        read_gallery(file)
