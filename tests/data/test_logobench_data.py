"""The committed benchmark data: complete, attributed, unpacked safely, and split without leaks."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from bench_queries import SplitRows, may_be_asked
from logobench_data import (
    ARCHIVE,
    CATALOGUE,
    DATA,
    OTHER,
    Drawing,
    LogoBench,
    default_cache,
    group_names,
    load,
    names_by_class,
    read_rows,
    unpacked,
)
from make_logobench_data import attribution, pack, parts_csv, split_parts

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def rows() -> Rows:
    return read_rows(CATALOGUE)


def of_parts(bench: LogoBench, split: str, *parts: str) -> list[Drawing]:
    """The drawings of one part or several of a split."""
    return [drawing for drawing, part in zip(bench.drawings, bench.parts[split], strict=True) if part in parts]


def test_every_drawing_of_the_catalogue_is_unpacked_and_nothing_else(bench: LogoBench) -> None:
    assert len(bench.drawings) == 5911
    folder = bench.drawings[0].path.parents[2]
    unpacked = {path for path in folder.rglob("*") if path.is_file()}
    assert unpacked == {drawing.path for drawing in bench.drawings}
    assert all(drawing.path.stat().st_size > 0 for drawing in bench.drawings)


def test_classes_are_the_160_and_other(bench: LogoBench) -> None:
    assert len(bench.classes) == 161
    assert bench.classes[-1] == "other"
    assert {drawing.label for drawing in bench.drawings} == set(bench.classes)


def test_archive_has_no_times_no_owners_and_only_plain_files() -> None:
    with tarfile.open(ARCHIVE) as tar:
        members = tar.getmembers()
    assert all(m.isreg() and (m.mtime, m.uid, m.gid, m.uname, m.gname) == (0, 0, 0, "", "") for m in members)
    assert [m.name for m in members] == sorted((m.name for m in members), key=lambda name: (name.split(".")[-1], name))


def test_packing_twice_gives_the_same_bytes_whatever_the_files_say(
    bench: LogoBench, rows: Rows, tmp_path: Path
) -> None:
    few = [row for row in rows if row["collection"] == "gg"]
    for row, drawing in zip(rows, bench.drawings, strict=True):
        if row["collection"] == "gg":
            copy = tmp_path / row["path"]
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(drawing.path.read_bytes())
    assert pack(few[::-1], tmp_path) == pack(few, bench.drawings[0].path.parents[2])


def test_a_second_load_unpacks_nothing(bench: LogoBench, cache: Path) -> None:
    folder = bench.drawings[0].path.parents[2]
    before = folder.stat().st_ino
    assert load(cache) == bench
    assert folder.parent == cache and folder.stat().st_ino == before


def test_a_cache_of_another_archive_is_not_used(tmp_path: Path) -> None:
    archive, folders = tmp_path / "art.tar.xz", []
    for content in (b"one", b"two"):
        source = tmp_path / "a.svg"
        source.write_bytes(content)
        with tarfile.open(archive, "w:xz") as tar:
            tar.add(source, "art/a.svg")
        folder = unpacked(archive, "art", tmp_path / "cache")
        assert (folder / "art/a.svg").read_bytes() == content
        folders.append(folder)
        assert sorted((tmp_path / "cache").iterdir()) == sorted(folders)  # and nothing of the unpacking


def test_an_archive_that_breaks_off_leaves_nothing_behind(tmp_path: Path) -> None:
    archive = tmp_path / "art.tar.xz"
    archive.write_bytes(ARCHIVE.read_bytes()[:100_000])
    with pytest.raises((EOFError, tarfile.ReadError)):
        unpacked(archive, "art", tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_an_archive_cannot_write_outside_the_cache(tmp_path: Path) -> None:
    source = tmp_path / "a.svg"
    source.write_bytes(b"x")
    with tarfile.open(tmp_path / "art.tar.xz", "w:xz") as tar:
        tar.add(source, "../../../escaped.svg")
    with pytest.raises(tarfile.OutsideDestinationError):
        unpacked(tmp_path / "art.tar.xz", "art", tmp_path / "cache")
    assert not list(tmp_path.rglob("escaped.svg"))


def test_the_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_cache() == Path("/somewhere/logo-retrieval")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_cache() == Path.home() / ".cache/logo-retrieval"


def test_split_files_are_what_the_maker_makes(rows: Rows) -> None:
    for name, parts in split_parts(rows).items():
        assert (DATA / "splits" / f"{name}.csv").read_bytes() == parts_csv(rows, parts).encode()


def row_of_part(rows: Rows, parts: Sequence[str], part: str) -> str:
    """What a part of a split holds, as a row of the table in the README."""
    held = [(row, group) for row, group, its in zip(rows, group_names(rows), parts, strict=True) if its == part]
    companies = [row for row, _ in held if row["label"] != OTHER]
    colour = sum(row["style"] == "colour" for row in companies) / len(companies)
    return (
        f"| {part} | {len(held):,} | {len(companies):,} | {len({row['label'] for row in companies})} "
        f"| {colour:.0%} | {len(held) - len(companies):,} | {len({group for _, group in held}):,} |"
    )


def test_the_readme_states_what_the_splits_hold(bench: LogoBench, rows: Rows) -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    for parts in bench.parts.values():
        for part in set(parts):
            assert row_of_part(rows, parts, part) in readme


@pytest.mark.parametrize("split", ["shape", "collection"])
def test_no_shape_and_no_other_brand_is_on_two_sides(bench: LogoBench, split: str) -> None:
    sides = [of_parts(bench, split, part) for part in ("train", "val", "test")]
    shapes = [{drawing.dup_group for drawing in side} for side in sides]
    brands = [{d.brand for d in side if d.label == "other" and d.scope == "brand"} for side in sides]
    for left, right in ((0, 1), (0, 2), (1, 2)):
        assert not shapes[left] & shapes[right]
        assert not brands[left] & brands[right]


def test_no_held_out_collection_is_in_training(bench: LogoBench) -> None:
    sides = [{d.collection for d in of_parts(bench, "collection", part)} for part in ("train", "val", "test")]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]


def test_every_class_can_be_learned_and_is_asked(bench: LogoBench) -> None:
    for split in ("shape", "collection"):
        assert {d.label for d in of_parts(bench, split, "train")} == set(bench.classes)
    for part in ("val", "test"):
        assert {d.label for d in of_parts(bench, "shape", part)} == set(bench.classes)
    assert len({d.label for d in of_parts(bench, "collection", "test")}) > 150


def test_only_shapes_that_were_seen_are_dropped(bench: LogoBench) -> None:
    assert "dropped" not in bench.parts["shape"]
    held_out = {d.collection for d in of_parts(bench, "collection", "val", "test")}
    kept = of_parts(bench, "collection", "train", "val")
    shapes, brands = {d.dup_group for d in kept}, {d.brand for d in kept if d.label == "other"}
    for drawing in of_parts(bench, "collection", "dropped"):
        assert drawing.collection in held_out
        assert drawing.dup_group in shapes or (drawing.label == "other" and drawing.brand in brands)


def test_no_brand_of_other_that_training_shows_is_asked(bench: LogoBench) -> None:
    rooms = SplitRows.of(bench)
    assert {*rooms.val, *rooms.unseen} <= {*np.flatnonzero(may_be_asked(bench))}
    groups = np.array(bench.groups)
    other = np.flatnonzero([drawing.label == OTHER for drawing in bench.drawings])
    asked = np.intersect1d(np.flatnonzero(may_be_asked(bench)), other)
    assert len(asked) > 300 and not {*groups[asked]} & {*groups[np.intersect1d(rooms.train, other)]}


def test_companies_can_be_left_out_altogether(bench: LogoBench) -> None:
    gone = bench.classes[3:5]
    rest = bench.without(gone)
    assert rest.classes == tuple(name for name in bench.classes if name not in gone)
    assert rest.drawings == tuple(each for each in bench.drawings if each.label not in gone)
    assert len(rest.drawings) == len(rest.groups) == len(rest.parts["shape"]) == len(rest.parts["collection"])
    for split in ("shape", "collection"):
        assert of_parts(rest, split, "test") == [d for d in of_parts(bench, split, "test") if d.label not in gone]


def test_every_drawing_is_attributed(rows: Rows) -> None:
    packages = read_rows(DATA / "packages.csv")
    text = attribution(rows, packages, "LogoBench-160", CATALOGUE.name)
    assert (DATA / "ATTRIBUTION.md").read_text(encoding="utf-8") == text
    named = {(p["collection"], f"{p['package']}@{p['version']}", p["licence"]) for p in packages}
    assert named == {(row["collection"], row["package"], row["licence"]) for row in rows}
    permissive = {"MIT", "ISC", "Apache-2.0", "CC-BY-4.0", "OFL-1.1", "CC0-1.0", "Unlicense"}
    assert {licence for _, _, licence in named} <= permissive


def test_attribution_links_only_to_homes_of_the_artists() -> None:
    hosts = set()
    for name in ("ATTRIBUTION.md", "packages.csv", "README.md"):
        hosts |= set(re.findall(r"https?://([^/\s>,]+)", (DATA / name).read_text(encoding="utf-8")))
    assert not {host for host in hosts if re.search(r"npm|pypi|registry|cdn", host)}


def test_the_starter_knows_the_reviewed_names() -> None:
    from logo_retrieval.models.resolve import starter_index
    from logo_retrieval.store.index_store import IndexStore

    with IndexStore(starter_index()) as store:
        assert {label: names for label, names in store.class_names().items() if names} == names_by_class()
