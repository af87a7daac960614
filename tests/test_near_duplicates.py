"""Drawings that are there more than once."""

from __future__ import annotations

import json
import tracemalloc
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from conftest import Run
from drawings import raster, svg
from hypothesis import given
from hypothesis import strategies as st

from logo_retrieval import near_duplicates
from logo_retrieval.drawings import Drawings, digests_of_files, files_of
from logo_retrieval.gallery.records import Gallery, GalleryRecord
from logo_retrieval.near_duplicates import find_clusters, find_matches
from logo_retrieval.types import Float32Array


def drawings(vectors: Float32Array, digests: list[bytes] | None = None, prefix: str = "") -> Drawings:
    """Drawings whose pictures are all unlike each other by hash."""
    hashes = np.random.default_rng(7).integers(-(1 << 62), 1 << 62, len(vectors))
    names = [f"{prefix}{place}" for place in range(len(vectors))]
    own = digests or [name.encode() for name in names]
    return Drawings(names, [""] * len(names), own, hashes, vectors.astype(np.float32))


def on_circle(*degrees: float) -> Float32Array:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_clusters_are_connected_by_near_pairs() -> None:
    found = find_clusters(drawings(on_circle(0, 90, 10, 180, 20, 95)), threshold=float(np.cos(np.radians(11))))
    assert [(each.first, [other.name for other in each.others]) for each in found] == [("0", ["2", "4"]), ("1", ["5"])]
    nearest = {other.name: (other.of, other.kind) for each in found for other in each.others}
    assert nearest == {"2": ("0", "drawing"), "4": ("2", "drawing"), "5": ("1", "drawing")}


def test_kinds() -> None:
    mine = drawings(on_circle(0, 120, 240, 260, 320), digests=[b"a", b"a", b"b", b"c", b"d"])
    hashes = mine.hashes.copy()
    hashes[3:] = hashes[2] ^ 0b1011  # the last looks the same, but lies too far away
    mine = Drawings(mine.names, mine.labels, mine.digests, hashes, mine.vectors)
    found = find_clusters(mine, threshold=1.1)
    assert [(each.first, each.others[0].name, each.others[0].kind) for each in found] == [
        ("0", "1", "bytes"),
        ("2", "3", "picture"),
    ]


@given(st.lists(st.integers(0, 360), max_size=12), st.integers(0, 40), st.integers(1, 30))
def test_clusters_are_those_of_a_graph_search(degrees: list[int], angle: int, pairs_per_block: int) -> None:
    vectors = on_circle(*degrees).reshape(-1, 2)
    threshold = np.float32(np.cos(np.radians(angle + 0.5)))  # between whole degrees, so that rounding decides nothing
    expected = [{place} for place in range(len(degrees))]
    for one, other in combinations(range(len(degrees)), 2):
        if vectors[one] @ vectors[other] >= threshold:
            joined = expected[one] | expected[other]
            for place in joined:
                expected[place] = joined
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near_duplicates, "_PAIRS_PER_BLOCK", pairs_per_block)
        found = find_clusters(drawings(vectors), threshold=float(threshold))
    clusters = {frozenset([each.first, *(other.name for other in each.others)]) for each in found}
    assert clusters == {frozenset(map(str, group)) for group in expected if len(group) > 1}


def test_matches_name_the_nearest_and_the_same_bytes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = drawings(on_circle(0, 12, 90), digests=[b"a", b"b", b"c"], prefix="train/")
    asked = drawings(on_circle(11, 45, 1), digests=[b"x", b"y", b"b"], prefix="test/")
    gallery = Drawings(gallery.names, gallery.labels, gallery.digests, ~gallery.hashes << 3, gallery.vectors)
    for pairs_per_block in (1, 100):
        monkeypatch.setattr(near_duplicates, "_PAIRS_PER_BLOCK", pairs_per_block)
        found = find_matches(asked, gallery, threshold=float(np.cos(np.radians(13))))
        assert [(each.name, each.of, each.kind) for each in found] == [
            ("test/0", "train/1", "drawing"),
            ("test/2", "train/1", "bytes"),
        ]


def test_nothing() -> None:
    none = drawings(np.empty((0, 2), np.float32))
    assert find_clusters(none) == [] and find_matches(none, drawings(on_circle(0))) == []
    assert find_matches(drawings(on_circle(0)), none) == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One drawing three times, another once, and a broken file."""
    mine = tmp_path / "mine"
    (mine / "deep").mkdir(parents=True)
    (mine / "a.svg").write_bytes(svg("ärzte"))
    (mine / "b.svg").write_bytes(svg("ärzte"))
    (mine / "deep" / "c.svg").write_bytes(svg("ärzte").replace(b"#d22", b"#07c"))
    (mine / "d.svg").write_bytes(svg("bars"))
    (mine / "e.png").write_bytes(raster("PNG")[:-200])
    return mine


def test_a_folder(run: Run, folder: Path) -> None:
    done = run("duplicates", folder, "--format", "jsonl")
    assert done.code == 3 and "e.png: corrupt" in done.err
    assert "2 of 4 drawings repeat another, in 1 clusters" in done.err
    (line,) = map(json.loads, done.out.splitlines())
    assert (line["cluster"], line["first"], line["label"]) == (1, str(folder / "a.svg"), None)
    kinds = {Path(each["name"]).name: (each["kind"], Path(each["of"]).name) for each in line["others"]}
    assert kinds["b.svg"] == ("bytes", "a.svg") and kinds["c.svg"][1] == "a.svg"
    table = run("duplicates", folder).out.splitlines()
    assert table[0] == str(folder / "a.svg") and len(table) == 3
    assert run("duplicates", folder, "--format", "csv").out.count("\n") == 4


def test_links_are_no_copies_of_what_they_lead_to(run: Run, folder: Path) -> None:
    (folder / "b.svg").unlink()
    (folder / "b.svg").symlink_to("a.svg")
    (folder / "again").symlink_to("deep")
    done = run("duplicates", folder, "--kind", "bytes", "--format", "jsonl")
    assert (done.code, done.out) == (0, "") and "0 of 4 drawings repeat another" in done.err
    twin = run("duplicates", folder / "deep", "--against", folder / "again", "--kind", "bytes")
    assert twin.out.count("    bytes    1.00  ") == 1


def test_an_index(run: Run, index: Path, folder: Path) -> None:
    (folder / "e.png").unlink()
    done = run("duplicates", "--index", index, "--threshold", "-1", "--format", "jsonl")
    (line,) = map(json.loads, done.out.splitlines())
    assert done.code == 0 and len(line["others"]) == 11 and line["label"] == "bars"
    done = run("duplicates", folder, "--index", index, "--format", "jsonl")
    rows = {Path(row["name"]).name: row for row in map(json.loads, done.out.splitlines())}
    assert rows["a.svg"]["kind"] == "bytes" and rows["a.svg"]["of"] == "ärzte/0.svg"
    assert rows["a.svg"]["of_label"] == "ärzte" and f"4 of 4 drawings are in {index} too" in done.err
    assert "    bytes    1.00  bars/0.svg (bars)\n" in run("duplicates", folder, "--index", index).out


def test_two_folders(run: Run, folder: Path, tmp_path: Path) -> None:
    test = tmp_path / "test"
    test.mkdir()
    (test / "t.svg").write_bytes(svg("bars").replace(b"#d22", b"#d33"))
    (test / "u.svg").write_bytes(svg("disc"))
    done = run("duplicates", test, "--against", folder, "--format", "csv")
    assert [line.split(",")[4] for line in done.out.splitlines()] == ["of", str(folder / "d.svg")]
    assert done.code == 3 and f"1 of 2 drawings are in {folder} too" in done.err


def test_a_table_tells_classes(run: Run, folder: Path) -> None:
    table = folder / "t.csv"
    table.write_text("path,label\na.svg,one\nb.svg,two\nd.svg,two\n", encoding="utf-8")
    assert run("duplicates", table).out == "a.svg (one)\n    bytes    1.00  b.svg (two)\n"


def test_usage(run: Run, folder: Path, index: Path) -> None:
    assert run("duplicates").code == 2
    assert run("duplicates", "--index", index, "--against", folder).code == 2
    assert run("duplicates", folder, "--threshold", "2").code == 2
    assert "sub-folder" not in run("duplicates", folder / "a.svg").err  # any folder will do


def test_kinds_count_from_the_strictest_on(tmp_path: Path) -> None:
    mine = Drawings(
        [*"abcd"], [""] * 4, [b"1", b"1", b"2", b"3"], np.array([0, 0, 1, -1]), on_circle(0, 0, 20, 25)
    )  # b is a's bytes, c looks like both, d's drawing is near c's
    asked = Drawings([*"wxyz"], [""] * 4, [b"1", b"8", b"9", b"7"], np.array([0, 1, -1, -1]), on_circle(0, 20, 25, 90))
    by_kind = {
        kind: [[cluster.first, *(each.name for each in cluster.others)] for cluster in find_clusters(mine, 0.99, kind)]
        for kind in ("bytes", "picture", "drawing")
    }
    assert by_kind == {"bytes": [["a", "b"]], "picture": [["a", "b", "c"]], "drawing": [["a", "b", "c", "d"]]}
    matched = {
        kind: [(each.name, each.of, each.kind) for each in find_matches(asked, mine, 0.99, kind)]
        for kind in ("bytes", "picture", "drawing")
    }
    assert matched["bytes"] == [("w", "a", "bytes")]
    assert matched["picture"] == [("w", "a", "bytes"), ("x", "c", "picture"), ("y", "d", "picture")]
    assert matched["drawing"] == matched["picture"]


def test_thousands_of_copies_are_one_cluster_in_bounded_memory() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(0, 0.02, (12_000, 32)).astype(np.float32)
    vectors[:, 0] = 1
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    count = len(vectors)
    mine = Drawings(
        [str(place) for place in range(count)],
        [""] * count,
        [place.to_bytes(4, "big") for place in range(count)],
        np.zeros(count, np.int64),
        vectors,
    )
    tracemalloc.start()
    (cluster,) = find_clusters(mine)
    assert len(find_matches(mine, mine)) == count
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(cluster.others) == count - 1
    assert peak < 250e6
    for each in cluster.others[::997]:
        row = int(each.name)
        assert int(each.of) == int(np.argmax(vectors[:row] @ vectors[row]))


def test_the_same_bytes_are_found_without_vectors_in_a_gallery_that_has_them() -> None:
    asked = Drawings(["w", "x"], [""] * 2, [b"1", b"9"], np.zeros(2, np.int64), np.ones((2, 1), np.float32))
    gallery = Drawings(["a", "b"], ["k"] * 2, [b"2", b"1"], np.zeros(2, np.int64), on_circle(0, 90))
    (found,) = find_matches(asked, gallery, kind="bytes")
    assert (found.name, found.kind, found.similarity, found.of) == ("w", "bytes", 1.0, "b")


def test_an_empty_path_is_not_the_working_directory() -> None:
    with pytest.raises(ValueError, match="the path is empty"):
        files_of("")


def test_bytes_in_memory_are_told_by_them() -> None:
    records = [GalleryRecord(name, "", Path(name), name, content=b"x") for name in ("one", "two")]
    found = digests_of_files(Gallery(tuple(records), ()))
    assert (found.names, len(set(found.digests)), found.unreadable) == (["one", "two"], 1, [])
