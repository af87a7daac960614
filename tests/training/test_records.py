"""From a gallery to a training set."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from art_samples import RED, asymmetric, bar, lay_shapes

from logo_retrieval.errors import GalleryError
from logo_retrieval.gallery.records import read_gallery
from logo_retrieval.images.fingerprint import perceptual_hash
from logo_retrieval.training.augment import plain_view
from logo_retrieval.training.records import Prepared, shape_groups, training_set


def prepare(data: Path, cache: Path, seed: int = 0) -> Prepared:
    return training_set(read_gallery(data), cache, art_px=64, seed=seed)


def table(root: Path, rows: list[dict[str, str]]) -> Path:
    file = root / "table.csv"
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


def test_a_folder(tmp_path: Path) -> None:
    data = lay_shapes(tmp_path / "data", {"acme": 10, "borea": 10, "other": 3, "other/zephyr": 4})
    (data / "acme" / "broken.png").write_bytes(b"no picture")
    prepared = prepare(data, tmp_path / "cache")
    training = prepared.data
    assert [name for name, _ in prepared.unreadable] == ["acme/broken.png"]
    assert prepared.unreadable[0][1].startswith("unknown-format: ")
    assert training.classes == ("acme", "borea", "other")
    parts = {part: len(records) for part, records in prepared.parts.items()}
    assert parts["train"] >= 17 and parts["val"] >= 4 and parts["test"] >= 2 and sum(parts.values()) == 27
    assert len(training.art) == parts["train"] + parts["val"] == len(training.targets)
    assert training.validation.sum() == parts["val"]
    assert {"acme", "borea", "other/zephyr"} <= set(training.target_names)
    assert all(
        name.startswith("other/other/") for name in set(training.target_names) - {"acme", "borea", "other/zephyr"}
    )
    assert set(training.names) <= {"acme", "borea", "zephyr", None}
    named = [training.target_names[target] for target in training.targets]
    assert all(name is None or target.endswith(name) for name, target in zip(training.names, named, strict=True))


def test_the_division_is_the_same_again_and_another_with_another_seed(tmp_path: Path) -> None:
    data = lay_shapes(tmp_path / "data", {"acme": 12, "other": 12})
    one, again, other = (prepare(data, tmp_path / "cache", seed) for seed in (0, 0, 1))
    assert one.parts == again.parts != other.parts and one.data.digest() == again.data.digest()


def test_folds_test_every_drawing_once(tmp_path: Path) -> None:
    gallery = read_gallery(lay_shapes(tmp_path / "data", {"acme": 12, "other": 12}))
    prepared = [training_set(gallery, tmp_path / "cache", art_px=64, seed=0, fold=(i, 4)) for i in (1, 2, 3, 4)]
    tested = [record.name for each in prepared for record in each.parts["test"]]
    assert sorted(tested) == sorted(record.name for record in gallery.records)
    assert [record.name for record in prepared[0].parts["val"]] == [record.name for record in prepared[1].parts["test"]]
    rows = [{"path": str(record.path), "label": record.label, "part": "train"} for record in gallery.records]
    with pytest.raises(GalleryError, match="a fold divides the drawings anew"):
        training_set(read_gallery(table(tmp_path, rows)), tmp_path / "cache", art_px=64, seed=0, fold=(1, 4))


def test_near_identical_drawings_stay_together_and_share_a_target(tmp_path: Path) -> None:
    data = lay_shapes(tmp_path / "data", {"acme": 6, "other": 4})
    for number, colour in enumerate(((0, 0, 0), RED, (20, 90, 60), (255, 255, 255))):
        for label in ("acme", "other"):
            asymmetric(colour).save(data / label / f"twin{number}.png")
    for seed in range(3):
        prepared = prepare(data, tmp_path / "cache", seed)
        places = {
            record.label: part
            for part, records in prepared.parts.items()
            for record in records
            if "twin" in record.name
        }
        held = [
            (record.label, part)
            for part, records in prepared.parts.items()
            for record in records
            if "twin" in record.name
        ]
        assert all(places[label] == part for label, part in held) and len(held) == 8
        assert sum("twin" in name for name in prepared.data.target_names) <= 1


def test_a_brand_of_other_is_on_one_side(tmp_path: Path) -> None:
    brands = [f"other/brand{number}" for number in range(6)]
    data = lay_shapes(tmp_path / "data", {"acme": 6, "other": 6, **dict.fromkeys(brands, 4)})
    for fold in (None, (1, 5)):
        parts = training_set(read_gallery(data), tmp_path / "cache", art_px=64, seed=0, fold=fold).parts
        sides = [{record.group for record in records} - {None} for records in parts.values()]
        assert sum(map(len, sides)) == len(brands)


def test_a_class_of_one_drawing_is_trained_on(tmp_path: Path) -> None:
    prepared = prepare(lay_shapes(tmp_path / "data", {"acme": 1, "borea": 1}), tmp_path / "cache")
    assert not prepared.data.validation.any() and prepared.data.target_names == ("acme", "borea")
    assert not prepared.parts["val"] and not prepared.parts["test"]


def test_a_table_that_says_it_all(tmp_path: Path) -> None:
    lay_shapes(tmp_path, {"art": 8})
    rows = [
        {"path": f"art/{number}.png", "label": label, "group": group, "part": part, "colour": colour}
        for number, (label, group, part, colour) in enumerate(
            [
                ("acme", "", "train", "#1DB954"),
                ("acme", "", "val", ""),
                ("other", "zephyr", "train", "001122"),
                ("other", "zephyr", "val", ""),
                ("other", "", "train", ""),
                ("acme", "", "test", ""),
                ("borea", "", "val", ""),
                ("other", "north", "test", ""),
            ]
        )
    ]
    prepared = prepare(table(tmp_path, rows), tmp_path / "cache")
    training = prepared.data
    assert training.classes == ("acme", "other")
    assert training.target_names == ("acme", "other/art/4.png", "other/zephyr")
    assert training.target_classes.tolist() == [0, 1, 1]
    assert training.targets.tolist() == [0, 0, 2, 2, 1]
    assert training.validation.tolist() == [False, True, False, True, False]
    assert training.colours == [(0x1D, 0xB9, 0x54), None, (0, 0x11, 0x22), None, None]
    assert training.names == ["acme", "acme", "zephyr", "zephyr", None]
    assert [record.name for record in prepared.parts["test"]] == ["art/5.png", "art/7.png"]
    assert prepared.remarks == [
        "class 'borea' has drawings to be asked and none to train on: they are left out of the validation"
    ]


def test_what_a_table_has_trained_on_and_asked_is_said(tmp_path: Path) -> None:
    lay_shapes(tmp_path, {"art": 4})
    for name, of in (("copy", 0), ("namesake", 1)):
        shutil.copy(tmp_path / "art" / f"{of}.png", tmp_path / "art" / f"{name}.png")
    rows = [
        {"path": f"art/{name}.png", "label": label, "part": part}
        for name, label, part in (
            *((0, "acme", "train"), (1, "acme", "train"), (2, "other", "train")),
            *(("copy", "acme", "val"), (3, "acme", "val"), ("namesake", "other", "test")),
        )
    ]
    assert prepare(table(tmp_path, rows), tmp_path / "cache").remarks == [
        "1 of 2 drawings of the part 'val' are trained on as well: what is measured on them says nothing about others"
    ]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("part", "training", "the column part must be train, val or test, got 'training' for 'art/0.png'"),
        ("colour", "green", "the column colour must be like '#1db954', got 'green'"),
        ("label", "other/x", "'other/' is reserved"),
    ],
)
def test_tables_that_training_cannot_use(tmp_path: Path, column: str, value: str, message: str) -> None:
    lay_shapes(tmp_path, {"art": 2})
    rows = [{"path": f"art/{number}.png", "label": f"class{number}", column: value} for number in range(2)]
    rows[1]["label"] = "borea"
    with pytest.raises(GalleryError, match=message):
        prepare(table(tmp_path, rows), tmp_path / "cache")


def test_too_little_to_train_on(tmp_path: Path) -> None:
    one = lay_shapes(tmp_path / "one", {"acme": 3})
    with pytest.raises(GalleryError, match="at least two, got 1 with a drawing to train on: acme"):
        prepare(one, tmp_path / "cache")
    (one / "borea").mkdir()
    (one / "borea" / "a.png").write_bytes(b"")
    for file in (one / "acme").iterdir():
        file.write_bytes(b"")
    with pytest.raises(GalleryError, match="none of the 4 files can be used"):
        prepare(one, tmp_path / "cache")


def test_shapes_are_joined_through_others_and_with_their_negatives() -> None:
    first = 0b1011 << 40
    further = first ^ 0b1111111 << 3
    far = further ^ 0b1111111 << 20
    alone = 0x5A5A_F0F0_3C3C_0FF0
    hashes = np.array([far, alone, first, ~first, further, alone], np.int64)
    assert shape_groups(hashes).tolist() == [0, 1, 0, 0, 0, 1]


def test_shapes_of_real_drawings() -> None:
    pictures = [*map(bar, range(8)), asymmetric(), asymmetric((255, 255, 255)), asymmetric((0, 0, 0))]
    hashes = [perceptual_hash(plain_view(picture, 64)) for picture in pictures]
    assert shape_groups(np.array(hashes, np.int64)).tolist() == [*range(8), 8, 8, 8]
