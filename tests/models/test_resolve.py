"""What a model may be called by."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from logo_retrieval.errors import ModelError
from logo_retrieval.models.resolve import copy_starter, opened_model, starter_model


def test_the_shipped_model_by_name_and_by_its_folder() -> None:
    shipped = starter_model()
    for name in ("starter", str(shipped.folder), str(shipped.folder.parents[1])):
        with opened_model(name) as bundle:
            assert bundle.digest == shipped.digest


def test_of_several_models_in_an_index_the_manifest_says_which(index: Path, tmp_path: Path) -> None:
    """A build that was killed between its commit and its tidying leaves the model before."""
    mine = Path(shutil.copytree(index, tmp_path / "mine"))
    (model,) = (mine / "models").iterdir()
    left_over = mine / "models" / ("0" * 16)
    shutil.copytree(model, left_over)
    config = left_over / "model.json"
    config.write_text(config.read_text().replace('"pooling": "avg"', '"pooling": "max"'))
    with opened_model(str(mine)) as bundle:
        assert bundle.folder == model and bundle.config.pooling == "avg"


def test_what_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"expected 'starter', .*resnet50.*, got "), opened_model(str(tmp_path)):
        pass


def test_a_copy_of_the_starter_takes_away_what_a_killed_one_left_and_nothing_else(tmp_path: Path) -> None:
    for name in (".mine-original", ".mine.new-killed"):
        (tmp_path / name).mkdir()
    copy_starter(tmp_path / "mine")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".mine-original", "mine"]


def test_nor_does_it_stumble_over_one_that_ends_just_then(tmp_path: Path) -> None:
    (tmp_path / ".mine.new-ended").symlink_to(tmp_path / "gone")  # listed, and not there any more
    copy_starter(tmp_path / "mine")
    assert (tmp_path / "mine" / "index.sqlite").is_file()
