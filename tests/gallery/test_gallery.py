"""Folders and tables as galleries."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from conftest import without_root
from test_tables import table

from logo_retrieval.drawings import files_of
from logo_retrieval.errors import GalleryError, UnreadableImage
from logo_retrieval.gallery.files import visible_files
from logo_retrieval.gallery.records import Gallery, GalleryRecord, check_distinct, class_name, printable, read_gallery
from logo_retrieval.images.source import read_source


def lay(root: Path, *names: str) -> Path:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    return root


def test_a_folder_of_classes(tmp_path: Path) -> None:
    gallery = read_gallery(lay(tmp_path, "beta/2.svg", "beta/deep/1.png", "alpha/a.svg", "other/o.svg", ".git/x/y"))
    assert gallery.classes == ("alpha", "beta", "other")
    assert [record.name for record in gallery.records] == [
        "alpha/a.svg",
        "beta/2.svg",
        "beta/deep/1.png",
        "other/o.svg",
    ]
    assert gallery.remarks == ()


def test_indexes_models_and_caches_beside_the_pictures_are_none_of_them(tmp_path: Path) -> None:
    lay(tmp_path, "alpha/a.svg", "alpha/model.json")
    lay(tmp_path, "indexes/default/index.sqlite", "indexes/default/models/1/curves.svg")
    lay(tmp_path, "models/mine/model.json", "models/mine/model.onnx", "models/mine/curves.svg")
    lay(tmp_path, "alpha/answers.sqlite", *(f"cache/answers.sqlite{ending}" for ending in ("", "-wal", "-shm")))
    gallery = read_gallery(tmp_path)
    assert [record.name for record in gallery.records] == ["alpha/a.svg", "alpha/model.json"]
    assert [remark.split("'")[1] for remark in gallery.remarks] == ["cache", "indexes", "models"]


def test_a_folder_too_many_is_told(tmp_path: Path) -> None:
    lay(tmp_path, "logos/alpha/a.svg", "logos/beta/b.svg")
    (remark,) = read_gallery(tmp_path).remarks
    assert remark.startswith("all is of one class, 'logos'") and remark.endswith(f"give '{tmp_path / 'logos'}'")
    assert read_gallery(tmp_path / "logos").remarks == ()
    (tmp_path / "void").mkdir()
    assert read_gallery(tmp_path).remarks[-1] == remark
    lay(tmp_path, "void/deep/d.svg")
    assert read_gallery(tmp_path).remarks == ()


def test_a_class_with_drawings_and_folders_of_them_is_no_folder_too_many(tmp_path: Path) -> None:
    lay(tmp_path, "logos/alpha/a.svg", "logos/beta/b.svg", "logos/c.svg")
    assert read_gallery(tmp_path).remarks == ()


@pytest.mark.parametrize("names", [("alpha/svg/a.svg", "beta/svg/b.svg"), ("alpha/svg/a.svg",)])
def test_drawings_that_lie_deep_are_of_the_class_above(tmp_path: Path, names: tuple[str, ...]) -> None:
    gallery = read_gallery(lay(tmp_path, *names))
    assert [record.name for record in gallery.records] == list(names) and gallery.remarks == ()


def test_what_is_passed_over_is_said(tmp_path: Path) -> None:
    lay(tmp_path, "alpha/a.svg", "stray.svg", "alpha/.hidden")
    (tmp_path / "hollow").mkdir()
    (tmp_path / "elsewhere").symlink_to("/nowhere/elsewhere")  # as of a disk that is not there today
    assert read_gallery(tmp_path).remarks == (
        "passed over 'elsewhere': it leads nowhere",
        "passed over 'stray.svg': it lies outside the class folders",
        "passed over class 'hollow': there is no picture in its folder",
    )
    with pytest.raises(GalleryError, match="expected drawings in the sub-folders of .* got 1 empty folders"):
        read_gallery(lay(tmp_path / "hollow", "alpha/.hidden"))


def test_the_parts_of_a_data_set_are_no_classes(tmp_path: Path) -> None:
    lay(tmp_path, "train/acme/1.svg", "train/other/2.svg", "Valid/acme/3.svg")
    with pytest.raises(GalleryError, match=f"got the parts of a data set, Valid, train: give one .*'{tmp_path}/Valid'"):
        read_gallery(tmp_path)
    assert read_gallery(tmp_path / "train").classes == ("acme", "other")
    lay(tmp_path, "acme/1.svg")  # then they may be companies
    assert read_gallery(tmp_path).classes == ("Valid", "acme", "train")


def test_companies_may_be_called_as_parts_of_data_sets_are(tmp_path: Path) -> None:
    assert read_gallery(lay(tmp_path, "test/1.svg", "train/old/2.svg")).classes == ("test", "train")
    assert read_gallery(lay(tmp_path / "alone", "train/old/1.svg")).classes == ("train",)


def test_bins_and_thumbnails_of_systems_are_no_classes_and_no_drawings(tmp_path: Path) -> None:
    kept = lay(tmp_path, "alpha/a.svg") / "alpha" / "a.svg"
    for name in ("@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found", "Icon\r"):
        lay(tmp_path, f"{name}/a.svg", f"alpha/{name}/a.svg")
    gallery = read_gallery(tmp_path)
    assert [record.path for record in gallery.records] == [kept] and gallery.remarks == ()
    assert [record.path for record in files_of(tmp_path).records] == [kept]


def test_class_names_in_any_script_come_in_one_form(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "Ärzte für 東京")
    gallery = read_gallery(lay(tmp_path, f"{decomposed}/a.svg"))
    assert gallery.classes == ("Ärzte für 東京",)


def test_halves_of_characters_are_escaped() -> None:
    """JSON and Python can write them alone, and no file can hold them."""
    assert class_name("a\ud83d", "") == "a\\ud83d" and printable("\udfff\U0001f600") == "\\udfff\U0001f600"


def test_file_names_that_are_no_text(tmp_path: Path) -> None:
    folder = tmp_path / "alpha"
    folder.mkdir()
    Path(folder, "caf\udce9.svg").write_bytes(b"x")
    (record,) = read_gallery(tmp_path).records
    assert record.name == "alpha/caf\\xe9.svg" and record.path.read_bytes() == b"x"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "got 0 files and no sub-folder"),
        (("a.svg", "b.svg"), "got 2 files and no sub-folder"),
        (("Go/a.svg", "go/b.svg"), "'Go' and 'go' differ only in case"),
        (("Other/a.svg",), "'other' is reserved"),
    ],
)
def test_folders_that_cannot_serve(tmp_path: Path, names: tuple[str, ...], message: str) -> None:
    with pytest.raises(GalleryError, match=message):
        read_gallery(lay(tmp_path, *names))


def test_what_training_may_know_of_a_drawing(tmp_path: Path) -> None:
    text = "path,label,group,part,colour\na.svg,alpha,,train,#112233\nb.svg,other, Zephyr ,val,\nc.svg,other,,,green\n"
    records = read_gallery(table(tmp_path, text)).records
    assert [(record.group, record.part, record.colour) for record in records] == [
        (None, "train", "#112233"),
        ("Zephyr", "val", None),
        (None, None, "green"),
    ]
    folder = lay(tmp_path / "folder", "alpha/deep/a.svg", "other/zephyr/far/b.svg", "other/c.svg")
    groups = {record.name: record.group for record in read_gallery(folder).records}
    assert groups == {"alpha/deep/a.svg": None, "other/c.svg": None, "other/zephyr/far/b.svg": "zephyr"}


def test_every_record_has_a_name_of_its_own(tmp_path: Path) -> None:
    text = "path,label\na.svg,alpha\na.svg,beta\na.svg#2,alpha\na.svg#2,beta\n"
    records = read_gallery(table(tmp_path, text)).records
    assert [record.name for record in records] == ["a.svg", "a.svg#2", "a.svg#2#2", "a.svg#2#3"]
    assert [record.path.name for record in records] == ["a.svg", "a.svg", "a.svg#2", "a.svg#2"]
    folder = tmp_path / "folder" / "alpha"
    folder.mkdir(parents=True)
    for name in ("\udcff.svg", "\\xff.svg"):  # which read alike where a file name must be text
        (folder / name).write_bytes(name.encode("utf-8", "surrogateescape"))
    names = {"alpha/\\xff.svg", "alpha/\\xff.svg#2"}
    assert {record.name for record in read_gallery(folder.parent).records} == names
    assert len({record.name for record in files_of(folder).records}) == 2


def test_two_records_of_one_name_are_refused() -> None:
    records = [GalleryRecord(name, "alpha", Path(given), given) for name, given in (("a", "x"), ("b", "y"), ("a", "z"))]
    with pytest.raises(GalleryError, match="got 'a' for number 1, 'x', and for number 3, 'z'"):
        Gallery(tuple(records), ())


def test_what_may_not_be_read_is_named(open_folder: Path) -> None:
    table(open_folder, "path,label\na.svg,alpha\n").chmod(0)
    (open_folder / "shut").mkdir(mode=0)
    with without_root():
        for name in ("gallery.csv", "shut", "shut/inner"):
            with pytest.raises(GalleryError, match=f"{name}' cannot be read: Permission denied"):
                read_gallery(open_folder / name)


def test_what_is_neither_folder_nor_table(tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match=r"expected a folder, or a table as \.csv, \.tsv or \.parquet"):
        read_gallery(table(tmp_path, "", "x.txt"))
    with pytest.raises(GalleryError, match="cannot be read: File name too long"):
        read_gallery("far too long a name" * 20)
    with pytest.raises(GalleryError, match="there is no table"):
        read_gallery(tmp_path / "absent.csv")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"path,label\n\x81\x93,b\n")
    with pytest.raises(GalleryError, match="must be UTF-8"):
        read_gallery(binary)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        *((name, "must be text without control characters") for name in ("", " ", "a\nb", "\x00", "\u200b")),
        *((name, "is reserved for drawings of no known company: rename the class") for name in ("Other", "OTHER")),
        *((name, "must not be '.' or '..', which mean a folder") for name in (".", " ..")),
        ("a" * 256, "may have 255 characters, got one of 256"),
    ],
)
def test_class_names_that_cannot_stand(name: str, reason: str) -> None:
    with pytest.raises(GalleryError, match=reason):
        class_name(name, "here")


@pytest.mark.parametrize("name", ["Ärzte", "ÄRZTE", "A\u0308rzte", "\uff41\u0308rzte", "ärz\u200bte", "ärzte "])
def test_class_names_that_people_would_take_for_one(name: str) -> None:
    kind = "white space or characters that" if name in ("ärz\u200bte", "ärzte ") else "case or Unicode form"
    with pytest.raises(GalleryError, match=f"differ only in {kind}"):
        check_distinct(["beta", "ärzte", name])


def test_links_to_folders_are_followed_and_not_in_circles(tmp_path: Path) -> None:
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (tmp_path / "far" / "deep" / "a.svg").touch()
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "link").symlink_to(tmp_path / "far", target_is_directory=True)
    (tmp_path / "near" / "up").symlink_to(tmp_path / "near", target_is_directory=True)
    (tmp_path / "far" / "round").symlink_to(tmp_path / "near", target_is_directory=True)
    found = [str(file.relative_to(tmp_path / "near")) for file in visible_files(tmp_path / "near")]
    assert found == ["link/deep/a.svg"]


def test_a_link_that_comes_first_takes_no_files_from_the_folder_that_it_leads_to(tmp_path: Path) -> None:
    lay(tmp_path, "beta/b.svg")
    (tmp_path / "alpha").symlink_to("beta")
    assert list(visible_files(tmp_path)) == [tmp_path / "alpha" / "b.svg", tmp_path / "beta" / "b.svg"]


def test_a_folder_is_the_same_whatever_way_leads_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link to a folder around all of them is followed from none of these."""
    lay(tmp_path, "work/logos/acme/a.svg", "private.txt")
    (tmp_path / "work" / "logos" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "alias").symlink_to(tmp_path / "work" / "logos", target_is_directory=True)
    monkeypatch.chdir(tmp_path / "work")
    for way in (tmp_path / "work" / "logos", tmp_path / "alias", Path("logos"), Path("../alias")):
        assert [file.relative_to(way).as_posix() for file in visible_files(way)] == ["acme/a.svg"]


def test_folders_with_links_to_one_another_are_walked_once_each_way(tmp_path: Path) -> None:
    """As the packages of a workspace lie: eight of them lead along 255 ways to some file, sixteen along 65,535."""
    for number in range(8):
        lay(tmp_path, f"{number:02}/links/.keep", f"{number:02}/logo.svg")
        for other in range(number):
            (tmp_path / f"{number:02}" / "links" / f"{other:02}").symlink_to(tmp_path / f"{other:02}")
    found = list(visible_files(tmp_path))
    assert len(found) == 8 + 7 and len({os.path.realpath(file) for file in found}) == 8


def test_a_folder_that_may_not_be_read_stands_for_its_files(open_folder: Path) -> None:
    (open_folder / "shut").mkdir(mode=0)
    with without_root():
        assert list(visible_files(open_folder)) == [open_folder / "shut"]
        with pytest.raises(UnreadableImage, match="^denied: .*/shut may not be read"):
            read_source(open_folder / "shut")
