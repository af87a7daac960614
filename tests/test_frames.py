"""DataFrames in and out, and values as JSON."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pandas as pd
import pytest
from conftest import Run
from drawings import ring, svg
from PIL import Image

from logo_retrieval import LogoClassifier
from logo_retrieval.errors import BackendError, GalleryError
from logo_retrieval.evaluation.run import evaluate
from logo_retrieval.frames import classify_frame, gallery_of_frame
from logo_retrieval.gallery.records import read_gallery
from logo_retrieval.near_duplicates import find_clusters

ANSWER = ["status", "label", "probability", "top_1_label", "top_1_probability"]
NEAREST = ["neighbour_1_item", "neighbour_1_label", "neighbour_1_similarity"]


@pytest.fixture
def frame(classes: Path) -> pd.DataFrame:
    """Of all drawings of the small index."""
    files = sorted(classes.rglob("*.svg"))
    return pd.DataFrame({"path": files, "label": [file.parent.name for file in files], "kept": 1})


def test_an_index_of_a_frame_is_that_of_its_table(frame: pd.DataFrame, tmp_path: Path) -> None:
    """Also where labels are categories, as they often are."""
    frame.to_csv(tmp_path / "table.csv", index=False)
    frame["label"] = frame["label"].astype("category")
    with LogoClassifier.build(frame, index=tmp_path / "a") as classifier:
        assert classifier.report is not None and (classifier.report.indexed, classifier.report.classes) == (12, 4)
        of_frame = classifier.classify([svg("disc", 5), ring()])
        assert repr(classifier).startswith(f"<LogoClassifier of '{tmp_path / 'a'}': 4 classes, 12 drawings, model '")
    with LogoClassifier.build(tmp_path / "table.csv", index=tmp_path / "b") as classifier:
        assert classifier.classify([svg("disc", 5), ring()]) == of_frame
    assert read_gallery(frame) == read_gallery(tmp_path / "table.csv")


def test_further_columns_are_read_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    rows = {"path": ["a.svg", "b.svg"], "label": ["disc", "other"], "group": [None, "x"], "part": [float("nan"), "val"]}
    first, second = gallery_of_frame(pd.DataFrame(rows)).records
    assert (first.path, first.group, first.part, first.colour) == (Path("a.svg"), None, None, None)
    assert (second.label, second.group, second.part) == ("other", "x", "val")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"path": ["a.svg"]}, "expected the columns path,label in the DataFrame, got path"),
        ({"path": [None], "label": ["disc"]}, "the column path is empty in row 1 of the DataFrame"),
        ({"path": ["a.svg"], "label": [None]}, "the column label is empty in row 1 of the DataFrame"),
        ({"path": ["a.svg"], "label": [7]}, "expected text in the column label, got 7 in row 1 of the DataFrame"),
        ({"path": [], "label": []}, "expected rows below the header of the DataFrame"),
    ],
)
def test_frames_that_cannot_stand(rows: dict[str, list[object]], message: str) -> None:
    with pytest.raises(GalleryError, match=message):
        read_gallery(pd.DataFrame(rows))


def test_what_is_no_gallery_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="expected a folder, a table, a pandas DataFrame or a Gallery, got list"):
        LogoClassifier.build(["a.svg"], index=tmp_path / "a")


def test_a_frame_is_enrolled(classifier: LogoClassifier, tmp_path: Path) -> None:
    for place in range(2):
        (tmp_path / f"{place}.svg").write_bytes(ring(place))
    paths = [tmp_path / f"{place}.svg" for place in range(2)]
    report = classifier.enroll_gallery(pd.DataFrame({"path": paths, "label": "ring"}))
    assert report.new_classes == ["ring"] and len(report.added) == 2


def test_answers_are_the_rows_of_the_command(run: Run, index: Path, queries: Path) -> None:
    paths = [str(queries / name) for name in ("a.svg", "g.png", "b.png")]
    with LogoClassifier.open(index) as classifier:
        frame = classify_frame(classifier, paths, top=2, other_share=0.9)
    printed = run("classify", *paths, "--index", index, "--format", "csv", "--top", 2, "--other-share", 0.9).out
    expected = pd.read_csv(io.StringIO(printed)).drop(columns=["index", "settings"])
    assert list(frame) == list(expected)
    assert frame.astype(object).where(frame.notna(), None).equals(expected.astype(object).where(expected.notna(), None))


def test_a_row_an_input(classifier: LogoClassifier, queries: Path) -> None:
    picture = Image.open(queries / "b.png")
    sources = pd.Series([str(queries / "a.svg"), b"no image", picture], index=[7, 5, 7])
    frame = classify_frame(classifier, sources)
    assert list(frame) == ["path", *ANSWER, *NEAREST, "reason", "text"]
    assert frame.index.tolist() == [7, 5, 7]
    assert frame["path"].isna().tolist() == [False, True, True]
    assert frame["status"].tolist() == ["ok", "unreadable", "ok"]
    assert frame["label"].isna().tolist() == frame["probability"].isna().tolist() == [False, True, False]
    assert frame["neighbour_1_item"].iloc[0] == "disc/1.svg" and frame["neighbour_1_similarity"].dtype == float
    assert frame["reason"].iloc[1].startswith("unknown-format: ")
    none = classify_frame(classifier, [])
    assert list(none) == list(frame) and len(none) == 0
    with pytest.raises(TypeError, match=r"got a DataFrame: give the column that holds them, as frame\['path'\]"):
        classify_frame(classifier, frame)
    with pytest.raises(TypeError, match="expected several sources, got one"):
        classify_frame(classifier, "a.svg")


def test_an_evaluation_as_a_frame(classifier: LogoClassifier, frame: pd.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "broken.svg").write_bytes(b"nothing")
    frame.loc[12] = [tmp_path / "broken.svg", "disc", 1]
    evaluation = evaluate(classifier, frame)
    found = evaluation.to_frame()
    columns = ["path", "label", "expected", "predicted", "probability", "status", "reason", "in_index", *NEAREST]
    assert list(found) == columns
    assert found["path"].tolist() == [str(path) for path in frame["path"]]
    assert found["label"].tolist() == frame["label"].tolist()
    assert found["predicted"].iloc[:12].tolist() == frame["label"].iloc[:12].tolist()
    assert found["predicted"].isna().sum() == found["neighbour_1_item"].isna().sum() == 1
    assert found["in_index"].tolist() == [True] * 12 + [False]
    assert found["neighbour_1_similarity"].iloc[:12].tolist() == pytest.approx([1] * 12)
    assert json.loads(json.dumps(evaluation.to_dict()))["files"][0]["nearest"]["similarity"] == pytest.approx(1)


def test_a_decision_as_a_dict_is_the_json_of_the_command(run: Run, index: Path, queries: Path) -> None:
    paths = [str(queries / name) for name in ("a.svg", "g.png")]
    with LogoClassifier.open(index) as classifier:
        decisions = [each.to_dict() for each in classifier.classify(paths, text="always")]
    lines = run("classify", *paths, "--index", index, "--format", "jsonl", "--text", "always").out.splitlines()
    rows = [json.loads(line) for line in lines]
    assert [{key: row[key] for key in decisions[0]} for row in rows] == json.loads(json.dumps(decisions))
    assert {*rows[0]} - {*decisions[0]} == {"path", "index", "settings"}


def test_an_enrolment_as_a_dict(classifier: LogoClassifier) -> None:
    report = classifier.enroll(
        "ring", [ring(), ring(), svg("disc"), b"?"], names=["Ring & Co"], force=True, skip_unreadable=True
    )
    values = json.loads(json.dumps(report.to_dict()))
    assert [each["label"] for each in values["added"]] == ["ring", "ring"]
    assert values["named"] == [{"label": "ring", "name": name} for name in ("Ring & Co", "ring")]
    assert values["new_classes"] == ["ring"] and len(values["overruled"]) == 1
    assert values["unreadable"][0]["reason"].startswith("unknown-format: ")
    assert values["duplicates"][0]["item"] == values["added"][0]["item"]
    assert len(values["unlike"]) == len(report.unlike)


def test_a_build_as_a_dict(classes: Path, tmp_path: Path) -> None:
    tiny = Path(__file__).parent / "embedding" / "data" / "tiny"
    for label, name, content in (
        ("a", "1", svg("disc")),
        ("a", "2", svg("disc")),
        ("b", "3", svg("disc")),
        ("b", "4", b"?"),
    ):
        (tmp_path / "in" / label).mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / label / name).write_bytes(content)
    with LogoClassifier.build(tmp_path / "in", model=str(tiny), index=tmp_path / "index") as classifier:
        assert classifier.report is not None
        values = json.loads(json.dumps(classifier.report.to_dict()))
    assert (values["indexed"], values["classes"], values["resumed"]) == (2, 2, 0)
    assert values["duplicates"] == [{"item": "a/2", "of": "a/1"}]
    assert values["conflicts"] == [{"item": "b/3", "of": "a/1"}]
    assert [each["item"] for each in values["unreadable"]] == ["b/4"]


def test_clusters_as_dicts(classifier: LogoClassifier, run: Run, mine: Path) -> None:
    found = [each.to_dict() for each in find_clusters(classifier.drawings())]
    lines = run("duplicates", "--index", mine, "--format", "jsonl").out.splitlines()
    rows = [json.loads(line) for line in lines]
    assert [{"cluster": place, **each} for place, each in enumerate(found, 1)] == rows != []


def test_without_pandas_the_extra_is_named(classifier: LogoClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(BackendError, match=r"need pandas: install the extra \[pandas\]"):
        classify_frame(classifier, [svg("disc")])
